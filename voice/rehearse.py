"""Plays a whole session against a script, on a clock of its own: for authors, for tests and for measuring.

A script has one answer a line:
    # a comment            yes                what the person says
    -                      silence, until the program speaks again
    key:3                  a key               @answer.wav     a recording, heard by the recogniser
    +stop                  said while the program is speaking
    ~3                     a voice without words for 3 seconds: a sigh, or somebody cries
"""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voice.dialogue.shelf import WORKING
from voice.errors import ScriptError, SpeakerError
from voice.events import Ended, Heard, Listen, Pressed, Sound, Source, Utterance

Samples = NDArray[np.int16]
Hear = Callable[[Path, Listen, Sequence[str]], Heard]
TRACK_RATE = 22050
# A person answers this long after the question, in seconds.
THINKING = 0.7
_LONGEST = 600.0
"""Seconds of a voice without words in a script, at most."""
_WORKS, _LOOK = 5.0, 0.02
"""Real seconds for which a script waits for something that is being done, and between two looks."""


@dataclass
class VirtualClock:
    """Time that passes when somebody says so, in seconds."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Renders(Protocol):
    """Speech as samples, without a sound card."""

    def render(self, utterance: Utterance) -> tuple[Samples, int]: ...


@dataclass
class Track:
    """Both sides of a talk, as one recording."""

    pieces: list[tuple[float, Samples, int]] = field(default_factory=list)

    def add(self, at: float, samples: Samples, rate: int) -> None:
        """Puts samples (int16 mono) at a time in seconds."""
        self.pieces.append((at, samples, rate))

    def write(self, path: Path) -> None:
        """Writes one wav. Raises ScriptError where that fails."""
        end = max((at + len(samples) / rate for at, samples, rate in self.pieces), default=0.0)
        mixed = np.zeros(int((end + 0.5) * TRACK_RATE), np.int32)
        for at, samples, rate in self.pieces:
            steps = np.arange(int(len(samples) * TRACK_RATE / rate)) * rate / TRACK_RATE
            piece = np.interp(steps, np.arange(len(samples)), samples).astype(np.int32) if len(samples) else samples
            start = int(at * TRACK_RATE)
            mixed[start : start + len(piece)] += piece
        try:
            # Opened here: wave leaves a traceback behind where it cannot open a file itself.
            with path.open("wb") as out, wave.open(out, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(TRACK_RATE)
                file.writeframes(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())
        except OSError as error:
            raise ScriptError(
                "script-audio", f"The recording {path} could not be written.", "Choose another place for it."
            ) from error


def read_script(path: Path) -> list[str]:
    """The answers of a script, without comments and empty lines. Raises ScriptError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError("script-missing", f"The script {path} cannot be read.", "Check its name.") from error
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


class ScriptEars:
    """Answers out of a script, one for each time the program listens."""

    speaking = hears_through = talked_over = wants_the_floor = False

    def __init__(
        self,
        lines: Sequence[str],
        clock: VirtualClock,
        *,
        folder: Path = Path(),
        hear: Hear | None = None,
        voice: Renders | None = None,
        track: Track | None = None,
    ) -> None:
        self._lines = list(lines)
        self._clock = clock
        self._folder = folder
        self._hear = hear
        self._voice = voice
        self._track = track
        self._listen: Listen | None = None
        self._phrases: Sequence[str] = ()
        self._silent = False
        self._works_since: float | None = None

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self._listen, self._phrases = listen, phrases
        if self._works():
            return
        self._silent = False
        if not listen.over_speech and self._lines and self._lines[0] == "-":
            self._lines.pop(0)
            self._silent = True

    def poll(self, seconds: float) -> Sound | None:
        """The next answer; None through a silence. Ended at the end of the script."""
        self._clock.sleep(seconds)
        if self._works():
            time.sleep(_LOOK)
            return None
        if self._listen is None or self._silent:
            return None
        if self._listen.over_speech:
            return self._sound(self._lines.pop(0)[1:]) if self._lines and self._lines[0].startswith("+") else None
        if not self._lines:
            return Ended()
        return self._sound(self._lines.pop(0).removeprefix("+"))

    def close(self) -> None:
        self._listen = None

    def shut(self) -> None:
        self.close()

    def _works(self) -> bool:
        """Something is being done, in this machine's time and not in the script's: its answers are for what comes."""
        now = time.monotonic()
        if self._listen is None or self._listen.step != WORKING:
            self._works_since = None if self._listen is not None else self._works_since
            return False
        if self._works_since is None:
            self._works_since = now
        return now - self._works_since < _WORKS

    def _sound(self, line: str) -> Sound:
        self._clock.sleep(THINKING)
        if line.startswith("key:"):
            return Pressed(line.removeprefix("key:").strip())
        if line.startswith("~"):
            return self._wordless(line[1:])
        if line.startswith("@"):
            return self._recording(self._folder / line[1:].strip())
        if self._voice is not None and self._track is not None:
            samples, rate = self._voice.render(Utterance(line, words_per_minute=160, fixed=False, pause=0.0))
            self._track.add(self._clock.now(), samples, rate)
            self._clock.sleep(len(samples) / rate)
        return Heard(line, Source.TYPED)

    def _wordless(self, seconds: str) -> Heard:
        assert self._listen is not None, "it is only heard while listening"
        try:
            lasts = float(seconds)
        except ValueError:
            lasts = -1.0
        if not 0 <= lasts <= _LONGEST:  # "nan" neither
            raise ScriptError(
                "script-seconds",
                f"“~{seconds}” is no number of seconds from 0 to {_LONGEST:.0f}.",
                "Write ~3 for three seconds.",
            )
        whole = lasts + self._listen.end
        self._clock.sleep(whole)
        return Heard("uh", Source.VOICE, free=("uh",), seconds=whole)

    def _recording(self, path: Path) -> Heard:
        if self._hear is None:
            raise ScriptError(
                "script-no-model", f"{path} needs a speech model, and there is none.", "Run scripts/setup, or use text."
            )
        assert self._listen is not None, "a recording is only heard while listening"
        heard = self._hear(path, self._listen, self._phrases)
        self._clock.sleep(heard.seconds + self._listen.end)
        return heard


class RehearsalMouth:
    """Speaks on the virtual clock: renders for real where a recording is wanted, else reckons the time."""

    def __init__(self, clock: VirtualClock, voice: Renders | None = None, track: Track | None = None) -> None:
        self._clock = clock
        self._voice = voice
        self._track = track
        self._until = 0.0

    def start(self, utterance: Utterance) -> None:
        """Begins at once; the time it takes passes in `wait`."""
        seconds = len(utterance.text.split()) * 60 / utterance.words_per_minute + utterance.pause
        if self._voice is not None and self._track is not None:
            try:
                samples, rate = self._voice.render(utterance)
            except SpeakerError:
                self._voice = None
            else:
                self._track.add(self._clock.now(), samples, rate)
                seconds = len(samples) / rate
        self._until = self._clock.now() + seconds

    def pause(self) -> None:
        """Nobody in a rehearsal talks over it for long."""

    def resume(self) -> None:
        """See `pause`."""

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """Nothing: time is virtual here."""

    def wait(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return self._clock.now() >= self._until

    def stop(self) -> int:
        if self._track is not None and self._track.pieces:
            at, samples, rate = self._track.pieces.pop()
            spoken = int(max(0.0, self._clock.now() - at) * rate)
            self._track.add(at, samples[:spoken], rate)
        self._until = self._clock.now()
        return 0

    def shut(self) -> None:
        self._until = self._clock.now()
