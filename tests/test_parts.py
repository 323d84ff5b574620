"""The real parts: the model that a talk loads was tried in a child process before."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.model_folder import build
from voice import models, parts
from voice.errors import ModelError, VoiceError
from voice.settings import Settings
from voice.speech.recogniser import SpeechModel


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were tried, each in a process of its own."""
    tried: list[str] = []
    run = subprocess.run

    def watched(command: list[str], **how: Any) -> Any:
        tried.append(Path(command[-1]).name)
        return run(command, **how)

    monkeypatch.setattr(subprocess, "run", watched)
    return tried


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech_model: SpeechModel) -> Settings:
    """The program brings a starter that works."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "starter").symlink_to(speech_model.path)
    monkeypatch.setattr(models, "project_dirs", lambda: (tmp_path / "project",))
    monkeypatch.delenv("VOSK_MODEL_PATH", raising=False)
    return Settings(home=tmp_path / "home")


@pytest.mark.model
def test_a_model_is_tried_once_and_then_costs_nothing(chosen: Settings, children: list[str]) -> None:
    assert parts.load_model(chosen).path.name == "starter"
    assert parts.load_model(chosen).path.name == "starter"
    assert children == ["starter"]


@pytest.mark.model
def test_the_starter_stands_in_for_one_that_would_end_the_program(chosen: Settings, children: list[str]) -> None:
    """The fetched one looks whole; real native code does not survive it, in a process of its own."""
    build(chosen.models_dir / "fetched")
    assert parts.find_model(chosen).path.name == "fetched"
    told: list[VoiceError] = []
    assert parts.load_model(chosen, warn=told.append).path.name == "starter"
    assert children == ["fetched", "starter"]
    assert [error.code for error in told] == ["model-broken"]


@pytest.mark.model
@pytest.mark.parametrize("where", ["flag", "setting"])
def test_a_chosen_one_that_does_not_work_is_an_error_and_not_another(chosen: Settings, where: str) -> None:
    build(chosen.models_dir / "mine")
    flag, setting = ("mine", "") if where == "flag" else (None, "mine")
    with pytest.raises(ModelError) as caught:
        parts.load_model(replace(chosen, model=setting), flag)
    assert caught.value.code == "model-broken"
