"""Step "synthesise": words that nobody recorded, in many voices, rates and pitches."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.train.phrases import Phrases

_ESPEAK_ACCENTS = ("en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan")
_ESPEAK_VARIANTS = (
    "", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+m8", "+f1", "+f2", "+f3", "+f4", "+f5",
    "+klatt", "+klatt2", "+klatt3", "+klatt4", "+Andrea", "+Annie", "+Alicia", "+Denis", "+Gene", "+Hugo",
    "+Jacky", "+Lee", "+Mario", "+Michael", "+Steph", "+Zac", "+Diogo", "+anikaRobot", "+grandma", "+grandpa",
)  # fmt: skip
_FLITE_VOICES = ("awb", "rms", "slt", "kal16")
_FESTIVAL_VOICES = ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")
_SHORTEST = 2000
"""Bytes of a file below which nothing was spoken."""
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True)
class Job:
    """A text to be spoken by an engine's voice."""

    text: str
    engine: str
    voice: str
    pace: float
    """1 is the engine's usual."""
    pitch: int
    """0 to 99 (espeak-ng)."""


def jobs(phrases: Phrases, common: Sequence[str], count: int, seed: int) -> list[Job]:
    """`count` texts with voices: live phrases most, then other wordings, common words, numbers, sentences.

    The engines are those that are here (text2wave is festival's). Raises RuntimeError where there is none.
    """
    draw = random.Random(seed)
    engines = [name for name in ("espeak-ng", "flite", "text2wave") if shutil.which(name)]
    if not engines:
        raise RuntimeError("there is no voice to learn from: install espeak-ng")
    kinds: list[tuple[float, Callable[[], str]]] = [
        (0.40, lambda: draw.choice(phrases.live)),
        (0.20, lambda: draw.choice(phrases.other)),
        (0.20, lambda: draw.choice(common)),
        (0.10, lambda: numbers(draw)),
        (0.10, lambda: draw.choice(phrases.spoken)),
    ]
    found = []
    for _ in range(count):
        (kind,) = draw.choices([k for _, k in kinds], [weight for weight, _ in kinds])
        engine = draw.choices(engines, [{"espeak-ng": 6, "flite": 3, "text2wave": 1}[name] for name in engines])[0]
        voice = {
            "espeak-ng": draw.choice(_ESPEAK_ACCENTS) + draw.choice(_ESPEAK_VARIANTS),
            "flite": draw.choice(_FLITE_VOICES),
            "text2wave": draw.choice(_FESTIVAL_VOICES),
        }[engine]
        found.append(Job(kind(), engine, voice, draw.uniform(0.75, 1.25), draw.randint(15, 85)))
    return found


def numbers(draw: random.Random) -> str:
    """Digits or numbers in a row, as people say telephone numbers and amounts."""
    match draw.randint(0, 3):
        case 0 | 1:
            return " ".join(draw.choice(_DIGITS) for _ in range(draw.randint(2, 6)))
        case 2:
            return " ".join(draw.choice(_DIGITS + _TEENS + _TENS) for _ in range(draw.randint(1, 4)))
        case _:
            more = [draw.choice([*_DIGITS, "hundred"]) for _ in range(draw.randint(0, 3))]
            return " ".join([draw.choice(_TENS), draw.choice(_DIGITS[1:]), *more])


def speak(work: Iterable[Job], folder: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Files as `recordings.prepare` takes them; each is deleted when the next is asked for."""
    for job in work:
        with tempfile.NamedTemporaryFile(suffix=".wav", dir=folder) as file:
            if _run(job, file.name):
                yield Path(file.name), job.text, f"{job.engine}-{job.voice}", f"synthetic-{job.engine}"


def _run(job: Job, file: str) -> bool:
    match job.engine:
        case "espeak-ng":
            rate = str(int(155 * job.pace))
            command = ["espeak-ng", "-v", job.voice, "-s", rate, "-p", str(job.pitch), "-w", file, job.text]
        case "flite":
            stretch = f"duration_stretch={1 / job.pace:.2f}"
            shift = f"f0_shift={0.7 + job.pitch / 140:.2f}"
            command = ["flite", "-voice", job.voice, "--setf", stretch, "--setf", shift, "-t", job.text, "-o", file]
        case _:
            stretch = f"(Parameter.set 'Duration_Stretch {1 / job.pace:.2f})"
            command = ["text2wave", "-o", file, "-eval", f"(voice_{job.voice})", "-eval", stretch]
    try:
        subprocess.run(command, input=job.text, text=True, capture_output=True, timeout=60, check=True)
    except subprocess.SubprocessError:
        return False  # a voice that is not here, or that hangs on a word
    return Path(file).stat().st_size > _SHORTEST
