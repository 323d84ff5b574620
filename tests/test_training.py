"""Making a model: each part against another way to work it out, and the whole chain from sound to libvosk."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.training,
    pytest.mark.skipif(
        os.environ.get("AFTERWARDS_TEST_TRAINING") != "yes", reason="needs PyTorch: run scripts/test --with-training"
    ),
]
if os.environ.get("AFTERWARDS_TEST_TRAINING") == "yes":
    import torch

    from scripts.train import (
        denominator,
        features,
        kaldi_files,
        network,
        numerator,
        taken_up,
        together,
    )
    from scripts.train.learn import Plan, trained
    from scripts.train.lexicon import Lexicon
    from scripts.train.loss import mmi
    from scripts.train.material import Material
    from scripts.train.recordings import RATE, Clip, Recordings
    from scripts.train.units import choose

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def words() -> Any:
    return Lexicon({"no": (("N", "OW"),), "yes": (("Y", "EH", "S"), ("Y", "AE")), "oh": (("OW",),)})


@pytest.fixture(scope="module")
def told(words: Any) -> Any:
    return choose([way for ways in words.words.values() for way in ways], own=1)


@pytest.fixture(scope="module")
def everything(words: Any, told: Any) -> Any:
    spoken = [[words["no"][0]], [words["yes"][0], words["no"][0]], [words["oh"][0]]]
    return denominator.Denominator(told, denominator.count(told, spoken, garbage=0.1, pause=0.2, seed=1))


@pytest.mark.parametrize("text", ["no", "yes", "yes no", "no oh", "no GBG"])
def test_the_numerator_is_the_sum_over_all_ways(text: str, words: Any, told: Any) -> None:
    """Against every path, written out."""
    torch.manual_seed(1)
    graph = numerator.graph(text.split(), words, told)
    time = 6
    scores = torch.randn(1, time, told.outputs)
    found, used = numerator.occupied(scores, numerator.batch([graph], "cpu"))
    table = scores[0].double()
    total = 0.0
    states = range(len(graph.units))
    for path in itertools.product(states, repeat=time):
        weight, before = 1.0, -1
        for frame, state in enumerate(path):
            unit = graph.units[state]
            if state == before:
                weight *= math.exp(table[frame, 2 * unit + 1])
                continue
            arcs = dict(graph.into[state])
            if before not in arcs:
                weight = 0.0
                break
            weight *= arcs[before] * math.exp(table[frame, 2 * unit])
            before = state
        if weight and path[-1] in graph.ends:
            total += weight
    assert found.item() == pytest.approx(math.log(total), rel=1e-5)
    assert torch.allclose(used.sum(dim=2), torch.ones(1, time), atol=1e-4)


def test_the_gradient_is_that_of_finite_differences(words: Any, told: Any, everything: Any) -> None:
    torch.manual_seed(2)
    scores = torch.randn(2, 12, told.outputs, requires_grad=True)
    graphs = numerator.batch([numerator.graph(t.split(), words, told) for t in ("yes no", "oh")], "cpu")
    mmi(scores, graphs, everything).backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None
    places = scores.grad.abs().flatten().argsort(descending=True)[:400:40]
    for place in places.tolist():
        step = torch.zeros(scores.numel())
        step[place] = 0.05
        step = step.view_as(scores)
        with torch.no_grad():
            up, down = mmi(scores + step, graphs, everything), mmi(scores - step, graphs, everything)
        assert (up - down).item() / 0.1 == pytest.approx(scores.grad.flatten()[place].item(), abs=0.01)


def test_the_denominator_is_the_sum_over_all_ways(told: Any, everything: Any) -> None:
    """Against products of matrices, without scaling."""
    torch.manual_seed(3)
    scores = torch.randn(3, 9, told.outputs) * 2
    found, used = everything.occupied(scores)
    follow, start, end = (part.double() for part in (everything.follow, everything.start, everything.end))
    for row in range(3):
        first, loop = scores[row].double().exp().view(9, -1, 2).unbind(2)
        state = start * first[0]
        for time in range(1, 9):
            state = (state @ follow) * first[time] + state * loop[time]
        assert found[row].item() == pytest.approx(math.log(state @ end), rel=1e-4)
    assert torch.allclose(used.sum(dim=2), torch.ones(3, 9), atol=1e-3)
    assert (used > -1e-6).all()


def test_a_recording_too_short_for_its_words_teaches_nothing_and_breaks_nothing(words: Any, told: Any, everything: Any) -> None:  # fmt: skip # noqa: E501
    scores = torch.randn(2, 3, told.outputs, requires_grad=True)
    graphs = numerator.batch([numerator.graph(t.split(), words, told) for t in ("yes no yes no", "oh")], "cpu")
    mmi(scores, graphs, everything).backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None
    assert (scores.grad[0] == 0).all()
    assert torch.isfinite(scores.grad).all()
    assert (scores.grad[1] != 0).any()


def test_what_follows_each_state_adds_up_to_one(everything: Any) -> None:
    onward = everything.follow.sum(dim=1) + everything.end
    assert torch.allclose(onward, torch.ones_like(onward), atol=1e-5)


def test_the_network_gives_an_output_each_three_frames(told: Any) -> None:
    shape = network.Shape(told.outputs, wide=16, waist=8, strides=(1, 2), last=8)
    net = network.Network(shape).eval()
    for frames in (30, 31, 32, 33):
        assert net(torch.randn(2, frames, 40)).shape == (2, math.ceil(frames / network.EVERY), told.outputs)


def test_channels_are_loose_only_while_training(told: Any) -> None:
    net = _worn(told)
    sound = torch.randn(2, 90, 40)
    with torch.no_grad():
        wanted = net(sound)
        net.loosen(0.4)
        assert torch.equal(net(sound), wanted)
        net.train()
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.eval()
        assert not torch.allclose(net(sound), wanted)
        net.loosen(0.0)
        assert torch.allclose(net(sound), wanted)


def _little(words: Any) -> Any:
    """Noise that is called "yes" and "no"."""
    sound = np.random.default_rng(1).normal(0, 2000, RATE * 40).astype(np.int16)
    clips = tuple(Clip(n * RATE, RATE, ("yes", "no")[n % 2], "a", "synthetic-x") for n in range(40))
    return Material(Recordings((sound,), clips), words, [["yes"], ["no"]], [])


def test_a_training_goes_on_from_its_checkpoint(tmp_path: Path, words: Any, told: Any) -> None:
    material = _little(words)
    shape = {"wide": 16, "waist": 8, "strides": (1,), "last": 8}

    def go_on(seconds: float) -> Any:
        torch.set_num_threads(1)
        training = material.training(told, Plan(seconds, batch=8, threads=1), tmp_path, "cpu", shape)
        said: list[str] = []
        training.run(said.append)
        return training, said

    first, _ = go_on(2.0)
    second, said = go_on(4.0)
    assert "going on from step" in said[0]
    assert second.facts["steps"] > first.facts["steps"] > 0
    assert not list(tmp_path.glob("*.part"))
    assert trained(tmp_path)(torch.randn(1, 60, 40)).shape == (1, 20, told.outputs)


def _worn(told: Any) -> Any:
    """A network whose normalisation is not that of a new one."""
    torch.manual_seed(4)
    net = network.Network(network.Shape(told.outputs, 24, 8, (1, 2), 12))
    with torch.no_grad():
        for value in (*net.parameters(), *net.buffers()):
            if value.is_floating_point():
                value.add_((torch.rand_like(value) - 0.5) * 0.3)
    return net.eval()


def test_a_network_is_read_back_from_a_models_file(tmp_path: Path, told: Any) -> None:
    net = _worn(told)
    sound = torch.randn(2, 90, 40)
    kaldi_files.write(net, told, tmp_path)
    back = taken_up.read(tmp_path / "am" / "final.mdl")
    assert back.shape == net.shape
    with torch.no_grad():
        written, wanted = back(sound), net(sound)
        assert (written - wanted).std() < 0.03 * wanted.std(), "one byte a value"
        assert (written - wanted).std() > 0
        given = torch.randn(2, 200, 40) * 9 + 3
        taken_up.balance(back, given)
        assert (back(sound) - written).abs().max() < 1e-3 * written.abs().max()
    assert torch.allclose(back.mean, given.flatten(0, 1).mean(dim=0), atol=1e-4)
    seen: list[Any] = []
    for norm in (back.norm, *(layer.norm for layer in back.each_layer())):
        norm.register_forward_hook(lambda norm, _, out: seen.append((out - norm.bias) / norm.weight))
    with torch.no_grad():
        back(given)
    for values in seen:
        lively = values.std(dim=0) > 0.1
        assert lively.any()
        assert values[:, lively].mean(dim=0).abs().max() < 1e-2
        assert (values[:, lively].std(dim=0) - 1).abs().max() < 1e-2


def test_a_wider_network_says_the_same_until_it_is_trained(told: Any) -> None:
    net = _worn(told)
    wider = taken_up.widened(net, 40, 12)
    sound = torch.randn(2, 90, 40)
    with torch.no_grad():
        assert torch.allclose(wider(sound), net(sound), atol=1e-5)
        taken_up.balance(wider, torch.randn(2, 200, 40) * 3)
        assert torch.allclose(wider(sound), net(sound), atol=1e-3)
    wider.train()
    wider(sound).square().sum().backward()
    grad = wider.last.weight.grad
    assert grad is not None
    assert (grad[:, 24:] != 0).any(), "what is new learns"
    with pytest.raises(ValueError, match="narrower"):
        taken_up.widened(net, 8, 8)


def test_a_deeper_network_says_the_same_until_it_is_trained(told: Any) -> None:
    net = _worn(told)
    deeper = taken_up.deepened(net, 2)
    assert len(deeper.layers) == len(net.layers) + 2
    sound = torch.randn(2, 90, 40)
    with torch.no_grad():
        assert torch.allclose(deeper(sound), net(sound), atol=1e-5)
        taken_up.balance(deeper, torch.randn(2, 200, 40) * 3)
        assert torch.allclose(deeper(sound), net(sound), atol=1e-3)
    place = deeper.shape.strides.index(2) - 1 if 2 in deeper.shape.strides else len(deeper.layers) - 1
    new = deeper.each_layer()[place]
    deeper.train()
    optimiser = torch.optim.SGD(deeper.parameters(), lr=0.1)
    for _ in range(2):  # what is new is silent at first: it must be heard before its weights can learn
        optimiser.zero_grad()
        deeper(sound).square().mean().backward()
        optimiser.step()
    assert new.narrow.weight.grad is not None
    assert new.narrow.weight.grad.abs().max() > 0, "what is new learns"


@pytest.mark.parametrize("content", [b"", b"\0B<TransitionModel> ", b"<Nnet3> \nname=first\n\n", b"PK\3\4"])
def test_a_file_that_this_recipe_did_not_write_is_not_trained_on(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "final.mdl").write_bytes(content)
    with pytest.raises(ValueError, match="no network that this recipe made"):
        taken_up.read(tmp_path / "final.mdl")


def test_a_cut_off_file_is_not_trained_on(tmp_path: Path, told: Any) -> None:
    kaldi_files.write(_worn(told), told, tmp_path)
    file = tmp_path / "am" / "final.mdl"
    whole = file.read_bytes()
    for share in (0.3, 0.6, 0.9):
        file.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ValueError, match="no network that this recipe made"):
            taken_up.read(file)


def test_training_goes_on_from_a_models_file(tmp_path: Path, words: Any, told: Any) -> None:
    material = _little(words)
    net = _worn(told)
    training = material.training(told, Plan(1.0, batch=8, settle_steps=0), tmp_path, "cpu", {**asdict(net.shape)})
    training.go_on_from(net)
    training.run(lambda line: None)
    assert training.facts["steps"] > 0
    assert not training.network.norm.training, "the normalisation stays as it was measured"
    assert trained(tmp_path)(torch.randn(1, 60, 40)).shape == (1, 20, told.outputs)


@pytest.mark.timeout(900)
def test_the_smoke_training_makes_a_model_that_libvosk_hears_with(tmp_path: Path) -> None:
    """The whole chain: synthetic speech, training, export, graph; and the model tells a word from another."""
    for tool in ("espeak-ng", "fstcompile"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    command = [sys.executable, "-m", "scripts.train", "--smoke", "--work", str(tmp_path / "work"), "--threads", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    folder = tmp_path / "work-smoke" / "model"
    from voice.speech.recogniser import SpeechModel

    model = SpeechModel(folder)
    assert model.supports_grammar
    assert model.knows("naloxone")
    agree = _agreement(model, tmp_path / "work-smoke", tmp_path / "said.wav")
    assert agree >= 10, f"libvosk and PyTorch agree on {agree} of 12 words: the network's files are wrong"


def _agreement(model: Any, work: Path, wav: Path) -> int:
    """Words of 12 for which libvosk chooses what the network itself finds likeliest, or next to it: good or bad, but
    the same. A toy of one minute is in two minds. With the wrong files that would be so of 2 in 12."""
    from scripts.train import steps, units
    from scripts.train.recordings import load

    known, told_apart, net = steps.words(), units.read(work / "units.txt"), trained(work)
    spoken = [
        "yes",
        "no",
        "stop",
        "pause",
        "help",
        "repeat",
        "emergency",
        "slower",
        "louder",
        "seven",
        "eleven",
        "skip",
    ]
    agree = 0
    for text in spoken:
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", str(wav), text], check=True)
        sound = np.concatenate([np.zeros(4000, np.int16), load(wav), np.zeros(6000, np.int16)])
        with torch.no_grad():
            scores = net(features.Mfcc()(torch.from_numpy(sound.astype(np.float32))[None]))
            graphs = numerator.batch([numerator.graph([word], known, told_apart) for word in spoken], "cpu")
            likely, _ = numerator.occupied(scores.expand(len(spoken), -1, -1), graphs)
        bare = model.recognise(json.dumps(spoken))  # without "[unk]", which the network is not asked about
        bare.AcceptWaveform(sound.tobytes())
        chosen = json.loads(bare.FinalResult())["text"].partition(" ")[0]  # a grammar lets another word follow
        agree += chosen in [spoken[int(place)] for place in likely.topk(2).indices]
    return agree


def _learn_together(rank: int, folder: str) -> None:
    team = together.join(rank, 2, Path(folder) / "meeting")
    material = _little(Lexicon({"no": (("N", "OW"),), "yes": (("Y", "EH", "S"),)}))
    coarse, fine = choose(material.ways, own=1 << 60), choose(material.ways, own=1)
    shape = {"wide": 16, "waist": 8, "strides": (1,), "last": 8}
    begun = material.training(coarse, Plan(0.5, batch=8), Path(folder) / "flat", "cpu", shape, team)
    begun.run(lambda line: None)
    training = material.training(fine, Plan(2.0, batch=8), Path(folder), "cpu", shape, team)
    training.begin_with(begun.network, coarse)
    training.run(lambda line: None)
    torch.save(training.network.state_dict(), Path(folder) / f"rank{rank}.pt")


def test_trainings_at_once_end_with_the_same_weights(tmp_path: Path) -> None:
    from torch.multiprocessing.spawn import spawn

    spawn(_learn_together, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    one, two = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.allclose(one[name], two[name]) for name in one if one[name].is_floating_point())
    assert (tmp_path / "checkpoint.pt").exists()
