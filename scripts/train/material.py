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
        """The texts as phones; an unknown word has none."""
        known = self.lexicon
        return [[known[word][0] if word in known else () for word in text] for text in self.texts]

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
        whole = Shape(units.outputs, **(shape or {}))
        return Training(
            self.sound, self.lexicon, units, everything, whole, plan, list(self.noises), folder, device, team
        )
