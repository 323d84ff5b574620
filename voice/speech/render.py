"""Words to samples, sentence by sentence. Needs no sound card."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile

from voice.errors import SpeakerError
from voice.speech.espeak import engine_in_memory
from voice.speech.sources import Samples

VOICES = ("en-gb-x-rp", "en-us", "en-gb", "en")
"""In order of liking: the first that is installed."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")
_QUIET = 160
"""Samples of int16 below this are silence at a sentence's edges: -46 dBFS."""


@dataclass(frozen=True)
class Clip:
    """One sentence, rendered."""

    samples: Samples
    """int16 mono, without silence at the edges."""
    rate: int
    """Hertz."""
    words: tuple[int, ...]
    """For each word of `text.split()`, the sample at which it begins."""


class Renderer(Protocol):
    """Something that turns a sentence into samples. Used from one thread only."""

    voice: str
    """Which voice; part of the cache's key."""

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        """Raises SpeakerError."""


def sentences(text: str) -> tuple[str, ...]:
    """The text cut after `.`, `!`, `?` or `…`. The words of all together are the words of `text.split()`."""
    parts: list[str] = []
    last = 0
    for match in _SENTENCE_END.finditer(text):
        parts.append(text[last : match.end()].strip())
        last = match.end()
    parts.append(text[last:].strip())
    return tuple(part for part in parts if part)


class EspeakRenderer:
    """espeak-ng through pyttsx3, in memory. About 12 ms for 2.5 s of speech."""

    def __init__(self, voice: str | None = None) -> None:
        """`voice` is an espeak name; without it, or where it isn't installed, the first of VOICES is taken.

        Raises SpeakerError where espeak-ng is missing.
        """
        try:
            self._engine, self._driver = engine_in_memory()
        except (OSError, ImportError, RuntimeError) as error:
            raise _no_voice() from error
        self.voice = ""
        for name in (voice, *VOICES) if voice else VOICES:
            try:
                self._driver.setProperty("voice", name)
            except ValueError:
                continue
            self.voice = name
            return
        raise _no_voice()

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        self._engine.setProperty("voice", self.voice)
        self._engine.setProperty("rate", words_per_minute)
        self._engine.setProperty("pitch", pitch)
        self._engine.say(sentence)
        self._engine.runAndWait()
        pcm, events = self._driver.take()
        samples = np.frombuffer(pcm, dtype=np.int16)
        if not samples.size and any(c.isalnum() for c in sentence):
            raise _no_voice()
        rate = self._driver.rate
        return _trimmed(samples, rate, _places(sentence, [(c, ms * rate // 1000) for c, ms in events]))


class FileRenderer:
    """Any pyttsx3 driver, through a file in a private folder that is gone at once. For macOS and Windows.

    Where words are in the sound is estimated by their length.
    """

    def __init__(self, voice: str | None = None, driver: str | None = None) -> None:
        """Raises SpeakerError where the driver doesn't start."""
        try:
            from pyttsx3.engine import Engine

            self._engine: Any = Engine(driver)
            if voice:
                self._engine.setProperty("voice", voice)
        except Exception as error:  # each driver raises its own
            raise _no_voice() from error
        self.voice = f"{self._engine}-{voice or 'default'}"

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        with tempfile.TemporaryDirectory(prefix="voice-") as folder:
            # AIFF is what nsss writes, wav the others; soundfile reads either, whatever the name.
            path = Path(folder) / "sentence.wav"
            try:
                self._engine.setProperty("rate", words_per_minute)
                self._engine.save_to_file(sentence, str(path))
                self._engine.runAndWait()
                samples, rate = soundfile.read(str(path), dtype="int16", always_2d=True)
            except Exception as error:  # each driver raises its own
                raise _no_voice() from error
        mono = samples.mean(axis=1).astype(np.int16)
        return estimated(mono, int(rate), sentence)


def best_renderer(voice: str | None = None) -> Renderer:
    """The one that comes with this machine; where it has no such voice, the first of VOICES. Raises SpeakerError where
    none works."""
    if sys.platform in ("darwin", "win32"):
        try:
            return FileRenderer(voice)
        except SpeakerError:
            pass
    return EspeakRenderer(voice)


def estimated(samples: Samples, rate: int, sentence: str) -> Clip:
    """A clip of int16 mono from an engine that does not tell where its words are: placed by their length."""
    clip = _trimmed(samples, rate, ())
    words = sentence.split()
    letters = [sum(len(w) + 1 for w in words[:n]) for n in range(len(words))]
    total = max(1, sum(len(w) + 1 for w in words))
    return Clip(clip.samples, clip.rate, tuple(len(clip.samples) * n // total for n in letters))


def silence(seconds: float, rate: int) -> Samples:
    """Zeros, int16."""
    return np.zeros(max(0, round(seconds * rate)), dtype=np.int16)


def _places(sentence: str, events: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The sample at which each word of `split()` begins, from (character, sample) events.

    "self-care" brings two events and "and/or" perhaps none: the first one within the word counts, or the word before.
    """
    places: list[int] = []
    for begin, end in _spans(sentence):
        inside = [sample for character, sample in events if begin <= character < end]
        places.append(max(inside[0] if inside else 0, places[-1] if places else 0))
    return tuple(places)


def _spans(sentence: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in re.finditer(r"\S+", sentence))


def _trimmed(samples: Samples, rate: int, words: tuple[int, ...]) -> Clip:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not loud.size:
        return Clip(samples[:0], rate, tuple(0 for _ in words))
    edge = rate // 100  # 10 ms more on either side, so that no soft consonant is cut
    first, last = max(0, int(loud[0]) - edge), min(len(samples), int(loud[-1]) + edge)
    return Clip(samples[first:last].copy(), rate, tuple(max(0, min(w, last) - first) for w in words))


def _no_voice() -> SpeakerError:
    return SpeakerError(
        "speaker-no-voice",
        "The part that speaks is missing.",
        "Install the package espeak-ng, or read the words on screen.",
    )
