"""Where the sound server gets our sound from and brings it to. Linux only; silent where there is no such server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from typing import Any

_FULL = 65536
"""What the server counts as 100 %."""
LIMIT = 1.0
"""Seconds that the question may take. It takes about 0.01."""


@dataclass(frozen=True)
class Input:
    """A source of sound, as the server knows it."""

    name: str
    words: str = ""
    """How a desktop names it."""
    muted: bool = False
    volume: float = 1.0
    """Of the loudest channel; 1 is the server's 100 %."""

    @property
    def monitor(self) -> bool:
        """It is what a loudspeaker plays."""
        return is_monitor(self.name)


def source_of_this_process() -> str | None:
    """The name of the source that this process records from; None where nobody can tell.

    PulseAudio and PipeWire move a recording elsewhere without a word when its microphone is unplugged, and the last
    choice is a "monitor": the sound of our own loudspeaker.
    """
    found = input_of_this_process()
    return found.name if found else None


def input_of_this_process() -> Input | None:
    """The same with all that the server says of it, our recording's own mute and volume counted in."""
    pactl = shutil.which("pactl")
    ours = _ours(pactl, "source-outputs", "source") if pactl is not None else None
    if pactl is None or ours is None:
        return None
    source, muted, volume = ours
    for number, found in _inputs(pactl):
        if number == source:
            return replace(found, muted=found.muted or muted, volume=found.volume * volume)
    return None


def inputs() -> tuple[Input, ...]:
    """All that could be recorded, monitors too."""
    pactl = shutil.which("pactl")
    return () if pactl is None else tuple(found for _, found in _inputs(pactl))


def default_is_microphone() -> bool:
    """What the server gives to whoever names no source is not what a loudspeaker plays; True where nobody can tell."""
    pactl = shutil.which("pactl")
    return pactl is None or not is_monitor(_told(pactl, "get-default-source").decode("utf-8", "replace").strip())


@dataclass(frozen=True)
class Sink:
    """Where our sound goes."""

    name: str
    port: str = ""
    """Of a card with several ways out, the one in use: "analog-output-headphones"."""
    muted: bool = field(default=False, compare=False)
    volume: float = field(default=1.0, compare=False)
    """Of the loudest channel; 1 is the server's 100 %. Another volume is not another place."""

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
    ours = _ours(pactl, "sink-inputs", "sink") if pactl is not None else None
    if pactl is None or ours is None:
        return None
    number, muted, volume = ours
    for each, sink in _sinks(pactl):
        if each == number:
            return replace(sink, muted=sink.muted or muted, volume=sink.volume * volume)
    return None


def sinks() -> tuple[str, ...]:
    """Names of all that our sound could go to."""
    pactl = shutil.which("pactl")
    return () if pactl is None else tuple(sink.name for _, sink in _sinks(pactl))


def _sinks(pactl: str) -> list[tuple[Any, Sink]]:
    return [
        (s.get("index"), Sink(str(s.get("name")), str(s.get("active_port") or ""), s.get("mute") is True, _volume(s)))
        for s in _ask(pactl, "sinks")
    ]


def _inputs(pactl: str) -> list[tuple[Any, Input]]:
    return [
        (s.get("index"), Input(str(s.get("name")), str(s.get("description") or ""), s.get("mute") is True, _volume(s)))
        for s in _ask(pactl, "sources")
    ]


def _ours(pactl: str, streams: str, device: str) -> tuple[Any, bool, float] | None:
    """Of this process's first stream: the number of its device, whether it is muted, and its volume."""
    for entry in _ask(pactl, streams):
        if entry.get("properties", {}).get("application.process.id") == str(os.getpid()):
            return entry.get(device), entry.get("mute") is True, _volume(entry)
    return None


def _volume(entry: dict[str, Any]) -> float:
    """1 where nothing is said of it."""
    channels = entry.get("volume")
    found = [c.get("value") for c in channels.values() if isinstance(c, dict)] if isinstance(channels, dict) else []
    return max((v / _FULL for v in found if isinstance(v, int)), default=1.0)


def is_monitor(source: str | None) -> bool:
    """True where the source is what a loudspeaker plays."""
    return source is not None and source.endswith(".monitor")


def _ask(pactl: str, what: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(_told(pactl, "-f", "json", "list", what) or b"[]")
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _told(pactl: str, *question: str) -> bytes:
    """Empty where the server does not answer."""
    try:
        return subprocess.run(
            [pactl, *question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return b""
