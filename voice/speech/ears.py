"""The ears: a source of sound and one turn of talk after the other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from voice.errors import MicrophoneError
from voice.events import Heard, Listen, Partial, Recovered, Trouble
from voice.speech.echo import Cleaned, EchoRemover
from voice.speech.endpoint import Endpoint
from voice.speech.microphone import MOVED
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource, Source
from voice.speech.turn import Turn

DEAF = 0.3
"""Seconds after `open` that are not heard where nothing takes the tail of our own voice away."""
LATE = 1.0
"""Seconds of sound from before `open` that are heard where something does: whoever answers as the question ends."""
RECENT = 20
"""Blocks of the microphone, 0.4 s, that the next turn hears too."""
ASLEEP = 8.0
"""Seconds between two looks after which the machine was asleep, or this program stood still. Opening a loudspeaker on a
sound server that does not answer takes up to 5."""
RETRY = 1.0
"""Seconds between two tries to get a lost microphone back."""


def time_outside() -> float:
    """Seconds on a clock that goes on while the machine is asleep: Linux's monotonic one stands still then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


class VoiceEars:
    """Hears one turn at a time through a source, on one thread: all work is done inside `poll`."""

    def __init__(
        self,
        model: SpeechModel,
        source_factory: Callable[[], Source],
        deaf: float = DEAF,
        clock: Callable[[], float] = time.monotonic,
        echo: EchoRemover | None = None,
        headphones: bool = False,
        away: Callable[[], bool] = lambda: False,
        outside: Callable[[], float] = time_outside,
    ) -> None:
        """`headphones`: the microphone cannot hear our own voice, but where that went `away` from them. `outside`: a
        clock that goes on while the machine is asleep, in seconds."""
        self._model = model
        self._headphones, self._away = headphones, away
        self._echo = echo
        self._source = source_factory()
        self._tail = 0.0 if echo else deaf
        self._clock = clock
        self._turn: Turn | None = None
        self._endpoint = Endpoint()
        self._over_speech = False
        self._recent: deque[Cleaned] = deque(maxlen=RECENT)
        self._reopen: Callable[[], Turn] | None = None
        self._started = self._flowing = self._told = self._was_lost = False
        self._retry_at = 0.0
        self._outside = outside
        self._looked_at = 0.0

    @property
    def speaking(self) -> bool:
        """Somebody is talking now."""
        return self._turn is not None and self._turn.speaking

    @property
    def hears_through(self) -> bool:
        """Our own voice is taken out of what is heard: a person can talk over it."""
        return self._private or (self._echo is not None and self._echo.knows_the_room)

    @property
    def _private(self) -> bool:
        return self._headphones and not self._away()

    @property
    def _deaf(self) -> float:
        return 0.0 if self._private else self._tail

    @property
    def talked_over(self) -> bool:
        """A person talks while we speak, and it is not our own voice."""
        return self._turn is not None and self.hears_through and self._turn.surely_speaking

    @property
    def wants_the_floor(self) -> bool:
        """The same, and it may be meant for us: our voice should hold still."""
        return self.talked_over and self._turn is not None and self._turn.may_be_meant

    @property
    def working(self) -> bool:
        """Sound comes in."""
        return self._started and self._flowing

    @property
    def dropped(self) -> tuple[str, ...]:
        """Phrases of the last `open` that this model can't write."""
        return self._turn.dropped if self._turn else ()

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        """Hear one turn, with exactly these phrases. A microphone that is missing is told by `poll`.

        Raises ModelError where the model stopped working.
        """
        if self._turn is None:  # nobody looked since `close`: no sleep
            self._looked_at = self._outside()
        self._reopen = lambda: Turn(self._model, listen, phrases, self._deaf, self._endpoint)
        self._turn = self._reopen()
        self._over_speech = listen.over_speech
        if self._started and (self._deaf or self._source.behind > LATE):
            self._source.discard()
            self._recent.clear()
            if self._echo is not None:
                self._echo.forget()
        if self.hears_through:
            for block in self._recent:  # whoever began to talk a moment ago loses nothing
                self._turn.feed(block.sound, block.watched)

    def poll(self, seconds: float) -> Heard | Partial | Trouble | Recovered | None:
        """Hear for at most that long. A Heard once, when the turn ended; before that, a Partial whenever there is
        something new in what was said so far. Trouble once, when the microphone is lost.

        After Trouble go on polling: it tries to get the microphone back; Recovered once, when sound comes again.
        """
        until = self._clock() + seconds
        while True:
            left = until - self._clock()
            if left <= 0:
                return None
            try:
                if not self._start(left):
                    continue
                block = self._source.read(left)
                if (slept := self._slept()) > ASLEEP:
                    return self._wake(slept)
            except MicrophoneError as error:
                if (slept := self._slept()) > ASLEEP:  # and no wonder that no sound came meanwhile
                    return self._wake(slept)
                if error.code == MOVED:  # and goes on: another place in the room, perhaps, but nothing is lost
                    if self._echo is not None:
                        self._echo.begin_anew()
                    return Trouble(error, hears=True)
                trouble = self._lost(error)
                if trouble is not None:
                    return trouble
                continue
            self._flowing = self._flowing or block is not None
            if self._was_lost and block is not None:
                self._was_lost = False
                return Recovered()
            clean = self._clean(block)
            if self._turn is None:
                if self._source.ended:
                    return None
                continue
            heard = self._take(self._turn, clean)
            if heard is not None:
                self._turn = None
                self._recent.clear()
                return heard
            partial = self._turn.glance()
            if partial is not None and (self.hears_through or not self._over_speech):
                return partial
            if block is None and self._source.ended:
                return None

    def close(self) -> None:
        """Stop hearing, and drop what is in flight. The microphone stays open, so that the next `open` is quick."""
        self._turn = self._reopen = None

    def shut(self) -> None:
        """Let go of the microphone."""
        self.close()
        self._source.stop()
        self._started = self._flowing = False

    def _start(self, left: float) -> bool:
        if self._started:
            return True
        wait = self._retry_at - self._clock()
        if wait > 0:
            time.sleep(min(wait, left))
            return False
        self._source.start()
        if self._echo is not None:
            self._echo.begin_anew()
        self._started, self._told = True, False
        self._looked_at = self._outside()
        return True

    def _slept(self) -> float:
        """Seconds since the last look, on a clock that goes on while the machine is asleep."""
        before, self._looked_at = self._looked_at, self._outside()
        return self._looked_at - before if self._started else 0.0

    def _wake(self, slept: float) -> Trouble:
        """What waits at the sound card or the sound server is from before, and no answer."""
        if self._turn is not None and self._reopen is not None:
            self._turn = self._reopen()
        self._recent.clear()
        self._started, self._retry_at = False, 0.0  # begun anew with the next look, which also tells if that fails
        return Trouble(_asleep(slept), hears=True)

    def _lost(self, error: MicrophoneError) -> Trouble | None:
        self._started = self._flowing = False
        self._retry_at = self._clock() + RETRY
        if self._turn is not None and self._reopen is not None:
            self._turn = self._reopen()  # half a sentence is worse than none
        if self._told:
            return None
        self._told = self._was_lost = True
        return Trouble(error)

    def _clean(self, block: bytes | None) -> Cleaned | None:
        """Of every block, also of those that nobody hears: the cancellers must not lose the time."""
        if block is None or self._echo is None:
            return None if block is None else Cleaned(block, block)
        return self._echo(block, self._source.heard_at)

    def _take(self, turn: Turn, block: Cleaned | None) -> Heard | None:
        if block is None:
            return turn.finish() if self._source.ended else None
        behind = self._source.behind
        self._recent.append(block)
        heard = turn.feed(block.sound, block.watched)
        if heard is None:
            return None
        # With headphones there is nothing of our own voice to be taken for words, and somebody may whisper.
        return replace(heard, took=heard.took + behind, surely=heard.surely or self._private)


