"""Which model is used, and that a bad one is known before native code sees it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.model_folder import build, fst
from voice.errors import ModelError
from voice.models import Found, check, find, project_dirs, try_in_child


def code(action: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        action()
    assert caught.value.remedy.endswith(".")
    return caught.value.code


@pytest.fixture
def real() -> Path:
    """A real model: from the environment, the project's own, or one in a folder `shared` beside the checkout."""
    shared = Path(__file__).parents[2] / "shared" / "models"
    named = [Path(os.environ.get(name) or "-") for name in ("AFTERWARDS_TEST_MODEL", "VOSK_MODEL_PATH")]
    with_model = [*named, *project_dirs()[0].glob("*/"), *shared.glob("*/")]
    for path in with_model:
        if (path / "am" / "final.mdl").is_file():
            return path
    pytest.skip("no speech model: set VOSK_MODEL_PATH")


def test_the_order_in_which_a_model_is_looked_for(tmp_path: Path) -> None:
    flag, setting, variable = (build(tmp_path / name) for name in ("flag", "setting", "variable"))
    project, user = tmp_path / "project", tmp_path / "user"
    build(project / "ours")
    build(user / "fetched")
    env = {"VOSK_MODEL_PATH": str(variable)}
    dirs = [tmp_path / "absent", project]
    assert find(str(flag), str(setting), env, dirs, user) == Found(flag, "flag")
    assert find(None, str(setting), env, dirs, user) == Found(setting, "setting")
    assert find("", "", env, dirs, user) == Found(variable, "VOSK_MODEL_PATH")
    assert find(None, None, {"VOSK_MODEL_PATH": ""}, dirs, user) == Found(user / "fetched", "fetched")
    assert find(None, None, {}, dirs, tmp_path / "absent") == Found(project / "ours", "project")
    assert code(lambda: find(None, None, {}, [], tmp_path / "absent")) == "no-model"


def test_a_model_can_be_named_without_its_folder(tmp_path: Path) -> None:
    build(tmp_path / "user" / "small")
    assert find("small", None, {}, [], tmp_path / "user").path == tmp_path / "user" / "small"


@pytest.mark.parametrize("where", ["flag", "setting", "variable"])
def test_a_named_model_is_never_silently_another(tmp_path: Path, where: str) -> None:
    build(tmp_path / "user" / "good")
    bad = build(tmp_path / "bad")
    (bad / "graph" / "Gr.fst").unlink()

    def named(value: str) -> Found:
        flag, setting = (value if where == name else None for name in ("flag", "setting"))
        return find(flag, setting, {"VOSK_MODEL_PATH": value} if where == "variable" else {}, [], tmp_path / "user")

    assert code(lambda: named(str(tmp_path / "nowhere"))) == "model-missing"
    assert code(lambda: named(str(bad))) == "model-broken"


def test_a_broken_one_that_nobody_named_is_passed_over_and_told(tmp_path: Path) -> None:
    bad = build(tmp_path / "user" / "a-bad")
    (bad / "am" / "final.mdl").unlink()
    starter = build(tmp_path / "project" / "starter")
    found = find(None, None, {}, [tmp_path / "project"], tmp_path / "user")
    assert found.path == starter
    assert [error.code for error in found.skipped] == ["model-broken"]
    assert "am/final.mdl is missing" in found.reason
    assert code(lambda: find(None, None, {}, [tmp_path / "none"], tmp_path / "user")) == "model-broken"


def test_one_that_turns_out_not_to_work_is_passed_over_too(tmp_path: Path) -> None:
    bad, starter = build(tmp_path / "user" / "a-bad"), build(tmp_path / "project" / "starter")

    def fit(path: Path) -> None:
        check(path)
        if path == bad:
            raise ModelError("model-broken", "The recogniser cannot load it.", "Get it again.")

    assert find(None, None, {}, [tmp_path / "project"], tmp_path / "user", fit).path == starter
    assert code(lambda: find("a-bad", None, {}, [tmp_path / "project"], tmp_path / "user", fit)) == "model-broken"


def test_every_reason_has_words(tmp_path: Path) -> None:
    for why in ("flag", "setting", "VOSK_MODEL_PATH", "fetched", "project"):
        assert len(Found(tmp_path, why).reason.split()) >= 4
    assert "nobody fetched a bigger one" in Found(tmp_path, "project").reason


def test_what_is_being_unpacked_is_no_model(tmp_path: Path) -> None:
    build(tmp_path / "user" / ".m.unpacked")
    assert code(lambda: find(None, None, {}, [], tmp_path / "user")) == "no-model"


