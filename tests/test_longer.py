"""An answer inside a longer sentence: taken where there is one, and only one; read back where it was heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench_answers import KEPT, lines, listen_at
from voice.content import load
from voice.events import Answer, Heard, Listen, NotUnderstood, Source
from voice.understanding import Understanding
from voice.walkthrough import Outcome, Step

CONTENT = load()
UNDERSTANDING = Understanding(CONTENT)
STEPS = {step.id: step for walk in CONTENT.walkthroughs.values() for step in walk.steps.values()}


def typed(step: str, text: str) -> object:
    return UNDERSTANDING.understand(Heard(text, Source.TYPED), listen_at(STEPS[step]))


def spoken(step: str, text: str, surely: bool = True) -> object:
    """As a recogniser brings it that has no phrase of the grammar for it."""
    return UNDERSTANDING.understand(Heard("[unk]", Source.VOICE, 0.5, (text,), surely=surely), listen_at(STEPS[step]))


@pytest.mark.parametrize(
    ("step", "text", "answer"),
    [
        ("H4", "no he's asleep upstairs", "no"),
        ("H4", "yes my brother", "yes"),
        ("H4", "everyone's safe", "no"),
        ("H2", "my husband's in the kitchen", "heard"),
        ("H2", "it's only me and the dog", "alone"),
        ("W1", "about a month ago", "longer"),
        ("W2", "she slammed the door in my face and screamed", "angry"),
        ("W4", "well yeah we did gang up a bit", "yes"),
        ("W5a", "he'd been drinking since lunch", "no"),
        ("W6", "my dad did most of it", "family"),
        ("L5a", "never he'd never say that", "no"),
        ("Y1", "i'm at the end of my tether", "worn_out"),
        ("Y1a", "i'm worried about my son", "for_them"),
        ("X3d", "i could bake him a cake", "meal"),
        ("X3d", "i'll write him a note", "note"),
        ("P0", "on saturday when i'm off work", "later"),
    ],
)
def test_the_answer_is_found(step: str, text: str, answer: str) -> None:
    meaning = typed(step, text)
    assert isinstance(meaning, Answer)
    assert meaning.value == answer


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("H4", "no but he's got a bottle in there"),
        ("H4", "no idea"),
        ("W4", "yes and no really"),
        ("W4", "yeah no"),
        ("Y1b", "no only the once"),
        ("Y1a", "i'm not scared of her"),  # "scared of her" stands in it
        ("L1", "we talk but it's tense and then no contact for days"),
        ("P0", "the day after tomorrow"),
    ],
)
def test_two_answers_are_none_and_so_is_what_is_hedged(step: str, text: str) -> None:
    meaning = typed(step, text)
    assert not isinstance(meaning, Answer) or meaning.value == "not_sure"


def test_what_was_heard_is_read_back_and_a_noise_is_no_answer() -> None:
    assert spoken("H4", "no he went to bed") == Answer("no", sure=False)
    assert spoken("H2", "my husband's in the kitchen") == Answer("heard", sure=False)
    assert spoken("H4", "no he went to bed", surely=False) == NotUnderstood()


def test_a_danger_is_not_denied_by_a_part_of_a_sentence() -> None:
    for step in STEPS.values():
        if any(outcome.card for outcome in step.outcomes.values()):
            assert not any(outcome.within for outcome in step.outcomes.values()), f"{step.id}: never looked at"


def _offered() -> Iterator[tuple[Step, Outcome]]:
    for step in STEPS.values():
        for outcome in step.outcomes.values():
            if outcome.hear and any(other.within for other in step.outcomes.values()):
                yield step, outcome


@pytest.mark.parametrize(("step", "outcome"), list(_offered()), ids=lambda part: part.id)
def test_no_answer_is_taken_for_another(step: Step, outcome: Outcome) -> None:
    """What the screen offers, in a longer sentence, is that answer or none."""
    for phrase in outcome.hear[:2]:
        if "[" in phrase or "(" in phrase:
            continue
        meaning = typed(step.id, f"i would say {phrase} i think")
        assert not isinstance(meaning, Answer) or meaning.value in (outcome.id, "own"), phrase


def test_people_are_understood_in_their_own_words() -> None:
    """Nearly 400 answers of an author who had seen nothing but the questions: scripts/bench answers has the figures."""
    heard = [typed(line.step, line.text) for line in lines(KEPT) if not line.danger and line.step in STEPS]
    missed = sum(isinstance(meaning, NotUnderstood) for meaning in heard)
    assert missed < 0.4 * len(heard)
    assert isinstance(typed("H4", "quokka"), NotUnderstood)
    assert isinstance(listen_at(STEPS["H4"]), Listen)
