"""The commands, as a person types them."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.kept import notes_of
from tests.pseudo_terminal import open_terminal
from voice.cli import main

ROOT = Path(__file__).parents[1]
LIMIT = 60.0


def run(home: Path, *words: str, stdin: str = "") -> Result:
    environ = {"AFTERWARDS_HOME": str(home), "VOSK_MODEL_PATH": ""}
    return CliRunner().invoke(main, list(words), env=environ, input=stdin)


def commands(group: click.Group = main, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [before]
    for name, command in group.commands.items():
        found += commands(command, (*before, name)) if isinstance(command, click.Group) else [(*before, name)]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_says_what_it_does(tmp_path: Path, words: tuple[str, ...], flag: str) -> None:
    done = run(tmp_path, *words, flag)
    assert done.exit_code == 0
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert command.help
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, f"{words}: {option.name} has no words"
    assert not list(tmp_path.iterdir()), "asking for help writes nothing"


@pytest.mark.parametrize("words", [(), ("talk",), ("--country", "UK"), ("--silent",), ("--rate=85",)])
def test_without_a_command_it_talks(tmp_path: Path, words: tuple[str, ...]) -> None:
    silent = () if "--silent" in words else ("--silent",)
    country = () if "--country" in words else ("--country", "US")
    done = run(tmp_path, *words, *silent, *country, "--help")
    assert "talk [OPTIONS]" in done.output


def test_the_programs_own_options_come_before_it_talks(tmp_path: Path) -> None:
    assert "Without a command, it talks" in run(tmp_path, "--help").output
    log = tmp_path / "log"
    assert run(tmp_path, "--log", str(log), "notes", "path").exit_code == 0
    assert log.exists()
    assert "talk [OPTIONS]" in run(tmp_path, "--log", str(log), "--country", "UK", "--help").output


def test_an_unknown_word_is_not_taken_for_a_talk(tmp_path: Path) -> None:
    done = run(tmp_path, "tlak")
    assert done.exit_code == 2
    assert "No such command" in done.output


@pytest.mark.parametrize("words", [("--rate", "99"), ("--volume", "0"), ("--country", "Narnia")])
def test_a_wrong_flag_is_named_with_what_fits(tmp_path: Path, words: tuple[str, str]) -> None:
    done = run(tmp_path, "--silent", *words)
    assert done.exit_code == 1
    assert words[0] in done.output
    assert "It can be" in done.output


# ---- notes and models


def test_notes_are_listed_shown_and_erased(tmp_path: Path) -> None:
    assert "No notes are kept." in run(tmp_path, "notes", "list").stdout
    notes = notes_of(tmp_path)
    assert run(tmp_path, "notes", "path").stdout.strip() == str(notes.path)
    first = notes.keep("family", [("safety", "In danger, call 911 first.")], {})
    notes.keep("family", [("rest", "Rest.")], {})
    assert len(run(tmp_path, "notes", "list").stdout.splitlines()) == 2
    assert run(tmp_path, "notes", "show", str(first)).stdout == "- In danger, call 911 first.\n"
    assert "Nothing was erased." in run(tmp_path, "notes", "erase", str(first), stdin="n\n").stdout
    assert run(tmp_path, "notes", "erase", str(first), "--yes").stdout == "Erased: 1.\n"
    assert run(tmp_path, "notes", "erase", "--all", "--yes").stdout == "Erased: everything.\n"
    assert notes.list() == []


@pytest.mark.parametrize("words", [("show", "9"), ("erase", "9", "--yes")])
def test_a_note_that_is_not_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, "notes", *words)
    assert done.exit_code == 1
    assert "There is no note with the number 9." in done.output


@pytest.mark.parametrize("words", [(), ("1", "--all")])
def test_erasing_wants_to_know_exactly_what(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(tmp_path, "notes", "erase", *words, "--yes").exit_code == 2


def test_models_are_listed_with_their_state(tmp_path: Path) -> None:
    (tmp_path / "models" / "broken-one").mkdir(parents=True)
    out = run(tmp_path, "models", "list").output
    assert "broken-one" in out
    assert "cannot be used" in out
    assert "vosk-model-small-en-us-0.15" in out


def test_an_unknown_model_cannot_be_fetched_or_checked(tmp_path: Path) -> None:
    done = run(tmp_path, "models", "fetch", "nothing-like-it")
    assert (done.exit_code, "I know of no speech model" in done.output) == (1, True)
    done = run(tmp_path, "models", "check", "nothing-like-it")
    assert (done.exit_code, "There is no speech model in" in done.output) == (1, True)


# ---- a diagram


@pytest.mark.parametrize(("form", "word"), [("mermaid", "stateDiagram"), ("svg", "<svg")])
def test_the_walk_is_drawn(tmp_path: Path, form: str, word: str) -> None:
    out = tmp_path / "walk"
    assert word in run(tmp_path, "diagram", "family", "--format", form).output
    assert run(tmp_path, "diagram", "--format", form, "--out", str(out)).exit_code == 0
    assert word in out.read_text("utf-8")


@pytest.mark.parametrize("words", [("nobody",), ("family", "--out", "/nowhere/walk.svg")])
def test_what_cannot_be_drawn_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, "diagram", *words)
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "--log", "/nowhere/log", "notes", "list")
    assert (done.exit_code, "cannot be written" in done.output) == (1, True)


# ---- a process of its own


def surroundings(home: Path) -> dict[str, str]:
    return {**os.environ, "AFTERWARDS_HOME": str(home), "VOSK_MODEL_PATH": "", "TERM": "xterm"}


posix = pytest.mark.skipif(os.name != "posix", reason="pipes and signals are different here")


@posix
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('exec "$@" <&-', 0),
        ('exec "$@" >&- </dev/null', 0),
        ('exec "$@" 2>&- </dev/null', 0),
        ('(echo yes; echo alone) | "$@" | head -n 2', 0),
    ],
    ids=["stdin closed", "stdout closed", "stderr closed", "reader goes away"],
)
def test_closed_streams_end_it_calmly(tmp_path: Path, line: str, code: int) -> None:
    program = [sys.executable, "-m", "voice", "--silent", "--country", "US", "--answer-by", "keys"]
    done = subprocess.run(
        ["sh", "-c", line, "sh", *program],
        cwd=ROOT, env=surroundings(tmp_path), capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr
    assert done.returncode == code


@posix
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP"])
def test_a_signal_gives_the_terminal_back(tmp_path: Path, how: str) -> None:
    import termios

    master, slave = open_terminal()
    before = termios.tcgetattr(slave)
    with subprocess.Popen(
        [sys.executable, "-m", "voice", "--silent", "--country", "US", "--answer-by", "keys"],
        cwd=ROOT, env=surroundings(tmp_path), stdin=slave, stdout=slave, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        shown = b""
        until = time.monotonic() + LIMIT
        while b"Ready?" not in shown or termios.tcgetattr(slave) == before:
            assert time.monotonic() < until, shown
            if select.select([master], [], [], 0.05)[0]:
                shown += os.read(master, 4096)
        running.send_signal(getattr(signal, how))
        assert running.stderr
        said = running.stderr.read().decode()
        assert "Traceback" not in said, said
        assert running.wait(LIMIT) == 128 + getattr(signal, how)
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


def test_the_readme_names_every_command() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    rows = [set(re.findall(r"\w[\w-]*", line.split("|")[1])) for line in readme.splitlines() if "| `afterwards" in line]
    for words in commands():
        assert any(set(words) <= row for row in rows), f"afterwards {' '.join(words)}"
