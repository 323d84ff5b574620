"""Crisis first: the one question of an AMBER light, the cards, and the gentle way back (SPEC section 4)."""

from __future__ import annotations

from dataclasses import replace

from voice.content import Card
from voice.dialogue.holding import Holding
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, FEELING_WAIT, Situation, Talk
from voice.events import Act, Answer, Finish, Hide, Kind, Listen, Say, ShowCard

GENERAL = "EMERGENCY"
DIED = "BEREAVED"
# Gaps between the lines of a card (SPEC 4.4), and when it is said again: every 30 s for 5 min, then every 2 min (4.5).
LINE_GAP = 1.0
REPEAT = 30.0
REPEAT_LATER = 120.0
_REPEATS = 10
_TALK = 4
"""Utterances beside the matter after which the card is said again, as after a silence."""
_ELSEWHERE = ("my_notes", "my_plan", "keep_place", "print_plan", "forget_everything", "delete_that", "section_")
"""How commands begin that lead away, or lay another question over one about danger: a key hit in haste must not hold a
card up."""
BREATH = 4.0
"""Seconds for one slow breath."""
_SUICIDE = ("SUI", "SUI_LOVED")
_VIOLENCE = ("VIO",)


def show(talk: Talk, card: str) -> list[Act]:
    """Puts a card over whatever is going on."""
    known = card if card in talk.content.cards else GENERAL
    before = talk.top.before if isinstance(talk.top, OnCard) else frozenset(talk.memory.flags)
    talk.memory.flags.add("crisis")
    if known in _VIOLENCE:
        talk.memory.flags.add("violence")
    shown = OnCard(talk, talk.content.cards[known], before)
    return talk.replace(shown) if isinstance(talk.top, OnCard | AfterCard | DangerCheck) else talk.push(shown)


class DangerCheck(Situation):
    """AMBER: one question. Yes, unclear twice or silence shows the card; no goes back to the same step."""

    name = "danger"
    heavy = True

    def __init__(self, talk: Talk, card: str) -> None:
        super().__init__(talk)
        self._card = card
        self.expects = ("yes", "no", "go_back", "safe_now")

    def opening(self) -> list[Act]:
        return self.talk.prompt("amber.died" if self._card == DIED else "amber.ask")

    def question(self) -> list[Act]:
        return self.opening()

    def listen(self) -> Listen:
        return replace(super().listen(), unnumbered=("go_back", "safe_now"), patient=False)

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "yes":
                return show(self.talk, self._card)
            case "no" | "go_back" | "safe_now":
                return [*self.talk.prompt("amber.no", pause=BEFORE_QUESTION), *self.talk.pop()]
        return self.on_miss()

    def on_command(self, name: str) -> list[Act] | None:
        if name.startswith(_ELSEWHERE):
            return self.on_miss()
        match name:
            case "skip" | "go_on" | "done" | "plan_now":
                return self.on_miss()
            case "pause" | "rest":
                return []  # "wait": whoever has no hand free now gets the card after the same silence
        return None

    def on_miss(self) -> list[Act]:
        self.misses += 1
        if self.misses > 1:
            return self._unclear()
        return self.talk.prompt("amber.died" if self._card == DIED else "amber.unclear")

    def on_silence(self) -> list[Act]:
        return self._unclear()

    def _unclear(self) -> list[Act]:
        return show(self.talk, GENERAL if self._card == DIED else self._card)


class OnCard(Situation):
    """A card is on the screen and read aloud, again and again, until "stop" or "I'm safe now"."""

    kind = Kind.CHOICE

    def __init__(self, talk: Talk, card: Card, before: frozenset[str]) -> None:
        """`before`: the talk's flags without this card, for when it was a mistake."""
        super().__init__(talk)
        self.card = card
        self.before = before
        self.name = f"card:{card.id}"
        self._line = 0
        self._paused = False
        self._gentle = card.id == DIED
        choices = tuple(choice.id for choice in card.choices)
        self.expects = (*choices, "next", "safe_now", "go_back")
        self.commands = ("stop", "repeat", "back", "slower", "louder", "softer", "pause", "done", "emergency")

    def opening(self) -> list[Act]:
        # What can be said comes once, after the steps; the quiet card says it in its own last line.
        own = self.card.quiet or self.card.choices or self._gentle
        words = [] if own else self.talk.prompt("card.words")
        return [ShowCard(self.card.id), *self._lines(), *words]

    def question(self) -> list[Act]:
        return self.opening()

    def listen(self) -> Listen:
        wait = REPEAT if self.silences < _REPEATS else REPEAT_LATER
        return Listen(self.name, self.kind, self.expects, self.commands, wait, patient=False, heavy=True)

    def on_answer(self, answer: Answer) -> list[Act]:
        for choice in self.card.choices:
            if choice.id == answer.value:
                return show(self.talk, choice.card)
        match answer.value:
            case "next":
                return self._onward()
            case "safe_now":
                return self.talk.replace(AfterCard(self.talk, self.card))
            case "go_back":
                self.talk.memory.flags.intersection_update(self.before)
                return [*self.talk.prompt("amber.no", pause=BEFORE_QUESTION), *self.talk.pop()]
        return self.on_miss()

    def on_command(self, name: str) -> list[Act] | None:
        if name.startswith(_ELSEWHERE):
            return self.on_miss()
        match name:
            case "repeat":
                return self._lines()
            case "emergency" if not self._gentle:
                return self._lines()  # by voice, it may be the call taker's; the key brings the general card
            case "back":
                return self._step_to(self._line - 1)
            case "skip" | "go_on":
                return self._onward()
            case "pause" | "rest" if not self._gentle:
                return self._quiet()
            case "done" | "plan_now":
                return self.talk.replace(AfterCard(self.talk, self.card))
            case "stop":
                # The violence card leaves the screen too: somebody may be looking (SPEC 4.4).
                hide: list[Act] = [Hide()] if self.card.quiet else []
                after = AfterCard(self.talk, self.card)
                self.talk.floor[-1] = after
                return [*hide, *self.talk.push(Holding(self.talk, "stopped"))]
        return None

    def covers(self, card: str) -> bool:
        """Whether that card would bring nothing new: this one, or the general one over a special one."""
        return card in (self.card.id, GENERAL)

    def on_silence(self) -> list[Act]:
        self.silences += 1
        if self._gentle:
            return self.talk.replace(AfterCard(self.talk, self.card))
        return self._lines()

    def on_miss(self) -> list[Act]:
        # Whoever is busy with somebody on the floor is not asked to say it again; but talk does not hold up the steps.
        self.misses += 1
        return self._lines() if self.misses >= _TALK else []

    def _quiet(self) -> list[Act]:
        """No more is said until the next repeat: "hold on" may be the call taker's, so that it ends nothing. Whoever
        says it again and again hears the card all the same."""
        self.misses += 1
        if self.misses > _TALK:
            return self._lines()
        self._paused = True
        return []

    def _onward(self) -> list[Act]:
        return self._lines() if self._paused else self._step_to(self._line + 1)

    def _passages(self) -> list[Say]:
        return [act for act in self.talk.say(self.card.lines, LINE_GAP) if isinstance(act, Say)]

    def _lines(self) -> list[Act]:
        self._line = self.misses = 0
        self._paused = False
        return [Say(line.key, line.values, LINE_GAP) for line in self._passages()]

    def _step_to(self, line: int) -> list[Act]:
        lines = self._passages()
        self._paused = False
        self._line = max(0, min(line, len(lines) - 1))
        return [ShowCard(self.card.id, self._line), Say(lines[self._line].key, lines[self._line].values, LINE_GAP)]


