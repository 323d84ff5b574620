"""`afterwards models` as a person types it: which model is used and why, choosing one, deleting one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.model_folder import build
from voice import models
from voice.cli import main
from voice.settings import load
from voice.speech.recogniser import SpeechModel


def run(home: Path, *words: str, stdin: str = "", **environ: str) -> Result:
    surroundings = {"AFTERWARDS_HOME": str(home), "VOSK_MODEL_PATH": "", **environ}
    return CliRunner().invoke(main, ["models", *words], env=surroundings, input=stdin)


def setting(home: Path) -> str:
    return load({}, {"AFTERWARDS_HOME": str(home)}).model


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two models of the person's own; the program brings the starter "ours". Any that looks whole works."""
    build(tmp_path / "project" / "ours")
    for name in ("big", "other"):
        build(tmp_path / "home" / "models" / name)
    monkeypatch.setattr(models, "project_dirs", lambda: (tmp_path / "project",))
    monkeypatch.setattr(models, "try_in_child", lambda path, seconds=0.0, remember=None: None)
    return tmp_path / "home"


def test_the_list_says_which_is_used_and_why(home: Path) -> None:
    out = run(home, "list").output
    assert [line.split()[1] for line in out.splitlines() if line.startswith("*")] == ["big"]
    assert "Used: big, it was fetched" in out
    out = run(home, "list", VOSK_MODEL_PATH=str(home / "models" / "other")).output
    assert "Used: other, the environment variable VOSK_MODEL_PATH names it." in out
    assert (
        "None is used. There is no speech model in /nowhere." in run(home, "list", AFTERWARDS_MODEL="/nowhere").output
    )


def test_a_model_is_chosen_and_the_choice_forgotten(home: Path) -> None:
    (home / "settings.toml").write_text('# mine\ncountry = "UK"\n', encoding="utf-8")
    done = run(home, "use", "other")
    assert (done.exit_code, done.output) == (0, "Used: other, you chose it (the setting “model”).\n")
    assert (home / "settings.toml").read_text("utf-8") == '# mine\ncountry = "UK"\nmodel = "other"\n'
    assert "Used: big" in run(home, "use", "--automatic").output
    assert setting(home) == ""


def test_a_folder_anywhere_can_be_chosen(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "elsewhere" / "mine")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(home, "use", "mine").exit_code == 0
    assert setting(home) == str(tmp_path / "elsewhere" / "mine"), "it is found from other folders too"
    assert run(home, "use", str(tmp_path / "project" / "ours")).exit_code == 0
    assert setting(home) == "ours"


def test_what_cannot_be_used_is_not_chosen(home: Path, tmp_path: Path) -> None:
    (home / "models" / "other" / "am" / "final.mdl").unlink()
    (tmp_path / "file.zip").write_bytes(b"no folder")
    for name, words in {
        "other": "am/final.mdl is missing",
        str(tmp_path / "file.zip"): "There is no speech model in",
        "vosk-model-small-en-us-0.15": "There is no speech model in",
    }.items():
        done = run(home, "use", name)
        assert (done.exit_code, words in done.output) == (1, True), done.output
    assert not (home / "settings.toml").exists()


def test_a_model_that_could_be_fetched_is_offered(tmp_path: Path) -> None:
    done = run(tmp_path, "use", "vosk-model-small-en-us-0.15")
    assert "To get it: afterwards models fetch vosk-model-small-en-us-0.15" in done.output


def test_a_model_that_stops_the_recogniser_is_not_chosen(tmp_path: Path) -> None:
    """Real native code, in a process of its own."""
    pytest.importorskip("vosk")
    build(tmp_path / "models" / "odd")
    done = run(tmp_path, "use", "odd")
    assert (done.exit_code, "the recogniser cannot load it" in done.output) == (1, True)
    assert not (tmp_path / "settings.toml").exists()


@pytest.mark.model
def test_a_real_model_is_tried_and_chosen(tmp_path: Path, speech_model: SpeechModel) -> None:
    done = run(tmp_path, "use", str(speech_model.path))
    assert done.exit_code == 0
    # one of the program's own is kept by its name
    assert setting(tmp_path) in (str(speech_model.path), speech_model.path.name)


@pytest.mark.parametrize("words", [(), ("big", "--automatic")])
def test_choosing_wants_to_know_exactly_what(home: Path, words: tuple[str, ...]) -> None:
    assert run(home, "use", *words).exit_code == 2


def test_a_variable_that_goes_before_the_choice_is_told(home: Path) -> None:
    done = run(home, "use", "other", AFTERWARDS_MODEL="big")
    assert "Used: big" in done.output
    assert setting(home) == "other"


def test_deleting_asks_first(home: Path) -> None:
    assert "Nothing was deleted." in run(home, "remove", "big", stdin="n\n").output
    assert (home / "models" / "big").is_dir()
    assert "Used: other, it was fetched" in run(home, "remove", "big", stdin="y\n").output
    assert [path.name for path in (home / "models").iterdir()] == ["other"]


def test_deleting_the_chosen_one_forgets_the_choice(home: Path) -> None:
    (home / "settings.toml").write_text('model = "other"\nrate = 85\n', encoding="utf-8")
    assert "Used: big" in run(home, "remove", "other", "--yes").output
    assert (setting(home), load({}, {"AFTERWARDS_HOME": str(home)}).rate) == ("", 85)
    assert "Used: ours, the starter that comes with the program" in run(home, "remove", "big", "--yes").output


def test_deleting_another_one_keeps_the_choice(home: Path) -> None:
    (home / "settings.toml").write_text('model = "other"\n', encoding="utf-8")
    assert "Used: other" in run(home, "remove", "big", "--yes").output
    assert setting(home) == "other"


def test_a_download_that_was_cut_goes_with_it(home: Path) -> None:
    (home / "models" / ".third.zip.part").write_bytes(b"half")
    assert run(home, "remove", "third", "--yes").exit_code == 0
    assert sorted(path.name for path in (home / "models").iterdir()) == ["big", "other"]


@pytest.mark.parametrize("name", ["ours", "nothing", "..", "../../project/ours", "../models/big", ".hidden", ""])
def test_nothing_else_is_deleted(home: Path, tmp_path: Path, name: str) -> None:
    (home / "models" / ".hidden").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = run(home, "remove", name, "--yes")
    assert done.exit_code == 1
    assert ("came with the program" if name == "ours" else "I delete none elsewhere") in done.output
    assert sorted(tmp_path.rglob("*")) == before


def test_of_a_link_only_the_link_is_deleted(home: Path, tmp_path: Path) -> None:
    build(tmp_path / "elsewhere")
    (home / "models" / "linked").symlink_to(tmp_path / "elsewhere")
    assert run(home, "remove", "linked", "--yes").exit_code == 0
    assert not (home / "models" / "linked").is_symlink()
    models.check(tmp_path / "elsewhere")
