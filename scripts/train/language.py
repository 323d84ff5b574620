"""Which word follows which: the general model in the pocketsphinx package (CMU, BSD licence), cut down, with this
program's own phrases mixed in."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.train.graph import Bigrams
from scripts.train.lexicon import Lexicon

BEGIN, END = "<s>", "</s>"
_LN10 = math.log(10)
_FLOOR = 1e-6
"""Probability of a word of ours that the general model lacks."""
_WRITE = """
import pocketsphinx, sys
scale = pocketsphinx.LogMath()  # kept: the model writes nonsense once it is gone
model = pocketsphinx.NGramModel(pocketsphinx.Config(lm=None), scale, pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
model.write(sys.argv[1], pocketsphinx.NGramModel.str_to_type("arpa"))
"""


@dataclass(frozen=True)
class General:
    """Probabilities of words and pairs; of pairs only those whose words are both known."""

    words: Mapping[str, float]
    back_off: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]


def arpa(into: Path) -> Path:
    """The general model as text. Its writer (5.1.1) crashes at the trigrams, which are not wanted: so in a child, and
    the last pairs, in the block that it did not write, are missing. Raises RuntimeError."""
    if into.exists():
        return into
    into.parent.mkdir(parents=True, exist_ok=True)
    part = into.with_suffix(".part")
    command = [sys.executable, "-c", _WRITE, str(part)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    promised, written, sane = 0, 0, False
    if part.exists():
        with part.open(encoding="utf-8") as lines:
            promised = next((int(line.split("=")[1]) for line in lines if line.startswith("ngram 2=")), 0)
        written = sum(1 for _ in _bigrams(part))
        sane = all(weight <= 0 and abs(back) < 20 for weight, _, back in _unigrams(part))
    if not promised or written < 0.999 * promised or not sane:
        raise RuntimeError(f"pocketsphinx did not write its language model: {done.stderr.strip()[-300:]}")
    part.replace(into)
    return into


def commonest(file: Path, known: Lexicon, count: int) -> list[str]:
    """The commonest words of the general model that the dictionary has; single letters stay."""
    found = [(weight, word) for weight, word, _ in _unigrams(file) if word in known and word[0].isalpha()]
    return [word for _, word in sorted(found, reverse=True)[:count]]


def general(file: Path, vocabulary: Lexicon) -> General:
    """The model, for the words of `vocabulary` alone; what the others had is shared out."""
    words: dict[str, float] = {}
    back_off: dict[str, float] = {}
    for weight, word, back in _unigrams(file):
        if word in vocabulary or word in (BEGIN, END):
            words[word] = 10**weight
            back_off[word] = 10**back
    words.pop(BEGIN, None)
    for word in vocabulary.words:
        words.setdefault(word, _FLOOR)
    total = sum(words.values())
    pairs = {}
    for first, second, weight in _bigrams(file):
        if (first in vocabulary or first == BEGIN) and second in words:
            pairs[first, second] = 10**weight
    return General({word: p / total for word, p in words.items()}, back_off, pairs)


def _lines(file: Path, section: str) -> Iterator[list[str]]:
    inside = False
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("\\"):
                if inside:
                    return
                inside = line.startswith(section)
            elif inside and (parts := line.split()):
                yield parts


def _unigrams(file: Path) -> Iterator[tuple[float, str, float]]:
    for parts in _lines(file, "\\1-grams:"):
        yield float(parts[0]), parts[1], float(parts[2]) if len(parts) > 2 else 0.0


def _bigrams(file: Path) -> Iterator[tuple[str, str, float]]:
    for parts in _lines(file, "\\2-grams:"):
        if len(parts) >= 3:
            yield parts[1], parts[2], float(parts[0])


def mixed(base: General, phrases: Iterable[Sequence[str]], share: float, most: int) -> Bigrams:
    """`base` with `share` of the probability taken by what `phrases` say; the `most` pairs that say most are kept.

    A pair says as much as the relative entropy grows without it (Stolcke, "Entropy-based pruning", 1998).
    """
    words = Counter(dict(base.words))
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    singles: Counter[str] = Counter()
    for phrase in phrases:
        for first, second in zip([BEGIN, *phrase], [*phrase, END], strict=True):
            seen[first][second] += 1
            singles[second] += 1
    total = sum(singles.values())
    unigram = {word: (1 - share) * p + share * singles[word] / max(1, total) for word, p in words.items()}
    likely: dict[str, dict[str, float]] = defaultdict(dict)
    for (first, second), p in base.pairs.items():
        likely[first][second] = p
    scored: list[tuple[float, str, str, float]] = []
    for first in {*likely, *seen}:
        known, own = likely.get(first, {}), seen.get(first, Counter())
        count = sum(own.values())
        # the more often a word is ours, the more our phrases say about what follows it
        weight = share * count / (count + 5) if known else count / (count + 5)
        back = base.back_off.get(first, 1.0)
        here = unigram.get(first, 0.01 if first == BEGIN else _FLOOR)
        for second in {*known, *own}:
            if second not in unigram:
                continue
            p = (1 - weight) * known.get(second, back * base.words[second]) + weight * own[second] / max(1, count)
            gain = here * p * (math.log(p) - math.log(max(1e-9, min(1.0, back) * unigram[second])))
            scored.append((gain, first, second, p))
    scored.sort(reverse=True)
    kept: dict[str, dict[str, float]] = defaultdict(dict)
    for gain, first, second, p in scored[:most]:
        if gain > 0:
            kept[first][second] = p
    whole = sum(unigram.values())
    unigram = {word: p / whole for word, p in unigram.items()}
    back_off, pairs = {}, {}
    for first, following in kept.items():
        used = min(0.98, sum(following.values()))
        left = max(1e-4, 1 - sum(unigram[second] for second in following))
        back_off[first] = math.log((1 - used) / left)
        for second, p in following.items():
            pairs[first, second] = math.log(p)
    return Bigrams({word: math.log(p) for word, p in unigram.items()}, back_off, pairs)
