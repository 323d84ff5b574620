"""Waiting for somebody: what wakes it, what does not, and that nothing is kept of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.room import SPEECH, TALKING, At, Paper, Person, Voice, begins, key, says, types
from tests.sound_card import SoundCard, render_wav
from voice.errors import MicrophoneError
from voice.events import Command, Danger, Ended, Heard, Meaning, Recovered, Source, Trouble
from voice.rehearse import VirtualClock
from voice.session import Manner
from voice.session_parts import Mouth
from voice.session_standby import LISTEN, Lent, LentMouth
from voice.speech.ears import hear_source
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource, PcmSource


class Waiting:
    """Somebody at the keys, somebody in the room, and the program waiting."""

    def __init__(self, *said: At, keys: tuple[At, ...] = (), country: str = "UK") -> None:
        self.clock = VirtualClock()
        self.keys = Person(self.clock, list(keys), ends=False)
        self.room = Person(self.clock, list(said))
        self.voice, self.paper = Voice(self.clock), Paper(self.clock)
        self.standby = TALKING.standby(
            Manner(country=country), keys=[self.keys], hearing=self.room, screen=self.paper, mouth=self.voice
        )

    def wait(self) -> Meaning | None:
        """With nobody at the keys any more it would wait for ever: the room's end is the end here."""
        self.room.plan.append(At(Ended(wanted=True)))
        return self.standby.wait()


def _unsure(text: str, free: str) -> At:
    return At(Heard(text, Source.VOICE, 1.0, (free,), -2.0, 0.1))


def test_it_says_and_shows_that_it_waits() -> None:
    waiting = Waiting()
    assert waiting.wait() is None
    assert waiting.paper.of("say") == ["standby.waiting.1"]
    assert "hello afterwards" in waiting.voice.said[0].text.lower()


@pytest.mark.parametrize("said", [says("hello afterwards"), key("1"), types("hello"), key("repeat")], ids=str)
def test_a_word_or_a_key_wakes_it(said: At) -> None:
    aloud = isinstance(said.sound, Heard) and said.sound.source is Source.VOICE
    waiting = Waiting(said) if aloud else Waiting(keys=(said,))
    assert waiting.wait() == Command("hello")


@pytest.mark.parametrize(
    "said",
    [
        says("hello"),
        says("yes"),
        says("stop"),
        says("i can't go on like this any more"),  # a film: nobody was asked (SPEC 4.6)
        _unsure("hello afterwards", "yellow after words"),
        _unsure("emergency", "a merchant see"),
        _unsure("he's not breathing", "he's not preening"),
        says("and then the doctor who saw the poor girl in that case was only told that she is not breathing"),
        At(Recovered()),
    ],
    ids=str,
)
def test_other_talk_does_not(said: At) -> None:
    assert Waiting(said).wait() is None


@pytest.mark.parametrize(
    "text",
    ["emergency", "he's not breathing", "she's overdosed", "oh god he's not breathing", "he's not breathing please"],
)
def test_danger_said_outright_is_answered_at_once(text: str) -> None:
    came = Waiting(says(text)).wait()
    assert isinstance(came, Danger)
    assert came.light == "red"


def test_of_two_recognisers_the_free_one_is_enough_for_danger() -> None:
    heard = Heard("[unk] he's not breathing", Source.VOICE, 1.0, ("oh no he is not breathing",), -9.0, 0.1)
    assert isinstance(Waiting(At(heard)).wait(), Danger)


def test_whoever_goes_on_talking_is_answered_before_the_end() -> None:
    waiting = Waiting(begins("he is not breathing", 1.0), begins("he is not breathing and i am so", 2.0))
    assert isinstance(waiting.wait(), Danger)
    assert waiting.clock.now() < 3.0 + SPEECH + 2.5


def test_whoever_tells_a_story_calls_nobody() -> None:
    story = "they took the young man out of the house and up the stairs and there he is not breathing"
    assert Waiting(begins(story, 1.0), begins(story, 2.0)).wait() is None


def test_danger_is_heard_while_it_says_that_it_waits() -> None:
    waiting = Waiting(says("emergency", speaking=True))
    assert isinstance(waiting.wait(), Danger)
    assert waiting.voice.stopped_at


def test_its_own_word_does_not_wake_it() -> None:
    assert Waiting(says("hello afterwards", speaking=True)).wait() is None


