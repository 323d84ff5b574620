"""One output stream, held open, that plays what it is given and falls silent within a block."""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import soxr

from voice.errors import SpeakerError, VoiceError
from voice.speech.devices import CLOSING, Audio, Device, portaudio
from voice.speech.pulse import Sink, sink_of_this_process, sinks
from voice.speech.sources import Samples, in_steps

MOVED, MOVED_OPEN = "speaker-moved", "speaker-moved-open"
"""Codes of the error that our sound comes out of another place; the second: where it was private before, and is not."""
LATENCY = "high"
"""PortAudio's word for about 35 ms, with blocks of about 9 ms of its own choosing. The only choice that played without
a gap at 44.1 and 48 kHz, whatever the sound server runs at; "low", or blocks of ours, broke up where the rates differ.
"""
SWITCH = 0.0005
"""Seconds after which Python takes the processor from a busy thread. With its own 0.005 the sound broke up while other
threads worked, because the sound card asks every 0.009."""
WATCH_EVERY = 2.0
"""Seconds between two looks at where the sound server plays our sound. One takes 0.02 s."""
DEAD_AFTER = 2.5
"""Seconds without the sound card asking for sound after which it counts as gone. A server that died is noticed at once.
"""
FIRST_AFTER = 4.0
"""The same before it asked for the first time: a sound server that was asleep takes up to 2 s."""
LOOK_EVERY = 0.1
"""Seconds between two looks at whether the utterance is over, at most."""
HELD_UP = 3.0
"""Seconds between two such looks after which this program itself stood still, and not the sound card."""


