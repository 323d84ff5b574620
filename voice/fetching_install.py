"""A model from its zip into its place, and out again: aside first, then renamed, so that it is whole or not there."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from voice.errors import ModelError
from voice.models import check

Trial = Callable[[Path], None]
"""Raises ModelError for a model that does not work on this computer."""
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_BLOCK = 1 << 16


def size(path: Path) -> int:
    """Bytes; 0 where there is nothing."""
    return path.stat().st_size if path.exists() else 0


def need_space(folder: Path, needed: int) -> None:
    """Raises ModelError where so many bytes do not fit."""
    if shutil.disk_usage(folder).free < needed:
        raise ModelError(
            "fetch-disk-full",
            f"There is not enough space in {folder} for the speech model.",
            f"Free {needed // 1_000_000 + 1} megabytes and try again.",
        )


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Errors of the disk become words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise ModelError(
                "fetch-disk-full",
                f"There is no space left in {folder}.",
                "Free some space and try again. I will go on from here.",
            ) from error
        raise ModelError(
            "fetch-not-written", f"I could not write the speech model to {folder}.", "Check that you may write there."
        ) from error


def verify(file: Path, bytes: int, sha256: str) -> None:
    """Raises ModelError "fetch-wrong" for another file than the one that is pinned."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256 or size(file) != bytes:
        raise ModelError("fetch-wrong", "This is not the speech model that was expected.", "Try again later.")


def install(fill: Callable[[Path], None], target: Path, trial: Trial) -> None:
    """`fill` puts a model into an empty folder; one that is whole and works takes the place of `target`."""
    aside, old = _beside(target, "unpacked"), _beside(target, "old")
    for folder in (aside, old):
        shutil.rmtree(folder, ignore_errors=True)  # of a time when this was broken off
    try:
        aside.mkdir()
        fill(aside)
        inside = [*aside.iterdir()]
        root = inside[0] if len(inside) == 1 and inside[0].is_dir() else aside
        try:
            check(root)
            trial(root)
        except ModelError as error:
            if error.code != "model-broken":
                raise
            raise ModelError(
                "fetch-not-a-model", "What came is not a speech model that works here.", "Try again later."
            ) from error
        if target.exists():  # broken, or we would not be here
            target.rename(old)
        root.rename(target)
    finally:
        for folder in (aside, old):
            shutil.rmtree(folder, ignore_errors=True)


def part_of(target: Path) -> Path:
    """Where the zip of a model lies until it is whole."""
    return _beside(target, "zip.part")


def _beside(target: Path, what: str) -> Path:
    return target.parent / f".{target.name}.{what}"


def unpack(archive: Path, into: Path) -> None:
    """Raises ModelError for what is no zip, and for one that would write elsewhere."""
    unsafe = ModelError("fetch-unsafe", "What came tries to write outside its folder.", "Try again later.")
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            for entry in entries:
                path = PurePosixPath(entry.filename)
                link = stat.S_ISLNK(entry.external_attr >> 16)
                if link or path.is_absolute() or ".." in path.parts or re.search(r"[\\:\0]", entry.filename):
                    raise unsafe
            need_space(into, sum(entry.file_size for entry in entries))
            for entry in entries:
                target = into / entry.filename
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as source, target.open("wb") as file:
                    _copy(source, file, entry.file_size)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise ModelError("fetch-not-a-model", "What came is not a speech model.", "Try again later.") from error


def _copy(source: IO[bytes], file: IO[bytes], size: int) -> None:
    while block := source.read(_BLOCK):
        size -= len(block)
        if size < 0:  # more than it said: the check of the space would not hold
            raise zipfile.BadZipFile("entry is longer than it says")
        file.write(block)


def removable(name: str, folder: Path, project_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """What `remove` would delete: a model of this folder, and what a cut download left. Raises ModelError."""
    ours = [path for place in project_dirs if (path := place / name).is_dir()]
    target = folder / name
    if NAME.fullmatch(name):
        found = tuple(path for path in (target, part_of(target)) if path.exists() or path.is_symlink())
        if found:
            return found
    if NAME.fullmatch(name) and ours:
        raise ModelError(
            "remove-not-yours",
            f"The speech model {name} came with the program, so it stays.",
            "To use another one: afterwards models use",
        )
    raise ModelError(
        "remove-unknown",
        f"There is no speech model “{name}” in {folder}, and I delete none elsewhere.",
        "To see their names: afterwards models list",
    )


def remove(name: str, folder: Path, project_dirs: Sequence[Path]) -> None:
    """Deletes a model of this folder. It is renamed first: whole or gone. Raises ModelError."""
    for path in removable(name, folder, project_dirs):
        try:
            if path.is_dir() and not path.is_symlink():
                old = _beside(path, "old")
                shutil.rmtree(old, ignore_errors=True)
                path.rename(old)
                shutil.rmtree(old)
            else:
                path.unlink()  # of a link, only the link: what it leads to is not ours
        except OSError as error:
            raise ModelError(
                "remove-failed", f"I could not delete {path}.", "Check that you may write there, or delete it by hand."
            ) from error
