"""Sound that breaks in the middle of a talk, on the virtual card, and what the program makes of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.claimed import claim, let_go, make_claimable
from tests.person import Listening, Program
from tests.sound_card import SoundCard, render_wav

LIMIT = 20.0
"""Seconds after which nothing comes of it any more."""
AFTER = 4.0
"""Seconds after the mending in which nothing may be taken for an answer that was not one."""
STALE = "no"
"""What somebody says while nobody can hear it."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong and is mended again. Both are given the card and the program's process id."""

    name: str
    breaks: Callable[[SoundCard, int], object]
    mends: Callable[[SoundCard, int], object]
    deaf: bool = True
    """The microphone is concerned."""
    mute: bool = False
    """The loudspeaker is concerned."""
    lasts: float = 1.0
    """Seconds from the time that it was told to the mending."""
    tells: bool = True
    """There is something to tell while it lasts: not where the program stands still itself, or hears on."""
    into: str = "mic_sink"
    """Where the person speaks after it."""
    shows: str = "! "
    """What stands on the screen then."""
    claims: bool = False
    """It needs a card that can be claimed (tests/claimed.py)."""


def _other_microphone(card: SoundCard) -> None:
    card.plug_other_microphone()
    card.move_recordings("vother")


def _odd(rate: int, channels: int) -> Callable[[SoundCard, int], None]:
    return lambda card, pid: card.plug_microphone(rate, channels)


def _unplug_microphone(card: SoundCard, pid: int) -> None:
    card.unplug_microphone()


def _suspend(what: str, name: str, on: bool) -> Callable[[SoundCard, int], object]:
    return lambda card, pid: card.pactl(f"suspend-{what}", name, str(int(on)))


def _claim(what: str) -> Callable[[SoundCard, int], object]:
    """All sound goes, and another program has that part of it when it is back: what is open can't be claimed."""

    def breaks(card: SoundCard, pid: int) -> None:
        claim(card, what)
        card.stop()
        card.start()

    return breaks


FAULTS = (
    Fault("microphone unplugged", _unplug_microphone, lambda card, pid: card.plug_microphone()),
    Fault(
        "loudspeaker unplugged",
        lambda card, pid: card.unplug_loudspeaker(),
        lambda card, pid: card.plug_loudspeaker(),
        deaf=False,
        mute=True,
    ),
    Fault("sound server killed", lambda card, pid: card.stop(), lambda card, pid: card.start(), mute=True),
    Fault(
        "another microphone chosen in the desktop's settings",
        lambda card, pid: _other_microphone(card),
        lambda card, pid: None,
        into="other_sink",
    ),
    Fault("microphone comes back at 8000 Hz", _unplug_microphone, _odd(8000, 1)),
    Fault("microphone comes back at 44100 Hz, 2 channels", _unplug_microphone, _odd(44100, 2)),
    Fault("microphone comes back with 6 channels", _unplug_microphone, _odd(48000, 6)),
    Fault(
        "loudspeaker comes back at 22050 Hz, 1 channel",
        lambda card, pid: card.unplug_loudspeaker(),
        lambda card, pid: card.plug_loudspeaker(22050, 1),
        deaf=False,
        mute=True,
    ),
    Fault(
        "microphone claimed by another program (suspended on the server)",
        _suspend("source", "vmic", True),
        _suspend("source", "vmic", False),
    ),
    Fault(
        "loudspeaker claimed by another program (suspended on the server)",
        _suspend("sink", "spk_sink", True),
        _suspend("sink", "spk_sink", False),
        deaf=False,
        mute=True,
    ),
    Fault(
        "microphone claimed by another program (it can't be opened)",
        _claim("microphone"),
        lambda card, pid: let_go(card, "microphone"),
        lasts=3.0,
        claims=True,
    ),
    Fault(
        "loudspeaker claimed by another program (it can't be opened)",
        _claim("loudspeaker"),
        lambda card, pid: let_go(card, "loudspeaker"),
        deaf=False,
        mute=True,
        lasts=3.0,
        shows="You may not hear me",
        claims=True,
    ),
    Fault(
        "sound server stands still",
        lambda card, pid: card.freeze(),
        lambda card, pid: card.thaw(),
        mute=True,
        lasts=3.0,
    ),
    Fault(
        "the program itself stands still for 30 s",
        lambda card, pid: os.kill(pid, signal.SIGSTOP),
        lambda card, pid: os.kill(pid, signal.SIGCONT),
        lasts=30.0,
        tells=False,
    ),
)


