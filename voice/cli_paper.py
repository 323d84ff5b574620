"""`afterwards notes`: the plan to take along, as a file or on paper; a plain copy; own answers over time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voice import parts, settings
from voice.cli_notes import notes, opened
from voice.errors import NotesError, SpeakerError
from voice.events import Utterance
from voice.paper import files
from voice.paper.plan import SIZES
from voice.parts_paper import Paper
from voice.session import Manner
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.notes import Note, Notes
    from voice.paper import Plan

__all__ = ["notes"]

_FILE = click.Path(path_type=Path)
_FORMS = ("txt", "html", "pdf", "wav", "json", "csv")
_SOUND_OR_PAGE = ("pdf", "wav")
_TABLES = ("txt", "json", "csv")
_DRAWN = {".svg", ".html", ".htm"}
_LATEST = 12
_LONGEST = 60.0
"""Seconds that a spoken sentence may take."""
_SIZE = click.option(
    "--size", type=click.Choice([str(size) for size in SIZES]), default="18", show_default=True, help="Of the print."
)
_TITLE = click.option("--title", default="", help="Another title than “My plan”.")
_PAPER = click.option("--paper", type=click.Choice(settings.PAPERS), help="Instead of what your country has.")
_YES = click.option("--yes", is_flag=True, help="Replace a file of that name.")


@notes.command()
@click.argument("id", type=int, required=False)
@click.option("--format", "form", type=click.Choice(_FORMS), required=True, help="What to make.")
@click.option("--output", type=_FILE, help="Write it to this file. Without it, it is printed here.")
@_SIZE
@_TITLE
@_PAPER
@_YES
def export(id: int | None, form: str, output: Path | None, size: str, title: str, paper: str | None, yes: bool) -> None:
    """Write a plan to a file that other programs can read: nothing locks it.

    ID is its number in the list. Without one, txt, json and csv have all plans, the others the latest.
    """
    if output is not None:
        files.check(output, yes)
    elif form in _SOUND_OR_PAGE and sys.stdout.isatty():
        raise click.UsageError("Say where to write it: --output FILE.")
    making = Paper(settings.load({"paper": paper}))
    kept = opened()
    found = kept.list() if id is None and form in _TABLES else [_one(kept, id)]
    plans = [making.plan_of(note, title) for note in found]
    content = _made(form, making, plans, int(size))
    if output is None:
        click.echo(content, nl=False)
        return
    files.write(output, content, replace=yes)
    click.echo(f"Written: {output}. It is not locked: whoever gets this file can read it.", err=True)


@notes.command("print")
@click.argument("id", type=int, required=False)
@_SIZE
@_TITLE
@_PAPER
def print_(id: int | None, size: str, title: str, paper: str | None) -> None:
    """Print a plan on the default printer, in large print. ID is its number in the list; without one, the latest."""
    making = Paper(settings.load({"paper": paper}))
    making.print(making.plan_of(_one(opened(), id), title), int(size))
    click.echo("The printer has it. Its queue may hold the page for a while after it is printed.")


@notes.command()
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Do not ask, and replace a file of that name.")
def copy(file: Path, yes: bool) -> None:
    """Write all notes to FILE as plain SQLite, for Datasette or sqlite-utils. Anybody can read that file."""
    files.check(file, yes)
    click.echo("This copy is not locked: whoever gets the file can read all your notes.", err=True)
    click.echo("Neither “erase” nor a new passphrase changes it. Delete it when you are done.", err=True)
    if not yes and not click.confirm("Write it?", err=True):
        click.echo("Nothing was written.")
        return
    from voice.notes.copying import plain_copy

    found = opened().list()
    files.write(file, plain_copy(found), replace=yes, mode=files.READ_ONLY)
    click.echo(f"Written: {file}. Plans in it: {len(found)}. It can be read, and not be put back.")


@notes.command()
@click.option("--latest", type=click.IntRange(min=1, max=24), default=_LATEST, show_default=True, help="So many plans.")
@click.option("--output", type=_FILE, help="Draw it: a page (.html) or a picture (.svg).")
@click.option("--spoken", is_flag=True, help="Say it aloud.")
@_SIZE
@_YES
def look(latest: int, output: Path | None, spoken: bool, size: str, yes: bool) -> None:
    """Your own answers from 0 to 10, and your steps, as they were. Nothing is scored."""
    if output is not None:
        if output.suffix.lower() not in _DRAWN:
            raise click.UsageError("Name a file that ends in .html or .svg.")
        files.check(output, yes)
    chosen = settings.load({})
    making = Paper(chosen)
    found = opened().list(latest + 1)
    chart = making.chart(found[-latest:], all_told=len(found) <= latest)
    if output is not None:
        from voice.paper import chart as drawn

        made = drawn.svg(chart) if output.suffix.lower() == ".svg" else drawn.html(chart, int(size))
        files.write(output, made.encode(), replace=yes)
        click.echo(f"Written: {output}. It is not locked: whoever gets this file can read it.", err=True)
    for sentence in chart.sentences:
        click.echo(sentence)
    if spoken:
        _speak(chosen, [making.said(sentence) for sentence in chart.sentences])


def _one(kept: Notes, id: int | None) -> Note:
    """That plan, or the latest. Raises NotesError."""
    if id is not None:
        return kept.show(id)
    latest = kept.list(1)
    if not latest:
        raise NotesError("notes-none", "No notes are kept.", "Say yes at the end of a talk, and the plan is.")
    return latest[0]


def _made(form: str, making: Paper, plans: Sequence[Plan], size: int) -> bytes:
    """The file. Raises PaperError, SpeakerError."""
    from voice.paper import page, pdf, tables

    match form:
        case "txt":
            return tables.text(plans, making.wording).encode()
        case "json":
            return tables.json_of(plans).encode()
        case "csv":
            return tables.csv_of(plans).encode()
        case "html":
            return page.html(plans[0], making.wording, size).encode()
        case "pdf":
            return pdf.pdf(plans[0], making.wording, size, making.size)
    content, news = making.spoken(plans[0])
    if news is not None:
        click.echo(f"{news.message} {news.remedy}", err=True)
    return content


def _speak(chosen: Settings, sentences: Sequence[str]) -> None:
    """Raises SpeakerError where nothing can be heard."""
    mouth = parts.mouth(chosen)
    pace = Manner(rate=chosen.rate).words_per_minute()
    try:
        for sentence in sentences:
            mouth.start(Utterance(sentence, pace, chosen.volume / 100, pause=0.6, fixed=False))
            mouth.wait(_LONGEST)
            error = mouth.news()
            if isinstance(error, SpeakerError):
                click.echo(f"{error.message} {error.remedy}", err=True)
    finally:
        mouth.shut()
