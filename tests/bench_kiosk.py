"""The kiosk's faults, and person after person: seconds to recovery, and what grows. Run by scripts/bench kiosk.

scripts/bench kiosk                 all faults, then 200 persons
scripts/bench kiosk faults          the faults alone
scripts/bench kiosk sessions 50     so many persons
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import model_folder
from tests.kiosk_house import HERE, House, Visitor, is_there, until
from tests.kiosk_room import CHROMIUM, kiosk
from tests.kiosk_window import all_of, browser_of, no_window, page_in
from tests.person import Listening
from tests.sound_card import SoundCard
from voice.kiosk.state import STANDBY

TOUCH = ("--silent", "--touch-only")
PERSONS, SPOKEN, EARLY, ANSWERS = 200, 6, 20, 8
Row = tuple[str, str]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
SET_CLOCK = """
import datetime, os, time
real = time.time
def now():
    return real() + float(open(os.environ["CLOCK"]).read() or 0)
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)
class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(now())
time.time, time.time_ns = now, lambda: int(now() * 1e9)
datetime.datetime, datetime.date = Later, Day
"""
"""What Python reads when it begins: the time of day is off by as many seconds as a file says."""


class Faults:
    """Each on a house of its own. A figure is seconds from the fault until somebody at the page can go on."""

    def __init__(self, folder: Path, card: SoundCard | None) -> None:
        self._folder, self._card = folder, card
        self._count = 0

    @contextmanager
    def _house(
        self, *arguments: str, browser: bool = False, environment: Mapping[str, str] | None = None
    ) -> Iterator[House]:
        self._count += 1
        home = self._folder / str(self._count)
        home.mkdir(exist_ok=True)
        more = {**no_window(self._folder / "bin"), **(environment or {})}
        house = House(home, *arguments, environment=more, browser=browser)
        try:
            yield house
        finally:
            house.end()

    def start(self) -> list[Row]:
        began = time.monotonic()
        with self._house(*TOUCH) as house:
            Visitor(house).sees()
            return [("start of the program to a page that can be begun", _s(time.monotonic() - began))]

    def browser(self) -> list[Row]:
        """Killed; then only what draws its page is killed."""
        rows = []
        with self._house(*TOUCH, browser=True) as house:
            with page_in(house):
                before = browser_of(house)
            began = time.monotonic()
            os.kill(before, signal.SIGKILL)
            until(lambda: browser_of(house) not in (0, before))
            with page_in(house):
                rows.append(("browser killed", _s(time.monotonic() - began)))
                before = browser_of(house)
            began = time.monotonic()
            for pid in all_of(before)[1:]:
                if "--type=renderer" in _command(pid):
                    os.kill(pid, signal.SIGKILL)
            until(lambda: browser_of(house) not in (0, before), 120)
            with page_in(house):
                rows.append(("only the process that draws the page killed", _s(time.monotonic() - began)))
        return rows

    def server(self) -> list[Row]:
        """The thread that serves the page ends; the talk goes on behind it."""
        with kiosk() as (_, server):
            visitor = Visitor(_Served(server.entry()))
            visitor.begins()
            began = time.monotonic()
            server.stop()
            until(lambda: not server.alive)
            visitor.goes()
            state = visitor.sees()
            kept = "the talk went on" if state["phase"] != STANDBY else "THE TALK WAS LOST"
            return [(f"page's server gone ({kept})", _s(time.monotonic() - began))]

    def room(self) -> list[Row]:
        """The process with the voice: killed with and without one that waits, standing still, and dying on and on."""
        rows = []
        with self._house(*TOUCH) as house:
            visitor = Visitor(house)
            for what, how in (("killed", signal.SIGKILL), ("stands still (SIGSTOP)", signal.SIGSTOP)):
                first, _ = house.with_spare()
                time.sleep(4)  # the next one is loaded
                visitor.begins()
                began = time.monotonic()
                os.kill(first, how)
                self._is_back(visitor, house, first)
                rows.append((f"room {what}, in a talk", _s(time.monotonic() - began)))
            both = house.with_spare()
            began = time.monotonic()
            for pid in both:
                os.kill(pid, signal.SIGKILL)
            self._is_back(visitor, house, *both)
            rows.append(("room and the one that waits killed", _s(time.monotonic() - began)))
        with self._house() as house:
            visitor = Visitor(house)
            began = time.monotonic()
            for _ in range(3):
                until(lambda: bool(house.rooms))
                visitor.sees()
                os.kill(house.rooms[0], signal.SIGKILL)
                visitor.goes()
            said = visitor.facts()["words"]["no_voice"]
            visitor.sees(lambda state: said in state["troubles"])
            rows.append(("room with a voice killed three times, to touch alone", _s(time.monotonic() - began)))
            began = time.monotonic()
            visitor.sees(lambda state: said not in state["troubles"], 180)
            rows.append(("from there to a room with a voice again", _s(time.monotonic() - began)))
        return rows

    def _is_back(self, visitor: Visitor, house: House, *gone: int) -> None:
        until(lambda: not any(is_there(pid) for pid in gone))
        visitor.goes()
        visitor.sees(lambda state: state["phase"] == STANDBY)

    def sound(self) -> list[Row]:
        """The sound server is killed in a talk, and comes back after 5 seconds."""
        if self._card is None:
            return [("sound server killed", "not tried: there is no virtual sound card here")]
        card = self._card
        with self._house("--model", str(model_folder() or "")) as house:
            visitor = Visitor(house)
            state = visitor.begins()
            card.stop()
            began = time.monotonic()
            state = visitor.answers(state)
            rows = [("sound server killed, in a talk: to the next question, by touch", _s(time.monotonic() - began))]
            time.sleep(5)
            card.start()
            began = time.monotonic()
            listening = Listening(card)
            try:
                while listening.first_sound is None and time.monotonic() < began + 120:
                    with suppress(AssertionError):
                        visitor.sees(lambda now: now["turn"] != state["turn"], 2.0)
                    visitor.sends(press="repeat", turn=visitor.sees()["turn"])
                    time.sleep(1)
                if listening.first_sound is None:
                    return [*rows, ("sound server back: to its voice", "NEVER")]
                return [*rows, ("sound server back: to its voice", _s(listening.first_sound - began))]
            finally:
                listening.stop()

    def power(self) -> list[Row]:
        """Everything is killed at once, and started again."""
        home = self._folder / "power"
        home.mkdir()
        house = House(home, *TOUCH, environment=no_window(self._folder / "bin"), browser=True)
        with page_in(house):
            everything = all_of(house.pid)
        for pid in everything:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        house.wait()
        began = time.monotonic()
        house = House(home, *TOUCH, environment=no_window(self._folder / "bin"), browser=True)
        try:
            with page_in(house):
                took = time.monotonic() - began
        finally:
            house.end()
        left = list(Path("/dev/shm").glob("afterwards-kiosk-*"))
        return [(f"all killed at once, started again, to the page ({len(left)} profiles left)", _s(took))]

    def clock(self) -> list[Row]:
        """Set forward by a day in a talk, and back by two: for this program alone, as Python tells it the time of day.
        What goes by the monotonic clock is left alone, as it is when a real clock is set."""
        told = self._folder / "clock"
        told.write_text("0")
        (self._folder / "sitecustomize.py").write_text(SET_CLOCK)
        path = os.pathsep.join((str(self._folder), str(HERE)))
        rows = []
        with self._house(*TOUCH, environment={"PYTHONPATH": path, "CLOCK": str(told)}) as house:
            visitor = Visitor(house)
            room, _ = house.with_spare()
            state = visitor.begins()
            for what, by in (("forward by a day", 86400), ("back by two days", -86400)):
                told.write_text(str(by))
                time.sleep(8)  # a wait that went by that clock would be over, or never
                began = time.monotonic()
                state = visitor.answers(state)
                same = house.rooms[0] == room and state["phase"] != STANDBY
                kept = "the talk went on" if same else "THE TALK WAS LOST"
                rows.append(
                    (f"clock set {what}, in a talk: to the next question ({kept})", _s(time.monotonic() - began))
                )
            logged = (house.home / "log").read_text("utf-8").split()
            rows.append(
                ("days that its log tells of", ", ".join(sorted({word for word in logged if _DAY.fullmatch(word)})))
            )
        return rows


class _Served:
    """A page's address, as a House tells it."""

    def __init__(self, entry: str) -> None:
        self._entry = entry

    def address(self) -> tuple[str, str]:
        origin, _, key = self._entry.partition("/?")
        return origin, f"/?{key}"


