"""What the person has set: file < environment < flags. Frozen; a change is a new value, saved by name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from voice.errors import SettingsError

COUNTRIES = ("US", "CA", "UK", "IE", "AU", "NZ", "IN", "ZA", "EU", "OTHER")
ANSWERS = ("voice", "keys", "typing")
PAPERS = ("a4", "letter")
RATES = (50, 70, 85, 100, 125, 150, 200)
"""Percent of the usual pace; 50 to 200 % in seven steps (VVSG 7.1-K)."""
VOLUMES = tuple(range(10, 101, 10))
"""Percent. Never 0: a voice that cannot be heard looks broken."""
STRETCH = (1.0, 1.5, 2.0)
"""How much longer waits last, by patience."""
MOST_DAYS = 3650
"""Of `keep_days`: ten years."""
HOME = "AFTERWARDS_HOME"

_APP = "afterwards"
_HEAD = "# Written by Afterwards. Delete this file to start afresh."
_MEND = "Put that line right, or move the file away to start afresh."
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Settings:
    """Everything a person can set, with its default. `""` means "not set" for a text."""

    home: Path | None = None
    """One folder for all that is written. None: the usual places of this computer. Never in the file."""
    country: str = ""
    """One of COUNTRIES, for the help lines."""
    region: str = ""
    """Nation or province of the country, such as Scotland. Which there are, the help lines know: see parts_lines."""
    answer_by: str = "voice"
    """One of ANSWERS."""
    rate: int = 100
    """Percent, one of RATES."""
    volume: int = 80
    """Percent, one of VOLUMES."""
    patience: int = 0
    """0, 1 or 2: index into STRETCH."""
    voice: str = ""
    """Name of a voice, such as flite:slt or en-us. Which there are, the computer knows: see speech/voices."""
    model: str = ""
    """Name or folder of a speech model."""
    model_mirror: str = ""
    """Address of a folder with the same zips of speech models, asked before the others."""
    network: bool = True
    """It may look, unasked, whether there is a network, and offer to fetch a bigger speech model."""
    microphone: str = ""
    speaker: str = ""
    barge_in: bool = True
    """The person may talk over the voice."""
    earcon: bool = False
    """A very soft sound says that it listens now."""
    headphones: bool = False
    """The microphone cannot hear the voice, so everything is open all the time."""
    keep_days: int = 90
    """Days after which a kept plan is erased by itself; 0: never."""
    paper: str = ""
    """One of PAPERS, to print on; "" is what the country has."""
    help_key: str = "f1"
    """Key that calls for emergency help, beside F1."""

    @property
    def stretch(self) -> float:
        """Factor for every wait: 1.0, 1.5 or 2.0."""
        return STRETCH[self.patience]

    @property
    def settings_file(self) -> Path:
        return (self.home or platformdirs.user_config_path(_APP, appauthor=False)) / "settings.toml"

    @property
    def lines_file(self) -> Path:
        """Help lines of a person's or group's own, beside the settings; never written by the program."""
        return self.settings_file.parent / "lines.yaml"

    @property
    def offer_file(self) -> Path:
        """What was said to the offer of a bigger speech model."""
        return self.settings_file.parent / "bigger-ear"

    @property
    def notes_file(self) -> Path:
        # A folder of its own, so that it can be closed to other people without closing a folder the person chose.
        return (self.home or platformdirs.user_data_path(_APP, appauthor=False)) / "notes" / "notes.db"

    @property
    def copies_home(self) -> Path:
        """Where the folder is made that a talk saves copies in, outside of the notes."""
        return self.home or platformdirs.user_documents_path()

    @property
    def cache_dir(self) -> Path:
        if self.home:
            return self.home / "cache"
        return platformdirs.user_cache_path(_APP, appauthor=False)

    @property
    def models_dir(self) -> Path:
        return (self.home or platformdirs.user_data_path(_APP, appauthor=False)) / "models"

    @property
    def voices_dir(self) -> Path:
        """Voices for Piper that a person put there."""
        return (self.home or platformdirs.user_data_path(_APP, appauthor=False)) / "voices"

    @property
    def first_run(self) -> bool:
        """Nothing was ever saved here, or nothing but a model or voice, which the first questions do not ask for."""
        stored = _stored(self.settings_file)
        return not self.settings_file.exists() or (len(stored) > 0 and stored.keys() <= {"model", "voice"})

    def stepped(self, what: str, steps: int) -> Settings:
        """`what` ("rate", "volume" or "patience") moved by so many steps, stopping at either end."""
        scale: tuple[int, ...] = {"rate": RATES, "volume": VOLUMES, "patience": tuple(range(len(STRETCH)))}[what]
        place = scale.index(getattr(self, what)) + steps
        changed: dict[str, Any] = {what: scale[max(0, min(place, len(scale) - 1))]}
        return replace(self, **changed)


def load(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. `flags`: field name -> value, None where the flag was not given.

    Every field has an environment variable: AFTERWARDS_ and the field's name in capitals. A region goes with the
    country that it was set with: where a flag names another country than the file, the file's region does not count.
    Raises SettingsError naming the file, variable or flag, and the remedy.
    """
    env = os.environ if environ is None else environ
    given = {name: value for name, value in flags.items() if value is not None}
    if unknown := given.keys() - {f.name for f in fields(Settings)}:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    home = _home(given.get("home") or env.get(HOME))
    stored = _stored(Settings(home=home).settings_file)
    set_outside: dict[str, Any] = {}
    flagged: dict[str, Any] = {}
    for name in _READ:
        variable = f"AFTERWARDS_{name.upper()}"
        if text := env.get(variable, ""):
            set_outside[name] = _read(name, text, f"the environment variable {variable}", "Change or unset it.")
        if name in given:
            flag = f"the flag --{name.replace('_', '-')}"
            flagged[name] = _read(name, given[name], flag, "Give another value, or leave it out.")
    return Settings(home=home, **_over(_over(stored, set_outside), flagged))


