"""The keyring of a real desktop (GNOME's), day after day, and when its password was changed elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HIDDEN = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND")
PROGRAMS = ("gnome-keyring-daemon", "dbus-run-session", "dbus-send")
LOG_IN = """
password=$1; shift
unlock=(); if [ -n "$password" ]; then unlock=(--unlock); fi
gnome-keyring-daemon --foreground "${unlock[@]}" --components=secrets < <(printf %s "$password") >/dev/null 2>&1 &
keyring=$!
there() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus / \\
    org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true
}
for _ in $(seq 300); do if there; then break; fi; sleep 0.1; done
"$@"; code=$?
kill $keyring; wait $keyring
exit $code
"""
KEEP = """
from voice import parts_kept, settings
parts_kept.notes(settings.load({})).keep("family", [("P2", "canary line")], {})
"""


class Desktop:
    """One person's desktop; each `day` logs in anew, and out."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        run = folder / "run"
        run.mkdir(mode=0o700)
        clean = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        self._environment = clean | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(run),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "AFTERWARDS_HOME": str(folder / "afterwards"),
            "PYTHONPATH": str(ROOT),
        }

    def day(self, password: str, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs Python with these words; "" leaves the keyring locked."""
        whole = ["dbus-run-session", "--", "bash", "-c", LOG_IN, "log-in", password, sys.executable, *command]
        return subprocess.run(
            whole, env=self._environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    def notes(self, password: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`afterwards notes`."""
        return self.day(password, "-m", "voice", "notes", *words, stdin=stdin)


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here: scripts/setup --tests brings it")
    return Desktop(tmp_path)


def test_it_opens_the_notes_every_day(desktop: Desktop) -> None:
    done = desktop.day("one", "-c", KEEP)
    assert done.returncode == 0, done.stderr
    listed = desktop.notes("one", "list")
    assert listed.returncode == 0, listed.stderr
    assert "1 lines" in listed.stdout
    kept = desktop.home / "afterwards" / "notes"
    assert b"canary" not in b"".join(path.read_bytes() for path in kept.iterdir() if path.is_file())


def test_nobody_is_locked_out_when_the_desktop_loses_the_key(desktop: Desktop) -> None:
    desktop.day("one", "-c", KEEP)
    given = desktop.notes("one", "passphrase", "--recovery")
    assert given.returncode == 0, given.stderr
    phrase = given.stdout.strip().splitlines()[-1].strip()
    assert len(phrase.split()) == 9
    for password in ("two", ""):  # changed elsewhere, so that it does not unlock any more; or nobody logged in
        locked = desktop.notes(password, "list")
        assert locked.returncode == 1
        assert "does not answer" in locked.stderr
        assert "recovery phrase" in locked.stderr
    new = desktop.notes("two", "passphrase", stdin=f"{phrase}\nthe old blue boat\n")
    assert new.returncode == 0, new.stderr
    listed = desktop.notes("two", "list", stdin="the old blue boat\n")
    assert "1 lines" in listed.stdout, listed.stderr


def test_where_it_stays_locked_nothing_is_kept_and_nothing_half_made(desktop: Desktop) -> None:
    desktop.day("one", "-c", "import keyring; keyring.set_password('other', 'program', 'secret')")
    done = desktop.day("", "-c", KEEP)
    assert done.returncode != 0
    assert "notes-keyring" in done.stderr or "does not answer" in done.stderr
    again = desktop.day("one", "-c", KEEP)
    assert again.returncode == 0, again.stderr
    assert "1 lines" in desktop.notes("one", "list").stdout
