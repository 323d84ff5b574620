"""The steps of the recipe, each restartable, and what each leaves behind in the work folder."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import track

from scripts.train import language, lexicon, phrases, units

if TYPE_CHECKING:
    from scripts.train.material import Material

HERE = Path(__file__).resolve().parent
COMMON_WORDS = 14000
"""Commonest English words in the vocabulary, beside all of the program's own."""
PAIRS = 120_000
"""Word pairs in Gr.fst: 16 bytes each."""
OWN_SHARE = 0.15
"""Of the language model's probability, for what this program's people say."""
OWN_UNIT = 100
"""Times that a phone must follow another in the training's texts to be told apart after it."""


@dataclass(frozen=True)
class Recipe:
    """What to make, from what, where."""

    work: Path
    into: Path
    recordings: Path | None
    hours: float
    synthetic: int
    natural: Path | None
    threads: int
    workers: int
    device: str
    common: int = COMMON_WORDS
    pairs: int = PAIRS
    shape: Mapping[str, Any] | None = None

    def note(self, **facts: Any) -> None:
        """Add to the record of what was used: record.json."""
        file = self.work / "record.json"
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**known, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def smoke(recipe: Recipe) -> Recipe:
    """A toy: little synthetic speech, a narrow network, a minute and a half of training."""
    work = recipe.work.with_name(recipe.work.name + "-smoke")
    shape = {"wide": 96, "waist": 32, "strides": (1, 1, 2), "last": 48}
    toy = replace(recipe, work=work, into=work / "model", recordings=None, natural=None, workers=1, shape=shape)
    return replace(toy, hours=75 / 3600, synthetic=240, common=0, pairs=2000)


def words() -> lexicon.Lexicon:
    """The dictionary with this program's own words."""
    return lexicon.read(lexicon.dictionary(), HERE / "words.dict")


def prepare(recipe: Recipe, again: bool = False) -> None:
    """Decode the recordings of the split "train"."""
    from scripts.train import recordings

    done = recipe.work / "recordings.tsv"
    if recipe.recordings is None:
        print("no recordings given: synthetic speech alone")
    elif again or not done.exists():
        rows = list(recordings.manifest(recipe.recordings, "train"))
        found = recordings.prepare(track(rows, "recordings"), done.with_suffix(""))
        recipe.note(recordings={"hours": round(found.hours, 2), "clips": len(found.clips)})


def synthesise(recipe: Recipe, again: bool = False) -> None:
    """Have the phrases spoken by the engines that are installed, and by Kokoro where its files are."""
    from scripts.train import natural, recordings
    from scripts.train import synthesise as speech

    known, said = words(), phrases.collect()
    common = language.commonest(language.arpa(recipe.work / "general.arpa"), known, 2500)
    folder = recipe.work / "speaking"
    folder.mkdir(parents=True, exist_ok=True)
    done = recipe.work / "synthetic.tsv"
    if again or not done.exists():
        jobs = speech.jobs(said.spoken_with(known), common, recipe.synthetic, seed=1)
        found = recordings.prepare(speech.speak(track(jobs, "synthetic"), folder), done.with_suffix(""))
        engines = sorted({clip.source for clip in found.clips})
        recipe.note(synthetic={"hours": round(found.hours, 2), "clips": len(found.clips), "engines": engines})
    done = recipe.work / "natural.tsv"
    if recipe.natural and (again or not done.exists()):
        texts = natural.texts(said.spoken_with(known), common, seed=1)
        spoken = natural.speak(track(texts, "natural"), recipe.natural, folder, recipe.threads)
        found = recordings.prepare(spoken, done.with_suffix(""))
        recipe.note(natural={"hours": round(found.hours, 2), "clips": len(found.clips)})
    shutil.rmtree(folder)


