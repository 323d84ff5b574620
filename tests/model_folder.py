"""A tiny folder with the form of a speech model: passes the look at its files, and no recogniser could use it."""

from __future__ import annotations

import struct
from pathlib import Path


def fst(kind: str = "const", flags: int = 0, states: int = 1, arcs: int = 1) -> bytes:
    def text(word: str) -> bytes:
        return struct.pack("<i", len(word)) + word.encode()

    head = struct.pack("<i", 2125659606) + text(kind) + text("standard")
    head += struct.pack("<iiQqqq", 2, flags, 0, 0, states, arcs)
    return head + bytes(20 * states + 16 * arcs)


def build(path: Path) -> Path:
    mdl = (
        b"\0B<TransitionModel> "
        + bytes(80)
        + b"</TransitionModel> </Nnet3> <Priors> FV \x04"
        + struct.pack("<if", 1, 0.5)
    )
    files = {
        "am/final.mdl": mdl,
        "conf/mfcc.conf": b"# ours\n--sample-frequency=16000\n--num-mel-bins=40 # bins\n",
        "conf/model.conf": b"--beam=12.0\n--endpoint.rule2.min-trailing-silence=0.5\n",
        "graph/HCLr.fst": fst("olabel_lookahead"),
        "graph/Gr.fst": fst(),
        "graph/disambig_tid.int": b"",
        "graph/words.txt": b"<eps> 0\nyes 1\nno 2\n",
        "graph/phones/word_boundary.int": b"1 nonword\n2 begin\n",
    }
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path
