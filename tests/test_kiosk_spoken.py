"""A whole session at the kiosk by voice alone: the real program on a virtual sound card, its page open beside it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket

from tests.kiosk_room import CHROMIUM, chromium
from tests.person import Program
from tests.sound_card import SoundCard, render_wav
from voice.speech.recogniser import SpeechModel

LIMIT = 330.0
"""Seconds that the whole talk may take; it takes about 200."""
VOICE = "en-gb-scotland+m3"
"""Not the program's own voice, and one that the small model hears well when it says hello."""
SETTLED = 0.5
"""Seconds for which it must listen before somebody speaks."""
ANSWERS_WITHIN = 9.0
"""Seconds after which somebody says it again."""
MOST_TRIES = 3
"""Times that one question is answered aloud before a key of the page is pressed, as a person would."""
WORDS = {
    "H1": ("yes", "1"),
    "H2": ("alone", "1"),
    "H3": ("family", "1"),
    "H4": ("no", "2"),
    "H6": ("five minutes", "1"),
    "W2": ("they said no", "3"),
    "W8": ("something else", "3"),
    "L2": ("the same", "3"),
    "Y1": ("sad", "1"),
    "Y3": ("yes", "1"),
    "X3": ("stay close", "4"),
    "X4": ("use mine", "1"),
    "plan": ("keep all", "4"),
    "anything_else": ("no", "2"),
}

pytestmark = [
    pytest.mark.sound,
    pytest.mark.model,
    pytest.mark.timeout(LIMIT + 120),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@dataclass
class Talker:
    """Sees what the page is told, and answers aloud."""

    card: SoundCard
    page: Page
    folder: Path
    state: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: int = 0
    _spoken: int = 0
    _tries: dict[int, int] = field(default_factory=dict)

    def watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.state.update(json.loads(payload)))

    def waits_for(self, true: Any, seconds: float = 30.0) -> bool:
        """Whether it comes in that time."""
        end = time.monotonic() + seconds
        while not (self.state and true(self.state)):
            if time.monotonic() > end:
                return False
            self.page.wait_for_timeout(50)
        return True

    def says(self, words: str) -> None:
        path = self.folder / f"{self._spoken}.wav"
        self._spoken += 1
        self.card.speak(render_wav(words, path, VOICE, 130))

    def says_until(self, words: str, true: Any) -> None:
        """As often as it takes, and no more than a person would."""
        for _ in range(MOST_TRIES):
            self.says(words)
            if self.waits_for(true, ANSWERS_WITHIN):
                return
        raise AssertionError(f"'{words}' was not understood: {self.state}")

    def listens(self) -> None:
        """Waits for its turn; or for the end."""
        for _ in range(100):
            assert self.waits_for(lambda state: state["phase"] in ("listening", "over"), 60), self.state
            before = self.state["number"]
            self.page.wait_for_timeout(int(SETTLED * 1000))
            if self.state["number"] == before or self.state["phase"] == "over":
                return

    def to_the_end(self) -> None:
        last, end = "", time.monotonic() + LIMIT
        while time.monotonic() < end:
            self.listens()
            if self.state["phase"] == "over":
                return
            step, turn = self.state["step"], self.state["turn"]
            if step == "check":
                self.says("yes" if WORDS[last][0] in self.state["lines"][-1].lower() else "no")
            else:
                again = step == last and step != "plan"
                if not again:
                    self.asked.append(step)
                self._answer(step)
                last = step
            self.waits_for(lambda state, turn=turn: state["turn"] != turn, ANSWERS_WITHIN)
        raise AssertionError(f"it did not end: {self.asked}")

    def _answer(self, step: str) -> None:
        words, key = WORDS[step]
        number = len(self.asked)
        self._tries[number] = self._tries.get(number, 0) + 1
        if self._tries[number] <= MOST_TRIES:
            self.says(words)
            return
        self.keys += 1
        self.page.keyboard.press(key)


@pytest.fixture
def program(sound_card: SoundCard, speech_model: SpeechModel, tmp_path: Path) -> Iterator[tuple[Program, str]]:
    """The kiosk, and the address of its page."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text("rate = 150\n")
    command = ["kiosk", "--country", "US", "--model", str(speech_model.path), "--no-browser"]
    running = Program(sound_card, home, *command)
    try:
        end = time.monotonic() + 60
        while not (found := re.search(r"http://\S+\?key=\S+", running.screen)):
            assert time.monotonic() < end, running.errors[-2000:]
            time.sleep(0.05)
        yield running, found[0]
    finally:
        running.end()


def test_a_session_by_voice_and_the_next_person(
    sound_card: SoundCard, program: tuple[Program, str], tmp_path: Path
) -> None:
    running, address = program
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        talker = Talker(sound_card, page, tmp_path)
        page.on("websocket", talker.watch)
        page.goto(address)
        assert talker.waits_for(lambda state: state["phase"] == "standby" and state["hears"], 60)
        page.wait_for_timeout(6000)  # while it says that it waits, it takes no hello for meant
        talker.says_until("hello afterwards", lambda state: state["phase"] != "standby")
        talker.listens()
        assert talker.state["step"] == "H1"
        pace = talker.state["pace"]
        talker.says_until("slower", lambda state: state["pace"] < pace)
        talker.to_the_end()
        steps = [step for step in talker.asked if step != "plan"]
        assert list(dict.fromkeys(steps)) == [step for step in WORDS if step != "plan"]
        assert talker.asked.count("plan") >= 1
        assert talker.keys <= 1, "nearly all of it is understood by ear"
        assert page.locator("#plan-lines li").count() >= 3
        assert page.evaluate("document.body.dataset.phase") == "over"

        talker.says_until("stop", lambda state: state["phase"] == "standby")
        page.wait_for_selector("[data-phase=standby]")
        assert page.locator("#plan-lines li").count() == 0
        assert (talker.state["plan"], talker.state["heard"], talker.state["step"]) == ([], "", "")
        page.wait_for_timeout(6000)
        talker.says_until("hello afterwards", lambda state: state["phase"] != "standby")
        talker.listens()
        assert talker.state["pace"] == pace, "the next person has the room's own pace"

        # Stop in the midst of a talk is checked once, and then it is the same wipe.
        talker.says_until("stop", lambda state: state["phase"] == "paused" or "stop again" in str(state["lines"]))
        assert talker.waits_for(lambda state: state["phase"] == "paused")
        page.wait_for_timeout(600)
        talker.says_until("stop", lambda state: state["phase"] == "standby")
        assert talker.state["options"] == []
        page.wait_for_selector("[data-phase=standby]")
    assert not running.over, running.errors[-2000:]
    assert "Traceback" not in running.errors
