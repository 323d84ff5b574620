"""After a talk at a kiosk: the plan stays on the page until somebody clears it, or nobody is there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice.dialogue.danger import GENERAL
from voice.errors import SpeakerError
from voice.events import Command, Danger, Ended, Heard, Kind, Listen, Pressed, Say, Trouble
from voice.parts import Talking
from voice.safety import Light
from voice.session import Ears, Manner, Mouth
from voice.session_ears import TICK, AllEars
from voice.session_hearing import Hearing
from voice.session_standby import Lent
from voice.session_words import Words

if TYPE_CHECKING:
    from voice.kiosk.ears import KioskEars
    from voice.kiosk.screen import KioskScreen

_ENDS = ("stop", "done")
_LISTEN = Listen(
    "after", Kind.CHOICE, commands=(*_ENDS, "emergency", "go_on", "repeat", "pause"), end=0.8, longest=10.0
)
_CALLED = Danger(Light.RED.value, GENERAL)


class Lingering:
    """Waits with whoever was here. Of what is said, only a whole command counts, and danger."""

    def __init__(
        self,
        talking: Talking,
        manner: Manner,
        *,
        page: KioskEars,
        screen: KioskScreen,
        hearing: Ears | None,
        mouth: Mouth | None,
    ) -> None:
        self._page, self._screen, self._mouth = page, screen, mouth
        self._ears = AllEars([page, *([Lent(hearing)] if hearing else [])], screen.trouble)
        self._meaning = Hearing(talking.understanding, talking.safety).meaning
        self._phrases = talking.understanding.phrases(_LISTEN)
        self._asks = talking.content.prompts["still_there"]
        self._words = Words(talking.content, talking.lines, manner)

    def wait(self) -> Danger | None:
        """Until all is to be cleared; gives the danger that somebody told of, if that is why."""
        from voice.kiosk.screen import ASK

        self._ears.open(_LISTEN, self._phrases)
        try:
            while True:
                for ears, sound in self._ears.sounds():
                    match sound:
                        case Ended() if ears is self._page:
                            return None
                        case Ended():
                            self._ears.let_go(ears)
                        case Trouble(error=error):
                            self._screen.trouble(error)
                        case Pressed(key=key) if key == ASK:
                            self._ask()
                        case Heard() | Pressed():
                            meaning = self._meaning(sound, _LISTEN)
                            if isinstance(meaning, Danger) and meaning.light == Light.RED.value:
                                return meaning
                            if isinstance(meaning, Command) and meaning.sure:
                                if meaning.name == "emergency":
                                    return _CALLED
                                if meaning.name in _ENDS:
                                    return None
                            if isinstance(sound, Pressed) or isinstance(meaning, Command):
                                self._screen.is_here()
                            if isinstance(sound, Heard):
                                self._ears.open(_LISTEN, self._phrases, only=ears)
        finally:
            self._ears.close()

    def _ask(self) -> None:
        """Whether somebody is still there. Whatever is done on the page cuts it short."""
        self._ears.close()
        try:
            for passage in self._asks:
                line = Say(passage.key)
                self._screen.say(line.key, self._words.of(line, shown=True))
                if self._mouth is not None:
                    self._mouth.start(self._words.utterance(line))
                    while not self._mouth.wait(TICK) and not self._page.waiting:
                        pass
                    self._mouth.stop()
        except SpeakerError as error:
            self._screen.trouble(error)
        self._screen.asked()
        self._ears.open(_LISTEN, self._phrases)
