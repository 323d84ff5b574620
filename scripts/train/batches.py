"""Which clips go together into a step: of one group, of about one length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.train.recordings import RATE, Clip, Recordings

_NEIGHBOURS = 3.0
"""A batch is drawn from clips this many times its size that are next to each other in length."""


@dataclass(frozen=True)
class Group:
    """Clips of one kind."""

    name: str
    share: float
    """Of the seconds of a step, relative to the other groups."""
    garbage: float
    """Probability that a word is taken for garbage."""
    pad: tuple[float, float]
    """Seconds of silence around a clip, least and most."""
    clips: tuple[Clip, ...]
    """Shortest first."""
    weights: NDArray[np.float64]
    """Of each clip in a draw: the square root of how seldom its text is. "left" was recorded 1,500 times, "yes" 200 and
    "six" 10 times; all must be heard."""


SHARES: Mapping[str, tuple[float, float, tuple[float, float]]] = {
    "librispeech": (0.42, 0.12, (0.0, 0.3)),
    "speech_commands": (0.29, 0.05, (0.0, 0.3)),
    "an4": (0.08, 0.08, (0.05, 0.3)),
    "synthetic-kokoro": (0.06, 0.08, (0.0, 0.3)),
    "synthetic": (0.15, 0.08, (0.1, 0.4)),
}
"""Of each source: share, garbage, pad. A source counts where its name begins so, by the first that fits."""


def groups(recordings: Recordings, longest: float = 17.0) -> list[Group]:
    """The clips by source, without those over `longest` seconds. Raises ValueError for a source without a share."""
    found = []
    left = [clip for clip in recordings.clips if clip.length <= longest * RATE]
    for name, (share, garbage, pad) in SHARES.items():
        clips = [clip for clip in left if clip.source.startswith(name)]
        left = [clip for clip in left if not clip.source.startswith(name)]
        if clips:
            # Among clips of one length in a drawn order: as they come, a thousand that say the same stand together.
            clips = [clips[place] for place in np.random.default_rng(1).permutation(len(clips))]
            clips.sort(key=lambda clip: clip.length)
            seen = Counter(clip.text for clip in clips)
            weights = np.array([seen[clip.text] ** -0.5 for clip in clips])
            found.append(Group(name, share, garbage, pad, tuple(clips), weights))
    if left:
        names = ", ".join(sorted({clip.source for clip in left}))
        raise ValueError(f"how often to use the recordings of {names}? Say so in SHARES in scripts/train/batches.py")
    return found


def chained(
    sounds: list[NDArray[np.int16]], texts: list[str], random: np.random.Generator, most: int = 4
) -> tuple[list[NDArray[np.int16]], list[str]]:
    """Single words put after each other, two to `most` at a time, with little silence between: as numbers are said."""
    made, said, place = [], [], 0
    while place < len(sounds):
        size = int(random.integers(2, most + 1))
        parts = []
        for sound in sounds[place : place + size]:
            parts += [_trimmed(sound), np.zeros(int(random.uniform(0, 0.15) * RATE), np.int16)]
        made.append(np.concatenate(parts))
        said.append(" ".join(texts[place : place + size]))
        place += size
    return made, said


def _trimmed(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    """Without the quiet before and after, down to 30 dB under the loudest 20 ms, less 60 ms to either side."""
    pieces = sound[: len(sound) // 320 * 320].astype(np.float32).reshape(-1, 320)
    power = (pieces**2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 1e-3) if len(power) else np.zeros(0, int)
    if not len(loud):
        return sound
    return sound[max(0, (loud[0] - 3) * 320) : (loud[-1] + 4) * 320]


def draw(kinds: list[Group], seconds: float, random: np.random.Generator) -> tuple[Group, list[Clip]]:
    """A group by share, and about `seconds` of its clips, all of about one length."""
    shares = np.array([kind.share for kind in kinds])
    group = kinds[int(random.choice(len(kinds), p=shares / shares.sum()))]
    lengths = np.array([clip.length for clip in group.clips], dtype=np.float64)
    # by seconds, so that long clips get their due; a batch's size follows from its length
    centre = int(random.choice(len(lengths), p=lengths / lengths.sum()))
    around = sum(group.pad) * RATE
    size = max(2, int(seconds * RATE / (group.clips[centre].length + around)))
    low = max(0, centre - int(size * _NEIGHBOURS / 2))
    near = np.arange(low, min(len(lengths), low + max(size, int(size * _NEIGHBOURS))))
    weights = group.weights[near]
    chosen = random.choice(near, size=min(size, len(near)), replace=False, p=weights / weights.sum())
    return group, [group.clips[int(number)] for number in chosen]
