"""The very soft sound for "I'm listening", which somebody may want."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.room import At, room, says, types
from tests.sound_card import SoundCard
from voice.events import Heard, Utterance
from voice.session import Manner
from voice.speech.earcon import SECONDS, earcon
from voice.speech.mouth import Mouth
from voice.speech.plain import PlainMouth

WITH = Manner(country="US", earcon=True)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_it_is_short_soft_and_does_not_click(rate: int) -> None:
    sound = earcon(rate).astype(float)
    assert len(sound) == round(SECONDS * rate)
    assert 300 < np.abs(sound).max() < 1100  # -40 to -30 dBFS
    assert np.abs(np.diff(sound)).max() < 2.2 * np.pi * 523.25 / rate * np.abs(sound).max()  # no jump, only the wave
    assert max(abs(sound[0]), abs(sound[-1])) == 0


def test_nobody_hears_it_who_did_not_ask_for_it() -> None:
    made = room(types("yes"))
    made.session.run()
    assert not any(said.earcon for said in made.voice.said)


def test_it_comes_before_each_question_is_open_and_not_before_what_goes_on() -> None:
    made = room(types("yes"), types("sure"), manner=replace(WITH))
    made.session.run()
    listened = [at for at, kind, _ in made.paper.lines if kind == "listen"]
    sounded = [at for at, said in zip(made.voice.said_at, made.voice.said, strict=True) if said.earcon]
    assert len(sounded) == len(listened) >= 2
    assert sounded == listened
    assert all(not said.text and said.pause == 0 for said in made.voice.said if said.earcon)


def test_never_about_danger_or_after_it() -> None:
    made = room(types("yes"), says("i want to die"), says("i'm safe now"), says("no"), manner=replace(WITH))
    made.session.run()
    carded = next(at for at, kind, _ in made.paper.lines if kind == "card")
    sounded = [at for at, said in zip(made.voice.said_at, made.voice.said, strict=True) if said.earcon]
    asked = [what for at, kind, what in made.paper.lines if kind == "listen" and at >= carded]
    assert "after_card" in asked
    assert sounded
    assert max(sounded) < carded


def test_never_while_it_waits_for_tears() -> None:
    sobs = At(Heard("[unk]", free=("our our up oh our oh",), lead=-3.0, seconds=4.0))
    made = room(types("yes"), sobs, types("stop"), manner=replace(WITH))
    made.session.run()
    comforted = next(at for at, kind, what in made.paper.lines if kind == "say" and str(what).startswith("here"))
    sounded = [at for at, said in zip(made.voice.said_at, made.voice.said, strict=True) if said.earcon]
    assert sounded
    assert max(sounded) < comforted


def test_a_broken_loudspeaker_costs_no_answer() -> None:
    made = room(types("yes"), types("sure"), manner=replace(WITH), breaks=3)
    assert made.session.run() is not None
    assert "speaker-gone" in made.paper.of("trouble")


def test_the_plain_voice_has_none() -> None:
    mouth = PlainMouth()
    mouth.start(Utterance("", pause=0.0, earcon=True))
    assert mouth.wait(0.0)
    mouth.shut()


@pytest.mark.sound
def test_through_the_loudspeaker_it_is_far_softer_than_the_voice(sound_card: SoundCard, tmp_path: Path) -> None:
    mouth = Mouth(cache_folder=tmp_path / "cache")
    with sound_card.capture() as voice:
        mouth.start(Utterance("Take your time.", pause=0.0))
        assert mouth.wait(20)
    with sound_card.capture() as soft:
        mouth.start(Utterance("", pause=0.0, earcon=True))
        assert mouth.wait(5)
    mouth.shut()
    assert 0 < np.abs(soft.samples).max() < np.abs(voice.samples).max() / 5
