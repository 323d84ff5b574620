"""Step "graph": words and what follows what, as the transducers that libvosk puts together. Needs no training.

HCLr.fst: a tree of the lexicon's phones (in transition ids), words on its leaves' way back to the root, self-loops on
its nodes; in OpenFst's look-ahead form, which renumbers the words. Gr.fst: a bigram with back-off.
"""

from __future__ import annotations

import ctypes.util
import math
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.train.lexicon import GARBAGE, SILENCE, Lexicon
from scripts.train.transitions import Transitions, transitions
from scripts.train.units import ANY, Units, in_context

UNKNOWN = "[unk]"
_HALF = -math.log(0.5)
EACH_WORD = 1.0
"""What a word costs, so that few long ones are chosen before many short ones: in grammars and in free words alike. At
3.0 strings of numbers lost words."""
FREE_WORD = 2.75
"""What a word costs beyond that in free words. At 0 in all, twice as many words were written as were said."""
LANGUAGE = 1.25
"""Weight of what follows what in free words, beside the sound: 3 % fewer of them wrong than at 1."""
GARBAGE_MORE = 3.0
"""What garbage costs beyond a word: without, it took 3 of 43 times "yes" in a grammar of "yes" and "no"."""
_TOOLS = ("fstcompile", "fstarcsort", "fstconvert")


@dataclass(frozen=True)
class Bigrams:
    """Natural logarithms of probabilities, with Katz's back-off weights. "<s>" and "</s>" are the ends."""

    words: Mapping[str, float]
    back_off: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]


@dataclass
class _Node:
    number: int
    next: dict[int, _Node] = field(default_factory=dict)


def build(lexicon: Lexicon, units: Units, language: Bigrams, folder: Path) -> None:
    """graph/ of the model in `folder`, for the words of `lexicon` and UNKNOWN. Raises RuntimeError without OpenFst."""
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        raise RuntimeError(f"{', '.join(missing)} not found: install OpenFst's tools (libfst-tools)")
    graph = folder / "graph"
    (graph / "phones").mkdir(parents=True, exist_ok=True)
    numbers = {word: place for place, word in enumerate([*sorted(lexicon.words), UNKNOWN], 1)}
    lines = lexicon_lines(lexicon, transitions(units), units, numbers)
    compiled = _run(["fstcompile"], "\n".join(lines).encode())
    compiled = _run(["fstarcsort", "--sort_type=olabel"], compiled)
    relabel = graph / "relabel"
    _run(
        ["fstconvert", "--fst_type=olabel_lookahead", f"--save_relabel_opairs={relabel}", "-", str(graph / "HCLr.fst")],
        compiled,
        LD_PRELOAD=_plugin("fstlookahead"),
    )
    new = {int(old): int(now) for old, now in map(str.split, relabel.read_text().splitlines())}
    relabel.unlink()
    numbers = {word: new[number] for word, number in numbers.items()}
    table = ["<eps> 0", *(f"{word} {number}" for word, number in sorted(numbers.items(), key=lambda pair: pair[1]))]
    highest = max(numbers.values())
    table += [f"#0 {highest + 1}", f"<s> {highest + 2}", f"</s> {highest + 3}"]
    (graph / "words.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    (graph / "disambig_tid.int").write_text("")
    grammar = _run(["fstcompile"], "\n".join(bigram_lines(language, numbers)).encode())
    grammar = _run(["fstarcsort", "--sort_type=ilabel"], grammar)
    # Less than half of what it takes as "const", and read as fast (Sorensen and Allauzen, "Unary Data Structures for
    # Language Models", Interspeech 2011).
    command = ["fstconvert", "--fst_type=ngram", "-", str(graph / "Gr.fst")]
    _run(command, grammar, LD_PRELOAD=_plugin("fstngram"))


def lexicon_lines(lexicon: Lexicon, table: Transitions, units: Units, numbers: Mapping[str, int]) -> list[str]:
    """Arcs as fstcompile reads them. State 0, where it starts, is after a word; 1 is silence; 2 is before a word.

    Silence is not followed by silence: in training it never was, and to begin it anew would cost nothing.
    """
    silence = table.forward(SILENCE, units.index(ANY, SILENCE))
    lines = [f"0 1 {silence} 0 {_HALF}", f"0 2 0 0 {_HALF}", f"1 1 {silence - 1} 0", "1 2 0 0"]
    count = 3
    root = _Node(2)
    leaves: list[str] = []
    for word, way in _ways(lexicon, table, units):
        node = root
        for forward in way:
            if forward not in node.next:
                node.next[forward] = _Node(count)
                lines.append(f"{node.number} {count} {forward} 0")
                lines.append(f"{count} {count} {forward - 1} 0")
                count += 1
            node = node.next[forward]
        cost = EACH_WORD + (GARBAGE_MORE if word == UNKNOWN else 0.0)
        leaves.append(f"{node.number} 0 0 {numbers[word]} {cost}")
    return [*lines, *sorted(set(leaves)), "0", "1"]


def _ways(lexicon: Lexicon, table: Transitions, units: Units) -> Iterable[tuple[str, list[int]]]:
    for word, ways in lexicon.words.items():
        for phones in ways:
            last = len(phones) - 1
            places = ["S"] if not last else ["B", *"I" * (last - 1), "E"]
            yield (
                word,
                [
                    table.forward(f"{phone}_{place}", units.index(left, phone))
                    for place, (left, phone) in zip(places, in_context(phones), strict=True)
                ],
            )
    yield UNKNOWN, [table.forward(f"{GARBAGE}_S", units.index(ANY, GARBAGE))]


def bigram_lines(language: Bigrams, numbers: Mapping[str, int]) -> list[str]:
    """State 0 is the start, 1 the back-off; each word that begins a pair has its own."""
    states: dict[str, int] = {"<s>": 0}
    for first, _ in language.pairs:
        if first not in states:
            states[first] = len(states) + 1
    lines: list[str] = []

    def arc(source: int, word: str, weight: float) -> None:
        if word == "</s>":
            finals.append(f"{source} {-LANGUAGE * weight}")
        elif word in numbers:
            cost = FREE_WORD - LANGUAGE * weight
            lines.append(f"{source} {states.get(word, 1)} {numbers[word]} {numbers[word]} {cost}")

    finals: list[str] = []
    for first, second in language.pairs:
        arc(states[first], second, language.pairs[first, second])
    for first, state in states.items():
        lines.append(f"{state} 1 0 0 {-LANGUAGE * language.back_off.get(first, 0.0)}")
    for word, weight in language.words.items():
        arc(1, word, weight)
    return [*sorted(lines, key=lambda line: int(line.split()[0])), *finals]


def _plugin(type_: str) -> str:
    """OpenFst's library for a type of transducer, which Debian ships under a name that its own tools do not find."""
    name = ctypes.util.find_library(type_)
    if name is None:
        for folder in (Path("/usr/lib"), Path("/usr/local/lib")):
            for file in sorted(folder.rglob(f"lib{type_}.so*")):
                return str(file)
    return name or ""


def _run(command: Sequence[str], data: bytes, **environment: str) -> bytes:
    done = subprocess.run(command, input=data, capture_output=True, check=False, env={**os.environ, **environment})
    if done.returncode or b"ERROR" in done.stderr:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
