"""Sets of recordings for `scripts/bench hearing`: who says what, what was live, and what should be refused."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.train import noises as noise_files
from scripts.train.recordings import RATE, load

YES_NO = ("yes", "no")
COMMANDS = (
    "yes", "no", "stop", "go", "up", "down", "left", "right", "on", "off", "help", "repeat", "start", "enter", "erase",
)  # fmt: skip
"""The live commands of the real recordings that there are; "the 15 commands"."""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = (
    *DIGITS, "oh", "and", "hundred", "thousand", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_DEEP, _HIGH = 160.0, 255.0
"""Hertz: borders between deep, middle and high voices."""


@dataclass(frozen=True)
class Clip:
    """A recording of one person."""

    sound: NDArray[np.int16]
    """Mono at RATE."""
    text: str
    speaker: str

    @property
    def seconds(self) -> float:
        return len(self.sound) / RATE


@dataclass(frozen=True)
class Set:
    """Clips that say something live, and foreign ones that do not."""

    name: str
    live: tuple[str, ...]
    """The grammar; empty for free recognition."""
    clips: tuple[Clip, ...]
    foreign: tuple[Clip, ...] = ()
    """Other single words."""
    aim: str = ""
    beside: Mapping[str, tuple[Clip, ...]] = field(default_factory=dict)
    """What else is no answer, by kind: pieces of other people's talk, as from a television, and of noise."""
    chained: bool = False
    """Live words may follow each other: an answer is any string of them."""


def read(folder: Path, split: str = "dev") -> list[Clip]:
    """Recordings of a folder: by its manifest.tsv (path, text, speaker, set, split), else files named by their text.

    "say that again-2.wav" says "say that again", and the folder that it lies in is the speaker.
    """
    manifest = folder / "manifest.tsv"
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        wanted = [row for row in rows if row.get("split", split) == split]
        return [Clip(load(folder / row["path"]), row["text"].lower(), row["speaker"]) for row in wanted]
    files = sorted(f for f in folder.rglob("*") if f.suffix in (".wav", ".flac", ".ogg", ".opus"))
    return [Clip(load(f), f.stem.split("-")[0].replace("_", " ").strip().lower(), f.parent.name) for f in files]


