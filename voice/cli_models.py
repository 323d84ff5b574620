"""`afterwards models`: the speech models that are here, and getting one. scripts/setup uses it too."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from voice import fetching, parts
from voice import fetching_install as installing
from voice import fetching_local as local
from voice import models as folders
from voice import settings as settings_
from voice.errors import ModelError
from voice.fetching import Offer
from voice.parts_courier import Answers
from voice.settings import Settings


@click.group()
def models() -> None:
    """Look at the speech models, or get one."""


@models.command("list")
def list_() -> None:
    """The models that are here, those that can be fetched, and which is used and why. A star marks that one."""
    chosen = settings_.load({})
    used, words = _used(chosen)
    here = [path for folder in (*folders.project_dirs(), chosen.models_dir) for path in folders.inside(folder)]
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
    click.echo(words)
    if used is None:
        click.echo("To get one: afterwards models fetch")


@models.command()
@click.argument("name", required=False)
@click.option("--automatic", is_flag=True, help="Forget the choice: the best one that is here is used.")
def use(name: str | None, automatic: bool) -> None:
    """Choose the model that is used from now on. NAME is one of the list, or a folder.

    It is tried before it is chosen.
    """
    if (name is None) is not automatic:
        raise click.UsageError("Say which: its name or folder, or --automatic.")
    chosen = settings_.load({})
    _choose(chosen, "" if name is None else _tried(chosen, name))


def _tried(chosen: Settings, name: str) -> str:
    """What the setting has to be for this model, which works."""
    try:
        path = folders.named(name, _folders(chosen))
    except ModelError as error:
        if name in fetching.offers(folders.project_dirs()):
            raise ModelError(error.code, error.message, f"To get it: afterwards models fetch {name}") from error
        raise
    parts.try_model(chosen, path)
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    # A name goes on meaning the same model when the folders move; a folder elsewhere needs all of its path.
    return path.name if path.parent in [Path(os.path.abspath(f)) for f in _folders(chosen)] else str(path)  # noqa: PTH100


def _choose(chosen: Settings, model: str) -> None:
    """Saves the choice, and says what is used from now on: a variable of the environment may go before it."""
    settings_.save(replace(chosen, model=model), only=["model"])
    click.echo(_used(settings_.load({}))[1])


@models.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Delete a model that was fetched. NAME is one of the list. A download that was cut goes with it."""
    chosen = settings_.load({})
    installing.removable(name, chosen.models_dir, folders.project_dirs())
    if not yes and not click.confirm(f"Delete the speech model {name} from {chosen.models_dir}?"):
        click.echo("Nothing was deleted.")
        return
    was_chosen = bool(chosen.model) and _same(chosen, name)
    installing.remove(name, chosen.models_dir, folders.project_dirs())
    if name in fetching.offers(folders.project_dirs()):
        Answers(chosen.offer_file).keep("no")  # nobody deletes it to be offered it again
    click.echo(f"{name} is deleted.")
    if was_chosen:
        _choose(chosen, "")
    else:
        click.echo(_used(chosen)[1])


def _same(chosen: Settings, name: str) -> bool:
    """Whether the setting means this model of the person's own folder."""
    with contextlib.suppress(ModelError):
        return folders.named(chosen.model, _folders(chosen)).resolve() == (chosen.models_dir / name).resolve()
    return False


@models.command()
@click.argument("name", required=False)
@click.option("--if-none", is_flag=True, help="Only where no model is here.")
@click.option("--from", "source", type=click.Path(path_type=Path), help="Take it from this zip (or folder) instead.")
@click.option(
    "--unpinned", is_flag=True, help="With --from: take a model that I do not know. You trust where it is from."
)
def fetch(name: str | None, if_none: bool, source: Path | None, unpinned: bool) -> None:
    """Get a speech model from the network, the best one without NAME. A cut download goes on where it was.

    It is compared with what is pinned, unpacked aside, tried, and only then put in its place.
    """
    chosen = settings_.load({})
    if unpinned and source is None:
        raise click.UsageError("--unpinned goes with --from: what comes from the network is always pinned.")
    if if_none and _any(chosen):
        return
    offers = fetching.offers(folders.project_dirs(), chosen.model_mirror)
    into = chosen.models_dir
    if source is not None:
        path = local.take(source, into, offers, name, unpinned=unpinned)
    else:
        path = _download(name, into, offers)
    click.echo(f"  The model is in {path}.")
    if not if_none:
        click.echo(f"  {_used(chosen)[1]}")


def _download(name: str | None, into: Path, offers: Mapping[str, Offer]) -> Path:
    if not offers:
        raise ModelError("no-offers", "I know of no speech model to fetch.", "You can use keys and typing now.")
    name = name or next(iter(offers))
    if name in offers and not fetching.sound(into / name):
        fetching.knock(offers[name])
        click.echo(f"  fetching {name}, {offers[name].bytes // 1_000_000} MB, into {into}")
        click.echo("  (To do without for now, press Ctrl and C. It goes on from there another time.)")
    return fetching.fetch(name, into, _show, offers)


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


def _folders(chosen: Settings) -> list[Path]:
    """Where a model can be named without its folder."""
    return [*folders.project_dirs(), chosen.models_dir]


def _used(chosen: Settings) -> tuple[Path | None, str]:
    """The model that is used, and why, in a sentence."""
    try:
        found = parts.find_model(chosen)
    except ModelError as error:
        return None, f"None is used. {error.message} {error.remedy}"
    return found.path, f"Used: {found.path.name}, {found.reason}."


def _any(chosen: Settings) -> bool:
    """Whether there is a model. One that the person named and that is not there is an error: not ours to replace."""
    try:
        folders.find(None, chosen.model or None, os.environ, folders.project_dirs(), chosen.models_dir)
    except ModelError as error:
        if error.code == "model-missing":
            raise
        return False
    return True


def _show(done: int, total: int) -> None:
    """One line that changes in place; nothing where there is no terminal."""
    if sys.stdout.isatty():
        end = "\n" if done >= total else ""
        print(f"\r  {done // 1_000_000} of {total // 1_000_000} MB", end=end, flush=True)
