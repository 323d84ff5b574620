"""What the network hears: 40 mel cepstra each 10 ms, as libvosk computes them from conf/mfcc.conf.

Kaldi's recipe (feat/feature-mfcc.cc), done for a batch at once, on whatever device the sound is on. The test compares
it with kaldi-native-fbank.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

CEPSTRA = 40
STEP, FRAME = 160, 400
"""Samples: 10 ms and 25 ms at 16 kHz."""
LOW, HIGH = 40.0, 7600.0
"""Hertz."""
_FFT = 512
_LIFTER = 22.0
_EMPHASIS = 0.97

CONF = f"""--use-energy=false
--num-mel-bins={CEPSTRA}
--num-ceps={CEPSTRA}
--low-freq={LOW:.0f}
--high-freq={HIGH:.0f}
--dither=0
--sample-frequency=16000
"""
"""conf/mfcc.conf."""


def frames_of(samples: int) -> int:
    """Frames of so many samples."""
    return max(0, (samples - FRAME) // STEP + 1)


class Mfcc(torch.nn.Module):
    """int16-scaled float samples (batch, n) -> (batch, frames, 40). `hidden`, (batch, frames, 40) bool, tells which
    frequencies are put at the clip's mean, as if nothing had been heard there."""

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(FRAME, periodic=False, dtype=torch.float64) ** 0.85  # "povey"
        self.window: Tensor
        self.mel: Tensor
        self.cosines: Tensor
        self.register_buffer("window", window.float())
        self.register_buffer("mel", _mel_banks().float())
        self.register_buffer("cosines", _cosines().float())

    def forward(self, samples: Tensor, hidden: Tensor | None = None) -> Tensor:
        frames = samples.unfold(1, FRAME, STEP)
        frames = frames - frames.mean(dim=2, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
        frames = (frames - _EMPHASIS * before) * self.window
        spectrum = torch.fft.rfft(frames, n=_FFT)
        power = spectrum.real**2 + spectrum.imag**2
        energies = (power[..., : _FFT // 2] @ self.mel).clamp_min(torch.finfo(torch.float32).eps)
        levels = energies.log()
        if hidden is not None:
            levels = torch.where(hidden, levels.mean(dim=1, keepdim=True), levels)
        cepstra: Tensor = levels @ self.cosines
        return cepstra


def _mel_banks() -> Tensor:
    def mel(hertz: Tensor) -> Tensor:
        return 1127.0 * torch.log1p(hertz / 700.0)

    low, high = mel(torch.tensor([LOW, HIGH], dtype=torch.float64))
    edges = low + (high - low) / (CEPSTRA + 1) * torch.arange(CEPSTRA + 2, dtype=torch.float64)
    bins = mel(torch.arange(_FFT // 2, dtype=torch.float64) * 16000 / _FFT)[:, None]
    up = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(up, down).clamp_min(0)


def _cosines() -> Tensor:
    k = torch.arange(CEPSTRA, dtype=torch.float64)
    table = math.sqrt(2 / CEPSTRA) * torch.cos(math.pi / CEPSTRA * (k[:, None] + 0.5) * k)
    table[:, 0] = math.sqrt(1 / CEPSTRA)
    return table * (1 + 0.5 * _LIFTER * torch.sin(math.pi * k / _LIFTER))
