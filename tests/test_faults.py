"""Sound that goes elsewhere, or breaks, in the middle of a talk; what a bench shows in full is here in small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.claimed import MISSING, can_be_claimed, claim, let_go, make_claimable
from tests.faults import FAULTS, suffer
from tests.person import Listening, Program
from tests.sound_card import SoundCard, render_wav
from voice.errors import MicrophoneError, SpeakerError, VoiceError
from voice.events import Utterance
from voice.speech.devices import Device, level
from voice.speech.microphone import MOVED, Microphone
from voice.speech.microphone import _ways as microphone_ways
from voice.speech.mouth import Mouth
from voice.speech.player import _ways as player_ways
from voice.speech.pulse import Sink, sink_of_this_process, sinks
from voice.speech.recogniser import SpeechModel

pytestmark = pytest.mark.sound
BY_NAME = {fault.name: fault for fault in FAULTS}
CLAIMS = pytest.mark.skipif(not can_be_claimed(), reason=MISSING)
LONG = "Take all the time that you need. One two three four five six seven eight nine ten. Then we go on together."


def test_a_loudspeaker_that_is_pulled_out_is_told_and_used_again(sound_card: SoundCard) -> None:
    places: list[bool] = []
    mouth = Mouth(moved=places.append)
    try:
        mouth.start(Utterance(LONG))
        assert not mouth.wait(1.5)
        assert sink_of_this_process() == Sink("spk_sink")
        sound_card.unplug_loudspeaker()
        try:
            assert "spk_sink" not in sinks()
            began = time.monotonic()
            with pytest.raises(SpeakerError, match="another place") as told:
                mouth.wait(10)
            assert told.value.code == "speaker-moved"
            assert time.monotonic() - began < 5
        finally:
            sound_card.plug_loudspeaker()
        with sound_card.capture() as heard:
            mouth.start(Utterance("Here I am again."))
            assert mouth.wait(10)
        assert heard.loud_seconds > 0.4
        assert places == [True, False], "away, and at home again"
    finally:
        mouth.shut()


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("another microphone chosen in the desktop's settings", "I hear you through another microphone now"),
        ("microphone claimed by another program (suspended on the server)", "I can hear you again."),
        pytest.param(
            "microphone claimed by another program (it can't be opened)", "I can hear you again.", marks=CLAIMS
        ),
        pytest.param(
            "loudspeaker claimed by another program (it can't be opened)", "You may not hear me", marks=CLAIMS
        ),
        ("sound server stands still", "I can hear you again."),
        ("the program itself stands still for 30 s", "This computer was asleep, or held up,"),
    ],
)
def test_the_talk_goes_on(tmp_path: Path, speech_model: SpeechModel, name: str, says: str) -> None:
    card = SoundCard(tmp_path)
    card.start()
    try:
        came = suffer(BY_NAME[name], card, tmp_path / "home", speech_model.path)
    finally:
        card.stop()
    assert came.told is not None
    assert came.heard_again is not None
    assert (came.kept, came.by_voice, came.by_key) == (True, True, True), came.screen
    assert says in " ".join(came.screen.split())


@CLAIMS
@pytest.mark.model
def test_begun_while_another_program_has_the_microphone(tmp_path: Path, speech_model: SpeechModel) -> None:
    """It says so, the keys lead on, and it hears when the other program lets go."""
    card = SoundCard(tmp_path)
    make_claimable(card)
    card.start()
    try:
        claim(card, "microphone")
        talk = ("talk", "--country", "US", "--model", str(speech_model.path))
        program = Program(card, tmp_path / "home", *talk, terminal=True)  # with a pipe it ends without a microphone
        listening = Listening(card)
        try:
            _comes(lambda: "! " in program.screen)
            _comes(lambda: "1 Yes" in program.screen)
            asked = len(program.lines)
            program.press("1")
            _comes(lambda: len(program.lines) > asked)
            let_go(card, "microphone")
            _comes(lambda: "I can hear you again." in " ".join(program.screen.split()))
            _comes(lambda: time.monotonic() - listening.last_sound > 2.5)
            asked = len(program.lines)
            card.speak(render_wav("alone", tmp_path / "alone.wav"))
            _comes(lambda: len(program.lines) > asked)
            assert "alone" in program.screen.rpartition("  You: ")[2].splitlines()[0], "what was said was heard"
        finally:
            program.end()
            listening.stop()
    finally:
        card.stop()


@CLAIMS
def test_begun_while_another_program_has_the_loudspeaker(tmp_path: Path) -> None:
    """The words stand on the screen, the keys lead on, and it speaks when the other program lets go."""
    card = SoundCard(tmp_path)
    make_claimable(card)
    card.start()
    try:
        claim(card, "loudspeaker")
        program = Program(card, tmp_path / "home", "talk", "--country", "US", "--answer-by", "keys")
        listening = Listening(card)
        try:
            _comes(lambda: "does not open" in " ".join(program.screen.split()) or "! " in program.screen)
            asked = len(program.lines)
            program.press("yes")
            _comes(lambda: len(program.lines) > asked)
            assert listening.first_sound is None
            let_go(card, "loudspeaker")
            program.press("repeat")
            _comes(lambda: listening.first_sound is not None)
        finally:
            program.end()
            listening.stop()
    finally:
        card.stop()


def test_a_server_that_stands_still_holds_nobody(sound_card: SoundCard) -> None:
    """Opening, reading and closing come back with an error that says so, and all works when the server goes on."""
    microphone, mouth = Microphone("vmic"), Mouth("vspeaker")
    microphone.start()
    assert microphone.read(5.0)
    sound_card.freeze()
    try:
        with pytest.raises(MicrophoneError):
            _read(microphone)
        with pytest.raises(VoiceError, match="does not answer"):
            mouth.start(Utterance("Hello."))
        with pytest.raises(VoiceError, match="does not answer"):
            microphone.start()
    finally:
        sound_card.thaw()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            microphone.start()
            break
        except MicrophoneError:
            time.sleep(0.2)
    try:
        assert microphone.read(5.0)
        with sound_card.capture() as heard:
            mouth.start(Utterance("Here I am again."))
            assert mouth.wait(10)
        assert heard.loud_seconds > 0.4
    finally:
        microphone.stop()
        mouth.shut()


def test_when_its_microphone_is_back_it_goes_back_to_it(sound_card: SoundCard) -> None:
    sound_card.plug_other_microphone()
    sound_card.pactl("set-default-source", "vother")
    microphone = Microphone("vmic")
    try:
        microphone.start()
        assert microphone.read(5.0)
        sound_card.unplug_microphone()
        try:
            assert _told(microphone).code == MOVED
        finally:
            sound_card.plug_microphone()
        assert _told(microphone).code == MOVED
        assert microphone._source == "vmic"
    finally:
        microphone.stop()
        sound_card.unplug_other_microphone()


def test_one_that_somebody_chose_stays(sound_card: SoundCard) -> None:
    """The old one is still there, so that it was no accident."""
    sound_card.plug_other_microphone()
    microphone = Microphone("vmic")
    try:
        microphone.start()
        assert microphone.read(5.0)
        sound_card.move_recordings("vother")
        assert _told(microphone).code == MOVED
        until = time.monotonic() + 5
        while time.monotonic() < until:
            microphone.read(0.1)
        assert microphone._source == "vother"
    finally:
        microphone.stop()
        sound_card.pactl("set-default-source", "vmic")
        sound_card.unplug_other_microphone()


@pytest.mark.parametrize("ways", [microphone_ways, player_ways])
def test_a_card_that_gives_all_of_its_channels_or_none_is_asked_for_all(
    ways: Callable[[Device], Iterator[tuple[int, int]]],
) -> None:
    """The virtual card can't be one: ALSA's pulse plugin takes any number of channels."""
    tried = list(ways(Device(0, "array", 6, 16000)))
    assert (16000, 6) in tried
    assert tried[0][1] < 6, "the usual ways come first"
    assert len(tried) == len(set(tried))


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 6)])
def test_begun_with_an_odd_microphone(sound_card: SoundCard, tmp_path: Path, rate: int, channels: int) -> None:
    sound_card.unplug_microphone()
    sound_card.plug_microphone(rate, channels)
    wave = 8000 * np.sin(np.arange(6 * 16000) * 2 * np.pi * 440 / 16000)
    soundfile.write(str(tmp_path / "tone.wav"), wave.astype(np.int16), 16000)
    microphone = Microphone("vmic")
    microphone.start()
    try:
        assert microphone.read(5.0)
        playing = sound_card.speaking(tmp_path / "tone.wav")
        heard: list[bytes] = []
        until = time.monotonic() + 20
        while sum(map(len, heard)) < 32000 and time.monotonic() < until:  # one second of it
            block = microphone.read(0.1)
            if block and level([block]).dbfs > -30:
                heard.append(block)
        playing.kill()
        playing.wait(20)
    finally:
        microphone.stop()
        sound_card.unplug_microphone()
        sound_card.plug_microphone()
    samples = np.frombuffer(b"".join(heard), dtype=np.int16)
    assert float(np.abs(np.fft.rfft(samples)).argmax() * 16000 / len(samples)) == pytest.approx(440, abs=3)


def _comes(what: Callable[[], bool], limit: float = 40.0) -> None:
    until = time.monotonic() + limit
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def _read(microphone: Microphone) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        microphone.read(0.1)


def _told(microphone: Microphone) -> MicrophoneError:
    with pytest.raises(MicrophoneError) as told:
        _read(microphone)
    return told.value


@pytest.mark.parametrize(
    ("sink", "private"),
    [
        (Sink("alsa_output.pci-0000_00_1f.3.analog-stereo", "analog-output-headphones"), True),
        (Sink("alsa_output.pci-0000_00_1f.3.analog-stereo", "analog-output-speaker"), False),
        (Sink("bluez_output.AA_BB_CC.1", "headset-output"), True),
        (Sink("alsa_output.usb-Generic_USB_Headset-00.analog-stereo"), True),
        (Sink("alsa_output.pci-0000_00_03.0.hdmi-stereo", "hdmi-output-0"), False),
    ],
)
def test_what_only_one_person_hears(sink: Sink, private: bool) -> None:
    assert sink.private is private
