"""The live microphone: 16 kHz int16 mono, whatever the card does."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

from voice.errors import MicrophoneError
from voice.speech.devices import Audio, Device, portaudio
from voice.speech.pulse import is_monitor, source_of_this_process
from voice.speech.sources import RATE, Resampler

DEAD_AFTER = 2.0
"""Seconds without a single frame after which the microphone counts as gone. PortAudio's own flags are not reliable."""
FIRST_AFTER = 4.0
"""The same before the first frame: a sound server that was asleep took up to 2 s to send it."""
WATCH_EVERY = 3.0
"""Seconds between two looks at which source the sound server gives us."""
HELD = 1000
"""Blocks that wait at most, about 20 s; older sound is of no use to a talk."""
BLOCK_SECONDS = 0.02


class Microphone:
    """One microphone, by name or the default one. Can be started again after it went away."""

    def __init__(self, device: str | None = None, audio: Audio | None = None) -> None:
        self._wanted = device
        self._audio = audio or portaudio()
        self._stream: Any = None
        self._generation = -1
        self._blocks: queue.SimpleQueue[tuple[bytes, float]] = queue.SimpleQueue()
        self._resample = Resampler(RATE, 1)
        self._last_frame = 0.0
        self._flowing = False
        self._watch_at = 0.0
        self._may_be_monitor = False
        self.heard_at = 0.0
        """`time.monotonic()` when the block that `read` gave last had come in."""
        self.name = ""
        """Of the device that is open; empty while none is."""

    @property
    def behind(self) -> float:
        """Seconds of sound that wait to be read."""
        return self._blocks.qsize() * BLOCK_SECONDS

    @property
    def ended(self) -> bool:
        return False

    def start(self) -> None:
        """Open it. Raises MicrophoneError where there is none, or no way of opening it worked."""
        self.stop()
        with self._audio.lock:
            try:
                self._open()
            except MicrophoneError:
                # A card that was plugged in later is only seen after a refresh.
                if not self._audio.refresh(self):
                    raise
                self._open()
        self._audio.busy(self, True)
        # Somebody who names a loudspeaker's monitor means it, for a rehearsal; nobody else does.
        self._may_be_monitor = self._wanted is not None and is_monitor(source_of_this_process())
        self._watch_at = 0.0
        self._watch()

    def read(self, timeout_s: float) -> bytes | None:
        """The next block of 16 kHz int16 mono; None where none came in time. Raises MicrophoneError if it is gone."""
        if self._stream is None:
            raise _gone(self._wanted)
        if self._generation != self._audio.generation:  # the list of devices was read again: our stream ended with it
            self._stream = None
            self.start()
        self._watch()
        try:
            block, self.heard_at = self._blocks.get(timeout=max(timeout_s, 0.001))
            return self._resample(block)
        except queue.Empty:
            pass
        with self._audio.lock:
            alive = self._generation == self._audio.generation and bool(self._stream.active)
        limit = DEAD_AFTER if self._flowing else FIRST_AFTER
        if not alive or time.monotonic() - self._last_frame > limit:
            self.stop()
            raise _gone(self._wanted)
        return None

    def discard(self) -> None:
        """Throw away what waits to be read."""
        while True:
            try:
                self._blocks.get_nowait()
            except queue.Empty:
                return

    def stop(self) -> None:
        """Close it. May be called twice."""
        stream, self._stream = self._stream, None
        self.name = ""
        self._audio.busy(self, False)
        if stream is None:
            return
        with self._audio.lock:
            # PortAudio freed it already where it was started anew: touching it would crash.
            if self._generation == self._audio.generation:
                stream.close(ignore_errors=True)
        self.discard()

    def _watch(self) -> None:
        """Raises MicrophoneError where the sound server has given us our own loudspeaker instead of a microphone."""
        if self._may_be_monitor or time.monotonic() < self._watch_at:
            return
        self._watch_at = time.monotonic() + WATCH_EVERY
        if is_monitor(source_of_this_process()):
            self.stop()
            raise _gone(self._wanted)

    def _open(self) -> None:
        library = self._audio.library("in")
        device = self._audio.find("in", self._wanted)
        problem: Exception | None = None
        for rate, channels in _ways(device):
            self._last_frame, self._flowing = time.monotonic(), False
            try:
                stream = library.RawInputStream(
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    device=device.index,
                    blocksize=int(rate * BLOCK_SECONDS),
                    latency="low",
                    callback=self._callback,
                )
                stream.start()
            except (library.PortAudioError, ValueError) as error:
                problem = error
                continue
            self._stream, self._generation = stream, self._audio.generation
            self._resample = Resampler(rate, channels)
            self.name = device.name
            return
        raise MicrophoneError(
            "microphone-busy",
            f"The microphone {device.name} does not open.",
            "Close what else uses it, or plug it in again.",
        ) from problem

    def _callback(self, data: Any, frames: int, when: Any, status: Any) -> None:
        self._last_frame, self._flowing = time.monotonic(), True
        if self._blocks.qsize() < HELD:
            self._blocks.put((bytes(data), self._last_frame))


def _ways(device: Device) -> Iterator[tuple[int, int]]:
    """(rate, channels) to try: what we want first, then what the card says of itself, then what every card can."""
    tried: set[tuple[int, int]] = set()
    for rate in (RATE, device.rate, 48000, 44100):
        for channels in (1, min(2, device.channels)):
            if (rate, channels) not in tried:
                tried.add((rate, channels))
                yield rate, channels


def _gone(wanted: str | None) -> MicrophoneError:
    return MicrophoneError(
        "microphone-gone",
        f"The microphone {wanted} went away." if wanted else "The microphone went away.",
        "Plug it in again and I'll hear you, or answer with the keys.",
    )
