"""Sends a PDF to the system's default printer. Where that goes through a file, the file is gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from voice.errors import PaperError

SECONDS = 60.0
"""For the print service to take the page."""
_TITLED = {"lp": "-t", "lpr": "-T"}
"""The programs of CUPS, and of systems before it, with how each names a job. Both read from their standard input."""
_OPENED = "Start-Process -FilePath $env:AFTERWARDS_PAGE -Verb Print -PassThru | Wait-Process -Timeout 45"


def send(pdf: bytes, job: str) -> None:
    """Returns when the system has taken the page. `job`: its name in the printer's queue, where others may read it.

    Raises PaperError: "paper-no-program", "paper-no-printer", "paper-no-spooler" where the system's print service does
    not run, "paper-refused", "paper-slow".
    """
    if sys.platform == "win32":
        _by_windows(pdf)
        return
    program = next((name for name in _TITLED if shutil.which(name)), None)
    if program is None:
        raise PaperError(
            "paper-no-program",
            "This computer has no program that prints.",
            "Install CUPS (the package cups-client), or write the plan to a file: “afterwards notes export”.",
        )
    # Through a pipe: no file of ours is ever on the disk.
    _run([program, _TITLED[program], job], pdf, _plainly())


def _by_windows(pdf: bytes) -> None:
    """Windows prints files only, with the program that opens PDFs."""
    with tempfile.TemporaryDirectory(prefix="afterwards-", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.pdf"
        page.write_bytes(pdf)
        environment = {**os.environ, "AFTERWARDS_PAGE": str(page)}
        _run(["powershell", "-NoProfile", "-NonInteractive", "-Command", _OPENED], b"", environment)


def _run(command: list[str], given: bytes, environment: dict[str, str]) -> None:
    """What the program says is looked at, and shown to nobody."""
    try:
        done = subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise PaperError(
            "paper-slow", "The printer does not take the page.", "See whether it is on, and try again."
        ) from error
    except OSError as error:
        raise _refused() from error
    if done.returncode:
        raise _told(done.stdout.decode(errors="replace").lower())


def _plainly() -> dict[str, str]:
    """In English, as it is read here."""
    return {**os.environ, "LC_ALL": "C"}


def _runs() -> bool:
    """Whether the print service does: `lp` says of one that does not run that there is no printer."""
    try:
        asked = subprocess.run(
            ["lpstat", "-r"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, env=_plainly()
        )
    except (OSError, subprocess.TimeoutExpired):
        return True  # nobody knows
    return b"not running" not in asked.stdout


def _told(said: str) -> PaperError:
    if ("destination" in said or "no such printer" in said or "unknown printer" in said) and _runs():
        return PaperError(
            "paper-no-printer",
            "This computer has no default printer.",
            "Choose one in its settings, or write the plan to a file: “afterwards notes export”.",
        )
    if any(word in said for word in ("destination", "scheduler", "connect", "server")):
        return PaperError(
            "paper-no-spooler",
            "The print service of this computer does not run.",
            "Start it (on Linux: cups), or write the plan to a file: “afterwards notes export”.",
        )
    return _refused()


def _refused() -> PaperError:
    return PaperError(
        "paper-refused",
        "The printer would not take the page.",
        "Look at the printer, or write the plan to a file: “afterwards notes export”.",
    )
