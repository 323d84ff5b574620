"""Where the sound server gets our sound from and brings it to. Linux only; silent where there is no such server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Sink:
    """Where our sound goes."""

    name: str
    port: str = ""
    """Of a card with several ways out, the one in use: "analog-output-headphones"."""

    @property
    def private(self) -> bool:
        """Only who wears it hears it."""
        return any(word in f"{self.name} {self.port}".lower() for word in _WORN)


_WORN = ("headphone", "headset", "bluez", "earpiece", "hands-free")


def sink_of_this_process() -> Sink | None:
    """Where this process plays to; None where nobody can tell.

    When a loudspeaker or headphones are unplugged, the sound server plays elsewhere without a word: to a whole room.
    """
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    ours = [
        entry.get("sink")
        for entry in _ask(pactl, "sink-inputs")
        if entry.get("properties", {}).get("application.process.id") == str(os.getpid())
    ]
    return next((sink for number, sink in _sinks(pactl) if ours and number == ours[0]), None)


def sinks() -> tuple[str, ...]:
    """Names of all that our sound could go to."""
    pactl = shutil.which("pactl")
    return () if pactl is None else tuple(sink.name for _, sink in _sinks(pactl))


def _sinks(pactl: str) -> list[tuple[Any, Sink]]:
    return [(s.get("index"), Sink(str(s.get("name")), str(s.get("active_port") or ""))) for s in _ask(pactl, "sinks")]


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
