"""Rehearsals: a whole session against a script."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.kept import notes_of
from tests.sound_card import render_wav
from voice import models
from voice.cli import main
from voice.errors import ScriptError
from voice.events import Ended, Heard, Kind, Listen, Pressed, Source, Utterance
from voice.rehearse import TRACK_RATE, RehearsalMouth, ScriptEars, Track, VirtualClock, read_script
from voice.speech.recogniser import SpeechModel

WHOLE = "yes\nalone\nfamily\nno\nsam\nshort\nthey left\ni'm done\nkeep all\nyes\nthis computer\nno\nno\n"
FIELDS = {
    "say": {"key", "text"},
    "listen": {"step", "expects"},
    "heard": {"text", "meaning"},
    "card": {"card"},
    "plan": {"lines"},
    "keep": set(),
    "end": {"reason"},
}
LISTEN = Listen("step", Kind.YES_NO, ("yes", "no"))


def rehearse(tmp_path: Path, text: str, *words: str, code: int = 0) -> Result:
    script = tmp_path / "script.txt"
    script.write_text(text, "utf-8")
    home = {"AFTERWARDS_HOME": str(tmp_path / "home"), "VOSK_MODEL_PATH": ""}
    done = CliRunner().invoke(main, ["rehearse", str(script), "--country", "US", *words], env=home)
    assert done.exit_code == code, done.output
    return done


def events(tmp_path: Path, text: str, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rehearse(tmp_path, text, "--json", *words).stdout.splitlines()]


# ---- the whole program


def test_a_whole_talk_as_json(tmp_path: Path) -> None:
    seen = events(tmp_path, WHOLE)
    assert {e["type"] for e in seen} == FIELDS.keys() - {"card"}
    for event in seen:
        assert FIELDS[event["type"]] <= event.keys(), event
    assert seen[-1]["type"] == "end"
    assert seen[-1]["reason"] == "done"
    plan = next(e for e in seen if e["type"] == "plan")
    assert 0 < len(plan["lines"]) <= 6
    assert len(notes_of(tmp_path / "home").list()) == 1


def test_minutes_take_no_time_but_are_counted(tmp_path: Path) -> None:
    at = [e["at"] for e in events(tmp_path, WHOLE)]
    assert at == sorted(at)
    assert at[-1] > 60


def test_meanings_are_values_and_null(tmp_path: Path) -> None:
    seen = events(tmp_path, "yes\nbanana split\n-\nalone\nstop\nkey:emergency\n")
    meanings = [e["meaning"] for e in seen if e["type"] == "heard"]
    assert meanings == ["yes", None, None, "alone", "stop", "emergency"]
    assert [e["text"] for e in seen if e["type"] == "heard"][2] == "", "nobody spoke"
    assert [e["card"] for e in seen if e["type"] == "card"] == ["EMERGENCY"]


def test_numbers_are_integers(tmp_path: Path) -> None:
    seen = events(tmp_path, "yes\nalone\nfamily\nno\nsam\nlong\npart three\nskip\nabout a six\n")
    place = next(n for n, e in enumerate(seen) if e["type"] == "listen" and e["kind"] == "number")
    answer = next(e for e in seen[place:] if e["type"] == "heard")
    assert answer["text"] == "about a six"
    assert answer["meaning"] == 6


def test_a_remark_has_a_meaning(tmp_path: Path) -> None:
    seen = events(tmp_path, "whatever\n")
    assert next(e["meaning"] for e in seen if e["type"] == "heard") is not None


def test_words_said_over_the_voice(tmp_path: Path) -> None:
    seen = events(tmp_path, "yes\n+stop\n")
    kinds = [e["type"] for e in seen]
    second = kinds.index("heard", kinds.index("heard") + 1)
    assert kinds[second - 1] == "say", "not while it listened"
    assert seen[second]["meaning"] == "stop"


def test_without_keeping_no_file_is_made(tmp_path: Path) -> None:
    events(tmp_path, WHOLE, "--no-keep")
    assert not (tmp_path / "home/notes").exists()


def test_the_first_run_can_be_rehearsed(tmp_path: Path) -> None:
    seen = events(tmp_path, "australia\ntyping\nyes\n", "--first-run")
    assert [e["step"] for e in seen if e["type"] == "listen"][:3] == ["setup_country", "setup_answer_by", "H1"]
    assert not (tmp_path / "home/settings.toml").exists(), "a rehearsal changes no settings"


def test_for_people_it_is_the_screen(tmp_path: Path) -> None:
    out = rehearse(tmp_path, WHOLE).stdout
    assert "Your plan" in out
    assert "{" not in out


def test_a_recording_goes_through_the_recogniser(tmp_path: Path, speech_model: SpeechModel) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    render_wav("yes", tmp_path / "yes.wav", speed=130)
    seen = events(tmp_path, "@yes.wav\n", "--model", str(speech_model.path))
    assert [e["meaning"] for e in seen if e["type"] == "heard"] == ["yes"]


@pytest.mark.parametrize("words", [("--json",), ()])
def test_a_recording_without_a_model_is_said(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "project_dirs", lambda: (tmp_path / "nothing",))
    done = rehearse(tmp_path, "@yes.wav\n", *words, code=1)
    assert "needs a speech model" in done.stderr


def test_a_recording_that_is_not_there_is_said(tmp_path: Path, speech_model: SpeechModel) -> None:
    done = rehearse(tmp_path, "@missing.wav\n", "--json", "--model", str(speech_model.path), code=1)
    assert "missing.wav" in done.stderr


@pytest.mark.sound
def test_both_sides_as_one_recording(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    path = tmp_path / "demo.wav"
    seen = events(tmp_path, "yes\nalone\n", "--audio", str(path))
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, TRACK_RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(sound) / TRACK_RATE == pytest.approx(seen[-1]["at"], abs=3.0)
    for number, event in enumerate(seen):
        if event["type"] == "say":  # something is to be heard from where it begins to where the next thing does
            part = sound[int(event["at"] * TRACK_RATE) : int(seen[number + 1]["at"] * TRACK_RATE)]
            assert np.abs(part.astype(np.int32)).max() > 1000, event
        if event["type"] == "heard":
            before = sound[int(seen[number - 1]["at"] * TRACK_RATE) : int(event["at"] * TRACK_RATE)]
            assert np.abs(before.astype(np.int32)).max() > 1000, "the answer too"


def test_a_recording_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    track = Track()
    track.add(0.0, np.zeros(100, np.int16), TRACK_RATE)
    with pytest.raises(ScriptError, match="could not be written"):
        track.write(tmp_path / "nowhere" / "demo.wav")


# ---- its parts


def test_comments_and_empty_lines_are_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("# hello\n\n  yes  \n-\n  # more\nkey:3\n", "utf-8")
    assert read_script(path) == ["yes", "-", "key:3"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00bad"])
def test_a_script_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "script"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScriptError, match="cannot be read"):
        read_script(path)


def ears(*lines: str) -> tuple[ScriptEars, VirtualClock]:
    clock = VirtualClock()
    made = ScriptEars(lines, clock)
    made.open(LISTEN, ())
    return made, clock


def test_answers_come_one_by_one_and_then_the_end() -> None:
    made, _ = ears("yes", "key:3")
    assert made.poll(0.05) == Heard("yes", Source.TYPED)
    made.open(LISTEN, ())
    assert made.poll(0.05) == Pressed("3")
    made.open(LISTEN, ())
    assert made.poll(0.05) == Ended()


def test_a_dash_is_silence_until_it_listens_again() -> None:
    made, clock = ears("-", "yes")
    while clock.now() < 60:
        assert made.poll(0.5) is None
    made.open(LISTEN, ())
    assert made.poll(0.05) == Heard("yes", Source.TYPED)


def test_the_mouth_takes_as_long_as_the_words() -> None:
    clock = VirtualClock()
    mouth = RehearsalMouth(clock)
    mouth.start(Utterance("one two three four", words_per_minute=120, pause=1.0))
    while not mouth.wait(0.05):
        pass
    assert clock.now() == pytest.approx(3.0, abs=0.1)


def test_a_stopped_sentence_is_cut_on_the_track() -> None:
    class Tone:
        def render(self, utterance: Utterance) -> tuple[np.typing.NDArray[np.int16], int]:
            return np.ones(1000, np.int16), 100  # ten seconds

    clock, track = VirtualClock(), Track()
    mouth = RehearsalMouth(clock, Tone(), track)
    mouth.start(Utterance("x"))
    clock.sleep(2.0)
    mouth.stop()
    assert mouth.wait(0.0)
    assert [len(samples) for _, samples, _ in track.pieces] == [200]


@pytest.mark.parametrize("seconds", ["", "long", "-1", "nan", "inf", "601"])
def test_a_voice_without_words_has_a_length(tmp_path: Path, seconds: str) -> None:
    done = rehearse(tmp_path, f"yes\n~{seconds}\n", code=1)
    assert "Write ~3 for three" in done.output
