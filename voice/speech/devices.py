"""Which microphone and loudspeaker there are, by name, and how loud a sound is."""

from __future__ import annotations

import atexit
import functools
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from voice.errors import MicrophoneError, SpeakerError, VoiceError

Way = Literal["in", "out"]
T = TypeVar("T")

FULL_SCALE = 32768.0
STUCK = 4.0
"""Seconds that opening a device may take. A sound server that was asleep took up to 2 s; one that stands still never
answers, and would hold whoever asks it."""
CLOSING = 1.0
"""Seconds that are waited for a device to close; it goes on closing by itself."""
AT_ONCE = 0.1
"""Seconds that are waited for whoever opens or closes a device just now."""
CUT_EVERY = 10.0
"""Seconds between two times that the microphone is cut off to look for a loudspeaker: it misses about 0.1 s."""
SILENT_DBFS = -96.0
"""What `level` says of digital silence: the range of 16 bits."""


@dataclass(frozen=True)
class Device:
    """One way in or out, as PortAudio lists it."""

    index: int
    name: str
    channels: int
    """Most channels that it takes."""
    rate: int
    """Its own rate, in hertz."""


@dataclass(frozen=True)
class Level:
    """How loud a stretch of sound was."""

    dbfs: float
    """Root mean square, in decibels below full scale; -96 for digital silence."""
    peak: float
    """Largest sample, 0 to 1."""
    clipped: float
    """Share of samples at full scale, 0 to 1; above about 0.001 the microphone is too loud."""


def level(blocks: Iterable[bytes]) -> Level:
    """Measure blocks of int16 mono sound together."""
    samples = np.frombuffer(b"".join(blocks), dtype=np.int16)
    if not samples.size:
        return Level(SILENT_DBFS, 0.0, 0.0)
    loud = np.abs(samples.astype(np.float32))
    rms = float(np.sqrt(np.mean(np.square(loud))))
    dbfs = 20 * math.log10(rms / FULL_SCALE) if rms > 0 else SILENT_DBFS
    return Level(max(dbfs, SILENT_DBFS), float(loud.max()) / FULL_SCALE, float(np.mean(loud >= 32767)))


