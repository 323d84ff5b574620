"""Plans as plain text, JSON and CSV: one, or all that are kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from voice.paper.plan import Plan, Wording

_FORMULA = tuple("=+-@|%＝＋－＠\t\r\n")
"""How a cell begins that a spreadsheet could take for a formula, or for a part of one."""
COLUMNS = ("plan", "day", "walkthrough", "kind", "name", "place", "text", "mark")


def text(plans: Sequence[Plan], words: Wording) -> str:
    """For reading: a title, the day, the numbered lines, the numbers to call; an empty line between plans."""
    return "\n\n".join("\n".join(_page(plan, words)) for plan in plans) + "\n"


def json_of(plans: Sequence[Plan]) -> str:
    """{"plans": [{plan, day, walkthrough, title, lines: [{slot, text, mark}], calls: [{name, number}], answers}]}; what
    only the notes know is null or empty for a plan that was not kept."""
    return json.dumps({"plans": [_object(plan) for plan in plans]}, ensure_ascii=False, indent=2) + "\n"


def csv_of(plans: Sequence[Plan]) -> str:
    """One row a line and one an answer, under COLUMNS; begins with a byte order mark, by which spreadsheets know UTF-8.

    A text that a spreadsheet could take for a formula has an apostrophe before it, which marks a text there.
    """
    out = io.StringIO(newline="")
    table = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for plan in plans:
        table.writerows([_cell(value) for value in row] for row in _rows(plan))
    return "\ufeff" + out.getvalue()


def _page(plan: Plan, words: Wording) -> Iterator[str]:
    yield plan.title
    if plan.made:
        yield plan.made
    yield ""
    yield from (f"{number}. {line}" for number, line in enumerate(plan.lines, 1))
    if plan.calls:
        yield from ("", words.calls)
        yield from (f"{call.name}: {call.number}" for call in plan.calls)


def _object(plan: Plan) -> dict[str, object]:
    kept = plan.kept
    return {
        "plan": kept.id if kept else None,
        "day": kept.day if kept else None,
        "walkthrough": kept.walkthrough if kept else None,
        "title": plan.title,
        "lines": [{"slot": slot, "text": line, "mark": mark} for slot, line, mark in _lines(plan)],
        "calls": [{"name": call.name, "number": call.number} for call in plan.calls],
        "answers": dict(kept.answers) if kept else {},
    }


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    kept = plan.kept
    head = (str(kept.id), kept.day, kept.walkthrough) if kept else ("", "", "")
    for place, (slot, line, mark) in enumerate(_lines(plan), 1):
        yield (*head, "line", slot, str(place), line, mark)
    for place, (step, answer) in enumerate((kept.answers if kept else {}).items(), 1):
        yield (*head, "answer", step, str(place), answer, "")


def _lines(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """(slot, text, mark) of each."""
    nothing = ("",) * len(plan.lines)
    kept = plan.kept
    return zip(kept.slots if kept else nothing, plan.lines, (kept.marks if kept else ()) or nothing, strict=True)


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
