"""The chosen voice; where it fails, the one that comes with the machine speaks in its place."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from voice.errors import SpeakerError
from voice.speech.programs import HurriedError
from voice.speech.render import Clip, Renderer
from voice.speech.voices import ProgramRenderer

_log = logging.getLogger(__name__)


class Steady:
    """A Renderer that goes on. Used from one thread, but for `hurry`, `calm` and `news`."""

    def __init__(self, make: Callable[[str | None], Renderer], voice: str | None = None) -> None:
        """Makes nothing yet. `make`: a renderer by the name of a voice; without a name, the one to fall back on."""
        self._make = make
        self._wanted = voice
        self._chosen: Renderer | None = None
        self._plain: Renderer | None = None
        self._news: SpeakerError | None = None
        self._hurries = 0
        self._lock = threading.Lock()

    @property
    def voice(self) -> str:
        """Which one speaks now. Raises SpeakerError where none can."""
        return self._now().voice

    def choose(self, voice: str | None) -> None:
        """Speak with this one from now on, and forget what was wrong with the one before."""
        self._let_go()
        self._wanted, self._chosen, self._news = voice, None, None

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        """Raises SpeakerError where the voice to fall back on fails too; HurriedError."""
        chosen = self._now()
        try:
            return chosen.render(sentence, words_per_minute, pitch)
        except HurriedError:
            raise
        except Exception as error:  # whatever a program and its libraries come up with
            if not isinstance(chosen, ProgramRenderer):
                raise
            self._fall_back(error if isinstance(error, SpeakerError) else None)
        return self._now().render(sentence, words_per_minute, pitch)

    def at_once(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        """Without waiting for another program: in about 12 ms where espeak-ng is what comes with the machine."""
        if isinstance(self._now(), ProgramRenderer):
            with contextlib.suppress(SpeakerError):  # then all that is left is to wait
                self._plain = self._plain or self._make(None)
                return self._plain.render(sentence, words_per_minute, pitch)
        return self.render(sentence, words_per_minute, pitch)

    def hurry(self) -> None:
        """Something else is to be said: another program's work ends with HurriedError until as many `calm` came."""
        self._pass_on(1)

    def calm(self) -> None:
        """What there was to hurry for is being made now."""
        self._pass_on(-1)

    def news(self) -> SpeakerError | None:
        """What was wrong with the chosen voice, so that another one speaks; once."""
        news, self._news = self._news, None
        return news

    def shut(self) -> None:
        """Nothing is left running."""
        self._let_go()

    def _now(self) -> Renderer:
        if self._chosen is None:
            try:
                self._chosen = self._make(self._wanted)
            except SpeakerError as error:
                if self._wanted is None:
                    raise
                self._fall_back(error)
                return self._now()
            self._pass_on()
        return self._chosen

    def _fall_back(self, error: SpeakerError | None) -> None:
        self._let_go()
        self._plain = self._plain or self._make(None)
        self._chosen = self._plain
        self._news = error or SpeakerError(
            "speaker-program", "The voice that you chose does not work.", "Another one speaks. Say: another voice."
        )
        _log.warning("voice: %s", self._news.code)

    def _let_go(self) -> None:
        if isinstance(self._chosen, ProgramRenderer):
            self._chosen.shut()

    def _pass_on(self, more: int = 0) -> None:
        with self._lock:  # `hurry` and `calm` come from two threads
            self._hurries += more
            chosen = self._chosen
            if isinstance(chosen, ProgramRenderer):
                chosen.hurry(self._hurries > 0)
