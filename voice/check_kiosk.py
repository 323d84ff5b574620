"""`afterwards kiosk --check`: what is wrong with a room's set-up, part by part, each with a remedy."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice.check import check
from voice.check_machine import Found, Machine, State
from voice.errors import KioskError, VoiceError
from voice.helplines import EMERGENCY
from voice.kiosk import group as grouping
from voice.kiosk.browser import Browser, find
from voice.kiosk.group import Group
from voice.kiosk.server import Server
from voice.kiosk.state import Board, Facts
from voice.parts_group import counts_of, lines_of, settings_of
from voice.parts_lines import checking
from voice.settings import Settings

_SHOWS_WITHIN = 30.0
"""Seconds that a browser may take until it asks for the page: a small computer with a cold disk needs ten."""
_PURPOSES = ("crisis", "family", "violence", "child")
_NEEDED = frozenset({"crisis", "family"})
_SOUND = frozenset({"voice", "loudspeaker", "microphone", "recogniser", "model"})
_HEARING = frozenset({"microphone", "recogniser", "model"})
_DIALLED = "Call it, and mend the file"


@dataclass(frozen=True)
class Asked:
    """What is to be looked at, as the flags of `afterwards kiosk` say it."""

    file: Path | None = None
    """The group's file; None: the usual place."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    port: int = 0
    browser: bool = True
    silent: bool = False
    touch_only: bool = False


def check_room(
    asked: Asked, machine: Machine | None = None, browser: Callable[[], Browser] = lambda: Browser(find())
) -> Iterator[Found]:
    """Each part in turn, as it is tried. Never raises VoiceError: what stops a talk says so."""
    machine = machine or Machine()
    group, chosen, lines = _group(asked)
    yield from lines
    yield from _help_lines(group, chosen)
    yield from _counts(group, chosen)
    yield from _page(asked, machine, browser)
    without = {"storage", "help lines"}
    without |= _SOUND if asked.silent and asked.touch_only else _HEARING if asked.touch_only else set()
    without |= {"voice", "loudspeaker"} if asked.silent else set()
    for line in check(chosen, asked.model, without):
        state = State.FINE if line.fine else State.STOPS if line.part == "danger" else State.LOOK
        words = line.words if line.fine or line.part == "danger" else f"{line.words} Until then, the page does without."
        yield Found(line.part, state, words)
    yield from machine.lines()


def _group(asked: Asked) -> tuple[Group, Settings, list[Found]]:
    """Where the file is broken, all else is looked at without it."""
    try:
        group = grouping.load(asked.file)
        chosen = settings_of(group, asked.flags)
    except VoiceError as error:
        with contextlib.suppress(VoiceError):
            chosen = Settings()
            chosen = settings_of(Group(), asked.flags)
        return Group(), chosen, [Found("group file", State.STOPS, f"{error.message} {error.remedy}")]
    if group.file is None:
        words = f"There is none at {grouping.DEFAULT_FILE}, so the room is as the program has it."
        return group, chosen, [Found("group file", State.FINE, words)]
    return group, chosen, [Found("group file", State.FINE, f"{group.file} is in order.")]


def _help_lines(group: Group, chosen: Settings) -> Iterator[Found]:
    try:
        known = lines_of(group, chosen)
    except VoiceError as error:
        yield Found("help lines", State.STOPS, f"{error.message} {error.remedy}")
        return
    if known.trouble is not None:
        yield Found("help lines", State.LOOK, f"{known.trouble.message} {known.trouble.remedy}")
    lines, region = known.lines, known.region(chosen)
    if not chosen.country:
        yield Found("help lines", State.LOOK, 'No country is set, so no number is given. Set it: country = "UK".')
        return
    emergency = lines.emergency(chosen.country)
    missing = [purpose for purpose in _PURPOSES if lines.line(chosen.country, purpose, region) is None]
    if not emergency.number:
        yield Found(
            "help lines", State.LOOK, f"No emergency number is known for {chosen.country}. Add it as a [[line]]."
        )
    else:
        here = [line for line in lines.offered(chosen.country) if line.given]
        lacks = f" There is no verified line for: {', '.join(missing)}. Add your own as a [[line]]." if missing else ""
        state = State.LOOK if _NEEDED.intersection(missing) else State.FINE
        yield Found("help lines", state, f"In danger: {emergency.number}. {checking(here)}{lacks}")
    for line in lines.every():
        if line.own and not line.given:
            words = f"“{line.name}” is never spoken, since it is not marked as sure. {_DIALLED}: sure, checked and how."
            yield Found("own line", State.LOOK, words)
        elif line.own and line.due and line.purpose != EMERGENCY:
            words = (
                f"“{line.name}” was checked too long ago, and is spoken with “Check this number”. {_DIALLED}: checked."
            )
            yield Found("own line", State.LOOK, words)
        elif line.own:
            yield Found("own line", State.FINE, f"“{line.name}” {line.number} goes first for {line.purpose}.")


def _counts(group: Group, chosen: Settings) -> Iterator[Found]:
    if not group.counts:
        return
    counts = counts_of(group, chosen)
    if group.counts_file and not counts.path.parent.is_dir():
        words = (
            f"The folder {counts.path.parent} is not there. “scripts/kiosk-install --counts” has it made at the start."
        )
        yield Found("counts", State.LOOK, words)
        return
    try:
        counts.months()
        yield Found("counts", State.FINE, f"Talks are counted in {counts.path}, and people are told.")
    except KioskError as error:
        yield Found("counts", State.LOOK, f"{error.message} {error.remedy}")


def _page(asked: Asked, machine: Machine, browser: Callable[[], Browser]) -> Iterator[Found]:
    """The page is really served, and where there is a screen, really opened for a moment."""
    entered = threading.Event()
    server = Server(Board(), lambda message: None, Facts({}), asked.port, entered=lambda key: entered.set())
    try:
        server.start()
    except KioskError as error:
        yield Found("page", State.STOPS, f"{error.message} {error.remedy}")
        return
    try:
        yield Found("page", State.FINE, f"It can be served at {server.origin}.")
        if asked.browser:
            yield from _shown(machine, browser, server, entered)
    finally:
        server.stop()


def _shown(
    machine: Machine, browser: Callable[[], Browser], server: Server, entered: threading.Event
) -> Iterator[Found]:
    try:
        shows = browser()
    except KioskError as error:
        yield Found("browser", State.STOPS, f"{error.message} {error.remedy}")
        return
    if not machine.has_screen():
        if machine.has_own_screen():
            yield Found("display", State.FINE, "The kiosk's own screen runs (afterwards-screen.service).")
            yield Found("browser", State.FINE, "One is here. It was not opened: the screen is the kiosk's own.")
        else:
            words = "Nothing shows programs here. Start it in a desktop, or run scripts/kiosk-install."
            yield Found("display", State.STOPS, words)
        return
    yield Found("display", State.FINE, "There is a desktop, or another screen that shows programs.")
    try:
        began = time.monotonic()
        shows.open(server.entry())
        while not entered.wait(0.1) and shows.alive and time.monotonic() - began < _SHOWS_WITHIN:
            pass
        if entered.is_set():
            words = f"It opened the page after {time.monotonic() - began:.1f} seconds."
            yield Found("browser", State.FINE, words)
        else:
            words = "It did not open the page. Start it by hand, and see what it says."
            yield Found("browser", State.STOPS, words)
    except KioskError as error:
        yield Found("browser", State.STOPS, f"{error.message} {error.remedy}")
    finally:
        shows.close()