def train(recipe: Recipe, again: bool = False) -> None:
    """First a flat start on clear synthetic speech, phones by themselves; then all sound, and phones in context."""
    from torch.multiprocessing.spawn import spawn

    del again  # it goes on from its last checkpoint, always
    if recipe.workers == 1:
        _train_one(0, recipe, recipe.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        spawn(_train_one, (recipe, Path(folder)), nprocs=recipe.workers)  # type: ignore[no-untyped-call]


def _train_one(rank: int, recipe: Recipe, meeting: Path) -> None:
    """One of the trainings that go on together."""
    import torch

    from scripts.train import learn, together

    team = together.join(rank, recipe.workers, meeting / "meeting")
    material = _material(recipe)
    device = recipe.device if recipe.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    flat, whole = recipe.work / "flat", recipe.work
    plain, told_apart = units.choose(material.ways, own=1 << 60), units.choose(material.ways, OWN_UNIT)
    if (whole / "units.txt").exists():
        told_apart = units.read(whole / "units.txt")
    seconds = recipe.hours * 3600
    first = min(300.0, seconds / 2)
    begun = (flat / "average.pt").exists() and (whole / "units.txt").exists()
    team.wait()

    def tell(line: str) -> None:
        if rank == 0:
            print(line, flush=True)

    if not begun:
        plan = learn.Plan(first, threads=recipe.threads, clear_only=True)
        material.training(plain, plan, flat, device, recipe.shape, team).run(tell)
        if rank == 0:
            told_apart.write(whole / "units.txt")
        team.wait()
    plan = learn.Plan(seconds - first, threads=recipe.threads)
    training = material.training(told_apart, plan, whole, device, recipe.shape, team)
    training.begin_with(learn.trained(flat), plain)
    training.run(tell)
    if rank == 0:
        recipe.note(training={**training.facts, "device": device, "ended": time.strftime("%Y-%m-%d")})


def _material(recipe: Recipe) -> Material:
    """All sound, its texts, and the noises."""
    from scripts.train import recordings
    from scripts.train.material import Material

    parts = [recipe.work / name for name in ("recordings", "synthetic", "natural")]
    sound = recordings.join(recordings.prepared(part) for part in parts if part.with_suffix(".tsv").exists())
    known = words()
    said = phrases.collect().spoken_with(known)
    texts = [clip.text for clip in sound.clips] + [*said.live] * 6 + [*said.other, *said.spoken]
    noise = recipe.recordings / "noise" if recipe.recordings else None
    noises = [recordings.load(f).astype("float32") for f in sorted(noise.glob("*.opus"))] if noise else []
    return Material(sound, known, [text.split() for text in texts], noises)


def export(recipe: Recipe, again: bool = False) -> None:
    """The network's files for libvosk."""
    from scripts.train import kaldi_files, learn

    told_apart = units.read(recipe.work / "units.txt")
    kaldi_files.write(learn.trained(recipe.work), told_apart, recipe.into)
    told_apart.write(recipe.into / "graph" / "units.txt")
    recipe.note(versions={name: version(name) for name in ("torch", "numpy", "vosk", "pocketsphinx")},
                python=platform.python_version(), source=_commit())  # fmt: skip


def graph(recipe: Recipe, again: bool = False) -> None:
    """The words, and what follows what. Needs neither PyTorch nor recordings: for new content, this step alone."""
    from scripts.train import graph as graphs

    known, said = words(), phrases.collect()
    if lacking := known.missing(said.words):
        raise ValueError(f"Add to scripts/train/words.dict how these are spoken: {', '.join(lacking)}")
    general = language.arpa(recipe.work / "general.arpa")
    wanted = said.words | phrases.danger(known)
    vocabulary = known.only([*wanted, *language.commonest(general, known, recipe.common)])
    ours = [line.split() for line in (*said.live * 5, *said.other, *said.spoken)]
    bigrams = language.mixed(language.general(general, vocabulary), ours, OWN_SHARE, recipe.pairs)
    graphs.build(vocabulary, units.read(recipe.into / "graph" / "units.txt"), bigrams, recipe.into)
    print(f"{len(vocabulary.words)} words, {len(bigrams.pairs)} pairs")


def evaluate(recipe: Recipe, again: bool = False) -> None:
    """What libvosk makes of it: load it and hear a word; and the whole bench where there are recordings."""
    from voice import models

    models.check(recipe.into)
    models.try_in_child(recipe.into)
    size = sum(file.stat().st_size for file in recipe.into.rglob("*") if file.is_file())
    print(f"{recipe.into} is fine: {size / 1e6:.1f} MB")
    if recipe.recordings:
        from tests import bench_hearing

        bench_hearing.main(["--folder", str(recipe.recordings), "--model", str(recipe.into)])


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


STEPS: dict[str, Callable[..., None]] = {
    "prepare": prepare, "synthesise": synthesise, "train": train, "export": export, "graph": graph,
    "evaluate": evaluate,
}  # fmt: skip
NAMES = tuple(STEPS)
