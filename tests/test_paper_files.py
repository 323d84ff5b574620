"""Files of the plan: text, JSON and CSV; private, and whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, strategies

from tests.papers import AWKWARD, LINES, PLAN, WORDS, texts
from voice.errors import PaperError
from voice.paper import Call, Kept, Plan, files
from voice.paper.plan import plain, together
from voice.paper.tables import COLUMNS, csv_of, json_of, text

ONE = Plan(
    "My plan",
    LINES[:2],
    "Made on 27 November 2026.",
    (Call("Emergency", "999"),),
    Kept(3, "2026-11-27", "family", ("safety", "learned"), {"Y2": "7"}, ("", "done")),
)


def code(path: Path, content: bytes = b"new", replace: bool = False) -> str:
    with pytest.raises(PaperError) as caught:
        files.write(path, content, replace=replace)
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.code


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class TestTables:
    def test_text(self) -> None:
        assert text([ONE, PLAN], WORDS).startswith(
            "My plan\nMade on 27 November 2026.\n\n1. In danger, call 999 first. Keep the naloxone near.\n"
            "2. I can be warmer next time.\n\nNumbers to call\nEmergency: 999\n\nMy plan\n"
        )

    def test_json(self) -> None:
        kept, own = json.loads(json_of([ONE, PLAN]))["plans"]
        assert (kept["plan"], kept["day"], kept["walkthrough"]) == (3, "2026-11-27", "family")
        assert kept["lines"][1] == {"slot": "learned", "text": LINES[1], "mark": "done"}
        assert kept["answers"] == {"Y2": "7"}
        assert kept["calls"] == [{"name": "Emergency", "number": "999"}]
        assert own["plan"] is None
        assert [line["text"] for line in own["lines"]] == list(LINES)

    def test_csv(self) -> None:
        content = csv_of([ONE])
        assert content.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
        assert rows == [
            list(COLUMNS),
            ["3", "2026-11-27", "family", "line", "safety", "1", LINES[0], ""],
            ["3", "2026-11-27", "family", "line", "learned", "2", LINES[1], "done"],
            ["3", "2026-11-27", "family", "answer", "Y2", "1", "7", ""],
        ]

    @given(strategies.lists(texts, max_size=6), strategies.dictionaries(texts, texts, max_size=3))
    @example(list(AWKWARD), {})
    def test_no_cell_is_a_formula_and_none_is_lost(self, lines: list[str], answers: dict[str, str]) -> None:
        kept = Kept(1, "2026-11-27", "=1+1", ("=slot",) * len(lines), answers)
        plan = Plan("My plan", tuple(lines), kept=kept)
        rows = list(csv.DictReader(io.StringIO(csv_of([plan]).removeprefix("\ufeff"), newline="")))
        assert len(rows) == len(lines) + len(answers)
        for row in rows:
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        told = [row["text"] for row in rows if row["kind"] == "line"]
        marked = {line for line in plan.lines if line[:1] in tuple("=+-@|%＝＋－＠")} - {""}
        assert told == [f"'{line}" if line in marked else line for line in plan.lines]

    @given(strategies.lists(texts, max_size=6))
    @example(list(AWKWARD))
    def test_json_and_text_give_back_what_was_put_in(self, lines: list[str]) -> None:
        plan = Plan("My plan", tuple(lines))
        json_of([plan]).encode()
        assert [line["text"] for line in json.loads(json_of([plan]))["plans"][0]["lines"]] == list(plan.lines)
        told = text([plan], WORDS).split("\n")
        assert told[2 : 2 + len(lines)] == [f"{n}. {line}" for n, line in enumerate(plan.lines, 1)]


class TestPlain:
    @given(strategies.text())
    def test_one_line_that_can_be_written(self, given: str) -> None:
        made = plain(given)
        assert made == plain(made)
        assert len(made.splitlines()) <= 1
        assert made.isprintable() or made.encode()

    def test_what_turns_the_direction_is_gone(self) -> None:
        assert plain("\u202eabc\u2066d\x00e\nf") == "abcde f"
        assert plain("👩‍👧 café") == "👩‍👧 café"

    def test_numbers_stay_together(self) -> None:
        assert together("call 116 123 now, at 7 or 8") == "call 116\u00a0123 now, at 7 or 8"

    def test_a_page_has_a_title(self) -> None:
        with pytest.raises(ValueError, match="title"):
            Plan("\x00 ", ("Rest.",))


class TestWriting:
    def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.txt"
        files.write(path, b"new")
        assert path.read_bytes() == b"new"
        assert path.stat().st_mode & 0o777 == 0o600
        assert names(tmp_path) == ["plan.txt"]

    def test_one_that_is_there_is_replaced_only_when_that_was_said(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.txt"
        path.write_text("old")
        path.chmod(0o644)
        assert code(path) == "paper-there"
        assert path.read_text() == "old"
        files.write(path, b"new", replace=True)
        assert path.read_bytes() == b"new"
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_disk_that_knows_no_second_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuses(path: Path, aim: Path) -> None:
            raise PermissionError

        monkeypatch.setattr(Path, "hardlink_to", refuses)
        files.write(tmp_path / "plan", b"new")
        assert (tmp_path / "plan").read_bytes() == b"new"

        def another_was_quicker(path: Path, aim: Path) -> None:
            path.write_bytes(b"another")
            raise PermissionError

        monkeypatch.setattr(Path, "hardlink_to", another_was_quicker)
        assert code(tmp_path / "second") == "paper-there"
        assert (tmp_path / "second").read_bytes() == b"another"
        assert sorted(names(tmp_path)) == ["plan", "second"]

    def test_a_link_is_replaced_and_not_followed(self, tmp_path: Path) -> None:
        aim, link = tmp_path / "aim", tmp_path / "link"
        aim.write_text("old")
        link.symlink_to(aim)
        assert code(link) == "paper-there"
        files.write(link, b"new", replace=True)
        assert aim.read_text() == "old"
        assert link.read_bytes() == b"new"
        (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
        assert code(tmp_path / "nowhere") == "paper-there"

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        assert code(tmp_path) == "paper-folder"
        assert code(tmp_path, replace=True) == "paper-folder"
        assert code(Path(os.devnull), replace=True) == "paper-no-file"
        assert code(tmp_path / "not" / "there") == "paper-no-folder"

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may write anywhere")
    def test_a_folder_that_can_only_be_read(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        assert code(tmp_path / "plan.txt") == "paper-read-only"

    @pytest.mark.skipif(not Path("/sys").is_dir(), reason="folders of Linux that not even root may write to")
    def test_folders_that_take_no_files(self) -> None:
        assert code(Path("/sys/plan.txt")) == "paper-read-only"
        assert code(Path("/proc/self/plan.txt")) in ("paper-failed", "paper-read-only")

    @pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
    def test_a_full_disk(self, tmp_path: Path) -> None:
        """A limit on the size of files stands in for it: the write fails in the middle."""
        import resource
        import signal

        path = tmp_path / "plan.txt"
        path.write_text("old")
        before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
            found = code(path, b"x" * 5000, replace=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        assert found == "paper-disk-full"
        assert path.read_text() == "old"
        assert names(tmp_path) == ["plan.txt"]

    def test_of_many_at_once_one_wins_and_none_is_mixed(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.txt"
        lost: list[str] = []

        def write(number: int) -> None:
            try:
                files.write(path, bytes([number]) * 100_000)
            except PaperError as error:
                lost.append(error.code)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert lost == ["paper-there"] * 7
        assert len(set(path.read_bytes())) == 1
        assert names(tmp_path) == ["plan.txt"]
