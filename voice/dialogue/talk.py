"""What all situations of one talk share: the content, the memory, the walk, and who has the floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from voice.content import Content
from voice.dialogue.memory import Memory
from voice.dialogue.walk import Walk
from voice.events import Act, Answer, Finish, Hide, Kind, Listen, PlanLine, Say
from voice.walkthrough import Outcome, Passage, Step, first_that_holds

if TYPE_CHECKING:
    from voice.dialogue.copying import Copies
    from voice.dialogue.shelf import Printer, Shelf

# Always-live words (SPEC section 6), in the order in which help lists them.
COMMANDS = (
    "stop",
    "pause",
    "repeat",
    "slower",
    "faster",
    "louder",
    "softer",
    "back",
    "skip",
    "help",
    "emergency",
    "go_on",
    "where_am_i",
    "delete_that",
    "done",
    "wait_longer",
    "quicker",
    "another_voice",
    "not_finished",
    "rest",
    "plan_now",
    "my_plan",
    "keep_place",
    "forget_everything",
    "print_plan",
    "my_notes",
)
# Pauses in seconds (SPEC section 6).
BEFORE_QUESTION = 0.8
AFTER_REFLECTION = 1.5
AFTER_FEELING = 3.0
"""After a feeling was named: it may be felt before the next thing is asked."""
# Silence that ends an utterance, in seconds (SPEC section 6).
END_OF_TURN = {Kind.YES_NO: 1.2, Kind.CHOICE: 1.2, Kind.NUMBER: 1.2, Kind.FEELING: 1.5, Kind.FREE: 2.5}
# The same after a whole answer or command: "yes" needs no second thought, a number or a feeling may get another, and in
# the midst of a story "stop" may only be how a sentence begins.
SOON = {Kind.YES_NO: 0.7, Kind.CHOICE: 0.7, Kind.NUMBER: 1.2, Kind.FEELING: 1.5, Kind.FREE: 1.5}
# Seconds of silence before each re-prompt; feelings wait longer at first (SPEC section 6).
WAITS = (10.0, 25.0, 45.0, 45.0)
FEELING_WAIT = 20.0


class Flow(Protocol):
    """What situations ask of the dialogue as a whole."""

    def onward(self, step: Step, outcome: Outcome) -> list[Act]:
        """Goes on from an answered step."""
        ...

    def in_words(self, words: str, step: str) -> list[str]:
        """Ids of the step's spots that stand in free words."""
        ...

    def to_plan(self) -> list[Act]:
        """Goes to the plan from wherever we are."""
        ...

    def command(self, name: str) -> list[Act]:
        """Does what a command means everywhere."""
        ...


class Talk:
    """One talk. Situations stand on a floor: the last one has it, and what lies beneath keeps its place."""

    def __init__(
        self,
        content: Content,
        walk: Walk,
        memory: Memory,
        flow: Flow,
        shelf: Shelf | None = None,
        keeps: bool = True,
        printer: Printer | None = None,
        copies: Copies | None = None,
    ) -> None:
        """`shelf`: what was kept before, and its locks. `keeps`: whether anything may be written down at all.
        `printer`: puts a plan on paper. `copies`: files outside of the notes."""
        self.content = content
        self.walk = walk
        self.memory = memory
        self.flow = flow
        self.shelf = shelf
        self.keeps = keeps
        self.printer = printer
        self.copies = copies
        self.plan: tuple[PlanLine, ...] = ()
        """The plan that was made, or read again, in this talk."""
        self.floor: list[Situation] = []
        self.answered = ("", "")
        """The step that was answered by what was said last, and the person's own words for it; gone with the next."""

    @property
    def top(self) -> Situation:
        """The situation that has the floor."""
        return self.floor[-1]

    @property
    def quiet(self) -> bool:
        """Others can hear."""
        return self.memory.facts().quiet

    @property
    def asked_who_hears(self) -> bool:
        """The question after which what was kept may be read was answered."""
        step = self.walk.walkthrough.welcome_after
        return not step or step in self.memory.entries

    @property
    def unkept(self) -> bool:
        """A room where the next person must find nothing."""
        return "unkept" in self.memory.flags

    def closing(self, key: str) -> list[Act]:
        """The last words, and how all is cleared where nothing is kept."""
        return [*self.prompt(key), *(self.prompt("unkept.end") if self.unkept else ())]

    def stopped(self) -> list[Act]:
        """The talk ends here. Where nothing is kept, the screen is empty before that is said."""
        if self.unkept:
            return [Hide(), *self.prompt("cleared"), Finish("stopped")]
        return [*self.prompt("stopped"), Finish("stopped")]

    def push(self, situation: Situation) -> list[Act]:
        """Gives the floor to something that will hand it back."""
        self.floor.append(situation)
        return situation.opening()

    def replace(self, situation: Situation) -> list[Act]:
        """Gives the floor on for good."""
        if self.floor:
            self.floor.pop()
        self.floor.append(situation)
        return situation.opening()

    def pop(self) -> list[Act]:
        """Hands the floor back; the open question is asked again in short."""
        self.floor.pop()
        self.top.misses = self.top.silences = 0
        return list(self.top.question())

    def prompt(self, key: str, *, pause: float = 0.4, **values: str) -> list[Act]:
        """The passages of a prompt that hold now; nothing where the content has none."""
        return self.say(self.content.prompts.get(key, ()), pause, **values)

    def say(self, passages: Sequence[Passage], pause: float = 0.4, **values: str) -> list[Act]:
        """All passages that hold now, spoken in order."""
        facts = self.memory.facts()
        known = {**self.memory.values(), **values}
        found = [Say(p.key, known) for p in passages if p.when.holds(facts)]
        if found:
            found[-1] = Say(found[-1].key, known, pause)
        return list(found)

    def first(self, passages: Sequence[Passage], pause: float = 0.4, **values: str) -> list[Act]:
        """The first passage that holds now."""
        passage = first_that_holds(passages, self.memory.facts())
        return [Say(passage.key, {**self.memory.values(), **values}, pause)] if passage else []


