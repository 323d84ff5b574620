"""`afterwards install-launcher`: the icon's files, by the rules of the desktops, put and taken back."""

from __future__ import annotations

import configparser
import os
import plistlib
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voice.cli import main
from voice.errors import LauncherError
from voice.launcher import MARK, PICTURE, Launcher, desktop_entry

PYTHON = "/opt/after wards/.venv/bin/python"


def launcher(home: Path, system: str = "linux", **environ: str) -> Launcher:
    return Launcher(system, home, environ, PYTHON)


def there(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def parsed(text: str) -> dict[str, str]:
    """The keys of a desktop file, their values as a desktop understands them."""
    reader = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    reader.read_string(text)
    assert reader.sections() == ["Desktop Entry"]
    return {key: value.replace("\\\\", "\\") for key, value in reader["Desktop Entry"].items()}


def arguments(line: str) -> list[str]:
    """The words of an Exec key, read by the rules: quotes, backslashes within them, and %% for a %."""
    words = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)|([^\s"]+)(?: |$)', line):
        word = plain or re.sub(r'\\(["`$\\])', r"\1", quoted)
        assert "%" not in word.replace("%%", "")
        words.append(word.replace("%%", "%"))
    return words


def test_it_is_in_the_menu_and_on_the_desktop(tmp_path: Path) -> None:
    (tmp_path / "Desktop").mkdir()
    launcher(tmp_path).install(at_login=False)
    picture = ".local/share/icons/hicolor/scalable/apps/afterwards.svg"
    menu, desktop = ".local/share/applications/afterwards.desktop", "Desktop/afterwards.desktop"
    assert there(tmp_path) == {picture, menu, desktop}
    assert (tmp_path / menu).read_text() == (tmp_path / desktop).read_text()
    entry = parsed((tmp_path / menu).read_text())
    assert entry["Type"] == "Application"
    assert entry["Terminal"] == "true"
    assert entry["Icon"] == str(tmp_path / picture)
    assert arguments(entry["Exec"]) == [PYTHON, "-P", "-m", "voice"]
    assert (tmp_path / desktop).stat().st_mode & stat.S_IXUSR
    assert "intervention" not in (tmp_path / menu).read_text()  # others may see it


def test_at_login_it_waits_only_if_that_was_asked_for(tmp_path: Path) -> None:
    launcher(tmp_path).install(at_login=True)
    entry = parsed((tmp_path / ".config/autostart/afterwards.desktop").read_text())
    assert arguments(entry["Exec"])[-2:] == ["talk", "--standby"]


def test_folders_that_the_person_chose_are_used(tmp_path: Path) -> None:
    (tmp_path / "Schreibtisch").mkdir()
    (tmp_path / "c").mkdir()
    (tmp_path / "c/user-dirs.dirs").write_text('# x\nXDG_DESKTOP_DIR="$HOME/Schreibtisch"\n')
    chosen = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_DATA_HOME": str(tmp_path / "d")}
    launcher(tmp_path, **chosen).install(at_login=True)
    wanted = {"c/autostart/afterwards.desktop", "d/applications/afterwards.desktop", "Schreibtisch/afterwards.desktop"}
    assert wanted < there(tmp_path)
    launcher(tmp_path, **chosen).remove()
    assert there(tmp_path) == {"c/user-dirs.dirs"}


@pytest.mark.parametrize("dirs", ['XDG_DESKTOP_DIR="$HOME"\n', 'XDG_DESKTOP_DIR="$HOME/none"\n', "\xff", None])
def test_without_a_desktop_it_is_in_the_menu_alone(dirs: str | None, tmp_path: Path) -> None:
    if dirs is not None:
        (tmp_path / ".config").mkdir()
        (tmp_path / ".config/user-dirs.dirs").write_text(dirs, "latin-1")
    assert len(launcher(tmp_path).install(at_login=False)) == 2


def test_twice_is_as_once_and_remove_leaves_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "Desktop").mkdir()
    first = launcher(tmp_path).install(at_login=True)
    before = {path: path.read_bytes() for path in first}
    assert {path: path.read_bytes() for path in launcher(tmp_path).install(at_login=True)} == before
    assert launcher(tmp_path).remove() == first
    assert there(tmp_path) == set()
    assert launcher(tmp_path).remove() == []


def test_nobody_elses_file_is_touched(tmp_path: Path) -> None:
    other = tmp_path / ".local/share/applications/afterwards.desktop"
    other.parent.mkdir(parents=True)
    other.write_text("[Desktop Entry]\nName=Other\n")
    with pytest.raises(LauncherError, match=re.escape(str(other))):
        launcher(tmp_path).install(at_login=True)
    assert there(tmp_path) == {".local/share/applications/afterwards.desktop"}
    assert launcher(tmp_path).remove() == []
    assert "Other" in other.read_text()


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(LauncherError, match="can't be put"):
        launcher(tmp_path).install(at_login=False)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1))
