"""Reads and checks the mappings that hold telephone numbers: the program's own, and a group's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from voice.errors import ContentError

PURPOSES = ("crisis", "family", "violence", "child", "poison", "ambulance", "police")
EMERGENCY = "emergency"
GENERIC = "generic"
"""What is given where the country is unset, or none of those in the file."""
STALE_AFTER = 12
"""Months after which a number is spoken with "Check this number" (SPEC section 7, 13)."""
CHECK = "Check this number"

_SURE = ("sure", "fairly", "doubtful")
_LINE = frozenset(
    {"name", "number", "spoken", "sure", "checked", "how", "region", "only_for", "text", "hours", "notes"}
)
# An emergency number is for everybody there: one of a region or group would be given to all.
_EMERGENCY = _LINE - {"region", "only_for"} | {"silent"}
_COUNTRY = frozenset({"name", EMERGENCY, "fallback", *PURPOSES})
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
    how: str
    region: str = ""
    """Nation or province; empty where it is for the whole country."""
    only_for: str = ""
    text: str = ""
    """Number for text messages, as shown."""
    hours: str = ""
    notes: str = ""
    """For whoever checks it; not spoken."""
    silent: str = ""
    """Of an emergency number: how to call it without a word, as a sentence; empty where there is no such way."""
    due: bool = False
    """It was checked too long ago, or on no dated page: somebody should check it."""
    own: bool = False
    """From the file of a person or group."""

    @property
    def given(self) -> bool:
        """It may be spoken and shown in a talk."""
        return self.sure == "sure" and not self.only_for

    @property
    def stale(self) -> bool:
        """Say "Check this number" with it.

        Never with an emergency number: those are law, and a doubt heard in fear would do more harm than good.
        """
        return self.due and self.purpose != EMERGENCY

    @property
    def said(self) -> str:
        """Name and number for the ear: "Samaritans, one one six, one two three"; a stale one with CHECK after it."""
        return self.spoken if self.purpose == EMERGENCY else f"{self.name}, {self.spoken}{self._note}"

    @property
    def shown(self) -> str:
        """Name and number for the eye: "Samaritans 116 123"; a stale one with CHECK after it."""
        return (self.number or self.spoken) if self.purpose == EMERGENCY else f"{self.name} {self.number}{self._note}"

    @property
    def _note(self) -> str:
        return f". {CHECK}" if self.stale else ""


@dataclass(frozen=True)
class Country:
    """What a file says of one country. In a group's file, all but the lines can be missing."""

    name: str = ""
    emergency: HelpLine | None = None
    lines: tuple[HelpLine, ...] = ()
    fallback: str = ""
    """Of GENERIC: where to go when no line is known."""


def read(
    data: Mapping[str, Any], today: date | None, file: str, known: frozenset[str] | None = None
) -> dict[str, Country]:
    """Country id -> what the file says of it.

    `known`: the countries that a person's or group's own file may name; None for the program's file, which must be
    whole. Raises ContentError naming `file`, the key and the remedy, whatever shape its values have.
    """
    return {country: _Reader(file, today, known, country).country(body) for country, body in data.items()}


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


def in_words(number: str) -> str:
    """The digits one by one, in the groups that the number has (SPEC 4.5): "116 12" -> "one one six, one two".

    A + at the beginning is "plus"; all else between the digits is a pause.
    """
    groups = (" ".join(_WORDS[int(digit)] for digit in group) for group in re.findall(r"[0-9]+", number))
    return f"{'plus ' if number.startswith('+') else ''}{', '.join(groups)}"


