"""Keeping behind secret words and coming back, by voice alone: everything is said aloud and heard by the real model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.sound_card import render_wav
from tests.visits import TALKING, Home, said
from voice.events import Answer, Heard, Kind, Listen
from voice.notes.keys import word_list
from voice.rehearse import Hear
from voice.speech.ears import hear_file
from voice.speech.recogniser import SpeechModel

pytestmark = pytest.mark.sound
HELLO = ("yes", "alone", "family", "no")
PLAN = ("skip", "five minutes", "i'm done", "keep all", "yes")
Says = Callable[..., list[str]]
OURS = "seven green apples on the kitchen table"


@pytest.fixture
def says(tmp_path: Path) -> Says:
    """Texts -> recordings of them, as answers of a script."""

    def speak(*texts: str) -> list[str]:
        made = {text: tmp_path / f"{text.replace(' ', '_')}.wav" for text in texts}
        for text, path in made.items():
            render_wav(text, path, voice="en-us", speed=130)
        return [f"@{made[text]}" for text in texts]

    return speak


@pytest.fixture
def hear(speech_model: SpeechModel) -> Hear:
    def heard(path: Path, listen: Listen, phrases: Sequence[str]) -> Heard:
        return hear_file(path, speech_model, listen, phrases)

    return heard


def test_kept_behind_secret_words_and_read_again(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "home")
    first = home.visit(*says(*HELLO, *PLAN, "secret words", OURS, OURS, "no", "no"), hear=hear)
    assert said(first, "lock.heard", "lock.once_more", "lock.done", "keep.yes") == [
        "lock.heard", "lock.once_more", "lock.done", "keep.yes",
    ]  # fmt: skip
    assert first.reason == "done"
    second = home.visit(*says(*HELLO, "yes", OURS, "did it", "not yet", "i'm done", "stop here"), hear=hear)
    assert said(second, "visit.intro", "visit.done", "visit.not_yet", "visit.after", "close") == [
        "visit.intro", "visit.done", "visit.not_yet", "visit.after", "close",
    ]  # fmt: skip


def test_words_that_were_made_are_heard_from_another_voice(tmp_path: Path, hear: Hear, says: Says) -> None:
    """The first five, the last five, and some between: two voices at two paces say them, both are understood."""
    listed = word_list()
    right = 0
    for at in range(0, 400, 40):
        words = " ".join(listed[at : at + 5])
        for voice, speed in (("en-gb", 130), ("en-us+f2", 150)):
            wav = render_wav(words, tmp_path / f"{at}.wav", voice=voice, speed=speed)
            listen = Listen("unlock", Kind.FREE, ("none",), secret=True, words=listed)
            heard = hear(wav, listen, TALKING.understanding.phrases(listen))
            answer = TALKING.understanding.understand(heard, listen)
            assert isinstance(answer, Answer)
            right += words in (answer.words, *answer.others)
    assert right >= 14, "of 20"


def test_chosen_for_somebody(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "home")
    chosen = "amber bicycle candle garden kitchen"
    home.suggests = chosen
    first = home.visit(*says(*HELLO, *PLAN, "secret words", "choose for me", chosen, chosen, "no", "no"), hear=hear)
    assert said(first, "lock.suggested", "lock.done", "keep.yes") == ["lock.suggested", "lock.done", "keep.yes"]
    second = home.visit(*says(*HELLO, "yes", chosen), hear=hear)
    assert said(second, "visit.intro") == ["visit.intro"]


def test_locked_by_this_computer_and_forgotten(tmp_path: Path, hear: Hear, says: Says) -> None:
    home = Home(tmp_path / "home")
    kept = home.visit(*says(*HELLO, *PLAN, "this computer", "yes", "repeat", "go on", "no"), hear=hear)
    assert said(kept, "keep.yes") == ["keep.yes"]
    assert len(said(kept, "nine.three")) == 6
    long = says(*HELLO, "start new", "skip", "longer", "keep my place", "yes", "yes")
    assert said(home.visit(*long, hear=hear), "place.stop", "close") == ["place.stop", "close"]
    back = home.visit(*says(*HELLO, "go on from there", "forget everything", "yes"), hear=hear)
    assert said(back, "return.place", "return.both", "return.on.", "forgotten") == [
        "return.place", "return.both", "return.on.", "forgotten",
    ]  # fmt: skip
    assert [path for path in home.room.files() if path.stat().st_size] == []
