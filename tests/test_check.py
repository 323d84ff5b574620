"""`afterwards check`: each part is fine, or the line says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner
from keyring.backends.fail import Keyring as NoKeyring

from tests import model_folder
from tests.sound_card import SoundCard
from voice import models, parts_kept
from voice.check import Line, check
from voice.cli import main
from voice.errors import ModelError
from voice.settings import Settings
from voice.speech.recogniser import SpeechModel

PARTS = ["storage", "help lines", "danger", "voice", "loudspeaker", "microphone", "model", "recogniser"]


@pytest.mark.sound
@pytest.mark.model
def test_on_a_machine_where_all_is_there(sound_card: SoundCard, speech_model: SpeechModel, tmp_path: Path) -> None:
    lines = {line.part: line for line in check(Settings(home=tmp_path), str(speech_model.path))}
    assert list(lines) == PARTS
    # A virtual microphone is perfectly silent, and that is what a muted one is like.
    assert {part for part, line in lines.items() if not line.fine} <= {"microphone"}
    assert lines["microphone"].words.startswith("The microphone brings no sound at all.")


def test_every_part_is_tried_although_others_are_broken(tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path, microphone="no such microphone", speaker="no such loudspeaker")
    lines = list(check(replace(chosen, model="/nowhere/model")))
    assert [line.part for line in lines] == PARTS
    told = {line.part: line for line in lines}
    for part in ("loudspeaker", "microphone", "model", "recogniser"):
        assert not told[part].fine
        assert told[part].words.endswith(".")
    assert "/nowhere/model" in told["model"].words


def model_line(home: Path) -> Line:
    chosen = Settings(home=home, microphone="no such microphone", speaker="no such loudspeaker")
    return next(line for line in check(chosen) if line.part == "model")


def test_it_says_which_model_is_used_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def trial(path: Path, seconds: float = 0.0, remember: Path | None = None) -> None:
        tried.append(path.name)
        if path.name == "odd":
            raise ModelError("model-broken", f"The speech model in {path} cannot be used: it is odd.", "Get it again.")

    monkeypatch.setattr(models, "try_in_child", trial)
    monkeypatch.setattr(models, "project_dirs", lambda: (tmp_path / "project",))
    monkeypatch.delenv("VOSK_MODEL_PATH", raising=False)
    model_folder.build(tmp_path / "project" / "small")
    line = model_line(tmp_path / "home")
    assert (line.fine, line.words) == (
        True,
        "small: the starter that comes with the program; nobody fetched a bigger one.",
    )
    model_folder.build(tmp_path / "home" / "models" / "odd")
    assert "since another one cannot be used" in model_line(tmp_path / "home").words
    model_folder.build(tmp_path / "home" / "models" / "big")
    assert model_line(tmp_path / "home").words.startswith("big: it was fetched")
    assert tried == ["small", "odd", "small", "big"], "tried anew each time"


def storage_line(home: Path) -> Line:
    return next(line for line in check(Settings(home=home)) if line.part == "storage")


def test_it_says_whether_notes_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage_line(tmp_path).fine
    assert not (tmp_path / "notes").exists(), "it makes nothing"
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    line = storage_line(tmp_path)
    assert not line.fine
    assert "afterwards notes passphrase" in line.words
    parts_kept.vault(Settings(home=tmp_path)).set_passphrase("the old blue boat")
    line = storage_line(tmp_path)
    assert line.fine
    assert "behind your passphrase" in line.words


def test_notes_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/notes.db").write_text("no database " * 100)
    storage = next(iter(check(Settings(home=tmp_path))))
    assert not storage.fine
    assert "notes.db" in storage.words


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    storage = next(iter(check(Settings(home=tmp_path / "file" / "home"))))
    assert not storage.fine
    assert "Choose another AFTERWARDS_HOME." in storage.words


def test_the_command_says_all_and_its_code_says_whether_all_is_fine(tmp_path: Path) -> None:
    model = model_folder.build(tmp_path / "model")
    (model / "am/final.mdl").unlink()
    done = CliRunner().invoke(main, ["check", "--model", str(model)], env={"AFTERWARDS_HOME": str(tmp_path / "home")})
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.output.splitlines()] == PARTS
    assert "am/final.mdl is missing" in done.output
