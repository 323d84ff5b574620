"""The computer in a room: what of it could write down what is said, fall asleep, or be too small for a talk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

SCREEN_SOCKET = "run/afterwards-screen/wayland-0"
"""Where the screen of scripts/kiosk-install can be reached."""
_NEEDS = 1.0
"""GB of memory that should be free: the program, its speech model and a browser take about 0.8."""
_SHARED = 0.1
"""GB that a browser's profile may take in /dev/shm."""
_SMALLEST = (800, 480)
_FIRST_YEAR = 2025
_GB = 1e9
_WITHIN = 5.0
_INSTALL = "scripts/kiosk-install sees to that"


class State(Enum):
    """How it stands with one part of a room."""

    FINE = "fine"
    LOOK = "look at this"
    STOPS = "stops a talk"


@dataclass(frozen=True)
class Found:
    """One part of a room, how it stands, and what to do."""

    part: str
    state: State
    words: str


@dataclass(frozen=True)
class Machine:
    """Where to look: this computer, or a folder that looks like one."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], datetime] = datetime.now

    def text(self, path: str) -> str:
        """What stands in a file; "" where it can't be read."""
        try:
            return (self.root / path).read_text("utf-8", errors="replace").strip()
        except OSError:
            return ""

    def told(self, *command: str) -> str:
        """What a program prints; "" where it is not there, fails or hangs."""
        program = shutil.which(command[0], path=self.environ.get("PATH", ""))
        if program is None:
            return ""
        try:
            done = subprocess.run(
                [program, *command[1:]], capture_output=True, text=True, timeout=_WITHIN, env=dict(self.environ)
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout if done.returncode == 0 else ""

    # ---- each part; None where this computer does not tell

    def lines(self) -> Iterator[Found]:
        """Every part that this computer tells of."""
        parts = (
            ("screen", self._screen_size),
            ("memory", self._memory),
            ("/dev/shm", self._shared_memory),
            ("swap", self._swap),
            ("core dumps", self._cores),
            ("clock", self._clock),
            ("sleep", self._sleep),
            ("screensaver", self._screensaver),
        )
        for part, look in parts:
            if (found := look()) is not None:
                yield Found(part, *found)

    def has_screen(self) -> bool:
        """A display server answers a program that is started here."""
        return bool(self.environ.get("WAYLAND_DISPLAY") or self.environ.get("DISPLAY"))

    def has_own_screen(self) -> bool:
        """The kiosk's own screen runs, for the kiosk's own user."""
        return (self.root / SCREEN_SOCKET).exists()

    def _screen_size(self) -> tuple[State, str] | None:
        sizes = []
        for status in sorted(self.root.glob("sys/class/drm/*/status")):
            found = re.match(r"(\d+)x(\d+)", self.text(str(status.parent.relative_to(self.root) / "modes")))
            if self.text(str(status.relative_to(self.root))) == "connected" and found:
                sizes.append((int(found[1]), int(found[2])))
        if not sizes:
            return None
        wide, high = max(sizes)
        if wide < _SMALLEST[0] or high < _SMALLEST[1]:
            smallest = f"{_SMALLEST[0]} x {_SMALLEST[1]}"
            return State.LOOK, f"It has {wide} x {high} points. Use one of {smallest} or more: else words are cut off."
        return State.FINE, f"It has {wide} x {high} points."

    def _memory(self) -> tuple[State, str] | None:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", self.text("proc/meminfo"), re.M)
        if found is None:
            return None
        free = int(found[1]) * 1024 / _GB
        if free < _NEEDS:
            return State.LOOK, f"{free:.1f} GB are free, and {_NEEDS:.0f} GB is needed. End other programs."
        return State.FINE, f"{free:.1f} GB are free."

    def _shared_memory(self) -> tuple[State, str] | None:
        place = self.root / "dev/shm"
        if not (self.root / "proc/mounts").exists():
            return None
        in_memory = re.search(r"^\S+ /dev/shm tmpfs ", self.text("proc/mounts"), re.M)
        if not in_memory or not place.is_dir() or not os.access(place, os.W_OK):
            return (
                State.LOOK,
                "The browser's profile would lie on the disk. Mount a tmpfs at /dev/shm that all can write.",
            )
        there = os.statvfs(place)
        free = there.f_bavail * there.f_frsize / _GB
        if free < _SHARED:
            return State.LOOK, f"It has {free * 1000:.0f} MB left, and {_SHARED * 1000:.0f} are needed. Make it bigger."
        return State.FINE, "The browser's profile lies in memory."

    def _swap(self) -> tuple[State, str] | None:
        if not (self.root / "proc/swaps").exists():
            return None
        on_disk = [line.split()[0] for line in self.text("proc/swaps").splitlines()[1:] if "/zram" not in line]
        if not on_disk:
            return State.FINE, "It is off, so nothing that is said is written there."
        own = re.search(r"^0::/?(.*)$", self.text("proc/self/cgroup"), re.M)
        if own and self.text(f"sys/fs/cgroup/{own[1]}/memory.swap.max") == "0":
            return State.FINE, "It is on, and closed to this program."
        return State.LOOK, (
            f"It is on ({', '.join(on_disk)}): what is said could be written there. "
            f"Turn it off with “swapoff -a” and in /etc/fstab, or start the kiosk as a service: {_INSTALL}."
        )

    def _cores(self) -> tuple[State, str] | None:
        found = re.search(r"^Max core file size\s+(\S+)", self.text("proc/self/limits"), re.M)
        if found is None:
            return None
        if found[1] == "0" or self.text("proc/sys/kernel/core_pattern") == "|/bin/false":
            return State.FINE, "They are off, so a crash writes nothing of what was said."
        return State.LOOK, (
            "They are on: after a crash, what was said could lie on the disk. "
            f"Start it with “ulimit -c 0”, or as a service: {_INSTALL}."
        )

    def _clock(self) -> tuple[State, str] | None:
        now = self.now()
        said = f"It says {now:%A, %H:%M}, {now.day} {now:%B %Y}"
        if now.year < _FIRST_YEAR:
            return State.LOOK, f"{said}. Set it: hours are not kept until then, and no number is known to be old."
        if (self.root / "run/systemd/timesync/synchronized").exists():
            return State.FINE, f"{said}, and the network sets it."
        return State.FINE, f"{said}. If that is wrong, set it: hours go by it, and so does the age of each number."

    def _sleep(self) -> tuple[State, str] | None:
        if not (self.root / "run/systemd/system").exists():
            return None
        target = self.root / "etc/systemd/system/sleep.target"
        masked = target.is_symlink() and str(target.readlink()) == "/dev/null"
        confs = ["etc/systemd/sleep.conf", *(str(p.relative_to(self.root)) for p in self._confs())]
        forbidden = any(re.search(r"^\s*AllowSuspend\s*=\s*(no|false|0|off)\s*$", self.text(c), re.M) for c in confs)
        if masked or forbidden:
            return State.FINE, "The computer never sleeps by itself."
        return State.LOOK, f"The computer may fall asleep. “systemctl mask sleep.target” stops that, and {_INSTALL}."

    def _confs(self) -> list[Path]:
        return sorted(self.root.glob("etc/systemd/sleep.conf.d/*.conf"))

    def _screensaver(self) -> tuple[State, str] | None:
        """Of GNOME and of X, the two that can be asked."""
        gnome = re.search(r"(\d+)\s*$", self.told("gsettings", "get", "org.gnome.desktop.session", "idle-delay"))
        if gnome and "GNOME" in self.environ.get("XDG_CURRENT_DESKTOP", ""):
            seconds = int(gnome[1])
            remedy = "“gsettings set org.gnome.desktop.session idle-delay 0” stops that."
        elif self.environ.get("DISPLAY") and (x := re.search(r"timeout:\s+(\d+)", self.told("xset", "q"))):
            seconds, remedy = int(x[1]), "“xset s off -dpms” stops that."
        else:
            return None
        if seconds:
            return State.LOOK, f"The screen goes dark after {seconds} seconds. {remedy}"
        return State.FINE, "The screen never goes dark by itself."
