"""Where sound comes from: a recording, or samples in memory. The live one is in `microphone`.

Every source gives blocks of 16 kHz int16 mono, oldest first, through the same three calls: start, read, stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from voice.errors import ScriptError

RATE = 16000
"""Hertz. What Vosk's English models and webrtcvad take."""
BLOCK = 1600
"""Samples in a block of a recording: 0.1 s."""

Samples = np.ndarray[Any, np.dtype[np.int16]]


class Source(Protocol):
    """What the ears need of anything that brings sound."""

    @property
    def behind(self) -> float:
        """Seconds of sound that wait to be read."""

    @property
    def heard_at(self) -> float:
        """Clock time at which the block that `read` gave last had come in; 0 for recordings."""

    @property
    def ended(self) -> bool:
        """Nothing will come any more. A microphone never ends."""

    def start(self) -> None:
        """Begin, or begin again after trouble. Raises MicrophoneError or ScriptError."""

    def read(self, timeout_s: float) -> bytes | None:
        """The next block; None where none came within that many seconds. Raises MicrophoneError when it went away."""

    def discard(self) -> None:
        """Throw away what waits to be read."""

    def stop(self) -> None:
        """Let go of it. May be called twice."""


def in_steps(samples: NDArray[np.float32]) -> Samples:
    """As int16. Silence stays silence: soxr's own int16 has noise of one step in it, which "is anything played now?"
    found in every pause, and the microphone was cleaned for hours of nothing."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


class Resampler:
    """Turns interleaved int16 blocks of any rate and channel count into 16 kHz mono, without seams."""

    def __init__(self, rate: int, channels: int, *, exact: bool = False) -> None:
        """`exact`: silence stays silence (see in_steps). Not for what is recognised: models know a little noise, and
        heard words worse between which there was none."""
        self._channels, self._exact = channels, exact
        kind = "float32" if exact else "int16"
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype=kind, quality="MQ")

    def __call__(self, block: bytes, last: bool = False) -> bytes:
        samples = np.frombuffer(block, dtype=np.int16)
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1).astype(np.int16)
        if self._stream is None:
            return samples.tobytes()
        if self._exact:
            return in_steps(self._stream.resample_chunk(samples.astype(np.float32), last=last)).tobytes()
        resampled: Samples = self._stream.resample_chunk(samples, last=last)
        return resampled.tobytes()


class PcmSource:
    """Sound that is in memory already: int16 mono at `rate` hertz. For rehearsals."""

    def __init__(self, samples: Samples | bytes, rate: int = RATE) -> None:
        self._pcm = samples if isinstance(samples, bytes) else samples.astype(np.int16).tobytes()
        self._rate = rate
        self._blocks: Iterator[bytes] = iter(())
        self.ended = False

    heard_at = 0.0

    @property
    def behind(self) -> float:
        return 0.0

    def start(self) -> None:
        self.ended = False
        self._blocks = self._cut(Resampler(self._rate, 1)(self._pcm, last=True))

    def read(self, timeout_s: float) -> bytes | None:
        block = next(self._blocks, None)
        self.ended = block is None
        return block

    def discard(self) -> None:
        """A recording is not thrown away: it waits until it is read."""

    def stop(self) -> None:
        self._blocks = iter(())

    @staticmethod
    def _cut(pcm: bytes) -> Iterator[bytes]:
        return (pcm[at : at + BLOCK * 2] for at in range(0, len(pcm), BLOCK * 2))


class FileSource:
    """A recording: wav, flac or ogg (vorbis or opus), any rate, any channel count. Read piece by piece."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._file: Any = None
        self._resample: Resampler | None = None
        self.ended = False

    heard_at = 0.0

    @property
    def behind(self) -> float:
        return 0.0

    def start(self) -> None:
        """Raises ScriptError where the file is missing, empty, or not a recording that can be read."""
        self.stop()
        self.ended = False
        try:
            self._file = soundfile.SoundFile(str(self._path))
        except (OSError, RuntimeError, TypeError) as error:  # LibsndfileError is a RuntimeError
            raise self._unreadable() from error
        self._resample = Resampler(self._file.samplerate, self._file.channels)

    def read(self, timeout_s: float) -> bytes | None:
        """Raises ScriptError where the file breaks off inside."""
        if self._file is None or self._resample is None or self.ended:
            return None
        wanted = max(1, self._file.samplerate * BLOCK // RATE)
        while not self.ended:
            try:
                samples = self._file.read(wanted, dtype="int16", always_2d=True)
            except RuntimeError as error:
                raise self._unreadable() from error
            self.ended = len(samples) < wanted
            block = self._resample(samples.tobytes(), last=self.ended)
            if block:
                return block
        return None

    def discard(self) -> None:
        """A recording is not thrown away: it waits until it is read."""

    def stop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _unreadable(self) -> ScriptError:
        return ScriptError(
            "recording-unreadable",
            f"{self._path.name} is not a recording that I can read.",
            "Give me a wav, flac or ogg file that plays elsewhere.",
        )
