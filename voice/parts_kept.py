"""What is kept, and its locks: for the commands, and for a talk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from voice.parts_copies import FileCopies, Texts
from voice.parts_late import LateNotes
from voice.parts_notes import VaultShelf
from voice.session import Notes
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.notes import Notes as RealNotes
    from voice.notes.vault import Vault
    from voice.parts_paper import Paper


def vault(chosen: Settings, sleep: Callable[[float], None] = time.sleep) -> Vault:
    """The locks on the notes. Whoever asks for a passphrase opens it, and gives it to `notes`."""
    from voice.notes.keychain import SystemKeychain
    from voice.notes.vault import Vault

    return Vault(chosen.notes_file, SystemKeychain(), sleep)


def shelf(chosen: Settings) -> tuple[VaultShelf, Notes, Callable[[Texts], FileCopies]]:
    """What was kept before, for a talk, where it keeps more, and where copies go: all behind the same locks."""
    made: list[Vault] = []
    lock = threading.Lock()

    def opened() -> Vault:
        with lock:
            if not made:  # its libraries take time to load: only where they are needed
                made.append(vault(chosen, sleep=lambda seconds: None))
            return made[0]

    def paper() -> Paper:
        from voice.parts_paper import Paper

        return Paper(chosen)

    real = lambda: notes(chosen, opened())  # noqa: E731
    copies = lambda text: FileCopies(chosen.copies_home, text, paper, opened, real)  # noqa: E731
    return VaultShelf(chosen.notes_file, opened, real, paper), LateNotes(chosen.notes_file, real), copies


def notes(chosen: Settings, opened: Vault | None = None) -> RealNotes:
    """Where plans are kept after a yes, behind the locks of `opened`."""
    from voice.notes import Notes as RealNotes  # its library takes time to load: only where it is needed

    return RealNotes(chosen.notes_file, (opened or vault(chosen)).connect, keep_days=chosen.keep_days)
