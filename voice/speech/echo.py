"""Takes our own voice out of what the microphone hears, so that a person can talk over it.

Cancellers want what was played and what was heard in step, sample by sample. Sound cards hand blocks over in bursts, so
both are laid on one time line first, by counting samples and looking at the clock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from voice.speech.linear import FRAME, LinearEcho
from voice.speech.sources import RATE, Resampler, Samples

HELD = 4 * RATE
"""Samples of what was played that are kept: an echo comes within 0.5 s, and the ears may be behind by some."""
TAIL = 1.0
"""Seconds after our voice for which the microphone is cleaned still: its echo in a large room, and the sound card's
own delay. After that it is passed on as it is, which is what the recogniser knows best."""
BEFORE = 0.2
"""Seconds of the microphone from before our voice that the cancellers hear too: when its first block was told, some of
what was heard then had been passed on as it is, and the hole let the first 0.05 s of each line through."""
LEARNT = 2.0
"""Seconds of our own voice after which the cancellers know the room (simulated rooms: 1 s to 20 dB)."""
AHEAD = 0.06
"""Seconds by which the microphone may be ahead of what is played on the clock: JITTER of both. More, and nothing is
played any more."""
JITTER = 0.03
"""Seconds by which the counted time may be off the clock, on average, before it is set anew."""
GAP = 0.25
"""Seconds of difference at which it is set anew at once: the stream stood still."""


class Timeline:
    """Lays the blocks of one stream on the clock. Blocks come with jitter, so samples are counted."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._off = 0.0

    def place(self, count: int, at: float) -> int:
        """Where a block of `count` samples begins, in samples of the clock; `at`: when the clock says that it began."""
        told = round(at * RATE)
        if self._next is None or abs(told - self._next) > GAP * RATE:
            self._next, self._off = told, 0.0
        self._off += 0.02 * (told - self._next - self._off)
        if abs(self._off) > JITTER * RATE:
            self._next += round(self._off)
            self._off = 0.0
        start = self._next
        self._next += count
        return start


class Played:
    """What the loudspeaker plays. `put` is called by the sound card's thread, all else by the ears'."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fresh: deque[tuple[Samples, int, float]] = deque(maxlen=500)
        self._line = Timeline()
        self._rate = 0
        self._resample = Resampler(RATE, 1, exact=True)
        self._sound = np.zeros(HELD, dtype=np.int16)
        self._until = 0
        self._loud_until = -HELD
        self.bypassed = False
        """Something else speaks for us now, of which nobody tells us what it plays."""
        self.away = False
        """It is played in another place than at first: from headphones it may have gone to a loudspeaker."""
        self.places = 0
        """How often it went to another place, there or back."""

    def put(self, block: Samples, rate: int) -> None:
        """This is played now: int16 mono at `rate` hertz."""
        self._fresh.append((block, rate, self._clock()))

    def moved(self, away: bool) -> None:
        """It comes out of another place now; `away` from the first one."""
        self.away = away
        self.places += 1

    def loud(self, index: int) -> bool:
        """Whether anything but silence was played within TAIL before that sample of the clock."""
        self._drain()
        return index - self._loud_until < TAIL * RATE

    @property
    def until(self) -> int:
        """The sample of the clock up to which it is known, when `loud` was asked last."""
        return self._until

    def sound(self, index: int, count: int) -> Samples:
        """16 kHz int16 mono from that sample of the clock on; silence where nothing was played."""
        places = np.arange(index, index + count)
        there = (places < self._until) & (places >= self._until - HELD)
        return np.where(there, self._sound[places % HELD], 0).astype(np.int16)

    def _drain(self) -> None:
        while self._fresh:
            block, rate, at = self._fresh.popleft()
            if rate != self._rate:
                self._rate, self._line = rate, Timeline()
                self._resample = Resampler(rate, 1, exact=True)
            samples = np.frombuffer(self._resample(block.tobytes()), dtype=np.int16)
            start = self._line.place(len(samples), at)
            end = start + len(samples)
            if start > self._until:  # nothing was played meanwhile
                self._sound[np.arange(max(self._until, start - HELD), start) % HELD] = 0
            self._sound[np.arange(start, end) % HELD] = samples
            self._until = end
            if samples.any():
                self._loud_until = end


class Canceller(Protocol):
    """Takes the echo of 10 ms of 16 kHz int16 mono out of another 10 ms."""

    def __call__(self, heard: Samples, played: Samples) -> Samples: ...


def webrtc() -> Canceller | None:
    """webrtc's canceller, AEC3, or None where this computer has none.

    It comes in LiveKit's package, of which nothing else is used: no connection is ever opened.
    """
    try:
        from livekit.rtc import AudioFrame
        from livekit.rtc.apm import AudioProcessingModule
    except (ImportError, OSError):
        return None
    # No noise suppression and no gain control: both are for people's ears, and harm recognition.
    module = AudioProcessingModule(echo_cancellation=True)

    def clean(heard: Samples, played: Samples) -> Samples:
        module.process_reverse_stream(AudioFrame(bytearray(played.tobytes()), RATE, 1, FRAME))
        frame = AudioFrame(bytearray(heard.tobytes()), RATE, 1, FRAME)
        module.process_stream(frame)
        return np.frombuffer(bytes(frame.data), dtype=np.int16)

    return clean


@dataclass(frozen=True)
class Cleaned:
    """A stretch of the microphone's sound without our own voice: 16 kHz int16 mono, both of one length."""

    sound: bytes
    """For the recogniser: a person's words unharmed, some echo left."""
    watched: bytes
    """For the endpoint: no echo left, but a person's first sounds pressed down with it."""


