"""`afterwards check`: every part tried, and with `--listen` a level meter, for the eye and for the ear."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from voice import settings
from voice.settings import Settings

_EVERY_PLAIN, _EVERY = 1.0, 0.2
"""Seconds between two lines, and between two looks of the bar."""
_QUIETEST, _BAR = -70, 24
"""dBFS at which the bar is empty, and its columns."""


@click.command()
@click.option("--model", help="Name or folder of a speech model.")
@click.option("--listen", is_flag=True, help="Show how loud the microphone is, until a key. Nothing is kept.")
@click.option("--seconds", type=click.FloatRange(0.2, 3600), help="With --listen: end after so many.")
@click.option("--plain", is_flag=True, help="With --listen: one line a second, as for a screen reader.")
def check(model: str | None, listen: bool, seconds: float | None, plain: bool) -> None:
    """Try every part, and say what to do."""
    from voice.check import check as lines_of

    chosen = settings.load({})
    if listen:
        if not _listen(chosen, seconds, plain or not _draws()):
            sys.exit(1)
        return
    fine = True
    for line in lines_of(chosen, model):
        fine = fine and line.fine
        click.echo(f"{line.part + ':':13}{'fine' if line.fine else 'not working'}. {line.words}")
    if not fine:
        sys.exit(1)


def _draws() -> bool:
    """A line that is drawn again and again is of use: in a pipe, or where a screen reader is likely, it is none."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "")


def _listen(chosen: Settings, seconds: float | None, plain: bool) -> bool:
    """True where a voice could be heard well. Raises MicrophoneError."""
    from voice.check_sound import Listening, word
    from voice.events import Kind, Listen
    from voice.keyboard import Keyboard

    listening = Listening(chosen)
    keyboard = Keyboard() if sys.stdin.isatty() else None
    end = "Press Space to end." if keyboard else "Press Ctrl-C to end."
    click.echo(f"Listening to: {listening.name}. Say something. Nothing is kept. {end}")
    began = time.monotonic()
    show, done = (click.echo, lambda: None) if plain else _live()
    try:
        if keyboard is not None:
            keyboard.open(Listen("check", Kind.CHOICE), ())
        for found in listening.readings(_EVERY_PLAIN if plain else _EVERY):
            if isinstance(found, str):
                show(found)
            elif plain:
                show(f"{word(found)}, {found.dbfs:.0f} dB")
            else:
                show(f"{bar(found.dbfs)} {found.dbfs:4.0f} dB  {word(found)}")
            if (keyboard is not None and keyboard.poll(0.0) is not None) or (
                seconds is not None and time.monotonic() - began >= seconds
            ):
                break
    except KeyboardInterrupt:
        pass  # the way to end it where no key is read
    finally:
        done()
        if keyboard is not None:
            keyboard.shut()
        listening.stop()
    fine, words = listening.summary()
    click.echo(words)
    return fine


def bar(dbfs: float) -> str:
    """How loud it is, from -70 to 0 dBFS, as 24 columns between brackets."""
    full = round(max(0.0, min(1.0, 1 - dbfs / _QUIETEST)) * _BAR)
    return f"[{'#' * full}{'-' * (_BAR - full)}]"


def _live() -> tuple[Callable[[str], object], Callable[[], None]]:
    """(shows a line in the place of the last one, ends it)."""
    live = Live(console=Console(highlight=False, markup=False), auto_refresh=False, transient=True)
    live.start()

    def show(line: str) -> None:
        live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

    return show, live.stop
