"""Keys and typed words, through a real pseudo-terminal and real pipes."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.pseudo_terminal import open_terminal
from voice.errors import SettingsError
from voice.events import Ended, Heard, Kind, Listen, Pressed, Sound, Source
from voice.keyboard import BUSY, BUSY_IN_DANGER, KEYS, Keyboard, Typing, labels
from voice.session_barge_in import live
from voice.session_standby import LISTEN as STANDBY

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import termios

PATIENCE = 10.0


def typed(text: str) -> Heard:
    return Heard(text, Source.TYPED)


@dataclass
class Desk:
    keyboard: Keyboard
    master: int
    slave: int
    ahead: float = 0.0
    stands: bool = False

    def clock(self) -> float:
        return self.ahead if self.stands else time.monotonic() + self.ahead

    def ask(self, kind: Kind, *, secret: bool = False, heavy: bool = False) -> None:
        self.keyboard.open(Listen("step", kind, secret=secret, heavy=heavy), ())

    def speak(self, kind: Kind, *, heavy: bool = False) -> None:
        """The question is being said, and microphones hear our own voice."""
        self.keyboard.close()
        self.keyboard.open(live(Listen("step", kind, heavy=heavy), open=False, question=True), ())

    def sees(self, what: bytes) -> bytes:
        shown = b""
        while what not in shown:
            assert select.select([self.master], [], [], PATIENCE)[0], shown
            shown += os.read(self.master, 4096)
        return shown

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def next(self) -> Sound | None:
        return self.keyboard.poll(PATIENCE)


@pytest.fixture
def desk() -> Iterator[Desk]:
    master, slave = open_terminal()
    with (
        os.fdopen(slave, "r", encoding="utf-8", closefd=False) as stream,
        os.fdopen(os.dup(slave), "w", encoding="utf-8") as echo,
    ):
        keyboard = Keyboard(stream, echo, clock=lambda: at.clock())
        at = Desk(keyboard, master, slave)
        yield at
        keyboard.shut()
    os.close(master)
    os.close(slave)


SEQUENCES = {
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
    "escape": "\x1b", "c-m": "\r", "c-j": "\n",
    "left": "\x1b[D", "right": "\x1b[C", "up": "\x1b[A", "down": "\x1b[B", "delete": "\x1b[3~", "end": "\x1b[F",
}  # fmt: skip


@pytest.mark.parametrize(("name", "command"), [(name, key.command) for key in KEYS for name in key.keys])
def test_every_command_key(desk: Desk, name: str, command: str) -> None:
    desk.ask(Kind.CHOICE)
    desk.types(SEQUENCES.get(name, name))
    assert desk.next() == Pressed(command)


def test_digits_answer_at_once_and_letters_make_a_line(desk: Desk) -> None:
    desk.ask(Kind.CHOICE)
    desk.types("2")
    assert desk.next() == Pressed("2")
    desk.types("they lefd\x7ft 3 times")
    desk.sees(b"they left 3 times")
    desk.types("\r")
    assert desk.next() == typed("they left 3 times")


def test_a_number_up_to_ten(desk: Desk) -> None:
    desk.ask(Kind.NUMBER)
    desk.types("10")
    assert desk.next() == Pressed("10")
    desk.types("1\r")
    assert desk.next() == Pressed("1")
    desk.types("7")
    assert desk.next() == Pressed("7")
    desk.types("1")
    assert desk.next() == Pressed("1"), "alone, once the wait for a nought is over"


def test_digits_are_words_where_words_are_free(desk: Desk) -> None:
    desk.ask(Kind.FREE)
    desk.types("3 of us went\r")
    assert desk.next() == typed("3 of us went")


def test_typing_holds_the_clock(desk: Desk) -> None:
    desk.ask(Kind.FREE)
    assert not desk.keyboard.speaking
    desk.types("I")
    assert desk.keyboard.poll(0.5) is None
    assert desk.keyboard.speaking
    desk.types("t\r")
    assert desk.next() == typed("It")
    assert not desk.keyboard.speaking


@pytest.mark.parametrize(("heavy", "seconds"), [(False, BUSY), (True, BUSY_IN_DANGER)])
def test_a_stray_letter_does_not_hold_the_clock_for_ever(desk: Desk, heavy: bool, seconds: float) -> None:
    desk.ask(Kind.YES_NO, heavy=heavy)
    desk.types("x")
    desk.sees(b"> x")
    desk.ahead = seconds - 2.0
    assert desk.keyboard.speaking
    desk.ahead = seconds
    assert not desk.keyboard.speaking
    desk.types("\r")
    assert desk.next() == typed("x"), "it is kept"


def test_ten_while_it_speaks(desk: Desk) -> None:
    desk.speak(Kind.NUMBER)
    desk.types("10")
    assert desk.next() == Pressed("10")
    desk.types("1")
    assert desk.next() == Pressed("1")


def test_about_danger_no_digit_waits(desk: Desk) -> None:
    desk.speak(Kind.YES_NO, heavy=True)
    desk.stands = True
    desk.types("1")
    assert desk.next() == Pressed("1")
    desk.types("2")
    assert desk.next() == Pressed("2")


def test_a_line_typed_while_it_speaks(desk: Desk) -> None:
    desk.speak(Kind.FREE)
    desk.types("3 of ")
    desk.sees(b"3 of ")
    desk.ask(Kind.FREE)
    desk.types("us\r")
    assert desk.next() == typed("3 of us")


def test_between_two_questions_nothing_is_lost_or_cut(desk: Desk) -> None:
    desk.ask(Kind.CHOICE)
    desk.keyboard.close()
    desk.types("1")
    assert desk.keyboard.poll(0.2) is None
    desk.ask(Kind.NUMBER)
    desk.types("0")
    assert desk.next() == Pressed("10")


def test_a_half_typed_secret_is_not_shown_and_not_sent(desk: Desk) -> None:
    desk.ask(Kind.FREE, secret=True)
    desk.types("blue")
    shown = desk.sees(b"> ****")
    desk.keyboard.close()
    desk.types("ho")
    shown += desk.sees(b"> ******")
    desk.ask(Kind.FREE)
    desk.types("we")
    shown += desk.sees(b"> we")
    desk.types("\r")
    assert desk.next() == typed("we")
    assert b"b" not in shown


def test_where_nobody_is_there_yet_a_first_letter_counts_and_is_kept(desk: Desk) -> None:
    """And what somebody left half typed, who went, is not the next person's."""
    desk.ask(Kind.FREE)
    desk.types("i am")
    desk.sees(b"> i am")
    desk.keyboard.close()
    desk.keyboard.open(STANDBY, ())
    desk.types("he")
    assert desk.next() == Pressed("h"), "a line that is begun gives no key"
    desk.ask(Kind.YES_NO)
    desk.types("'s not breathing\r")
    assert desk.next() == typed("he's not breathing")


