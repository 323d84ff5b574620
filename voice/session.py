"""One talk with one person: asks the dialogue, and does what it says.

The parts that it uses are in `session_parts`, as Protocols. Whatever fails here (microphone, loudspeaker, notes) is
said or shown, the place is kept, and the talk goes on another way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from voice.content import Content
from voice.dialogue import Dialogue
from voice.dialogue.offering import WHAT as BIGGER_EAR
from voice.errors import VoiceError
from voice.events import (
    Act,
    Adjust,
    Answer,
    Command,
    Danger,
    DropPlace,
    Ended,
    Finish,
    Forget,
    Heard,
    Hide,
    Keep,
    KeepPlace,
    Listen,
    Mark,
    Meaning,
    Partial,
    Pressed,
    Recovered,
    Reword,
    Say,
    Set,
    ShowCard,
    ShowPlan,
    Silence,
    Sound,
    Source,
    Tell,
    Trouble,
    Wordless,
    Written,
)
from voice.helplines import HelpLines
from voice.session_ears import AllEars
from voice.session_hearing import Hearing
from voice.session_manner import Manner, line_values, purposes
from voice.session_notes import NoteKeeper
from voice.session_parts import Clock, Courier, Ears, Judge, Mouth, Notes, Screen, Voices
from voice.session_rest import Rest
from voice.session_speaking import Speaking, on_card
from voice.session_trouble import Troubles
from voice.session_words import Words, logged
from voice.understanding import Understanding

__all__ = [
    "Clock",
    "Courier",
    "Ears",
    "Judge",
    "Manner",
    "Mouth",
    "Notes",
    "Screen",
    "Session",
    "Voices",
    "line_values",
    "purposes",
]

_log = logging.getLogger("afterwards")
_TEARS = 2.5
"""Seconds of a voice without words, within one listening, after which it is said that there is no rush; less of it is
"mm" or a sigh, and nothing is said to that."""
_SECRET = "* * *"
_LONGEST_LOOK = 2.0
"""Seconds that one look at the ears can take. What is longer is a program that stood still, and no person's silence."""


