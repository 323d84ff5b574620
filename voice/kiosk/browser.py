"""A browser in kiosk mode, with a profile that lies in memory and is gone with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from voice.errors import KioskError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MEMORY = Path("/dev/shm")
FLAGS = (
    "--kiosk",
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-pinch",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--overscroll-history-navigation=0",
    "--password-store=basic",
)
_GOES_WITHIN = 5.0
_PREFIX = "afterwards-kiosk-"
_LOCK = "in-use"
"""A file in a profile, locked as long as the program lives that opened it."""
_ASIDE = """
trap '' HUP INT TERM
read -r done && exit 0
kill -s TERM -- "-$1" 2>/dev/null
sleep 2
kill -s KILL -- "-$1" 2>/dev/null
rm -rf -- "$2"
"""
"""Waits beside us, and clears up should we be killed: it sees its input end without a word."""


def find(names: Sequence[str] = NAMES) -> Path:
    """The first browser of these that is installed. Raises KioskError."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    raise KioskError(
        "kiosk-no-browser",
        "There is no browser for the kiosk's page.",
        "Install Chromium, or open the address in another browser with --no-browser.",
    )


def sweep() -> int:
    """Deletes the profiles of programs that were killed. Gives how many there were."""
    swept = 0
    for folder in {_place(), Path(tempfile.gettempdir())}:
        for profile in folder.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if not profile.is_dir() or profile.is_symlink() or not _mine(profile):
                    continue
                lock = _lock(profile)
                if lock is not None:
                    shutil.rmtree(profile, ignore_errors=True)
                    os.close(lock)
                    swept += 1
    return swept


def _place() -> Path:
    """Memory, where this computer has a folder for it."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if in_memory else Path(tempfile.gettempdir())


def _mine(path: Path) -> bool:
    return sys.platform == "win32" or path.stat().st_uid == os.getuid()


def _lock(profile: Path) -> int | None:
    """Takes the lock, and gives what holds it; None where another one has it. Raises OSError."""
    if sys.platform == "win32":
        return None
    import fcntl

    lock = os.open(profile / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


class Browser:
    """One browser with one page. Its profile is new each time it is opened."""

    def __init__(self, program: Path, flags: Sequence[str] = FLAGS) -> None:
        self._command = [str(program), *flags]
        self._process: subprocess.Popen[bytes] | None = None
        self._aside: subprocess.Popen[bytes] | None = None
        self._profile: Path | None = None
        self._lock: int | None = None

    @property
    def alive(self) -> bool:
        """It runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of its first process; 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def profile(self) -> Path | None:
        """Where its profile lies while it is open."""
        return self._profile

    def open(self, address: str) -> None:
        """Opens it anew. Raises KioskError where it cannot be started."""
        self.close()
        try:
            self._profile = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
            self._lock = _lock(self._profile)
            self._process = subprocess.Popen(
                [*self._command, f"--user-data-dir={self._profile}", address],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            if sys.platform != "win32":
                self._aside = subprocess.Popen(
                    ["/bin/sh", "-c", _ASIDE, "sh", str(self._process.pid), str(self._profile)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except OSError as error:
            self.close()
            raise KioskError(
                "kiosk-browser", "The browser does not start.", "Open the address in another one with --no-browser."
            ) from error

    def close(self) -> None:
        """Ends it, and deletes its profile. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_GOES_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_GOES_WITHIN)
            _end_all_of(process.pid)
        profile, self._profile = self._profile, None
        if profile is not None:
            _delete(profile)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
        aside, self._aside = self._aside, None
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.communicate(b"done\n", _GOES_WITHIN)


def _end_all_of(group: int) -> None:
    """What a browser that was killed left running."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


def _delete(profile: Path) -> None:
    """Somebody may still write into it for a moment."""
    until = time.monotonic() + _GOES_WITHIN
    while profile.exists():
        shutil.rmtree(profile, ignore_errors=True)
        if time.monotonic() > until:
            return
        time.sleep(0.02)
