"""What the recogniser makes of the lines when they are said: the network learns from that too.

A voice says a line, the model in use hears it, and its best free transcripts are lines as well, of the same kind. What
has little left of the words is left out: it would teach that noise is danger.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from scripts.danger.learn import Line
from scripts.train.synthesise import Job, speak
from tests.danger_aloud import VOICES
from voice.events import Kind, Listen
from voice.speech.ears import hear_source
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource

_SAYING = (
    *(("espeak-ng", f"{accent}{variant}") for accent in ("en-us", "en-gb", "en-gb-scotland", "en-029")
      for variant in ("", "+m3", "+m7", "+f2", "+f4", "+klatt2", "+Annie", "+Gene", "+Lee", "+Steph")),
    *(("flite", name) for name in ("awb", "rms", "kal16") for _ in range(6)),
)  # fmt: skip
_LEFT = 0.5
"""So much of the words must be left."""
_TRANSCRIPTS = 2
"""Of each that is said: the best one, and one more."""
_LISTEN = Listen("free", Kind.FREE, (), ("stop",), end=1.0)
FILE = "heard.tsv"


def make(lines: Sequence[Line], model: Path, most: int, file: Path, workers: int, seed: int = 1) -> None:
    """Writes kind and transcript of up to `most` lines, drawn with a seed, into `file`."""
    draw = random.Random(seed)
    voices = [voice for voice in _SAYING if voice not in VOICES]  # those are for measuring
    chosen = draw.sample(list(lines), min(most, len(lines)))
    work = [
        (line, Job(line.text, *draw.choice(voices), draw.uniform(0.85, 1.2), draw.randint(30, 70))) for line in chosen
    ]
    pieces = [work[at : at + 40] for at in range(0, len(work), 40)]
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out, ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done, found in enumerate(pool.map(_hear, pieces, [model] * len(pieces)), 1):
            out.writelines(f"{kind}\t{text}\n" for kind, text in found)
            if done % 10 == 0:
                print(f"heard {40 * done} of {len(work)} lines", flush=True)
    part.replace(file)


def read(file: Path) -> list[Line]:
    """The lines that `make` wrote."""
    rows = (row.split("\t", 1) for row in file.read_text(encoding="utf-8").splitlines())
    return [Line(text, int(kind), "heard") for kind, text in rows]


def _hear(work: Sequence[tuple[Line, Job]], model: Path) -> list[tuple[int, str]]:
    speech = _model(model)
    kinds = {line.text: line.kind for line, _ in work}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for file, text, _, _ in speak((job for _, job in work), Path(folder)):
            heard = hear_source(FileSource(file), speech, _LISTEN, ["stop"])
            found += [(kinds[text], other) for other in _of_use(text, heard.free or ())]
    return found


def _of_use(said: str, transcripts: Sequence[str]) -> Iterator[str]:
    words = set(said.split())
    for transcript in transcripts[:_TRANSCRIPTS]:
        if transcript != said and len(words & set(transcript.split())) >= _LEFT * len(words):
            yield transcript


@cache
def _model(path: Path) -> SpeechModel:
    return SpeechModel(path)
