"""Tells the service manager that all is well, in its plain way: a datagram to the socket that it names (sd_notify)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notify:
    """One service manager; where there is none, nothing happens. Never raises."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        """`pid`: of this process; the watchdog may be meant for another one."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.every = _seconds(environment, pid) / 2 if self._address else 0.0
        """Seconds between two signs of life that it wants; 0: it wants none."""

    def tell(self, **fields: str) -> None:
        """Such as tell(ready="1", status="It talks.")."""
        if self._address[:1] not in ("/", "@"):
            return
        # An "@" stands for the zero byte with which a name begins that is in no folder.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        lines = "\n".join(f"{name.upper()}={value}" for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.setblocking(False)
                wire.sendto(lines.encode(), address)
        except OSError:
            return  # a manager that does not listen must not end the room


def _seconds(environment: Mapping[str, str], pid: int) -> float:
    """Within which it wants a sign of life."""
    if environment.get("WATCHDOG_PID", str(pid)) != str(pid):
        return 0.0
    try:
        return max(0, int(environment.get("WATCHDOG_USEC", "0"))) / 1e6
    except ValueError:
        return 0.0


def forget(names: tuple[str, ...] = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")) -> None:
    """Takes them out of the environment, so that no child speaks for this process."""
    for name in names:
        os.environ.pop(name, None)
