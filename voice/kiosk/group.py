"""What a group sets for its room: one file, read once, and refused with clear words where something in it is wrong."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.errors import GroupError
from voice.kiosk.hours import DAYS, Hours, span

DEFAULT_FILE = Path("/etc/afterwards/group.toml")
LANGUAGES = ("en",)
COUNTRIES = ("US", "CA", "UK", "IE", "AU", "NZ", "IN", "ZA", "EU", "OTHER")
RATES = (50, 70, 85, 100, 125, 150, 200)
VOLUMES = tuple(range(10, 101, 10))
LETTERS = (24, 48)
"""Points, from and to."""
THEMES = ("light", "dark")
LONGEST = 400
"""Letters of one text in the file."""
LONGEST_NAME = 40
"""Letters of the host's name, which stands in a sentence."""
_KEYS = {"space": " ", "enter": "Enter", "tab": "Tab", "escape": "Escape"}
_MEND = "Put that line right, or leave it out."


@dataclass(frozen=True)
class Group:
    """Everything that a group can set. "", 0 and () mean "not set": then the program's own settings stand."""

    file: Path | None = None
    """Where it was read; None where there is no such file."""
    country: str = ""
    """One of COUNTRIES, for the help lines."""
    region: str = ""
    """Nation or province of the country."""
    language: str = "en"
    """One of LANGUAGES."""
    host: str = ""
    """Whom people in the room can ask."""
    hours: Hours | None = None
    """When the room is open; None: always."""
    volume: int = 0
    """Percent, one of VOLUMES, at which each person begins."""
    least_volume: int = 10
    most_volume: int = 100
    """Percent: "softer" and "louder" stop there."""
    rate: int = 0
    """Percent, one of RATES."""
    letters: int = 24
    """Points, 24 to 48."""
    theme: str = ""
    """One of THEMES; "": as the computer has it."""
    switches: tuple[str, ...] = ()
    """Two keys, next and choose, that switches type; names as a page has them."""
    printing: bool = False
    """The plan can be printed on the computer's printer."""
    counts: bool = False
    """Talks are counted, and people are told so."""
    counts_file: str = ""
    """Where the counts are kept; "": beside what else the program keeps."""
    microphone: str = ""
    speaker: str = ""
    voice: str = ""
    model: str = ""
    lines: tuple[Mapping[str, str], ...] = ()
    """Help lines of the group's own: each has a `purpose`, and what a line in lines.yaml has."""

    @property
    def name(self) -> str:
        """Of the file, for what is told about it."""
        return str(self.file or DEFAULT_FILE)


