"""Builds the real parts for the commands: ears, mouth, notes, a whole session."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from voice import content as language
from voice import fetching, models, patterns, settings
from voice.content import Content
from voice.dialogue import Dialogue
from voice.dialogue.copying import Copies
from voice.dialogue.shelf import Printer, Shelf
from voice.errors import ContentError, ModelError, VoiceError
from voice.events import PlanLine
from voice.judgement import Judgement
from voice.opinion import Opinion
from voice.parts_copies import Texts
from voice.parts_courier import Answers, ModelCourier
from voice.parts_late import BestMouth, LateEars, LateSafety
from voice.parts_lines import KnownLines, known_lines
from voice.parts_notes import printed
from voice.parts_voices import TalkVoices, installed, renderer_of
from voice.safety import Safety, rules_of
from voice.session import Clock, Courier, Ears, Manner, Mouth, Notes, Screen, Session, Voices, purposes
from voice.session_standby import Standby
from voice.session_words import Words
from voice.settings import Settings
from voice.understanding import Understanding

if TYPE_CHECKING:
    from voice.speech.echo import Played
    from voice.speech.mouth import Mouth as RealMouth
    from voice.speech.recogniser import SpeechModel

    Load = Callable[[Callable[[VoiceError], None]], SpeechModel]

_TRIAL = 60.0
"""Seconds that a model may take to load in a trial. Meanwhile the talk goes on with keys and typing."""
_log = logging.getLogger("afterwards")


class Retires(Protocol):
    """A part that is for hearing alone."""

    def retire(self) -> None: ...


class RealClock:
    """The time of this machine, in seconds."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def find_model(chosen: Settings, flag: str | None = None, fit: Callable[[Path], None] | None = None) -> models.Found:
    """The model that will be used; `fit` as in `models.find`. Raises ModelError."""
    return models.find(flag, chosen.model or None, os.environ, models.project_dirs(), chosen.models_dir, fit)


def try_model(chosen: Settings, path: Path) -> None:
    """Looks at a model, then loads it in a process of its own: native code may end this one. Raises ModelError.

    A model that passed and did not change since is only looked at.
    """
    models.check(path)
    models.try_in_child(path, _TRIAL, remember=chosen.cache_dir)


def load_model(
    chosen: Settings, flag: str | None = None, warn: Callable[[VoiceError], None] = lambda error: None
) -> SpeechModel:
    """Finds, tries and loads the model; `warn` is told of those that it passed over. Raises ModelError."""
    found = find_model(chosen, flag, lambda path: try_model(chosen, path))
    for error in found.skipped:
        _log.warning("model passed over: %s", error.code)
        warn(error)
    from voice.speech.recogniser import SpeechModel  # loads native code, which takes time: only where it is needed

    return SpeechModel(found.path)


def voice_ears(chosen: Settings, flag: str | None = None, own: Own | None = None, load: Load | None = None) -> LateEars:
    """Ears on the microphone. `own`: our own voice, to be taken out. `load` loads the model in its own way, for a room
    in which a microphone that is missing may come later. Raises ModelError, MicrophoneError."""

    def make() -> Ears:
        from voice.speech.ears import VoiceEars
        from voice.speech.echo import echo_remover
        from voice.speech.microphone import Microphone

        model = load(late.warn) if load else load_model(chosen, flag, late.warn)
        microphone = Microphone(chosen.microphone or None)
        if load is None and not sys.stdin.isatty():
            # Nobody can press a key either, so a microphone that is missing ends the talk instead of waiting for ever.
            microphone.start()
        headphones = chosen.headphones
        echo = None if headphones or own is None else echo_remover(own.played)
        away = (lambda: own.played.away) if own is not None else (lambda: False)
        return VoiceEars(model, lambda: microphone, echo=echo, headphones=headphones, away=away)

    late = LateEars(make)
    return late


