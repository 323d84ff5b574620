"""Somebody was here before, and wanted something kept: their plan, line by line, and where they stopped.

Nothing of it is said before it is known who can hear (SPEC section 6, "resume"). Time that passed counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from voice.dialogue.asking import Asking
from voice.dialogue.locking import told, unlocked
from voice.dialogue.memory import Entry
from voice.dialogue.planning import OWN, OwnWords
from voice.dialogue.shelf import Last, LastPlace, LastPlan, Lock, Look, Working
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, DropPlace, Finish, Kind, Mark, PlanLine, Reword, Say
from voice.walkthrough import Outcome, Walkthrough

_NEXT_STEP = "step"
"""Slot of a line that is added on coming back."""
_READABLE = (Lock.OPEN, Lock.CHOOSE, Lock.ONLY_WORDS)
"""The last two: a plain file of an earlier version."""
_MOST_LINES = 8
"""Of a plan that grows: more could not be held in mind."""


def welcome(talk: Talk, asked: bool) -> list[Act]:
    """What was kept is offered; nothing where nothing was. `asked`: the person wants it, so that it is said if not.

    For a floor that has the open question on top.
    """

    def back(error: VoiceError | None = None) -> list[Act]:
        return [*told(error), *list(talk.top.question())]

    def nothing(error: VoiceError | None = None) -> list[Act]:
        said = talk.prompt("return.nothing", pause=BEFORE_QUESTION) if asked else []
        seen = told(error) if asked else []  # else it is told when something is to be kept
        return [*seen, *said, *(list(talk.top.question()) if asked else talk.top.opening())]

    def found(last: Last) -> list[Act]:
        place = last.place if last.place and _fits(last.place, talk.walk.walkthrough) else None
        if last.plan is None and place is None:
            return nothing()
        return talk.push(Returning(talk, Last(last.plan, place), asked))

    def read() -> list[Act]:
        assert talk.shelf is not None, "looked at before"
        return talk.push(Working(talk, talk.shelf.last(), found, nothing))

    def looked(look: Look) -> list[Act]:
        if look.lock in _READABLE:
            return read()
        return unlocked(talk, read, back) if asked else talk.push(Opening(talk))

    if talk.shelf is None or talk.quiet or not talk.shelf.anything():
        return nothing()
    return talk.push(Working(talk, talk.shelf.look(), looked, nothing))


def hidden(talk: Talk) -> list[Act] | None:
    """Why nothing of what was kept is read now: it is not known yet who can hear, others can, or there is nothing. None
    where it may be."""
    if not talk.asked_who_hears:
        return [*talk.prompt("return.first", pause=BEFORE_QUESTION), *talk.top.question()]
    if talk.shelf is None or talk.quiet or not talk.shelf.anything():
        return [*talk.prompt("return.nothing", pause=AFTER_REFLECTION), *talk.top.question()]
    return None


def opened(talk: Talk, then: Callable[[], list[Act]], back: Callable[[VoiceError | None], list[Act]]) -> list[Act]:
    """Leads to `then` when what was kept can be read; asks for secret words where that takes them."""

    def looked(look: Look) -> list[Act]:
        if look.lock in _READABLE:
            return then()
        return unlocked(talk, then, lambda: back(None))

    assert talk.shelf is not None, "there is something to read"
    return talk.push(Working(talk, talk.shelf.look(), looked, back))


class Opening(Situation):
    """Something is kept behind secret words: is it wanted now?"""

    name = "open_notes"

    def opening(self) -> list[Act]:
        return self.talk.prompt("return.locked")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value != "yes":
            return self.give_up()
        self.talk.floor.remove(self)
        return welcome(self.talk, True)

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "go_on", "back", "done") else None

    def give_up(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self.talk.top.opening()


class Returning(Situation):
    """Last time we got to ...: shall I read your plan, go on from there, or begin anew?"""

    name = "return"
    kind = Kind.CHOICE

    def __init__(self, talk: Talk, last: Last, asked: bool) -> None:
        super().__init__(talk)
        self._last = last
        self._asked = asked
        ways = (("read_plan", last.plan), ("from_there", last.place))
        self.expects = (*(way for way, there in ways if there), "start_new")

    def opening(self) -> list[Act]:
        if self._asked and self._last.plan is not None:
            return self._read()
        acts: list[Act] = []
        if place := self._last.place:
            walk = self.talk.walk.walkthrough
            name = walk.sections[walk.steps[place.step].section].name
            acts += self.talk.prompt("return.place", section=name, pause=BEFORE_QUESTION)
        return [*acts, *self.question()]

    def question(self) -> list[Act]:
        both = self._last.plan is not None and self._last.place is not None
        key = "return.both" if both else "return.plan" if self._last.plan else "return.only_place"
        return self.talk.prompt(key)

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "read_plan":
                return self._read()
            case "from_there":
                return self.from_there()
        return self._leave()

    def on_command(self, name: str) -> list[Act] | None:
        return self._leave() if name in ("skip", "back") else None

    def give_up(self) -> list[Act]:
        return self._leave()

    def from_there(self) -> list[Act]:
        """Goes on where it was; what was kept of the place is used up."""
        place = self._last.place
        assert place is not None, "only offered where there is one"
        restore(self.talk, place)
        self.talk.walk.jump(place.step)
        self.talk.floor.clear()
        asking = Asking(self.talk, self.talk.walk.walkthrough.steps[place.step])
        self.talk.floor.append(asking)
        return [DropPlace(), *self.talk.prompt("return.on", pause=BEFORE_QUESTION), *asking.opening()]

    def read_before(self) -> list[Act]:
        """The plan was read. What is left to choose?"""
        if self._last.place is None:
            return self.talk.replace(After(self.talk))
        self._last = Last(None, self._last.place)
        self._asked = False
        self.expects = ("from_there", "start_new")
        return self.question()

    def _read(self) -> list[Act]:
        plan = self._last.plan
        assert plan is not None, "only offered where there is one"
        return self.talk.push(Visiting(self.talk, self, plan))

    def _leave(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self.talk.top.opening()


class Visiting(Situation):
    """The kept plan, line by line: done, not yet, or change. None of these is better."""

    name = "visit_plan"
    kind = Kind.CHOICE
    expects = ("line_done", "line_not_yet", "change")

    def __init__(self, talk: Talk, beneath: Returning, plan: LastPlan) -> None:
        super().__init__(talk)
        self._beneath = beneath
        self._id = plan.id
        self.lines = [text for _, text, _ in plan.lines]
        self._slots = [slot for slot, _, _ in plan.lines]
        self._at = 0
        self._shown()

    def _shown(self) -> None:
        self.talk.plan = tuple(
            PlanLine(slot, OWN, {"words": text}) for slot, text in zip(self._slots, self.lines, strict=True)
        )

    def opening(self) -> list[Act]:
        return [*self.talk.prompt("visit.intro", pause=BEFORE_QUESTION), *self.question()]

    def question(self) -> list[Act]:
        return [*self._line(), *self.talk.prompt("visit.ask" if self._at == 0 else "visit.ask_short")]

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "line_done":
                return self._marked("done", "visit.done")
            case "line_not_yet":
                return self._marked("not_yet", "visit.not_yet")
            case "change":
                return self.talk.push(OwnWords(self.talk, "visit.change", self.set_line, self.no_line))
        return self.on_miss()

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "repeat":
                return self.question()
            case "skip" | "go_on":
                return self._next()
            case "done":
                return self._end()
            case "back" if self._at > 0:
                self._at -= 1
                return self.question()
        return None

    def give_up(self) -> list[Act]:
        return self._next()

    def set_line(self, words: str) -> list[Act]:
        """The line at hand in the person's own words; after the last, one more."""
        new = self._at >= len(self.lines)
        if new:
            self.lines.append(words)
            self._slots.append(_NEXT_STEP)
        self.lines[self._at] = words
        self._shown()
        write = Reword(self._id, self._at, PlanLine(self._slots[self._at], OWN, {"words": words}))
        said = self.talk.prompt("visit.changed", pause=BEFORE_QUESTION)
        return [write, *said, *(self._end() if new else self._next())]

    def no_line(self) -> list[Act]:
        """Nothing was added or changed."""
        return self._end() if self._at >= len(self.lines) else self._next()

    def _line(self) -> list[Act]:
        return [Say(OWN, {"words": self.lines[self._at]}, BEFORE_QUESTION)]

    def _marked(self, mark: str, key: str) -> list[Act]:
        return [Mark(self._id, self._at, mark), *self.talk.prompt(key, pause=BEFORE_QUESTION), *self._next()]

    def _next(self) -> list[Act]:
        self._at += 1
        self.misses = self.silences = 0
        if self._at < len(self.lines):
            return self.question()
        if len(self.lines) >= _MOST_LINES:
            return self._end()
        return self.talk.push(OwnWords(self.talk, "visit.next_step", self.set_line, self.no_line))

    def _end(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self._beneath.read_before()


class After(Situation):
    """The plan was read, and there is no place to go on from."""

    name = "after_plan"
    kind = Kind.CHOICE
    expects = ("go_on", "stop_here")

    def opening(self) -> list[Act]:
        return self.talk.prompt("visit.after")

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "stop_here":
            return self._close()
        self.talk.floor.remove(self)
        return self.talk.top.opening()

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "stop" | "done":
                return self._close()
            case "skip":
                return self.on_answer(Answer("go_on"))
        return None

    def give_up(self) -> list[Act]:
        return self.on_answer(Answer("go_on"))

    def _close(self) -> list[Act]:
        return [*self.talk.prompt("close", pause=AFTER_REFLECTION), Finish("done")]


def restore(talk: Talk, place: LastPlace) -> None:
    """What was chosen before, with all that follows from it. What was answered today stands; own words were not kept,
    so such a step counts as not answered."""
    memory, steps = talk.memory, talk.walk.walkthrough.steps
    today = dict(memory.entries)
    for id_, value in place.answers.items():
        step = steps.get(id_)
        if step is None or id_ in today or value in ("own", "said"):
            continue
        outcome = step.outcome_for(value, memory.facts()) or Outcome(value)
        spoken = Asking(talk, step).spoken(Answer(value), outcome)
        memory.record(id_, Entry(value, spoken, outcome.flags, kept=step.kept))
    memory.done |= set(place.done)


def _fits(place: LastPlace, walk: Walkthrough) -> bool:
    """Whether that place is still there: the walk may have been written anew since."""
    return place.walkthrough == walk.id and place.step in walk.steps
