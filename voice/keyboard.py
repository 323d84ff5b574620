"""Keys and typed words: another pair of ears, for people who cannot or will not speak."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.keys import Keys
from prompt_toolkit.utils import get_cwidth

from voice.errors import SettingsError
from voice.events import Ended, Heard, Kind, Listen, Pressed, Sound, Source


@dataclass(frozen=True)
class Key:
    """One command and the keys that give it."""

    command: str
    label: str
    """What the help text calls the first key."""
    keys: tuple[str, ...]
    """prompt_toolkit's names, or the character itself."""


KEYS = (
    Key("emergency", "F1", ("f1",)),
    Key("stop", "Esc", ("escape",)),
    Key("pause", "Space", (" ",)),
    Key("repeat", "Enter", ("c-m", "c-j")),
    Key("back", "Left", ("left",)),
    Key("skip", "Right", ("right",)),
    Key("louder", "Up", ("up",)),
    Key("softer", "Down", ("down",)),
    Key("slower", "-", ("-",)),
    Key("faster", "+", ("+", "=")),
    Key("help", "?", ("?", "f2")),
    Key("where_am_i", "F3", ("f3",)),
    Key("delete_that", "Delete", ("delete",)),
    Key("done", "End", ("end", "f4")),
    Key("my_notes", "F5", ("f5",)),
    Key("keep_place", "F6", ("f6",)),
)
"""The one table of command keys. Characters count only at the start of a line."""

WAIT_FOR_TEN = 1.2
"""Seconds that a "1" waits for a "0" where a number is asked for, or may be."""
WAIT_FOR_LINE = 0.5
"""Seconds that a digit waits for the rest of "3 of us" where nobody knows what is asked: while it speaks."""
BUSY = 20.0
"""Seconds after the last key for which a begun line holds the clock: some look for every letter, and for how a word is
written; but a stray letter must not hold it for ever."""
BUSY_IN_DANGER = 8.0
"""The same about danger, where silence is an answer: with the wait, 18 s. The line is kept, so nobody loses by it."""
SECOND_CTRL_C = 2.0
"""Seconds within which a second Ctrl-C ends."""
ONE_PRESS = 0.5
"""Seconds within which the same key again is one press: a trembling or held key must not answer the next question."""
LONGEST_LINE = 4000
"""Letters of a line, as many as are looked at for danger: something may lie on a key."""

_STEPS = ("louder", "softer", "slower", "faster")  # meant to be pressed several times
_NOT_WHILE_TYPING = ("back", "skip", "delete_that", "done")
_ENTER, _ERASE = ("c-m", "c-j"), ("c-h",)


def labels(help_key: str = "f1") -> dict[str, str]:
    """Command -> the key to show for it."""
    shown = {key.command: key.label for key in KEYS}
    if help_key.lower() != "f1":
        shown["emergency"] = help_key.capitalize()
    return shown


