"""A whole short session at home: the real program, voice, microphone, recogniser and notes file, all by sound."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.kept import notes_of
from tests.person import ALIKE, QUIET, Line, Listening, Program, Script, find_sound
from tests.sound_card import HERE, SPEAKER_RATE, SoundCard, render_wav
from voice.content import load
from voice.events import Utterance
from voice.parts import Talking
from voice.session import Manner
from voice.speech.mouth import Mouth
from voice.speech.player import resampled
from voice.speech.recogniser import SpeechModel

LIMIT = 280.0
"""Seconds that the whole talk may take; it takes about 190."""
COUNTRY = "US"
RATE = 150
VOICE = "en-us+f3"
"""Not the program's own voice."""
PIECE = 8
"""Tenths of a second: the length in which a line is looked for in what was heard."""
MOST_OF_IT = 0.6
"""Share of its pieces that must be found for a line to count as heard; of two pieces one is enough (see _enough)."""
MOST_TRIES = 3
"""Times that one question is answered aloud before a key is pressed, as a person would."""

# What the person says to each question, what it means, and its number key.
ANSWERS = {
    "H1": ("yes", "yes", "1"),
    "H2": ("alone", "alone", "1"),
    "H3": ("family", "family", "1"),
    "H4": ("no", "no", "2"),
    "H5": ("skip", "skip", "key:skip"),
    "H6": ("five minutes", "short", "1"),
    "W2": ("they said no", "said_no", "3"),
    "W8": ("something else", "other", "3"),
    "L2": ("the same", "same", "3"),
    "Y1": ("sad", "sad", "1"),
    "Y3": ("yes", "yes", "1"),
    "X3": ("stay close", "close", "4"),
    "X4": ("use mine", "mine", "1"),
    "plan": ("keep", "keep", "1"),
    "keep": ("yes", "yes", "1"),
    "lock_choice": ("this computer", "by_computer", "1"),
    "nine_words": ("no", "no", "2"),
    "anything_else": ("no", "no", "2"),
}


@dataclass
class Talk:
    """What happened."""

    program: Program
    listening: Listening
    asked: list[str] = field(default_factory=list)
    spoken: int = 0
    keys: int = 0
    code: int = 1


class Person:
    """Answers what is asked, when it is silent."""

    def __init__(self, card: SoundCard, folder: Path, script: Script) -> None:
        self._card = card
        self._folder = folder
        self._script = script
        self._tries: dict[int, int] = {}
        self._checked = ""

    def talk(self, program: Program, listening: Listening) -> Talk:
        talk = Talk(program, listening)
        answered, seen, grew, last = 0, 0, 0.0, ""
        while not program.over and time.monotonic() - program.began < LIMIT:
            time.sleep(0.05)
            lines, sound = program.lines, listening.last_sound
            if len(lines) > seen:
                seen, grew = len(lines), time.monotonic()
            if seen <= answered or sound < grew or time.monotonic() - sound < QUIET:
                continue
            found = [line for text in lines[answered:] if (line := self._script.find(text))]
            question = next((line for line in reversed(found) if _subject(line.key)), None)
            # A re-prompt without a question ("Take your time.") is answered as the question before it.
            subject = _subject(question.key) if question else last
            if not subject:
                continue
            answered, again = len(lines), subject == last and subject not in ("check", "plan")
            self._answer(talk, subject, question, again)
            last = subject
        talk.code = program.end()
        return talk

    def _answer(self, talk: Talk, subject: str, question: Line | None, again: bool) -> None:
        if subject == "check":
            right = question is not None and question.values["heard"] in self._checked
            self._say(talk, "yes" if right else "no")
            return
        words, meaning, key = ANSWERS[subject]
        number = len(talk.asked) if not again else len(talk.asked) - 1
        if not again:
            talk.asked.append(subject)
        self._tries[number] = self._tries.get(number, 0) + 1
        if self._tries[number] > MOST_TRIES:
            talk.program.press(key)
            talk.keys += 1
            return
        self._checked = f"{words} {meaning}"
        self._say(talk, words)

    def _say(self, talk: Talk, words: str) -> None:
        self._card.speak(_voice_of(words, self._folder, talk.spoken))
        talk.spoken += 1


