"""`afterwards notes`: what was kept, in plain words."""

from __future__ import annotations

import click

from voice import parts, settings
from voice.errors import NotesError


@click.group()
def notes() -> None:
    """Look at what was kept, or erase it."""


@notes.command("list")
def list_() -> None:
    """One line for each kept plan."""
    found = parts.notes(settings.load({})).list()
    if not found:
        click.echo("No notes are kept.")
    for note in found:
        click.echo(f"{note.id}  {note.started}  {note.walkthrough}  {len(note.lines)} lines")


@notes.command()
@click.argument("id", type=int)
def show(id: int) -> None:
    """The lines of one plan. ID is its number in the list."""
    for _, text in parts.notes(settings.load({})).show(id).lines:
        click.echo(f"- {text}")


@notes.command()
@click.argument("id", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Erase all notes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(id: int | None, everything: bool, yes: bool) -> None:
    """Erase one plan, or all of them, for good. ID is its number in the list."""
    if (id is None) is not everything:
        raise click.UsageError("Say which: its number, or --all.")
    if not yes and not click.confirm("Erase it for good?"):
        click.echo("Nothing was erased.")
        return
    count = parts.notes(settings.load({})).erase(id)
    if id is not None and not count:
        raise NotesError(
            "notes-unknown", f"There is no note with the number {id}.", "Use “afterwards notes list” to see them."
        )
    click.echo(f"Erased: {count}.")


@notes.command()
def path() -> None:
    """Where notes are kept."""
    click.echo(settings.load({}).notes_file)
