"""What was kept, in one place: for whoever answers with keys alone, or does not know what to say."""

from __future__ import annotations

from voice.dialogue.copying import backing_up, putting_back, saving
from voice.dialogue.finding import finding
from voice.dialogue.locking import NewWords, NineWords, told
from voice.dialogue.returning import hidden, opened
from voice.dialogue.shelf import Certain, Job, Working
from voice.dialogue.talk import BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Kind, Say

_LINE = "plan.own_line.1"
_MOST = 8
"""Sentences of own numbers that are said at once."""


class Menu(Situation):
    """Up to four things to choose from; chosen, it makes way."""

    kind = Kind.CHOICE
    ask = ""
    """Key of its question."""

    def opening(self) -> list[Act]:
        return self.talk.prompt(self.ask)

    def question(self) -> list[Act]:
        return self.opening()

    def on_answer(self, answer: Answer) -> list[Act]:
        self.talk.floor.remove(self)
        return self.lead(answer.value)

    def lead(self, way: str) -> list[Act]:
        """Where an answer leads."""
        raise NotImplementedError

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "back", "go_on", "my_notes") else None

    def give_up(self) -> list[Act]:
        self.talk.floor.remove(self)
        return list(self.talk.top.question())


class MyNotes(Menu):
    """All that can be done with what was kept."""

    name = "my_notes"
    ask = "menu.ask"
    expects = ("read_plan", "look_back", "copies", "locks")

    def lead(self, way: str) -> list[Act]:
        match way:
            case "read_plan":
                return self.talk.flow.command("my_plan")
            case "look_back":
                return self.talk.push(LookBack(self.talk))
            case "copies":
                return self.talk.push(ToTakeAlong(self.talk))
        return self.talk.push(Locks(self.talk))


class LookBack(Menu):
    """Earlier plans, or own numbers."""

    name = "look_back"
    ask = "menu.look"
    expects = ("find_plan", "my_numbers")

    def lead(self, way: str) -> list[Act]:
        return finding(self.talk) if way == "find_plan" else numbers(self.talk)


class ToTakeAlong(Menu):
    """On paper, as files, and back again."""

    name = "copies"
    ask = "menu.copies"
    expects = ("print_it", "save_it", "back_up", "put_back")

    def lead(self, way: str) -> list[Act]:
        match way:
            case "print_it":
                return self.talk.flow.command("print_plan")
            case "save_it":
                return saving(self.talk)
            case "back_up":
                return backing_up(self.talk)
        return putting_back(self.talk)


class Locks(Menu):
    """How it is locked, and the eraser."""

    name = "locks"
    ask = "menu.locks"
    expects = ("by_words", "nine_words", "by_computer", "forget_it_all")

    def lead(self, way: str) -> list[Act]:
        if way == "forget_it_all":
            return self.talk.flow.command("forget_everything")
        return hidden(self.talk) or opened(self.talk, lambda: self._change(way), self._back)

    def _change(self, way: str) -> list[Act]:
        if way == "by_words":
            return self.talk.push(NewWords(self.talk, self._back, lambda: as_it_was(self.talk)))
        return self.talk.push(NewLock(self.talk, way))

    def _back(self, error: VoiceError | None = None) -> list[Act]:
        return [*told(error), *self.talk.top.question()]


class NewLock(Certain):
    """One check before what opened the notes so far opens them no more."""

    name = "new_lock"

    def __init__(self, talk: Talk, way: str) -> None:
        """`way`: "nine_words" or "by_computer"."""
        super().__init__(talk)
        self._way = way

    def opening(self) -> list[Act]:
        return self.talk.prompt("relock.nine" if self._way == "nine_words" else "relock.computer")

    def do(self) -> list[Act]:
        shelf = self.talk.shelf
        assert shelf is not None, "looked at before"
        job: Job[str] = shelf.nine_words() if self._way == "nine_words" else shelf.lock_by_computer()
        return self.talk.push(Working(self.talk, job, self._locked, self._failed))

    def give_up(self) -> list[Act]:
        self.talk.floor.remove(self)
        return as_it_was(self.talk)

    def _locked(self, phrase: str) -> list[Act]:
        back = lambda: list(self.talk.top.question())  # noqa: E731
        return self.talk.push(NineWords(self.talk, phrase, back, wanted=self._way == "nine_words"))

    def _failed(self, error: VoiceError | None) -> list[Act]:
        return [*told(error), *(self.talk.prompt("relock.failed") if error else []), *as_it_was(self.talk)]


def as_it_was(talk: Talk) -> list[Act]:
    """No lock was changed."""
    return [*talk.prompt("relock.no", pause=BEFORE_QUESTION), *talk.top.question()]


def numbers(talk: Talk) -> list[Act]:
    """The person's own answers from 0 to 10 and their steps, as they were; none is weighed."""

    def back(error: VoiceError | None = None) -> list[Act]:
        return list(talk.top.question())

    def told(sentences: tuple[str, ...]) -> list[Act]:
        said = [Say(_LINE, {"words": sentence}, BEFORE_QUESTION) for sentence in sentences[:_MOST]]
        return [*said, *back()]

    def look() -> list[Act]:
        assert talk.shelf is not None, "looked at before"
        return talk.push(Working(talk, talk.shelf.numbers(), told, back))

    return hidden(talk) or opened(talk, look, back)
