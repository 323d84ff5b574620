"""`afterwards models`: the speech models that are here, and getting one. scripts/setup uses it too."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click

from voice import fetching, parts
from voice import models as folders
from voice import settings as settings_
from voice.errors import ModelError
from voice.settings import Settings


@click.group()
def models() -> None:
    """Look at the speech models, or get one."""


@models.command("list")
def list_() -> None:
    """The models that are here, and those that can be fetched. A star marks the one that is used."""
    chosen = settings_.load({})
    used: Path | None = None
    with contextlib.suppress(ModelError):
        used = parts.find_model(chosen).path
    here = _here(chosen)
    if used is not None and used not in here:
        here.append(used)
    for path in here:
        state = "fine"
        try:
            folders.check(path)
        except ModelError as error:
            state = f"{error.message} {error.remedy}"
        click.echo(f"{'*' if path == used else ' '} {path.name}  {path.parent}  {state}")
    for offer in fetching.offers(folders.project_dirs()).values():
        if offer.name not in {path.name for path in here}:
            click.echo(f"  {offer.name}  {offer.bytes // 1_000_000} MB, {offer.licence}  can be fetched")
    if used is None:
        click.echo("None of them is used. To get one: afterwards models fetch")


@models.command()
@click.argument("name", required=False)
@click.option("--if-none", is_flag=True, help="Only where no model is here.")
def fetch(name: str | None, if_none: bool) -> None:
    """Get a speech model from the network, the best one without NAME. A cut download goes on where it was."""
    chosen = settings_.load({})
    if if_none and _any(chosen):
        return
    offers = fetching.offers(folders.project_dirs())
    if not offers:
        raise ModelError("no-offers", "I know of no speech model to fetch.", "You can use keys and typing now.")
    name = name or next(iter(offers))
    into = chosen.models_dir
    if name in offers and not _sound(into / name):
        fetching.knock(offers[name])
        click.echo(f"  fetching {name}, {offers[name].bytes // 1_000_000} MB, into {into}")
        click.echo("  (To do without for now, press Ctrl and C. It goes on from there another time.)")
    click.echo(f"  The model is in {fetching.fetch(name, into, _show, offers)}.")


@models.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Look at a model, and try it: the one that is used, or NAME, which may be a folder."""
    found = parts.find_model(settings_.load({}), name)
    folders.check(found.path)
    folders.try_in_child(found.path)
    click.echo(f"{found.path} is fine.")


@models.command()
def path() -> None:
    """The folder of the model that is used."""
    click.echo(parts.find_model(settings_.load({})).path)


def _here(chosen: Settings) -> list[Path]:
    return [
        path
        for folder in (*folders.project_dirs(), chosen.models_dir)
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith((".", "_"))
    ]


def _any(chosen: Settings) -> bool:
    """Whether there is a model. One that the person named and that is not there is an error: not ours to replace."""
    try:
        folders.find(None, chosen.model or None, os.environ, folders.project_dirs(), chosen.models_dir)
    except ModelError as error:
        if error.code == "model-missing":
            raise
        return False
    return True


def _sound(path: Path) -> bool:
    try:
        folders.check(path)
    except ModelError:
        return False
    return True


def _show(done: int, total: int) -> None:
    """One line that changes in place; nothing where there is no terminal."""
    if sys.stdout.isatty():
        end = "\n" if done >= total else ""
        print(f"\r  {done // 1_000_000} of {total // 1_000_000} MB", end=end, flush=True)
