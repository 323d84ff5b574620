"""The bench's own sums, on made-up recognisers: what it prints has to be what was heard."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import bench_hearing, hearing_sets
from tests.bench_hearing import Result, border, distance, measure, rejecting
from tests.hearing_sets import Clip, Set
from tests.rivals import Heard

LOUD = np.random.default_rng(1).normal(0, 3000, 16000).astype(np.int16)


def clip(text: str, speaker: str = "a") -> Clip:
    return Clip(LOUD, text, speaker)


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b", "a x b", 1), ("a b", "", 2), ("", "a", 1), ("a b", "b a", 2)],
)
def test_words_wrong_are_those_to_change_drop_or_add(said: str, heard: str, wrong: int) -> None:
    assert distance(said.split(), heard.split()) == wrong


def test_the_border_refuses_three_in_a_hundred_right_answers_and_each_set_counts_alike() -> None:
    result = Result(scores=[(float(n), True) for n in range(100)] + [(50.0, False), (1.0, False)])
    result.foreign = [-math.inf, 1.0, 2.0, 3.0, 99.0]
    at = border([result])
    assert at == 3.0
    falsely, refused, taken = rejecting(result, at)
    assert (falsely, refused, taken) == (0.03, 3 / 5, 1 / 102)
    other = Result(scores=[(float(n), True) for n in range(-90, 10)])
    assert border([result, other]) == -84.0, "six in a hundred of one, none of the other"
    assert math.isnan(rejecting(Result(), 0.0)[0])
    assert math.isnan(border([]))


def test_what_is_not_live_is_not_understood() -> None:
    one = Set("x", ("wrap up",), (clip("wrap up"),), (clip("up"),), beside={"talk": (clip(""),)})
    answers = iter([Heard("wrap up", 3.0), Heard("up", 2.0), Heard("wrap", 2.0)])
    result = measure(lambda sound, live: next(answers), one, None, [])
    assert result.foreign == [-math.inf]
    assert result.beside == {"talk": [-math.inf]}
    digits = Set("x", ("one", "two"), (clip("one two"),), chained=True)
    assert measure(lambda sound, live: Heard("one two", 1.0), digits, None, []).right


def test_a_recogniser_is_measured_by_what_it_wrote() -> None:
    one = Set("x", ("yes", "no"), (clip("yes"), clip("yes"), clip("no")), (clip("tree"),))
    answers = iter([Heard("yes", 3.0), Heard("no", 2.0), Heard("no", 1.0), Heard("", -math.inf)])
    result = measure(lambda sound, live: next(answers), one, None, [])
    assert bench_hearing.figure(one, result) == "66.7 %"
    assert result.wrong == {"yes > no": 1}
    assert result.scores == [(3.0, True), (2.0, False), (1.0, True)]
    assert result.foreign == [-math.inf]


def test_free_reading_counts_words() -> None:
    one = Set("x", (), (clip("one two three four"),))
    result = measure(lambda sound, live: Heard("one too three", 0.0), one, None, [])
    assert bench_hearing.figure(one, result) == "50.0 % wrong"


def test_sets_hold_what_is_live_and_what_is_foreign() -> None:
    clips = [clip("yes"), clip("no"), clip("tree"), clip("stop"), clip("two five"), clip("she went home again today")]
    found = {one.name: one for one in hearing_sets.sets(clips, ["say that again"], most=10)}
    assert {c.text for c in found["yes or no"].clips} == {"yes", "no"}
    assert {c.text for c in found["yes or no"].foreign} == {"tree", "stop"}
    assert {c.text for c in found["15 commands"].foreign} == {"tree"}
    assert [c.text for c in found["strings of numbers"].clips] == ["two five"]
    assert [c.text for c in found["free reading"].clips] == ["she went home again today"]
    assert "say that again" in found["120 phrases"].live
    assert "numbers to ten" not in found  # nobody says one alone


def test_recordings_are_read_by_manifest_and_split(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", LOUD, 16000)
    rows = ["path\ttext\tspeaker\tset\tsplit", "a.wav\tYes\ts1\tx\tdev", "a.wav\tno\ts2\tx\ttrain"]
    (tmp_path / "manifest.tsv").write_text("\n".join(rows), encoding="utf-8")
    assert [(c.text, c.speaker) for c in hearing_sets.read(tmp_path)] == [("yes", "s1")]
    assert hearing_sets.read(tmp_path, "test") == []  # never what it was trained on instead


def test_recordings_without_a_manifest_are_named_by_what_is_said(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    soundfile.write(tmp_path / "ann" / "say_that_again-2.wav", LOUD[:8000], 8000)
    (found,) = hearing_sets.read(tmp_path)
    assert (found.text, found.speaker, found.seconds) == ("say that again", "ann", 1.0)


@pytest.mark.parametrize("ratio", [20, 10, 5])
def test_noise_is_as_loud_as_promised(ratio: float) -> None:
    noise = np.random.default_rng(2).normal(0, 100, 50000).astype(np.int16)
    mixed = hearing_sets.noisy(LOUD, [noise], ratio, random.Random(1))
    added = mixed.astype(float) - LOUD
    measured = 20 * math.log10(LOUD.astype(float).std() / added.std())
    assert measured == pytest.approx(ratio, abs=0.5)


def test_voices_are_told_apart_by_pitch() -> None:
    def hum(hertz: float) -> Clip:
        time = np.arange(32000) / 16000
        wave = np.sum([np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 8)], axis=0)
        return Clip((3000 * wave).astype(np.int16), "x", str(hertz))

    kinds = hearing_sets.voices([hum(110), hum(200), hum(300)])
    assert kinds == {"110": "deep voices", "200": "middle voices", "300": "high voices"}


def test_without_recorded_noise_it_makes_its_own() -> None:
    made = hearing_sets.noises(None)
    assert len(made) == 3
    assert all(np.abs(noise).max() > 30 for noise in made)
