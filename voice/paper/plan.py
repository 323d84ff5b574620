"""What is to be put on paper: plain texts, and nothing that could be code to whoever reads the file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

SIZES = (18, 24, 32)
"""Points of the body; large print begins at 18."""
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing: they could make a line read as another one."""
_NUMBER = re.compile(r"(?<!\d)\+?\d[\d ().-]{1,15}\d(?!\d)")
"""No longer than a telephone number with its country, and whole: a row of digits without an end must break."""


@dataclass(frozen=True)
class Call:
    """A number that the plan names."""

    name: str
    number: str


@dataclass(frozen=True)
class Kept:
    """What only the notes know of a plan, for tables."""

    id: int
    day: str
    """YYYY-MM-DD."""
    walkthrough: str
    slots: tuple[str, ...]
    """For each line, which part of the plan it is."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Step id -> answer id."""
    marks: tuple[str, ...] = ()
    """For each line, what the person said of it later: "done", "not_yet", or ""; () where nothing is known."""


@dataclass(frozen=True)
class Plan:
    """One plan. Its texts are `plain`, whatever was handed in. Raises ValueError for a title with nothing in it."""

    title: str
    lines: tuple[str, ...]
    made: str = ""
    """A sentence with the day; "" where that is not to be seen."""
    calls: tuple[Call, ...] = ()
    kept: Kept | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", plain(self.title))
        object.__setattr__(self, "made", plain(self.made))
        object.__setattr__(self, "lines", tuple(plain(line) for line in self.lines))
        if not self.title:
            raise ValueError("a page needs a title")


@dataclass(frozen=True)
class Wording:
    """The words of a page that are always the same."""

    calls: str
    """Heading over the numbers."""
    page: str
    """With $number and $count."""
    language: str = "en"
    """Tag of the language (BCP 47)."""


def plain(text: str) -> str:
    """One line of text: without control characters, halves of characters, and marks that turn the direction."""
    return " ".join("".join(_kept(c) for c in text).split())


def together(text: str) -> str:
    """The same, with the groups of a number held in one row."""
    return _NUMBER.sub(lambda number: number[0].replace(" ", "\u00a0"), text)


def _kept(character: str) -> str:
    if character.isspace():
        return " "
    if character in _TURNS:
        return ""
    match unicodedata.category(character):
        case "Cc":
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return character
