"""Kills programs that use the notes at random moments, and looks what became of the notes.

python -m tests.kills --each 300 prints one JSON object: how many kills of each kind, and what was found. It ends with
an error at the first note that is lost, and with any word of a plain file that is left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import keyring_file
from tests.kept import CHEAP, connect, notes_at, plain
from voice.errors import NotesError
from voice.notes import Notes
from voice.notes.keychain import SystemKeychain
from voice.notes.vault import Vault

CANARY = "canary-77d1"
LINES = [(f"P{n}", f"Call the family line, {CANARY} {n}. " * 20) for n in range(6)]
ANSWERS = {f"W{n}": "left" for n in range(8)}
LONGEST = 0.06
"""Seconds after which a child that works on without end is killed at the latest."""


def killed(work: Callable[[Callable[[int], None]], None], longest: float = LONGEST) -> list[int]:
    """Forks, kills the child within `longest` seconds, and gives the numbers that it had told by then."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.write(writing, b"ready\n")

            def tell(number: int) -> None:
                os.write(writing, f"{number}\n".encode())

            work(tell)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        told.readline()
        time.sleep(random.random() * longest)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [int(line) for line in told if line.endswith(b"\n")]


def sound(path: Path) -> None:
    """Every page and index of the file is as it should be."""
    connection = connect(path, False)
    try:
        assert connection.execute("pragma cipher_integrity_check").fetchall() == []
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def saves(folder: Path, kills: int) -> dict[str, int]:
    """While a program keeps one note after another, from the very first on."""
    notes = notes_at(folder / "notes.db")
    committed: set[int] = set()

    def work(tell: Callable[[int], None]) -> None:
        while True:
            tell(notes.keep("family", LINES, ANSWERS))

    for kill in range(1, kills + 1):
        committed |= set(killed(work))
        found = notes.list()
        assert {note.id for note in found} >= committed, "a committed note is lost"
        assert len(found) <= len(committed) + kill, "only the one that was being kept may be there besides"
        assert all(note.lines == tuple(LINES) and note.answers == ANSWERS for note in found), "a note is there by half"
        committed = {note.id for note in found}
        if len(committed) > 300:
            shutil.rmtree(folder)
            committed = set()
        else:
            sound(notes.path)
    return {"kills": kills, "lost": 0}


def beginnings(folder: Path, kills: int) -> dict[str, int]:
    """While the very first note is kept: keyring, locks, file and tables are made."""
    kept = 0
    for kill in range(kills):
        path = folder / str(kill) / "notes.db"
        first = Notes(path, Vault(path, SystemKeychain()).connect)

        def work(tell: Callable[[int], None], notes: Notes = first) -> None:
            tell(notes.keep("family", LINES, ANSWERS))

        told = killed(work, 0.02)
        again = Notes(path, Vault(path, SystemKeychain()).connect)
        assert len(again.list()) >= len(told), "a committed note is lost"
        again.keep("family", LINES, ANSWERS)
        assert all(note.lines == tuple(LINES) for note in again.list())
        kept += len(told)
    return {"kills": kills, "kept before": kept, "lost": 0}


def erasures(folder: Path, kills: int) -> dict[str, int]:
    """While a program erases one note after another."""
    notes = notes_at(folder / "notes.db")
    erased = 0

    def work(tell: Callable[[int], None]) -> None:
        for note in notes.list():
            notes.erase(note.id)
            tell(note.id)

    for _ in range(kills):
        while len(before := {note.id for note in notes.list()}) < 30:
            notes.keep("family", LINES, ANSWERS)
        gone = set(killed(work))
        left = {note.id for note in notes.list()}
        assert not gone & left, "an erased note is there again"
        assert len(before - gone - left) <= 1, "a note is lost that nobody erased"
        assert all(note.lines == tuple(LINES) for note in notes.list())
        sound(notes.path)
        erased += len(gone)
    return {"kills": kills, "erased": erased, "lost": 0}


def moves(folder: Path, kills: int) -> dict[str, int]:
    """While the plain file of an earlier version is moved over."""
    old = folder / "old.db"
    before = Notes(old, plain)
    for _ in range(40):
        before.keep("family", LINES, ANSWERS)
    wanted = before.list()
    home = folder / "home"
    began, cut = 0, 0
    spent = 0.05
    for _ in range(kills):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        path = home / "notes.db"
        shutil.copy(old, path)
        if random.random() < 0.3:  # left by a program that was cut as well
            (home / "notes.db-shm").write_bytes(CANARY.encode() * 100)
        first = Vault(path, SystemKeychain(), cost=CHEAP)

        def work(tell: Callable[[int], None], vault: Vault = first, path: Path = path) -> None:
            tell(0)
            start = time.monotonic()
            vault.connect(path, False).close()
            tell(int((time.monotonic() - start) * 1000))

        told = killed(work, spent * 1.3)
        began += len(told) > 0
        cut += len(told) == 1
        if len(told) == 2:
            spent = max(0.01, told[1] / 1000)
        notes = Notes(path, Vault(path, SystemKeychain()).connect)
        assert notes.list() == wanted, "a note was lost on the way"
        assert len(notes.search(CANARY)) == len(wanted)
        for file in home.rglob("*"):
            assert CANARY.encode() not in file.read_bytes(), f"{file.name} is still plain"
        assert not [f.name for f in home.iterdir() if f.suffix in (".moving", ".plain", ".wipe")]
    return {"kills": kills, "cut in the middle": cut, "lost": 0}


def changes(folder: Path, kills: int) -> dict[str, int]:
    """While a passphrase is changed again and again."""
    path = folder / "notes.db"
    phrases = ["the old blue boat", "a red kite in may"]

    def vault() -> Vault:
        return Vault(path, SystemKeychain(), lambda seconds: None, CHEAP)

    first = vault()
    first.set_passphrase(phrases[0])
    recovery = first.set_recovery()
    Notes(path, first.connect).keep("family", LINES, ANSWERS)
    before = path.read_bytes()
    opened = first

    def work(tell: Callable[[int], None]) -> None:
        while True:
            for number, phrase in enumerate(phrases):
                opened.set_passphrase(phrase)
                tell(number)

    changed = 0
    for _ in range(kills):
        told = killed(work)
        changed += len(told)
        fits = []
        for phrase in phrases:
            with contextlib.suppress(NotesError):
                vault().open(phrase)
                fits.append(phrase)
        assert len(fits) == 1, "one passphrase opens them, and no other"
        last = vault()
        last.open(recovery)
        assert len(Notes(path, last.connect).list()) == 1
        assert path.read_bytes() == before, "the notes themselves are not rewritten"
    return {"kills": kills, "changes": changed, "lost": 0}


KINDS: dict[str, Callable[[Path, int], dict[str, int]]] = {
    "begin": beginnings,
    "save": saves,
    "erase": erasures,
    "move": moves,
    "change": changes,
}


def main() -> int:
    """Runs the kinds that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), help=", ".join(KINDS))
    parser.add_argument("--each", type=int, default=300, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=None, help="for the moments; they differ all the same")
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        os.environ["PYTHON_KEYRING_BACKEND"] = f"{keyring_file.__name__}.{keyring_file.FileKeyring.__name__}"
        os.environ[keyring_file.FILE] = str(Path(name) / "keys.json")
        found = {}
        for kind in chosen.kinds:
            folder = Path(name) / kind
            folder.mkdir()
            found[kind] = KINDS[kind](folder, chosen.each)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