@dataclass(frozen=True)
class Came:
    """What came of a fault. Seconds; None where it never came."""

    told: float | None
    """From the fault, or from the waking where the program stood still, to the sentence on the screen."""
    heard_again: float | None
    """From the mending to the program saying that it hears again, 0 where it never said that it was deaf; for the
    loudspeaker, from the key that asks for the line again to its sound."""
    kept: bool
    """The same question is open, and nothing was taken for an answer to it."""
    by_voice: bool
    """A spoken answer leads on."""
    by_key: bool
    """So does a typed one."""
    screen: str = ""
    """What stood on it, from the fault on."""


def suffer(fault: Fault, card: SoundCard, home: Path, model: Path) -> Came:
    """A talk with the real program: three answers, the fault, its mending, and two answers more."""
    if fault.claims:
        make_claimable(card)
    program = Program(card, home, "talk", "--country", "US", "--model", str(model))
    listening = Listening(card)
    spoken, stale = (render_wav(word, home.parent / f"{word}.wav") for word in ("family", STALE))
    try:
        _turn_ends(listening)
        for answer in ("yes", "alone"):
            moment = time.monotonic()
            program.press(answer)
            _since(moment, lambda: listening.sound_after(moment) is not None)  # noqa: B023
            _turn_ends(listening)
        before = len(program.screen)
        listening.stop()
        broken = time.monotonic()
        fault.breaks(card, program.pid)
        told = None
        if fault.tells:
            if not fault.deaf:
                program.press("repeat")  # it has to say something to notice that it can't
            told = _since(broken, lambda: fault.shows in program.screen[before:])
        elif fault.deaf:
            card.speak(stale)
        time.sleep(fault.lasts)
        lines, at = len(program.lines), len(program.screen)
        mended = time.monotonic()
        fault.mends(card, program.pid)
        if not fault.tells:
            told = _since(mended, lambda: "! " in program.screen[before:])
        listening = Listening(card)
        again: float | None = 0.0
        if fault.deaf and ("went away" in program.screen[before:] or "does not answer" in program.screen[before:]):
            again = _since(mended, lambda: "hear you again" in program.screen[before:])
        _turn_ends(listening, least=AFTER)
        # What it says of being silent ("Take your time") is no loss, but for a program that only stood still.
        since = program.screen[at:]
        kept = not program.over and "  You: " not in since and (fault.tells or len(program.lines) == lines)
        if fault.mute:
            moment = time.monotonic()
            program.press("repeat")
            sounded = _since(moment, lambda: listening.sound_after(moment) is not None)
            again = None if again is None or sounded is None else max(again, sounded)
            _turn_ends(listening)
        by_key = by_voice = False
        asked = len(program.lines)
        card.speak(spoken, into=fault.into)
        by_voice = _since(time.monotonic(), lambda: len(program.lines) > asked, 8.0) is not None
        _turn_ends(listening)
        asked = len(program.lines)
        program.press("not sure")
        by_key = _since(time.monotonic(), lambda: len(program.lines) > asked) is not None
        return Came(told, again, kept, by_voice, by_key, program.screen[before:])
    finally:
        os.kill(program.pid, signal.SIGCONT)
        program.end()
        listening.stop()


def _turn_ends(listening: Listening, quiet: float = 1.8, least: float = 0.0) -> None:
    """Until the program was silent for a while, and `least` seconds are over."""
    began = time.monotonic()
    until = began + LIMIT
    while not least and listening.first_sound is None and time.monotonic() < until:
        time.sleep(0.02)
    while time.monotonic() - listening.last_sound < quiet and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(max(0.0, began + least - time.monotonic()))


def _since(moment: float, came: Callable[[], bool], limit: float = LIMIT) -> float | None:
    while time.monotonic() - moment < limit:
        if came():
            return time.monotonic() - moment
        time.sleep(0.02)
    return None
