"""The live microphone: 16 kHz int16 mono, whatever the card does."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from voice.errors import MicrophoneError, VoiceError
from voice.speech.devices import CLOSING, Audio, Device, portaudio
from voice.speech.pulse import inputs, is_monitor, source_of_this_process
from voice.speech.sources import RATE, Resampler

MOVED = "microphone-moved"
"""Code of the error that another microphone is heard now. It is open, and `read` goes on."""
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
        self._left: list[Any] = []
        """Streams that could not be closed."""
        self._generation = -1
        self._blocks: queue.SimpleQueue[tuple[bytes, float]] = queue.SimpleQueue()
        self._resample = Resampler(RATE, 1)
        self._opened = 0
        """Counts the streams, so that one that closes late brings nothing more."""
        self._last_frame = 0.0
        self._flowing = False
        self._watch_at = 0.0
        self._may_be_monitor = False
        self._source: str | None = None
        self._home = ""
        """The source we were moved away from because it went."""
        self.heard_at = 0.0
        """`time.monotonic()` when the block that `read` gave last had come in."""
        self.name = ""
        """Of the device that is open; empty while none is."""

    @property
    def behind(self) -> float:
        """Seconds of sound that wait to be read."""
        return self._blocks.qsize() * BLOCK_SECONDS

    @property
    def _cut(self) -> bool:
        """The list of devices was read again, for a loudspeaker, and our stream ended with it."""
        return self._generation != self._audio.generation

    @property
    def ended(self) -> bool:
        return False

    def start(self) -> None:
        """Open it. Raises MicrophoneError where there is none, or no way of opening it worked."""
        self.stop()
        self._audio.bounded("in", self._open_or_refresh)
        self._audio.busy(self, True, gives_way=True)
        self._source, self._home = source_of_this_process(), ""
        # Somebody who names a loudspeaker's monitor means it, for a rehearsal; nobody else does.
        self._may_be_monitor = self._wanted is not None and is_monitor(self._source)
        self._watch_at = 0.0
        self._watch()

    def _open_or_refresh(self) -> None:
        try:
            self._open()
        except MicrophoneError:
            # A card that was plugged in later is only seen after a refresh.
            if not self._audio.refresh(self):
                raise
            self._open()

    def read(self, timeout_s: float) -> bytes | None:
        """The next block of 16 kHz int16 mono; None where none came in time.

        Raises MicrophoneError if it is gone; and with the code MOVED, once, where another one is heard in its place.
        """
        if self._stream is None:
            raise _gone(self._wanted)
        if self._cut and not self.behind:  # what was heard before is not lost
            self._stream = None
            self.start()
        self._watch()
        try:
            block, self.heard_at = self._blocks.get(timeout=max(timeout_s, 0.001))
            return self._resample(block)
        except queue.Empty:
            pass
        with self._audio.at_once() as free:
            alive = not free or self._cut or bool(self._stream.active)
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
        self._opened += 1
        self.name = ""
        self._audio.busy(self, False)
        if stream is None:
            return
        generation = self._generation

        def close() -> None:
            # PortAudio freed it already where it was started anew: touching it would crash.
            if generation == self._audio.generation:
                stream.close(ignore_errors=True)

        try:
            self._audio.bounded("in", close, CLOSING)
        except VoiceError:  # the sound server stands still; when it goes on, it calls what Python must not have freed
            self._left.append(stream)
        self.discard()

    def _watch(self) -> None:
        """Raises MicrophoneError where the sound server has given us our own loudspeaker instead of a microphone, or
        another microphone."""
        now = time.monotonic()
        # A server from which no sound comes would keep us waiting for its answer.
        if self._may_be_monitor or now < self._watch_at or (self._flowing and now - self._last_frame > WATCH_EVERY / 2):
            return
        self._watch_at = now + WATCH_EVERY
        if self._home and self._home in {each.name for each in inputs()}:
            self.start()
            raise _moved(self._source)
        before, self._source = self._source, source_of_this_process() or self._source
        if is_monitor(self._source):
            self.stop()
            raise _gone(self._wanted)
        if before is None or self._source == before:
            return
        there = {each.name for each in inputs()}
        self._home = self._home or ("" if before in there else before)  # else somebody chose another one
        raise _moved(self._source)

    def _open(self) -> None:
        library = self._audio.library("in")
        device = self._audio.find("in", self._wanted)
        problem: Exception | None = None
        for rate, channels in _ways(device):
            self._last_frame, self._flowing = time.monotonic(), False
            self._opened += 1
            try:
                stream = library.RawInputStream(
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    device=device.index,
                    blocksize=int(rate * BLOCK_SECONDS),
                    latency="low",
                    callback=partial(self._callback, self._opened),
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

    def _callback(self, opened: int, data: Any, frames: int, when: Any, status: Any) -> None:
        if opened != self._opened:  # a stream that could not be closed yet
            return
        self._last_frame, self._flowing = time.monotonic(), True
        if self._blocks.qsize() < HELD:
            self._blocks.put((bytes(data), self._last_frame))


def _ways(device: Device) -> Iterator[tuple[int, int]]:
    """(rate, channels) to try: what we want first, then what the card says of itself, then what every card can."""
    tried: set[tuple[int, int]] = set()
    for rate in (RATE, device.rate, 48000, 44100):
        for channels in (1, min(2, device.channels), device.channels):  # some cards take all of theirs or none
            if (rate, channels) not in tried:
                tried.add((rate, channels))
                yield rate, channels


def _moved(source: str | None) -> MicrophoneError:
    name = next((each.words for each in inputs() if each.name == source and each.words), source or "another one")
    return MicrophoneError(
        MOVED,
        f"I hear you through another microphone now: {name}.",
        "If it is the wrong one, choose another in the sound settings of this computer.",
    )


def _gone(wanted: str | None) -> MicrophoneError:
    return MicrophoneError(
        "microphone-gone",
        f"The microphone {wanted} went away." if wanted else "The microphone went away.",
        "Plug it in again and I'll hear you, or answer with the keys.",
    )
