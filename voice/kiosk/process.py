"""A room in a process of its own, as whoever looks after it sees it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from voice.errors import KioskError
from voice.kiosk.wire import Beat, Start, Wire

FLAG = "--room"
"""Option of the command that starts a room: the numbers of its wire and of the socket that it serves."""


class RoomProcess:
    """One process. It ends by itself when this one is gone."""

    def __init__(
        self,
        command: Sequence[str],
        listening: socket.socket,
        start: Start,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises KioskError where no process can be started."""
        self._clock = clock
        self.voice = start.voice
        self.since = self.heard = clock()
        """When it was started, and when it was heard of last."""
        self.beat = Beat()
        self.loaded = self.going = False
        """It has all that it needs; it was told to go."""
        self.unwell_since: float | None = None
        """Since when it beats, and yet the page is not served or the talk hangs."""
        ours, theirs = socket.socketpair()
        fds = (theirs.fileno(), listening.fileno())
        try:
            self._process = subprocess.Popen(
                [*command, FLAG, f"{fds[0]},{fds[1]}"],
                stdin=subprocess.DEVNULL,
                pass_fds=fds,
                start_new_session=True,  # Ctrl-C is for this process alone, which then ends that one
            )
        except OSError as error:
            ours.close()
            raise KioskError("kiosk-room", "The kiosk's room can't be started.", "Start the program again.") from error
        finally:
            theirs.close()
        self._wire = Wire(ours)
        self._wire.tell("start", start)

    def fileno(self) -> int:
        return self._wire.fileno()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """How: an exit status, or a signal's number below zero; None while it lives."""
        return self._process.poll()

    @property
    def serves(self) -> bool:
        """The page is there, and the room behind it."""
        return self.going and self.beat.page

    def go(self, *, news: str = "") -> None:
        """It is its turn. `news`: name of a line for the page to begin with."""
        self.going, self.since = True, self._clock()
        self.heard = self.since
        self.tell("go", news)

    def tell(self, what: str, value: object = True) -> None:
        self._wire.tell(what, value)

    def read(self) -> list[tuple[str, Any]] | None:
        """What it said, other than beats; None where it says nothing any more. Does not wait."""
        came = self._wire.read(wait=False)
        if came is None:
            return None
        rest = []
        for what, value in came:
            if what == "beat":
                self._take(Beat(**value))
            elif what == "loaded":
                self.loaded, self.heard = True, self._clock()
            else:
                rest.append((what, value))
        return rest

    def _take(self, beat: Beat) -> None:
        self.beat, self.heard = beat, self._clock()
        if beat.page and not beat.hangs:
            self.unwell_since = None
        elif self.unwell_since is None:
            self.unwell_since = self.heard

    def kill(self, after: float = 0.0) -> None:
        """Ends it: by itself within so many seconds, or at once. Safe to call twice."""
        self._wire.close()  # for the room that is the sign to end
        if after > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(after)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def has_memory_for(pid: int) -> bool:
    """Whether there is memory for another process like this one, and as much again; True where that is not known."""
    try:
        available = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text("ascii"))
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return True
    return available is None or int(available[1]) * 1024 > 2 * pages * os.sysconf("SC_PAGE_SIZE")
