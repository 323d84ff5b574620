"""The voices of this computer: which there are, and changing between them in the middle of a talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from voice.errors import VoiceError
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.speech.render import Renderer
    from voice.speech.voices import Voice


class Speaks(Protocol):
    """A mouth that can change its voice."""

    def choose(self, voice: str | None) -> None: ...

    def news(self) -> VoiceError | None: ...


def installed(chosen: Settings) -> tuple[Voice, ...]:
    """The most natural first. Asks programs, which takes up to some tenths of a second."""
    from voice.speech.voices import installed as found

    return found(chosen.voices_dir)


def renderer_of(chosen: Settings) -> Callable[[str | None], Renderer]:
    """Makes a renderer by the name of a voice; it raises SpeakerError where there is none of that name."""
    from voice.speech.voices import renderer

    return lambda name: renderer(name, chosen.voices_dir)


def used(name: str, voices: tuple[Voice, ...]) -> Voice | None:
    """The one that speaks with this setting; None where that is none of them, or they can't be asked."""
    from voice.speech.voices import ESPEAK

    if not name:
        return next((voice for voice in voices if voice.engine == ESPEAK), None)
    return next((voice for voice in voices if voice.name in (name, f"{ESPEAK}:{name}")), None)


class TalkVoices:
    """For one talk: the next voice, which goes round."""

    def __init__(self, mouth: Speaks, find: Callable[[], tuple[Voice, ...]], name: str) -> None:
        """`name`: the setting; `find`: as `installed`, called when somebody first asks for another."""
        self._mouth = mouth
        self._find = find
        self._name = name
        self._voices: tuple[Voice, ...] | None = None

    def another(self) -> str:
        if self._voices is None:
            self._voices = self._find()
        voices = self._voices
        now = used(self._name, voices)
        others = [voice for voice in voices if voice != now]
        if not others:
            return ""
        if now is None or not self._name:
            return others[0].name  # nothing was chosen: the most natural one first
        return voices[(voices.index(now) + 1) % len(voices)].name

    def use(self, name: str) -> None:
        self._name = name
        self._mouth.choose(name)

    def news(self) -> VoiceError | None:
        return self._mouth.news()
