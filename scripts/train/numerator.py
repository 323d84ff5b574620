"""What was said, as a graph of units: every way to speak each word, silence where it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scripts.train.lexicon import GARBAGE, SILENCE, Lexicon
from scripts.train.units import ANY, Units, in_context

_SILENCE_BETWEEN = 0.3
"""Weight of a pause between two words; at both ends of the recording silence weighs 1, as does no silence."""


@dataclass(frozen=True)
class Graph:
    """States, each with a unit; arcs go from earlier states (-1 is the beginning) and have weights."""

    units: tuple[int, ...]
    into: tuple[tuple[tuple[int, float], ...], ...]
    ends: tuple[int, ...]


def graph(words: Sequence[str], lexicon: Lexicon, units: Units) -> Graph:
    """The graph of `words`. A word that the lexicon lacks, and GARBAGE, is garbage."""
    silence = units.index(ANY, SILENCE)
    chosen: list[int] = [silence]
    into: list[tuple[tuple[int, float], ...]] = [((-1, 1.0),)]
    before: list[tuple[int, float]] = [(-1, 1.0), (0, 1.0)]
    ends: list[int] = []
    for number, word in enumerate(words):
        ends = []
        ways = _ways(word, lexicon, units)
        for way in ways:
            # Each way is as likely as the others, here and in the denominator: else the network says a word by its
            # rarest way, which nothing in the denominator speaks for, and hears it everywhere ("what" with HH W).
            arcs = tuple((source, weight / len(ways)) for source, weight in before)
            for unit in way:
                chosen.append(unit)
                into.append(arcs)
                arcs = ((len(chosen) - 1, 1.0),)
            ends.append(len(chosen) - 1)
        chosen.append(silence)
        weight = 1.0 if number == len(words) - 1 else _SILENCE_BETWEEN
        into.append(tuple((end, weight) for end in ends))
        before = [*((end, 1.0) for end in ends), (len(chosen) - 1, 1.0)]
    return Graph(tuple(chosen), tuple(into), (*ends, len(chosen) - 1))


def _ways(word: str, lexicon: Lexicon, units: Units) -> list[list[int]]:
    if word == GARBAGE or word not in lexicon:
        return [[units.index(ANY, GARBAGE)]]
    return [[units.index(left, phone) for left, phone in in_context(way)] for way in lexicon[word]]


@dataclass(frozen=True)
class Batch:
    """Graphs of a batch, padded. S states, K arcs at most into or out of one; row S stands for "from nowhere"."""

    units: Tensor
    """(batch, S) int64."""
    sources: Tensor
    """(batch, S, K) int64 in 0..S."""
    weights: Tensor
    """(batch, S, K) float64, 0 where there is no arc."""
    targets: Tensor
    """(batch, S, K) int64 in 0..S."""
    target_weights: Tensor
    starts: Tensor
    """(batch, S) float64."""
    ends: Tensor
    """(batch, S) float64."""


def batch(graphs: Sequence[Graph], device: str) -> Batch:
    """Several graphs as tensors on `device`."""
    count, most = len(graphs), max(len(g.units) for g in graphs)
    outs = [_outgoing(g) for g in graphs]
    arcs_in = max(len(arcs) for g in graphs for arcs in g.into)
    arcs_out = max(len(arcs) for out in outs for arcs in out)
    units = torch.zeros(count, most, dtype=torch.int64)
    sources = torch.full((count, most, arcs_in), most, dtype=torch.int64)
    weights = torch.zeros(count, most, arcs_in, dtype=torch.float64)
    targets = torch.full((count, most, arcs_out), most, dtype=torch.int64)
    target_weights = torch.zeros(count, most, arcs_out, dtype=torch.float64)
    starts = torch.zeros(count, most, dtype=torch.float64)
    ends = torch.zeros(count, most, dtype=torch.float64)
    for row, (g, out) in enumerate(zip(graphs, outs, strict=True)):
        units[row, : len(g.units)] = torch.tensor(g.units)
        ends[row, list(g.ends)] = 1.0
        cells, values, firsts = [], [], []
        for state, arcs in enumerate(g.into):
            for place, (source, weight) in enumerate(arcs):
                if source < 0:
                    firsts.append((state, weight))
                else:
                    cells.append((state, place))
                    values.append((source, weight))
        _fill(sources[row], weights[row], cells, values)
        for state, weight in firsts:
            starts[row, state] = weight
        cells = [(state, place) for state, arcs in enumerate(out) for place in range(len(arcs))]
        _fill(targets[row], target_weights[row], cells, [arc for arcs in out for arc in arcs])
    tensors = (units, sources, weights, targets, target_weights, starts, ends)
    return Batch(*(tensor.to(device) for tensor in tensors))


def _fill(where: Tensor, weights: Tensor, cells: list[tuple[int, int]], arcs: list[tuple[int, float]]) -> None:
    if cells:
        rows, places = (torch.tensor(x) for x in zip(*cells, strict=True))
        where[rows, places] = torch.tensor([arc[0] for arc in arcs])
        weights[rows, places] = torch.tensor([arc[1] for arc in arcs], dtype=torch.float64)


def _outgoing(g: Graph) -> list[list[tuple[int, float]]]:
    out: list[list[tuple[int, float]]] = [[] for _ in g.units]
    for state, arcs in enumerate(g.into):
        for source, weight in arcs:
            if source >= 0:
                out[source].append((state, weight))
    return out


def occupied(scores: Tensor, graphs: Batch, sharp: float = 1.0) -> tuple[Tensor, Tensor]:
    """Forward and backward through the graphs, with scores times `sharp`: the larger, the more the best way counts.

    scores (batch, time, outputs) float32. Returns (log likelihoods (batch,), how much of each output is used (batch,
    time, outputs) float32); for a recording that is too short for its graph minus infinity, and nothing used.
    Probabilities are float64 and scaled at each frame.
    """
    scores = scores * sharp
    count, time, _ = scores.shape
    first_of = 2 * graphs.units
    peak = scores.amax(dim=2, keepdim=True)
    likely = (scores - peak).double().exp()
    first = likely.gather(2, first_of[:, None].expand(-1, time, -1)).unbind(1)
    loop = likely.gather(2, (first_of + 1)[:, None].expand(-1, time, -1)).unbind(1)
    states = graphs.units.shape[1]
    alphas, inflows, scales = [], [], []
    alpha = torch.zeros(count, states + 1, dtype=torch.float64, device=scores.device)
    sources, targets = graphs.sources.flatten(1), graphs.targets.flatten(1)
    for t in range(time):
        if t == 0:
            inflow = graphs.starts
            new = inflow * first[0]
        else:
            inflow = (alpha.gather(1, sources).view_as(graphs.weights) * graphs.weights).sum(dim=2)
            new = inflow * first[t] + alpha[:, :-1] * loop[t]
        scale = new.sum(dim=1, keepdim=True).clamp_min(1e-300)
        alpha = torch.nn.functional.pad(new / scale, (0, 1))
        alphas.append(alpha)
        inflows.append(inflow / scale)
        scales.append(scale)
    total = (alpha[:, :-1] * graphs.ends).sum(dim=1, keepdim=True)
    possible = total > 1e-290
    total = torch.where(possible, total, torch.inf)
    likelihood = (
        torch.where(possible, total.log(), -torch.inf)[:, 0]
        + torch.cat(scales, dim=1).log().sum(dim=1)
        + peak.double().sum(dim=(1, 2))
    )
    beta = graphs.ends / total
    used_first: list[Tensor] = []
    used_loop: list[Tensor] = []
    for t in range(time - 1, -1, -1):
        used_first.append(inflows[t] * first[t] * beta)
        if t == 0:
            used_loop.append(torch.zeros_like(beta))
            break
        stay = loop[t] * beta / scales[t]
        used_loop.append(alphas[t - 1][:, :-1] * stay)
        ahead = torch.nn.functional.pad(first[t] * beta / scales[t], (0, 1))
        beta = stay + (ahead.gather(1, targets).view_as(graphs.target_weights) * graphs.target_weights).sum(dim=2)
    used = torch.zeros(count, time, likely.shape[2], dtype=torch.float64, device=scores.device)
    where = first_of[:, None].expand(-1, time, -1)
    used.scatter_add_(2, where, torch.stack(used_first[::-1], dim=1))
    used.scatter_add_(2, where + 1, torch.stack(used_loop[::-1], dim=1))
    return likelihood, used.float()
