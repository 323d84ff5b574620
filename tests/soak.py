"""Hours of waiting and talking in some minutes: the real ears, canceller and recognisers on a clock that runs ahead.

What is left out: the sound card and its drivers, and the person. What is real: every sample goes through cancelling,
endpointing and, where somebody talks, both recognisers; a turn is opened and closed as in a talk.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.echo_room import RATE, Echo
from tests.echo_room import Path as RoomPath
from voice.events import Heard, Kind, Listen
from voice.speech.ears import VoiceEars
from voice.speech.echo import Played, echo_remover
from voice.speech.recogniser import SpeechModel

Sound = NDArray[np.int16]
BLOCK = 320
ROUND = 180.0
"""Seconds after which the same comes again: our voice, an answer, a noise, silence."""
OWN_FROM, WORD_AT, NOISE_AT, NOISE_FOR = 5.0, 40.0, 90.0, 10.0
LISTEN = Listen("soak", Kind.YES_NO, ("yes", "no"), ("stop", "repeat"), end=1.2, soon=0.7)
PHRASES = ("yes", "no", "stop", "repeat", "emergency")


@dataclass
class Hour:
    """What one hour of sound cost and brought."""

    seconds: float = 0.0
    """Of processor time."""
    heard: int = 0
    megabytes: float = 0.0
    """Of memory in use at its end."""


class Day:
    """A source of sound that is always there: 16 kHz int16 mono in blocks of 20 ms, on a clock that it drives."""

    behind = 0.0
    ended = False

    def __init__(self, own: Sound, word: Sound) -> None:
        self.now = 100.0
        self.heard_at = self.now
        self.played = Played(lambda: self.now)
        self._path = RoomPath(Echo(0.06, -12, noise=-72))
        self._own, self._word = own, word
        random = np.random.default_rng(3)
        self._room = random.normal(0, 8, 20 * RATE).astype(np.int16)
        self._loud = random.normal(0, 500, int(NOISE_FOR) * RATE).astype(np.int16)
        self._place = 0

    def clock(self) -> float:
        return self.now

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def discard(self) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        at = (self._place % int(ROUND * RATE)) / RATE
        block = np.take(self._room, range(self._place, self._place + BLOCK), mode="wrap")
        own = _piece(self._own, at - OWN_FROM)
        self.played.put(own, RATE)
        if OWN_FROM <= at < OWN_FROM + len(self._own) / RATE + 1:
            block = block + self._path(own).astype(np.int16)
        block = block + _piece(self._word, at - WORD_AT) + _piece(self._loud, at - NOISE_AT)
        self._place += BLOCK
        self.now += BLOCK / RATE
        self.heard_at = self.now
        return block.astype(np.int16).tobytes()


def _piece(sound: Sound, seconds: float) -> Sound:
    at = round(seconds * RATE)
    if not -BLOCK < at < len(sound):
        return np.zeros(BLOCK, np.int16)
    piece = sound[max(0, at) : at + BLOCK]
    return np.pad(piece, (max(0, -at), BLOCK - len(piece) - max(0, -at)))


def soak(hours: int, model: SpeechModel, own: Sound, word: Sound) -> Iterator[Hour]:
    """Hour after hour of the same."""
    day = Day(own, word)
    ears = VoiceEars(model, lambda: day, clock=day.clock, echo=echo_remover(day.played))
    ears.open(LISTEN, PHRASES)
    for _ in range(hours):
        began, until, hour = time.process_time(), day.now + 3600, Hour()
        while day.now < until:
            sound = ears.poll(0.5)
            if isinstance(sound, Heard):
                hour.heard += sound.text == "yes"
                ears.open(LISTEN, PHRASES)
        hour.seconds = time.process_time() - began
        gc.collect()
        hour.megabytes = memory()
        yield hour
    ears.shut()


def memory() -> float:
    """Megabytes that this process has in use now. Linux; 0 elsewhere."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0.0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