# ---- person after person


def one_process(persons: int, *arguments: str) -> Iterator[Row]:
    """All in one process, as if none of them had a process of their own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kiosk_one_room", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=HERE,
        text=True,
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "?key=" in line)
    visitor = Visitor(_Served(line.split()[4]))
    voice = "real voice and ears" if arguments else "silent"
    try:
        for number in range(1, persons + 1):
            _person(visitor)
            if number in (min(EARLY, persons // 2), persons):
                yield f"one process for all, {voice}: after person {number}", used(process.pid)
    finally:
        process.communicate("", 30)


def one_each(persons: int, folder: Path) -> Iterator[Row]:
    """As it is: a process for each, and the one who looks after them is measured."""
    house = House(folder, *TOUCH)
    try:
        visitor = Visitor(house)
        for number in range(1, persons + 1):
            visitor.sees(lambda state: state["phase"] == STANDBY)
            first = house.rooms[0]
            _person(visitor)
            until(lambda first=first: not is_there(first))  # type: ignore[misc]
            visitor.goes()
            if number in (min(EARLY, persons // 2), persons):
                visitor.sees()
                yield f"a process for each: who looks after them, after person {number}", used(house.pid)
                yield f"a process for each: the room, after person {number}", used(house.rooms[0])
    finally:
        house.end()


def _person(visitor: Visitor) -> None:
    """Comes, gives some answers, and stops."""
    state = visitor.begins()
    for _ in range(ANSWERS):
        state = visitor.answers(state, "some words of my own")
    visitor.stops()


def used(pid: int) -> str:
    """What a process has of the machine now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    files, threads = (len(list(Path(f"/proc/{pid}/{name}").iterdir())) for name in ("fd", "task"))
    return f"{memory:.1f} MB, {files} files, {threads} threads"


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s"


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def main(words: Sequence[str]) -> int:
    """Measures the named parts, or all."""
    which = words[0] if words else "all"
    if which not in ("all", "faults", "sessions"):
        print(f"There is no part '{which}'. Known: faults, sessions.")
        return 2
    if sys.platform != "linux" or CHROMIUM is None:
        print("Nothing could be measured: this needs Linux and Chromium.")
        return 1
    persons = int(words[1]) if len(words) > 1 else PERSONS
    began = time.monotonic()
    table = Table("what", "measured here", title="The kiosk")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        os.environ["AFTERWARDS_HOME"] = str(folder / "home")  # never the settings of whoever measures
        card = _card(folder)
        try:
            if which != "sessions":
                faults = Faults(folder, card)
                for part in ("start", "browser", "server", "room", "sound", "power", "clock"):
                    measure: Callable[[], list[Row]] = getattr(faults, part)
                    _add(table, part, measure)
            if which != "faults":
                _add(table, "persons", lambda: one_process(persons))
                _add(table, "persons", lambda: one_each(persons, folder))
                if card is not None and (model := model_folder()) is not None:
                    _add(table, "persons", lambda: one_process(min(persons, SPOKEN), "--voice", str(model)))
        finally:
            if card is not None:
                card.stop()
    Console(width=max(110, Console().width)).print(table)
    print(f"It took {time.monotonic() - began:.0f} s on {os.cpu_count()} cores.")
    return 0


def _add(table: Table, part: str, measure: Callable[[], Sequence[Row] | Iterator[Row]]) -> None:
    print(f"measuring: {part} ...", file=sys.stderr, flush=True)
    try:
        for row in measure():
            print(*row, sep=": ", file=sys.stderr, flush=True)
            table.add_row(*row)
    except Exception as error:  # the other parts can still be measured
        table.add_row(part, f"not measured: {type(error).__name__} {error}")


def _card(folder: Path) -> SoundCard | None:
    """Plugged in, and in the environment of all that is started from here on; None where it can't be had."""
    if any(shutil.which(program) is None for program in ("pulseaudio", "pactl", "parec", "espeak-ng")):
        return None
    card = SoundCard(folder)
    card.start()
    os.environ.update(card.environment)
    return card


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
