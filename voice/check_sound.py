"""The microphone and the loudspeaker of `afterwards check`: what was measured, in plain words, and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from voice import parts
from voice.errors import MicrophoneError, VoiceError
from voice.events import Utterance
from voice.settings import Settings
from voice.speech import pulse
from voice.speech.devices import names
from voice.speech.meter import FAINT, Meter, Reading
from voice.speech.microphone import MOVED, Microphone

SECONDS = 5.0
"""For which `check` listens: long enough to tell a television from a cough."""
_MUTED = -85.0
"""dBFS below which a room is digitally silent. Measured rooms are -70 to -40."""
_LOUD_ROOM = -30.0
_CLIPPED = 0.001
_TALKS = 0.6
"""Share of the time in which speech is a television or somebody who was not asked: read speech has 0.7 and more."""
_SPOKEN = 0.3
"""Share of a stretch, or a second of all of it, from which somebody spoke in it."""
_LOW = 0.1
"""Of the volume in the sound settings: 10 % there are -60 dB."""
_SETTINGS = "in the sound settings of this computer"
_NONE = ("microphone-gone", "microphone-none", "microphone-busy")
_TRIED = 4
"""Other microphones that are tried at most, for half a second each."""
_TRIAL = 0.5
_SLOW = 3.0
"""Seconds that a microphone may take to bring its first sound: one by radio, or behind a server that sleeps, does."""


def loudspeaker(chosen: Settings) -> tuple[bool, str]:
    """Plays a sentence. Raises SpeakerError."""
    mouth = parts.mouth(chosen)
    sink = None
    try:
        mouth.start(Utterance("This is how loud I am.", volume=chosen.volume / 100))
        for _ in range(100):
            if mouth.wait(0.1):
                break
            sink = sink or pulse.sink_of_this_process()
    finally:
        mouth.shut()
    if sink is not None and sink.muted:
        return False, f"A sentence was played, but the loudspeaker ({sink.name}) is muted. Unmute it {_SETTINGS}."
    if sink is not None and sink.volume < _LOW:
        return False, (
            f"A sentence was played, but the loudspeaker ({sink.name}) is at {sink.volume:.0%}. Turn it up {_SETTINGS}."
        )
    return True, "A sentence was played. If you did not hear it, turn the loudspeaker up."


def microphone(chosen: Settings) -> tuple[bool, str]:
    """Listens for SECONDS while nobody is asked to speak. Raises MicrophoneError."""
    try:
        meter, source, name = _measure(chosen.microphone or None, SECONDS)
    except MicrophoneError as error:
        # A loudspeaker's sound in the place of a microphone is refused at once: say that it is one.
        if error.code not in _NONE or chosen.microphone or (words := _no_microphone()) is None:
            raise
        return False, words
    found = meter.total
    if (fault := _fault(found, source, chosen, name)) is not None:
        return False, fault
    if found.voiced >= _TALKS * found.seconds:
        return False, (
            f"Speech was heard for {found.voiced:.0f} of {found.seconds:.0f} seconds. If that was not you, turn the "
            "television or radio off, or down: it could be taken for your answers."
        )
    if found.dbfs > _LOUD_ROOM:
        return False, f"It is loud here ({found.dbfs:.0f} dB). Turn off what is loud, or come nearer to the microphone."
    if found.voiced >= 1.0:
        return True, f"Speech was heard ({found.speech:.0f} dB), and it is loud enough."
    return True, (
        f"The room is quiet enough ({found.dbfs:.0f} dB), and no speech was heard. "
        "“afterwards check --listen” shows how loud you are."
    )


class Listening:
    """A microphone that is measured for as long as somebody watches. Nothing of its sound is kept."""

    def __init__(self, chosen: Settings) -> None:
        """Raises MicrophoneError."""
        self._chosen = chosen
        self._microphone = Microphone(chosen.microphone or None)
        self._microphone.start()
        self._opened = self._microphone.name
        self._meter = Meter()
        self.source = pulse.input_of_this_process()

    @property
    def name(self) -> str:
        return (self.source.words if self.source else "") or self._opened

    def readings(self, every: float) -> Iterator[Reading | str]:
        """One each `every` seconds, without end; a sentence where another microphone is heard from now on.

        Raises MicrophoneError where it is gone.
        """
        until = time.monotonic() + every
        while True:
            try:
                block = self._microphone.read(max(0.0, until - time.monotonic()))
            except MicrophoneError as error:
                if error.code != MOVED:
                    raise
                yield error.message
                continue
            if block is not None:
                self._meter.feed(block)
            if time.monotonic() >= until:
                until = time.monotonic() + every
                yield self._meter.take()

    def summary(self) -> tuple[bool, str]:
        """Whether a voice could be heard well, and what to do."""
        found = self._meter.total
        if (fault := _fault(found, self.source, self._chosen, self._opened)) is not None:
            return False, fault
        if found.voiced >= min(1.0, _SPOKEN * found.seconds):
            return True, f"Your voice was heard, and it is loud enough ({found.speech:.0f} dB)."
        if found.dbfs > _LOUD_ROOM:
            return False, f"It is loud here ({found.dbfs:.0f} dB), and no speech was heard. Turn off what is loud."
        return (
            True,
            f"The room is quiet ({found.dbfs:.0f} dB), and no speech was heard. Say something to see how loud it is.",
        )

    def stop(self) -> None:
        """Let go of it; what was measured stays."""
        self.source = pulse.input_of_this_process() or self.source  # it may have been muted since
        self._microphone.stop()


def word(found: Reading) -> str:
    """What a short stretch of sound is like, for the eye and the ear."""
    if found.dbfs < _MUTED:
        return "no sound at all"
    if found.clipped > _CLIPPED:
        return "too loud: clipping"
    if found.voiced >= _SPOKEN * found.seconds:
        return "speech, too quiet" if found.speech < FAINT else "speech, good"
    if found.faint >= _SPOKEN * found.seconds:
        return "speech, too quiet"
    return "loud, no speech" if found.dbfs > _LOUD_ROOM else "quiet, no speech"


def _fault(found: Reading, source: pulse.Input | None, chosen: Settings, name: str) -> str | None:
    """What is wrong with the microphone itself. `name`: of the device that was open."""
    if source is not None and source.monitor:
        return (
            f"This is no microphone: it is what the loudspeaker plays ({source.words or source.name}). "
            f"{_choose(_others(name), chosen)}"
        )
    if source is not None and source.muted:
        return f"The microphone ({source.words or source.name}) is muted. Unmute it {_SETTINGS}, or by its own switch."
    level = f" It is at {source.volume:.0%} there." if source is not None and source.volume < 1 else ""
    if source is not None and source.volume < _LOW:
        return f"The microphone ({source.words or source.name}) is at {source.volume:.0%}. Turn it up {_SETTINGS}."
    if found.dbfs < _MUTED:
        if sounding := _sounding(name):
            return f"The microphone in use brings no sound at all, but “{sounding}” does. {_choose([sounding], chosen)}"
        return (
            "The microphone brings no sound at all. Unmute it by its own switch, plug it in again, or choose another."
        )
    if found.clipped > _CLIPPED:
        return f"The microphone is too loud: its sound is cut off at the top (clipping). Turn it down {_SETTINGS}."
    spoken = min(1.0, _SPOKEN * found.seconds)
    if (found.voiced >= spoken and found.speech < FAINT) or (found.voiced < spoken <= found.faint):
        loud = found.speech if found.voiced >= spoken else found.dbfs
        return (
            f"Speech is there, but too quiet ({loud:.0f} dB). "
            f"Come nearer, or turn the microphone up {_SETTINGS}.{level}"
        )
    return None


def _measure(name: str | None, seconds: float) -> tuple[Meter, pulse.Input | None, str]:
    """What was measured, what the sound server says of it, and the device's name. Raises MicrophoneError."""
    hearing = Microphone(name)
    hearing.start()
    meter = Meter()
    try:
        source, opened = pulse.input_of_this_process(), hearing.name
        until = time.monotonic() + _SLOW + seconds
        while meter.total.seconds < seconds and (left := until - time.monotonic()) > 0:
            try:
                block = hearing.read(left)
            except MicrophoneError as error:
                if error.code != MOVED:
                    raise
                continue
            if block is not None:
                meter.feed(block)
        return meter, pulse.input_of_this_process() or source, opened
    finally:
        hearing.stop()


