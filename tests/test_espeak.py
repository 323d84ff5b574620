"""The real espeak-ng: each step of the rate, down to where it goes no slower by itself."""

from __future__ import annotations

import shutil
from itertools import pairwise

import numpy as np
import pytest

from tests.test_mouth import _hertz
from voice.session_manner import RATES, Manner
from voice.speech.render import EspeakRenderer

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SENTENCE = "When somebody is not ready to hear it, the day can feel as if it all went wrong."


@pytest.mark.parametrize("card", [False, True])
def test_every_step_of_the_rate_is_reached_and_the_pitch_stays(card: bool) -> None:
    """espeak-ng itself goes no slower than 80 words a minute."""
    renderer = EspeakRenderer()
    clips = {rate: renderer.render(SENTENCE, Manner(rate=rate).words_per_minute(card), 50) for rate in RATES}
    usual = clips[100]
    lengths = [len(clip.samples) for clip in clips.values()]
    assert all(later < 0.93 * earlier for earlier, later in pairwise(lengths))
    for rate, clip in clips.items():
        assert len(clip.samples) == pytest.approx(len(usual.samples) * 100 / rate, rel=0.12), rate
        assert _hertz(clip.samples, clip.rate) == pytest.approx(_hertz(usual.samples, usual.rate), rel=0.05), rate


def test_a_short_line_is_slower_too_and_no_pause_stays_behind() -> None:
    renderer = EspeakRenderer()
    for line in ("Call nine nine nine.", "Take your time.", "Put them on their side."):
        lengths = [len(renderer.render(line, wpm, 50).samples) for wpm in (55, 77, 110, 55, 110)]
        assert lengths[0] > 1.15 * lengths[1] > 1.15 * 1.15 * lengths[2]
        assert lengths[3] == pytest.approx(lengths[0], rel=0.02)
        assert lengths[4] == pytest.approx(lengths[2], rel=0.02)
    assert len(renderer.render("Yes.", 55, 50).samples) > 1.1 * len(renderer.render("Yes.", 110, 50).samples)


@pytest.mark.parametrize("words_per_minute", [55, 65, 77, 130])
def test_every_word_begins_at_its_mark(words_per_minute: int) -> None:
    """Cut out by the marks, each begins with its sound, and ends with the pause that makes it slow."""
    renderer = EspeakRenderer()
    clip = renderer.render(SENTENCE, words_per_minute, 50)
    assert len(clip.words) == len(SENTENCE.split())
    assert all(earlier < later for earlier, later in pairwise(clip.words))
    assert 0 <= clip.words[0] < clip.rate // 20
    ends = (*clip.words[1:], len(clip.samples))
    for word, begin, end in zip(SENTENCE.split(), clip.words, ends, strict=True):
        alone = clip.samples[begin:end]
        loud = np.flatnonzero(np.abs(alone.astype(np.int32)) > 300)
        assert loud.size, word
        assert loud[0] < clip.rate * 0.1, f"{word}: a pause stands before it"
        if words_per_minute < 80 and end != ends[-1]:
            assert len(alone) - loud[-1] > clip.rate * 0.02, f"{word}: no pause stands after it"
