"""A second opinion on danger: a small network that read thousands of wordings. Pure: text in, figures out.

`safety` knows phrases and why they mean danger; this knows none, but is not lost when somebody says it another way.
Made by scripts/danger from the first layers of all-MiniLM-L6-v2 (Apache-2.0): a BERT (Devlin et al., 2019), in numpy.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

LONGEST = 96
"""Pieces of words read at once, with the marks at both ends: what is over is not read."""
WHOLE = 30
"""Words up to which a text is weighed as a whole, as those that it learnt from were: the mean of a long story would
drown the one thing that matters in it."""
_PART, _STEP = 20, 10
"""Words of the parts of a longer text, and by how much the next one begins later."""
_LONGEST_WORD = 100
"""Letters; a longer one is no word (as in BERT)."""
_HEADS = 12
_TINY = 1e-12
CALM = "CALM"


class Pieces:
    """Splits words into pieces that the network knows (WordPiece, as BERT's)."""

    def __init__(self, words: Sequence[str]) -> None:
        """Raises KeyError where a mark is missing."""
        self._numbers = {word: number for number, word in enumerate(words)}
        self.start, self.end = self._numbers["[CLS]"], self._numbers["[SEP]"]
        self._unknown = self._numbers["[UNK]"]

    def split(self, text: str) -> list[int]:
        """Of each word the longest beginning that is known, then the longest of the rest, and so on."""
        return [number for word in text.lower().replace("'", " ' ").split() for number in self._of_word(word)]

    def _of_word(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        found: list[int] = []
        at = 0
        while at < len(word):
            mark = "##" if at else ""
            end = next((e for e in range(len(word), at, -1) if mark + word[at:e] in self._numbers), 0)
            if not end:
                return [self._unknown]
            found.append(self._numbers[mark + word[at:end]])
            at = end
        return found


@dataclass(frozen=True)
class Weighed:
    """What the network makes of a text."""

    danger: float
    """Natural logarithm of the odds that somebody is in danger: 0 is even."""
    kind: str
    """The likeliest kind of danger, whether or not there is any: a name as in scripts/danger/lines."""


class Opinion:
    """Weighs texts: 12 ms for a line on one core (scripts/bench danger). Takes 0.1 s to make."""

    def __init__(self, file: Path) -> None:
        """Reads what scripts/danger wrote. Raises ValueError or OSError for anything else."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                parts: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files}
            words = bytes(parts["words"]).decode().split("\n")
            self._kinds = bytes(parts["kinds"]).decode().split("\n")
            self._pieces = Pieces(words)
            self._tokens, self._tokens_scale = parts["tokens"], parts["tokens.scale"]
            self._layers = [_Layer(parts, f"{number}.") for number in range(int(parts["layers"]))]
            self._places = _whole(parts, "places")
            self._first = _Norm(parts, "first")
            self._out, self._out_bias = _whole(parts, "out"), parts["out.bias"].astype(np.float32)
        except (KeyError, IndexError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ValueError(f"{file.name} is no opinion on danger: {error}") from error

    def weigh(self, text: str) -> Weighed:
        """Of the parts of a long text, the most dangerous one counts."""
        words = text.split()
        starts = range(0, max(1, len(words) - _PART + _STEP), _STEP) if len(words) > WHOLE else (0,)
        size = _PART if len(words) > WHOLE else WHOLE
        parts = [self._pieces.split(" ".join(words[at : at + size]))[: LONGEST - 2] for at in starts]
        return max((self._weigh(part) for part in parts), key=lambda weighed: weighed.danger)

    def _weigh(self, pieces: list[int]) -> Weighed:
        ids = np.array([self._pieces.start, *pieces, self._pieces.end])
        x = self._tokens[ids] * self._tokens_scale[ids, None].astype(np.float32) + self._places[: len(ids)]
        x = self._first(x)
        for layer in self._layers:
            x = layer(x)
        scores = x.mean(axis=0) @ self._out.T + self._out_bias
        calm = self._kinds.index(CALM)
        rest = np.delete(scores, calm)
        top = float(rest.max())
        danger = top + math.log(float(np.exp(rest - top).sum())) - float(scores[calm])
        return Weighed(danger, [kind for kind in self._kinds if kind != CALM][int(rest.argmax())])


class _Norm:
    def __init__(self, parts: dict[str, NDArray[Any]], name: str) -> None:
        self._weight = parts[f"{name}.weight"].astype(np.float32)
        self._bias = parts[f"{name}.bias"].astype(np.float32)

    def __call__(self, x: Matrix) -> Matrix:
        x = x - x.mean(axis=1, keepdims=True)
        return np.asarray(x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + _TINY) * self._weight + self._bias)


class _Layer:
    def __init__(self, parts: dict[str, NDArray[Any]], name: str) -> None:
        self._mix, self._mix_bias = _affine(parts, f"{name}mix")
        self._after, self._after_bias = _affine(parts, f"{name}after")
        self._wide, self._wide_bias = _affine(parts, f"{name}wide")
        self._narrow, self._narrow_bias = _affine(parts, f"{name}narrow")
        self._one, self._two = _Norm(parts, f"{name}one"), _Norm(parts, f"{name}two")

    def __call__(self, x: Matrix) -> Matrix:
        mixed = (x @ self._mix + self._mix_bias).reshape(len(x), 3, _HEADS, -1).transpose(1, 2, 0, 3)
        asks, keys, values = mixed  # (heads, pieces, size)
        match = asks @ keys.transpose(0, 2, 1) / math.sqrt(asks.shape[2])
        match = np.exp(match - match.max(axis=2, keepdims=True))
        seen = (match / match.sum(axis=2, keepdims=True)) @ values
        x = self._one(x + seen.transpose(1, 0, 2).reshape(len(x), -1) @ self._after + self._after_bias)
        wide = x @ self._wide + self._wide_bias
        wide = 0.5 * wide * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))
        return self._two(x + wide @ self._narrow + self._narrow_bias)


def _whole(parts: dict[str, NDArray[Any]], name: str) -> Matrix:
    """One byte a value, and a scale for each row -> float32."""
    return np.asarray(parts[name] * parts[f"{name}.scale"].astype(np.float32)[:, None], dtype=np.float32)


def _affine(parts: dict[str, NDArray[Any]], name: str) -> tuple[Matrix, Matrix]:
    return np.ascontiguousarray(_whole(parts, name).T), parts[f"{name}.bias"].astype(np.float32)
