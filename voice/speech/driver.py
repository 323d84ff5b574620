"""What pyttsx3 asks of every driver of ours. They speak into memory: what is spoken may be personal."""

from __future__ import annotations

import sys
import types
from typing import Any


class MemoryDriver:
    """pyttsx3's own names, for a driver whose `speak` returns when all the sound is there. Nothing is played here."""

    def __init__(self) -> None:
        self._proxy: Any = None

    def attach(self, proxy: Any) -> MemoryDriver:
        """pyttsx3 builds its driver through this."""
        self._proxy = proxy
        return self

    def speak(self, text: str) -> bool:
        """Whether all of it was spoken. Keeps the sound, and never raises: pyttsx3 would lose it."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        self._proxy.setBusy(True)
        self._proxy.notify("started-utterance")
        self._proxy.notify("finished-utterance", completed=self.speak(text))
        self._proxy.setBusy(False)

    def startLoop(self) -> None:  # noqa: N802
        self._proxy.setBusy(False)  # runs what is queued; `say` works it off at once

    def endLoop(self) -> None:  # noqa: N802
        """Nothing runs on."""

    def iterate(self) -> Any:
        self._proxy.setBusy(False)
        yield

    def stop(self) -> None:
        """Nothing runs on: the player is what stops."""

    def destroy(self) -> None:
        """Nothing is held that would not go by itself."""


def engine_of(driver: MemoryDriver, name: str) -> Any:
    """A pyttsx3 engine that speaks with this driver. `name`: what pyttsx3 calls it, one for each kind of driver."""
    from pyttsx3.engine import Engine

    module = types.ModuleType(f"pyttsx3.drivers.{name}")
    module.buildDriver = driver.attach  # type: ignore[attr-defined]
    # pyttsx3 imports its driver by this name and has no other way in.
    sys.modules[module.__name__] = module
    return Engine(name)
