"""One talk with one person: asks the dialogue, and does what it says.

Owns the Protocols of the parts that it uses; the parts satisfy them without importing this module. Whatever fails here
(microphone, loudspeaker, notes) is said or shown, the place is kept, and the talk goes on another way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from voice.content import LINE_VALUES, Content, values_of
from voice.dialogue import Dialogue
from voice.errors import NotesError, SpeakerError, VoiceError
from voice.events import (
    Act,
    Adjust,
    Command,
    Danger,
    Ended,
    Finish,
    Forget,
    Heard,
    Hide,
    Keep,
    Kind,
    Listen,
    Meaning,
    PlanLine,
    Pressed,
    Say,
    Set,
    ShowCard,
    ShowPlan,
    Silence,
    Sound,
    Source,
    Trouble,
    Utterance,
)
from voice.helplines import HelpLines
from voice.safety import Light, Safety
from voice.understanding import Understanding

_log = logging.getLogger("afterwards")

# The seven steps of the speaking rate, in percent of 130 words a minute (SPEC section 6; VVSG 7.1-K).
RATES = (50, 70, 85, 100, 125, 150, 200)
WORDS_PER_MINUTE = 130
CARD_WORDS_PER_MINUTE = 110
# How much longer every wait gets, by level of patience.
PATIENCE = (1.0, 1.5, 2.0)
# Words that are heard while it speaks, unless it says them itself just then.
HOT_COMMANDS = ("stop", "pause", "emergency")
_TICK = 0.05
_VOLUME_STEP = 10


class Clock(Protocol):
    """Time in seconds; a rehearsal brings one that runs ahead."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Ears(Protocol):
    """Something that a person can answer through."""

    @property
    def speaking(self) -> bool:
        """Somebody is in the middle of an answer, so that the waiting stands still."""
        ...

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """Begins to hear; `phrases` are the grammar of what is live."""
        ...

    def poll(self, seconds: float) -> Sound | None:
        """What came in, waiting at most so long."""
        ...

    def close(self) -> None:
        """Hears nothing until the next `open`."""
        ...

    def shut(self) -> None:
        """Gives everything back."""
        ...


class Mouth(Protocol):
    """Something that speaks. Raises SpeakerError from `start` and `wait`."""

    def start(self, utterance: Utterance) -> None: ...

    def wait(self, seconds: float) -> bool:
        """True when nothing is being said any more."""
        ...

    def stop(self) -> int:
        """Silence at once."""
        ...

    def shut(self) -> None: ...


class Screen(Protocol):
    """Where every spoken line stands in letters as well."""

    def say(self, key: str, text: str) -> None: ...

    def listen(self, listen: Listen, options: Sequence[tuple[str, str]]) -> None: ...

    def heard(self, text: str, meaning: Meaning) -> None: ...

    def card(self, card: str, title: str, lines: Sequence[str], line: int) -> None: ...

    def plan(self, lines: Sequence[str]) -> None: ...

    def keep(self, where: str) -> None: ...

    def trouble(self, error: VoiceError) -> None: ...

    def hide(self) -> None: ...

    def end(self, reason: str) -> None: ...


class Notes(Protocol):
    """Where a plan is kept, after a yes. Raises NotesError."""

    @property
    def path(self) -> object: ...

    def keep(self, walkthrough: str, lines: Sequence[tuple[str, str]], answers: Mapping[str, str]) -> int: ...

    def erase(self, id: int | None = None) -> int: ...


@dataclass
class Manner:
    """How it speaks and waits; the person changes it by voice or key, and it starts anew with each person."""

    country: str = ""
    rate: int = 100
    volume: int = 100
    patience: int = 0
    barge_in: bool = True

    def adjust(self, what: str, steps: int) -> None:
        """One step up or down, within what there is."""
        match what:
            case "rate":
                nearest = min(range(len(RATES)), key=lambda i: abs(RATES[i] - self.rate))
                self.rate = RATES[max(0, min(len(RATES) - 1, nearest + steps))]
            case "volume":
                self.volume = max(_VOLUME_STEP, min(100, self.volume + steps * _VOLUME_STEP))
            case "patience":
                self.patience = max(0, min(len(PATIENCE) - 1, self.patience + steps))


def line_values(lines: HelpLines, country: str, shown: bool) -> dict[str, str]:
    """The `$emergency`, `$family_line` ... of a country, for the ear or for the eye."""
    emergency = lines.emergency(country)
    values = {"emergency": emergency.shown if shown else emergency.said}
    for purpose in ("family", "crisis", "violence", "child"):
        line = lines.line(country, purpose)
        values[f"{purpose}_line"] = (line.shown if shown else line.said) if line else lines.fallback
    return values


