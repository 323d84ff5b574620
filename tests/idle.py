"""What waiting costs: the real program on the virtual sound card, and what that would be on a small board."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.echo_room import RATE
from tests.person import Listening, Program
from tests.sound_card import SoundCard

BOARDS = {"Raspberry Pi 5": 3196, "Raspberry Pi 4 B": 1741, "Raspberry Pi 3 B+": 856}
"""One core's 7-zip rating (`7zr b -mmt1`), the least of each board at its own speed: github.com/ThomasKaiser/sbc-bench,
Sorted-Results.md. The 3 B+ with a 32-bit system. They are of 7-Zip 16.02; a newer one rates an x86 core higher than
that, so that the boards' shares come out too large rather than too small."""
NARROW = {"OPENBLAS_CORETYPE": "Nehalem"}
"""The model's and the echo canceller's arithmetic with vectors as wide as such a board's, 128 bits, and no wider."""
ROOM_NOISE = -66.0
"""Decibels below full scale, of a quiet room."""
SETTLES = 3.0
"""Seconds between what it says of its waiting and the measuring."""


@dataclass(frozen=True)
class Waiting:
    """What the waiting program took: processor time as a share of one core."""

    quiet: float
    """Nobody talks."""
    television: float
    """Somebody else talks all the time."""
    woke: bool
    """It took something of that for itself, so that the second figure is none of waiting."""


def waiting(
    card: SoundCard, home: Path, model: Path, talk: NDArray[np.int16], seconds: float, more: Mapping[str, str]
) -> Waiting:
    """`talk`: int16 mono at RATE, with no word to wake it. `more`: what the program's environment has too."""
    room = _wav(home.parent / "room.wav", _noise(seconds + 20))
    television = _wav(home.parent / "television.wav", np.resize(talk, int((seconds + 10) * RATE)))
    listening = Listening(card)
    program = Program(card, home, "talk", "--standby", "--country", "US", "--model", str(model), more=more)
    try:
        _says_that_it_waits(listening)
        quiet = _share(card, room, program.pid, seconds)
        before = len(program.screen)
        loud = _share(card, television, program.pid, seconds)
        return Waiting(quiet, loud, len(program.screen) > before)
    finally:
        program.end()
        listening.stop()


def rating() -> float | None:
    """One core's 7-zip rating here; None where there is no 7-zip (Debian: p7zip-full)."""
    name = next((name for name in ("7zr", "7z", "7zz") if shutil.which(name)), None)
    if name is None:
        return None
    told = subprocess.run([name, "b", "-mmt1"], capture_output=True, text=True, timeout=600, check=True).stdout
    found = re.search(r"^Tot:\s+\d+\s+\d+\s+(\d+)", told, re.MULTILINE)
    return float(found[1]) if found else None


def on_boards(share: float, here: float, boards: Mapping[str, int] = BOARDS) -> str:
    """A share of one core here, as shares of one core of each board."""
    return ", ".join(f"{share * here / theirs:.0%} of a core of a {name}" for name, theirs in boards.items())


def _says_that_it_waits(listening: Listening) -> None:
    until = time.monotonic() + 30
    while listening.first_sound is None and time.monotonic() < until:
        time.sleep(0.05)
    while time.monotonic() - listening.last_sound < SETTLES and time.monotonic() < until:
        time.sleep(0.05)


def _share(card: SoundCard, playing: Path, pid: int, seconds: float) -> float:
    sound = card.speaking(playing)
    try:
        time.sleep(SETTLES)
        before, began = _spent(pid), time.monotonic()
        time.sleep(seconds)
        return (_spent(pid) - before) / (time.monotonic() - began)
    finally:
        sound.kill()
        sound.wait(10)


def _spent(pid: int) -> float:
    """Seconds of processor time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _noise(seconds: float) -> NDArray[np.int16]:
    power = 32768 * 10 ** (ROOM_NOISE / 20)
    return np.random.default_rng(4).normal(0, power, int(seconds * RATE)).astype(np.int16)


def _wav(path: Path, sound: NDArray[np.int16]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return path
