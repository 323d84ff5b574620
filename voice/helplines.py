"""Telephone numbers by country, and which of them may be given out (SPEC section 5). Pure: the mappings are handed in.

Only a line marked sure is ever offered. What is not known gives None, or general words, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from voice.errors import ContentError
from voice.helplines_read import (
    CHECK,
    EMERGENCY,
    GENERIC,
    PURPOSES,
    STALE_AFTER,
    Country,
    HelpLine,
    digits,
    in_words,
    read,
)

__all__ = [
    "CHECK",
    "EMERGENCY",
    "GENERIC",
    "PURPOSES",
    "STALE_AFTER",
    "HelpLine",
    "HelpLines",
    "digits",
    "in_words",
    "note_last",
]

FILE = "helplines.yaml"
_NOTE_INSIDE = re.compile(rf"\. {CHECK}([^.?!]+)([.?!]|\Z)")


class HelpLines:
    """All lines of helplines.yaml, and those of a person's or group's own file.

    `today` is the day against which `stale` is reckoned; without it nothing is stale. `own` has the same shape as
    `data`: its lines go first for their purpose, one with the name and region of a built-in line stands in its place,
    and its emergency number stands in the place of the country's. `own_file` is what errors call it. Broken data of
    either raises ContentError.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        today: date | None = None,
        own: Mapping[str, Any] | None = None,
        own_file: str = "lines.yaml",
        host: str = "",
    ) -> None:
        self.host = host
        """Name of somebody in the room who can be asked; "" where there is nobody."""
        found = read(data, today, FILE)
        if GENERIC not in found:
            raise ContentError(
                "content-helplines",
                f"In {FILE}, '{GENERIC}' is missing; it is what an unknown country gets.",
                "Mend that line of the file.",
            )
        for country, more in read(own or {}, today, own_file, frozenset(found)).items():
            found[country] = _joined(found[country], more)
        self._countries = found
        self.fallback = found[GENERIC].fallback
        """Where to go when no line is known."""

    def countries(self) -> tuple[tuple[str, str], ...]:
        """(id, name) in the order of the file, without the general one."""
        return tuple((id_, country.name) for id_, country in self._countries.items() if id_ != GENERIC)

    def regions(self, country: str | None) -> tuple[str, ...]:
        """Nations or provinces that the country has lines for, in the order of the file; () where it has none."""
        named: dict[str, str] = {}
        for line in self._of(country).lines:
            if line.region:
                named.setdefault(line.region.casefold(), line.region)
        return tuple(named.values())

    def regions_that_matter(self, country: str | None) -> tuple[str, ...]:
        """The same, where at least one of those lines may be given: else it makes no difference where somebody is."""
        return self.regions(country) if any(line.region and line.given for line in self._of(country).lines) else ()

    def region(self, country: str | None, wanted: str) -> str | None:
        """`wanted` as the data writes it, whatever its capitals; None where the country's regions are others.

        Where nothing can be told, since the country is unset or has no lines by region, it is given back as it is.
        """
        fitting = self.regions(country) or tuple(r for id_ in self._countries for r in self.regions(id_))
        if not wanted:
            return ""
        for region in fitting:
            if region.casefold() == wanted.casefold():
                return region
        return None if self.regions(country) else wanted

    def emergency(self, country: str | None) -> HelpLine:
        """The emergency number; general words where the country is unset, unknown, or its number is not sure."""
        found = self._of(country).emergency
        if found is None or found.sure != "sure":
            found = self._countries[GENERIC].emergency
        assert found is not None, "read with the file, or refused"
        return found

    def silent(self, country: str | None) -> str:
        """How to call the emergency number without a word, one sentence of at most ten words; "" where there is no way.

        Only where the rule names one (SPEC 4.4: United Kingdom, New Zealand): elsewhere it could cost the call.
        """
        return self.emergency(country).silent

    def line(self, country: str | None, purpose: str, region: str | None = None) -> HelpLine | None:
        """The first sure line of that purpose that is meant for everybody there.

        A person's or group's own goes first, then one of the region. A line of one region is given only when that
        region is asked for. None where there is none.
        """
        here = ("", (region or "").casefold())
        fitting = [
            line
            for line in self._of(country).lines
            if line.purpose == purpose and line.given and line.region.casefold() in here
        ]
        return min(fitting, key=lambda line: (not line.own, not line.region), default=None)

    def offered(self, country: str | None) -> tuple[HelpLine, ...]:
        """All sure lines of the country, for a table; those for one region or group say so."""
        return tuple(line for line in self._of(country).lines if line.sure == "sure")

    def every(self) -> Iterable[HelpLine]:
        """Every line that was read, the unsure ones too, for checking. Not for speaking."""
        for country in self._countries.values():
            if country.emergency is not None:
                yield country.emergency
            yield from country.lines

    def _of(self, country: str | None) -> Country:
        return self._countries.get(country or GENERIC, self._countries[GENERIC])


def note_last(text: str) -> str:
    """A text with each "Check this number" after the sentence that the number stands in, and not within it."""
    return _NOTE_INSIDE.sub(rf"\1\2 {CHECK}.", text)


def _joined(country: Country, own: Country) -> Country:
    replaced = {_key(line) for line in own.lines}
    lines = [*own.lines, *(line for line in country.lines if _key(line) not in replaced)]
    return Country(
        name=own.name or country.name,
        emergency=own.emergency or country.emergency,
        lines=tuple(sorted(lines, key=lambda line: PURPOSES.index(line.purpose))),
        fallback=own.fallback or country.fallback,
    )


def _key(line: HelpLine) -> tuple[str, str, str]:
    """By which a line stands for another. Four nations have a line of the same name: each is its own."""
    return line.purpose, line.name.casefold(), line.region.casefold()