class Session:
    """Runs one talk to its end."""

    def __init__(
        self,
        content: Content,
        dialogue: Dialogue,
        understanding: Understanding,
        safety: Safety,
        lines: HelpLines,
        *,
        ears: Sequence[Ears],
        screen: Screen,
        clock: Clock,
        mouth: Mouth | None = None,
        notes: Notes | None = None,
        manner: Manner | None = None,
        remember: Callable[[str, str], None] = lambda what, value: None,
    ) -> None:
        self._content = content
        self._dialogue = dialogue
        self._understanding = understanding
        self._safety = safety
        self._lines = lines
        self._ears = list(ears)
        self._screen = screen
        self._clock = clock
        self._mouth = mouth
        self._notes = notes
        self.manner = manner or Manner()
        self._remember = remember
        self._kept: list[int] = []
        self._troubled: set[str] = set()

    def run(self, opening: Sequence[Act] = ()) -> str:
        """Leads the talk from `start` on; gives the reason why it ended. Everything is given back at the end."""
        reason = "ended"
        try:
            acts = [*opening, *self._dialogue.start()]
            while True:
                step = self._perform(acts)
                if isinstance(step, str):
                    reason = step
                    return reason
                acts = self._dialogue.respond(step)
        finally:
            self._screen.end(reason)
            self._shut()

    # ---- doing

    def _perform(self, acts: Sequence[Act]) -> Meaning | str:
        """Does the acts; gives what was answered, or the reason why the talk is over."""
        listen = next((act for act in acts if isinstance(act, Listen)), self._dialogue.listen())
        for act in acts:
            _log.info("%s in %s", type(act).__name__, listen.step)
            match act:
                case Say():
                    sound = self._say(act, listen)
                    if sound is not None and not isinstance(sound, Trouble):
                        return self._over(sound) or self._meaning(sound, listen)
                case Listen():
                    return self._listen(act)
                case Finish(reason=reason):
                    return reason
                case ShowCard(card=card, line=line):
                    self._card(card, line)
                case ShowPlan(lines=lines):
                    self._screen.plan([self.words(line, shown=True) for line in lines])
                case Adjust(what=what, steps=steps):
                    self.manner.adjust(what, steps)
                case Set(what=what, value=value):
                    self._set(what, value)
                case Hide():
                    self._screen.hide()
                case Keep():
                    self._keep(act)
                case Forget():
                    self._forget()
        return self._listen(listen)

    def words(self, line: Say | PlanLine, *, shown: bool = False) -> str:
        """The text of a line, for the ear or for the eye."""
        known = {**line_values(self._lines, self.manner.country, shown), **line.values}
        return self._content.fill(line.key, known)

    def _card(self, card: str, line: int) -> None:
        found = self._content.cards[card]
        facts = self._dialogue.memory.facts()
        lines = [self.words(Say(p.key), shown=True) for p in found.lines if p.when.holds(facts)]
        self._screen.card(card, found.title, lines, line)

    def _set(self, what: str, value: str) -> None:
        if what == "country":
            self.manner.country = value
            self._dialogue.memory.lines = purposes(self._lines, value)
        self._remember(what, value)

    def _keep(self, act: Keep) -> None:
        texts = [(line.slot, self.words(line, shown=True)) for line in act.lines]
        try:
            if self._notes is None:
                raise NotesError("notes-off", "Notes can't be kept here.", "You can write the plan down.")
            self._kept.append(self._notes.keep(act.walkthrough, texts, act.answers))
        except NotesError as error:
            self._screen.trouble(error)
            self._prompt("keep.failed")
            return
        self._screen.keep(str(self._notes.path))
        self._prompt("keep.yes")

    def _forget(self) -> None:
        while self._kept and self._notes is not None:
            try:
                self._notes.erase(self._kept.pop())
            except NotesError as error:
                self._screen.trouble(error)

    def _prompt(self, key: str) -> None:
        facts = self._dialogue.memory.facts()
        for passage in self._content.prompts.get(key, ()):
            if passage.when.holds(facts):
                self._say(Say(passage.key, self._dialogue.memory.values()), self._dialogue.listen())

    # ---- speaking

    def _say(self, line: Say, listen: Listen) -> Sound | None:
        """Shows and speaks a line; gives back what interrupted it."""
        text = self.words(line)
        self._screen.say(line.key, self.words(line, shown=True))
        is_card = line.key.startswith("card.")
        personal = values_of(self._content.texts[line.key]) - LINE_VALUES
        utterance = Utterance(
            text,
            words_per_minute=(CARD_WORDS_PER_MINUTE if is_card else WORDS_PER_MINUTE) * self.manner.rate // 100,
            volume=self.manner.volume / 100,
            pitch=40 if is_card else 50,
            pause=line.pause,
            fixed=not personal,
        )
        if self._mouth is None:
            return None
        try:
            self._mouth.start(utterance)
            self._open_while_speaking(text, listen)
            while not self._mouth.wait(0 if self._ears else _TICK):
                sound = self._interruption(listen)
                if sound is not None:
                    self._mouth.stop()
                    return sound
            self._troubled.discard("mouth")
        except SpeakerError as error:
            self._once("mouth", error)
        finally:
            self._close_ears()
        return None

    def _open_while_speaking(self, text: str, listen: Listen) -> None:
        """Keys are open; of the voice only the hot words, and never one that is being said just now."""
        spoken = f" {text.lower()} "
        phrases = []
        for name in HOT_COMMANDS if self.manner.barge_in else ():
            phrases += [p for p in self._understanding.main_phrases(name) if f" {p.split()[0]}" not in spoken]
        hot = replace(listen, expects=(), commands=HOT_COMMANDS, over_speech=True)
        for ears in self._ears:
            ears.open(hot, phrases)

    def _interruption(self, listen: Listen) -> Sound | None:
        for ears in list(self._ears):
            match sound := ears.poll(_TICK / len(self._ears)):
                case None:
                    continue
                case Heard(source=Source.VOICE):
                    hot = Listen(listen.step, Kind.CHOICE, (), HOT_COMMANDS)
                    meaning = self._understanding.understand(sound, hot)
                    if isinstance(meaning, Command) and meaning.sure or self._danger(sound, sure_only=True):
                        return sound
                case Trouble(error=error):
                    self._once("ears", error)
                case Ended():
                    self._ears.remove(ears)
                    return None if self._ears else sound
                case _:
                    return sound
        return None

    # ---- listening

    def _listen(self, listen: Listen) -> Meaning | str:
        phrases = self._understanding.phrases(listen)
        self._screen.listen(listen, self._understanding.options(listen))
        for ears in self._ears:
            ears.open(listen, phrases)
        try:
            sound = self._wait_for(listen)
        finally:
            self._close_ears()
        if sound is None:
            self._screen.heard("", Silence())
            return Silence()
        return self._over(sound) or self._meaning(sound, listen)

    def _wait_for(self, listen: Listen) -> Sound | None:
        """The first sound that is an answer, or None after the wait. Time stands still while somebody is speaking."""
        wait = listen.wait * PATIENCE[self.manner.patience]
        waited = 0.0
        before = self._clock.now()
        while waited < wait:
            for ears in list(self._ears):
                match sound := ears.poll(_TICK / len(self._ears)):
                    case None:
                        pass
                    case Trouble(error=error):
                        self._lost(error)
                    case Ended():
                        self._ears.remove(ears)
                        if not self._ears:
                            return sound
                    case _:
                        return sound
            if not self._ears:
                return Ended()
            now = self._clock.now()
            if not any(ears.speaking for ears in self._ears):
                waited += now - before
            before = now
        return None

    def _over(self, sound: Sound) -> str | None:
        return "no more answers" if isinstance(sound, Ended) else None

    def _meaning(self, sound: Sound, listen: Listen) -> Meaning:
        assert isinstance(sound, Heard | Pressed), "troubles and ends were seen to before"
        danger = self._danger(sound) if isinstance(sound, Heard) else None
        meaning = danger or self._understanding.understand(sound, listen)
        self._screen.heard(sound.text if isinstance(sound, Heard) else sound.key, meaning)
        _log.info("%s in %s", type(meaning).__name__, listen.step)
        return meaning

    def _danger(self, heard: Heard, sure_only: bool = False) -> Danger | None:
        """RED or AMBER in what was heard. A phrase that only a doubtful reading holds is AMBER (SPEC 4.6)."""
        for text, believed in _readings(heard):
            verdict = self._safety.judge(text)
            if verdict.light is Light.GREEN or verdict.card is None:
                continue
            light = verdict.light if believed else Light.AMBER
            if not sure_only or light is Light.RED:
                return Danger(light.value, verdict.card, verdict.why)
        return None

    # ---- trouble

    def _lost(self, error: VoiceError) -> None:
        """Ears went deaf: said once, and the keys go on."""
        if self._once("ears", error):
            self._prompt("no_microphone")
            for ears in self._ears:
                ears.open(self._dialogue.listen(), self._understanding.phrases(self._dialogue.listen()))

    def _once(self, part: str, error: VoiceError) -> bool:
        if part in self._troubled:
            return False
        self._troubled.add(part)
        _log.warning("trouble: %s", error.code)
        self._screen.trouble(error)
        return True

    def _close_ears(self) -> None:
        for ears in self._ears:
            ears.close()

    def _shut(self) -> None:
        for part in (*self._ears, self._mouth):
            if part is not None:
                part.shut()


def purposes(lines: HelpLines, country: str) -> frozenset[str]:
    """Purposes for which a country has a line that may be given out."""
    return frozenset(p for p in ("family", "crisis", "violence", "child") if lines.line(country, p) is not None)


def _readings(heard: Heard) -> Iterator[tuple[str, bool]]:
    """Transcripts to look for danger in, with whether each is believed on its own."""
    if heard.source is Source.TYPED or heard.free is None:
        yield heard.text, True
        return
    yield from ((line, number == 0) for number, line in enumerate(heard.free))
    yield heard.text, heard.text in heard.free
