"""Taking it along: the plan as a page and a sound, all notes as one locked file, and such a file put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from voice.dialogue.locking import Unlocking, Way, told, unlocked
from voice.dialogue.printing import with_plan
from voice.dialogue.shelf import Certain, Job, Lock, Working
from voice.dialogue.talk import BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Kind, PlanLine, Written

WORDS_NEEDED = "notes-copy-words"
"""Code of the error that says: this copy has other secret words."""


class Copies(Protocol):
    """Files outside of the notes, in one folder of this computer, or on a stick. No method waits, and none raises."""

    def stick(self) -> bool:
        """Whether there is a stick that can be written to."""
        ...

    def save(self, lines: Sequence[PlanLine], stick: bool) -> Job[str]:
        """The lines as a page, for printing, and as a sound: not locked. Gives where they lie. The job raises
        VoiceError."""
        ...

    def back_up(self, stick: bool) -> Job[str]:
        """All notes in one file, locked as they are. Gives where it lies. The job raises NotesError."""
        ...

    def newest(self) -> Job[str]:
        """The day of the newest such file, in words; "" where there is none."""
        ...

    def put_back(self, *words: str) -> Job[str]:
        """Adds the notes of that file that are not there. Gives how many, in words; "" for none. `words`: what may
        have been said as its secret words. The job raises NotesError (WORDS_NEEDED, "notes-wrong-passphrase")."""
        ...


def saving(talk: Talk) -> list[Act]:
    """Asks whether to save the plan of this talk, or else the one that was kept last."""
    copies = talk.copies
    if copies is None:
        return _not_here(talk)

    def save(stick: bool) -> list[Act]:
        assert copies is not None
        return talk.push(Saving(talk, "save.check", stick, lambda: copies.save(talk.plan, stick), "save.yes"))

    return with_plan(talk, lambda: _where(talk, copies, save))


def backing_up(talk: Talk) -> list[Act]:
    """Asks whether to make one locked file of all notes."""
    copies = talk.copies
    if copies is None or talk.shelf is None:
        return _not_here(talk)
    if not talk.shelf.anything():
        return [*talk.prompt("return.nothing", pause=BEFORE_QUESTION), *talk.top.question()]

    def save(stick: bool) -> list[Act]:
        def ask() -> list[Act]:
            return talk.push(Saving(talk, "backup.check", stick, lambda: copies.back_up(stick), "backup.yes"))

        return unlocked(talk, ask, lambda: list(talk.top.question()))

    return _where(talk, copies, save)


def putting_back(talk: Talk) -> list[Act]:
    """Looks for the newest copy, and asks whether to put it back."""
    copies, shelf = talk.copies, talk.shelf
    if copies is None or shelf is None:
        return _not_here(talk)

    def back(error: VoiceError | None = None) -> list[Act]:
        return [*told(error), *talk.top.question()]

    def found(day: str) -> list[Act]:
        if not day:
            return [*talk.prompt("restore.none", pause=BEFORE_QUESTION), *back()]
        return unlocked(talk, lambda: ask(day), back) if shelf.anything() else ask(day)

    def ask(day: str) -> list[Act]:
        return talk.push(PuttingBack(talk, copies, day))

    return talk.push(Working(talk, copies.newest(), found, back))


def _not_here(talk: Talk) -> list[Act]:
    return [*talk.prompt("save.not_here", pause=BEFORE_QUESTION), *talk.top.question()]


def _where(talk: Talk, copies: Copies, then: Callable[[bool], list[Act]]) -> list[Act]:
    return talk.push(Where(talk, then)) if copies.stick() else then(False)


class Where(Situation):
    """On the stick that is there, or on this computer?"""

    name = "where_to"
    kind = Kind.CHOICE
    expects = ("on_stick", "by_computer")

    def __init__(self, talk: Talk, then: Callable[[bool], list[Act]]) -> None:
        super().__init__(talk)
        self._then = then

    def opening(self) -> list[Act]:
        return self.talk.prompt("save.where")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        self.talk.floor.remove(self)
        return self._then(answer.value == "on_stick")

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "back", "go_on", "done") else None

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("save.no", pause=BEFORE_QUESTION), *self.talk.pop()]


class Saving(Certain):
    """Only a clear yes writes a file."""

    name = "save"

    def __init__(self, talk: Talk, check: str, stick: bool, save: Callable[[], Job[str]], saved: str) -> None:
        """`check`: key of the question, which ends in ".stick" where one is meant; `saved`: key for when it is done."""
        super().__init__(talk)
        self._check = f"{check}.stick" if stick else check
        self._save = save
        self._saved = saved

    def opening(self) -> list[Act]:
        return self.talk.prompt(self._check)

    def do(self) -> list[Act]:
        return self.talk.push(Working(self.talk, self._save(), self._done, self._failed))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("save.no", pause=BEFORE_QUESTION), *self.talk.pop()]

    def _done(self, where: str) -> list[Act]:
        return [Written(where), *self.talk.prompt(self._saved, pause=BEFORE_QUESTION), *self.talk.top.question()]

    def _failed(self, error: VoiceError | None) -> list[Act]:
        said = self.talk.prompt("save.failed" if error is not None else "save.no", pause=BEFORE_QUESTION)
        return [*told(error), *said, *self.talk.top.question()]


class PuttingBack(Certain):
    """The newest copy: put it back? What is there now stays."""

    name = "put_back"

    def __init__(self, talk: Talk, copies: Copies, day: str) -> None:
        super().__init__(talk)
        self._copies = copies
        self._day = day

    def opening(self) -> list[Act]:
        return self.talk.prompt("restore.check", day=self._day)

    def do(self) -> list[Act]:
        return self.talk.push(Working(self.talk, self._copies.put_back(), self._done, self._failed))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("restore.no", pause=BEFORE_QUESTION), *self.talk.pop()]

    def _done(self, count: str) -> list[Act]:
        key = "restore.yes" if count else "restore.all_there"
        return [*self.talk.prompt(key, count=count, pause=BEFORE_QUESTION), *self.talk.top.question()]

    def _failed(self, error: VoiceError | None) -> list[Act]:
        if error is not None and error.code == WORDS_NEEDED:
            left = lambda: list(self.talk.top.question())  # noqa: E731
            return self.talk.push(OfCopy(self.talk, self._copies, self._done, left))
        said = self.talk.prompt("restore.failed" if error is not None else "restore.no", pause=BEFORE_QUESTION)
        return [*told(error), *said, *self.talk.top.question()]


class OfCopy(Unlocking):
    """The copy has secret words of its own: they are asked for."""

    name = "unlock_copy"
    why = "restore.locked"

    def __init__(self, talk: Talk, copies: Copies, done: Callable[[str], list[Act]], otherwise: Way) -> None:
        super().__init__(talk, Lock.WORDS, otherwise, otherwise)
        self._copies = copies
        self._done = done

    def attempt(self, answer: Answer) -> list[Act]:
        job = self._copies.put_back(answer.words, *answer.others)
        return self.talk.push(Working(self.talk, job, self._put_back, self.wrong))

    def _put_back(self, count: str) -> list[Act]:
        self.talk.floor.remove(self)
        return self._done(count)