def test_the_tiny_folder_itself_passes(tmp_path: Path) -> None:
    check(build(tmp_path / "m"))


BAD: dict[str, tuple[str, bytes | None]] = {
    "no acoustic model": ("am/final.mdl", None),
    "empty acoustic model": ("am/final.mdl", b""),
    "text for acoustic model": ("am/final.mdl", b"version https://git-lfs.github.com/spec/v1\n" * 5),
    "no mfcc.conf": ("conf/mfcc.conf", None),
    "junk mfcc.conf": ("conf/mfcc.conf", b"<html>not found</html>\n"),
    "another sample rate": ("conf/mfcc.conf", b"--sample-frequency=8000\n"),
    "no number": ("conf/mfcc.conf", b"--sample-frequency=many\n"),
    "empty model.conf": ("conf/model.conf", b""),
    "no HCLr": ("graph/HCLr.fst", None),
    "junk HCLr": ("graph/HCLr.fst", b"\xd6\xfd\xb2\x7e" + b"\xff" * 100),
    "no Gr": ("graph/Gr.fst", None),
    "cut Gr": ("graph/Gr.fst", fst(states=100, arcs=100)[:-40]),
    "no disambig": ("graph/disambig_tid.int", None),
    "no words": ("graph/words.txt", None),
    "empty words": ("graph/words.txt", b""),
    "junk words": ("graph/words.txt", b"one two three\n"),
    "no word_boundary": ("graph/phones/word_boundary.int", None),
    "junk word_boundary": ("graph/phones/word_boundary.int", b"1 sometimes\n"),
    "half an ivector": ("ivector/final.ie", b"x"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_found(tmp_path: Path, what: str) -> None:
    name, content = BAD[what]
    model = build(tmp_path / "m")
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).unlink(missing_ok=True)
    if content is not None:
        (model / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        check(model)
    assert caught.value.code == "model-broken"
    assert name.split("/")[0] in caught.value.message


@pytest.mark.parametrize("cut", [1, 4, 40])
def test_a_cut_acoustic_model_is_found(tmp_path: Path, cut: int) -> None:
    model = build(tmp_path / "m")
    whole = (model / "am" / "final.mdl").read_bytes()
    (model / "am" / "final.mdl").write_bytes(whole[:-cut])
    assert code(lambda: check(model)) == "model-broken"


def test_words_may_be_spelt_in_the_graph_and_a_static_graph_will_do(tmp_path: Path) -> None:
    model = build(tmp_path / "m")
    (model / "graph" / "words.txt").unlink()
    (model / "graph" / "Gr.fst").write_bytes(fst(flags=2))
    check(model)
    for name in ("Gr.fst", "HCLr.fst", "disambig_tid.int"):
        (model / "graph" / name).unlink()
    (model / "graph" / "HCLG.fst").write_bytes(fst("vector", flags=2))
    check(model)


@pytest.mark.model
def test_a_real_model_passes_and_loads(real: Path, tmp_path: Path) -> None:
    check(real)
    try_in_child(real, remember=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.model
def test_a_cut_real_model_is_found_by_looking(real: Path, tmp_path: Path) -> None:
    for name in ("am/final.mdl", "graph/Gr.fst"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(real, copy, copy_function=shutil.copyfile)
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(whole[: len(whole) // 2])
        assert code(lambda copy=copy: check(copy)) == "model-broken"  # type: ignore[misc]


def test_what_only_looks_like_a_model_fails_in_the_child(tmp_path: Path) -> None:
    """Real native code, in a process of its own: this one goes on."""
    pytest.importorskip("vosk")
    model = build(tmp_path / "m")
    assert code(lambda: try_in_child(model, remember=tmp_path / "cache")) == "model-broken"
    assert not (tmp_path / "cache").exists(), "a failure is not remembered as fine"


def test_a_model_that_never_loads(tmp_path: Path) -> None:
    assert code(lambda: try_in_child(build(tmp_path / "m"), seconds=0.001)) == "model-slow"


@pytest.mark.model
def test_a_changed_model_is_tried_again(real: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(real, copy, copy_function=shutil.copyfile)
    try_in_child(copy, remember=tmp_path / "cache")
    try_in_child(copy, seconds=0.001, remember=tmp_path / "cache")  # remembered: no child, so no time is needed
    (copy / "am" / "final.mdl").write_bytes(b"changed")
    assert code(lambda: try_in_child(copy, remember=tmp_path / "cache")) == "model-broken"