class AfterCard(Situation):
    """The way back: something else unsafe? A breath. Then plan, go on or stop; never straight into homework."""

    def __init__(self, talk: Talk, card: Card) -> None:
        super().__init__(talk)
        self.card = card
        self.name, self.heavy = "after_card", True
        self._stage = "loss" if card.id == DIED else "unsafe"

    def opening(self) -> list[Act]:
        if self._stage == "loss":
            return [*self.talk.prompt("bereaved.after"), *self.question()]
        line = self.talk.prompt(f"card.line.{self.card.afterwards}")
        return [*self.talk.prompt("card.after"), *line, *self.question()]

    def question(self) -> list[Act]:
        key = {
            "unsafe": "card.anything_else_unsafe",
            "breath": "grounding.ask",
            "see": "grounding.see",
            "way": "card.back",
            "loss": "bereaved.way",
        }[self._stage]
        return self.talk.prompt(key)

    def listen(self) -> Listen:
        self.name = "see" if self._stage == "see" else "after_card"
        self.kind = {"way": Kind.CHOICE, "loss": Kind.CHOICE, "see": Kind.FREE}.get(self._stage, Kind.YES_NO)
        self.expects = {"way": ("plan", "go_on", "stop"), "loss": ("stay", "stop"), "see": ()}.get(
            self._stage, ("yes", "no", "not_sure")
        )
        self.commands = tuple(c for c in super().commands if c not in self.expects)
        return super().listen()

    def on_answer(self, answer: Answer) -> list[Act]:
        match (self._stage, answer.value):
            case ("unsafe", "yes" | "not_sure"):
                return show(self.talk, GENERAL)
            case ("unsafe", _):
                self._stage = "breath" if self.card.id in _SUICIDE else "way"
                return self.question()
            case ("breath", "yes"):
                self._stage = "see"
                return [*self.talk.prompt("grounding.breath", pause=BREATH), *self.question()]
            case ("see", _):
                return self._seen()
            case ("breath", _):
                self._stage = "way"
                return self.question()
            case ("loss", "stay"):
                return self.talk.push(Holding(self.talk, "rest"))
            case (_, "plan"):
                self.talk.floor.pop()
                return self.talk.flow.to_plan()
            case (_, "stop"):
                return [*self.talk.prompt("close.crisis"), Finish("stopped")]
        return self.talk.pop()

    def on_command(self, name: str) -> list[Act] | None:
        if name in ("go_on", "back") and self._stage == "way":
            return self.talk.pop()
        if name in ("go_on", "skip", "done") and self._stage == "see":
            return self._seen()
        if name in ("skip", "go_on") and self._stage in ("unsafe", "breath"):
            return self.on_answer(Answer("no"))
        if name == "done":
            return [*self.talk.closing("close.crisis"), Finish("done")]
        return None

    def first_wait(self) -> float:
        return FEELING_WAIT if self._stage == "see" else super().first_wait()

    def on_silence(self) -> list[Act]:
        return self._seen() if self._stage == "see" else super().on_silence()

    def on_miss(self) -> list[Act]:
        return self._seen() if self._stage == "see" else super().on_miss()

    def _seen(self) -> list[Act]:
        """Whatever was named, or nothing aloud: nobody checks."""
        self._stage = "way"
        return [*self.talk.prompt("grounding.here", pause=AFTER_REFLECTION), *self.question()]

    def give_up(self) -> list[Act]:
        if self._stage == "unsafe":
            return show(self.talk, GENERAL)
        return self.talk.push(Holding(self.talk, "hold"))
