"""`afterwards notes`: what was kept, in plain words; and how it is locked."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voice import parts_kept, settings
from voice.errors import NotesError

if TYPE_CHECKING:
    from voice.notes import Note, Notes
    from voice.notes.vault import Vault

_log = logging.getLogger("afterwards")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def notes() -> None:
    """Look at what was kept, or erase it; choose how it is locked."""


@notes.command("list")
@click.option("--latest", type=click.IntRange(min=1), help="Only so many, the latest.")
def list_(latest: int | None) -> None:
    """One line for each kept plan."""
    kept = opened()
    try:
        found = kept.list(latest)
    except NotesError as error:
        if error.code != "notes-damaged":
            raise
        found, lost = kept.salvage()
        _print(found)
        raise NotesError(
            error.code,
            f"The notes in {kept.path} are damaged: {lost} can't be read any more.",
            "Those above can: read them with “afterwards notes show”. If you have a backup, put it back with "
            "“afterwards notes restore”.",
        ) from error
    if not found:
        click.echo("No notes are kept.")
    _print(found)


@notes.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--latest", type=click.IntRange(min=1), default=50, show_default=True, help="Only so many, the latest.")
def search(words: tuple[str, ...], latest: int) -> None:
    """The plans that have all these words, or words that begin with them."""
    found = opened().search(" ".join(words), latest)
    if not found:
        click.echo("No kept plan has these words.")
    _print(found)


@notes.command()
@click.argument("id", type=int)
def show(id: int) -> None:
    """The lines of one plan. ID is its number in the list."""
    for _, text in opened().show(id).lines:
        click.echo(f"- {text}")


@notes.command()
@click.argument("id", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Erase all notes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(id: int | None, everything: bool, yes: bool) -> None:
    """Erase one plan, or all of them, for good. ID is its number in the list.

    --all takes your place in the walk and the locks with it, and needs no passphrase.
    """
    if (id is None) is not everything:
        raise click.UsageError("Say which: its number, or --all.")
    if not yes and not click.confirm("Erase it for good?"):
        click.echo("Nothing was erased.")
        return
    if id is None:
        parts_kept.vault(settings.load({})).forget()  # who forgot the passphrase can do that too
        click.echo("Erased: everything.")
        return
    count = opened().erase(id)
    if not count:
        raise NotesError(
            "notes-unknown", f"There is no note with the number {id}.", "Use “afterwards notes list” to see them."
        )
    click.echo(f"Erased: {count}.")


@notes.command()
def path() -> None:
    """Where notes are kept."""
    click.echo(settings.load({}).notes_file)


@notes.command()
@click.option("--keyring", is_flag=True, help="No passphrase: the keyring of this computer opens the notes.")
@click.option("--recovery", is_flag=True, help="Only a new recovery phrase; the one before opens nothing any more.")
def passphrase(keyring: bool, recovery: bool) -> None:
    """Set the passphrase that locks your notes, or change it.

    It asks for the old one first, if there is one; a recovery phrase will do. Capitals, spaces and stops make no
    difference. From a pipe it reads one line for each.
    """
    if keyring and recovery:
        raise click.UsageError("Choose one: --keyring gives a recovery phrase too.")
    vault = parts_kept.vault(settings.load({}))
    _unlock(vault, lost_key=True)
    if keyring:
        phrase = vault.use_keyring()
        click.echo("The keyring of this computer opens your notes from now on.")
        _tell(phrase)
    elif recovery:
        _tell(vault.set_recovery())
    else:
        click.echo(
            "Whoever knows the passphrase can read your notes. If you forget it, only a recovery phrase can.", err=True
        )
        new = _ask("New passphrase")
        if sys.stdin.isatty() and _ask("Once more") != new:
            raise NotesError("notes-passphrase-differs", "The two were not the same.", "Try again. Nothing is changed.")
        vault.set_passphrase(new)
        click.echo("Your notes are locked with this passphrase from now on.")
        if not vault.has("recovery"):
            _tell(vault.set_recovery())


@notes.command()
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Replace a file of that name.")
def backup(file: Path, yes: bool) -> None:
    """Write all notes to FILE, locked as they are. Your passphrase or recovery phrase opens it on any computer."""
    from voice.notes.backup import save

    if file.exists() and not yes:
        raise NotesError("notes-backup-there", f"There is a file {file} already.", "Choose another name, or add --yes.")
    vault = parts_kept.vault(settings.load({}))
    _unlock(vault)
    save(vault, file)
    click.echo(f"Written: {file}. What you erase later is still in it.")


@notes.command()
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    """Put back the notes of a backup that are not there. Nothing that is there is lost."""
    from voice.notes.backup import restore as put_back

    chosen = settings.load({})
    vault = parts_kept.vault(chosen)
    _unlock(vault)
    count = put_back(vault, parts_kept.notes(chosen, vault), file, lambda: (_ask("Passphrase of the backup"),))
    click.echo(f"Put back: {count}.")


def opened() -> Notes:
    """The notes, opened with a passphrase where they need one, without those that are too old."""
    chosen = settings.load({})
    vault = parts_kept.vault(chosen)
    _unlock(vault)
    kept = parts_kept.notes(chosen, vault)
    try:
        kept.expire()
    except NotesError as error:  # what was asked for says it again, if it matters there
        _log.warning("trouble: %s", error.code)
    if vault.state() == "plain":
        click.echo("These notes are not locked. Set a passphrase: “afterwards notes passphrase”.", err=True)
    elif vault.has("keyring") and not vault.has("recovery"):
        click.echo(
            "If this computer's keyring is lost, so are your notes, unless you have a recovery phrase:", err=True
        )
        click.echo("“afterwards notes passphrase --recovery” gives you one.", err=True)
    return kept


def _unlock(vault: Vault, lost_key: bool = False) -> None:
    """Asks for the passphrase where one is needed; `lost_key`: also where the keyring fails. Raises NotesError."""
    from voice.notes.vault import State

    state = vault.state()
    locked = state is State.LOCKED or (state is State.PLAIN and vault.has("passphrase"))
    if state is State.KEYRING and lost_key and vault.has("recovery"):
        try:
            vault.key  # noqa: B018 - whether the keyring has it
        except NotesError as error:
            click.echo(error.message, err=True)
            locked = True
    if locked:
        if delay := vault.delay():
            click.echo(f"One moment: {delay:.0f} seconds, because of the wrong ones before.", err=True)
        vault.open(_ask("Recovery phrase" if state is State.KEYRING else "Passphrase"))


def _ask(what: str) -> str:
    """Typed without being shown; from a pipe, the next line."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise NotesError("notes-locked", f"A line is missing: {what.lower()}.", "Write it to the program's input.")
    return line.rstrip("\r\n")


def _tell(phrase: str) -> None:
    click.echo("Your recovery phrase opens the notes if all else fails. Write it down; it is not shown again:")
    click.echo(f"\n    {phrase}\n")


def _print(found: list[Note]) -> None:
    for note in found:
        click.echo(f"{note.id}  {note.started}  {note.walkthrough}  {len(note.lines)} lines")
