"""Danger at a kiosk: every card from every state, within 2 s, and the way back (SPEC 4.1, 4.4)."""

from __future__ import annotations

import pytest

from tests.room import At, key, room, says, types
from tests.test_session_danger import SAID
from voice.kiosk.screen import ASK

TO_PLAN = [types(text) for text in ("yes", "alone", "family", "no", "short", "they left", "i'm done")]
STATES: dict[str, tuple[list[At], str]] = {
    "speaking": ([], "H1"),
    "listening": ([types("yes")], "H2"),
    "paused": ([types("yes"), types("pause")], "hold"),
    "stopped": ([types("yes"), types("stop")], "hold"),
    "asked whether somebody is there": ([types("yes"), key(ASK)], ASK),
    "asked whether somebody is in danger": ([types("yes"), types("he overdosed last week")], "danger"),
    "on another card": ([types("yes"), key("emergency")], "card:EMERGENCY"),
    "reading the plan": (TO_PLAN, "plan"),
    "at the end": ([*TO_PLAN, types("keep all")], "anything_else"),
}
"""What was said before, and where it listens then."""


PAIRS = [(card, state) for card in SAID for state in STATES if STATES[state][1] != f"card:{card}"]


@pytest.mark.parametrize(
    ("card", "state", "touched"),
    [*((*pair, False) for pair in PAIRS), *((*pair, True) for pair in PAIRS if pair[0] == "EMERGENCY")],
)
def test_each_card_from_each_state(card: str, state: str, touched: bool) -> None:
    """The card's first words sound within 2 s, and "no, go back" leads to where it was. Touch has one button for all
    cards: the general one."""
    before, step = STATES[state]
    there = "" if state == "speaking" else step
    speaking = state == "speaking"
    danger = (
        key("emergency", speaking=speaking, step=there) if touched else says(SAID[card], speaking=speaking, step=there)
    )
    made = room(*before, danger, says("no go back", step=f"card:{card}"), quiet=True)
    made.session.run()
    lines = made.paper.lines
    at = max(n for n, (_, kind, what) in enumerate(lines) if (kind, what) == ("card", card))
    heard = next(moment for moment, kind, _ in reversed(lines[:at]) if kind == "heard")
    spoken = next((moment, what) for moment, kind, what in lines[at:] if kind == "say")
    assert str(spoken[1]).startswith(f"card.{card}.")
    assert 0 <= spoken[0] - heard <= 2.0
    assert made.voice.pitches_after(heard)[0] < 50, "the first that sounds is the card"
    where = [what for _, kind, what in lines[at:] if kind == "listen"]
    assert where[:2] == [f"card:{card}", "H2" if step == "danger" or step.startswith("card:") else step]
