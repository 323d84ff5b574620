"""What a sound means in a session: danger first, then what is live. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from voice.events import (
    Answer,
    Command,
    Danger,
    Heard,
    Kind,
    Listen,
    Meaning,
    NotUnderstood,
    Partial,
    Pressed,
    Source,
    Wordless,
)
from voice.safety import CALM, Light, Verdict
from voice.session_barge_in import HOT_COMMANDS
from voice.session_parts import Judge
from voice.templates import normalise
from voice.understanding import Understanding

_DIED = "BEREAVED"
_GENERAL = "EMERGENCY"
ON_CARD = "card:"
"""How the names of steps on a card begin (see dialogue.danger.OnCard)."""
NAMING = frozenset({"Y2d", "see"})
"""Steps at which the things in the room are named (see dialogue.danger.AfterCard)."""
_THINGS = frozenset({"VIO.weapon"})
_AGREE = 2
"""Alternatives that must hold a danger which the best one lacks. With one, every third calm line brought the question;
with two every fifteenth more than without any, and danger was found as often (4 voices, 200 lines of each)."""
_STEADY = 0.5
"""Seconds for which what is said outright must stand in the partial results: a recogniser takes its words back."""
_PAUSED = 1.0
"""Seconds of quiet after which any RED counts, though the turn is not over."""
_LATELY = 30
"""Words of a partial result that are looked at: what was said before them was looked at before."""
_OF_OTHERS = 0.25
"""So much of what is heard while it speaks must be other words than its own, or it heard itself (SPEC 4.6)."""
_FREELY = 3
"""Words from which free words over a question are an answer: fewer are "mm" and "yeah", or nothing."""


class Hearing:
    """Safety and understanding, in the order in which they are asked."""

    def __init__(self, understanding: Understanding, safety: Judge) -> None:
        self._understanding = understanding
        self._safety = safety

    def meaning(self, sound: Heard | Pressed, listen: Listen) -> Meaning:
        """What an utterance or a key means at this step.

        A danger that only a doubtful reading holds does not overrule an answer on which both recognisers agree.
        """
        if listen.step.startswith(ON_CARD):  # what is live on a card is about danger: "being hurt" chooses one
            meaning = self._understanding.understand(sound, listen)
            if isinstance(meaning, Answer | Command) and meaning.sure:
                return meaning
        danger = self.danger(sound, listen) if isinstance(sound, Heard) else None
        if danger is not None and danger.light == Light.RED.value:
            return danger
        meaning = self._understanding.understand(sound, listen)
        if isinstance(meaning, Wordless) and not listen.patient:
            meaning = NotUnderstood()  # where it is about danger, what is unclear counts
        if danger is None or (isinstance(meaning, Answer | Command) and meaning.sure and _doubtful(sound)):
            return meaning
        return danger

    def danger(self, heard: Heard, listen: Listen | None = None) -> Danger | None:
        """RED or AMBER in what was heard. What only doubtful readings hold is AMBER (SPEC 4.6).

        A voice without words is judged by the phrases alone: a network that learnt from sentences knows nothing of it.
        """
        found: Danger | None = None
        for text, believed in self._readings(heard):
            plain = _doubtful(heard) and self._understanding.wordless(normalise(text))
            verdict = self._judged(text, believed and not plain, listen)
            if not _tells(verdict, text, heard):
                continue
            light = verdict.light if believed else Light.AMBER
            if light is Light.RED:
                return Danger(light.value, verdict.card or "", verdict.why)
            found = found or Danger(light.value, verdict.card or "", verdict.why)
        return found or self._among_others(heard, listen)

    def _among_others(self, heard: Heard, listen: Listen | None) -> Danger | None:
        """Danger in the recogniser's other alternatives: asked about where more than one of them holds it."""
        free = heard.free or ()
        others = [*free[1:]]
        fits = heard.lead is None or heard.lead > 0  # else it is what a grammar makes of words that it does not know
        if free and fits and heard.text not in free and self._understanding.outright(heard.text) is False:
            others.append(heard.text)
        verdicts = [
            verdict
            for text in others
            if _tells(verdict := self._judged(text, not self._understanding.wordless(text), listen), text, heard)
        ]
        if len(verdicts) < min(_AGREE, len(others) // 2 + 1):
            return None
        worst = next((verdict for verdict in verdicts if verdict.light is Light.RED), verdicts[0])
        return Danger(Light.AMBER.value, worst.card or "", worst.why)

    def _judged(self, text: str, believed: bool, listen: Listen | None) -> Verdict:
        """A whole answer of `listen` is no danger: the program itself offered those words ("fits", "write a note"), and
        knows what comes of them; where it asks about danger, the phrases may still be sure. Where things in the room
        are named, a knife or a bottle of pills is one of them: only what is said outright is danger there."""
        if listen is not None and isinstance(self._understanding.parse(normalise(text), listen), Answer):
            if not self._understanding.asks_of_danger(listen):
                return CALM
            plain = self._safety.judge(text, believed=False)
            return plain if plain.light is Light.RED else CALM
        if listen is None or listen.step not in NAMING:
            return self._safety.judge(text, believed=believed)
        verdict = self._safety.judge(text, answering=False, believed=believed)
        outright = verdict.light is Light.RED and (verdict.why not in _THINGS or self._understanding.outright(text))
        return verdict if outright else CALM

    def _readings(self, heard: Heard) -> Iterator[tuple[str, bool]]:
        """Transcripts to look for danger in, with whether each is believed on its own."""
        if heard.source is Source.TYPED or heard.free is None:
            yield heard.text, True
            return
        agreed = heard.text in heard.free
        for line in dict.fromkeys((*heard.free[:1], heard.text) if agreed else heard.free[:1]):
            yield line, True
        if agreed:
            return
        if self._understanding.outright(heard.text) and (heard.lead is None or heard.lead > 0):
            yield heard.text, heard.lead is not None

    def early(self, listen: Listen) -> Early:
        """Looks for danger while somebody is still talking, in one listening."""
        said = self._understanding.wordless
        return Early(lambda text, believed: self._judged(text, believed and not said(normalise(text)), listen))

    def interrupts(self, heard: Heard, over: Listen, spoken: str, open: bool) -> bool:
        """Whether something said over the voice ends the line: what is live, or danger that is not its own words.

        `over`: what is live now; `open`: the microphone does not hear our own voice. A card is not stopped by what it
        is about, nor by "emergency": that may be the call taker on the telephone. What may have been a noise answers
        nothing: beside rain, wind, a tap and washing up the rest of our own voice in it was "yes", "go on", "stop".
        """
        if heard.source is Source.TYPED:
            return True
        on_card = over.step.startswith(ON_CARD)
        match self._understanding.understand(heard, over):
            case Command() | Answer() if not heard.surely:
                pass
            case Command(name=name, sure=sure) if sure or self._whole(heard, over):
                return name != "emergency" or not on_card
            case Answer(words=words) if over.kind is Kind.FREE and len(words.split()) >= _FREELY:
                return True
            case Answer(sure=True) if over.kind is not Kind.FREE:
                return True
        danger = self.danger(heard)
        if danger is None or danger.light != Light.RED.value or self.itself(heard, spoken, open):
            return False
        return not on_card or danger.card not in (over.step.removeprefix(ON_CARD), _GENERAL)

    def _whole(self, heard: Heard, over: Listen) -> bool:
        """A command's wording that the small grammar lacks, as "I wasn't finished" and "say that again": the recogniser
        of free words heard it alone, and more than one word, which a noise never is."""
        text = normalise(heard.free[0]) if heard.free else ""
        return len(text.split()) > 1 and isinstance(self._understanding.parse(text, over), Command)

    def itself(self, heard: Heard, spoken: str, open: bool) -> bool:
        """Whether it may have heard itself. A person who talks over it can say the same words, and then surely does."""
        return echo(heard, spoken) and not (open and heard.surely)

    def phrases_over(self, spoken: str, over: Listen, open: bool) -> list[str]:
        """The grammar while `spoken` is being said: what is live and danger that is said outright. Where our own voice
        is heard too, nothing that it says just then."""
        if open:
            return self._understanding.phrases(over)
        own = normalise(spoken).split()
        phrases = [phrase for name in HOT_COMMANDS for phrase in self._understanding.main_phrases(name)]
        hot = [phrase for phrase in phrases if not any(word.startswith(phrase.split()[0]) for word in own)]
        danger = [phrase for phrase in self._understanding.outright_phrases if not set(own).issuperset(phrase.split())]
        return [*hot, *(phrase for phrase in danger if phrase not in hot)]


class Early:
    """Finds RED in the midst of an utterance, so that it is answered within 2 s of the phrase and not after the whole
    story (SPEC 4.1). Only RED, and only what the phrase or a pause makes certain: the rest waits for the end."""

    def __init__(self, judge: Callable[[str, bool], Verdict]) -> None:
        """`judge`: a text, and whether it is believed as a whole."""
        self._judge = judge
        self._since: float | None = None

    def look(self, partial: Partial) -> Heard | None:
        """The last words so far as an utterance, where they are RED."""
        text = " ".join(partial.text.split()[-_LATELY:])
        paused = partial.quiet >= _PAUSED
        verdict = self._judge(text, False)  # phrases alone, in a millisecond
        if paused or verdict.direct:
            verdict = self._judge(text, True)
        if verdict.light is not Light.RED:
            self._since = None
            return None
        if verdict.direct and self._since is None:
            self._since = partial.seconds
        steady = self._since is not None and verdict.direct and partial.seconds - self._since >= _STEADY
        if not steady and not paused:
            return None
        return Heard(text, Source.VOICE, 1.0, (text,), seconds=partial.seconds, surely=partial.surely)


def _tells(verdict: Verdict, text: str, heard: Heard) -> bool:
    if verdict.light is Light.GREEN or verdict.card is None:
        return False
    # One short word ("dead") is what a small recogniser makes of many others ("bed").
    return verdict.card != _DIED or heard.source is not Source.VOICE or " " in text


def _doubtful(sound: Heard | Pressed) -> bool:
    """Whether this was heard, and so may have been misheard."""
    return isinstance(sound, Heard) and sound.source is Source.VOICE


def echo(heard: Heard, spoken: str) -> bool:
    """Whether the microphone only heard what is being said just now."""
    own = set(normalise(spoken).split())
    words = normalise(" ".join((*(heard.free or ())[:1], heard.text))).split()
    return sum(word not in own for word in words) < _OF_OTHERS * len(words)
