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
    def forward(ctx: Any, scores: Tensor, graphs: numerator.Batch, everything: Denominator) -> Tensor:
        with torch.no_grad():
            truth, used = numerator.occupied(scores, graphs)
            rest, all_used = everything.occupied(scores)
            good = torch.isfinite(truth)
            ctx.save_for_backward(torch.where(good[:, None, None], all_used - used, 0))
            return torch.where(good, rest - truth.float(), 0).sum()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grads[0], None, None


def mmi(scores: Tensor, graphs: numerator.Batch, everything: Denominator) -> Tensor:
    """Sum over the batch of log p(everything) - log p(truth). scores: (batch, time, outputs) float32.

    A recording that is too short for what is said to be in it counts nothing.
    """
    result: Tensor = _Mmi.apply(scores, graphs, everything)  # type: ignore[no-untyped-call]
    return result
