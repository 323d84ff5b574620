"""What is changed in the notes later: lines marked and reworded, and the place in a walk."""

from __future__ import annotations

import datetime
from pathlib import Path

from tests.kept import plain
from tests.test_notes import CANARY, holding, keep
from voice.notes import Notes, Place


def test_a_reworded_line_leaves_no_bytes_of_the_old_one(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db", plain)
    for n in range(30):
        number = notes.keep("family", [("P1", f"{CANARY} {n} " * 40), ("P2", "stays")], {})
        notes.mark(number, 1, "done")
        notes.reword(number, 0, "P1", "something else")
        notes.reword(number, 2, "step", f"one more {n}")
    assert holding(tmp_path, CANARY) == []
    assert notes.list()[-1].lines == (("P1", "something else"), ("P2", "stays"), ("step", "one more 29"))
    assert notes.list()[-1].marks == ("", "done", "")
    assert len(notes.search("something else")) == 30
    assert notes.search(CANARY) == []


def test_a_place_is_one_and_goes_with_everything_else(tmp_path: Path) -> None:
    day = datetime.date(2026, 3, 4)
    notes = Notes(tmp_path / "notes.db", plain, lambda: day, keep_days=90)
    assert notes.place() is None
    notes.forget_place()
    assert not notes.path.exists()
    notes.keep_place("family", "W2", {"H1": "yes", "W2": CANARY}, ["H"])
    notes.keep_place("family", "L2", {"H1": "yes", "L2": CANARY}, ["H", "W"])
    assert notes.place() == Place("family", "L2", {"H1": "yes", "L2": CANARY}, ("H", "W"))
    number = keep(notes, "a plan")
    notes.erase(number)
    assert notes.place() is not None, "one plan that is erased takes no place with it"
    day += datetime.timedelta(days=91)
    keep(notes, "a plan of today")
    assert notes.place() is None
    assert holding(tmp_path, CANARY) == []
    notes.keep_place("family", "L2", {"L2": CANARY})
    notes.erase()
    assert notes.place() is None
    notes.keep_place("family", "L2", {"L2": CANARY})
    notes.forget_place()
    assert holding(tmp_path, CANARY) == []
