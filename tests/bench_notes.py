"""How long notes take, with few and with many of them, in encrypted files: `scripts/bench notes`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.kept import connect, notes_at
from voice.notes import Notes
from voice.notes.keychain import SystemKeychain
from voice.notes.vault import Vault

AIM = 0.1
"""Seconds that each act may take with the many."""
TEXT = (
    "call the family line on tuesday rest sleep walk with sam after supper say one true thing go home when it is late "
    "write to the clinic ask for a visit keep the spare room ready leave the door open meet the group tell no lies"
)


def fill(path: Path, count: int, seed: int = 1) -> Notes:
    """So many notes of 5 lines and 8 answers, as a short talk leaves them."""
    notes = notes_at(path)
    notes.keep("family", [], {})
    rng = random.Random(seed)
    words = TEXT.split()
    day = datetime.date.today()
    with contextlib.closing(connect(path, False)) as db:
        for talk in range(2, count + 1):
            texts = [" ".join(rng.choices(words, k=9)) for _ in range(5)]
            texts[0] += f" zz{talk}"
            db.execute("insert into talk values (?, ?, 'family')", (talk, day.isoformat()))
            db.executemany(
                "insert into line values (?, ?, 'P1', ?, '')", [(talk, n, text) for n, text in enumerate(texts)]
            )
            db.executemany("insert into answer values (?, ?, 'left')", [(talk, f"W{n}") for n in range(8)])
            db.execute("insert into word(rowid, text) values (?, ?)", (talk, " ".join(texts)))
        db.commit()
    return notes


def median(act: Callable[[], object], times: int) -> float:
    """Seconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def acts(notes: Notes, count: int) -> dict[str, Callable[[], object]]:
    """What is measured: each opens the file with its key at hand, and closes it."""

    def look() -> None:
        with contextlib.closing(connect(notes.path, False)) as db:
            db.execute("select count(*) from sqlite_master").fetchone()

    def kept() -> object:
        return notes.keep("family", [("P1", TEXT[:48])] * 5, {f"W{n}": "left" for n in range(8)})

    return {
        "open": look,
        "list the latest 20": lambda: notes.list(20),
        "show one": lambda: notes.show(count // 2),
        "search a word that one has": lambda: notes.search(f"zz{count // 2}"),
        "search two words that most have": lambda: notes.search("family tuesday"),
        "add one": kept,
    }


def unlocking(folder: Path) -> float:
    """Seconds from the right passphrase to the open vault."""
    vault = Vault(folder / "locked.db", SystemKeychain())
    vault.set_passphrase("the old blue boat by the lake")
    return median(lambda: vault.open("The old blue boat, by the lake."), 5)


def main() -> int:
    """Prints a table; 1 where an act takes longer than AIM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--times", type=int, default=15, help="of each act; the median is shown")
    chosen = parser.parse_args()
    table = Table("what", f"{chosen.few:,} notes", f"{chosen.many:,} notes", "ratio", f"aim {AIM * 1000:.0f} ms")
    slow = False
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        found = {}
        for count in (chosen.few, chosen.many):
            print(f"filling: {count:,} notes ...", file=sys.stderr, flush=True)
            notes = fill(Path(name) / f"{count}.db", count)
            found[count] = {what: median(act, chosen.times) for what, act in acts(notes, count).items()}
        size = (Path(name) / f"{chosen.many}.db").stat().st_size
        for what, many in found[chosen.many].items():
            few = found[chosen.few][what]
            slow |= many > AIM
            met = "yes" if many <= AIM else "NO"
            table.add_row(what, f"{few * 1000:.1f} ms", f"{many * 1000:.1f} ms", f"{many / few:.2f}", met)
        passphrase = unlocking(Path(name))
        began = time.perf_counter()
        notes.erase(chosen.many // 2)
        erased = time.perf_counter() - began
    Console(width=max(100, Console().width)).print(table)
    print(
        f"The file of {chosen.many:,} notes has {size / 1e6:.0f} MB. The right passphrase opens in {passphrase:.2f} s."
    )
    print(f"Erasing one of them took {erased:.1f} s: it rebuilds the whole file, so that no byte of it stays.")
    return 1 if slow or passphrase > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
