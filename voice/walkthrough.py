"""What a walkthrough is made of: steps, outcomes, passages, and the conditions on them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voice.events import Kind


@dataclass(frozen=True)
class Facts:
    """All that a condition may ask about."""

    path: str = "short"
    quiet: bool = False
    """Others can hear: no names, no read-back, no saving (SPEC 2.4 H2)."""
    flags: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    """Step id -> answer id ("0".."10" for numbers)."""
    done: frozenset[str] = frozenset()
    """Sections that were finished."""
    lines: frozenset[str] = frozenset()
    """Purposes for which the country has a verified help line."""


@dataclass(frozen=True)
class When:
    """A condition; every part that is given must hold."""

    path: str | None = None
    quiet: bool | None = None
    flags: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    answer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    no_line: tuple[str, ...] = ()

    def holds(self, facts: Facts) -> bool:
        """Whether all of it is true of these facts."""
        return (
            (self.path is None or self.path == facts.path)
            and (self.quiet is None or self.quiet == facts.quiet)
            and facts.flags.issuperset(self.flags)
            and (not self.any or not facts.flags.isdisjoint(self.any))
            and facts.flags.isdisjoint(self.none)
            and all(step in facts.answers for step in self.answered)
            and not any(step in facts.answers for step in self.unanswered)
            and all(_among(facts.answers.get(step), values) for step, values in self.answer.items())
            and facts.done.issuperset(self.done)
            and facts.done.isdisjoint(self.todo)
            and facts.lines.issuperset(self.line)
            and facts.lines.isdisjoint(self.no_line)
        )


ALWAYS = When()


@dataclass(frozen=True)
class Passage:
    """One spoken text under its key, and when it is said."""

    key: str
    text: str
    when: When = ALWAYS


@dataclass(frozen=True)
class Route:
    """Where to go, if the condition holds."""

    to: str
    when: When = ALWAYS


@dataclass(frozen=True)
class Outcome:
    """One answer that a step knows, and what follows from it."""

    id: str
    label: str = ""
    """On the screen, at most 4 words."""
    hear: tuple[str, ...] = ()
    """Templates; the first two are the main wordings, which go into a small model's grammar."""
    within: tuple[str, ...] = ()
    """Templates that mean this answer wherever they stand in a longer one, if no other answer's do: see `longer`."""
    spoken: str = ""
    """How later texts say this answer."""
    say: tuple[Passage, ...] = ()
    flags: tuple[str, ...] = ()
    next: tuple[Route, ...] = ()
    card: str = ""
    when: When = ALWAYS


@dataclass(frozen=True)
class Spot:
    """Words that matter inside free words."""

    id: str
    hear: tuple[str, ...]
    flags: tuple[str, ...] = ()
    say: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Step:
    """One question of the walkthrough, with what is said before it and after its answers."""

    id: str
    section: str
    name: str
    """Said in "Where am I?"."""
    answer: Kind
    ask: tuple[Passage, ...]
    say: tuple[Passage, ...] = ()
    again: tuple[Passage, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    spots: tuple[Spot, ...] = ()
    ideas: tuple[str, ...] = ()
    when: When = ALWAYS
    wait: float | None = None
    """Seconds of silence before the first re-prompt, where the usual ones do not fit."""
    silence: str = ""
    """Outcome that silence means, where nothing need be said aloud."""
    kept: bool = True
    """False for answers that never reach the notes: a danger, a substance, who can hear."""
    pick: str = "first"
    """Of two numbers ("six or seven"): "first" or "higher"."""

    @property
    def asks_of_danger(self) -> bool:
        """An answer of it leads to a card."""
        return any(outcome.card for outcome in self.outcomes.values())

    def live(self, facts: Facts) -> tuple[Outcome, ...]:
        """Outcomes that are offered now, in the order of the number keys."""
        return tuple(o for o in self.outcomes.values() if o.when.holds(facts))

    def outcome_for(self, value: str, facts: Facts) -> Outcome | None:
        """The outcome that an answer leads to: itself, the band of a number, "said" or "own" for free words."""
        if value in self.outcomes:
            return self.outcomes[value] if self.outcomes[value].when.holds(facts) else None
        if value.isdigit():
            return next((o for key, o in self.outcomes.items() if _in_band(value, key)), None)
        return self.outcomes.get("said") or self.outcomes.get("own") if value == "own" else None


@dataclass(frozen=True)
class Section:
    """A part of the walk."""

    id: str
    name: str
    close: tuple[Passage, ...] = ()
    """One-line reflections; the first that holds is said at its end."""


@dataclass(frozen=True)
class Slot:
    """One line of the plan: the first of `lines` that holds; `change` are the other lines that are offered."""

    id: str
    lines: tuple[Passage, ...]
    change: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Walkthrough:
    """A whole path, as the dialogue walks it."""

    id: str
    name: str
    sections: Mapping[str, Section]
    steps: Mapping[str, Step]
    slots: Mapping[str, Slot]
    order: tuple[str, ...]
    order_crisis: tuple[str, ...]
    welcome_after: str = ""
    """Step after which somebody who comes back is offered what was kept: it is known then who can hear."""

    def in_section(self, section: str) -> tuple[Step, ...]:
        """Steps of a section, in the order in which they are taken."""
        return tuple(step for step in self.steps.values() if step.section == section)


def first_that_holds(passages: Sequence[Passage], facts: Facts) -> Passage | None:
    """The first passage whose condition is true, for questions and lines of the plan."""
    return next((passage for passage in passages if passage.when.holds(facts)), None)


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return value is not None and any(value == want or _in_band(value, want) for want in wanted)


def _in_band(value: str, band: str) -> bool:
    low, dash, high = band.partition("-")
    return bool(dash) and value.isdigit() and low.isdigit() and high.isdigit() and int(low) <= int(value) <= int(high)
