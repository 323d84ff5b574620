"""What passes between the room and whoever looks after it: lines of JSON on a pair of sockets that both were born with.

Nothing of it lies on a disk, in an environment or on a command line. When one of the two is gone, the other knows.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import asdict, dataclass
from typing import Any

_WAITING = 64 * 1024
"""Bytes that wait for one who does not read; what comes on top is dropped."""


@dataclass(frozen=True)
class Beat:
    """How the room is, again and again."""

    hangs: bool = False
    """The talk looked for no answer for a long time."""
    page: bool = False
    """The page is served."""
    talks: bool = False
    """Somebody is there."""
    whole: bool = True
    """It speaks and hears, as far as it was asked to."""
    pages: int = 0
    """How many browsers show it."""


@dataclass(frozen=True)
class Start:
    """What a room is told first."""

    cookie: str
    keys: tuple[str, ...] = ()
    voice: bool = True
    """It may speak and hear; else it goes by touch alone."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Start:
        """As it came over the wire. Raises KeyError, TypeError."""
        return cls(str(told["cookie"]), tuple(map(str, told["keys"])), bool(told["voice"]))


class Wire:
    """One end. Any thread may tell; one reads."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._out = self._in = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def tell(self, what: str, value: object = True) -> None:
        """Never waits, and never raises: whether the other is there shows when reading."""
        line = json.dumps({what: asdict(value) if isinstance(value, Beat | Start) else value}).encode() + b"\n"
        with self._lock:
            if len(self._out) < _WAITING:
                self._out += line
            try:
                sent = self._end.send(self._out, socket.MSG_DONTWAIT)
            except OSError:
                return
            self._out = self._out[sent:]

    def read(self, *, wait: bool = True) -> list[tuple[str, Any]] | None:
        """What came, as (what, value); None where the other end is gone."""
        try:
            more = self._end.recv(_WAITING, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not more:
            return None
        *lines, self._in = (self._in + more).split(b"\n")
        return [pair for line in lines for pair in json.loads(line).items()]

    def close(self) -> None:
        """Safe to call twice."""
        self._end.close()
