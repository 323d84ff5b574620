"""Sound in: the virtual microphone, recordings, and samples in memory."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.sound_card import SoundCard, look_again, render_wav
from voice.errors import MicrophoneError, ScriptError, SpeakerError
from voice.events import Utterance
from voice.speech import devices
from voice.speech.devices import level
from voice.speech.microphone import Microphone
from voice.speech.mouth import Mouth
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

    def test_a_refresh_by_the_loudspeaker_does_not_end_it(
        self, sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(devices, "CUT_EVERY", 0.0)
        microphone = Microphone("vmic")
        microphone.start()
        assert microphone._audio.refresh(object())
        assert microphone.read(5.0)
        microphone.stop()

    def test_a_loudspeaker_that_was_not_there_is_found_while_it_hears(
        self, sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PortAudio does not know what was plugged in after its start."""
        microphone, mouth = Microphone("vmic"), Mouth("late")
        said = Utterance("Here I am.", pause=0.0)
        monkeypatch.setattr(microphone._audio, "_cut_at", -math.inf)
        known = sound_card.folder / "asound.conf"
        before = known.read_text()
        try:
            microphone.start()
            assert microphone.read(5.0)
            with pytest.raises(SpeakerError):
                mouth.start(said)
            assert microphone.read(5.0), "it was cut off to look"
            late = 'pcm.late { type pulse device "spk_sink" hint { show on description "late" } }'
            known.write_text(f"{before}\n{late}\n")
            with pytest.raises(SpeakerError):
                mouth.start(said)  # not again so soon
            monkeypatch.setattr(devices, "CUT_EVERY", 0.0)
            last = microphone._last_frame
            with sound_card.capture() as heard:
                mouth.start(said)
                assert microphone.read(5.0)
                assert microphone.read(5.0)
                assert mouth.wait(10)
            assert heard.loud_seconds > 0.3
            assert microphone.heard_at - last < 3.0
        finally:
            known.write_text(before)
            microphone.stop()
            mouth.shut()
            look_again()

    def test_what_was_heard_before_it_was_cut_off_is_not_lost(
        self, sound_card: SoundCard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(devices, "CUT_EVERY", 0.0)
        microphone = Microphone("vmic")
        microphone.start()
        try:
            assert microphone.read(5.0)
            time.sleep(0.5)
            assert microphone._audio.refresh(object())
            waiting = round(microphone.behind / 0.02)
            assert waiting > 15
            cut_at = time.monotonic()
            for _ in range(waiting):
                assert microphone.read(0.1)
                assert microphone.heard_at < cut_at
            assert microphone.read(5.0)
            assert microphone.heard_at > cut_at
        finally:
            microphone.stop()

    def test_a_stream_that_cannot_be_closed_is_not_freed(self, sound_card: SoundCard) -> None:
        """PortAudio would call what is gone, when the sound server goes on."""
        microphone = Microphone("vmic")
        microphone.start()
        assert microphone.read(5.0)
        kept = weakref.ref(microphone._stream)
        sound_card.freeze()
        try:
            with pytest.raises(SpeakerError):
                Mouth("vspeaker").start(Utterance("Hello."))  # so that nothing else is begun before this is done
            microphone.stop()
            gc.collect()
            assert kept() is not None
        finally:
            sound_card.thaw()
        time.sleep(0.5)

    def test_it_is_cut_off_again_and_again_while_another_thread_reads(self, sound_card: SoundCard) -> None:
        """In a program of its own, which may crash."""
        program = """
import faulthandler, threading, time
faulthandler.enable()
from voice.speech import devices
from voice.speech.microphone import Microphone
devices.CUT_EVERY = 0.0
microphone, over, done = Microphone("vmic"), threading.Event(), []
def read():
    microphone.start()
    while not over.is_set():
        done.append(microphone.read(0.005) is not None)
    microphone.stop()
thread = threading.Thread(target=read)
thread.start()
cut = 0
for n in range(40):
    time.sleep(0.01 * (n % 7))
    cut += microphone._audio.refresh(thread)
time.sleep(1.0)
over.set()
thread.join(20)
print(cut, any(done[-20:]), thread.is_alive())
"""
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.split() == ["40", "True", "False"], done.stderr[-3000:]


def test_an_unknown_microphone_is_told() -> None:
    with pytest.raises(MicrophoneError):
        Microphone("no such microphone").start()
