"""`afterwards lines` as a person types it, and a group's own file: in the table, in a check, and in a whole talk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.pseudo_terminal import open_terminal
from voice.check import check
from voice.cli import main
from voice.content import own_helplines
from voice.errors import ContentError
from voice.settings import Settings

ROOT = Path(__file__).parents[1]
OWN = """\
# Ours.
UK:
  crisis:
    - name: our group
      number: "01632 960 123"
      region: Scotland
      hours: Tuesdays, seven to nine
      sure: sure
      checked: 2026-10
      how: we called it
"""


def run(home: Path, *words: str, **environ: str) -> Result:
    surroundings = {"AFTERWARDS_HOME": str(home), "AFTERWARDS_COUNTRY": "", "AFTERWARDS_REGION": "", **environ}
    return CliRunner().invoke(main, list(words), env=surroundings)


def rows(home: Path, *words: str, **environ: str) -> list[dict[str, Any]]:
    done = run(home, "lines", "--json", *words, **environ)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a group's own number."""
    (tmp_path / "lines.yaml").write_text(OWN, encoding="utf-8")
    return tmp_path


# ---- the table


def test_the_table_says_of_each_line_what_it_is_worth(tmp_path: Path) -> None:
    done = run(tmp_path, "lines", "--country", "gb")
    assert done.exit_code == 0
    head, _, *table = done.output.splitlines()
    assert [cell.strip() for cell in head.split("|")] == [
        *("country", "region", "purpose", "name", "number", "hours", "sure", "checked", "how")
    ]
    told = {(cells[1], cells[3]): cells for row in table if len(cells := [c.strip() for c in row.split("|")]) == 9}
    assert told["", "Samaritans"][4:8] == ["116 123", "", "sure", "memory, check it"]
    assert told["", "FRANK"][6] == "fairly, never spoken"
    assert told["", "the men's line (for men)"][6] == "sure, never spoken"
    assert told["England", "the violence line"][4] == "0808 2000 247"
    assert {cells[0] for cells in told.values()} == {"UK"}


def test_the_end_says_how_many_need_checking(tmp_path: Path) -> None:
    for words in (("--country", "UK"), ("--country", "US"), ("--all",)):
        found = rows(tmp_path, *words)
        given = [row for row in found if row["given"] and row["number"]]
        due = [row for row in given if row["due"]]
        never = [row for row in found if row["number"] and not row["given"]]
        last = run(tmp_path, "lines", *words).output.splitlines()[-1]
        assert last.startswith(f"Of {len(given)} numbers that may be given, {len(due)} need checking")
        assert last.endswith(f"{len(never)} more are never spoken.")
        assert due
        assert never


def test_json_is_one_object_a_line_with_all_that_is_known(tmp_path: Path) -> None:
    line = next(row for row in rows(tmp_path, "--country", "US") if row["purpose"] == "violence")
    assert line == {
        "country": "US",
        "region": "",
        "purpose": "violence",
        "name": "the violence line",
        "number": "1-800-799-7233",
        "hours": "",
        "sure": "sure",
        "checked": "memory",
        "how": "ovc.ojp.gov news page",
        "spoken": "one, eight hundred, seven nine nine, seven two three three",
        "text": "88788",
        "only_for": "",
        "silent": "",
        "notes": "Text START to 88788.",
        "own": False,
        "given": True,
        "due": True,
        "stale": True,
    }
    emergency = next(row for row in rows(tmp_path, "--country", "US") if row["purpose"] == "emergency")
    assert (emergency["due"], emergency["stale"]) == (True, False), "to be checked, and never doubted aloud"


def test_country_and_region_come_from_the_settings_and_all_shows_all(tmp_path: Path) -> None:
    everything = rows(tmp_path)
    assert {row["country"] for row in everything} > {"US", "UK", "EU", "generic"}
    (tmp_path / "settings.toml").write_text('country = "UK"\nregion = "scotland"\n', encoding="utf-8")
    assert {(row["country"], row["region"]) for row in rows(tmp_path)} == {("UK", ""), ("UK", "Scotland")}
    assert {row["region"] for row in rows(tmp_path, "--region", "WALES")} == {"", "Wales"}
    assert {row["country"] for row in rows(tmp_path, "--country", "CA")} == {"CA"}
    assert rows(tmp_path, "--all") == everything
    assert {row["region"] for row in rows(tmp_path, "--all", "--country", "UK")} > {"England", "Wales"}
    assert {row["country"] for row in rows(tmp_path, AFTERWARDS_COUNTRY="OTHER")} == {"generic"}


def test_a_region_alone_finds_its_country(tmp_path: Path) -> None:
    assert {(row["country"], row["region"]) for row in rows(tmp_path, "--region", "ontario")} == {
        ("CA", ""),
        ("CA", "Ontario"),
    }


@pytest.mark.parametrize(
    "words",
    [
        ("lines", "--region", "Ontaria"),
        ("lines", "--country", "UK", "--region", "Ontario"),
        ("talk", "--silent", "--country", "UK", "--region", "Ontario"),
    ],
)
def test_a_wrong_region_is_named_with_those_that_there_are(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words)
    assert done.exit_code == 1
    assert words[-1] in done.stderr
    assert "Scotland" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("columns", [20, 50, 200])
