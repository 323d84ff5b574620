"""What is touched, pressed, typed or chosen on the page: a pair of ears for the session."""

from __future__ import annotations

import contextlib
import json
import queue
from collections.abc import Sequence
from typing import Any

from voice.events import Ended, Heard, Listen, Pressed, Sound, Source
from voice.kiosk.idle import Due, Idle
from voice.kiosk.screen import ASK
from voice.kiosk.state import Board

LONGEST_MESSAGE = 2048
"""Bytes of one message from a page."""
LONGEST_TEXT = 400
"""Letters of one typed answer."""
WAITING = 16
"""Answers that can wait to be looked at; more are dropped."""
BUSY = 8.0
"""Seconds for which somebody counts as being in the middle of an answer, since the page last said so."""
_NUMBERS = frozenset(str(number) for number in range(11))


class RefusedError(Exception):
    """A message that no page of ours sends."""


class KioskEars:
    """One pair for all people, one after the other: `begin` makes it new. The server's thread calls `receive`, the
    session's thread everything else."""

    hears_through = talked_over = wants_the_floor = False

    def __init__(self, board: Board, idle: Idle, commands: frozenset[str]) -> None:
        """`commands`: names that the page may send."""
        self._board, self._idle = board, idle
        self._commands = commands - {ASK}
        self._sounds: queue.Queue[Sound] = queue.Queue(WAITING)
        self._signs: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._busy_until = float("-inf")
        self._watching = False
        self._listening = False
        self._cleared = self._over = False

    @property
    def speaking(self) -> bool:
        """Somebody types, or looks for an answer with two switches: the waiting stands still."""
        return self._board.clock() < self._busy_until

    @property
    def cleared(self) -> bool:
        """Somebody pressed stop, or nobody was there any more."""
        return self._cleared

    @property
    def waiting(self) -> bool:
        """Something waits to be looked at."""
        return self._cleared or not self._sounds.empty()

    def begin(self, *, watching: bool) -> None:
        """For the next person. `watching`: whether it looks if somebody is still there."""
        while not self._sounds.empty():
            self._sounds.get_nowait()
        self._cleared, self._watching, self._busy_until = self._over, watching, float("-inf")
        self._idle.sign(self._board.clock())

    def end(self) -> None:
        """There is nobody any more, for good. From any thread."""
        self._over = self._cleared = True

    # ---- from the page, on the server's thread

    def receive(self, message: str) -> None:
        """One message. Raises RefusedError for what no page of ours sends; what comes too late or too often is dropped.

        {"press": "1", "turn": 7}   an answer, to question 7         {"press": "repeat"}   a command, to any
        {"say": "text", "turn": 7}  a typed answer                   {"clear": true}       stop: clear all
        {"here": true}              somebody touched something       {"busy": true}        and looks for an answer
        """
        what = _parsed(message)
        now = self._board.clock()
        match what:
            case {"press": str(key), **rest} if rest.keys() <= {"turn"}:
                if key in _NUMBERS:
                    self._answer(Pressed(key), rest.get("turn"))
                elif key in self._commands:
                    self._answer(Pressed(key), rest.get("turn", self._board.state.turn))
                else:
                    raise RefusedError
            case {"say": str(text), "turn": int(turn), **rest} if not rest and len(text) <= LONGEST_TEXT:
                words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
                if words:
                    self._answer(Heard(words, Source.TYPED), turn)
            case {"clear": True, **rest} if not rest:
                self._cleared = True
            case {"here": True, **rest} if not rest:
                pass
            case {"busy": True, **rest} if not rest:
                self._busy_until = now + BUSY
            case _:
                raise RefusedError
        self._signs.put(now)

    def _answer(self, sound: Sound, turn: object) -> None:
        if type(turn) is not int:
            raise RefusedError
        if turn == self._board.state.turn:
            self._busy_until = float("-inf")
            self._put(sound)

    def _put(self, sound: Sound) -> None:
        with contextlib.suppress(queue.Full):
            self._sounds.put_nowait(sound)

    # ---- for the session

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """Nothing is asked just now while the voice speaks."""
        self._listening = not listen.over_speech

    def poll(self, seconds: float) -> Sound | None:
        """The next answer, waiting at most so many seconds. Ended comes again and again once all is to be cleared."""
        self._board.beat()
        while not self._signs.empty():
            self._idle.sign(self._signs.get_nowait())
        if not self._cleared and self._watching and self._listening:
            match self._idle.look(self._board.clock()):
                case Due.ASK:
                    return Pressed(ASK)
                case Due.CLEAR:
                    self._cleared = True
        if self._cleared:
            return Ended(wanted=True)
        try:
            return self._sounds.get(timeout=seconds) if seconds > 0 else self._sounds.get_nowait()
        except queue.Empty:
            return Ended(wanted=True) if self._cleared else None

    def close(self) -> None:
        """The question is over; stop and emergency are still taken."""
        self._listening = False

    def shut(self) -> None:
        """Nothing is held."""


def _parsed(message: str) -> dict[str, Any]:
    if len(message.encode("utf-8", "replace")) > LONGEST_MESSAGE:
        raise RefusedError
    try:
        what = json.loads(message)
    except (ValueError, RecursionError):
        raise RefusedError from None
    if not isinstance(what, dict):
        raise RefusedError
    return what
