"""A speech model from a zip or a folder that the person has already, for a computer without a network."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from voice.errors import ModelError
from voice.fetching import Offer, sound
from voice.fetching_install import NAME, Trial, install, need_space, unpack, verify, writing_to
from voice.models import try_in_child


def take(
    source: Path,
    into: Path,
    known: Mapping[str, Offer],
    name: str | None = None,
    *,
    unpinned: bool = False,
    trial: Trial = try_in_child,
) -> Path:
    """Puts the model of a zip or a folder into the folder `into`, and returns its folder there.

    A zip that goes by a known name (`name`, or the file's own) must be the one that is pinned. Anything else needs
    `unpinned`: the person trusts where it comes from. The source stays as it is. Raises ModelError.
    """
    source = source.expanduser()
    if not source.exists():
        raise ModelError("fetch-from-missing", f"There is no {source}.", "Check its name.")
    name = name or (source.resolve().name if source.is_dir() else source.stem)
    if not NAME.fullmatch(name):
        raise ModelError("fetch-unknown", f"“{name}” can be no model's name.", "Give it a name of letters and digits.")
    target = into / name
    if name in known and source.is_file():
        if sound(target):
            return target
        _pinned(source, known[name])
    else:
        _trusted(source, name, known, unpinned)
        if sound(target):
            raise ModelError(
                "fetch-exists", f"There is a speech model {name} already.", f"First: afterwards models remove {name}"
            )
    with writing_to(into):
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            install(lambda folder: _copy(source, folder) if source.is_dir() else unpack(source, folder), target, trial)
        except ModelError as error:
            if error.code == "fetch-not-a-model":
                cause = error.__cause__
                what = cause.message.rpartition(": ")[2] if isinstance(cause, ModelError) else "it is no whole zip."
                raise ModelError(
                    error.code, f"{source} holds no speech model that works here: {what}", "Get it again."
                ) from error
            if error.code == "fetch-unsafe":
                raise ModelError(
                    error.code, f"{source} tries to write outside its folder, so I did not use it.", "Get it elsewhere."
                ) from error
            raise
    return target


def _pinned(source: Path, offer: Offer) -> None:
    try:
        verify(source, offer.bytes, offer.sha256)
    except OSError as error:
        raise _unreadable(source) from error
    except ModelError as error:
        raise ModelError(
            error.code,
            f"{source} is not the speech model {offer.name} that I know: it is another file, or it was cut short.",
            "Get it again. If it is another model, give it another name, and say --unpinned.",
        ) from error


def _trusted(source: Path, name: str, known: Mapping[str, Offer], unpinned: bool) -> None:
    if source.is_dir() and not unpinned:
        raise ModelError(
            "fetch-folder",
            f"{source} is a folder, so I cannot compare it with the zip that I know.",
            "Give me the zip, or say --unpinned if you trust where it comes from.",
        )
    if not unpinned:
        raise ModelError(
            "fetch-unpinned",
            f"I do not know a speech model {name}, so I cannot tell whether {source} is whole and genuine.",
            f"Say --unpinned if you trust where it comes from. I know: {', '.join(known) or 'none'}.",
        )


def _copy(source: Path, into: Path) -> None:
    """Everything in the folder. Links are not followed: a model has none."""
    files = [path for path in source.rglob("*") if path.is_file()]
    if any(path.is_symlink() for path in source.rglob("*")):
        raise ModelError("fetch-unsafe", "There are links in this folder.", "Get it elsewhere.")
    try:
        need_space(into, sum(path.stat().st_size for path in files))
        for path in files:
            target = into / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    except PermissionError as error:
        raise _unreadable(source) from error


def _unreadable(source: Path) -> ModelError:
    return ModelError("fetch-from-unreadable", f"{source} cannot be read.", "Check that you may read it.")
