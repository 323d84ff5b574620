"""The real kiosk when something breaks: whoever sits there sees it, and can go on."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.kiosk_house import House, Visitor, is_there, until, waits
from tests.kiosk_room import CHROMIUM, kiosk
from tests.kiosk_window import all_of, browser_of, no_window, page_in
from tests.sound_card import SoundCard
from voice.kiosk.state import STANDBY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
TOUCH = ("--silent", "--touch-only")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@needs_chromium
def test_a_browser_that_is_killed_comes_back_and_the_talk_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path, *TOUCH, environment=no_window(tmp_path / "bin"), browser=True)
    try:
        with page_in(house) as page:
            page.wait_for_timeout(600)
            page.locator("#answers button").first.click()
            page.wait_for_selector("body[data-phase=listening]")
        room, browser = house.rooms[0], browser_of(house)
        os.kill(browser, signal.SIGKILL)
        until(lambda: browser_of(house) not in (0, browser))
        with page_in(house) as page:
            page.wait_for_selector("body[data-phase=listening]")  # not standby: the talk stands where it was
        assert house.rooms[0] == room
    finally:
        house.end()


@needs_chromium
def test_the_page_says_that_nothing_answers_has_its_cards_and_comes_back(tmp_path: Path) -> None:
    house = House(tmp_path, *TOUCH, environment=no_window(tmp_path / "bin"), browser=True)
    try:
        with page_in(house) as page:
            both = house.with_spare()
            time.sleep(4)
            for pid in both:
                os.kill(pid, signal.SIGSTOP)  # the one that waits can't take over either
            page.locator("#emergency").click()
            page.wait_for_selector("#card:not([hidden])")
            assert page.locator("#card-number").inner_text() == "911"
            page.wait_for_selector("#notice:not([hidden])", timeout=60_000)
            assert "911" in page.locator("#notice").inner_text()
            page.wait_for_selector("#notice", state="hidden", timeout=90_000)  # another room answers
    finally:
        house.end()


def test_a_room_that_is_killed_in_a_talk_is_back_and_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, *TOUCH)
    try:
        visitor = Visitor(house)
        visitor.begins()
        room = house.rooms[0]
        time.sleep(1)  # its beat told that somebody is there
        os.kill(room, signal.SIGKILL)
        said = visitor.facts()["words"]["came_back"]
        visitor.sees(lambda state: state["phase"] == STANDBY and said in state["troubles"])
        assert visitor.begins()["step"] == "H1"  # let in with the same cookie, on the same port
    finally:
        house.end()


def test_a_voice_that_dies_again_and_again_leaves_touch_and_says_so(tmp_path: Path) -> None:
    house = House(tmp_path)  # it would speak
    try:
        visitor = Visitor(house)
        for _ in range(3):
            visitor.sees(lambda state: state["phase"] == STANDBY)
            room = house.rooms[0]
            os.kill(room, signal.SIGKILL)
            until(lambda room=room: not is_there(room))  # type: ignore[misc]
            visitor.goes()
        said = visitor.facts()["words"]["no_voice"]
        state = visitor.sees(lambda state: state["phase"] == STANDBY and said in state["troubles"])
        assert (state["voice"], state["hears"]) == (False, False)
        visitor.begins()
    finally:
        house.end()


def test_the_talk_goes_on_behind_a_server_that_is_gone() -> None:
    with kiosk() as (room, server):
        room.ears.receive('{"press": "go_on"}')
        until(lambda: waits({"phase": room.board.state.phase, "options": room.board.state.options}))
        origin, turn = server.origin, room.board.state.turn
        server.stop()
        until(lambda: server.alive)  # whoever keeps it started it again
        assert server.origin == origin
        assert room.board.state.turn == turn


@pytest.mark.sound
def test_the_talk_goes_on_by_touch_without_a_sound_server(sound_card: SoundCard, tmp_path: Path) -> None:
    house = House(tmp_path, "--touch-only", environment=sound_card.environment)
    try:
        visitor = Visitor(house)
        state = visitor.begins()
        assert state["voice"]
        sound_card.stop()
        try:
            state = visitor.answers(state)
            assert waits(state)
            room = house.rooms[0]
        finally:
            sound_card.start()
        visitor.answers(state)
        assert house.rooms[0] == room
    finally:
        house.end()


@needs_chromium
def test_after_a_power_cut_it_starts_clean(tmp_path: Path) -> None:
    environment = no_window(tmp_path / "bin")
    house = House(tmp_path, *TOUCH, environment=environment, browser=True)
    with page_in(house):
        everything = all_of(house.pid)
        profile = next(path for path in Path("/dev/shm").glob("afterwards-kiosk-*") if _is_of(path, house))
    for pid in everything:
        os.kill(pid, signal.SIGKILL)
    house.wait()
    assert profile.exists()
    house = House(tmp_path, *TOUCH, environment=environment, browser=True)
    try:
        with page_in(house) as page:
            page.wait_for_selector("body[data-phase=standby]")
        assert not profile.exists()
    finally:
        house.end()


def _is_of(profile: Path, house: House) -> bool:
    return str(profile) in Path(f"/proc/{browser_of(house)}/cmdline").read_bytes().decode()
