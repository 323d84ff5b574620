"""One line after the other, on the screen and aloud; and whoever talks over it."""

from __future__ import annotations

from collections.abc import Callable

from voice.content import Content
from voice.errors import SpeakerError, VoiceError
from voice.events import Ended, Heard, Listen, Partial, Recovered, Say, Sound, Trouble, Utterance
from voice.session_barge_in import LONGEST, LONGEST_ON_CARD, GivingWay, live
from voice.session_ears import TICK, AllEars
from voice.session_hearing import ON_CARD, Early, Hearing
from voice.session_manner import Manner
from voice.session_parts import Mouth, Screen
from voice.session_rest import rest_of
from voice.session_trouble import Troubles
from voice.session_words import Words

_EARCON = 0.5
"""Seconds that the soft sound may take at most."""
_LOOK_EVERY = 2.0
"""Seconds between two looks for a loudspeaker that went, while a question waits that nobody heard."""
_OPEN_NOW = "speaker-moved-open"
_MOVED = ("speaker-moved", _OPEN_NOW)
"""Codes of speech.player: our sound comes out of another place now; the second: no longer in private."""


def on_card(listen: Listen) -> bool:
    """All lines of a card are one: it is stepped through and left from any of them."""
    return listen.step.startswith(ON_CARD)