def _subject(key: str) -> str:
    """The question that a line is: a step's id, "plan", "keep" ..., or "" where it asks nothing."""
    match key.split("."):
        case [("check" | "keep" | "anything_else") as subject, *_]:
            return subject if key not in ("check.no.1", "keep.yes.1", "keep.no.1", "keep.failed.1") else ""
        case ["lock", "which", *_]:
            return "lock_choice"
        case ["nine", ("offer" | "ask"), *_]:
            return "nine_words"
        case ["plan", ("review" | "review_short"), *_]:
            return "plan"
        case [step, ("ask" | "again"), *_] if step in ANSWERS:
            return step
    return ""


def _voice_of(words: str, folder: Path, number: int) -> Path:
    """A recording of a real person where there is one, else an espeak voice: a wav."""
    path = folder / f"{number}-{words.replace(' ', '-')}.wav"
    recordings = sorted((HERE.parent / "shared/speech/dev/an4").glob("*.opus")) if words == "yes" else []
    wanted = [r for r in recordings if r.name in ("fjam__an76-fjam-b.opus", "mjbh__an250-mjbh-b.opus")]
    if not wanted:
        return render_wav(words, path, VOICE, 130)
    samples, rate = soundfile.read(str(wanted[number % len(wanted)]), dtype="int16")
    soundfile.write(str(path), samples, rate)
    return path


def _sound_of(line: Line, mouth: Mouth) -> NDArray[np.int16]:
    """What a line sounds like, without a pause."""
    rate = Manner(rate=RATE).words_per_minute(line.key.startswith("card."))
    samples, hertz = mouth.render(Utterance(line.said, words_per_minute=rate, pause=0.0))
    return resampled(samples, hertz, SPEAKER_RATE)


@pytest.fixture(scope="module")
def talked(
    sound_card: SoundCard, speech_model: SpeechModel, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Talk, list[Line], Path]:
    """The talk, held once: every test here looks at another side of it."""
    folder = tmp_path_factory.mktemp("talk")
    script = Script(load(), Talking().lines, COUNTRY)
    home = folder / "home"
    listening = Listening(sound_card)
    command = ["talk", "--country", COUNTRY, "--model", str(speech_model.path), "--rate", str(RATE)]
    program = Program(sound_card, home, *command)
    try:
        talk = Person(sound_card, folder, script).talk(program, listening)
    finally:
        program.end()
        listening.stop()
    lines = [line for text in program.lines if (line := script.find(text))]
    return talk, lines, home


pytestmark = [pytest.mark.sound, pytest.mark.model, pytest.mark.timeout(LIMIT + 60)]


def test_it_is_led_to_its_end_by_voice(talked: tuple[Talk, list[Line], Path]) -> None:
    talk, _, _ = talked
    assert talk.code == 0, talk.program.screen[-2000:]
    assert "Traceback" not in talk.program.errors
    # Asked twice is what a question is whose answer was misheard, and then taken back: seldom.
    asked = [subject for subject in talk.asked if subject != "plan"]
    steps = [subject for subject, _ in groupby(asked)]
    assert len(asked) - len(steps) <= 2
    assert steps == [step for step in ANSWERS if step != "plan"]
    assert talk.asked.count("plan") >= 3
    assert talk.keys <= 1, "nearly all of it is understood by ear"
    assert "Traceback" not in talk.program.screen


def test_every_line_on_the_screen_was_heard_and_in_order(talked: tuple[Talk, list[Line], Path]) -> None:
    talk, lines, home = talked
    heard = talk.listening.samples
    # With the program's own cache: what espeak makes of a sentence hangs a little on the one before.
    mouth = Mouth(cache_folder=home / "cache" / "voice")
    try:
        at = 0.0
        for line in lines:
            rest = heard[int(at * SPEAKER_RATE) :][: 40 * SPEAKER_RATE]
            sound = _sound_of(line, mouth)
            seen, pieces, end = _found(sound, rest)
            assert _enough(seen, pieces), f"{line.key} after {at:.1f} s: heard {seen} of its {pieces} pieces"
            at += end
    finally:
        mouth.shut()
    assert len(lines) > 25


def _enough(seen: int, pieces: int) -> bool:
    """Whether a line counts as heard: a gap that a busy machine leaves in the sound takes one piece away, always."""
    return seen >= MOST_OF_IT * pieces or 0 < seen == pieces - 1


