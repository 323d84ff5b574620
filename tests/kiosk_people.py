"""People at a kiosk, in a real Chromium: one touches, one has a keyboard, one has two switches and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from playwright.sync_api import Page

from tests.kiosk_room import until
from voice.kiosk.state import LISTENING, OVER, PAUSED, SPEAKING, STANDBY
from voice.parts_kiosk import Room

MOST_TURNS = 200
MOST_PRESSES = 90
"""Of a switch, until it comes to where it is to go."""
FRESH = 560
"""Milliseconds: a touch at once after a new question counts for the one before."""
SURELY_NEW = 240
"""Milliseconds between two presses of a switch."""


@dataclass(frozen=True)
class Look:
    """How the page and the voice are set."""

    letters: str
    theme: str
    reader: str
    switches: str
    rate: int
    volume: int
    patience: int


def look_of(room: Room, page: Page) -> Look:
    """As it is now, whatever is open."""
    reader, switches = page.evaluate(
        """() => { document.querySelector('#help').click();
        const on = ['reader', 'switches'].map(name =>
          document.querySelector(`#more [data-name=${name}]`).getAttribute('aria-pressed'));
        document.querySelector('#more [data-name=close]').click(); return on }"""
    )
    root = "document.documentElement"
    letters = page.evaluate(f"getComputedStyle({root}).getPropertyValue('--zoom')")
    theme = page.evaluate(f"{root}.dataset.theme")
    manner = room._manner
    return Look(letters, theme, reader, switches, manner.rate, manner.volume, manner.patience)


class Person:
    """Goes through a talk to its end. Where a step comes again, the next answer is given, so that no talk is a ring."""

    def __init__(self, room: Room, page: Page, answers: dict[str, str] | None = None) -> None:
        """`answers`: step -> the key of the answer there; else the second, which is "no" where danger is asked for."""
        self.room, self.page = room, page
        self.seen: Counter[str] = Counter()
        self._answers = {"H1": "1", "plan": "1", **(answers or {})}

    # ---- what they do, each in their own way

    def presses(self, key: str) -> None:
        """Presses the answer with this key."""
        raise NotImplementedError

    def opens(self, name: str) -> None:
        """Presses a button by its name: of the four that are always there, of help, or a letter."""
        raise NotImplementedError

    # ---- the talk

    def begins(self) -> None:
        until(lambda: self.room.board.state.phase == STANDBY)
        self.page.wait_for_selector("[data-phase=standby]")
        self.page.wait_for_timeout(FRESH)
        self.presses("go_on")
        self.is_asked()

    def is_asked(self) -> str:
        """Waits for a question, and gives its step."""
        until(lambda: self.room.board.state.phase in (LISTENING, PAUSED, OVER))
        self.page.wait_for_timeout(FRESH)
        return self.room.board.state.step

    def answers(self, key: str) -> None:
        turn = self.room.board.state.turn
        self.presses(key)
        until(lambda: self.room.board.state.turn != turn)

    def to_the_end(self) -> set[str]:
        """Gives the steps that were come through."""
        for _ in range(MOST_TURNS):
            step = self.is_asked()
            if self.room.board.state.phase == OVER:
                return set(self.seen)
            self.answers(self.which(step))
        raise AssertionError(f"it did not end: {self.seen}")

    def which(self, step: str) -> str:
        state = self.room.board.state
        self.seen[step] += 1
        if self.seen[step] == 1 and step in self._answers:
            return self._answers[step]
        if state.kind == "number":
            return "4"
        known = self._answers.get(step)
        keys = [option.key for option in state.options]
        first = keys.index(known) if known in keys else min(1, len(keys) - 1)
        return keys[(first + self.seen[step] - 1) % len(keys)] if step != "plan" else "1"

    def changes_everything(self) -> None:
        """Letters, colours, reader, how it speaks: none of it is the next person's."""
        for name in ("bigger", "dark", "reader", "slower", "softer"):
            self.opens("help")
            self.page.wait_for_selector("#more:not([hidden])")
            before = self._voice
            self.opens(name)
            if name in ("slower", "softer"):
                until(lambda before=before: self._voice != before)  # type: ignore[misc]
                until(lambda: self.room.board.state.phase != SPEAKING)
            self.opens("close")
            self.page.wait_for_selector("#more", state="hidden")

    @property
    def _voice(self) -> tuple[int, int]:
        return self.room._manner.rate, self.room._manner.volume


def selector(name: str) -> str:
    """Where a button of that name is."""
    if name in ("emergency", "repeat", "help", "stop"):
        return f"#{name}"
    return f"#more [data-name='{name}'], #rows [data-letter=\"{name}\"]"


class Toucher(Person):
    """Has a finger, and nothing else."""

    def presses(self, key: str) -> None:
        for _ in range(8):
            found = self.page.locator(f"#answers [data-key='{key}']")
            if found.count():
                found.tap()
                return
            self.page.locator("#answers [data-key=more]").tap()
        raise AssertionError(f"no answer {key}")

    def opens(self, name: str) -> None:
        self.page.locator(selector(name)).locator("visible=true").tap()


class Typist(Person):
    """Has a keyboard, and no pointer."""

    KEYS: ClassVar = {
        "skip": "ArrowRight",
        "go_on": " ",
        "slower": "-",
        "softer": "ArrowDown",
        "help": "F2",
        "stop": "Escape",
    }

    def presses(self, key: str) -> None:
        self.page.keyboard.press(self.KEYS.get(key, key))

    def opens(self, name: str) -> None:
        if name in self.KEYS and not self.page.locator("#more").is_visible():
            self.page.wait_for_timeout(FRESH)  # the same key again at once is one press
            self.page.keyboard.press(self.KEYS[name])
            return
        self.goes_to(selector(name), "Tab")
        self.page.keyboard.press("Enter")

    def goes_to(self, what: str, key: str) -> None:
        for _ in range(MOST_PRESSES):
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} did not come to {what}")


class Switcher(Typist):
    """Has two switches: F7 goes on, F8 chooses."""

    def presses(self, key: str) -> None:
        while not self.page.locator(f"#answers [data-key='{key}']").count():
            self.goes_to("#answers [data-key=more]", "F7")
            self.press("F8")
        self.goes_to(f"#answers [data-key='{key}']", "F7")
        self.press("F8")

    def opens(self, name: str) -> None:
        row = self.page.locator(f'#rows .row:has([data-letter="{name}"])')
        if row.count() and self.page.locator("#letters").is_visible():
            number = row.evaluate("it => [...it.parentElement.children].indexOf(it) + 1")
            self.goes_to(f"#rows .row:nth-child({number})", "F7")
            self.press("F8")
        self.goes_to(selector(name), "F7")
        self.press("F8")

    def goes_to(self, what: str, key: str) -> None:
        for _ in range(MOST_PRESSES):
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return
            self.press(key)
        raise AssertionError(f"the switch did not come to {what}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(SURELY_NEW)
