"""Numbers: only sure ones are given out, and the ear gets the same digits as the eye."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice.errors import ContentError, SettingsError
from voice.helplines import CHECK, GENERIC, PURPOSES, HelpLines, digits, in_words, note_last
from voice.parts_lines import known_lines
from voice.session import line_values, purposes
from voice.settings import Settings

FILE = Path(__file__).parents[1] / "voice" / "content" / "helplines.yaml"
TABLE = Path(__file__).parents[2] / "shared" / "content" / "helplines.tsv"
DATA: dict[str, Any] = yaml.load(FILE.read_text("utf-8"), Loader=yaml.BaseLoader)
TODAY = date(2026, 11, 1)
LINES = HelpLines(DATA, today=TODAY)
OUR = {"name": "our group", "number": "01632 960 123", "sure": "sure", "checked": "2026-10", "how": "we called it"}


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


def with_own(own: Any) -> HelpLines:
    """The program's lines with those of a group's file."""
    return HelpLines(DATA, TODAY, own)


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


# ---- the note "Check this number"


def test_a_stale_line_says_that_it_should_be_checked() -> None:
    line = LINES.line("UK", "crisis")
    assert line is not None
    assert line.said == "Samaritans, one one six, one two three. Check this number"
    assert line.shown == "Samaritans 116 123. Check this number"
    for country, _ in LINES.countries():
        assert CHECK not in LINES.emergency(country).said + LINES.emergency(country).shown, "never with these"
        for shown in (False, True):
            for region in ("", *LINES.regions(country)):
                for name, text in line_values(LINES, country, shown, region).items():
                    found = LINES.line(country, name.removesuffix("_line"), region)
                    assert (CHECK in text) == (found is not None and found.stale), (country, name)


def test_a_date_in_the_future_is_not_believed() -> None:
    """A slip of the pen would keep a number fresh for years; and the clock of this machine may be wrong."""
    line = HelpLines(only(checked="2062-01"), TODAY).line("XX", "family")
    assert line is not None
    assert line.stale


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Call A 12. Check this number. Say how close it is.", "Call A 12. Check this number. Say how close it is."),
        ("You can call A 12. Check this number now.", "You can call A 12 now. Check this number."),
        (
            "Still call. Family can call A 12. Check this number too.",
            "Still call. Family can call A 12 too. Check this number.",
        ),
        ("Shall we call A 12. Check this number now? Yes.", "Shall we call A 12 now? Check this number. Yes."),
        ("Call A 12.", "Call A 12."),
        ("Call A 12. Check this number", "Call A 12. Check this number"),
    ],
)
def test_the_note_stands_after_the_whole_sentence(text: str, wanted: str) -> None:
    assert note_last(text) == wanted
    assert note_last(wanted) == wanted


# ---- a region


def test_a_region_s_line_goes_first_where_the_region_is_set() -> None:
    assert "family" not in purposes(LINES, "UK")
    assert purposes(LINES, "UK", "Scotland") >= {"family", "violence", "crisis", "child"}
    assert line_values(LINES, "UK", True, "Scotland")["violence_line"].startswith("the violence line 0800 027 1234")
    assert line_values(LINES, "UK", True, "England")["crisis_line"].startswith("N H S one one one option two 111")
    assert line_values(LINES, "UK", True)["violence_line"] == LINES.fallback
    assert line_values(LINES, "US", True, "Scotland") == line_values(LINES, "US", True)


def test_the_regions_of_a_country_whatever_their_capitals() -> None:
    assert LINES.regions("UK") == ("England", "Wales", "Scotland", "Northern Ireland")
    assert LINES.regions("US") == LINES.regions("") == ()
    assert LINES.region("UK", "northern ireland") == LINES.region("", "NORTHERN IRELAND") == "Northern Ireland"
    assert LINES.region("UK", "Ontario") is None
    assert LINES.region("US", "Texas") == "Texas", "it has no lines by state, so nothing can be told"
    assert LINES.region("UK", "") == ""
    assert LINES.line("UK", "violence", "scotland") == LINES.line("UK", "violence", "Scotland")


def test_a_region_that_is_not_there_is_named_with_what_fits(tmp_path: Path) -> None:
    known = known_lines(built_in=DATA, today=TODAY)
    assert known.region(Settings(country="UK", region="scotland")) == "Scotland"
    with pytest.raises(SettingsError, match=r"Atlantis.*UK.*England, Wales, Scotland, Northern Ireland"):
        known.region(Settings(country="UK", region="Atlantis"))
    (tmp_path / "lines.yaml").write_text("UK: [")
    broken = known_lines(tmp_path / "lines.yaml", DATA, TODAY)
    assert broken.region(Settings(country="UK", region="Avalon")) == "Avalon", "the broken file might have named it"


# ---- silent calls


def test_how_to_call_without_a_word_only_where_the_rule_names_it() -> None:
    assert {c for c, _ in LINES.countries() if LINES.silent(c)} == {"UK", "NZ"}
    assert LINES.silent("UK") == "Can't talk? On a mobile, call, then press five five."
    assert LINES.silent("NZ") == "Can't talk? Call, stay silent, then push five five."
    for country in ("UK", "NZ"):
        assert len(LINES.silent(country).split()) <= 10
    assert LINES.silent(None) == LINES.silent("XX") == LINES.silent("US") == ""


def test_another_emergency_number_has_no_silent_way_unless_it_says_so() -> None:
    other = {"name": "emergency", "number": "112", "sure": "sure", "checked": "2026-10", "how": "we called it"}
    lines = with_own({"UK": {"emergency": other}})
    assert (lines.emergency("UK").shown, lines.silent("UK")) == ("112", "")


# ---- a group's own lines


def test_a_group_s_own_line_goes_first_for_its_purpose() -> None:
    lines = with_own({"UK": {"crisis": [OUR]}})
    for region in (None, "England"):
        line = lines.line("UK", "crisis", region)
        assert line is not None
        assert (line.own, line.said) == (True, "our group, zero one six three two, nine six zero, one two three")
    assert [x.name for x in lines.offered("UK") if x.purpose == "crisis"][:2] == ["our group", "Samaritans"]
    assert lines.line("UK", "child") == LINES.line("UK", "child")
    assert lines.line("IE", "crisis") == LINES.line("IE", "crisis")


def test_an_own_line_stands_in_the_place_of_the_one_of_its_name_and_region() -> None:
    lines = with_own({"UK": {"violence": [OUR | {"name": "The Violence Line", "region": "Wales"}]}})
    wales = lines.line("UK", "violence", "Wales")
    assert wales is not None
    assert wales.own
    for nation in ("England", "Scotland"):
        assert lines.line("UK", "violence", nation) == LINES.line("UK", "violence", nation), "nobody else's"
    assert len(list(lines.every())) == len(list(LINES.every()))
    retired = with_own({"UK": {"crisis": [OUR | {"name": "Samaritans", "sure": "doubtful"}]}})
    assert retired.line("UK", "crisis") is None, "a group can take a line out"


def test_own_lines_may_bring_a_region_and_be_for_any_other_country() -> None:
    lines = with_own({"US": {"family": [OUR | {"region": "Texas"}]}, GENERIC: {"family": [OUR]}})
    assert lines.regions("US") == ("Texas",)
    assert lines.region("US", "Ontario") is None
    here = lines.line("US", "family", "texas")
    assert here is not None
    assert here.own
    assert lines.line("US", "family") == LINES.line("US", "family")
    for country in ("", "OTHER"):
        assert purposes(lines, country) == {"family"}
    assert purposes(lines, "EU") == purposes(LINES, "EU")


def test_own_lines_grow_old_too() -> None:
    line = with_own({"UK": {"family": [OUR | {"checked": "2025-09"}]}}).line("UK", "family")
    assert line is not None
    assert line.shown == "our group 01632 960 123. Check this number"


@pytest.mark.parametrize("sure", ["fairly", "doubtful"])
def test_an_emergency_number_is_replaced_only_by_a_sure_one(sure: str) -> None:
    other = {"name": "emergency", "number": "112", "spoken": "one one two", "checked": "2026-10", "how": "we called it"}
    with pytest.raises(ContentError, match=r"UK\.emergency.*sure: sure"):
        with_own({"UK": {"emergency": other | {"sure": sure}}})
    lines = with_own({"UK": {"emergency": other | {"sure": "sure", "checked": "memory"}}})
    assert lines.emergency("UK").said == "one one two", "with no doubt said aloud"
    assert lines.line("UK", "crisis") == LINES.line("UK", "crisis")


@pytest.mark.parametrize(
    ("own", "names"),
    [
        ({"Narnia": {"family": [OUR]}}, "Narnia"),
        ({"UK": {"familly": [OUR]}}, "familly"),
        ({"UK": [OUR]}, "UK"),
        ({"UK": "0800"}, "UK"),
        ({"UK": {"family": OUR}}, r"UK\.family.*dash"),
        ({"UK": {"family": ["01632 960 123"]}}, r"UK\.family' \(entry 1\)"),
        ({"UK": {"family": [OUR, OUR | {"number": "call us"}]}}, r"UK\.family' \(entry 2\).*call us"),
        ({"UK": {"family": [OUR | {"number": ""}]}}, "number"),
        ({"UK": {"family": [OUR | {"number": "\u0661\u0662\u0663"}]}}, "number"),
        ({"UK": {"family": [OUR | {"spoken": "01632 960 123"}]}}, "Write zero one six three two, nine six zero"),
        ({"UK": {"family": [OUR | {"sure": "yes"}]}}, "sure, fairly, doubtful"),
        ({"UK": {"family": [OUR | {"checked": "October"}]}}, "YYYY-MM"),
        ({"UK": {"family": [OUR | {"how": ""}]}}, "how it was checked"),
        ({"UK": {"family": [OUR | {"name": " "}]}}, "name"),
        ({"UK": {"family": [OUR | {"name": ["a", "b"]}]}}, "name.*plain text"),
        ({"UK": {"family": [OUR | {"name": "\x1b[31m"}]}}, "name.*plain text"),
        ({"UK": {"family": [OUR | {"silent": "Press one."}]}}, "silent"),
        ({"UK": {"emergency": OUR | {"region": "Wales"}}}, r"UK\.emergency.*region"),
        ({"UK": {"emergency": OUR | {"number": ""}}}, r"UK\.emergency.*number"),
        ({GENERIC: {"emergency": {**OUR, "number": "", "spoken": "your local number"}}}, r"generic\.emergency"),
    ],
)
def test_a_broken_own_file_is_refused_with_its_place(own: Any, names: str) -> None:
    with pytest.raises(ContentError, match=names) as caught:
        HelpLines(DATA, TODAY, own, "/home/us/lines.yaml")
    assert "/home/us/lines.yaml" in caught.value.message
    assert caught.value.remedy


# ---- numbers of any shape

NUMBERS = st.lists(st.text("0123456789", min_size=1, max_size=5), min_size=2, max_size=6)
SHAPES = st.recursive(
    st.text(max_size=8) | st.sampled_from(["sure", "memory", "2026-10", "12", "one two"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["UK", "family", "emergency", *sorted(OUR), "spoken"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(groups=NUMBERS, gap=st.sampled_from([" ", "-", ") ", "."]), plus=st.booleans())
def test_every_number_is_said_digit_by_digit_in_its_groups(groups: list[str], gap: str, plus: bool) -> None:
    number = ("+" if plus else "") + gap.join(groups)
    spoken = in_words(number)
    assert digits(spoken) == "".join(groups)
    assert [digits(group) for group in spoken.split(", ")] == groups
    assert spoken.startswith("plus ") == plus
    assert not re.search(r"\d", spoken)


@given(groups=NUMBERS, changed=st.integers(0, 9), at=st.integers(0, 99))
def test_an_ear_that_would_get_other_digits_is_refused(groups: list[str], changed: int, at: int) -> None:
    number = " ".join(groups)
    words = in_words(number).split(" ")
    at %= len(words)
    words[at] = in_words(str(changed)) + ("," if words[at].endswith(",") else "")
    lines = {"UK": {"family": [OUR | {"number": number, "spoken": " ".join(words)}]}}
    if digits(" ".join(words)) == "".join(groups):
        line = with_own(lines).line("UK", "family")
        assert line is not None
        assert line.number == number
    else:
        with pytest.raises(ContentError, match=r"UK\.family"):
            with_own(lines)


FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys((*sorted(OUR), "spoken", "region"), SHAPES))
BODIES = SHAPES | st.builds(lambda fields: {"family": [OUR | fields]}, FIELDS)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws the first shape for seconds
@given(own=st.dictionaries(st.sampled_from(["UK", GENERIC, "Mars"]), BODIES, max_size=2))
def test_no_shape_of_an_own_file_breaks_anything(own: Any) -> None:
    """It is understood, or refused in words: a talk catches nothing else."""
    refused, lines = "", LINES
    try:
        lines = with_own(own)
    except ContentError as error:
        refused = error.message
    assert not refused or refused.startswith("In lines.yaml, ")
    assert len(list(lines.every())) >= len(list(LINES.every()))


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
