"""Sound in: the virtual microphone, recordings, and samples in memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.sound_card import SoundCard, render_wav
from voice.errors import MicrophoneError, ScriptError
from voice.speech.devices import level
from voice.speech.microphone import Microphone
from voice.speech.pulse import source_of_this_process
from voice.speech.sources import RATE, FileSource, PcmSource, Source


def _tone(rate: int, seconds: float = 1.0, hertz: float = 440.0) -> NDArray[np.int16]:
    wave = 8000 * np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * hertz / rate)
    return wave.astype(np.int16)


def _all(source: Source) -> NDArray[np.int16]:
    source.start()
    blocks = []
    while not source.ended:
        blocks.append(source.read(1.0) or b"")
    source.stop()
    return np.frombuffer(b"".join(blocks), dtype=np.int16)


def _hertz(samples: NDArray[np.int16]) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


class TestRecordings:
    @pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
    @pytest.mark.parametrize(("format_", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS")])
    def test_any_rate_and_format(self, tmp_path: Path, rate: int, format_: str, subtype: str) -> None:
        path = tmp_path / "tone"
        soundfile.write(str(path), _tone(rate), rate, format=format_, subtype=subtype)
        samples = _all(FileSource(path))
        assert len(samples) == pytest.approx(RATE, abs=RATE // 50)
        assert _hertz(samples) == pytest.approx(440, abs=3)

    def test_opus(self, tmp_path: Path) -> None:
        path = tmp_path / "tone.opus"
        soundfile.write(str(path), _tone(16000), 16000, format="OGG", subtype="OPUS")
        samples = _all(FileSource(path))
        assert len(samples) == pytest.approx(RATE, abs=RATE // 10)
        assert _hertz(samples) == pytest.approx(440, abs=3)

    def test_two_channels_become_one(self, tmp_path: Path) -> None:
        path = tmp_path / "two.wav"
        soundfile.write(str(path), np.stack([_tone(16000), np.zeros(16000, dtype=np.int16)], axis=1), 16000)
        assert np.abs(_all(FileSource(path))).max() == pytest.approx(4000, abs=2)

    def test_it_can_be_played_twice(self, tmp_path: Path) -> None:
        path = tmp_path / "tone.wav"
        soundfile.write(str(path), _tone(16000), 16000)
        source = FileSource(path)
        assert np.array_equal(_all(source), _all(source))

    @pytest.mark.parametrize("content", [b"", b"not sound at all", b"RIFF\x10\x00\x00\x00WAVE"])
    def test_what_is_no_recording_is_told_by_name(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "letter.wav"
        path.write_bytes(content)
        with pytest.raises(ScriptError, match=r"letter\.wav"):
            FileSource(path).start()

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ScriptError):
            FileSource(tmp_path / "nothing.wav").start()
        with pytest.raises(ScriptError):
            FileSource(tmp_path).start()

    def test_samples_in_memory(self) -> None:
        samples = _all(PcmSource(_tone(22050), 22050))
        assert len(samples) == pytest.approx(RATE, abs=RATE // 50)
        assert _hertz(samples) == pytest.approx(440, abs=3)


def _listen(microphone: Microphone, seconds: float) -> list[bytes]:
    until = time.monotonic() + seconds
    blocks = []
    while time.monotonic() < until:
        block = microphone.read(0.1)
        if block:
            blocks.append(block)
    return blocks


@pytest.mark.sound
class TestLive:
    def test_it_hears_what_is_said(self, sound_card: SoundCard, tmp_path: Path) -> None:
        wav = render_wav("Hello. I am speaking to you.", tmp_path / "x.wav")
        microphone = Microphone("vmic")
        microphone.start()
        assert microphone.name == "vmic"
        assert microphone.read(5.0)
        with sound_card.speaking(wav):
            blocks = _listen(microphone, 2.0)
        microphone.discard()
        quiet = _listen(microphone, 0.3)
        microphone.stop()
        assert level(blocks).dbfs > -40
        assert level(quiet).dbfs < -80
        assert sum(len(b) for b in blocks) / 2 / RATE == pytest.approx(2.0, abs=0.5)

    def test_stop_twice_and_start_again(self, sound_card: SoundCard) -> None:
        microphone = Microphone()
        microphone.start()
        microphone.stop()
        microphone.stop()
        with pytest.raises(MicrophoneError):
            microphone.read(0.1)
        microphone.start()
        assert microphone.read(5.0)
        microphone.stop()

    def test_it_goes_away_and_comes_back(self, sound_card: SoundCard) -> None:
        microphone = Microphone("vmic")
        microphone.start()
        assert microphone.read(5.0)
        sound_card.stop()
        try:
            with pytest.raises(MicrophoneError, match="vmic"):
                _listen(microphone, 10)
            with pytest.raises(MicrophoneError):
                microphone.start()
        finally:
            sound_card.start()
        microphone.start()
        assert microphone.read(5.0)
        microphone.stop()

    def test_our_own_loudspeaker_is_no_microphone(self, sound_card: SoundCard) -> None:
        microphone = Microphone("vmic")
        microphone.start()
        assert microphone.read(5.0)
        assert source_of_this_process() == "vmic"
        sound_card.unplug_microphone()
        try:
            with pytest.raises(MicrophoneError, match="vmic"):
                _listen(microphone, 10)
        finally:
            sound_card.plug_microphone()
        microphone.start()
        assert microphone.read(5.0)
        microphone.stop()

    def test_a_refresh_by_the_loudspeaker_does_not_end_it(self, sound_card: SoundCard) -> None:
        microphone = Microphone("vmic")
        microphone.start()
        microphone._audio.busy(microphone, False)
        assert microphone._audio.refresh(object())
        assert microphone.read(5.0)
        microphone.stop()


def test_an_unknown_microphone_is_told() -> None:
    with pytest.raises(MicrophoneError):
        Microphone("no such microphone").start()
