"""How hard a text is to read and to hear. (textstat's own count of syllables wants a download.)"""

from __future__ import annotations

import re

# Words whose syllables the rule below miscounts, and that are said often.
_SYLLABLES = {"people": 2, "family": 3, "families": 3, "someone": 2, "something": 2, "sometimes": 2, "anyone": 3}


def sentences(text: str) -> list[str]:
    """The sentences of a text; a colon and a question mark end one as well."""
    return [part for part in re.split(r"(?<=[.?!:])\s+", text.strip()) if re.search(r"\w", part)]


def syllables(word: str) -> int:
    """Groups of vowels, a silent e at the end left out."""
    if word in _SYLLABLES:
        return _SYLLABLES[word]
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<![aeiouyl])e\b|(?<=[^td])ed\b", "", word))))


def grade(text: str) -> float:
    """Flesch-Kincaid grade: years of school that a reader needs."""
    words = re.findall(r"[a-z']+", text.lower())
    ends = max(1, len(re.findall(r"[.?!:]", text)))
    return 0.39 * len(words) / ends + 11.8 * sum(syllables(word) for word in words) / len(words) - 15.59


def runs(text: str, length: int) -> set[str]:
    """Every run of so many words."""
    words = re.findall(r"[a-z']+", text.lower().replace("\u2019", "'"))
    return {" ".join(words[at : at + length]) for at in range(len(words) - length + 1)}
