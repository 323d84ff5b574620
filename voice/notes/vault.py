"""The vault: which way the notes are locked, and the key to them once somebody opened it.

Without a choice the operating system's keyring holds the key. Where there is none, nothing is kept until a person has
set a passphrase: nothing new is ever written in plain.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from voice.errors import NotesError
from voice.notes import cipher, files, header, keys, moving
from voice.notes.header import KEYRING, PASSPHRASE, RECOVERY, STANDARD, Cost, Header, Slot
from voice.notes.trouble import told, trouble

DELAYS = (0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds to wait before the next try, by how many were wrong in a row; the last for all that follow. The count is
kept, so ending the program does not help; and it never locks anybody out."""


class Keychain(Protocol):
    """The operating system's keyring. Raises NotesError ("notes-keyring")."""

    def works(self) -> bool: ...

    def get(self, vault: str) -> bytes | None: ...

    def put(self, vault: str, key: bytes) -> None: ...

    def drop(self, vault: str) -> None: ...


class State(StrEnum):
    """How the notes are locked."""

    NONE = "none"
    """Nothing is kept, and nobody chose a way to lock it."""
    PLAIN = "plain"
    """A file of an earlier version, which anybody can read. It is moved over when it is opened with a key."""
    LOCKED = "locked"
    """A passphrase opens them."""
    KEYRING = "keyring"
    """The keyring opens them, without a question."""


