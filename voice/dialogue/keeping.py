"""What may be written down, after a yes: the plan, or the place in the walk. And how it is deleted."""

from __future__ import annotations

from voice.dialogue.locking import told, unlocked
from voice.dialogue.shelf import Working
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Finish, Forget, Keep, KeepPlace, PlanLine

DANGERS = frozenset({"violence", "crisis"})
"""After these the place is not kept: whoever finds it could find what was hinted at."""

STAYS = DANGERS | {"quiet"}
"""What is not forgotten of this talk while it lasts: others can hear, somebody may be unsafe."""


class Keeping(Situation):
    """Asked once, at the end, default no. Never where others can hear."""

    name = "keep"

    def __init__(self, talk: Talk, lines: tuple[PlanLine, ...]) -> None:
        super().__init__(talk)
        self.lines = lines

    def opening(self) -> list[Act]:
        if self.talk.unkept:
            return [*self.talk.prompt("unkept.plan", pause=AFTER_REFLECTION), *self.talk.replace(Needing(self.talk))]
        if self.talk.quiet or not self.talk.keeps:
            return self.talk.replace(Needing(self.talk))
        violence = "violence" in self.talk.memory.all_flags()
        return self.talk.prompt("keep.ask_violence" if violence else "keep.ask")

    def question(self) -> list[Act]:
        return self.talk.prompt("keep.again") or self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "yes" and answer.sure:
            return unlocked(self.talk, self._keep, self._not_kept)
        if answer.value == "yes":
            return self.on_miss()  # what is kept needs a clear yes
        return self._not_kept()

    def on_command(self, name: str) -> list[Act] | None:
        return self._not_kept() if name in ("skip", "done", "go_on") else None

    def give_up(self) -> list[Act]:
        return self._not_kept()

    def _keep(self) -> list[Act]:
        self.talk.memory.saved = True
        keep = Keep(self.talk.walk.walkthrough.id, self.lines, dict(self.talk.memory.chosen()))
        return [keep, *self.talk.replace(Needing(self.talk))]

    def _not_kept(self) -> list[Act]:
        return [*self.talk.prompt("keep.no", pause=AFTER_REFLECTION), *self.talk.replace(Needing(self.talk))]


class KeepingPlace(Situation):
    """Somebody wants to go on another day: where they are, and what they chose, after a yes."""

    name = "keep_place"

    def opening(self) -> list[Act]:
        step, walk = self.talk.walk.step, self.talk.walk
        within = step is not None and step.section in walk.sections()
        if not within or self.talk.quiet or not self.talk.keeps or DANGERS & self.talk.memory.all_flags():
            self.talk.floor.remove(self)
            return [*self.talk.prompt("place.not", pause=BEFORE_QUESTION), *self.talk.top.question()]
        return self.talk.prompt("place.ask")

    def question(self) -> list[Act]:
        return self.talk.prompt("place.again")

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "yes" and answer.sure:
            return unlocked(self.talk, self._keep, self._not_kept)
        return self.on_miss() if answer.value == "yes" else self._not_kept()

    def on_command(self, name: str) -> list[Act] | None:
        return self._not_kept() if name in ("skip", "go_on", "back") else None

    def give_up(self) -> list[Act]:
        return self._not_kept()

    def _keep(self) -> list[Act]:
        step = self.talk.walk.step
        assert step is not None, "asked in a walk alone"
        memory = self.talk.memory
        memory.saved = True
        keep = KeepPlace(self.talk.walk.walkthrough.id, step.id, dict(memory.chosen()), tuple(sorted(memory.done)))
        return [keep, *self.talk.replace(StoppingHere(self.talk))]

    def _not_kept(self) -> list[Act]:
        return [*self.talk.prompt("keep.no", pause=AFTER_REFLECTION), *self.talk.pop()]


class StoppingHere(Situation):
    """The place is kept: is it enough for today?"""

    name = "stop_here"

    def opening(self) -> list[Act]:
        return self.talk.prompt("place.stop")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        return self._close() if answer.value == "yes" else self.talk.pop()

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "stop" | "done":
                return self._close()
            case "go_on" | "skip":
                return self.talk.pop()
        return None

    def give_up(self) -> list[Act]:
        return self.talk.pop()

    def _close(self) -> list[Act]:
        return [*self.talk.prompt("close"), Finish("done")]


class Erasing(Situation):
    """One check before what was kept in this talk is erased."""

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


class ForgettingAll(Situation):
    """One check before everything goes: what was ever kept here, and what was said today."""

    name = "forget_all"

    def opening(self) -> list[Act]:
        return self.talk.prompt("forget.check")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value != "yes":
            return [*self.talk.prompt("forget.no"), *self.talk.pop()]
        if not answer.sure:
            return self.on_miss()
        memory = self.talk.memory
        stay = STAYS & memory.all_flags()
        memory.clear()
        memory.flags |= stay
        memory.saved = False
        self.talk.floor.remove(self)
        if self.talk.shelf is None:
            return self._gone()
        job = self.talk.shelf.forget()
        return self.talk.push(Working(self.talk, job, lambda _: self._gone(), self._failed))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("forget.no"), *self.talk.pop()]

    def _gone(self) -> list[Act]:
        return [*self.talk.prompt("forgotten", pause=BEFORE_QUESTION), *self.talk.top.question()]

    def _failed(self, error: VoiceError | None) -> list[Act]:
        return [*told(error), *self.talk.prompt("forget.failed", pause=BEFORE_QUESTION), *self.talk.top.question()]


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
        return [*self.talk.closing("close.crisis" if crisis else "close"), Finish("done")]
