"""`afterwards lines`: the help lines, which of them are given, and which somebody should check."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from voice import settings
from voice.errors import SettingsError
from voice.helplines import GENERIC, HelpLine, HelpLines
from voice.parts_lines import checking, known_lines

COUNTRY = click.option("--country", help="Country for the help lines: US, CA, UK, IE, AU, NZ, IN, ZA, EU.")
REGION = click.option("--region", help="Nation or province for the help lines, such as Scotland.")

_HEADS = ("country", "region", "purpose", "name", "number", "hours", "sure", "checked", "how")
_FIELDS = (*_HEADS, "spoken", "text", "only_for", "silent", "notes", "own", "given", "due", "stale")
_TABLE_FROM = 120
"""Columns; where there are fewer, nine beside each other can't be read."""


@click.command()
@COUNTRY
@REGION
@click.option("--all", "everything", is_flag=True, help="All countries and regions, whatever is set.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def lines(everything: bool, as_json: bool, **flags: str | None) -> None:
    """The help lines: for whom, how sure each is, and when and how it was checked.

    Without a country (as a flag, or in your settings) those of all countries. A line that is not sure is never spoken.
    """
    chosen = settings.load(flags)
    if everything:
        unset: dict[str, Any] = {name: "" for name, flag in flags.items() if flag is None}
        chosen = replace(chosen, **unset)
    known = known_lines(chosen.lines_file)
    found = list(_wanted(known.lines, chosen.country, known.region(chosen)))
    if not found and known.trouble is None:
        named = dict.fromkeys(r for id_, _ in known.lines.countries() for r in known.lines.regions(id_))
        raise SettingsError(
            "settings-value",
            f"No country has lines for the region {chosen.region!r}.",
            f"There are: {', '.join(named)}.",
        )
    if as_json:
        for line in found:
            click.echo(json.dumps({name: getattr(line, name) for name in _FIELDS}))
    else:
        click.echo(_drawn(found, shutil.get_terminal_size().columns if sys.stdout.isatty() else None))
        own = any(line.own for line in found)
        click.echo(f"Your own {'are from' if own else 'can be added in'} {chosen.lines_file}.")
        click.echo(checking(found))
    if known.trouble is not None:
        raise known.trouble  # said last, where it is seen; and the exit code tells it


def _wanted(known: HelpLines, country: str, region: str) -> Iterator[HelpLine]:
    """The lines of a country and region; "" is any. A region alone means the countries that have one of that name."""
    wanted = country if country in dict(known.countries()) else GENERIC
    same = region.casefold()
    for line in known.every():
        there = {named.casefold() for named in known.regions(line.country)}
        here = line.country == wanted if country else not same or same in there
        if here and (not same or line.region.casefold() in ("", same)):
            yield line


def _cells(line: HelpLine) -> tuple[str, ...]:
    name = f"{line.name} (for {line.only_for})" if line.only_for else line.name
    return (
        line.country,
        line.region,
        line.purpose,
        f"{name} (your own)" if line.own else name,
        f"{line.number or line.spoken}{f', text {line.text}' if line.text else ''}",
        line.hours,
        line.sure if line.given else f"{line.sure}, never spoken",
        f"{line.checked}, check it" if line.due else line.checked,
        line.how,
    )


def _drawn(found: Iterable[HelpLine], width: int | None) -> str:
    """A table; a few lines for each where there are few columns. `width` None: not a terminal, so no line is broken."""
    out = io.StringIO()
    console = Console(file=out, width=width or 1000, color_system=None)
    rows = [_cells(line) for line in found]
    if width is not None and width < _TABLE_FROM:
        for row in rows:
            _block(console, dict(zip(_HEADS, row, strict=True)))
    else:
        table = Table(box=box.ASCII2 if width is None else box.SIMPLE, show_edge=False, pad_edge=False)
        for head in _HEADS:
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _block(console: Console, cells: dict[str, str]) -> None:
    console.print(Text(f"{', '.join(filter(None, (cells['country'], cells['region'])))}: {cells['purpose']}"))
    console.print(Padding(Text(f"{cells['name']} {cells['number']}"), (0, 0, 0, 2)))
    rest = [f"{cells['sure']}.", *(f"{head}: {cells[head]}." for head in ("hours", "checked", "how") if cells[head])]
    console.print(Padding(Text(" ".join(rest)), (0, 0, 1, 2)))