def courier(chosen: Settings, flag: str | None = None) -> ModelCourier | None:
    """Offers to fetch a bigger model; None for whoever does not speak, chose a model, or wants no network or offer."""
    named = flag or chosen.model or os.environ.get(models.VARIABLE)
    answers = Answers(chosen.offer_file)
    if named or chosen.answer_by != "voice" or not chosen.network or not (answers.may_ask or answers.wanted):
        return None

    def look() -> fetching.Offer | None:
        with contextlib.suppress(ModelError):  # none at all, or a broken one: then it is all the more of use
            if find_model(chosen).why == "fetched":
                return None
        best = next(iter(fetching.offers(models.project_dirs(), chosen.model_mirror).values()), None)
        if best is not None:
            fetching.knock(best)
        return best

    def bring(offer: fetching.Offer) -> Path:
        return fetching.fetch(offer.name, chosen.models_dir, lambda have, all: None, {offer.name: offer})

    return ModelCourier(look, bring, answers, unasked=answers.wanted)


class Own:
    """Our own voice as the loudspeaker plays it: the mouth tells it, and the ears take it out of what they hear.

    Made by whichever of the two is ready first, each on a thread of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._played: Played | None = None

    @property
    def played(self) -> Played:
        from voice.speech.echo import Played

        with self._lock:
            self._played = self._played or Played()
            return self._played


def mouth(chosen: Settings, *, early: bool = False, own: Own | None = None, keeps: bool = True) -> BestMouth:
    """The voice on the loudspeaker. `early` opens it at once, while the caller does other things. `keeps`: the sound of
    lines that are the same in every talk may lie on the disk."""

    def make() -> RealMouth:
        from voice.speech.mouth import Mouth as Speaking

        tell = own.played.put if own else None
        return Speaking(
            chosen.speaker or None,
            chosen.cache_dir / "voice" if keeps else None,
            chosen.voice or None,
            make_renderer=renderer_of(chosen),
            played=tell,
            moved=own.played.moved if own else None,
        )

    def make_plain() -> Mouth:
        from voice.speech.plain import PlainMouth

        if own:
            own.played.bypassed = True
        return PlainMouth()

    return BestMouth(make, make_plain, early=early)


def voices(chosen: Settings, mouth: BestMouth) -> Voices:
    """What a talk changes its voice with."""
    return TalkVoices(mouth, lambda: installed(chosen), chosen.voice)


def second_opinion(content: Content) -> Opinion:
    """The network that weighs danger. Raises ContentError where its file is missing or broken."""
    try:
        opinion = Opinion(content.opinion)
        opinion.weigh("it was a hard day")  # what has the wrong shape shows only then
        return opinion
    except (OSError, IndexError, TypeError, ValueError) as error:
        raise ContentError(
            "content-opinion",
            f"One of the two parts that tell danger ({content.opinion.name}) can't be read.",
            "Install the program again. Until then it knows danger by its phrases alone.",
        ) from error


def judgement(content: Content) -> Judgement:
    """What judges danger. Raises ContentError where the phrases break; without the second opinion they do alone."""
    try:
        known = patterns.read(content.patterns, rules_of(content.rules, content.safety))
        phrases = Safety(content.rules, content.safety, known)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ContentError(
            "content-safety",
            f"The words that tell danger (safety.yaml) are broken: {error}.",
            "Mend that file, or install the program again.",
        ) from error
    try:
        return Judgement(phrases, second_opinion(content))
    except ContentError as error:
        _log.warning("trouble: %s", error.code)
        return Judgement(phrases, None)


class Talking:
    """The pure parts of a talk, made once from the content.

    `known`: the help lines, those of the program alone where they are not given. A broken file of a person's or group's
    own is shown in the talk, and does not stop it.
    """

    def __init__(self, content: Content | None = None, known: KnownLines | None = None) -> None:
        self.content = content or language.load()
        self.understanding = Understanding(self.content)
        self.safety = LateSafety(lambda: judgement(self.content))
        self.known = known or known_lines(built_in=self.content.helplines)
        self.lines = self.known.lines

    def dialogue(
        self,
        country: str,
        *,
        region: str = "",
        set_up: bool = False,
        offer: Callable[[], str] = lambda: "",
        another: Callable[[], str] = lambda: "",
        quiet: bool = False,
        shelf: Shelf | None = None,
        keeps: bool = True,
        printer: Printer | None = None,
        copies: Copies | None = None,
    ) -> Dialogue:
        """A new talk, with the help lines of a country and region. `quiet`: others can hear, from the start."""
        return Dialogue(
            self.content,
            lines=purposes(self.lines, country, region),
            spots=self.understanding.in_words,
            set_up=set_up,
            regions=self.lines.regions_that_matter,
            offer=offer,
            another=another,
            quiet=quiet,
            shelf=shelf,
            keeps=keeps,
            printer=printer,
            copies=copies,
        )

    def session(
        self,
        manner: Manner,
        *,
        ears: Sequence[Ears],
        screen: Screen,
        clock: Clock,
        mouth: Mouth | None,
        notes: Notes | None,
        shelf: Shelf | None = None,
        paper: Callable[[Sequence[str]], None] | None = None,
        copies: Callable[[Texts], Copies] | None = None,
        set_up: bool = False,
        remember: Callable[[str, str], None] = lambda what, value: None,
        courier: Courier | None = None,
        voices: Voices | None = None,
        quiet: bool = False,
    ) -> Session:
        """A session on the given parts. Without `notes` nothing is kept, and nobody is asked. `paper` prints lines;
        `copies` writes files outside of them."""
        words = Words(self.content, self.lines, manner)

        def text(lines: Sequence[PlanLine]) -> Sequence[str]:
            return [words.of(line, shown=True) for line in lines]

        printer = (lambda lines: printed(text(lines), paper)) if paper is not None else None
        self.safety.begin()
        if self.known.trouble is not None:
            screen.trouble(self.known.trouble)
        offer = courier.offer if courier else lambda: ""
        another = voices.another if voices else lambda: ""
        return Session(
            self.content,
            self.dialogue(
                manner.country,
                region=manner.region,
                set_up=set_up,
                offer=offer,
                another=another,
                shelf=shelf,
                keeps=notes is not None,
                printer=printer,
                quiet=quiet,
                copies=copies(text) if copies is not None else None,
            ),
            self.understanding,
            self.safety,
            self.lines,
            ears=ears,
            screen=screen,
            clock=clock,
            mouth=mouth,
            notes=notes,
            manner=manner,
            remember=remember,
            courier=courier,
            voices=voices,
        )

    def standby(
        self, manner: Manner, *, keys: Sequence[Ears], hearing: Ears | None, screen: Screen, mouth: Mouth | None
    ) -> Standby:
        """Waits for somebody before a session."""
        self.safety.begin()
        return Standby(
            self.content,
            self.understanding,
            self.safety,
            self.lines,
            keys=keys,
            hearing=hearing,
            screen=screen,
            mouth=mouth,
            manner=manner,
        )


def manner(chosen: Settings, known: KnownLines) -> Manner:
    """How to speak and wait, and whose help lines, as it is set. Raises SettingsError for an unknown region."""
    region = known.region(chosen)
    return Manner(
        chosen.country, chosen.rate, chosen.volume, chosen.patience, chosen.barge_in, chosen.earcon, region=region
    )


def remember_in(chosen: Settings, *hearing: Retires | None) -> Callable[[str, str], None]:
    """Saves what the person chose at the first run; a folder that can't be written to costs nothing else.

    Whoever chose keys or typing has all that is for `hearing` closed from then on: no microphone, no bigger model.
    """

    def remember(what: str, value: str) -> None:
        nonlocal chosen
        if what == "answer_by" and value != "voice":
            for part in hearing:
                if part is not None:
                    part.retire()
        changed: dict[str, Any] = {what: value}
        chosen = replace(chosen, **changed)
        settings.save(chosen, only=[what])

    return remember


def require_model(chosen: Settings, flag: str | None) -> SpeechModel | None:
    """The model, or None where there is none at all; a named one that is broken is an error."""
    try:
        return load_model(chosen, flag)
    except ModelError as error:
        if error.code == "no-model":
            return None
        raise
