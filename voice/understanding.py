"""What was heard -> what it means, given what is live now. Pure: no audio, clock or disk.

`Listen` says which answers and commands are live; the grammar for the recogniser and the understanding both come from
the same templates and both obey it. Only a whole utterance is a command: "I want to stop smoking" is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from voice.content import Content
from voice.events import Answer, Command, Heard, Kind, Listen, Meaning, NotUnderstood, Pressed, Remark, Source, Wordless
from voice.longer import Longer
from voice.templates import Templates, normalise
from voice.trust import Trust, trust
from voice.walkthrough import Step

UNKNOWN = "[unk]"
# A small model hears best with 5 to 20 phrases live: the main wordings only (product.md, SPEC section 6).
MAIN_WORDINGS = 2
_WAYS = 12  # of saying one of the phrases that are live everywhere
_OWN_FEELING_WORDS = 3
_SECRET = 4
"""Words out of the list in a row that are taken for secret ones: fewer come about by chance."""
_SOBS, _MOSTLY = 4, 0.6
"""So many words, so many of them such as a recogniser makes of a voice without words, are none. By this 19 of 20 voices
that sobbed by formula were told (tests/test_wordless.py makes such), and none of 260 recordings of people talking."""
_LONGER = 3
"""Words from which what was heard may hold an answer: of fewer it is one, or none."""
# Answers that are not one key: whoever chooses them types words, or presses the key of "skip".
_WORDS = {Kind.FREE: ("own", "said", "skip"), Kind.FEELING: ("own", "skip")}


class Understanding:
    """Understands utterances and keys against the content of one language."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._templates = Templates(content.rules)
        self._steps: dict[str, Step] = {
            step.id: step for walk in content.walkthroughs.values() for step in walk.steps.values()
        }
        self._numbers = {word: number for number, words in content.numbers.items() for word in words}
        self._fillers = frozenset(content.number_fillers)
        self.outright_phrases = [
            phrase
            for template in content.safety.get("outright", ())
            for phrase in self._templates.phrases(template, most=_WAYS)
        ]
        """Danger as people say it outright: in the grammar everywhere."""
        either = "|".join(re.escape(phrase) for phrase in self.outright_phrases) or r"(?!)"
        self._only_outright = re.compile(rf"(?:{either})(?: (?:{either}))*")
        self._any_outright = re.compile(rf"(?<![^ ])(?:{either})(?![^ ])")
        self._whole = lru_cache(maxsize=None)(self._compile)
        self._spelt = _spellings(self._all_wordings())
        self._longer = Longer(self._templates, content.answers, self._steps)

    # ---- what may be said now

    def wordings(self, listen: Listen, id_: str) -> tuple[str, ...]:
        """Templates of one live answer: the step's own, then the common ones."""
        step = self._steps.get(listen.step)
        own = step.outcomes[id_].hear if step and id_ in step.outcomes else ()
        card = self._content.cards.get(listen.step.removeprefix("card:"))
        if card:
            own += tuple(t for choice in card.choices if choice.id == id_ for t in choice.hear)
        common = self._content.answers.get(id_)
        return own + (common.hear if common else ())

    def asks_of_danger(self, listen: Listen) -> bool:
        """What is answered there decides about a card."""
        step = self._steps.get(listen.step)
        return step.asks_of_danger if step else listen.heavy

    def label(self, listen: Listen, id_: str) -> str:
        """What the screen calls a live answer."""
        step = self._steps.get(listen.step)
        if step and id_ in step.outcomes and step.outcomes[id_].label:
            return step.outcomes[id_].label
        card = self._content.cards.get(listen.step.removeprefix("card:"))
        if card:
            for choice in card.choices:
                if choice.id == id_:
                    return choice.label
        common = self._content.answers.get(id_)
        return common.label if common else id_.replace("_", " ")

    def options(self, listen: Listen) -> list[tuple[str, str]]:
        """(key, label) for the screen: number keys in the order of `listen.expects`."""
        if listen.kind is Kind.NUMBER:
            return [("0-10", "")]
        return [(str(number), self.label(listen, id_)) for number, id_ in enumerate(_numbered(listen), 1)]

    def phrases(self, listen: Listen) -> list[str]:
        """What the recogniser's grammar holds at this step: the main wordings of what is live, and no more; and danger
        that is said outright, which is live everywhere."""
        found: dict[str, None] = {}
        for id_ in listen.expects:
            self._main(self.wordings(listen, id_), found)
        if listen.kind is Kind.NUMBER:
            for words in self._content.numbers.values():
                found.setdefault(words[0])
        for name in listen.commands:
            if self._content.commands[name].grammar:
                # One wording each, so that little is live; but danger must not hang on remembering one word.
                self._main(self._content.commands[name].hear, found, MAIN_WORDINGS if name == "emergency" else 1)
        found.update(dict.fromkeys((*listen.words, *self.outright_phrases)))
        return list(found)

    def outright(self, text: str) -> bool | None:
        """Whether a transcript of such a grammar is danger said outright and nothing else; None where that is only
        among other words, as it is in most of what a grammar makes of speech that it does not know."""
        if self._only_outright.fullmatch(text):
            return True
        return None if self._any_outright.search(text) else False

    def main_phrases(self, command: str) -> list[str]:
        """The main wordings of one command."""
        found: dict[str, None] = {}
        self._main(self._content.commands[command].hear, found)
        return list(found)

    def _all_wordings(self) -> Iterator[str]:
        yield from self._content.rules.values()
        for intent in (*self._content.answers.values(), *self._content.commands.values()):
            yield from intent.hear
        for step in self._steps.values():
            for outcome in step.outcomes.values():
                yield from outcome.hear

    def _main(self, templates: Sequence[str], found: dict[str, None], most: int = MAIN_WORDINGS) -> None:
        for template in templates[:most]:
            for phrase in self._templates.phrases(template, most=4):
                found.setdefault(phrase)

    # ---- what was said

    def understand(self, sound: Heard | Pressed, listen: Listen) -> Meaning:
        """The meaning of an utterance or a key at this step."""
        match sound:
            case Pressed(key=key):
                return self._key(key, listen)
            case Heard(source=Source.TYPED, text=text):
                return self._typed(normalise(text), listen)
            case _:
                return self._spoken(sound, listen)

    def _key(self, key: str, listen: Listen) -> Meaning:
        if key.isdecimal():
            if listen.kind is Kind.NUMBER:
                return Answer(str(int(key))) if int(key) <= 10 else NotUnderstood()
            ids = _numbered(listen)
            if key == "0" and "not_sure" in ids:
                return Answer("not_sure")
            return Answer(ids[int(key) - 1]) if 1 <= int(key) <= len(ids) else NotUnderstood()
        # Keys mean the same everywhere, whether or not the word is live.
        return Command(key, keyed=True) if key in self._content.commands else NotUnderstood()

    def _typed(self, text: str, listen: Listen) -> Meaning:
        if text.isdecimal() and (listen.kind is not Kind.FREE or 1 <= int(text) <= len(_numbered(listen))):
            return self._key(text, listen)
        spelt = " ".join(self._spelt.get(word, word) for word in text.split())
        if meaning := self.parse(text, listen, heard=False) or self.parse(spelt, listen, heard=False):
            return meaning
        return (
            self._own(text, listen, sure=True)
            or self._remark([text])
            or self._in_longer(text, listen)
            or NotUnderstood()
        )

    def _spoken(self, heard: Heard, listen: Listen) -> Meaning:
        text = normalise(heard.text)
        free = [normalise(line) for line in heard.free or ()]
        from_list = bool(text) and set(text.split()) <= set(listen.words)
        if from_list and listen.secret and len(text.split()) >= _SECRET:
            return Answer("own", text, False, tuple(free))
        by_grammar = self.parse(text, listen)
        by_free = [self.parse(line, listen) for line in free]
        if by_grammar is not None:
            wanted = _key_of(by_grammar)
            agrees = [None if meaning is None else _key_of(meaning) == wanted for meaning in by_free]
            second = None if heard.free is None else [self._folded(line) for line in free]
            match trust(self._folded(text), second, agrees, heard.confidence, heard.lead):
                case Trust.SURE:
                    return _sure(by_grammar, True)
                case Trust.UNSURE:
                    return _sure(by_grammar, False)
        elif by_free and (best := by_free[0]) is not None:
            # A wording that is not in the small grammar: understood, and checked where it matters.
            return _sure(best, False)
        if from_list and not listen.secret:
            return Answer("own", text, False, tuple(free))
        if self.wordless(free[0] if free else text):
            return Wordless(heard.seconds)
        own = self._own(free[0] if free else "", listen, sure=False)
        if own is not None and listen.secret:
            own = Answer(own.value, own.words, False, tuple(free[1:]))
        return own or self._remark(free) or self._heard_in_longer(heard, free, by_grammar, listen) or NotUnderstood()

    def _heard_in_longer(
        self, heard: Heard, free: Sequence[str], by_grammar: Meaning | None, listen: Listen
    ) -> Answer | None:
        """Only where it was longer, and the grammar's recogniser did not hear something else that is live."""
        if not heard.surely or not free or len(free[0].split()) < _LONGER:
            return None
        found = self._in_longer(free[0], listen)
        return found if found and (by_grammar is None or _key_of(by_grammar) == _key_of(found)) else None

    def parse(self, text: str, listen: Listen, heard: bool = True) -> Meaning | None:
        """Meaning of a whole utterance in normalised text, or None. "I don't know" goes before everything.

        A word may be another that sounds alike: what was `heard` and what is one word, but about a danger only what is
        both. "Right now" is no no.
        """
        alike = (heard and " " not in text) if listen.heavy else (heard or " " not in text)
        for candidate in self._readings(text, alike):
            ordered = sorted(listen.expects, key=lambda id_: id_ != "not_sure")
            for id_ in ordered:
                if self._whole(self.wordings(listen, id_)).match(candidate):
                    return Answer(id_)
            if listen.kind is Kind.NUMBER and (number := self._number(candidate, listen)) is not None:
                return Answer(str(number))
            for name in listen.commands:
                if self._whole(self._content.commands[name].hear).match(candidate):
                    return Command(name)
        return None

    def in_words(self, words: str, step: str) -> list[str]:
        """Ids of the spots that stand in a person's free words."""
        found = []
        for spot in self._steps[step].spots if step in self._steps else ():
            if self._templates.anywhere(list(spot.hear)).search(normalise(words)):
                found.append(spot.id)
        return found

    def _compile(self, hear: tuple[str, ...]) -> re.Pattern[str]:
        return self._templates.whole(list(hear))

    def _readings(self, text: str, alike: bool) -> Iterable[str]:
        """The text itself, then with sound-alike words put right ("know" -> "no")."""
        if not text or UNKNOWN in text:
            return
        yield text
        if alike and (other := self._folded(text)) != text:
            yield other

    def _folded(self, text: str) -> str:
        """Words that sound alike, written one way: "know" as "no"."""
        return " ".join(self._content.homophones.get(word, word) for word in text.split())

    def _number(self, text: str, listen: Listen) -> int | None:
        """0 to 10 in "about a six", "six or seven", "ten out of ten". None if other words stand there."""
        words = re.sub(r"\bout of ten\b|\bout of 10\b", "", text).split()
        found = []
        for word in words:
            if word in self._numbers:
                found.append(int(self._numbers[word]))
            elif word.isdecimal() and int(word) <= 10:
                found.append(int(word))
            elif word not in self._fillers:
                return None
        if not found or len(found) > 2:
            return None
        step = self._steps.get(listen.step)
        return max(found) if step and step.pick == "higher" else found[0]

    def _in_longer(self, text: str, listen: Listen) -> Answer | None:
        found = self._longer.answer(text, listen)
        return Answer(found, sure=False, within=True) if found else None

    def _own(self, words: str, listen: Listen, sure: bool) -> Answer | None:
        """Free words, or a feeling word of one's own."""
        words = " ".join(word for word in words.split() if word != UNKNOWN)
        if not words:
            return None
        if listen.kind is Kind.FREE:
            return Answer("own", words, sure)
        few = len(words.split()) <= _OWN_FEELING_WORDS
        if listen.kind is Kind.FEELING and "own" in listen.expects and few:
            return Answer("own", words, sure)
        return None

    def wordless(self, text: str) -> bool:
        """Whether a transcript is "mm", a sigh or sobs."""
        words = [word for word in text.split() if word != UNKNOWN]
        if not words or all(word in self._content.sounds for word in words):
            return bool(words)
        alike = sum(word in self._content.sounds or word in self._content.like_sounds for word in words)
        return len(words) >= _SOBS and alike >= _MOSTLY * len(words)

    def _remark(self, texts: Sequence[str]) -> Remark | None:
        for text in texts:
            for remark in self._content.remarks.values():
                if self._templates.anywhere(list(remark.hear)).search(text):
                    return Remark(remark.id)
        return None


def unknown_words(phrases: Iterable[str], knows: Mapping[str, bool] | frozenset[str]) -> set[str]:
    """Words of a grammar that a model lacks."""
    return {word for phrase in phrases for word in phrase.split() if word not in knows}


def _sure(meaning: Meaning, sure: bool) -> Meaning:
    match meaning:
        case Answer(value=value, words=words):
            return Answer(value, words, sure)
        case Command(name=name):
            return Command(name, sure)
    return meaning


def _key_of(meaning: Meaning) -> tuple[str, str]:
    match meaning:
        case Answer(value=value):
            return ("answer", value)
        case Command(name=name):
            return ("command", name)
    return ("", "")


def _numbered(listen: Listen) -> list[str]:
    """Answers in the order of the number keys."""
    none = (*_WORDS.get(listen.kind, ("skip",)), *listen.unnumbered)
    return [id_ for id_ in listen.expects if id_ not in none]


def _spellings(templates: Iterable[str]) -> dict[str, str]:
    """Words with an apostrophe by how they are typed without: "dont" for "don't"."""
    words = re.findall(r"[a-z']+", re.sub(r"<\w+>", " ", " ".join(templates)).lower())
    return {word.replace("'", ""): word for word in words if "'" in word.strip("'")}