def _found(sound: NDArray[np.int16], hay: NDArray[np.int16]) -> tuple[int, int, float]:
    """(how many of the sound's pieces stand in `hay`, one after the other; of how many; where the last ends, seconds).

    In pieces, since a gap shifts all that comes after it.
    """
    size = PIECE * SPEAKER_RATE // 10
    pieces = [sound[at : at + size] for at in range(0, max(1, len(sound) - size // 2), size)]
    pieces = [piece for piece in pieces if _loud(piece) > 0.2] or [sound]
    best, start = (0, 0.0), 0.0
    while start < len(hay) / SPEAKER_RATE:
        seen, first, end = _run(pieces, hay, start)
        best = max(best, (seen, end))
        if not seen or seen >= MOST_OF_IT * len(pieces):
            break
        start = first + 0.2  # one piece was like something else that was said: it is further on
    return best[0], len(pieces), best[1]


def _run(pieces: list[NDArray[np.int16]], hay: NDArray[np.int16], start: float) -> tuple[int, float, float]:
    """(how many of the pieces were found after `start`, where the first of them begins, where the last ends)."""
    begin, seen, end, first = start, 0, start, start
    for piece in pieces:
        # The first may be anywhere; the others follow it closely.
        window = hay[int(begin * SPEAKER_RATE) :][: (40 if not seen else 3) * SPEAKER_RATE]
        where, likeness = find_sound(piece, window, SPEAKER_RATE)
        if likeness > ALIKE:
            first = first if seen else begin + where
            seen += 1
            begin = end = begin + where + len(piece) / SPEAKER_RATE
        elif seen:
            begin += len(piece) / SPEAKER_RATE / 2
    return seen, first, end


def test_a_line_that_was_not_said_is_not_found(talked: tuple[Talk, list[Line], Path]) -> None:
    """The comparison can fail: lines of another walk are nowhere in what was heard."""
    talk, _, _ = talked
    mouth = Mouth()
    try:
        for text in ("Take the long road home along the river.", "Did somebody raise their voice? Yes or no."):
            seen, pieces, _ = _found(
                _sound_of(Line("other", text, {}), mouth), talk.listening.samples[: 40 * SPEAKER_RATE]
            )
            assert not _enough(seen, pieces), text
    finally:
        mouth.shut()


def test_nothing_else_was_said(talked: tuple[Talk, list[Line], Path]) -> None:
    """The loudspeaker is as long in use as the lines take, within a tenth."""
    talk, lines, _ = talked
    mouth = Mouth()
    try:
        wanted = sum(_loud(_sound_of(line, mouth)) for line in lines)
    finally:
        mouth.shut()
    assert _loud(talk.listening.samples) == pytest.approx(wanted, rel=0.1)


def test_the_plan_is_in_the_notes(talked: tuple[Talk, list[Line], Path]) -> None:
    talk, _, home = talked
    kept = re.search(r"Kept in:\n(.+)\n", talk.program.screen)
    assert kept is not None
    notes = notes_of(home)
    assert Path(kept[1].strip()) == notes.path
    (note,) = notes.list()
    assert note.walkthrough == "family"
    assert 3 <= len(note.lines) <= 6
    assert any("In danger, call 911" in text for _, text in note.lines)
    for step in ("W2", "L2", "Y1", "Y3", "X3"):
        assert note.answers[step] == ANSWERS[step][1]
    said = " ".join(talk.program.screen.split())
    assert all(" ".join(text.split()) in said for _, text in note.lines)


def test_no_sound_is_kept_but_the_fixed_sentences(talked: tuple[Talk, list[Line], Path]) -> None:
    _, _, home = talked
    names = {path.suffix for path in home.rglob("*") if path.is_file()}
    assert names <= {".clip", ".db", ".toml", ".db-wal", ".db-shm", ".lock", ".locks", ".tried"}


def _loud(samples: NDArray[np.int16]) -> float:
    """Seconds that are not silent, in steps of 10 ms."""
    step = SPEAKER_RATE // 100
    whole = np.abs(samples[: len(samples) // step * step].reshape(-1, step).astype(np.int32)).max(axis=1)
    return float(np.sum(whole > 100)) / 100
