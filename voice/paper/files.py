"""Files that only their owner can read, whole or not at all; one that is there is replaced only when that was said."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from voice.errors import PaperError

PRIVATE = 0o600
READ_ONLY = 0o400
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check(path: Path, replace: bool) -> None:
    """Whether a file could be written there. Creates nothing. Raises PaperError."""
    if path.is_dir():
        raise PaperError("paper-folder", f"{path} is a folder.", "Give the name of a file in it.")
    if os.path.lexists(path) and not (path.is_file() or path.is_symlink()):
        raise PaperError("paper-no-file", f"{path} is not a file.", "Choose another name.")
    if os.path.lexists(path) and not replace:
        raise PaperError("paper-there", f"There is a file {path} already.", "Choose another name, or add --yes.")
    if not path.parent.is_dir():
        raise PaperError("paper-no-folder", f"There is no folder {path.parent}.", "Make it, or choose another place.")


def write(path: Path, content: bytes, *, replace: bool = False, mode: int = PRIVATE) -> None:
    """Writes a file aside, and puts it in its place when it is whole and on the disk. Raises PaperError, with nothing
    left behind and an earlier file as it was."""
    check(path, replace)
    aside = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(mode)
        if replace:
            aside.replace(path)
        else:
            _place(aside, path)
    except FileExistsError as error:  # another program was quicker
        raise PaperError(
            "paper-there", f"There is a file {path} already.", "Choose another name, or add --yes."
        ) from error
    except OSError as error:
        raise _trouble(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def _place(aside: Path, path: Path) -> None:
    """Gives the file its name without taking it from another. Raises OSError."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a disk that knows no second names, such as a USB stick's
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))  # the name is ours, or nobody's
        aside.replace(path)


def _trouble(error: OSError, path: Path) -> PaperError:
    if error.errno in _FULL:
        return PaperError(
            "paper-disk-full", f"There is no space left to write {path}.", "Free some space, or choose another place."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PaperError(
            "paper-read-only", f"I may not write to the folder {path.parent}.", "Choose a folder that you can write to."
        )
    return PaperError("paper-failed", f"The disk would not let me write {path}.", "Choose another place for it.")
