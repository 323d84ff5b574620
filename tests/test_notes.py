"""Notes on real encrypted files: what is kept, found and erased, and every way a disk can say no.

Where bytes are searched, the file is a plain one: in an encrypted one nothing would be found anyway.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from tests.kept import KEY, connect, notes_at, plain
from voice.errors import NotesError
from voice.notes import Note, Notes, cipher, migrations

LINES = [("P1", "Call 112 if breathing is bad."), ("P4", "Call the family line, Tuesday.")]
ANSWERS = {"W2": "left", "L6": "3", "X3": "stay_close"}
CANARY = "canary-9f3b1c"


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return notes_at(tmp_path / "kept" / "notes.db", today=lambda: datetime.date(2026, 3, 4))


def code(action: object) -> str:
    assert callable(action)
    with pytest.raises(NotesError) as caught:
        action()
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.code


def keep(notes: Notes, text: str = "a line") -> int:
    return notes.keep("family", [("P2", text)], {"W2": "left"})


def test_what_is_kept_comes_back(notes: Notes) -> None:
    number = notes.keep("family", LINES, ANSWERS)
    expected = Note(number, datetime.date(2026, 3, 4), "family", tuple(LINES), ANSWERS, ("",) * len(LINES))
    assert notes.show(number) == expected
    assert notes.list() == [expected]
    assert notes_at(notes.path).list() == [expected], "another process reads the same"


def test_several_talks_keep_their_order(notes: Notes) -> None:
    assert [keep(notes, text) for text in ("one", "two", "three")] == [1, 2, 3]
    assert [note.lines[0][1] for note in notes.list()] == ["one", "two", "three"]


def test_nothing_to_plan_is_kept_too(notes: Notes) -> None:
    number = notes.keep("family", [], {})
    assert notes.show(number).lines == ()


def test_looking_creates_nothing(notes: Notes, tmp_path: Path) -> None:
    assert notes.list() == []
    assert notes.erase() == 0
    assert notes.erase(3) == 0
    assert code(lambda: notes.show(1)) == "notes-unknown"
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_is_not_there(notes: Notes) -> None:
    keep(notes)
    assert code(lambda: notes.show(7)) == "notes-unknown"
    assert notes.erase(7) == 0
    assert len(notes.list()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_the_owner_can_read(notes: Notes) -> None:
    before = os.umask(0)
    try:
        keep(notes)
    finally:
        os.umask(before)
    assert stat.S_IMODE(notes.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(notes.path.parent.stat().st_mode) == 0o700


# ---- erasing


def holding(folder: Path, words: str) -> list[str]:
    return [str(p) for p in folder.rglob("*") if p.is_file() and words.encode() in p.read_bytes()]


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("everything", [True, False])
def test_erased_words_are_in_no_file(tmp_path: Path, journal: str, everything: bool) -> None:
    notes = Notes(tmp_path / "kept" / "notes.db", plain)
    keep(notes, "stays")
    with contextlib.closing(sqlite3.connect(notes.path)) as db:
        db.execute(f"pragma journal_mode={journal}")
    number = notes.keep("family", [(f"P{n}", f"{CANARY} {n} " * 40) for n in range(60)], {CANARY: CANARY})
    for n in range(20):
        keep(notes, f"other {n}")
    assert holding(notes.path.parent, CANARY), "the search itself must find what is there"
    assert notes.erase(None if everything else number) == (22 if everything else 1)
    assert holding(notes.path.parent, CANARY) == []
    assert len(notes.list()) == (0 if everything else 21)
    keep(notes, "afterwards")
    assert notes.list()[-1].lines == (("P2", "afterwards"),)


def test_words_that_were_searched_for_are_erased_too(tmp_path: Path) -> None:
    """The index of words holds them apart from the notes."""
    notes = Notes(tmp_path / "notes.db", plain)
    for n in range(300):
        keep(notes, f"common {n} {CANARY.replace('-', '')}{n}")
    assert len(notes.search(CANARY.replace("-", ""), 1000)) == 300
    for number in range(1, 300):
        if number % 7:
            continue
        notes.erase(number)
        word = f"{CANARY.replace('-', '')}{number - 1} ".strip()
        assert notes.search(word + "x") == []
    assert notes.erase() > 200
    assert holding(tmp_path, "canary") == []
    assert holding(tmp_path, "common") == []


def test_old_notes_go_when_another_is_kept(tmp_path: Path) -> None:
    day = datetime.date(2026, 3, 4)
    notes = notes_at(tmp_path / "notes.db", lambda: day, keep_days=90)
    keep(notes, "the first")
    day += datetime.timedelta(days=90)
    keep(notes, "ninety days later")
    assert len(notes.list()) == 2
    day += datetime.timedelta(days=1)
    keep(notes, "another day")
    assert [note.lines[0][1] for note in notes.list()] == ["ninety days later", "another day"]
    day += datetime.timedelta(days=3000)
    assert notes_at(notes.path, lambda: day, keep_days=0).expire() == 0
    assert notes.expire() == 2
    assert notes.list() == []
    assert notes.expire() == 0


def test_old_notes_leave_no_bytes(tmp_path: Path) -> None:
    day = datetime.date(2026, 3, 4)
    notes = Notes(tmp_path / "notes.db", plain, lambda: day, keep_days=7)
    for n in range(40):
        keep(notes, f"{CANARY} {n} " * 30)
    day += datetime.timedelta(days=8)
    keep(notes, "new")
    assert holding(tmp_path, CANARY) == []
    assert [note.lines for note in notes.list()] == [(("P2", "new"),)]


# ---- finding


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("clinic", [1, 3]),
        ("CLIN", [1, 3]),
        ("call clinic", [1]),
        ("clinic, call!", [1]),
        ("inic", []),
        ("nothing", []),
        ("", []),
        ('"', []),
        ("clinic OR walk", []),
        ("call* NEAR(", []),
        ("café", [2]),
        ("cafe", [2]),
    ],
)
def test_searching(notes: Notes, words: str, found: list[int]) -> None:
    for text in ("Call the clinic.", "Walk to the café.", "The clinic is near."):
        keep(notes, text)
    assert [note.id for note in notes.search(words)] == found


def test_the_latest_few(notes: Notes) -> None:
    assert notes.search("a") == []
    for n in range(6):
        keep(notes, f"word {n}")
    assert [note.id for note in notes.list(2)] == [5, 6]
    assert [note.id for note in notes.search("word", 3)] == [4, 5, 6]
    notes.erase(5)
    assert [note.id for note in notes.list(2)] == [4, 6]
    assert [note.id for note in notes.search("word", 3)] == [3, 4, 6]


texts = st.text(max_size=60)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=6), st.dictionaries(texts, texts, max_size=6))
def test_whatever_is_kept_comes_back_the_same(lines: list[tuple[str, str]], answers: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        notes = notes_at(Path(folder) / "notes.db")
        notes.keep("family", lines, answers)
        (note,) = notes.list()
        assert (note.lines, note.answers) == (tuple(lines), answers)
        assert notes.add([note]) == 0, "what is there is not added again"
        notes.erase()
        assert notes.add([note]) == 1


# ---- every way to be told no


def test_not_a_database(notes: Notes) -> None:
    notes.path.parent.mkdir()
    notes.path.write_bytes(b"a shopping list, not a database\n" * 40)
    before = notes.path.read_bytes()
    for action in (notes.list, notes.erase, lambda: keep(notes), lambda: notes.show(1)):
        assert code(action) == "notes-not-a-database"
    assert notes.path.read_bytes() == before


def test_a_damaged_database(notes: Notes) -> None:
    for n in range(50):
        keep(notes, f"line {n} " * 50)
    with notes.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (notes.path.stat().st_size - 4096))
    assert code(notes.list) == "notes-damaged"


def test_a_file_of_another_program(notes: Notes) -> None:
    notes.path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(notes.path)) as db:
        db.execute("create table recipe (id integer)")
        db.commit()
    before = notes.path.read_bytes()
    assert code(lambda: keep(Notes(notes.path, plain))) == "notes-foreign"
    assert notes.path.read_bytes() == before


def test_notes_of_a_newer_version(notes: Notes) -> None:
    keep(notes)
    with contextlib.closing(connect(notes.path, False)) as connection:
        newer = migrations()

        @newer()
        def m999_from_the_future(db: Database) -> None:
            db.execute("alter table talk add column mood text")

        newer.apply(Database(connection))
    for action in (notes.list, lambda: keep(notes), notes.erase):
        assert code(action) == "notes-newer"


def test_the_notes_are_busy(notes: Notes) -> None:
    keep(notes, "before")
    hasty = Notes(notes.path, lambda path, keeping: cipher.connect(path, KEY, 0.05))
    with contextlib.closing(connect(notes.path, False)) as other:
        other.execute("begin exclusive")
        for action in (hasty.list, lambda: keep(hasty), hasty.erase):
            assert code(action) == "notes-busy"
        other.execute("rollback")
    assert len(hasty.list()) == 1


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere, so the test steps down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_folder_that_is_read_only() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = notes_at(folder / "notes.db")
        keep(kept, "before")
        kept.path.chmod(0o444)
        folder.chmod(0o555)
        try:
            with unprivileged():
                assert code(lambda: keep(notes_at(folder / "new.db"))) == "notes-read-only"
                assert code(lambda: keep(notes_at(folder / "deeper" / "new.db"))) == "notes-read-only"
                assert code(lambda: keep(kept)) == "notes-read-only"
                assert code(kept.erase) == "notes-read-only"
                assert len(kept.list()) == 1, "reading still works"
        finally:
            folder.chmod(0o755)


def test_a_file_that_has_reached_its_limit(notes: Notes) -> None:
    keep(notes, "before")

    def small(path: Path, keeping: bool) -> sqlite3.Connection:
        connection = connect(path, keeping)
        connection.execute("pragma max_page_count=1")  # SQLite's own "database or disk is full"
        return connection

    long = [("P2", "words " * 5000)]
    assert code(lambda: Notes(notes.path, small).keep("family", long, {})) == "notes-disk-full"
    assert [note.lines for note in notes.list()] == [(("P2", "before"),)]


def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    if mounted:
        command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("only root can mount a tiny disk")
    try:
        notes = notes_at(disk / "notes.db")
        keep(notes, "before")
        assert code(lambda: notes.keep("family", [("P2", "words " * 50000)], {})) == "notes-disk-full"
        assert [note.lines for note in notes.list()] == [(("P2", "before"),)]
        keep(notes, "after")
        assert len(notes.list()) == 2
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_keep_that_fails_halfway_leaves_no_half(notes: Notes) -> None:
    keep(notes, "before")
    answers = {"W2": "left", "W3": object()}  # the last row of the last table cannot be written
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, no half may stay
        notes.keep("family", LINES, answers)  # type: ignore[arg-type]
    with contextlib.closing(connect(notes.path, False)) as db:
        assert db.execute("select count(*) from talk").fetchone() == (1,)
        assert db.execute("select count(*) from line").fetchone() == (1,)


def test_migrations_start_from_an_empty_file(notes: Notes) -> None:
    notes.path.parent.mkdir()
    notes.path.touch()
    assert notes.list() == []
    assert notes.path.stat().st_size == 0, "looking at an empty file writes nothing"
    keep(notes)
    assert len(notes.list()) == 1


def test_the_connection_is_the_callers_choice(notes: Notes) -> None:
    opened: list[tuple[Path, bool]] = []

    def watched(path: Path, keeping: bool) -> sqlite3.Connection:
        opened.append((path, keeping))
        return connect(path, keeping)

    watching = Notes(notes.path, watched)
    keep(watching)
    watching.list()
    assert opened == [(notes.path, True), (notes.path, False)]
