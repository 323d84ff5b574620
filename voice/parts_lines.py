"""The help lines that a talk knows: the program's, and those of a person's or group's own file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from voice import content
from voice.errors import ContentError, SettingsError
from voice.helplines import STALE_AFTER, HelpLine, HelpLines
from voice.settings import Settings


@dataclass(frozen=True)
class KnownLines:
    """Help lines, and what is wrong with the own file."""

    lines: HelpLines
    trouble: ContentError | None = None
    """The own file is broken, and none of it is known: a number half understood could be the wrong one."""

    def region(self, chosen: Settings) -> str:
        """The region that is set, as the lines write it; "" where none is set.

        Raises SettingsError, naming those that there are, where the country has lines by region and none of that one.
        """
        found = self.lines.region(chosen.country, chosen.region)
        if found is not None:
            return found
        if self.trouble is not None:  # the own file might have named it
            return chosen.region
        country = dict(self.lines.countries())[chosen.country]
        raise SettingsError(
            "settings-value",
            f'In your settings (the file, AFTERWARDS_REGION or --region), "region" cannot be {chosen.region!r} for the '
            f"country {chosen.country} ({country}).",
            f"It can be {', '.join(self.lines.regions(chosen.country))}. Give one of them, or leave it out.",
        )


def known_lines(
    own: Path | None = None, built_in: Mapping[str, Any] | None = None, today: date | None = None
) -> KnownLines:
    """The program's lines with those of the file `own`, where there is one; never without the program's.

    `built_in` is read where it is not given. Raises ContentError where the program's own lines are broken.
    """
    data = content.helplines() if built_in is None else built_in
    day = today or datetime.now(UTC).date()
    if own is None:
        return KnownLines(HelpLines(data, day))
    try:
        return KnownLines(HelpLines(data, day, content.own_helplines(own), str(own)))
    except ContentError as error:
        told = f"{error.remedy} Until then, only the lines that came with the program are given."
        return KnownLines(HelpLines(data, day), ContentError(error.code, error.message, told))


def checking(lines: Iterable[HelpLine]) -> str:
    """How many of these lines somebody should check, and how many are never spoken: plain sentences for a screen."""
    numbers = [line for line in lines if line.number]
    given = [line for line in numbers if line.given]
    due = [line for line in given if line.due]
    never = len(numbers) - len(given)
    need = f"{len(due)} {'needs' if len(due) == 1 else 'need'} checking"
    words = f"Of {len(given)} {'number' if len(given) == 1 else 'numbers'} that may be given, {need}"
    words += f": more than {STALE_AFTER} months old, or seen on no dated page." if due else "."
    return f"{words} {never} more {'is' if never == 1 else 'are'} never spoken." if never else words