class EchoRemover:
    """Cleans the blocks of one microphone, in the order in which they came."""

    def __init__(self, played: Played, watch: Canceller, hear: Canceller | None = None) -> None:
        self._played, self._watch, self._hear = played, watch, hear or LinearEcho()
        self._own = self._places = 0
        self._before: deque[tuple[int, Samples]] = deque(maxlen=round(BEFORE * RATE / FRAME))
        self.forget()

    @property
    def knows_the_room(self) -> bool:
        """It heard enough of our voice, from where it comes now, to tell it from a person's."""
        if self._places != self._played.places:
            return False
        return self._own >= LEARNT * RATE and not self._played.bypassed

    def begin_anew(self) -> None:
        """Another microphone, or the same one in another place."""
        self._own = 0
        self.forget()

    def forget(self) -> None:
        """Sound was thrown away: the next block does not follow on the last."""
        self._line = Timeline()
        self._rest = b""
        self._before.clear()

    def __call__(self, block: bytes, at: float) -> Cleaned:
        """`at`: clock time of the block's end, in seconds. Up to 10 ms are held back for the next block, and up to
        AHEAD while it is not known yet what is played then: a hole in our own voice undoes what the cancellers learnt.
        """
        if self._places != self._played.places:
            self._places = self._played.places
            self.begin_anew()
        start = self._line.place(len(block) // 2, at - len(block) / 2 / RATE) - len(self._rest) // 2
        sound = self._rest + block
        loud = self._played.loud(start)
        known = len(sound) // 2
        if loud and self._played.until - start < known:
            known = max(self._played.until - start, known - round(AHEAD * RATE), 0)
        whole = 2 * (known - known % FRAME)
        self._rest = sound[whole:]
        frames = [
            (start + at // 2, np.frombuffer(sound[at : at + 2 * FRAME], dtype=np.int16))
            for at in range(0, whole, 2 * FRAME)
        ]
        if not loud:
            self._before += frames
            return Cleaned(sound[:whole], sound[:whole])
        while self._before:
            self._cleaned(*self._before.popleft())
        clean = [self._cleaned(*frame) for frame in frames]
        return Cleaned(b"".join(each.sound for each in clean), b"".join(each.watched for each in clean))

    def _cleaned(self, place: int, frame: Samples) -> Cleaned:
        own = self._played.sound(place, FRAME)
        self._own += FRAME if own.any() else 0
        return Cleaned(self._hear(frame, own).tobytes(), self._watch(frame, own).tobytes())


def echo_remover(played: Played, make: Callable[[], Canceller | None] = webrtc) -> EchoRemover | None:
    """None where there is no canceller: then our own voice is told by its words."""
    canceller = make()
    return None if canceller is None else EchoRemover(played, canceller)
