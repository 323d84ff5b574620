"""Phrases and the network's opinion, joined: which of them decides when they differ."""

from __future__ import annotations

import pytest

from voice.content import load
from voice.judgement import Judgement
from voice.opinion import Opinion, Weighed
from voice.safety import Light, Safety, Verdict

CONTENT = load()
PHRASES = Safety(CONTENT.rules, CONTENT.safety)


class _Said(Opinion):
    """Of one mind, whatever it reads."""

    def __init__(self, danger: float, kind: str = "MED") -> None:
        self._said = Weighed(danger, kind)

    def weigh(self, text: str) -> Weighed:
        return self._said


def judged(text: str, danger: float, kind: str = "MED") -> Verdict:
    return Judgement(PHRASES, _Said(danger, kind)).judge(text)


OUTRIGHT, NOTHING = "he's not breathing", "we talked about the weather today"


def test_the_premises() -> None:
    assert PHRASES.judge(OUTRIGHT).direct
    assert PHRASES.judge(NOTHING).light is Light.GREEN


@pytest.mark.parametrize(
    ("text", "danger", "light"),
    [
        (OUTRIGHT, 5.0, Light.RED),
        (OUTRIGHT, -0.9, Light.RED),
        (OUTRIGHT, -3.0, Light.AMBER),
        (OUTRIGHT, -4.1, Light.GREEN),
        (NOTHING, 4.0, Light.RED),
        (NOTHING, 0.0, Light.AMBER),
        (NOTHING, -1.0, Light.GREEN),
    ],
)
def test_each_can_overrule_the_other_where_it_is_sure(text: str, danger: float, light: Light) -> None:
    verdict = judged(text, danger)
    assert verdict.light is light
    assert (verdict.card is None) == (light is Light.GREEN)


def test_the_card_is_that_of_the_phrases_or_else_of_the_network() -> None:
    assert judged(OUTRIGHT, 5.0, "VIO").card == "OD"
    assert judged(NOTHING, 5.0, "VIO") == Verdict(Light.RED, "VIO", "VIO.opinion")
    assert judged(NOTHING, 5.0, "SUI_SELF").card == "SUI"
    assert set(CONTENT.cards) >= {"SUI", "SUI_LOVED", "OD_SELF", "CHILD_SPEAKING", "WDR", "BEREAVED"}


def test_death_is_asked_about_gently_however_sure() -> None:
    assert judged(NOTHING, 9.0, "BEREAVED").light is Light.AMBER


def test_who_calls_for_help_is_never_overruled() -> None:
    for text in ("call an ambulance", "emergency", "help me now"):
        assert judged(text, -20.0).light is Light.RED, text


@pytest.mark.parametrize("how", [{"believed": False}, {"answering": False}])
def test_the_network_is_not_asked_about_words_that_may_be_wrong_or_others(how: dict[str, bool]) -> None:
    verdict = Judgement(PHRASES, _Said(9.0)).judge(NOTHING, **how)
    assert verdict == PHRASES.judge(NOTHING, how.get("answering", True))


def test_it_is_not_believed_alone_about_one_or_two_words() -> None:
    assert judged("bed time", 9.0).light is Light.GREEN