def test_typed_hints_are_asked_about() -> None:
    came = Waiting(keys=(types("she took some pills last night"),)).wait()
    assert isinstance(came, Danger)


def test_the_help_key_is_answered_at_once() -> None:
    assert isinstance(Waiting(keys=(key("emergency"),)).wait(), Danger)


def test_typed_danger_is_danger_however_it_is_said() -> None:
    assert isinstance(Waiting(keys=(types("i want to die"),)).wait(), Danger)


def test_go_to_sleep_lets_go_of_the_microphone_until_a_key() -> None:
    waiting = Waiting(says("go to sleep"), says("hello afterwards"), keys=(At(key("1").sound, after=30.0),))
    assert waiting.wait() == Command("hello")
    assert waiting.paper.of("say") == ["standby.waiting.1", "standby.asleep.1", "standby.waiting.1"]
    assert waiting.room.shut_times == 1
    assert waiting.clock.now() > 30, "while it slept nobody was heard"


def test_a_lost_microphone_is_shown_and_keys_go_on() -> None:
    error = MicrophoneError("microphone-gone", "The microphone went away.", "Plug it in again.")
    waiting = Waiting(At(Trouble(error)), keys=(At(key("1").sound, after=9.0),))
    waiting.room.ends = False
    assert waiting.standby.wait() == Command("hello")
    assert waiting.paper.of("trouble") == ["microphone-gone"]
    assert waiting.paper.of("say") == ["standby.waiting.1", "no_microphone.1"], "and said aloud, once"


_LOST = At(Trouble(MicrophoneError("microphone-gone", "The microphone went away.", "Plug it in.")), speaking=True)
_BACK = At(Recovered(), speaking=True)


def test_keys_that_end_while_it_speaks_leave_it_the_microphone() -> None:
    """As with `</dev/null`, or begun by systemd."""
    waiting = Waiting(says("hello afterwards"), keys=(At(Ended(), speaking=True),))
    assert waiting.wait() == Command("hello")
    assert waiting.keys.shut_times == 1
    assert waiting.voice.stopped_at == [], "the line is said to its end"
    assert waiting.clock.now() > SPEECH


def test_it_ends_where_nothing_is_left_that_could_hear() -> None:
    waiting = Waiting(keys=(At(Ended(), speaking=True),))
    deaf = TALKING.standby(
        Manner(country="UK"), keys=[waiting.keys], hearing=None, screen=waiting.paper, mouth=waiting.voice
    )
    assert deaf.wait() is None
    assert waiting.paper.of("say") == ["standby.keys.1"]
    assert waiting.clock.now() < SPEECH


def test_that_it_hears_again_is_told_after_the_line() -> None:
    waiting = Waiting(_LOST, _BACK, says("hello afterwards"))
    assert waiting.wait() == Command("hello")
    assert waiting.paper.of("say") == ["standby.waiting.1", "no_microphone.1", "microphone_back.1"]
    assert len(waiting.voice.stopped_at) == 1, "only what was no longer true was cut short"
    assert waiting.clock.now() > 2 * SPEECH


def test_a_microphone_that_comes_and_goes_is_told_each_time_and_not_for_ever() -> None:
    waiting = Waiting(_LOST, _BACK, _BACK, _LOST, says("hello afterwards"))
    waiting.room.plan[3] = At(_LOST.sound)
    assert waiting.wait() == Command("hello")
    assert waiting.paper.of("say") == [
        "standby.waiting.1",
        *["no_microphone.1", "microphone_back.1"],
        "no_microphone.1",
    ]


def test_who_presses_a_key_before_it_is_told_finds_it_on_the_screen() -> None:
    """A kiosk's page knows by it that it hears."""
    waiting = Waiting(_LOST, _BACK, keys=(At(key("1").sound, speaking=True, after=1.0),))
    assert waiting.wait() == Command("hello")
    assert waiting.paper.of("say") == ["standby.waiting.1", "no_microphone.1", "microphone_back.1"]
    assert len(waiting.voice.said) == 2


def test_what_is_lent_is_given_back_and_not_shut() -> None:
    waiting = Waiting()
    Lent(waiting.room).shut()
    mouth: Mouth = LentMouth(waiting.voice)
    mouth.shut()
    assert waiting.room.shut_times == 0


