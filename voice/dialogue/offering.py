"""Between the hello and the walk, once: may it fetch a bigger speech model meanwhile?"""

from __future__ import annotations

from voice.dialogue import danger
from voice.dialogue.talk import BEFORE_QUESTION, Situation, Talk
from voice.events import Act, Answer, Set

WHAT = "bigger_ear"


class Offering(Situation):
    """Only a clear yes fetches, and only a clear no is for good; all else leaves it for another day."""

    name = WHAT
    expects = ("yes", "no", "not_sure")

    def __init__(self, talk: Talk, megabytes: str) -> None:
        super().__init__(talk)
        self._megabytes = megabytes

    def opening(self) -> list[Act]:
        return self.talk.prompt("ear.offer", megabytes=self._megabytes)

    def question(self) -> list[Act]:
        return self.talk.prompt("ear.again")

    def on_answer(self, answer: Answer) -> list[Act]:
        match answer:
            case Answer(value="yes", sure=False):
                return self.on_miss()  # what was not clearly heard spends nobody's megabytes
            case Answer(value="yes" | "no" as value, sure=True):
                return self._go_on(value)
        return self._go_on("later")

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "skip" | "go_on" | "back":
                return self._go_on("later")
            case "emergency":
                self.talk.floor.pop()  # danger goes before it, and it does not come back
                return danger.show(self.talk, danger.GENERAL)
        return None

    def on_silence(self) -> list[Act]:
        return self._go_on("later")

    def on_miss(self) -> list[Act]:
        self.misses += 1
        if self.misses > 1:
            return self._go_on("later")
        return [*self.talk.prompt("nomatch.1", pause=BEFORE_QUESTION), *self.question()]

    def give_up(self) -> list[Act]:
        return self._go_on("later")

    def _go_on(self, value: str) -> list[Act]:
        self.talk.floor.pop()
        return [Set(WHAT, value), *self.talk.prompt(f"ear.{value}", pause=BEFORE_QUESTION), *self.talk.top.opening()]
