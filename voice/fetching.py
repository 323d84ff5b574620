"""Getting a speech model: pinned, resumed after a cut, checked, and never half there."""

from __future__ import annotations

import contextlib
import http.client
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voice.errors import ModelError
from voice.fetching_install import NAME, Trial, install, need_space, part_of, size, unpack, verify, writing_to
from voice.models import check, try_in_child

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


def offers(dirs: Sequence[Path], mirror: str = "") -> dict[str, Offer]:
    """The offers of the first models.toml in `dirs`, best first; none where there is no such file.

    `mirror`: an address that has the same zips, asked before all others. What comes from it has to be what is pinned.
    """
    for folder in dirs:
        if (file := folder / "models.toml").is_file():
            try:
                rows = tomllib.loads(file.read_text(encoding="utf-8"))["model"]
                found = [Offer(**{**row, "urls": tuple(row["urls"])}) for row in rows]
                if not all(offer.urls for offer in found):
                    raise ValueError
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ModelError(
                    "offers-broken", f"The list of speech models in {file} is not in order.", "Get this program again."
                ) from error
            return {offer.name: _from_mirror(offer, mirror) if mirror else offer for offer in found}
    return {}


def _from_mirror(offer: Offer, mirror: str) -> Offer:
    own = f"{mirror.rstrip('/')}/{offer.urls[0].rpartition('/')[2]}"
    return replace(offer, urls=(own, *offer.urls))


def fetch(
    name: str,
    into: Path,
    progress: Progress,
    known: Mapping[str, Offer],
    opener: urllib.request.OpenerDirector | None = None,
    trial: Trial = try_in_child,
) -> Path:
    """Download `name` into the folder `into` and return its folder; at once where a sound one is already there.

    A cut download is gone on with, now and at the next call. Proxy settings of the environment are used.
    `known`: from `offers`. `trial`: the last look at the unpacked model, before it takes its place. Raises ModelError.
    """
    if name not in known or not NAME.fullmatch(name):
        raise ModelError("fetch-unknown", f"I know of no speech model “{name}”.", f"I know: {', '.join(known)}.")
    offer, target = known[name], into / name
    if sound(target):
        return target
    part = part_of(target)
    with writing_to(into):
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        need_space(into, offer.bytes * (1 + _GROWTH) - size(part))
        _download(offer, part, progress, opener or urllib.request.build_opener())
        try:
            install(lambda folder: unpack(part, folder), target, trial)
        except ModelError as error:
            if error.code in ("fetch-not-a-model", "fetch-unsafe"):
                part.unlink(missing_ok=True)
            raise
        part.unlink(missing_ok=True)
    return target


def sound(path: Path) -> bool:
    """Whether a whole model is there."""
    with contextlib.suppress(ModelError):
        check(path)
        return True
    return False


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


def _download(offer: Offer, part: Path, progress: Progress, opener: urllib.request.OpenerDirector) -> None:
    """From one address after the other, until `part` is the file that is pinned. Raises ModelError."""
    last: Exception | None = None
    others: set[str] = set()
    for url in offer.urls * _TRIES:
        if url in others:
            continue
        begun = size(part)
        try:
            if begun < offer.bytes:
                _get(url, offer, part, progress, opener)
            if size(part) >= offer.bytes:
                verify(part, offer.bytes, offer.sha256)
                return
        except urllib.error.HTTPError as error:
            last = error
            error.close()
            if error.code == 416:  # it will not go on from there
                part.unlink(missing_ok=True)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            last = error
        except ModelError as error:
            last = error
            part.unlink(missing_ok=True)
            if not begun:  # else what was there before may have been to blame
                others.add(url)
    if isinstance(last, ModelError):
        raise ModelError(
            "fetch-wrong",
            "What came is not the speech model that was expected, so I threw it away.",
            "Try again later, or from another network.",
        ) from last
    if isinstance(last, urllib.error.HTTPError):
        raise ModelError(
            "fetch-refused",
            f"The place that has the speech model answered with error {last.code}.",
            "Try again later. You can use keys and typing now.",
        ) from last
    if size(part) == 0 and last is not None:
        raise ModelError(
            "fetch-no-network",
            "I could not reach the place that has the speech model.",
            "Check the connection and try again. You can use keys and typing now.",
        ) from last
    raise ModelError(
        "fetch-cut", "The connection broke off before the speech model was whole.", "Try again. I will go on from here."
    ) from last


def _get(url: str, offer: Offer, part: Path, progress: Progress, opener: urllib.request.OpenerDirector) -> None:
    have = size(part)
    headers = {"User-Agent": "afterwards", **({"Range": f"bytes={have}-"} if have else {})}
    with opener.open(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT) as answer:
        resumed = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
        if not resumed:
            have = 0
        if (whole := _whole(answer, have)) not in (None, offer.bytes):
            # A page that asks to sign in, say: known by its length, before it spoils what is already here.
            raise ModelError("fetch-wrong", f"This has {whole} bytes, not {offer.bytes}.", "Try again later.")
        with part.open("ab" if resumed else "wb") as file:
            while have <= offer.bytes and (block := _block(answer)):
                file.write(block)
                have += len(block)
                progress(min(have, offer.bytes), offer.bytes)


def _whole(answer: Any, have: int) -> int | None:
    """Bytes of the whole file, where the answer says it."""
    length = str(answer.headers.get("Content-Length", ""))
    return have + int(length) if length.isdecimal() else None


def _block(answer: Any) -> bytes:
    try:
        return bytes(answer.read1(_BLOCK))  # what is there now, so that a silence loses none of it
    except OSError as error:  # of the network, not of the disk
        raise ConnectionError(str(error)) from error