def _asleep(slept: float) -> MicrophoneError:
    for_long = f"{slept:.0f} seconds" if slept < 100 else f"{slept / 60:.0f} minutes"
    return MicrophoneError(
        "microphone-slept",
        f"This computer was asleep, or held up, for {for_long}. I heard nothing of it.",
        "The same question is open. Say or press your answer now.",
    )


def hear_file(path: Path | str, model: SpeechModel, listen: Listen, phrases: Sequence[str]) -> Heard:
    """What the ears make of a recording, as fast as this machine can. The file's end ends the turn.

    Gives an empty Heard where nobody speaks in it. Raises ScriptError where it is not a recording, or ModelError.
    """
    return hear_source(FileSource(path), model, listen, phrases)


def hear_source(source: Source, model: SpeechModel, listen: Listen, phrases: Sequence[str]) -> Heard:
    """The same for any source that ends. Gives the first turn in it."""
    turn = Turn(model, listen, phrases)
    seconds = 0.0
    source.start()
    try:
        while not source.ended:
            block = source.read(1.0)
            if block is None:
                continue
            seconds += len(block) / 32000
            heard = turn.feed(block)
            if heard is not None:
                return heard
        return turn.finish() or Heard(text="", free=(), confidence=0.0, seconds=round(seconds, 2))
    finally:
        source.stop()
