"""Keys while it speaks, where what is asked is not known yet, and lines that nobody goes on with. With told time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voice.events import Heard, Kind, Listen, Pressed, Sound, Source
from voice.keyboard import BUSY, BUSY_IN_DANGER, LONGEST_LINE, WAIT_FOR_LINE, WAIT_FOR_TEN, Keyboard, Typing


def typed(text: str) -> Heard:
    return Heard(text, Source.TYPED)


def while_it_speaks() -> Typing:
    typing = Typing()
    typing.kind = None
    return typing


def presses(typing: Typing, keys: str, start: float = 0.0, apart: float = 0.2) -> list[Sound]:
    return [sound for place, key in enumerate(keys) for sound in typing.press(key, start + place * apart)]


# ---- what may go on


def test_ten_while_it_speaks_is_one_answer() -> None:
    typing = while_it_speaks()
    assert presses(typing, "10") == []
    assert typing.tick(0.3 + WAIT_FOR_LINE) == [Pressed("10")]


def test_where_the_question_is_known_nothing_else_waits() -> None:
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        keyboard = Keyboard(nobody)
        for kind in (Kind.NUMBER, Kind.FREE, Kind.YES_NO):
            keyboard.open(Listen("step", Kind.CHOICE, over_speech=True, asks=kind), ())
            assert keyboard._typing.kind is kind
        keyboard.shut()


def test_ten_slowly_while_it_speaks() -> None:
    typing = while_it_speaks()
    assert presses(typing, "10", apart=WAIT_FOR_TEN - 0.1) == []
    assert typing.tick(9.0) == [Pressed("10")]


def test_a_one_alone_comes_after_its_wait_and_others_sooner() -> None:
    typing = while_it_speaks()
    assert typing.press("1", 0.0) + typing.tick(WAIT_FOR_TEN - 0.1) == []
    assert typing.tick(WAIT_FOR_TEN) == [Pressed("1")]
    assert typing.press("2", 5.0) + typing.tick(5.0 + WAIT_FOR_LINE - 0.1) == []
    assert typing.tick(5.0 + WAIT_FOR_LINE) == [Pressed("2")]
    assert typing.tick(9.0) == []


def test_commands_wait_for_nothing_while_it_speaks() -> None:
    typing = while_it_speaks()
    for now, (key, command) in enumerate((("escape", "stop"), (" ", "pause"), ("f1", "emergency"), ("right", "skip"))):
        assert typing.press(key, float(now)) == [Pressed(command)]
    assert typing.press("1", 9.0) + typing.press("f1", 9.1) == [Pressed("1"), Pressed("emergency")]


def test_what_is_asked_is_known_soon_enough() -> None:
    """The "1" came with the last word of the question."""
    for kind, keys, sounds in (
        (Kind.YES_NO, "1", [Pressed("1")]),
        (Kind.NUMBER, "1", []),
        (Kind.NUMBER, "2", [Pressed("2")]),
        (Kind.FREE, "1", []),
    ):
        typing = while_it_speaks()
        assert presses(typing, keys) == []
        typing.kind = kind
        assert typing.tick(0.1) == sounds, kind


def test_ten_that_the_end_of_the_question_cuts_in_two() -> None:
    typing = while_it_speaks()
    assert typing.press("1", 0.0) == []
    typing.kind = Kind.NUMBER
    assert typing.press("0", 0.6) == [Pressed("10")]


def test_a_line_that_begins_with_a_digit_stays_one() -> None:
    typing = while_it_speaks()
    assert presses(typing, "3 of us went") == []
    assert typing.press("c-m", 5.0) == [typed("3 of us went")]
    assert presses(typing, "10 years", start=9.0) == []
    assert typing.press("c-m", 12.0) == [typed("10 years")]


def test_a_line_that_the_end_of_the_question_cuts_in_two() -> None:
    typing = while_it_speaks()
    assert typing.press("3", 0.0) == []
    typing.kind = Kind.FREE
    assert typing.tick(0.05) + presses(typing, " of us", start=0.9) == []
    assert typing.press("c-m", 5.0) == [typed("3 of us")]


def test_a_command_after_a_digit_is_no_line() -> None:
    typing = while_it_speaks()
    assert presses(typing, "2-") == [Pressed("2"), Pressed("slower")]
    own = Typing("h")
    own.kind = None
    assert presses(own, "2h") == [Pressed("2"), Pressed("emergency")]


def test_two_answers_in_a_row_are_two() -> None:
    typing = while_it_speaks()
    assert presses(typing, "23") == [Pressed("2")]
    assert typing.tick(9.0) == [Pressed("3")]


def test_a_digit_that_waits_can_be_taken_back() -> None:
    for kind in (None, Kind.NUMBER):
        typing = Typing()
        typing.kind = kind
        assert typing.press("1", 0.0) + typing.press("c-h", 0.2) + typing.tick(9.0) == []
        assert not typing.busy(9.0)


@pytest.mark.parametrize("kind", [None, Kind.NUMBER])
def test_a_held_one_is_one_answer(kind: Kind | None) -> None:
    """Keys that are held come thirty times a second after a moment."""
    typing = Typing()
    typing.kind = kind
    sounds = typing.press("1", 0.0) + presses(typing, "1" * 60, start=0.4, apart=0.03)
    assert sounds + typing.tick(9.0) == [Pressed("1")]


# ---- what nobody goes on with


def test_a_stray_letter_holds_the_clock_for_a_while_and_is_kept() -> None:
    typing = Typing()
    typing.press("x", 100.0)
    assert typing.busy(100.0 + BUSY - 0.1)
    assert not typing.busy(100.0 + BUSY)
    assert presses(typing, "yz", start=130.0) == []
    assert typing.busy(131.0)
    assert typing.press("c-m", 132.0) == [typed("xyz")]


def test_about_danger_it_holds_it_less_long() -> None:
    typing = Typing()
    typing.danger = True
    typing.press("x", 0.0)
    assert typing.busy(BUSY_IN_DANGER - 0.1)
    assert not typing.busy(BUSY_IN_DANGER)
    assert typing.line == "x"


def test_whoever_types_slowly_is_never_hurried() -> None:
    typing = Typing()
    for place, key in enumerate("no they left"):
        assert typing.press(key, place * (BUSY - 1)) == []
        assert typing.busy((place + 1) * (BUSY - 1) - 0.1)


def test_what_lies_on_a_key_is_not_typing() -> None:
    typing = Typing()
    for place in range(3000):
        typing.press("x", place * 0.03)
    assert not typing.busy(90.0)
    for place in range(3000):
        typing.press("x", 90.0 + place * 0.03)
    assert len(typing.line) == LONGEST_LINE
    assert typing.press("f1", 999.0) == [Pressed("emergency")]


def test_a_stray_letter_does_not_swallow_the_number_keys_for_ever() -> None:
    typing = Typing()
    typing.press("x", 0.0)
    assert typing.press("2", 5.0) == [], "somebody types"
    assert typing.press("2", 5.0 + BUSY) == [Pressed("2")]
    assert typing.press("right", 6.0 + BUSY) == [Pressed("skip")]
    assert typing.line == "x2", "and what was typed is kept"
    typing.kind = Kind.FREE
    assert typing.press("7", 99.0) == []
    assert typing.line == "x27"


def test_enter_twice_sends_and_does_not_ask_again() -> None:
    typing = Typing()
    assert presses(typing, "no") + typing.press("c-m", 1.0) + typing.press("c-m", 1.2) == [typed("no")]
