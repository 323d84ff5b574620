"""When a room is open. Pure: it is told the time. All times are the room's own, in minutes since midnight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = 24 * 60
_SPAN = re.compile(r"\s*(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)\s*")
_FIRST_YEAR = 2025
"""A clock that is before it was never set."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Hours:
    """The spans of each day on which the room is open."""

    week: Mapping[str, tuple[Span, ...]]
    """One of DAYS -> (begin, end); an end that is not after the begin lies on the next day."""

    def open(self, now: datetime) -> bool:
        """Whether it is open. A clock that was never set shuts nobody out."""
        if now.year < _FIRST_YEAR:
            return True
        at, day = now.hour * 60 + now.minute, now.weekday()
        today = any(begin <= at < (end if end > begin else end + DAY) for begin, end in self._of(day))
        late = any(end <= begin and at < end for begin, end in self._of(day - 1))
        return today or late

    def next(self, now: datetime) -> datetime:
        """The next time at which it opens, after now."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        begins = (
            midnight + timedelta(days=ahead, minutes=begin)
            for ahead in range(len(DAYS) + 1)
            for begin, _ in self._of(now.weekday() + ahead)
        )
        return min(begin for begin in begins if begin > now)

    def _of(self, day: int) -> tuple[Span, ...]:
        return self.week.get(DAYS[day % len(DAYS)], ())


def span(text: str) -> Span:
    """ "18:00-21:30" in minutes. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError
    hour, minute, until, late = (int(part) for part in found.groups())
    begin, end = hour * 60 + minute, until * 60 + late
    if minute > 59 or late > 59 or begin >= DAY or end > DAY or begin == end:
        raise ValueError
    return begin, end
