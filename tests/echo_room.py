"""A room with an open loudspeaker: what it plays comes back into the microphone, later, quieter, with a tail."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.sound_card import SoundCard

RATE = 16000
_BLOCK = 160

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Echo:
    """How a room sounds. Of what is played, the whole echo has `decibels` less power."""

    delay: float = 0.06
    """Seconds from loudspeaker to microphone."""
    decibels: float = -12.0
    dies: float = 0.3
    """Seconds in which the tail falls by 60 dB."""
    noise: float = -66.0
    """The room's own noise, in decibels below full scale."""
    curve: float = 0.0
    """How far a small loudspeaker bends loud sound, 0 to 1: what no linear filter can take away."""

    def response(self, seed: int = 1) -> Floats:
        """The room's impulse response at RATE."""
        random = np.random.default_rng(seed)
        count, first = int(self.dies * RATE), int(self.delay * RATE)
        tail = random.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
        response = np.zeros(first + count)
        response[first:] = 0.35 * tail / np.sqrt(np.square(tail).sum())
        response[first] += 1
        scaled: Floats = response / np.sqrt(np.square(response).sum()) * 10 ** (self.decibels / 20)
        return scaled


class Path:
    """The way of sound through the room, block after block."""

    def __init__(self, echo: Echo, seed: int = 1) -> None:
        self._echo = echo
        self._response = echo.response(seed)
        self._random = np.random.default_rng(seed)
        self._coming = np.zeros(len(self._response) - 1)

    def __call__(self, played: NDArray[np.int16]) -> Floats:
        """What the microphone hears while this is played, in samples of int16's scale."""
        sound = played / 32768
        if self._echo.curve:
            sound = (1 - self._echo.curve) * sound + self._echo.curve * np.tanh(4 * sound) / 4
        size = len(sound) + len(self._response) - 1
        spectrum = np.fft.rfft(sound, size) * np.fft.rfft(self._response, size)
        whole = np.fft.irfft(spectrum, size)
        whole[: len(self._coming)] += self._coming
        self._coming = whole[len(sound) :]
        noise = self._random.standard_normal(len(sound)) * 10 ** (self._echo.noise / 20)
        heard: Floats = (whole[: len(sound)] + noise) * 32768
        return heard


class Room:
    """Somebody in it, who may talk while the loudspeaker plays."""

    def __init__(self, echo: Echo) -> None:
        self._path = Path(echo)
        self._lock = threading.Lock()
        self._said: Floats = np.zeros(0)
        self.began = 0.0
        """On the monotonic clock, when the last word reached the microphone's feed; 0 until it did."""

    def say(self, sound: NDArray[np.int16]) -> None:
        """Begin to say that at once: int16 mono at RATE, as it reaches the microphone."""
        with self._lock:
            self._said, self.began = sound.astype(np.float64), 0.0

    def carry(self, ear: subprocess.Popen[bytes], mouth: subprocess.Popen[bytes]) -> None:
        """From the loudspeaker to the microphone, until one of them ends."""
        assert ear.stdout is not None
        assert mouth.stdin is not None
        while block := ear.stdout.read(2 * _BLOCK):
            heard = self._path(np.frombuffer(block[: len(block) // 2 * 2], np.int16))
            with self._lock:
                said, self._said = self._said[: len(heard)], self._said[len(heard) :]
                if len(said) and not self.began:
                    self.began = time.monotonic()
            heard[: len(said)] += said
            try:
                mouth.stdin.write(np.clip(heard, -32768, 32767).astype(np.int16).tobytes())
                mouth.stdin.flush()
            except (BrokenPipeError, ValueError):
                return


@contextmanager
def open_loudspeaker(card: SoundCard, echo: Echo) -> Iterator[Room]:
    """From here to the end of the block the virtual card's microphone hears its loudspeaker."""
    environment = {**os.environ, **card.environment}
    form = ["--raw", "--latency-msec=10", "--format=s16le", f"--rate={RATE}", "--channels=1"]
    ear = subprocess.Popen(
        ["parec", "-d", "spk_sink.monitor", *form],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    mouth = subprocess.Popen(
        ["pacat", "-p", "-d", "mic_sink", *form],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    room = Room(echo)
    thread = threading.Thread(target=room.carry, args=(ear, mouth), daemon=True)
    thread.start()
    try:
        yield room
    finally:
        ear.terminate()
        thread.join(10)
        mouth.terminate()
        for process in (ear, mouth):
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
