"""What the network tells apart: phones by the phone before them in the word, rare ones put together.

Each unit has two outputs ("pdfs" in Kaldi): 2u for its first frame, 2u + 1 for the frames after that. At the beginning
of a word the phone before is START, so the lexicon's tree of phones needs no more states than with plain phones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.train.lexicon import GARBAGE, PHONES, SILENCE

START = "#"
ANY = "*"
_CLASSES = {
    "stop": "B D G K P T",
    "affricate": "CH JH",
    "fricative": "DH F HH S SH TH V Z ZH",
    "nasal": "M N NG",
    "liquid": "L R W Y",
    "front": "AE EH IH IY EY AY OY",
    "back": "AA AO AH UH UW OW AW ER",
}
CLASS = {phone: name for name, phones in _CLASSES.items() for phone in phones.split()}

Key = tuple[str, str]
"""(the phone before, or a class of phones, START or ANY; the phone)."""


@dataclass(frozen=True)
class Units:
    """The units, in the order of their outputs."""

    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {key: number for number, key in enumerate(self.keys)})

    def index(self, before: str, phone: str) -> int:
        """The unit of `phone` after `before`: its own, its class's, or that of any."""
        known: dict[Key, int] = self.__dict__["_index"]
        for left in (before, CLASS.get(before, before), ANY):
            if (left, phone) in known:
                return known[left, phone]
        raise KeyError((before, phone))

    @property
    def outputs(self) -> int:
        return 2 * len(self.keys)

    def write(self, file: Path) -> None:
        file.write_text("".join(f"{left} {phone}\n" for left, phone in self.keys), encoding="utf-8")


def read(file: Path) -> Units:
    """What `write` wrote. Raises ValueError."""
    keys = [tuple(line.split()) for line in file.read_text(encoding="utf-8").splitlines()]
    if any(len(key) != 2 for key in keys):
        raise ValueError(f"{file} does not list units")
    return Units(tuple((key[0], key[1]) for key in keys))


def in_context(phones: Sequence[str]) -> list[Key]:
    """A word's phones, each with the one before it."""
    return list(zip((START, *phones), phones, strict=False))


def choose(words: Iterable[Sequence[str]], own: int) -> Units:
    """Units for training words given as phones; a phone after another is its own unit where seen `own` times."""
    seen: Counter[Key] = Counter()
    for phones in words:
        seen.update(in_context(phones))
    keys: list[Key] = [(ANY, SILENCE), (ANY, GARBAGE)]
    for phone in PHONES:
        keys.append((ANY, phone))
        rest: Counter[str] = Counter()
        for left in (START, *PHONES):
            if seen[left, phone] >= own:
                keys.append((left, phone))
            elif left != START:
                rest[CLASS[left]] += seen[left, phone]
        keys += [(name, phone) for name, count in sorted(rest.items()) if count >= own]
    return Units(tuple(keys))
