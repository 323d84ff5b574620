"""Phones as Kaldi counts them, and their transitions: what the network's file and the graph must agree on.

Phones are told apart by their place in the word (B begin, I inside, E end, S single), as libvosk needs for the times of
words. A phone with more than one unit has more than one transition; transition ids count from 1, two for each pair of
(phone, unit): 2n + 1 is its self-loop, 2n + 2 goes forward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scripts.train.lexicon import GARBAGE, PHONES, SILENCE
from scripts.train.units import ANY, START, Units

PLACES = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}


@dataclass(frozen=True)
class Transitions:
    """Phones with their places, and the transitions of each with each of its units."""

    phones: tuple[str, ...]
    """Names; the first has id 1."""
    pairs: tuple[tuple[int, int], ...]
    """(phone id, unit), sorted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {name: number for number, name in enumerate(self.phones, 1)})
        object.__setattr__(self, "_places", {pair: number for number, pair in enumerate(self.pairs)})

    def forward(self, phone: str, unit: int) -> int:
        """The transition id that enters `phone`; the one before it, less 1, is the self-loop's."""
        ids: dict[str, int] = self.__dict__["_ids"]
        places: dict[tuple[int, int], int] = self.__dict__["_places"]
        return 2 * places[ids[phone], unit] + 2


def transitions(units: Units) -> Transitions:
    """All phones in all their contexts."""
    names = [SILENCE, *(f"{phone}_{place}" for phone in PHONES for place in PLACES), f"{GARBAGE}_S"]
    pairs = {(1, units.index(ANY, SILENCE)), (len(names), units.index(ANY, GARBAGE))}
    for number, name in enumerate(names[1:-1], 2):
        phone, place = name.rsplit("_", 1)
        lefts: Iterable[str] = (START,) if place in "BS" else PHONES
        pairs |= {(number, units.index(left, phone)) for left in lefts}
    return Transitions(tuple(names), tuple(sorted(pairs)))
