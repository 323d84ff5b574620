"""Numbers: only sure ones are given out, and the ear gets the same digits as the eye."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from voice.errors import ContentError
from voice.helplines import GENERIC, PURPOSES, HelpLines, digits

FILE = Path(__file__).parents[1] / "voice" / "content" / "helplines.yaml"
TABLE = Path(__file__).parents[2] / "shared" / "content" / "helplines.tsv"
DATA: dict[str, Any] = yaml.load(FILE.read_text("utf-8"), Loader=yaml.BaseLoader)
LINES = HelpLines(DATA, today=date(2026, 11, 1))


def only(**line: str) -> dict[str, Any]:
    """Data with one country "XX" that has one family line."""
    good = {"name": "a line", "number": "12", "spoken": "one two", "sure": "sure", "checked": "2026-10", "how": "page"}
    return {
        GENERIC: DATA[GENERIC],
        "XX": {"name": "x", "emergency": DATA["US"]["emergency"], "family": [good | line]},
    }


def test_only_sure_numbers_leave() -> None:
    unsure = [line for line in LINES.every() if line.sure != "sure"]
    assert len(unsure) > 10
    regions = {line.region for line in LINES.every()} | {None}
    for country, _ in LINES.countries():
        assert LINES.emergency(country).sure == "sure"
        for purpose in PURPOSES:
            for region in regions:
                line = LINES.line(country, purpose, region)
                assert line is None or (line.sure == "sure" and not line.only_for)
        assert all(line.sure == "sure" for line in LINES.offered(country))


@pytest.mark.parametrize("sure", ["fairly", "doubtful"])
def test_an_unsure_line_loads_but_is_never_offered(sure: str) -> None:
    lines = HelpLines(only(sure=sure))
    assert [line.number for line in lines.every() if line.country == "XX" and line.purpose == "family"] == ["12"]
    assert lines.line("XX", "family") is None
    assert HelpLines(only()).line("XX", "family") is not None


def test_the_ear_gets_the_same_digits_as_the_eye() -> None:
    for line in LINES.every():
        assert digits(line.spoken) == re.sub(r"\D", "", line.number), line
        assert not re.search(r"\d", line.said), line


def test_reading_digits() -> None:
    assert digits("one, eight hundred, six six two, four three five seven") == "18006624357"
    assert digits("triple zero") == "000"
    assert digits("double four one") == "441"
    assert digits("your local number") == ""


def test_one_nation_s_line_is_never_given_to_all() -> None:
    assert LINES.line("UK", "violence") is None
    england, scotland = LINES.line("UK", "violence", "England"), LINES.line("UK", "violence", "Scotland")
    assert england is not None
    assert scotland is not None
    assert england.number != scotland.number
    assert LINES.line("UK", "violence", "Wales") is None
    assert LINES.line("UK", "violence", "Atlantis") is None
    for line in LINES.offered("UK"):
        if line.region:
            assert LINES.line("UK", line.purpose) != line


def test_unset_or_unknown_country_gets_general_words_and_no_line() -> None:
    for country in (None, "", "XX"):
        emergency = LINES.emergency(country)
        assert emergency.number == ""
        assert "local emergency number" in emergency.said
        assert emergency.shown == emergency.said
        assert all(LINES.line(country, purpose) is None for purpose in PURPOSES)
    assert LINES.fallback


def test_emergency_is_shown_in_digits_and_said_in_words() -> None:
    assert (LINES.emergency("US").shown, LINES.emergency("US").said) == ("911", "nine one one")
    assert LINES.emergency("AU").said == "triple zero"


def test_old_checks_are_marked() -> None:
    def stale(checked: str, today: date | None) -> bool:
        line = HelpLines(only(checked=checked), today=today).line("XX", "family")
        assert line is not None
        return line.stale

    assert not stale("2025-11", date(2026, 11, 30))
    assert stale("2025-10", date(2026, 11, 1))
    assert stale("memory", date(2026, 11, 1))
    assert not stale("2020-01", None)
    assert not any(LINES.emergency(country).stale for country, _ in LINES.countries())


@pytest.mark.parametrize(
    "line",
    [
        {"sure": "yes"},
        {"checked": "last year"},
        {"spoken": "one three"},
        {"spoken": ""},
        {"hour": "9"},
        {"checked": "2026-13"},
    ],
)
def test_broken_lines_are_refused_with_their_place(line: dict[str, str]) -> None:
    with pytest.raises(ContentError, match=r"XX\.family"):
        HelpLines(only(**line))


def test_a_file_without_the_general_entry_is_refused() -> None:
    with pytest.raises(ContentError, match="generic"):
        HelpLines({"US": DATA["US"]})
    with pytest.raises(ContentError, match="emergency"):
        HelpLines({"US": {"name": "x"}})


@pytest.mark.skipif(not TABLE.exists(), reason="the table of help lines is not beside the checkout")
def test_every_number_is_one_of_the_table_s() -> None:
    rows = [row.split("\t") for row in TABLE.read_text("utf-8").splitlines()[1:]]
    listed = {
        country: "".join(re.findall(r"\d", "".join("".join(row) for row in rows if row[0] == country)))
        for country, *_ in rows
    }
    assert {country for country, _ in LINES.countries()} == set(listed) - {"Generic"}
    for line in LINES.every():
        assert re.sub(r"\D", "", line.number) in listed.get(line.country, ""), line
