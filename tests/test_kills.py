"""Programs that are killed while they use the notes: a few dozen here; `python -m tests.kills` does hundreds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are killed in another way here")
@pytest.mark.parametrize("kind", ["begin", "save", "erase", "move", "change"])
def test_no_note_is_lost_to_a_kill(kind: str) -> None:
    done = subprocess.run(  # in a process of its own, for it forks
        [sys.executable, "-m", "tests.kills", kind, "--each", "12"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)[kind]
    assert found["kills"] == 12
    assert found["lost"] == 0
