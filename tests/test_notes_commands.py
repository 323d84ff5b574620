"""`afterwards notes`: looking, locking, and taking a copy; the passphrase comes from a pipe, or is typed unseen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests import keyring_file
from tests.kept import notes_of
from tests.pseudo_terminal import open_terminal
from voice.cli import main

WORDS, OTHER = "the old blue boat", "a red kite in may"


def run(home: Path, *words: str, stdin: str = "") -> Result:
    done = CliRunner().invoke(main, ["notes", *words], env={"AFTERWARDS_HOME": str(home)}, input=stdin)
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def phrase_in(output: str) -> str:
    (line,) = [line for line in output.splitlines() if line.startswith("    ")]
    return line.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two notes, with their key in the keyring."""
    notes = notes_of(tmp_path)
    notes.keep("family", [("safety", "Call the clinic."), ("rest", "Rest.")], {})
    notes.keep("family", [("rest", "Walk with Sam.")], {})
    return tmp_path


def test_searching_and_the_latest(home: Path) -> None:
    assert [line[0] for line in run(home, "search", "WALK", "sa").stdout.splitlines()] == ["2"]
    assert run(home, "search", "clin").stdout.splitlines()[0].startswith("1  ")
    assert "No kept plan has these words." in run(home, "search", "walk clinic").stdout
    assert [line[0] for line in run(home, "list", "--latest", "1").stdout.splitlines()] == ["2"]


def test_it_says_that_a_recovery_phrase_is_missing(home: Path) -> None:
    assert "--recovery" in run(home, "list").stderr
    phrase = phrase_in(run(home, "passphrase", "--recovery").stdout)
    assert run(home, "list").stderr == ""
    Path(os.environ[keyring_file.FILE]).write_text("{}")  # another desktop
    lost = run(home, "list")
    assert lost.exit_code == 1
    assert "recovery phrase" in lost.stderr
    done = run(home, "passphrase", stdin=f"{phrase}\n{WORDS}\n")
    assert done.exit_code == 0, done.output
    assert len(run(home, "list", stdin=WORDS).stdout.splitlines()) == 2


def test_a_passphrase_from_a_pipe(home: Path) -> None:
    done = run(home, "passphrase", stdin=f"{WORDS}\n")
    assert done.exit_code == 0
    phrase = phrase_in(done.stdout)
    for words in (WORDS, WORDS.upper() + ".", phrase):
        assert len(run(home, "list", stdin=f"{words}\n").stdout.splitlines()) == 2
    assert run(home, "show", "2", stdin=f"{WORDS}\n").stdout == "- Walk with Sam.\n"
    wrong = run(home, "list", stdin=f"{OTHER}\n")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "Nothing is lost." in wrong.stderr
    assert run(home, "list").exit_code == 1
    done = run(home, "passphrase", stdin=f"{WORDS}\n{OTHER}\n")
    assert done.exit_code == 0
    assert "recovery" not in done.stdout, "the one that was given stays"
    assert run(home, "list", stdin=f"{WORDS}\n").exit_code == 1
    assert run(home, "erase", "--all", "--yes").stdout == "Erased: everything.\n"


def test_short_ones_and_contradictions(home: Path) -> None:
    assert "too short" in run(home, "passphrase", stdin="abc\n").stderr
    assert run(home, "passphrase", "--keyring", "--recovery").exit_code == 2
    assert "A line is missing" in run(home, "passphrase").stderr
    assert run(home, "list").exit_code == 0


def test_back_to_the_keyring(home: Path) -> None:
    run(home, "passphrase", stdin=f"{WORDS}\n")
    done = run(home, "passphrase", "--keyring", stdin=f"{WORDS}\n")
    assert done.exit_code == 0
    assert len(run(home, "list").stdout.splitlines()) == 2
    phrase_in(done.stdout)


def test_backup_and_restore(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "my notes.backup"
    assert "--recovery" in run(home, "backup", str(file)).stderr
    run(home, "passphrase", stdin=f"{WORDS}\n")
    assert run(home, "backup", str(file), stdin=f"{WORDS}\n").exit_code == 0
    assert "already" in run(home, "backup", str(file), stdin=f"{WORDS}\n").stderr
    assert run(home, "backup", str(file), "--yes", stdin=f"{WORDS}\n").exit_code == 0
    run(home, "erase", "1", "--yes", stdin=f"{WORDS}\n")
    assert run(home, "restore", str(file), stdin=f"{WORDS}\n").stdout == "Put back: 1.\n"
    other = tmp_path / "another"
    assert run(other, "restore", str(file), stdin=f"{WORDS}\n").stdout == "Put back: 2.\n"
    assert len(run(other, "list", stdin=f"{WORDS}\n").stdout.splitlines()) == 2
    assert run(other, "restore", str(tmp_path / "nothing"), stdin=f"{WORDS}\n").exit_code == 1


def test_old_ones_are_gone_when_somebody_looks(tmp_path: Path) -> None:
    notes_of(tmp_path).keep("family", [("rest", "Rest.")], {})
    assert len(run(tmp_path, "list").stdout.splitlines()) == 1
    (tmp_path / "settings.toml").write_text("keep_days = 1\n")
    assert "No notes are kept." not in run(tmp_path, "list").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_what_is_typed_is_not_shown(home: Path) -> None:
    master, slave = open_terminal()
    environment = {**os.environ, "AFTERWARDS_HOME": str(home), "TERM": "dumb"}
    command = [sys.executable, "-m", "voice", "notes", "passphrase"]
    program = subprocess.Popen(
        command, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    shown = b""
    for question in (b"New passphrase", b"Once more"):
        while question not in shown:
            shown += os.read(master, 4096)
        time.sleep(0.3)  # until it has turned the echo off
        os.write(master, f"{WORDS}\n".encode())
    while program.poll() is None or b"recovery" not in shown:
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
    os.close(master)
    assert program.wait(30) == 0, shown
    assert b"blue" not in shown
    assert len(run(home, "list", stdin=f"{WORDS}\n").stdout.splitlines()) == 2
