"""Danger in a session: every card from every state, within 2 s, and the way back (SPEC 4.1, 4.4, 4.5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import notes_at
from tests.room import TALKING, At, begins, key, room, says, types
from tests.visits import behind_locks
from voice.events import Heard, Kind, Listen, Pressed, Source
from voice.safety import Light
from voice.session import Manner

SAID = {
    "EMERGENCY": "emergency",
    "OD": "he's overdosed and he's not breathing",
    "OD_SELF": "i think i've overdosed",
    "SUI": "i want to kill myself",
    "SUI_LOVED": "my son says he's going to kill himself",
    "VIO": "he's hitting me",
    "VIO_OWN": "i'm going to hit her",
    "CHI": "there's nobody looking after the baby",
    "CHILD_SPEAKING": "i'm eleven years old and i'm scared",
    "WDR": "she's having a fit",
    "MED": "there's blood everywhere",
}
"""What brings each card."""
TO_PLAN = [types(text) for text in ("yes", "alone", "family", "no", "sam", "short", "they left", "i'm done")]


@pytest.mark.parametrize("speaking", [True, False], ids=["while it speaks", "while it listens"])
@pytest.mark.parametrize("how", [says, types], ids=["said", "typed"])
def test_red_brings_the_card_within_two_seconds(speaking: bool, how: object) -> None:
    assert callable(how)
    at: At = how("he is not breathing", speaking=speaking)
    made = room(types("yes"), at)
    made.session.run()
    (when,) = [moment for moment, kind, what in made.paper.lines if kind == "heard" and what == "Danger"]
    card, name = next((moment, what) for moment, kind, what in made.paper.lines if kind == "card")
    assert name != "EMERGENCY"
    assert card - when <= 2.0
    assert card - when >= 0.0


RAMBLE = "i don't know where to start he's not breathing and i've been sat here and"


def test_nobody_must_end_the_sentence_before_red_is_heard() -> None:
    """In the midst of a long answer; what was only there for a moment is no danger."""
    story = [begins(" ".join(RAMBLE.split()[:n]), 0.4 * n) for n in range(1, len(RAMBLE.split()))]
    made = room(types("yes"), *story, says("this end is never reached"))
    made.session.run()
    said = [moment for moment, kind, what in made.paper.lines if kind == "listen" and what == "H2"]
    card, name = next((moment, what) for moment, kind, what in made.paper.lines if kind == "card")
    assert name == "OD"
    outright = 0.4 * (RAMBLE.split().index("breathing") + 1)
    assert outright <= card - said[0] <= outright + 2.0


def test_words_that_were_taken_back_are_no_danger() -> None:
    made = room(
        types("yes"), begins("he's not breathing", 1.0), begins("he's not believing", 1.3), says("not sure", step="H2")
    )
    made.session.run()
    assert not made.paper.of("card")


def test_less_plain_words_are_danger_when_a_pause_follows() -> None:
    text = "he won't let me leave"
    verdict = TALKING.safety.judge(text)
    assert verdict.light is Light.RED
    assert not verdict.direct
    made = room(types("yes"), begins(text, 1.0), begins(text, 2.0), says("not sure", step="H2"))
    made.session.run()
    assert not made.paper.of("card")
    made = room(types("yes"), begins(text, 1.0), begins(text, 2.2, quiet=1.1), says("this end is never reached"))
    made.session.run()
    assert made.paper.of("card") == ["VIO"]


def test_who_tells_the_call_taker_is_not_talked_over() -> None:
    made = room(types("yes"), says("he is not breathing"), says("he is not breathing", step="card:OD"))
    made.session.run()
    assert made.paper.of("card") == ["OD"]


def test_all_cards_are_made_ready_for_the_country_and_the_pace() -> None:
    made = room(types("yes"), types("slower"))
    made.session.run()
    first, second = made.voice.prepared
    cards = [passage.key for card in TALKING.content.cards.values() for passage in card.lines]
    assert len(first) >= len(cards)
    assert not any(utterance.fixed for utterance in first if utterance.pitch < 50), (
        "a sound file would tell that there was a crisis"
    )
    assert any("nine one one" in utterance.text for utterance in first)
    assert [u.text for u in second] == [u.text for u in first]
    assert second[0].words_per_minute < first[0].words_per_minute
    spoken = room(types("yes"), says("he is not breathing"))
    spoken.session.run()
    line = next(u for u in spoken.voice.said if u.words_per_minute == 110)
    assert any((u.text, u.words_per_minute, u.pitch) == (line.text, 110, line.pitch) for u in first), "the same sound"


def test_red_reaches_the_card_out_of_a_pause() -> None:
    made = room(types("yes"), types("pause"), types("she took an overdose", step="hold"))
    made.session.run()
    assert "hold" in made.paper.of("listen")
    assert made.paper.of("card")


def test_the_help_key_works_while_it_speaks_and_in_a_pause() -> None:
    made = room(key("emergency", speaking=True), ends=True)
    made.session.run()
    assert made.paper.of("card") == ["EMERGENCY"]
    made = room(types("yes"), types("pause"), key("emergency", step="hold"))
    made.session.run()
    assert made.paper.of("card") == ["EMERGENCY"]


def test_the_help_key_works_while_it_says_that_the_notes_are_kept(tmp_path: Path) -> None:
    plan = [*TO_PLAN, types("keep all"), types("yes"), key("emergency", speaking=True)]
    made = room(*plan, notes=notes_at(tmp_path / "notes.db"))
    made.session.run()
    assert made.paper.of("keep")
    assert made.paper.of("card") == ["EMERGENCY"]


def test_its_own_voice_is_no_danger() -> None:
    """A loudspeaker beside a microphone: the card's own words come back."""
    made = room(types("yes"), types("emergency"))
    made.session.run()
    first = next(u.text for u in made.voice.said if u.pitch < 50)
    echo = At(Heard("[unk]", Source.VOICE, 1.0, (first.lower(),)), speaking=True)
    made = room(types("yes"), types("he is not breathing"), *[echo] * 5)
    made.session.run()
    assert len(made.paper.of("card")) == 1


