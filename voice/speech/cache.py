"""Sentences that never change, rendered once. A cache that is full, broken or read-only only costs time."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path

import numpy as np

from voice.speech.render import Clip

LIMIT = 64 * 1024 * 1024
"""Bytes that the folder may hold: the fixed sentences of all walkthroughs at two rates."""

_MAGIC = b"clip2"
_SUM = 32

log = logging.getLogger(__name__)


class ClipCache:
    """One file per sentence, voice, rate and pitch; its name is a sum, so that names tell nothing."""

    def __init__(self, folder: Path | None, limit: int = LIMIT) -> None:
        """`folder` None keeps nothing."""
        self._folder = folder
        self._limit = limit
        self._size: int | None = None

    def get(self, voice: str, words_per_minute: int, pitch: int, sentence: str) -> Clip | None:
        """None where it isn't kept, or the file isn't what was written."""
        if self._folder is None:
            return None
        try:
            return _read(self._path(voice, words_per_minute, pitch, sentence).read_bytes(), len(sentence.split()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, voice: str, words_per_minute: int, pitch: int, sentence: str, clip: Clip) -> None:
        """Keep it, or don't: never raises."""
        if self._folder is None:
            return
        content = _write(clip)
        temporary: str | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(content))
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path(voice, words_per_minute, pitch, sentence))
        except OSError as error:
            log.info("sound not cached: %s", type(error).__name__)
            if temporary is not None:
                try:
                    Path(temporary).unlink(missing_ok=True)
                except OSError:
                    log.info("a part of a sound stays in the cache")

    def _path(self, voice: str, words_per_minute: int, pitch: int, sentence: str) -> Path:
        assert self._folder is not None
        key = json.dumps([voice, words_per_minute, pitch, sentence])
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.clip"

    def _make_room(self, wanted: int) -> None:
        assert self._folder is not None
        if self._size is None or self._size + wanted > self._limit:
            kept = sorted((p.stat().st_mtime, p.stat().st_size, p) for p in self._folder.glob("*.clip"))
            self._size = sum(size for _, size, _ in kept)
            for _, size, path in kept:
                if self._size + wanted <= self._limit:
                    break
                path.unlink(missing_ok=True)
                self._size -= size
        self._size += wanted


def _write(clip: Clip) -> bytes:
    head = json.dumps({"rate": clip.rate, "words": clip.words}).encode() + b"\n"
    body = head + clip.samples.astype("<i2").tobytes()
    return _MAGIC + hashlib.sha256(body).digest() + body


def _read(content: bytes, words: int) -> Clip:
    body = content[len(_MAGIC) + _SUM :]
    if content[: len(_MAGIC) + _SUM] != _MAGIC + hashlib.sha256(body).digest():
        raise ValueError("not what was written")
    head, pcm = body.split(b"\n", 1)
    found = json.loads(head)
    places = tuple(int(w) for w in found["words"])
    if len(places) != words:
        raise ValueError("made from another sentence")
    return Clip(np.frombuffer(pcm, dtype="<i2").astype(np.int16), int(found["rate"]), places)
