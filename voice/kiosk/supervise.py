"""Looks after the room from outside: native code may end it, or it may stand still, and somebody sits before the page.

Each person gets a process of their own. What was said is then gone with the process, whatever a library kept of it;
and the next one, who finds everything loaded already, waits for nothing.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voice.errors import KioskError
from voice.kiosk.guard import MOST_KEYS, secret
from voice.kiosk.notify import Notify
from voice.kiosk.process import RoomProcess, has_memory_for
from voice.kiosk.server import MOST_CONNECTIONS, address_of
from voice.kiosk.shown import Shown, Shows
from voice.kiosk.wire import Start

_log = logging.getLogger("afterwards")
_LOOK = 0.2
"""Seconds between two looks at most."""
CAME_BACK, NO_VOICE = "came_back", "no_voice"
"""Names of the lines that a page begins with: a talk was broken off; the voice is off."""
_USAGE = (1, 2)
"""Exit statuses with which a room says itself, in words, that it can't be as it was asked for."""


@dataclass(frozen=True)
class Limits:
    """All in seconds, but for `deaths`."""

    start: float = 60.0
    """A room that was started says something within this."""
    beat: float = 6.0
    """A room that beats not for so long stands still."""
    hang: float = 10.0
    """So long its talk may look for no answer, on top of what counts as hanging there."""
    deaths: int = 3
    """So many ends of rooms with a voice, within `within`, and the next one goes by touch alone."""
    within: float = 90.0
    again: float = 60.0
    """Then the voice is tried again; after twice that time if it fails again, and so on."""
    longest: float = 900.0
    spare: float = 3.0
    """So long after a room began to serve the next one is made ready."""
    leave: float = 3.0
    """A room may take this to end by itself."""
    deaf: float = 60.0
    """A room that should speak and hear, and does not, is changed for another after this, if nobody is there."""
    unseen: float = 20.0
    """So long a browser may show no page; then it is opened anew."""


