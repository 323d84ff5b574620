"""Waiting without hands: nothing is asked and nothing kept, until "hello afterwards", a key, or danger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.content import Content
from voice.dialogue.danger import GENERAL
from voice.errors import ModelError, SpeakerError
from voice.events import (
    Command,
    Danger,
    Ended,
    Heard,
    Kind,
    Listen,
    Meaning,
    Partial,
    Pressed,
    Recovered,
    Say,
    Sound,
    Source,
    Trouble,
)
from voice.helplines import HelpLines
from voice.safety import CALM, Light, Verdict
from voice.session_ears import TICK, AllEars
from voice.session_hearing import Early
from voice.session_manner import Manner
from voice.session_parts import Ears, Judge, Mouth, Screen
from voice.session_words import Words
from voice.understanding import Understanding

WAITING, KEYS = "standby.waiting", "standby.keys"
BACK = "microphone_back"
HELLO, SLEEP, EMERGENCY = "hello", "sleep", "emergency"
LISTEN = Listen("standby", Kind.CHOICE, commands=(HELLO, SLEEP, EMERGENCY), end=0.8, longest=10.0, any_key=True)
FITS = 8.0
"""Lead (see Heard) from which "hello afterwards" alone wakes it, whatever the recogniser of free words made of it. Said
by seven synthetic voices it led by 11 to 23; in 0.49 hours of other people's sentences no such lead was above 0."""
STORY = 14
"""Words without a pause beyond which somebody tells a story, and calls nobody. In 1.7 hours of novels read aloud, 10
false starts came down to 5 with it; of 300 direct dangers that it answered (two synthetic voices), 284 were left."""
_CALLED = Danger(Light.RED.value, GENERAL)


