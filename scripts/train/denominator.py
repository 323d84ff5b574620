"""What anybody might have said: a model of which unit follows which, against which the truth must win."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scripts.train.lexicon import GARBAGE, PHONES, SILENCE
from scripts.train.units import ANY, START, Units, in_context

_OF_PHONE, _OF_ALL = 50.0, 20.0
"""Weights, in counts, of what is known of a unit's phone, and of all that may follow that phone alike."""


class Denominator(torch.nn.Module):
    """One state for each unit. `follow` (U, U): from a unit to the next; with `end` (U) each row sums to 1."""

    def __init__(self, units: Units, counts: NDArray[np.float64]):
        super().__init__()
        likely = _smoothed(units, counts)
        start = 0.5 * likely[units.index(ANY, SILENCE), :-1]
        start[units.index(ANY, SILENCE)] = 0.5
        self.follow: Tensor
        self.start: Tensor
        self.end: Tensor
        self.register_buffer("follow", torch.from_numpy(likely[:, :-1]).float())
        self.register_buffer("end", torch.from_numpy(likely[:, -1]).float())
        self.register_buffer("start", torch.from_numpy(start).float())

    def occupied(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """As `numerator.occupied`, for the whole model; float32, scaled at each frame."""
        count, time, outputs = scores.shape
        peak = scores.amax(dim=2, keepdim=True)
        # (units, 2, time, batch) in memory: the rows that a frame needs lie together
        likely = (scores - peak).exp().view(count, time, outputs // 2, 2).permute(1, 3, 2, 0).contiguous()
        first, loop = likely[:, 0].unbind(0), likely[:, 1].unbind(0)
        onward, end = self.follow.t().contiguous(), self.end[:, None]
        alphas: list[Tensor] = []
        inflows: list[Tensor] = []
        scales: list[Tensor] = []
        inflow = self.start[:, None].expand(-1, count)
        new = inflow * first[0]
        for t in range(time):
            if t:
                inflow = onward @ alphas[-1]
                new = torch.addcmul(inflow * first[t], alphas[-1], loop[t])
            scale = new.sum(dim=0).clamp_min(1e-30)
            alphas.append(new / scale)
            inflows.append(inflow)
            scales.append(scale)
        total = (alphas[-1] * end).sum(dim=0).clamp_min(1e-30)
        likelihood = total.log() + torch.stack(scales).log().sum(dim=0) + peak.sum(dim=(1, 2))
        used = torch.zeros_like(likely)
        beta = end / total
        for t in range(time - 1, -1, -1):
            scaled = beta / scales[t]
            ahead = first[t] * scaled
            torch.mul(inflows[t], ahead, out=used[t, 0])
            if t == 0:
                break
            stay = loop[t] * scaled
            torch.mul(alphas[t - 1], stay, out=used[t, 1])
            beta = torch.addmm(stay, self.follow, ahead)
        return likelihood, used.permute(3, 0, 2, 1).reshape(count, time, outputs)


def count(
    units: Units, sentences: Iterable[Sequence[Sequence[str]]], garbage: float, pause: float, seed: int
) -> NDArray[np.float64]:
    """How often which unit follows which: (U, U + 1), the last for the end. `sentences`: words as phones.

    Words become garbage with the probability `garbage`, and pauses stand between words with `pause`.
    """
    random = np.random.default_rng(seed)
    size = len(units.keys)
    quiet, noise = units.index(ANY, SILENCE), units.index(ANY, GARBAGE)
    counts = np.zeros((size, size + 1))
    for words in sentences:
        path = [quiet]
        for position, phones in enumerate(words):
            if position and random.random() < pause:
                path.append(quiet)
            if not phones or random.random() < garbage:
                path.append(noise)
            else:
                path += [units.index(left, phone) for left, phone in in_context(phones)]
        if random.random() < 0.9:
            path.append(quiet)
        np.add.at(counts, (path, [*path[1:], size]), 1)
    return counts


def _smoothed(units: Units, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each unit's counts, helped by those of its phone, and a little by all that may follow its phone."""
    size = len(units.keys)
    quiet, noise = units.index(ANY, SILENCE), units.index(ANY, GARBAGE)
    begin = [units.index(START, phone) for phone in PHONES]
    mixed = np.zeros_like(counts)
    for centre in (*PHONES, SILENCE, GARBAGE):
        rows = [number for number, key in enumerate(units.keys) if key[1] == centre]
        possible = np.zeros(size + 1)
        possible[[*begin, noise, size]] = 1
        if centre != SILENCE:
            possible[quiet] = 1
        if centre in PHONES:
            possible[[units.index(centre, phone) for phone in PHONES]] = 1
        together = counts[rows].sum(axis=0) + _OF_ALL * possible / possible.sum()
        together /= together.sum()
        mixed[rows] = counts[rows] + _OF_PHONE * together
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))
