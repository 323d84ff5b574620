"""The scripts: set-up that is quick when there is nothing to do, heals what was cut off, and is calm without a network.

The real set-up has run before any of this (scripts/test calls it). Here it runs in a small copy, with a stand-in for
Python and for the system's commands that write down what they were asked to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.papers import CHROMIUMS

ROOT = Path(__file__).parents[1]
BASH = shutil.which("bash")
COMMANDS = (
    "bash",
    "cat",
    "cksum",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "head",
    "ln",
    "mkdir",
    "mktemp",
    "rm",
    "sed",
    "tail",
    "touch",
    "wc",
)

pytestmark = pytest.mark.skipif(BASH is None, reason="the scripts are written for bash, which is not here")

PYTHON = """#!/usr/bin/env bash
# A stand-in: notes what it was asked, and makes environments whose Python is itself.
echo "python $*" >>"$LOG"
case "$*" in
  "-m venv"*) target=${*: -1}; mkdir -p "$target/bin"; ln -sf "$0" "$target/bin/python" ;;
  *"models fetch"*) exit "${FETCHED:-0}" ;;
  *"pip install"*) exit "${INSTALLED:-0}" ;;
  "-P -m voice"*) for word in "${@:4}"; do echo "<$word>"; done ;;
esac
"""


@dataclass(frozen=True)
class Copy:
    """The scripts in a folder of their own, on a machine that has only what the test gives it."""

    root: Path
    bin: Path
    log: Path

    def command(self, name: str, body: str) -> None:
        """Put a command on the machine."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(body if body.startswith("#!") else f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, script: str, *args: str, cwd: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.root), "LOG": str(self.log), **extra}
        return subprocess.run(
            [str(self.root / "scripts" / script), *args],
            cwd=cwd or self.root,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def asked(self) -> list[str]:
        """What the stand-ins were asked to do since the last call."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if "sys.version_info" not in line and "import venv" not in line]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A Debian with all its sound software, an ordinary user without sudo, and nothing set up yet."""
    root, commands = tmp_path / "project with a space", tmp_path / "bin"
    shutil.copytree(ROOT / "scripts", root / "scripts")
    shutil.copy(ROOT / "pyproject.toml", root)
    commands.mkdir()
    for name in COMMANDS:
        found = shutil.which(name)
        if found:
            (commands / name).symlink_to(found)
    made = Copy(root, commands, tmp_path / "log")
    made.command("python3", PYTHON)
    made.command("uname", "echo Linux")
    made.command("id", "echo 1000")
    made.command("ldconfig", "echo libportaudio.so.2")
    made.command("espeak-ng", "")
    made.command("apt-get", 'echo "apt-get $*" >>"$LOG"')
    return made


def test_the_first_time_it_sets_up_and_says_so(copy: Copy) -> None:
    done = copy.run("setup")
    assert done.returncode == 0, done.stderr
    assert "(2 of 4)" in done.stdout
    assert "(3 of 4)" in done.stdout
    asked = copy.asked()
    assert any("pip install" in line and "--editable ." in line and "constraints.txt" in line for line in asked)
    assert not any("[dev]" in line for line in asked)


def test_the_second_time_it_does_nothing_and_says_nothing(copy: Copy) -> None:
    copy.run("setup")
    copy.asked()
    done = copy.run("setup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert copy.asked() == []


def test_tests_need_more_than_a_session_and_a_session_no_more_than_tests(copy: Copy) -> None:
    copy.run("setup")
    copy.asked()
    for name in ("pulseaudio", "parec", "aplay"):
        copy.command(name, "")
    copy.run("setup", "--tests")
    assert any("[dev]" in line for line in copy.asked())
    copy.run("setup")
    assert copy.asked() == []


def test_a_change_of_what_is_needed_is_noticed(copy: Copy) -> None:
    copy.run("setup")
    copy.asked()
    with (copy.root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    copy.run("setup")
    assert any("pip install" in line for line in copy.asked())


def test_a_moved_folder_is_noticed(copy: Copy, tmp_path: Path) -> None:
    copy.run("setup")
    copy.asked()
    moved = Copy(copy.root.rename(tmp_path / "elsewhere"), copy.bin, copy.log)
    moved.run("setup")
    assert any("pip install" in line for line in moved.asked())


def test_a_set_up_that_was_cut_off_begins_anew(copy: Copy) -> None:
    copy.run("setup")
    copy.asked()
    (copy.root / ".venv/.unfinished").touch()
    copy.run("setup")
    asked = copy.asked()
    assert "python -m venv --clear .venv" in asked
    assert any("--editable ." in line for line in asked)


def test_libraries_that_cannot_be_fetched_are_said_calmly_and_tried_again(copy: Copy) -> None:
    failed = copy.run("setup", INSTALLED="1")
    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    copy.asked()
    assert copy.run("setup").returncode == 0
    assert any("--editable ." in line for line in copy.asked())


def test_a_model_that_cannot_be_fetched_is_no_failure_and_is_not_tried_at_every_start(copy: Copy) -> None:
    done = copy.run("setup", FETCHED="1")
    assert done.returncode == 0
    assert "I could not fetch the speech model" in done.stdout
    copy.asked()
    assert copy.run("setup", FETCHED="1").stdout == ""
    assert copy.asked() == []
    copy.run("setup", "--model", FETCHED="0")
    assert copy.asked() == ["python -P -m voice models fetch"]


def test_where_the_projects_own_model_is_none_is_looked_for_unless_the_person_says_so(copy: Copy) -> None:
    own = copy.root / "models" / "afterwards-small-en" / "am" / "final.mdl"
    own.parent.mkdir(parents=True)
    own.touch()
    assert "(4 of 4)" not in copy.run("setup").stdout
    assert not any("models fetch" in line for line in copy.asked())
    copy.run("setup", "--model", FETCHED="0")
    assert copy.asked() == ["python -P -m voice models fetch"]


def test_a_model_is_looked_for_again_after_a_day(copy: Copy) -> None:
    copy.run("setup", FETCHED="1")
    copy.asked()
    os.utime(copy.root / ".venv/.model-tried", (0, 0))
    copy.run("setup")
    assert copy.asked() == ["python -P -m voice models fetch --if-none"]


def test_a_model_that_the_person_names_is_enough(copy: Copy) -> None:
    copy.run("setup", VOSK_MODEL_PATH="/somewhere")
    assert not any("models fetch" in line for line in copy.asked())


def test_without_the_right_to_install_it_says_the_command_and_goes_on(copy: Copy) -> None:
    (copy.bin / "espeak-ng").unlink()
    done = copy.run("setup")
    assert done.returncode == 0
    assert "su -c 'apt-get install -y espeak-ng'" in done.stdout
    assert not any("apt-get" in line for line in copy.asked())


def test_where_a_password_cannot_be_typed_it_says_the_command_and_goes_on(copy: Copy) -> None:
    (copy.bin / "espeak-ng").unlink()
    copy.command("sudo", "exit 1")
    done = copy.run("setup")
    assert done.returncode == 0
    assert "sudo apt-get install -y espeak-ng" in done.stdout
    assert not any("apt-get" in line for line in copy.asked())


def test_as_root_it_installs_and_takes_nothing_away(copy: Copy) -> None:
    (copy.bin / "espeak-ng").unlink()
    copy.command("id", "echo 0")
    copy.run("setup")
    (line,) = [line for line in copy.asked() if line.startswith("apt-get")]
    assert line.endswith("install -y --no-install-recommends --no-remove espeak-ng")


def test_with_sudo_it_installs(copy: Copy) -> None:
    copy.command("ldconfig", "")
    copy.command("sudo", 'echo "sudo $*" >>"$LOG"; [ "$1" = -n ] || exec "$@"')
    copy.run("setup")
    asked = copy.asked()
    assert any(line.startswith("apt-get") and line.endswith("--no-remove libportaudio2") for line in asked)


BROWSERS = {
    "apt-get": "chromium fonts-dejavu-core",
    "dnf": "chromium dejavu-sans-fonts",
    "pacman": "chromium ttf-dejavu",
    "zypper": "chromium dejavu-fonts",
    "apk": "chromium font-dejavu",
}


@pytest.mark.parametrize("manager", BROWSERS)
def test_the_tests_need_a_browser_and_letters(copy: Copy, manager: str) -> None:
    (copy.bin / "apt-get").unlink()
    copy.command(manager, f'echo "{manager} $*" >>"$LOG"')
    copy.command("id", "echo 0")
    copy.run("setup", "--tests")
    asked = [line for line in copy.asked() if line.startswith(manager)]
    assert any(line.endswith(f" {BROWSERS[manager]}") for line in asked), "by itself, whatever else cannot be had"
    assert any("pulseaudio" in line and "chromium" not in line for line in asked)
    copy.run("setup")
    assert not any("chromium" in line for line in copy.asked()), "nobody who talks needs one"


@pytest.mark.parametrize("name", CHROMIUMS)
def test_a_browser_that_is_there_is_enough(copy: Copy, name: str) -> None:
    copy.command("id", "echo 0")
    copy.command(name, "")
    copy.run("setup", "--tests")
    assert not any("chromium" in line for line in copy.asked())


@pytest.mark.parametrize(
    ("packages", "programs"),
    [
        ("gnome-keyring dbus", ("gnome-keyring-daemon", "dbus-run-session")),
        ("cups-daemon cups-client", ("cupsd", "lp")),
    ],
)
def test_the_tests_need_a_desktop_s_keyring_and_printing(copy: Copy, packages: str, programs: tuple[str, ...]) -> None:
    copy.command("id", "echo 0")
    for program in programs:
        (copy.bin / program).unlink(missing_ok=True)
    copy.run("setup")
    assert not any(packages in line for line in copy.asked()), "nobody who talks needs it from us"
    copy.run("setup", "--tests")
    assert any(line.endswith(f" {packages}") for line in copy.asked() if line.startswith("apt-get"))
    for program in programs:
        copy.command(program, "")
    before = len(copy.asked())
    copy.run("setup", "--tests")
    assert not any(packages in line for line in copy.asked()[before:])


def test_no_python_is_said_in_plain_words(copy: Copy) -> None:
    (copy.bin / "python3").unlink()
    done = copy.run("setup")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


@pytest.mark.parametrize("system", ["Darwin", "MINGW64_NT-10.0"])
def test_other_systems_need_no_packages(copy: Copy, system: str) -> None:
    copy.command("uname", f"echo {system}")
    (copy.bin / "espeak-ng").unlink()
    done = copy.run("setup", "--tests")
    assert done.returncode == 0
    assert "(1 of 4)" not in done.stdout


def test_run_passes_on_what_was_asked_from_any_folder(copy: Copy, tmp_path: Path) -> None:
    copy.run("setup")
    done = copy.run("run", "notes", "two words", "", cwd=tmp_path)
    assert done.stdout.splitlines() == ["<notes>", "<two words>", "<>"]


def test_an_unknown_word_shows_how_to_use_it(copy: Copy) -> None:
    done = copy.run("setup", "--what")
    assert done.returncode == 2
    assert "scripts/setup --tests" in done.stdout


def test_the_scripts_are_clean() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed here")
    scripts = [
        path
        for path in [*(ROOT / "scripts").rglob("*"), ROOT / ".ci/run"]
        if path.is_file() and path.suffix != ".pyc" and "bash" in path.read_text(encoding="utf-8").partition("\n")[0]
    ]
    done = subprocess.run(
        ["shellcheck", "-x", *map(str, scripts)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
