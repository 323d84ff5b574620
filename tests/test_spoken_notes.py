"""All that can be done with what was kept, by voice alone: everything is said aloud and heard by the real model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.test_my_notes import OLDER, OLDEST, keys_of
from tests.test_spoken_locks import HELLO, PLAN, Says, hear, says
from tests.visits import Home, said, words_of
from voice.rehearse import Hear

__all__ = ["hear", "says"]
pytestmark = pytest.mark.sound
OURS = "amber bicycle candle garden kitchen"
"""Out of the list: words of one's own are heard worse, and typing is not what is tried here."""
FIND = ("my notes", "look back", "find a plan")
COPIES = ("my notes", "copies")
LOCKS = ("my notes", "locks")


def test_found_by_a_word_saved_and_deleted(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "home")
    home.visit(*HELLO, *PLAN, "this computer", "no", "no")
    home.notes().add([OLDER, OLDEST])
    talk = home.visit(*says(*HELLO, *FIND, "river", "save it", "yes", "delete it", "yes"), hear=hear)
    assert said(talk, "find.day", "save.yes", "find.delete", "deleted") == [
        *("find.day", "save.yes", "find.delete", "deleted")
    ]
    assert words_of(talk, "plan.own_line") == ["walk by the river"]
    assert len(list((home.documents / "My plan").iterdir())) == 3
    assert home.notes().search("river") == []
    all_ = home.visit(*says(*HELLO, *FIND, "all of them", "next plan", "skip", *FIND, "garden"), hear=hear)
    assert words_of(all_, "plan.own_line")[0] == words_of(all_, "plan.own_line")[-1] == "call the orange garden club"
    assert said(all_, "find.more", "find.last") == ["find.more", "find.last", "find.last"]


def test_backed_up_and_put_back(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "one", keyring=False)
    home.visit(*HELLO, *PLAN, OURS, OURS, "no", "no")
    talk = home.visit(*says(*HELLO, "no", *COPIES, "back up", OURS, "yes"), hear=hear)
    assert keys_of(talk, "backup.") == ["backup.check", "backup.yes"]
    other = Home(tmp_path / "two", keyring=False)
    other.sticks = [tmp_path / "stick"]
    shutil.copytree(home.documents, other.sticks[0])
    moved = other.visit(*says(*HELLO, *COPIES, "put back", "yes", OURS), hear=hear)
    assert keys_of(moved, "restore.") == ["restore.check", "restore.locked", "restore.yes"]
    assert len(other.notes(OURS).list()) == 1


def test_new_locks(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "home")
    home.visit(*HELLO, *PLAN, "this computer", "no", "no")
    talk = home.visit(
        *says(*HELLO, *LOCKS, "nine words", "yes", "go on", *LOCKS, "secret words", OURS, OURS, "my notes", "skip"),
        hear=hear,
    )
    assert keys_of(talk, "relock.", "lock.done") == ["relock.nine", "lock.done"]
    back = home.visit(*says(*HELLO, "no", *LOCKS, "this computer", OURS, "yes", "no"), hear=hear)
    assert keys_of(back, "relock.", "nine.") == ["relock.computer", "nine.offer"]
    assert len(home.notes().list()) == 1