class Situation:
    """One thing that is going on: a question, a pause, a card. Subclasses say what differs."""

    name = ""
    kind = Kind.YES_NO
    expects: tuple[str, ...] = ("yes", "no")
    commands: tuple[str, ...] = COMMANDS
    heavy = False
    """See Listen."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.misses = 0
        self.silences = 0
        self.comforted = False
        """It was said here that there is no rush."""

    def opening(self) -> list[Act]:
        """What is said on coming here."""
        return []

    def question(self) -> list[Act]:
        """The open question, in short."""
        return []

    def first_wait(self) -> float:
        """Seconds before the first re-prompt."""
        return WAITS[0]

    def listen(self) -> Listen:
        """What is live here now."""
        waits = (self.first_wait(), *WAITS[1:])
        return Listen(
            step=self.name,
            kind=self.kind,
            expects=self.expects,
            commands=self.commands,
            wait=waits[min(self.silences, len(waits) - 1)],
            end=END_OF_TURN[self.kind],
            soon=SOON[self.kind],
            heavy=self.heavy,
        )

    def on_answer(self, answer: Answer) -> list[Act]:
        """An answer that is live here."""
        raise NotImplementedError

    def on_command(self, name: str) -> list[Act] | None:
        """A command that means something special here; None for what it means everywhere."""
        return None

    def on_silence(self) -> list[Act]:
        """Nobody spoke for a while: tapered, and then quiet (SPEC section 6)."""
        from voice.dialogue.holding import Holding

        self.silences += 1
        match self.silences:
            case 1:
                return self.talk.prompt("noinput.2")
            case 2:
                return [*self.talk.prompt("noinput.3", pause=BEFORE_QUESTION), *self.question()]
            case 3:
                return self.talk.prompt("noinput.4")
            case _:
                self.silences = 0
                return self.talk.push(Holding(self.talk, "hold"))

    def on_miss(self) -> list[Act]:
        """Speech that was none of what is live: two tries, then on (SPEC section 6)."""
        self.misses += 1
        match self.misses:
            case 1:
                return [*self.talk.prompt("nomatch.1", pause=BEFORE_QUESTION), *self.question()]
            case 2:
                kind = {Kind.YES_NO: "nomatch.yes_no", Kind.NUMBER: "nomatch.number"}.get(self.kind, "nomatch.2")
                return self.talk.prompt(kind)
            case _:
                self.misses = 0
                return self.give_up()

    def on_wordless(self) -> list[Act]:
        """A voice without words for a while: said once that there is no rush, and then it is quiet (SPEC section 6)."""
        from voice.dialogue.holding import Holding

        if self.comforted:
            return []
        self.comforted = True
        return self.talk.push(Holding(self.talk, "here"))

    def give_up(self) -> list[Act]:
        """Not understood twice: go on another way."""
        return [*self.talk.prompt("nomatch.2"), *self.question()]
