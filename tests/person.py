"""Somebody at home: runs the real program on a virtual sound card, listens until it is silent, and answers aloud."""

from __future__ import annotations

import os
import re
import string
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.sound_card import SPEAKER_RATE, SoundCard
from voice.content import Content
from voice.content_check import LINE_VALUES
from voice.helplines import HelpLines, note_last
from voice.session import line_values

QUIET = 1.8
"""Seconds of silence after which it is the person's turn: the longest pause inside the program's turn is 1.5 s."""
LOUD = 100
"""Samples of int16 above this are sound."""


class Listening:
    """All that the loudspeaker plays, from now on: int16 mono at SPEAKER_RATE, and since when it is silent."""

    def __init__(self, card: SoundCard) -> None:
        command = ["parec", "-d", "spk_sink.monitor", "--raw", "--latency-msec=20", "--format=s16le"]
        self._recorder = subprocess.Popen(
            [*command, f"--rate={SPEAKER_RATE}", "--channels=1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **card.environment},
        )
        self._blocks: list[bytes] = []
        self._sounds: list[float] = []
        self.first_sound: float | None = None
        """On the monotonic clock, in seconds."""
        self.last_sound = time.monotonic()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        while not self._blocks:
            time.sleep(0.01)

    def _work(self) -> None:
        assert self._recorder.stdout is not None
        descriptor = self._recorder.stdout.fileno()
        half = b""
        while block := os.read(descriptor, 1 << 16):
            block = half + block
            half = block[len(block) // 2 * 2 :]
            self._blocks.append(block[: len(block) // 2 * 2])
            if np.abs(np.frombuffer(self._blocks[-1], np.int16).astype(np.int32)).max(initial=0) > LOUD:
                self.last_sound = time.monotonic()
                self._sounds.append(self.last_sound)
                self.first_sound = self.first_sound or self.last_sound

    @property
    def sounds(self) -> list[float]:
        """When each block with sound in it came."""
        return list(self._sounds)

    def sound_after(self, moment: float) -> float | None:
        """When the first block with sound came after that moment."""
        at = bisect_right(self._sounds, moment)
        return self._sounds[at] if at < len(self._sounds) else None

    @property
    def samples(self) -> NDArray[np.int16]:
        """What was heard so far."""
        return np.frombuffer(b"".join(self._blocks), np.int16)

    def stop(self) -> None:
        self._recorder.terminate()
        self._recorder.wait(10)
        self._thread.join(10)


class Program:
    """`python -m voice ...` as a child with pipes for the keyboard and the screen."""

    def __init__(
        self,
        card: SoundCard,
        home: Path,
        *arguments: str,
        more: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> None:
        """`more`: what its environment has too. `terminal`: its keyboard is one, with single keys."""
        self.began = time.monotonic()
        self._terminal = os.openpty() if terminal else None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "voice", *arguments],
            stdin=self._terminal[1] if self._terminal else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                **card.environment,
                "AFTERWARDS_HOME": str(home),
                "PYTHONIOENCODING": "utf-8",
                **(more or {}),
            },
        )
        self._screen = b""
        self._errors = b""
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        while block := os.read(self._process.stdout.fileno(), 1 << 16):
            self._screen += block

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while block := os.read(self._process.stderr.fileno(), 1 << 16):
            self._errors += block

    @property
    def screen(self) -> str:
        """All that stands on the screen."""
        return self._screen.decode("utf-8", "replace")

    @property
    def errors(self) -> str:
        """All that went to stderr."""
        return self._errors.decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """The lines that were said, as the screen has them: one a paragraph, which begins at the edge."""
        paragraphs = [part for part in self.screen.split("\n\n") if part.strip()]
        joined = [" ".join(part.split()) for part in paragraphs if not part.lstrip("\n").startswith((" ", "!"))]
        return [line for line in joined if not re.match(r"\d\. |Your plan$|Kept in:", line)]

    def press(self, line: str) -> None:
        """Type a line; in a terminal, press these keys."""
        if self._terminal:
            os.write(self._terminal[0], line.encode())
            return
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    @property
    def over(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> int:
        """End it, where it has not ended; gives its exit code."""
        if not self.over:
            self._process.terminate()
        code = self._process.wait(20)
        for thread in self._threads:
            thread.join(5)
        if self._terminal:
            for end in self._terminal:
                os.close(end)
            self._terminal = None
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it ended with something unread
                self._process.stdin.close()
        return code


@dataclass(frozen=True)
class Line:
    """A line that was said: its key, its words for the ear, and what its values were."""

    key: str
    said: str
    values: Mapping[str, str]


class Script:
    """Knows every line of the content by how it looks on the screen."""

    def __init__(self, content: Content, lines: HelpLines, country: str) -> None:
        self._shown = line_values(lines, country, shown=True)
        self._said = line_values(lines, country, shown=False)
        self._content = content
        # A text of values alone would fit everything.
        texts = {
            key: text for key, text in content.texts.items() if re.search("[a-z]", re.sub(r"\$\w+", "", text.lower()))
        }
        self._patterns = {key: self._pattern(text) for key, text in texts.items()}

    def _pattern(self, text: str) -> re.Pattern[str]:
        known = note_last(string.Template(text).safe_substitute(self._shown))
        source = re.sub(r"\\\$(\w+)", r"(?P<\1>.+)", re.escape(" ".join(known.split())))
        return re.compile(source + r"\Z")

    def find(self, line: str) -> Line | None:
        """The line of the content; the one with the fewest open values where several fit."""
        hits = [(key, hit) for key, pattern in self._patterns.items() if (hit := pattern.match(line))]
        if not hits:
            return None
        key, hit = min(hits, key=lambda found: len(found[1].groupdict()))
        values = hit.groupdict()
        needed = string.Template(self._content.texts[key]).get_identifiers()
        spoken = {name: self._said[name] for name in LINE_VALUES if name in needed}
        return Line(key, note_last(self._content.fill(key, {**values, **spoken})), values)


ALIKE = 0.82
"""Likeness over which a sound is the one that is looked for (see find_sound)."""
_HOP = 0.01
"""Seconds between two looks at the spectrum."""


def find_sound(needle: NDArray[np.int16], hay: NDArray[np.int16], rate: int) -> tuple[float, float]:
    """Where `needle` first stands in `hay`, and how alike they are there (1 is the same): (seconds, likeness).

    Both int16 mono at `rate`. Compared by their spectra: espeak's waves hang on what it said before, so that the same
    sentence, spoken after another, can be alike by 0.65 only where waves are laid on each other; by its spectrum it is
    alike by 0.84 and more, and other words by 0.81 and less, but where they share a syllable.
    """
    a, b = _bands(needle, rate), _bands(hay, rate)
    if len(b) < len(a):
        return 0.0, 0.0
    windows = np.lib.stride_tricks.sliding_window_view(b, len(a), axis=0)  # (places, bands, frames)
    windows = windows - windows.mean(axis=2, keepdims=True)
    mine = (a - a.mean(axis=0)).T
    norms = np.sqrt(np.square(windows).sum(axis=(1, 2)) * np.square(mine).sum()) + 1e-9
    likeness = (windows * mine).sum(axis=(1, 2)) / norms
    # The same line may come again, and be more alike then: the first place that is alike enough counts.
    first = int((likeness > min(ALIKE, 0.95 * likeness.max())).argmax())
    best = first + int(likeness[first : first + 10].argmax())
    return best * _HOP, float(likeness[best])


def _bands(sound: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    """Logarithms of the power in 20 bands: (frames, 20)."""
    size, hop = int(0.025 * rate), int(_HOP * rate)
    padded = np.pad(sound.astype(np.float32), (0, max(0, size - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hanning(size).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames)))
    edges = np.searchsorted(np.fft.rfftfreq(size, 1 / rate), np.linspace(100, 4500, 21))
    return np.log(np.add.reduceat(power, edges[:-1], axis=1) + 1e4).astype(np.float32)
