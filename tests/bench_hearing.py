"""How well a model hears, beside the pocketsphinx package's own English model on the same clips in the same run."""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from scripts.train.recordings import RATE
from tests import hearing_sets as sets_
from tests.hearing_sets import Clip, Set
from tests.peak import peak_memory
from tests.rivals import AROUND, Heard, Rival, ours, pocketsphinx
from voice.speech.recogniser import BORDER

SHARED = Path(__file__).resolve().parents[2] / "shared" / "speech"
RATIOS: tuple[float | None, ...] = (None, 20, 10, 5)
"""Decibels of speech over noise; None is clean."""
FALSE_REJECTS = 0.03


@dataclass
class Result:
    """What one recogniser made of one set in one noise."""

    right: list[Clip] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    """Words wrong, in free reading."""
    words: int = 0
    scores: list[tuple[float, bool]] = field(default_factory=list)
    """(how far to believe it, whether it is right) of each clip."""
    foreign: list[float] = field(default_factory=list)
    beside: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    work: float = 0.0


def measure(rival: Rival, one: Set, ratio: float | None, noises: Sequence[NDArray[np.int16]]) -> Result:
    """Everything in the set, heard once."""
    draw, result = random.Random(1), Result()

    def hear(clip: Clip) -> Heard:
        sound = clip.sound if ratio is None else sets_.noisy(clip.sound, noises, ratio, draw)
        began = time.process_time()
        heard = rival(sound, one.live)
        result.work += time.process_time() - began
        result.seconds += clip.seconds + AROUND
        if one.live and not one.chained and heard.text not in one.live:
            return Heard("", -math.inf)  # a part of a phrase, say: it means nothing, so it is not understood
        return heard

    for clip in one.clips:
        heard = hear(clip)
        if not one.live:
            result.errors += distance(clip.text.split(), heard.text.split())
            result.words += len(clip.text.split())
        elif heard.text == clip.text:
            result.right.append(clip)
        else:
            result.wrong[f"{clip.text} > {heard.text or 'nothing'}"] += 1
        result.scores.append((heard.belief, heard.text == clip.text))
    result.foreign = [hear(clip).belief for clip in one.foreign]
    result.beside = {kind: [hear(clip).belief for clip in clips] for kind, clips in one.beside.items()}
    return result


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words to change, drop or add."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def border(results: Sequence[Result]) -> float:
    """What an answer must be believed by: FALSE_REJECTS of the right ones are refused. Each set counts alike."""
    found = [sorted(score for score, good in result.scores if good) for result in results]
    found = [scores for scores in found if scores]

    def refused(at: float) -> float:
        return sum(bisect_left(scores, at) / len(scores) for scores in found) / len(found)

    candidates = sorted({score for scores in found for score in scores if score > -math.inf})
    return max((at for at in candidates if refused(at) <= FALSE_REJECTS), default=float("nan"))


def rejecting(result: Result, at: float) -> tuple[float, float, float]:
    """(right answers refused, foreign words refused, answers taken for another): shares, with the border `at`."""
    right = [score for score, good in result.scores if good]
    if not right or not result.foreign:
        return float("nan"), float("nan"), float("nan")
    wrong = sum(score >= at for score, good in result.scores if not good)
    rejects = sum(score < at for score in right) / len(right)
    return rejects, sum(score < at for score in result.foreign) / len(result.foreign), wrong / len(result.scores)


def figure(one: Set, result: Result) -> str:
    """Accuracy, or the word error rate of free reading."""
    if not one.live:
        return f"{100 * result.errors / max(1, result.words):.1f} % wrong"
    return f"{100 * len(result.right) / len(one.clips):.1f} %"


