"""Each fault of microphone and loudspeaker, made on the virtual sound card: `check` finds it and says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.pseudo_terminal import open_terminal
from tests.sound_card import SoundCard, look_again, render_wav
from voice.check_sound import loudspeaker, microphone, word
from voice.cli_check import bar
from voice.settings import Settings
from voice.speech.meter import Meter

pytestmark = pytest.mark.sound
TALK = "And here is the weather for the whole country. It will rain in the north, and in the west, until the evening."
LIMIT = 30.0


def played(folder: Path, decibels: float, name: str = "x") -> Path:
    """Somebody talks on and on, at so many decibels of full scale; above 0 it is cut off."""
    wav = render_wav(f"{TALK} {TALK}", folder / f"{name}.wav")
    samples, rate = soundfile.read(str(wav), dtype="float64")
    loud = samples / np.sqrt(np.mean(np.square(samples))) * 10 ** (decibels / 20)
    soundfile.write(str(wav), np.clip(loud, -1, 1), rate)
    return wav


@contextmanager
def talking(card: SoundCard, wav: Path, into: str = "mic_sink") -> Iterator[None]:
    player = card.speaking(wav, into)
    try:
        time.sleep(0.3)
        yield
    finally:
        player.kill()
        player.wait(LIMIT)


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, microphone="vmic")


def test_a_microphone_that_is_muted_on_the_server(sound_card: SoundCard, chosen: Settings) -> None:
    sound_card.pactl("set-source-mute", "vmic", "1")
    try:
        fine, words = microphone(chosen)
    finally:
        sound_card.pactl("set-source-mute", "vmic", "0")
    assert not fine
    assert "is muted. Unmute it in the sound settings" in words


def test_one_that_is_turned_down_on_the_server(sound_card: SoundCard, chosen: Settings) -> None:
    sound_card.pactl("set-source-volume", "vmic", "5%")
    try:
        fine, words = microphone(chosen)
    finally:
        sound_card.pactl("set-source-volume", "vmic", "100%")
    assert not fine
    assert "is at 5%. Turn it up" in words


def test_silence_where_no_other_brings_sound(sound_card: SoundCard, chosen: Settings) -> None:
    fine, words = microphone(chosen)
    assert not fine
    assert words.startswith("The microphone brings no sound at all.")


def test_silence_while_another_one_brings_sound(sound_card: SoundCard, chosen: Settings, tmp_path: Path) -> None:
    sound_card.plug_other_microphone()
    try:
        with talking(sound_card, played(tmp_path, -25), "other_sink"), sound_card.named(vother="vother"):
            fine, words = microphone(chosen)
    finally:
        sound_card.unplug_other_microphone()
    assert not fine
    assert words.startswith("The microphone in use brings no sound at all, but “vother” does.")
    assert f'microphone = "vother" in {chosen.settings_file}' in words


def test_what_the_loudspeaker_plays_is_no_microphone(sound_card: SoundCard, tmp_path: Path) -> None:
    with sound_card.named(vtap="spk_sink.monitor"):
        fine, words = microphone(Settings(home=tmp_path, microphone="vtap"))
    assert not fine
    assert words.startswith("This is no microphone: it is what the loudspeaker plays")
    assert 'microphone = "' in words


def test_only_a_monitor_is_there(sound_card: SoundCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULSE_SOURCE")
    sound_card.unplug_microphone()
    try:
        fine, words = microphone(Settings(home=tmp_path))
    finally:
        sound_card.plug_microphone()
        look_again()
    assert not fine
    assert words.startswith("No microphone is plugged in")


@pytest.mark.parametrize(
    ("decibels", "starts"),
    [
        (-68, "Speech is there, but too quiet"),
        (3, "The microphone is too loud: its sound is cut off at the top (clipping)."),
        (-25, "Speech was heard for "),
    ],
)
def test_speech_that_is_faint_clipped_or_goes_on(
    sound_card: SoundCard, chosen: Settings, tmp_path: Path, decibels: float, starts: str
) -> None:
    with talking(sound_card, played(tmp_path, decibels)):
        fine, words = microphone(chosen)
    assert not fine
    assert words.startswith(starts), words
    if decibels == -25:
        assert "turn the television or radio off" in words


def noise(decibels: float, seconds: float = 6.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    made = np.random.default_rng(5).normal(0, 32768 * 10 ** (decibels / 20), int(seconds * 16000))
    return np.clip(made, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize(("decibels", "starts"), [(-65, "The room is quiet enough"), (-22, "It is loud here (-22 dB)")])
def test_a_room_without_speech(
    sound_card: SoundCard, chosen: Settings, tmp_path: Path, decibels: float, starts: str
) -> None:
    soundfile.write(str(tmp_path / "room.wav"), noise(decibels), 16000)
    with talking(sound_card, tmp_path / "room.wav"):
        fine, words = microphone(chosen)
    assert words.startswith(starts)
    assert fine is (decibels < -50)


@pytest.mark.parametrize(
    ("change", "back", "told"),
    [
        (("set-sink-mute", "spk_sink", "1"), ("set-sink-mute", "spk_sink", "0"), "is muted. Unmute it"),
        (("set-sink-volume", "spk_sink", "3%"), ("set-sink-volume", "spk_sink", "100%"), "is at 3%. Turn it up"),
    ],
)
def test_a_loudspeaker_that_nobody_can_hear(
    sound_card: SoundCard, chosen: Settings, change: tuple[str, ...], back: tuple[str, ...], told: str
) -> None:
    assert loudspeaker(chosen)[0]
    sound_card.pactl(*change)
    try:
        fine, words = loudspeaker(chosen)
    finally:
        sound_card.pactl(*back)
    assert not fine
    assert told in words


def test_the_words_beside_the_bar() -> None:
    meter = Meter()
    meter.feed(bytes(32000))
    assert word(meter.take()) == "no sound at all"
    meter.feed(noise(-65, 1).tobytes())
    assert word(meter.take()) == "quiet, no speech"
    meter.feed(np.where(noise(-20, 1) > 0, 32767, -32768).astype(np.int16).tobytes())
    assert word(meter.take()) == "too loud: clipping"
    assert bar(-96) == f"[{'-' * 24}]"
    assert bar(-35) == f"[{'#' * 12}{'-' * 12}]"
    assert bar(0) == f"[{'#' * 24}]"


class TestMeter:
    """`afterwards check --listen`, the real program."""

    def command(self, card: SoundCard, home: Path, *more: str) -> tuple[list[str], dict[str, str]]:
        (home / "settings.toml").write_text('microphone = "vmic"\n')
        environment = {**os.environ, **card.environment, "AFTERWARDS_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
        return [sys.executable, "-m", "voice", "check", "--listen", *more], environment

    def test_in_a_pipe_it_is_one_plain_line_a_second(self, sound_card: SoundCard, tmp_path: Path) -> None:
        command, environment = self.command(sound_card, tmp_path, "--seconds", "4")
        with talking(sound_card, played(tmp_path, -25)):
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
            )
        lines = done.stdout.decode().splitlines()
        assert lines[0].startswith("Listening to: ")
        assert "Nothing is kept." in lines[0]
        assert 3 <= len(lines) - 2 <= 5
        assert any(line.startswith("speech, good, -") for line in lines[1:-1])
        assert lines[-1].startswith("Your voice was heard, and it is loud enough")
        assert done.returncode == 0
        assert b"\x1b" not in done.stdout
        kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert kept == {"settings.toml", "x.wav"}

    def test_control_c_ends_it_with_what_to_do(self, sound_card: SoundCard, tmp_path: Path) -> None:
        command, environment = self.command(sound_card, tmp_path)
        # Whoever runs the tests in the background has it ignored, and children inherit that.
        attend = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=attend
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Listening to")
        assert process.stdout.readline().startswith(b"no sound at all")
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=LIMIT)[0].decode()
        assert rest.splitlines()[-1].startswith("The microphone brings no sound at all.")
        assert process.returncode == 1

    @pytest.mark.parametrize("terminal", ["xterm", "dumb"])
    def test_in_a_terminal_a_key_ends_it(self, sound_card: SoundCard, tmp_path: Path, terminal: str) -> None:
        command, environment = self.command(sound_card, tmp_path)
        master, slave = open_terminal()
        process = subprocess.Popen(
            command, env={**environment, "TERM": terminal, "COLUMNS": "100"}, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        shown = bytearray()

        def read() -> None:
            try:
                while block := os.read(master, 4096):
                    shown.extend(block)
            except OSError:  # the other side was closed
                pass

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        until = time.monotonic() + LIMIT
        while b"no sound at all" not in shown and time.monotonic() < until:
            time.sleep(0.05)
        os.write(master, b" ")
        assert process.wait(LIMIT) == 1
        reader.join(LIMIT)
        os.close(master)
        text = shown.decode("utf-8", "replace")
        assert "Press Space to end." in text
        assert (f"[{'-' * 24}]" in text) is (terminal == "xterm")
        assert "The microphone brings no sound at all." in text
