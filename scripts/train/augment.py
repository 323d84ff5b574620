"""Rooms, microphones, noise and pace, put on clean recordings anew at every step, for a batch at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor

from scripts.train.features import CEPSTRA
from scripts.train.recordings import RATE


@dataclass(frozen=True)
class Strength:
    """How much of what. Shares are between 0 and 1."""

    pace: tuple[float, float] = (0.87, 1.15)
    equaliser: float = 5.0
    """Decibels, at most, up and down."""
    narrow: float = 0.2
    """Share heard as through a telephone: 8 kHz sound."""
    rooms: float = 0.3
    noise: float = 0.7
    ratio: tuple[float, float] = (1.0, 38.0)
    """Decibels of speech over noise."""
    babble: float = 0.1
    """Share of the noises that are other people talking."""
    level: tuple[float, float] = (-40.0, -14.0)
    """Decibels under full scale."""
    gated: float = 0.2
    """Share with no sound at all, not even noise, before and after the words: as from a microphone with a gate, or from
    a file. What was never seen in training is heard as words."""
    blank: float = 0.1
    """Share with a short stretch blanked."""

    hidden: float = 0.7
    """Share with frequencies and moments hidden from the features (Park et al., "SpecAugment", 2019)."""


CLEAR = Strength(
    pace=(0.97, 1.03),
    equaliser=2,
    narrow=0,
    rooms=0,
    noise=0.5,
    ratio=(20, 40),
    babble=0,
    level=(-30, -20),
    gated=0,
    blank=0,
    hidden=0,
)
"""Hardly any."""

GENTLE = Strength(
    pace=(0.92, 1.1),
    equaliser=3,
    narrow=0.1,
    rooms=0.25,
    noise=0.6,
    ratio=(3, 38),
    babble=0.05,
    blank=0,
    hidden=0.2,
)
"""For the last part of a training: what is seldom met is no longer learnt at the cost of what is common."""


class Augmenter:
    """Changes batches of sound. `noises`: recorded ones, float32 at RATE."""

    def __init__(
        self, noises: list[NDArray[np.float32]], seed: int | list[int], device: str, strength: Strength | None = None
    ):
        self._noises = [noise for noise in noises if len(noise)]
        self._random = np.random.default_rng(seed)
        self._device = device
        self._strength = strength or Strength()

    def __call__(self, sounds: list[NDArray[np.int16]], pad: tuple[float, float]) -> Tensor:
        """int16 sounds -> (batch, samples) float32 of int16's scale; `pad`: seconds around each, least and most."""
        random, how = self._random, self._strength
        pads = random.uniform(*pad, size=(len(sounds), 2))
        total = max(len(s) + int(p.sum() * RATE) for s, p in zip(sounds, pads, strict=True))
        pace = float(random.uniform(*how.pace))
        n_out = int(total / pace)
        n_in = total + RATE // 2  # room for the tail of the reverberation
        n_in = next_fast_len(n_in + n_in % 2, real=True)
        n_in += n_in % 2
        batch = np.zeros((len(sounds), n_in), dtype=np.float32)
        loud = np.empty(len(sounds), dtype=np.float32)
        edges = np.empty((len(sounds), 2))
        for row, (sound, around) in enumerate(zip(sounds, pads, strict=True)):
            spare = total - len(sound) - int(around.sum() * RATE)
            place = int(around[0] * RATE) + int(random.integers(0, spare + 1))
            batch[row, place : place + len(sound)] = sound
            loud[row] = _loudness(sound)
            edges[row] = place, place + len(sound)
        wave = torch.from_numpy(batch).to(self._device)
        spectrum = torch.fft.rfft(wave) * self._colour(len(sounds), n_in // 2 + 1)
        spectrum = self._rooms(spectrum, n_in)
        n_new = 2 * round(n_in / pace / 2)
        wave = torch.fft.irfft(_fit(spectrum, n_new // 2 + 1), n=n_new)[:, :n_out] / pace
        wave = self._noise(wave, torch.from_numpy(loud).to(self._device)[:, None])
        wanted = torch.from_numpy(random.uniform(*how.level, size=(len(sounds), 1))).float().to(self._device)
        now = 20 * torch.log10(torch.from_numpy(loud).to(self._device)[:, None] / 32768)
        wave = wave * 10 ** ((wanted - now) / 20)
        self._blank(wave)
        # Rounding as in a sound card; it is also the floor that no room is below.
        wave = (wave + torch.rand_like(wave) - 0.5).round().clamp(-32768, 32767)
        self._gate(wave, (edges / pace).astype(int))
        return wave

    def hide(self, count: int, frames: int) -> Tensor | None:
        """What to hide of the features: (count, frames, CEPSTRA) bool. Up to two bands of up to 7 of the 40, and up to
        0.12 s of each second. So no sound is known by one of its marks alone, nor a word by one of its sounds."""
        random, how = self._random, self._strength
        if not how.hidden:
            return None
        hidden = np.zeros((count, frames, CEPSTRA), dtype=bool)
        for row in np.flatnonzero(random.random(count) < how.hidden):
            for _ in range(int(random.integers(0, 3))):
                width = int(random.integers(1, 8))
                low = int(random.integers(0, CEPSTRA - width + 1))
                hidden[row, :, low : low + width] = True
            for _ in range(frames // 100):
                width = int(random.integers(0, 13))
                early = int(random.integers(0, max(1, frames - width)))
                hidden[row, early : early + width] = True
        return torch.from_numpy(hidden).to(self._device)

    def _colour(self, count: int, bins: int) -> Tensor:
        """A smooth random equaliser for each row, and for some a telephone's band."""
        random, how = self._random, self._strength
        points = torch.from_numpy(random.uniform(-how.equaliser, how.equaliser, size=(count, 1, 10))).float()
        smooth = torch.nn.functional.interpolate(points, size=256, mode="linear", align_corners=True)
        hertz = torch.linspace(0, RATE / 2, bins)
        mel = torch.log1p(hertz / 700) / math.log1p(RATE / 2 / 700)
        colour = smooth[:, 0, :][:, (mel * 255).long()]
        colour = 10 ** (colour / 20)
        for row in np.flatnonzero(random.random(count) < how.narrow):
            colour[row, hertz > float(random.uniform(3300, 4000))] = 1e-3
        return colour.to(self._device)

    def _rooms(self, spectrum: Tensor, samples: int) -> Tensor:
        """Echo as noise that dies away, behind the direct sound."""
        random = self._random
        rows = np.flatnonzero(random.random(len(spectrum)) < self._strength.rooms)
        if not len(rows):
            return spectrum
        length = min(samples, RATE // 2)
        time = torch.arange(length) / RATE
        dies = torch.from_numpy(random.uniform(0.08, 0.5, size=(len(rows), 1))).float()  # seconds to fall by 60 dB
        delay = torch.from_numpy(random.uniform(0.001, 0.02, size=(len(rows), 1))).float()
        tail = torch.from_numpy(random.standard_normal((len(rows), length))).float()
        tail *= torch.exp(-6.9 * time / dies) * (time >= delay)
        tail /= tail.norm(dim=1, keepdim=True) + 1e-9
        direct = torch.from_numpy(random.uniform(-4, 12, size=(len(rows), 1))).float()  # dB over the echo
        tail *= 10 ** (-direct / 20)
        tail[:, 0] = 1
        spectrum = spectrum.clone()
        spectrum[rows] *= torch.fft.rfft(tail.to(self._device), n=samples)
        return spectrum

    def _noise(self, wave: Tensor, loud: Tensor) -> Tensor:
        random, how = self._random, self._strength
        count, length = wave.shape
        noise = torch.empty_like(wave)
        for row in range(count):
            if random.random() < how.babble:
                other = wave[int(random.integers(0, count))]
                third = wave[int(random.integers(0, count))]
                piece = torch.roll(other, int(random.integers(0, length))) + torch.roll(
                    third, int(random.integers(0, length))
                )
            elif random.random() < 0.75 and self._noises:
                piece = torch.from_numpy(self._piece(length)).to(self._device)
            else:
                piece = torch.randn(length, device=self._device)
            noise[row] = piece / (piece.square().mean().sqrt() + 1e-3)
        ratio = random.uniform(*how.ratio, size=(count, 1))
        ratio[random.random(count) > how.noise] = 60
        return wave + noise * loud * torch.from_numpy(10 ** (-ratio / 20)).float().to(self._device)

    def _piece(self, length: int) -> NDArray[np.float32]:
        source = self._noises[int(self._random.integers(0, len(self._noises)))]
        place = int(self._random.integers(0, len(source)))
        return np.take(source, range(place, place + length), mode="wrap")

    def _gate(self, wave: Tensor, edges: NDArray[np.int_]) -> None:
        for row in np.flatnonzero(self._random.random(len(wave)) < self._strength.gated):
            early, late = self._random.integers(0, RATE // 10, size=2)
            wave[row, : max(0, edges[row, 0] - early)] = 0
            wave[row, edges[row, 1] + late :] = 0

    def _blank(self, wave: Tensor) -> None:
        for row in np.flatnonzero(self._random.random(len(wave)) < self._strength.blank):
            length = int(self._random.uniform(0.02, 0.09) * RATE)
            place = int(self._random.integers(0, max(1, wave.shape[1] - length)))
            wave[row, place : place + length] *= 0.02


def _loudness(sound: NDArray[np.int16]) -> float:
    """Root mean square of the louder half of the 20 ms pieces, so that silence around a word does not count."""
    pieces = sound[: len(sound) // 320 * 320].astype(np.float32).reshape(-1, 320)
    if not len(pieces):
        return 100.0
    power = np.sort((pieces**2).mean(axis=1))[len(pieces) // 2 :]
    return float(np.sqrt(power.mean())) + 1.0


def _fit(spectrum: Tensor, bins: int) -> Tensor:
    if bins <= spectrum.shape[1]:
        return spectrum[:, :bins]
    return torch.nn.functional.pad(spectrum, (0, bins - spectrum.shape[1]))
