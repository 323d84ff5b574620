"""How well danger is understood, on wordings that nothing was tuned on: tests/danger/*.tsv, or files that are named."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from voice import parts
from voice.content import load
from voice.judgement import Judgement
from voice.safety import Light, Safety

KEPT = Path(__file__).parent / "danger"
AIMS = {"direct": 0.98, "indirect": 0.90}
"""Shares of dangerous wordings that must be RED or AMBER."""


@dataclass(frozen=True)
class Wording:
    """A line that somebody might say."""

    category: str
    danger: bool
    direct: bool
    text: str


def read(files: Iterable[Path]) -> list[Wording]:
    """category, expect ("danger" or "calm"), kind, phrase. Raises ValueError for a line that is something else."""
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != 4 or fields[1] not in ("danger", "calm"):
                raise ValueError(f"{file.name}, line {number}: category, danger or calm, kind, phrase")
            found.append(Wording(fields[0], fields[1] == "danger", fields[2].startswith("direct"), fields[3]))
    return found


def table(wordings: Sequence[Wording], lights: Sequence[Light]) -> Table:
    """Counts per category: what was caught, and what was taken for danger."""
    counts: dict[str, dict[str, Counter[Light]]] = defaultdict(lambda: defaultdict(Counter))
    for wording, light in zip(wordings, lights, strict=True):
        kind = "calm" if not wording.danger else "direct" if wording.direct else "indirect"
        for category in (wording.category, "all"):
            counts[category][kind][light] += 1
    made = Table("category", "direct caught", "(RED)", "indirect caught", "(RED)", "calm", "taken RED", "taken AMBER")
    for category in sorted(counts, key=lambda name: (name == "all", name)):
        row = [category]
        for kind in ("direct", "indirect"):
            seen = counts[category][kind]
            caught = seen[Light.RED] + seen[Light.AMBER]
            row += [_share(caught, seen.total()), _share(seen[Light.RED], seen.total())]
        calm = counts[category]["calm"]
        row += [str(calm.total()), _share(calm[Light.RED], calm.total()), _share(calm[Light.AMBER], calm.total())]
        made.add_row(*row, end_section=category != "all" and len(counts) == 2)
    return made


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:.0f} %" if whole else "-"


def drawn(wordings: Sequence[Wording], most: int) -> list[Wording]:
    """At most so many of each category and kind; all where `most` is 0."""
    groups: dict[tuple[str, bool, bool], list[Wording]] = defaultdict(list)
    for wording in wordings:
        groups[wording.category, wording.danger, wording.direct].append(wording)
    draw = random.Random(1)
    return [w for group in groups.values() for w in draw.sample(group, min(len(group), most or len(group)))]


def _aloud(wordings: Sequence[Wording], model: Path | None, misses: bool) -> int:
    """The same through sound."""
    from tests import danger_aloud
    from voice import settings

    path = model or parts.find_model(settings.load({})).path
    by_text = {wording.text: wording for wording in wordings}
    work = track(danger_aloud.judged(list(by_text), path), "spoken", total=len(by_text) * len(danger_aloud.VOICES))
    found = list(work)
    console = Console(width=140)
    for voice in sorted({each.voice for each in found}):
        mine = [each for each in found if each.voice == voice]
        rows = table([by_text[each.text] for each in mine], [Light(each.light) for each in mine])
        console.print(voice, _last(rows))
    console.print(f"{len({each.voice for each in found})} voices, heard by {path.name}")
    console.print(table([by_text[each.text] for each in found], [Light(each.light) for each in found]))
    for each in found:
        wording = by_text[each.text]
        if misses and wording.danger == (each.light == Light.GREEN.value):
            print(each.light, wording.category, each.voice, each.text, f"heard: {each.heard}", sep="\t")
    return 0 if found else 1


def _last(rows: Table) -> str:
    """The row over all categories, as a line."""
    named = [(str(column.header), list(column.cells)[-1]) for column in rows.columns[1:]]
    return ", ".join(f"{name} {cell}" for name, cell in named)


def main(arguments: Sequence[str]) -> int:
    """Print the table, and with --misses the lines behind it."""
    parser = argparse.ArgumentParser(prog="scripts/bench danger", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--misses", action="store_true", help="print each line that was judged wrongly")
    parser.add_argument("--phrases-alone", action="store_true", help="without the network's opinion")
    parser.add_argument(
        "--aloud", action="store_true", help="spoken by synthetic voices, and heard by the model in use"
    )
    parser.add_argument("--most", type=int, default=0, help="so many of each category and kind, drawn with a seed")
    parser.add_argument("--model", type=Path, help="with --aloud: a speech model's folder")
    chosen = parser.parse_args(list(arguments))
    wordings = drawn(read(chosen.files or sorted(KEPT.glob("*.tsv"))), chosen.most)
    if chosen.aloud:
        return _aloud(wordings, chosen.model, chosen.misses)
    content = load()
    began = time.perf_counter()
    if chosen.phrases_alone:
        safety = Judgement(Safety(content.rules, content.safety), None)
    else:
        safety = parts.judgement(content)
    loaded, began = time.perf_counter() - began, time.perf_counter()
    verdicts = [safety.judge(wording.text) for wording in wordings]
    each = (time.perf_counter() - began) / max(1, len(wordings))
    console = Console(width=140)
    console.print(table(wordings, [verdict.light for verdict in verdicts]))
    aims = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in AIMS.items())
    console.print(
        f"aims: {aims}; calm at most 5 % RED and 10 % AMBER. {1000 * each:.1f} ms a line, load {loaded:.2f} s"
    )
    if chosen.misses:
        for wording, verdict in zip(wordings, verdicts, strict=True):
            if wording.danger == (verdict.light is Light.GREEN):
                print(verdict.light.value, wording.category, wording.text, verdict.why, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
