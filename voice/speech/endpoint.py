"""Is somebody talking, and since when not? No clock in here: time is the sound that was fed."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from voice.speech.sources import RATE

FRAME_SECONDS = 0.02
FRAME_BYTES = int(RATE * FRAME_SECONDS) * 2

AGGRESSIVE = 2
"""webrtcvad's mode, 0 to 3: 3 refuses most noise, and quiet endings of words with it."""
QUIETEST = -62.0
"""dBFS. Below this nothing is speech, whatever webrtcvad says of it."""
ABOVE_NOISE = 5.0
"""Decibels above the room's own noise at which sound can be speech."""
SURELY_AGGRESSIVE = 3
SURELY, AMONG = 5, 8
"""Frames of speech in the stricter mode, among so many, that make it sure that a person talks: enough to hold our own
voice. With 6 it missed 9 of 128 words over our voice on a virtual sound card, five of them short and far."""
VOWELS = 3
"""So many of them must sound like vowels, as birds and plates do not. In 70 minutes of nobody, beside birds (two),
plates, a tap, wind, a cat and hens, 20 dB under the echo, it was sure 20 times, 14 of them for hens; without vowels 65
times. Of 364 recorded words as loud as the echo, in four rooms, 349 made it sure; without vowels 353."""
LOW = ((1000, -10.0), (2000, 0.0))
"""What sounds like a vowel: the sound below so many hertz is so many decibels louder than that above, or more."""
ONSET = 3
"""Frames of speech among the last five that start an utterance: 60 ms, so that a tap does not."""
_WINDOW = np.hanning(FRAME_BYTES // 2).astype(np.float32)


class Endpoint:
    """Watches 20 ms frames of 16 kHz int16 mono.

    It learns, webrtcvad too, for as long as it watches. A new one was sure of 19 of 40 quiet words over our own voice
    (both 40 dB under full scale) in the second after it began, one that had watched for a minute of 38.
    """

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(AGGRESSIVE)
        self._strict = webrtcvad.Vad(SURELY_AGGRESSIVE)
        self._recent: deque[bool] = deque(maxlen=5)
        self._surely: deque[bool] = deque(maxlen=AMONG)
        self._vowels: deque[bool] = deque(maxlen=AMONG)
        self.sure = False
        """Since `begin` a person talked, and no noise."""
        self._noise = QUIETEST
        self.voiced = 0.0
        """Seconds of frames that sounded like speech since `begin`."""
        self.quiet = 0.0
        """Seconds since the last frame that sounded like speech."""

    @property
    def onset(self) -> bool:
        """Somebody has just begun to talk."""
        return sum(self._recent) >= ONSET

    def begin(self) -> None:
        """Forget the last utterance; the room's noise stays known."""
        self._recent.clear()
        self._surely.clear()
        self._vowels.clear()
        self.sure = False
        self.voiced = self.quiet = 0.0

    def feed(self, frame: bytes) -> None:
        """Take exactly FRAME_BYTES."""
        samples = np.frombuffer(frame, dtype=np.int16).astype(np.float32)
        power = float(np.mean(np.square(samples)))
        loud = 20 * math.log10(math.sqrt(power) / 32768) if power > 0 else -96.0
        # The noise floor falls at once and rises by 1 dB a second, so that talking hardly lifts it.
        self._noise = max(QUIETEST - ABOVE_NOISE, min(loud, self._noise + FRAME_SECONDS))
        above = loud > max(QUIETEST, self._noise + ABOVE_NOISE)
        speech = above and bool(self._vad.is_speech(frame, RATE))
        surely = speech and bool(self._strict.is_speech(frame, RATE))
        self._surely.append(surely)
        self._vowels.append(surely and _vowel(samples))
        self.sure = self.sure or (sum(self._surely) >= SURELY and sum(self._vowels) >= VOWELS)
        self._recent.append(speech)
        if speech:
            self.voiced += FRAME_SECONDS
        # One frame alone is a click: it does not keep a turn open.
        if speech and sum(self._recent) >= 2:
            self.quiet = 0.0
        else:
            self.quiet += FRAME_SECONDS


def _vowel(samples: NDArray[np.float32]) -> bool:
    """See LOW."""
    power = np.square(np.abs(np.fft.rfft(samples * _WINDOW)))
    edges = [(int(hertz * FRAME_SECONDS), 10 ** (decibels / 10)) for hertz, decibels in LOW]
    return all(power[1:edge].sum() > power[edge:].sum() * louder for edge, louder in edges)
