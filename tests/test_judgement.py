"""Phrases and the network's opinion, joined; and both on wordings that neither was made for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench_danger import KEPT, read
from tests.test_language import WALK, lives
from voice.content import load
from voice.events import Danger, Heard, Source
from voice.judgement import Judgement
from voice.opinion import Opinion, Weighed
from voice.safety import Light, Safety, Verdict
from voice.session_hearing import Hearing
from voice.templates import Templates
from voice.understanding import Understanding
from voice.walkthrough import Step

CONTENT = load()
PHRASES = Safety(CONTENT.rules, CONTENT.safety)
JUDGEMENT = Judgement(PHRASES, Opinion(CONTENT.opinion))
KEPT_ASIDE = read(sorted(KEPT.glob("*.tsv")))
FILLERS = ["um", "uh", "like", "oh god", "fucking", "you know", "bloody", "well", "danny"]


class _Said(Opinion):
    """Of one mind, whatever it reads."""

    def __init__(self, danger: float, kind: str = "MED") -> None:
        self._said = Weighed(danger, kind)

    def weigh(self, text: str) -> Weighed:
        return self._said


def judged(text: str, danger: float, kind: str = "MED") -> Verdict:
    return Judgement(PHRASES, _Said(danger, kind)).judge(text)


OUTRIGHT, NOTHING = "please i think he's not breathing at all", "we talked about the weather today"


def test_the_premises() -> None:
    assert PHRASES.judge(OUTRIGHT).direct
    assert PHRASES.judge(NOTHING).light is Light.GREEN


@pytest.mark.parametrize(
    ("text", "light"),
    [
        ("m o r e w o o d", Light.GREEN),
        ("M O R E W O O D", Light.GREEN),
        ("it's spelt m o r e w o o d on the door", Light.GREEN),
        ("m o r e w o o d and he's not breathing", Light.RED),
        ("i think he o d d", Light.RED),
        ("i i i i i i want to die", Light.RED),
    ],
)
def test_a_name_that_is_spelt_is_no_danger(text: str, light: Light) -> None:
    assert JUDGEMENT.judge(text).light is light


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


def test_the_network_alone_asks_about_a_death_only_where_it_is_sure() -> None:
    assert judged(NOTHING, 0.5, "BEREAVED").light is Light.GREEN
    assert judged(NOTHING, 1.5, "BEREAVED").light is Light.AMBER


def test_a_few_words_said_outright_are_not_overruled() -> None:
    assert judged("she's dying", -9.0).light is Light.RED


def test_what_is_over_is_asked_about_at_most() -> None:
    assert PHRASES.judge("he overdosed last week").past
    assert judged("he overdosed last week", 9.0).light is Light.AMBER


def test_it_is_not_believed_alone_about_one_or_two_words() -> None:
    assert judged("bed time", 9.0).light is Light.GREEN


def test_without_the_network_the_phrases_judge_alone() -> None:
    for text in (OUTRIGHT, NOTHING, "my mum won't wake up"):
        assert Judgement(PHRASES, None).judge(text) == PHRASES.judge(text)


def share(lights: list[Light], *wanted: Light) -> float:
    return sum(light in wanted for light in lights) / len(lights)


def test_wordings_that_were_kept_aside() -> None:
    """The figures of `scripts/bench danger`, with a little room."""
    judged_as = [(wording, JUDGEMENT.judge(wording.text).light) for wording in KEPT_ASIDE]
    calm = [light for wording, light in judged_as if not wording.danger]
    assert share([light for w, light in judged_as if w.danger and w.direct], Light.RED, Light.AMBER) >= 0.98
    assert share([light for w, light in judged_as if w.danger and not w.direct], Light.RED, Light.AMBER) >= 0.91
    assert share(calm, Light.RED) <= 0.03
    assert share(calm, Light.AMBER) <= 0.10


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([w.text for w in KEPT_ASIDE if w.danger and w.direct]),
    st.lists(st.tuples(st.sampled_from(FILLERS), st.integers(0, 20)), max_size=2),
)
def test_fillers_swearing_and_names_do_not_turn_red_into_green(phrase: str, extra: list[tuple[str, int]]) -> None:
    if JUDGEMENT.judge(phrase).light is not Light.RED:
        return
    words = phrase.split()
    for filler, place in extra:
        words.insert(min(place, len(words)), filler)
    assert JUDGEMENT.judge(" ".join(words)).light is not Light.GREEN


STORY = (
    "we had lunch at my mum's on sunday and talked about the garden and the weather and who would bring the cake and "
    "my uncle told his old jokes again and then we washed up and my sister said she was tired from a week of work and "
    "nobody wanted to say anything about the drinking so we watched the match and drove home in the rain and i made tea"
)


@pytest.mark.parametrize("words", [10, 25, 40, 60])
@pytest.mark.parametrize(
    "phrase", ["he's not breathing", "she won't wake up", "i want to kill myself", "he's got a knife", "he's overdosed"]
)
def test_no_long_story_hides_what_is_said_outright(phrase: str, words: int) -> None:
    story = STORY.split()
    for text in (
        [*story[:words], phrase],
        [phrase, *story[:words]],
        [*story[: words // 2], "and", phrase, "and", *story[words // 2 : words]],
    ):
        assert JUDGEMENT.judge(" ".join(text)).light is not Light.GREEN, text
    assert JUDGEMENT.judge(STORY).light is Light.GREEN


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    JUDGEMENT.judge(text)


def test_what_is_answered_is_hardly_ever_danger_to_the_network() -> None:
    from scripts.train.phrases import collect

    calm = [text for text in collect().live if PHRASES.judge(text).light is Light.GREEN]
    wrong = [text for text in calm if JUDGEMENT.judge(text).light is not Light.GREEN]
    assert len(wrong) <= 0.01 * len(calm), wrong


@pytest.mark.parametrize("step", WALK.steps.values(), ids=list(WALK.steps))
def test_and_never_at_its_own_step(step: Step) -> None:
    """The program offered those words itself."""
    understanding, templates = Understanding(CONTENT), Templates(CONTENT.rules)
    hearing = Hearing(understanding, JUDGEMENT)
    for listen in lives(step):
        wrong = []
        for id_ in listen.expects:
            said = {p for template in understanding.wordings(listen, id_) for p in templates.phrases(template, most=10)}
            for text in said:
                if PHRASES.judge(text).light is Light.GREEN:
                    meaning = hearing.meaning(Heard(text, Source.TYPED), listen)
                    wrong += [text] if isinstance(meaning, Danger) else []
        assert wrong == []


def test_it_is_small() -> None:
    assert Path(CONTENT.opinion).stat().st_size < 12_000_000
