"""What a training learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.train.denominator import Denominator, count
from scripts.train.learn import Plan, Training
from scripts.train.lexicon import Lexicon
from scripts.train.network import Shape
from scripts.train.recordings import Recordings
from scripts.train.together import Team
from scripts.train.units import Units

_GARBAGE, _PAUSE = 0.1, 0.1
"""Of the words in the model of what might be said: garbage; with a pause before them."""


@dataclass(frozen=True)
class Material:
    """Sound, the dictionary, the texts that phones are counted in, and noises (float32 at 16 kHz)."""

    sound: Recordings
    lexicon: Lexicon
    texts: Sequence[Sequence[str]]
    noises: Sequence[NDArray[np.float32]]

    @property
    def spoken(self) -> list[list[Sequence[str]]]:
        """The texts as phones, each with each of its words' ways in turn; an unknown word has none."""
        known = self.lexicon

        def way(word: str, turn: int) -> Sequence[str]:
            ways = known.words.get(word, ((),))
            return ways[turn % len(ways)]

        # 6 is a multiple of 1, 2 and 3, the numbers of ways that there are: each way is counted alike
        return [
            [way(word, turn + place) for place, word in enumerate(text)] for text in self.texts for turn in range(6)
        ]

    @property
    def ways(self) -> list[Sequence[str]]:
        """All words of the texts as phones."""
        return [way for line in self.spoken for way in line if way]

    def training(
        self,
        units: Units,
        plan: Plan,
        folder: Path,
        device: str,
        shape: Mapping[str, Any] | None,
        team: Team | None = None,
    ) -> Training:
        """A training of a network that tells `units` apart; it keeps its checkpoints in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        everything = Denominator(units, count(units, self.spoken, _GARBAGE, _PAUSE, plan.seed))
        whole = Shape(**{**(shape or {}), "outputs": units.outputs})
        return Training(
            self.sound, self.lexicon, units, everything, whole, plan, list(self.noises), folder, device, team
        )