class Typing:
    """What key presses mean, without a terminal or a clock: `press` and `tick` are told the time, in seconds."""

    def __init__(self, help_key: str = "f1") -> None:
        self.kind: Kind | None = Kind.CHOICE
        """What is asked. None: nobody knows, because it speaks or nothing is asked yet."""
        self.line = ""
        self.secret = False
        """What is typed is shown to nobody."""
        self.danger = False  # what is asked is about it
        self.any_key = False  # a first letter counts at once, and is kept: it may be of "he is not breathing"
        self._held, self._since = "", 0.0  # digits that may become "10" or a line; when the last of them came
        self._last = ("", float("-inf"))
        self._typed_at = self._interrupted = float("-inf")
        self._commands = {name: key.command for key in KEYS for name in key.keys}
        name = help_key.lower() if len(help_key) > 1 else help_key
        known = {key.value for key in Keys}
        if (len(name) != 1 and name not in known) or self._commands.get(name, "emergency") != "emergency":
            raise SettingsError(
                "settings-value",
                f'The key "{help_key}" cannot be the key for emergency help.',
                "Choose another, such as f1 or f12.",
            )
        self._commands[name] = "emergency"

    def busy(self, now: float) -> bool:
        """Somebody is in the middle of an answer."""
        return bool(self._held) or (bool(self.line) and not self._left(now))

    def press(self, key: str, now: float) -> list[Sound]:
        again = key == self._last[0] and now - self._last[1] < ONE_PRESS
        self._last = (key, now)
        if key == "c-c":
            return self._interrupt(now)
        sounds = self.tick(now)
        if held := self._held:
            if self._goes_on(key, now):
                return sounds + self.tick(now)
            sounds += self._settle()
            if key in (*_ENTER, held[-1]):  # sent by hand; or the same key once more, not a second answer
                return sounds
        if self.line and not (_digit(key) and self.kind not in (None, Kind.FREE) and self._left(now)):
            return sounds + self._typed(key, again, now)
        return sounds + self._first(key, again, now)

    def tick(self, now: float) -> list[Sound]:
        """Time has passed, or something else is asked."""
        if self._held and self.kind is Kind.FREE:
            self.line += self._held
            self._held, self._typed_at = "", now
        if not self._held:
            return []
        ten = self._held == "1" and self.kind in (None, Kind.NUMBER)
        wait = WAIT_FOR_TEN if ten else WAIT_FOR_LINE if self.kind is None else 0.0
        return self._settle() if now - self._since >= wait else []

    def _left(self, now: float) -> bool:
        """Nobody goes on with the line."""
        return now - self._typed_at >= (BUSY_IN_DANGER if self.danger else BUSY)

    def _goes_on(self, key: str, now: float) -> bool:
        """Whether a key belongs to the digits that are held."""
        if self._held == "1" and key == "0":
            self._held, self._since = "10", now
        elif key in _ERASE:
            self._held, self._since = self._held[:-1], now
        elif self.kind is None and _printable(key) and not _digit(key) and self._commands.get(key, "pause") == "pause":
            self.line += self._held + key
            self._held, self._typed_at = "", now
        else:
            return False
        return True

    def _settle(self) -> list[Sound]:
        held, self._held = self._held, ""
        return [Pressed(held)]

    def forget(self) -> None:
        """What is half typed is gone."""
        self.line, self._held = "", ""

    def _interrupt(self, now: float) -> list[Sound]:
        again = now - self._interrupted <= SECOND_CTRL_C
        self._interrupted = now
        self.forget()
        return [Ended(wanted=True)] if again else [Pressed("stop")]

    def _first(self, key: str, again: bool, now: float) -> list[Sound]:
        if key == "c-d":
            return [Ended(wanted=True)]
        command = self._commands.get(key)
        if command is None and (self.kind is Kind.FREE or not _digit(key)):
            if _printable(key):
                self.line, self._typed_at = key, now
                return [Pressed(key)] if self.any_key else []
            return []
        if again and command not in _STEPS:
            return []
        if command is not None:
            return [Pressed(command)]
        self._held, self._since = key, now
        return self.tick(now)  # most wait for nothing

    def _typed(self, key: str, again: bool, now: float) -> list[Sound]:
        command = self._commands.get(key)
        if not again and (_printable(key) or key in _ERASE):  # again: something may lie on it
            self._typed_at = now
        if key in _ENTER:
            text, self.line = self.line.strip(), ""
            return [Heard(text, Source.TYPED)] if text else []
        if key in _ERASE:
            self.line = self.line[:-1]
        elif _printable(key):
            self.line = (self.line + key)[:LONGEST_LINE]
        elif command and (not again or command in _STEPS) and (self._left(now) or command not in _NOT_WHILE_TYPING):
            if command in ("stop", "emergency"):
                self.line = ""
            return [Pressed(command)]
        return []


