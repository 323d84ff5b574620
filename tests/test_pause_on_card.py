"""A pause is never a dead end: over a card it ends nothing, and out of any other there is a way by voice (SPEC 4.5.7
and section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.room import TALKING, At, Room, key, room, says, types
from voice.dialogue import Dialogue
from voice.dialogue.asking import Asking, Checking
from voice.dialogue.copying import OfCopy, PuttingBack, Saving, Where
from voice.dialogue.danger import DIED, AfterCard, DangerCheck, OnCard
from voice.dialogue.finding import Deleting, Finding, Showing
from voice.dialogue.holding import Holding
from voice.dialogue.keeping import Erasing, ForgettingAll, Keeping, KeepingPlace, Needing, StoppingHere
from voice.dialogue.locking import Choosing, NewWords, NineWords, Unlocking, _Lock
from voice.dialogue.menu import Locks, LookBack, Menu, MyNotes, NewLock, ToTakeAlong
from voice.dialogue.offering import Offering
from voice.dialogue.planning import OwnWords, Reviewing
from voice.dialogue.presence import StillThere
from voice.dialogue.printing import Printing
from voice.dialogue.returning import After, Opening, Returning, Visiting
from voice.dialogue.setup import SettingUp
from voice.dialogue.shelf import Certain, FoundPlan, Last, LastPlan, Lock, Working
from voice.dialogue.talk import AFTER_FEELING, AFTER_REFLECTION, Situation, Talk
from voice.events import Act, Answer, Command, Danger, Finish, Heard, Hide, Meaning, Say, ShowCard, Silence, Source

CARDS = tuple(card for card in TALKING.content.cards if card != DIED)
STEPS = TALKING.content.walkthroughs["family"].steps


class _Slow:
    """Something that is not done yet."""

    def done(self, seconds: float) -> bool:
        return False

    def result(self) -> str:
        raise AssertionError("asked before it was done")


class _Shelf:
    """Of what was kept, only what a question needs that is open."""

    def words(self) -> tuple[str, ...]:
        return ("kettle", "stop", "on")

    def rest(self) -> float:
        return 0.0

    def __getattr__(self, name: str) -> Callable[..., _Slow]:
        return lambda *what: _Slow()


def _nothing(*_: object) -> list[Act]:
    return []


def _after(card: str, stage: str) -> Callable[[Talk], Situation]:
    def made(talk: Talk) -> Situation:
        after = AfterCard(talk, TALKING.content.cards[card])
        after._stage = stage
        return after

    return made


def _setup(open_: str) -> Callable[[Talk], Situation]:
    def made(talk: Talk) -> Situation:
        setting_up = SettingUp(talk, lambda country: ())
        setting_up._open = open_
        return setting_up

    return made


def _asking(step: str) -> Callable[[Talk], Situation]:
    return lambda talk: Asking(talk, STEPS[step])


def _visiting(talk: Talk) -> Situation:
    plan = LastPlan(1, (("call", "Call a friend.", ""),))
    return Visiting(talk, Returning(talk, Last(plan), asked=True), plan)


_SHELF = _Shelf()
_PLAN = FoundPlan(1, "Monday", (("call", "Call a friend."),))
STATES: dict[str, Callable[[Talk], Situation]] = {
    **{f"asking {step}": _asking(step) for step in STEPS},
    "checking": lambda t: Checking(t, Asking(t, STEPS["H2"]), Answer("alone", sure=False), "alone"),
    "danger": lambda t: DangerCheck(t, "OD"),
    "death": lambda t: DangerCheck(t, DIED),
    "card of grief": lambda t: OnCard(t, TALKING.content.cards[DIED], frozenset()),
    **{f"after a card: {stage}": _after("SUI", stage) for stage in ("unsafe", "breath", "see", "way")},
    "in grief": _after(DIED, "loss"),
    **{f"setting up: {open_}": _setup(open_) for open_ in ("country", "region", "answer_by")},
    "offering": lambda t: Offering(t, "41"),
    "still there": StillThere,
    "plan": Reviewing,
    "own words": lambda t: OwnWords(t, "plan.own", _nothing, _nothing),
    "keep": lambda t: Keeping(t, ()),
    "keep place": KeepingPlace,
    "stop here": StoppingHere,
    "erase": Erasing,
    "forget all": ForgettingAll,
    "anything else": Needing,
    "notes": MyNotes,
    "look back": LookBack,
    "copies": ToTakeAlong,
    "locks": Locks,
    "new lock": lambda t: NewLock(t, "nine_words"),
    "working": lambda t: Working(t, _Slow(), _nothing, _nothing),
    "choosing": lambda t: Choosing(t, _nothing, _nothing),
    "new words": lambda t: NewWords(t, _nothing, _nothing),
    "nine words": lambda t: NineWords(t, "one two three", _nothing),
    "unlock": lambda t: Unlocking(t, Lock.WORDS, _nothing, _nothing),
    "unlock copy": lambda t: OfCopy(t, _SHELF, _nothing, _nothing),  # type: ignore[arg-type]
    "where to": lambda t: Where(t, _nothing),
    "save": lambda t: Saving(t, "save.check", False, _Slow, "save.yes"),
    "put back": lambda t: PuttingBack(t, _SHELF, "Monday"),  # type: ignore[arg-type]
    "find": lambda t: Finding(t, _SHELF, ("kettle", "on")),  # type: ignore[arg-type]
    "found": lambda t: Showing(t, _SHELF, (_PLAN, _PLAN)),  # type: ignore[arg-type]
    "delete": lambda t: Deleting(t, _SHELF, 1, Showing(t, _SHELF, (_PLAN,))),  # type: ignore[arg-type]
    "print": Printing,
    "open notes": Opening,
    "return": lambda t: Returning(t, Last(LastPlan(1, ())), asked=False),
    "visit": _visiting,
    "after the plan": After,
}
"""Everything that a pause can lie over. Over the other cards none does."""
HOWS = ("hold", "here", "asked", "paused", "stopped", "rest", "waiting")
WAYS_OUT = {
    "stop": ("stop", "stop_here"),
    "go on": ("go_on", "next"),
    "help": ("help",),
    "emergency": ("emergency",),
}
"""Words, and what they may mean in a pause."""
_NO_STATE = {Situation, Holding, Certain, Menu, _Lock}


def _all(kind: type[Situation]) -> Iterator[type[Situation]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all(each)


def _dialogue() -> Dialogue:
    dialogue = TALKING.dialogue("US", shelf=_SHELF)  # type: ignore[arg-type]
    dialogue.start()
    return dialogue


@pytest.fixture(scope="module")
def dialogue() -> Dialogue:
    """One talk for all pauses: its floor is laid anew for each."""
    return _dialogue()


def _held(dialogue: Dialogue, state: str, how: str) -> Holding:
    dialogue.walk.jump("W2")
    dialogue.talk.floor[:] = [Asking(dialogue.talk, STEPS["W2"]), STATES[state](dialogue.talk)]
    holding = Holding(dialogue.talk, "here" if how == "asked" else how)
    dialogue.talk.push(holding)
    if how == "asked":
        dialogue.respond(Silence())
    return holding


def _on(card: str, dialogue: Dialogue | None = None) -> Dialogue:
    dialogue = dialogue or _dialogue()
    dialogue.respond(Danger("red", card))
    return dialogue


def _meaning(words: str, dialogue: Dialogue) -> Meaning:
    meaning = TALKING.understanding.parse(words, dialogue.listen())
    assert meaning is not None, f"{words!r} means nothing in {dialogue.listen().step}"
    return meaning


def _says_the_card(acts: list[Act], card: str) -> bool:
    keys = [act.key for act in acts if isinstance(act, Say)]
    return bool(keys) and keys[0].startswith(f"card.{card}.1") and len(keys) > 1


def test_no_state_is_left_out() -> None:
    dialogue = _dialogue()
    made = {type(make(dialogue.talk)) for make in STATES.values()}
    assert made == set(_all(Situation)) - _NO_STATE


@pytest.mark.parametrize("state", STATES)
class TestInEveryPause:
    def test_the_ways_out_are_live_by_voice(self, state: str, dialogue: Dialogue) -> None:
        for how in HOWS:
            _held(dialogue, state, how)
            listen = dialogue.listen()
            grammar = TALKING.understanding.phrases(listen)
            for words, ids in WAYS_OUT.items():
                meaning = TALKING.understanding.parse(words, listen)
                assert isinstance(meaning, Command | Answer), f"{words!r} means nothing in {how}"
                assert (meaning.name if isinstance(meaning, Command) else meaning.value) in ids
                assert words in grammar, how

    def test_go_on_goes_on(self, state: str, dialogue: Dialogue) -> None:
        for how in HOWS:
            holding = _held(dialogue, state, how)
            dialogue.respond(_meaning("go on", dialogue))
            assert holding not in dialogue.talk.floor, how

    def test_stop_stops(self, state: str, dialogue: Dialogue) -> None:
        for how in HOWS:
            holding = _held(dialogue, state, how)
            acts = dialogue.respond(_meaning("stop", dialogue))
            top = dialogue.talk.top
            stopped = isinstance(top, Holding) and top is not holding and top.how == "stopped"
            assert stopped or any(isinstance(act, Finish) for act in acts), how

    def test_emergency_is_a_card(self, state: str, dialogue: Dialogue) -> None:
        for how in HOWS:
            _held(dialogue, state, how)
            acts = dialogue.respond(Command("emergency"))
            if state != "card of grief" or how in ("paused", "rest"):
                assert ShowCard("EMERGENCY") in acts, how
            _held(dialogue, state, how)
            assert ShowCard("EMERGENCY") in dialogue.respond(Command("emergency", keyed=True)), how


def test_words_that_are_looked_for_end_no_pause(dialogue: Dialogue) -> None:
    _held(dialogue, "find", "paused")
    assert dialogue.listen().words == ()


@pytest.mark.parametrize("card", CARDS)
class TestAPauseOnACard:
    def test_it_is_quiet_and_the_card_comes_again_when_it_would_have(self, card: str) -> None:
        dialogue = _on(card)
        before = dialogue.listen()
        for _ in range(12):
            assert dialogue.respond(Command("pause")) == [dialogue.listen()], "not a word, and nothing hidden"
            assert dialogue.listen().step == f"card:{card}"
            assert dialogue.listen().wait == (30.0 if dialogue.talk.top.silences < 10 else 120.0)
            assert _says_the_card(dialogue.respond(Silence()), card)
        assert dialogue.listen().commands == before.commands

    def test_hold_on_again_and_again_holds_nothing_up(self, card: str) -> None:
        dialogue = _on(card)
        assert any(_says_the_card(dialogue.respond(Command("pause", sure=False)), card) for _ in range(6))

    @pytest.mark.parametrize("words", ["go on", "carry on", "repeat"])
    def test_go_on_begins_with_the_number(self, card: str, words: str) -> None:
        dialogue = _on(card)
        dialogue.respond(Command("pause"))
        assert _says_the_card(dialogue.respond(_meaning(words, dialogue)), card)

    def test_stop_ends_it_and_hides_the_one_that_nobody_may_see(self, card: str) -> None:
        dialogue = _on(card)
        dialogue.respond(Command("pause"))
        acts = dialogue.respond(Command("stop"))
        assert (Hide() in acts) is (card == "VIO")
        assert [act.key for act in acts if isinstance(act, Say)] == ["stopped.1"]


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("name", [name for name in TALKING.content.commands if name != "still_there"])
class TestNoCommand:
    def test_takes_the_card_away_without_a_way_back(self, name: str, keyed: bool) -> None:
        if name in ("stop", "done", "plan_now"):
            return
        dialogue = _on("OD")
        dialogue.memory.saved = True
        dialogue.respond(Command(name, keyed=keyed))
        shown = dialogue.talk.top
        assert isinstance(shown, OnCard)
        assert _says_the_card(dialogue.respond(Silence()), shown.card.id)

    def test_leaves_the_question_about_danger_unanswered(self, name: str, keyed: bool) -> None:
        if name in ("stop", "back"):
            return
        dialogue = _dialogue()
        dialogue.respond(Danger("amber", "OD"))
        dialogue.memory.saved = True
        dialogue.respond(Command(name, keyed=keyed))
        if not isinstance(dialogue.talk.top, OnCard):
            dialogue.respond(Silence())
        assert isinstance(dialogue.talk.top, OnCard)


def _quiet_until_the_repeat(made: Room) -> list[str]:
    """What was said after the pause: nothing for 30 s, and then the card from its number on."""
    with pytest.raises(AssertionError, match="nothing asked for"):
        made.session.run()
    heard = [moment for moment, kind, _ in made.paper.lines if kind == "heard"][2]
    said = [(moment, str(what)) for moment, kind, what in made.paper.lines if kind == "say" and moment >= heard]
    assert said[0][1].startswith("card.OD.1")
    assert said[0][0] - heard == pytest.approx(30.0, abs=1.0)
    return [what for _, what in said]


class TestInASession:
    @pytest.mark.parametrize("pause", [says("hold on"), says("wait"), types("pause"), key("pause")])
    def test_the_card_comes_again(self, pause: object) -> None:
        pause.step = "card:OD"  # type: ignore[attr-defined]
        made = room(types("yes"), says("he is not breathing"), pause, types("stop", step="hold"))  # type: ignore[arg-type]
        said = _quiet_until_the_repeat(made)
        assert not any(what.startswith(("paused", "hold")) for what in said)
        assert not made.paper.of("hide")

    def test_in_the_midst_of_a_line_it_is_quiet_at_once(self) -> None:
        pause = At(Heard("hold on", Source.VOICE, 1.0, ("hold on",), 1.0, 0.1), speaking=True, after=1.0)
        made = room(types("yes"), says("he is not breathing"), pause, types("stop", step="hold"), over=[])
        made.voice.reached = 3
        _quiet_until_the_repeat(made)


class TestAfterAFeeling:
    def _pause(self, step: str, answer: Answer) -> float:
        dialogue = _dialogue()
        dialogue.talk.floor[:] = [Asking(dialogue.talk, STEPS[step])]
        dialogue.walk.jump(step)
        acts = dialogue.respond(answer)
        return next(act.pause for act in acts if isinstance(act, Say) and act.key.startswith(f"{step}."))

    @pytest.mark.parametrize("feeling", [Answer("sad"), Answer("worn_out"), Answer("own", "numb")])
    def test_it_may_be_felt_for_three_seconds(self, feeling: Answer) -> None:
        assert self._pause("Y1", feeling) == AFTER_FEELING == 3.0

    def test_no_feeling_was_named(self) -> None:
        assert self._pause("Y1", Answer("not_sure")) == AFTER_REFLECTION
