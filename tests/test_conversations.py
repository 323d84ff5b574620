"""Whole talks, as data in tests/conversations: what is answered, and what must happen (see tests/talks.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import notes_at
from tests.talks import FOLDER, missing, play, read
from voice.parts import Talking

TALKS = sorted(FOLDER.glob("*.txt"))


@pytest.fixture(scope="module")
def talking() -> Talking:
    return Talking()


def test_there_are_talks() -> None:
    assert len(TALKS) >= 20


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_conversation(talking: Talking, path: Path, tmp_path: Path) -> None:
    answers, expected = read(path)
    assert expected, "a talk without expectations shows nothing"
    played = play(
        talking, answers, notes=notes_at(tmp_path / "notes" / "notes.db"), set_up=path.stem.startswith("first_run")
    )
    assert missing(played, expected) == []
