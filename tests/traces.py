"""Where a word is left: in files, and in the memory of a process. Linux."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

_ENCODINGS = ("utf-8", "utf-16-le", "utf-32-le", "latin-1")
_PIECE = 1 << 24
_NOT_MEMORY = ("[vvar", "[vsyscall", "[vdso")
_NO_FILES = {"/proc", "/sys", "/dev"}
"""Where nothing that is kept lies; but of /dev the shared memory is looked at by name."""


def forms(word: str) -> frozenset[bytes]:
    """How it may stand there, in small letters."""
    return frozenset(word.lower().encode(encoding) for encoding in _ENCODINGS)


def _found(pieces: Iterable[bytes], word: str) -> bool:
    wanted = forms(word)
    most = max(map(len, wanted))
    before = b""
    for piece in pieces:
        text = before + piece.lower()
        if any(form in text for form in wanted):
            return True
        before = text[-most:]
    return False


def in_memory(pid: int, word: str) -> list[str]:
    """The parts of its memory in which the word stands, as /proc/PID/maps has them. Raises OSError where the process
    is gone, or its memory may not be read."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place = re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S+ +\S+ +\S+ +\S+ *(.*)", line)
            if place is None or place[3].startswith(_NOT_MEMORY):
                continue
            if _found(_read(memory.fileno(), int(place[1], 16), int(place[2], 16)), word):
                found.append(line)
    return found


def _read(memory: int, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        try:
            piece = os.pread(memory, min(_PIECE, end - start), start)
        except OSError:  # a part that no one can read
            return
        if not piece:
            return
        yield piece
        start += len(piece)


def in_files(paths: Iterable[Path], word: str) -> list[Path]:
    """Those whose name or content has the word in it."""
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            if word.lower() in path.name.lower() or _found(_pieces(path), word):
                found.append(path)
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def changed_since(moment: float, *tops: Path) -> list[Path]:
    """Every file below these that was made, written or renamed since, on the clock of `time.time`."""
    found = []
    for top in tops:
        for folder, below, names in os.walk(top):
            below[:] = [name for name in below if os.path.join(folder, name) not in _NO_FILES]  # noqa: PTH118 - many
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    about = path.lstat()
                    if stat.S_ISREG(about.st_mode) and max(about.st_mtime, about.st_ctime) >= moment - 1:
                        found.append(path)
    return found