def test_any_terminal_is_wide_enough(tmp_path: Path, columns: int) -> None:
    person, program = open_terminal()
    environ = {**os.environ, "AFTERWARDS_HOME": str(tmp_path), "COLUMNS": str(columns)}
    command = [sys.executable, "-m", "voice", "lines", "--country", "AU"]
    with subprocess.Popen(command, stdout=program, env=environ, cwd=ROOT) as running:
        os.close(program)
        out = b""
        try:
            while piece := os.read(person, 65536):
                out += piece
        except OSError:  # its other side is closed
            pass
    os.close(person)
    assert running.returncode == 0
    text = out.decode()
    drawn = text.partition("Your own")[0].splitlines()
    assert max(len(line) for line in drawn) <= columns
    assert "13 11 14" in " ".join(text.split())
    assert ("country  " in text) == (columns == 200)


# ---- a group's own file


def test_a_group_s_own_line_stands_first_in_its_table(home: Path) -> None:
    found = rows(home, "--country", "UK", "--region", "Scotland")
    first = next(row for row in found if row["purpose"] == "crisis")
    assert first["own"]
    assert first["spoken"] == "zero one six three two, nine six zero, one two three"
    assert (first["number"], first["hours"]) == ("01632 960 123", "Tuesdays, seven to nine")
    out = run(home, "lines", "--country", "UK").output
    assert "our group (your own)" in out
    assert f"Your own are from {home / 'lines.yaml'}." in out


BROKEN = {
    "a list": ("- UK\n", "does not begin with a country"),
    "no yaml": ("UK: [\n", "is broken near line 2"),
    "a key twice": (f"{OWN}      number: 5\n", "the key 'number' stands twice"),
    "a country twice": (f"{OWN}UK:\n  child: []\n", "the key 'UK' stands twice"),
    "an odd key": ("? [UK]\n: 1\n", "a key is not plain text"),
    "a deep nest": ("[" * 5000, "is broken"),
    "a wrong digit": (OWN.replace("      hours", "      spoken: one\n      hours"), "says 'one'"),
    "an unsure emergency number": (
        "UK:\n  emergency: {name: e, number: '112', sure: fairly, checked: 2026-10, how: us}\n",
        "'UK.emergency' replaces an emergency number",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_costs_no_line_of_the_program_and_is_told(tmp_path: Path, kind: str) -> None:
    text, told = BROKEN[kind]
    whole = run(tmp_path, "lines", "--country", "UK").stdout
    (tmp_path / "lines.yaml").write_text(text, encoding="utf-8")
    done = run(tmp_path, "lines", "--country", "UK")
    assert (done.exit_code, done.stdout) == (1, whole)
    assert str(tmp_path / "lines.yaml") in done.stderr
    assert told in done.stderr
    assert "only the lines that came with the program are given" in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["no text", "a folder"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lines.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ContentError, match="cannot be read"):
        own_helplines(path)
    assert run(tmp_path, "lines").exit_code == 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\ufeff" + OWN, OWN.replace("\n", "\r\n")])
def test_an_empty_file_and_those_of_other_editors_are_fine(tmp_path: Path, text: str) -> None:
    (tmp_path / "lines.yaml").write_bytes(text.encode())
    assert any(row["own"] for row in rows(tmp_path)) == ("our group" in text)


def test_scalars_stay_what_was_written(tmp_path: Path) -> None:
    plain = OWN.replace('"01632 960 123"', "0163")
    (tmp_path / "lines.yaml").write_text(plain, encoding="utf-8")
    assert next(row for row in rows(tmp_path) if row["own"])["number"] == "0163", "never octal, never a date"


def told_by_check(home: Path) -> tuple[bool, str]:
    chosen = Settings(home=home, country="UK", microphone="none such", speaker="none such", model="/nowhere/model")
    line = next(line for line in check(chosen) if line.part == "help lines")
    return line.fine, line.words


def test_the_check_tells_of_the_own_file(home: Path) -> None:
    fine, words = told_by_check(home)
    assert fine
    assert f" Your own: 1, from {home / 'lines.yaml'}." in words
    assert "need checking" in words
    (home / "lines.yaml").write_text("UK: 5\n", encoding="utf-8")
    fine, words = told_by_check(home)
    assert not fine
    assert str(home / "lines.yaml") in words
    (home / "lines.yaml").unlink()
    assert told_by_check(home)[0]


# ---- in a talk


SCRIPT = "emergency\nwants to die\n"


def talk(home: Path, *words: str) -> list[dict[str, Any]]:
    """What `rehearse` tells of a talk that comes to a card."""
    script = home / "script.txt"
    script.write_text(SCRIPT, encoding="utf-8")
    done = run(home, "rehearse", "--json", "--country", "UK", *words, str(script))
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(events: list[dict[str, Any]]) -> str:
    return " ".join(event["text"] for event in events if event["type"] == "say")


def test_a_talk_gives_the_group_s_own_number_in_its_region_alone(home: Path) -> None:
    assert "our group 01632 960 123" in shown(talk(home, "--region", "scotland"))
    assert "our group" not in shown(talk(home, "--region", "Wales"))
    assert "our group" not in shown(talk(home))


def test_a_talk_says_check_this_number_after_the_sentence(tmp_path: Path) -> None:
    events = talk(tmp_path)
    card = [event["lines"] for event in events if event["type"] == "card"][-1]
    for words in (shown(events), " ".join(card)):
        assert "Family can call Samaritans 116 123 too. Check this number." in words
        assert "999. Check" not in words


def test_a_talk_with_a_broken_file_goes_on_with_the_program_s_lines_and_shows_it(home: Path) -> None:
    whole = shown(talk(home, "--region", "Wales"))
    (home / "lines.yaml").write_text(OWN.replace("sure: sure", "sure: yes"), encoding="utf-8")
    events = talk(home, "--region", "Wales")
    troubles = [event for event in events if event["type"] == "trouble"]
    assert [event["code"] for event in troubles] == ["content-helplines"]
    assert str(home / "lines.yaml") in troubles[0]["message"]
    assert shown(events) == whole
