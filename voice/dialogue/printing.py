"""The plan on paper, large, when it is asked for: one check first, for paper lies about."""

from __future__ import annotations

from voice.dialogue.locking import Way, told
from voice.dialogue.planning import OWN
from voice.dialogue.returning import opened
from voice.dialogue.shelf import Certain, Last, Working
from voice.dialogue.talk import BEFORE_QUESTION, Talk
from voice.errors import VoiceError
from voice.events import Act, PlanLine


def printing(talk: Talk) -> list[Act]:
    """Asks whether to print the plan of this talk, or else the one that was kept last; says it where there is none, or
    nothing to print with."""
    if talk.printer is None:
        return [*talk.prompt("print.no_printer", pause=BEFORE_QUESTION), *talk.top.question()]
    return with_plan(talk, lambda: talk.push(Printing(talk)))


def with_plan(talk: Talk, then: Way) -> list[Act]:
    """Leads to `then` with the plan of this talk, or else with the one that was kept last; says it where none is."""

    def found(last: Last) -> list[Act]:
        if last.plan is not None:
            talk.plan = tuple(PlanLine(slot, OWN, {"words": text}) for slot, text, _ in last.plan.lines)
        return then() if talk.plan else none()

    def none() -> list[Act]:
        return [*talk.prompt("print.none", pause=BEFORE_QUESTION), *talk.top.question()]

    def read() -> list[Act]:
        assert talk.shelf is not None, "looked at before"
        return talk.push(Working(talk, talk.shelf.last(), found, back))

    def back(error: VoiceError | None) -> list[Act]:
        return [*told(error), *talk.top.question()]

    if talk.plan:
        return then()
    if talk.shelf is not None and not talk.quiet and talk.shelf.anything():
        return opened(talk, read, back)
    return none()


class Printing(Certain):
    """Only a clear yes prints."""

    name = "print"

    def opening(self) -> list[Act]:
        return self.talk.prompt("print.check")

    def do(self) -> list[Act]:
        assert self.talk.printer is not None, "looked at before"
        return self.talk.push(Working(self.talk, self.talk.printer(self.talk.plan), self._printed, self._failed))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("print.no", pause=BEFORE_QUESTION), *self.talk.pop()]

    def _printed(self, _: None) -> list[Act]:
        return [*self.talk.prompt("print.yes", pause=BEFORE_QUESTION), *self.talk.top.question()]

    def _failed(self, error: VoiceError | None) -> list[Act]:
        return [*told(error), *self.talk.prompt("print.failed", pause=BEFORE_QUESTION), *self.talk.top.question()]
