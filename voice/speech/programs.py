"""pyttsx3 drivers for flite, festival and Piper: programs that speak a sentence into memory.

The text goes in by standard input, where nobody sees it (the words of a command can be read by everybody on the same
computer), and the sound comes out into a file that exists in memory alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile

from voice.errors import SpeakerError
from voice.speech.driver import MemoryDriver
from voice.speech.sources import Samples

LIMIT = 4.0
"""Seconds for one sentence. Then the program counts as hanging, and is ended."""
LARGEST = 16 * 1024 * 1024
"""Bytes of sound for one sentence: four minutes at 32 kHz."""
_LOOK = 0.005
"""Seconds between two looks at whether the program is done."""
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": "", "”": "", '"': "", "\\": "", "…": ".", "–": ",", "—": ","})
_SCHEME_NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Order:
    """How a program is asked for one sentence."""

    command: tuple[str, ...]
    """Never a word of what is spoken."""
    before: bytes
    """What it can be given before the sentence is known."""
    text: bytes
    hertz: int = 0
    """Of the int16 mono samples that it gives; 0 where it gives a wav."""


Ask = Callable[[str, float], Order]
"""(sentence, pace) -> Order. `pace` 1 is the program's own, 2 is twice as fast, at the same pitch."""


class HurriedError(SpeakerError):
    """Ended because something else is to be spoken now. Nothing is wrong with the voice."""


def flite(voice: str) -> Ask:
    """A voice of flite, as `flite -lv` calls it."""

    def ask(sentence: str, pace: float) -> Order:
        stretch = f"duration_stretch={1 / pace:.3f}"
        command = ("flite", "-voice", voice, "--setf", stretch, "-f", "-", "-o", "/dev/stdout")
        return Order(command, b"", plain(sentence))

    return ask


def festival(voice: str) -> Ask:
    """A voice of festival, as its `(voice.list)` calls it. Raises ValueError for what can't be a name."""
    if not _SCHEME_NAME.fullmatch(voice):
        raise ValueError(voice)

    def ask(sentence: str, pace: float) -> Order:
        # The HTS voices have a pace of their own, the others a stretch.
        before = (
            f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {1 / pace:.3f})\n"
            "(if (boundp 'hts_engine_params)"
            f' (set! hts_engine_params (cons (list "-r" {pace:.3f}) hts_engine_params)))\n'
        )
        # text2wave would do, but it keeps sentences in files of its own.
        text = b'(utt.save.wave (utt.synth (Utterance Text "%s")) "/dev/stdout" \'riff)\n' % plain(sentence)
        return Order(("festival", "--pipe"), before.encode("ascii", "ignore"), text)

    return ask


def piper(model: str, hertz: int) -> Ask:
    """A voice of Piper: path of its .onnx, and the hertz that its .onnx.json tells."""

    def ask(sentence: str, pace: float) -> Order:
        command = ("piper", "--model", model, "--output_raw", "--length_scale", f"{1 / pace:.3f}")
        return Order(command, b"", " ".join(sentence.split()).encode() + b"\n", hertz)

    return ask


def plain(sentence: str) -> bytes:
    """One line of ASCII, without what would end a string: all that flite and festival read."""
    # Taken apart first: a wide quotation mark becomes a plain one.
    letters = unicodedata.normalize("NFKD", sentence).translate(_PLAIN).encode("ascii", "ignore")
    return b" ".join(bytes(c if c > 31 else 32 for c in letters).split())


