"""Whoever looks after the room: what it does about rooms that die, hang or go deaf, and what it tells the system."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk_house import House, Visitor, children, command_of, is_there, until
from voice.errors import KioskError
from voice.kiosk.browser import Browser, sweep
from voice.kiosk.notify import Notify
from voice.kiosk.shown import Shown
from voice.kiosk.supervise import CAME_BACK, NO_VOICE, Limits, Supervisor, listen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
QUICK = Limits(start=30, beat=4, hang=1, deaths=3, within=60, again=3, spare=0.1, leave=2, deaf=1, unseen=5)
TOUCH = ("--silent", "--touch-only")


class Rooms:
    """Fake rooms, and the real one who looks after them."""

    def __init__(self, folder: Path, faults: str = "", notify: Notify | None = None) -> None:
        self._file = folder / "faults"
        self.goes_wrong(faults)
        command = [sys.executable, "-m", "tests.kiosk_fake_room", str(self._file)]
        self.keeper = Supervisor(command, listen(0), notify=notify or Notify({}, 0), limits=QUICK)
        self.status: list[int] = []
        self.thread = threading.Thread(target=lambda: self.status.append(self.keeper.run()), daemon=True)

    def goes_wrong(self, faults: str) -> None:
        self._file.write_text(faults, "utf-8")

    @property
    def told(self) -> list[str]:
        """Of each room whose turn it was: whether it had a voice, and the line that it began with."""
        told = self._file.with_suffix(".told")
        return told.read_text("utf-8").splitlines() if told.exists() else []

    @property
    def serves(self) -> bool:
        room = self.keeper.room
        return room is not None and room.serves

    @property
    def pid(self) -> int:
        room = self.keeper.room
        return room.pid if room is not None else 0


@contextlib.contextmanager
def rooms(folder: Path, faults: str = "", notify: Notify | None = None) -> Iterator[Rooms]:
    made = Rooms(folder, faults, notify)
    made.thread.start()
    try:
        yield made
    finally:
        made.keeper.end()
        made.thread.join(30)
        assert not made.thread.is_alive()
        assert not any("kiosk_fake_room" in command_of(pid) for pid in children(os.getpid()))


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])


def test_one_that_dies_is_followed_by_the_next_one(tmp_path: Path) -> None:
    with rooms(tmp_path) as made:
        until(lambda: made.serves and made.keeper.spare is not None and made.keeper.spare.loaded)
        first, spare = made.pid, made.keeper.spare
        os.kill(first, signal.SIGKILL)
        until(lambda: made.serves and made.pid != first)
        assert made.keeper.room is spare
        assert made.told == ["voice", "voice"]


def test_a_talk_that_broke_off_is_told(tmp_path: Path) -> None:
    with rooms(tmp_path, "talks") as made:
        until(lambda: made.serves and made.keeper.room is not None and made.keeper.room.beat.talks)
        os.kill(made.pid, signal.SIGKILL)
        until(lambda: len(made.told) == 2)
        assert made.told[1] == f"voice {CAME_BACK}"


@pytest.mark.parametrize("fault", ["hangs", "no-page"])
def test_one_whose_talk_hangs_is_ended(tmp_path: Path, fault: str) -> None:
    with rooms(tmp_path) as made:
        until(lambda: made.serves)
        first = made.pid
        made.goes_wrong(fault)
        until(lambda: made.pid not in (first, 0))
        assert not is_there(first)
        made.goes_wrong("")
        until(lambda: made.serves)


def test_one_that_stands_still_is_ended(tmp_path: Path) -> None:
    with rooms(tmp_path) as made:
        until(lambda: made.serves)
        first = made.pid
        os.kill(first, signal.SIGSTOP)
        until(lambda: made.serves and made.pid != first)
        assert not is_there(first)


def test_after_three_deaths_it_goes_by_touch_and_the_voice_comes_back(tmp_path: Path) -> None:
    with rooms(tmp_path, "voice-dies") as made:
        until(lambda: len(made.told) == 4)
        assert made.told == ["voice", "voice", "voice", f"touch {NO_VOICE}"]
        made.goes_wrong("")
        until(lambda: len(made.told) == 5)
        assert made.told[4] == "voice"


def test_a_voice_that_is_still_broken_leaves_the_page_alone(tmp_path: Path) -> None:
    with rooms(tmp_path, "voice-dies") as made:
        until(lambda: made.told[3:] == [f"touch {NO_VOICE}"])
        until(lambda: made.serves)
        touch = made.pid
        made.goes_wrong("voice-dies-loading")
        time.sleep(3 * QUICK.again)
        assert made.pid == touch
        assert made.serves


def test_where_nobody_comes_up_it_tries_less_and_less_often_and_gets_up_again(tmp_path: Path) -> None:
    with rooms(tmp_path) as made:
        until(lambda: made.serves)
        made.goes_wrong("dies-going dies-loading")
        os.kill(made.pid, signal.SIGKILL)
        until(lambda: made.pid == 0)
        made.goes_wrong("")
        until(lambda: made.serves)


def test_a_deaf_room_is_changed_for_another_where_nobody_is_there(tmp_path: Path) -> None:
    with rooms(tmp_path, "deaf") as made:
        until(lambda: len(made.told) == 2)
        made.goes_wrong("")
        until(lambda: made.serves and made.keeper.room is not None and made.keeper.room.beat.whole)


def test_a_deaf_room_stays_while_somebody_is_there(tmp_path: Path) -> None:
    with rooms(tmp_path, "deaf talks") as made:
        until(lambda: made.serves)
        time.sleep(4 * QUICK.deaf)
        assert made.told == ["voice"]


def test_a_person_who_is_gone_takes_their_room_along(tmp_path: Path) -> None:
    with rooms(tmp_path) as made:
        until(lambda: made.serves and made.keeper.spare is not None and made.keeper.spare.loaded)
        first, spare = made.pid, made.keeper.spare
        made.goes_wrong("leaves")
        until(lambda: made.keeper.room is spare)
        assert not is_there(first)
        until(lambda: made.serves)


def test_a_room_that_can_not_be_as_asked_ends_the_program(tmp_path: Path) -> None:
    with rooms(tmp_path, "refuses") as made:
        made.thread.join(30)
        assert made.status == [1]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(KioskError) as caught:
            listen(other.getsockname()[1])
        assert caught.value.code == "kiosk-port"


# ---- the service manager


@contextlib.contextmanager
def manager(*, abstract: bool = False) -> Iterator[tuple[dict[str, str], socket.socket]]:
    """What a service manager puts into the environment, and where it listens."""
    name = f"afterwards-{time.monotonic_ns()}"
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        address = f"@{name}" if abstract else f"{folder}/{name}"
        end.bind(address.replace("@", "\0"))
        end.settimeout(60)
        yield {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000000"}, end


def said(end: socket.socket, wanted: str) -> str:
    """The first datagram that has this in it."""
    while True:
        text = end.recv(4096).decode()
        if wanted in text:
            return text


@pytest.mark.parametrize("abstract", [False, True])
def test_it_tells_the_service_manager(abstract: bool) -> None:
    with manager(abstract=abstract) as (environment, end):
        notify = Notify(environment, 7)
        notify.tell(ready="1", status="By touch alone.")
        assert end.recv(4096).decode() == "READY=1\nSTATUS=By touch alone."
        assert notify.every == 1.0


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "2000000"},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "many"},
        {"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "8"},
    ],
)
def test_without_a_service_manager_nothing_happens(environment: dict[str, str]) -> None:
    notify = Notify(environment, 7)
    notify.tell(ready="1")
    assert notify.every == 0.0


def test_signs_of_life_come_only_while_the_room_lives(tmp_path: Path) -> None:
    with manager() as (environment, end), rooms(tmp_path, notify=Notify(environment, os.getpid())) as made:
        assert said(end, "READY") == "READY=1\nSTATUS=By voice and touch."
        assert said(end, "WATCHDOG") == "WATCHDOG=1"
        made.goes_wrong("dies-going dies-loading")
        os.kill(made.pid, signal.SIGKILL)
        assert said(end, "STATUS") == "STATUS=The room is brought back."
        until(lambda: made.pid == 0)
        end.setblocking(False)
        with pytest.raises(BlockingIOError):  # noqa: PT012 - what waits is read, and then nothing comes
            while True:
                assert "WATCHDOG" not in end.recv(4096).decode()
        end.settimeout(60)
        made.goes_wrong("")
        assert said(end, "WATCHDOG") == "WATCHDOG=1"
        made.keeper.end()
        assert said(end, "STOPPING") == "STOPPING=1"


# ---- the real program


def fake_browser(folder: Path) -> dict[str, str]:
    """A browser that shows nothing, as the first one that is found."""
    (folder / "chromium").write_text("#!/bin/sh\nsleep 600 &\nwait\n")
    (folder / "chromium").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def profiles() -> set[Path]:
    return {path for place in ("/dev/shm", tempfile.gettempdir()) for path in Path(place).glob("afterwards-kiosk-*")}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left(tmp_path: Path, how: signal.Signals) -> None:
    before = profiles()
    (tmp_path / "bin").mkdir()
    house = House(tmp_path, *TOUCH, environment=fake_browser(tmp_path / "bin"), browser=True)
    try:
        both = house.with_spare()
        until(lambda: len(profiles() - before) == 1)
        (profile,) = profiles() - before
        until(lambda: len(children(house.pid)) == 4)  # and the browser, and who clears up after it
        mine = [pid for pid in children(house.pid) if pid not in both]
        until(lambda: any(children(child) for child in mine))
        below = [pid for child in mine for pid in children(child)]
        house.send(how)
        assert house.wait() == {signal.SIGTERM: 0, signal.SIGINT: 130, signal.SIGKILL: -9}[how]
        until(lambda: not any(is_there(pid) for pid in (*both, *mine, *below)))
        until(lambda: not profile.exists())
    finally:
        house.end()


def test_profiles_of_a_program_that_was_killed_are_swept(tmp_path: Path) -> None:
    browser = Browser(Path("/bin/true"))
    browser.open("http://127.0.0.1:1/")
    assert browser.profile is not None
    left = Path(tempfile.mkdtemp(prefix="afterwards-kiosk-", dir=browser.profile.parent))
    (left / "Cookies").write_text("canary")
    assert sweep() >= 1
    assert not left.exists()
    assert browser.profile.exists()  # it is in use
    browser.close()


def test_what_cannot_be_asked_for_is_told_in_words(tmp_path: Path) -> None:
    house = House(tmp_path, *TOUCH, "--country", "UK", "--region", "Atlantis")
    try:
        assert house.wait() == 1
        assert any("Atlantis" in line for line in house.lines)
    finally:
        house.end()


def test_no_secret_stands_on_a_command_line_or_in_an_environment(tmp_path: Path) -> None:
    house = House(tmp_path, *TOUCH)
    try:
        visitor = Visitor(house)
        visitor.sees()
        _, path = house.address()
        secrets = [visitor.cookie.partition("=")[2], path.partition("key=")[2]]
        assert all(len(secret) > 40 for secret in secrets)
        for pid in (house.pid, *house.with_spare()):
            for name in ("cmdline", "environ"):
                told = Path(f"/proc/{pid}/{name}").read_bytes()
                assert told
                assert not any(secret.encode() in told for secret in secrets)
    finally:
        house.end()


def test_a_room_leaves_no_dump(tmp_path: Path) -> None:
    with manager() as (environment, end):
        house = House(tmp_path, *TOUCH, environment=environment)
        try:
            said(end, "READY=1")
            for pid in house.rooms:
                limits = Path(f"/proc/{pid}/limits").read_text()
                (core,) = (line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size"))
                assert core == ["0", "0"]
                assert int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16) == 0
                assert b"NOTIFY_SOCKET" not in Path(f"/proc/{pid}/environ").read_bytes()  # it speaks for nobody
        finally:
            house.end()


# ---- the browser


class Window:
    """A browser that only says what was done to it."""

    alive = False
    opened = 0

    def open(self, address: str) -> None:
        self.opened += 1
        self.alive = True

    def close(self) -> None:
        self.alive = False


def test_a_browser_that_shows_nothing_is_opened_anew_and_less_and_less_often() -> None:
    window, now = Window(), [0.0]
    shown = Shown(window, lambda: "", lambda line: None, 40.0, clock=lambda: now[0])
    shown.open()
    opened: list[float] = []
    for _ in range(400):
        until(lambda: window.opened > len(opened))
        opened.append(now[0])
        while window.opened == len(opened) and now[0] < 2000:
            now[0] += 1
            shown.look(0)
            shown._opener.join()  # type: ignore[union-attr]
        if now[0] >= 2000:
            break
    waits = [later - earlier for earlier, later in itertools.pairwise(opened)]
    assert waits == sorted(waits)
    assert 40 <= waits[0] <= 42
    assert waits[-1] >= 320
    shown.look(1)
    now[0] += 39
    shown.look(0)
    assert window.opened == len(opened)
    window.alive = False  # it died: that is seen at once
    now[0] += 1
    shown.look(0)
    until(lambda: window.opened == len(opened) + 1)
    shown.close()


OF_DAY = ("hours.py", "counts.py")


def test_nothing_in_the_kiosk_goes_by_the_time_of_day() -> None:
    """Whoever sets this computer's clock must not wake or clear a room. Only the hours in which it is open, and the
    month of a count, go by it."""
    voice = Path(__file__).parents[1] / "voice"
    files = [*(voice / "kiosk").glob("*.py"), voice / "parts_kiosk.py", voice / "parts_room.py"]
    assert len(files) > 10
    for path in files:
        text = path.read_text("utf-8")
        assert "time.time(" not in text, path
        assert "datetime" not in text or path.name in OF_DAY, path
