"""A plan that was kept, found by a word in it; read, printed, saved, or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.dialogue.copying import saving
from voice.dialogue.locking import told
from voice.dialogue.planning import OWN
from voice.dialogue.printing import Printing
from voice.dialogue.returning import hidden, opened
from voice.dialogue.shelf import Certain, FoundPlan, Shelf, Working
from voice.dialogue.talk import BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Kind, Listen, PlanLine, Say


def finding(talk: Talk) -> list[Act]:
    """Asks for a word, out of those that stand in what was kept; says it where nothing was."""
    shelf = talk.shelf

    def back(error: VoiceError | None = None) -> list[Act]:
        return [*told(error), *talk.top.question()]

    def ask(words: tuple[str, ...]) -> list[Act]:
        assert shelf is not None, "looked at before"
        return talk.push(Finding(talk, shelf, words))

    def read() -> list[Act]:
        assert shelf is not None, "looked at before"
        return talk.push(Working(talk, shelf.vocabulary(), ask, back))

    return hidden(talk) or opened(talk, read, back)


class Finding(Situation):
    """Which plan? A word that is in it, or all of them, the latest first."""

    name = "find"
    kind = Kind.FREE
    expects: tuple[str, ...] = ("all_plans", "none")

    def __init__(self, talk: Talk, shelf: Shelf, words: tuple[str, ...]) -> None:
        super().__init__(talk)
        self._shelf = shelf
        self._words = words

    def opening(self) -> list[Act]:
        return self.talk.prompt("find.ask")

    def question(self) -> list[Act]:
        return self.opening()

    def listen(self) -> Listen:
        return replace(super().listen(), words=self._words)

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "all_plans":
                return self._look()
            case "own":
                return self._look(answer.words, *answer.others)
        return self.give_up()

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "back", "go_on", "done") else None

    def give_up(self) -> list[Act]:
        return self.talk.pop()

    def _look(self, *words: str) -> list[Act]:
        return self.talk.push(Working(self.talk, self._shelf.find(*words), self._found, self._failed))

    def _found(self, plans: tuple[FoundPlan, ...]) -> list[Act]:
        if not plans:
            return [*self.talk.prompt("find.none", pause=BEFORE_QUESTION), *self.question()]
        return self.talk.replace(Showing(self.talk, self._shelf, plans))

    def _failed(self, error: VoiceError | None) -> list[Act]:
        self.talk.floor.remove(self)
        return [*told(error), *self.talk.top.question()]


class Showing(Situation):
    """Plans, one after the other."""

    name = "found_plan"
    kind = Kind.CHOICE

    def __init__(self, talk: Talk, shelf: Shelf, plans: Sequence[FoundPlan]) -> None:
        super().__init__(talk)
        self._shelf = shelf
        self._plans = list(plans)
        self._at = 0
        self._before = talk.plan

    @property
    def expects(self) -> tuple[str, ...]:  # type: ignore[override] # depends on whether there is one more
        more = ("next_plan",) if self._at + 1 < len(self._plans) else ()
        return (*more, "print_it", "save_it", "delete_it")

    def opening(self) -> list[Act]:
        plan = self._plans[self._at]
        self.talk.plan = tuple(PlanLine(slot, OWN, {"words": text}) for slot, text in plan.lines)
        said = [Say(line.key, line.values, BEFORE_QUESTION) for line in self.talk.plan]
        return [*self.talk.prompt("find.day", day=plan.day, pause=BEFORE_QUESTION), *said, *self.question()]

    def question(self) -> list[Act]:
        return self.talk.prompt("find.more" if "next_plan" in self.expects else "find.last")

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "next_plan":
                self._at += 1
                return self.opening()
            case "print_it" if self.talk.printer is not None:
                return self.talk.push(Printing(self.talk))
            case "print_it":
                return [*self.talk.prompt("print.no_printer", pause=BEFORE_QUESTION), *self.question()]
            case "save_it":
                return saving(self.talk)
        return self.talk.push(Deleting(self.talk, self._shelf, self._plans[self._at].id, self))

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "delete_that":
                return self.on_answer(Answer("delete_it"))
            case "back" if self._at > 0:
                self._at -= 1
                return self.opening()
            case "skip" | "go_on" | "back" | "done":
                return self.give_up()
        return None

    def give_up(self) -> list[Act]:
        self.talk.plan = self._before  # "print my plan" means today's again
        return self.talk.pop()

    def gone(self) -> list[Act]:
        """The one at hand was deleted."""
        del self._plans[self._at]
        if self._at < len(self._plans):
            return self.opening()
        return self.give_up()


class Deleting(Certain):
    """One check before a kept plan is erased."""

    name = "delete_plan"

    def __init__(self, talk: Talk, shelf: Shelf, id: int, showing: Showing) -> None:
        super().__init__(talk)
        self._shelf = shelf
        self._id = id
        self._showing = showing

    def opening(self) -> list[Act]:
        return self.talk.prompt("find.delete")

    def do(self) -> list[Act]:
        return self.talk.push(Working(self.talk, self._shelf.erase(self._id), self._gone, self._failed))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("forget.no", pause=BEFORE_QUESTION), *self.talk.pop()]

    def _gone(self, _: None) -> list[Act]:
        return [*self.talk.prompt("deleted", pause=BEFORE_QUESTION), *self._showing.gone()]

    def _failed(self, error: VoiceError | None) -> list[Act]:
        return [*told(error), *self.talk.prompt("forget.failed", pause=BEFORE_QUESTION), *self.talk.top.question()]
