"""The linear part of an echo canceller: our own voice taken away, and a person's left just as it is.

webrtc's canceller also presses down what it is unsure of, and with it the beginning of whatever is said over the voice:
of 25 words spoken over it 12 were recognised behind webrtc's, 24 behind this one (simulated room, equal loudness). So
webrtc's says *that* somebody speaks, and this one lets the recogniser hear *what*.

A partitioned-block frequency-domain Kalman filter (Enzner and Vary, "Frequency-domain adaptive Kalman filter", 2006;
Kuech, Mabande and Enzner, "State-space architecture of the partitioned-block-based acoustic echo controller", 2014): it
knows how sure it is of the room, so that it does not learn from the person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voice.speech.sources import Samples

FRAME = 160
"""Samples taken at once: 10 ms."""
PARTS = 60
"""Frames that an echo may last, the sound card's delay included: 0.6 s, for wireless loudspeakers. With 40, an echo
that was 0.4 s late stayed as it was; with 60 it falls by 23 dB, and a near one just as far as before."""
KEEP = 0.9995**2
"""How much of the room is the same 10 ms later."""
UNSURE = 0.02
"""Variance of the room's response before anything was heard."""
SMOOTH = 0.7
"""Of the noise estimate, from one frame to the next."""
_TINY = 1e-3

_Spectra = NDArray[np.complex128]


class LinearEcho:
    """Takes 10 ms of 16 kHz int16 mono at a time. 0.03 s of work for a second of sound."""

    def __init__(self) -> None:
        bins = FRAME + 1
        self._recent = np.zeros(2 * FRAME)
        self._played: _Spectra = np.zeros((PARTS, bins), dtype=np.complex128)
        self._room: _Spectra = np.zeros((PARTS, bins), dtype=np.complex128)
        self._unsure = np.full((PARTS, bins), UNSURE)
        self._noise = np.zeros(bins)

    def __call__(self, heard: Samples, played: Samples) -> Samples:
        """`heard` without the echo of `played` and of what was played before."""
        self._recent = np.concatenate([self._recent[FRAME:], played.astype(np.float64)])
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(self._recent)
        left = heard - np.fft.irfft((self._room * self._played).sum(axis=0))[FRAME:]
        self._learn(np.fft.rfft(np.concatenate([np.zeros(FRAME), left])))
        if np.square(left).sum() > np.square(heard.astype(np.float64)).sum():  # it does not know the room yet
            return heard
        return np.clip(left.round(), -32768, 32767).astype(np.int16)

    def _learn(self, left: _Spectra) -> None:
        self._noise = SMOOTH * self._noise + (1 - SMOOTH) * np.abs(left) ** 2
        power = np.abs(self._played) ** 2
        step = self._unsure / (0.5 * (self._unsure * power).sum(axis=0) + self._noise + _TINY)
        self._room = self._room + step * self._played.conj() * left
        self._unsure = KEEP * (1 - 0.5 * step * power) * self._unsure + (1 - KEEP) * np.abs(self._room) ** 2
        response = np.fft.irfft(self._room, axis=1)
        response[:, FRAME:] = 0  # a part is one frame long
        self._room = np.fft.rfft(response, axis=1)
