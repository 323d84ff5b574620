"""Sound that breaks in the middle of a talk, on the virtual card, and what the program makes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.person import Listening, Program
from tests.sound_card import SoundCard

LIMIT = 20.0
"""Seconds after which nothing comes of it any more."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong and is mended again."""

    name: str
    breaks: Callable[[SoundCard], None]
    mends: Callable[[SoundCard], None]
    deaf: bool = True
    """The microphone is concerned."""
    mute: bool = False
    """The loudspeaker is concerned."""


FAULTS = (
    Fault("microphone unplugged", SoundCard.unplug_microphone, SoundCard.plug_microphone),
    Fault("loudspeaker unplugged", SoundCard.unplug_loudspeaker, SoundCard.plug_loudspeaker, deaf=False, mute=True),
    Fault("sound server killed", SoundCard.stop, SoundCard.start, mute=True),
)


@dataclass(frozen=True)
class Came:
    """What came of a fault. Seconds; None where it never came."""

    told: float | None
    """From the fault to the sentence on the screen."""
    heard_again: float | None
    """From the mending to the program hearing, or sounding, again."""
    kept: bool
    """The same question is open, and an answer to it leads on."""


def suffer(fault: Fault, card: SoundCard, home: Path, model: Path) -> Came:
    """A talk with the real program: three answers, the fault, its mending, and two answers more."""
    program = Program(card, home, "talk", "--country", "US", "--model", str(model))
    listening = Listening(card)
    try:
        for answer in ("yes", "alone"):
            _turn_ends(listening)
            program.press(answer)
        _turn_ends(listening)
        lines = len(program.lines)
        before = len(program.screen)
        listening.stop()
        broken = time.monotonic()
        fault.breaks(card)
        if not fault.deaf:
            program.press("repeat")  # it has to say something to notice that it can't
        told = _since(broken, lambda: "! " in program.screen[before:])
        time.sleep(1.0)
        mended = time.monotonic()
        fault.mends(card)
        listening = Listening(card)
        if fault.deaf and not fault.mute:
            again = _since(mended, lambda: "hear you again" in program.screen[before:])
        else:
            time.sleep(1.5)
            program.press("repeat")
            again = _since(mended, lambda: (listening.first_sound or 0) > mended)
        _turn_ends(listening)
        kept = not program.over and len(program.lines) >= lines
        asked = len(program.lines)
        program.press("family")
        kept = kept and _since(time.monotonic(), lambda: len(program.lines) > asked) is not None
        return Came(told, again, kept)
    finally:
        program.end()
        listening.stop()


def _turn_ends(listening: Listening, quiet: float = 1.8) -> None:
    until = time.monotonic() + LIMIT
    while listening.first_sound is None and time.monotonic() < until:
        time.sleep(0.02)
    while time.monotonic() - listening.last_sound < quiet and time.monotonic() < until:
        time.sleep(0.02)


def _since(moment: float, came: Callable[[], bool]) -> float | None:
    while time.monotonic() - moment < LIMIT:
        if came():
            return time.monotonic() - moment
        time.sleep(0.02)
    return None
