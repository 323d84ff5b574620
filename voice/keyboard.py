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
"""Seconds that a "1" waits for a "0" where a number is asked for."""
SECOND_CTRL_C = 2.0
"""Seconds within which a second Ctrl-C ends."""
ONE_PRESS = 0.5
"""Seconds within which the same key again is one press: a trembling or held key must not answer the next question."""

_STEPS = ("louder", "softer", "slower", "faster")  # meant to be pressed several times
_NOT_WHILE_TYPING = ("back", "skip", "delete_that", "done")
_ERASE = ("c-h",)


def labels(help_key: str = "f1") -> dict[str, str]:
    """Command -> the key to show for it."""
    shown = {key.command: key.label for key in KEYS}
    if help_key.lower() != "f1":
        shown["emergency"] = help_key.capitalize()
    return shown


class Typing:
    """What key presses mean, without a terminal or a clock: `press` and `tick` are told the time, in seconds."""

    def __init__(self, help_key: str = "f1") -> None:
        self.kind = Kind.CHOICE
        self.line = ""
        self.secret = False
        """What is typed is shown to nobody."""
        self._one_since: float | None = None
        self._last = ("", float("-inf"))
        self._interrupted = float("-inf")
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

    @property
    def busy(self) -> bool:
        """Something is half typed."""
        return bool(self.line) or self._one_since is not None

    def press(self, key: str, now: float) -> list[Sound]:
        if key == "c-c":
            return self._interrupt(now)
        sounds: list[Sound] = []
        if self._one_since is not None:
            if key == "0":
                self._one_since = None
                self._last = ("0", now)
                return [Pressed("10")]
            sounds += self._settle()
            if key in ("c-m", "c-j"):
                return sounds
            if key == "1":  # the same key once more, not a second answer
                return sounds
        return sounds + (self._typed(key) if self.line else self._first(key, now))

    def tick(self, now: float) -> list[Sound]:
        """Time has passed."""
        if self._one_since is not None and now - self._one_since >= WAIT_FOR_TEN:
            return self._settle()
        return []

    def _settle(self) -> list[Sound]:
        self._one_since = None
        return [Pressed("1")]

    def _interrupt(self, now: float) -> list[Sound]:
        again = now - self._interrupted <= SECOND_CTRL_C
        self._interrupted = now
        self.line, self._one_since = "", None
        return [Ended(wanted=True)] if again else [Pressed("stop")]

    def _first(self, key: str, now: float) -> list[Sound]:
        if key == "c-d":
            return [Ended(wanted=True)]
        command = self._commands.get(key)
        digit = key.isascii() and key.isdigit() and self.kind is not Kind.FREE
        if command is None and not digit:
            if _printable(key):
                self.line = key
            return []
        last, when = self._last
        self._last = (key, now)
        if key == last and now - when < ONE_PRESS and command not in _STEPS:
            return []
        if command is not None:
            return [Pressed(command)]
        if key == "1" and self.kind is Kind.NUMBER:
            self._one_since = now
            return []
        return [Pressed(key)]

    def _typed(self, key: str) -> list[Sound]:
        if key in ("c-m", "c-j"):
            text, self.line = self.line.strip(), ""
            return [Heard(text, Source.TYPED)] if text else []
        if key in _ERASE:
            self.line = self.line[:-1]
        elif _printable(key):
            self.line += key
        elif (command := self._commands.get(key)) and command not in _NOT_WHILE_TYPING:
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
        return self._typing.busy

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """Listen for this. Starts the reading thread the first time."""
        self._typing.kind = listen.kind
        self._typing.secret = listen.secret
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
        self._typing.kind = Kind.CHOICE
        self._typing.secret = False

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
        while not self._stop.is_set():
            ready = self._ready(self._input.fileno() if os.name == "posix" else None, 0.05)
            presses = self._input.read_keys() if ready else []
            # A lone Esc looks like the start of an arrow key until nothing follows it.
            presses = presses or self._input.flush_keys()
            before = self._typing.line
            for press in presses:
                name = press.key.value if isinstance(press.key, Keys) else press.key
                for sound in self._typing.press(name, self._clock()):
                    self._put(sound)
            for sound in self._typing.tick(self._clock()):
                self._put(sound)
            if self._typing.line != before:
                self._draw()
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

    def _draw(self) -> None:
        """The typed line on one row, its end in sight."""
        line = self._typing.line if not self._typing.secret else "*" * len(self._typing.line)
        with contextlib.suppress(OSError, ValueError):
            try:
                columns = os.get_terminal_size(self._echo.fileno()).columns
            except OSError:
                columns = 0
            room = (columns or 60) - 4  # some terminals say 0
            while line and get_cwidth(line) > max(room, 10):
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
