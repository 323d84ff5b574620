"""Talking over the voice on a real (virtual) sound card, in a room where the microphone hears the loudspeaker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.echo_room import Echo, open_loudspeaker
from tests.sound_card import SoundCard, render_wav
from voice.events import Heard, Kind, Listen, Utterance
from voice.parts import Own
from voice.speech.ears import VoiceEars
from voice.speech.echo import echo_remover
from voice.speech.microphone import Microphone
from voice.speech.mouth import Mouth
from voice.speech.recogniser import SpeechModel

pytestmark = [pytest.mark.sound, pytest.mark.model]

TEXT = (
    "Many people say no the first time. Some of them say yes later, when they are asked another way. "
    "You can say stop at any time, and nothing is lost. That is hard, and it is not the end of the road."
)
COMMANDS = ("stop", "pause", "repeat", "slower", "skip", "help", "emergency")
OVER = Listen("x", Kind.CHOICE, (), COMMANDS, end=0.6, over_speech=True)


@dataclass
class Talk:
    """A voice and ears in one room."""

    mouth: Mouth
    ears: VoiceEars

    def say(self, text: str = TEXT) -> None:
        self.mouth.start(Utterance(text, pause=0.0))

    def over(self, seconds: float) -> tuple[list[Heard], float]:
        """What is heard while it speaks (for so long at most), and for how long somebody seemed to talk."""
        heard: list[Heard] = []
        speaking = 0.0
        before = time.monotonic()
        until = before + seconds
        self.ears.open(OVER, COMMANDS)
        while time.monotonic() < until and not self.mouth.wait(0):
            sound = self.ears.poll(0.05)
            if isinstance(sound, Heard):
                heard.append(sound)
                self.ears.open(OVER, COMMANDS)
            now = time.monotonic()
            speaking += now - before if self.ears.talked_over else 0.0
            before = now
        return heard, speaking


@pytest.fixture
def talk(sound_card: SoundCard, speech_model: SpeechModel) -> Iterator[Talk]:
    own = Own()
    mouth = Mouth(played=own.played.put)
    ears = VoiceEars(speech_model, Microphone, echo=echo_remover(own.played))
    mouth.ready()
    with open_loudspeaker(sound_card, Echo(0.06, -12)):
        try:
            yield Talk(mouth, ears)
        finally:
            ears.shut()
            mouth.shut()


def test_its_own_voice_says_nothing_to_it(talk: Talk) -> None:
    talk.say()
    talk.over(30)
    assert talk.ears.hears_through
    talk.say()
    heard, speaking = talk.over(30)
    assert heard == []
    assert speaking < 0.5


def test_a_word_over_it_is_heard_and_it_goes_on_from_the_same_word(
    talk: Talk, sound_card: SoundCard, tmp_path: Path
) -> None:
    word = render_wav("slower", tmp_path / "slower.wav", "en-gb+f2", 120)
    talk.say()
    talk.over(30)
    talk.say()
    talk.over(2.0)
    speaker = sound_card.speaking(word)
    talk.ears.open(OVER, COMMANDS)
    until = time.monotonic() + 5
    heard: Heard | None = None
    held_at = -1
    while heard is None and time.monotonic() < until:
        sound = talk.ears.poll(0.02)
        heard = sound if isinstance(sound, Heard) else None
        if talk.ears.talked_over and held_at < 0:
            talk.mouth.pause()
            held_at = talk.mouth.word
    speaker.wait(10)
    assert held_at > 0, "nobody was noticed"
    assert heard is not None
    assert heard.text == "slower"
    assert abs(talk.mouth.word - held_at) <= 1
    talk.mouth.resume()
    time.sleep(0.1)
    assert abs(talk.mouth.word - held_at) <= 1
    talk.over(0.5)
    talk.mouth.stop()


def test_the_place_is_the_beginning_of_the_word(talk: Talk, sound_card: SoundCard) -> None:
    with sound_card.capture() as plain:
        talk.say("one two three four five six seven")
        talk.over(10)
    with sound_card.capture() as held:
        talk.say("one two three four five six seven")
        talk.over(1.0)
        talk.mouth.pause()
        time.sleep(0.5)
        assert talk.mouth.word == talk.mouth.word
        talk.mouth.resume()
        talk.over(10)
    more = held.loud_seconds - plain.loud_seconds
    assert -0.05 <= more <= 0.7, "a part of a word twice, and none left out"
