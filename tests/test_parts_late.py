"""Parts that are made late, or that stand in for one another."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from voice.errors import ContentError, ModelError, SpeakerError, VoiceError
from voice.events import Ended, Heard, Kind, Listen, Trouble, Utterance
from voice.parts import remember_in
from voice.parts_late import BestMouth, LateEars, LateSafety
from voice.rehearse import ScriptEars, VirtualClock
from voice.safety import Light, Verdict
from voice.session import Ears
from voice.settings import Settings, load

LISTEN = Listen("H1", Kind.YES_NO)


class Voice:
    """A mouth that fails where it is told to."""

    def __init__(self, at_start: str = "", at_wait: str = "") -> None:
        self.at_start, self.at_wait = at_start, at_wait
        self.said: list[str] = []
        self.prepared: list[str] = []
        self.held: list[bool] = []
        self.shut_down = False
        self.voice: str | None = None

    def ready(self) -> None: ...

    def start(self, utterance: Utterance) -> None:
        if self.at_start:
            raise SpeakerError(self.at_start, "It does not speak.", "Read.")
        self.said.append(utterance.text)

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        self.prepared = [utterance.text for utterance in utterances]

    def wait(self, seconds: float) -> bool:
        if self.at_wait:
            raise SpeakerError(self.at_wait, "It does not speak.", "Read.")
        return True

    def stop(self) -> int:
        return 0

    def pause(self) -> None:
        self.held.append(True)

    def resume(self) -> None:
        self.held.append(False)

    def choose(self, voice: str | None) -> None:
        self.voice = voice

    def news(self) -> VoiceError | None:
        return SpeakerError("speaker-program", "No sound.", "Another one speaks.") if self.voice == "broken" else None

    def shut(self) -> None:
        self.shut_down = True


@pytest.fixture
def _a_player(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")


@pytest.mark.usefixtures("_a_player")
class TestTheMouth:
    def test_what_is_held_ready_is_said_by_the_voice_that_holds_it(self) -> None:
        real, plain = Voice(at_start="speaker-engine"), Voice()
        mouth = BestMouth(lambda: real, lambda: plain)
        card = Utterance("Call nine nine nine.", words_per_minute=110, pitch=40)
        mouth.prepare([card])
        mouth.start(Utterance("Something else."))
        assert plain.said == ["Something else."]
        real.at_start = ""  # what it holds it can play
        mouth.start(card)
        mouth.start(Utterance("And on."))
        assert real.said == ["Call nine nine nine."]
        assert plain.said == ["Something else.", "And on."]

    def test_a_dead_plain_voice_does_not_silence_what_is_held(self) -> None:
        real, plain = Voice(at_start="speaker-engine"), Voice(at_start="speaker-plain")
        mouth = BestMouth(lambda: real, lambda: plain)
        card = Utterance("Call nine nine nine.", words_per_minute=110, pitch=40)
        mouth.prepare([card])
        for _ in range(2):
            with pytest.raises(SpeakerError):
                mouth.start(Utterance("Something else."))
        real.at_start = ""
        mouth.start(card)
        assert real.said == ["Call nine nine nine."]

    @pytest.mark.parametrize("early", [False, True])
    def test_where_the_voice_cannot_render_the_plain_one_says_the_same_line(self, early: bool) -> None:
        best, plain = Voice(at_wait="speaker-no-voice"), Voice()
        mouth = BestMouth(lambda: best, lambda: plain, early=early)
        mouth.start(Utterance("one"))
        assert not mouth.wait(0)
        assert mouth.wait(0)
        mouth.start(Utterance("two"))
        assert plain.said == ["one", "two"]
        mouth.shut()
        assert best.shut_down
        assert plain.shut_down

    def test_where_neither_can_every_line_says_so_at_once(self) -> None:
        plain = Voice(at_start="speaker-plain")
        mouth = BestMouth(lambda: Voice(at_start="speaker-engine"), lambda: plain)
        for text in ("one", "two"):
            with pytest.raises(SpeakerError):
                mouth.start(Utterance(text))
        assert plain.said == []

    def test_a_missing_loudspeaker_is_tried_again_and_not_by_the_plain_voice(self) -> None:
        best, plain = Voice(at_start="speaker-none"), Voice()
        mouth = BestMouth(lambda: best, lambda: plain)
        with pytest.raises(SpeakerError):
            mouth.start(Utterance("one"))
        best.at_start = ""
        mouth.start(Utterance("two"))
        assert (best.said, plain.said) == (["two"], [])


class TestTheEars:
    @pytest.mark.parametrize(
        ("fault", "code"), [(ModelError("no-model", "None.", "Fetch."), "no-model"), (ValueError("odd"), "ears-broken")]
    )
    def test_a_fault_is_told_once_and_then_they_end(self, fault: Exception, code: str) -> None:
        def make() -> LateEars:
            raise fault

        ears = LateEars(make)
        ears.open(LISTEN, ())
        sounds = [ears.poll(1.0) for _ in range(3)]
        told = [sound for sound in sounds if isinstance(sound, Trouble)]
        assert [trouble.error.code for trouble in told] == [code]
        assert isinstance(sounds[-1], Ended)
        ears.shut()

    def test_what_was_passed_over_is_told_once_and_they_hear(self) -> None:
        def make() -> Ears:
            ears.warn(ModelError("model-broken", "Broken.", "Get it again."))
            return ScriptEars(["yes"], VirtualClock())

        ears = LateEars(make)
        ears.open(LISTEN, ())
        sounds = [ears.poll(1.0) for _ in range(4)]
        assert [(sound.error.code, sound.hears) for sound in sounds if isinstance(sound, Trouble)] == [
            ("model-broken", True)
        ]
        assert any(isinstance(sound, Heard) for sound in sounds)

    def test_nothing_is_made_before_they_are_opened(self) -> None:
        made = threading.Event()

        def make() -> LateEars:
            made.set()
            raise ModelError("no-model", "None.", "Fetch.")

        ears = LateEars(make)
        assert not made.is_set()
        ears.open(LISTEN, ())
        assert made.wait(5)

    def test_whoever_chose_the_keys_is_not_listened_to(self, tmp_path: Path) -> None:
        def make() -> LateEars:
            raise ModelError("no-model", "None.", "Fetch.")

        ears = LateEars(make)
        remember = remember_in(Settings(home=tmp_path), ears)
        remember("answer_by", "voice")
        assert not isinstance(ears.poll(0), Ended)
        remember("answer_by", "keys")
        assert isinstance(ears.poll(0), Ended)
        assert load({"home": tmp_path}).answer_by == "keys"


class _Judge:
    def judge(self, text: str, answering: bool = True, believed: bool = True) -> Verdict:
        return Verdict(Light.RED, "OD") if text == "overdose" else Verdict(Light.GREEN)


class TestSafety:
    @pytest.mark.parametrize("prepare", [lambda safety: None, lambda safety: safety.begin()])
    def test_the_first_utterance_is_judged_and_it_is_made_once(self, prepare: Callable[[LateSafety], None]) -> None:
        made: list[int] = []

        def make() -> _Judge:
            made.append(1)
            return _Judge()

        safety = LateSafety(make)
        prepare(safety)
        assert safety.judge("overdose").light is Light.RED
        assert safety.judge("hello").light is Light.GREEN
        safety.begin()
        assert made == [1]

    def test_broken_words_are_an_error_where_they_are_needed(self) -> None:
        def make() -> _Judge:
            raise ContentError("content-safety", "Broken.", "Mend it.")

        safety = LateSafety(make)
        safety.begin()
        with pytest.raises(ContentError):
            safety.judge("hello")


@pytest.mark.skipif(Path("/dev/snd").exists(), reason="this machine has a sound card")
def test_without_a_loudspeaker_the_screen_says_so_once_and_the_talk_goes_on(tmp_path: Path) -> None:
    """The real program, without any sound server."""
    done = subprocess.run(
        [sys.executable, "-m", "voice", "talk", "--country", "US", "--answer-by", "typing"],
        input="yes\nalone\n",
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "AFTERWARDS_HOME": str(tmp_path), "PULSE_SERVER": "unix:/nonexistent"},
        check=False,
    )
    assert "Traceback" not in done.stderr
    words = " ".join(done.stdout.split())
    assert words.count("Every line is on the screen.") == 1
    assert "Family or friend" in words
