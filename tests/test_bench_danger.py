"""The bench's own sums, and the lines that it measures with: well formed, and none that anything was tuned on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import bench_answers, bench_danger
from tests.bench_danger import KEPT, Wording, read, table
from voice.safety import Light

DANGER = Path(__file__).parents[1] / "scripts" / "danger"
TUNED = sorted([*(DANGER / "lines").glob("*.tsv"), *(DANGER / "next").glob("*.tsv")])
CATEGORIES = {
    "OD", "OD_SELF", "SUI_SELF", "SUI_LOVED", "VIO", "VIO_OWN", "CHI", "CHILD_SPEAKING", "WDR", "MED", "BEREAVED",
    "EVERYDAY", "ANSWER",
}  # fmt: skip


def test_each_category_has_sixty_wordings_either_way_that_were_kept_aside() -> None:
    kept = read(sorted(KEPT.glob("*.tsv")))
    for category in CATEGORIES - {"EVERYDAY", "ANSWER"}:
        lines = [wording for wording in kept if wording.category == category]
        assert sum(wording.danger for wording in lines) >= 60, category
        assert sum(not wording.danger for wording in lines) >= 60, category
    assert {wording.category for wording in kept} == CATEGORIES - {"ANSWER"}
    learnt = {wording.text for wording in read(TUNED)}
    assert not {wording.text for wording in kept} & learnt, "kept aside means kept aside"
    assert not {line.text for line in bench_answers.lines(bench_answers.KEPT)} & learnt


def test_lines_are_as_a_recogniser_writes_them() -> None:
    for wording in read([*KEPT.glob("*.tsv"), *TUNED]):
        assert wording.category in CATEGORIES
        assert wording.text == wording.text.lower().strip()
        assert all(c.isalpha() or c in " '" for c in wording.text), wording.text


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("# head\nOD\tdanger\tdirect\tgone blue\nOD\tperhaps\tdirect\thm\n")
    with pytest.raises(ValueError, match=r"x\.tsv, line 3"):
        read([tmp_path / "x.tsv"])


def test_it_counts_what_was_caught_and_what_was_taken_for_danger(capsys: pytest.CaptureFixture[str]) -> None:
    wordings = [
        Wording("OD", True, True, "a"), Wording("OD", True, False, "b"), Wording("OD", False, False, "c"),
        Wording("OD", False, False, "d"),
    ]  # fmt: skip
    made = table(wordings, [Light.RED, Light.GREEN, Light.AMBER, Light.GREEN])
    cells = [next(iter(column.cells)) for column in made.columns]
    assert cells == ["OD", "1/1 100 %", "1/1 100 %", "0/1 0 %", "0/1 0 %", "2", "0/2 0 %", "1/2 50 %"]


def test_it_lists_the_misses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.tsv").write_text("OD\tdanger\tdirect\tnice weather\nOD\tcalm\tidiom\tshe is not breathing\n")
    assert bench_danger.main(["--misses", str(tmp_path / "x.tsv")]) == 0
    said = capsys.readouterr().out
    assert "green\tOD\tnice weather" in said
    assert "red\tOD\tshe is not breathing" in said
