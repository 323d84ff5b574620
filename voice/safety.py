"""What was heard -> how dangerous it is, and which crisis card fits (SPEC 4.1 to 4.3). Pure: no audio, clock or disk.

Language lives in content/en/safety.yaml; here is only the order of the tests:

1. the text is brought to one plain way of saying it: "hes he's um not fuckin breathing" -> "they not breathing";
2. sayings and ordinary words of the subject are covered up ("it broke my heart", "he hit the bottle");
3. danger that may hold a "not" inside is looked for ("won't wake up"), before any reassurance;
4. reassurance is covered up ("nobody is hurt"), and danger that is a plain event is looked for ("overdosed");
5. what is clearly past becomes GREEN, the recent past and worries about it AMBER;
6. of what is left, RED goes before AMBER, then the order in the file decides.
"""

from __future__ import annotations

import functools
import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voice.templates import Templates, normalise


class Light(StrEnum):
    """How urgent it is (SPEC 4.1)."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


@dataclass(frozen=True)
class Verdict:
    """The judgement on one utterance."""

    light: Light
    card: str | None = None
    """Id in cards.yaml; None when GREEN."""
    why: str = ""
    """Id of the group of phrases that decided, never the person's words. A GREEN with a reason was covered or past."""
    direct: bool = False
    """Said outright, in words that seldom mean anything else."""
    past: bool = False
    """AMBER since it was said to be over: last week, a few days ago."""


CALM = Verdict(Light.GREEN)

# A person's longest turn is 60 s, some 200 words; typed text beyond this keeps its beginning and its end.
_LONGEST = 4000
# In a template, `_` is any one word and `__` one to three, but never one that turns the meaning round; `___` is one to
# eight words of any kind.
_WORD = r"(?!(?:i|we|you|not|no|nobody|never|none|myself|themself)(?!\S))[^ #]+"
_WORDS = rf"{_WORD}(?: +{_WORD}){{0,2}}"
_STRETCH = r"[^ #*]+(?: +[^ #*]+){0,7}"
_COVERED = "#"
_COUNTED = frozenset(
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)  # "nine nine nine" is no stumble
_EDGE = "*"  # stands before the first word and after the last, so that a phrase can ask for the end


@dataclass(frozen=True)
class _Group:
    """Phrases that mean one kind of danger."""

    name: str
    card: str
    light: Light
    direct: bool
    event: bool
    worries: bool
    finds: re.Pattern[str]


@dataclass(frozen=True)
class _Match:
    group: _Group
    light: Light
    past: bool = False


