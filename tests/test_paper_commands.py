"""`afterwards notes export`, `print`, `copy` and `look`: from kept notes to files, paper, other programs and words."""

from __future__ import annotations

import datetime
import json
import sqlite3
import subprocess
import sys
import wave
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from tests.kept import notes_of
from tests.papers import LINES
from tests.sound_card import SoundCard
from tests.test_paper_pdf import in_order, sizes, text_of
from tests.test_paper_printer import got as got
from tests.test_paper_printer import put
from voice.cli import main
from voice.content import load
from voice.templates import Templates, normalise

SLOTS = ("safety", "learned", "words", "step", "me", "call")
DAYS = (datetime.date.today() - datetime.timedelta(days=40), datetime.date.today())
SVG = "{http://www.w3.org/2000/svg}"


def run(home: Path, *words: str, stdin: str = "", country: str = "UK") -> Result:
    environment = {"AFTERWARDS_HOME": str(home), "AFTERWARDS_COUNTRY": country}
    done = CliRunner().invoke(main, ["notes", *words], env=environment, input=stdin)
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two plans, kept on two days."""
    place = tmp_path / "home"
    notes = notes_of(place)
    for day, lines, answers in (
        (
            DAYS[0],
            (*LINES[:3], "Rest. Nothing big this week.", *LINES[4:]),
            {"Y2": "8", "L6": "not_sure", "W2": "left"},
        ),
        (DAYS[1], LINES, {"Y2": "4", "L6": "3", "X3": "talk"}),
    ):
        notes._today = lambda day=day: day  # type: ignore[misc]
        notes.keep("family", list(zip(SLOTS, lines, strict=True)), answers)
    notes.mark(2, 3, "not_yet")
    return place


class TestExport:
    def test_tables_have_all_plans_or_one(self, home: Path) -> None:
        plans = json.loads(run(home, "export", "--format", "json").stdout)["plans"]
        assert [plan["plan"] for plan in plans] == [1, 2]
        assert plans[1]["lines"][3] == {"slot": "step", "text": LINES[3], "mark": "not_yet"}
        (one,) = json.loads(run(home, "export", "1", "--format", "json").stdout)["plans"]
        assert one == plans[0]
        assert run(home, "export", "--format", "csv").stdout_bytes.count(b"\r\n") == 1 + 2 * 6 + 6
        assert run(home, "export", "--format", "txt").stdout.count("My plan") == 2

    @pytest.mark.parametrize("form", ["json", "csv", "html", "pdf", "wav", "txt"])
    def test_every_form_becomes_a_private_file(self, home: Path, tmp_path: Path, form: str) -> None:
        file = tmp_path / f"plan.{form}"
        done = run(home, "export", "2", "--format", form, "--output", str(file))
        assert done.exit_code == 0, done.output
        assert "not locked" in done.stderr
        assert file.stat().st_mode & 0o777 == 0o600
        before = file.read_bytes()
        again = run(home, "export", "1", "--format", form, "--output", str(file))
        assert again.exit_code == 1
        assert "--yes" in again.stderr
        assert file.read_bytes() == before
        assert run(home, "export", "1", "--format", form, "--output", str(file), "--yes").exit_code == 0
        assert file.read_bytes() != before
        assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == [file.name]

    def test_pages_have_the_latest_unless_a_number_is_given(self, home: Path, tmp_path: Path) -> None:
        latest = text_of(pdfium.PdfDocument(run(home, "export", "--format", "pdf").stdout_bytes))
        in_order(["My plan", str(DAYS[1].year), *LINES, "Samaritans"], latest)
        first = run(home, "export", "1", "--format", "html").stdout
        assert "Rest. Nothing big this week." in first
        assert LINES[3] not in first

    def test_size_title_and_paper(self, home: Path) -> None:
        def pdf(*options: str, country: str = "UK") -> pdfium.PdfDocument:
            return pdfium.PdfDocument(run(home, "export", "--format", "pdf", *options, country=country).stdout_bytes)

        assert max(sizes(pdf("--size", "32"))) > 32
        assert pdf("--title", "For Sam").get_metadata_value("Title") == "For Sam"
        assert pdf("--title", " \t ").get_metadata_value("Title") == "My plan"
        shapes = {
            (): 842,
            ("--paper", "letter"): 792,
        }
        assert {options: round(pdf(*options)[0].get_height()) for options in shapes} == shapes
        assert round(pdf(country="US")[0].get_height()) == 792
        (home / "settings.toml").write_text('paper = "letter"\n')
        assert round(pdf()[0].get_height()) == 792
        assert "For Sam" in run(home, "export", "--format", "html", "--title", "For Sam").stdout
        assert "32pt" in run(home, "export", "--format", "html", "--size", "32").stdout

    def test_the_sound_is_the_plan(self, home: Path, tmp_path: Path) -> None:
        file = tmp_path / "plan.wav"
        run(home, "export", "--format", "wav", "--output", str(file))
        with wave.open(str(file)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
            assert 15 < sound.getnframes() / sound.getframerate() < 60

    def test_what_is_not_there(self, home: Path, tmp_path: Path) -> None:
        assert "no note with the number 7" in run(home, "export", "7", "--format", "txt").stderr
        nothing = run(tmp_path / "empty", "export", "--format", "pdf")
        assert (nothing.exit_code, nothing.stdout) == (1, "")
        assert "No notes are kept." in nothing.stderr
        assert json.loads(run(tmp_path / "empty", "export", "--format", "json").stdout) == {"plans": []}
        assert run(home, "export").exit_code == 2

    def test_a_place_that_will_not_do_is_said_first(self, home: Path, tmp_path: Path) -> None:
        done = run(home, "export", "--format", "txt", "--output", str(tmp_path))
        assert done.exit_code == 1
        assert "is a folder" in done.stderr
        assert "no folder" in run(home, "export", "--format", "txt", "--output", str(tmp_path / "a" / "b")).stderr

    def test_the_passphrase_is_asked_for(self, home: Path, tmp_path: Path) -> None:
        run(home, "passphrase", stdin="the old blue boat\n")
        done = run(home, "export", "--format", "txt", stdin="the old blue boat\n")
        assert done.stdout.count("My plan") == 2
        file = tmp_path / "plan.txt"
        wrong = run(home, "export", "--format", "txt", "--output", str(file), stdin="a red kite in may\n")
        assert wrong.exit_code == 1
        assert not file.exists()


class TestPrint:
    @pytest.mark.skipif(sys.platform == "win32", reason="lp and lpr are not of Windows")
    def test_it_goes_to_the_printer(self, home: Path, got: Path) -> None:
        put(got, "lp")
        done = run(home, "print", "1", "--size", "24", "--title", "For Sam")
        assert done.exit_code == 0, done.output
        assert "queue" in done.stdout
        document = pdfium.PdfDocument(Path(f"{got}.pdf"))
        in_order(["For Sam", LINES[0], "Rest. Nothing big this week."], text_of(document))
        assert Path(f"{got}.args").read_text().splitlines()[-1] == "Page", "the title is not in the queue"

    def test_no_program_is_said(self, home: Path, got: Path) -> None:
        done = run(home, "print")
        assert done.exit_code == 1
        assert "no program that prints" in done.stderr
        assert "notes export" in done.stderr


class TestCopy:
    def test_other_programs_read_it(self, home: Path, tmp_path: Path) -> None:
        file = tmp_path / "notes.sqlite"
        done = run(home, "copy", str(file), stdin="y\n")
        assert done.exit_code == 0, done.output
        assert "whoever gets the file can read all your notes" in done.stderr
        assert file.stat().st_mode & 0o777 == 0o400, "nobody takes it for the notes, and writes into it"
        database = Database(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True))
        assert set(database.table_names()) == {"talk", "line", "answer"}
        plan = list(database["plan"].rows)
        assert [row["text"] for row in plan if row["id"] == 2] == list(LINES)
        assert [row["slot"] for row in plan if row["id"] == 1] == list(SLOTS)
        assert [row["place"] for row in plan if row["mark"] == "not_yet"] == [4]
        assert {"talk": 2, "step": "Y2", "answer": "4"} in list(database["answer"].rows)
        assert [row["day"] for row in database["talk"].rows] == [day.isoformat() for day in DAYS]
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        command = [sys.executable, "-m", "sqlite_utils", "rows", str(file), "talk"]
        read = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert [row["id"] for row in json.loads(read.stdout)] == [1, 2], read.stderr

    def test_the_notes_stay_locked(self, home: Path, tmp_path: Path) -> None:
        before = (home / "notes" / "notes.db").read_bytes()
        run(home, "copy", str(tmp_path / "notes.sqlite"), "--yes")
        assert (home / "notes" / "notes.db").read_bytes() == before
        assert LINES[0].encode() not in before
        assert LINES[0].encode() in (tmp_path / "notes.sqlite").read_bytes()

    @pytest.mark.parametrize("answer", ["n\n", "\n", ""])
    def test_without_a_yes_there_is_none(self, home: Path, tmp_path: Path, answer: str) -> None:
        file = tmp_path / "notes.sqlite"
        done = run(home, "copy", str(file), stdin=answer)
        assert "can read all your notes" in done.stderr
        assert not file.exists()

    def test_it_warns_even_where_it_does_not_ask(self, home: Path, tmp_path: Path) -> None:
        file = tmp_path / "notes.sqlite"
        assert "can read all your notes" in run(home, "copy", str(file), "--yes").stderr
        assert "already" in run(home, "copy", str(file)).stderr
        assert run(home, "copy", str(file), "--yes").exit_code == 0


class TestLook:
    def test_it_is_told_in_words(self, home: Path) -> None:
        told = run(home, "look").stdout.splitlines()
        months = [passage.text for passage in load().paper["paper.months"]]
        first, second = (f"{day.day} {months[day.month - 1]} {day.year}" for day in DAYS)
        assert told == [
            "These are your own answers, from zero to ten. Nothing is scored.",
            "How open they are to help.",
            f"{second}: 3.",
            "How heavy it is.",
            f"{first}: 8.",
            f"{second}: 4.",
            "Your steps.",
            f"{first}: Rest. Nothing big this week.",
            f"{second}: {LINES[3]}",
        ]

    def test_nothing_is_weighed(self, home: Path) -> None:
        told = " ".join(run(home, "look", "--output", str(home / "look.html")).stdout.split())
        page = (home / "look.html").read_text()
        for text in (told, page):
            for word in ("better", "worse", "improve", "score:", "streak", "progress", "since", "days", "ago", "goal"):
                assert word not in text.lower().replace("nothing is scored", "")
        never = load().manners["never_say"]
        templates = Templates(load().rules)
        assert all(not templates.anywhere(kind).search(normalise(told)) for kind in never.values())

    def test_a_picture_that_says_what_it_shows(self, home: Path, tmp_path: Path) -> None:
        file = tmp_path / "look.svg"
        done = run(home, "look", "--output", str(file))
        root = ElementTree.parse(file).getroot()
        assert root.get("role") == "img"
        named = [each.get("id") for each in (root.find(f"{SVG}title"), root.find(f"{SVG}desc")) if each is not None]
        assert str(root.get("aria-labelledby")).split() == named
        assert root.findtext(f"{SVG}desc") == " ".join(done.stdout.splitlines())
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(root.findall(f"{SVG}circle")) == 2, "one answer, and the mark beside its name"

    def test_a_long_time_between_makes_no_gap(self, tmp_path: Path) -> None:
        places = []
        for name, days in (("near", 1), ("far", 80)):
            notes = notes_of(tmp_path / name)
            for ago in (days, 0):
                day = datetime.date.today() - datetime.timedelta(days=ago)
                notes._today = lambda day=day: day  # type: ignore[misc]
                notes.keep("family", [("step", "Rest.")], {"Y2": "5"})
            run(tmp_path / name, "look", "--output", str(tmp_path / f"{name}.svg"))
            root = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
            places.append([each.get("cx") for each in root.findall(f"{SVG}circle")])
        assert places[0] == places[1]

    def test_only_the_latest(self, home: Path) -> None:
        told = run(home, "look", "--latest", "1").stdout
        assert "Only the latest plans are here, 1 in all." in told
        assert ": 8." not in told
        assert ": 4." in told
        assert "Only the latest" not in run(home, "look", "--latest", "2").stdout

    def test_nothing_to_look_at(self, tmp_path: Path) -> None:
        told = run(tmp_path, "look", "--output", str(tmp_path / "look.html")).stdout
        assert "No numbers were kept yet." in told
        assert "<svg" not in (tmp_path / "look.html").read_text()
        assert run(tmp_path, "look", "--output", str(tmp_path / "look.png")).exit_code == 2

    @pytest.mark.sound
    def test_it_is_said_aloud(self, home: Path, sound_card: SoundCard) -> None:
        with sound_card.capture() as heard:
            done = run(home, "look", "--latest", "1", "--spoken")
        assert done.exit_code == 0, done.output
        assert heard.loud_seconds > 8