class ProgramDriver(MemoryDriver):
    """What pyttsx3 asks of a driver, and `take` for us. One sentence at a time.

    The program for the next sentence is started ahead, so that it has read its voice when the words come.
    """

    def __init__(self, ask: Ask, usual: int, limit: float = LIMIT) -> None:
        """`usual`: the rate at which the program speaks by itself, on espeak-ng's scale of words a minute."""
        super().__init__()
        self._ask = ask
        self._usual = usual
        self._limit = limit
        self.rate = usual
        self._ahead: tuple[Order, _Run] | None = None
        self._running: _Run | None = None
        self._hurried = False
        self._shut = False
        self._lock = threading.Lock()
        self._sound: tuple[Samples, int] | SpeakerError | None = None

    def take(self) -> tuple[Samples, int]:
        """What was spoken last: int16 mono, and its hertz. Raises SpeakerError where that went wrong; HurriedError."""
        sound, self._sound = self._sound, None
        if isinstance(sound, tuple):
            return sound
        raise sound or _no_sound()

    def hurry(self, on: bool) -> None:
        """While it is on, every sentence ends at once with HurriedError. May come from any thread."""
        with self._lock:
            self._hurried = on
            if on and self._running is not None:
                self._running.kill()

    def shut(self) -> None:
        """End what runs ahead. Not while a sentence is spoken; nothing can be spoken afterwards."""
        self._shut = True
        self.hurry(True)
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead[1].end()

    def speak(self, text: str) -> bool:
        order = self._ask(text, max(0.1, self.rate / self._usual))
        try:
            self._sound = _samples(self._run(order), order.hertz)
        except SpeakerError as error:
            self._sound = error
        except OSError:
            self._sound = _no_sound()
        return isinstance(self._sound, tuple)

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        if name == "rate":
            self.rate = int(value)

    def getProperty(self, name: str) -> Any:  # noqa: N802
        return {"rate": self.rate, "volume": 1.0, "voices": []}.get(name, "")

    def _run(self, order: Order) -> bytes:
        with self._lock:
            if self._hurried:
                raise _hurried()
            self._running = run = self._started(order)
        sound = b""
        problem: SpeakerError | None = None
        try:
            sound = run.speak(order.text, self._limit)
        except SpeakerError as error:
            problem = error
        finally:
            with self._lock:
                self._running, hurried = None, self._hurried
            run.end()
        if hurried or problem is not None:
            raise _hurried() if hurried else problem or _no_sound()
        if not self._shut:
            self._ahead = order, _Run(order)
        return sound

    def _started(self, order: Order) -> _Run:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            same = (ahead[0].command, ahead[0].before) == (order.command, order.before)
            if same and ahead[1].waiting:
                return ahead[1]
            ahead[1].end()
        return _Run(order)


class _Run:
    """One run of a program. Raises OSError where it can't be started."""

    def __init__(self, order: Order) -> None:
        self._out = os.memfd_create("speech")
        try:
            self._process = subprocess.Popen(
                order.command,
                stdin=subprocess.PIPE,
                stdout=self._out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that whatever it starts ends with it
            )
        except BaseException:
            os.close(self._out)
            raise
        self._give(order.before)

    @property
    def waiting(self) -> bool:
        return self._process.poll() is None

    def speak(self, text: bytes, limit: float) -> bytes:
        """The sound. Raises SpeakerError."""
        self._give(text, last=True)
        until = time.monotonic() + limit
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._process.wait(_LOOK) != 0:
                    raise _no_sound()
                break
            if time.monotonic() > until or os.fstat(self._out).st_size > LARGEST:
                raise _no_sound()
        size = os.fstat(self._out).st_size
        if size > LARGEST:
            raise _no_sound()
        return os.pread(self._out, size, 0)

    def kill(self) -> None:
        """With all that it started. May come from any thread."""
        with contextlib.suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it, and let go of it."""
        self.kill()
        self._process.wait()
        self._close()
        os.close(self._out)

    def _give(self, text: bytes, last: bool = False) -> None:
        """A few hundred bytes: a pipe takes them although nobody reads."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it ended, which is seen when it is waited for
            self._process.stdin.write(text)
            self._process.stdin.flush()
        if last:
            self._close()

    def _close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _samples(sound: bytes, hertz: int) -> tuple[Samples, int]:
    if hertz:
        return np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2").astype(np.int16), hertz
    try:
        samples, hertz = soundfile.read(io.BytesIO(sound), dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise _no_sound() from error
    return samples.mean(axis=1).astype(np.int16), int(hertz)


def _no_sound() -> SpeakerError:
    return SpeakerError(
        "speaker-program", "The voice that you chose gives no sound.", "Another one speaks. Say: another voice."
    )


def _hurried() -> HurriedError:
    return HurriedError("speaker-hurried", "Something else is to be said first.", "Say: repeat.")