class Standby:
    """Waits for somebody. A television says much, so only what was said whole and surely counts here, and of danger
    only what is said outright (SPEC 4.6)."""

    def __init__(
        self,
        content: Content,
        understanding: Understanding,
        safety: Judge,
        lines: HelpLines,
        *,
        keys: Sequence[Ears],
        hearing: Ears | None,
        screen: Screen,
        mouth: Mouth | None,
        manner: Manner,
    ) -> None:
        self._content, self._understanding, self._safety = content, understanding, safety
        self._keys, self._hearing = list(keys), hearing
        self._screen, self._mouth = screen, mouth
        self._words = Words(content, lines, manner)
        self._phrases = understanding.phrases(LISTEN)
        self._hello = understanding.main_phrases(HELLO)[0]
        self.notice: Sequence[Say] = ()
        """What it says in the place of how to begin, where nothing can be begun now."""

    def wait(self) -> Meaning | None:
        """Until somebody comes: Command "hello", or the danger that they told of. None where nobody will come."""
        hearing = self._hearing
        key = WAITING if hearing else KEYS
        while True:
            sound = self._say(key, hearing) or self._sound(hearing)
            match sound:
                case None | Ended():
                    return None
                case Trouble(error=error):
                    self._screen.trouble(error)
                    deaf = "no_model" if isinstance(error, ModelError) else "no_microphone"
                    key = "" if sound.hears else deaf
                    continue
                case Recovered():
                    key = BACK
                    continue
            meaning = self.meaning(sound)
            if isinstance(meaning, Danger):
                return meaning
            if isinstance(meaning, Command) and meaning.name == SLEEP and hearing is not None:
                hearing.shut()
                hearing, key = None, "standby.asleep"
            elif hearing is None and self._hearing is not None:  # any key wakes it
                hearing, key = self._hearing, WAITING
            else:
                return meaning

    def _sound(self, hearing: Ears | None) -> Sound | None:
        """What came in next that means something."""
        ears = AllEars([*self._keys, *([hearing] if hearing else [])], self._screen.trouble)
        early = self.early()
        ears.open(LISTEN, self._phrases)
        try:
            while ears:
                for one, sound in ears.sounds():
                    match sound:
                        case Partial():
                            if (danger := early.look(sound)) is not None:
                                return danger
                        case Ended(wanted=False):
                            self._let_go(ears, one)
                        case Heard() if self.meaning(sound) is None:
                            early = self.early()
                            ears.open(LISTEN, self._phrases, only=one)
                        case _:
                            return sound
            return None
        finally:
            ears.close()

    def _let_go(self, ears: AllEars, one: Ears) -> None:
        """It brings nothing more: a standard input that was closed, say. The others go on."""
        ears.let_go(one)
        self._keys = [keys for keys in self._keys if keys is not one]
        self._hearing = None if one is self._hearing else self._hearing

    def meaning(self, sound: Sound) -> Meaning | None:
        """Command "hello" or "sleep", Danger, or None: nothing that was meant for it."""
        if not isinstance(sound, Heard | Pressed):
            return None
        meaning = self._understanding.understand(sound, LISTEN)
        if isinstance(meaning, Command) and meaning.sure and meaning.name == EMERGENCY:
            return _CALLED
        by_voice = isinstance(sound, Heard) and sound.source is Source.VOICE
        if isinstance(sound, Heard) and (danger := self._danger(sound)) is not None:
            return danger
        if isinstance(meaning, Command) and meaning.sure and meaning.name in (HELLO, SLEEP):
            return meaning
        if isinstance(sound, Heard) and by_voice and self._called(sound):
            return Command(HELLO)
        return None if by_voice else Command(HELLO)

    def _called(self, heard: Heard) -> bool:
        """Whether it was "hello afterwards" though the two recognisers do not agree. The grammar puts a short word in
        front of it now and then, and the other one hears "how long afterwards"."""
        hello = self._hello
        if heard.lead is None or not heard.text.endswith(hello.split()[-1]):
            return False
        fits = heard.text == hello and heard.lead >= FITS
        ends = heard.text.endswith(hello) and any(text.endswith(hello.split()[-1]) for text in heard.free or ())
        return heard.lead > 0 and (fits or ends or hello in (heard.free or ()))

    def _danger(self, heard: Heard) -> Danger | None:
        """Typed: as in a talk. Said by a voice that nobody asked: only RED, and only what is said outright."""
        if heard.source is Source.TYPED:
            verdict = self._safety.judge(heard.text)
            found = Danger(verdict.light.value, verdict.card or "", verdict.why)
            return None if verdict.light is Light.GREEN else found
        fits = heard.lead is None or heard.lead > 0
        texts = [*(heard.free or ())[:1]]
        if fits and self._understanding.outright(heard.text):
            texts.append(heard.text)
        for text in texts:
            verdict = self._outright(text)
            if verdict.light is Light.RED:
                return Danger(verdict.light.value, verdict.card or GENERAL, verdict.why)
        return None

    def _outright(self, text: str) -> Verdict:
        """Both the phrases and the network must be sure: in half an hour of novels read aloud the phrases alone found
        eight dangers, most of them in words that nobody had said. In a story (see STORY) nothing is."""
        if len(text.split()) > STORY:
            return CALM
        verdict = self._safety.judge(text, answering=False)
        sure = verdict.direct and verdict.light is Light.RED and self._safety.judge(text).light is Light.RED
        return verdict if sure else CALM

    def early(self) -> Early:
        """Whoever goes on talking is heard too."""
        return Early(lambda text, believed: self._outright(text))

    def _say(self, key: str, hearing: Ears | None) -> Sound | None:
        """Shows and speaks a prompt; gives back a key that cut it short, or danger. It hears itself say the word that
        wakes it, so of the voice nothing else counts meanwhile."""
        back: Recovered | None = None
        for line in self._lines(key):
            self._screen.say(line.key, self._words.of(line, shown=True))
            ears = AllEars([*self._keys, *([hearing] if hearing else [])], self._screen.trouble)
            over = replace(LISTEN, over_speech=True)
            ears.open(over, self._understanding.main_phrases(EMERGENCY))
            try:
                if self._mouth is None:
                    continue
                self._mouth.start(self._words.utterance(line))
                while not self._mouth.wait(0 if ears else TICK):
                    for one, sound in ears.sounds():
                        if isinstance(sound, Ended) and not sound.wanted:
                            self._let_go(ears, one)
                            if ears:
                                continue
                        elif one is hearing and not isinstance(self.meaning(sound), Danger):
                            if isinstance(sound, Heard):
                                ears.open(over, self._understanding.main_phrases(EMERGENCY), only=one)
                            if isinstance(sound, Recovered) and key != BACK:
                                back = sound  # told after the line
                            if not isinstance(sound, Trouble):
                                continue
                        self._mouth.stop()
                        if back is not None and not isinstance(sound, Trouble | Ended):
                            for late in self._lines(BACK):  # no time to say it; but a kiosk's page must know
                                self._screen.say(late.key, self._words.of(late, shown=True))
                        return sound
            except SpeakerError as error:
                self._screen.trouble(error)
            finally:
                ears.close()
        return back

    def _lines(self, key: str) -> Sequence[Say]:
        """Of a prompt; in the place of how to begin, what it says where nothing can be begun."""
        if key in (WAITING, KEYS) and self.notice:
            return self.notice
        return [Say(passage.key) for passage in self._content.prompts.get(key, ())]


class Lent:
    """Ears that are lent to a talk: it gives them back, and does not let go of the microphone or the terminal."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

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
        return self._ears.poll(seconds)

    def close(self) -> None:
        self._ears.close()

    def shut(self) -> None:
        """Back to whoever lent them."""
        self._ears.close()


class LentMouth:
    """A mouth that is lent to a talk."""

    def __init__(self, mouth: Mouth) -> None:
        self._mouth = mouth
        self.start, self.prepare, self.wait = mouth.start, mouth.prepare, mouth.wait
        self.stop, self.pause, self.resume = mouth.stop, mouth.pause, mouth.resume

    def shut(self) -> None:
        """Silence; the loudspeaker stays open."""
        self._mouth.stop()
