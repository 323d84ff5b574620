"""A room for tests of whoever looks after rooms: a real process on a real wire, that goes wrong as a file says.

python -m tests.kiosk_fake_room FILE --room WIRE,SOCKET; the file holds names of faults.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from voice.kiosk.heart import born_with, keep_no_dump
from voice.kiosk.wire import Beat


def main(file: Path, fds: str) -> None:
    """One room."""
    keep_no_dump()
    wire, listening = fds.split(",")
    heart, _ = born_with((int(wire), int(listening)))
    start = heart.started()

    def faults() -> set[str]:
        mine = set(file.read_text("utf-8").split())
        return {fault.removeprefix("voice-") for fault in mine if start.voice or not fault.startswith("voice-")}

    if "refuses" in faults():
        raise SystemExit(1)
    if "dies-loading" in faults():
        os.abort()
    heart.loaded()
    news = heart.goes()
    if "dies-going" in faults():
        os.abort()
    heart.leave = lambda: (heart.left(), os._exit(0))  # type: ignore[assignment, func-returns-value]
    born = time.monotonic()
    with file.with_suffix(".told").open("a", encoding="utf-8") as told:
        told.write(f"{'voice' if start.voice else 'touch'} {news}".strip() + "\n")
    heart.beat(
        lambda: Beat("hangs" in faults(), "no-page" not in faults(), "talks" in faults(), "deaf" not in faults(), 1)
    )
    while time.monotonic() - born < 120:
        if "dies" in faults():
            time.sleep(0.7)  # it beat once
            os.abort()
        if "leaves" in faults():
            file.write_text("", "utf-8")
            heart.left()
            os._exit(0)
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[3])