def sets(
    clips: Sequence[Clip], phrases: Sequence[str], most: int, noise: Sequence[NDArray[np.int16]] = (), seed: int = 1
) -> list[Set]:
    """The bench's sets, those that have clips; `phrases` are this program's own live ones, to fill up to 120."""
    draw = random.Random(seed)
    beside = _beside(clips, noise, min(most, 40))

    def some(chosen: Iterable[Clip]) -> tuple[Clip, ...]:
        every = list(chosen)
        return tuple(draw.sample(every, most) if len(every) > most else every)

    def closed(name: str, live: Sequence[str], aim: str) -> Set:
        inside = some(c for c in clips if c.text in live)
        outside = some(c for c in clips if c.text not in live and len(c.text.split()) == 1)
        return Set(name, tuple(live), inside, outside, aim, beside)

    short = sorted({c.text for c in clips if len(c.text.split()) <= 3 and not _numeric(c.text)})
    heard = set(draw.sample(short, max(1, len(short) * 3 // 4))) if short else set()
    many = list(dict.fromkeys([*sorted(heard), *phrases]))[: max(120, len(heard))]
    strings = [c for c in clips if len(c.text.split()) > 1 and _numeric(c.text)]
    reading = [c for c in clips if len(c.text.split()) > 3 and not _numeric(c.text) and not _spelt(c.text)]
    found = [
        closed("yes or no", YES_NO, "99 %; refused 90 %, taken for the other 1 %"),
        closed("15 commands", COMMANDS, "97 %, at 10 dB 90 %; refused 65 %"),
        closed("numbers to ten", DIGITS, "97 %"),
        Set("strings of numbers", NUMBERS, some(strings), (), "92 % wholly right", chained=True),
        closed("120 phrases", many, "92 %; refused 50 %"),
        Set("free reading", (), some(reading), (), "at most 35 % of words wrong"),
    ]
    return [one for one in found if one.clips]


def _beside(clips: Sequence[Clip], noise: Sequence[NDArray[np.int16]], most: int) -> dict[str, tuple[Clip, ...]]:
    """Up to `most` pieces of 1 to 3 seconds of each kind: of sentences, and of noise at an ordinary loudness."""
    draw = random.Random(2)

    def pieces(kind: str, sounds: Sequence[NDArray[np.int16]]) -> tuple[Clip, ...]:
        found = []
        for sound in draw.sample(list(sounds), min(most, len(sounds))):
            length = int(draw.uniform(1, 3) * RATE)
            place = draw.randrange(max(1, len(sound) - length))
            found.append(Clip(sound[place : place + length], "", kind))
        return tuple(found)

    talk = [c.sound for c in clips if len(c.text.split()) > 6 and not _numeric(c.text) and not _spelt(c.text)]
    loud = [
        (n * (1500 / max(1.0, float(np.sqrt(np.mean(n.astype(np.float64) ** 2)))))).clip(-32768, 32767) for n in noise
    ]
    kinds = {"talk": pieces("talk", talk), "noise": pieces("noise", [n.astype(np.int16) for n in loud])}
    return {kind: found for kind, found in kinds.items() if found}


def _numeric(text: str) -> bool:
    return all(word in NUMBERS for word in text.split())


def _spelt(text: str) -> bool:
    words = text.split()
    return sum(len(word) == 1 for word in words) > len(words) / 3


def noisy(sound: NDArray[np.int16], noises: Sequence[NDArray[np.int16]], ratio: float, draw: random.Random) -> NDArray[np.int16]:  # fmt: skip # noqa: E501
    """`sound` with a piece of a noise, `ratio` decibels under its louder half."""
    noise = draw.choice(noises).astype(np.float32)
    place = draw.randrange(len(noise))
    piece = np.take(noise, range(place, place + len(sound)), mode="wrap")
    pieces = sound[: len(sound) // 320 * 320].astype(np.float32).reshape(-1, 320)
    power = np.sort((pieces**2).mean(axis=1))[len(pieces) // 2 :].mean()
    scale = np.sqrt(power / ((piece**2).mean() + 1e-3)) * 10 ** (-ratio / 20)
    return np.asarray(np.clip(sound + piece * scale, -32768, 32767)).astype(np.int16)


def noises(folder: Path | None, seed: int = 1) -> list[NDArray[np.int16]]:
    """Recorded noise from `folder`, if there is any; else hiss, rumble and hum, made here."""
    found = map(load, noise_files.files(folder, measuring=True)) if folder else ()
    if loud := [sound for sound in found if len(sound) > RATE and np.abs(sound).max() > 30]:
        return loud
    random_ = np.random.default_rng(seed)
    white = random_.standard_normal(RATE * 5)
    rumble = np.convolve(white, np.ones(80) / 80, mode="same") * 6
    hum = np.sin(np.arange(RATE * 5) * 2 * np.pi * 100 / RATE) + 0.2 * white
    return [(1000 * noise).astype(np.int16) for noise in (white, rumble, hum)]


def voices(clips: Sequence[Clip]) -> dict[str, str]:
    """Each speaker's kind of voice, by the median pitch of what they say: the recordings do not tell of anybody."""
    pitches: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        pitches[clip.speaker] += _pitches(clip.sound)
    kinds = {}
    for speaker, found in pitches.items():
        middle = float(np.median(found)) if found else 0.0
        kinds[speaker] = "deep voices" if middle < _DEEP else "high voices" if middle > _HIGH else "middle voices"
    return kinds


def _pitches(sound: NDArray[np.int16]) -> list[float]:
    """Hertz for each 40 ms piece that is clearly voiced, by autocorrelation between 70 and 400 Hz."""
    found = []
    for start in range(0, min(len(sound), 5 * RATE) - 640, 640):
        piece = sound[start : start + 640].astype(np.float64)
        piece -= piece.mean()
        if np.sqrt((piece**2).mean()) < 300:
            continue
        spectrum = np.abs(np.fft.rfft(piece, 2048)) ** 2
        same = np.fft.irfft(spectrum)[:400]
        lag = int(np.argmax(same[40:229])) + 40
        if same[lag] > 0.5 * same[0]:
            found.append(RATE / lag)
    return found