def main(arguments: Sequence[str]) -> int:
    """Print the tables."""
    chosen = _arguments(arguments)
    if chosen.probe:
        return _probe(chosen.probe, Path(chosen.model))
    clips = sets_.read(chosen.folder, chosen.split)
    if not clips:
        print(f"There are no recordings in {chosen.folder}.", file=sys.stderr)
        return 1
    noises = sets_.noises(chosen.folder / "noise")
    found = sets_.sets(clips, _phrases(), chosen.most, noises)
    rivals: dict[str, Callable[[], Rival]] = {"this model": lambda: ours(Path(chosen.model))}
    if not chosen.alone:
        rivals["pocketsphinx"] = pocketsphinx
    console = Console(width=150)
    console.print(
        f"{len(clips)} clips of {len({c.speaker for c in clips})} speakers in {chosen.folder}; {chosen.model}"
    )
    kinds = sets_.voices(clips)
    for name, make in rivals.items():
        rival = make()
        ratios = RATIOS if chosen.noise else RATIOS[:1]
        results = {one.name: {ratio: measure(rival, one, ratio, noises) for ratio in ratios} for one in found}
        clean = {one.name: results[one.name][None] for one in found}
        at = border([clean[one.name] for one in found if one.foreign])
        console.print(_table(name, found, results, ratios, at))
        console.print(f"  border, for {100 * FALSE_REJECTS:.0f} % of right answers refused: {at:.2f}")
        if chosen.keep_border and name == "this model" and not math.isnan(at):
            Path(chosen.model, BORDER).write_text(f"{at:.2f}\n", encoding="utf-8")
        for one in found:
            console.print(f"  {one.name}: {_groups(one, results[one.name][None], kinds)}")
            if wrong := results[one.name][None].wrong:
                console.print(f"    {', '.join(f'{what} ({n})' for what, n in wrong.most_common(12))}")
        done = [result for by_ratio in results.values() for result in by_ratio.values()]
        console.print(f"  real-time factor {sum(r.work for r in done) / sum(r.seconds for r in done):.4f} on one core")
        console.print(f"  {_cost('vosk' if name == 'this model' else name, chosen.model)}")
    return 0


def _table(
    name: str, found: Sequence[Set], results: dict[str, dict[float | None, Result]], ratios: Sequence[float | None],
    at: float,
) -> Table:  # fmt: skip
    noises = (f"{r} dB" if r is not None else "clean" for r in ratios)
    table = Table("set", "clips", *noises, "right refused", "foreign refused", "taken for another", "aim", title=name)
    for one in found:
        clean = results[one.name][None]
        falsely, refused, taken = rejecting(clean, at)
        rejects = ["", "", ""]
        if one.foreign:
            shares = [f"words {100 * refused:.0f} % of {len(one.foreign)}"]
            for kind, beliefs in clean.beside.items():
                shares.append(f"{kind} {100 * sum(b < at for b in beliefs) / len(beliefs):.0f} % of {len(beliefs)}")
            rejects = [f"{100 * falsely:.1f} %", "\n".join(shares), f"{100 * taken:.1f} %"]
        figures = [figure(one, results[one.name][ratio]) for ratio in ratios]
        table.add_row(one.name, str(len(one.clips)), *figures, *rejects, one.aim)
    return table


def _groups(one: Set, result: Result, kinds: dict[str, str]) -> str:
    """Accuracy by kind of voice, and of the words that are heard worst."""
    if not one.live:
        return f"{result.words} words"
    right, every = Counter(kinds[c.speaker] for c in result.right), Counter(kinds[c.speaker] for c in one.clips)
    parts = [f"{kind} {100 * right[kind] / n:.0f} % of {n}" for kind, n in sorted(every.items())]
    words: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    good = {id(clip) for clip in result.right}
    for clip in one.clips:
        words[clip.text][0] += id(clip) in good
        words[clip.text][1] += 1
    if len(words) <= 60:
        worst = sorted(words.items(), key=lambda pair: pair[1][0] / pair[1][1])
        parts.append("by word: " + ", ".join(f"{word} {a}/{b}" for word, (a, b) in worst))
    return "; ".join(parts)


def _cost(engine: str, model: str) -> str:
    """Load time and memory, in a process of their own."""
    command = [sys.executable, "-m", "tests.bench_hearing", "--probe", engine, "--model", model]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return f"load {found['load']:.2f} s, {found['memory']:.0f} MB at most"


def _probe(engine: str, model: Path) -> int:
    began = time.perf_counter()
    rival = ours(model) if engine == "vosk" else pocketsphinx()
    load = time.perf_counter() - began
    for live in (("yes", "no"), ()):
        rival(np.random.default_rng(1).integers(-3000, 3000, 3 * RATE).astype(np.int16), live)
    memory = peak_memory()
    print(json.dumps({"load": load, "memory": memory}))
    return 0


def _phrases() -> list[str]:
    from scripts.train.phrases import collect

    return [phrase for phrase in collect().live if phrase.split()[0] not in ("um", "uh")]


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    from voice import parts, settings

    parser = argparse.ArgumentParser(prog="scripts/bench hearing", description=__doc__)
    parser.add_argument("--folder", type=Path, default=SHARED, help="recordings: manifest.tsv, or files named by text")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--model", help="a model's folder; without it, the one in use")
    parser.add_argument("--most", type=int, default=400, help="clips of a set, at most")
    parser.add_argument("--no-noise", dest="noise", action="store_false")
    parser.add_argument("--alone", action="store_true", help="without pocketsphinx")
    parser.add_argument("--keep-border", action="store_true", help="write the border into the model's folder")
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    chosen = parser.parse_args(list(arguments))
    chosen.model = chosen.model or str(parts.find_model(settings.load({})).path)
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