STATES: dict[str, tuple[list[At], str]] = {
    "speaking": ([], "H1"),
    "listening": ([types("yes")], "H2"),
    "in free words": ([types(t) for t in ("yes", "alone", "family", "no")], "H5"),
    "paused": ([types("yes"), types("pause")], "hold"),
    "stopped": ([types("yes"), types("stop")], "hold"),
    "asked whether somebody is in danger": ([types("yes"), types("he overdosed last week")], "danger"),
    "on another card": ([types("yes"), key("emergency")], "card:EMERGENCY"),
    "after a card": ([types("yes"), key("emergency"), types("i'm safe now")], "after_card"),
    "where others can hear": ([types("yes"), types("not alone")], "H3"),
    "reading the plan": (TO_PLAN, "plan"),
    "before consent": ([*TO_PLAN, types("keep all")], "keep"),
    "choosing a lock": ([*TO_PLAN, types("keep all"), types("yes")], "lock_choice"),
    "keeping the place": ([*TO_PLAN[:-1], types("keep my place")], "keep_place"),
    "forgetting": ([types("yes"), types("forget everything")], "forget_all"),
}
"""What was said before, and where it listens then."""


@pytest.mark.parametrize(
    ("card", "state"), [(card, state) for card in SAID for state in STATES if STATES[state][1] != f"card:{card}"]
)
def test_each_card_from_each_state(card: str, state: str, tmp_path: Path) -> None:
    """The card's first words sound within 2 s, and "no, go back" leads to where it was."""
    before, step = STATES[state]
    says_it = says(SAID[card], speaking=state == "speaking", step="" if state == "speaking" else step)
    notes, shelf = behind_locks(tmp_path)
    made = room(*before, says_it, says("no go back", step=f"card:{card}"), notes=notes, shelf=shelf)
    made.session.run()
    lines = made.paper.lines
    at = max(n for n, (_, kind, what) in enumerate(lines) if (kind, what) == ("card", card))
    heard = next(moment for moment, kind, _ in reversed(lines[:at]) if kind == "heard")
    spoken = next((moment, what) for moment, kind, what in lines[at:] if kind == "say")
    assert str(spoken[1]).startswith(f"card.{card}.")
    assert 0 <= spoken[0] - heard <= 2.0
    assert made.voice.pitches_after(heard)[0] < 50, "the first that sounds is the card"
    where = [what for _, kind, what in lines[at:] if kind == "listen"]
    assert where[0] == f"card:{card}"
    if step in ("danger", "after_card") or step.startswith("card:"):
        assert where[1] == "H2", "one card at a time: it leads back to the question beneath"
    else:
        assert where[1] == step


