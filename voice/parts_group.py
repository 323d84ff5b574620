"""A group's room: its file laid over the settings, its own help lines, when it is open, and what people are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from voice import content as language
from voice import settings
from voice.content import Content
from voice.errors import ContentError, GroupError, SettingsError, VoiceError
from voice.events import Ended, Listen, Say, Sound
from voice.helplines import EMERGENCY, GENERIC, HelpLines
from voice.kiosk.counts import Counts
from voice.kiosk.group import Group
from voice.kiosk.hours import DAYS
from voice.parts_lines import KnownLines, known_lines
from voice.session import Ears, Manner
from voice.settings import Settings

_log = logging.getLogger("afterwards")
_OVERLAID = ("country", "region", "volume", "rate", "microphone", "speaker", "voice", "model")
_NOON, _EVENING = 12, 18
"""Hours from which it is afternoon, and evening."""
COUNTS_FILE = "kiosk-counts.json"
Now = Callable[[], datetime]


def room_time() -> datetime:
    """The time on the wall of this room: for its hours alone, since somebody may set the clock."""
    return datetime.now()


def settings_of(group: Group, flags: Mapping[str, Any]) -> Settings:
    """The settings in force in a room: file and environment < the group's file < flags. Raises SettingsError."""
    given = {name: value for name, value in flags.items() if value is not None}
    set_by_group = {name: value for name in _OVERLAID if (value := getattr(group, name))}
    if given.get("country", group.country) != group.country and "region" not in given:
        set_by_group.pop("region", None)  # of another country
    chosen = settings.load({**set_by_group, **given})
    return replace(chosen, volume=max(group.least_volume, min(group.most_volume, chosen.volume)))


def lines_of(group: Group, chosen: Settings, today: date | None = None) -> KnownLines:
    """The help lines of a room: the program's, those of lines.yaml, and before both those of the group's file.

    A broken lines.yaml is not used, as anywhere. Raises GroupError where a line or the region of the group's file
    cannot be used, SettingsError where the region came from elsewhere.
    """
    data, day = language.helplines(), today or datetime.now(UTC).date()
    known = known_lines(chosen.lines_file, data, day)
    own = _own(group, chosen, known.lines)
    try:
        HelpLines(data, day, own, group.name)
    except ContentError as error:
        raise GroupError("group-line", error.message, error.remedy) from error
    if known.trouble is None:
        own = _both(own, language.own_helplines(chosen.lines_file))
    found = KnownLines(HelpLines(data, day, own, group.name, host=group.host), known.trouble)
    try:
        found.region(chosen)
    except SettingsError as error:
        if chosen.region != group.region:
            raise
        raise GroupError(
            "group-value", f'In the group file {group.name}, "region" cannot be {group.region!r}.', error.remedy
        ) from error
    return found


def counts_of(group: Group, chosen: Settings) -> Counts:
    """Where the talks of a room are counted, if they are."""
    file = Path(group.counts_file) if group.counts_file else chosen.notes_file.parent.parent / COUNTS_FILE
    return Counts(file)


def manner_of(group: Group, manner: Manner) -> Manner:
    """The same manner within the limits of the room."""
    return replace(manner, least_volume=group.least_volume, most_volume=group.most_volume)


def _own(group: Group, chosen: Settings, lines: HelpLines) -> dict[str, dict[str, Any]]:
    """The group's lines in the shape of lines.yaml, for its country."""
    country = group.country or chosen.country
    mine: dict[str, Any] = {}
    for line in group.lines:
        body = {name: text for name, text in line.items() if name != "purpose"}
        if line["purpose"] == EMERGENCY:
            mine[EMERGENCY] = body
        else:
            mine.setdefault(line["purpose"], []).append(body)
    return {country if country in dict(lines.countries()) else GENERIC: mine} if mine else {}


def _both(first: Mapping[str, Mapping[str, Any]], then: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {country: dict(body) for country, body in then.items()}
    for country, body in first.items():
        there = found.setdefault(country, {})
        for purpose, lines in body.items():
            there[purpose] = [*lines, *there.get(purpose, [])] if isinstance(lines, list) else lines
    return found


class Door:
    """Whether a talk can be begun now, and what the page tells of the room while it waits."""

    def __init__(
        self,
        group: Group,
        content: Content,
        counts: Counts | None = None,
        now: Now = room_time,
    ) -> None:
        """`counts`: where talks are counted; None where they are not. `now`: the time of the room."""
        self._hours, self._host, self._content = group.hours, group.host, content
        self._counts, self._now = counts, now

    @property
    def open(self) -> bool:
        """A talk can be begun. Help in danger is given whenever somebody asks for it."""
        return self._hours is None or self._hours.open(self._now())

    def notice(self) -> Sequence[Say]:
        """What is said and shown while it is closed; () while it is open."""
        now = self._now()
        if self._hours is None or self._hours.open(now):
            return ()
        opens = self._hours.next(now)
        return (Say("kiosk.closed.1", {"day": self._day(opens, now), "time": self._time(opens)}),)

    def host(self) -> str:
        """The line that says whom one can ask; "" where there is nobody."""
        return self._content.fill("kiosk.ask_host.1", {"host": self._host}) if self._host else ""

    def standing(self) -> tuple[str, ...]:
        """Lines that stand on the page while it waits: whom one can ask, and that talks are counted."""
        counted = self._content.kiosk["counted"] if self._counts is not None else ""
        return tuple(line for line in (self.host(), counted) if line)

    def watched(self, ears: Ears, *, opened: bool) -> Ears:
        """The same ears, as long as it is open, or closed: they end when that changes."""
        return _Watched(ears, self, opened)

    def count(self, *, finished: bool) -> None:
        """One talk more. What cannot be written costs nothing else."""
        if self._counts is None:
            return
        try:
            self._counts.add(finished=finished)
        except VoiceError as error:
            _log.warning("trouble: %s", error.code)

    def _day(self, opens: datetime, now: datetime) -> str:
        words = self._content.kiosk
        if opens.date() == now.date():
            return words["today"]
        if opens.date() == (now + timedelta(days=1)).date():
            return words["tomorrow"]
        return self._content.fill("kiosk.on_day.1", {"day": words[DAYS[opens.weekday()]]})

    def _time(self, opens: datetime) -> str:
        """ "6 in the evening", "9:30 in the morning": for eye and ear alike."""
        if opens.minute == 0 and opens.hour in (0, _NOON):
            return self._content.kiosk["noon" if opens.hour else "midnight"]
        part = "morning" if opens.hour < _NOON else "afternoon" if opens.hour < _EVENING else "evening"
        hour = opens.hour % 12 or 12
        return self._content.fill(
            f"kiosk.{part}.1", {"time": f"{hour}:{opens.minute:02}" if opens.minute else str(hour)}
        )


class _Watched:
    """Ears that end, as if nobody came any more, when a room opens or closes."""

    def __init__(self, ears: Ears, door: Door, opened: bool) -> None:
        self._ears, self._door, self._was = ears, door, opened

    @property
    def speaking(self) -> bool:
        return self._ears.speaking

    @property
    def hears_through(self) -> bool:
        return self._ears.hears_through

    @property
    def talked_over(self) -> bool:
        return self._ears.talked_over

    @property
    def wants_the_floor(self) -> bool:
        return self._ears.wants_the_floor

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self._ears.open(listen, phrases)

    def poll(self, seconds: float) -> Sound | None:
        found = self._ears.poll(seconds)
        return Ended(wanted=True) if found is None and self._door.open != self._was else found

    def close(self) -> None:
        self._ears.close()

    def shut(self) -> None:
        self._ears.shut()