class Player:
    """Plays one utterance at a time, piece by piece. Pieces of an older utterance are refused by their token."""

    def __init__(
        self,
        device: str | None = None,
        audio: Audio | None = None,
        played: Callable[[Samples, int], None] | None = None,
        moved: Callable[[bool], None] | None = None,
    ) -> None:
        """`played` is told of each block and its rate as the sound card takes it, on the sound card's thread; `moved`
        that the sound comes out of another place than at first (True), or there again."""
        self._wanted = device
        self._tell, self._tell_moved = played, moved or (lambda away: None)
        self._audio = audio or portaudio()
        self._stream: Any = None
        self._left: list[Any] = []
        """Streams that could not be closed."""
        self._generation = -1
        self._channels = 1
        self._latency = 0.0
        self.rate = 0
        """Hertz at which the sound card is open; 0 while it is not."""
        self._sink: Sink | None = None
        self._home = ""
        """Where we played at first, while the sound server plays us elsewhere."""
        self._watch_at = 0.0
        self._last_call = 0.0
        self._opened = 0
        """Counts the streams, so that one that closes late says and takes nothing more."""
        self._asked = False
        """The sound card asked for sound since it was opened."""
        self._lock = threading.Lock()
        self._token = 0
        self._pieces: list[Samples] = []
        """Of the utterance, all of them: it may go back to the beginning of a word."""
        self._piece = self._at = 0
        self._gain = self._wanted_gain = 1.0
        self._played = self._given = 0
        self._marks: list[tuple[int, int]] = []
        self._complete = True
        self._dropping = False
        self._error: VoiceError | None = None
        self._looked_at = 0.0
        self._done = threading.Event()
        self._done.set()

    # ---- the stream

    def open(self) -> None:
        """Open it, or do nothing where it is open and alive. Raises SpeakerError."""
        if self._alive() and not self._home_again():
            return
        self.close()
        self._audio.bounded("out", self._open_or_refresh)

    def _open_or_refresh(self) -> None:
        try:
            self._open()
        except SpeakerError:
            if not self._audio.refresh(self):
                raise
            self._open()

    def close(self) -> None:
        """Let go of the sound card. May be called twice."""
        self.clear()
        stream, self._stream = self._stream, None
        self._opened += 1
        self.rate = 0
        if stream is None:
            return
        generation = self._generation

        def close() -> None:
            # PortAudio freed it already where it was started anew: touching it would crash.
            if generation == self._audio.generation:
                stream.close(ignore_errors=True)

        try:
            self._audio.bounded("out", close, CLOSING)
        except VoiceError:  # the sound server stands still; when it goes on, it calls what Python must not have freed
            self._left.append(stream)

    def _alive(self) -> bool:
        if self._stream is None:
            return False
        with self._audio.at_once() as free:
            if free and (self._generation != self._audio.generation or not self._stream.active):
                return False
        return time.monotonic() - self._last_call < (DEAD_AFTER if self._asked else FIRST_AFTER)

    def _open(self) -> None:
        sys.setswitchinterval(min(SWITCH, sys.getswitchinterval()))
        library = self._audio.library("out")
        device = self._audio.find("out", self._wanted)
        problem: Exception | None = None
        for rate, channels in _ways(device):
            try:
                # Before the first block is asked for, which is told with its rate.
                self.rate, self._channels = rate, channels
                self._opened += 1
                stream = library.OutputStream(
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    device=device.index,
                    latency=LATENCY,
                    callback=partial(self._callback, self._opened),
                )
                self._last_call, self._asked = time.monotonic(), False
                stream.start()
            except (library.PortAudioError, ValueError) as error:
                problem, self.rate = error, 0
                continue
            self._stream, self._generation = stream, self._audio.generation
            self._latency = float(stream.latency)
            self._watch_at = 0.0  # it may be another place than before the last one went
            return
        raise SpeakerError(
            "speaker-busy",
            f"The loudspeaker {device.name} does not open.",
            "Close what else uses it, or plug it in again.",
        ) from problem

    # ---- what is played

    def begin(self) -> int:
        """A new utterance; what was playing falls silent. Gives the token for its pieces."""
        with self._lock:
            self._token += 1
            self._pieces = []
            self._marks = []
            self._piece = self._at = self._played = self._given = 0
            self._gain = self._wanted_gain = 1.0
            self._complete = self._dropping = False
            self._error = None
            self._done.clear()
            self._looked_at = time.monotonic()
            self._audio.busy(self, True)
            return self._token

    def add(self, token: int, samples: Samples, marks: Sequence[tuple[int, int]] = ()) -> bool:
        """More of the utterance: int16 mono at `rate`, with (sample, word) marks. False where it is over already."""
        with self._lock:
            if token != self._token or self._complete:
                return False
            self._marks += [(self._given + sample, word) for sample, word in marks]
            self._given += len(samples)
            if len(samples):
                self._pieces.append(samples)
            return True

    def complete(self, token: int, error: VoiceError | None = None) -> None:
        """Nothing more comes for this utterance; `error` says that not all of it could be rendered."""
        with self._lock:
            if token != self._token or self._complete:
                return
            # What the sound card holds back has to be heard before the utterance is over.
            self._pieces.append(np.zeros(round(self._latency * self.rate), dtype=np.int16))
            self._complete = True
            self._error = error

    def clear(self) -> None:
        """Fall silent within a block, and drop the rest."""
        with self._lock:
            self._token += 1
            self._complete = True
            self._dropping, self._wanted_gain = True, 0.0
            self._done.set()
        self._audio.busy(self, False)

    def hold(self, on: bool) -> None:
        """Pause, or go on: from the beginning of the word that was being heard."""
        with self._lock:
            if self._dropping or self._wanted_gain == (0.0 if on else 1.0):
                return
            self._wanted_gain = 0.0 if on else 1.0
            if on:
                return
            heard = self._played - round(self._latency * self.rate)
            at = bisect_right(self._marks, (heard, 1 << 30))
            if at:
                self._go_to(self._marks[at - 1][0])

    def _go_to(self, sample: int) -> None:
        self._played, self._piece, self._at = sample, 0, sample
        while self._piece < len(self._pieces) and self._at >= len(self._pieces[self._piece]):
            self._at -= len(self._pieces[self._piece])
            self._piece += 1

    def word(self, default: int) -> int:
        """The mark that was heard last; `default` before the first."""
        with self._lock:
            heard = self._played - round(self._latency * self.rate)
            at = bisect_right(self._marks, (heard, 1 << 30))
            return self._marks[at - 1][1] if at else default

    def wait(self, seconds: float) -> bool:
        """True when the utterance is over. Raises SpeakerError where it can't be rendered, or the card went."""
        until = time.monotonic() + seconds
        while not self._done.wait(min(LOOK_EVERY, max(0.0, until - time.monotonic()))):
            if time.monotonic() - self._looked_at > HELD_UP:
                self._last_call = time.monotonic()  # the sound card could not ask
            self._looked_at = time.monotonic()
            if not self._alive():
                self._look_where_it_went()  # perhaps out of private: that matters more than that it stands still
                self.close()
                raise SpeakerError(
                    "speaker-gone",
                    "The loudspeaker went away.",
                    "Plug it in again, or read the words on the screen.",
                )
            self._watch()
            if time.monotonic() >= until:
                return False
        self._audio.busy(self, False)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return True

    def _watch(self) -> None:
        """Raises SpeakerError where our sound comes out of another place than before."""
        if time.monotonic() >= self._watch_at:
            self._look()

    def _look(self) -> None:
        before = self._sink
        self._watch_at = time.monotonic() + WATCH_EVERY
        self._sink = sink_of_this_process() or before
        if before is None or self._sink == before or self._sink is None:
            return
        if not self._home and self._sink.name != before.name:
            self._home = before.name
        self.clear()
        self._tell_moved(True)
        raise _moved(open_now=before.private and not self._sink.private)

    def _look_where_it_went(self) -> None:
        """Raises SpeakerError where our sound was to come out elsewhere when the stream broke: ALSA's pulse plugin
        may break it before the server has moved it. Where the next one will play nobody knows yet."""
        self._look()
        before = self._sink
        if before is None or before.name in (there := sinks()) or not there:
            return
        self._home, self._sink = self._home or before.name, None
        self.close()
        self._tell_moved(True)
        raise _moved(open_now=before.private)

    def _home_again(self) -> bool:
        """Whether what we played to at first is there again, after the sound server moved us."""
        if not self._home or self._home not in sinks():
            return False
        self._home, self._sink = "", None
        self._tell_moved(False)
        return True

    def _callback(self, opened: int, out: Any, frames: int, when: Any, status: Any) -> None:
        if opened != self._opened:  # a stream that could not be closed yet
            out.fill(0)
            return
        self._last_call, self._asked = time.monotonic(), True
        with self._lock:
            block = self._next(frames)
            out[:] = block.reshape(-1, 1)  # the same on every channel
            if self._tell is not None:
                self._tell(block, self.rate)
            if self._dropping and self._gain == 0.0:
                self._pieces = []
                self._piece = self._at = 0
            if self._complete and self._piece >= len(self._pieces):
                self._done.set()

    def _next(self, frames: int) -> Samples:
        block = np.zeros(frames, dtype=np.int16)
        if self._gain == 0.0 and self._wanted_gain == 0.0:
            return block
        filled = 0
        while filled < frames and self._piece < len(self._pieces):
            piece = self._pieces[self._piece][self._at : self._at + frames - filled]
            block[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._at += len(piece)
            if self._at >= len(self._pieces[self._piece]):
                self._piece += 1
                self._at = 0
        self._played += filled
        if self._gain != self._wanted_gain:  # fade within this block: a hard edge clicks
            block = (block * np.linspace(self._gain, self._wanted_gain, frames)).astype(np.int16)
            self._gain = self._wanted_gain
        return block


def _moved(open_now: bool) -> SpeakerError:
    return SpeakerError(
        MOVED_OPEN if open_now else MOVED,
        "My voice comes out of another place now.",
        "Say or press anything to hear me there, or plug it in again.",
    )


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """int16 mono at another rate, in hertz."""
    if rate == wanted or not len(samples):
        return samples
    return in_steps(soxr.resample(samples.astype(np.float32), rate, wanted, quality="HQ"))


def _ways(device: Device) -> Iterator[tuple[int, int]]:
    """(rate, channels) to try: what cards and sound servers mostly run at, then what the card says of itself."""
    tried: set[tuple[int, int]] = set()
    for rate in (48000, device.rate, 44100):
        for channels in (min(2, device.channels), 1, device.channels):  # some cards take all of theirs or none
            if (rate, channels) not in tried:
                tried.add((rate, channels))
                yield rate, channels
