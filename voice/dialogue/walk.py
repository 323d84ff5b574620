"""The way through a walkthrough: a `transitions` machine built from its data.

Every step is a state, every answer a trigger. A step whose `when` does not hold is passed over; the conditions of the
content become the conditions of the transitions, so the drawing shows exactly what is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from transitions import Machine

from voice.walkthrough import ALWAYS, Facts, Route, Step, Walkthrough, When

PLAN = "plan"
END = "end"
HOLD = "hold"
SKIP = "skip"
FINISH = "finish_with_plan"
VISIT = "visit_"
_END_OF_SECTION = "_end"
# The hello and the plan are no parts to choose between.
HELLO = "H"
_FRAME = (HELLO, "P")


class _Model:
    """What `transitions` moves: one attribute, `state`; conditions are added as attributes under their own words."""

    state: str


class Walk:
    """Where we are in a walkthrough, and how to go on from there."""

    def __init__(
        self,
        walkthrough: Walkthrough,
        facts: Callable[[], Facts],
        make: Callable[..., Machine] = Machine,
        **drawing: Any,
    ) -> None:
        """`make` and `drawing` are for the picture: a machine that draws, without the ways that lead everywhere."""
        self.walkthrough = walkthrough
        self._facts = facts
        self._everywhere = make is Machine
        self._model = _Model()
        self._path: list[str] = []
        first = next(iter(walkthrough.steps))
        self.machine = make(
            model=self._model,
            states=[*walkthrough.steps, PLAN, END],
            initial=first,
            auto_transitions=False,
            ignore_invalid_triggers=True,
            **drawing,
        )
        for step in walkthrough.steps.values():
            self._add(step)

    @property
    def at(self) -> str:
        """Id of the step we are at; "plan" or "end" after the last."""
        return self._model.state

    @property
    def step(self) -> Step | None:
        """The step we are at, if it is one."""
        return self.walkthrough.steps.get(self.at)

    def take(self, outcome: str) -> str:
        """Follows an answer of the step we are at; gives the id of where that leads."""
        return self._go(outcome if self.machine.get_transitions(outcome, self.at) else SKIP)

    def skip(self) -> str:
        """Goes on without an answer."""
        return self._go(SKIP)

    def visit(self, section: str) -> bool:
        """Goes to the beginning of a section; False where there is no such section."""
        trigger = f"{VISIT}{section}"
        if trigger not in self.machine.events:
            return False
        self._go(trigger)
        return True

    def finish(self) -> str:
        """Goes to the plan from wherever we are."""
        return self._go(FINISH)

    def back(self) -> str | None:
        """Goes to the step before; None at the beginning."""
        if not self._path:
            return None
        self.machine.set_state(self._path.pop(), self._model)
        return self.at

    def jump(self, step: str) -> None:
        """Goes to a step of this walk, wherever we are."""
        if self.at not in (PLAN, END):
            self._path.append(self.at)
        self.machine.set_state(step, self._model)

    @property
    def previous(self) -> str:
        """Id of the step before; "" at the beginning."""
        return self._path[-1] if self._path else ""

    def sections(self) -> tuple[str, ...]:
        """The parts that can be taken in any order."""
        return tuple(section for section in self.walkthrough.sections if section not in _FRAME)

    def _go(self, trigger: str) -> str:
        before = self.at
        if before not in (PLAN, END):
            self._path.append(before)
        self._model.trigger(trigger)  # type: ignore[attr-defined]  # transitions adds it
        return self.at

    # ---- building

    def _add(self, step: Step) -> None:
        following = list(self._following(step))
        for outcome in step.outcomes.values():
            routes = [Route(step.id, route.when) if route.to == HOLD else route for route in outcome.next]
            self._connect(outcome.id, step.id, [*routes, *following])
        if SKIP not in step.outcomes:
            self._connect(SKIP, step.id, following)
        if not self._everywhere:
            return
        self._connect(FINISH, step.id, [*self._entry("P"), Route(PLAN)])
        for section in self.sections():
            self._connect(f"{VISIT}{section}", step.id, list(self._entry(section)))

    def _entry(self, section: str) -> Iterator[Route]:
        """Ways into a section: its first step whose condition holds."""
        for step in self.walkthrough.in_section(section):
            if not step.id.endswith(_END_OF_SECTION) and step.id != "choose":
                yield Route(step.id, step.when)
                if step.when == ALWAYS:
                    return

    def _following(self, step: Step) -> Iterator[Route]:
        """Where to go on, in the order in which it is tried."""
        steps = [s for s in self.walkthrough.steps.values() if s.id != "choose"]
        own = [s for s in steps if s.section == step.section]
        for later in own[own.index(step) + 1 :] if step in own else ():
            yield Route(later.id, later.when)
            if later.when == ALWAYS:
                return
        planning = step.section == "P" and step.id != "choose"  # who asked for the plan gets it, whatever is left
        for section in self.walkthrough.sections if not planning else ():
            if section in (step.section, "H", "P"):
                continue
            for route in self._entry(section):
                yield Route(route.to, replace(route.when, todo=(*route.when.todo, section)))
        if step.section != "P":
            yield from self._entry("P")
        yield Route(PLAN)

    def _connect(self, trigger: str, source: str, routes: list[Route]) -> None:
        """Adds the ways that can be taken: none that the step's own path rules out, or that an earlier one covers."""
        path = self.walkthrough.steps[source].when.path
        earlier: list[When] = []
        for route in routes:
            when = replace(route.when, path=None) if path and route.when.path == path else route.when
            if (path and when.path and when.path != path) or any(_covers(other, when) for other in earlier):
                continue
            earlier.append(when)
            self.machine.add_transition(trigger, source, route.to, conditions=self._condition(when))
            if when == ALWAYS:
                return

    def _condition(self, when: When) -> str | None:
        if when == ALWAYS:
            return None
        name = f"if {describe(when)}"  # never the name of a trigger, which lives on the same model
        if not hasattr(self._model, name):
            setattr(self._model, name, lambda: when.holds(self._facts()))
        return name


def describe(when: When) -> str:
    """A condition in words, as the drawing shows it."""
    parts = [f"{when.path} path"] if when.path else []
    if when.quiet is not None:
        parts.append("others can hear" if when.quiet else "nobody hears")
    parts += when.flags
    parts += [" or ".join(when.any)] if when.any else []
    parts += [f"not {flag}" for flag in when.none]
    parts += [f"{step} answered" for step in when.answered]
    parts += [f"{step} not answered" for step in when.unanswered]
    parts += [f"{step} is {' or '.join(values)}" for step, values in when.answer.items()]
    parts += [f"{section} done" for section in when.done] + [f"{section} to do" for section in when.todo]
    parts += [f"{line} line known" for line in when.line] + [f"no {line} line" for line in when.no_line]
    return ", ".join(parts)


def _covers(wide: When, narrow: When) -> bool:
    """Whether `wide` holds wherever `narrow` does: each of its parts stands in the other."""
    for part in fields(When):
        asked, given = getattr(wide, part.name), getattr(narrow, part.name)
        match asked:
            case None:
                continue
            case tuple() if part.name == "any":
                if asked and asked != given:
                    return False
            case tuple():
                if not set(asked) <= set(given):
                    return False
            case dict():
                if any(given.get(step) != values for step, values in asked.items()):
                    return False
            case _:
                if asked != given:
                    return False
    return True
