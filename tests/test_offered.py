"""What the program itself offers as an answer is never taken for a danger: "fits", "write a note", "he kicked off"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench_answers import listen_at
from voice.events import Answer, Danger, Heard, Partial, Source
from voice.parts import Talking
from voice.session_hearing import Hearing
from voice.templates import Templates
from voice.walkthrough import ALWAYS, Step

TALKING = Talking()
HEARING = Hearing(TALKING.understanding, TALKING.safety)
TEMPLATES = Templates(TALKING.content.rules)
STEPS = {step.id: step for walk in TALKING.content.walkthroughs.values() for step in walk.steps.values()}


# Where it asks about danger, the phrases may be sure.
@pytest.mark.parametrize("step", [s for s in STEPS.values() if not listen_at(s).heavy], ids=lambda step: step.id)
def test_an_answer_that_is_offered_is_an_answer(step: Step) -> None:
    listen = listen_at(step)
    for id_ in listen.expects:
        for template in TALKING.understanding.wordings(listen, id_):
            for text in TEMPLATES.phrases(template, most=60):
                meaning = HEARING.meaning(Heard(text, Source.TYPED), listen)
                assert isinstance(meaning, Answer), f"{id_}: {text}"
                # Of answers that are never live together, two may be said alike.
                assert meaning.value == id_ or (id_ in step.outcomes and step.outcomes[id_].when != ALWAYS), text


def test_the_same_words_elsewhere_may_be_one() -> None:
    note, other = listen_at(STEPS["X3d"]), listen_at(STEPS["H6"])
    assert HEARING.meaning(Heard("i'll write a note", Source.TYPED), note) == Answer("note")
    assert isinstance(HEARING.meaning(Heard("i'll write a note", Source.TYPED), other), Danger)


def test_in_the_midst_of_it_too() -> None:
    said = Partial("it fits", 1.5, 2.0)
    assert HEARING.early(listen_at(STEPS["X1"])).look(said) is None
    assert HEARING.early(listen_at(STEPS["X1"])).look(Partial("he's having fits", 1.5, 2.0)) is not None


def test_a_command_that_is_live_is_no_answer() -> None:
    """ "Emergency" is one, and interrupts."""
    listen = replace(listen_at(STEPS["H6"]), commands=("stop", "emergency"))
    assert isinstance(HEARING.danger(Heard("emergency", Source.TYPED), listen), Danger)


def test_not_dying_is_a_no_where_that_was_asked() -> None:
    asked = listen_at(STEPS["Y2a"])
    assert HEARING.meaning(Heard("i don't want to die", Source.TYPED), asked) == Answer("no")
    assert isinstance(HEARING.meaning(Heard("i don't want to live", Source.TYPED), asked), Danger)
