"""`afterwards kiosk --check`: whatever is wrong with a room is told in one line, with what to do about it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.kiosk_room import CHROMIUM, FLAGS
from voice.check_kiosk import Asked, check_room
from voice.check_machine import SCREEN_SOCKET, Found, Machine, State
from voice.cli import main
from voice.errors import KioskError
from voice.kiosk.browser import Browser

NOON = datetime(2026, 11, 27, 12, 0)
GOOD = {
    "proc/meminfo": "MemTotal: 4000000 kB\nMemAvailable:    3000000 kB\n",
    "proc/mounts": "tmpfs /dev/shm tmpfs rw 0 0\n",
    "proc/swaps": "Filename Type Size Used Priority\n",
    "proc/self/limits": "Limit  Soft  Hard  Units\nMax core file size        0                    unlimited  bytes\n",
    "proc/sys/kernel/core_pattern": "core",
    "run/systemd/timesync/synchronized": "",
    "run/systemd/system/x": "",
    "etc/systemd/sleep.conf.d/room.conf": "[Sleep]\nAllowSuspend=no\n",
    "sys/class/drm/card0-HDMI-A-1/status": "connected\n",
    "sys/class/drm/card0-HDMI-A-1/modes": "1280x800\n800x600\n",
    "sys/class/drm/card0-DP-1/status": "disconnected\n",
    "sys/class/drm/card0-DP-1/modes": "",
    "dev/shm/x": "",
}


def machine(
    folder: Path,
    changed: Mapping[str, str | None] | None = None,
    now: datetime = NOON,
    environ: Mapping[str, str] | None = None,
) -> Machine:
    """A computer that looks as a room's should, but for what is changed; None: it has no such file."""
    for name, text in {**GOOD, **(changed or {})}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return Machine(folder, environ or {}, lambda: now)


def parts(found: Machine) -> dict[str, Found]:
    return {line.part: line for line in found.lines()}


def test_a_good_computer_is_fine(tmp_path: Path) -> None:
    found = parts(machine(tmp_path))
    assert {part: line.state for part, line in found.items() if line.state is not State.FINE} == {}
    assert list(found) == ["screen", "memory", "/dev/shm", "swap", "core dumps", "clock", "sleep"]
    assert "1280 x 800" in found["screen"].words


SWAP = "Filename Type Size Used Priority\n{} partition 1 0 -2\n"


@pytest.mark.parametrize(
    ("part", "changed", "told"),
    [
        ("screen", {"sys/class/drm/card0-HDMI-A-1/modes": "640x480"}, "800 x 480 or more"),
        ("memory", {"proc/meminfo": "MemAvailable:  500000 kB"}, "End other programs"),
        ("/dev/shm", {"proc/mounts": "/dev/sda1 / ext4 rw 0 0"}, "Mount a tmpfs"),
        ("swap", {"proc/swaps": SWAP.format("/dev/sda2")}, "swapoff"),
        ("core dumps", {"proc/self/limits": "Max core file size  unlimited  unlimited  bytes"}, "ulimit -c 0"),
        ("sleep", {"etc/systemd/sleep.conf.d/room.conf": "#AllowSuspend=no"}, "systemctl mask"),
    ],
)
def test_what_is_wrong_is_told_with_a_remedy(part: str, changed: dict[str, str], told: str, tmp_path: Path) -> None:
    found = parts(machine(tmp_path, changed))
    assert {name for name, line in found.items() if line.state is not State.FINE} == {part}
    assert found[part].state is State.LOOK
    assert told in found[part].words


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("swap", {"proc/swaps": SWAP.format("/dev/zram0")}),
        (
            "swap",
            {
                "proc/swaps": SWAP.format("/dev/sda2"),
                "proc/self/cgroup": "0::/system.slice/k.service\n",
                "sys/fs/cgroup/system.slice/k.service/memory.swap.max": "0\n",
            },
        ),
        (
            "core dumps",
            {
                "proc/self/limits": "Max core file size  unlimited  unlimited  bytes",
                "proc/sys/kernel/core_pattern": "|/bin/false",
            },
        ),
        ("sleep", {"etc/systemd/sleep.conf.d/room.conf": "", "etc/systemd/sleep.conf": "[Sleep]\nAllowSuspend = no"}),
    ],
)
def test_what_only_looks_wrong_is_fine(part: str, changed: dict[str, str], tmp_path: Path) -> None:
    assert parts(machine(tmp_path, changed))[part].state is State.FINE