def _no_microphone() -> str | None:
    """Where the sound server gives a loudspeaker's sound to whoever asks for a microphone; None where it does not."""
    there = pulse.inputs()
    if not there or pulse.default_is_microphone():
        return None
    real = [each.words or each.name for each in there if not each.monitor]
    if not real:
        return (
            "No microphone is plugged in: there is only what the loudspeaker plays. "
            "Plug one in, or answer with the keys."
        )
    return (
        "The computer gives what the loudspeaker plays instead of a microphone. "
        f"Choose one {_SETTINGS}: {', '.join(real)}."
    )


def _others(in_use: str) -> list[str]:
    with suppress(VoiceError):
        return [name for name in names("in") if name != in_use]
    return []


def _sounding(in_use: str) -> str | None:
    """Another microphone that brings sound now."""
    for name in _others(in_use)[:_TRIED]:
        with suppress(VoiceError):
            meter, source, _ = _measure(name, _TRIAL)
            if meter.total.dbfs >= _MUTED and not (source and source.monitor):
                return name
    return None


def _choose(found: list[str], chosen: Settings) -> str:
    if not found:
        return "Plug a microphone in."
    named = f'microphone = "{found[0]}"'
    also = f" There are: {', '.join(found)}." if len(found) > 1 else ""
    return f"Choose it by {named} in {chosen.settings_file}.{also}"
