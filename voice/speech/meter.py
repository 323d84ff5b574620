"""How a microphone sounds: loud, faint, clipped, and whether somebody speaks. Keeps numbers, and no sound."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from voice.speech.devices import FULL_SCALE, SILENT_DBFS
from voice.speech.endpoint import FRAME_BYTES, FRAME_SECONDS, QUIETEST, Endpoint

_RAISED = 30.0
"""Decibels by which sound is raised to find speech that is too faint to be heard: from -92 dBFS on."""
_CLIPS = 32767
_SWINGS = 4.0
"""Decibels by which the loudness of speech goes up and down (standard deviation within a second); that of steady noise,
which the endpoint takes for speech until it knows the room, does by under 1. See tests/test_check_sound.py."""
_SECOND = 50
"""Frames."""


@dataclass(frozen=True)
class Reading:
    """What was measured in a stretch of sound."""

    seconds: float
    dbfs: float
    """Root mean square, in decibels below full scale; -96 for digital silence."""
    clipped: float
    """Share of samples at full scale, 0 to 1."""
    voiced: float
    """Seconds in which it sounded like speech, and loud enough to be heard as such."""
    speech: float
    """dBFS of those seconds; -96 where there are none."""
    faint: float
    """Seconds of speech that is there only when the sound is raised."""


class Meter:
    """Takes 16 kHz int16 mono, in blocks of any length."""

    def __init__(self) -> None:
        self._heard, self._raised = Endpoint(), Endpoint()
        self._levels: deque[float] = deque(maxlen=_SECOND)
        self._rest = b""
        self._all = _Sums()
        self._lately = _Sums()

    @property
    def total(self) -> Reading:
        """Of everything since the beginning."""
        return self._reading(self._all)

    def take(self) -> Reading:
        """Of what came since the last `take`."""
        lately, self._lately = self._lately, _Sums()
        return self._reading(lately)

    def feed(self, block: bytes) -> None:
        sound = self._rest + block
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        for at in range(0, whole, FRAME_BYTES):
            self._frame(sound[at : at + FRAME_BYTES])

    def _frame(self, frame: bytes) -> None:
        samples = np.frombuffer(frame, dtype=np.int16).astype(np.float32)
        raised = np.clip(samples * 10 ** (_RAISED / 20), -32768, 32767).astype(np.int16)
        power = float(np.mean(np.square(samples)))
        self._levels.append(_dbfs(power, 1))
        swings = float(np.std(self._levels)) >= _SWINGS
        voiced = _says(self._heard, frame) and swings
        faint = _says(self._raised, raised.tobytes()) and swings and not voiced
        clips = float(np.mean(np.abs(samples) >= _CLIPS))
        for sums in (self._all, self._lately):
            sums.frames += 1
            sums.power += power
            sums.clips += clips
            sums.voiced += voiced
            sums.faint += faint
            sums.speech += power if voiced else 0.0

    def _reading(self, sums: _Sums) -> Reading:
        return Reading(
            sums.frames * FRAME_SECONDS,
            _dbfs(sums.power, sums.frames),
            sums.clips / max(1, sums.frames),
            sums.voiced * FRAME_SECONDS,
            _dbfs(sums.speech, sums.voiced),
            # A noise is taken for speech now and then; what is surely a person's is not.
            sums.faint * FRAME_SECONDS if self._raised.sure else 0.0,
        )


@dataclass
class _Sums:
    frames: int = 0
    power: float = 0.0
    clips: float = 0.0
    voiced: int = 0
    faint: int = 0
    speech: float = 0.0


FAINT = QUIETEST + 8
"""dBFS of speech that is heard only just: half of its sounds lie below what counts as speech at all."""


def _says(endpoint: Endpoint, frame: bytes) -> bool:
    before = endpoint.voiced
    endpoint.feed(frame)
    return endpoint.voiced > before


def _dbfs(power: float, frames: int) -> float:
    if not frames or power <= 0:
        return SILENT_DBFS
    return max(SILENT_DBFS, 20 * math.log10(math.sqrt(power / frames) / FULL_SCALE))
