"""Step "prepare": all recordings and synthetic speech as one array in memory, with what is said in each."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 16000
"""Hertz. Everything is mono int16 at this rate."""


@dataclass(frozen=True)
class Clip:
    """One recording."""

    start: int
    """Its first sample in its array."""
    length: int
    """Samples."""
    text: str
    """Lower case words, one space between them."""
    speaker: str
    source: str
    """The set that it comes from; begins with "synthetic" where nobody spoke."""
    part: int = 0
    """Which of the arrays."""


@dataclass(frozen=True)
class Recordings:
    """Clips, and the samples of them all: int16 mono, RATE hertz, in one array for each part."""

    samples: tuple[NDArray[np.int16], ...]
    clips: tuple[Clip, ...]

    def sound(self, clip: Clip) -> NDArray[np.int16]:
        """The samples of one clip."""
        return self.samples[clip.part][clip.start : clip.start + clip.length]

    @property
    def hours(self) -> float:
        return sum(clip.length for clip in self.clips) / RATE / 3600


def load(file: Path) -> NDArray[np.int16]:
    """A sound file as int16 mono at RATE. Raises soundfile.LibsndfileError."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE)
    return np.asarray(np.clip(mono, -1, 1) * 32767).astype(np.int16)


def manifest(folder: Path, split: str) -> Iterator[tuple[Path, str, str, str]]:
    """(file, text, speaker, set) of `split` in the folder's manifest.tsv: path, text, speaker, set, split, seconds."""
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["split"] == split:
                yield folder / row["path"], row["text"].lower().strip(), row["speaker"], row["set"]


def prepare(entries: Iterable[tuple[Path, str, str, str]], into: Path) -> Recordings:
    """Decode `entries` into `into`: NAME.i16 (the samples) and NAME.tsv (the clips)."""
    into.parent.mkdir(parents=True, exist_ok=True)
    clips: list[Clip] = []
    place = 0
    into.with_suffix(".tsv").unlink(missing_ok=True)  # it comes last, and says that all is there
    part = into.with_suffix(".part")
    with part.open("wb") as out:
        for file, text, speaker, source in entries:
            sound = load(file)
            sound.tofile(out)
            clips.append(Clip(place, len(sound), text, speaker, source))
            place += len(sound)
    part.replace(into.with_suffix(".i16"))
    with part.open("w", encoding="utf-8") as table:
        for clip in clips:
            table.write(f"{clip.start}\t{clip.length}\t{clip.text}\t{clip.speaker}\t{clip.source}\n")
    part.replace(into.with_suffix(".tsv"))
    return prepared(into)


def prepared(path: Path) -> Recordings:
    """What `prepare` left; its samples stay on the disk until they are used. Raises FileNotFoundError, ValueError."""
    clips = []
    for line in path.with_suffix(".tsv").read_text(encoding="utf-8").splitlines():
        start, length, text, speaker, source = line.split("\t")
        clips.append(Clip(int(start), int(length), text, speaker, source))
    sound = path.with_suffix(".i16")
    samples = np.memmap(sound, dtype=np.int16, mode="r") if sound.stat().st_size else np.zeros(0, np.int16)
    if clips and clips[-1].start + clips[-1].length != len(samples):
        raise ValueError(f"{sound} does not fit {path.with_suffix('.tsv')}: delete both, and prepare them again")
    return Recordings((samples,), tuple(clips))


def join(parts: Iterable[Recordings]) -> Recordings:
    """All of `parts` as one. Raises ValueError where there is no sound."""
    samples: list[NDArray[np.int16]] = []
    clips: list[Clip] = []
    for recordings in parts:
        clips += [replace(clip, part=clip.part + len(samples)) for clip in recordings.clips]
        samples += recordings.samples
    if not clips:
        raise ValueError("there is no sound to learn from: prepare recordings, or synthesise speech")
    return Recordings(tuple(samples), tuple(clips))


def of_some(recordings: Recordings, share: float) -> Recordings:
    """About `share` of the people (0 to 1), with all that they said, and all synthetic speech. The same people each
    time, and each larger share holds the smaller ones: what more voices bring is measured with it."""

    def among(clip: Clip) -> bool:
        return clip.source.startswith("synthetic") or zlib.crc32(clip.speaker.encode()) < share * (1 << 32)

    return Recordings(recordings.samples, tuple(clip for clip in recordings.clips if among(clip)))
