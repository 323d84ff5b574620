"""`afterwards check`: tries each real part, and says of each that it is fine, or what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice import models, parts
from voice.errors import VoiceError
from voice.events import Kind, Listen, Utterance
from voice.parts_lines import checking, known_lines
from voice.safety import Light
from voice.settings import Settings

_LISTEN_SECONDS = 1.5
# Below this a room is digitally silent: the microphone is muted or the wrong one. Measured rooms are -70 to -40 dBFS.
_MUTED = -85.0
_LOUD_ROOM = -30.0
_CLIPPED = 0.001
_TEST_WORDS = "yes"


@dataclass(frozen=True)
class Line:
    """One part, whether it is fine, and the words about it."""

    part: str
    fine: bool
    words: str


def check(chosen: Settings, model: str | None = None) -> Iterator[Line]:
    """Each part in turn, as it is tried. Never raises VoiceError."""
    trials: tuple[tuple[str, Callable[[], Line]], ...] = (
        ("storage", lambda: _storage(chosen)),
        ("help lines", lambda: _help_lines(chosen)),
        ("danger", _danger),
        ("voice", lambda: _voice(chosen)),
        ("loudspeaker", lambda: _loudspeaker(chosen)),
        ("microphone", lambda: _microphone(chosen)),
        ("model", lambda: _model(chosen, model)),
        ("recogniser", lambda: _recogniser(chosen, model)),
    )
    for part, trial in trials:
        try:
            yield trial()
        except VoiceError as error:
            yield Line(part, False, f"{error.message} {error.remedy}")


def _storage(chosen: Settings) -> Line:
    folder = chosen.notes_file.parent.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Line("storage", False, f"Notes can't be kept in {folder}: {reason}. Choose another AFTERWARDS_HOME.")
    parts.notes(chosen).list()  # the ones that are there can be read
    return Line("storage", True, f"Notes can be kept in {folder}.")


def _help_lines(chosen: Settings) -> Line:
    known = known_lines(chosen.lines_file)
    if known.trouble is not None:
        raise known.trouble
    known.region(chosen)
    count = sum(line.own for line in known.lines.every())
    own = f" Your own: {count}, from {chosen.lines_file}." if count else ""
    return Line("help lines", True, f"{checking(known.lines.every())}{own} “afterwards lines” shows them.")


def _danger() -> Line:
    """Whether danger would be understood: by both parts that judge it."""
    talking = parts.Talking()
    parts.second_opinion(talking.content)
    understood = talking.safety.judge("he's not breathing").light is Light.RED
    return Line("danger", understood, "Words that tell of danger are understood." if understood else "It is not known.")


def _voice(chosen: Settings) -> Line:
    from voice.speech.mouth import Mouth

    mouth = Mouth(None, None, chosen.voice or None)
    try:
        samples, rate = mouth.render(Utterance("This is how I sound."))
    finally:
        mouth.shut()
    return Line("voice", True, f"It can speak ({len(samples) / rate:.1f} seconds of speech were made).")


def _loudspeaker(chosen: Settings) -> Line:
    mouth = parts.mouth(chosen)
    try:
        mouth.start(Utterance("This is how loud I am.", volume=chosen.volume / 100))
        for _ in range(100):
            if mouth.wait(0.1):
                break
    finally:
        mouth.shut()
    return Line("loudspeaker", True, "A sentence was played. If you did not hear it, turn the loudspeaker up.")


def _microphone(chosen: Settings) -> Line:
    from voice.speech.devices import level
    from voice.speech.microphone import Microphone

    microphone = Microphone(chosen.microphone or None)
    microphone.start()
    try:
        blocks: list[bytes] = []
        heard = 0
        while heard < _LISTEN_SECONDS * 32000:  # 16 kHz, 2 bytes
            block = microphone.read(1.0)
            if block is None:
                break
            blocks.append(block)
            heard += len(block)
    finally:
        microphone.stop()
    found = level(blocks)
    if found.dbfs < _MUTED:
        return Line("microphone", False, "The microphone brings no sound at all. Is it muted, or the wrong one?")
    if found.clipped > _CLIPPED:
        return Line("microphone", False, "The microphone is too loud. Turn its level down.")
    if found.dbfs > _LOUD_ROOM:
        return Line("microphone", False, f"It is loud here ({found.dbfs:.0f} dB). Is a television or radio on?")
    return Line("microphone", True, f"The room is quiet enough ({found.dbfs:.0f} dB).")


def _model(chosen: Settings, flag: str | None) -> Line:
    """Which one is used, and why. Tried anew, although it worked before: that is what was asked for."""

    def fit(path: Path) -> None:
        models.check(path)
        models.try_in_child(path)

    found = parts.find_model(chosen, flag, fit)
    return Line("model", True, f"{found.path.name}: {found.reason}.")


def _recogniser(chosen: Settings, flag: str | None) -> Line:
    """Speaks a word to itself, without loudspeaker and microphone."""
    from voice.speech.ears import hear_source
    from voice.speech.mouth import Mouth
    from voice.speech.sources import PcmSource

    mouth = Mouth(None, None, chosen.voice or None)
    try:
        samples, rate = mouth.render(Utterance(_TEST_WORDS, pause=1.0))
    finally:
        mouth.shut()
    listen = Listen("check", Kind.YES_NO, ("yes", "no"))
    heard = hear_source(PcmSource(samples, rate), parts.load_model(chosen, flag), listen, ["yes", "no"])
    if heard.text != _TEST_WORDS:
        return Line(
            "recogniser", False, "It did not understand its own voice. Run scripts/setup, or use another model."
        )
    return Line("recogniser", True, "It understood a word that it spoke itself.")
