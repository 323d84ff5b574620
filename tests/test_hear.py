"""`afterwards hear`: recordings through the real recogniser, one JSON object each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from tests.sound_card import render_wav
from voice.cli import listening_for, main, plain_meaning
from voice.errors import ScriptError
from voice.events import Answer, Command, Danger, Kind, Listen, NotUnderstood, Remark, Silence
from voice.parts import Talking
from voice.speech.recogniser import SpeechModel

FIELDS = ["file", "text", "meaning", "confidence", "seconds", "took"]
Say = Callable[[str], Path]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Somebody says something, into a wav file."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")

    def render(text: str) -> Path:
        return render_wav(text, tmp_path / f"{text.replace(' ', '-')}.wav", speed=130)

    return render


@pytest.fixture
def hear(speech_model: SpeechModel, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    def run(expects: str, *files: Path, code: int = 0) -> list[dict[str, Any]]:
        words = ["hear", "--expects", expects, "--model", str(speech_model.path), *map(str, files)]
        done = CliRunner().invoke(main, words, env={"AFTERWARDS_HOME": str(tmp_path / "home")})
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


Hears = Callable[..., list[dict[str, Any]]]


@pytest.mark.model
@pytest.mark.parametrize(
    ("expects", "text", "meaning"),
    [("yes_no", "yes", "yes"), ("yes_no", "no", "no"), ("commands", "stop", "stop"), ("number", "seven", 7)],
)
def test_what_is_live_is_understood(hear: Hears, say: Say, expects: str, text: str, meaning: str | int) -> None:
    (found,) = hear(expects, say(text))
    assert list(found) == FIELDS
    assert found["text"], "what the recogniser wrote; no and know sound alike"
    assert found["meaning"] == meaning
    assert type(found["meaning"]) is type(meaning)
    assert 0 <= found["confidence"] <= 1
    assert 0.2 < found["seconds"] < 10
    assert found["took"] >= 0


@pytest.mark.model
def test_what_is_not_live_means_null(hear: Hears, say: Say) -> None:
    (found,) = hear("yes_no", say("the weather is nice today"))
    assert found["meaning"] is None


@pytest.mark.model
def test_free_words_are_their_own_meaning(hear: Hears, say: Say) -> None:
    (found,) = hear("free", say("we talked about the weather"))
    assert found["text"]
    assert found["meaning"] == found["text"]
    assert "[unk]" not in found["text"]


@pytest.mark.model
def test_a_steps_own_answers_are_live(hear: Hears, say: Say) -> None:
    (found,) = hear("H1", say("yes"))
    assert found["meaning"] == "yes"


@pytest.mark.model
@pytest.mark.parametrize("kind", ["flac", "ogg", "opus"])
def test_other_kinds_of_recordings(hear: Hears, say: Say, tmp_path: Path, kind: str) -> None:
    samples, rate = soundfile.read(say("yes"), dtype="int16")
    path = tmp_path / f"yes.{kind}"
    if kind == "opus":
        from soxr import resample

        soundfile.write(path, resample(samples, rate, 48000), 48000, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, samples, rate)
    (found,) = hear("yes_no", path)
    assert found["meaning"] == "yes"


@pytest.mark.model
def test_silence_is_nothing_and_not_an_error(hear: Hears, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(32000, np.int16), 16000)
    (found,) = hear("commands", path)
    assert (found["text"], found["meaning"], found["confidence"]) == ("", None, 0.0)


@pytest.mark.model
def test_a_file_that_is_no_recording_does_not_stop_the_others(hear: Hears, say: Say, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("not sound")
    found = hear("yes_no", broken, tmp_path / "missing.wav", say("yes"), code=1)
    assert [one["meaning"] for one in found] == [None, None, "yes"]
    for one in found[:2]:
        assert list(one)[: len(FIELDS)] == FIELDS
        assert one["error"].endswith(".")
        assert one["remedy"].endswith(".")


def test_an_unknown_step_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["hear", "--expects", "Q9", "x.wav"], env={"AFTERWARDS_HOME": str(tmp_path)})
    assert done.exit_code == 1
    assert "There is no step 'Q9'." in done.output


def test_every_step_can_be_listened_for() -> None:
    content = Talking().content
    for walk in content.walkthroughs.values():
        for step in walk.steps.values():
            listen = listening_for(content, step.id)
            assert (listen.step, listen.kind) == (step.id, step.answer)
            assert listen.commands
    with pytest.raises(ScriptError):
        listening_for(content, "")


NUMBER = Listen("n", Kind.NUMBER)
CHOICE = Listen("c", Kind.CHOICE)


def test_meanings_in_json() -> None:
    assert plain_meaning(Answer("7"), NUMBER) == 7
    assert plain_meaning(Answer("10", sure=False), NUMBER) == 10
    assert plain_meaning(Answer("not_sure"), NUMBER) == "not_sure"
    assert plain_meaning(Answer("own", "tired"), CHOICE) == "tired"
    assert plain_meaning(Command("stop"), CHOICE) == "stop"
    assert plain_meaning(Danger("red", "OD"), CHOICE) == "OD"
    assert plain_meaning(Remark("died"), CHOICE) == "died"
    assert plain_meaning(NotUnderstood(), CHOICE) is None
    assert plain_meaning(Silence(), CHOICE) is None
