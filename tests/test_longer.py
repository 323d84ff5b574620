"""An answer inside a longer sentence: taken where there is one, and only one; read back where it was heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.bench_answers import CARD, KEPT, lines, listen_at, taken
from voice import parts
from voice.content import load
from voice.dialogue.asking import Asking
from voice.events import Answer, Heard, Kind, Listen, NotUnderstood, Say, Source
from voice.safety import Light
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
        ("W5d", "we were ready for a no", "yes"),
        ("W6", "my dad did most of it", "family"),
        ("L5a", "no he'd never say that", "no"),
        ("Y1", "i'm at the end of my tether", "worn_out"),
        ("Y1a", "i'm worried about him", "for_them"),
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
        ("Y1a", "i'm scared for him when he's drunk"),
        ("H2", "i'm never on my own in here"),
        ("H2", "just me and my husband"),
        ("H2", "my flatmate is here but nobody else"),
        ("L3", "not alcohol"),
        ("L3", "wine and sleeping tablets"),
        ("W4", "he didn't really feel attacked"),
        ("B5", "not today thank you"),
        ("H4", "right now"),
        ("H4", "no one's safe in this house"),
        ("H4", "no please help"),
        ("H4", "now"),
        ("Y6", "none of us are safe"),
        ("Y6", "never been so frightened"),
        ("Y6", "the answer isn't no"),
        ("Y1b", "never stops"),
        ("Y2a", "never stop thinking about it"),
        ("L2", "he hasnt stopped drinking"),
        ("L3", "drink and something to sleep"),
        ("W3", "yes a bit i think"),
        ("W4", "of course they didn't"),
        ("X5", "we have one but it's expired"),
        ("H2", "nobody else except my mum"),
        ("Y2a", "no just sometimes"),
        ("L5a", "no he wrote it"),
        ("Y1b", "no just shoves me about"),
        ("L1", "we talk but it's tense and then no contact for days"),
        ("P0", "the day after tomorrow"),
    ],
)
def test_two_answers_are_none_and_so_is_what_is_hedged(step: str, text: str) -> None:
    meaning = typed(step, text)
    assert not isinstance(meaning, Answer) or meaning.value == "not_sure"


@pytest.mark.parametrize("text", ["absolutely not", "definitely not", "of course not"])
def test_a_strong_no_is_no_yes(text: str) -> None:
    for step in ("L5a", "Y2a", "X5", "W4"):
        assert typed(step, text) == Answer("no")


@pytest.mark.parametrize("step", ["forget_all", "keep", "delete", "check", "danger"])
def test_what_is_erased_or_kept_wants_a_plain_word(step: str) -> None:
    listen = Listen(step, Kind.YES_NO, ("yes", "no"))
    for text in ("yes that is what i want", "no don't do that"):
        assert UNDERSTANDING.understand(Heard(text, Source.TYPED), listen) == NotUnderstood()


def test_it_is_never_sure() -> None:
    """So it is read back: "no" at the beginning is not yet a no."""
    for step, text in (
        ("H4", "no he's asleep upstairs"),
        ("H2", "it's only me and the dog"),
        ("W4", "yes we did gang up"),
    ):
        meaning = typed(step, text)
        assert isinstance(meaning, Answer)
        assert not meaning.sure


def test_what_was_heard_is_read_back_and_a_noise_is_no_answer() -> None:
    assert spoken("H4", "no he went to bed") == Answer("no", sure=False, within=True)
    assert spoken("H2", "my husband's in the kitchen") == Answer("heard", sure=False, within=True)
    assert spoken("H4", "no he went to bed", surely=False) == NotUnderstood()


@pytest.mark.parametrize("text", ["i'm tired of living", "no he slaps me"])
def test_what_holds_an_answer_may_be_a_danger(text: str) -> None:
    assert parts.Talking().safety.judge(text).light is not Light.GREEN


def test_where_others_hear_it_is_asked_again_and_not_read_back() -> None:
    """But that nobody else hears, and an answer about danger, are."""
    for text, step, read_back in (("we were in a restaurant", "W5b", False), ("it's only me and the dog", "H2", True)):
        talk = parts.Talking().dialogue("US", quiet=True).talk
        asking = Asking(talk, STEPS[step])
        talk.push(asking)
        meaning = typed(step, text)
        assert isinstance(meaning, Answer)
        acts = asking.on_answer(meaning)
        assert any(isinstance(act, Say) and act.key.startswith("check") for act in acts) == read_back, text
        assert not talk.memory.entries


def test_no_words_are_looked_for_where_it_asks_about_danger() -> None:
    for step in STEPS.values():
        if step.asks_of_danger:
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
    said = [line for line in lines(KEPT) if not line.danger]
    counts = Counter(kind.removesuffix(", checked") for kind in taken(said))
    assert counts["right"] >= 0.5 * len(said)
    assert counts["wrong"] <= 0.06 * len(said)
    assert counts["red"] <= 0.01 * len(said)


def test_dangers_are_heard_at_any_question() -> None:
    said = [line for line in lines(KEPT) if line.danger]
    counts = Counter(taken(said))
    assert counts["red"] + counts["amber"] + counts[CARD] >= 0.9 * len(said)
