"""A microphone or loudspeaker that another program has to itself, as on a computer without a sound server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.sound_card import SoundCard

SOURCE = Path(__file__).with_name("claimed.c")
MISSING = "there is no C compiler here (cc), to make ALSA say that a card is in use"


def can_be_claimed() -> bool:
    return shutil.which("cc") is not None


def make_claimable(card: SoundCard) -> None:
    """Programs that are begun on this card from now on can find it claimed."""
    library = card.folder / "claimed.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], timeout=60, check=True)
    card.environment["LD_PRELOAD"] = str(library)
    for what in ("microphone", "loudspeaker"):
        card.environment[f"TEST_CLAIMS_{what.upper()}"] = str(_flag(card, what))


def claim(card: SoundCard, what: str) -> None:
    """Another program has the "microphone" or "loudspeaker": it can't be opened. What is open stays open."""
    _flag(card, what).touch()


def let_go(card: SoundCard, what: str) -> None:
    _flag(card, what).unlink()


def _flag(card: SoundCard, what: str) -> Path:
    return card.folder / f"{what}-is-claimed"
