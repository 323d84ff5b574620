"""What was kept before, and its locks, as the dialogue asks for them. Every act is done beside the talk: a keyring may
ask for its own password first, and meanwhile the person is heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from voice.dialogue.talk import Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Kind, Listen, PlanLine

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
WORKING = "notes_working"
"""Where it listens while something is being done."""
_AT_ONCE = 1.0
"""Seconds in which an act is done mostly, so that nothing need be said meanwhile. Who calls out then is heard after it:
a card still comes within its 2 s."""
_WAITS = (0.5, 2.0, 5.0)
"""Seconds of listening between two looks, while it takes longer."""


class Lock(StrEnum):
    """What it takes to read or write the notes."""

    OPEN = "open"
    WORDS = "words"
    """Secret words were set."""
    LOST = "lost"
    """This computer should have the key, and has not: only the nine words open them."""
    CHOOSE = "choose"
    """Nothing is set yet, and this computer could hold the key."""
    ONLY_WORDS = "only_words"
    """Nothing is set yet, and only secret words can lock it."""


@dataclass(frozen=True)
class Look:
    """How the notes stand."""

    lock: Lock
    nine_words: bool = True
    """There are nine words that open it if all else is lost."""


@dataclass(frozen=True)
class LastPlace:
    """Where somebody stopped, as it was kept: see `voice.notes.Place`."""

    walkthrough: str
    step: str
    answers: Mapping[str, str]
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class LastPlan:
    """The plan that was kept last. `lines`: (slot, text, mark)."""

    id: int
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Last:
    """What somebody comes back to."""

    plan: LastPlan | None = None
    place: LastPlace | None = None


@dataclass(frozen=True)
class FoundPlan:
    """A plan that was looked for. `day`: when it was made, in words; `lines`: (slot, text)."""

    id: int
    day: str
    lines: tuple[tuple[str, str], ...]


class Job(Protocol[_T_co]):
    """An act that is being done."""

    def done(self, seconds: float) -> bool:
        """Whether it is done, after waiting at most so long."""
        ...

    def result(self) -> _T_co:
        """What came of it. Raises NotesError."""
        ...


class Shelf(Protocol):
    """The notes and their locks. No method waits, and none raises: the job does."""

    def anything(self) -> bool:
        """Whether something was kept; without asking a keyring, or anybody."""
        ...

    def look(self) -> Job[Look]: ...

    def rest(self) -> float:
        """Seconds until the next try of secret words, because of wrong ones before. Waits for nothing itself."""
        ...

    def words(self) -> tuple[str, ...]:
        """Words that are told apart well when they are said."""
        ...

    def suggest(self) -> str:
        """New secret words out of these."""
        ...

    def open(self, words: str, *others: str) -> Job[None]:
        """With secret words or the nine words; `others`: what else may have been said.

        Raises NotesError ("notes-wrong-passphrase").
        """
        ...

    def check(self, words: str) -> bool:
        """Whether these would do as secret words."""
        ...

    def lock_with(self, words: str) -> Job[str]:
        """From now on these words open it. Gives the nine words that open it too; "" where there are some already."""
        ...

    def lock_by_computer(self) -> Job[str]:
        """From now on this computer's keyring opens it. Gives the nine words that open it too."""
        ...

    def nine_words(self) -> Job[str]:
        """New ones, of open notes."""
        ...

    def last(self) -> Job[Last]:
        """What was kept last, of open notes."""
        ...

    def vocabulary(self) -> Job[tuple[str, ...]]:
        """Single words that stand in the latest plans, of open notes: what somebody may look for."""
        ...

    def find(self, *words: str) -> Job[tuple[FoundPlan, ...]]:
        """The latest plans that have all words of one of these readings, the latest first; without any, all of them. Of
        open notes."""
        ...

    def erase(self, id: int) -> Job[None]:
        """One plan is gone, of open notes."""
        ...

    def numbers(self) -> Job[tuple[str, ...]]:
        """Sentences that tell the person's own numbers and steps over time, of open notes."""
        ...

    def forget(self) -> Job[None]:
        """Everything that was ever kept is gone, with its locks. It need not be open."""
        ...


Printer = Callable[[Sequence[PlanLine]], Job[None]]
"""Puts lines on paper; done when the system has taken the page. The job raises VoiceError."""


class Working(Situation, Generic[_T]):
    """Something is being done about the notes. Over at once, mostly; else it says so once, and listens meanwhile."""

    name = WORKING
    kind = Kind.CHOICE
    expects: tuple[str, ...] = ()
    heavy = True

    def __init__(
        self,
        talk: Talk,
        job: Job[_T],
        then: Callable[[_T], list[Act]],
        failed: Callable[[VoiceError | None], list[Act]],
    ) -> None:
        """`failed`: with why, or None where the person would not wait."""
        super().__init__(talk)
        self._job = job
        self._then = then
        self._failed = failed

    def opening(self) -> list[Act]:
        return self._finished(_AT_ONCE) or self.talk.prompt("notes.working")

    def question(self) -> list[Act]:
        return self._finished(0.0) or []

    def listen(self) -> Listen:
        wait = _WAITS[min(self.silences, len(_WAITS) - 1)]
        return Listen(self.name, self.kind, (), self.commands, wait=wait, patient=False, heavy=True)

    def on_answer(self, answer: Answer) -> list[Act]:
        return self.question()

    def on_silence(self) -> list[Act]:
        self.silences += 1
        return self.question() or (self.talk.prompt("notes.asking") if self.silences == 2 else [])

    def on_miss(self) -> list[Act]:
        return self.question()

    def on_wordless(self) -> list[Act]:
        return self.question()

    def give_up(self) -> list[Act]:
        return self.question()

    def on_command(self, name: str) -> list[Act] | None:
        if name not in ("repeat", "skip", "go_on", "back"):
            return None
        if acts := self._finished(0.0):
            return acts
        if name == "repeat":
            return self.talk.prompt("notes.working")
        self.talk.floor.remove(self)
        return self._failed(None)

    def _finished(self, seconds: float) -> list[Act] | None:
        if not self._job.done(seconds):
            return None
        self.talk.floor.remove(self)
        try:
            result = self._job.result()
        except VoiceError as error:
            return self._failed(error)
        return self._then(result)


class Certain(Situation):
    """One check: only a clear yes does it, and anything else leaves all as it is."""

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value != "yes":
            return self.give_up()
        if not answer.sure:
            return self.on_miss()
        self.talk.floor.remove(self)
        return self.do()

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "back", "go_on", "done") else None

    def do(self) -> list[Act]:
        """What was checked; the floor is free."""
        raise NotImplementedError
