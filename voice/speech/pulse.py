"""Which source the sound server really gives us. Linux only; silent where there is no such server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

LIMIT = 1.0
"""Seconds that the question may take. It takes about 0.01."""


def source_of_this_process() -> str | None:
    """The name of the source that this process records from; None where nobody can tell.

    PulseAudio and PipeWire move a recording elsewhere without a word when its microphone is unplugged, and the last
    choice is a "monitor": the sound of our own loudspeaker.
    """
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    ours = [
        output.get("source")
        for output in _ask(pactl, "source-outputs")
        if output.get("properties", {}).get("application.process.id") == str(os.getpid())
    ]
    if not ours:
        return None
    return next((str(s["name"]) for s in _ask(pactl, "sources") if s.get("index") == ours[0]), None)


def is_monitor(source: str | None) -> bool:
    """True where the source is what a loudspeaker plays."""
    return source is not None and source.endswith(".monitor")


def _ask(pactl: str, what: str) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            [pactl, "-f", "json", "list", what],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT,
            check=True,
        )
        found = json.loads(done.stdout or b"[]")
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
