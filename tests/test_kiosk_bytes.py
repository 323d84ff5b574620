"""After somebody was there: no word of theirs is in any file, in the browser's profile, or in the memory of what goes
on."""

from __future__ import annotations

import contextlib
import os
import secrets
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.kiosk_house import MOST_TURNS, House, Visitor, is_there, until
from tests.kiosk_room import CHROMIUM
from tests.kiosk_window import all_of, browser_of, no_window, page_in, profile_of
from tests.traces import changed_since, in_files, in_memory
from voice import parts
from voice.content import load
from voice.kiosk.state import OVER
from voice.safety import Light

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of processes in /proc"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]
PRESSED = 560
"""Milliseconds: a touch at once after a new question counts for the one before."""


def canary() -> str:
    """A word that nobody else has, and that sounds like no danger: letters without a sense do, to the network."""
    judge = parts.judgement(load()).judge
    while True:
        word = "quokka" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(14))
        if judge(f"the word is {word}").light is Light.GREEN:
            return word


def places(tmp_path: Path) -> dict[str, str]:
    """Every place where a program may leave something, below one folder."""
    names = {
        "HOME": "person",
        "XDG_CACHE_HOME": "person/.cache",
        "XDG_CONFIG_HOME": "person/.config",
        "XDG_DATA_HOME": "person/.local/share",
        "XDG_STATE_HOME": "person/.local/state",
        "XDG_RUNTIME_DIR": "run",
        "TMPDIR": "tmp",
    }
    # Short names: a browser has a socket there, whose path may have 107 letters.
    for folder in names.values():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "run").chmod(0o700)
    return {name: str(tmp_path / folder) for name, folder in names.items()}


def types(page: Page, word: str, then: Callable[[], object]) -> None:
    """Talks by touch until one can type, types the word there, and does `then`."""
    page.wait_for_selector("body[data-phase=standby]")
    page.wait_for_timeout(PRESSED)
    page.locator("#answers button").first.click()
    page.wait_for_selector("body:not([data-phase=standby])")
    seen: dict[str, int] = {}
    for _ in range(MOST_TURNS):
        page.wait_for_selector("body:is([data-phase=listening], [data-phase=paused], [data-phase=over])")
        page.wait_for_timeout(PRESSED)
        phase = page.locator("body").get_attribute("data-phase")
        assert phase != "over"
        said = page.locator("#said").inner_text()
        if page.locator("#answers [data-key=write]").is_visible():
            page.locator("#answers [data-key=write]").click()
            page.locator("#typed").fill(f"the word is {word}")
            page.locator("#rows [data-letter=send]").click()
            page.wait_for_function("before => document.querySelector('#said').innerText !== before", arg=said)
            then()
            return
        if phase == "listening":
            question = said.splitlines()[-1] if said else ""
            seen[question] = seen.get(question, 0) + 1
            answers = page.locator("#answers button:visible")
            answers.nth((seen[question] - (question == "Ready?")) % min(3, answers.count())).click()
        else:
            page.locator("#answers button:visible").first.click()
        with contextlib.suppress(TimeoutError):  # it came too soon after the question: once more
            page.wait_for_function(
                "before => document.querySelector('#said').innerText !== before || "
                "document.body.dataset.phase === 'over'",
                arg=said,
                timeout=3000,
            )
    raise AssertionError("it did not end")


def test_nothing_is_left(tmp_path: Path) -> None:
    word, began = canary(), time.time()
    house = House(
        tmp_path, "--silent", "--touch-only", environment=no_window(tmp_path / "bin") | places(tmp_path), browser=True
    )
    try:
        with page_in(house) as page:
            first, spare = house.with_spare()
            found: list[str] = []
            types(page, word, lambda: found.extend(in_memory(first, word)))
            assert found  # while somebody is there; so what looks for it finds it
            page.locator("#stop").click()
            page.wait_for_selector("body[data-phase=standby]")
            assert word not in page.content()
            until(lambda: not is_there(first))
            until(lambda: house.rooms[:1] == [spare])
            for pid in (house.pid, *house.with_spare()):
                assert in_memory(pid, word) == [], pid
            # The browser is open still: its profile, and every file that anybody wrote since.
            profile = profile_of(house)
            assert profile is not None
            assert is_there(browser_of(house))
            assert any(path.is_file() for path in profile.rglob("*"))
            assert in_files(profile.rglob("*"), word) == []
            assert in_files(changed_since(began, tmp_path, Path("/dev/shm")), word) == []
            assert in_files(tmp_path.rglob("*"), word) == []
    finally:
        house.end()
    assert not profile.exists()
    assert in_files(changed_since(began, tmp_path, Path("/dev/shm")), word) == []


def test_a_whole_talk_is_gone(tmp_path: Path) -> None:
    word, began = canary(), time.time()
    house = House(tmp_path, "--silent", "--touch-only", environment=places(tmp_path))
    try:
        visitor = Visitor(house)
        first, _ = house.with_spare()
        state, found, typed = visitor.begins(), False, 0
        for _ in range(MOST_TURNS):
            if state["phase"] == OVER:
                break
            free = state["kind"] in ("free", "feeling")
            state = visitor.answers(state, f"the word is {word}")
            typed += free
            found = found or (free and in_memory(first, word) != [])
        assert state["phase"] == OVER
        assert typed >= 2
        assert found
        visitor.stops()
        until(lambda: not is_there(first))
        for pid in (house.pid, *house.with_spare()):
            assert in_memory(pid, word) == [], pid
    finally:
        house.end()
    assert in_files(changed_since(began, Path("/"), Path("/dev/shm")), word) == []


def test_what_looks_for_it_finds_it(tmp_path: Path) -> None:
    word, began = canary(), time.time()
    assert in_memory(os.getpid(), word)
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        (tmp_path / encoding).write_bytes(b"\0" * 100 + word.upper().encode(encoding))
    (tmp_path / f"{word}.txt").touch()
    assert len(in_files(changed_since(began, tmp_path), word)) == 4


def test_each_person_has_a_room_of_their_own(tmp_path: Path) -> None:
    house = House(tmp_path, "--silent", "--touch-only")
    try:
        visitor, rooms = Visitor(house), []
        for _ in range(3):
            house.with_spare()
            rooms.append(house.rooms[0])
            visitor.begins()
            visitor.stops()
            until(lambda: rooms[-1] not in house.rooms)
        assert len(set(rooms)) == 3
        assert not any(is_there(pid) for pid in rooms)
    finally:
        house.end()


def test_all_of_it_is_one_family(tmp_path: Path) -> None:
    """Nothing that the program started lies outside of what the search above looks through."""
    house = House(tmp_path, "--silent", "--touch-only")
    try:
        rooms = house.with_spare()
        assert set(all_of(house.pid)) == {house.pid, *rooms}
    finally:
        house.end()
