"""The very soft sound for "I'm listening"."""

from __future__ import annotations

import numpy as np

from voice.speech.sources import Samples

SECONDS = 0.22
_TONES = (392.0, 523.25)
"""Hertz: a fourth, upwards, one gliding into the other. Low enough for most who hear high tones no more."""
_LOUD = 0.03
"""Of full scale: 20 dB under the voice, and softer than any alarm."""


def earcon(rate: int) -> Samples:
    """int16 mono at `rate` hertz, SECONDS long; begins and ends in silence, so that it does not click."""
    when = np.linspace(0, 1, round(SECONDS * rate))
    pitch = _TONES[0] + (_TONES[1] - _TONES[0]) * np.clip((when - 0.35) / 0.3, 0, 1)
    wave = np.sin(2 * np.pi * np.cumsum(pitch) / rate) * np.hanning(len(when))
    return np.asarray(wave * _LOUD * 32767).astype(np.int16)
