"""The dialogue: a Meaning in, acts out. No audio, no clock, no disk.

`Walk` (a `transitions` machine) knows the way through the walkthrough; situations stand on a floor above it, so that a
pause, a check or a crisis card keeps the place beneath. Every answer ends with a Listen or a Finish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voice.content import Content
from voice.dialogue import danger
from voice.dialogue.asking import NOT_SURE, Asking, Checking
from voice.dialogue.copying import Copies
from voice.dialogue.holding import Holding
from voice.dialogue.keeping import Erasing, ForgettingAll, KeepingPlace
from voice.dialogue.memory import Memory
from voice.dialogue.menu import MyNotes
from voice.dialogue.offering import Offering
from voice.dialogue.planning import Reviewing
from voice.dialogue.presence import StillThere
from voice.dialogue.printing import printing
from voice.dialogue.returning import Returning, welcome
from voice.dialogue.setup import SettingUp
from voice.dialogue.shelf import Printer, Shelf
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, Talk
from voice.dialogue.walk import HELLO, PLAN, Walk
from voice.events import (
    Act,
    Adjust,
    Answer,
    Command,
    Danger,
    Finish,
    Listen,
    Meaning,
    NotUnderstood,
    Remark,
    Set,
    Silence,
    Wordless,
)
from voice.walkthrough import Outcome, Step

__all__ = ["Dialogue"]

_OF_NOTES = ("my_plan", "keep_place", "forget_everything", "my_notes")
"""Commands about what is kept."""
_ADJUST = {
    "slower": ("rate", -1),
    "faster": ("rate", 1),
    "louder": ("volume", 1),
    "softer": ("volume", -1),
    "wait_longer": ("patience", 1),
    "quicker": ("patience", -1),
}


class Dialogue:
    """Leads one talk through one walkthrough."""

    def __init__(
        self,
        content: Content,
        walkthrough: str = "family",
        *,
        lines: frozenset[str] = frozenset(),
        spots: Callable[[str, str], list[str]] = lambda words, step: [],
        set_up: bool = False,
        regions: Callable[[str], Sequence[str]] = lambda country: (),
        offer: Callable[[], str] = lambda: "",
        another: Callable[[], str] = lambda: "",
        quiet: bool = False,
        shelf: Shelf | None = None,
        keeps: bool = True,
        printer: Printer | None = None,
        copies: Copies | None = None,
    ) -> None:
        """`regions` of a country whose help lines differ by region, asked about with `set_up`.

        `offer`: megabytes of a bigger speech model that could be fetched now, or ""; asked after the hello.
        `another`: name of the next voice that it could speak with, or "". `shelf` and what follows as in Talk.
        `quiet`: others can hear until somebody says that they are alone, and the next person must find nothing.
        """
        self.memory = Memory(lines=lines, flags={"quiet", "unkept"} if quiet else set())
        self.walk = Walk(content.walkthroughs[walkthrough], self.memory.facts)
        self.talk = Talk(content, self.walk, self.memory, self, shelf, keeps, printer, copies)
        self._spots = spots
        self._set_up = set_up
        self._regions = regions
        self._offer = offer
        self._offered = False
        self._another = another
        self._last: list[Act] = []

    def start(self) -> list[Act]:
        """The first words. With `set_up`, the questions of the first run come before the walk."""
        step = self.walk.step
        assert step is not None, "a walkthrough begins with a step"
        self.talk.floor.append(Asking(self.talk, step))
        if self._set_up:
            return self._ending(self.talk.push(SettingUp(self.talk, self._regions)))
        return self._ending(self.talk.top.opening())

    def respond(self, meaning: Meaning) -> list[Act]:
        """What to do about what was heard. Always ends with a Listen or a Finish."""
        top = self.talk.top
        just, self.talk.answered = self.talk.answered, ("", "")
        match meaning:
            case Danger(light=light, card=card):
                return self._ending(self._danger(light, card))
            case Command(name="emergency", keyed=True):
                return self._ending(danger.show(self.talk, danger.GENERAL))
            case Command(name="not_finished"):
                return self._ending(self._unfinished(*just))
            case Command(name=name):
                acts = top.on_command(name)
                return self._ending(self._command(name) if acts is None else acts)
            case Answer():
                return self._ending(top.on_answer(meaning))
            case Silence():
                return self._ending(top.on_silence())
            case Remark(id=id_):
                return self._ending(self._remark(id_))
            case NotUnderstood():
                return self._ending(top.on_miss())
            case Wordless():
                return self._ending(top.on_wordless())

    def listen(self) -> Listen:
        """What is live now; for going on after the sound was away."""
        return self.talk.top.listen()

    def asked_again(self) -> list[Act]:
        """The open question in short; for coming back after trouble."""
        return self._ending(list(self.talk.top.question()))

    # ---- what situations ask for (Flow)

    def onward(self, step: Step, outcome: Outcome) -> list[Act]:
        """Goes on from an answered step; a card lies over the next one."""
        self.walk.take(outcome.id)
        self._offered = self._offered or bool(outcome.card)  # after a card nobody is asked about software
        acts = self._arrive(step.section)
        if not outcome.card:
            comes_back = step.id == self.walk.walkthrough.welcome_after and self.talk.shelf is not None
            return welcome(self.talk, asked=False) if comes_back and not self.talk.quiet else acts
        # The next question waits beneath the card; it is asked on the way back.
        return danger.show(self.talk, outcome.card)

    def in_words(self, words: str, step: str) -> list[str]:
        return self._spots(words, step)

    def to_plan(self) -> list[Act]:
        """From anywhere to the plan."""
        self.walk.finish()
        return self._arrive("")

    def command(self, name: str) -> list[Act]:
        return self._command(name)

    # ---- moving

    def _arrive(self, left: str) -> list[Act]:
        step = self.walk.step
        if left and (step is None or step.section != left or step.id == f"{left}_end"):
            self.memory.done.add(left)
        if step is None:
            return self._set_base(Reviewing(self.talk)) if self.walk.at == PLAN else [Finish("done")]
        acts = []
        if step.id.endswith("_end"):
            acts = self.talk.first(self.walk.walkthrough.sections[step.section].close, AFTER_REFLECTION)
        if left == HELLO != step.section and (megabytes := self._to_offer()):
            self.talk.floor[:] = [Asking(self.talk, step)]
            return [*acts, *self.talk.push(Offering(self.talk, megabytes))]
        return [*acts, *self._set_base(Asking(self.talk, step))]

    def _to_offer(self) -> str:
        """What may be offered now: once in a talk, and not to somebody in danger."""
        if self._offered or "crisis" in self.memory.flags:
            return ""
        self._offered = True
        return self._offer()

    def _set_base(self, situation: Asking | Reviewing) -> list[Act]:
        self.talk.floor.clear()
        self.talk.floor.append(situation)
        return situation.opening()

    def _ending(self, acts: list[Act]) -> list[Act]:
        if any(isinstance(act, Listen | Finish) for act in acts):
            return acts
        return [*acts, self.talk.top.listen()]

    # ---- meanings that are the same everywhere

    def _danger(self, light: str, card: str) -> list[Act]:
        if isinstance(self.talk.top, Offering):
            self.talk.floor.pop()
        if light == "red":
            if isinstance(self.talk.top, danger.OnCard) and self.talk.top.covers(card):
                return self.talk.top.on_miss()  # somebody tells the call taker
            return danger.show(self.talk, card)
        if isinstance(self.talk.top, danger.OnCard) and self.talk.top.card.choices and card != danger.DIED:
            return danger.show(self.talk, card)  # "what is wrong?" was asked: this is the answer
        if isinstance(self.talk.top, danger.OnCard | danger.DangerCheck):
            return self.talk.top.on_miss()
        return self.talk.push(danger.DangerCheck(self.talk, card))

    def _remark(self, id_: str) -> list[Act]:
        if id_ == "died":
            return self.talk.push(danger.DangerCheck(self.talk, danger.DIED))
        said = self.talk.prompt(f"remark.{id_}", pause=AFTER_REFLECTION)
        return [*said, *self.talk.top.question()] if said else self.talk.top.on_miss()

    def _command(self, name: str) -> list[Act]:
        top = self.talk.top
        self.talk.top.misses = self.talk.top.silences = 0
        if name in _ADJUST:
            what, steps = _ADJUST[name]
            return [Adjust(what, steps), *self.talk.prompt(name, pause=BEFORE_QUESTION), *top.question()]
        if name.startswith("section_"):
            return self._visit(name.removeprefix("section_"))
        if name in _OF_NOTES and self.talk.unkept:
            return [*self.talk.prompt("unkept", pause=BEFORE_QUESTION), *top.question()]
        match name:
            case "emergency":
                return danger.show(self.talk, danger.GENERAL)
            case "stop":
                return self.talk.push(Holding(self.talk, "stopped"))
            case "pause":
                return self.talk.push(Holding(self.talk, "paused"))
            case "rest":
                return self.talk.push(Holding(self.talk, "rest"))
            case "repeat":
                return top.opening()
            case "back":
                return self._back()
            case "skip" | "go_on":
                return self._skip()
            case "help":
                return [*self.talk.prompt("help"), *top.question()]
            case "where_am_i":
                return [*self._where(), *top.question()]
            case "delete_that":
                return self._delete()
            case "still_there":
                return self.talk.push(StillThere(self.talk))
            case "my_plan":
                return self._my_plan()
            case "keep_place":
                return self.talk.push(KeepingPlace(self.talk))
            case "forget_everything":
                return self.talk.push(ForgettingAll(self.talk))
            case "my_notes":
                return self.talk.push(MyNotes(self.talk))
            case "print_plan":
                return printing(self.talk)
            case "another_voice":
                return [*self._other_voice(), *top.question()]
            case "done" | "plan_now":
                return [*self.talk.prompt("done.ok"), *self.to_plan()]
        return top.on_miss()

    def _back(self) -> list[Act]:
        if len(self.talk.floor) > 1:
            return self.talk.pop()
        if isinstance(self.talk.top, Reviewing) or self.walk.back() is None:
            return [*self.talk.prompt("back.none"), *self.talk.top.question()]
        step = self.walk.step
        assert step is not None, "back leads to a step"
        self.memory.forget(step.id)
        self.memory.done.discard(step.section)
        return [*self.talk.prompt("back"), *self._set_base(Asking(self.talk, step))]

    def _unfinished(self, answered: str, words: str) -> list[Act]:
        """Somebody was cut off: wait longer from now on, and hear the rest of what they were saying. `answered`: the
        step that was answered just before, with which words."""
        sorry: list[Act] = [Adjust("patience", 1), *self.talk.prompt("not_finished", pause=BEFORE_QUESTION)]
        top = self.talk.top
        if isinstance(top, Checking):
            top.go_ahead()
            return sorry
        if len(self.talk.floor) > 1 or not isinstance(top, Asking | Reviewing) or self.walk.previous != answered:
            return [*sorry, *top.question()]
        self.walk.back()
        step = self.walk.step
        assert step is not None, "back leads to a step"
        self.memory.done.discard(step.section)
        again = Asking(self.talk, step)
        again.begun = words
        self.talk.floor[:] = [again]
        return sorry

    def _skip(self) -> list[Act]:
        top = self.talk.top
        if not isinstance(top, Asking):
            return top.give_up()
        if top.begun:
            return top.on_answer(Answer(NOT_SURE))  # what was said before it was cut off stands
        step = top.step
        said = self.talk.prompt("skip.ok", pause=BEFORE_QUESTION)
        if "skip" in step.outcomes:
            return [*said, *top.apply(Answer("skip"), step.outcomes["skip"])]
        self.walk.skip()
        return [*said, *self._arrive(step.section)]

    def _visit(self, section: str) -> list[Act]:
        if not self.walk.visit(section):
            return self.talk.top.on_miss()
        return self._arrive("")

    def _where(self) -> list[Act]:
        step = self.walk.step
        parts = self.walk.sections()
        if step is None or step.section not in parts:
            return self.talk.prompt("where.outside", where=step.name if step else "the plan")
        number = parts.index(step.section) + 1
        numbers = self.talk.content.numbers
        section = self.walk.walkthrough.sections[step.section].name
        return self.talk.prompt(
            "where",
            section=section,
            part=numbers[str(number)][0],
            parts=numbers[str(len(parts))][0],
            where=step.name,
        )

    def _other_voice(self) -> list[Act]:
        name = self._another()
        if not name:
            return self.talk.prompt("another_voice.none", pause=BEFORE_QUESTION)
        return [Set("voice", name), *self.talk.prompt("another_voice", pause=BEFORE_QUESTION)]

    def _my_plan(self) -> list[Act]:
        """What was kept, read aloud: not before it is known who can hear."""
        if not self.talk.asked_who_hears:
            return [*self.talk.prompt("return.first", pause=BEFORE_QUESTION), *self.talk.top.question()]
        if any(isinstance(each, Returning) for each in self.talk.floor):
            return list(self.talk.top.question())  # it is being read
        return welcome(self.talk, asked=True)

    def _delete(self) -> list[Act]:
        """Drops the answer given last, with what follows from it; after saving, what was saved, with one check."""
        if self.memory.saved:
            return self.talk.push(Erasing(self.talk))
        if not self.memory.entries:
            return [*self.talk.prompt("delete.nothing"), *self.talk.top.question()]
        self.memory.forget(next(reversed(self.memory.entries)))
        return [*self.talk.prompt("deleted", pause=BEFORE_QUESTION), *self.talk.top.question()]
