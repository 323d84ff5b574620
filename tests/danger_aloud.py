"""The wordings of danger spoken by synthetic voices, heard by the model at hand, and judged as in a talk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from scripts.train.synthesise import Job, speak
from voice import parts
from voice.events import Heard, Kind, Listen
from voice.session_hearing import Hearing
from voice.speech.ears import hear_source
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource

VOICES = (("espeak-ng", "en-gb"), ("espeak-ng", "en-us+f3"), ("flite", "slt"))
"""Engine and voice. Where an engine is not here, its voices say nothing, and are left out."""
_STEP = Listen("free", Kind.FREE, ("not_sure",), ("stop", "pause", "help", "emergency", "skip"), end=1.0)


@dataclass(frozen=True)
class Judged:
    """One wording by one voice."""

    text: str
    voice: str
    heard: str
    light: str
    """red, amber or green."""


def judged(texts: Sequence[str], model: Path, workers: int = 2) -> Iterator[Judged]:
    """Each text by each voice, in no order that matters. Raises RuntimeError where no voice is here."""
    pieces = [texts[at : at + 8] for at in range(0, len(texts), 8)]
    found = 0
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for several in pool.map(_judge, pieces, [model] * len(pieces)):
            found += len(several)
            yield from several
    if texts and not found:
        raise RuntimeError("there is no voice to speak with: install espeak-ng")


def _judge(texts: Sequence[str], model: Path) -> list[Judged]:
    speech, talking = _parts(model)
    hearing = Hearing(talking.understanding, talking.safety)
    phrases = talking.understanding.phrases(_STEP)
    work = [Job(text, engine, voice, 1.0, 50) for text in texts for engine, voice in VOICES]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for file, text, voice, _ in speak(work, Path(folder)):
            heard = hear_source(FileSource(file), speech, _STEP, phrases)
            found.append(Judged(text, voice, _words(heard), _light(hearing, heard)))
    return found


@cache
def _parts(model: Path) -> tuple[SpeechModel, parts.Talking]:
    return SpeechModel(model), parts.Talking()


def _light(hearing: Hearing, heard: Heard) -> str:
    danger = hearing.danger(heard)
    return danger.light if danger else "green"


def _words(heard: Heard) -> str:
    return heard.free[0] if heard.free else heard.text
