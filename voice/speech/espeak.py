"""A pyttsx3 driver of our own: espeak-ng's sound in memory, with the place of every word in it.

The driver that pyttsx3 brings writes what it speaks to a file, plays it by another program, and can't be stopped. Here
nothing touches the disk: what is spoken may be personal.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from voice.speech.driver import MemoryDriver, engine_of

DRIVER = "afterwards_memory"

SLOWEST, FASTEST = 80, 450
"""Words a minute that espeak-ng can do; told to go slower than 80, it stays there without a word."""
_SLOWLY = ((68, 80, 85), (SLOWEST, 90, 90))
"""Below so many words a minute the words are spoken at this setting, which comes out as so many words a minute, and the
rest of the time goes between them, as with a person who speaks slowly. Two: the first step of a gap is a large one."""
_GAP_BEGINS, _GAP_STEP = 5.2, 2.5
"""Seconds that a gap, and each further step of it, takes for every word, times the words a minute: measured."""
_WORDGAP = 7
"""espeak_PARAMETER's number for it; pyttsx3 calls it by another name."""
SYNCHRONOUS = 2
"""espeak's output mode in which `Synth` returns when all the sound was delivered."""


class EspeakInMemory(MemoryDriver):
    """What pyttsx3 asks of a driver, and `take` for us. One at a time in a process: espeak is global, and it stays
    initialised, because it can't be ended and begun again within a process."""

    def __init__(self) -> None:
        """Raises OSError, ImportError or RuntimeError where espeak-ng is not installed."""
        super().__init__()
        self._espeak, self.rate = _espeak()
        self._pcm: list[bytes] = []
        self._words: list[tuple[int, int]] = []
        self._pace = 200

    def take(self) -> tuple[bytes, list[tuple[int, int]]]:
        """What was spoken since the last call: int16 mono at `rate` hertz, and (character, milliseconds) a word."""
        spoken = b"".join(self._pcm), self._words
        self._pcm, self._words = [], []
        return spoken

    def speak(self, text: str) -> bool:
        # Set anew each time: the last one to set it is the one that espeak calls.
        self._espeak.SetSynthCallback(self._collect)
        if self._pace >= SLOWEST:
            return self._synth(text, self._pace)
        setting, comes_out = next(each[1:] for each in _SLOWLY if self._pace < each[0])
        before, self._pcm, self._words = (self._pcm, self._words), [], []
        whole = self._synth(text, setting)
        (pcm, words), (self._pcm, self._words) = self.take(), before
        gaps = len(words) - 1
        if gaps < 1 or not whole:  # nothing to put a pause between
            return self._synth(text, setting)
        spoken = len(pcm.rstrip(b"\0")) / 2 / self.rate
        longer = spoken * (comes_out / self._pace - 1)
        return self._synth(text, setting, max(0, round((longer * comes_out / gaps - _GAP_BEGINS) / _GAP_STEP)))

    def _synth(self, text: str, words_per_minute: int, gap: int = 0) -> bool:
        self._espeak.SetParameter(self._espeak.RATE, words_per_minute, 0)
        self._espeak.SetParameter(_WORDGAP, gap, 0)
        return bool(self._espeak.Synth(text.encode("utf-8"), flags=self._espeak.CHARS_UTF8) == self._espeak.EE_OK)

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        if name == "voice":
            if self._espeak.SetVoiceByName(str(value).encode("utf-8")) != self._espeak.EE_OK:
                raise ValueError(f"espeak has no voice {value}")
        elif name == "rate":
            self._pace = max(1, min(FASTEST, int(value)))
        elif name == "pitch":
            self._espeak.SetParameter(self._espeak.PITCH, max(0, min(99, int(value))), 0)
        elif name == "volume":
            self._espeak.SetParameter(self._espeak.VOLUME, round(float(value) * 100), 0)
        else:
            raise KeyError(name)

    def getProperty(self, name: str) -> Any:  # noqa: N802
        if name == "voice":
            voice = self._espeak.GetCurrentVoice()
            return voice.contents.identifier.decode("utf-8") if voice else ""
        if name == "voices":
            return [v.identifier.decode("utf-8") for v in self._espeak.ListVoices(None)]
        if name == "rate":
            return self._pace
        parameter = {"pitch": self._espeak.PITCH, "volume": self._espeak.VOLUME}[name]
        value = self._espeak.GetParameter(parameter)
        return value / 100 if name == "volume" else value

    def _collect(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._pcm.append(ctypes.string_at(wave, count * 2))
        at = 0
        while events[at].type != self._espeak.EVENT_LIST_TERMINATED:
            # Some sentences end with one that stands at no character.
            if events[at].type == self._espeak.EVENT_WORD and events[at].text_position > 0:
                self._words.append((events[at].text_position - 1, events[at].audio_position))
            at += 1
        return 0


def engine_in_memory() -> tuple[Any, EspeakInMemory]:
    """A pyttsx3 engine that speaks into memory, and the driver to take the sound from."""
    driver = EspeakInMemory()
    return engine_of(driver, DRIVER), driver


@functools.cache
def _espeak() -> tuple[Any, int]:
    """(pyttsx3's ctypes binding, hertz). Initialised once in a process, because espeak can't do it twice."""
    from pyttsx3.drivers import _espeak as binding  # loads libespeak-ng, or raises

    rate = binding.Initialize(SYNCHRONOUS, 200)
    if rate <= 0:
        raise RuntimeError("espeak-ng does not start")
    return binding, int(rate)
