"""The vault where something is broken, full, or used by two programs at once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kept import notes_at, plain
from tests.strongroom import CANARY, OTHER, WORDS, Room, code, keep
from voice.errors import NotesError
from voice.notes import Notes, cipher, files, header
from voice.notes.keychain import SystemKeychain
from voice.notes.vault import Vault


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "kept" / "notes.db")


@pytest.fixture
def bare(tmp_path: Path) -> Room:
    """A computer without a keyring."""
    return Room(tmp_path / "kept" / "notes.db", there=False)


def test_a_damaged_file_of_locks_is_told_and_left(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    keep(bare.notes(WORDS))
    path = bare.vault().header_file
    path.write_bytes(path.read_bytes()[:50])
    for act in (lambda: bare.vault().open(WORDS), bare.vault().state, bare.notes().list, lambda: keep(bare.notes())):
        assert code(act) == "notes-lock-broken"
    assert path.stat().st_size == 50


def test_locks_of_a_newer_version(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    path = bare.vault().header_file
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    assert code(bare.vault().state) == "notes-newer"


def test_a_lost_file_of_locks_never_leads_to_new_ones(room: Room) -> None:
    keep(room.notes())
    room.vault().header_file.unlink()
    before = room.path.read_bytes()
    for act in (lambda: keep(room.notes()), lambda: room.vault().set_passphrase(WORDS), room.vault().use_keyring):
        assert code(act) == "notes-not-a-database"
    assert room.path.read_bytes() == before


def test_a_damaged_page(room: Room) -> None:
    """A bit is changed in each page in turn: it is never read as if it were right, and the other notes are."""
    texts = [f"{n} " * 500 for n in range(30)]
    for text in texts:
        keep(room.notes(), text)
    whole = room.path.read_bytes()
    pages = len(whole) // 4096
    read: list[int] = []
    codes: set[str] = set()
    for page in range(pages):
        content = bytearray(whole)
        content[page * 4096 + 1000] ^= 1
        room.path.write_bytes(content)
        try:
            found, lost = room.notes().salvage()
        except NotesError as error:
            codes.add(error.code)
            continue
        assert len(found) + lost == 30
        assert all(note.lines == (("P2", texts[note.id - 1]),) for note in found)
        read.append(len(found))
    room.path.write_bytes(whole)
    assert len(room.texts()) == 30
    assert codes == {"notes-damaged", "notes-not-a-database"}
    assert len(read) > 0.7 * pages
    assert sum(count >= 20 for count in read) > 0.7 * pages


# ---- no room

FILLS = """
import resource, signal, sys
from pathlib import Path
from tests.kept import notes_at
from voice.errors import NotesError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
notes = notes_at(Path(sys.argv[1]))
notes.keep("family", [("P2", "the first")], {})
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
for n in range(1000):
    try:
        notes.keep("family", [("P2", f"{n} " * 300)], {})
    except NotesError as error:
        print(error.code, n)
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    command = [sys.executable, "-c", FILLS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    code, count = done.stdout.split()
    assert code in ("notes-disk-full", "notes-failed")
    assert len(notes_at(path).list()) == int(count) + 1 > 10, "every one that was kept is there"
    keep(notes_at(path))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 256 kilobytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be made by root")
    yield place
    subprocess.run(["umount", str(place)], check=False)


def fill(disk: Path, leave: int) -> Path:
    """Fills it but for so many bytes."""
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(free - leave))
    return filler


def test_a_move_on_a_full_disk(disk: Path) -> None:
    room = Room(disk / "kept" / "notes.db")
    room.path.parent.mkdir()
    old = Notes(room.path, plain)
    for n in range(20):
        keep(old, f"{n} " * 300)
    filler = fill(disk, 40_000)
    before = room.path.read_bytes()
    assert code(room.notes().list) == "notes-disk-full"
    assert room.path.read_bytes() == before
    assert [path.name for path in room.files()] == ["notes.db", "notes.db.lock", "notes.locks"]
    filler.unlink()
    assert room.texts() == [f"{n} " * 300 for n in range(20)]
    assert not cipher.is_plain(room.path)


@pytest.mark.parametrize("leave", [0, 4096])
def test_a_new_passphrase_on_a_full_disk(disk: Path, leave: int) -> None:
    room = Room(disk / "kept" / "notes.db", there=False)
    room.vault().set_passphrase(WORDS)
    keep(room.notes(WORDS))
    opened = room.vault(WORDS)
    filler = fill(disk, leave)
    try:
        opened.set_passphrase(OTHER)
        fits = OTHER
    except NotesError:
        fits = WORDS
    assert (fits == WORDS) == (leave == 0)
    filler.unlink()
    assert room.texts(fits) == [CANARY]


# ---- two programs at once


def _keep_many(path: Path, count: int) -> None:
    notes = Notes(path, Vault(path, SystemKeychain()).connect)
    for _ in range(count):
        keep(notes)


def test_two_programs_that_begin_at_once(tmp_path: Path) -> None:
    """On an empty place: one makes the locks and the tables, and neither loses a note."""
    path = tmp_path / "kept" / "notes.db"
    programs = [multiprocessing.Process(target=_keep_many, args=(path, 10)) for _ in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0, 0, 0]
    assert len(Notes(path, Vault(path, SystemKeychain()).connect).list()) == 30


def test_another_that_changes_the_locks(room: Room) -> None:
    keep(room.notes())
    with files.alone(room.path):
        assert code(lambda: room.vault().set_passphrase(WORDS)) == "notes-busy"
    room.vault().set_passphrase(WORDS)


def test_a_header_is_written_whole_or_not_at_all(bare: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.vault().set_passphrase(WORDS)
    keep(bare.notes(WORDS))
    opened = bare.vault(WORDS)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert code(lambda: opened.set_passphrase(OTHER)) == "notes-disk-full"
    assert bare.texts(WORDS) == [CANARY]
    assert not [path for path in bare.files() if ".new" in path.name]
    bare.vault(WORDS).set_passphrase(OTHER)
    assert not [path for path in bare.files() if ".before" in path.name], "and what was left is wiped"
    assert header.read(opened.header_file) is not None
    assert cipher.is_plain(bare.path) is False
