"""The real keyboard in a real session, on a virtual clock: only the terminal is missing."""

from __future__ import annotations

import io

from tests.room import TALKING, Paper, Voice
from voice.events import Danger, Sound
from voice.keyboard import BUSY_IN_DANGER, Keyboard
from voice.rehearse import VirtualClock
from voice.session import Manner


class Hand(Keyboard):
    """Presses keys at their times, so many seconds after the beginning."""

    def __init__(self, clock: VirtualClock, plan: list[tuple[float, str]]) -> None:
        super().__init__(io.StringIO(), io.StringIO(), clock=clock.now)
        self._virtual, self._plan = clock, plan

    def _start(self) -> None:
        """No terminal to read."""

    def poll(self, seconds: float) -> Sound | None:
        self._virtual.sleep(seconds)
        now = self._virtual.now()
        while self._plan and self._plan[0][0] <= now:
            for sound in self._typing.press(self._plan.pop(0)[1], now):
                self._put(sound)
        for sound in self._typing.tick(now):
            self._put(sound)
        return super().poll(0.0)


def talk(plan: list[tuple[float, str]], first: Danger) -> Paper:
    clock = VirtualClock()
    paper = Paper(clock)
    TALKING.session(
        Manner(country="US"), ears=[Hand(clock, plan)], screen=paper, clock=clock, mouth=Voice(clock), notes=None
    ).run(first=first)
    return paper


END = [(200.0, "c-c"), (201.0, "c-c")]


def test_an_elbow_does_not_hold_what_silence_decides() -> None:
    """Is someone in danger right now? An "x", and nobody answers: the card comes, and is said again and again."""
    asked = Danger("amber", "OD", "")
    (silent,) = (at for at, what, _ in talk([*END], asked).lines if what == "card")
    paper = talk([(5.0, "x"), (60.0, "y"), *END], asked)
    (card,) = (at for at, what, _ in paper.lines if what == "card")
    assert silent < card <= silent + BUSY_IN_DANGER + 0.2
    assert paper.of("say").count("card.OD.1") > 2
