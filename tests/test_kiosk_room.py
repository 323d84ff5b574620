"""A kiosk's room whose voice or microphone is broken: somebody who comes can still begin, and goes on by touch."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.kiosk_room import until
from voice.errors import MicrophoneError
from voice.events import Ended, Heard, Listen, Sound, Source, Trouble, Utterance
from voice.kiosk.state import LISTENING, OVER, SPEAKING, STANDBY
from voice.parts_kiosk import Room
from voice.parts_lines import known_lines
from voice.settings import Settings


class Deaf:
    """Ears without a microphone: Trouble once, then Ended."""

    speaking = hears_through = talked_over = wants_the_floor = False
    told = False

    def open(self, listen: Listen, phrases: Sequence[str]) -> None: ...

    def poll(self, seconds: float) -> Sound | None:
        time.sleep(seconds)
        if self.told:
            return Ended()
        self.told = True
        return Trouble(MicrophoneError("microphone-missing", "There is no microphone.", "Touch your answers."))

    def close(self) -> None: ...

    def shut(self) -> None: ...


class Breaks:
    """A mouth that breaks in a way that nobody foresaw, at its n-th line and ever after."""

    def __init__(self, at: int) -> None:
        self.lines, self._at = 0, at

    def start(self, utterance: Utterance) -> None:
        self.lines += 1
        if self.lines >= self._at:
            raise RuntimeError("nobody foresaw this")

    def wait(self, seconds: float) -> bool:
        return True

    def stop(self) -> int:
        return 0

    def prepare(self, utterances: Sequence[Utterance]) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def shut(self) -> None: ...

    def choose(self, voice: str | None) -> None: ...

    def news(self) -> None: ...


class Says(Deaf):
    """Ears into which a test speaks: what is put into `words` is heard as soon as it listens at `step`."""

    def __init__(self, step: str) -> None:
        self.words: list[str] = []
        self._step, self._here = step, False

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self._here = listen.step == self._step and not listen.over_speech

    def close(self) -> None:
        self._here = False

    def poll(self, seconds: float) -> Sound | None:
        time.sleep(seconds)
        if not self._here or not self.words:
            return None
        text = self.words.pop(0)
        return Heard(text, Source.VOICE, 1.0, (text,), 1.0, 0.1)


@contextlib.contextmanager
def running(mouth: Any = None, hearing: Any = None, speed: float = 1.0) -> Iterator[Room]:
    """Its clock runs `speed` times as fast."""
    chosen = replace(Settings(), country="US")
    lines = known_lines(chosen.lines_file)
    room = Room(chosen, lines, mouth=mouth, hearing=hearing, clock=lambda: time.monotonic() * speed)
    thread = threading.Thread(target=room.run, daemon=True)
    thread.start()
    try:
        yield room
        assert thread.is_alive()
    finally:
        room.end()
        thread.join(10)


def begins(room: Room) -> None:
    room.ears.receive('{"press": "go_on"}')
    until(lambda: room.board.state.phase == LISTENING)


def test_without_a_microphone_the_page_can_still_be_begun() -> None:
    with running(hearing=Deaf()) as room:
        until(lambda: not room.board.state.hears)
        assert room.board.state.phase == STANDBY  # where the page has its button to begin
        assert room.board.state.troubles
        begins(room)


def test_a_voice_that_breaks_while_it_waits_leaves_the_page() -> None:
    mouth = Breaks(at=1)
    with running(mouth) as room:
        until(lambda: not room.board.state.voice)
        assert room.board.state.phase == STANDBY
        begins(room)


def test_a_voice_that_breaks_in_a_talk_leaves_touch_and_says_so() -> None:
    mouth = Breaks(at=2)
    with running(mouth) as room:
        until(lambda: mouth.lines == 1)
        begins(room)
        state = room.board.state
        assert (state.step, state.voice) == ("H1", False)
        assert "touch" in state.troubles[0]
        assert [option.label for option in state.options][:2] == ["Yes", "No"]


def test_help_offers_nothing_that_is_not_there() -> None:
    with running() as room:
        until(lambda: room.board.state.phase == STANDBY)
        begins(room)
        room.ears.receive('{"press": "help"}')
        until(lambda: any("delete that" in line for line in room.board.state.lines))
        until(lambda: room.board.state.phase == LISTENING)
        assert not any("my place" in line for line in room.board.state.lines)


def to_the_end(room: Room) -> None:
    """Begins, and asks for the plan at once."""
    begins(room)
    for _ in range(6):
        until(lambda: room.board.state.phase in (LISTENING, OVER))
        if room.board.state.phase == OVER:
            break
        turn = room.board.state.turn
        room.ears.receive('{"press": "done"}')
        until(lambda turn=turn: room.board.state.turn != turn)  # type: ignore[misc]
    until(lambda: room.board.state.phase == OVER)
    assert room.board.state.plan


def test_after_a_talk_stop_can_be_said() -> None:
    hearing = Says("after")
    with running(hearing=hearing) as room:
        to_the_end(room)
        hearing.words += ["what a day", "stop"]
        until(lambda: room.board.state.phase == STANDBY)
        assert room.board.state.plan == ()
        assert hearing.words == []


def test_after_a_talk_danger_is_heard() -> None:
    hearing = Says("after")
    with running(hearing=hearing) as room:
        to_the_end(room)
        hearing.words += ["he is not breathing"]
        until(lambda: room.board.state.card is not None)
        assert room.board.state.plan == ()


def test_after_a_talk_it_asks_and_whoever_answers_keeps_the_plan() -> None:
    hearing = Says("after")
    with running(hearing=hearing, speed=30.0) as room:
        to_the_end(room)
        until(lambda: room.board.state.asks)
        assert "still there" in room.board.state.lines[-1]
        assert room.board.state.plan
        hearing.words += ["go on"]
        until(lambda: not room.board.state.asks)
        assert room.board.state.plan
        until(lambda: room.board.state.asks)
        until(lambda: room.board.state.phase == STANDBY)
        assert room.board.state.plan == ()


class Voices(Breaks):
    """A mouth that never breaks, and writes down which voice it is to speak with."""

    def __init__(self) -> None:
        super().__init__(at=1_000_000)
        self.chosen: list[str | None] = []

    def choose(self, voice: str | None) -> None:
        self.chosen.append(voice)


def test_the_next_person_has_the_rooms_own_voice_rate_volume_and_patience() -> None:
    mouth = Voices()
    with running(mouth) as room:
        begins(room)
        before = len(mouth.chosen)
        for name in ("slower", "softer", "wait_longer", "another_voice"):
            manner = (room._manner.rate, room._manner.volume, room._manner.patience, len(mouth.chosen))
            room.ears.receive(f'{{"press": "{name}"}}')
            if name != "another_voice":
                until(
                    lambda manner=manner: (  # type: ignore[misc]
                        (room._manner.rate, room._manner.volume, room._manner.patience, len(mouth.chosen)) != manner
                    )
                )
            until(lambda: room.board.state.phase != SPEAKING)
        room.ears.receive('{"clear": true}')
        until(lambda: room.board.state.phase == STANDBY)
        until(lambda: len(mouth.chosen) > before)
        assert mouth.chosen[-1] == Settings().voice
        assert (room._manner.rate, room._manner.volume, room._manner.patience) == (100, Settings().volume, 0)
