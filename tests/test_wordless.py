"""A voice without words: "mm", a sigh, a sob. Nothing was said, so nothing was missed (SPEC section 6)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.events import Answer, Danger, Heard, Kind, Listen, NotUnderstood, Wordless
from voice.parts import Talking
from voice.session_hearing import Hearing
from voice.speech.ears import hear_source
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import PcmSource
from voice.templates import Templates

TALKING = Talking()
HEARING = Hearing(TALKING.understanding, TALKING.safety)
YES_NO = Listen("W4", Kind.YES_NO, ("yes", "no", "not_sure"), ("stop", "pause"))
FREE = Listen("W3", Kind.FREE, (), ("stop", "pause"), end=2.5)
IN_DANGER = Listen("danger", Kind.YES_NO, ("yes", "no"), patient=False)


def heard(free: str, text: str = "[unk]") -> Heard:
    return Heard(text, free=(free,), lead=-3.0, seconds=4.0)


@pytest.mark.parametrize(
    "said", ["mm", "uh", "oh", "ah mm", "er our our r r are up are up oh", "up off after a far off are off"]
)
@pytest.mark.parametrize("listen", [YES_NO, FREE])
def test_no_words_are_no_answer_and_no_miss(said: str, listen: Listen) -> None:
    assert HEARING.meaning(heard(said), listen) == Wordless(4.0)


@pytest.mark.parametrize(
    "said", ["up", "a lot", "our daughter", "oh they left", "right or wrong our way", "off and on"]
)
def test_short_words_are_words(said: str) -> None:
    assert HEARING.meaning(heard(said), FREE) == Answer("own", said, sure=False)


@pytest.mark.parametrize("said", ["yes", "oh yes", "uh huh"])
def test_what_is_live_goes_before(said: str) -> None:
    assert HEARING.meaning(heard(said), YES_NO) == Answer("yes", sure=False)


def test_danger_goes_before() -> None:
    assert isinstance(HEARING.meaning(heard("oh oh he's not breathing oh"), FREE), Danger)


def test_after_a_question_about_danger_what_is_unclear_counts() -> None:
    assert HEARING.meaning(heard("our our our our our"), IN_DANGER) == NotUnderstood()


def test_no_such_word_is_an_answer() -> None:
    """Else nobody could answer with it."""
    content = TALKING.content
    templates = Templates(content.rules)
    heard = [intent.hear for intent in (*content.answers.values(), *content.commands.values())]
    for walk in content.walkthroughs.values():
        heard += [outcome.hear for step in walk.steps.values() for outcome in step.outcomes.values()]
    phrases = {phrase for hear in heard for template in hear for phrase in templates.phrases(template)}
    assert len(phrases) > 1000
    assert not content.sounds & phrases


@pytest.mark.parametrize("listen", [YES_NO, FREE], ids=["yes or no", "free words"])
def test_sobs_through_the_recogniser(speech_model: SpeechModel, listen: Listen) -> None:
    """Sobs by formula, since nobody is recorded crying: bursts of a voice with falling pitch, and breath between."""
    meanings = []
    for seed in range(6):
        sound = hear_source(PcmSource(sobs(seed), 16000), speech_model, listen, TALKING.understanding.phrases(listen))
        meanings.append(HEARING.meaning(sound, listen))
    assert sum(isinstance(meaning, Wordless) for meaning in meanings) >= 5, meanings
    assert not any(isinstance(meaning, Danger) for meaning in meanings), meanings


def sobs(seed: int, bouts: int = 3) -> NDArray[np.int16]:
    """16 kHz mono: glottal pulses through three formants."""
    random, rate = np.random.default_rng(seed), 16000
    pitch = random.uniform(150, 350)
    sound = [np.zeros(rate // 2)]
    for _ in range(bouts):
        for _ in range(random.integers(2, 6)):
            burst = _burst(random, random.uniform(0.12, 0.4), pitch * random.uniform(0.9, 1.2), rate)
            sound += [burst * random.uniform(0.4, 1), np.zeros(int(rate * random.uniform(0.05, 0.2)))]
        breath = int(rate * random.uniform(0.4, 0.8))
        sound += [random.normal(size=breath) * 0.08 * np.hanning(breath)]
        sound += [np.zeros(int(rate * random.uniform(0.2, 0.6)))]
    whole = np.concatenate([*sound, np.zeros(rate * 4)])
    return (whole * 9000 + random.normal(size=len(whole)) * 15).astype(np.int16)


def _burst(random: np.random.Generator, seconds: float, pitch: float, rate: int) -> NDArray[np.float64]:
    length = int(seconds * rate)
    phase = np.cumsum(pitch * np.linspace(1.15, 0.8, length)) / rate
    sound = (np.diff(np.floor(phase), prepend=0.0) > 0) + random.normal(size=length) * 0.015
    for formant, width in ((random.uniform(550, 750), 90.0), (random.uniform(1100, 1400), 110.0), (2500.0, 160.0)):
        radius, angle = np.exp(-np.pi * width / rate), 2 * np.pi * formant / rate
        out = np.zeros(length + 2)
        for at in range(length):
            out[at + 2] = sound[at] + 2 * radius * np.cos(angle) * out[at + 1] - radius**2 * out[at]
        sound = out[2:]
    edge = np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.03 * rate)
    shaped: NDArray[np.float64] = sound * np.minimum(1, edge) / np.abs(sound).max()
    return shaped
