"""Small real parts for a session on a virtual clock: a person, a voice, a sheet of paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from voice.dialogue.shelf import Shelf
from voice.errors import SpeakerError, VoiceError
from voice.events import Ended, Heard, Listen, Meaning, Partial, Pressed, Sound, Source, Utterance
from voice.notes import Notes
from voice.parts import Talking
from voice.rehearse import VirtualClock
from voice.session import Clock, Courier, Manner, Session

LONGEST = 1000.0  # seconds after which what was planned does not come any more
SPEECH = 3.0  # seconds that every utterance lasts
TALKING = Talking()


@dataclass
class At:
    """Something that happens at a moment: while it speaks, or while it listens; at `step` where one is named."""

    sound: Sound
    speaking: bool = False
    after: float = 0.2
    step: str = ""


@dataclass
class Person:
    """Ears that bring what is planned, one after the other, and then end or are silent."""

    clock: Clock
    plan: list[At]
    ends: bool = True
    talks: float = 0.0  # seconds for which somebody is in the middle of an answer
    hears_through: bool = False
    over: list[tuple[float, float]] = field(default_factory=list)  # (from, to): talks over the voice
    opened: list[tuple[Listen, tuple[str, ...]]] = field(default_factory=list)
    shut_times: int = 0
    _since: float = 0.0
    _brought: float = 0.0
    _listen: Listen | None = None

    @property
    def speaking(self) -> bool:
        if self._listen is not None and any(begin <= self.clock.now() < end for begin, end in self.over):
            return True
        return self._listen is not None and not self._listen.over_speech and self.clock.now() - self._since < self.talks

    @property
    def talked_over(self) -> bool:
        return self.hears_through and self.speaking

    wants_the_floor = talked_over

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self.opened.append((listen, tuple(phrases)))
        self._listen, self._since = listen, self.clock.now()

    def poll(self, seconds: float) -> Sound | None:
        self.clock.sleep(seconds)
        if self._listen is None:
            return None
        if not self.plan:
            return Ended() if self.ends and not self._listen.over_speech else None
        assert self.clock.now() - self._brought < LONGEST, f"nothing asked for {self.plan[0]}"
        following = self.plan[0]
        if following.speaking is not self._listen.over_speech or self.clock.now() - self._since < following.after:
            return None
        if following.step and following.step != self._listen.step:
            return None
        self._brought = self.clock.now()
        return self.plan.pop(0).sound

    def close(self) -> None:
        self._listen = None

    def shut(self) -> None:
        self.shut_times += 1


@dataclass
class Voice:
    """A mouth on the virtual clock; `breaks` raises at the n-th utterance and ever after."""

    clock: Clock
    breaks: int | None = None
    moves: dict[int, str] = field(default_factory=dict)  # number of an utterance -> code of what happens within it
    said: list[Utterance] = field(default_factory=list)
    said_at: list[float] = field(default_factory=list)
    prepared: list[tuple[Utterance, ...]] = field(default_factory=list)
    stopped_at: list[float] = field(default_factory=list)
    held: list[tuple[bool, float]] = field(default_factory=list)  # (paused or resumed, when)
    mended_at: float = float("inf")  # it no longer breaks
    reached: int = 0  # the word at which it is stopped
    _until: float = 0.0

    def start(self, utterance: Utterance) -> None:
        if self.breaks is not None and len(self.said) >= self.breaks and self.clock.now() < self.mended_at:
            raise SpeakerError("speaker-gone", "The loudspeaker went away.", "Read the words on the screen.")
        self.said.append(utterance)
        self.said_at.append(self.clock.now())
        self._until = self.clock.now() + SPEECH

    def pitches_after(self, moment: float) -> list[int]:
        return [u.pitch for u, at in zip(self.said, self.said_at, strict=True) if at >= moment]

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        self.prepared.append(tuple(utterances))

    def wait(self, seconds: float) -> bool:
        self.clock.sleep(seconds)
        if code := self.moves.pop(len(self.said), ""):
            self._until = 0.0
            raise SpeakerError(code, "My voice comes out of another place now.", "Say or press anything.")
        return self.clock.now() >= self._until

    def pause(self) -> None:
        self.held.append((True, self.clock.now()))

    def resume(self) -> None:
        self._until += self.clock.now() - self.held[-1][1]
        self.held.append((False, self.clock.now()))

    def stop(self) -> int:
        self.stopped_at.append(self.clock.now())
        self._until = 0.0
        return self.reached

    def shut(self) -> None:
        self._until = 0.0


@dataclass
class Paper:
    """A screen that writes down (time, kind, what)."""

    clock: Clock
    lines: list[tuple[float, str, object]] = field(default_factory=list)

    def _put(self, kind: str, what: object) -> None:
        self.lines.append((self.clock.now(), kind, what))

    def of(self, kind: str) -> list[object]:
        return [what for _, name, what in self.lines if name == kind]

    def say(self, key: str, text: str) -> None:
        self._put("say", key)

    def listen(self, listen: Listen, options: Sequence[tuple[str, str]]) -> None:
        self._put("listen", listen.step)

    def heard(self, text: str, meaning: Meaning) -> None:
        self._put("heard", type(meaning).__name__)

    def card(self, card: str, title: str, lines: Sequence[str], line: int) -> None:
        self._put("card", card)

    def plan(self, lines: Sequence[str]) -> None:
        self._put("plan", tuple(lines))

    def keep(self, where: str) -> None:
        self._put("keep", where)

    def written(self, where: str) -> None:
        self._put("written", where)

    def trouble(self, error: VoiceError) -> None:
        self._put("trouble", error.code)

    def hide(self) -> None:
        self._put("hide", "")

    def end(self, reason: str) -> None:
        self._put("end", reason)


@dataclass
class Room:
    """Everything that one session runs on."""

    clock: VirtualClock
    person: Person
    voice: Voice
    paper: Paper
    session: Session


def room(
    *plan: At,
    ends: bool = True,
    talks: float = 0.0,
    breaks: int | None = None,
    notes: Notes | None = None,
    shelf: Shelf | None = None,
    manner: Manner | None = None,
    set_up: bool = False,
    remember: Callable[[str, str], None] = lambda what, value: None,
    courier: Courier | None = None,
    beside: Sequence[Person] = (),
    over: Sequence[tuple[float, float]] | None = None,
    quiet: bool = False,
) -> Room:
    """`beside`: other ears; `over`: the microphone does not hear the voice, and somebody talks over it then; `quiet`: a
    room where others hear, and the next person must find nothing."""
    clock = VirtualClock()
    person = Person(clock, list(plan), ends, talks, over is not None, list(over or ()))
    for other in beside:
        other.clock = clock
    voice, paper = Voice(clock, breaks), Paper(clock)
    session = TALKING.session(
        manner or Manner(country="US"),
        ears=[person, *beside],
        screen=paper,
        clock=clock,
        mouth=voice,
        notes=notes,
        shelf=shelf,
        set_up=set_up,
        remember=remember,
        courier=courier,
        quiet=quiet,
    )
    return Room(clock, person, voice, paper, session)


def says(text: str, *, step: str = "", speaking: bool = False, after: float = 0.2) -> At:
    """The person says something that both recognisers hear alike."""
    return At(Heard(text, Source.VOICE, 1.0, (text,), 1.0, 0.1), speaking=speaking, step=step, after=after)


def begins(text: str, seconds: float, *, quiet: float = 0.0, step: str = "") -> At:
    """What was said so far of an utterance that is not over."""
    return At(Partial(text, quiet, seconds), after=seconds, step=step)


def types(text: str, *, step: str = "", speaking: bool = False) -> At:
    return At(Heard(text, Source.TYPED), speaking=speaking, step=step)


def key(name: str, *, step: str = "", speaking: bool = False) -> At:
    return At(Pressed(name), speaking=speaking, step=step)
