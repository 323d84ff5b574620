"""The real kiosk, as a program of its own, and somebody at its page, who talks to it as the page does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from voice.kiosk.state import LISTENING, OVER, STANDBY

HERE = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
"""Seconds after which nothing comes of it any more."""
MOST_TURNS = 200
_RETRY = 0.05
_PACE = 0.06
"""Seconds before each message: whoever sends many more is let go."""
State = dict[str, Any]


class House:
    """The program. `rooms` are its children that serve the page, the one whose turn it is first."""

    def __init__(
        self, home: Path, *arguments: str, environment: Mapping[str, str] | None = None, browser: bool = False
    ) -> None:
        self.began = time.monotonic()
        self.home = home
        show = () if browser else ("--no-browser",)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "voice", "--log", str(home / "log"), "kiosk", "--country", "US", *show, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=HERE,
            env={**os.environ, "AFTERWARDS_HOME": str(home), "PYTHONIOENCODING": "utf-8", **(environment or {})},
            text=True,
        )
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.strip())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def over(self) -> int | None:
        return self._process.poll()

    @property
    def log(self) -> list[str]:
        """What it wrote into its log, without the times."""
        path = self.home / "log"
        return [line.split(" ", 2)[2] for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def address(self) -> tuple[str, str]:
        """(origin, path with a key) that were told last, as soon as they were told."""
        until(lambda: any("?key=" in line for line in self.lines))
        line = next(line for line in reversed(self.lines) if "?key=" in line)
        found = re.search(r"(http://\S+?)(/\?key=\S+)", line)
        assert found is not None
        return found[1], found[2]

    @property
    def rooms(self) -> list[int]:
        """Oldest first."""
        born = sorted((_born(pid), pid) for pid in children(self.pid) if "--room" in command_of(pid))
        return [pid for _, pid in born]

    def with_spare(self) -> tuple[int, int]:
        """The room and the one that comes next, as soon as both are there."""
        until(lambda: len(self.rooms) == 2)
        return self.rooms[0], self.rooms[1]

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        status = self._process.wait(seconds)
        self._thread.join(seconds)
        return status

    def end(self) -> int:
        """As a shutdown does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


class Serves(Protocol):
    """What serves a page."""

    def address(self) -> tuple[str, str]: ...


class Visitor:
    """Somebody at the page: it comes back by itself when the connection is gone."""

    def __init__(self, house: Serves) -> None:
        self.origin, path = house.address()
        self.cookie = self._enter(path)
        self._page: ClientConnection | None = None
        self._last: State = {}
        self.seen: Counter[str] = Counter()
        self.losses = 0
        """How often the connection broke."""

    def _enter(self, path: str) -> str:
        client = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=PATIENCE)
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        client.close()
        assert answer.status == 303
        return str(answer.headers["set-cookie"]).partition(";")[0]

    def facts(self) -> dict[str, Any]:
        """What the page knows from the start."""
        client = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=PATIENCE)
        client.request("GET", "/facts.json", headers={"Cookie": self.cookie})
        answer = client.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        client.close()
        return found

    def _connected(self) -> ClientConnection:
        if self._page is None:
            self._page = connect(
                self.origin.replace("http", "ws") + "/live",
                origin=Origin(self.origin),
                additional_headers={"Cookie": self.cookie},
                open_timeout=5,
                close_timeout=1,
                legacy=True,
            )
        return self._page

    def sees(self, true: Callable[[State], bool] = lambda state: True, seconds: float = PATIENCE) -> State:
        """The picture for which that is true: the last one, or one that comes. Fails where none does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                while True:  # the newest that has come, or else the next one
                    waiting = 0.0 if self._last and self._page is not None else 1.0
                    self._last = json.loads(self._connected().recv(timeout=waiting))
                    if true(self._last):
                        return self._last
            except TimeoutError:
                if self._last and true(self._last):
                    return self._last
                time.sleep(_RETRY / 5)
            except (OSError, WebSocketException):
                self.losses += self._page is not None
                self.goes()
                time.sleep(_RETRY)
        raise AssertionError(f"it did not come; last seen: {self._last}")

    def sends(self, **what: object) -> None:
        """Lost where the connection is gone, as on the page."""
        time.sleep(_PACE)
        try:
            self._connected().send(json.dumps(what))
        except (OSError, WebSocketException):
            self.goes()

    def goes(self) -> None:
        """Sees nothing any more, until it looks again."""
        page, self._page, self._last = self._page, None, {}
        if page is not None:
            with contextlib.suppress(OSError, WebSocketException):
                page.close()

    # ---- a talk

    def begins(self) -> State:
        """Touches Begin, until it is waited for an answer."""
        self.seen.clear()
        for _ in range(int(PATIENCE)):  # a room that is new this moment may not look yet
            state = self.sees(lambda state: state["phase"] == STANDBY)
            self.sends(press="go_on", turn=state["turn"])
            with contextlib.suppress(AssertionError):
                state = self.sees(lambda state: state["phase"] != STANDBY, 2.0)
                return state if waits(state) else self.sees(waits)
        raise AssertionError("no talk begins")

    def answers(self, state: State, typed: str = "") -> State:
        """Gives the next answer, and the picture in which the next one is waited for. `typed`: words where it takes
        some."""
        turn, before = state["turn"], (state["turn"], state["lines"])
        self.seen[state["step"]] += 1
        if typed and state["kind"] in ("free", "feeling"):
            self.sends(say=typed, turn=turn)
        else:
            self.sends(press=self._key(state), turn=turn)
        return self.sees(lambda now: (now["turn"], now["lines"]) != before and (waits(now) or now["phase"] == OVER))

    def _key(self, state: State) -> str:
        if state["kind"] == "number":
            return "4"
        first = 0 if state["step"] == "H1" else 1
        options = state["options"]
        key: str = options[(first + self.seen[state["step"]] - 1) % len(options)]["key"]
        return key

    def talks(self, typed: str = "") -> int:
        """A whole talk, to its end. Gives how many answers that took."""
        state = self.begins()
        for turns in range(MOST_TURNS):
            if state["phase"] == OVER:
                return turns
            state = self.answers(state, typed)
        raise AssertionError(f"it did not end: {self.seen}")

    def stops(self) -> State:
        """Touches Stop; gives the picture in which all is cleared."""
        self.sends(clear=True)
        self._last = {}
        return self.sees(lambda state: state["phase"] == STANDBY)


def waits(state: State) -> bool:
    """For an answer, which stands there."""
    return state["phase"] == LISTENING and bool(state["options"])


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits for it, and fails where it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Of a process; those that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] not in "ZX":
                found.append(int(path.parent.name))
    return found


def command_of(pid: int) -> str:
    """How it was started; "" where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def is_there(pid: int) -> bool:
    """It lives."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _born(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return 0
