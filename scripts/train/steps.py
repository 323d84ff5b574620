"""The steps of the recipe, each restartable, and what each leaves behind in the work folder."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import track

from scripts.train import language, lexicon, phrases, units
from scripts.train import noises as hearing_noises
from voice import models

if TYPE_CHECKING:
    from scripts.train.material import Material

HERE = Path(__file__).resolve().parent
COMMON_WORDS = 30000
"""Commonest English words in the vocabulary, beside all of the program's own."""
PAIRS = 640_000
"""Word pairs in Gr.fst, 9 bytes each: what fits into 15 MB in all. With 1,200,000 5 % fewer of the free words are wrong
than with 450,000, and with 200,000 5 % more."""
OWN_SHARE = 0.15
"""Of the language model's probability, for what this program's people say."""
SEED = 1
RECORD = "record.json"
GOING_ON: Mapping[str, Any] = {"rate": 6e-4, "gentle": 0.8, "plain_steps": 0, "settle_steps": 0}
"""Of learn.Plan, where a network is trained on."""
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
    begun: Path | None = None
    """A model whose network is trained on, instead of a flat start."""
    wider: tuple[int, int] | None = None
    """Channels, and the waist: of a network from a flat start, or what that of `begun` is widened to first."""
    deeper: int = 0
    """How many layers that network gets more."""
    share: float = 1.0
    """Of the people recorded, how many to learn from."""
    common: int = COMMON_WORDS
    pairs: int = PAIRS
    shape: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    """Of learn.Plan, what is not as usual."""

    def note(self, **facts: Any) -> None:
        """Add to the record of what was used, which goes into the model's folder."""
        file = self.work / RECORD
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps({**known, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(file)


def smoke(recipe: Recipe) -> Recipe:
    """A toy, from nothing: little synthetic speech, a narrow network, little more than a minute of training."""
    work = recipe.work.with_name(recipe.work.name + "-smoke")
    shutil.rmtree(work, ignore_errors=True)
    shape = {"wide": 96, "waist": 32, "strides": (1, 1, 2), "last": 48}
    toy = replace(recipe, work=work, into=work / "model", recordings=None, natural=None, workers=1, shape=shape)
    plan = {"batch": 25.0, "warm_steps": 30, "plain_steps": 60, "settle_steps": 60}
    return replace(toy, hours=75 / 3600, synthetic=240, common=0, pairs=2000, plan=plan)


def words() -> lexicon.Lexicon:
    """The dictionary with this program's own words."""
    return lexicon.read(lexicon.dictionary(), HERE / "words.dict")


def _all_known(known: lexicon.Lexicon, said: phrases.Phrases) -> None:
    if lacking := known.missing(said.words):
        raise ValueError(f"Add to scripts/train/words.dict how these are spoken: {', '.join(lacking)}")


def prepare(recipe: Recipe) -> None:
    """Decode the recordings of the split "train", and most of the noises: a fifth is kept for measuring."""
    from scripts.train import recordings

    _all_known(words(), phrases.collect())  # now, and not after hours of training

    done = recipe.work / "recordings.tsv"
    if recipe.recordings is None:
        print("no recordings given: synthetic speech alone")
    elif not done.exists():
        rows = list(recordings.manifest(recipe.recordings, "train"))
        found = recordings.prepare(track(rows, "recordings"), done.with_suffix(""))
        recipe.note(recordings={"hours": round(found.hours, 2), "clips": len(found.clips)})
    noises = recipe.work / "noises.tsv"
    if recipe.recordings and not noises.exists():
        files = hearing_noises.files(recipe.recordings / "noise", measuring=False)
        recordings.prepare(((file, "", "", "noise") for file in track(files, "noises")), noises.with_suffix(""))


def synthesise(recipe: Recipe) -> None:
    """Have the phrases spoken by the engines that are installed, and by Kokoro where its files are."""
    from scripts.train import natural, recordings
    from scripts.train import synthesise as speech

    known, said = words(), phrases.collect()
    common = language.commonest(language.arpa(recipe.work / "general.arpa"), known, 2500)
    folder = recipe.work / "speaking"
    folder.mkdir(parents=True, exist_ok=True)
    done = recipe.work / "synthetic.tsv"
    if not done.exists():
        jobs = speech.jobs(said.spoken_with(known), common, recipe.synthetic, SEED)
        found = recordings.prepare(speech.speak(track(jobs, "synthetic"), folder), done.with_suffix(""))
        by_engine = Counter(clip.source for clip in found.clips)
        facts = {"hours": round(found.hours, 2), "by_engine": by_engine, "failed": len(jobs) - len(found.clips)}
        recipe.note(synthetic={**facts, "seed": SEED})
    done = recipe.work / "natural.tsv"
    if recipe.natural and not done.exists():
        texts = natural.texts(said.spoken_with(known), common, SEED)
        spoken = natural.speak(track(texts, "natural"), recipe.natural, folder, recipe.threads)
        found = recordings.prepare(spoken, done.with_suffix(""))
        recipe.note(natural={"hours": round(found.hours, 2), "clips": len(found.clips)})
    shutil.rmtree(folder)


def train(recipe: Recipe) -> None:
    """First a flat start on clear synthetic speech, phones by themselves; then all sound, and phones in context."""
    from torch.multiprocessing.spawn import ProcessException, spawn

    if recipe.workers == 1:
        _train_one(0, recipe, recipe.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            spawn(_train_one, (recipe, Path(folder)), nprocs=recipe.workers)  # type: ignore[no-untyped-call]
        except ProcessException as error:
            raise RuntimeError(f"one of the trainings stopped: {str(error).strip().splitlines()[-1]}") from error


def _train_one(rank: int, recipe: Recipe, meeting: Path) -> None:
    """One of the trainings that go on together."""
    import torch

    from scripts.train import learn, taken_up, together

    team = together.join(rank, recipe.workers, meeting / "meeting")
    material = _material(recipe)
    device = recipe.device if recipe.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    flat, whole = recipe.work / "flat", recipe.work
    plain, told_apart = units.choose(material.ways, own=1 << 60), units.choose(material.ways, OWN_UNIT)
    if (whole / "units.txt").exists():
        told_apart = units.read(whole / "units.txt")
    seconds = recipe.hours * 3600
    first = min(300.0, seconds / 2)
    if recipe.begun:
        told_apart = units.read(recipe.begun / "graph" / "units.txt")
        first = 0.0
    begun = (flat / "average.pt").exists() and (whole / "units.txt").exists()
    team.wait()

    def tell(line: str) -> None:
        if rank == 0:
            print(line, flush=True)

    if recipe.begun and rank == 0:
        told_apart.write(whole / "units.txt")
    if not begun and not recipe.begun:
        plan = learn.Plan(first, threads=recipe.threads, clear_only=True, **recipe.plan)
        material.training(plain, plan, flat, device, recipe.shape, team).run(tell)
        if rank == 0:
            told_apart.write(whole / "units.txt")
        team.wait()
    changed = {**(GOING_ON if recipe.begun else {}), **recipe.plan}
    plan = learn.Plan(seconds - first, threads=recipe.threads, **changed)
    before = taken_up.read(recipe.begun / "am" / "final.mdl") if recipe.begun else None
    if before and recipe.wider:
        before = taken_up.widened(before, *recipe.wider)
    if before and recipe.deeper:
        before = taken_up.deepened(before, recipe.deeper)
    shape = asdict(before.shape) if before else recipe.shape
    training = material.training(told_apart, plan, whole, device, shape, team)
    if before:
        training.go_on_from(before)
    else:
        training.begin_with(learn.trained(flat), plain)
    training.run(tell)
    if rank == 0:
        facts: dict[str, Any] = {
            "share_of_the_people": recipe.share,
            "device": device,
            "ended": time.strftime("%Y-%m-%d"),
            "begun_from": "a flat start",
        }
        if recipe.begun:
            facts["begun_from"] = recipe.begun.name
            if (recipe.begun / RECORD).exists():
                recipe.note(before=json.loads((recipe.begun / RECORD).read_text(encoding="utf-8")))
        recipe.note(training={**training.facts, **facts})


def _material(recipe: Recipe) -> Material:
    """All sound, its texts, and the noises."""
    from scripts.train import recordings
    from scripts.train.material import Material

    parts = [recipe.work / name for name in ("recordings", "synthetic", "natural")]
    sound = recordings.join(recordings.prepared(part) for part in parts if part.with_suffix(".tsv").exists())
    sound = recordings.of_some(sound, recipe.share)
    known = words()
    said = phrases.collect().spoken_with(known)
    # Each text once: a word that thousands said must be heard by its sound, and not because it is likely.
    people = {clip.text for clip in sound.clips if not clip.source.startswith("synthetic")}
    common = language.commonest(language.arpa(recipe.work / "general.arpa"), known, 2500)
    texts = sorted({*people, *said.live, *said.other, *said.spoken, *common})
    noise = recordings.prepared(recipe.work / "noises") if (recipe.work / "noises.tsv").exists() else None
    noises = [noise.sound(clip).astype("float32") for clip in noise.clips] if noise else []
    return Material(sound, known, [text.split() for text in texts], noises)


def export(recipe: Recipe) -> None:
    """The network's files for libvosk, in the work folder; `graph` makes the model whole and puts it in its place."""
    from scripts.train import kaldi_files, learn

    told_apart = units.read(recipe.work / "units.txt")
    shutil.rmtree(recipe.work / "exported", ignore_errors=True)
    kaldi_files.write(learn.trained(recipe.work), told_apart, recipe.work / "exported")
    told_apart.write(recipe.work / "exported" / "graph" / "units.txt")
    recipe.note(versions={name: version(name) for name in ("torch", "numpy", "vosk", "pocketsphinx")},
                python=platform.python_version(), source=_commit())  # fmt: skip


def graph(recipe: Recipe) -> None:
    """The words, and what follows what. Needs neither training nor recordings: for new content, this step alone."""
    from scripts.train import graph as graphs

    source = recipe.work / "exported"
    source = source if source.exists() else recipe.into
    if not (source / "graph" / "units.txt").exists():
        raise FileNotFoundError(f"there is no trained network in {source}: train first")
    known, said = words(), phrases.collect()
    _all_known(known, said)
    general = language.arpa(recipe.work / "general.arpa")
    wanted = said.words | phrases.danger(known)
    vocabulary = known.only([*wanted, *language.commonest(general, known, recipe.common)])
    ours = [line.split() for line in (*said.live * 5, *said.other, *said.spoken)]
    bigrams = language.mixed(language.general(general, vocabulary), ours, OWN_SHARE, recipe.pairs)
    print(f"{len(vocabulary.words)} words, {len(bigrams.pairs)} pairs")
    made = recipe.work / "made"
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(source, made)
    if source == recipe.work / "exported" and (recipe.work / RECORD).exists():
        shutil.copy2(recipe.work / RECORD, made / RECORD)
    graphs.build(vocabulary, units.read(made / "graph" / "units.txt"), bigrams, made)
    models.check(made)
    models.try_in_child(made)
    _put_in_place(made, recipe.into)
    shutil.rmtree(recipe.work / "exported", ignore_errors=True)


def _put_in_place(made: Path, into: Path) -> None:
    """`made` becomes the model, whole or not at all; what is written about it stays."""
    old = into.with_name(f".{into.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    if into.exists():
        for file in into.iterdir():
            if file.is_file() and not (made / file.name).exists():
                shutil.copy2(file, made / file.name)
        into.rename(old)
    shutil.move(made, into)
    shutil.rmtree(old, ignore_errors=True)


def evaluate(recipe: Recipe) -> None:
    """Whether it hears a word; and the whole bench where there are recordings."""
    from scripts.train.recordings import load
    from tests import bench_hearing, rivals

    with tempfile.TemporaryDirectory() as folder:
        word = Path(folder) / "yes.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(word), "yes"], check=True, timeout=60)
        heard = rivals.ours(recipe.into)(load(word), ("yes", "no")).text
    size = sum(file.stat().st_size for file in recipe.into.rglob("*") if file.is_file())
    print(f"{recipe.into}: {size / 1e6:.1f} MB; “yes” was heard as “{heard}”")
    if recipe.recordings:
        arguments = ["--folder", str(recipe.recordings), "--model", str(recipe.into), "--keep-border"]
        if bench_hearing.main(arguments):
            raise RuntimeError("the bench found nothing to measure")


def _commit() -> str:
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


STEPS: dict[str, Callable[[Recipe], None]] = {
    "prepare": prepare, "synthesise": synthesise, "train": train, "export": export, "graph": graph,
    "evaluate": evaluate,
}  # fmt: skip
NAMES = tuple(STEPS)
