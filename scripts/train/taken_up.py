"""Going on from a model's own file: the network that `kaldi_files` wrote, read back, so that hours of training add up
over machines and months though no checkpoint was kept."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scripts.train.features import CEPSTRA
from scripts.train.kaldi_files import STEPS, column_marks
from scripts.train.network import EVERY, SKIP, Network, Shape

_COMPONENT = re.compile(rb"<ComponentName> (\S+) <(FixedAffine|FixedScale)Component> ")
_LAYER = re.compile(r"name=layer(\d+)\.narrow .*Offset\(\S+, -(\d+)\)")
_AROUND = re.compile(r"name=first\.affine .*Offset\(input, (\d+)\)\)")


@dataclass(frozen=True)
class _Layer:
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def read(file: Path) -> Network:
    """am/final.mdl -> a network with the same outputs, ready to be used; `balance` it before training it.

    Raises ValueError for a file that `kaldi_files` did not write.
    """
    whole = file.read_bytes()
    place = whole.find(b"<Nnet3>")
    config = whole[place : max(place, whole.find(b"\n\n", place))].decode("ascii", "replace")
    around, layers = _AROUND.search(config), _LAYER.findall(config)
    if place < 0 or not around or not layers:
        raise ValueError(f"{file} is no network that this recipe made")
    try:
        parts = _parts(whole, place)
        strides = tuple(int(step) // EVERY for _, step in layers)
        network = _network(parts, strides, int(around[1]))
    except (KeyError, RuntimeError, ValueError, struct.error) as error:
        raise ValueError(f"{file} is no network that this recipe made: {error}") from error
    return network.eval()


def _parts(whole: bytes, place: int) -> dict[str, _Layer]:
    found: dict[str, _Layer] = {}
    while head := _COMPONENT.search(whole, place):
        name, place = head[1].decode(), head.end()
        if head[2] == b"FixedAffine":
            weight, place = _values(whole, place + len(b"<LinearParams> "))
            bias, place = _values(whole, place + len(b"<BiasParams> "))
        else:
            weight, place = _values(whole, place + len(b"<Scales> "))
            bias = np.zeros(0, np.float32)
        found[name] = _Layer(weight, bias)
    return found


def _values(whole: bytes, place: int) -> tuple[NDArray[np.float32], int]:
    """The vector or matrix that is at `place`, and the place after it."""
    match whole[place : place + 3]:
        case b"CM ":
            low, span, rows, columns = struct.unpack_from("<ffii", whole, place + 3)
            place += 19
            marks = column_marks(np.frombuffer(whole, "<u2", 4 * columns, place).reshape(columns, 4).T, low, span)
            place += 8 * columns
            steps = np.frombuffer(whole, np.uint8, rows * columns, place).reshape(columns, rows)
            values = [np.interp(steps[column], STEPS, marks[:, column]) for column in range(columns)]
            return np.stack(values, axis=1).astype(np.float32), place + rows * columns
        case b"FV ":
            (count,) = struct.unpack_from("<xi", whole, place + 3)
            return np.frombuffer(whole, "<f4", count, place + 8).copy(), place + 8 + 4 * count
    raise ValueError("neither a matrix nor a vector")


@torch.no_grad()
def _network(parts: dict[str, _Layer], strides: tuple[int, ...], around: int) -> Network:
    wide, waist = parts["first.affine"].weight.shape[0], parts["layer1.narrow"].weight.shape[0]
    outputs, last = parts["out"].weight.shape
    network = Network(Shape(outputs, wide, waist, strides, last, around))
    _put(network.first, parts["first.affine"])
    carried = _carried(parts["layer1.narrow"], 2)
    _set_norm(network.norm, parts["first.out"].weight, carried)
    names = [*(f"layer{number}.narrow" for number in range(2, len(strides) + 1)), "last"]
    for number, (layer, after) in enumerate(zip(network.each_layer(), names, strict=True), 1):
        layer.narrow.weight.copy_(torch.from_numpy(parts[f"layer{number}.narrow"].weight))
        _put(layer.widen, parts[f"layer{number}.wide"])
        now = _carried(parts[after], 1 if after == "last" else 2)
        _set_norm(layer.norm, parts[f"layer{number}.scale"].weight, now - SKIP * carried)
        carried = now
    network.last.weight.copy_(torch.from_numpy(parts["last"].weight))
    _put(network.out, parts["out"])
    return network


def _put(linear: nn.Linear, part: _Layer) -> None:
    linear.weight.copy_(torch.from_numpy(part.weight))
    linear.bias.copy_(torch.from_numpy(part.bias))


def _carried(part: _Layer, times: int) -> Tensor:
    """An offset that gives this layer's bias, taken `times` over. What the offset was before it was carried into the
    bias is not known, nor needed: all that give the bias give the same outputs."""
    weight = part.weight.reshape(len(part.weight), times, -1).sum(axis=1)
    found: NDArray[np.float64] = np.linalg.lstsq(weight.astype(np.float64), part.bias.astype(np.float64), rcond=None)[0]
    return torch.from_numpy(found.astype(np.float32))


def _set_norm(norm: nn.BatchNorm1d, scale: NDArray[np.float32], offset: Tensor) -> None:
    assert norm.running_var is not None
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.copy_(torch.from_numpy(scale))
    norm.bias.copy_(offset)


@torch.no_grad()
def balance(network: Network, features: Tensor) -> None:
    """Divide the same function between weights and normalisation as a training would: features and hidden values
    with mean 0 and variance 1. `features`: (batch, frames, 40). Gradients then have like sizes in all layers."""
    flat = features.flatten(0, 1)
    mean, spread = flat.mean(dim=0), flat.std(dim=0)
    first = network.first.weight.view(network.shape.wide, -1, CEPSTRA)
    was = first * network.scale
    network.first.bias.add_((was * (mean - network.mean)).sum(dim=(1, 2)))
    first.copy_(was * spread)
    network.mean.copy_(mean)
    network.scale.copy_(1 / spread)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d)]
    hooks = [norm.register_forward_pre_hook(_renorm) for norm in norms]
    network.eval()(features)
    for hook in hooks:
        hook.remove()


def _renorm(norm: nn.Module, given: tuple[Tensor, ...]) -> None:
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    offset = norm.bias - norm.running_mean * scale
    norm.running_mean.copy_(given[0].mean(dim=0))
    norm.running_var.copy_(given[0].var(dim=0).clamp_min(1e-4))
    norm.weight.copy_(scale * torch.sqrt(norm.running_var + norm.eps))
    norm.bias.copy_(offset + norm.running_mean * scale)


@torch.no_grad()
def widened(network: Network, wide: int, waist: int) -> Network:
    """A wider network with the same outputs: what is new in it is heard by nothing yet (Chen et al., "Net2Net", 2016).

    `balance` it before training it.
    """
    old = network.shape
    if wide < old.wide or waist < old.waist:
        raise ValueError(f"the network is {old.wide} wide and its waist {old.waist}: it can't be made narrower")
    new = Network(replace(old, wide=wide, waist=waist)).eval()
    new.mean.copy_(network.mean)
    new.scale.copy_(network.scale)
    _grown(new.first, network.first, 1)
    _grown_norm(new.norm, network.norm)
    for mine, theirs in zip(new.each_layer(), network.each_layer(), strict=True):
        _grown(mine.narrow, theirs.narrow, 2)
        _grown(mine.widen, theirs.widen, 2)
        _grown_norm(mine.norm, theirs.norm)
    _grown(new.last, network.last, 1)
    new.out.load_state_dict(network.out.state_dict())
    return new


@torch.no_grad()
def deepened(network: Network, more: int) -> Network:
    """A network with `more` layers after the last of stride 1, and the same outputs: a new layer adds nothing yet.

    What it hands on is smaller by SKIP, as with every layer; those after it are put right. `balance` it before training
    it.
    """
    old = network.shape
    place = max(number for number, stride in enumerate(old.strides, 1) if stride == 1)
    strides = (*old.strides[:place], *(1,) * more, *old.strides[place:])
    new, state, smaller = Network(replace(old, strides=strides)).eval(), network.state_dict(), SKIP**more
    rest = {name: values for name, values in state.items() if not name.startswith("layers.")}
    new.load_state_dict({**new.state_dict(), **rest})
    layers = new.each_layer()
    for layer in layers[place : place + more]:
        layer.norm.weight.zero_()
    for mine, theirs in zip(layers[:place] + layers[place + more :], network.each_layer(), strict=True):
        mine.load_state_dict(theirs.state_dict())
    for layer in layers[place + more :]:
        layer.narrow.weight.div_(smaller)
        layer.norm.weight.mul_(smaller)
        layer.norm.bias.mul_(smaller)
    new.last.weight.div_(smaller)
    return new


def _grown(into: nn.Linear, old: nn.Linear, times: int) -> None:
    """`times`: how many frames' channels stand after each other in the input."""
    rows, columns = old.weight.shape[0], old.weight.shape[1] // times
    for part, theirs in zip(into.weight.chunk(times, dim=1), old.weight.chunk(times, dim=1), strict=True):
        part[:rows] = 0
        part[:rows, :columns] = theirs
    if old.bias is not None:
        into.bias[:rows] = old.bias


def _grown_norm(into: nn.BatchNorm1d, old: nn.BatchNorm1d) -> None:
    for name, value in old.state_dict().items():
        if value.dim():
            into.state_dict()[name][: len(value)] = value