def test_the_command_waits_talks_and_waits_again(tmp_path: Path) -> None:
    """By keys, through a pipe: a talk, a stop, and the waiting again."""
    typed = "\nyes\nalone\nstop\nstop\n"
    arguments = ("talk", "--standby", "--country", "UK", "--silent", "--answer-by", "keys")
    done = subprocess.run(
        [sys.executable, "-m", "voice", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "AFTERWARDS_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Press a key.") == 2
    assert "computer voice" in " ".join(done.stdout.split())
    assert "Stopped." in done.stdout


@pytest.mark.model
@pytest.mark.sound
def test_the_command_waits_though_its_input_is_closed(
    sound_card: SoundCard, speech_model: SpeechModel, tmp_path: Path
) -> None:
    """With a voice, and begun as systemd does it: it is woken by what is said."""
    hello = render_wav("hello afterwards", tmp_path / "hello.wav", "en-gb")
    screen = tmp_path / "screen"
    with screen.open("wb") as out:
        program = subprocess.Popen(
            [sys.executable, "-m", "voice", "talk", "--standby", "--country", "UK", "--model", str(speech_model.path)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **sound_card.environment, "AFTERWARDS_HOME": str(tmp_path / "home")},
        )
        try:
            until = time.monotonic() + 60
            while (talks := "computer voice" in " ".join(screen.read_text().split())) is False:
                assert program.poll() is None, screen.read_text()
                assert time.monotonic() < until, screen.read_text()
                sound_card.speak(hello)
                time.sleep(2.0)
        finally:
            program.terminate()
            program.wait(20)
    assert talks


@pytest.mark.model
@pytest.mark.sound
def test_a_real_model_hears_hello_afterwards_and_not_other_talk(speech_model: SpeechModel, tmp_path: Path) -> None:
    phrases = TALKING.understanding.phrases(LISTEN)
    woke = []
    for number, voice in enumerate(("en-gb", "en-us+f3", "en-gb-scotland+m3")):
        for text in ("hello afterwards", "the weather will be fine until friday", "hello and welcome to the news"):
            source = FileSource(render_wav(text, tmp_path / f"{number}.wav", voice))
            heard = hear_source(source, speech_model, LISTEN, phrases)
            waiting = Waiting(At(heard))
            woke.append((text, waiting.wait() is not None))
    assert sum(came for text, came in woke if text == "hello afterwards") >= 2, woke
    assert not any(came for text, came in woke if text != "hello afterwards"), woke
    hiss = np.random.default_rng(1).normal(0, 1500, 16000 * 5).astype(np.int16)
    assert Waiting(At(hear_source(PcmSource(hiss), speech_model, LISTEN, phrases))).wait() is None


@pytest.mark.parametrize(
    ("grammar", "free", "lead", "wakes"),
    [
        ("hello afterwards", ("how long afterwards", "the low afterwards"), 13.0, True),
        ("to hello afterwards", ("hello afterwards",), 17.3, True),
        ("to they're afterwards", ("hello afterwards", "hmm afterwards"), 5.5, True),
        ("hello afterwards", ("who left the words",), 12.5, True),
        ("hello afterwards", ("who left the words",), 2.0, False),
        ("hello afterwards", ("how long afterwards",), -3.0, False),
        ("[unk] i [unk] afterwards a fit", ("but after we make a teacher",), -35.7, False),
        ("to go afterwards", ("the low afterwards",), 8.4, False),
    ],
)
def test_two_recognisers_need_not_agree_on_the_word_that_wakes_it(
    grammar: str, free: tuple[str, ...], lead: float, wakes: bool
) -> None:
    """As heard by the shipped model, said by synthetic voices; the seventh is a novel read aloud."""
    heard = Heard(grammar, Source.VOICE, 0.5, free, lead)
    came = Waiting(At(heard)).wait()
    assert isinstance(came, Command) is wakes


@pytest.mark.parametrize(
    "free",
    [
        "the stewardess remain in like minded and grace in her gun in or she could to soothe the feelings",
        "this hasn't been harassing day continue the young man his eyes fixed up on his friend",
        "those words for less of christ and then and a better to a shot himself or so wonderful the fact",
    ],
)
def test_a_novel_read_aloud_is_no_danger(free: str) -> None:
    """What the shipped model made of calm sentences, whose phrases alone are danger said outright."""
    assert TALKING.safety.judge(free, answering=False).direct
    assert Waiting(At(Heard("[unk]", Source.VOICE, 0.1, (free,), -20.0))).wait() is None
