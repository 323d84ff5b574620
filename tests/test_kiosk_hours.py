"""When a room is open, and what is counted there."""

from __future__ import annotations

import stat
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.errors import KioskError
from voice.kiosk.counts import Count, Counts
from voice.kiosk.hours import DAY, DAYS, Hours, span

MONDAY = datetime(2026, 11, 30)
EVENINGS = Hours({"monday": ((1080, 1260),), "thursday": ((600, 720), (1080, 1440)), "saturday": ((1320, 120),)})


def at(day: int, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


@pytest.mark.parametrize(
    ("day", "clock", "opened"),
    [
        (0, "17:59", False),
        (0, "18:00", True),
        (0, "20:59", True),
        (0, "21:00", False),
        (1, "18:30", False),
        (3, "11:00", True),
        (3, "15:00", False),
        (3, "23:59", True),
        (4, "00:00", False),
        (5, "23:00", True),
        (6, "01:59", True),
        (6, "02:00", False),
        (6, "22:30", False),
    ],
)
def test_it_is_open_in_its_hours(day: int, clock: str, opened: bool) -> None:
    assert EVENINGS.open(at(day, clock)) is opened


def test_the_next_opening() -> None:
    assert EVENINGS.next(at(0, "10:00")) == at(0, "18:00")
    assert EVENINGS.next(at(0, "21:00")) == at(3, "10:00")
    assert EVENINGS.next(at(6, "02:00")) == at(7, "18:00")


def test_a_clock_that_was_never_set_shuts_nobody_out() -> None:
    assert EVENINGS.open(datetime(1970, 1, 1, 3, 0))


SPANS = st.tuples(st.integers(0, DAY - 1), st.integers(0, DAY)).filter(lambda both: both[0] != both[1])
WEEKS = st.dictionaries(st.sampled_from(DAYS), st.lists(SPANS, min_size=1, max_size=2).map(tuple), min_size=1)


@given(WEEKS, st.datetimes(datetime(2025, 1, 1), datetime(2060, 1, 1)))
def test_whatever_the_hours_the_next_opening_is_open_and_within_a_week(
    week: dict[str, tuple[tuple[int, int], ...]], now: datetime
) -> None:
    hours = Hours(week)
    found = hours.next(now)
    assert now < found <= now + timedelta(days=7)
    assert hours.open(found)
    if not hours.open(now):  # and until then it stays closed
        for part in range(1, 20):
            between = now + (found - now) * part / 20
            assert not hours.open(between)


@pytest.mark.parametrize("text", ["", "18", "18:00", "18:60-19:00", "24:00-01:00", "1:2-3:4", "18:00-24:01", "-"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        span(text)


# ---- counts


class Today:
    day = date(2026, 11, 3)

    def __call__(self) -> date:
        return self.day


def test_two_numbers_a_month_and_nothing_else(tmp_path: Path) -> None:
    today = Today()
    counts = Counts(tmp_path / "deep" / "counts.json", today)
    assert counts.months() == {}
    for finished in (True, False, True):
        counts.add(finished=finished)
    today.day = date(2026, 12, 31)
    counts.add(finished=False)
    assert counts.path.read_text() == '{"2026-11": [3, 2], "2026-12": [1, 0]}\n'
    assert counts.months() == {"2026-11": Count(3, 2), "2026-12": Count(1, 0)}
    assert stat.S_IMODE(counts.path.stat().st_mode) == 0o600
    assert [path.name for path in counts.path.parent.iterdir()] == ["counts.json"]


def test_few_talks_tell_on_nobody(tmp_path: Path) -> None:
    today = Today()
    counts = Counts(tmp_path / "counts.json", today)
    for number in range(8):
        counts.add(finished=number % 2 == 0)
    before = counts.told()
    counts.add(finished=True)
    assert counts.told() == before == ["2026-11: told when the month is over"]
    today.day = date(2026, 12, 1)
    assert counts.told() == ["2026-11: about 10 begun, about 5 finished", "2026-12: told when the month is over"]


def test_fewer_than_five_are_told_as_that(tmp_path: Path) -> None:
    today = Today()
    counts = Counts(tmp_path / "counts.json", today)
    counts.add(finished=True)
    today.day = date(2027, 1, 1)
    assert counts.told()[0] == "2026-11: fewer than 5 begun, fewer than 5 finished"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"2026-11": 1}', '{"2026-13": [1, 1]}', '{"2026-11": [1, 2]}', '{"2026-11": [1, true]}', "\x00"],
)
def test_a_file_that_is_none_of_ours_is_left_as_it_is(content: str, tmp_path: Path) -> None:
    counts = Counts(tmp_path / "counts.json")
    counts.path.write_text(content)
    with pytest.raises(KioskError, match=r"counts\.json"):
        counts.add(finished=True)
    assert counts.path.read_text() == content


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KioskError):
        Counts(tmp_path / "file" / "counts.json").add(finished=True)


def test_a_write_that_fails_leaves_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(tmp_path / "counts.json")
    counts.add(finished=True)
    before = counts.path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("voice.kiosk.counts.os.fsync", full)
    with pytest.raises(KioskError, match="no space"):
        counts.add(finished=True)
    assert counts.path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
