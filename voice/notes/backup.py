"""A backup: one file with the notes as they are, encrypted, and the locks that open them; and putting one back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from voice.errors import NotesError
from voice.notes import cipher, files, header, vault
from voice.notes.header import KEYRING
from voice.notes.store import Notes
from voice.notes.trouble import code_of, trouble

_NOTES, _LOCKS = "notes.db", "notes.locks"
_NO_BACKUP = (zipfile.BadZipFile, KeyError, EOFError, FileNotFoundError, IsADirectoryError, NotImplementedError)


def save(kept: vault.Vault, into: Path) -> None:
    """Writes a backup of an open vault; a file of that name is replaced only when the new one is whole.

    It is opened by the passphrase or the recovery phrase of today, on any computer. Raises NotesError:
    "notes-backup-nothing", "notes-backup-no-phrase" where only the keyring of this computer could open it.
    """
    head = kept.header()
    if head is None or not kept.path.exists():
        raise NotesError("notes-backup-nothing", "There are no locked notes to back up.", "Keep a plan first.")
    locks = head.without(KEYRING)
    if not locks.slots:
        raise NotesError(
            "notes-backup-no-phrase",
            "Only the keyring of this computer can open your notes, so a backup would be of no use elsewhere.",
            "Get a recovery phrase first: “afterwards notes passphrase --recovery”.",
        )
    with contextlib.closing(kept.connect(kept.path, False)) as connection, _told(kept.path, connection.Error):
        key = kept.key
        # Beside the backup, so that what a cut leaves lies there, and not where erasing is promised.
        with _told(into), tempfile.TemporaryDirectory(dir=into.parent, prefix=".afterwards-") as name:
            copy, packed = Path(name) / _NOTES, Path(name) / into.name
            with contextlib.closing(cipher.connect(copy, key)) as target:
                connection.backup(target)  # pages as one moment had them, whoever writes meanwhile
            files.make_private(packed)
            with zipfile.ZipFile(packed, "w") as out:
                out.writestr(_LOCKS, header.to_bytes(locks))
                out.write(copy, _NOTES)
            with packed.open("rb+") as written:
                os.fsync(written.fileno())
            packed.replace(into)


def restore(kept: vault.Vault, notes: Notes, source: Path, ask: Callable[[], Sequence[str]]) -> int:
    """Adds the notes of a backup that are not there, and returns how many; nothing that is there is lost.

    `ask` gives what may be the passphrase or recovery phrase of the backup, where the open vault's own key does not
    fit. Where nothing is locked yet, the backup's locks are taken over. Raises NotesError: "notes-backup-broken",
    "notes-wrong-passphrase", "notes-locked" for a vault that is not open.
    """
    with _told(kept.path), tempfile.TemporaryDirectory(prefix="afterwards-") as name:
        copy = Path(name) / _NOTES
        try:
            with zipfile.ZipFile(source) as packed:
                head = header.from_bytes(packed.read(_LOCKS), source)
                copy.write_bytes(packed.read(_NOTES))
        except _NO_BACKUP as error:
            raise _broken(source) from error
        key = _key(kept, head, copy, ask)
        found = Notes(copy, lambda path, keeping: cipher.connect(path, key)).list()
        kept.adopt(head, key)
        return notes.add(found)


def _key(kept: vault.Vault, head: header.Header, copy: Path, ask: Callable[[], Sequence[str]]) -> bytes:
    if kept.state() is not vault.State.NONE:  # else the keyring would make a new one
        with contextlib.suppress(NotesError):
            if _fits(copy, kept.key):
                return kept.key
    key = next((key for each in ask() if (key := vault.key_of(head, each)) is not None), None)
    if key is None:
        raise NotesError(
            "notes-wrong-passphrase",
            "That passphrase does not open the backup.",
            "Use the passphrase of the day when it was made, or the recovery phrase.",
        )
    return key


def _fits(copy: Path, key: bytes) -> bool:
    with contextlib.closing(cipher.connect(copy, key)) as connection:
        try:
            connection.execute("select count(*) from sqlite_master").fetchone()
        except connection.Error as error:
            if code_of(error) == sqlite3.SQLITE_NOTADB:
                return False
            raise
        return True


@contextlib.contextmanager
def _told(path: Path, *others: type[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if isinstance(error, (OSError, *others)):
            raise trouble(error, path) from error
        raise


def _broken(source: Path) -> NotesError:
    return NotesError(
        "notes-backup-broken",
        f"The file {source} is not a backup that I can read.",
        "Choose another backup. Your notes are as they were.",
    )