class Vault:
    """The locks on one notes file. One object for as long as its key may be remembered."""

    def __init__(
        self, path: Path, keychain: Keychain, sleep: Callable[[float], None] = time.sleep, cost: Cost = STANDARD
    ) -> None:
        """`path` of the notes. `sleep`: seconds to wait after wrong passphrases. `cost` of passphrases set from now."""
        self.path = path
        self.header_file = path.with_suffix(".locks")
        self._tries_file = path.with_suffix(".tries")
        self._keychain = keychain
        self._sleep = sleep
        self._cost = cost
        self._key: bytes | None = None

    # ---- looking

    def state(self) -> State:
        """Creates nothing. Raises NotesError, with "notes-not-a-database" for a file that is none of ours."""
        with self._told():
            head = header.read(self.header_file)
            if cipher.is_plain(self.path):
                return State.PLAIN
            if head is None:
                if self.path.exists() and self.path.stat().st_size:
                    raise told(sqlite3.SQLITE_NOTADB, self.path)
                return State.NONE
            return State.KEYRING if head.slot(KEYRING) else State.LOCKED

    def has(self, kind: str) -> bool:
        """Whether there is a slot of that kind ("passphrase", "recovery", "keyring"). Raises NotesError."""
        head = self.header()
        return head is not None and head.slot(kind) is not None

    def header(self) -> Header | None:
        """What a backup needs beside the notes; it holds no key. Raises NotesError."""
        with self._told():
            return header.read(self.header_file)

    def can_keep(self) -> bool:
        """Whether something new could be kept now, without a passphrase. Creates nothing. Raises NotesError."""
        if self._key is not None or self.has(KEYRING):
            return True
        return self.state() in (State.NONE, State.PLAIN) and self.header() is None and self._keychain.works()

    @property
    def is_open(self) -> bool:
        """Somebody opened it: the key is remembered."""
        return self._key is not None

    def keyring_works(self) -> bool:
        """Whether this computer has a keyring to rely on. May take a minute: a locked one asks for its password."""
        return self._keychain.works()

    def delay(self) -> float:
        """Seconds that `open` will wait before it tries, because of wrong passphrases before."""
        return DELAYS[min(self._tries(), len(DELAYS) - 1)]

    # ---- opening

    def open(self, passphrase: str, *others: str) -> None:
        """Remembers the key from now on. A passphrase or a recovery phrase; `others`: what else may have been said.

        All of them are one try. Takes about 0.1 s of work for each, and `delay` before. Raises NotesError
        ("notes-wrong-passphrase", "notes-no-passphrase").
        """
        head = self.header()
        if head is None or not (head.slot(PASSPHRASE) or head.slot(RECOVERY)):
            raise NotesError("notes-no-passphrase", "No passphrase is set for your notes.", _SET_ONE)
        self._sleep(self.delay())
        tries = self._tries()
        self._count(tries + 1)  # before the try: whoever ends the program now has used it up
        key = next((key for each in (passphrase, *others) if (key := key_of(head, each)) is not None), None)
        if key is None:
            raise NotesError(
                "notes-wrong-passphrase",
                "That passphrase does not open your notes.",
                "Try again. Capitals, spaces and stops make no difference. Nothing is lost.",
            )
        self._count(0)
        self._key = key

    @property
    def key(self) -> bytes:
        """The data key, for a backup; from the keyring where that has it. Raises NotesError."""
        with self._told():
            return self._sure()

    def lock(self) -> None:
        """Forgets the key."""
        self._key = None

    def connect(self, path: Path, keeping: bool) -> sqlite3.Connection:
        """For `Notes`. Moves a plain file of an earlier version over first.

        Raises NotesError: "notes-locked" until somebody opened it, "notes-no-key" where nothing can lock what is kept,
        "notes-keyring", "notes-no-cipher" ... Only a file that was plain before is ever opened plain, for reading and
        erasing, and where there is no key yet.
        """
        with self._told():
            if not keeping and self.state() is State.PLAIN and not self.can_keep() and self.header() is None:
                return cipher.connect(path, None)
            key = self._sure()
            if moving.needed(path):
                with self._alone():
                    moving.move(path, key)
            files.make_private(path)
            return cipher.connect(path, key)

    # ---- choosing

    def set_passphrase(self, passphrase: str) -> None:
        """From now on this passphrase opens the notes, and no other; the keyring neither. A recovery phrase stays.

        Not a byte of the notes is rewritten. It must be open, or nothing be locked yet. Raises NotesError.
        """
        keys.checked(passphrase)
        with self._told(), self._alone():
            head, key = self._opened()
            header.write(self.header_file, head.with_slot(self._slot(PASSPHRASE, passphrase, key)).without(KEYRING))
            moving.move(self.path, key)
        self._key = key
        self._drop(head)

    def set_recovery(self) -> str:
        """A new recovery phrase, the only one from now on: shown once, kept nowhere. Raises NotesError."""
        phrase = keys.new_phrase()
        with self._told(), self._alone():
            head, key = self._opened()
            if not head.slots:
                raise NotesError("notes-no-passphrase", "Nothing locks your notes yet.", _SET_ONE)
            header.write(self.header_file, head.with_slot(self._slot(RECOVERY, phrase, key)))
        return phrase

    def use_keyring(self) -> str:
        """From now on the keyring opens the notes, and no passphrase. Returns a new recovery phrase.

        Raises NotesError ("notes-keyring" where there is no keyring to rely on: nothing has changed then).
        """
        phrase = keys.new_phrase()
        with self._told(), self._alone():
            head, key = self._opened()
            made = head.without(PASSPHRASE).with_slot(self._slot(RECOVERY, phrase, key))
            header.write(self.header_file, self._with_keyring(made, key))
            moving.move(self.path, key)
        self._key = key
        self._drop(head)
        return phrase

    def forget(self) -> None:
        """Everything that was kept is gone, with its locks: the bytes are overwritten. It need not be open, and works
        on what is damaged. Raises NotesError."""
        with self._told(), self._alone():
            head = None
            with contextlib.suppress(NotesError):
                head = header.read(self.header_file)
            files.wipe(self.header_file)  # first: without it no passphrase opens a byte of the rest
            for path in moving.everything(self.path):
                files.wipe(path)
            self._count(0)
            self._key = None
        if head is not None:
            self._drop(head)

    def adopt(self, head: Header, key: bytes) -> None:
        """Takes over the locks of a backup where there are none yet. Raises NotesError."""
        with self._told(), self._alone():
            if header.read(self.header_file) is None and self.state() is State.NONE:
                header.write(self.header_file, head.without(KEYRING))
                self._key = key

    # ---- the key

    def _sure(self) -> bytes:
        """The data key. Without any lock yet, one in the keyring is made. Raises NotesError."""
        if self._key is None:
            head = header.read(self.header_file)
            self._key = self._made() if head is None else self._from_keyring(head)
        return self._key

    def _made(self) -> bytes:
        self.state()  # never a new key for a file that has another
        if not self._keychain.works():
            raise NotesError(
                "notes-no-key", "Notes are only kept under lock and key, and nothing is set up for that yet.", _SET_ONE
            )
        with self._alone():
            head, key = self._opened()
            if not head.slots:  # else another program was quicker
                header.write(self.header_file, self._with_keyring(head, key))
        return key

    def _with_keyring(self, head: Header, key: bytes) -> Header:
        """The keyring has its key before the header needs it."""
        wrapping = keys.new_key()
        made = Header(_name(), head.slots)  # a new name, so that a cut leaves the old entry and the old header whole
        self._keychain.put(made.vault, wrapping)
        return made.with_slot(Slot(KEYRING, keys.seal(wrapping, key, KEYRING)))

    def _slot(self, kind: str, passphrase: str, key: bytes) -> Slot:
        salt = keys.new_salt()
        return Slot(kind, keys.seal(keys.derive(passphrase, salt, self._cost), key, kind), salt, self._cost)

    def _drop(self, before: Header) -> None:
        if before.slot(KEYRING):
            with contextlib.suppress(NotesError):  # without its slot that key opens nothing
                self._keychain.drop(before.vault)

    def _opened(self) -> tuple[Header, bytes]:
        """The header with its key; new ones where there are none. For whoever is alone."""
        head = header.read(self.header_file)
        if head is None:
            self.state()  # as in _made
            return Header(_name(), ()), keys.new_key()
        return head, self._key or self._from_keyring(head)

    def _from_keyring(self, head: Header) -> bytes:
        slot = head.slot(KEYRING)
        if slot is None:
            raise NotesError(
                "notes-locked",
                "Your notes are locked with a passphrase.",
                "Give your passphrase, or your recovery phrase. “afterwards notes list” asks for it.",
            )
        wrapping = self._keychain.get(head.vault)
        key = keys.unseal(wrapping, slot.box, KEYRING) if wrapping else None
        if key is None:
            raise NotesError(
                "notes-key-gone",
                "The keyring of this computer has lost the key to your notes. The notes are untouched.",
                "Open them with your recovery phrase: “afterwards notes passphrase” asks for it.",
            )
        return key

    # ---- the files beside

    def _tries(self) -> int:
        try:
            return max(0, int(self._tries_file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return 0

    def _count(self, tries: int) -> None:
        with contextlib.suppress(OSError):  # in a folder that can only be read, Argon2id alone slows down
            if tries:
                files.replace_with(self._tries_file, str(tries).encode())
            else:
                self._tries_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with files.alone(self.path):
            header.tidy(self.header_file)
            yield

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise trouble(error, self.path) from error


def key_of(head: Header, passphrase: str) -> bytes | None:
    """The data key, if that is the passphrase or recovery phrase of this header. Raises NotesError."""
    for kind in (PASSPHRASE, RECOVERY):
        slot = head.slot(kind)
        if slot is None or (kind == RECOVERY and not keys.is_phrase(passphrase)):
            continue
        key = keys.unseal(keys.derive(passphrase, slot.salt, slot.cost), slot.box, kind)
        if key is not None:
            return key
    return None


def _name() -> str:
    return secrets.token_hex(16)


_SET_ONE = "Set a passphrase first: “afterwards notes passphrase”."
