"""What anybody might have said: a model of which unit follows which, against which the truth must win."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scripts.train.lexicon import GARBAGE, PHONES, SILENCE
from scripts.train.units import ANY, START, Units

CENTRES = (*PHONES, SILENCE, GARBAGE)
LEFTS = (START, *PHONES)
_P, _L, _C = len(PHONES), len(LEFTS), len(CENTRES)
_END = _C
_SMOOTH = 20.0
"""Weight of what is known of the phone alone, in counts, when it is also known what came before it."""


class Denominator(torch.nn.Module):
    """States are (centre, left): a phone after another in a word, or at a word's beginning; silence; garbage.

    `inside` (P, L, P): from (p, l) on to phone q in the same word. `leave` (C, L): out of the word, and then `begin`
    (C, C): from centre p to a word's first phone, silence or garbage. `end` (C, L): the end.
    """

    def __init__(self, units: Units, counts: NDArray[np.float64]):
        super().__init__()
        following = _smoothed(counts)  # (C, L, 2C + 1)
        self.units: Tensor
        self.inside: Tensor
        self.leave: Tensor
        self.begin: Tensor
        self.start: Tensor
        self.end: Tensor
        of_state = [[_unit(units, centre, left) for left in LEFTS] for centre in CENTRES]
        self.register_buffer("units", torch.tensor(of_state).flatten())
        self.register_buffer("inside", torch.from_numpy(following[:_P, :, _C + 1 : _C + 1 + _P]).float())
        leave = following[:, :, :_C].sum(axis=2)
        begin = following[:, :, :_C].sum(axis=1)  # what begins after a word does not depend on the phone before its last
        self.register_buffer("leave", torch.from_numpy(leave).float())
        self.register_buffer("begin", torch.from_numpy(begin / begin.sum(axis=1, keepdims=True)).float())
        self.register_buffer("end", torch.from_numpy(following[:, :, _END]).float())
        start = following[CENTRES.index(SILENCE), 0, :_C] * 0.5
        start[CENTRES.index(SILENCE)] = 0.5
        self.register_buffer("start", torch.from_numpy(start).float())

    def occupied(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """As `numerator.occupied`, for the whole model."""
        count, time, outputs = scores.shape
        peak = scores.amax(dim=2, keepdim=True)
        # (outputs, time, batch): rows of the last axis lie together
        likely = (scores - peak).exp().permute(2, 1, 0).contiguous()
        first = likely[2 * self.units].view(_C, _L, time, count).unbind(2)
        loop = likely[2 * self.units + 1].view(_C, _L, time, count).unbind(2)
        onward = self.inside.transpose(1, 2).contiguous()  # (P, q, L)
        begin_to = self.begin.t().contiguous()
        leave = self.leave[:, :, None]
        alpha = torch.zeros(_C, _L, count, device=scores.device)
        alphas, inflows, scales = [], [], []
        for t in range(time):
            inflow = torch.zeros(_C, _L, count, device=scores.device)
            if t == 0:
                inflow[:, 0] = self.start[:, None]
                new = inflow * first[0]
            else:
                inflow[:_P, 1:] = torch.bmm(onward, alpha[:_P]).transpose(0, 1)
                inflow[:, 0] = begin_to @ (alpha * leave).sum(dim=1)
                new = torch.addcmul(inflow * first[t], alpha, loop[t])
            scale = new.sum(dim=(0, 1)).clamp_min(1e-30)
            alpha = new / scale
            alphas.append(alpha)
            inflows.append(inflow)
            scales.append(scale)
        total = (alpha * self.end[:, :, None]).sum(dim=(0, 1)).clamp_min(1e-30)
        likelihood = total.log() + torch.stack(scales).log().sum(dim=0) + peak.sum(dim=(1, 2))
        beta = (self.end[:, :, None] / total).expand(-1, -1, count)
        used_first = torch.empty(_C * _L, time, count, device=scores.device)
        used_loop = torch.zeros(_C * _L, time, count, device=scores.device)
        for t in range(time - 1, -1, -1):
            ahead = first[t] * (beta / scales[t])
            torch.mul(inflows[t], ahead, out=used_first.view(_C, _L, time, count)[:, :, t])
            if t == 0:
                break
            stay = loop[t] * (beta / scales[t])
            torch.mul(alphas[t - 1], stay, out=used_loop.view(_C, _L, time, count)[:, :, t])
            beta = torch.addcmul(stay, leave, (self.begin @ ahead[:, 0])[:, None])
            beta[:_P] += torch.bmm(self.inside, ahead[:_P, 1:].transpose(0, 1))
        used = torch.zeros(outputs, time, count, device=scores.device)
        used.index_add_(0, 2 * self.units, used_first)
        used.index_add_(0, 2 * self.units + 1, used_loop)
        return likelihood, used.permute(2, 1, 0)


def _unit(units: Units, centre: str, left: str) -> int:
    return units.index(ANY if centre in (SILENCE, GARBAGE) else left, centre)


def count(sentences: Iterable[Sequence[Sequence[str]]], garbage: float, pause: float, seed: int) -> NDArray[np.float64]:
    """How often what follows what: (C, L, 2C + 1). `sentences`: words as phones.

    Words become garbage with the probability `garbage`, and pauses stand between words with `pause`. The last axis: a
    word's first phone, silence or garbage; the end; the word's next phone.
    """
    random = np.random.default_rng(seed)
    number = {centre: index for index, centre in enumerate(CENTRES)}
    left_of = {left: index for index, left in enumerate(LEFTS)}
    counts = np.zeros((_C, _L, 2 * _C + 1))
    for words in sentences:
        state = (number[SILENCE], 0)
        for position, phones in enumerate(words):
            if position and random.random() < pause:
                counts[(*state, number[SILENCE])] += 1
                state = (number[SILENCE], 0)
            if not phones or random.random() < garbage:
                counts[(*state, number[GARBAGE])] += 1
                state = (number[GARBAGE], 0)
                continue
            before = START
            for phone in phones:
                counts[(*state, number[phone] + (0 if before == START else _C + 1))] += 1
                state = (number[phone], left_of[before])
                before = phone
        if random.random() < 0.9:
            counts[(*state, number[SILENCE])] += 1
            state = (number[SILENCE], 0)
        counts[(*state, _END)] += 1
    return counts


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each state's counts, helped by those of its phone after anything, and a little by those of all phones."""
    centre = counts.sum(axis=1, keepdims=True)
    floor = centre.sum(axis=0, keepdims=True)
    floor = floor / floor.sum()
    for quiet in (_P, _P + 1):  # silence and garbage are no phones inside a word
        floor[..., _C + 1 + quiet] = 0
    centre = (centre + 5 * floor) / (centre.sum(axis=2, keepdims=True) + 5)
    mixed = (counts + _SMOOTH * centre) / (counts.sum(axis=2, keepdims=True) + _SMOOTH)
    mixed[_P:, :, _C + 1 :] = 0  # and nothing goes on inside a word from them
    mixed[_P:, 1:] = 0
    sums = mixed.sum(axis=2, keepdims=True)
    return np.divide(mixed, sums, out=np.zeros_like(mixed), where=sums > 0)
