"""What a training hears: features as Kaldi's, sound that was changed, and what is drawn together."""

from __future__ import annotations

import os

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

    from scripts.train import augment, batches, features
    from scripts.train.augment import CLEAR
    from scripts.train.recordings import RATE, Clip, Recordings, of_some


def test_features_are_kaldis() -> None:
    import kaldi_native_fbank as knf

    sound = np.random.default_rng(1).normal(0, 2000, RATE).astype(np.float32)
    sound[3000:9000] *= 0.01
    options = knf.MfccOptions()
    options.frame_opts.dither, options.use_energy = 0, False
    options.mel_opts.num_bins = options.num_ceps = features.CEPSTRA
    options.mel_opts.low_freq, options.mel_opts.high_freq = features.LOW, features.HIGH
    theirs = knf.OnlineMfcc(options)
    theirs.accept_waveform(RATE, sound)
    theirs.input_finished()
    wanted = np.stack([theirs.get_frame(i) for i in range(theirs.num_frames_ready)])
    ours = features.Mfcc()(torch.from_numpy(sound)[None])[0].numpy()
    assert ours.shape == wanted.shape
    assert np.abs(ours - wanted).max() < 0.02


@pytest.mark.parametrize("strength", ["usual", "clear"])
def test_augmented_sound_is_still_sound(strength: str) -> None:
    sounds = [np.random.default_rng(n).normal(0, 3000, RATE + 400 * n).astype(np.int16) for n in range(5)]
    noises = [np.random.default_rng(9).normal(0, 500, RATE * 2).astype(np.float32)]
    change = augment.Augmenter(noises, 1, "cpu", CLEAR if strength == "clear" else None)
    for _ in range(4):
        changed = change(sounds, (0.1, 0.3))
        assert changed.shape[0] == 5
        assert torch.isfinite(changed).all()
        assert changed.abs().max() <= 32768
        assert (changed.abs().amax(dim=1) > 50).all()
        assert 0.8 < changed.shape[1] / (RATE * 1.3) < 1.8


def test_what_is_hidden_is_as_if_nothing_had_been_heard_there() -> None:
    augmenter = augment.Augmenter([], 1, "cpu")
    sound = torch.randn(60, RATE) * 1000
    frames = features.frames_of(RATE)
    hidden = augmenter.hide(len(sound), frames)
    assert hidden is not None
    assert hidden.shape == (60, frames, features.CEPSTRA)
    touched = hidden.flatten(1).any(dim=1).float().mean()
    assert 0.4 < touched < 0.9, "not every clip"
    assert hidden.float().mean() < 0.3, "most is left"
    mfcc = features.Mfcc()
    levels = mfcc(sound, hidden).double() @ torch.linalg.inv(mfcc.cosines.double())
    plain = mfcc(sound).double() @ torch.linalg.inv(mfcc.cosines.double())
    mean = plain.mean(dim=1, keepdim=True).expand_as(plain)
    assert (levels - plain)[~hidden].abs().max() < 1e-2
    assert (levels - mean)[hidden].abs().max() < 1e-2
    assert augment.Augmenter([], 1, "cpu", CLEAR).hide(3, 10) is None


def test_the_same_seed_gives_the_same_sound() -> None:
    sounds = [np.random.default_rng(1).normal(0, 3000, RATE).astype(np.int16)] * 3
    made = []
    for _ in range(2):
        torch.manual_seed(5)  # hiss and rounding are PyTorch's; the rest is the augmenter's own
        made.append(augment.Augmenter([], 5, "cpu", CLEAR)(sounds, (0.1, 0.2)))
    assert torch.equal(made[0], made[1])


def test_batches_hold_clips_of_one_kind_and_of_about_one_length() -> None:
    clips = [Clip(0, 8000 + 400 * n, "yes", "a", "speech_commands") for n in range(100)]
    clips += [Clip(0, 60000 + 900 * n, "yes no", "b", "librispeech") for n in range(40)]
    clips += [Clip(0, 9000, "no", "c", "synthetic-kokoro"), Clip(0, 99 * RATE, "no", "c", "librispeech")]
    kinds = batches.groups(Recordings((np.zeros(0, np.int16),), tuple(clips)))
    assert [len(kind.clips) for kind in kinds] == [40, 100, 1]
    random = np.random.default_rng(1)
    for _ in range(20):
        group, drawn = batches.draw(kinds, 30, random)
        assert set(drawn) <= set(group.clips)
        assert max(clip.length for clip in drawn) < 2.5 * min(clip.length for clip in drawn)


def test_a_batch_of_single_words_holds_many_words_and_seldom_ones_too() -> None:
    """Clips of one length, word by word as a folder lists them: so they came, and each batch was one word's."""
    texts = ["left"] * 900 + ["yes"] * 90 + ["six"] * 9
    clips = tuple(Clip(0, RATE, text, "a", "speech_commands") for text in texts)
    (group,) = batches.groups(Recordings((np.zeros(RATE, np.int16),), clips))
    random = np.random.default_rng(1)
    drawn = [clip.text for _ in range(40) for clip in batches.draw([group], 100, random)[1]]
    share = {word: drawn.count(word) / len(drawn) for word in ("left", "yes", "six")}
    assert share["yes"] > 0.12, share
    assert share["six"] > 0.012, share
    one = {clip.text for clip in batches.draw([group], 100, random)[1]}
    assert {"left", "yes"} <= one


def test_single_words_are_chained_without_their_silence() -> None:
    word = np.concatenate([np.zeros(4000, np.int16), np.full(4000, 9000, np.int16), np.zeros(8000, np.int16)])
    made, said = batches.chained([word] * 7, list("abcdefg"), np.random.default_rng(1))
    assert " ".join(said).split() == list("abcdefg")
    assert len(made) == len(said)
    for sound, text in zip(made, said, strict=True):
        words = len(text.split())
        assert words <= 4
        assert 4000 * words <= len(sound) < 9000 * words


def test_some_of_the_people_are_the_same_ones_each_time() -> None:
    """What more voices bring is measured with shares of them, so a larger share must hold the smaller one."""
    clips = tuple(Clip(0, 1, "yes", f"speaker {number}", "an4") for number in range(400))
    clips += (Clip(0, 1, "yes", "", "synthetic-flite"),)
    everyone = Recordings((np.zeros(1, np.int16),), clips)
    quarter, half, whole = (set(of_some(everyone, share).clips) for share in (0.25, 0.5, 1.0))
    assert quarter < half < whole == set(clips)
    assert 60 < len(quarter) < 140
    assert 160 < len(half) < 240
    assert clips[-1] in quarter, "synthetic speech is nobody's"
