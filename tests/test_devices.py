"""Which devices there are, and how loud a sound is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.sound_card import SoundCard
from voice.errors import MicrophoneError, SpeakerError
from voice.speech.devices import CUT_EVERY, SILENT_DBFS, Audio, level, names


def _tone(amplitude: float) -> bytes:
    samples = amplitude * 32767 * np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000)
    return samples.astype(np.int16).tobytes()


class TestLevel:
    def test_silence(self) -> None:
        assert level([]).dbfs == SILENT_DBFS
        assert level([bytes(3200)]).dbfs == SILENT_DBFS

    @pytest.mark.parametrize(("amplitude", "dbfs"), [(1.0, -3.0), (0.1, -23.0), (0.01, -43.0)])
    def test_a_tone(self, amplitude: float, dbfs: float) -> None:
        found = level([_tone(amplitude)[:16000], _tone(amplitude)[16000:]])
        assert found.dbfs == pytest.approx(dbfs, abs=0.1)
        assert found.peak == pytest.approx(amplitude, rel=0.02)

    def test_clipping(self) -> None:
        square = np.where(np.arange(1000) % 4 == 0, 32767, 0).astype(np.int16).tobytes()
        assert level([square]).clipped == pytest.approx(0.25)
        assert level([_tone(0.5)]).clipped == 0


class _Library:
    """PortAudio, as far as a refresh needs it."""

    class PortAudioError(Exception):
        pass

    def __init__(self, audio: Audio) -> None:
        self.audio = audio
        self.calls: list[tuple[str, int]] = []
        self.broken = 0

    def _terminate(self) -> None:
        self.calls.append(("end", self.audio.generation))
        if self.broken == 1:
            raise self.PortAudioError

    def _initialize(self) -> None:
        self.calls.append(("begin", self.audio.generation))
        if self.broken:
            self.broken -= 1
            raise self.PortAudioError


class TestRefresh:
    @pytest.fixture
    def audio(self) -> Audio:
        audio = Audio()
        audio._library = _Library(audio)
        return audio

    def test_a_microphone_gives_way_to_a_loudspeaker_but_seldom(
        self, audio: Audio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 1000.0
        monkeypatch.setattr("voice.speech.devices.time.monotonic", lambda: now)
        speaker, microphone = object(), object()
        audio.busy(microphone, True, gives_way=True)
        assert audio.refresh(speaker)
        now += CUT_EVERY - 0.1
        assert not audio.refresh(speaker)
        assert audio.refresh(microphone), "its own stream counts for nothing"
        now += 0.2
        assert audio.refresh(speaker)
        now += CUT_EVERY + 0.1
        audio.busy(speaker, True)
        assert not audio.refresh(microphone), "what is said is not cut off"
        audio.busy(microphone, True)
        assert not audio.refresh(speaker)

    def test_the_streams_are_over_before_anybody_is_told(self, audio: Audio) -> None:
        """Told before, they would be freed while PortAudio's own thread still uses them."""
        assert audio.refresh(object())
        assert audio._library.calls == [("end", 0), ("begin", 1)]

    def test_one_that_failed_is_mended_by_the_next(self, audio: Audio) -> None:
        audio._library.broken = 2
        assert not audio.refresh(object())
        assert not audio.refresh(object()), "and it can't be ended, because it was not begun"
        assert audio.refresh(object())
        assert audio.generation == 3


@pytest.mark.sound
class TestTheCard:
    def test_it_is_listed(self, sound_card: SoundCard) -> None:
        assert "vmic" in names("in")
        assert "vspeaker" in names("out")

    def test_by_name_part_or_default(self, sound_card: SoundCard) -> None:
        audio = Audio()
        assert audio.find("in", "VMIC").name == "vmic"
        assert audio.find("out", "vspeak").name == "vspeaker"
        assert audio.find("in").channels >= 1

    def test_an_unknown_name_says_what_there_is(self, sound_card: SoundCard) -> None:
        with pytest.raises(MicrophoneError, match="vmic"):
            Audio().find("in", "no such thing")
        with pytest.raises(SpeakerError, match="vspeaker"):
            Audio().find("out", "no such thing")

    def test_no_refresh_while_another_speaks(self, sound_card: SoundCard) -> None:
        audio = Audio()
        audio.find("in")
        speaker, microphone = object(), object()
        audio.busy(speaker, True)
        assert not audio.refresh(microphone)
        audio.busy(speaker, False)
        before = audio.generation
        assert audio.refresh(microphone)
        assert audio.generation == before + 1


def test_without_portaudio_it_is_a_sentence_and_no_traceback() -> None:
    program = """
import ctypes.util, sys
find = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "portaudio" in name else find(name)
sys.modules["_sounddevice_data"] = None
from voice.errors import MicrophoneError, SpeakerError
from voice.speech.devices import Audio
for way, kind in (("in", MicrophoneError), ("out", SpeakerError)):
    try:
        Audio().find(way)
    except kind as error:
        print(error.code, "|", error.remedy)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert [line.split(" | ")[0] for line in done.stdout.splitlines()] == [
        "microphone-no-portaudio",
        "speaker-no-portaudio",
    ]
    assert "libportaudio2" in done.stdout
