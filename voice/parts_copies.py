"""Files outside of the notes, as a talk makes them: the plan as a page and a sound, a locked copy of all notes.

And such a copy put back."""

from __future__ import annotations

import getpass
import itertools
import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from voice.dialogue.copying import WORDS_NEEDED
from voice.dialogue.shelf import Job
from voice.errors import NotesError, PaperError
from voice.events import PlanLine
from voice.parts_notes import Begun

if TYPE_CHECKING:
    from voice.notes import Notes
    from voice.notes.vault import Vault
    from voice.parts_paper import Paper

Texts = Callable[[Sequence[PlanLine]], Sequence[str]]
"""Lines of a plan as the screen shows them."""
_LOCKED = ".locked"
"""How the name of a locked copy ends."""
ROOTS = ("/run/media/{user}", "/media/{user}", "/Volumes")
"""Where desktops show sticks and disks that were plugged in."""


def plugged_in(
    roots: Sequence[str] = ROOTS,
    whose: Callable[[], str] = getpass.getuser,
    is_disk: Callable[[Path], bool] = Path.is_mount,
) -> tuple[Path, ...]:
    """Sticks and other disks that can be written to. Of Windows it knows none."""
    try:
        user = whose()
    except (ImportError, KeyError, OSError):
        return ()
    found = []
    for root in (Path(each.format(user=user)) for each in roots):
        try:
            found += [path for path in sorted(root.iterdir()) if is_disk(path) and os.access(path, os.W_OK)]
        except OSError:
            continue
    return tuple(path for path in found if not path.is_symlink())


class FileCopies:
    """All of it in one folder of this computer, or of a stick."""

    def __init__(
        self,
        home: Path,
        text: Texts,
        paper: Callable[[], Paper],
        vault: Callable[[], Vault],
        notes: Callable[[], Notes],
        sticks: Callable[[], Sequence[Path]] = plugged_in,
    ) -> None:
        """`home`: where the folder is made. `vault` and `notes`: as in VaultShelf."""
        self._home = home
        self._text = text
        self._paper = paper
        self._vault = vault
        self._notes = notes
        self._sticks = sticks

    def stick(self) -> bool:
        return bool(self._sticks())

    # ---- the plan

    def save(self, lines: Sequence[PlanLine], stick: bool) -> Job[str]:
        texts = self._text(lines)
        return Begun(lambda: self._save(texts, stick))

    def _save(self, texts: Sequence[str], stick: bool) -> str:
        """The page first, which needs nothing: what fails after it takes nothing away."""
        from voice.paper import files, page, pdf

        making, today = self._paper(), date.today()
        plan = making.plan(texts, today)
        folder = self._folder(stick)
        name = _free(folder, f"{plan.title} {today.isoformat()}", (".html", ".pdf", ".wav"))
        files.write(folder / f"{name}.html", page.html(plan, making.wording).encode())
        files.write(folder / f"{name}.pdf", pdf.pdf(plan, making.wording, paper=making.size))
        sound, _news = making.spoken(plan)  # another voice than the usual one will do
        files.write(folder / f"{name}.wav", sound)
        return str(folder)

    # ---- all notes

    def back_up(self, stick: bool) -> Job[str]:
        return Begun(lambda: self._back_up(stick))

    def _back_up(self, stick: bool) -> str:
        from voice.notes.backup import save

        folder = self._folder(stick)
        name = _free(folder, f"{self._paper().copy} {date.today().isoformat()}", (_LOCKED,))
        path = folder / f"{name}{_LOCKED}"
        save(self._vault(), path)
        return str(path)

    def newest(self) -> Job[str]:
        return Begun(self._day)

    def _day(self) -> str:
        found = self._newest()
        return self._paper().day(date.fromtimestamp(found.stat().st_mtime)) if found is not None else ""

    def put_back(self, *words: str) -> Job[str]:
        return Begun(lambda: self._put_back(words))

    def _put_back(self, words: tuple[str, ...]) -> str:
        from voice.notes.backup import restore

        source = self._newest()
        if source is None:
            raise NotesError(
                "notes-no-copy", "The copy is not there any more.", "Plug the stick in again. Your notes are untouched."
            )

        def ask() -> Sequence[str]:
            if not words:
                raise NotesError(WORDS_NEEDED, "That copy is locked with other words.", "Give its passphrase.")
            return words

        count = restore(self._vault(), self._notes(), source, ask)
        return str(count) if count else ""

    # ---- where

    def _newest(self) -> Path | None:
        """The newest copy, on a stick before this computer."""
        name = self._paper().folder
        for home in (*self._sticks(), self._home):
            found = [(path.stat().st_mtime, path) for path in (home / name).glob(f"*{_LOCKED}") if path.is_file()]
            if found:
                return max(found)[1]
        return None

    def _folder(self, stick: bool) -> Path:
        """Made where it is missing. Raises PaperError."""
        sticks = self._sticks()
        if stick and not sticks:
            raise PaperError("paper-no-stick", "The stick is not there any more.", "Plug it in, and say it again.")
        folder = (sticks[0] if stick else self._home) / self._paper().folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise PaperError(
                "paper-read-only", f"I can't make the folder {folder}.", "Look whether that disk can be written to."
            ) from error
        return folder


def _free(folder: Path, name: str, endings: Sequence[str]) -> str:
    """The name, with a number where there are such files already."""
    tries = itertools.chain((name,), (f"{name} {number}" for number in itertools.count(2)))
    return next(each for each in tries if not any((folder / f"{each}{ending}").exists() for ending in endings))
