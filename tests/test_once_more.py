"""scripts/test: what failed with the sound card is held once more; anything else that failed, failed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_scripts import BASH, ROOT

SAID = "once more, by themselves"
TESTS = """
import pathlib
import pytest

def times(name):
    path = pathlib.Path(name)
    path.write_text((path.read_text() if path.exists() else "") + "x")
    return len(path.read_text())

@pytest.mark.sound
def test_sound():
    assert times("sound") > {sound}

def test_other():
    assert times("other") > {other}
"""

pytestmark = pytest.mark.skipif(BASH is None, reason="the scripts are written for bash, which is not here")


@pytest.mark.parametrize(
    ("sound", "other", "code", "again", "runs"),
    [
        (0, 0, 0, False, 1),  # nothing failed
        (1, 0, 0, True, 2),  # sound failed once
        (2, 0, 1, True, 2),  # sound failed twice
        (0, 1, 1, False, 1),  # something else failed
        (1, 1, 1, False, 1),  # both failed
    ],
)
def test_only_sound_is_tried_again(tmp_path: Path, sound: int, other: int, code: int, again: bool, runs: int) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts/test", scripts)
    _program(scripts / "setup", "")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    _program(tmp_path / ".venv/bin/python", f'exec "{sys.executable}" "$@"')
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = sound\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS.format(sound=sound, other=other), encoding="utf-8")

    done = subprocess.run([str(scripts / "test")], cwd=tmp_path, capture_output=True, text=True, timeout=120)

    assert done.returncode == code, done.stdout
    assert (SAID in done.stdout) == again
    assert len((tmp_path / "sound").read_text(encoding="utf-8")) == runs
    assert len((tmp_path / "other").read_text(encoding="utf-8")) == 1


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
