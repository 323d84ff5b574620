"""Speech as a file: 16-bit mono wav, in memory."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


def wav_of(samples: NDArray[np.int16], rate: int) -> bytes:
    """The whole file. `samples`: int16 mono; `rate` in hertz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()
