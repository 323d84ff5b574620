"""A model from a zip or a folder on this computer: pinned, or trusted by the person, and never half there."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.model_folder import build
from tests.shop import packed
from voice.cli import main
from voice.errors import ModelError
from voice.fetching import Offer
from voice.fetching_local import take
from voice.models import check
from voice.speech.recogniser import SpeechModel


def pinned(content: bytes) -> dict[str, Offer]:
    return {"m": Offer("m", ("https://example.org/m.zip",), len(content), hashlib.sha256(content).hexdigest(), "x")}


def refused(action: Callable[[], object], into: Path) -> ModelError:
    """The error, and that nothing was installed."""
    before = sorted(into.iterdir()) if into.exists() else []
    with pytest.raises(ModelError) as caught:
        action()
    assert (sorted(into.iterdir()) if into.exists() else []) == before
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "source" / "m")


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "m.zip"
    path.write_bytes(packed(folder))
    return path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_known_zip_is_taken(archive: Path, into: Path) -> None:
    known = pinned(archive.read_bytes())
    path = take(archive, into, known, trial=check)
    assert path == into / "m"
    check(path)
    assert [p.name for p in into.iterdir()] == ["m"]
    assert archive.exists(), "the person's own file stays"
    assert take(archive, into, known, trial=check) == path


def test_a_known_zip_may_have_another_file_name(archive: Path, into: Path) -> None:
    other = archive.rename(archive.with_name("download (1).zip"))
    check(take(other, into, pinned(other.read_bytes()), "m", trial=check))


@pytest.mark.parametrize("unpinned", [False, True])
def test_a_known_name_is_always_pinned(archive: Path, into: Path, unpinned: bool) -> None:
    known = pinned(archive.read_bytes())
    archive.write_bytes(archive.read_bytes()[:-9])
    error = refused(lambda: take(archive, into, known, unpinned=unpinned, trial=check), into)
    assert error.code == "fetch-wrong"
    assert "cut short" in error.message


def test_an_unknown_one_is_taken_where_the_person_trusts_it(archive: Path, folder: Path, into: Path) -> None:
    error = refused(lambda: take(archive, into, {}, trial=check), into)
    assert (error.code, "--unpinned" in error.remedy) == ("fetch-unpinned", True)
    check(take(archive, into, {}, unpinned=True, trial=check))
    check(take(folder, into, {}, "second", unpinned=True, trial=check))
    check(folder)


def test_a_folder_instead_of_a_zip(folder: Path, into: Path, archive: Path) -> None:
    error = refused(lambda: take(folder, into, pinned(archive.read_bytes()), trial=check), into)
    assert error.code == "fetch-folder"
    assert f"{folder} is a folder" in error.message


def test_one_that_is_there_is_not_overwritten(archive: Path, into: Path) -> None:
    build(into / "m")
    (into / "m" / "mine").write_text("x")
    assert refused(lambda: take(archive, into, {}, unpinned=True, trial=check), into).code == "fetch-exists"
    assert (into / "m" / "mine").exists()
    (into / "m" / "am" / "final.mdl").unlink()
    check(take(archive, into, {}, unpinned=True, trial=check))


def test_what_is_no_model(archive: Path, folder: Path, into: Path, tmp_path: Path) -> None:
    def code(source: Path) -> str:
        return refused(lambda: take(source, into, {}, unpinned=True, trial=check), into).code

    assert code(tmp_path / "nothing.zip") == "fetch-from-missing"
    archive.write_bytes(b"no zip at all")
    assert code(archive) == "fetch-not-a-model"
    (folder / "graph" / "Gr.fst").unlink()
    error = refused(lambda: take(folder, into, {}, unpinned=True, trial=check), into)
    assert error.message.endswith("holds no speech model that works here: graph/Gr.fst is missing.")
    (folder / "link").symlink_to("/etc")
    assert code(folder) == "fetch-unsafe"


def test_a_zip_that_climbs_out(archive: Path, into: Path, tmp_path: Path) -> None:
    out = io.BytesIO(archive.read_bytes())
    with zipfile.ZipFile(out, "a") as packed_:
        packed_.writestr(zipfile.ZipInfo("../../gotcha"), "x")
    archive.write_bytes(out.getvalue())
    assert refused(lambda: take(archive, into, {}, unpinned=True, trial=check), into).code == "fetch-unsafe"
    assert not list(tmp_path.rglob("gotcha"))


def test_one_that_stops_the_recogniser_stays_out(folder: Path, into: Path) -> None:
    """Real native code, in a process of its own."""
    pytest.importorskip("vosk")
    assert refused(lambda: take(folder, into, {}, unpinned=True), into).code == "fetch-not-a-model"


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(
        main, ["models", "fetch", *words], env={"AFTERWARDS_HOME": str(home), "VOSK_MODEL_PATH": ""}
    )


def test_the_command(archive: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "home", "--from", str(archive))
    assert (done.exit_code, "Say --unpinned if you trust" in done.output) == (1, True)
    assert run(tmp_path / "home", "--unpinned").exit_code == 2, "what comes from the network is always pinned"


@pytest.mark.model
def test_a_real_model_from_a_folder_is_used(tmp_path: Path, speech_model: SpeechModel) -> None:
    done = run(tmp_path / "home", "own", "--from", str(speech_model.path), "--unpinned")
    assert done.exit_code == 0, done.output
    assert "Used: own, it was fetched" in done.output
