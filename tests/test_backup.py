"""Backups: locked as the notes are, put back on any computer, and nothing that is there is lost."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.strongroom import CANARY, OTHER, WORDS, Room, code, keep
from voice.notes import Notes, backup
from voice.notes.vault import State


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Room(tmp_path / "kept" / "notes.db")
    made.vault().set_passphrase(WORDS)
    for n in range(3):
        keep(made.notes(WORDS), f"{CANARY} {n}")
    return made


def never() -> tuple[str, ...]:
    raise AssertionError("nothing had to be asked")


def put_back(room: Room, file: Path, words: str = "", ask: Callable[[], tuple[str, ...]] = never) -> int:
    opened = room.vault(words)
    return backup.restore(opened, Notes(room.path, opened.connect), file, ask)


def test_what_was_erased_is_put_back_and_the_rest_is_left(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "copy.backup"
    backup.save(room.vault(WORDS), file)
    assert CANARY.encode() not in file.read_bytes()
    assert list(tmp_path.glob(".*")) == []
    room.notes(WORDS).erase(2)
    keep(room.notes(WORDS), "later")
    assert put_back(room, file, WORDS) == 1
    assert sorted(room.texts(WORDS)) == [*(f"{CANARY} {n}" for n in range(3)), "later"]
    assert put_back(room, file, WORDS) == 0, "twice adds nothing"


@pytest.mark.parametrize("there", [True, False])
def test_on_another_computer_the_passphrase_opens_it(room: Room, tmp_path: Path, there: bool) -> None:
    file = tmp_path / "copy.backup"
    phrase = room.vault(WORDS).set_recovery()
    backup.save(room.vault(WORDS), file)
    for words in (WORDS, phrase):
        other = Room(tmp_path / words[:6] / "notes.db", there=there)
        assert code(lambda other=other: put_back(other, file, ask=lambda: (OTHER,))) == "notes-wrong-passphrase"  # type: ignore[misc]
        assert other.vault().state() is State.NONE
        assert put_back(other, file, ask=lambda words=words: ("wrong words", words)) == 3  # type: ignore[misc]
        assert other.vault().state() is State.LOCKED
        assert len(other.texts(WORDS)) == 3


def test_notes_with_another_lock_take_them_in(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "copy.backup"
    backup.save(room.vault(WORDS), file)
    other = Room(tmp_path / "other" / "notes.db")
    keep(other.notes(), "own")
    assert put_back(other, file, ask=lambda: (WORDS,)) == 3
    assert len(other.texts()) == 4
    assert other.vault().state() is State.KEYRING


def test_a_backup_that_only_this_computer_could_open_is_refused(tmp_path: Path) -> None:
    room = Room(tmp_path / "notes.db")
    file = tmp_path / "copy.backup"
    assert code(lambda: backup.save(room.vault(), file)) == "notes-backup-nothing"
    keep(room.notes())
    assert code(lambda: backup.save(room.vault(), file)) == "notes-backup-no-phrase"
    assert not file.exists()
    room.vault().set_recovery()
    backup.save(room.vault(), file)
    with zipfile.ZipFile(file) as packed:
        assert b"keyring" not in packed.read("notes.locks")


@pytest.mark.parametrize("broken", ["missing", "no zip", "empty zip", "cut", "locks", "notes"])
def test_a_backup_that_is_broken(room: Room, tmp_path: Path, broken: str) -> None:
    file = tmp_path / "copy.backup"
    backup.save(room.vault(WORDS), file)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    if broken == "missing":
        file.unlink()
    elif broken == "no zip":
        file.write_bytes(b"a shopping list" * 100)
    elif broken == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        if broken == "locks":
            parts["notes.locks"] = b"{}"
        if broken == "notes":
            parts["notes.db"] = parts["notes.db"][:5000] + bytes(3000) + parts["notes.db"][8000:]
        with zipfile.ZipFile(file, "w") as packed:
            for name, content in parts.items():
                if broken != "empty zip":
                    packed.writestr(name, content)
    expected = {"locks": "notes-lock-broken", "notes": "notes-damaged"}.get(broken, "notes-backup-broken")
    assert code(lambda: put_back(room, file, WORDS)) == expected
    assert len(room.texts(WORDS)) == 3
    other = Room(tmp_path / "other" / "notes.db")
    assert code(lambda: put_back(other, file, ask=lambda: (WORDS,))) == expected
    assert other.vault().state() is State.NONE


def test_a_place_that_cannot_be_written_to(room: Room, tmp_path: Path) -> None:
    assert code(lambda: backup.save(room.vault(WORDS), tmp_path / "nowhere" / "copy.backup")) == "notes-read-only"
    assert code(lambda: backup.save(room.vault(WORDS), Path("/proc/nowhere/copy.backup"))) == "notes-read-only"
