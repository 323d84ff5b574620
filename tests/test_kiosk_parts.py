"""The kiosk's parts by themselves: when it asks, what it takes, what stands there, and who brings what back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.kiosk_room import until
from voice.errors import KioskError
from voice.events import Answer, Ended, Heard, Kind, Listen, NotUnderstood, Pressed, Source
from voice.kiosk import ears as ears_module
from voice.kiosk.browser import Browser, find
from voice.kiosk.ears import KioskEars, RefusedError
from voice.kiosk.idle import ASK_AFTER, CLEAR_AFTER, Due, Idle
from voice.kiosk.keeper import Keeper
from voice.kiosk.screen import ASK, KioskScreen
from voice.kiosk.state import Board
from voice.session_parts import Ears, Screen

WORDS = {name: name for name in ("still_here", "still_gone", "go_on", "skip", "next", "safe", "mistake")}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def parts() -> tuple[Clock, Board, Idle, KioskEars, KioskScreen]:
    clock, idle = Clock(), Idle()
    board = Board(clock)
    ears, screen = KioskEars(board, idle, frozenset({"repeat", "stop"})), KioskScreen(board, idle, WORDS)
    ears.begin(watching=True)
    return clock, board, idle, ears, screen


def test_they_are_what_a_session_wants() -> None:
    _, _, _, ears, screen = parts()
    wanted: tuple[Ears, Screen] = (ears, screen)
    assert wanted


def test_it_asks_after_ninety_seconds_and_clears_thirty_later() -> None:
    idle = Idle()
    idle.waits(0.0)
    assert (ASK_AFTER, CLEAR_AFTER) == (90.0, 30.0)
    assert idle.look(89.9) is None
    assert idle.look(90.0) is Due.ASK
    idle.waits(95.0)  # it took five seconds to ask
    assert idle.look(124.9) is None
    assert idle.look(125.0) is Due.CLEAR


def test_a_sign_begins_the_ninety_seconds_anew() -> None:
    idle = Idle()
    idle.waits(0.0)
    assert idle.look(90.0) is Due.ASK
    idle.sign(100.0)
    idle.waits(100.0)
    assert idle.look(189.0) is None


def test_nothing_is_cleared_during_a_card_and_the_time_begins_after_it() -> None:
    idle = Idle()
    idle.waits(0.0)
    idle.hold(True, 10.0)
    assert idle.look(100_000.0) is None
    idle.hold(False, 100_000.0)
    assert idle.look(100_089.0) is None
    assert idle.look(100_090.0) is Due.ASK


def test_the_ears_ask_then_end() -> None:
    clock, _, _, ears, screen = parts()
    listen = Listen("H1", Kind.YES_NO, ("yes", "no"))
    ears.open(listen, ())
    screen.listen(listen, (("1", "Yes"), ("2", "No")))
    clock.now = 90.0
    assert ears.poll(0) == Pressed(ASK)
    screen.listen(Listen(ASK, Kind.CHOICE), ())
    clock.now = 121.0
    assert ears.poll(0) == Ended(wanted=True)
    assert ears.cleared


def test_words_that_nobody_understood_are_a_sign_where_it_asks_and_not_for_ever() -> None:
    clock, board, idle, _, screen = parts()
    for times in range(4):
        idle.waits(clock.now)
        screen.heard("so much noise", NotUnderstood())  # is no sign where nothing was asked
        clock.now += 90.0
        assert idle.look(clock.now) is Due.ASK
        board.put(asks=True)
        screen.heard("[unk]", NotUnderstood())
        assert idle.asked, "no word was in it"
        screen.heard("well yes", NotUnderstood())
        board.put(asks=False)
        if times == 2:
            break
        assert not idle.asked
    clock.now += 30.0
    assert idle.look(clock.now) is Due.CLEAR


def test_stop_clears_at_once_whatever_waits() -> None:
    _, board, _, ears, _ = parts()
    ears.receive(f'{{"say": "canary", "turn": {board.state.turn}}}')
    ears.receive('{"clear": true}')
    assert ears.poll(0) == Ended(wanted=True)
    ears.begin(watching=True)
    assert ears.poll(0) is None


def test_typed_words_come_without_what_does_not_print() -> None:
    _, _, _, ears, _ = parts()
    ears.receive('{"say": " my \\u0000 \\u202e plan\\n", "turn": 0}')
    assert ears.poll(0) == Heard("my plan", Source.TYPED)


def test_only_so_many_answers_wait() -> None:
    _, _, _, ears, _ = parts()
    for _ in range(100):
        ears.receive('{"press": "repeat"}')
    assert sum(ears.poll(0) is not None for _ in range(100)) == ears_module.WAITING


def test_the_pages_own_question_cannot_be_sent() -> None:
    _, _, _, ears, _ = parts()
    with pytest.raises(RefusedError):
        ears.receive(f'{{"press": "{ASK}"}}')


def test_own_words_never_stand_on_the_page() -> None:
    _, board, _, _, screen = parts()
    screen.heard("canary", Answer("own", "canary"))
    assert "canary" not in board.as_json()


def test_clearing_leaves_nothing() -> None:
    _, board, _, _, screen = parts()
    screen.say("W1.1", "canary")
    screen.card("OD", "canary", ["canary"], 0)
    screen.plan(["canary"])
    screen.clear()
    assert "canary" not in board.as_json()


class Dies:
    alive = True
    fails = 1

    def again(self) -> None:
        if self.fails:
            self.fails -= 1
            raise KioskError("kiosk-port", "no", "no")
        self.alive = True


def test_what_died_is_brought_back_though_a_try_fails() -> None:
    dies = Dies()
    keeper = Keeper(dies, dies.again, every=0.01)
    keeper.start()
    dies.alive = False
    until(lambda: dies.alive, 5)
    keeper.stop()
    assert keeper.returns == 1


def test_a_browser_leaves_no_profile(tmp_path: Path) -> None:
    fake = tmp_path / "browser"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    browser = Browser(fake)
    browser.open("http://127.0.0.1:1/")
    profile = browser.profile
    assert browser.alive
    assert profile is not None
    assert profile.is_dir()
    browser.close()
    assert not browser.alive
    assert not profile.exists()


def test_no_browser_is_told() -> None:
    with pytest.raises(KioskError):
        find(["no-such-browser"])


def test_a_session_that_looks_at_nothing_hangs() -> None:
    clock, board, _, _, _ = parts()
    clock.now = 11.0
    assert board.hangs
    board.beat()
    assert not board.hangs


def test_many_threads_put_and_nobody_is_lost() -> None:
    board = Board()
    threads = [threading.Thread(target=lambda: [board.put(turn=True) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (board.state.turn, board.state.number) == (1600, 1600)
