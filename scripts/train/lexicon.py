"""Words and how they are spoken. The dictionary is the one in the pocketsphinx package (CMU, BSD licence)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PHONES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G",
    "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH",
    "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
SILENCE, GARBAGE = "SIL", "GBG"
MOST = 3
"""Pronunciations of one word that are used."""

Pronunciation = tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """Pronunciations of each word, the commonest first."""

    words: dict[str, tuple[Pronunciation, ...]]

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def __getitem__(self, word: str) -> tuple[Pronunciation, ...]:
        return self.words[word]

    def only(self, words: Iterable[str]) -> Lexicon:
        return Lexicon({word: self.words[word] for word in sorted(set(words))})

    def missing(self, words: Iterable[str]) -> list[str]:
        return sorted({word for word in words if word not in self.words})


def read(*files: Path) -> Lexicon:
    """Lines of "word PHONE PHONE ..." with "word(2)" for the second way; "#" begins a comment.

    Later files replace the words of earlier ones. Raises ValueError with file and line.
    """
    words: dict[str, tuple[Pronunciation, ...]] = {}
    for file in files:
        here: dict[str, tuple[Pronunciation, ...]] = {}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            word, *phones = line.split("#")[0].split() or [""]
            if not word:
                continue
            if not phones or any(phone not in PHONES for phone in phones):
                raise ValueError(f"{file}, line {number}: “{word}” needs phones out of {' '.join(PHONES)}")
            word = re.sub(r"\(\d+\)$", "", word)
            ways = here.get(word, ())
            if phones[:2] == ["HH", "W"]:
                phones = phones[1:]  # "hwat" is no longer said
            if len(ways) < MOST and tuple(phones) not in ways:
                here[word] = (*ways, tuple(phones))
        words.update(here)
    return Lexicon(words)


def dictionary() -> Path:
    """The dictionary in the pocketsphinx package."""
    import pocketsphinx

    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
