"""The plain sentence for what SQLite, SQLCipher or the disk said. It never holds what was to be written."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from voice.errors import NotesError

_NO_WRITE = (
    "notes-read-only",
    "I may not write the notes to {path}.",
    "Check who owns that folder, or set AFTERWARDS_HOME to one you can write to.",
)
_BUSY = (
    "notes-busy",
    "Another program is using the notes in {path}.",
    "Close it, wait a moment, and try again.",
)
_WORDS = {
    sqlite3.SQLITE_NOTADB: (
        "notes-not-a-database",
        "The file {path} does not hold notes that I can read.",
        "Move it away and I can start a new one. I have not touched it.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "notes-damaged",
        "The notes in {path} are damaged.",
        "“afterwards notes list” shows those that can still be read. If you have a backup, put it back with "
        "“afterwards notes restore”.",
    ),
    sqlite3.SQLITE_FULL: (
        "notes-disk-full",
        "There is no space left to write the notes to {path}. Earlier notes are safe.",
        "Free some space and try again.",
    ),
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _NO_WRITE,
    sqlite3.SQLITE_CANTOPEN: _NO_WRITE,
    sqlite3.SQLITE_PERM: _NO_WRITE,
    sqlite3.SQLITE_AUTH: _NO_WRITE,
}
_UNKNOWN = (
    "notes-failed",
    "The disk would not let me use the notes in {path}.",
    "Check the disk and try again. Earlier notes are as they were.",
)
_WITHIN = {
    "disk is full": sqlite3.SQLITE_FULL,
    "disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "is locked": sqlite3.SQLITE_BUSY,
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def trouble(error: Exception, path: Path) -> NotesError:
    """What to tell the person about `error`, which the file `path` or its folder met with."""
    return told(code_of(error), path)


def told(code: int, path: Path) -> NotesError:
    """The same for a result code of SQLite's (https://sqlite.org/rescode.html)."""
    name, message, remedy = _WORDS.get(code, _UNKNOWN)
    return NotesError(name, message.format(path=path), remedy)


def code_of(error: Exception) -> int:
    """SQLite's primary result code for what went wrong; 0 where there is none."""
    if isinstance(error, MemoryError):
        return sqlite3.SQLITE_CORRUPT  # what SQLCipher answers after a page whose sum was wrong
    if isinstance(error, OSError):
        return sqlite3.SQLITE_FULL if error.errno in _FULL else sqlite3.SQLITE_CANTOPEN
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    if code == sqlite3.SQLITE_ERROR:  # SQLCipher's copying passes on only the words of what went wrong within it
        return next((inner for words, inner in _WITHIN.items() if words in str(error)), code)
    return code


def foreign(path: Path) -> NotesError:
    """The file is SQLite's, and not ours."""
    return NotesError(
        "notes-foreign",
        f"The file {path} belongs to another program.",
        "Move it away, or set AFTERWARDS_HOME to another folder. It is untouched.",
    )
