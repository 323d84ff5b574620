"""How far the recogniser is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.trust import DISAGREEMENT, FAR, Trust, alike, trust

SAME, OTHER, NOTHING = True, False, None


@pytest.mark.parametrize(
    ("agrees", "expected"),
    [
        ([SAME], Trust.SURE),
        ([NOTHING, SAME], Trust.SURE),
        ([NOTHING, NOTHING, SAME], Trust.SURE),
        ([SAME, OTHER], Trust.SURE),
        ([NOTHING, NOTHING, NOTHING, SAME], Trust.UNSURE),
        ([NOTHING, NOTHING, NOTHING, NOTHING, SAME], Trust.UNSURE),
        ([NOTHING] * 5, Trust.REFUSED),
    ],
)
def test_the_nearer_the_agreement_the_surer(agrees: list[bool | None], expected: Trust) -> None:
    assert trust("yes", ["quite other words"] * len(agrees), agrees, 1.0) is expected


@pytest.mark.parametrize(
    ("agrees", "expected"),
    [
        ([OTHER, SAME], Trust.UNSURE),
        ([NOTHING, OTHER, SAME], Trust.UNSURE),
        ([OTHER, NOTHING, NOTHING, SAME], Trust.REFUSED),
        ([NOTHING, NOTHING, OTHER, NOTHING, SAME], Trust.REFUSED),
        ([OTHER], Trust.REFUSED),
    ],
)
def test_a_better_transcript_that_means_something_else_is_never_overruled(
    agrees: list[bool | None], expected: Trust
) -> None:
    # The letters are the same, so that only the contradiction speaks against it.
    assert trust("stop", ["stop"] * len(agrees), agrees, 1.0) is expected


def test_a_word_that_sounds_alike_is_asked_about() -> None:
    assert trust("stop", ["top"], [NOTHING], 1.0) is Trust.UNSURE
    assert trust("stop", ["we went out for milk", "top"], [NOTHING, NOTHING], 1.0) is Trust.REFUSED


def test_confidence_does_not_help_against_a_second_opinion() -> None:
    assert trust("yes", ["the train was late"], [NOTHING], 1.0) is Trust.REFUSED
    assert trust("yes", ["yes"], [SAME], 0.1) is Trust.SURE


def test_nothing_heard_by_the_second_recogniser_is_not_understood() -> None:
    assert trust("yes", [], [], 1.0) is Trust.REFUSED


def test_alone_it_is_believed_only_when_confident() -> None:
    assert trust("yes", None, [], 0.95) is Trust.SURE
    assert trust("yes", None, [], 0.6) is Trust.UNSURE


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        ("stop", "top", True),
        ("go on", "goon", True),
        ("seven", "eleven", True),
        ("yes", "no", False),
        ("yes", "", False),
    ],
)
def test_alike(one: str, other: str, close: bool) -> None:
    assert (alike(one, other) >= 0.6) is close


@given(
    text=st.text(max_size=20),
    free=st.lists(st.text(max_size=20), max_size=5),
    confidence=st.floats(0, 1),
    data=st.data(),
)
def test_without_any_sign_of_agreement_it_is_never_sure(
    text: str, free: list[str], confidence: float, data: st.DataObject
) -> None:
    agrees = data.draw(st.lists(st.sampled_from([OTHER, NOTHING]), min_size=len(free), max_size=len(free)))
    assert trust(text, free, agrees, confidence) is not Trust.SURE


def test_where_the_model_tells_the_fit_decides_and_agreement_counts() -> None:
    assert trust("yes", ["yes"], [SAME], 1.0, lead=-0.1) is Trust.REFUSED
    assert trust("yes", ["yes"], [SAME], 1.0, lead=0.0) is Trust.SURE
    two_better = ["yet", "yen", "yes"]
    assert trust("yes", two_better, [NOTHING, NOTHING, SAME], 1.0, lead=2 * DISAGREEMENT - 0.1) is Trust.REFUSED
    assert trust("yes", two_better, [NOTHING, NOTHING, SAME], 1.0, lead=2 * DISAGREEMENT) is Trust.SURE


def test_an_answer_that_fits_far_better_than_free_words_is_asked_about_and_never_sure() -> None:
    assert trust("yes", ["the train was late"], [NOTHING], 1.0, lead=FAR * DISAGREEMENT) is Trust.UNSURE
    assert trust("yes", ["the train was late"], [NOTHING], 1.0, lead=FAR * DISAGREEMENT - 0.1) is Trust.REFUSED
    assert trust("yes", ["no"], [OTHER], 1.0, lead=50.0) is Trust.REFUSED


@given(lead=st.floats(-50, 50), agrees=st.lists(st.sampled_from([SAME, OTHER, NOTHING]), max_size=5))
def test_a_better_fit_is_never_believed_less(lead: float, agrees: list[bool | None]) -> None:
    free = ["x"] * len(agrees)
    order = [Trust.REFUSED, Trust.UNSURE, Trust.SURE]
    less, more = (trust("yes", free, agrees, 1.0, lead=value) for value in (lead, lead + 3))
    assert order.index(less) <= order.index(more)
