"""Talking over the voice: it holds still for a person, goes on after a cough, and obeys what is understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.room import SPEECH, At, Room, key, room, says, types
from voice.events import Heard, Kind, Listen, Partial, Source
from voice.session import Manner
from voice.session_barge_in import HOT_COMMANDS, IN_VAIN, LONGEST, LONGEST_ON_CARD, WITHIN, GivingWay, live

QUESTION = Listen("L1", Kind.YES_NO, ("yes", "no"), ("stop", "repeat", "skip", "slower"), end=1.2, unnumbered=("no",))
NOT_HEARD = At(Heard("[unk]", Source.VOICE, 0.0, ("the",), 1.0, 0.1), speaking=True)


class Mouth:
    def __init__(self) -> None:
        self.did: list[str] = []

    def pause(self) -> None:
        self.did.append("pause")

    def resume(self) -> None:
        self.did.append("resume")


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class TestWhatIsLive:
    def test_with_our_own_voice_in_the_microphone_only_hot_words(self) -> None:
        over = live(QUESTION, open=False, question=True)
        assert (over.expects, over.commands, over.over_speech) == ((), HOT_COMMANDS, True)

    def test_before_the_question_every_command_and_no_answer(self) -> None:
        over = live(QUESTION, open=True, question=False)
        assert (over.expects, over.commands, over.unnumbered) == ((), QUESTION.commands, ())

    def test_over_the_question_its_answers_too(self) -> None:
        over = live(QUESTION, open=True, question=True)
        assert (over.expects, over.kind, over.end) == (QUESTION.expects, QUESTION.kind, QUESTION.end)

    @pytest.mark.parametrize(("open", "question"), [(False, True), (True, False), (True, True)])
    def test_keys_know_what_is_asked_in_any_case(self, open: bool, question: bool) -> None:
        assert live(replace(QUESTION, kind=Kind.NUMBER), open=open, question=question).asks is Kind.NUMBER


class TestGivingWay:
    def _made(self) -> tuple[GivingWay, Mouth, Clock]:
        mouth, clock = Mouth(), Clock()
        way = GivingWay(mouth, clock)
        way.begin(on_card=False)
        return way, mouth, clock

    def test_it_holds_still_once_and_goes_on_once(self) -> None:
        way, mouth, clock = self._made()
        for speaking in (False, True, True, True, False, False):
            clock.time += 0.1
            way.look(speaking)
        assert mouth.did == ["pause", "resume"]

    @pytest.mark.parametrize(("on_card", "longest"), [(False, LONGEST), (True, LONGEST_ON_CARD)])
    def test_a_television_does_not_silence_it(self, on_card: bool, longest: float) -> None:
        way, mouth, clock = self._made()
        way.begin(on_card)
        held = 0.0
        for _ in range(500):
            clock.time += 0.1
            way.look(True)
            held += 0.1 if mouth.did[-1:] == ["pause"] else 0.0
        assert mouth.did == ["pause", "resume"], "and not again soon"
        assert longest <= held <= longest + 0.2

    def test_after_some_times_in_vain_only_words_stop_it(self) -> None:
        way, mouth, clock = self._made()
        for _ in range(3 * IN_VAIN):
            way.look(True)
            clock.time += 0.2
            way.look(False)
            clock.time += 0.2
        assert mouth.did.count("pause") == IN_VAIN
        clock.time += WITHIN
        way.look(True)
        assert mouth.did.count("pause") == IN_VAIN + 1

    def test_what_was_understood_makes_it_patient_again(self) -> None:
        way, mouth, clock = self._made()
        for _ in range(2 * IN_VAIN):
            way.look(True)
            clock.time += 0.2
            way.look(False)
            way.worked()
        assert mouth.did.count("pause") == 2 * IN_VAIN


# ---- in a session: the virtual voice needs 3 s for every line


def _run(*plan: At, over: Sequence[tuple[float, float]] | None, manner: Manner | None = None) -> Room:
    made = room(*plan, over=over, manner=manner)
    made.session.run()
    return made


def test_a_cough_is_a_gap_in_the_line_and_no_more() -> None:
    made = _run(over=[(1.0, 1.4)])
    (held, resumed), (_, at), (_, on) = [state for state, _ in made.voice.held], made.voice.held[0], made.voice.held[1]
    assert (held, resumed) == (True, False)
    assert at == pytest.approx(1.0, abs=0.11)
    assert on == pytest.approx(1.4, abs=0.11)
    assert made.voice.said_at[1] == pytest.approx(3.4, abs=0.2), "nothing of the line was lost"
    assert made.voice.stopped_at == []


def test_words_that_are_nothing_let_it_go_on() -> None:
    made = _run(NOT_HEARD, over=[(1.0, 1.5)])
    assert made.voice.stopped_at == []
    assert [state for state, _ in made.voice.held] == [True, False]


def test_after_such_words_it_still_hears() -> None:
    made = _run(types("yes"), NOT_HEARD, says("stop", speaking=True), over=[])
    assert made.voice.stopped_at
    assert made.paper.of("heard")[:2] == ["Answer", "Command"]


@pytest.mark.parametrize("word", ["stop", "repeat", "slower", "skip", "help", "where am i"])
def test_every_command_works_while_it_speaks(word: str) -> None:
    made = _run(types("yes"), types("alone"), says(word, speaking=True, step="H3"), over=[])
    assert len(made.voice.stopped_at) == 1
    assert "Command" in made.paper.of("heard")


@pytest.mark.parametrize("word", ["repeat", "slower"])
def test_with_our_own_voice_in_the_microphone_they_do_not(word: str) -> None:
    made = _run(types("yes"), says(word, speaking=True), over=None)
    assert made.voice.stopped_at == []


def test_the_answer_counts_from_the_question_on_and_not_before() -> None:
    made = _run(over=[])
    opened = [listen for listen, _ in made.person.opened]
    first_question = next(at for at, listen in enumerate(opened) if not listen.over_speech)
    assert first_question >= 2, "the first turn is no test: it is one line only"
    assert opened[first_question - 1].expects == opened[first_question].expects
    assert all(listen.expects == () for listen in opened[: first_question - 1])


def test_an_answer_over_the_question_is_taken() -> None:
    made = _run(types("yes"), says("alone", speaking=True, step="H2"), over=[])
    assert "H3" in made.paper.of("listen")
    assert made.voice.stopped_at


def test_whoever_talks_as_the_question_ends_is_heard_to_the_end() -> None:
    """The line is over, somebody is in the middle of a word: it is not cut off to begin to listen."""
    first = _run(over=[])
    begun = first.voice.said_at[next(n for n, (listen, _) in enumerate(first.person.opened) if listen.expects)]
    ends = begun + SPEECH
    made = _run(says("yes", speaking=True, after=SPEECH + 3.0), over=[(ends - 0.1, ends + 3.2)])
    assert made.paper.of("heard")[:1] == ["Answer"]
    assert [listen.step for listen, _ in made.person.opened if not listen.over_speech][:1] != ["H1"]


def test_a_nod_as_the_question_ends_is_no_tears() -> None:
    """ "Mm" is what most people do there: it listens on, and says nothing about it."""
    first = _run(over=[])
    begun = first.voice.said_at[next(n for n, (listen, _) in enumerate(first.person.opened) if listen.expects)]
    ends = begun + SPEECH
    nod = At(Heard("[unk]", Source.VOICE, 0.3, ("mm",), seconds=1.6), speaking=True, after=SPEECH + 0.3)
    made = _run(nod, types("yes"), over=[(ends - 0.1, ends + 1.0)])
    assert made.paper.of("heard")[:2] == ["Wordless", "Answer"]
    assert not [said for said in made.paper.of("say") if str(said).startswith("here")]


def test_a_yes_while_a_free_question_is_asked_is_no_story() -> None:
    listen = Listen("B1", Kind.FREE, ("not_sure",), ("stop",))
    hearing = room().session._hearing
    over = live(listen, open=True, question=True)
    yes = Heard("yeah", Source.VOICE, 1.0, ("yeah",), 0.5, 0.1)
    words = "he went out and slammed the door"
    story = Heard(words, Source.VOICE, 1.0, (words,), 3.0, 0.1)
    assert not hearing.interrupts(yes, over, "What happened?", open=True)
    assert hearing.interrupts(story, over, "What happened?", open=True)


@pytest.mark.parametrize(
    ("said", "interrupts"),
    [("yes", False), ("go on", False), ("skip", False), ("stop", False), ("pause", False), ("want to die", False)],
)
def test_what_may_be_the_rain_answers_nothing(said: str, interrupts: bool) -> None:
    """Beside rain and washing up, what was left of its voice was "yes", "stop", and "want to die" as it said so."""
    hearing = room().session._hearing
    over = live(Listen("H5", Kind.YES_NO, ("yes", "no"), ("stop", "pause", "go_on", "skip")), open=True, question=True)
    spoken = "Do you want to die, or to go on, yes or no?"
    rain = Heard(said, Source.VOICE, 1.0, (said,), 0.5, 0.1, surely=False)
    assert hearing.interrupts(rain, over, spoken, open=True) is interrupts
    assert hearing.interrupts(replace(rain, surely=True), over, spoken, open=True)


@pytest.mark.parametrize("said", ["i wasn't finished", "please stop", "say that again", "wait longer", "be quiet"])
def test_wordings_that_the_small_grammar_lacks_work_over_the_voice(said: str) -> None:
    """That is when people say them. What two words of a noise could be, or its own voice, is none."""
    hearing = room().session._hearing
    over = live(
        replace(QUESTION, commands=(*QUESTION.commands, "not_finished", "wait_longer")), open=True, question=True
    )
    heard = Heard("[unk]", Source.VOICE, 0.1, (said,), 0.9, 0.1)
    assert hearing.interrupts(heard, over, "What would help you most tonight?", open=True)
    assert not hearing.interrupts(replace(heard, surely=False), over, "What would help you most tonight?", open=True)
    for unsure in (replace(heard, free=("the weather",)), replace(heard, text="stop", free=("the shop",))):
        assert not hearing.interrupts(unsure, over, "What would help you most tonight?", open=True)


def test_danger_that_is_none_of_its_own_words_ends_the_line_in_any_case() -> None:
    hearing = room().session._hearing
    over = live(Listen("H5", Kind.YES_NO, ("yes", "no"), ("stop",)), open=True, question=True)
    faint = Heard("she's not breathing", Source.VOICE, 1.0, ("she's not breathing",), 0.5, 0.1, surely=False)
    assert hearing.interrupts(faint, over, "Take your time.", open=True)


def test_its_own_words_are_no_danger_before_the_turn_is_over_either() -> None:
    made = []
    for surely in (True, False):
        danger = At(Partial("in danger", 1.2, 1.6, surely=surely), speaking=True, step="H4")
        made.append(_run(types("yes"), types("alone"), types("family"), danger, types("no"), over=[]))
    assert all("H4.ask.1" in each.paper.of("say") for each in made)
    assert ["card" in {kind for _, kind, _ in each.paper.lines} for each in made] == [True, False]


def test_on_a_card_the_call_takers_words_do_not_stop_it() -> None:
    calls = (types("yes"), key("emergency"))
    shown = next(at for at, kind, _ in _run(*calls, over=[]).paper.lines if kind == "card")
    made = _run(*calls, says("emergency", speaking=True), over=[(shown + 1.0, shown + 30.0)])
    held = [at for state, at in made.voice.held if state]
    assert len(held) == 1, "and it does not stay silent while somebody talks on the telephone"
    resumed = next(at for state, at in made.voice.held if not state)
    assert resumed - held[0] <= LONGEST_ON_CARD + 0.2


def test_talk_at_the_end_of_a_cards_line_does_not_cost_the_next_lines() -> None:
    calls = (types("yes"), key("emergency"))
    shown = next(at for at, kind, _ in _run(*calls, over=[]).paper.lines if kind == "card")
    talk = At(Heard("we live at twelve mill road", Source.VOICE, 1.0, ("we live at twelve mill road",), 1.0, 0.1))
    talk.speaking, talk.after, talk.step = True, SPEECH + 0.5, "card:EMERGENCY"
    made = _run(*calls, talk, over=[(shown + 2.0, shown + 4.0)])
    told = [at for at, kind, what in made.paper.lines if kind == "say" and str(what).startswith("card.EMERGENCY")]
    assert told[1] - told[0] < SPEECH + LONGEST_ON_CARD + 1.5


def test_a_television_does_not_hold_up_the_steps_of_a_card() -> None:
    calls = (types("yes"), key("emergency"))
    shown = next(at for at, kind, _ in _run(*calls, over=[]).paper.lines if kind == "card")
    made = _run(*calls, over=[(shown, shown + 300.0)])
    told = [at for at, kind, what in made.paper.lines if kind == "say" and str(what).startswith("card.EMERGENCY")]
    assert len(told) >= 3
    assert told[2] - told[0] < 3 * (SPEECH + LONGEST_ON_CARD + 1)


def test_without_barge_in_nobody_holds_it() -> None:
    made = _run(over=[(1.0, 2.0)], manner=Manner(country="US", barge_in=False))
    assert made.voice.held == []
