"""`afterwards check`: tries each real part, and says of each that it is fine, or what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice import models, parts, parts_kept
from voice.errors import VoiceError
from voice.events import Kind, Listen, Utterance
from voice.parts_lines import checking, known_lines
from voice.parts_voices import renderer_of
from voice.safety import Light
from voice.settings import Settings

_TEST_WORDS = "yes"


@dataclass(frozen=True)
class Line:
    """One part, whether it is fine, and the words about it."""

    part: str
    fine: bool
    words: str


def check(chosen: Settings, model: str | None = None, without: Collection[str] = ()) -> Iterator[Line]:
    """Each part in turn, as it is tried, but for those named in `without`. Never raises VoiceError."""
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
        if part in without:
            continue
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
    kept = parts_kept.vault(chosen)
    if kept.state() == "locked":
        return Line("storage", True, f"Notes can be kept in {folder}, behind your passphrase.")
    parts_kept.notes(chosen, kept).list(latest=1)  # the ones that are there can be read
    if not kept.can_keep():
        words = "Notes can't be kept: there is no keyring here to lock them, and no passphrase."
        return Line("storage", False, f"{words} Set one: “afterwards notes passphrase”.")
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

    mouth = Mouth(None, None, chosen.voice or None, make_renderer=renderer_of(chosen))
    try:
        samples, rate = mouth.render(Utterance("This is how I sound."))
        if (error := mouth.news()) is not None:
            raise error
    finally:
        mouth.shut()
    return Line("voice", True, f"It can speak ({len(samples) / rate:.1f} seconds of speech were made).")


def _loudspeaker(chosen: Settings) -> Line:
    from voice.check_sound import loudspeaker

    return Line("loudspeaker", *loudspeaker(chosen))


def _microphone(chosen: Settings) -> Line:
    from voice.check_sound import microphone

    return Line("microphone", *microphone(chosen))


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

    mouth = Mouth()  # what comes with the machine: another voice may be one that it hears less well
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