class Audio:
    """PortAudio, loaded when first needed. The microphone and the loudspeaker share one.

    PortAudio's list of devices is frozen until it is started anew, and that ends every stream; so whoever holds a
    stream compares `generation` before touching it. `refresh` is refused while somebody is spoken to; while somebody is
    heard it is granted seldom, because a talk without a voice is worse than a word that is missed.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.lock = threading.RLock()
        """Of all that touches PortAudio's devices."""
        self._set = threading.Lock()
        self._busy: set[int] = set()
        self._gives_way: set[int] = set()
        self._cut_at = -math.inf
        self._library: Any = None
        self._stuck: threading.Thread | None = None
        self._leaves = False

    def bounded(self, way: Way, work: Callable[[], T], seconds: float = STUCK) -> T:
        """What `work` gives, done with the lock held and on a thread of its own: PortAudio waits without end for a
        sound server that stands still. Raises what `work` raises, and MicrophoneError or SpeakerError where it is not
        done in time; then it is done when the server goes on, and nothing else is begun before.
        """
        if self._stuck is not None and self._stuck.is_alive():
            raise _stuck(way)
        came: list[T] = []
        failed: list[BaseException] = []

        def run() -> None:
            with self.lock:
                try:
                    came.append(work())
                except BaseException as error:  # for whoever waits for it
                    failed.append(error)

        thread = threading.Thread(target=run, daemon=True, name="portaudio")
        thread.start()
        thread.join(seconds)
        if failed:
            raise failed[0]
        if not came:
            self._stuck = thread
            self._leave_at_exit()
            raise _stuck(way)
        return came[0]

    @contextmanager
    def at_once(self) -> Iterator[bool]:
        """Holds the lock, and is True; False, and nothing held, where somebody opens or closes a device just now."""
        free = self.lock.acquire(timeout=AT_ONCE)
        try:
            yield free
        finally:
            if free:
                self.lock.release()

    def _leave_at_exit(self) -> None:
        """The program must end, too: sounddevice would wait for the server when Python ends."""
        handler = getattr(self._library, "_exit_handler", None)
        if handler is None:
            return

        def leave() -> None:
            if self._stuck is not None:
                self._stuck.join(CLOSING)
            if self._stuck is None or not self._stuck.is_alive():
                handler()

        atexit.unregister(handler)
        if not self._leaves:
            atexit.register(leave)
            self._leaves = True

    def library(self, way: Way) -> Any:
        """The sounddevice module. Raises MicrophoneError or SpeakerError where PortAudio is missing."""
        if self._library is None:
            try:
                import sounddevice  # fails at import where PortAudio is missing
            except (OSError, ImportError) as error:
                raise _problem(
                    way, "no-portaudio", "The sound library PortAudio is missing.", "Install the package libportaudio2."
                ) from error
            self._library = sounddevice
        return self._library

    def devices(self, way: Way) -> tuple[Device, ...]:
        """Every device for this way. Empty where there is none. Raises MicrophoneError or SpeakerError."""
        library = self.library(way)
        with self.lock:
            try:
                listed = list(library.query_devices())
            except library.PortAudioError as error:
                raise _none(way) from error
        key = "max_input_channels" if way == "in" else "max_output_channels"
        return tuple(
            Device(int(d["index"]), str(d["name"]), int(d[key]), int(d["default_samplerate"]))
            for d in listed
            if int(d[key]) > 0
        )

    def find(self, way: Way, wanted: str | None = None) -> Device:
        """The device of that name (whole name first, then a part of it, whatever its case), or the default one.

        Raises MicrophoneError or SpeakerError, naming what there is instead.
        """
        found = self.devices(way)
        if not found:
            raise _none(way)
        if wanted is None:
            default = self._default(way)
            return next((d for d in found if d.index == default), found[0])
        low = wanted.casefold()
        for match in (lambda d: d.name.casefold() == low, lambda d: low in d.name.casefold()):
            for device in found:
                if match(device):
                    return device
        names = ", ".join(d.name for d in found)
        raise _problem(way, "not-found", f'"{wanted}" is not plugged in.', f"Plug it in, or choose one of: {names}.")

    def _default(self, way: Way) -> int:
        library = self.library(way)
        with self.lock:
            try:
                return int(library.default.device[0 if way == "in" else 1])
            except (library.PortAudioError, TypeError, ValueError):
                return -1

    def busy(self, owner: object, on: bool, gives_way: bool = False) -> None:
        """Say that `owner`'s stream must not be cut off now, or may be again; `gives_way`: seldom, because it notices
        and opens it again by itself."""
        with self._set:
            (self._busy.add if on else self._busy.discard)(id(owner))
            (self._gives_way.add if on and gives_way else self._gives_way.discard)(id(owner))

    def refresh(self, owner: object) -> bool:
        """Read the list of devices again. False, and nothing done, while another's stream is in use."""
        with self.lock:
            if self._library is None or not self._may_cut(owner):
                return False
            with suppress(self._library.PortAudioError):  # it could not be started the last time
                self._library._terminate()
            # Only now: whoever sees it drops its stream, which PortAudio's own thread used until here.
            self.generation += 1
            try:
                self._library._initialize()
            except self._library.PortAudioError:
                return False
            return True

    def _may_cut(self, owner: object) -> bool:
        with self._set:
            others = self._busy - {id(owner)}
            if others - self._gives_way or (others and time.monotonic() - self._cut_at < CUT_EVERY):
                return False
            if others:
                self._cut_at = time.monotonic()
            return True


@functools.cache
def portaudio() -> Audio:
    """The one that microphone and loudspeaker share: PortAudio is one in a process, and a refresh ends every stream."""
    return Audio()


def names(way: Way, audio: Audio | None = None) -> tuple[str, ...]:
    """Names to choose from. Raises MicrophoneError or SpeakerError where PortAudio is missing."""
    return tuple(device.name for device in (audio or portaudio()).devices(way))


def _problem(way: Way, code: str, message: str, remedy: str) -> VoiceError:
    if way == "in":
        return MicrophoneError(f"microphone-{code}", message, remedy)
    return SpeakerError(f"speaker-{code}", message, remedy)


def _stuck(way: Way) -> VoiceError:
    message = "The sound of this computer does not answer."
    if way == "in":
        return _problem(way, "stuck", message, "I go on trying. Meanwhile answer with the keys, or type.")
    return _problem(way, "stuck", message, "I go on trying. Meanwhile read the words on the screen.")


def _none(way: Way) -> VoiceError:
    if way == "in":
        return _problem(way, "none", "I can't find a microphone.", "Plug one in, or answer with the keys.")
    return _problem(way, "none", "I can't find a loudspeaker.", "Plug one in, or read the words on the screen.")
