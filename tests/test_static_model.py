"""A model whose graph is one piece (HCLG.fst), as many big ones are: no grammar at run time, yet a turn is heard."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from scripts.train import graph, units
from scripts.train.lexicon import Lexicon
from scripts.train.recordings import load
from scripts.train.transitions import transitions
from tests.sound_card import render_wav
from voice import models
from voice.content import load as load_content
from voice.events import Answer, Kind, Listen
from voice.speech.ears import hear_source
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import PcmSource
from voice.understanding import Understanding

SHIPPED = Path(__file__).parents[1] / "models" / "afterwards-small-en"
WORDS = Lexicon(
    {
        "yes": (("Y", "EH", "S"),),
        "no": (("N", "OW"),),
        "stop": (("S", "T", "AA", "P"),),
        "window": (("W", "IH", "N", "D", "OW"),),
    }
)
ASK = Listen("H1", Kind.YES_NO, expects=("yes", "no"), commands=("stop",), end=0.6)

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in ("fstcompile", "fstcompose", "fstarcsort")),
        reason="OpenFst's tools, which put a graph together, are not installed: scripts/setup --train brings them",
    ),
]


def _run(command: list[str], given: bytes = b"") -> bytes:
    return subprocess.run(command, input=given, capture_output=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network with a graph of four words in one piece."""
    folder = tmp_path_factory.mktemp("static")
    model = folder / "model"
    shutil.copytree(SHIPPED, model)
    told = units.read(model / "graph" / "units.txt")
    numbers = {word: place for place, word in enumerate([*sorted(WORDS.words), graph.UNKNOWN], 1)}
    lexicon = "\n".join(graph.lexicon_lines(WORDS, transitions(told), told, numbers))
    language = graph.Bigrams({**dict.fromkeys([*numbers], -1.6), "</s>": -0.5}, {}, {("<s>", "yes"): -0.7})
    grammar = "\n".join(graph.bigram_lines(language, numbers))
    left, right = folder / "left.fst", folder / "right.fst"
    left.write_bytes(_run(["fstarcsort", "--sort_type=olabel"], _run(["fstcompile"], lexicon.encode())))
    right.write_bytes(_run(["fstarcsort", "--sort_type=ilabel"], _run(["fstcompile"], grammar.encode())))
    (model / "graph" / "HCLG.fst").write_bytes(_run(["fstcompose", str(left), str(right)]))
    table = ["<eps> 0", *(f"{word} {number}" for word, number in numbers.items())]
    (model / "graph" / "words.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    for name in ("HCLr.fst", "Gr.fst"):
        (model / "graph" / name).unlink()
    return model


def test_it_passes_the_checks_that_come_before_native_code(static: Path) -> None:
    models.check(static)
    models.try_in_child(static)


def test_a_turn_is_heard_and_understood_without_a_grammar(static: Path, tmp_path: Path) -> None:
    model = SpeechModel(static)
    assert not model.supports_grammar
    understanding = Understanding(load_content())
    for said in ("yes", "no"):
        sound = np.concatenate([np.zeros(8000, np.int16), load(render_wav(said, tmp_path / f"{said}.wav"))])
        heard = hear_source(PcmSource(sound), model, ASK, ["yes", "no", "stop"])
        assert heard.text == said
        assert heard.lead is None, "there is nothing to compare it with"
        assert heard.free is not None
        assert understanding.understand(heard, ASK) == Answer(said)


def test_what_is_not_live_is_not_understood(static: Path, tmp_path: Path) -> None:
    sound = np.concatenate([np.zeros(8000, np.int16), load(render_wav("window", tmp_path / "window.wav"))])
    heard = hear_source(PcmSource(sound), SpeechModel(static), ASK, ["yes", "no", "stop"])
    assert heard.text == "window"
    assert not isinstance(Understanding(load_content()).understand(heard, ASK), Answer)
