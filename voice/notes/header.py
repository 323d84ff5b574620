"""The small file beside the notes: what each lock on them needs, and never a key.

The notes have one random data key. A slot holds it, sealed with a key that comes from the passphrase, from the recovery
phrase, or out of the operating system's keyring. So a passphrase changes without a byte of the notes being rewritten.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.errors import NotesError
from voice.notes import files

PASSPHRASE, RECOVERY, KEYRING = KINDS = ("passphrase", "recovery", "keyring")
VERSION = 1
_MOST_KIB, _MOST_PASSES, _MOST_LANES = 1 << 20, 64, 64
"""A header that asks for more (1 GiB) was not written by this program."""


@dataclass(frozen=True)
class Cost:
    """Argon2id's parameters. These are the second recommended set of RFC 9106, section 4."""

    passes: int = 3
    memory: int = 1 << 16
    """KiB."""
    lanes: int = 4


STANDARD = Cost()


@dataclass(frozen=True)
class Slot:
    """One way to the data key."""

    kind: str
    """One of KINDS."""
    box: bytes
    """The sealed data key."""
    salt: bytes = b""
    """Empty where the key is random already (KEYRING)."""
    cost: Cost = STANDARD


@dataclass(frozen=True)
class Header:
    """All slots. `vault` is a random name, by which the keyring knows its key."""

    vault: str
    slots: tuple[Slot, ...]

    def slot(self, kind: str) -> Slot | None:
        """The slot of that kind, if there is one."""
        return next((slot for slot in self.slots if slot.kind == kind), None)

    def with_slot(self, slot: Slot) -> Header:
        """The slot in the place of the one of its kind."""
        return Header(self.vault, (*self.without(slot.kind).slots, slot))

    def without(self, kind: str) -> Header:
        """No slot of that kind."""
        return Header(self.vault, tuple(slot for slot in self.slots if slot.kind != kind))


def read(path: Path) -> Header | None:
    """The header; None where there is none. Raises NotesError ("notes-lock-broken", "notes-newer"), OSError."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    return from_bytes(text, path)


def write(path: Path, header: Header) -> None:
    """Whole or not at all; the one before is overwritten, for an old passphrase would open it. Raises OSError."""
    tidy(path)
    files.keep_link(path, _before(path))
    files.replace_with(path, to_bytes(header))
    tidy(path)


def tidy(path: Path) -> None:
    """Overwrites what a cut left of a header before. Raises OSError."""
    files.wipe_link(path, _before(path))


def _before(path: Path) -> Path:
    return path.with_name(path.name + ".before")


def to_bytes(header: Header) -> bytes:
    """As the file has it: JSON, bytes as hexadecimal digits."""
    slots: list[dict[str, Any]] = []
    for slot in header.slots:
        made: dict[str, Any] = {"kind": slot.kind, "box": slot.box.hex()}
        if slot.kind != KEYRING:
            cost = {"passes": slot.cost.passes, "memory_kib": slot.cost.memory, "lanes": slot.cost.lanes}
            made |= {"salt": slot.salt.hex(), "argon2id": cost}
        slots.append(made)
    return json.dumps({"version": VERSION, "vault": header.vault, "slots": slots}, indent=1).encode()


def from_bytes(text: bytes, path: Path) -> Header:
    """`path` is for the message. Raises NotesError."""
    try:
        raw = json.loads(text)
        version = int(raw["version"])
        if version > VERSION:
            raise NotesError(
                "notes-newer",
                f"The notes in {path.parent} were locked by a newer version of this program.",
                "Update this program to open them. They are untouched.",
            )
        return Header(str(raw["vault"]), tuple(_slot(each) for each in raw["slots"] if each["kind"] in KINDS))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotesError(
            "notes-lock-broken",
            f"The file {path}, which is needed to open your notes, is damaged.",
            "Put it back from a backup (“afterwards notes restore”). The notes themselves are untouched.",
        ) from error


def _slot(raw: dict[str, Any]) -> Slot:
    kind, box = str(raw["kind"]), bytes.fromhex(raw["box"])
    if kind == KEYRING:
        return Slot(kind, box)
    given = raw["argon2id"]
    cost = Cost(int(given["passes"]), int(given["memory_kib"]), int(given["lanes"]))
    if not (0 < cost.passes <= _MOST_PASSES and 0 < cost.lanes <= _MOST_LANES and cost.memory <= _MOST_KIB):
        raise ValueError("argon2id")
    return Slot(kind, box, bytes.fromhex(raw["salt"]), cost)
