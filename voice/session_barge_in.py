"""When somebody talks over the voice: what is live then, and when the voice holds still."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from voice.events import Kind, Listen

HOT_COMMANDS = ("stop", "pause", "emergency")
"""Words that are heard while it speaks though its own voice is heard too, unless it says them itself just then."""
HOT_END = 0.6
"""Seconds of silence after a word that is said over the voice: nobody thinks in the middle of "stop"."""
LONGEST = 10.0
"""Seconds for which the voice holds still at most while somebody talks: it may be a television."""
LONGEST_ON_CARD = 4.0
"""The same on a crisis card."""
NOT_AGAIN = 60.0
"""Seconds for which it holds still no more after it did so for the longest time."""
IN_VAIN, WITHIN = 3, 30.0
"""So many times within so many seconds it may hold still for nothing; then only words that are understood stop it."""


def live(listen: Listen, *, open: bool, question: bool) -> Listen:
    """What can be said over a line, before `listen` is asked. `open`: the microphone does not hear our own voice.
    `question`: the line is the question itself, so that its answers count already."""
    if not open:
        hot = replace(listen, kind=Kind.CHOICE, expects=(), commands=HOT_COMMANDS, end=HOT_END)
    elif not question:
        hot = replace(listen, kind=Kind.CHOICE, expects=(), unnumbered=(), end=HOT_END)
    else:
        hot = listen
    return replace(hot, over_speech=True, asks=listen.kind)


class Holds(Protocol):
    """A mouth that can hold still."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class GivingWay:
    """Holds the voice while somebody talks over it, and goes on from the same word where it was for nothing."""

    def __init__(self, mouth: Holds, now: Callable[[], float]) -> None:
        self._mouth, self._now = mouth, now
        self._longest = LONGEST
        self._since: float | None = None
        self._not_before = 0.0
        self._vain: deque[float] = deque(maxlen=IN_VAIN)

    def begin(self, on_card: bool) -> None:
        """A new line begins."""
        self._longest = LONGEST_ON_CARD if on_card else LONGEST
        self._since = None

    def look(self, speaking: bool) -> None:
        """`speaking`: somebody talks now, and it is not our own voice."""
        now = self._now()
        if self._since is None:
            if speaking and now >= self._not_before and not self._often(now):
                self._mouth.pause()
                self._since = now
            return
        too_long = now - self._since > self._longest
        if not speaking or too_long:
            self._not_before = now + NOT_AGAIN if too_long else self._not_before
            self._since = None
            self._vain.append(now)
            self._mouth.resume()

    def worked(self) -> None:
        """What was said was understood."""
        self._vain.clear()
        self._since, self._not_before = None, 0.0

    def _often(self, now: float) -> bool:
        return len(self._vain) == IN_VAIN and now - self._vain[0] < WITHIN
