"""Telephone numbers by country, and which of them may be given out (SPEC section 5). Pure: the mapping is handed in.

Only a line marked sure is ever offered. What is not known gives None, or general words, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from voice.errors import ContentError

PURPOSES = ("crisis", "family", "violence", "child", "poison", "ambulance", "police")
GENERIC = "generic"
STALE_AFTER = 12
"""Months after which a number is spoken with "Check this number" (SPEC section 7, 13)."""

_SURE = ("sure", "fairly", "doubtful")
_FIELDS = {"name", "number", "spoken", "sure", "checked", "how", "region", "only_for", "text", "hours", "notes"}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {word: str(value) for value, word in enumerate(_WORDS)}


@dataclass(frozen=True)
class HelpLine:
    """One line that can be called."""

    country: str
    purpose: str
    """"emergency", or one of PURPOSES."""
    name: str
    number: str
    """As the screen shows it; empty where only general words can be given."""
    spoken: str
    """The same digits in groups, for the ear."""
    sure: str
    """sure, fairly or doubtful. Only sure ones leave `line` and `emergency`."""
    checked: str
    """YYYY-MM, or "memory" where no dated page is known."""
    how: str = ""
    region: str = ""
    """Nation or province; empty where it is for the whole country."""
    only_for: str = ""
    text: str = ""
    """Number for text messages, as shown."""
    hours: str = ""
    notes: str = ""
    """For whoever checks it; not spoken."""
    stale: bool = False
    """Say "Check this number" with it."""

    @property
    def said(self) -> str:
        """Name and number for the ear: "Samaritans, one one six, one two three"."""
        return self.spoken if self.purpose == "emergency" else f"{self.name}, {self.spoken}"

    @property
    def shown(self) -> str:
        """Name and number for the eye: "Samaritans 116 123"."""
        return (self.number or self.spoken) if self.purpose == "emergency" else f"{self.name} {self.number}"


class HelpLines:
    """All lines of helplines.yaml.

    `today` is the day against which `stale` is reckoned; without it nothing is stale. Broken data raises ContentError.
    """

    def __init__(self, data: Mapping[str, Any], today: date | None = None) -> None:
        self._today = today
        self._names: dict[str, str] = {}
        self._lines: dict[str, list[HelpLine]] = {}
        self._emergency: dict[str, HelpLine] = {}
        for country, body in data.items():
            if not {"name", "emergency"} <= set(body):
                raise _fault(country, "needs a name and an emergency number")
            self._names[country] = str(body["name"])
            if extra := set(body) - {"name", "emergency", "fallback", *PURPOSES}:
                raise _fault(country, f"has the unknown part '{sorted(extra)[0]}'")
            self._emergency[country] = self._read(country, "emergency", body["emergency"])
            self._lines[country] = [
                self._read(country, purpose, item) for purpose in PURPOSES for item in body.get(purpose, [])
            ]
        if GENERIC not in data:
            raise _fault(GENERIC, "is missing; it is what an unknown country gets")
        self.fallback = str(data[GENERIC].get("fallback", ""))
        """Where to go when no line is known."""

    def countries(self) -> tuple[tuple[str, str], ...]:
        """(id, name) in the order of the file, without the general one."""
        return tuple((country, name) for country, name in self._names.items() if country != GENERIC)

    def emergency(self, country: str | None) -> HelpLine:
        """The emergency number; general words where the country is unset, unknown, or its number is not sure."""
        found = self._emergency.get(country or GENERIC)
        return found if found is not None and found.sure == "sure" else self._emergency[GENERIC]

    def line(self, country: str | None, purpose: str, region: str | None = None) -> HelpLine | None:
        """The first sure line of that purpose that is meant for everybody there.

        A line of one region is given only when that region is asked for, and then goes first. None where there is none.
        """
        fitting = [line for line in self.offered(country) if line.purpose == purpose and not line.only_for]
        local = [line for line in fitting if region and line.region == region]
        everywhere = [line for line in fitting if not line.region]
        return next(iter(local + everywhere), None)

    def offered(self, country: str | None) -> tuple[HelpLine, ...]:
        """All sure lines of the country, for a table; those for one region or group say so."""
        return tuple(line for line in self._lines.get(country or GENERIC, []) if line.sure == "sure")

    def every(self) -> Iterable[HelpLine]:
        """Every line that was read, the unsure ones too, for checking. Not for speaking."""
        for country in self._names:
            yield self._emergency[country]
            yield from self._lines[country]

    def _read(self, country: str, purpose: str, item: Mapping[str, Any]) -> HelpLine:
        where = f"{country}.{purpose}"
        if extra := set(item) - _FIELDS:
            raise _fault(where, f"has the unknown part '{sorted(extra)[0]}'")
        fields = {name: str(item.get(name, "")) for name in _FIELDS}
        if fields["sure"] not in _SURE:
            raise _fault(where, f"must say sure: {', '.join(_SURE)}")
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])|memory", fields["checked"]):
            raise _fault(where, "must say checked: YYYY-MM or memory")
        if not fields["spoken"] or digits(fields["spoken"]) != re.sub(r"\D", "", fields["number"]):
            raise _fault(where, f"says '{fields['spoken']}', which is not {fields['number']}")
        return HelpLine(country=country, purpose=purpose, stale=self._is_stale(purpose, fields["checked"]), **fields)

    def _is_stale(self, purpose: str, checked: str) -> bool:
        # Emergency numbers are law and are called in fear: a doubt said aloud would do more harm than good.
        if self._today is None or purpose == "emergency":
            return False
        if checked == "memory":
            return True
        year, month = (int(part) for part in checked.split("-"))
        return (self._today.year - year) * 12 + self._today.month - month > STALE_AFTER


def digits(spoken: str) -> str:
    """The digits that spoken words stand for: "one, eight hundred, double four" -> "180044"."""
    found = ""
    times = 1
    for word in spoken.lower().replace(",", " ").split():
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
        elif word == "hundred":
            found += "00"
        elif word in _DIGITS:
            found += _DIGITS[word] * times
            times = 1
    return found


def _fault(where: str, what: str) -> ContentError:
    return ContentError("content-helplines", f"In helplines.yaml, '{where}' {what}.", "Mend that line of the file.")
