"""The network in the form that voice/opinion.py reads: one byte a value, with a scale for each row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.danger.network import KINDS, Network

_SMALL = 127


@torch.no_grad()
def write(network: Network, words: Sequence[str], file: Path) -> None:
    """Everything in one .npz; whole or not at all."""
    parts: dict[str, NDArray[Any]] = {
        "words": np.frombuffer("\n".join(words).encode(), np.uint8),
        "kinds": np.frombuffer("\n".join(KINDS).encode(), np.uint8),
        "layers": np.array(len(network.layers)),
    }

    def rows(name: str, values: torch.Tensor) -> None:
        table = values.numpy()
        scale = np.maximum(np.abs(table).max(axis=1), 1e-8) / _SMALL
        parts[name] = np.rint(table / scale[:, None]).astype(np.int8)
        parts[f"{name}.scale"] = scale.astype(np.float32)

    def affine(name: str, layer: Any) -> None:
        rows(name, layer.weight)
        parts[f"{name}.bias"] = layer.bias.numpy().astype(np.float32)

    def norm(name: str, layer: Any) -> None:
        for kind in ("weight", "bias"):
            parts[f"{name}.{kind}"] = getattr(layer, kind).numpy().astype(np.float32)

    rows("tokens", network.tokens.weight)
    rows("places", network.places.weight)
    norm("first", network.first)
    affine("out", network.out)
    for number, layer in enumerate(network.layers):
        for name in ("mix", "after", "wide", "narrow"):
            affine(f"{number}.{name}", getattr(layer, name))
        for name in ("one", "two"):
            norm(f"{number}.{name}", getattr(layer, name))
    part = file.with_suffix(".part.npz")
    np.savez_compressed(part, allow_pickle=False, **parts)
    part.replace(file)
