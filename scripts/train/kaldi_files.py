"""Step "export": the network in Kaldi's form, for libvosk. Written from the formats that Kaldi 5.5 reads."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scripts.train import features
from scripts.train.network import EVERY, SKIP, Network
from scripts.train.transitions import PLACES, Transitions, transitions
from scripts.train.units import Units


def write(network: Network, units: Units, folder: Path) -> None:
    """am/final.mdl, conf/ and the phone tables of a model folder."""
    table = transitions(units)
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    model = b"\0B" + _transition_model(table) + _nnet(network)
    (folder / "am" / "final.mdl").write_bytes(model)
    (folder / "conf" / "mfcc.conf").write_text(features.CONF, encoding="utf-8")
    (folder / "conf" / "model.conf").write_text(_CONF, encoding="utf-8")
    lines = ["<eps> 0", *(f"{name} {number}" for number, name in enumerate(table.phones, 1))]
    (folder / "graph" / "phones.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    kinds = [f"{n} {PLACES[name[-1]] if '_' in name else 'nonword'}" for n, name in enumerate(table.phones, 1)]
    (folder / "graph" / "phones" / "word_boundary.int").write_text("\n".join(kinds) + "\n", encoding="utf-8")


_CONF = f"""--min-active=50
--max-active=1500
--frames-per-chunk=45
--beam=12.0
--lattice-beam=4.0
--acoustic-scale=1.0
--frame-subsampling-factor={EVERY}
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


LEVELS = 65535
"""Steps between the least and the greatest value of a matrix, in which the marks of its columns are given."""
STEPS = (0, 64, 192, 255)
"""The values of a byte that stand for a column's four marks."""