class Safety:
    """Judges utterances. Takes about a millisecond a line; the first compile takes some tenths of a second.

    `rules` are shared hassil rules; `data` is the mapping in safety.yaml. Raises ValueError (TemplateError) or KeyError
    at once if the data is broken; `judge` itself never raises.
    """

    def __init__(
        self, rules: Mapping[str, str], data: Mapping[str, Any], known: MutableMapping[str, str] | None = None
    ) -> None:
        """`known`: patterns of some templates, as `Templates` reads them; those of the others are added."""
        self._known = {} if known is None else known
        self._rules = rules_of(rules, data)
        with _no_collecting():
            self._read(data)

    @functools.cached_property
    def _templates(self) -> Templates:
        return Templates(self._rules)

    def _read(self, data: Mapping[str, Any]) -> None:
        self._rewrite = _rewriter(data["rewrite"])
        self._endings = [(re.compile(re.escape(end) + r"(?!\S)"), into) for end, into in data["endings"].items()]
        self._sayings = self._finder(data["sayings"])
        self._people = [(self._finder(several), who) for who, several in data["people"].items()]
        self._fillers = _words_of(data["fillers"])
        self._small = _words_of(data["small_words"])
        self._harmless = self._finder(data["harmless"])
        self._reassuring = self._finder(data["reassuring"])
        self._long_ago = self._finder(data["past"]["long_ago"])
        self._lately = self._finder(data["past"]["lately"])
        self._now = self._finder(data["now"])
        self._worried = self._finder(data["worried"])
        self._joins = self._finder(data["joins"])
        self._death = self._finder(data["death"]["hear"])
        self._death_unless = self._finder(data["death"]["unless"])
        self._death_card: str = data["death"]["card"]
        self._child_card: str = data["child_speaking"]["card"]
        self._child = self._finder(data["child_speaking"]["hear"])
        self._child_afraid = self._finder(data["child_speaking"]["afraid"])
        self._groups = [self._group(item) for item in data["dangers"]]

    def judge(self, text: str, answering: bool = True) -> Verdict:
        """Light, card and reason for what was heard or typed.

        `answering` is False for a voice that nobody asked (a television, a crowd): only direct phrases are RED then.
        """
        plain = self.plain(text)
        if not plain:
            return CALM
        plain = f"{_EDGE} {plain} {_EDGE}"
        seen = _cover(self._harmless, plain)
        found = list(self._find(seen, event=False, whole=plain))
        told = _cover(self._reassuring, seen)
        events = list(self._find(told, event=True, whole=plain))
        death = self._death.search(told)
        if death and self._death_unless.search(self._clause(plain, death.start(), death.end())):
            death = None
        if death and not self._now.search(told):
            events = []  # "he's dead, he overdosed" is grief; what is happening now still counts
        return self._decide(found + events, told, bool(death), answering)

    def plain(self, text: str) -> str:
        """The text in the one plain way of saying it that the phrases in safety.yaml are written in."""
        if len(text) > _LONGEST:
            text = text[: _LONGEST // 2] + " " + text[-_LONGEST // 2 :]
        words = normalise(text).replace("[unk]", " ").replace("[", " ").replace("]", " ")
        words = self._rewrite(_fluent(self._fillers.sub(" ", words)))
        for ending, into in self._endings:
            words = ending.sub(into, words)
        words = _squeeze(self._small.sub(" ", words))
        words = _cover(self._sayings, _fluent(words))
        for finds, who in self._people:
            words = finds.sub(who, words)
        return _squeeze(_fluent(words))

    # ---- parts of the judgement

    def _find(self, text: str, *, event: bool, whole: str) -> Iterable[_Match]:
        for group in self._groups:
            if group.event is not event:
                continue
            for hit in group.finds.finditer(text):
                light, past = group.light, False
                if self._is_past(whole, hit.start(), hit.end(), self._long_ago):
                    if not self._now.search(self._long_ago.sub(_COVERED, whole)):
                        continue
                    light = Light.AMBER  # "years ago ... and now he's done it again"
                if self._is_past(whole, hit.start(), hit.end(), self._lately):
                    light, past = Light.AMBER, True
                elif group.worries and self._worried.search(self._clause(whole, hit.start(), hit.end())):
                    light = Light.AMBER
                yield _Match(group, light, past)

    def _decide(self, matches: list[_Match], told: str, death: bool, answering: bool) -> Verdict:
        order = {id(group): place for place, group in enumerate(self._groups)}
        lights = [
            (
                Light.AMBER if not answering and not match.group.direct else match.light,
                order[id(match.group)],
                match.group,
            )
            for match in matches
        ]
        reds = sorted(
            (place, group.name, group.card, group.direct) for light, place, group in lights if light is Light.RED
        )
        ambers = sorted((place, group.name, group.card) for light, place, group in lights if light is Light.AMBER)
        child = self._child.search(told)
        if reds:
            _, name, card, direct = reds[0]
            return Verdict(Light.RED, self._child_card if child else card, f"{card}.{name}", direct)
        if child:
            afraid = answering and (ambers or self._child_afraid.search(told))
            return Verdict(Light.RED if afraid else Light.AMBER, self._child_card, "child_speaking")
        if death:
            return Verdict(Light.AMBER, self._death_card, "death")
        if ambers:
            _, name, card = ambers[0]
            past = all(match.past for match in matches)
            return Verdict(Light.AMBER, card, f"{card}.{name}", past=past)
        return CALM

    def _is_past(self, text: str, start: int, end: int, marks: re.Pattern[str]) -> bool:
        clause = self._clause(text, start, end)
        return bool(marks.search(clause)) and not self._now.search(marks.sub(_COVERED, clause))

    def _clause(self, text: str, start: int, end: int) -> str:
        """The part between "and", "but" ... that holds text[start:end]."""
        before = 0
        for join in self._joins.finditer(text):
            if join.end() <= start:
                before = join.end()
            elif join.start() >= end:
                return text[before : join.start()]
        return text[before:]

    # ---- reading the data

    def _finder(self, templates: Sequence[str]) -> re.Pattern[str]:
        sources = [self._pattern(each).replace("___", _STRETCH).replace("__", _WORDS) for each in templates]
        return _words_of(source.replace("_", _WORD) for source in sources)

    def _pattern(self, template: str) -> str:
        if (known := self._known.get(template)) is None:
            known = self._known[template] = self._templates.pattern(template)
        return known

    def _group(self, item: Mapping[str, Any]) -> _Group:
        return _Group(
            name=item["name"],
            card=item["card"],
            light=Light(item.get("light", "red")),
            direct=item.get("direct", "no") == "yes",
            event=item.get("event", "no") == "yes",
            worries=item.get("worries", "no") == "yes",
            finds=self._finder(item["hear"]),
        )


def rules_of(rules: Mapping[str, str], data: Mapping[str, Any]) -> Mapping[str, str]:
    """All named parts that the templates may use."""
    return {**rules, **data.get("rules", {})}


@contextmanager
def _no_collecting() -> Iterator[None]:
    """While templates become patterns: a third of the time went into looking for garbage, of which there is none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _either(sources: Iterable[str]) -> str:
    return "|".join(f"(?:{source})" for source in sources) or r"(?!)"


def _words_of(sources: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{_either(sources)})(?!\S)")


def _rewriter(ways: Mapping[str, Sequence[str]]) -> Callable[[str], str]:
    """Replaces every listed way of saying something by its key; the longest way goes first."""
    plain = {" ".join(way.split()): into for into, several in ways.items() for way in several}
    longest = sorted(plain, key=len, reverse=True)
    finds = re.compile(rf"(?<!\S)(?:{_either(re.escape(way) for way in longest)})(?!\S)")
    return lambda text: finds.sub(lambda hit: plain[hit[0]], text)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _cover(finds: re.Pattern[str], text: str) -> str:
    """Covers what is found with a sign that no phrase holds; keeps the length, so that places stay comparable."""
    return finds.sub(lambda hit: _COVERED * len(hit[0]), text)


def _fluent(text: str) -> str:
    """Without repeats ("he he won't", "i can't i can't") and stutters ("w won't")."""
    words: list[str] = []
    for word in text.split():
        if words and len(words[-1]) == 1 and words[-1] not in "aiod" and word.startswith(words[-1]):
            words.pop()
        words.append(word)
        for size in (1, 2, 3):
            if words[-size:] == words[-2 * size : -size] and not _COUNTED.issuperset(words[-size:]):
                del words[-size:]
                break
    return " ".join(words)
