"""A vault to test with: one notes file, looked at by one program after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kept import CHEAP
from voice.errors import NotesError
from voice.notes import Notes
from voice.notes.header import Cost
from voice.notes.vault import Vault

CANARY = "canary-5e20"
WORDS = "The old blue boat."
OTHER = "a red kite in may"


class Memory:
    """A keyring that forgets when the test ends; or one that is not there."""

    def __init__(self, there: bool = True) -> None:
        self.keys: dict[str, bytes] = {}
        self.there = there

    def works(self) -> bool:
        return self.there

    def get(self, vault: str) -> bytes | None:
        if not self.there:
            raise NotesError("notes-keyring", "It does not answer.", "Unlock it.")
        return self.keys.get(vault)

    def put(self, vault: str, key: bytes) -> None:
        if not self.there:
            raise NotesError("notes-keyring", "It does not answer.", "Unlock it.")
        self.keys[vault] = key

    def drop(self, vault: str) -> None:
        self.keys.pop(vault, None)


class Room:
    """One notes file, looked at by one program after another."""

    def __init__(self, path: Path, there: bool = True, cost: Cost = CHEAP) -> None:
        self.path = path
        self.keychain = Memory(there)
        self.waited: list[float] = []
        self.cost = cost

    def vault(self, words: str = "") -> Vault:
        made = Vault(self.path, self.keychain, self.waited.append, self.cost)
        if words:
            made.open(words)
        return made

    def notes(self, words: str = "") -> Notes:
        return Notes(self.path, self.vault(words).connect)

    def texts(self, words: str = "") -> list[str]:
        return [note.lines[0][1] for note in self.notes(words).list()]

    def files(self) -> list[Path]:
        return sorted(path for path in self.path.parent.rglob("*") if path.is_file())


def code(act: Callable[[], object]) -> str:
    with pytest.raises(NotesError) as caught:
        act()
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.code


def keep(notes: Notes, text: str = CANARY) -> int:
    return notes.keep("family", [("P2", text)], {CANARY: CANARY})
