"""A private virtual sound card: a PulseAudio server of the test run's own, that touches no file of the system."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.speech.recogniser import SpeechModel

LIMIT = 20.0
"""Seconds that any helper program may take."""
SPEAKER_RATE = 48000
HERE = Path(__file__).resolve().parents[1]

MICROPHONE = "module-remap-source source_name=vmic master=mic_sink.monitor"
SPEAKER = "module-null-sink sink_name=spk_sink format=s16le"
OTHER = (
    "module-null-sink sink_name=other_sink rate=16000 channels=1 format=s16le",
    "module-remap-source source_name=vother master=other_sink.monitor rate=16000 channels=1",
)
"""A second microphone, and what feeds it."""
ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.vmic { type pulse device "vmic" hint { show on description "vmic" } }
pcm.vspeaker { type pulse device "spk_sink" hint { show on description "vspeaker" } }
"""


class SoundCard:
    """One microphone that tests speak into, and one loudspeaker whose sound they get back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "pulse.sock"
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder),
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_SINK": "spk_sink",
            "PULSE_SOURCE": "vmic",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        (folder / "asound.conf").write_text(ALSA)
        self._server: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Plug it in."""
        loads = [
            f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}",
            "module-null-sink sink_name=mic_sink rate=16000 channels=1 format=s16le",
            _shape(SPEAKER, SPEAKER_RATE, 2),
            _shape(MICROPHONE, 16000, 1),
        ]
        flags = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit"]
        flags += ["--disable-shm=no", "--use-pid-file=no"]
        # No inherited pipe: it would hang whoever waits for the end of the test run.
        self._server = subprocess.Popen(
            ["pulseaudio", *flags, *(part for load in loads for part in ("-L", load))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
        )
        until = time.monotonic() + LIMIT
        while self._run("pactl", "info", check=False).returncode != 0:
            if time.monotonic() > until or self._server.poll() is not None:
                raise RuntimeError("the private sound server does not start")
            time.sleep(0.05)
        # A null sink that nobody hears wakes up every 2 s only, and whoever comes next waits that long.
        self._keeper = self._spawn("parec", "-d", "vmic", "--raw", "--latency-msec=10")

    def stop(self) -> None:
        """Pull it out."""
        for process in (self._server, self._keeper):
            if process is not None:
                process.kill()
                process.wait(LIMIT)
        if self._server is not None:
            self._server = self._keeper = None
            self.socket.unlink(missing_ok=True)

    def unplug_microphone(self) -> None:
        """The server stays, and gives whoever records another source without a word."""
        self._unload("source_name=vmic")

    def unplug_loudspeaker(self) -> None:
        """The server stays, and plays to another sink without a word: here the one that feeds the microphone."""
        self._unload("sink_name=spk_sink")

    def plug_loudspeaker(self, rate: int = SPEAKER_RATE, channels: int = 2) -> None:
        """It is there again, of that rate in hertz."""
        self.pactl("load-module", *_shape(SPEAKER, rate, channels).split())

    def plug_other_microphone(self) -> None:
        """A second one, "vother", into which nobody speaks but through the sink "other_sink"."""
        for module in OTHER:
            self.pactl("load-module", *module.split())

    def unplug_other_microphone(self) -> None:
        for which in ("source_name=vother", "sink_name=other_sink"):
            self._unload(which)

    @contextmanager
    def named(self, **devices: str) -> Iterator[None]:
        """More devices that the program can choose by name: name = source. Only for as long as they are needed, since
        looking at a null sink's monitor lets the sink play in bursts of 2 s afterwards."""
        config = self.folder / "asound.conf"
        pulse = 'pcm.{0} {{ type pulse device "{1}" hint {{ show on description "{0}" }} }}\n'
        config.write_text(ALSA + "".join(pulse.format(*each) for each in devices.items()))
        look_again()
        try:
            yield
        finally:
            config.write_text(ALSA)
            look_again()

    def move_recordings(self, source: str) -> None:
        """As in a desktop's sound settings: whoever records gets another source, and it is the default."""
        self.pactl("set-default-source", source)
        for line in self.pactl("list", "short", "source-outputs").splitlines():
            number, _, client, *_ = line.split()
            if client.isdigit() and (self._keeper is None or not self._is_keeper(number)):
                self.pactl("move-source-output", number, source)

    def _is_keeper(self, number: str) -> bool:
        listed = json.loads(self.pactl("-f", "json", "list", "source-outputs"))
        found = next(each for each in listed if str(each["index"]) == number)
        return bool(found["properties"].get("application.name") == "parec")

    def freeze(self) -> None:
        """The server stands still, and nobody is told."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def pactl(self, *words: str) -> str:
        """Tell the server, or ask it. Raises CalledProcessError."""
        return self._run("pactl", *words).stdout.decode()

    def _unload(self, which: str) -> None:
        listed = self.pactl("list", "short", "modules")
        (number,) = (line.split()[0] for line in listed.splitlines() if which in line)
        self.pactl("unload-module", number)

    def plug_microphone(self, rate: int = 16000, channels: int = 1) -> None:
        """It is there again, of that rate in hertz."""
        self.pactl("load-module", *_shape(MICROPHONE, rate, channels).split())

    def speak(self, *recordings: Path, into: str = "mic_sink") -> None:
        """Play wav files into the microphone, one after the other; returns when the last is over."""
        for recording in recordings:
            self._run("paplay", "-d", into, str(recording))

    def speaking(self, recording: Path, into: str = "mic_sink") -> subprocess.Popen[bytes]:
        """The same, but returns at once."""
        return self._spawn("paplay", "-d", into, str(recording))

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        """What the loudspeaker plays, from here to the end of the block; filled in when the block ends."""
        path = self.folder / f"capture-{time.monotonic_ns()}.raw"
        captured = Capture()
        command = ["parec", "-d", "spk_sink.monitor", "--raw", "--latency-msec=20"]
        command += ["--format=s16le", f"--rate={SPEAKER_RATE}", "--channels=1"]
        with path.open("wb") as out:
            recorder = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
            )
            try:
                until = time.monotonic() + LIMIT
                while path.stat().st_size == 0 and time.monotonic() < until:
                    time.sleep(0.02)
                yield captured
                time.sleep(0.2)
            finally:
                recorder.terminate()
                recorder.wait(LIMIT)
        captured.samples = np.fromfile(path, dtype=np.int16)
        path.unlink()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
        )

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            timeout=LIMIT,
            check=check,
        )


class Capture:
    """What came out of the loudspeaker: int16 mono at SPEAKER_RATE."""

    def __init__(self) -> None:
        self.samples: NDArray[np.int16] = np.zeros(0, dtype=np.int16)

    @property
    def loud_seconds(self) -> float:
        """How long it was not silent, in steps of 10 ms."""
        step = SPEAKER_RATE // 100
        whole = self.samples[: len(self.samples) // step * step].reshape(-1, step)
        return float(np.sum(np.abs(whole.astype(np.int32)).max(axis=1) > 100)) / 100 if len(whole) else 0.0

    @property
    def silent_end(self) -> float:
        """Seconds of silence at the end."""
        loud = np.flatnonzero(np.abs(self.samples.astype(np.int32)) > 100)
        return (len(self.samples) - (int(loud[-1]) if loud.size else 0)) / SPEAKER_RATE


def _shape(module: str, rate: int, channels: int) -> str:
    return f"{module} rate={rate} channels={channels}"


def render_wav(text: str, path: Path, voice: str = "en-us", speed: int = 140) -> Path:
    """Somebody says `text`, into a wav file; half a second of silence comes after it."""
    subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(path), text],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=LIMIT,
        check=True,
    )
    return path


@pytest.fixture(scope="session")
def sound_card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundCard]:
    """The card, plugged in, with this process's sound library looking at it."""
    for program in ("pulseaudio", "pactl", "paplay", "parec", "espeak-ng"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed, so there is no virtual sound card")
    card = SoundCard(tmp_path_factory.mktemp("card"))
    card.start()
    before = {name: os.environ.get(name) for name in card.environment}
    os.environ.update(card.environment)
    look_again()
    try:
        yield card
    finally:
        card.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@pytest.fixture(scope="session")
def speech_model() -> SpeechModel:
    """A real Vosk model: from the environment, the project's models, or a folder beside the checkout."""
    named = [os.environ.get(name) for name in ("AFTERWARDS_TEST_MODEL", "VOSK_MODEL_PATH")]
    places = [Path(name) for name in named if name]
    places += sorted(path for path in (HERE / "models").glob("*") if path.is_dir())
    places.append(HERE.parent / "shared" / "models" / "lab-small-en")
    for place in places:
        if any((place / part).is_file() for part in ("am/final.mdl", "final.mdl")):
            return SpeechModel(place)
    pytest.skip("no Vosk model: set AFTERWARDS_TEST_MODEL to the folder of one")


def look_again() -> None:
    """PortAudio keeps the devices that it saw first; an earlier test may have shown it a machine without any."""
    library = sys.modules.get("sounddevice")
    if library is not None:
        library._terminate()
        library._initialize()