def test_a_death_is_asked_about_gently_from_each_state(tmp_path: Path) -> None:
    for state, (before, step) in STATES.items():
        if step in ("danger", "after_card") or step.startswith("card:") or state == "speaking":
            continue  # only RED stops the voice in the middle
        notes, shelf = behind_locks(tmp_path / state)
        died = says("he died last night", step=step)
        made = room(*before, died, types("yes", step="danger"), notes=notes, shelf=shelf)
        made.session.run()
        assert made.paper.of("card") == ["BEREAVED"], state


@pytest.mark.parametrize("patience", [0, 2])
def test_ten_seconds_of_silence_about_danger_are_a_card_however_patient_it_is(patience: int) -> None:
    made = room(
        types("yes"),
        types("he overdosed last week"),
        At(Pressed("1"), after=12.0),
        manner=Manner("US", patience=patience),
    )
    made.session.run()
    asked = next(moment for moment, kind, what in made.paper.lines if (kind, what) == ("listen", "danger"))
    shown = next(moment for moment, kind, what in made.paper.lines if kind == "card")
    assert 10 <= shown - asked <= 11


def hears(text: str, *free: str, lead: float | None) -> At:
    """The grammar's recogniser heard one thing, the free one others."""
    return At(Heard(text, Source.VOICE, 0.9, free, lead), step="H2")


@pytest.mark.parametrize(
    ("sound", "card"),
    [
        (hears("he's not breathing", "he is three thing", lead=4.0), "OD"),
        (hears("he's not breathing he's not breathing", "he is three", lead=4.0), "OD"),
        (hears("he's not breathing", "he is three thing", lead=-2.0), None),
        (hears("he's not breathing [unk] to stop", "he is three thing", lead=4.0), None),
        (hears("not sure", "not sure", lead=4.0), None),
    ],
)
def test_danger_is_in_every_grammar_and_believed_where_the_sound_fits(sound: At, card: str | None) -> None:
    made = room(types("yes"), sound)
    made.session.run()
    assert made.paper.of("card") == ([card] if card else [])
    grammar = next(phrases for listen, phrases in made.person.opened if listen.step == "H2" and not listen.over_speech)
    assert "he's not breathing" in grammar


def test_what_is_in_every_grammar_is_red_and_outright() -> None:
    understanding = TALKING.understanding
    phrases = [p for p in understanding.phrases(Listen("x", Kind.YES_NO)) if understanding.outright(p)]
    assert len(phrases) > 40
    for phrase in phrases:
        verdict = TALKING.safety.judge(phrase)
        assert verdict.light is Light.RED, phrase


@pytest.mark.parametrize("words", ["someone is here", "somebody is here", "there is someone here with me"])
@pytest.mark.parametrize("how", [says, types], ids=["said", "typed"])
def test_who_can_hear_is_an_answer_and_no_danger(words: str, how: object) -> None:
    assert callable(how)
    made = room(types("yes"), how(words, step="H2"))
    made.session.run()
    assert not made.paper.of("card")
    assert made.paper.of("listen")[2] == "H3"
