"""After a crisis: no word of it, and no sign that there was one, in any file that the program wrote (SPEC 4.5)."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.kept import notes_of
from tests.person import Program
from tests.sound_card import SoundCard
from voice.content import load
from voice.speech.cache import ClipCache
from voice.speech.render import EspeakRenderer, sentences

pytestmark = pytest.mark.sound

CANARY = "zanzibar"
CONTENT = load()
BEFORE = ("yes", "alone", "family", "no")
CRISIS = (f"he's not breathing {CANARY}", "i'm safe now", "no", "go on")
AFTER = ("sam", "short", "they left", "i'm done", "keep all", "yes", "this computer", "no")


def _talk(card: SoundCard, home: Path, *answers: str) -> Program:
    """The real program, answered by typing: each line when it waits for one."""
    program = Program(card, home, "--log", str(home / "log"), "talk", "--country", "UK", "--answer-by", "keys")
    for answer in answers:
        lines = len(program.lines)
        program.press(answer)
        until = time.monotonic() + 20
        while len(program.lines) <= lines and not program.over and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)  # the rest of what it says now is on its way to the screen
    return program


def _files(home: Path) -> dict[str, bytes]:
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def homes(sound_card: SoundCard, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One talk with a crisis in it, and one without."""
    made = []
    for answers in ((*BEFORE, *CRISIS, *AFTER), (*BEFORE, *AFTER)):
        home = tmp_path_factory.mktemp("home")
        program = _talk(sound_card, home, *answers)
        assert "Kept in:" in program.screen
        assert ("NOT WAKING" in program.screen) == (len(answers) > len(BEFORE) + len(AFTER))
        program.end()
        made.append(home)
    return made[0], made[1]


def test_what_was_said_is_in_no_file(homes: tuple[Path, Path]) -> None:
    files = _files(homes[0])
    assert any(name.endswith("notes.db") for name in files)
    assert "log" in files
    for name, content in files.items():
        assert CANARY.encode() not in content.lower(), name
        assert b"breathing" not in content.lower(), name
    notes = repr(notes_of(homes[0]).list()).lower()  # what the encrypted file holds
    assert "family" in notes
    assert CANARY not in notes
    assert "breathing" not in notes


def test_the_log_has_no_sign_of_it(homes: tuple[Path, Path]) -> None:
    log = _files(homes[0])["log"].decode()
    assert "Answer in H4" in log
    assert not re.search(r"danger|card|hide|crisis|emergency|amber|red\b", log.lower())


def test_no_sound_file_has_a_sign_of_it(homes: tuple[Path, Path]) -> None:
    """A file of sound has the sum of its sentence as its name: which are there must not tell where a talk went."""
    voice = EspeakRenderer().voice
    open_to_all = re.compile(r"(setup|ear|H[123]|noinput|nomatch|help|go_on|stopped)\.")
    texts = CONTENT.texts.items()
    others = {sentence for key, text in texts if open_to_all.match(key) for sentence in sentences(text)}
    told = {sentence for key, text in texts if not open_to_all.match(key) for sentence in sentences(text)} - others
    assert len(told) > 400
    for home in homes:
        cache = ClipCache(home / "cache" / "voice")
        assert any(cache.get(voice, 130, 50, sentence) for sentence in others), "those are kept"
        for sentence in told:
            words = sentence.replace("$emergency_again ", "").replace("$emergency", "nine nine nine")
            assert not any(cache.get(voice, pace, pitch, words) for pace, pitch in ((110, 40), (130, 50))), words
