"""The last resort: pyttsx3's own `say`, in a process of its own: it can hang, and can't be stopped from inside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from voice.errors import SpeakerError
from voice.events import Utterance


class PlainMouth:
    """Speaks as `Mouth` does, less exactly: the word is an estimate, and the volume is the engine's."""

    def __init__(self, driver: str | None = None) -> None:
        """`driver` is pyttsx3's name for it; None is the platform's own."""
        self._driver = driver
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._utterance = Utterance("")
        self._began = 0.0
        self._over = 0.0
        self._held: int | None = None

    def start(self, utterance: Utterance) -> None:
        """Begin to speak. Raises SpeakerError where no process can be started."""
        self.stop()
        self._utterance, self._held = utterance, None
        if utterance.earcon:
            return  # the engine can only speak
        words = utterance.text.split()[utterance.start_word :]
        # The engine may write what it speaks to a file; the folder goes away with the utterance.
        self._folder = tempfile.TemporaryDirectory(prefix="voice-", ignore_cleanup_errors=True)
        order = {
            "driver": self._driver,
            "text": " ".join(words),
            "rate": utterance.words_per_minute,
            "volume": utterance.volume,
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "voice.speech.plain"],
                stdin=subprocess.PIPE,  # not an argument: other users can see those
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": self._folder.name, "TEMP": self._folder.name},
                start_new_session=True,
            )
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode())
            self._process.stdin.close()
        except OSError as error:
            raise _silent() from error
        self._began = time.monotonic()
        self._over = 0.0

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """Nothing: the engine keeps no sound."""

    def wait(self, seconds: float) -> bool:
        """True when nothing is being spoken any more, its pause included. Raises SpeakerError where it failed."""
        until = time.monotonic() + seconds
        while self._held is not None or self._running():
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(0.02, left))
        return True

    def stop(self) -> int:
        """Silence. The word reached, by estimate."""
        word = self.word
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)  # and the player that the driver started
            else:
                process.kill()
            process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self._held = None
        return word

    def pause(self) -> None:
        """Hold, with the place kept."""
        if self._process is not None and self._held is None:
            word = self.stop()
            self._held = word

    def resume(self) -> None:
        """Go on after `pause`, with the word that it reached."""
        if self._held is not None:
            held, before = self._held, self._utterance
            self.start(
                Utterance(
                    before.text,
                    before.words_per_minute,
                    before.volume,
                    before.pitch,
                    before.pause,
                    before.fixed,
                    start_word=held,
                )
            )

    @property
    def word(self) -> int:
        """The word that is being spoken, by estimate."""
        if self._held is not None:
            return self._held
        total = len(self._utterance.text.split())
        if self._process is None or self._process.poll() is not None:
            return total
        spoken = int((time.monotonic() - self._began) * self._utterance.words_per_minute / 60)
        return min(total, self._utterance.start_word + spoken)

    def shut(self) -> None:
        """Silence, and nothing left behind."""
        self.stop()

    def _running(self) -> bool:
        """Still speaking, or in the pause after it."""
        if self._process is None:
            return False
        status = self._process.poll()
        if status is None:
            return True
        if status != 0:
            self.stop()
            raise _silent()
        self._over = self._over or time.monotonic() + self._utterance.pause
        if time.monotonic() < self._over:
            return True
        self.stop()
        return False


def _silent() -> SpeakerError:
    return SpeakerError("speaker-plain", "I can't speak on this machine.", "Read the words on the screen instead.")


def _speak() -> None:
    """What the process does: one order from its input, spoken to the end."""
    import pyttsx3

    order = json.load(sys.stdin)
    engine = pyttsx3.init(order["driver"])
    engine.setProperty("rate", order["rate"])
    engine.setProperty("volume", order["volume"])
    engine.say(order["text"])
    engine.runAndWait()


if __name__ == "__main__":
    _speak()
