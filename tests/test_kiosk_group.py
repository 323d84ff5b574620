"""A group's file: what it can say, and that nothing in it is ever passed over in silence."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice import settings
from voice.errors import GroupError
from voice.kiosk import group as module
from voice.kiosk.group import Group, load, read, switch_keys
from voice.kiosk.hours import DAYS, Hours

FILE = Path("/a/group.toml")
KEYS = tuple(module._READ)
WHOLE = """
country = "gb"
region = "Scotland"
language = "en"
host = "Sam"
volume = 60
least_volume = 40
most_volume = 80
rate = 85
letters = 32
theme = "Dark"
switches = ["space", "f8"]
printing = true
counts = true
counts_file = "/var/lib/counts"
microphone = "USB"
speaker = "Box"
voice = "en-us"
model = "small"

[hours]
monday = "18:00-21:00"
friday = ["10:00-12:00", "18:00 – 24:00"]

[[line]]
purpose = "family"
name = "our group"
number = "01632 960 123"
sure = "sure"
checked = "2026-10"
how = "we called it"
"""


def told(raw: dict[str, Any]) -> GroupError:
    with pytest.raises(GroupError) as caught:
        read(raw, FILE)
    assert str(FILE) in caught.value.message
    return caught.value


def test_every_key_is_read_into_its_field(tmp_path: Path) -> None:
    file = tmp_path / "group.toml"
    file.write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())
    found, default = load(file), Group()
    assert {f.name for f in fields(Group) if getattr(found, f.name) == getattr(default, f.name)} == {"language"}
    assert {field for field, _, _ in module._READ.values()} == {f.name for f in fields(Group)} - {"file"}
    assert (found.country, found.theme, found.switches) == ("UK", "dark", (" ", "F8"))
    assert found.hours == Hours({"monday": ((1080, 1260),), "friday": ((600, 720), (1080, 1440))})
    assert found.lines[0]["number"] == "01632 960 123"


def test_the_same_values_are_allowed_as_in_the_settings() -> None:
    assert (module.COUNTRIES, module.RATES, module.VOLUMES) == (settings.COUNTRIES, settings.RATES, settings.VOLUMES)


def test_no_file_sets_nothing_but_one_that_was_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_FILE", tmp_path / "none.toml")
    assert load() == Group()
    with pytest.raises(GroupError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"country = ", b"\xff\xfe", b"a = 1\na = 2", b"[hours\n", b"x = " + b"[" * 9000])
def test_a_broken_file_is_told_with_its_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "group.toml"
    file.write_bytes(content)
    with pytest.raises(GroupError, match=re.escape(str(file))):
        load(file)


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(GroupError) as caught:
        load(tmp_path)
    assert caught.value.code == "group-unreadable"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("countri", "country"), ("hosts", "host"), ("volume_max", None), ("Printing", "printing"), ("lines", "line")],
)
def test_an_unknown_key_is_told_with_the_nearest(written: str, meant: str | None) -> None:
    error = told({written: 1})
    assert repr(written) in error.message
    assert meant is None or f'Did you mean "{meant}"?' in error.remedy
    assert "least_volume" in error.remedy


def test_an_unknown_day_is_told_with_the_nearest() -> None:
    assert 'Did you mean "hours.wednesday"?' in told({"hours": {"wensday": "10:00-11:00"}}).remedy


@pytest.mark.parametrize(
    ("raw", "key", "allowed"),
    [
        ({"country": "France"}, "country", "UK"),
        ({"country": 44}, "country", "UK"),
        ({"language": "de"}, "language", "en"),
        ({"host": "a" * 41}, "host", "40"),
        ({"host": "two\nlines"}, "host", "40"),
        ({"volume": 55}, "volume", "50, 60"),
        ({"volume": "60"}, "volume", "60"),
        ({"volume": True}, "volume", "10"),
        ({"most_volume": 0}, "most_volume", "10"),
        ({"rate": 100.0}, "rate", "125"),
        ({"letters": 60}, "letters", "24 to 48"),
        ({"theme": "blue"}, "theme", "dark"),
        ({"switches": ["space"]}, "switches", "two keys"),
        ({"switches": ["F7", "f7"]}, "switches", "two keys"),
        ({"switches": "space,enter"}, "switches", "two keys"),
        ({"printing": "yes"}, "printing", "true"),
        ({"counts": 1}, "counts", "false"),
        ({"hours": "always"}, "hours", "18:00"),
        ({"hours": {}}, "hours", "always open"),
        ({"hours": {"monday": []}}, "hours", "always open"),
        ({"hours": {"monday": "25:00-26:00"}}, "monday", "18:00"),
        ({"hours": {"monday": "6pm-9pm"}}, "monday", "18:00"),
        ({"hours": {"monday": "18:00-18:00"}}, "monday", "18:00"),
        ({"hours": {"monday": [18, 21]}}, "monday", "18:00"),
        ({"line": {"purpose": "family"}}, "line", "[[line]]"),
        ({"line": [{"name": "x"}]}, "entry 1", "purpose"),
        ({"line": [{"purpose": "family", "sure": True}]}, "'sure'", "in quotes"),
        ({"line": [{"purpose": "family"}, {"purpose": "child", "number": 116123}]}, "entry 2", "in quotes"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_does(raw: dict[str, Any], key: str, allowed: str) -> None:
    error = told(raw)
    assert key in error.message
    assert allowed in error.remedy


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({"least_volume": 60, "most_volume": 50}, "least_volume"),
        ({"volume": 90, "most_volume": 80}, "volume"),
        ({"volume": 20, "least_volume": 30}, "volume"),
        ({"region": "Scotland"}, "region"),
    ],
)
def test_values_that_do_not_go_together_are_told(raw: dict[str, Any], key: str) -> None:
    assert f'"{key}"' in told(raw).message


def test_switches_of_a_flag_and_of_the_file_are_read_alike() -> None:
    assert switch_keys(["Space", " f7 "]) == (" ", "F7")
    assert switch_keys(["a", "B"]) == ("a", "B")
    for wrong in (["", "a"], ["a", "a"], ["a"]):
        with pytest.raises(ValueError, match=r"^$"):
            switch_keys(wrong)


# ---- anything at all

TOML = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=30)
    | st.datetimes()
    | st.dates()
    | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def outcome(raw: dict[str, Any]) -> Group | GroupError:
    """What comes of it; any other error is none that a person can use."""
    try:
        return read(raw, FILE)
    except GroupError as error:
        return error


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), TOML, max_size=4))
def test_whatever_it_holds_it_is_read_or_told(raw: dict[str, Any]) -> None:
    found = outcome(raw)
    if isinstance(found, Group):
        assert raw.keys() <= set(KEYS)
        assert found.file == FILE
    else:
        assert str(FILE) in found.message
        assert any(key in found.message or repr(key) in found.message for key in raw)
        assert found.remedy


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "country": st.sampled_from(module.COUNTRIES),
            "host": TEXT,
            "voice": TEXT,
            "volume": st.sampled_from(module.VOLUMES),
            "rate": st.sampled_from(module.RATES),
            "letters": st.integers(*module.LETTERS),
            "theme": st.sampled_from(module.THEMES),
            "printing": st.booleans(),
            "counts": st.booleans(),
        },
    )
)
def test_what_is_written_is_what_is_read(raw: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in raw.items())
    found = read(tomllib.loads(text), FILE)
    assert {key: getattr(found, key) for key in raw} == raw


@given(TEXT.filter(lambda key: key not in KEYS))
def test_no_unknown_key_is_passed_over(key: str) -> None:
    assert told({key: 1}).code == "group-key"


@given(st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59))
def test_every_span_of_two_times_is_read(day: str, hour: int, minute: int, until: int, late: int) -> None:
    raw = {"hours": {day: f"{hour:02}:{minute:02}-{until:02}:{late:02}"}}
    if (hour, minute) == (until, late):
        told(raw)
    else:
        assert read(raw, FILE).hours == Hours({day: ((hour * 60 + minute, until * 60 + late),)})
