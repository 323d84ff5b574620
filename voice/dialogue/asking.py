"""The questions of the walkthrough, and checking an answer that was badly heard."""

from __future__ import annotations

from dataclasses import replace

from voice.dialogue.holding import Holding
from voice.dialogue.memory import ALONE, Entry
from voice.dialogue.talk import (
    AFTER_FEELING,
    AFTER_REFLECTION,
    BEFORE_QUESTION,
    COMMANDS,
    FEELING_WAIT,
    WAITS,
    Situation,
    Talk,
)
from voice.dialogue.walk import HOLD
from voice.events import Act, Answer, Kind, Listen
from voice.walkthrough import Outcome, Step

NUMBERS = tuple(str(number) for number in range(11))
NOT_SURE = "not_sure"


class Asking(Situation):
    """A step of the walkthrough is open."""

    def __init__(self, talk: Talk, step: Step) -> None:
        super().__init__(talk)
        self.step = step
        self.name = step.id
        self.kind = step.answer
        self.heavy = step.asks_of_danger
        self.begun = ""
        """Words of an answer that was cut off: what is said now belongs to them."""

    def opening(self) -> list[Act]:
        return [*self.talk.say(self.step.say, BEFORE_QUESTION), *self.talk.first(self.step.ask)]

    def question(self) -> list[Act]:
        return self.talk.first(self.step.again or self.step.ask)

    def first_wait(self) -> float:
        return self.step.wait or (FEELING_WAIT if self.kind is Kind.FEELING else WAITS[0])

    def listen(self) -> Listen:
        live = tuple(o.id for o in self.step.live(self.talk.memory.facts()) if o.id not in ("skip", "said"))
        self.expects = (*NUMBERS, NOT_SURE) if self.kind is Kind.NUMBER else live
        sections = tuple(f"section_{section}" for section in self.talk.walk.sections())
        known = tuple(name for name in (*COMMANDS, *sections) if name in self.talk.content.commands)
        self.commands = tuple(name for name in known if name not in live)
        return super().listen()

    def on_answer(self, answer: Answer) -> list[Act]:
        if self.begun and answer.words:
            answer = replace(answer, words=f"{self.begun} {answer.words}")
        elif self.begun and answer.value == NOT_SURE:
            answer = Answer("own", self.begun)  # there is nothing to add
        self.begun = ""
        outcome = self.step.outcome_for(answer.value, self.talk.memory.facts())
        if outcome is None:
            return self.apply(answer, Outcome(NOT_SURE)) if answer.value == NOT_SURE else self.on_miss()
        kept = answer.words and self.keeps_words
        # Where others can hear, nothing is read back but an answer about danger, and that nobody else can hear.
        aloud = not self.talk.quiet or self.heavy or ALONE in outcome.flags
        if not answer.sure and (not answer.words or kept) and not outcome.card and aloud:
            return self.talk.push(Checking(self.talk, self, answer, self._aloud(answer, outcome)))
        if answer.within and not outcome.card and not aloud:
            return self.on_miss()
        return self.apply(answer, outcome)

    @property
    def keeps_words(self) -> bool:
        """Whether a later text says the person's own words."""
        value = f"${self.step.id}"
        naming = any("named" in outcome.flags for outcome in self.step.outcomes.values())
        return naming or any(value in text for text in self.talk.content.texts.values())

    def apply(self, answer: Answer, outcome: Outcome) -> list[Act]:
        """Writes the answer down, reflects, and goes on."""
        memory = self.talk.memory
        self.talk.answered = (self.step.id, answer.words)
        spots = [spot for spot in self.step.spots if spot.id in self._spotted(answer)]
        spoken = self.spoken(answer, outcome)
        words = answer.words if self.keeps_words else ""
        flags = tuple(flag for spot in spots for flag in spot.flags)
        if "named" in outcome.flags:
            memory.name, words = answer.words.title(), ""
        if any(route.to == HOLD for route in outcome.next):
            return [*self.talk.say(outcome.say), *self.talk.push(Holding(self.talk, "waiting"))]
        memory.record(self.step.id, Entry(answer.value, spoken, (*outcome.flags, *flags), words, kept=self.step.kept))
        acts: list[Act] = []
        for spot in spots:
            acts += self.talk.say(spot.say, AFTER_REFLECTION)
        felt = self.kind is Kind.FEELING and answer.value != NOT_SURE
        acts += self.talk.say(outcome.say, AFTER_FEELING if felt else AFTER_REFLECTION)
        return [*acts, *self.talk.flow.onward(self.step, outcome)]

    def _spotted(self, answer: Answer) -> list[str]:
        return self.talk.flow.in_words(answer.words, self.step.id) if answer.words else []

    def _aloud(self, answer: Answer, outcome: Outcome) -> str:
        if answer.words:
            return answer.words
        if answer.value in NUMBERS:
            return self.talk.content.numbers[answer.value][0]
        common = self.talk.content.answers.get(outcome.id)
        return outcome.label.lower() or (common.label.lower() if common else outcome.id)

    def spoken(self, answer: Answer, outcome: Outcome) -> str:
        """How later texts say this answer."""
        if answer.words:
            return answer.words if self.keeps_words else ""
        return outcome.spoken or self._aloud(answer, outcome)

    def give_up(self) -> list[Act]:
        if self.begun:
            return self.on_answer(Answer(NOT_SURE))
        grave = self.step.outcomes.get("yes")
        if grave and grave.card:
            # Unclear twice after a question about danger counts as danger (SPEC 4.1, H4).
            return self.apply(Answer("yes"), grave)
        unsure = self.step.outcomes.get(NOT_SURE, Outcome(NOT_SURE))
        return [*self.talk.prompt("nomatch.move_on"), *self.apply(Answer(NOT_SURE), unsure)]

    def on_silence(self) -> list[Act]:
        if self.step.silence:
            return self.apply(Answer(NOT_SURE), self.step.outcomes[self.step.silence])
        grave = self.step.outcomes.get("yes")
        if grave and grave.card and self.silences == 1:
            # Silence after a heavy question is not a no (SPEC 4.6).
            self.silences += 1
            return self.talk.prompt("silence.heavy")
        return super().on_silence()


class Checking(Situation):
    """Read back what was heard, before it counts."""

    name = "check"

    def __init__(self, talk: Talk, asking: Asking, answer: Answer, heard: str) -> None:
        super().__init__(talk)
        self._asking = asking
        self._answer = answer
        self._heard = heard

    def opening(self) -> list[Act]:
        return self.talk.prompt("check.ask", heard=self._heard)

    def go_ahead(self) -> None:
        """It was cut off: hear the rest."""
        self.talk.floor.pop()
        self._asking.begun = self._answer.words

    def question(self) -> list[Act]:
        return self.talk.prompt("check.again", heard=self._heard) or self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer.value:
            case "yes":
                self.talk.floor.pop()
                sure = Answer(self._answer.value, self._answer.words)
                return self._asking.on_answer(sure)
            case "no":
                return [*self.talk.prompt("check.no", pause=BEFORE_QUESTION), *self.talk.pop()]
        return self.on_miss()

    def give_up(self) -> list[Act]:
        self.talk.floor.pop()
        return self._asking.give_up()
