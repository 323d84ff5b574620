"""How far to believe the recogniser: two must agree. Pure.

Vosk's confidence is near 1 for wrong words too (vosk-api #741, #1339), so it never decides alone. The recogniser with the
grammar must choose one of its phrases; a second, unrestricted one beside it says what was really said.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import Enum, auto

# Letters that still have to match for "stop" / "top" to count as the same sound, badly heard.
_ALIKE = 0.6
# Below this, one recogniser alone is not believed without asking.
_CONFIDENT = 0.9


class Trust(Enum):
    """What to do with a transcript that fits the grammar."""

    SURE = auto()
    UNSURE = auto()
    """Plausible: checked aloud where it matters."""
    REFUSED = auto()
    """Not understood; never a guess."""


def trust(text: str, free: Sequence[str] | None, agrees: Sequence[bool], confidence: float) -> Trust:
    """Compares the grammar's `text` with what the unrestricted recogniser wrote.

    `free` is its best transcripts, None where there is no such recogniser. `agrees` tells, for each of them that means
    anything here, whether it means the same as `text`.
    """
    if free is None:
        return Trust.SURE if confidence >= _CONFIDENT else Trust.UNSURE
    if any(agrees):
        return Trust.SURE
    if agrees:
        return Trust.REFUSED
    if any(alike(text, line) >= _ALIKE for line in free[:1]):
        return Trust.UNSURE
    return Trust.REFUSED


def alike(one: str, other: str) -> float:
    """0 to 1: how much of the letters two short transcripts share, in order."""
    return SequenceMatcher(None, one.replace(" ", ""), other.replace(" ", "")).ratio()
