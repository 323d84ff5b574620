"""Files that only their owner can read: made, replaced whole, overwritten and removed; safe from a cut at any time."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from voice.notes.trouble import told

BUSY = 5  # SQLITE_BUSY
BUSY_SECONDS = 2.0
"""How long to wait for another program that holds the notes."""
_BLOCK = 1 << 16


def make_private(path: Path) -> None:
    """The folder (0700) and, where there is none, an empty file (0600). Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def replace_with(path: Path, content: bytes) -> None:
    """The file is whole, old or new, and on the disk when this returns. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def wipe(path: Path) -> None:
    """Zeros over every byte, then the file is gone. Nothing where there is none. Raises OSError."""
    try:
        file = path.open("r+b", buffering=0)
    except FileNotFoundError:
        return
    with file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, _BLOCK)))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def keep_link(path: Path, link: Path) -> None:
    """A second name for a file, so that its bytes can still be overwritten when another removes the first. Where there
    is no such file, or where the disk knows no second names, nothing."""
    with contextlib.suppress(OSError, NotImplementedError):
        link.hardlink_to(path)


def wipe_link(path: Path, link: Path) -> None:
    """Wipes what was kept by `keep_link`; while the file still has its first name, it only loses the second."""
    with contextlib.suppress(FileNotFoundError):
        if link.samefile(path):
            link.unlink()
    wipe(link)


def sync_folder(folder: Path) -> None:
    """Which names there are is on the disk too. Where a system knows no such thing, nothing."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """No other program changes how the notes at `path` are locked meanwhile. The lock ends with its program.

    Raises NotesError ("notes-busy") after BUSY_SECONDS, OSError.
    """
    place = path.with_name(path.name + ".lock")
    make_private(place)
    descriptor = os.open(place, os.O_RDWR)
    try:
        until = time.monotonic() + BUSY_SECONDS
        while not _locked(descriptor):
            if time.monotonic() > until:
                raise told(BUSY, path)
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock; the empty file stays, for removing it would race


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