def test_a_letter_in_standby_is_not_lost_where_it_listens_anew(desk: Desk) -> None:
    desk.keyboard.open(replace(STANDBY, over_speech=True), ())
    desk.types("he")
    assert desk.next() == Pressed("h")
    desk.keyboard.open(STANDBY, ())
    desk.types("lp\r")
    assert desk.next() == typed("help")


def test_emergency_works_in_the_middle_of_a_line(desk: Desk) -> None:
    desk.ask(Kind.FREE)
    desk.types("we wen\x1bOP")
    assert desk.next() == Pressed("emergency")
    assert not desk.keyboard.speaking


def test_ctrl_c_stops_and_a_second_one_ends(desk: Desk) -> None:
    desk.ask(Kind.CHOICE)
    desk.types("\x03")
    assert desk.next() == Pressed("stop")
    desk.types("\x03")
    assert desk.next() == Ended(wanted=True)
    assert desk.next() == Ended(wanted=True)


def test_letters_beyond_ascii(desk: Desk) -> None:
    desk.ask(Kind.FREE)
    desk.types("café 母\r")
    assert desk.next() == typed("café 母")


def test_the_terminal_is_given_back(desk: Desk) -> None:
    before = termios.tcgetattr(desk.slave)
    desk.ask(Kind.CHOICE)
    assert termios.tcgetattr(desk.slave) != before, "it was raw in between"
    desk.keyboard.shut()
    assert termios.tcgetattr(desk.slave) == before
    desk.keyboard.shut()


