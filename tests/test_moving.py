"""The plain file of an earlier version: every row comes over, nothing plain stays, and a cut anywhere is made good."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.kept import plain
from tests.strongroom import CANARY, OTHER, WORDS, Room, code, keep
from voice.notes import Notes, cipher, files, migrations, moving
from voice.notes.vault import State


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "kept" / "notes.db")


def earlier(path: Path, count: int) -> list[str]:
    """A file as the first version wrote it, without the tables of today; gives its texts."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        migrations().apply(Database(db), stop_before="m002_search_and_age")
        for n in range(1, count + 1):
            db.execute("insert into talk values (?, '2026-10-01', 'family')", (n,))
            for place in range(3):
                db.execute("insert into line values (?, ?, 'P1', ?)", (n, place, f"{CANARY} {n} {place}"))
            db.execute("insert into answer values (?, 'W2', 'left')", (n,))
        db.commit()
    return [f"{CANARY} {n} 0" for n in range(1, count + 1)]


def still_plain(room: Room) -> list[str]:
    return [p.name for p in room.files() if CANARY.encode() in p.read_bytes() or b"SQLite" in p.read_bytes()]


@pytest.mark.parametrize("count", [0, 1, 200])
@pytest.mark.parametrize("by", ["keyring", "passphrase", "keeping"])
def test_it_is_moved_over(room: Room, count: int, by: str) -> None:
    texts = earlier(room.path, count)
    assert still_plain(room)
    assert room.vault().state() is State.PLAIN
    if by == "passphrase":
        room.vault().set_passphrase(WORDS)
    elif by == "keeping":
        keep(room.notes(), "a new one")
        texts.append("a new one")
    words = WORDS if by == "passphrase" else ""
    notes = room.notes(words)
    assert [note.lines[0][1] for note in notes.list()] == texts
    assert len(notes.search(CANARY, 1000)) == count, "the words of before are found too"
    assert still_plain(room) == []
    assert room.vault().state() is (State.LOCKED if words else State.KEYRING)
    assert not moving.needed(room.path)


def test_without_a_lock_it_is_read_and_erased_but_not_added_to(tmp_path: Path) -> None:
    bare = Room(tmp_path / "notes.db", there=False)
    texts = earlier(bare.path, 3)
    assert bare.texts() == texts
    assert code(lambda: keep(bare.notes())) == "notes-no-key"
    assert bare.notes().erase(2) == 1
    assert bare.vault().state() is State.PLAIN
    bare.vault().set_passphrase(WORDS)
    assert bare.texts(WORDS) == [texts[0], texts[2]]
    assert still_plain(bare) == []


def test_what_lies_beside_it_comes_too_and_is_wiped(room: Room) -> None:
    """Rows that are only in a -wal, and a journal of a program that was cut."""
    earlier(room.path, 3)
    with contextlib.closing(sqlite3.connect(room.path)) as db:
        db.execute("pragma journal_mode=wal")
        db.execute("pragma wal_autocheckpoint=0")
        db.execute("insert into talk values (4, '2026-10-02', 'family')")
        db.execute(f"insert into line values (4, 0, 'P1', '{CANARY} 4 0')")
        db.commit()
        cut = room.path.parent / "cut"
        cut.mkdir()
        for path in list(room.path.parent.glob("notes.db*")):
            shutil.copy(path, cut / path.name)  # as they are while a program has them open
    there = Room(cut / "notes.db")
    assert (cut / "notes.db-wal").stat().st_size > 0
    assert len(there.texts()) == 4
    assert still_plain(there) == []
    assert not list(cut.glob("*-wal*"))


def test_a_journal_that_was_left_is_played_back_first(room: Room) -> None:
    texts = earlier(room.path, 50)
    cut = room.path.parent / "cut"
    cut.mkdir()
    with contextlib.closing(sqlite3.connect(room.path)) as db:
        db.execute("pragma cache_size=1")
        db.execute("update line set text = text || ' changed, and never committed'")
        for path in list(room.path.parent.glob("notes.db*")):
            shutil.copy(path, cut / path.name)
        db.rollback()
    there = Room(cut / "notes.db")
    assert CANARY.encode() in (cut / "notes.db-journal").read_bytes()
    assert there.texts() == texts
    assert still_plain(there) == []


class Cut(BaseException):
    """The power goes."""


