"""How a session speaks and waits, and the help lines it may name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voice.events import Listen
from voice.helplines import HelpLines

RATES = (50, 70, 85, 100, 125, 150, 200)
"""The seven steps of the speaking rate, in percent of the words a minute (SPEC section 6; VVSG 7.1-K)."""
PATIENCE = (1.0, 1.5, 2.0)
"""How much longer every wait gets, by level of patience."""
_WORDS_PER_MINUTE = 130
_CARD_WORDS_PER_MINUTE = 110
_VOLUME_STEP = 10
SILENT = "silent_call"
"""Where a country has a way to call without a word: a value, and something that a line can be for."""
HOST = "host"
"""Where somebody in the room can be asked: the same."""
_PURPOSES = ("family", "crisis", "violence", "child")


@dataclass
class Manner:
    """How it speaks and waits; the person changes it by voice or key, and it starts anew with each person."""

    country: str = ""
    rate: int = 100
    volume: int = 100
    patience: int = 0
    barge_in: bool = True
    earcon: bool = False
    """A soft sound says that it listens now."""
    region: str = ""
    """Nation or province of the country; "" where it is not set."""
    least_volume: int = _VOLUME_STEP
    most_volume: int = 100
    """Percent: "softer" and "louder" stop there."""

    @property
    def stretch(self) -> float:
        """Factor for every wait."""
        return PATIENCE[self.patience]

    def patiently(self, listen: Listen) -> Listen:
        """Every wait made longer by the person's patience: before an answer, and within it."""
        if not listen.patient:
            return listen
        by = self.stretch
        return replace(listen, wait=listen.wait * by, end=listen.end * by, soon=listen.soon * by)

    def words_per_minute(self, card: bool = False) -> int:
        """How fast to speak; cards are spoken slower."""
        return (_CARD_WORDS_PER_MINUTE if card else _WORDS_PER_MINUTE) * self.rate // 100

    def adjust(self, what: str, steps: int) -> None:
        """One step up or down, within what there is."""
        match what:
            case "rate":
                nearest = min(range(len(RATES)), key=lambda i: abs(RATES[i] - self.rate))
                self.rate = RATES[max(0, min(len(RATES) - 1, nearest + steps))]
            case "volume":
                self.volume = max(self.least_volume, min(self.most_volume, self.volume + steps * _VOLUME_STEP))
            case "patience":
                self.patience = max(0, min(len(PATIENCE) - 1, self.patience + steps))


def line_values(lines: HelpLines, country: str, shown: bool, region: str = "") -> dict[str, str]:
    """The `$emergency`, `$family_line` ... of a country and region, for the ear or for the eye.

    A stale line says "Check this number" (`HelpLine.said`), which `note_last` puts after the whole sentence.
    """
    emergency = lines.emergency(country)
    again = "" if shown or not emergency.number else f"{emergency.said.capitalize()}."
    values = {
        "emergency": emergency.shown if shown else emergency.said,
        "emergency_again": again,  # twice to the ear (SPEC 4.5, rule 5)
        SILENT: lines.silent(country),
        HOST: lines.host,
    }
    for purpose in _PURPOSES:
        line = lines.line(country, purpose, region)
        values[f"{purpose}_line"] = (line.shown if shown else line.said) if line else lines.fallback
    return values


def purposes(lines: HelpLines, country: str, region: str = "") -> frozenset[str]:
    """Purposes for which a country and region have a line that may be given out."""
    more = {SILENT} if lines.silent(country) else set()
    more |= {HOST} if lines.host else set()
    return frozenset(p for p in _PURPOSES if lines.line(country, p, region) is not None) | more
