"""The model that the project ships: whole, small, documented, and it knows the words that people say here."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scripts.train import phrases
from scripts.train.recordings import load
from tests import hearing_sets
from tests.sound_card import render_wav
from voice import models
from voice.speech.recogniser import Recogniser, SpeechModel
from voice.templates import normalise

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "afterwards-small-en"
SHARED = ROOT.parent / "shared" / "speech"
BIGGEST = 15_000_000
"""Bytes: what a download of the whole project may bear for its ears."""
NEW_WORDS = (
    "The shipped model lacks words of the content: {}. Run scripts/train/run graph, which needs no training. "
    "A word that the dictionary lacks goes into scripts/train/words.dict first."
)
# What other models made of danger, spelt as no word is: a recogniser can only write words that it has.
MISHEARINGS = {"d'd", "dont"}


@pytest.fixture(scope="module")
def vocabulary() -> frozenset[str]:
    lines = (MODEL / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines)


@pytest.fixture(scope="module")
def shipped() -> SpeechModel:
    return SpeechModel(MODEL)


def test_it_is_whole_and_small() -> None:
    models.check(MODEL)
    models.try_in_child(MODEL)
    assert sum(file.stat().st_size for file in MODEL.rglob("*") if file.is_file()) <= BIGGEST


def test_it_is_what_a_fresh_machine_uses(tmp_path: Path) -> None:
    found = models.find(None, None, {}, models.project_dirs(), tmp_path)
    assert (found.path.name, found.why) == (MODEL.name, "project")


def test_it_knows_every_word_of_the_content(vocabulary: frozenset[str]) -> None:
    missing = sorted(phrases.collect().words - vocabulary)
    assert not missing, NEW_WORDS.format(", ".join(missing))


def test_it_knows_the_words_of_danger(vocabulary: frozenset[str]) -> None:
    with (ROOT / "tests" / "safety_phrases.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader((line.lstrip("# ") for line in lines), delimiter="\t"))
    said = {word for row in rows if row["expect"] == "danger" for word in normalise(row["phrase"]).split()}
    missing = sorted(said - vocabulary - MISHEARINGS)
    assert not missing, NEW_WORDS.format(", ".join(missing))


def test_it_knows_thousands_of_other_words(vocabulary: frozenset[str]) -> None:
    assert len(vocabulary) > 10_000
    assert {"yesterday", "kitchen", "[unk]"} <= vocabulary


def test_its_card_gives_credit_and_figures_and_says_what_it_is_not_for() -> None:
    card = (MODEL / "README.md").read_text(encoding="utf-8")
    for word in ("LibriSpeech", "Speech Commands", "AN4", "CC BY 4.0", "Kokoro", "pocketsphinx", "must not be used"):
        assert word in card, word
    for what in ("yes or no", "15 commands", "numbers", "120 phrases", "free reading", "deep voices", "high voices"):
        assert what in card, what


@pytest.mark.model
def test_it_hears_the_live_phrases_from_the_programs_own_voice(shipped: SpeechModel, tmp_path: Path) -> None:
    """Twenty at a time, as at a step. It learnt from this voice too: this shows that the words are there, not more."""
    live = [phrase for phrase in phrases.collect().live if len(phrase.split()) > 1][::5]
    right = 0
    for place in range(0, len(live), 20):
        few = live[place : place + 20]
        for number, phrase in enumerate(few):
            wav = render_wav(phrase, tmp_path / f"{place}-{number}.wav")
            hearing = Recogniser(shipped, few)
            hearing.feed(load(wav).tobytes() + bytes(16000))
            right += hearing.finish().text == phrase
    assert right >= 0.9 * len(live), f"{right} of {len(live)}"


@pytest.mark.model
@pytest.mark.skipif(not SHARED.is_dir(), reason="no recordings of people beside the checkout")
def test_it_hears_people_say_yes_and_no(shipped: SpeechModel) -> None:
    clips = [clip for clip in hearing_sets.read(SHARED) if clip.text in ("yes", "no")]
    assert clips
    right = 0
    for clip in clips:
        hearing = Recogniser(shipped, ["yes", "no"])
        hearing.feed(bytes(9600) + clip.sound.tobytes() + bytes(9600))
        right += hearing.finish().text == clip.text
    assert right >= 0.97 * len(clips), f"{right} of {len(clips)}"