def test_the_terminal_is_given_back_after_an_exception(desk: Desk) -> None:
    """A program that dies without shut(), in a process of its own on the same terminal."""
    before = termios.tcgetattr(desk.slave)
    code = (
        "import sys\nfrom voice.keyboard import Keyboard\nk = Keyboard(sys.stdin)\nk.poll(0)\n"
        "import termios\nprint(bool(termios.tcgetattr(0)[3] & termios.ICANON), flush=True)\nraise RuntimeError('gone')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=desk.slave, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "False\n", "it was raw"
    assert "RuntimeError: gone" in done.stderr
    assert termios.tcgetattr(desk.slave) == before


def test_a_closed_terminal_ends() -> None:
    master, slave = open_terminal()
    with os.fdopen(slave, "r", encoding="utf-8") as stream, open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        keyboard = Keyboard(stream, nowhere)
        keyboard.open(Listen("step", Kind.CHOICE), ())
        os.close(master)
        assert keyboard.poll(PATIENCE) == Ended()
        keyboard.shut()


# ---- what presses mean, with told time


def test_a_held_or_trembling_key_is_one_press() -> None:
    typing = Typing()
    assert typing.press("1", 0.0) == [Pressed("1")]
    assert typing.press("1", 0.3) == []
    assert typing.press("1", 0.6) == []
    assert typing.press("2", 0.7) == [Pressed("2")]
    assert typing.press("2", 9.0) == [Pressed("2")]
    assert typing.press("up", 9.1) + typing.press("up", 9.2) == [Pressed("louder")] * 2


def test_a_one_waits_and_then_stands() -> None:
    typing = Typing()
    typing.kind = Kind.NUMBER
    assert typing.press("1", 0.0) == []
    assert typing.tick(1.0) == []
    assert typing.busy(1.0)
    assert typing.tick(1.3) == [Pressed("1")]
    assert not typing.busy(1.3)
    assert typing.press("1", 5.0) == []
    assert typing.press("escape", 5.1) == [Pressed("1"), Pressed("stop")]


def test_ctrl_c_twice_slowly_is_two_stops() -> None:
    typing = Typing()
    assert typing.press("c-c", 0.0) + typing.press("c-c", 3.0) == [Pressed("stop")] * 2
    assert typing.press("c-c", 4.0) == [Ended(wanted=True)]


def test_another_help_key() -> None:
    typing = Typing("F12")
    assert typing.press("f12", 0.0) == [Pressed("emergency")]
    assert typing.press("f1", 1.0) == [Pressed("emergency")]
    assert labels("f12")["emergency"] == "F12"
    for wrong in ("escape", "the big one", ""):
        with pytest.raises(SettingsError):
            Typing(wrong)


def test_no_key_means_two_things() -> None:
    names = [name for key in KEYS for name in key.keys]
    assert len(names) == len(set(names))
    assert set(labels()) == {key.command for key in KEYS}


# ---- pipes


def through_a_pipe(data: bytes) -> list[Sound | None]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "r", encoding="ascii") as stream:
        keyboard = Keyboard(stream)
        keyboard.open(Listen("step", Kind.CHOICE), ())
        os.write(writer, data)
        os.close(writer)
        sounds = [keyboard.poll(PATIENCE)]
        while sounds[-1] != Ended() and sounds[-1] is not None:
            sounds.append(keyboard.poll(PATIENCE))
        assert keyboard.poll(0) == Ended()
        keyboard.shut()
    return sounds


def test_lines_from_a_pipe() -> None:
    data = "1\n10\r\nthey left\nkey:emergency\nkey:3\n\n11\ncafé".encode()
    assert through_a_pipe(data) == [
        Pressed("1"), Pressed("10"), typed("they left"), Pressed("emergency"), Pressed("3"), Pressed("repeat"),
        typed("11"), typed("café"), Ended(),
    ]  # fmt: skip


def test_an_empty_pipe_and_junk() -> None:
    assert through_a_pipe(b"") == [Ended()]
    assert through_a_pipe(b"\xff\xfe yes\n")[-1] == Ended()


def test_shutting_while_nothing_comes() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "r", encoding="utf-8") as stream:
        keyboard = Keyboard(stream)
        assert keyboard.poll(0.0) is None
        keyboard.shut()
        os.close(writer)
