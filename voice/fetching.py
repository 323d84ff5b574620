"""Getting a speech model: pinned, resumed after a cut, checked, and never half there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import re
import shutil
import stat
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from voice.errors import ModelError
from voice.models import check

Progress = Callable[[int, int], None]
"""Told (bytes so far, bytes in all)."""
_BLOCK = 1 << 16
_TIMEOUT = 30.0
"""Seconds without a byte."""
_KNOCK = 5.0
"""Seconds: whoever has no network should not wait for it."""
_TRIES = 3
_GROWTH = 3
"""Space needed beside the zip for what is in it, as a multiple of the zip."""


@dataclass(frozen=True)
class Offer:
    """A model that can be fetched."""

    name: str
    urls: tuple[str, ...]
    bytes: int
    """Size of the zip."""
    sha256: str
    """Of the zip, hexadecimal."""
    licence: str


def offers(dirs: Sequence[Path]) -> dict[str, Offer]:
    """The offers of the first models.toml in `dirs`, best first; none where there is no such file."""
    for folder in dirs:
        if (file := folder / "models.toml").is_file():
            try:
                rows = tomllib.loads(file.read_text(encoding="utf-8"))["model"]
                found = [Offer(**{**row, "urls": tuple(row["urls"])}) for row in rows]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ModelError(
                    "offers-broken", f"The list of speech models in {file} is not in order.", "Get this program again."
                ) from error
            return {offer.name: offer for offer in found}
    return {}


def fetch(
    name: str,
    into: Path,
    progress: Progress,
    known: Mapping[str, Offer],
    opener: urllib.request.OpenerDirector | None = None,
) -> Path:
    """Download `name` into the folder `into` and return its folder; at once where a sound one is already there.

    A cut download is gone on with, now and at the next call. Proxy settings of the environment are used.
    `known`: from `offers`. Raises ModelError.
    """
    if name not in known or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ModelError("fetch-unknown", f"I know of no speech model “{name}”.", f"I know: {', '.join(known)}.")
    offer, target = known[name], into / name
    with contextlib.suppress(ModelError):
        if target.is_dir():
            check(target)
            return target
    part = into / f".{name}.zip.part"
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        _space(into, offer.bytes * (1 + _GROWTH) - _size(part))
        _download(offer, part, progress, opener or urllib.request.build_opener())
        _verify(offer, part)
        _install(part, into, target)
    except OSError as error:
        raise _disk(into, error) from error
    part.unlink(missing_ok=True)
    return target


def knock(offer: Offer) -> None:
    """Raises ModelError where nobody answers soon, so that a download's long patience is for those who are online."""
    for url in offer.urls:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_KNOCK).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            return  # somebody answered: the download will say what is wrong
        except OSError:
            continue
    raise ModelError(
        "fetch-no-network",
        "The place that has the speech model does not answer.",
        "Perhaps there is no network just now.",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _space(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise ModelError(
            "fetch-disk-full",
            f"There is not enough space in {folder} for the speech model.",
            f"Free {needed // 1_000_000 + 1} megabytes and try again.",
        )


def _disk(folder: Path, error: OSError) -> ModelError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return ModelError(
            "fetch-disk-full",
            f"There is no space left in {folder}.",
            "Free some space and try again. I will go on from here.",
        )
    return ModelError(
        "fetch-not-written", f"I could not write the speech model to {folder}.", "Check that you may write there."
    )


def _download(offer: Offer, part: Path, progress: Progress, opener: urllib.request.OpenerDirector) -> None:
    last: Exception | None = None
    for _ in range(_TRIES):
        for url in offer.urls:
            if _size(part) >= offer.bytes:  # whole, or longer than pinned: `_verify` tells
                return
            try:
                _get(url, offer, part, progress, opener)
            except urllib.error.HTTPError as error:
                last = error
                error.close()
                if error.code == 416:  # it will not go on from there
                    part.unlink(missing_ok=True)
            except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
                last = error
    if _size(part) >= offer.bytes:
        return
    if isinstance(last, urllib.error.HTTPError):
        raise ModelError(
            "fetch-refused",
            f"The place that has the speech model answered with error {last.code}.",
            "Try again later. You can use keys and typing now.",
        ) from last
    if _size(part) == 0 and last is not None:
        raise ModelError(
            "fetch-no-network",
            "I could not reach the place that has the speech model.",
            "Check the connection and try again. You can use keys and typing now.",
        ) from last
    raise ModelError(
        "fetch-cut", "The connection broke off before the speech model was whole.", "Try again. I will go on from here."
    ) from last


def _get(url: str, offer: Offer, part: Path, progress: Progress, opener: urllib.request.OpenerDirector) -> None:
    have = _size(part)
    headers = {"User-Agent": "afterwards", **({"Range": f"bytes={have}-"} if have else {})}
    with opener.open(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT) as answer:
        resumed = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
        if not resumed:
            have = 0
        with part.open("ab" if resumed else "wb") as file:
            while have <= offer.bytes and (block := _block(answer)):
                file.write(block)
                have += len(block)
                progress(min(have, offer.bytes), offer.bytes)


def _block(answer: Any) -> bytes:
    try:
        return bytes(answer.read(_BLOCK))
    except OSError as error:  # of the network, not of the disk
        raise ConnectionError(str(error)) from error


def _verify(offer: Offer, part: Path) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != offer.sha256 or _size(part) != offer.bytes:
        part.unlink()
        raise ModelError(
            "fetch-wrong",
            "What came is not the speech model that was expected, so I threw it away.",
            "Try again later.",
        )


def _install(part: Path, into: Path, target: Path) -> None:
    aside = into / f".{target.name}.unpacked"
    old = into / f".{target.name}.old"
    for folder in (aside, old):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        aside.mkdir()
        _unpack(part, aside)
        inside = [*aside.iterdir()]
        root = inside[0] if len(inside) == 1 and inside[0].is_dir() else aside
        check(root)
        if target.exists():  # broken, or we would not be here
            target.rename(old)
        root.rename(target)
    except ModelError as error:
        part.unlink(missing_ok=True)
        if error.code == "model-broken":
            raise ModelError(
                "fetch-not-a-model", "What came is not a whole speech model.", "Try again later."
            ) from error
        raise
    finally:
        for folder in (aside, old):
            shutil.rmtree(folder, ignore_errors=True)


def _unpack(archive: Path, into: Path) -> None:
    unsafe = ModelError(
        "fetch-unsafe", "What came tries to write outside its folder, so I threw it away.", "Try again later."
    )
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            for entry in entries:
                path = PurePosixPath(entry.filename)
                link = stat.S_ISLNK(entry.external_attr >> 16)
                if link or path.is_absolute() or ".." in path.parts or re.search(r"[\\:\0]", entry.filename):
                    raise unsafe
            _space(into, sum(entry.file_size for entry in entries))
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
