"""Which voices are installed, the most natural first, and a renderer for each by its name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.errors import SpeakerError
from voice.speech.driver import engine_of
from voice.speech.programs import LIMIT, Ask, ProgramDriver, festival, flite, piper
from voice.speech.render import VOICES, Clip, Renderer, best_renderer, estimated, silence

ESPEAK = "espeak-ng"
ENGINES = ("piper", "festival", "flite", ESPEAK)
"""Most natural first."""

_LABELS = {
    "festival:cmu_us_slt_arctic_hts": "a woman, American",
    "festival:kal_diphone": "a man, American, an older kind",
    "flite:slt": "a woman, American",
    "flite:rms": "a man, American",
    "flite:awb": "a man, Scottish",
    "flite:kal16": "a man, American, an older kind",
    "espeak-ng:en-gb-x-rp": "British, the plainest and quickest",
    "espeak-ng:en-us": "American, plain and quick",
    "espeak-ng:en-gb": "British, plain and quick",
    "espeak-ng:en": "English, plain and quick",
}
_ORDER = tuple(_LABELS)
_LEFT_OUT = ("awb_time", "kal")
"""Of flite: one that only tells the time, and one of 8 kHz that kal16 is better than."""
_USUAL = {
    "festival:cmu_us_slt_arctic_hts": 166,
    "festival:kal_diphone": 150,
    "flite:slt": 166,
    "flite:rms": 148,
    "flite:awb": 160,
    "flite:kal16": 155,
}
"""The rate of espeak-ng (words a minute) at which it takes as long as this voice by itself: sums over 30 sentences of
the content."""
_USUAL_ELSEWHERE = {"piper": 160, "festival": 160, "flite": 160}
"""Not measured: what voices of this kind mostly do."""
_SHORTEST, _LONGEST, _ODD = 0.2, 5.0, 10.0
"""What counts as rubbish: less than a fifth of the time that the words should take, more than five times and 10 s."""
_ASK_SECONDS = 3.0
_FESTIVAL_LIST = b"(mapcar (lambda (v) (print v)) voice-locations)\n"
_FESTIVAL_ENGLISH = re.compile(r'\(([\w-]+) \. "[^"]*/(?:us|english)/[^"]*"\)')


@dataclass(frozen=True)
class Voice:
    """One voice that is installed."""

    name: str
    """What the setting holds, such as "flite:slt"."""
    engine: str
    """One of ENGINES."""
    label: str
    """What it is like, in a few plain words."""


class ProgramRenderer:
    """A voice of another program, through pyttsx3, in memory. Where words are in the sound is estimated."""

    def __init__(self, name: str, ask: Ask, limit: float = LIMIT) -> None:
        """`limit`: seconds for a sentence."""
        self.voice = name
        engine = name.partition(":")[0]
        self._driver = ProgramDriver(ask, _USUAL.get(name, _USUAL_ELSEWHERE[engine]), limit)
        self._engine: Any = engine_of(self._driver, f"afterwards_{engine}")

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        """The pitch stays the voice's own: only espeak-ng has one to set. Raises SpeakerError, HurriedError."""
        if not any(c.isalnum() for c in sentence):
            return estimated(silence(0, 16000), 16000, sentence)
        self._engine.setProperty("rate", words_per_minute)
        self._engine.say(sentence)
        self._engine.runAndWait()
        clip = estimated(*self._driver.take(), sentence)
        usual = len(sentence.split()) * 60 / words_per_minute
        if not usual * _SHORTEST < len(clip.samples) / clip.rate < usual * _LONGEST + _ODD:
            raise SpeakerError(
                "speaker-rubbish", "The voice that you chose makes no words.", "Another one speaks. Say: another voice."
            )
        return clip

    def hurry(self, on: bool) -> None:
        """See ProgramDriver."""
        self._driver.hurry(on)

    def shut(self) -> None:
        """See ProgramDriver."""
        self._driver.shut()


def installed(folder: Path | None = None) -> tuple[Voice, ...]:
    """The voices of this computer, the most natural first. `folder`: where Piper's are (.onnx with its .onnx.json).

    Asks the programs, each with a time limit. Takes about a quarter of a second where festival is installed.
    """
    names: list[str] = []
    if hasattr(os, "memfd_create"):  # elsewhere their sound would have to touch a disk
        names += [f"piper:{path.stem}" for path in _models(folder)] if shutil.which("piper") else []
        names += _known_first("festival", _FESTIVAL_ENGLISH.findall(_answer(("festival", "--pipe"), _FESTIVAL_LIST)))
        names += _known_first("flite", [name for name in _of_flite() if name not in _LEFT_OUT])
    files = {Path(word).name.lower() for word in _answer((ESPEAK, "--voices=en")).split() if "/" in word}
    names += [f"{ESPEAK}:{name}" for name in VOICES if name in files]
    return tuple(Voice(name, name.partition(":")[0], _LABELS.get(name, _other(name))) for name in names)


def renderer(name: str | None = None, folder: Path | None = None) -> Renderer:
    """A renderer for a voice by its name, as `Voice` or espeak-ng has it; without one, what comes with the machine.

    `folder`: as in `installed`. Raises SpeakerError where there is no such voice.
    """
    engine, _, rest = (name or "").partition(":")
    if not rest or engine not in ENGINES:
        return _exactly(name)
    if engine == ESPEAK:
        return _exactly(rest)
    ask = _ask(engine, rest, folder)
    if ask is None or not hasattr(os, "memfd_create") or shutil.which(engine) is None:
        raise _gone(name or "")
    return ProgramRenderer(f"{engine}:{rest}", ask)


def _exactly(name: str | None) -> Renderer:
    found = best_renderer(name)
    if name and found.voice in VOICES and found.voice != name:
        raise _gone(name)
    return found


def _ask(engine: str, rest: str, folder: Path | None) -> Ask | None:
    match engine:
        case "flite":
            return flite(rest) if rest in _of_flite() else None  # it would speak with another, and say nothing
        case "festival":
            try:
                return festival(rest)
            except ValueError:
                return None
    model = next((path for path in _models(folder) if path.stem == rest), None)
    return piper(str(model), _hertz(model)) if model is not None else None


def _of_flite() -> list[str]:
    return _answer(("flite", "-lv")).partition(":")[2].split()


def _models(folder: Path | None) -> Iterator[Path]:
    """Piper's English voices that are whole."""
    if folder is None:
        return
    for path in sorted(folder.glob("*.onnx")):
        if _hertz(path):
            yield path


def _hertz(model: Path) -> int:
    """0 where it is not an English voice, or nothing tells."""
    try:
        told = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
        spoken = told.get("espeak", {}).get("voice", "") or told.get("language", {}).get("code", "")
        return int(told["audio"]["sample_rate"]) if str(spoken).startswith("en") else 0
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _known_first(engine: str, found: list[str]) -> list[str]:
    names = [f"{engine}:{name}" for name in found]
    return [name for name in _ORDER if name in names] + sorted(name for name in names if name not in _ORDER)


def _other(name: str) -> str:
    return name.partition(":")[2].replace("_", " ").replace("-", " ")


def _answer(command: tuple[str, ...], given: bytes = b"") -> str:
    """What a program writes; "" where it is not installed, hangs or fails."""
    try:
        found = subprocess.run(command, input=given, capture_output=True, timeout=_ASK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.decode("utf-8", "replace")


def _gone(name: str) -> SpeakerError:
    return SpeakerError(
        "speaker-voice-gone",
        f"The voice {name} is not here.",
        "Another one speaks. “afterwards voices” shows those that are here.",
    )
