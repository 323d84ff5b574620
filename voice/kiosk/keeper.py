"""Brings the page's server and its browser back when they die; the voice goes on meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from voice.errors import VoiceError

_log = logging.getLogger("afterwards")
EVERY = 1.0
"""Seconds between two looks."""
LONGEST_WAIT = 30.0
"""Seconds between two tries at most, where one after the other fails."""


class Kept(Protocol):
    """Something that can die."""

    @property
    def alive(self) -> bool: ...


class Keeper:
    """Looks after one thing on a thread of its own."""

    def __init__(self, kept: Kept, again: Callable[[], None], every: float = EVERY) -> None:
        """`again` brings it back, and may raise VoiceError: then it is tried again, less and less often."""
        self._kept, self._again, self._every = kept, again, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.returns = 0
        """How often it was brought back."""

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def stop(self) -> None:
        """Looks no more. Safe to call twice."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(LONGEST_WAIT)

    def _keep(self) -> None:
        wait = self._every
        while not self._over.wait(wait):
            if self._kept.alive:
                wait = self._every
                continue
            wait = min(LONGEST_WAIT, wait * 2)  # what dies at once is not started again and again
            try:
                self._again()
                self.returns += 1
            except VoiceError as error:
                _log.warning("trouble: %s", error.code)