def test_whatever_the_programs_folder_is_called_it_is_started(folder: str) -> None:
    words = [f"/{folder}/python", "-m", "voice"]
    entry = parsed(desktop_entry(words, Path("/x.svg")))
    assert arguments(entry["Exec"]) == words


def test_a_name_that_no_such_file_can_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(LauncherError):
        Launcher("linux", tmp_path, {}, "/two\nlines/python").install(at_login=False)


def test_the_desktops_own_check_takes_it(tmp_path: Path) -> None:
    program = shutil.which("desktop-file-validate")
    if program is None:
        pytest.skip("desktop-file-validate is not here")
    for path in launcher(tmp_path).install(at_login=True):
        if path.suffix == ".desktop":
            done = subprocess.run([program, str(path)], capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_what_it_starts_is_the_program(tmp_path: Path) -> None:
    entry = parsed(desktop_entry((sys.executable, "-P", "-m", "voice"), Path("/x.svg")))
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [*arguments(entry["Exec"]), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert "install-launcher" in done.stdout


def test_the_picture_is_whole_and_plain() -> None:
    tree = ElementTree.parse(PICTURE)
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert names == {"svg", "title", "rect", "path"}  # no script, no link, no font
    colours = {element.get(key) for element in tree.iter() for key in ("fill", "stroke")} - {None}
    assert len(colours) == 2
    assert contrast(*(str(colour) for colour in colours)) >= 7


def contrast(one: str, other: str) -> float:
    """Of two colours such as #0f3b3a, by WCAG."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_on_macos_by_reading(tmp_path: Path) -> None:
    made = launcher(tmp_path, "darwin").install(at_login=True)
    agent = plistlib.loads((tmp_path / "Library/LaunchAgents/org.afterwards.plist").read_bytes())
    assert Path(agent["ProgramArguments"][1]) in made
    text = (tmp_path / "Desktop/Afterwards.command").read_text()
    assert text == f"#!/bin/sh\n# {MARK}\nexec '{PYTHON}' -P -m voice\n"
    launcher(tmp_path, "darwin").remove()
    assert there(tmp_path) == set()


def test_on_windows_by_reading(tmp_path: Path) -> None:
    Launcher("win32", tmp_path, {}, r"C:\100% calm\python.exe").install(at_login=True)
    text = (tmp_path / "Desktop/Afterwards.bat").read_bytes().decode()
    assert text.endswith('@"C:\\100%% calm\\python.exe" -P -m voice\r\n')
    assert len(there(tmp_path)) == 3
    launcher(tmp_path, "win32").remove()
    assert there(tmp_path) == set()


def test_the_command_puts_and_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    done = CliRunner().invoke(main, ["install-launcher", "--at-login"])
    assert done.exit_code == 0, done.output
    assert str(tmp_path / ".config/autostart/afterwards.desktop") in done.output
    assert "Removed" in CliRunner().invoke(main, ["install-launcher", "--remove"]).output
    assert there(tmp_path) == set()
    assert "nothing to remove" in CliRunner().invoke(main, ["install-launcher", "--remove"]).output
