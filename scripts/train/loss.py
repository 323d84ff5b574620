"""Lattice-free MMI: the truth against all that might have been said (Povey et al., Interspeech 2016; Hadian et al.,
"End-to-end speech recognition using lattice-free MMI", Interspeech 2018)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from scripts.train import numerator
from scripts.train.denominator import Denominator


class _Mmi(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, graphs: numerator.Batch, everything: Denominator, sharp: float) -> Tensor:
        with torch.no_grad():
            truth, used = numerator.occupied(scores, graphs, sharp)
            if sharp != 1:
                truth = torch.where(torch.isfinite(truth), (used * scores).sum(dim=(1, 2)).double(), truth)
            rest, all_used = everything.occupied(scores)
            good = torch.isfinite(truth)
            ctx.save_for_backward(torch.where(good[:, None, None], all_used - used, 0))
            return torch.where(good, rest - truth.float(), 0).sum()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grads[0], None, None, None


def mmi(scores: Tensor, graphs: numerator.Batch, everything: Denominator, sharp: float = 1.0) -> Tensor:
    """Sum over the batch of log p(everything) - log p(truth). scores: (batch, time, outputs) float32.

    With `sharp` above 1 the truth is little more than its best way: libvosk looks for the best way, and not for the sum
    over all, so a network that spreads a word over many ways loses it there.
    A recording that is too short for what is said to be in it counts nothing.
    """
    result: Tensor = _Mmi.apply(scores, graphs, everything, sharp)  # type: ignore[no-untyped-call]
    return result
