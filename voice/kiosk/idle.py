"""When nobody seems to be there any more: first it is asked, then all is cleared. Pure: it is told the time."""

from __future__ import annotations

from enum import Enum

ASK_AFTER = 90.0
"""Seconds without a sign of anybody until it is asked whether somebody is there."""
CLEAR_AFTER = 30.0
"""Seconds from then until all is cleared."""


class Due(Enum):
    """What is to be done now."""

    ASK = "ask"
    CLEAR = "clear"


class Idle:
    """Counts the seconds in which a person could have done something, and did nothing. All times are in seconds."""

    def __init__(self, ask_after: float = ASK_AFTER, clear_after: float = CLEAR_AFTER) -> None:
        self._ask_after, self._clear_after = ask_after, clear_after
        self._since = 0.0
        """Since when nothing came."""
        self._asked = False
        self._fresh = True
        """Nothing was waited for since the last sign, or since it was asked."""
        self._held = False

    @property
    def asked(self) -> bool:
        """It was asked, and nothing came since."""
        return self._asked

    def sign(self, now: float) -> None:
        """Somebody did something."""
        self._since, self._asked, self._fresh = now, False, True

    def waits(self, now: float) -> None:
        """It is somebody's turn now. While the voice spoke there was nothing to do, so that does not count; but what it
        says of its own accord in a silence is no sign of anybody."""
        if self._fresh:
            self._since, self._fresh = now, False

    def hold(self, held: bool, now: float) -> None:
        """Nothing is ever cleared while this holds: a crisis card is shown."""
        if self._held and not held:
            self.sign(now)
        self._held = held

    def look(self, now: float) -> Due | None:
        """What is due. ASK comes once, and CLEAR again and again."""
        if self._held:
            return None
        waited = now - self._since
        if self._asked:
            return Due.CLEAR if waited >= self._clear_after else None
        if waited < self._ask_after:
            return None
        self._since, self._asked, self._fresh = now, True, True
        return Due.ASK
