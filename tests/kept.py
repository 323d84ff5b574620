"""Notes in real encrypted files, for tests that need no choice of a lock."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from pathlib import Path

from voice.notes import Notes, cipher, files
from voice.notes.header import Cost
from voice.notes.keychain import SystemKeychain
from voice.notes.vault import Vault

KEY = bytes(range(32))
CHEAP = Cost(1, 8, 1)
"""Argon2id as quick as it goes, where a test does not look at that."""


def connect(path: Path, keeping: bool) -> sqlite3.Connection:
    """An encrypted file with a key that is always the same."""
    if keeping:
        files.make_private(path)
    return cipher.connect(path, KEY)


def plain(path: Path, keeping: bool) -> sqlite3.Connection:
    """A file as an earlier version had it: for looking at its bytes."""
    if keeping:
        files.make_private(path)
    return cipher.connect(path, None)


def notes_at(path: Path, today: Callable[[], datetime.date] = datetime.date.today, keep_days: int = 90) -> Notes:
    """Notes in an encrypted file."""
    return Notes(path, connect, today, keep_days)


def notes_of(home: Path) -> Notes:
    """What a program kept whose AFTERWARDS_HOME that is; the keyring of tests/keyring_file opens it."""
    path = home / "notes" / "notes.db"
    return Notes(path, Vault(path, SystemKeychain()).connect)