def save(settings: Settings, only: Iterable[str] | None = None) -> None:
    """Write what differs from the default to the settings file: aside first, then renamed, so it is whole or untouched.

    `only`: names of the fields to change; every other line stays as the file has it, comments too, and no passing flag
    is kept for ever. Raises SettingsError when the file cannot be written, or when the one that is there is broken (it
    is left as it is).
    """
    path = settings.settings_file
    stored = _stored(path)
    names = tuple(_READ) if only is None else tuple(only)
    values = {name: _read(name, getattr(settings, name), "the new setting", "Choose another value.") for name in names}
    text = _whole(values) if only is None else _edited(path, stored, values)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, text.encode())
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            "settings-not-written",
            f"I could not save your settings in {path}: {_reason(error)}.",
            f"Check that this folder can be written to and has space, or set {HOME} to another folder.",
        ) from error


def _whole(values: Mapping[str, Any]) -> str:
    """A whole file, with what differs from the default."""
    default = Settings()
    lines = [_line(name, values[name]) for name in _READ if name in values and values[name] != getattr(default, name)]
    return "\n".join([_HEAD, *lines, ""])


def _edited(path: Path, stored: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The text of the file with the lines of `values` changed, or added at its end."""
    wanted = {**stored, **values}
    text = path.read_bytes().decode("utf-8-sig") if path.exists() else _HEAD
    lines = text.rstrip("\n").split("\n")
    for name, value in values.items():
        found = [n for n, line in enumerate(lines) if re.match(rf"""\s*["']?{name}["']?\s*=""", line)]
        if found:
            lines[found[0]] = _line(name, value)
        else:
            lines.append(_line(name, value))
    edited = "\n".join([*lines, ""])
    with contextlib.suppress(SettingsError, tomllib.TOMLDecodeError):
        if _values(tomllib.loads(edited), path) == wanted:
            return edited
    return _whole(wanted)  # somebody wrote a value over several lines: its comments are lost, and nothing else


def _line(name: str, value: bool | int | str) -> str:
    return f"{name} = {_toml(value)}"


def _over(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    before = weaker.get("country")
    moved = before and stronger.get("country", before) != before
    return {**weaker, **({"region": ""} if moved else {}), **stronger}


def _home(value: object) -> Path | None:
    if not value:
        return None
    return Path(os.path.abspath(Path(str(value)).expanduser()))  # noqa: PTH100 - resolve() would follow links


def _stored(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(
            "settings-unreadable",
            f"I could not read your settings in {path}: {_reason(error)}.",
            "Check that this is a file you may read, or move it away to start afresh.",
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("settings-broken", f"The settings file {path} is not in order: {error}.", _MEND) from error
    return _values(raw, path)


def _values(raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    for key in raw:
        if key not in _READ:
            raise SettingsError(
                "settings-key",
                f'The settings file {path} has a key that I do not know: "{key}".',
                f"I know: {', '.join(_READ)}. {_MEND}",
            )
    return {key: _read(key, value, f"the settings file {path}", _MEND) for key, value in raw.items()}


def _read(name: str, value: object, where: str, remedy: str) -> Any:
    """`value` as the field wants it; SettingsError saying what fits otherwise."""
    reader, fits = _READ[name]
    try:
        return reader(value)
    except ValueError as error:
        raise SettingsError(
            "settings-value", f'In {where}, "{name}" cannot be {value!r}.', f"It can be {fits}. {remedy}"
        ) from error


def _one_of(options: tuple[str, ...], change: Callable[[str], str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or change(value.strip()) not in options:
            raise ValueError
        return change(value.strip())

    return read


def _step(options: tuple[int, ...]) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        number = int(value)
        if number not in options:
            raise ValueError
        return number

    return read


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not 0 <= int(value) <= MOST_DAYS:
        raise ValueError
    return int(value)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _TRUE + _FALSE:
        return value.strip().lower() in _TRUE
    raise ValueError


def _text(value: object) -> str:
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError
    return str(value).strip()


def _address(value: object) -> str:
    text = _text(value)
    if text and not re.match(r"https?://[^/\s]+\S*$", text):
        raise ValueError
    return text


def _list(options: Iterable[object]) -> str:
    return ", ".join(str(option) for option in options)


_READ: dict[str, tuple[Callable[[object], Any], str]] = {
    "country": (_one_of(("", *COUNTRIES), lambda text: text.upper().replace("GB", "UK")), _list(COUNTRIES)),
    "region": (_text, "the name of a nation or province"),
    "answer_by": (_one_of(ANSWERS, str.lower), _list(ANSWERS)),
    "rate": (_step(RATES), _list(RATES)),
    "volume": (_step(VOLUMES), _list(VOLUMES)),
    "patience": (_step((0, 1, 2)), "0, 1, 2"),
    "voice": (_text, "the name of a voice"),
    "model": (_text, "the name or folder of a speech model"),
    "model_mirror": (_address, "an address that begins with https:// or http://"),
    "network": (_switch, "true, false"),
    "microphone": (_text, "the name of a microphone"),
    "speaker": (_text, "the name of a loudspeaker"),
    "barge_in": (_switch, "true, false"),
    "earcon": (_switch, "true, false"),
    "headphones": (_switch, "true, false"),
    "keep_days": (_days, f"a number of days up to {MOST_DAYS}, or 0 for as long as you like"),
    "paper": (_one_of(("", *PAPERS), str.lower), _list(PAPERS)),
    "help_key": (_text, "the name of a key, such as f1"),
}


def _toml(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _replace(path: Path, content: bytes) -> None:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".settings-")  # mode 0600
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


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
