"""Vosk itself, with and without a grammar."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.sound_card import render_wav
from voice.errors import ModelError
from voice.speech.recogniser import UNKNOWN, Recogniser, SpeechModel
from voice.speech.sources import FileSource

PHRASES = ["yes", "no", "stop", "go on", "where am i"]


def _said(text: str, folder: Path) -> bytes:
    """Somebody says it, between half a second of silence and one second of silence."""
    source = FileSource(render_wav(text, folder / "said.wav"))
    source.start()
    blocks = [bytes(16000)]
    while not source.ended:
        blocks.append(source.read(1) or b"")
    source.stop()
    return b"".join([*blocks, bytes(32000)])


@pytest.mark.model
@pytest.mark.sound
class TestRecogniser:
    @pytest.mark.parametrize("text", ["yes", "no", "stop", "where am i"])
    def test_a_phrase_of_the_grammar(self, speech_model: SpeechModel, tmp_path: Path, text: str) -> None:
        recogniser = Recogniser(speech_model, PHRASES)
        recogniser.feed(_said(text, tmp_path))
        found = recogniser.finish()
        assert found.text == text
        assert 0.5 < found.confidence <= 1.0

    def test_what_is_not_in_the_grammar_is_never_written(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        recogniser = Recogniser(speech_model, PHRASES)
        recogniser.feed(_said("they bought a yellow table and a house by the river", tmp_path))
        words = {word for phrase in PHRASES for word in phrase.split()} | {UNKNOWN}
        assert set(recogniser.finish().text.split()) <= words

    def test_alternatives_start_with_the_best(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        clean = np.frombuffer(_said("yes", tmp_path), dtype=np.int16)
        hiss = np.random.default_rng(1).normal(0, 1500, len(clean))  # of a clean "yes" a good model has no doubt at all
        recogniser = Recogniser(speech_model, None, best=5)
        recogniser.feed((clean + hiss).clip(-32768, 32767).astype(np.int16).tobytes())
        found = recogniser.finish()
        assert found.alternatives[0] == found.text
        assert "yes" in found.alternatives
        assert 1 < len(found.alternatives) <= 5
        assert len(set(found.alternatives)) == len(found.alternatives)

    def test_a_word_that_is_live_fits_as_well_as_free_words_and_another_does_not(
        self, speech_model: SpeechModel, tmp_path: Path
    ) -> None:
        sound = _said("yes", tmp_path)
        scores = []
        for phrases in (["yes", "no"], ["no"], None):
            recogniser = Recogniser(speech_model, phrases, best=1)
            recogniser.feed(sound)
            scores.append(recogniser.finish().score)
        assert None not in scores
        live, other, free = (score or 0.0 for score in scores)
        assert live - free > other - free
        assert live - free > -4
        assert Recogniser(speech_model, ["yes"]).finish().score is None

    @pytest.mark.parametrize("best", [0, 1, 4])
    def test_pieces_are_joined_across_a_silence(self, speech_model: SpeechModel, tmp_path: Path, best: int) -> None:
        recogniser = Recogniser(speech_model, PHRASES, best=best)
        partials = []
        for word in ("yes", "stop"):
            sound = _said(word, tmp_path) + bytes(64000)
            partials += [recogniser.feed(sound[at : at + 3200]) for at in range(0, len(sound), 3200)]
        assert recogniser.finish().text == "yes stop"
        assert "yes" in partials
        assert partials[-1] == "yes stop"

    def test_it_can_be_used_again(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        recogniser = Recogniser(speech_model, PHRASES)
        recogniser.feed(_said("yes", tmp_path))
        recogniser.reset()
        recogniser.feed(_said("stop", tmp_path))
        assert recogniser.finish().text == "stop"
        recogniser.feed(_said("no", tmp_path))
        assert recogniser.finish().text == "no"


@pytest.mark.model
class TestModel:
    def test_phrases_that_it_cannot_write_are_listed(self, speech_model: SpeechModel) -> None:
        recogniser = Recogniser(speech_model, ["Yes", "qwzxv", "go qwzxv", "yes", "go on", ""])
        assert recogniser.dropped == ("qwzxv", "go qwzxv")

    def test_nothing_live_is_a_grammar_too(self, speech_model: SpeechModel) -> None:
        recogniser = Recogniser(speech_model, [])
        recogniser.feed(np.zeros(16000, dtype=np.int16).tobytes())
        assert recogniser.finish().text == ""

    def test_it_knows_its_words(self, speech_model: SpeechModel) -> None:
        assert speech_model.knows("yes")
        assert not speech_model.knows("qwzxv")
        vocabulary = speech_model.vocabulary
        if vocabulary is not None:
            assert {"yes", "stop"} <= vocabulary
            assert "#0" not in vocabulary

    @pytest.mark.parametrize(("text", "border"), [("12.5\n", 12.5), ("-3 measured\n", -3.0), ("", None), ("x", None)])
    def test_its_border_is_read_where_there_is_one(
        self, speech_model: SpeechModel, tmp_path: Path, text: str, border: float | None
    ) -> None:
        copy = tmp_path / "model"
        shutil.copytree(speech_model.path, copy)
        (copy / "border.txt").unlink(missing_ok=True)
        assert SpeechModel(copy).border is None
        (copy / "border.txt").write_text(text)
        assert SpeechModel(copy).border == border

    def test_it_tells_whether_phrases_can_be_chosen(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        whole = any((speech_model.path / at / "HCLr.fst").exists() for at in ("graph", "."))
        assert speech_model.supports_grammar == whole


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as told:
        SpeechModel(tmp_path)
    assert told.value.remedy
    with pytest.raises(ModelError):
        SpeechModel(tmp_path / "nothing")
