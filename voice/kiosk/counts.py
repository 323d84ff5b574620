"""How many talks a room had, where its group wants to know: two numbers a month in one small file, and nothing else.

No day and no time is kept, nothing of what was said, and no card. Few talks could tell on a person, so what is told is
rounded to fives, and of a month that is not over nothing is told: nobody can look before and after a visit.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from voice.errors import KioskError

ROUNDED = 5
"""What is told is rounded to so many; less than that is told as "fewer than"."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Count:
    """One month."""

    begun: int = 0
    finished: int = 0
    """Talks that came to their end, of those that were begun."""


class Counts:
    """The file. One thread adds; reading never changes it."""

    def __init__(self, path: Path, today: Callable[[], date] = date.today) -> None:
        self.path = path
        self._today = today

    def add(self, *, finished: bool) -> None:
        """One talk more, written aside first, so that the file is whole or as it was. Raises KioskError."""
        months = dict(self.months())
        month = self._today().strftime("%Y-%m")
        before = months.get(month, Count())
        months[month] = Count(before.begun + 1, before.finished + finished)
        text = json.dumps({month: [c.begun, c.finished] for month, c in sorted(months.items())})
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self.path, f"{text}\n".encode())
        except OSError as error:
            raise KioskError(
                "counts-not-written",
                f"The counts can't be written to {self.path}: {(error.strerror or str(error)).lower()}.",
                "Set counts_file in the group file to a place that can be written to, or counts = false.",
            ) from error

    def months(self) -> Mapping[str, Count]:
        """ "2026-11" -> its numbers; {} where nothing was counted. Raises KioskError."""
        try:
            return _parsed(json.loads(self.path.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise KioskError(
                "counts-broken",
                f"The file with the counts, {self.path}, can't be read.",
                "Check that you may read it, or move it away to begin at zero.",
            ) from error

    def told(self) -> list[str]:
        """One line for each month, the latest last."""
        this = self._today().strftime("%Y-%m")
        lines = [
            f"{month}: {_about(c.begun)} begun, {_about(c.finished)} finished"
            for month, c in sorted(self.months().items())
            if month < this
        ]
        return [*lines, f"{this}: told when the month is over"]


def _about(number: int) -> str:
    return f"fewer than {ROUNDED}" if number < ROUNDED else f"about {round(number / ROUNDED) * ROUNDED}"


def _parsed(data: object) -> Mapping[str, Count]:
    if not isinstance(data, dict):
        raise ValueError
    found = {}
    for month, pair in data.items():
        if not _MONTH.fullmatch(month) or not isinstance(pair, list) or len(pair) != 2:
            raise ValueError
        if not all(type(number) is int and number >= 0 for number in pair) or pair[1] > pair[0]:
            raise ValueError
        found[month] = Count(*pair)
    return found


def _replace(path: Path, content: bytes) -> None:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".counts-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(aside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(aside).unlink()
        raise
