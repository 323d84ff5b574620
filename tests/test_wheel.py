"""The built wheel, installed away from the checkout, brings what a session needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARIES = Path(pytest.__file__).parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints; fails the test with all that it said where it exits with an error."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive, which is built from the checkout: so both are complete."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", out, cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that holds the wheel alone; other libraries are borrowed, to need no network."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, with_pip=False)
    (inside,) = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    run(sys.executable, "-m", "pip", "--python", inside, "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    site = Path(run(inside, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # Python does not read the .pth files of a folder that came in by a .pth file, so the checkout stays out.
    (site / "borrowed.pth").write_text(f"{LIBRARIES}\n", encoding="utf-8")
    return inside


def kept(folder: str) -> set[str]:
    """The project's own files in this folder: what git keeps, or, where git can't say, all but caches."""
    if shutil.which("git") and (ROOT / ".git").exists():
        done = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return set(done.stdout.splitlines())
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (folder == "models" and path.parent.name != "models")
    }


def test_the_wheel_brings_every_file_of_the_program(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert kept("voice") - inside == set()
    assert any(name.startswith("voice/content/en/") for name in inside)


def test_the_wheel_brings_the_models_that_the_project_ships(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = {"voice/_" + name for name in kept("models") if name != "models/README.md"}
    assert "voice/_models/models.toml" in inside
    assert shipped - inside == set()
    assert not any(name.startswith("models/") for name in inside)


def test_the_wheel_brings_nothing_that_was_fetched_or_made_by_tests(wheel: Path) -> None:
    folders = {Path(name).parts[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"voice"}


def test_it_is_the_wheel_that_runs(python: Path, tmp_path: Path) -> None:
    where = run(python, "-c", "import voice; print(voice.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(python.parents[1])


def test_the_command_has_its_name_and_its_help(python: Path, tmp_path: Path) -> None:
    (command,) = [*python.parent.glob("afterwards"), *python.parent.glob("afterwards.exe")]
    assert "rehearse" in run(command, "--help", cwd=tmp_path)


def test_a_typed_session_away_from_the_checkout(python: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    # Whatever is asked, "not sure" and then "I'm done" are answers.
    script.write_text("yes\nnot sure\nI'm done\nyes\nno\n", encoding="utf-8")
    printed = run(python, "-m", "voice", "rehearse", script, "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in printed.splitlines()]
    assert all(line["text"] for line in lines if line["type"] == "say")
    assert [line["type"] for line in lines if line["type"] in ("say", "listen")][:1] == ["say"]
    assert any(line["type"] == "listen" for line in lines)
    assert lines[-1]["type"] == "end"
