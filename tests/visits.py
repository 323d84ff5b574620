"""Somebody who comes back: talk after talk on one notes file behind real locks, each in a program of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.strongroom import Room
from tests.talks import Played, play
from voice.notes import Notes
from voice.parts import Talking
from voice.parts_copies import FileCopies, Texts
from voice.parts_notes import VaultShelf
from voice.parts_paper import Paper
from voice.rehearse import Hear
from voice.settings import Settings

TALKING = Talking()
HELLO = ("yes", "alone", "family", "no")
"""Up to the step after which it is known who can hear."""
SHORT = ("skip", "five minutes")
TO_KEEP = ("make my plan", "keep all", "yes")
"""From anywhere in the walk: a plan, and a yes to keeping it."""
OURS = "old blue boat again"
"""Secret words."""
END = ("no",)


class Home:
    """One computer. `keyring`: whether its desktop has one."""

    def __init__(self, folder: Path, keyring: bool = True) -> None:
        self.room = Room(folder / "notes" / "notes.db", there=keyring)
        self.documents = folder / "documents"
        self.sticks: list[Path] = []
        self.suggests = ""
        """Words that it makes for somebody; "" for random ones."""

    def parts(self, now: Callable[[], float]) -> tuple[Notes, VaultShelf, Callable[[Texts], FileCopies]]:
        """As one program has them, on its clock."""
        vault = self.room.vault()
        vault._sleep = lambda seconds: None  # as in `parts.shelf`: the talk itself waits
        notes = Notes(self.room.path, vault.connect)
        paper = lambda: Paper(Settings(home=self.room.path.parent), TALKING.content)  # noqa: E731
        shelf = VaultShelf(self.room.path, lambda: vault, lambda: notes, paper, now)
        if self.suggests:
            shelf.suggest = lambda: self.suggests  # type: ignore[method-assign]
        copies = lambda text: FileCopies(  # noqa: E731
            self.documents, text, paper, lambda: vault, lambda: notes, lambda: self.sticks
        )
        return notes, shelf, copies

    def visit(
        self, *answers: str, hear: Hear | None = None, paper: Callable[[Sequence[str]], None] | None = None
    ) -> Played:
        """One whole talk, with typed answers, or with recordings ("@file") that `hear` hears. `paper` prints lines."""
        return play(TALKING, answers, kept=self.parts, hear=hear, paper=paper)

    def notes(self, words: str = "") -> Notes:
        """What is kept, for whoever knows the words."""
        return self.room.notes(words)

    def bytes(self) -> bytes:
        """Everything that lies in the folder."""
        return b"".join(path.read_bytes() for path in self.room.files())


def behind_locks(folder: Path) -> tuple[Notes, VaultShelf]:
    """Notes of a computer with a keyring, where nothing was kept yet."""
    notes, shelf, _ = Home(folder).parts(time.monotonic)
    return notes, shelf


def said(played: Played, *keys: str) -> list[str]:
    """Those of the keys (beginnings will do) that were said, in the order in which they were."""
    return [key for event in played.of("say") for key in keys if event["key"].startswith(key)]


def words_of(played: Played, key: str) -> list[str]:
    """What was said under a key."""
    return [str(event["text"]) for event in played.of("say") if event["key"].startswith(key)]