def load(path: Path | None = None) -> Group:
    """Reads the file. Without `path` the one at DEFAULT_FILE, where there is one. Raises GroupError."""
    file = path or DEFAULT_FILE
    try:
        raw = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        if path is None:
            return Group()
        raise GroupError("group-missing", f"There is no group file {file}.", "Name another with --group.") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise GroupError(
            "group-unreadable", f"The group file {file} can't be read: {why}.", "Check that you may read this file."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise GroupError(
            "group-broken", f"The group file {file} is not in order: {error}.", "Put that line right: key = value."
        ) from error
    return read(raw, file)


def read(raw: Mapping[str, Any], file: Path = DEFAULT_FILE) -> Group:
    """The values of a file, checked. Raises GroupError naming `file`, the key and what is allowed."""
    for key in raw:
        if key not in _READ:
            raise _unknown(file, key, _READ)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        field, reader, fits = _READ[key]
        try:
            values[field] = reader(value)
        except _UnknownKeyError as error:
            raise _unknown(file, f"{key}.{error.key}", error.known) from error
        except ValueError as error:
            where = f'"{key}"' + (f" ({error})" if str(error) else "")
            raise _fault(file, f"{where} cannot be {_shown(value)}.", f"It can be {fits}. {_MEND}") from error
    group = Group(file=file, **values)
    _agree(group, file)
    return group


def key_of(text: str) -> str:
    """The name that a page has for a key: "space" is " ", "f7" is "F7"."""
    clean = text.strip()
    named = _KEYS.get(clean.lower(), clean)
    return named.upper() if len(named) in (2, 3) and named[0] in "fF" and named[1:].isdecimal() else named


def switch_keys(texts: Iterable[str]) -> tuple[str, ...]:
    """Two keys, as a page names them. Raises ValueError where they are not two different ones."""
    keys = tuple(key_of(text) for text in texts)
    if len(keys) != 2 or not all(keys) or keys[0] == keys[1]:
        raise ValueError
    return keys


# ---- what fits together


def _agree(group: Group, file: Path) -> None:
    least, most = group.least_volume, group.most_volume
    if least > most:
        raise _fault(file, f'"least_volume" is {least}, above "most_volume", which is {most}.', "Change one of them.")
    if group.volume and not least <= group.volume <= most:
        raise _fault(
            file, f'"volume" is {group.volume}, and the limits are {least} to {most}.', "Change it, or the limits."
        )
    if group.region and not group.country:
        raise _fault(file, '"region" is set without a country.', 'Add a line: country = "UK", or another.')


def _fault(file: Path, what: str, remedy: str) -> GroupError:
    return GroupError("group-value", f"In the group file {file}, {what}", remedy)


def _unknown(file: Path, key: str, known: Iterable[str]) -> GroupError:
    names = list(known)
    before, dot, last = key.rpartition(".")
    near = difflib.get_close_matches(last.lower(), names, 1, 0.6)
    meant = f'Did you mean "{before}{dot}{near[0]}"? ' if near else ""
    return GroupError(
        "group-key",
        f"The group file {file} has a key that I do not know: {_shown(key)}.",
        f"{meant}I know: {', '.join(names)}.",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


# ---- single values


class _UnknownKeyError(ValueError):
    """A key inside a table."""

    def __init__(self, key: str, known: Iterable[str]) -> None:
        super().__init__(key)
        self.key, self.known = key, tuple(known)


def _text(longest: int = LONGEST) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not isinstance(value, str) or not text.isprintable() or len(text) > longest:
            raise ValueError
        return text

    return read


def _one_of(options: tuple[str, ...], change: Callable[[str], str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = change(value.strip()) if isinstance(value, str) else ""
        if text not in options:
            raise ValueError
        return text

    return read


def _number(options: Iterable[int]) -> Callable[[object], int]:
    allowed = frozenset(options)

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise ValueError
        return value

    return read


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _keys(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.isprintable() for each in value):
        raise ValueError
    return switch_keys(value) if value else ()


def _hours(value: object) -> Hours:
    if not isinstance(value, dict):
        raise ValueError
    week = {}
    for day, spans in value.items():
        if day not in DAYS:
            raise _UnknownKeyError(day, DAYS)
        each = spans if isinstance(spans, list) else [spans]
        try:
            week[day] = tuple(sorted(span(text) for text in each if _is_text(text)))
        except ValueError as error:
            raise ValueError(day) from error
    if not any(week.values()):
        raise ValueError
    return Hours(week)


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        raise ValueError
    return True


def _lines(value: object) -> tuple[Mapping[str, str], ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError
    for number, line in enumerate(value, 1):
        for name, text in line.items():
            try:
                _text()(text)
            except ValueError as error:
                raise ValueError(f"entry {number}, {name!r}") from error
        if not line.get("purpose"):
            raise ValueError(f"entry {number} has no purpose")
    return tuple(dict(line) for line in value)


def _list(options: Iterable[object]) -> str:
    return ", ".join(str(option) for option in options)


_VOLUME = (_number(VOLUMES), _list(VOLUMES))
_BOOL = (_switch, "true, false")
_HOURS = (
    'days with the hours of each, such as monday = "18:00-21:00", or ["10:00-12:00", "18:00-21:00"]; '
    "leave [hours] out for a room that is always open"
)
_LINES = (
    'texts in quotes, each of one line: [[line]], purpose = "family", name = "our group", number = "01632 960 123", '
    'sure = "sure", checked = "2026-10", how = "we called it"'
)
# Key -> (field of Group, reader, what fits). A reader raises ValueError.
_READ: dict[str, tuple[str, Callable[[object], Any], str]] = {
    "country": ("country", _one_of(COUNTRIES, lambda text: text.upper().replace("GB", "UK")), _list(COUNTRIES)),
    "region": ("region", _text(), "the name of a nation or province"),
    "language": ("language", _one_of(LANGUAGES, str.lower), _list(LANGUAGES)),
    "host": ("host", _text(LONGEST_NAME), f"a name of at most {LONGEST_NAME} letters"),
    "hours": ("hours", _hours, _HOURS),
    "volume": ("volume", *_VOLUME),
    "least_volume": ("least_volume", *_VOLUME),
    "most_volume": ("most_volume", *_VOLUME),
    "rate": ("rate", _number(RATES), _list(RATES)),
    "letters": ("letters", _number(range(LETTERS[0], LETTERS[1] + 1)), f"a whole number, {LETTERS[0]} to {LETTERS[1]}"),
    "theme": ("theme", _one_of(THEMES, str.lower), _list(THEMES)),
    "switches": ("switches", _keys, 'two keys that switches type, such as ["space", "enter"]'),
    "printing": ("printing", *_BOOL),
    "counts": ("counts", *_BOOL),
    "counts_file": ("counts_file", _text(), "the path of a file"),
    "microphone": ("microphone", _text(), "the name of a microphone"),
    "speaker": ("speaker", _text(), "the name of a loudspeaker"),
    "voice": ("voice", _text(), "the name of a voice"),
    "model": ("model", _text(), "the name or folder of a speech model"),
    "line": ("lines", _lines, _LINES),
}