def test_a_masked_sleep_is_none(tmp_path: Path) -> None:
    found = machine(tmp_path, {"etc/systemd/sleep.conf.d/room.conf": None})
    assert parts(found)["sleep"].state is State.LOOK
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/sleep.target").symlink_to("/dev/null")
    assert parts(found)["sleep"].state is State.FINE


def test_a_clock_that_was_never_set_is_told(tmp_path: Path) -> None:
    line = parts(machine(tmp_path, now=datetime(1970, 1, 1)))["clock"]
    assert line.state is State.LOOK
    assert "1970" in line.words


def test_a_computer_that_tells_nothing_gives_only_its_clock(tmp_path: Path) -> None:
    assert list(parts(Machine(tmp_path / "empty", {}, lambda: NOON))) == ["clock"]


@pytest.mark.parametrize(
    ("program", "prints", "environ", "state"),
    [
        ("gsettings", "uint32 300", {"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, State.LOOK),
        ("gsettings", "uint32 0", {"XDG_CURRENT_DESKTOP": "GNOME"}, State.FINE),
        ("gsettings", "uint32 300", {}, None),
        ("xset", "Screen Saver:\n  timeout:  600    cycle:  600", {"DISPLAY": ":0"}, State.LOOK),
        ("xset", "  timeout:  0    cycle:  600", {"DISPLAY": ":0"}, State.FINE),
        ("xset", "  timeout:  600", {}, None),
    ],
)
def test_a_screen_that_goes_dark_is_told(
    program: str, prints: str, environ: dict[str, str], state: State | None, tmp_path: Path
) -> None:
    command = tmp_path / "bin" / program
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nprintf '%s\\n' '{prints}'\n")
    command.chmod(0o755)
    found = parts(machine(tmp_path / "root", environ={"PATH": str(command.parent), **environ})).get("screensaver")
    assert (found.state if found else None) is state


# ---- the room


def look(asked: Asked, on: Machine, browser: Browser | None = None) -> dict[str, Found]:
    def made() -> Browser:
        if browser is None:
            raise KioskError("kiosk-no-browser", "There is no browser.", "Install Chromium.")
        return browser

    return {line.part: line for line in check_room(asked, on, made)}


def quick(file: Path | None = None, *, browser: bool = False, port: int = 0, country: str | None = None) -> Asked:
    flags = {"country": country} if country else {}
    return Asked(file, flags, port=port, browser=browser, silent=True, touch_only=True)


def group(folder: Path, text: str) -> Path:
    file = folder / "group.toml"
    file.write_text(text)
    return file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWARDS_HOME", str(tmp_path / "home"))


def test_a_good_room_stops_no_talk(tmp_path: Path) -> None:
    file = group(tmp_path, 'country = "US"\ncounts = true\n')
    found = look(quick(file), machine(tmp_path / "root"))
    assert [line for line in found.values() if line.state is State.STOPS] == []
    assert "911" in found["help lines"].words
    assert "http://127.0.0.1:" in found["page"].words
    assert "kiosk-counts.json" in found["counts"].words
    assert found["danger"].state is State.FINE
    assert not (tmp_path / "home").exists()  # looking writes nothing


def test_counts_that_cannot_be_kept_or_read_are_told(tmp_path: Path) -> None:
    file = group(tmp_path, f'counts = true\ncounts_file = "{tmp_path}/none/counts.json"')
    found = look(quick(file), machine(tmp_path / "root"))["counts"]
    assert found.state is State.LOOK
    assert "--counts" in found.words
    (tmp_path / "none").mkdir()
    (tmp_path / "none/counts.json").write_text("{")
    assert look(quick(file), machine(tmp_path / "root"))["counts"].state is State.LOOK
    (tmp_path / "none/counts.json").write_text("{}")
    assert look(quick(file), machine(tmp_path / "root"))["counts"].state is State.FINE


def test_a_broken_group_file_stops_a_talk_and_all_else_is_looked_at(tmp_path: Path) -> None:
    found = look(quick(group(tmp_path, "volume = 11"), country="UK"), machine(tmp_path / "root"))
    assert found["group file"].state is State.STOPS
    assert "group.toml" in found["group file"].words
    assert "999" in found["help lines"].words
    assert "memory" in found


def test_a_region_that_is_not_there_stops_a_talk(tmp_path: Path) -> None:
    found = look(quick(group(tmp_path, 'country = "UK"\nregion = "Narnia"')), machine(tmp_path / "root"))
    assert found["help lines"].state is State.STOPS
    assert "Scotland" in found["help lines"].words


LINE = (
    '\n[[line]]\npurpose = "{}"\nname = "our group"\nnumber = "01632 960 123"\nchecked = "{}"\nsure = "{}"\nhow = "x"\n'
)


@pytest.mark.parametrize(
    ("checked", "sure", "state", "told"),
    [
        (f"{datetime.now():%Y-%m}", "sure", State.FINE, "goes first for family"),
        ("2020-01", "sure", State.LOOK, "Check this number"),
        (f"{datetime.now():%Y-%m}", "fairly", State.LOOK, "never spoken"),
    ],
)
def test_each_own_line_is_told(checked: str, sure: str, state: State, told: str, tmp_path: Path) -> None:
    file = group(tmp_path, 'country = "US"' + LINE.format("family", checked, sure))
    line = look(quick(file), machine(tmp_path / "root"))["own line"]
    assert line.state is state
    assert told in line.words


def test_no_country_and_no_verified_line_are_told(tmp_path: Path) -> None:
    on = machine(tmp_path / "root")
    assert "country" in look(quick(), on)["help lines"].words
    found = look(quick(country="UK"), on)["help lines"]
    assert found.state is State.LOOK
    assert "family" in found.words


def test_a_port_that_is_taken_stops_a_talk(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = look(quick(port=taken.getsockname()[1]), machine(tmp_path / "root"))
    assert found["page"].state is State.STOPS


def test_no_screen_or_no_browser_stops_a_talk(tmp_path: Path) -> None:
    asked, browser = quick(browser=True), Browser(Path("/bin/true"))
    found = look(asked, machine(tmp_path / "root"), browser)
    assert found["display"].state is State.STOPS
    found = look(asked, machine(tmp_path / "root", environ={"DISPLAY": ":0"}))
    assert found["browser"].state is State.STOPS
    found = look(asked, machine(tmp_path / "own", {SCREEN_SOCKET: ""}), browser)
    assert {found["display"].state, found["browser"].state} == {State.FINE}


def test_a_browser_that_opens_nothing_stops_a_talk(tmp_path: Path) -> None:
    found = look(quick(browser=True), machine(tmp_path / "root", environ={"DISPLAY": ":0"}), Browser(Path("/bin/true")))
    assert found["browser"].state is State.STOPS
    found = look(quick(browser=True), machine(tmp_path / "root", environ={"DISPLAY": ":0"}), Browser(tmp_path / "none"))
    assert found["browser"].state is State.STOPS


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_real_browser_really_opens_the_page(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    browser = Browser(Path(CHROMIUM), FLAGS)
    found = look(quick(browser=True), machine(tmp_path / "root", environ={"DISPLAY": ":0"}), browser)
    assert found["browser"].state is State.FINE, found["browser"].words
    assert not browser.alive


def test_the_command_prints_one_line_a_part_and_tells_by_its_exit_code(tmp_path: Path) -> None:
    file = group(tmp_path, 'country = "US"')
    words = ["kiosk", "--check", "--silent", "--touch-only", "--no-browser", "--group", str(file)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert all(": " in line for line in done.output.splitlines())
    group(tmp_path, "countri = 1")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert 'Did you mean "country"?' in done.output


def test_sound_that_is_not_there_is_told_and_stops_no_talk(tmp_path: Path) -> None:
    file = group(tmp_path, 'country = "US"\nmicrophone = "none such"\nspeaker = "none such"\nmodel = "/no/model"')
    found = look(Asked(file, browser=False), machine(tmp_path / "root"))
    assert {"voice", "loudspeaker", "microphone", "model", "recogniser"} <= found.keys()
    for part in ("loudspeaker", "microphone", "model", "recogniser"):
        assert found[part].state is State.LOOK


def test_counts_are_printed_and_a_broken_file_is_told(tmp_path: Path) -> None:
    kept = tmp_path / "counts.json"
    file = group(tmp_path, f'counts = true\ncounts_file = "{kept}"')
    kept.write_text('{"2020-01": [12, 9]}')
    done = CliRunner().invoke(main, ["kiosk", "--counts", "--group", str(file)])
    assert done.output.splitlines()[0] == "2020-01: about 10 begun, about 10 finished"
    kept.write_text("{")
    done = CliRunner().invoke(main, ["kiosk", "--counts", "--group", str(file)])
    assert done.exit_code == 1
    assert str(kept) in done.output
    group(tmp_path, "")
    done = CliRunner().invoke(main, ["kiosk", "--counts", "--group", str(file)])
    assert "not counted" in done.output
    assert os.listdir(tmp_path).count("home") == 0  # noqa: PTH208