def listen(port: int) -> socket.socket:
    """Where the page is served, whichever room does it: nobody else can take the port while one room dies and another
    comes. 0: any free one. Raises KioskError."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(MOST_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise KioskError(
            "kiosk-port", "The kiosk's page can't be served.", "Another program may have the port: choose another."
        ) from error
    return listening


class Supervisor:
    """One for the life of the program. All work is done on the thread that calls `run`, but for opening the browser."""

    def __init__(
        self,
        command: Sequence[str],
        listening: socket.socket,
        *,
        voice: bool = True,
        browser: Shows | None = None,
        tell: Callable[[str], None] = lambda line: None,
        notify: Notify,
        limits: Limits = Limits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command` starts a room; `voice`: it is to speak or hear. `tell` takes lines for who looks after the room."""
        self._command, self._listening = list(command), listening
        self._voice = voice
        self._tell, self._notify, self._limits, self._clock = tell, notify, limits, clock
        self._over = threading.Event()
        self._cookie = secret()
        self._lock = threading.Lock()
        self._keys: tuple[str, ...] = ()
        self._rooms: list[RoomProcess] = []
        self._room: RoomProcess | None = None
        self._next: RoomProcess | None = None
        self._selector = selectors.DefaultSelector()
        now = clock()
        self._room_at = self._spare_at = self._signed_at = now
        self._spare_wait = limits.spare
        self._fails = 0
        self._ready = self._served = False
        self._deaths: deque[float] = deque(maxlen=limits.deaths)
        self._silent_until: float | None = None
        """The voice is off until then; None: it is on."""
        self._silent_for, self._deaf_for = limits.again, limits.deaf
        self._deaf_since = now
        self._shown = Shown(browser, self.entry, tell, limits.unseen, clock) if browser is not None else None

    @property
    def origin(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def room(self) -> RoomProcess | None:
        """The one whose turn it is."""
        return self._room

    @property
    def spare(self) -> RoomProcess | None:
        """The one that comes after it."""
        return self._next

    def end(self) -> None:
        """`run` returns soon. From any thread, or a signal."""
        self._over.set()

    def entry(self) -> str:
        """An address that opens the page, once, whichever room serves it then."""
        key = secret()
        with self._lock:
            self._keys = (*self._keys, key)[-MOST_KEYS:]
            for room in self._rooms:
                room.tell("key", key)
        return address_of(self.origin, key)

    def run(self) -> int:
        """Until it is told to end: 0. Where the first room can't be as it was asked for, its exit status."""
        self._tell(f"The kiosk's page is served at {self.origin}. Ctrl-C ends it.")
        try:
            self._begin("")
            self._show_address()
            if self._shown is not None:
                self._shown.open()
            while not self._over.is_set():
                self._read()
                if (status := self._look()) is not None:
                    return status
                self._look_at_page()
                self._sign()
            return 0
        finally:
            self._close()

    def _close(self) -> None:
        self._notify.tell(stopping="1")
        for room in (self._next, self._room):
            if room is not None:
                self._let_go(room, self._limits.leave)
        if self._shown is not None:
            self._shown.close()
        self._selector.close()
        self._listening.close()

    # ---- rooms

    def _start(self) -> RoomProcess:
        """Raises KioskError."""
        with self._lock:
            start = Start(self._cookie, self._keys, self._may_speak)
            room = RoomProcess(self._command, self._listening, start, self._clock)
            self._rooms.append(room)
        self._selector.register(room, selectors.EVENT_READ)
        return room

    def _begin(self, news: str) -> None:
        """The next room's turn: the one that waits, or a new one. Never raises."""
        room, self._next = self._next, None
        if room is not None and (room.ended is not None or room.voice != self._may_speak):
            self._let_go(room)
            room = None
        now = self._clock()
        try:
            self._room = room or self._start()
        except KioskError as error:
            _log.warning("trouble: %s", error.code)
            self._room, self._room_at = None, now + 1.0
            return
        self._room.go(news=news or (NO_VOICE if self._voice and not self._room.voice else ""))
        self._deaf_since = now
        self._spare_at = now + self._spare_wait
        self._served = False

    @property
    def _may_speak(self) -> bool:
        return self._voice and self._silent_until is None

    def _let_go(self, room: RoomProcess, after: float = 0.0) -> None:
        self._ignore(room)
        with self._lock:
            self._rooms.remove(room)
        room.kill(after)

    def _ignore(self, room: RoomProcess) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(room)

    def _read(self) -> None:
        for key, _ in self._selector.select(_LOOK):
            room = key.fileobj
            assert isinstance(room, RoomProcess)
            came = room.read()
            if came is None:
                self._ignore(room)
            for what, value in came or ():
                if what == "entered":
                    self._entered(str(value))
                elif what == "left" and room is self._room:
                    self._let_go(room, self._limits.leave)
                    self._begin("")
                    return

    def _look(self) -> int | None:
        now = self._clock()
        room = self._room
        if room is None:
            if now >= self._room_at:
                self._begin("")
            return None
        ended = room.ended
        if ended is not None and not self._ready and ended in _USAGE:
            return ended
        if ended is not None or self._stands_still(room, now):
            self._died(room, now)
            return None
        if room.serves and not self._served:
            self._served, self._fails = True, 0
            if not self._ready:
                self._ready = True
                self._notify.tell(ready="1", status=self._status())
            else:
                self._notify.tell(status=self._status())
        self._look_at_spare(room, now)
        self._look_at_voice(room, now)
        return None

    def _stands_still(self, room: RoomProcess, now: float) -> bool:
        limits = self._limits
        wait = limits.beat if room.beat.page else limits.hang if room.loaded else limits.start
        if now - room.heard > wait:
            return True
        return room.unwell_since is not None and now - room.unwell_since > limits.hang

    def _died(self, room: RoomProcess, now: float) -> None:
        """It is gone, or will be at once; another takes its place."""
        _log.warning("trouble: %s", "kiosk-room-hung" if room.ended is None else "kiosk-room-died")
        broken_off = room.beat.talks
        self._let_go(room)
        if room.voice:
            self._deaths.append(now)
            many = len(self._deaths) == self._limits.deaths
            if many and now - self._deaths[0] <= self._limits.within:
                self._silence(now)
        if not self._served:
            self._fails += 1
        self._notify.tell(status="The room is brought back.")
        if self._fails > 1:  # what ends at once is not started again and again
            self._room, self._room_at = None, now + min(30.0, 2.0**self._fails / 4)
        else:
            self._begin(CAME_BACK if broken_off and self._silent_until is None else "")

    # ---- the voice

    def _silence(self, now: float) -> None:
        """Touch alone for a while."""
        self._silent_until = now + self._silent_for
        self._silent_for = min(self._limits.longest, 2 * self._silent_for)
        self._deaths.clear()

    def _look_at_voice(self, room: RoomProcess, now: float) -> None:
        """Changes a room that does not speak and hear as it should for one that may, while nobody is there."""
        if self._silent_until is not None and now >= self._silent_until:
            self._silent_until = None
            self._drop_spare(now)
        may = self._may_speak
        if not room.serves or room.beat.talks or (room.voice == may and room.beat.whole):
            self._deaf_since = now
            if room.voice and room.beat.whole and now - room.since > self._limits.within:
                self._silent_for, self._deaf_for = self._limits.again, self._limits.deaf
            return
        there = self._next is not None and self._next.loaded and self._next.voice == may
        deaf = now - self._deaf_since
        if room.voice != may and (there or deaf > self._limits.start):
            room.tell("leave")
        elif room.voice and deaf > self._deaf_for:
            self._deaf_since, self._deaf_for = now, min(self._limits.longest, 2 * self._deaf_for)
            room.tell("leave")

    # ---- the one that comes next

    def _drop_spare(self, now: float) -> None:
        spare, self._next = self._next, None
        if spare is not None:
            self._let_go(spare)
        self._spare_at = now

    def _look_at_spare(self, room: RoomProcess, now: float) -> None:
        spare = self._next
        if spare is not None:
            late = not spare.loaded and now - spare.since > self._limits.start
            if spare.ended is None and not late:
                if spare.loaded:
                    self._spare_wait = self._limits.spare
                return
            _log.warning("trouble: kiosk-spare-died")
            self._drop_spare(now)
            if spare.voice and not room.voice:  # the voice is still broken
                self._silence(now)
            self._spare_wait = min(self._limits.longest, 2 * self._spare_wait)
            self._spare_at = now + self._spare_wait
        if not room.serves or now < self._spare_at:
            return
        self._spare_at = now + self._spare_wait
        if has_memory_for(room.pid):
            try:
                self._next = self._start()
            except KioskError as error:
                _log.warning("trouble: %s", error.code)

    # ---- the page

    def _look_at_page(self) -> None:
        if self._shown is not None:
            room = self._room
            self._shown.look(room.beat.pages if room is not None and room.serves else None)

    def _entered(self, used: str) -> None:
        with self._lock:
            self._keys = tuple(key for key in self._keys if key != used)
        self._show_address()

    def _show_address(self) -> None:
        if self._shown is None:
            self._tell(f"The page is at {self.entry()} (good once)")

    # ---- the service manager

    def _status(self) -> str:
        return "By voice and touch." if self._room is not None and self._room.voice else "By touch alone."

    def _sign(self) -> None:
        """A sign of life, only while the room lives."""
        now, room = self._clock(), self._room
        alive = room is not None and room.ended is None and room.serves and now - room.heard < self._limits.beat
        if self._notify.every and alive and now - self._signed_at >= self._notify.every / 2:
            self._signed_at = now
            self._notify.tell(watchdog="1")
