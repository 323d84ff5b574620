"""Moves the plain file of an earlier version into an encrypted one, and wipes it. A cut at any point is made good.

notes.db            plain                      the state before
notes.db.moving     encrypted, being written   thrown away after a cut
notes.db.plain      second name of the plain one, given when every row was found in the encrypted one
notes.db            encrypted
notes.db.wipe       the plain one, being overwritten
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from voice.errors import NotesError
from voice.notes import cipher, files
from voice.notes.trouble import code_of, foreign, trouble

_BESIDE = ("-journal", "-wal", "-shm")
"""What SQLite writes beside a plain file, in plain."""
_OURS = "_sqlite_migrations"


def needed(path: Path) -> bool:
    """Whether there is a plain file to move, or something left of moving one. Raises OSError."""
    return cipher.is_plain(path) or any(left.exists() for left in (*_names(path), *(_wiped(path, s) for s in _BESIDE)))


def everything(path: Path) -> Iterator[Path]:
    """All names that notes, or what a cut left of moving them, may have."""
    for each in (path, *_names(path), *(_wiped(path, suffix) for suffix in _BESIDE)):
        for suffix in ("", *_BESIDE):
            yield each.with_name(each.name + suffix)


def move(path: Path, key: bytes) -> None:
    """What is at `path` is encrypted with `key` afterwards, and nothing plain is left. Nothing to move: nothing done.

    For whoever holds `files.alone`. Raises NotesError; the plain file is whole then, under its own name or aside.
    """
    try:
        _settle(path, key)
        if cipher.is_plain(path):
            _move(path, key)
            _settle(path, key)
    except NotesError:
        raise
    except Exception as error:
        if code_of(error) == sqlite3.SQLITE_CORRUPT:
            raise NotesError(
                "notes-damaged",
                f"The notes in {path}, of an earlier version, are damaged, so I could not move them to a safe file.",
                "Put back a copy if you have one, or move the file away and I can start a new one.",
            ) from error
        raise trouble(error, path) from error


def _names(path: Path) -> tuple[Path, Path, Path]:
    """The encrypted file in the making; the plain one aside; the plain one to wipe."""
    moving, aside, wiped = (path.with_name(path.name + end) for end in (".moving", ".plain", ".wipe"))
    return moving, aside, wiped


def _wiped(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix + ".wipe")


def _settle(path: Path, key: bytes) -> None:
    """Goes on where a move was cut."""
    moving, aside, wiped = _names(path)
    files.wipe(wiped)
    for suffix in _BESIDE:
        files.wipe_link(path.with_name(path.name + suffix), _wiped(path, suffix))
    if aside.exists():
        if not path.exists() or path.stat().st_size == 0:
            (moving if moving.exists() else aside).replace(path)  # aside only if somebody took the other away
        elif aside.samefile(path):
            aside.unlink()
        elif cipher.is_plain(path):
            raise NotesError(
                "notes-two-files",
                f"There are notes of an earlier version in two files, {path.name} and {aside.name}.",
                f"Move {path} away for now and try again. Both are untouched.",
            )
        if aside.exists():
            with contextlib.closing(cipher.connect(aside, None)) as old:
                old.execute("attach ? as moved key ?", (str(path), cipher.raw(key)))
                _compare(old, path)
            aside.replace(wiped)
            files.wipe(wiped)
    _throw_away(moving)


def _move(path: Path, key: bytes) -> None:
    moving, aside, _ = _names(path)
    for suffix in _BESIDE:  # SQLite removes these itself, and would leave their bytes on the disk
        files.keep_link(path.with_name(path.name + suffix), _wiped(path, suffix))
    files.make_private(moving)
    with contextlib.closing(cipher.connect(path, None)) as old:
        old.isolation_level = None
        try:
            tables = {str(name) for (name,) in old.execute("select name from sqlite_master where type = 'table'")}
            if tables - {_OURS} and not (_OURS in tables and _known(old)):
                raise foreign(path)
            old.execute("pragma journal_mode=delete").fetchall()  # takes in what a -wal still holds
            old.execute("attach ? as moved key ?", (str(moving), cipher.raw(key)))
            old.execute("select sqlcipher_export('moved')").fetchall()
            old.execute("detach moved")  # seen anew, with the tables that were made
            old.execute("attach ? as moved key ?", (str(moving), cipher.raw(key)))
            old.execute("begin exclusive")  # who waits for this file finds that it was moved, and writes nothing
            _compare(old, path)
        except BaseException:
            old.close()
            _throw_away(moving)
            raise
        if sys.platform == "win32":
            old.close()  # an open file can't be renamed there
        for suffix in _BESIDE:  # left over from before; the encrypted file must not take them for its own
            files.wipe(path.with_name(path.name + suffix))
        try:
            aside.hardlink_to(path)  # a second name first, so that there is no moment without notes.db
        except (OSError, NotImplementedError):
            path.replace(aside)
        moving.replace(path)
        files.sync_folder(path.parent)


def _known(old: sqlite3.Connection) -> bool:
    found = old.execute(f"select count(*) from {_OURS} where migration_set = 'afterwards'").fetchone()
    return bool(found[0])


def _compare(old: sqlite3.Connection, path: Path) -> None:
    """Raises NotesError ("notes-not-moved") where a row of the plain file is not in the encrypted one."""
    real = "type = 'table' and sql not like 'create virtual%'"  # what a virtual one holds is in real ones
    for (name,) in old.execute(f"select name from main.sqlite_master where {real}").fetchall():
        quoted = '"' + str(name).replace('"', '""') + '"'
        counts = [old.execute(f"select count(*) from {where}.{quoted}").fetchone()[0] for where in ("main", "moved")]
        missing = old.execute(f"select * from main.{quoted} except select * from moved.{quoted} limit 1").fetchone()
        if counts[0] > counts[1] or missing is not None:
            raise NotesError(
                "notes-not-moved",
                f"I could not move the notes of an earlier version in {path.parent} to a safe file.",
                "They are as they were, and not yet encrypted. Check the disk and try again.",
            )


def _throw_away(moving: Path) -> None:
    """It is encrypted, so its bytes may stay on the disk."""
    for suffix in ("", *_BESIDE):
        moving.with_name(moving.name + suffix).unlink(missing_ok=True)