def _steps(monkeypatch: pytest.MonkeyPatch, last: int) -> list[str]:
    """Cuts at the step of that number: every change of a name, and every wiping, before it and in its middle."""
    done: list[str] = []

    def counted(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def step(*values: object) -> object:
            done.append(name)
            if len(done) > last:
                raise Cut
            return act(*values)

        return step

    remove = Path.unlink
    monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
    monkeypatch.setattr(Path, "unlink", _keywords(counted("unlink", remove)))
    monkeypatch.setattr(files, "wipe", counted("wipe", files.wipe))
    monkeypatch.setattr(files, "sync_folder", counted("sync", files.sync_folder))
    monkeypatch.setattr(moving, "_compare", counted("compare", moving._compare))
    return done


def _keywords(act: Callable[..., object]) -> Callable[..., object]:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        with contextlib.suppress(FileNotFoundError) if missing_ok else contextlib.nullcontext():
            act(path)

    return unlink


def test_a_cut_at_every_step_is_made_good(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Room(tmp_path / "first" / "notes.db")
    first.vault().set_passphrase(WORDS)
    locks = first.vault().header_file.read_bytes()
    for step in range(200):
        here = Room(tmp_path / f"cut {step}" / "notes.db")
        texts = earlier(here.path, 4)
        here.vault().header_file.write_bytes(locks)
        opened = here.vault(WORDS)
        with monkeypatch.context() as patched:
            done = _steps(patched, step)
            try:
                opened.connect(here.path, False).close()
                break
            except Cut:
                pass
        assert here.texts(WORDS) == texts, f"cut at {done[-1]}, step {step}"
        assert still_plain(here) == [], f"cut at {done[-1]}, step {step}"
        assert not moving.needed(here.path)
    assert 10 < step < 150
    assert {"replace", "wipe", "compare", "unlink", "sync"} == set(done)


@pytest.mark.parametrize("step", range(4))
def test_a_full_disk_leaves_it_plain_and_whole(room: Room, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = earlier(room.path, 5)
    opened = room.vault()
    assert opened.state() is State.PLAIN

    def full(*values: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        target = [(files, "make_private"), (Path, "replace"), (files, "sync_folder"), (moving, "_compare")][step]
        patched.setattr(*target, full)
        assert code(room.notes().list) == "notes-disk-full"
    assert room.texts() == texts
    assert still_plain(room) == []


def test_a_row_that_did_not_come_over_stops_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = earlier(room.path, 5)
    before = room.path.read_bytes()
    attach = cipher.connect

    class Losing:
        """A connection that copies all but one row."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def execute(self, sql: str, *values: object) -> object:
            found = self.real.execute(sql, *values)  # type: ignore[arg-type]
            if "sqlcipher_export" in sql:
                found.fetchall()
                self.real.execute("delete from moved.line where talk = 3 and place = 1")
                self.real.commit()
                return self.real.execute("select 1")
            return found

    with monkeypatch.context() as patched:
        patched.setattr(cipher, "connect", lambda path, key: Losing(attach(path, key)))
        assert code(room.notes().list) == "notes-not-moved"
    assert room.path.read_bytes() == before
    assert room.texts() == texts


def test_a_damaged_one_is_left_as_it_is(room: Room) -> None:
    earlier(room.path, 300)
    with room.path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 20000)
    before = room.path.read_bytes()
    assert code(room.notes().list) == "notes-damaged"
    assert room.path.read_bytes() == before


def test_a_file_of_another_program_is_not_taken(room: Room) -> None:
    room.path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(room.path)) as db:
        db.execute("create table recipe (id integer)")
        db.commit()
    before = room.path.read_bytes()
    for act in (room.notes().list, lambda: keep(room.notes()), lambda: room.vault().set_passphrase(WORDS)):
        assert code(act) == "notes-foreign"
    assert room.path.read_bytes() == before


def test_a_program_that_has_it_open_loses_nothing(room: Room) -> None:
    """An older program that was about to write is told so by SQLite; it does not write into what is wiped."""
    earlier(room.path, 2)
    with contextlib.closing(sqlite3.connect(room.path)) as older:
        older.execute("select count(*) from talk").fetchone()
        assert len(room.texts()) == 2
        if sys.platform != "win32":
            with pytest.raises(sqlite3.DatabaseError):
                older.execute("insert into talk values (9, '2026-10-01', 'family')")


def test_one_that_is_in_use_is_told(room: Room) -> None:
    texts = earlier(room.path, 2)
    holds = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "db.execute('begin immediate'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holds, str(room.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert code(room.notes().list) == "notes-busy"
        other.communicate()
    assert room.texts() == texts


def test_on_a_disk_without_second_names(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, target: Path) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    texts = earlier(room.path, 5)
    assert room.texts() == texts
    assert still_plain(room) == []
    room.vault().set_passphrase(WORDS)
    assert room.texts(WORDS) == texts


def test_two_plain_files_are_never_mixed(room: Room) -> None:
    keep(room.notes())
    earlier(room.path.with_name("notes.db.plain"), 1)
    room.path.unlink()
    earlier(room.path, 2)
    assert code(room.notes().list) == "notes-two-files"
    assert len(still_plain(room)) == 2


def test_a_file_of_today_that_was_opened_plain_comes_over_too(room: Room) -> None:
    old = Notes(room.path, plain)
    keep(old, "a line")
    assert [note.id for note in room.notes().search("line")] == [1]
    room.vault().set_passphrase(OTHER)
    assert room.texts(OTHER) == ["a line"]
