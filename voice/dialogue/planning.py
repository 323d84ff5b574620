"""The plan: built from the answers, read back line by line, kept only after a yes (SPEC 2.4 "P")."""

from __future__ import annotations

from voice.dialogue.memory import Memory
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, Situation, Talk
from voice.events import Act, Answer, Finish, Forget, Keep, Kind, PlanLine, Say, ShowPlan
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
        self.lines[self._at] = line
        return [*self.talk.prompt("plan.changed"), *self._next()]

    def _line(self) -> list[Act]:
        line = self.lines[self._at]
        return [Say(line.key, line.values, BEFORE_QUESTION)]

    def _next(self) -> list[Act]:
        self._at += 1
        self._others = None
        self.misses = self.silences = 0
        if self._at < len(self.lines):
            return [*self._line(), *self.talk.prompt("plan.review_short")]
        if not self.lines:
            return [ShowPlan(()), *self.talk.prompt("plan.empty"), *self.talk.replace(Needing(self.talk))]
        return [ShowPlan(tuple(self.lines)), *self.talk.replace(Keeping(self.talk, tuple(self.lines)))]

    def _change(self) -> list[Act]:
        """Another line for the same slot; after the last of them, the person's own words."""
        line = self.lines[self._at]
        slot = self.talk.walk.walkthrough.slots[line.slot]
        if self._others is None:
            facts = self.talk.memory.facts()
            self._others = [p for p in slot.change if p.when.holds(facts) and p.key != line.key]
        if not self._others:
            return self.talk.push(OwnLine(self.talk, self, line.slot))
        other = self._others.pop(0)
        self.lines[self._at] = PlanLine(line.slot, other.key, self.talk.memory.values())
        return [*self.talk.prompt("plan.how_about"), *self._line(), *self.talk.prompt("plan.review_short")]


class OwnLine(Situation):
    """A line of the plan in the person's own words, read back before it counts."""

    name = "plan_own"
    kind = Kind.FREE
    expects: tuple[str, ...] = ("none",)

    def __init__(self, talk: Talk, review: Reviewing, slot: str) -> None:
        super().__init__(talk)
        self._review = review
        self._slot = slot
        self._words = ""

    def opening(self) -> list[Act]:
        return self.talk.prompt("plan.own")

    def question(self) -> list[Act]:
        return self.talk.prompt("check.ask", heard=self._words) if self._words else self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "own" if not self._words and not answer.sure and not self.talk.quiet:
                self._words = answer.words
                self.kind, self.expects = Kind.YES_NO, ("yes", "no")
                return self.question()
            case "own":
                return self._take(answer.words)
            case "yes":
                return self._take(self._words)
        return self.give_up()

    def give_up(self) -> list[Act]:
        return self.talk.pop()

    def _take(self, words: str) -> list[Act]:
        self.talk.floor.pop()
        return self._review.set_line(PlanLine(self._slot, OWN, {"words": words}))


class Keeping(Situation):
    """Asked once, at the end, default no. Never where others can hear."""

    name = "keep"

    def __init__(self, talk: Talk, lines: tuple[PlanLine, ...]) -> None:
        super().__init__(talk)
        self.lines = lines

    def opening(self) -> list[Act]:
        if self.talk.quiet:
            return self.talk.replace(Needing(self.talk))
        violence = "violence" in self.talk.memory.all_flags()
        return self.talk.prompt("keep.ask_violence" if violence else "keep.ask")

    def question(self) -> list[Act]:
        return self.talk.prompt("keep.again") or self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "yes" and answer.sure:
            self.talk.memory.saved = True
            keep = Keep(self.talk.walk.walkthrough.id, self.lines, dict(self.talk.memory.chosen()))
            return [keep, *self.talk.replace(Needing(self.talk))]
        if answer.value == "yes":
            return self.on_miss()  # what is kept needs a clear yes
        return self._not_kept()

    def on_command(self, name: str) -> list[Act] | None:
        return self._not_kept() if name in ("skip", "done", "go_on") else None

    def give_up(self) -> list[Act]:
        return self._not_kept()

    def _not_kept(self) -> list[Act]:
        return [*self.talk.prompt("keep.no", pause=AFTER_REFLECTION), *self.talk.replace(Needing(self.talk))]


class Erasing(Situation):
    """One check before what was saved is erased."""

    name = "erase"

    def opening(self) -> list[Act]:
        return self.talk.prompt("delete.check")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value != "yes":
            return self.talk.pop()
        self.talk.memory.saved = False
        return [Forget(), *self.talk.prompt("deleted", pause=BEFORE_QUESTION), *self.talk.pop()]

    def give_up(self) -> list[Act]:
        return self.talk.pop()


class Needing(Situation):
    """Is there anything you need before we stop?"""

    name = "anything_else"

    def opening(self) -> list[Act]:
        return self.talk.prompt("anything_else")

    def question(self) -> list[Act]:
        return self.talk.prompt("anything_else.again") or self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "yes":
            return [*self.talk.prompt("anything_else.yes"), *self._close()]
        return self._close()

    def on_command(self, name: str) -> list[Act] | None:
        return self._close() if name in ("done", "skip", "go_on", "stop") else None

    def on_silence(self) -> list[Act]:
        self.silences += 1
        return self._close() if self.silences > 1 else self.question()

    def give_up(self) -> list[Act]:
        return self._close()

    def _close(self) -> list[Act]:
        crisis = "crisis" in self.talk.memory.all_flags()
        return [*self.talk.prompt("close.crisis" if crisis else "close"), Finish("done")]