class Session:
    """Runs one talk to its end."""

    def __init__(
        self,
        content: Content,
        dialogue: Dialogue,
        understanding: Understanding,
        safety: Judge,
        lines: HelpLines,
        *,
        ears: Sequence[Ears],
        screen: Screen,
        clock: Clock,
        mouth: Mouth | None = None,
        notes: Notes | None = None,
        manner: Manner | None = None,
        remember: Callable[[str, str], None] = lambda what, value: None,
        courier: Courier | None = None,
        voices: Voices | None = None,
    ) -> None:
        self._content = content
        self._dialogue = dialogue
        self._understanding = understanding
        self._hearing = Hearing(understanding, safety)
        self._lines = lines
        self._troubles = Troubles(screen)
        self._ears = AllEars(ears, lambda error: self._troubles.once("ears", error))
        self._screen = screen
        self._clock = clock
        self._mouth = mouth
        self.manner = manner or Manner()
        self._words = Words(content, lines, self.manner)
        shown = lambda line: self._words.of(line, shown=True)  # noqa: E731
        self._keeper = NoteKeeper(notes, shown, screen.keep, screen.trouble)
        self._remember = remember
        self._courier = courier
        self._voices = voices
        self._rest = Rest()
        self._speaking = Speaking(
            content, self._words, self._hearing, self._troubles, self._ears, screen, mouth, self.manner, clock.now
        )

    def run(self, opening: Sequence[Act] = (), first: Meaning | None = None) -> str:
        """Leads the talk from `start` on; gives the reason why it ended. Everything is given back at the end.

        `first`: what was said before it began, such as danger; else it begins with its hello.
        """
        reason = "ended"
        try:
            acts = [*opening, *self._dialogue.start()]
            if first is not None:
                acts = self._dialogue.respond(first)
            while True:
                step = self._perform(acts)
                if isinstance(step, str):
                    reason = step
                    return reason
                acts = self._rest.before(self._dialogue.respond(step), step)
        finally:
            self._screen.end(reason)
            self._shut()

    def coming(self) -> Listen:
        """What will be listened for when this turn was said: a screen can show its answers meanwhile."""
        return self._dialogue.listen()

    # ---- doing

    def _perform(self, acts: Sequence[Act]) -> Meaning | str:
        """Does the acts; gives what was answered, or the reason why the talk is over."""
        listen = next((act for act in acts if isinstance(act, Listen)), self._dialogue.listen())
        question = next((act for act in reversed(acts) if isinstance(act, Say)), None)
        for at, act in enumerate(acts):
            self._note(act, listen.step)
            match act:
                case Say():
                    sound = self._say(act, listen, question=(act is question and listen in acts) or on_card(listen))
                    if sound is not None:
                        left = self._speaking.left
                        answered = self._over(sound) or self._meaning(sound, listen)
                        if not isinstance(answered, Wordless) or _lasted(answered, listen) >= _TEARS:
                            self._rest.cut(answered, listen.step, (*left, *acts[at + 1 :]))
                            return answered  # else somebody nodded as the question ended
                case Listen():
                    return self._listen(act)
                case Finish(reason=reason):
                    return reason
                case ShowCard(card=card, line=line):
                    self._card(card, line)
                case ShowPlan(lines=lines):
                    self._screen.plan([self._words.of(line, shown=True) for line in lines])
                case Adjust(what=what, steps=steps):
                    self.manner.adjust(what, steps)
                case Set(what=what, value=value):
                    self._set(what, value)
                case Hide():
                    self._screen.hide()
                case Tell(error=error):
                    self._screen.trouble(error)
                case Written(where=where):
                    self._screen.written(where)
                case Keep() | KeepPlace() | DropPlace() | Mark() | Reword() | Forget():
                    if (key := self._keeper.do(act)) and (sound := self._prompt(key)) is not None:
                        return self._over(sound) or self._meaning(sound, listen)
        return self._listen(listen)

    def _card(self, card: str, line: int) -> None:
        found = self._content.cards[card]
        facts = self._dialogue.memory.facts()
        lines = [self._words.of(Say(p.key), shown=True) for p in found.lines if p.when.holds(facts)]
        self._screen.card(card, found.title, lines, line)

    def _set(self, what: str, value: str) -> None:
        if what in ("country", "region"):
            setattr(self.manner, what, value)
            self._dialogue.memory.lines = purposes(self._lines, self.manner.country, self.manner.region)
        if what == "voice" and self._voices is not None:
            self._troubles.over("voice")
            self._voices.use(value)
        if what == BIGGER_EAR:
            if self._courier is not None:
                self._courier.answer(value)
            return
        try:
            self._remember(what, value)
        except VoiceError as error:  # asked again another day, and no reason to stop
            self._screen.trouble(error)

    def _prompt(self, key: str) -> Sound | None:
        """Says what belongs to no question; gives back what interrupted it."""
        facts = self._dialogue.memory.facts()
        for passage in self._content.prompts.get(key, ()):
            if passage.when.holds(facts):
                sound = self._say(Say(passage.key, self._dialogue.memory.values()), self._dialogue.listen())
                if sound is not None:
                    return sound
        return None

    def _say(self, line: Say, listen: Listen, *, question: bool = False) -> Sound | None:
        sound = self._speaking.say(line, listen, question=question)
        if self._voices is not None and (error := self._voices.news()) is not None:
            self._troubles.once("voice", error)
        return sound

    # ---- listening

    def _listen(self, listen: Listen) -> Meaning | str:
        if (key := self._speaking.unsaid()) and (interrupted := self._prompt(key)) is not None:
            return self._over(interrupted) or self._meaning(interrupted, listen)
        if self._courier is not None and (key := self._courier.news()):
            self._speaking.show(key)
        listen = self.manner.patiently(listen)
        phrases = self._understanding.phrases(listen)
        self._screen.listen(listen, self._understanding.options(listen))
        wordless = 0.0
        self._speaking.earcon(listen)
        while True:
            self._ears.open(listen, phrases)
            try:
                sound = self._wait_for(listen)
            finally:
                self._ears.close()
            if sound is None:
                self._screen.heard("", Silence())
                return Silence()
            if (over := self._over(sound)) is not None:
                return over
            meaning = self._meaning(sound, listen)
            if not isinstance(meaning, Wordless):
                return meaning
            wordless += _lasted(meaning, listen)
            if wordless >= _TEARS:
                return meaning

    def _wait_for(self, listen: Listen) -> Sound | None:
        """The first sound that is an answer, or None after the wait. Time stands still while somebody is speaking."""
        waited = 0.0
        before = self._clock.now()
        early = self._hearing.early(listen)
        while waited < listen.wait:
            for ears, sound in self._ears.sounds():
                match sound:
                    case Partial():
                        if (danger := early.look(sound)) is not None:
                            return danger
                    case Trouble() | Recovered():
                        if (interrupted := self._tell(self._troubles.news(sound))) is not None:
                            return interrupted
                        before = self._clock.now()  # telling it was no silence
                    case Ended():
                        self._ears.let_go(ears)
                        if sound.wanted or not self._ears:
                            return sound
                    case _:
                        return sound
            if not self._ears:
                return Ended()
            if not self._ears.speaking and self._speaking.back(listen):
                interrupted, said = self._speaking.again()
                key = "" if interrupted is not None else self._speaking.unsaid()  # it hears again too, mostly
                if (interrupted := interrupted or self._tell(key)) is not None:
                    return interrupted
                self._open_again()
                if said:
                    waited, before = 0.0, self._clock.now()
            now = self._clock.now()
            if not self._ears.speaking:
                waited += min(now - before, _LONGEST_LOOK)
            before = now
        return None

    def _over(self, sound: Sound) -> str | None:
        if not isinstance(sound, Ended):
            return None
        return "stopped" if sound.wanted else "no more answers"

    def _meaning(self, sound: Sound, listen: Listen) -> Meaning:
        assert isinstance(sound, Heard | Pressed), "troubles and ends were seen to before"
        if isinstance(sound, Heard) and sound.source is Source.VOICE:
            self._troubles.over("ears")  # it hears again; if it is lost again, that is said again
        meaning = self._hearing.meaning(sound, listen)
        by_hand = isinstance(sound, Pressed) or sound.source is Source.TYPED
        if by_hand or isinstance(meaning, Danger) or (isinstance(meaning, Answer | Command) and meaning.sure):
            self._speaking.hushed = False  # not by whoever else is in the room
        text = sound.text if isinstance(sound, Heard) else sound.key
        self._screen.heard(text, meaning) if not listen.secret else self._screen.heard("", _unsaid(meaning))
        self._note(meaning, listen.step)
        return meaning

    def _note(self, thing: Act | Meaning, step: str) -> None:
        if logged(thing, step):
            _log.info("%s in %s", type(thing).__name__, step)

    # ---- trouble

    def _tell(self, key: str) -> Sound | None:
        """Says it in the middle of a question, and listens on. Gives back what interrupted it."""
        if not key:
            return None
        sound = self._prompt(key)
        while sound is None and (key := self._speaking.unsaid()):  # it hears again already
            sound = self._prompt(key)
        self._open_again()
        return sound

    def _open_again(self) -> None:
        """Listens on after something was said in the middle of a question."""
        listen = self.manner.patiently(self._dialogue.listen())
        self._ears.open(listen, self._understanding.phrases(listen))

    def _shut(self) -> None:
        self._ears.shut()
        if self._mouth is not None:
            self._mouth.shut()


def _unsaid(meaning: Meaning) -> Meaning:
    """As the screen may show it where something secret is asked."""
    return Answer("own", _SECRET) if isinstance(meaning, Answer) and meaning.words else meaning


def _lasted(meaning: Wordless, listen: Listen) -> float:
    """Seconds of the voice, without the silence that ended it."""
    return max(0.0, meaning.seconds - listen.end)
