"""What all the language of the program consists of, once it is loaded."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.errors import ContentError
from voice.walkthrough import Passage, Walkthrough


@dataclass(frozen=True)
class Intent:
    """One thing that can be said: its label on the screen and its templates, main wordings first."""

    id: str
    label: str
    hear: tuple[str, ...]
    grammar: bool = True
    """False: too rare for a small model's grammar; understood where free recognition or typing brings it."""
    opens: tuple[str, ...] = ()
    """For yes and no: with what a longer answer begins, or ends (see voice.longer)."""
    unless: tuple[str, ...] = ()
    """For yes and no: where it is neither, though it begins so ("no idea", "yes but")."""
    turns: tuple[str, ...] = ()
    """For no: words that turn what follows into its opposite. For yes: words that make all of it doubtful ("but")."""


@dataclass(frozen=True)
class Card:
    """A crisis card (SPEC 4.4)."""

    id: str
    title: str
    lines: tuple[Passage, ...]
    quiet: bool = False
    """Plain to look at, and spoken softly: somebody dangerous may see it."""
    pitch: int = 40
    afterwards: str = ""
    """Purpose of the help line that is offered after it."""
    choices: tuple[CardChoice, ...] = ()


@dataclass(frozen=True)
class CardChoice:
    """Which other card a general card can lead to."""

    label: str
    hear: tuple[str, ...]
    card: str
    id: str


@dataclass(frozen=True)
class Content:
    """All language of one tongue, checked."""

    walkthroughs: Mapping[str, Walkthrough]
    prompts: Mapping[str, tuple[Passage, ...]]
    paper: Mapping[str, tuple[Passage, ...]]
    """What stands on paper: headings, days, and what is told of a person's own answers."""
    rules: Mapping[str, str]
    commands: Mapping[str, Intent]
    answers: Mapping[str, Intent]
    numbers: Mapping[str, tuple[str, ...]]
    number_fillers: tuple[str, ...]
    remarks: Mapping[str, Intent]
    sounds: frozenset[str]
    """Words that are none: "mm", "uh"."""
    like_sounds: frozenset[str]
    """What a recogniser writes of a voice without words, among words that are none."""
    homophones: Mapping[str, str]
    cards: Mapping[str, Card]
    safety: Mapping[str, Any]
    opinion: Path
    """What voice.opinion reads: the one part of the content that is figures."""
    patterns: Path
    """What voice.patterns reads."""
    helplines: Mapping[str, Any]
    manners: Mapping[str, Any]
    kiosk: Mapping[str, str]
    """What stands on the kiosk's page: its own name -> text. Held by `texts` too, under "kiosk.NAME.1"."""
    texts: Mapping[str, str]
    """Key of every passage -> its text, with `$values`."""

    def fill(self, key: str, values: Mapping[str, str]) -> str:
        """The text with its values. Raises ContentError for an unknown key or a value that nobody gave."""
        try:
            return string.Template(self.texts[key]).substitute(values)
        except KeyError as error:
            raise ContentError(
                "content-value", f"The line '{key}' cannot be said: {error} is missing.", "Please report this line."
            ) from error
