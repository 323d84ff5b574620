"""SQLCipher: a connection of sqlite3's kind to a file whose every page is encrypted and signed."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

from voice.errors import NotesError
from voice.notes.files import BUSY_SECONDS

PLAIN = b"SQLite format 3\0"
"""How a file begins that is not encrypted. An encrypted one begins with its random salt."""


def connect(path: Path, key: bytes | None, seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Opens a file, or makes it with the first write. `key`: 32 bytes; None for a plain file.

    `seconds` to wait for another program. A wrong key shows with the first read. Raises NotesError ("notes-no-cipher"),
    and the connection's own `Error`.
    """
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise _missing() from error
    connection = cast(sqlite3.Connection, dbapi2.connect(str(path), timeout=seconds))
    try:
        connection.execute("pragma cipher_log_level=none").fetchall()  # it would write to the terminal
        if connection.execute("pragma cipher_version").fetchone() is None:  # plain SQLite under that name
            raise _missing()
        if key is not None:
            connection.execute(f'pragma key="{raw(key)}"').fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def raw(key: bytes) -> str:
    """A key in SQLCipher's notation for one that needs no derivation."""
    return f"x'{key.hex()}'"


def is_plain(path: Path) -> bool:
    """Whether the file is an SQLite file that anybody can read. Raises OSError."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN)) == PLAIN
    except FileNotFoundError:
        return False


def _missing() -> NotesError:
    return NotesError(
        "notes-no-cipher",
        "A part that locks your notes is missing (SQLCipher). Nothing was written.",
        "Set the program up again with scripts/setup.",
    )