@dataclass(frozen=True)
class _Reader:
    """Reads one country of one file."""

    file: str
    today: date | None
    known: frozenset[str] | None
    id: str

    def country(self, body: Any) -> Country:
        own = self.known is not None
        if self.known is not None and self.id not in self.known:
            raise self._fault(self.id, "is not a country that I know", f"I know: {', '.join(sorted(self.known))}.")
        self._mapping(body, self.id, _COUNTRY)
        if not own and not {"name", EMERGENCY} <= set(body):
            raise self._fault(self.id, "needs a name and an emergency number")
        for purpose in PURPOSES:
            if not isinstance(body.get(purpose, []), list):
                raise self._fault(f"{self.id}.{purpose}", "is not a list of lines", "Begin each line with a dash.")
        return Country(
            name=self._text(body, "name", self.id),
            emergency=self._emergency(body[EMERGENCY], own) if EMERGENCY in body else None,
            lines=tuple(
                self._line(purpose, item, own, f"{self.id}.{purpose}", f" (entry {place})")
                for purpose in PURPOSES
                for place, item in enumerate(body.get(purpose, []), 1)
            ),
            fallback=self._text(body, "fallback", self.id),
        )

    def _emergency(self, item: Any, own: bool) -> HelpLine:
        where = f"{self.id}.{EMERGENCY}"
        line = self._line(EMERGENCY, item, own, where)
        if own and line.sure != "sure":
            raise self._fault(where, "replaces an emergency number, so it must say sure: sure", "Dial-test it first.")
        return line

    def _line(self, purpose: str, item: Any, own: bool, where: str, entry: str = "") -> HelpLine:
        known = _EMERGENCY if purpose == EMERGENCY else _LINE
        self._mapping(item, where, known, entry)
        fields = {name: self._text(item, name, where, entry) for name in known}
        number = fields["number"]
        wordless = self.id == GENERIC and purpose == EMERGENCY and not own  # words alone: "your local ..."
        if not fields["name"]:
            raise self._fault(where, "needs a name", entry=entry)
        if not wordless and not re.fullmatch(r"\+?[0-9][0-9 ().-]*[0-9]", number):
            raise self._fault(where, f"has the number '{number}', which I can't read", "Write it in digits.", entry)
        if own and "spoken" not in item:
            fields["spoken"] = in_words(number)
        if not fields["spoken"] or digits(fields["spoken"]) != re.sub(r"\D", "", number):
            words = f"says '{fields['spoken']}', which is not {number}"
            raise self._fault(where, words, f"Write {in_words(number)}." if in_words(number) else "", entry)
        if fields["sure"] not in _SURE:
            raise self._fault(where, f"must say sure: {', '.join(_SURE)}", "Say one of them.", entry)
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])|memory", fields["checked"]):
            raise self._fault(where, "must say checked: YYYY-MM or memory", "Say when it was checked.", entry)
        if not fields["how"]:
            raise self._fault(where, "must say how it was checked", "Add how: ...", entry)
        due = bool(number) and self._due(fields["checked"])
        return HelpLine(country=self.id, purpose=purpose, due=due, own=own, **fields)

    def _due(self, checked: str) -> bool:
        if self.today is None:
            return False
        if checked == "memory":
            return True
        year, month = (int(part) for part in checked.split("-"))
        age = (self.today.year - year) * 12 + self.today.month - month
        return not 0 <= age <= STALE_AFTER  # one from the future is a slip of the pen, or the clock here is wrong

    # ---- small shapes

    def _mapping(self, value: Any, where: str, known: frozenset[str], entry: str = "") -> None:
        if not isinstance(value, Mapping):
            raise self._fault(where, "is not a list of 'name: value' lines", entry=entry)
        if extra := sorted(str(key) for key in value if key not in known):
            raise self._fault(where, f"has the unknown part '{extra[0]}'", f"Known: {', '.join(sorted(known))}.", entry)

    def _text(self, fields: Mapping[str, Any], name: str, where: str, entry: str = "") -> str:
        value = fields.get(name, "")
        text = " ".join(value.split()) if isinstance(value, str) else ""
        if not isinstance(value, str) or not text.isprintable():
            raise self._fault(where, f"has a '{name}' that is not plain text", f"Write {name}: and a text.", entry)
        return text

    def _fault(self, where: str, what: str, remedy: str = "", entry: str = "") -> ContentError:
        return ContentError(
            "content-helplines",
            f"In {self.file}, '{where}'{entry} {what}.",
            remedy or "Mend that line of the file.",
        )
