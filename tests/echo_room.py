"""A room with an open loudspeaker: what it plays comes back into the microphone, later, quieter, with a tail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from tests.sound_card import HERE, SoundCard

RATE = 16000
_BLOCK = 160

Floats = NDArray[np.float64]
Sound = NDArray[np.int16]


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
    """Somebody in a room, who may talk while the loudspeaker plays. The room is a program of its own: in this one it
    would keep the sound card's thread waiting, and real rooms do not do that."""

    def __init__(self, echo: Echo, environment: Mapping[str, str]) -> None:
        self.began = 0.0
        """On the monotonic clock, when the last word reached the microphone's feed; 0 until it did."""
        self._running = subprocess.Popen(
            [sys.executable, "-m", "tests.echo_room", json.dumps(asdict(echo))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**environment}, cwd=HERE,
        )  # fmt: skip
        assert self._running.stdout is not None
        self._running.stdout.readline()  # sound goes through it
        self._told = threading.Thread(target=self._listen, daemon=True)
        self._told.start()

    def say(self, sound: Sound) -> None:
        """Begin to say that at once: int16 mono at RATE, as it reaches the microphone."""
        assert self._running.stdin is not None
        self.began = 0.0
        self._running.stdin.write(len(sound).to_bytes(4, "little") + sound.astype(np.int16).tobytes())
        self._running.stdin.flush()

    def shut(self) -> None:
        """Nothing is carried any more."""
        assert self._running.stdin is not None
        self._running.stdin.close()
        self._running.wait(10)
        self._told.join(10)
        assert self._running.stdout is not None
        self._running.stdout.close()

    def _listen(self) -> None:
        assert self._running.stdout is not None
        for line in self._running.stdout:
            self.began = float(line)


@contextmanager
def open_loudspeaker(card: SoundCard, echo: Echo) -> Iterator[Room]:
    """From here to the end of the block the virtual card's microphone hears its loudspeaker."""
    room = Room(echo, {**os.environ, **card.environment})
    try:
        yield room
    finally:
        room.shut()


class _Carrying:
    """From the loudspeaker to the microphone, in the room's own program."""

    def __init__(self, echo: Echo) -> None:
        self._path = Path(echo)
        self._lock = threading.Lock()
        self._said: Floats = np.zeros(0)
        self._new = False
        form = ["--raw", "--latency-msec=10", "--format=s16le", f"--rate={RATE}", "--channels=1"]
        self._ear = subprocess.Popen(
            ["parec", "-d", "spk_sink.monitor", *form], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self._mouth = subprocess.Popen(
            ["pacat", "-p", "-d", "mic_sink", *form], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def run(self) -> None:
        """Until standard input ends, which brings what is said: a length in samples (4 bytes), and int16 samples. Tells
        when each begins: a line with the time of the monotonic clock."""
        threading.Thread(target=self._hear_what_is_said, daemon=True).start()
        assert self._ear.stdout is not None
        assert self._mouth.stdin is not None
        first = True
        while block := self._ear.stdout.read(2 * _BLOCK):
            heard = self._path(np.frombuffer(block[: len(block) // 2 * 2], np.int16))
            with self._lock:
                said, self._said = self._said[: len(heard)], self._said[len(heard) :]
                new, self._new = self._new and len(said) > 0, self._new and not len(said)
            if new or first:
                print(time.monotonic(), flush=True)
                first = False
            heard[: len(said)] += said
            try:
                self._mouth.stdin.write(np.clip(heard, -32768, 32767).astype(np.int16).tobytes())
                self._mouth.stdin.flush()
            except (BrokenPipeError, ValueError):
                break
        self._ear.terminate()
        self._mouth.terminate()

    def _hear_what_is_said(self) -> None:
        source = sys.stdin.buffer
        while len(size := source.read(4)) == 4:
            sound = np.frombuffer(source.read(2 * int.from_bytes(size, "little")), np.int16)
            with self._lock:
                self._said, self._new = sound.astype(np.float64), True
        self._ear.terminate()


if __name__ == "__main__":
    _Carrying(Echo(**json.loads(sys.argv[1]))).run()
