"""The room's side of the wire: it beats as long as it lives, does what it is told, and ends with whoever started it."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice.kiosk.wire import Beat, Start, Wire

EVERY = 0.5
"""Seconds between two beats."""


class Heart:
    """One for the life of a room."""

    def __init__(self, wire: Wire, end: Callable[[int], object] = os._exit) -> None:
        """`end` is called with an exit status when nobody looks after this room any more: at once, whatever it does
        just now, since nothing has to be saved."""
        self._wire, self._end = wire, end
        self._starts: queue.SimpleQueue[Start] = queue.SimpleQueue()
        self._goes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._keys: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.leave: Callable[[], None] = lambda: None
        """Told that another room is to take over, where nobody is here."""
        threading.Thread(target=self._read, name="wire", daemon=True).start()

    def started(self) -> Start:
        """Waits until it is told who may see the page."""
        return self._starts.get()

    def goes(self) -> str:
        """Waits until it is its turn. Gives the name of a line to begin with, or ""."""
        return self._goes.get()

    def admit(self, admit: Callable[[str], None]) -> None:
        """Told of each new key to the page, from the first on, on a thread of its own."""

        def work() -> None:
            while True:
                admit(self._keys.get())

        threading.Thread(target=work, name="keys", daemon=True).start()

    def loaded(self) -> None:
        """It has all that it needs."""
        self._wire.tell("loaded")

    def entered(self, key: str) -> None:
        """This key was used."""
        self._wire.tell("entered", key)

    def left(self) -> None:
        """Whoever was here is gone."""
        self._wire.tell("left")

    def beat(self, look: Callable[[], Beat]) -> None:
        """Beats from now on, on a thread of its own."""

        def work() -> None:
            wait = threading.Event()
            while True:
                self._wire.tell("beat", look())
                wait.wait(EVERY)

        threading.Thread(target=work, name="heart", daemon=True).start()

    def _read(self) -> None:
        while (came := self._wire.read()) is not None:
            for what, value in came:
                self._told(what, value)
        self._end(0)

    def _told(self, what: str, value: Any) -> None:
        match what:
            case "start":
                self._starts.put(Start.of(value))
            case "go":
                self._goes.put(str(value))
            case "key":
                self._keys.put(str(value))
            case "leave":
                self.leave()


def born_with(fds: tuple[int, int]) -> tuple[Heart, socket.socket]:
    """What this process got from whoever started it: its wire, and the socket at which it serves its page."""
    return Heart(Wire(socket.socket(fileno=fds[0]))), socket.socket(fileno=fds[1])


def keep_no_dump() -> None:
    """If this process breaks, nobody gets a picture of its memory, in which somebody's words may be."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Where dumps go to a program instead of a file, Linux asks for no limit; but it leaves out what is not wanted.
    with contextlib.suppress(OSError):
        Path("/proc/self/coredump_filter").write_text("0", "ascii")
