"""The second opinion on danger: in numpy the same as in training, and broken files are refused."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.content import load
from voice.errors import ContentError
from voice.opinion import Opinion, Pieces
from voice.parts import Talking, second_opinion
from voice.safety import Light
from voice.speech.recogniser import SpeechModel

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "he", "'", "s", "not", "breath", "##ing", "##e", "b", "##r"]
TRAINING = pytest.mark.skipif(
    os.environ.get("AFTERWARDS_TEST_TRAINING") != "yes", reason="needs PyTorch: run scripts/test --with-training"
)


def test_words_are_split_at_the_longest_piece_that_is_known() -> None:
    pieces = Pieces(WORDS)
    assert [WORDS[n] for n in pieces.split("He's not breathing")] == ["he", "'", "s", "not", "breath", "##ing"]
    assert [WORDS[n] for n in pieces.split("breathe bre")] == ["breath", "##e", "b", "##r", "##e"]
    assert [WORDS[n] for n in pieces.split("zebra")] == ["[UNK]"]
    assert pieces.split("") == []


@given(st.text(max_size=40))
def test_no_text_is_too_odd_to_be_split(text: str) -> None:
    assert all(0 <= number < len(WORDS) for number in Pieces(WORDS).split(text))


def test_a_file_that_rots_is_refused_or_still_weighs(tmp_path: Path) -> None:
    whole = bytearray(load().opinion.read_bytes())
    draw = np.random.default_rng(1)
    for _ in range(6):
        rotten = bytearray(whole)
        for at in draw.integers(0, 33_000, 60):
            rotten[at] = draw.integers(0, 256)
        (tmp_path / "opinion.npz").write_bytes(rotten)
        content = replace(load(), opinion=tmp_path / "opinion.npz")
        with suppress(ContentError):
            second_opinion(content).weigh("he's not breathing")
        assert Talking(content).safety.judge("he's not breathing").light is Light.RED


def test_what_is_no_word_costs_no_time() -> None:
    assert Pieces(WORDS).split("b" * 101) == [WORDS.index("[UNK]")]


@pytest.mark.parametrize("content", [b"", b"words", b"PK\3\4 broken"])
def test_a_file_that_is_no_opinion_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "opinion.npz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="no opinion on danger"):
        Opinion(file)


def test_a_file_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "opinion.npz", words=np.frombuffer(b"[CLS]", np.uint8), kinds=np.frombuffer(b"CALM", np.uint8))
    with pytest.raises(ValueError, match="no opinion on danger"):
        Opinion(tmp_path / "opinion.npz")


def _network() -> Any:
    """One with values that one byte holds without loss, so that only the sums can differ."""
    import torch

    from scripts.danger.network import Network

    torch.manual_seed(3)
    network = Network(len(WORDS), 2).eval()
    with torch.no_grad():
        for values in network.parameters():
            if values.dim() == 2:
                scale = values.abs().amax(dim=1, keepdim=True) / 127
                values.copy_((values / scale).round() * scale)
            else:
                values.add_(torch.randn_like(values) * 0.1)
    return network


@pytest.mark.training
@TRAINING
def test_numpy_and_pytorch_agree(tmp_path: Path) -> None:
    from scripts.danger.learn import weighed
    from scripts.danger.network import KINDS
    from scripts.danger.write import write

    network = _network()
    write(network, WORDS, tmp_path / "opinion.npz")
    opinion = Opinion(tmp_path / "opinion.npz")
    texts = ["he's not breathing", "he breathes", "", "zebra not not not he", "not"]
    for text, (odds, kind) in zip(texts, weighed(network, Pieces(WORDS), texts), strict=True):
        found = opinion.weigh(text)
        assert found.danger == pytest.approx(odds, abs=1e-3)
        assert found.kind == KINDS[kind]


@pytest.mark.training
@TRAINING
def test_of_a_long_text_the_most_dangerous_part_counts(tmp_path: Path) -> None:
    from scripts.danger.write import write

    write(_network(), WORDS, tmp_path / "opinion.npz")
    opinion = Opinion(tmp_path / "opinion.npz")
    part, rest = "he's not breathing " * 8, "b s " * 200
    weights = [opinion.weigh(text).danger for text in (part, rest)]
    whole = opinion.weigh(f"{rest} {part} {rest}").danger
    assert whole >= min(weights) - 1
    assert np.isfinite(whole)


@pytest.mark.training
@TRAINING
def test_changed_lines_keep_their_sense_and_what_was_learnt_is_measured() -> None:
    import random

    import torch

    from scripts.danger.learn import Line, Plan, changed, kind_of, train, weighed
    from scripts.danger.network import KINDS, Network

    draw = random.Random(1)
    forms = {changed("he's not breathing and he won't wake up", draw) for _ in range(50)}
    assert len(forms) > 20
    assert all("breathing" in form or "wake" in form for form in forms)
    assert kind_of("OD", True) == KINDS.index("OD")
    assert (kind_of("OD", False), kind_of("SUI", True)) == (0, -1)
    torch.manual_seed(1)
    network = Network(len(WORDS), 1)
    lines = [Line("he's not breathing", 1, "a"), Line("he's b", 0, "a")] * 16
    train(network, Pieces(WORDS), lines, Plan(rounds=20, batch=8, rate=1e-3), lambda line: None)
    (danger, _), (calm, _) = weighed(network, Pieces(WORDS), ["he's not breathing", "he's b"])
    assert danger > 1 > -1 > calm


@pytest.mark.training
@TRAINING
def test_lines_are_said_and_heard_and_what_lost_its_words_is_out(speech_model: SpeechModel, tmp_path: Path) -> None:
    from scripts.danger import heard
    from scripts.danger.learn import Line

    file = tmp_path / heard.FILE
    said = {1: "he is not breathing and his lips are blue", 0: "we had a cup of tea and a long talk"}
    lines = [Line(text, kind, "somebody") for kind, text in said.items()]
    heard.make(lines * 4, speech_model.path, 8, file, workers=1)
    found = heard.read(file)
    assert found
    for line in found:
        assert line.author == "heard"
        words = set(said[line.kind].split())
        assert len(words & set(line.text.split())) >= len(words) / 2
