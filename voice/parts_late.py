"""Parts that are made while others work already, so that the first words do not wait for them."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from voice.errors import MicrophoneError, SpeakerError, VoiceError
from voice.events import Ended, Listen, Sound, Trouble, Utterance
from voice.safety import Verdict
from voice.session import Ears, Judge, Mouth, Notes

_CAN_SPEAK_PLAINLY = ("speaker-no-voice", "speaker-engine", "speaker-no-portaudio")
"""Errors of the real mouth that say nothing against the loudspeaker itself."""


class LateEars:
    """Ears that are made while the greeting is spoken. Where that fails, Trouble once, then Ended."""

    def __init__(self, make: Callable[[], Ears]) -> None:
        self._make = make
        self._ears: Ears | None = None
        self._error: VoiceError | None = None
        self._told = False
        self._warnings: list[VoiceError] = []
        self._retired = False
        self._wanted: tuple[Listen, Sequence[str]] | None = None
        self._opened = False
        self._thread: threading.Thread | None = None

    def _work(self) -> None:
        try:
            self._ears = self._make()
            if self._retired:
                self._ears.shut()
        except VoiceError as error:
            self._error = error
        except Exception:  # whatever it is, it would be lost with the thread
            self._error = MicrophoneError(
                "ears-broken", "The part that hears does not work.", "Answer with the keys, or type."
            )

    @property
    def speaking(self) -> bool:
        return self._ears is not None and self._ears.speaking

    @property
    def hears_through(self) -> bool:
        return self._ears is not None and self._ears.hears_through

    @property
    def talked_over(self) -> bool:
        return self._ears is not None and self._ears.talked_over

    @property
    def wants_the_floor(self) -> bool:
        return self._ears is not None and self._ears.wants_the_floor

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """The first time, begins to make them: the session opens ears when its first words are on their way."""
        self._wanted = (listen, phrases)
        self._opened = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="ears")
            self._thread.start()

    def warn(self, error: VoiceError) -> None:
        """For whoever makes them: this went wrong, and something else hears in its place."""
        self._warnings.append(error)

    def retire(self) -> None:
        """Hear nothing more: the person chose another way to answer. The microphone is let go of."""
        self._retired = True
        if self._ears is not None:
            self._ears.shut()

    def poll(self, seconds: float) -> Sound | None:
        if self._retired:
            return Ended()
        if self._error is not None:
            if self._told:
                return Ended()
            self._told = True
            return Trouble(self._error)
        if self._ears is None:
            if self._thread is not None:
                self._thread.join(seconds)
            return None
        if self._warnings:
            return Trouble(self._warnings.pop(0), hears=True)
        if not self._opened and self._wanted:
            self._ears.open(*self._wanted)
            self._opened = True
        return self._ears.poll(seconds)

    def close(self) -> None:
        self._wanted = None
        if self._ears is not None and self._opened:
            self._ears.close()
        self._opened = False

    def shut(self) -> None:
        if self._thread is not None:
            self._thread.join(5)
        if self._ears is not None:
            self._ears.shut()


class LateSafety:
    """Judges as Safety does, which takes most of a second to make. The first judgement waits until it is there."""

    def __init__(self, make: Callable[[], Judge]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Future[Judge] | None = None

    def begin(self) -> None:
        """Make it on a thread of its own; once."""
        self._begun(lambda work: threading.Thread(target=work, daemon=True, name="safety").start())

    def judge(self, text: str, answering: bool = True, believed: bool = True) -> Verdict:
        """Raises ContentError where its words are broken."""
        return self._begun(lambda work: work()).result().judge(text, answering, believed)

    def _begun(self, run: Callable[[Callable[[], None]], None]) -> Future[Judge]:
        with self._lock:
            begin, self._made = self._made is None, self._made or Future()
        made = self._made
        if begin:
            run(lambda: self._work(made))
        return made

    def _work(self, made: Future[Judge]) -> None:
        try:
            made.set_result(self._make())
        except BaseException as error:  # for whoever waits for it
            made.set_exception(error)


class LateNotes:
    """The notes file, with its library loaded when there is something to keep."""

    def __init__(self, path: object, make: Callable[[], Notes]) -> None:
        self.path = path
        self._make = make

    def keep(self, walkthrough: str, lines: Sequence[tuple[str, str]], answers: Mapping[str, str]) -> int:
        return self._make().keep(walkthrough, lines, answers)

    def erase(self, id: int | None = None) -> int:
        return self._make().erase(id)

    def mark(self, id: int, place: int, mark: str) -> None:
        self._make().mark(id, place, mark)

    def reword(self, id: int, place: int, slot: str, text: str) -> None:
        self._make().reword(id, place, slot, text)

    def keep_place(self, walkthrough: str, step: str, answers: Mapping[str, str], done: Sequence[str]) -> None:
        self._make().keep_place(walkthrough, step, answers, done)

    def forget_place(self) -> None:
        self._make().forget_place()


class ReadyMouth(Mouth, Protocol):
    """A mouth that can be made ready before the first word, and change its voice."""

    def ready(self) -> None: ...

    def choose(self, voice: str | None) -> None: ...

    def news(self) -> VoiceError | None: ...


class BestMouth:
    """The real voice; where it can't speak, the plain one; where neither can, SpeakerError with every line.

    What stands against the loudspeaker itself (none there, pulled out) is tried again with the next line.
    """

    def __init__(self, make: Callable[[], ReadyMouth], make_plain: Callable[[], Mouth], *, early: bool = False) -> None:
        """`early`: open loudspeaker and voice at once, on a thread of their own."""
        self._made: Future[ReadyMouth] = Future()
        self._make_plain = make_plain
        self._plain: Mouth | None = None
        self._error: SpeakerError | None = None
        self._utterance = Utterance("")
        self._early = early
        self._held: frozenset[tuple[str, int, int]] = frozenset()
        """What the real voice was asked to hold ready: it can say that though it can say nothing else any more."""
        self._by_plain = False
        if early:
            threading.Thread(target=self._work, args=(make,), daemon=True, name="mouth").start()
        else:
            self._work(make)

    def _work(self, make: Callable[[], ReadyMouth]) -> None:
        try:
            mouth = make()
        except BaseException as error:  # for whoever waits for it
            self._made.set_exception(error)
            return
        if self._early:
            with contextlib.suppress(Exception):  # the first word says it again
                mouth.ready()
        self._made.set_result(mouth)

    @property
    def _mouth(self) -> Mouth:
        return self._plain if self._plain is not None and self._by_plain else self._made.result()

    def start(self, utterance: Utterance) -> None:
        """Raises SpeakerError."""
        self._utterance = utterance
        held = (utterance.text, utterance.words_per_minute, utterance.pitch) in self._held
        self._by_plain = self._plain is not None and not held
        if self._error is not None and not held:
            raise self._error
        try:
            self._mouth.start(utterance)
        except SpeakerError as error:
            self._go_on_plainly(error)

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """As soon as the real voice is there; where it never is, nothing."""
        wanted = tuple(utterances)
        self._held = frozenset((u.text, u.words_per_minute, u.pitch) for u in wanted)

        def pass_on(made: Future[ReadyMouth]) -> None:
            if made.exception() is None:
                made.result().prepare(wanted)

        self._made.add_done_callback(pass_on)

    def choose(self, voice: str | None) -> None:
        """Another voice from the next line on; where only the plain one speaks, nothing. Never raises."""
        if self._there:
            self._made.result().choose(voice)

    def news(self) -> VoiceError | None:
        """What went wrong with the chosen voice, so that another one speaks; once."""
        return self._made.result().news() if self._there else None

    @property
    def _there(self) -> bool:
        return self._made.done() and self._made.exception() is None

    def wait(self, seconds: float) -> bool:
        """Raises SpeakerError."""
        try:
            return self._mouth.wait(seconds)
        except SpeakerError as error:
            self._go_on_plainly(error)
            return False

    def stop(self) -> int:
        return self._mouth.stop()

    def pause(self) -> None:
        self._mouth.pause()

    def resume(self) -> None:
        self._mouth.resume()

    def shut(self) -> None:
        self._made.result().shut()
        if self._plain is not None:
            self._plain.shut()

    def _go_on_plainly(self, error: SpeakerError) -> None:
        """Speaks the same line with the plain voice. Raises `error` where that is of no use."""
        if self._by_plain or error.code not in _CAN_SPEAK_PLAINLY or not _plays_alone():
            self._error = error if self._by_plain else self._error
            raise error
        self._plain = self._plain or self._make_plain()
        self._by_plain = True
        self._plain.start(self._utterance)


def _plays_alone() -> bool:
    """Whether pyttsx3 finds a way to the loudspeaker by itself: on Linux it calls a program, and is silent without."""
    return sys.platform in ("darwin", "win32") or shutil.which("aplay") is not None
