"""How people's own words are taken at each question: understood or not, and what is calm or danger among them.

tests/answers/*.tsv: by an author who had seen nothing but the questions. Nothing learnt from them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from voice import parts
from voice.dialogue.asking import NOT_SURE, NUMBERS
from voice.events import Answer, Danger, Heard, Kind, Listen, NotUnderstood, Source
from voice.session_hearing import Hearing
from voice.walkthrough import Step

KEPT = sorted((Path(__file__).parent / "answers").glob("*.tsv"))
CARD = "card"


@dataclass(frozen=True)
class Line:
    """What somebody says at a step."""

    step: str
    danger: bool
    text: str
    means: str = ""
    """Id of the answer that a careful person takes it for; empty for a danger, and where it is none."""


def lines(files: Iterable[Path]) -> list[Line]:
    """step, "danger" or "calm", what it means ("-" for nothing), phrase. Raises ValueError for another line."""
    found = []
    for file in files:
        for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if row.startswith("#"):
                continue
            fields = row.split("\t")
            if len(fields) != 4 or fields[1] not in ("danger", "calm"):
                raise ValueError(f"{file.name}, line {number}: step, danger or calm, meaning, phrase")
            danger = fields[1] == "danger"
            found.append(Line(fields[0], danger, fields[3], "" if danger or fields[2] == "-" else fields[2]))
    return found


def listen_at(step: Step | None) -> Listen:
    """What is live at a step, whatever was answered before; between the steps nothing but what always is."""
    if step is None:
        return Listen("between", Kind.CHOICE)
    live = tuple(id_ for id_ in step.outcomes if id_ not in ("skip", "said"))
    expects = (*NUMBERS, NOT_SURE) if step.answer is Kind.NUMBER else live
    return Listen(step.id, step.answer, expects, heavy=any(outcome.card for outcome in step.outcomes.values()))


def taken(found: Sequence[Line]) -> list[str]:
    """How each line is taken: "red", "amber", "card" for an answer that leads to one, "right" and "wrong" for another
    answer, which "checked" ends where it is read back before it counts; "asked again"; "something else" for a remark or
    a command."""
    talking = parts.Talking()
    hearing = Hearing(talking.understanding, talking.safety)
    steps = {step.id: step for walk in talking.content.walkthroughs.values() for step in walk.steps.values()}
    kinds = []
    for line in found:
        step = steps.get(line.step)
        match hearing.meaning(Heard(line.text, Source.TYPED), listen_at(step)):
            case Danger(light=light):
                kinds.append(light)
            case Answer(value=value, sure=sure):
                leads = step is not None and value in step.outcomes and bool(step.outcomes[value].card)
                right = "right" if value == line.means else "wrong"
                kinds.append(CARD if leads else right if sure else f"{right}, checked")
            case NotUnderstood():
                kinds.append("asked again")
            case _:
                kinds.append("something else")
    return kinds


def main(arguments: Sequence[str]) -> int:
    """Print the table, and with --misses the lines behind it."""
    parser = argparse.ArgumentParser(prog="scripts/bench answers", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--misses", action="store_true", help="print each line that was taken wrongly")
    chosen = parser.parse_args(list(arguments))
    found = lines(chosen.files or KEPT)
    kinds = taken(found)
    columns = (
        "red",
        "amber",
        CARD,
        "right",
        "right, checked",
        "wrong",
        "wrong, checked",
        "asked again",
        "something else",
    )
    made = Table("said", "lines", *columns)
    for name, danger in (("calm", False), ("danger", True)):
        counts = Counter(kind for line, kind in zip(found, kinds, strict=True) if line.danger is danger)
        made.add_row(name, str(counts.total()), *(str(counts[column]) for column in columns))
    Console(width=120).print(made)
    if chosen.misses:
        for line, kind in zip(found, kinds, strict=True):
            if kind.startswith("wrong") or line.danger != (kind in ("red", "amber", CARD)):
                print(kind, line.step, line.text, sep="\t")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
