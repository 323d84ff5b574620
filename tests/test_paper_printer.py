"""Printing: a small program stands in for the system's `lp`, and writes down what it got."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import date
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from tests.papers import LINES
from tests.test_paper_pdf import in_order, text_of
from voice.errors import PaperError
from voice.paper import printer
from voice.parts_paper import Paper, PlanPrinter
from voice.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows prints in another way, tried by reading only")

TAKES = 'printf "%s\\n" "$0" "$@" >"$GOT.args"; cat >"$GOT.pdf"'


@pytest.fixture
def got(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in writes; only its folder and the system's own tools are on the path."""
    (tmp_path / "bin").mkdir()
    for name in ("cat", "sh", "sleep"):
        found = next(folder for folder in ("/bin", "/usr/bin") if (Path(folder) / name).exists())
        (tmp_path / "bin" / name).symlink_to(Path(found) / name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("GOT", str(tmp_path / "got"))
    return tmp_path / "got"


def put(got: Path, name: str, body: str = TAKES) -> None:
    program = got.parent / "bin" / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def code() -> str:
    with pytest.raises(PaperError) as caught:
        printer.send(b"%PDF", "Page")
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.code


@pytest.mark.parametrize(("name", "flag"), [("lp", "-t"), ("lpr", "-T")])
def test_the_plan_of_a_talk_is_printed(got: Path, tmp_path: Path, name: str, flag: str) -> None:
    put(got, name)
    PlanPrinter(Paper(Settings(home=tmp_path / "home", country="UK"))).print(LINES)
    program, *arguments = Path(f"{got}.args").read_text().splitlines()
    assert Path(program).name == name
    assert arguments == [flag, "Page"], "its name in the queue tells nothing; and the default printer is used"
    document = pdfium.PdfDocument(Path(f"{got}.pdf"))
    assert document.get_metadata_value("Title") == "My plan"
    text = text_of(document)
    assert "intervention" not in text.replace(LINES[3], "").lower().replace("interventionist", "")
    in_order(["My plan", str(date.today().year), *LINES, "Emergency", "999"], text)


def test_lp_goes_before_lpr(got: Path) -> None:
    put(got, "lp")
    put(got, "lpr")
    printer.send(b"%PDF", "Page")
    assert Path(f"{got}.args").read_text().splitlines()[0].endswith("/lp")


def test_nothing_is_left_on_the_disk(got: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(got, "lp")
    temporary, home = tmp_path / "temporary", tmp_path / "home"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    PlanPrinter(Paper(Settings(home=home, country="UK"))).print(LINES)
    after = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert after == {Path(f"{got}.args"), Path(f"{got}.pdf")}, "what the spooler took, and nothing else"
    assert list(temporary.iterdir()) == []
    assert not home.exists()


def test_no_program(got: Path) -> None:
    assert code() == "paper-no-program"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("lp: Error - no default destination available.", "paper-no-printer"),
        ("lp: No default destination.", "paper-no-printer"),
        ("lpr: The printer or class does not exist: unknown printer", "paper-no-printer"),
        ("lp: Error - scheduler not responding.", "paper-no-spooler"),
        ("lp: Unable to connect to server: Connection refused", "paper-no-spooler"),
        ("lp: Error - too many jobs.", "paper-refused"),
        ("", "paper-refused"),
    ],
)
def test_what_the_system_says(got: Path, said: str, wanted: str, capfd: pytest.CaptureFixture[str]) -> None:
    put(got, "lp", f'cat >/dev/null; echo "{said}" >&2; exit 1')
    assert code() == wanted
    assert capfd.readouterr() == ("", "")


def test_one_that_does_not_read_to_the_end(got: Path) -> None:
    put(got, "lp", 'echo "lp: Error - no default destination available." >&2; exit 1')
    with pytest.raises(PaperError) as caught:
        printer.send(b"x" * 3_000_000, "Page")
    assert caught.value.code == "paper-no-printer"


def test_one_that_hangs(got: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(got, "lp", "exec sleep 60")
    monkeypatch.setattr(printer, "SECONDS", 0.3)
    assert code() == "paper-slow"


def test_one_that_is_no_program(got: Path) -> None:
    path = got.parent / "bin" / "lp"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    assert code() == "paper-refused"


def test_it_asks_in_plain_english(got: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is told is told in the language of the computer otherwise, and would not be understood."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    put(got, "lp", 'cat >/dev/null; [ "$LC_ALL" = C ] || exit 1')
    printer.send(b"%PDF", "Page")
    assert os.environ["LC_ALL"] == "de_DE.UTF-8"
