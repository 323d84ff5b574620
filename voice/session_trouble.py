"""What stopped working: said or shown once, until it works again."""

from __future__ import annotations

import logging

from voice.errors import ModelError, VoiceError
from voice.events import Recovered, Trouble
from voice.session_parts import Screen

_log = logging.getLogger("afterwards")


class Troubles:
    """Parts that are in trouble: "ears", "mouth", "model"."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._parts: set[str] = set()

    def once(self, part: str, error: VoiceError) -> bool:
        """Shows it, and is True, where it was not told before."""
        if part in self._parts:
            return False
        self._parts.add(part)
        _log.warning("trouble: %s", error.code)
        self._screen.trouble(error)
        return True

    def over(self, part: str) -> None:
        """It works again; if it is lost again, that is told again."""
        self._parts.discard(part)

    def news(self, sound: Trouble | Recovered) -> str:
        """Ears went deaf, or hear again: shown once. Gives the prompt that says so; "" where it was said before."""
        match sound:
            case Recovered() if "ears" in self._parts:
                self._parts.discard("ears")
                return "microphone_back"
            case Trouble(error=ModelError() as error, hears=True):
                self.once("model", error)
            case Trouble(error=error, hears=True):  # another microphone, or it was asleep: each time is news
                _log.warning("trouble: %s", error.code)
                self._screen.trouble(error)
            case Trouble(error=error) if self.once("ears", error):
                return "no_model" if isinstance(error, ModelError) else "no_microphone"
        return ""