class Speaking:
    """Says lines, and gives back what interrupted them."""

    def __init__(
        self,
        content: Content,
        words: Words,
        hearing: Hearing,
        troubles: Troubles,
        ears: AllEars,
        screen: Screen,
        mouth: Mouth | None,
        manner: Manner,
        now: Callable[[], float],
    ) -> None:
        self._content, self._words, self._hearing, self._troubles = content, words, hearing, troubles
        self._ears, self._screen, self._mouth, self._manner = ears, screen, mouth, manner
        self._now = now
        self._giving_way = GivingWay(mouth, now) if mouth is not None else None
        self._unsaid = ""
        self._unheard: tuple[Say, Listen, bool] | None = None
        """A line that no loudspeaker played, with how it was to be said: of a card the first, which has the number."""
        self._look_at = 0.0
        self._failures = 0
        self.left: tuple[Say, ...] = ()
        """The rest of the line that was interrupted last."""
        self.hushed = False
        """It is silent, since its voice came out of another place, until somebody says or presses something."""

    def unsaid(self) -> str:
        """Key of a prompt that could not be said while a line was spoken; once."""
        key, self._unsaid = self._unsaid, ""
        return key

    def show(self, key: str) -> None:
        """A prompt for the eye alone."""
        for passage in self._content.prompts.get(key, ()):
            self._screen.say(passage.key, self._words.of(Say(passage.key), shown=True))

    def say(self, line: Say, listen: Listen, *, question: bool = False, begun: bool = False) -> Sound | None:
        """Shows and speaks a line; gives back what interrupted it. `question`: its answers count already. `begun`: it
        is being spoken already."""
        self._screen.say(line.key, self._words.of(line, shown=True))
        utterance = self._words.utterance(line)
        self.left = ()
        if self._mouth is None or (self.hushed and not self._must_be_heard(listen)):
            return None
        try:
            if not begun:
                self._mouth.start(utterance)
            if urgent := self._words.urgent():
                self._mouth.prepare(urgent)
            sound = self._spoken(line, utterance.text, listen, question)
            if begun or (question and not on_card(listen)):
                self._unheard = None
            return sound
        except SpeakerError as error:
            if error.code in _MOVED:
                self._moved(error)
                if self.hushed and not self._must_be_heard(listen):
                    return None
                return self.say(line, listen, question=question)
            self._failures += 1
            if begun:  # it opens and yet can't speak: the clocks must not stand still for that
                self._unheard = None
            elif self._unheard is None or not on_card(listen) or self._unheard[1].step != listen.step:
                self._unheard = line, listen, question
            if self._troubles.once("mouth", error):
                self.show("no_loudspeaker")
        finally:
            self._ears.close()
        return None

    def back(self, listen: Listen) -> bool:
        """The loudspeaker works again, and begins to say what nobody heard: go on with `again`. Looks now and then, and
        never raises."""
        if self._unheard is None or self._mouth is None or self._now() < self._look_at:
            return False
        self._look_at = self._now() + _LOOK_EVERY
        line, was, _ = self._unheard
        if was.step != listen.step or self.hushed:
            self._unheard = None
            return False
        try:
            self._mouth.start(self._words.utterance(line))
        except SpeakerError:
            return False
        return True

    def again(self) -> tuple[Sound | None, bool]:
        """Says to its end what `back` began; gives what interrupted it, and whether it was heard. If it breaks again
        it is not tried once more."""
        assert self._unheard is not None
        line, listen, question = self._unheard
        before = self._failures
        return self.say(line, listen, question=question, begun=True), self._failures == before

    def earcon(self, listen: Listen) -> None:
        """The soft sound before listening, where the person wants it."""
        if self._mouth is None or self.hushed or not self._manner.earcon or listen.heavy:
            return
        try:
            self._mouth.start(Utterance("", volume=self._manner.volume / 100, pause=0.0, earcon=True))
            until = self._now() + _EARCON
            while not self._mouth.wait(TICK) and self._now() < until:
                pass
        except SpeakerError as error:
            if self._troubles.once("mouth", error):
                self.show("no_loudspeaker")

    def _moved(self, error: VoiceError) -> None:
        """The voice comes out of another place. Where only one person could hear it before, it is silent there until
        that person says or presses something (somebody may stand beside them)."""
        self._screen.trouble(error)
        if error.code == _OPEN_NOW:
            self.hushed = True
            self.show("no_loudspeaker")

    def _must_be_heard(self, listen: Listen) -> bool:
        """The steps of a card: whoever is busy with somebody on the floor can't read. Not where somebody may listen."""
        return on_card(listen) and not self._content.cards[listen.step.removeprefix(ON_CARD)].quiet

    def _spoken(self, line: Say, text: str, listen: Listen, question: bool) -> Sound | None:
        """Waits until the line was said, or until something interrupts it, which it gives back."""
        assert self._mouth is not None
        assert self._giving_way is not None
        open = self._ears.hears_through
        over = live(self._manner.patiently(listen), open=open, question=question)
        self._giving_way.begin(on_card(listen))
        self._ears.open(over, self._hearing.phrases_over(text, over, open) if self._manner.barge_in else [])
        give_way = open and self._manner.barge_in
        early = self._hearing.early(listen)
        asks = question and not on_card(listen)  # on a card most talk is with the call taker
        longest = over.longest if asks else LONGEST_ON_CARD if on_card(listen) else LONGEST
        ended: float | None = None
        while not (over_with := self._mouth.wait(0 if self._ears else TICK)) or (give_way and self._ears.talked_over):
            sound = self._interruption(over, text, open, early if give_way else None, asked=over_with and asks)
            if sound is not None:
                self.left = rest_of(line, text, self._mouth.stop())
                self._giving_way.worked()
                return sound
            ended = self._now() if over_with and ended is None else ended
            if ended is not None and self._now() - ended > longest:
                break
            if give_way:
                self._giving_way.look(self._ears.wants_the_floor)
        self._troubles.over("mouth")
        return None

    def _interruption(self, over: Listen, spoken: str, open: bool, early: Early | None, asked: bool) -> Sound | None:
        """`asked`: the question was said to its end, so that whatever is said is an answer."""
        for ears, sound in self._ears.sounds():
            match sound:
                case Partial() if early is not None and not on_card(over):
                    danger = early.look(sound)
                    if danger is not None and not self._hearing.itself(danger, spoken, open):
                        return danger
                case Partial():
                    continue
                case Heard():
                    if asked or self._hearing.interrupts(sound, over, spoken, open):
                        return sound
                    self._ears.open(over, self._hearing.phrases_over(spoken, over, open), only=ears)
                case Trouble() | Recovered():
                    # On the screen at once; aloud when this line is over, for whoever can't see.
                    self._unsaid = self._troubles.news(sound) or self._unsaid
                case Ended():
                    self._ears.let_go(ears)
                    return sound if sound.wanted or not self._ears else None
                case _:
                    return sound
        return None
