"""Whole talks as data: scripts that `afterwards rehearse` can play, with what must happen written between the answers.

yes                    an answer, as in any script
#? said W2.ask         a line with this key (or beginning with it) was said since the answer before
#? not said W2         no such line was said
#? at W3               it listens at this step now
#? card OD             this card was shown
#? plan call           the plan has a line with this word
#? keep  /  #? end done
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice.dialogue import Dialogue
from voice.dialogue.copying import Copies
from voice.dialogue.shelf import Shelf
from voice.events import Finish, Listen, Meaning, Say, ShowCard, ShowPlan
from voice.parts import Talking
from voice.parts_copies import Texts
from voice.rehearse import Hear, RehearsalMouth, ScriptEars, VirtualClock
from voice.screen import JsonScreen
from voice.session import Manner, Notes, Session, line_values

Event = dict[str, Any]
FOLDER = Path(__file__).parent / "conversations"


@dataclass
class Played:
    """What happened in a talk: `turns[k]` are the events after the k-th answer."""

    turns: list[list[Event]]
    reason: str
    dialogue: Dialogue
    events: list[Event] = field(default_factory=list)

    def keys(self) -> list[str]:
        """Keys of everything that was said."""
        return [event["key"] for event in self.events if event["type"] == "say"]

    def of(self, kind: str) -> list[Event]:
        """All events of a type."""
        return [event for event in self.events if event["type"] == kind]

    def words(self) -> int:
        """How many words were spoken."""
        return sum(len(event["text"].split()) for event in self.of("say"))


def play(
    talking: Talking,
    answers: Sequence[str],
    *,
    country: str = "US",
    notes: Notes | None = None,
    kept: Callable[[Callable[[], float]], tuple[Notes, Shelf, Callable[[Texts], Copies]]] | None = None,
    set_up: bool = False,
    remember: dict[str, str] | None = None,
    hear: Hear | None = None,
    paper: Callable[[Sequence[str]], None] | None = None,
) -> Played:
    """Plays typed answers through a whole session on a virtual clock.

    `kept`: notes, their locks, and copies of them, made with that clock. `hear`: hears recordings, "@file" among the
    answers. `paper`: prints lines.
    """
    clock = VirtualClock()
    out = io.StringIO()
    shelf = copies = None
    if kept is not None:
        notes, shelf, copies = kept(clock.now)
    manner = Manner(country=country)
    session = talking.session(
        manner,
        ears=[ScriptEars(answers, clock, hear=hear)],
        screen=JsonScreen(out, clock.now),
        clock=clock,
        mouth=RehearsalMouth(clock),
        notes=notes,
        shelf=shelf,
        paper=paper,
        copies=copies,
        set_up=set_up,
        remember=(remember if remember is not None else {}).__setitem__,
    )
    reason = session.run()
    return _played(out.getvalue(), reason, session)


def _played(text: str, reason: str, session: Session) -> Played:
    events: list[Event] = [json.loads(line) for line in text.splitlines()]
    turns: list[list[Event]] = [[]]
    for event in events:
        if event["type"] == "heard":
            turns.append([])
        turns[-1].append(event)
    return Played(turns, reason, session._dialogue, events)


def read(path: Path) -> tuple[list[str], list[tuple[int, str]]]:
    """The answers of a script, and (how many answers before it, expectation)."""
    answers: list[str] = []
    expected: list[tuple[int, str]] = []
    for raw in path.read_text("utf-8").splitlines():
        line = raw.strip()
        if line.startswith("#?"):
            expected.append((len(answers), line[2:].strip()))
        elif line and not line.startswith("#"):
            answers.append(line)
    return answers, expected


def missing(played: Played, expected: Sequence[tuple[int, str]]) -> list[str]:
    """The expectations that did not come true, with what happened instead."""
    faults = []
    for turn, wish in expected:
        events = played.turns[turn] if turn < len(played.turns) else []
        if not _true(wish, events, played):
            seen = [e.get("key") or e.get("step") or e.get("card") or e["type"] for e in events]
            faults.append(f"after answer {turn}: '{wish}' is not so; there was {seen}")
    return faults


def _true(wish: str, events: Sequence[Event], played: Played) -> bool:
    what, _, rest = wish.partition(" ")
    match what:
        case "not":
            return not _true(rest, events, played)
        case "said":
            return any(e["type"] == "say" and e["key"].startswith(rest) for e in events)
        case "at":
            return [e["step"] for e in events if e["type"] == "listen"][-1:] == [rest]
        case "card":
            return any(e["type"] == "card" and e["card"] == rest for e in events)
        case "plan":
            return any(rest.lower() in line.lower() for e in events if e["type"] == "plan" for line in e["lines"])
        case "keep":
            return any(e["type"] == "keep" for e in events)
        case "end":
            return played.reason == rest
    raise ValueError(f"unknown expectation '{wish}'")


ALWAYS_THERE = frozenset({"not_sure", "skip", "own", "none", "said"})


# ---- leading a dialogue without a script: an answer is chosen for whatever is asked


@dataclass
class Led:
    """What a led talk said and did."""

    keys: list[str] = field(default_factory=list)
    words: int = 0
    questions: list[str] = field(default_factory=list)
    plans: list[tuple[str, ...]] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    widest: dict[str, int] = field(default_factory=dict)
    """Step -> how many answers were offered at once, besides those that are always there."""
    reason: str = ""


def lead(
    talking: Talking, choose: Callable[[Listen, Led], Meaning], *, country: str = "US", most: int = 400
) -> tuple[Led, Dialogue]:
    """Answers every Listen with what `choose` gives, until the talk ends. Fails after `most` turns: a dead end."""
    dialogue = talking.dialogue(country)
    led = Led()
    acts = dialogue.start()
    values = line_values(talking.lines, country, shown=False)
    for _ in range(most):
        listen = None
        for act in acts:
            match act:
                case Say():
                    led.keys.append(act.key)
                    led.words += len(talking.content.fill(act.key, {**values, **act.values}).split())
                case ShowPlan(lines=lines):
                    # A help line counts as one word, whatever its number.
                    one = {name: name for name in values}
                    known = [talking.content.fill(line.key, {**one, **line.values}) for line in lines]
                    led.plans.append(tuple(known))
                case ShowCard(card=card):
                    led.cards.append(card)
                case Finish(reason=reason):
                    led.reason = reason
                    return led, dialogue
                case Listen():
                    listen = act
        assert listen is not None, "every answer ends with a Listen or a Finish"
        led.questions.append(listen.step)
        offered = len([id_ for id_ in listen.expects if id_ not in ALWAYS_THERE])
        led.widest[listen.step] = max(offered, led.widest.get(listen.step, 0))
        acts = dialogue.respond(choose(listen, led))
    raise AssertionError(f"no end after {most} turns; last steps {led.questions[-8:]}")
