"""`afterwards kiosk`: a talk after the other on a page, in a room where nobody looks after it, and nothing is left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voice import parts, parts_room
from voice.cli_lines import COUNTRY, REGION
from voice.kiosk import group as grouping
from voice.kiosk.group import LETTERS, Group
from voice.parts_group import counts_of, lines_of, settings_of
from voice.parts_kiosk import Room
from voice.parts_lines import KnownLines
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.check_kiosk import Asked


@click.command()
@click.option(
    "--group", "file", type=click.Path(path_type=Path), help=f"The group's file; else {grouping.DEFAULT_FILE}."
)
@click.option("--model", help="Name or folder of a speech model.")
@COUNTRY
@REGION
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Serve the page on this port; else any free one."
)
@click.option("--no-browser", is_flag=True, help="Open no browser; print the address instead.")
@click.option("--touch-only", is_flag=True, help="Hear nothing: answers come from the page alone.")
@click.option("--silent", is_flag=True, help="Do not speak; show every line.")
@click.option("--letters", type=click.IntRange(*LETTERS), help="How large letters are, in points; else 24.")
@click.option("--switch", metavar="NEXT,CHOOSE", default="", help="Two switches type these keys, such as space,enter.")
@click.option("--check", "checking", is_flag=True, help="Say what is wrong with the room, and end.")
@click.option("--counts", "counting", is_flag=True, help="Print how many talks there were, month by month, and end.")
@click.option("--room", hidden=True, default="", help="Be the room itself, for the one who looks after it.")
def kiosk(
    file: Path | None,
    model: str | None,
    port: int,
    no_browser: bool,
    touch_only: bool,
    silent: bool,
    letters: int | None,
    switch: str,
    checking: bool,
    counting: bool,
    room: str,
    **flags: Any,
) -> None:
    """Talk on a page, to one person after the other. Nothing is kept.

    The page works by touch, mouse, keyboard, two switches and screen reader, beside the voice. Where nobody is there
    for 90 seconds it asks, and 30 seconds later clears everything. What a group sets for its room is in a file of its
    own; flags win over it.
    """
    from voice.check_kiosk import Asked
    from voice.cli import end_calmly

    keys = switch_keys(switch)
    flags = {**flags, "model": model, "network": False}
    if checking:
        _check(Asked(file, flags, model, port, not no_browser, silent, touch_only))
        return
    group = grouping.load(file)
    chosen = settings_of(group, flags)
    if counting:
        _print_counts(group, chosen)
        return
    if not room and os.name == "posix":
        _look_after(port, browser=not no_browser, voice=not (touch_only and silent))
        return
    known = lines_of(group, chosen)
    set_up: dict[str, Any] = {
        "letters": letters or group.letters,
        "switch": keys or group.switches,
        "group": group,
        "counts": counts_of(group, chosen) if group.counts else None,
        "printer": _printer(chosen, known) if group.printing else None,
    }
    if room:
        wire, listening = map(int, room.split(","))
        parts_room.be_a_room(
            (wire, listening), chosen, known, model=model, silent=silent, touch_only=touch_only, set_up=set_up
        )
        return
    end_calmly()
    own = parts.Own()
    mouth = None if silent else parts.mouth(chosen, early=True, own=own, keeps=False)
    hearing = None if touch_only else parts.voice_ears(chosen, model, own)
    alone = Room(chosen, known, mouth=mouth, hearing=hearing, **set_up)
    try:
        with alone.page(port, browser=not no_browser, tell=click.echo):
            alone.run()
    finally:
        for part in (hearing, mouth):
            if part is not None:
                part.shut()


def _printer(chosen: Settings, known: KnownLines) -> Callable[[Sequence[str]], None]:
    """Prints lines of a plan; what it needs for that is loaded when somebody prints."""

    def prints(texts: Sequence[str]) -> None:
        from voice.parts_paper import Paper, PlanPrinter

        PlanPrinter(Paper(chosen, known=known)).print(texts)

    return prints


def _check(asked: Asked) -> None:
    """Prints one line for each part of the room; exit code 1 where something would stop a talk."""
    from voice.check_kiosk import check_room
    from voice.check_machine import State

    found = []
    for line in check_room(asked):
        found.append(line.state)
        click.echo(f"{line.part + ':':13}{line.state.value}. {line.words}")
    if State.STOPS in found:
        sys.exit(1)


def _print_counts(group: Group, chosen: Settings) -> None:
    """Raises KioskError where the file is broken."""
    counts = counts_of(group, chosen)
    if not group.counts:
        click.echo("Talks are not counted here. The group file can turn it on: counts = true. People are told so then.")
    if group.counts or counts.months():
        for line in counts.told():
            click.echo(line)


def _look_after(port: int, *, browser: bool, voice: bool) -> None:
    """Has one room after the other in processes of their own, until SIGTERM or Ctrl-C. Raises KioskError."""
    from voice.kiosk import notify
    from voice.kiosk.browser import Browser, find, sweep
    from voice.kiosk.supervise import Supervisor, listen

    manager = notify.Notify(os.environ, os.getpid())
    notify.forget()
    sweep()
    keeper = Supervisor(
        parts_room.command(sys.argv[1:]),
        listen(port),
        voice=voice,
        browser=Browser(find()) if browser else None,
        tell=click.echo,
        notify=manager,
    )
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, frame: keeper.end())
    if status := keeper.run():
        raise SystemExit(status)


def switch_keys(text: str) -> tuple[str, ...]:
    """The keys that two switches type, as a page names them; () for none. Raises a usage error."""
    try:
        return grouping.switch_keys(text.split(",")) if text else ()
    except ValueError:
        raise click.UsageError("Name two keys, such as --switch space,enter.") from None