def _int(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\4" + struct.pack("<f", value)


def _vector(values: NDArray[np.float32]) -> bytes:
    return b"FV " + _int(len(values)) + values.astype("<f4").tobytes()


def _matrix(values: NDArray[np.float32]) -> bytes:
    """One byte a value: Kaldi's CompressedMatrix ("CM"), which it reads wherever it reads a matrix. Each column has its
    least value, quarter, three quarters and greatest; a value is a step between two of these."""
    rows, columns = values.shape
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    marks = np.quantile(values.astype(np.float64), (0, 0.25, 0.75, 1), axis=0)
    marks = np.rint((marks - low) * (LEVELS / span))
    marks += np.arange(4)[:, None]  # never two alike
    exact = np.minimum(marks, LEVELS - np.arange(3, -1, -1)[:, None]).astype(np.uint16)
    at = column_marks(exact, low, span)
    steps = np.empty((rows, columns))
    for column in range(columns):
        steps[:, column] = np.interp(values[:, column], at[:, column], STEPS)
    head = b"CM " + struct.pack("<ffii", low, span, rows, columns)
    return head + exact.T.astype("<u2").tobytes() + np.rint(steps).astype(np.uint8).T.tobytes()


def column_marks(marks: NDArray[np.uint16], low: float, span: float) -> NDArray[np.float64]:
    """What the marks (4, columns) of a matrix stand for."""
    return low + marks.astype(np.float64) * (span / LEVELS)


def _integers(values: Sequence[int]) -> bytes:
    return b"\4" + struct.pack("<i", len(values)) + struct.pack(f"<{len(values)}i", *values)


def _transition_model(table: Transitions) -> bytes:
    phones = range(1, len(table.phones) + 1)
    state = _int(0) + _int(1) + _int(2) + _int(0) + _float(0.5) + _int(1) + _float(0.5)
    last = _int(-1) + _int(-1) + _int(0)
    topology = _integers(list(phones)) + _integers([-1, *(0 for _ in phones)])
    topology += _int(-1) + _int(1) + _int(2) + state + last
    tuples = b"".join(_int(p) + _int(0) + _int(2 * unit) + _int(2 * unit + 1) for p, unit in table.pairs)
    likely = np.full(2 * len(table.pairs) + 1, np.log(0.5), dtype=np.float32)
    likely[0] = 0
    return (
        b"<TransitionModel> <Topology> " + topology + b"</Topology> "
        b"<Tuples> " + _int(len(table.pairs)) + tuples + b"</Tuples> "
        b"<LogProbs> " + _vector(likely) + b"</LogProbs> </TransitionModel> "
    )


class _Writer:
    """Nodes and components of the network, in order."""

    def __init__(self) -> None:
        self.config = [f"input-node name=input dim={features.CEPSTRA}"]
        self.components: list[bytes] = []

    def add(self, name: str, source: str, kind: str, body: bytes) -> str:
        self.config.append(f"component-node name={name} component={name} input={source}")
        whole = f"<{kind}> ".encode() + body + f"</{kind}> ".encode()
        self.components.append(f"<ComponentName> {name} ".encode() + whole)
        return name

    def affine(self, name: str, source: str, weight: Tensor, bias: Tensor) -> str:
        body = b"<LinearParams> " + _matrix(weight.numpy()) + b"<BiasParams> " + _vector(bias.numpy())
        return self.add(name, source, "FixedAffineComponent", body)

    def scale(self, name: str, source: str, scales: Tensor) -> str:
        return self.add(name, source, "FixedScaleComponent", b"<Scales> " + _vector(scales.numpy()))

    def relu(self, name: str, source: str, dim: int) -> str:
        nothing = _vector(np.zeros(0, dtype=np.float32))
        body = b"<Dim> " + _int(dim) + b"<ValueAvg> " + nothing + b"<DerivAvg> " + nothing
        body += b"<Count> \x08" + struct.pack("<d", 0.0)
        return self.add(name, source, "RectifiedLinearComponent", body)


@torch.no_grad()
def _nnet(network: Network) -> bytes:
    """Batch norm becomes a scale, and its offset is carried along into the next layer's bias."""
    shape, out = network.shape, _Writer()
    weight = network.first.weight.view(shape.wide, -1, features.CEPSTRA) * network.scale
    bias = network.first.bias - (weight * network.mean).sum(dim=(1, 2))
    offsets = [_offset("input", n) for n in range(-shape.around, shape.around + 1)]
    node = out.affine("first.affine", f"Append({', '.join(offsets)})", weight.flatten(1), bias)
    node = out.relu("first.relu", node, shape.wide)
    scale, carried = _folded(network.norm)
    node = out.scale("first.out", node, scale)
    for number, layer in enumerate(network.each_layer(), 1):
        step, name = EVERY * layer.stride, f"layer{number}"
        narrow = layer.narrow.weight
        bias = narrow @ torch.cat([carried, carried])
        waist = out.affine(f"{name}.narrow", f"Append({_offset(node, -step)}, {node})", narrow, bias)
        source = f"Append({waist}, {_offset(waist, step)})"
        wide = out.affine(f"{name}.wide", source, layer.widen.weight, layer.widen.bias)
        wide = out.relu(f"{name}.relu", wide, shape.wide)
        scale, offset = _folded(layer.norm)
        scaled = out.scale(f"{name}.scale", wide, scale)
        node = out.scale(f"{name}.out", f"Sum({scaled}, Scale({SKIP}, {node}))", torch.ones(shape.wide))
        carried = offset + SKIP * carried
    last = network.last.weight
    node = out.affine("last", node, last, last @ carried)
    node = out.affine("out", node, network.out.weight, network.out.bias)
    out.config.append(f"output-node name=output input={node} objective=linear")
    edge = shape.context
    return (
        b"<Nnet3> \n" + "\n".join(out.config).encode() + b"\n\n"
        b"<NumComponents> " + _int(len(out.components)) + b"".join(out.components) + b"</Nnet3> "
        b"<LeftContext> " + _int(edge) + b"<RightContext> " + _int(edge) + b"<Priors> "
        + _vector(np.zeros(0, dtype=np.float32))
    )  # fmt: skip


def _offset(node: str, frames: int) -> str:
    return f"Offset({node}, {frames})" if frames else node


def _folded(norm: torch.nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """(scale, offset) that do what `norm` does when it no longer learns."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale
