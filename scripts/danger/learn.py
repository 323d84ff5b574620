"""From lines to a network: fine-tuning on each line in changed forms, judged on lines of other authors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scripts.danger.network import KINDS, PLACES, Network, danger
from voice.opinion import Pieces

_FILLERS = (
    "um", "uh", "like", "you know", "i mean", "well", "oh god", "please", "just", "fucking", "so", "look", "er",
    "okay so", "right", "bloody", "and", "yeah", "no but",
)  # fmt: skip
_OTHERS = (
    ("he", "she"), ("he's", "she's"), ("him", "her"), ("his", "her"), ("son", "daughter"), ("dad", "mum"),
    ("brother", "sister"), ("husband", "wife"), ("boyfriend", "girlfriend"), ("mom", "dad"), ("mate", "friend"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A text and the kind of danger that it tells of: a number in KINDS, 0 for none, -1 for one that nobody named."""

    text: str
    kind: int
    author: str


@dataclass(frozen=True)
class Plan:
    """How the network is trained."""

    rounds: float = 5.0
    """Times that each line is read."""
    batch: int = 32
    rate: float = 1.5e-4
    seed: int = 1


def batch(pieces: Pieces, texts: Sequence[str]) -> Tensor:
    """(texts, pieces) int64, 0 where there is none."""
    rows = [[pieces.start, *pieces.split(text)[: PLACES - 2], pieces.end] for text in texts]
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def changed(text: str, draw: random.Random) -> str:
    """The same, said of somebody else, with fillers, with a word lost or said twice, or without apostrophes."""
    words = text.split()
    if draw.random() < 0.3:
        swaps = dict(_OTHERS) | {b: a for a, b in reversed(_OTHERS)}
        words = [swaps.get(word, word) for word in words]
    if draw.random() < 0.4:
        for _ in range(draw.randint(1, 2)):
            words.insert(draw.randint(0, len(words)), draw.choice(_FILLERS))
    if draw.random() < 0.2 and len(words) > 4:
        words.pop(draw.randrange(len(words)))
    if draw.random() < 0.15:
        place = draw.randrange(len(words))
        words.insert(place, words[place])
    if draw.random() < 0.15:
        words = [word.replace("'", "") for word in words]
    return " ".join(words)


def train(network: Network, pieces: Pieces, lines: Sequence[Line], plan: Plan, tell: Callable[[str], None]) -> None:
    """Fine-tune `network` on `lines`, in place."""
    draw = random.Random(plan.seed)
    torch.manual_seed(plan.seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=0.01)
    steps = max(1, int(plan.rounds * len(lines) / plan.batch))
    order: list[int] = []
    began, losses = time.monotonic(), 0.0
    for step in range(steps):
        for setting in optimiser.param_groups:
            setting["lr"] = plan.rate * min(1, (step + 1) / (0.06 * steps)) * max(0.02, 1 - step / steps)
        if len(order) < plan.batch:
            order = draw.sample(range(len(lines)), len(lines))
        chosen = [lines[order.pop()] for _ in range(min(plan.batch, len(order)))]
        network.train()
        texts = [changed(line.text, draw) if draw.random() < 0.8 else line.text for line in chosen]
        loss = _loss(network(batch(pieces, texts)), torch.tensor([line.kind for line in chosen]))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses += loss.item()
        if (step + 1) % 50 == 0:
            tell(f"step {step + 1} of {steps}  {(time.monotonic() - began) / 60:.1f} min  loss {losses / 50:.3f}")
            losses = 0.0


def _loss(scores: Tensor, kinds: Tensor) -> Tensor:
    """Whether there is danger first; then, with half the weight, which."""
    two = torch.stack([-danger(scores), torch.zeros(len(scores))], dim=1)
    loss = nn.functional.cross_entropy(two, (kinds != 0).long(), label_smoothing=0.02)
    named = kinds > 0
    if named.any():
        loss = loss + 0.5 * nn.functional.cross_entropy(scores[named][:, 1:], kinds[named] - 1)
    return loss


@torch.no_grad()
def weighed(network: Network, pieces: Pieces, texts: Sequence[str]) -> list[tuple[float, int]]:
    """(log odds of danger, likeliest kind) of each text."""
    network.eval()
    found: list[tuple[float, int]] = []
    for at in range(0, len(texts), 64):
        scores = network(batch(pieces, texts[at : at + 64]))
        kinds = scores[:, 1:].argmax(dim=1) + 1
        found += list(zip(danger(scores).tolist(), kinds.tolist(), strict=True))
    return found


def kind_of(category: str, dangerous: bool) -> int:
    """The number of a category in KINDS."""
    if not dangerous:
        return 0
    return KINDS.index(category) if category in KINDS else -1
