"""The notes and their locks, as a talk asks for them: every act on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from voice.dialogue.shelf import FoundPlan, Job, Last, LastPlace, LastPlan, Lock, Look
from voice.errors import NotesError, VoiceError
from voice.templates import normalise

if TYPE_CHECKING:
    from voice.notes import Notes
    from voice.notes.vault import Vault
    from voice.parts_paper import Paper

_T = TypeVar("_T")
_LATEST = 12
"""Plans whose numbers are told aloud."""
_MOST_PLANS, _LETTERS, _MOST_WORDS = 100, 4, 400
"""Plans that a search looks through by voice, and its words: none shorter, which stand in every plan, and no more than
a grammar can tell apart."""


class Begun(Generic[_T]):
    """An act on a thread of its own, which ends with the program at the latest."""

    def __init__(self, act: Callable[[], _T]) -> None:
        self._future: Future[_T] = Future()
        threading.Thread(target=self._work, args=(act,), daemon=True, name="notes").start()

    def _work(self, act: Callable[[], _T]) -> None:
        try:
            self._future.set_result(act())
        except BaseException as error:  # for whoever waits for it
            self._future.set_exception(error)

    def done(self, seconds: float) -> bool:
        return bool(wait([self._future], seconds).done)

    def result(self) -> _T:
        """Raises VoiceError."""
        try:
            return self._future.result()
        except VoiceError:
            raise
        except Exception as error:
            raise NotesError(
                "notes-failed", "Something went wrong with the notes.", "They are as they were. Try another day."
            ) from error


class VaultShelf:
    """What was kept before, behind the locks of one vault."""

    def __init__(
        self,
        file: Path,
        vault: Callable[[], Vault],
        notes: Callable[[], Notes],
        paper: Callable[[], Paper],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`file` of the notes. `vault`: always the same one, which does not sleep after wrong words: the talk does, and
        listens meanwhile. `paper`: for days and own numbers, in words."""
        self._file = file
        self._vault = vault
        self._notes = notes
        self._paper = paper
        self._clock = clock
        self._rests: float | None = None

    def anything(self) -> bool:
        try:
            return self._file.stat().st_size > 0
        except OSError:
            return False

    def look(self) -> Job[Look]:
        return Begun(self._look)

    def _look(self) -> Look:
        from voice.notes.header import RECOVERY
        from voice.notes.vault import State

        vault = self._vault()
        state = vault.state()
        nine = vault.has(RECOVERY)
        if state is State.KEYRING:
            try:
                vault.key  # noqa: B018 - whether the keyring has it
            except NotesError:
                if not nine:
                    raise
                return Look(Lock.LOST)
            return Look(Lock.OPEN, nine)
        if vault.is_open:
            return Look(Lock.OPEN, nine)
        if vault.header() is not None:
            return Look(Lock.WORDS)
        return Look(Lock.CHOOSE if vault.keyring_works() else Lock.ONLY_WORDS)

    def rest(self) -> float:
        now = self._clock()
        if self._rests is None:
            self._rests = now + self._vault().delay()
        return max(0.0, self._rests - now)

    def words(self) -> tuple[str, ...]:
        from voice.notes.keys import word_list

        return word_list()

    def suggest(self) -> str:
        from voice.notes.keys import SUGGESTED, new_phrase

        return new_phrase(SUGGESTED)

    def open(self, words: str, *others: str) -> Job[None]:
        def act() -> None:
            try:
                self._vault().open(words, *others)
            finally:
                self._rests = None

        return Begun(act)

    def check(self, words: str) -> bool:
        from voice.notes.keys import checked

        try:
            checked(words)
        except NotesError:
            return False
        return True

    def lock_with(self, words: str) -> Job[str]:
        def act() -> str:
            from voice.notes.header import RECOVERY

            vault = self._vault()
            vault.set_passphrase(words)
            return "" if vault.has(RECOVERY) else vault.set_recovery()

        return Begun(act)

    def lock_by_computer(self) -> Job[str]:
        return Begun(lambda: self._vault().use_keyring())

    def nine_words(self) -> Job[str]:
        return Begun(lambda: self._vault().set_recovery())

    def last(self) -> Job[Last]:
        return Begun(self._last)

    def _last(self) -> Last:
        notes = self._notes()
        plan = next(iter(notes.list(latest=1)), None)
        place = notes.place()
        lines = (
            tuple((slot, text, mark) for (slot, text), mark in zip(plan.lines, plan.marks, strict=True)) if plan else ()
        )
        return Last(
            LastPlan(plan.id, lines) if plan and lines else None,
            LastPlace(place.walkthrough, place.step, place.answers, place.done) if place else None,
        )

    def numbers(self) -> Job[tuple[str, ...]]:
        return Begun(lambda: tuple(self._paper().chart(self._notes().list(latest=_LATEST)).sentences))

    def vocabulary(self) -> Job[tuple[str, ...]]:
        return Begun(self._vocabulary)

    def _vocabulary(self) -> tuple[str, ...]:
        texts = (text for note in self._notes().list(latest=_MOST_PLANS) for _, text in note.lines)
        found = {word for text in texts for word in normalise(text).split() if len(word) >= _LETTERS and word.isalpha()}
        return tuple(sorted(found)[:_MOST_WORDS])

    def find(self, *words: str) -> Job[tuple[FoundPlan, ...]]:
        return Begun(lambda: self._find(words))

    def _find(self, words: tuple[str, ...]) -> tuple[FoundPlan, ...]:
        notes = self._notes()
        readings = iter(notes.search(each, _MOST_PLANS) for each in words)
        found = next((some for some in readings if some), []) if words else notes.list(latest=_MOST_PLANS)
        day = self._paper().day
        return tuple(FoundPlan(note.id, day(note.started), note.lines) for note in reversed(found))

    def erase(self, id: int) -> Job[None]:
        def act() -> None:
            self._notes().erase(id)

        return Begun(act)

    def forget(self) -> Job[None]:
        return Begun(lambda: self._vault().forget())


def printed(texts: Sequence[str], paper: Callable[[Sequence[str]], None]) -> Job[None]:
    """Puts the lines on paper. The job raises VoiceError."""
    return Begun(lambda: paper(texts))
