"""Ways through a crisis that went wrong once: what is said to a card, beside it, and to the one question before it."""

from __future__ import annotations

import pytest

from tests.room import TALKING, At, Room, key, room, says, types
from voice.dialogue import Dialogue
from voice.events import Act, Answer, Command, Danger, Kind, Listen, NotUnderstood, Say, ShowCard, Silence

ON_OD = [types("yes"), types("he is not breathing")]
AMBER = [types("yes"), types("he overdosed last week")]


def cards(made: Room) -> list[object]:
    made.session.run()
    return made.paper.of("card")


# ---- on a card


@pytest.mark.parametrize(
    "text", ["call an ambulance", "help me", "emergency", "he is not breathing", "it's an emergency"]
)
def test_what_is_said_while_help_is_called_leaves_the_card(text: str) -> None:
    made = room(*ON_OD, says(text, step="card:OD"))
    assert set(cards(made)) == {"OD"}


def test_the_key_brings_the_general_card_from_any() -> None:
    assert cards(room(*ON_OD, key("emergency", step="card:OD"))) == ["OD", "EMERGENCY"]


@pytest.mark.parametrize(
    "text", ["my brother isn't breathing", "emergency", "oh god he is not breathing", "call an ambulance"]
)
def test_a_card_is_not_cut_by_what_it_is_about(text: str) -> None:
    made = room(*ON_OD, says(text, speaking=True))
    made.session.run()
    lines = [what for what in made.paper.of("say") if str(what).startswith("card.OD.")]
    assert len(lines) >= 6, "read to its end"


def test_another_danger_takes_the_place_of_a_card() -> None:
    assert cards(room(*ON_OD, says("he's got a knife", step="card:OD")))[-1] == "VIO"


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("bleeding", "MED"),
        ("it's the baby", "CHI"),
        ("i'm being hurt", "VIO"),
        ("trouble breathing", "OD"),
        ("a fit", "WDR"),
    ],
)
def test_an_answer_to_the_general_card_leads_on(text: str, card: str) -> None:
    assert cards(room(types("yes"), key("emergency"), types(text, step="card:EMERGENCY"))) == ["EMERGENCY", card]


@pytest.mark.parametrize("text", ["i'm being hit", "i am being hit by my husband"])
def test_who_is_hit_is_not_told_to_put_down_what_they_hold(text: str) -> None:
    verdict = TALKING.safety.judge(text)
    assert verdict.card == "VIO"


def _on_card(card: str) -> Dialogue:
    dialogue = TALKING.dialogue("US")
    dialogue.start()
    dialogue.respond(Answer("yes"))
    dialogue.respond(Danger("red", card))
    return dialogue


def _said(acts: list[Act]) -> list[str]:
    return [act.key for act in acts if isinstance(act, Say)]


def test_talk_beside_the_card_does_not_hold_up_the_steps() -> None:
    dialogue = _on_card("OD")
    answers = [_said(dialogue.respond(NotUnderstood())) for _ in range(4)]
    assert answers[:3] == [[], [], []]
    assert answers[3][0] == "card.OD.1"


def test_skip_on_a_card_is_the_next_line() -> None:
    dialogue = _on_card("OD")
    assert _said(dialogue.respond(Command("skip"))) == ["card.OD.2"]


def test_condolence_is_not_read_again_and_leads_to_no_plan() -> None:
    dialogue = _on_card("BEREAVED")
    said = _said(dialogue.respond(Silence()))
    assert said[0].startswith("bereaved.after")
    dialogue = _on_card("BEREAVED")
    dialogue.respond(Command("stop"))
    said = _said(dialogue.respond(Command("go_on")))
    assert any(key.startswith("bereaved.way") for key in said)
    assert not any("unsafe" in key or key.startswith("card.back") for key in said)


# ---- the one question


@pytest.mark.parametrize(
    "text",
    ["no", "no go back", "nobody is in danger", "no one's in danger", "everyone's fine", "no he's fine", "not now",
     "no not right now", "no it was last year", "false alarm", "i'm safe now"],
)  # fmt: skip
def test_a_denial_is_understood(text: str) -> None:
    made = room(*AMBER, says(text, step="danger"))
    assert cards(made) == []
    assert made.paper.of("listen")[-1] == "H2"


def test_the_question_shows_yes_and_no_once() -> None:
    dialogue = TALKING.dialogue("US")
    dialogue.start()
    asked = dialogue.respond(Danger("amber", "OD"))
    assert [label for _, label in TALKING.understanding.options(dialogue.listen())] == ["Yes", "No"]
    assert isinstance(asked[-1], Listen)


@pytest.mark.parametrize("text", ["skip", "go on"])
def test_skipping_the_question_twice_is_no_answer(text: str) -> None:
    assert cards(room(*AMBER, says(text, step="danger"), says(text, step="danger"))) == ["OD"]


def test_wait_keeps_the_clock_running() -> None:
    made = room(*AMBER, says("wait", step="danger"), At(key("1").sound, after=12.0))
    assert set(cards(made)) == {"OD"}


def test_an_unclear_answer_about_a_death_is_asked_again_and_then_the_number_comes() -> None:
    made = room(
        types("yes"), says("he died last night"), says("the weather", step="danger"), says("yes", step="danger")
    )
    assert cards(made) == ["BEREAVED"]
    assert [what for what in made.paper.of("say") if str(what).startswith("amber.")] == ["amber.died.1", "amber.died.1"]


# ---- afterwards


def test_skip_afterwards_is_a_full_answer() -> None:
    made = room(*ON_OD, types("i'm safe now"), says("skip", step="after_card"))
    assert cards(made) == ["OD"]
    assert made.paper.of("say")[-1] == "card.back.1"


@pytest.mark.parametrize("text", ["i can see a kettle a knife and a mug", "a bottle of pills and a lamp", "a knife"])
def test_things_that_are_named_are_no_danger(text: str) -> None:
    before = [types("yes"), types("i want to kill myself"), types("i'm safe now"), types("no"), types("yes")]
    made = room(*before, says(text, step="see"))
    assert cards(made) == ["SUI"]
    assert "grounding.here.1" in made.paper.of("say")
    made = room(*before, says("he's got a knife", step="see"))
    assert cards(made) == ["SUI", "VIO"]


# ---- over the voice


def test_danger_is_in_the_grammar_over_the_voice_too_and_ends_soon() -> None:
    made = room(types("yes"), types("alone"), types("family"), types("no"))
    made.session.run()
    over = [(listen, phrases) for listen, phrases in made.person.opened if listen.over_speech]
    assert over
    for listen, phrases in over:
        assert listen.kind is Kind.CHOICE
        assert listen.end < 1.0
        assert "he's not breathing" in phrases


def test_a_card_is_shown_before_it_is_heard() -> None:
    acts = TALKING.dialogue("US")
    acts.start()
    shown = acts.respond(Danger("red", "OD"))
    assert isinstance(shown[0], ShowCard)
    assert isinstance(shown[-1], Listen)
