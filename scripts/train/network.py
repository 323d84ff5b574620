"""The network: a factored time-delay net with skip connections, one output each 30 ms.

A layer first looks at two frames through a narrow waist (t - s, t), then widens with (t, t + s): Povey et al.,
"Semi-Orthogonal Low-Rank Matrix Factorization", Interspeech 2018. All layers run at the output's 33 frames a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scripts.train.features import CEPSTRA

EVERY = 3
"""Feature frames for one output (libvosk counts 0.03 s for each)."""
SKIP = 0.66
"""What of a layer's input is added to its output (Kaldi's bypass scale)."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network."""

    outputs: int
    wide: int = 512
    waist: int = 128
    strides: tuple[int, ...] = (1, 1, 1, 1, 2, 2, 2)
    """Of each layer, in outputs' frames."""
    last: int = 192
    around: int = 3
    """Feature frames to either side that the first layer sees."""

    @property
    def context(self) -> int:
        """Feature frames to either side that one output needs."""
        return self.around + EVERY * sum(self.strides)


class Layer(nn.Module):
    """(batch, time, wide) -> (batch, time - 2 * stride, wide)."""

    def __init__(self, wide: int, waist: int, stride: int):
        super().__init__()
        self.stride = stride
        self.narrow = nn.Linear(2 * wide, waist, bias=False)
        self.widen = nn.Linear(2 * waist, wide)
        self.norm = nn.BatchNorm1d(wide)
        self.loose = 0.0

    def forward(self, x: Tensor) -> Tensor:
        s = self.stride
        y = self.narrow(torch.cat([x[:, :-s], x[:, s:]], dim=2))
        y = torch.relu(self.widen(torch.cat([y[:, :-s], y[:, s:]], dim=2)))
        y = normed(self.norm, y)
        if self.training and self.loose:
            y = y * (1 + self.loose * (2 * torch.rand(len(y), 1, y.shape[2], device=y.device) - 1))
        return y + SKIP * x[:, s:-s]


class Network(nn.Module):
    """(batch, feature frames, 40) -> (batch, output frames, outputs): scores, to be used as they are."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.first = nn.Linear((2 * shape.around + 1) * CEPSTRA, shape.wide)
        self.norm = nn.BatchNorm1d(shape.wide)
        self.layers = nn.ModuleList(Layer(shape.wide, shape.waist, s) for s in shape.strides)
        self.last = nn.Linear(shape.wide, shape.last, bias=False)
        self.out = nn.Linear(shape.last, shape.outputs)
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(CEPSTRA))
        self.register_buffer("scale", torch.ones(CEPSTRA))

    def each_layer(self) -> list[Layer]:
        """The layers, with their type."""
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    def loosen(self, by: float) -> None:
        """While training, each channel of a clip is louder or softer by up to `by`, so that none is relied on alone
        (Kaldi's continuous dropout)."""
        for layer in self.each_layer():
            layer.loose = by

    def forward(self, features: Tensor) -> Tensor:
        context, around = self.shape.context, self.shape.around
        x = (features - self.mean) * self.scale
        # libvosk repeats the first and the last frame where the context reaches over the edge
        x = torch.cat([x[:, :1].expand(-1, context, -1), x, x[:, -1:].expand(-1, context, -1)], dim=1)
        x = x.unfold(1, 2 * around + 1, EVERY)  # (batch, time, 40, 7)
        x = x.transpose(2, 3).flatten(2)
        x = normed(self.norm, torch.relu(self.first(x)))
        for layer in self.layers:
            x = layer(x)
        scores: Tensor = self.out(self.last(x))
        return scores


def normed(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    """Batch norm over (batch, time, channels)."""
    flat: Tensor = norm(x.reshape(-1, x.shape[2]))
    return flat.view(x.shape)
