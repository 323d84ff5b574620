"""The parts that a session uses, as it wants them. Real ones satisfy these without importing anything from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from voice.errors import VoiceError
from voice.events import Listen, Meaning, Sound, Utterance
from voice.safety import Verdict


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

    @property
    def hears_through(self) -> bool:
        """Our own voice is not in what it hears, so that a person can talk over it."""
        ...

    @property
    def talked_over(self) -> bool:
        """A person surely talks while we speak, and it is not our own voice."""
        ...

    @property
    def wants_the_floor(self) -> bool:
        """The same, and it may be meant for us: our own voice should hold still for it."""
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

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """Make these ready in idle moments, so that they can be heard whatever breaks later; instead of those before.
        Returns at once, and never raises."""
        ...

    def wait(self, seconds: float) -> bool:
        """True when nothing is being said any more."""
        ...

    def stop(self) -> int:
        """Silence at once."""
        ...

    def pause(self) -> None:
        """Hold still, with the place kept."""
        ...

    def resume(self) -> None:
        """Go on from the word that was being said."""
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

    def written(self, where: str) -> None: ...

    def trouble(self, error: VoiceError) -> None: ...

    def hide(self) -> None: ...

    def end(self, reason: str) -> None: ...


class Courier(Protocol):
    """Fetches a bigger speech model beside the talk."""

    def offer(self) -> str:
        """Megabytes of one that could be fetched now; "" where there is none, or nobody knows yet."""
        ...

    def answer(self, value: str) -> None:
        """What the person said to it: "yes", "no" or "later"."""
        ...

    def news(self) -> str:
        """Key of a prompt for the eye alone, once; "" for none. Asked before each listening."""
        ...


class Voices(Protocol):
    """The voices that are installed, and the one that speaks."""

    def another(self) -> str:
        """Name of the one after it; "" where there is only one."""
        ...

    def use(self, name: str) -> None:
        """Speaks with that one from the next line on. Never raises."""
        ...

    def news(self) -> VoiceError | None:
        """What went wrong with the one that was chosen, so that another one speaks; once."""
        ...


class Judge(Protocol):
    """Says how dangerous it is what was heard: `judgement.Judgement`, or something that waits for it."""

    def judge(self, text: str, answering: bool = True, believed: bool = True) -> Verdict: ...


class Notes(Protocol):
    """Where a plan is kept, after a yes. Raises NotesError."""

    @property
    def path(self) -> object: ...

    def keep(self, walkthrough: str, lines: Sequence[tuple[str, str]], answers: Mapping[str, str]) -> int: ...

    def erase(self, id: int | None = None) -> int: ...

    def mark(self, id: int, place: int, mark: str) -> None: ...

    def reword(self, id: int, place: int, slot: str, text: str) -> None: ...

    def keep_place(self, walkthrough: str, step: str, answers: Mapping[str, str], done: Sequence[str]) -> None: ...

    def forget_place(self) -> None: ...
