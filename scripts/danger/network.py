"""The network, to be trained: a BERT of few layers whose mean says which kind of danger a text tells of, if any.

voice/opinion.py does the same without PyTorch; a test compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

KINDS = (
    "CALM", "OD", "OD_SELF", "SUI_SELF", "SUI_LOVED", "VIO", "VIO_OWN", "CHI", "CHILD_SPEAKING", "WDR", "MED",
    "BEREAVED",
)  # fmt: skip
HIDDEN, HEADS, WIDE, PLACES = 384, 12, 1536, 96
"""As in MiniLM; PLACES: the longest text that is read at once, in pieces of words."""
_TINY = 1e-12


class Layer(nn.Module):
    """(batch, pieces, HIDDEN) -> the same. `away`: -10000 where there is no piece, else 0."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.after = nn.Linear(HIDDEN, HIDDEN)
        self.one = nn.LayerNorm(HIDDEN, _TINY)
        self.wide = nn.Linear(HIDDEN, WIDE)
        self.narrow = nn.Linear(WIDE, HIDDEN)
        self.two = nn.LayerNorm(HIDDEN, _TINY)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, away: Tensor) -> Tensor:
        batch, pieces, _ = x.shape
        asks, keys, values = self.mix(x).view(batch, pieces, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        match = asks @ keys.transpose(2, 3) / math.sqrt(HIDDEN // HEADS) + away
        seen = (match.softmax(dim=3) @ values).transpose(1, 2).reshape(batch, pieces, HIDDEN)
        x = self.one(x + self.drop(self.after(seen)))
        wide = nn.functional.gelu(self.wide(x), approximate="tanh")
        found: Tensor = self.two(x + self.drop(self.narrow(wide)))
        return found


class Network(nn.Module):
    """(batch, pieces) of numbers, 0 where there is none -> (batch, KINDS) scores."""

    def __init__(self, pieces: int, layers: int):
        super().__init__()
        self.tokens = nn.Embedding(pieces, HIDDEN)
        self.places = nn.Embedding(PLACES, HIDDEN)
        self.first = nn.LayerNorm(HIDDEN, _TINY)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.out = nn.Linear(HIDDEN, len(KINDS))
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor) -> Tensor:
        there = (ids != 0).float()
        x = self.drop(self.first(self.tokens(ids) + self.places.weight[: ids.shape[1]]))
        away = (there[:, None, None, :] - 1) * 1e4
        for layer in self.layers:
            x = layer(x, away)
        mean = (x * there[..., None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
        scores: Tensor = self.out(mean)
        return scores


def danger(scores: Tensor) -> Tensor:
    """Log odds that there is any: (batch, KINDS) -> (batch,)."""
    return torch.logsumexp(scores[:, 1:], dim=1) - scores[:, 0]


@torch.no_grad()
def begin(network: Network, weights: Mapping[str, NDArray[np.float32]], rows: Sequence[int]) -> None:
    """Take over MiniLM's first layers, and of its pieces of words those in `rows`."""

    def of(name: str) -> Tensor:
        return torch.from_numpy(weights[name].copy())

    embedded = "embeddings.{}_embeddings.weight"
    network.tokens.weight.copy_(of(embedded.format("word"))[list(rows)])
    network.places.weight.copy_((of(embedded.format("position")) + of(embedded.format("token_type"))[:1])[:PLACES])
    for kind in ("weight", "bias"):
        getattr(network.first, kind).copy_(of(f"embeddings.LayerNorm.{kind}"))
        for number, layer in enumerate(network.layers):
            theirs = f"encoder.layer.{number}."
            mixed = [of(f"{theirs}attention.self.{name}.{kind}") for name in ("query", "key", "value")]
            parts = {
                "mix": torch.cat(mixed),
                "after": of(f"{theirs}attention.output.dense.{kind}"),
                "one": of(f"{theirs}attention.output.LayerNorm.{kind}"),
                "wide": of(f"{theirs}intermediate.dense.{kind}"),
                "narrow": of(f"{theirs}output.dense.{kind}"),
                "two": of(f"{theirs}output.LayerNorm.{kind}"),
            }
            for name, values in parts.items():
                getattr(getattr(layer, name), kind).copy_(values)
