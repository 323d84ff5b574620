"""Step "train": from recordings to a network, by lattice-free MMI from a flat start, with checkpoints."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scripts.train import batches, numerator, taken_up
from scripts.train.augment import CLEAR, GENTLE, Augmenter, Strength
from scripts.train.denominator import Denominator
from scripts.train.features import Mfcc, frames_of
from scripts.train.lexicon import GARBAGE, Lexicon
from scripts.train.loss import mmi
from scripts.train.network import EVERY, Network, Shape
from scripts.train.recordings import Recordings
from scripts.train.together import MEET, Team
from scripts.train.units import Units


@dataclass(frozen=True)
class Plan:
    """How the training goes."""

    seconds: float
    """Of training, by the clock, over all its runs."""
    batch: float = 100.0
    """Seconds of sound in a step."""
    rate: float = 1.2e-3
    """Highest learning rate (AdamW)."""
    warm_steps: int = 200
    """Steps in which the rate rises from 0."""
    last_rate: float = 2e-5
    decay: float = 1e-2
    plain_steps: int = 300
    """Steps at the beginning without garbage."""
    settle_steps: int = 600
    """Steps after which the normalisation no longer learns."""
    clear_only: bool = False
    """Synthetic speech alone, hardly changed, and no garbage: a flat start on all that there is ends in a minimum where
    the output depends on everything but what is said (seen after 30 hours of sound: no word told from another)."""
    keep: float = 0.998
    """Weight of the past in the average of the weights, which is what is exported."""
    uses: int = 2
    """Times that an augmented batch is used."""
    sharp: float = 3.0
    """How sharply a word is tied to one place in time, after the normalisation has settled."""
    chained: float = 0.4
    """Of the steps with single words: those that put several after each other."""
    loose: float = 0.4
    """How far channels are loosened (see Network.loosen), until `gentle`."""
    gentle: float = 0.35
    """Share of the training, its last, in which the sound is changed less and no channel is loosened."""
    output_weight: float = 5e-5
    """Pulls scores to 0 (Kaldi: l2-regularize)."""
    seed: int = 1
    threads: int = 2


@dataclass(frozen=True)
class _Ready:
    features: Tensor
    texts: list[list[str]]
    group: batches.Group


class Training:
    """The network being trained, and all it needs."""

    def __init__(
        self, recordings: Recordings, lexicon: Lexicon, units: Units, everything: Denominator, shape: Shape,
        plan: Plan, noises: list[np.ndarray], folder: Path, device: str, team: Team | None = None,
    ):  # fmt: skip
        self._team = team or Team()
        torch.set_num_threads(plan.threads)
        torch.manual_seed(plan.seed)  # all of a team begin with the same weights
        self._plan, self._folder, self._device = plan, folder, device
        self._recordings, self._lexicon, self._units = recordings, lexicon, units
        self._groups = batches.groups(recordings)
        self._noises = noises
        self._step, self._spent, self._sound = 0, 0.0, 0.0
        self._mfcc = Mfcc().to(device)
        self._everything = everything.to(device)
        self.network = Network(shape).to(device)
        self._draw_anew()
        self._average: dict[str, Tensor] = {}
        self._optimiser = torch.optim.AdamW(self.network.parameters(), lr=plan.rate, weight_decay=plan.decay)
        self._measured = self._settled = False
        self._waiting: deque[_Ready] = deque()
        self._losses: dict[str, list[float]] = {}

    def _draw_anew(self) -> None:
        """Seeds for this member of the team, and for going on from this step: no draw is repeated."""
        seed = [self._plan.seed, self._team.rank, self._step]
        self._random = np.random.default_rng(seed)
        strength = CLEAR if self._plan.clear_only else Strength()
        self._augment = Augmenter(self._noises, seed, self._device, strength)
        self._calmly = Augmenter(self._noises, [*seed, 1], self._device, CLEAR if self._plan.clear_only else GENTLE)
        torch.manual_seed(int(self._random.integers(1 << 31)))

    def begin_with(self, network: Network, its_units: Units) -> None:
        """Take over all layers of a network with coarser units, and its outputs for each of ours."""
        coarse = network.state_dict()
        rows = [2 * its_units.index(*key) + half for key in self._units.keys for half in (0, 1)]
        for name in ("out.weight", "out.bias"):
            coarse[name] = coarse[name][rows].clone()
        self.network.load_state_dict(coarse)
        self._measured = True

    def go_on_from(self, network: Network) -> None:
        """Train on what a model's file holds: its normalisation is measured anew, and stays."""
        self.network.load_state_dict(network.state_dict())
        sound = torch.cat([self._next().features.flatten(0, 1) for _ in range(12)])
        self._waiting.clear()
        taken_up.balance(self.network, sound[None])
        self._measured = True
        self._remember()
        self._settle()

    def run(self, tell: Callable[[str], None]) -> None:
        """Train until the plan's seconds are spent; a checkpoint each two minutes."""
        self._resume(tell)
        if not self._measured and self._step == 0:
            self._measure()
        self._team.average(self.network.state_dict())
        saved = began = time.monotonic()
        before = self._spent
        meetings = max(0, int((self._plan.seconds - before) / MEET))
        while (spent := before + time.monotonic() - began) < self._plan.seconds:
            self._spent = spent
            self._one(self._next())
            if self._step % 50 == 0:
                tell(self._report())
            if meetings and self._plan.seconds - spent < meetings * MEET:
                meetings -= 1
                self._team.average(self.network.state_dict())
            if time.monotonic() - saved > 120:
                self.save()
                saved = time.monotonic()
        for _ in range(meetings + 1):  # those that the others may be waiting for
            self._team.average(self.network.state_dict())
        self._remember()
        self._spent = max(before, self._plan.seconds)
        self.save()

    def _next(self) -> _Ready:
        if self._waiting and self._random.random() < 1 - 1 / self._plan.uses and len(self._waiting) > 8:
            return self._waiting.popleft()
        kinds = self._groups
        if self._plan.clear_only:
            kinds = [kind for kind in kinds if kind.name == "synthetic"] or kinds
        group, clips = batches.draw(kinds, self._plan.batch, self._random)
        with torch.no_grad():
            sounds, texts = [self._recordings.sound(clip) for clip in clips], [clip.text for clip in clips]
            if group.name == "speech_commands" and self._random.random() < self._plan.chained:
                sounds, texts = batches.chained(sounds, texts, self._random)
            change = self._calmly if self._left < self._plan.gentle else self._augment
            sound = change(sounds, group.pad)
            features = self._mfcc(sound, change.hide(len(sounds), frames_of(sound.shape[1])))
        ready = _Ready(features, [text.split() for text in texts], group)
        if self._plan.uses > 1:
            self._waiting.append(ready)
        while len(self._waiting) > 16:
            self._waiting.popleft()
        return ready

    def _one(self, ready: _Ready) -> None:
        """One step of the optimiser."""
        plain = self._plan.clear_only or self._step < self._plan.plain_steps
        garbage = 0.0 if plain else ready.group.garbage
        graphs = [self._graph(words, garbage) for words in ready.texts]
        features = ready.features[:, int(self._random.integers(0, EVERY)) :]
        for setting in self._optimiser.param_groups:
            setting["lr"] = self._learning_rate()
        self.network.train()
        self.network.loosen(self._loose)
        if self._step >= self._plan.settle_steps:
            self._settle()
        scores = self.network(features)
        frames = scores.shape[0] * scores.shape[1]
        loss = mmi(scores, numerator.batch(graphs, self._device), self._everything, self._sharp) / frames
        if not torch.isfinite(loss):
            raise RuntimeError(f"the loss is {loss.item()} at step {self._step}: start again from the last checkpoint")
        whole = loss + self._plan.output_weight * scores.square().mean() * scores.shape[2] / 100
        self._optimiser.zero_grad(set_to_none=True)
        whole.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._step += 1
        self._sound += frames * 0.03
        self._remember()
        self._losses.setdefault(ready.group.name, []).append(loss.item())
        if self._step % 500 == 0:
            self._look(scores.detach(), graphs, loss.item())

    @property
    def _sharp(self) -> float:
        return self._plan.sharp if self._settled else 1.0

    def _settle(self) -> None:
        """From now on normalise by the mean over all sound, as when listening. A step holds sound of one kind, so that
        its own mean is another: single words are half silence."""
        for name, module in self.network.named_modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                if not self._settled:
                    for part in ("running_mean", "running_var"):
                        getattr(module, part).copy_(self._average[f"{name}.{part}"])
                module.eval()
        self._settled = True

    def _graph(self, words: list[str], garbage: float) -> numerator.Graph:
        drawn = self._random.random(len(words))
        said = [GARBAGE if chance < garbage else word for word, chance in zip(words, drawn, strict=True)]
        return numerator.graph(said, self._lexicon, self._units)

    def _learning_rate(self) -> float:
        plan = self._plan
        warm = min(1.0, (self._step + 1) / plan.warm_steps)
        done = min(1.0, self._spent / plan.seconds)
        return warm * (plan.last_rate + (plan.rate - plan.last_rate) * 0.5 * (1 + math.cos(math.pi * done)))

    @property
    def _left(self) -> float:
        """Share of the training that is still to come."""
        return 1 - min(1.0, self._spent / self._plan.seconds)

    @property
    def _loose(self) -> float:
        if self._plan.clear_only:
            return 0.0
        return self._plan.loose * min(1.0, max(0.0, self._left - self._plan.gentle) / 0.2)

    def _remember(self) -> None:
        keep = min(self._plan.keep, 1 - 1 / (1 + self._step / 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if not value.is_floating_point():
                    self._average[name] = value.clone()
                elif name in self._average:
                    self._average[name].lerp_(value, 1 - keep)
                else:
                    self._average[name] = value.clone()

    def _look(self, scores: Tensor, graphs: list[numerator.Graph], loss: float) -> None:
        """Stop where the output no longer depends on time: that minimum is never left again."""
        flat = scores.mean(dim=1, keepdim=True).expand_as(scores).contiguous()
        level = mmi(flat, numerator.batch(graphs, self._device), self._everything).item() / scores[..., 0].numel()
        if level < loss + 0.02 * abs(loss):
            raise RuntimeError(f"the network does not listen: loss {loss:.3f}, and {level:.3f} without time")

    def _measure(self) -> None:
        """Mean and scale of the features, from a few batches."""
        frames = torch.cat([self._next().features.flatten(0, 1) for _ in range(6)])
        self.network.mean.copy_(frames.mean(dim=0))
        self.network.scale.copy_(1 / frames.std(dim=0))
        self._waiting.clear()

    def _report(self) -> str:
        parts = "  ".join(f"{name} {sum(x) / len(x):.4f}" for name, x in sorted(self._losses.items()))
        self._losses.clear()
        return (
            f"step {self._step}  {self._spent / 60:.1f} min  {self._sound * self._team.size / 3600:.2f} h of sound"
            f"  rate {self._learning_rate():.1e}  {parts}"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What the training was, for the record."""
        hours = self._sound * self._team.size / 3600
        return {
            "steps": self._step,
            "minutes": round(self._spent / 60, 1),
            "trainings_at_once": self._team.size,
            "hours_of_sound": round(hours, 1),
            "hours_of_recordings": round(self._recordings.hours, 2),
            "parameters": sum(p.numel() for p in self.network.parameters()),
            "plan": asdict(self._plan),
            "shape": asdict(self.network.shape),
        }

    def save(self) -> None:
        """checkpoint.pt (to go on) and average.pt (to export), each whole or not at all."""
        state = {
            "network": self.network.state_dict(), "optimiser": self._optimiser.state_dict(),
            "average": self._average, "step": self._step, "spent": self._spent, "sound": self._sound,
        }  # fmt: skip
        if self._team.rank:
            return
        _write(state, self._folder / "checkpoint.pt")
        about = {"step": self._step, "seconds": self._spent, "sound": self._sound, "plan": asdict(self._plan)}
        whole = {"weights": self._average, "shape": asdict(self.network.shape), "about": about}
        _write(whole, self._folder / "average.pt")

    def _resume(self, tell: Callable[[str], None]) -> None:
        file = self._folder / "checkpoint.pt"
        if not file.exists():
            return
        state = torch.load(file, map_location=self._device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._average = state["average"]
        self._step, self._spent, self._sound = state["step"], state["spent"], state["sound"]
        self._draw_anew()
        tell(f"going on from step {self._step}, {self._spent / 60:.1f} minutes")


def _write(state: Mapping[str, object], file: Path) -> None:
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


def trained(folder: Path) -> Network:
    """The averaged network that `save` left, ready to be used."""
    state = torch.load(folder / "average.pt", map_location="cpu", weights_only=True)
    shape = {**state["shape"], "strides": tuple(state["shape"]["strides"])}
    network = Network(Shape(**shape))
    network.load_state_dict(state["weights"])
    return network.eval()
