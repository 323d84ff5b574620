"""The plan: built from the answers, read back line by line, kept only after a yes (SPEC 2.4 "P")."""

from __future__ import annotations

from collections.abc import Callable

from voice.dialogue.keeping import Keeping, Needing
from voice.dialogue.memory import Memory
from voice.dialogue.talk import BEFORE_QUESTION, Situation, Talk
from voice.events import Act, Answer, Kind, PlanLine, Say, ShowPlan
from voice.walkthrough import Passage, Walkthrough, first_that_holds

OWN = "plan.own_line.1"


def build(walk: Walkthrough, memory: Memory) -> list[PlanLine]:
    """The plan that follows from the answers: one line a slot, the calls first after a crisis."""
    facts = memory.facts()
    order = walk.order_crisis if "crisis" in facts.flags else walk.order
    found = [(slot, first_that_holds(walk.slots[slot].lines, facts)) for slot in order]
    return [PlanLine(slot, passage.key, memory.values()) for slot, passage in found if passage]


class Reviewing(Situation):
    """The lines of the plan, slowly, one at a time: keep, change or drop."""

    name = "plan"
    kind = Kind.CHOICE
    expects = ("keep", "change", "drop", "keep_all")

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self.lines = build(talk.walk.walkthrough, talk.memory)
        self._at = 0
        self._others: list[Passage] | None = None

    def opening(self) -> list[Act]:
        self.talk.plan = tuple(self.lines)
        return [
            ShowPlan(tuple(self.lines)),
            *self.talk.prompt("plan.intro", pause=BEFORE_QUESTION),
            *self._line(),
            *self.talk.prompt("plan.review"),
        ]

    def question(self) -> list[Act]:
        return [*self._line(), *self.talk.prompt("plan.review")]

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "keep" | "yes":
                return self._next()
            case "keep_all":
                self._at = len(self.lines)
                return self._next()
            case "drop" | "no":
                del self.lines[self._at]
                self._at -= 1
                return [*self.talk.prompt("plan.dropped"), *self._next()]
            case "change":
                return self._change()
        return self.on_miss()

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "repeat":
                return self.question()
            case "skip" | "go_on":
                return self._next()
            case "done":
                self._at = len(self.lines)
                return self._next()
            case "back" if self._at > 0:
                self._at -= 1
                self._others = None
                return self.question()
            case "delete_that":
                return self.on_answer(Answer("drop"))
        return None

    def give_up(self) -> list[Act]:
        return self._next()

    def set_line(self, line: PlanLine) -> list[Act]:
        """Puts another line in the place of the one at hand."""
        self.misses = self.silences = 0
        self.lines[self._at] = line
        return [*self.talk.prompt("plan.changed"), *self._next()]

    def _line(self) -> list[Act]:
        line = self.lines[self._at]
        if line.key == OWN and self.talk.quiet:  # whoever is near hears nobody's own words
            return self.talk.prompt("plan.own_line.unsaid", pause=BEFORE_QUESTION)
        return [Say(line.key, line.values, BEFORE_QUESTION)]

    def _next(self) -> list[Act]:
        self._at += 1
        self._others = None
        self.misses = self.silences = 0
        if self._at < len(self.lines):
            return [*self._line(), *self.talk.prompt("plan.review_short")]
        if not self.lines:
            return [ShowPlan(()), *self.talk.prompt("plan.empty"), *self.talk.replace(Needing(self.talk))]
        self.talk.plan = tuple(self.lines)
        return [ShowPlan(tuple(self.lines)), *self.talk.replace(Keeping(self.talk, tuple(self.lines)))]

    def _change(self) -> list[Act]:
        """Another line for the same slot; after the last of them, the person's own words."""
        line = self.lines[self._at]
        slot = self.talk.walk.walkthrough.slots[line.slot]
        if self._others is None:
            facts = self.talk.memory.facts()
            self._others = [p for p in slot.change if p.when.holds(facts) and p.key != line.key]
        if not self._others:
            take = lambda words: self.set_line(PlanLine(line.slot, OWN, {"words": words}))  # noqa: E731
            return self.talk.push(OwnWords(self.talk, "plan.own", take, self.question))
        other = self._others.pop(0)
        self.lines[self._at] = PlanLine(line.slot, other.key, self.talk.memory.values())
        return [*self.talk.prompt("plan.how_about"), *self._line(), *self.talk.prompt("plan.review_short")]


class OwnWords(Situation):
    """A line in the person's own words, read back before it counts."""

    name = "own_line"
    kind = Kind.FREE
    expects: tuple[str, ...] = ("none",)

    def __init__(self, talk: Talk, ask: str, take: Callable[[str], list[Act]], leave: Callable[[], list[Act]]) -> None:
        """`ask`: key of the question. `take`: goes on with the words; `leave`: without any. The floor is free then."""
        super().__init__(talk)
        self._ask = ask
        self._take = take
        self._leave = leave
        self._words = ""

    def opening(self) -> list[Act]:
        return self.talk.prompt(self._ask)

    def question(self) -> list[Act]:
        return self.talk.prompt("check.ask", heard=self._words) if self._words else self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "own" if not self._words and not answer.sure and not self.talk.quiet:
                self._words = answer.words
                self.kind, self.expects = Kind.YES_NO, ("yes", "no")
                return self.question()
            case "own" | "yes":
                words = self._words or answer.words
                self.talk.floor.remove(self)
                return self._take(words)
            case "no" if self._words:
                self._words = ""
                self.kind, self.expects = Kind.FREE, ("none",)
                return [*self.talk.prompt("check.no", pause=BEFORE_QUESTION), *self.opening()]
        return self.give_up()

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "go_on", "done") else None

    def give_up(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self._leave()