class Keyboard:
    """Ears on a terminal (single keys, typed lines) or on a pipe (a line at a time). Always restores the terminal."""

    def __init__(
        self,
        stream: TextIO | None = None,
        echo: TextIO | None = None,
        help_key: str = "f1",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stream` is where keys come from (default stdin), `echo` where typed letters show (default stdout).

        Raises SettingsError when `help_key` is no key, or is one that another command needs.
        """
        self._stream = stream or sys.stdin
        self._echo = echo or sys.stdout
        self._clock = clock
        self._typing = Typing(help_key)
        self._sounds: queue.Queue[Sound] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # held by whoever changes _typing
        self._stop = threading.Event()
        self._over = False
        self._end = Ended()
        self._restore: Callable[[], None] = lambda: None
        self.terminal = self._stream.isatty()
        """True for single keys, False for a pipe."""

    hears_through = talked_over = wants_the_floor = False

    @property
    def speaking(self) -> bool:
        """A line is being typed, so the waiting clock stands still."""
        return self._typing.busy(self._clock())

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """Listen for this. Starts the reading thread the first time."""
        # Over our voice the kind is one for microphones. About danger no number is asked, so nothing has to wait.
        unknown = listen.over_speech and listen.asks is None and not listen.heavy
        typing = self._typing
        with self._lock:
            hidden = typing.secret and not listen.secret  # else it is shown, and sent as an answer
            left = listen.any_key and not typing.any_key  # by somebody who is not here any more
            if hidden or left:
                typing.forget()
            typing.kind = None if unknown else listen.asks or listen.kind
            typing.secret, typing.danger, typing.any_key = listen.secret, listen.heavy, listen.any_key
        self._start()

    def poll(self, seconds: float) -> Sound | None:
        """The next key or line, waiting at most so many seconds. Ended comes again and again once it came."""
        self._start()
        try:
            wait = seconds > 0 and not self._over
            sound = self._sounds.get(timeout=seconds) if wait else self._sounds.get_nowait()
        except queue.Empty:
            return self._end if self._over else None
        if isinstance(sound, Ended):
            self._over = True
            return self._end
        return sound

    def close(self) -> None:
        """The question is over. Keys are still read: stop and emergency are always live."""
        with self._lock:
            self._typing.kind = None  # a secret stays one until something else is asked

    def shut(self) -> None:
        """End the thread and give the terminal back as it was. Safe to call twice."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=1.0)
        self._restore()

    def _start(self) -> None:
        if self._thread is None:
            work = self._keys if self.terminal else self._lines
            thread = threading.Thread(target=self._guard, args=(work,), name="keyboard", daemon=True)
            if self.terminal:
                self._enter_raw()
            thread.start()
            self._thread = thread  # only now: a signal may come at any line, and one can't join what never began

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._sounds.put(Ended())
            self._restore()

    # ---- a terminal

    def _enter_raw(self) -> None:
        self._input: Input = create_input(self._stream)
        mode = self._input.raw_mode()
        once = threading.Lock()

        def restore() -> None:
            if once.acquire(blocking=False):
                mode.__exit__(None, None, None)

        # The way back is there before the way in: a signal between them must not leave a terminal that shows nothing.
        self._restore = restore
        atexit.register(restore)  # when nobody called shut()
        mode.__enter__()

    def _keys(self) -> None:
        shown = ""
        while not self._stop.is_set():
            ready = self._ready(self._input.fileno() if os.name == "posix" else None, 0.05)
            presses = self._input.read_keys() if ready else []
            # A lone Esc looks like the start of an arrow key until nothing follows it.
            presses = presses or self._input.flush_keys()
            with self._lock:
                sounds: list[Sound] = []
                for press in presses:
                    name = press.key.value if isinstance(press.key, Keys) else press.key
                    sounds += self._typing.press(name, self._clock())
                for sound in sounds + self._typing.tick(self._clock()):
                    self._put(sound)
                line = self._typing.line if not self._typing.secret else "*" * len(self._typing.line)
            if line != shown:
                self._draw(line)
                shown = line
            if self._over or (ready and self._input.closed):
                return

    def _put(self, sound: Sound) -> None:
        if isinstance(sound, Ended) and not self._over:
            self._end = sound
            self._over = True
        if not self._over:
            self._sounds.put(sound)

    @staticmethod
    def _ready(descriptor: int | None, seconds: float) -> bool:
        if descriptor is None:  # Windows: read_keys() looks without waiting
            time.sleep(seconds)
            return True
        return bool(select.select([descriptor], [], [], seconds)[0])

    def _draw(self, line: str) -> None:
        """The typed line on one row, its end in sight."""
        with contextlib.suppress(OSError, ValueError):
            try:
                columns = os.get_terminal_size(self._echo.fileno()).columns
            except OSError:
                columns = 0
            room = max((columns or 60) - 4, 10)  # some terminals say 0
            line = line[-room:]
            while line and get_cwidth(line) > room:
                line = line[1:]
            encoding = self._echo.encoding or "utf-8"
            shown = (f"> {line}" if line else "").encode(encoding, "replace").decode(encoding)
            self._echo.write(f"\r\x1b[K{shown}")
            self._echo.flush()

    # ---- a pipe

    def _lines(self) -> None:
        # os.read, not readline: a daemon thread inside a buffered read can abort Python at exit.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        descriptor, waiting = self._stream.fileno(), ""
        while not self._stop.is_set():
            if os.name == "posix" and not self._ready(descriptor, 0.1):
                continue
            chunk = os.read(descriptor, 4096)
            waiting += decoder.decode(chunk, final=not chunk)
            *whole, waiting = waiting.split("\n")
            for line in whole:
                self._sounds.put(_line(line))
            if not chunk:
                if waiting.strip():
                    self._sounds.put(_line(waiting))
                return


def _line(line: str) -> Sound:
    text = line.strip()
    if not text:
        return Pressed("repeat")
    if text.startswith("key:"):
        return Pressed(text.removeprefix("key:").strip())
    if text in [str(number) for number in range(11)]:
        return Pressed(text)
    return Heard(text, Source.TYPED)


def _printable(key: str) -> bool:
    return len(key) == 1 and (key.isprintable() or key == " ")


def _digit(key: str) -> bool:
    return len(key) == 1 and key.isascii() and key.isdigit()
