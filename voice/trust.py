"""How far to believe the recogniser: another, without a grammar, is asked too. Pure.

Vosk's confidence is near 1 for wrong words too (vosk-api #741, #1339), so it never decides alone. The recogniser with
the grammar must choose one of its phrases; a second, unrestricted one beside it says what was really said.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import Enum, auto

NEAR = 3
"""The unrestricted recogniser's best transcripts that are believed. Measured on 304 recordings of real voices: a right
answer's meaning was among the first three in 112 of 113, and a foreign word's in 0 of 43."""
FAR = 5
"""The rank of what the unrestricted recogniser did not write at all: it is asked for so many transcripts."""
DISAGREEMENT = 1.5
"""What each better transcript of the unrestricted recogniser counts against an answer, in natural logarithms of fit.
Measured with the first model of our own on 483 answers and 224 foreign words: at 3 % of right answers refused, 97 to
100 % of the foreign ones were; by fit alone more wrong answers were kept. `scripts/bench hearing` measures with it."""
_ALIKE = 0.6
"""Letters that still have to match for "stop" / "top" to count as the same sound, badly heard."""
_CONFIDENT = 0.9
"""Below this, one recogniser alone is not believed without asking."""


class Trust(Enum):
    """What to do with a transcript that fits the grammar."""

    SURE = auto()
    UNSURE = auto()
    """Plausible: checked aloud where it matters."""
    REFUSED = auto()
    """Not understood; never a guess."""


def trust(
    text: str,
    free: Sequence[str] | None,
    agrees: Sequence[bool | None],
    confidence: float,
    lead: float | None = None,
) -> Trust:
    """Compares the grammar's `text` with what the unrestricted recogniser wrote.

    `free` is its transcripts, best first; None where there is no such recogniser. `agrees` tells of each whether it
    means the same as `text` (True), something else that is live (False), or nothing (None). `confidence` is 0 to 1,
    and counts only where there is no second opinion. `lead`: as in `Heard`; where a model tells it, it decides.
    """
    if lead is not None and fit(lead, agrees) < 0:
        return Trust.REFUSED
    if free is None:
        return Trust.SURE if confidence >= _CONFIDENT else Trust.UNSURE
    near = list(agrees[:NEAR])
    if True in near:
        # Asked aloud where a better transcript says the opposite: "no", then "know" and "now".
        return Trust.UNSURE if False in near[: near.index(True)] else Trust.SURE
    if False in near:
        return Trust.REFUSED
    if lead is not None or True in agrees or any(alike(text, line) >= _ALIKE for line in free[:1]):
        return Trust.UNSURE
    return Trust.REFUSED


def fit(lead: float, agrees: Sequence[bool | None]) -> float:
    """How well an answer stands against all else that could have been said; below 0 it is not believed."""
    rank = list(agrees).index(True) if True in agrees else FAR
    return lead - DISAGREEMENT * min(rank, FAR)


def alike(one: str, other: str) -> float:
    """0 to 1: how much of the letters two short transcripts share, in order."""
    return SequenceMatcher(None, one.replace(" ", ""), other.replace(" ", "")).ratio()
