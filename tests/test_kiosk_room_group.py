"""A room as its group set it: hours, host, limits, counts; and in danger it is open, always."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.kiosk_room import CHROMIUM, chromium, page_of, shoot, until
from voice import settings
from voice.content import load
from voice.errors import GroupError, KioskError, SettingsError
from voice.kiosk.counts import Counts
from voice.kiosk.group import Group, read
from voice.kiosk.hours import Hours
from voice.kiosk.server import Server
from voice.kiosk.state import LISTENING, OVER, STANDBY
from voice.parts_group import Door, counts_of, lines_of, manner_of, settings_of
from voice.parts_kiosk import Room
from voice.session import Manner, line_values
from voice.settings import Settings

MONDAYS = Hours({"monday": ((1080, 1260),)})
SUNDAY, MONDAY = datetime(2026, 11, 29, 12, 0), datetime(2026, 11, 30, 18, 30)
LINE = {"name": "our group", "number": "01632 960 123", "sure": "sure", "checked": "2026-10", "how": "we called it"}


class Now:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@contextlib.contextmanager
def room_of(
    group: Group, now: Now | None = None, counts: Counts | None = None, **more: Any
) -> Iterator[tuple[Room, Server]]:
    """It is really served, and its sessions really run, without a voice."""
    chosen = replace(Settings(), country=group.country or "US")
    room = Room(
        chosen,
        lines_of(group, chosen),
        mouth=None,
        hearing=None,
        group=group,
        counts=counts,
        now=now or Now(MONDAY),
        **more,
    )
    with room.page() as server:
        thread = threading.Thread(target=room.run, daemon=True)
        thread.start()
        try:
            yield room, server
            assert thread.is_alive()
        finally:
            room.end()
            thread.join(10)


def waits(room: Room) -> None:
    until(lambda: room.board.state.phase == STANDBY and room.board.state.lines != ())


# ---- the file over the settings


def test_the_groups_file_goes_before_the_settings_and_flags_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERWARDS_HOME", str(tmp_path))
    settings.save(Settings(home=tmp_path, country="US", rate=70, volume=90, speaker="Old"))
    group = Group(country="UK", region="Scotland", rate=125, most_volume=60)
    found = settings_of(group, {"country": None, "region": None, "network": False})
    assert (found.country, found.region, found.rate, found.speaker) == ("UK", "Scotland", 125, "Old")
    assert found.volume == 60  # its own 90 is above what the room has
    assert not found.network
    found = settings_of(group, {"country": "IE"})
    assert (found.country, found.region) == ("IE", "")


def test_every_setting_of_a_room_reaches_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWARDS_HOME", str(tmp_path))
    raw = {"country": "UK", "region": "Wales", "volume": 50, "rate": 85, "microphone": "m", "speaker": "s"}
    raw |= {"voice": "v", "model": "o"}
    found = settings_of(read(raw), {})
    assert {name: getattr(found, name) for name in raw} == raw


# ---- its own help lines


def test_the_groups_line_goes_first_and_is_marked_as_its_own() -> None:
    group = read({"country": "UK", "line": [{"purpose": "family", **LINE}]})
    lines = lines_of(group, replace(Settings(), country="UK"), date(2026, 11, 1)).lines
    found = lines.line("UK", "family")
    assert found is not None
    assert found.own
    assert (found.shown, found.said) == (
        "our group 01632 960 123",
        "our group, zero one six three two, nine six zero, one two three",
    )


def test_a_number_that_nobody_verified_is_never_spoken_and_an_old_one_says_so() -> None:
    for sure, checked, given in (("fairly", "2026-10", None), ("sure", "2024-01", "Check this number")):
        group = read({"country": "UK", "line": [{"purpose": "family", **LINE, "sure": sure, "checked": checked}]})
        found = lines_of(group, replace(Settings(), country="UK"), date(2026, 11, 1)).lines.line("UK", "family")
        assert (given or "") in (found.said if found else "")
        assert (found is None or not found.own) == (given is None)


def test_lines_yaml_is_known_beside_them(tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path, country="UK")
    yaml = "UK:\n  family:\n    - {name: other, number: 01632 960 124, sure: sure, checked: 2026-10, how: called}\n"
    chosen.lines_file.write_text(yaml, "utf-8")
    group = read({"country": "UK", "line": [{"purpose": "family", **LINE}, {"purpose": "emergency", **LINE}]})
    lines = lines_of(group, chosen, date(2026, 11, 1)).lines
    assert [line.name for line in lines.every() if line.own] == ["our group", "our group", "other"]
    assert lines.emergency("UK").number == LINE["number"]
    chosen.lines_file.write_text("UK: [", "utf-8")
    known = lines_of(group, chosen)
    assert known.trouble is not None
    assert any(line.own for line in known.lines.every())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ({"purpose": "families", **LINE}, "families"),
        ({"purpose": "family", **LINE, "number": "x"}, "UK.family"),
        ({"purpose": "family", "name": "no number"}, "UK.family"),
        ({"purpose": "family", **LINE, "color": "red"}, "color"),
        ({"purpose": "emergency", **LINE, "sure": "fairly"}, "UK.emergency"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_file_and_place(line: dict[str, str], named: str) -> None:
    group = read({"country": "UK", "line": [line]}, Path("/a/group.toml"))
    with pytest.raises(GroupError) as caught:
        lines_of(group, replace(Settings(), country="UK"))
    assert "/a/group.toml" in caught.value.message
    assert named in caught.value.message
    assert caught.value.remedy


def test_a_region_that_is_not_there_is_told_by_whoever_set_it() -> None:
    group = read({"country": "UK", "region": "Narnia"}, Path("/a/group.toml"))
    with pytest.raises(GroupError, match=r"group\.toml"):
        lines_of(group, replace(Settings(), country="UK", region="Narnia"))
    with pytest.raises(SettingsError):
        lines_of(Group(country="UK"), replace(Settings(), country="UK", region="Narnia"))


# ---- whom one can ask


def test_the_host_is_named_where_help_is_offered_and_nobody_where_none_is_set() -> None:
    for name in ("", "Sam"):
        with room_of(Group(host=name)) as (room, _):
            waits(room)
            room.ears.receive('{"press": "go_on"}')
            until(lambda room=room: room.board.state.phase == LISTENING)  # type: ignore[misc]
            room.ears.receive('{"press": "help"}')
            until(lambda room=room: any("delete that" in line for line in room.board.state.lines))  # type: ignore[misc]
            until(lambda room=room: room.board.state.phase == LISTENING)  # type: ignore[misc]
            told = [line for line in room.board.state.lines if " ask " in line]
            assert told == (["You can also ask Sam, here in this place."] if name else [])
            assert room.facts.host == ("You can ask Sam." if name else "")


def test_a_hosts_name_is_no_sound_that_may_be_kept() -> None:
    from voice.events import Say
    from voice.helplines import HelpLines
    from voice.session_words import Words

    content = load()
    key = next(key for key, text in content.texts.items() if key.startswith("help.") and "$host" in text)
    words = Words(content, HelpLines(content.helplines, host="Sam"), Manner())
    assert "Sam" in words.utterance(Say(key)).text
    assert not words.utterance(Say(key)).fixed
    assert line_values(HelpLines(content.helplines), "UK", True)["host"] == ""


# ---- how loud


def test_louder_and_softer_stop_at_the_rooms_limits() -> None:
    manner = manner_of(Group(least_volume=40, most_volume=70), Manner(volume=60))
    manner.adjust("volume", 5)
    assert manner.volume == 70
    manner.adjust("volume", -9)
    assert manner.volume == 40


# ---- hours


@pytest.mark.parametrize(
    ("hours", "now", "told"),
    [
        (MONDAYS, SUNDAY, "It opens tomorrow at 6 in the evening."),
        (MONDAYS, MONDAY.replace(hour=9), "It opens today at 6 in the evening."),
        (Hours({"thursday": ((570, 600),)}), MONDAY, "It opens on Thursday at 9:30 in the morning."),
        (Hours({"sunday": ((720, 800),)}), MONDAY, "It opens on Sunday at noon."),
        (Hours({"wednesday": ((0, 60),)}), MONDAY, "It opens on Wednesday at midnight."),
        (Hours({"friday": ((780, 800),)}), MONDAY, "It opens on Friday at 1 in the afternoon."),
        (Hours({"saturday": ((780, 800),)}), MONDAY, "It opens on Saturday at 1 in the afternoon."),
        (Hours({"tuesday": ((5, 30),)}), SUNDAY, "It opens on Tuesday at 12:05 in the morning."),
    ],
)
def test_when_it_opens_is_said_plainly(hours: Hours, now: datetime, told: str) -> None:
    content = load()
    (line,) = Door(Group(hours=hours), content, now=Now(now)).notice()
    assert told in content.fill(line.key, line.values)


def test_while_it_is_closed_nothing_begins_but_danger_is_answered() -> None:
    with room_of(Group(hours=MONDAYS), Now(SUNDAY)) as (room, _):
        waits(room)
        assert not room.board.state.open
        assert "closed" in room.board.state.lines[-1]
        assert "Emergency" in room.board.state.lines[-1]
        for _ in range(3):
            before = room.board.state.turn
            room.ears.receive('{"press": "go_on"}')
            until(lambda before=before: room.board.state.turn > before)  # type: ignore[misc]
            waits(room)
            assert room.board.state.step == ""
        room.ears.receive('{"press": "emergency"}')
        until(lambda: room.board.state.card is not None)
        assert room.board.state.card is not None
        assert room.board.state.card.number == "911"


def test_it_opens_by_itself_and_closes_by_itself_but_never_on_a_talk() -> None:
    now = Now(SUNDAY)
    with room_of(Group(hours=MONDAYS), now) as (room, _):
        waits(room)
        now.at = MONDAY
        until(lambda: room.board.state.open)
        waits(room)
        assert not any("closed" in line for line in room.board.state.lines)
        room.ears.receive('{"press": "go_on"}')
        until(lambda: room.board.state.phase == LISTENING)
        now.at = SUNDAY
        turn = room.board.state.turn
        room.ears.receive(f'{{"press": "1", "turn": {turn}}}')
        until(lambda: room.board.state.turn > turn and room.board.state.phase == LISTENING)
        room.ears.receive('{"clear": true}')
        until(lambda: not room.board.state.open)
        waits(room)


# ---- counts


def test_nothing_is_counted_unless_the_group_wants_it(tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path)
    with room_of(Group()) as (room, _):
        waits(room)
        room.ears.receive('{"press": "go_on"}')
        until(lambda: room.board.state.phase == LISTENING)
        room.ears.receive('{"clear": true}')
        waits(room)
        assert room.facts.standby == ()
    assert counts_of(Group(), chosen).path == tmp_path / "kiosk-counts.json"
    assert list(tmp_path.iterdir()) == []


def test_a_talk_is_counted_one_in_danger_is_not_and_people_are_told(tmp_path: Path) -> None:
    counts = Counts(tmp_path / "counts.json", lambda: date(2026, 11, 30))
    with room_of(Group(counts=True, host="Sam"), counts=counts) as (room, _):
        assert room.facts.standby == ("You can ask Sam.", load().kiosk["counted"])
        waits(room)
        room.ears.receive('{"press": "emergency"}')
        until(lambda: room.board.state.card is not None)
        room.ears.receive('{"clear": true}')
        until(lambda: room.board.state.card is None)
        waits(room)
        assert counts.months() == {}
        room.ears.receive('{"press": "go_on"}')
        until(lambda: room.board.state.phase == LISTENING)
        assert counts.months() == {}  # written when the page is cleared, so that nobody sees when it began
        room.ears.receive('{"clear": true}')
        until(lambda: counts.months() != {})
        assert counts.path.read_text() == '{"2026-11": [1, 0]}\n'
        waits(room)


def test_a_talk_to_its_end_is_counted_as_finished(tmp_path: Path) -> None:
    counts = Counts(tmp_path / "counts.json", lambda: date(2026, 11, 30))
    with room_of(Group(counts=True), counts=counts) as (room, _):
        waits(room)
        room.ears.receive('{"press": "go_on"}')
        until(lambda: room.board.state.phase == LISTENING)
        for _ in range(40):  # "I'm done" makes the plan, and goes on to the end of the talk
            turn = room.board.state.turn
            room.ears.receive(f'{{"press": "done", "turn": {turn}}}')
            until(lambda turn=turn: room.board.state.turn != turn or room.board.state.phase == OVER)  # type: ignore[misc]
            until(lambda: room.board.state.phase in (LISTENING, OVER))
            if room.board.state.phase == OVER:
                break
        assert room.board.state.phase == OVER
        room.ears.receive('{"clear": true}')
        until(lambda: counts.months() != {})
    assert counts.path.read_text() == '{"2026-11": [1, 1]}\n'


def test_counts_that_cannot_be_written_disturb_no_talk(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    counts = Counts(tmp_path / "file" / "counts.json")
    with room_of(Group(counts=True), counts=counts) as (room, _):
        for _ in range(2):
            waits(room)
            room.ears.receive('{"press": "go_on"}')
            until(lambda: room.board.state.phase == LISTENING)
            room.ears.receive('{"clear": true}')
            until(lambda: room.board.state.phase == STANDBY)
    with pytest.raises(KioskError):
        counts.add(finished=True)


# ---- on paper


def test_a_plan_is_printed_only_where_the_group_wants_it() -> None:
    with room_of(Group()) as (room, _):
        assert "print_plan" not in room.facts.commands
    pages: list[list[str]] = []
    with room_of(Group(printing=True), printer=lambda texts: pages.append(list(texts))) as (room, _):
        assert "print_plan" in room.facts.commands
        waits(room)
        room.ears.receive('{"press": "go_on"}')
        until(lambda: room.board.state.phase == LISTENING)
        for name in ("done", "print_plan"):
            turn = room.board.state.turn
            room.ears.receive(f'{{"press": "{name}", "turn": {turn}}}')
            until(lambda turn=turn: room.board.state.turn != turn)  # type: ignore[misc]
            until(lambda: room.board.state.phase == LISTENING)
        assert room.board.state.step == "print"
        turn = room.board.state.turn
        room.ears.receive(f'{{"press": "1", "turn": {turn}}}')
        until(lambda: pages != [])
        assert len(pages[0]) > 1


# ---- on the page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_tells_what_the_group_set(browser: Browser, tmp_path: Path) -> None:
    now = Now(SUNDAY)
    group = Group(hours=MONDAYS, host="Sam <b>", counts=True, theme="dark")
    with room_of(group, now, Counts(tmp_path / "counts.json")) as (room, server):
        now.at = MONDAY
        until(lambda: room.board.state.open)
        with page_of(browser, server) as page:
            page.wait_for_selector("#room p")
            assert page.locator("#room p").all_inner_texts() == ["You can ask Sam <b>.", load().kiosk["counted"]]
            assert page.evaluate("document.documentElement.dataset.theme") == "dark"
            shoot(page, "group-open")
            page.locator("#help").click()
            assert page.locator("#more-host").inner_text() == "You can ask Sam <b>."
            assert page.locator("[data-name=print]").count() == 0
            until(lambda: room.board.state.phase == LISTENING)  # who asks for help has begun
            page.locator("#stop").click()
            waits(room)
            now.at = SUNDAY
            page.locator("#said", has_text="closed").wait_for()
            until(lambda: page.locator("#answers button").count() == 0)
            shoot(page, "group-closed")
            page.locator("#emergency").click()
            page.locator("#card-number", has_text="911").wait_for()
            assert page.locator("#room").is_hidden()
