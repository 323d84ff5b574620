"""Before something is kept, or read again: the locks on it. How they are chosen, opened, and how not to be locked out.

Whatever goes wrong here, or is declined, leads on: nothing is kept then, and nothing that was kept is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voice.dialogue.shelf import Lock, Look, Working
from voice.dialogue.talk import AFTER_REFLECTION, BEFORE_QUESTION, Situation, Talk
from voice.errors import VoiceError
from voice.events import Act, Answer, Kind, Listen, Tell

Way = Callable[[], list[Act]]
"""Where it goes on."""
WRONG = "notes-wrong-passphrase"
_NO_KEYRING = ("notes-keyring", "notes-no-key")
_TRIES = 3
"""Secret words in one talk; another day there are more."""
_BETWEEN = 1.5
"""Seconds of silence between three of the nine words: time to write."""


def unlocked(talk: Talk, then: Way, otherwise: Way) -> list[Act]:
    """Leads to `then` when something can be kept, and asks for what that takes; else to `otherwise`."""
    if talk.shelf is None:
        return then()

    def by(look: Look) -> list[Act]:
        match look.lock:
            case Lock.OPEN if look.nine_words:
                return then()
            case Lock.OPEN:
                return _offer(talk, then)
            case Lock.CHOOSE:
                return talk.push(Choosing(talk, then, otherwise))
            case Lock.ONLY_WORDS:
                return talk.push(NewWords(talk, then, otherwise))
        return talk.push(Unlocking(talk, look.lock, then, otherwise))

    def failed(error: VoiceError | None) -> list[Act]:
        said = talk.prompt("keep.failed") if error is not None else []
        return [*told(error), *said, *otherwise()]

    return talk.push(Working(talk, talk.shelf.look(), by, failed))


def _offer(talk: Talk, then: Way) -> list[Act]:
    """This computer alone opens the notes so far: nobody is to be locked out when it loses the key."""
    assert talk.shelf is not None, "there is something to lock"
    made = lambda phrase: talk.push(NineWords(talk, phrase, then))  # noqa: E731
    return talk.push(Working(talk, talk.shelf.nine_words(), made, lambda _: then()))  # keeping tells what is wrong


def told(error: VoiceError | None) -> list[Act]:
    """For the eye, why it went wrong."""
    return [Tell(error)] if error is not None else []


class _Lock(Situation):
    """Something about the locks is asked. Whoever does not answer keeps nothing."""

    def __init__(self, talk: Talk, then: Way, otherwise: Way) -> None:
        super().__init__(talk)
        self._then = then
        self._otherwise = otherwise

    def on_command(self, name: str) -> list[Act] | None:
        return self.give_up() if name in ("skip", "done", "go_on") else None

    def give_up(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self._otherwise()

    def _work_failed(self, error: VoiceError | None) -> list[Act]:
        said = self.talk.prompt("keep.failed") if error is not None else []
        return [*told(error), *said, *self._otherwise()]


class Choosing(_Lock):
    """The two ways to lock it, in two sentences."""

    name = "lock_choice"
    kind = Kind.CHOICE
    expects = ("by_computer", "by_words")

    def opening(self) -> list[Act]:
        return [*self.talk.prompt("lock.ways", pause=BEFORE_QUESTION), *self.talk.prompt("lock.which")]

    def question(self) -> list[Act]:
        return self.talk.prompt("lock.which")

    def on_answer(self, answer: Answer) -> list[Act]:
        shelf = self.talk.shelf
        assert shelf is not None, "there is something to lock"
        if not answer.sure:
            return self.on_miss()
        self.talk.floor.remove(self)
        if answer.value == "by_words":
            return self.talk.push(NewWords(self.talk, self._then, self._otherwise))
        return self.talk.push(Working(self.talk, shelf.lock_by_computer(), self._locked, self._no_computer))

    def _locked(self, phrase: str) -> list[Act]:
        return self.talk.push(NineWords(self.talk, phrase, self._then))

    def _no_computer(self, error: VoiceError | None) -> list[Act]:
        """The keyring does not answer after all: secret words will do."""
        if error is None:
            return self._otherwise()
        if error.code not in _NO_KEYRING:
            return self._work_failed(error)
        return [*told(error), *self.talk.push(NewWords(self.talk, self._then, self._otherwise))]


class NewWords(_Lock):
    """Secret words are chosen: said or typed twice, and read back where they were heard."""

    name = "lock_new"
    kind = Kind.FREE
    expects: tuple[str, ...] = ("choose_for_me", "none")

    def __init__(self, talk: Talk, then: Way, otherwise: Way) -> None:
        super().__init__(talk, then, otherwise)
        self._words = ""
        self._readings: frozenset[str] = frozenset()
        self._suggested = False
        self._said_before = False
        self._tries = 0

    def opening(self) -> list[Act]:
        if self._words:
            return self.question()
        return [*self.talk.prompt("lock.new", pause=BEFORE_QUESTION), *self.talk.prompt("lock.new_ask")]

    def question(self) -> list[Act]:
        if self._suggested and not self._said_before:
            said = " ".join(self._words.split())
            return [*self.talk.prompt("lock.suggested", words=said, pause=_BETWEEN), *self.talk.prompt("lock.say_them")]
        return self.talk.prompt("lock.once_more" if self._words else "lock.new_ask")

    def listen(self) -> Listen:
        words = self.talk.shelf.words() if self.talk.shelf else ()
        return replace(super().listen(), secret=True, words=words)

    def on_answer(self, answer: Answer) -> list[Act]:
        shelf = self.talk.shelf
        assert shelf is not None, "there is something to lock"
        if answer.value == "choose_for_me":
            self._words, self._suggested, self._said_before = shelf.suggest(), True, False
            self._readings = frozenset((same(self._words),))
            return self.question()
        if answer.value != "own":
            return self.give_up()
        if not self._words:
            if not shelf.check(answer.words):
                return self._again("lock.short")
            self._words, self._readings = answer.words, readings(answer)
            heard = [] if answer.sure else self.talk.prompt("lock.heard", heard=answer.words, pause=BEFORE_QUESTION)
            return [*heard, *self.question()]
        if not readings(answer) & self._readings:
            if not self._suggested:
                self._words = ""
            return self._again("lock.not_same")
        if self._suggested and not self._said_before:
            self._said_before = True
            return self.question()
        self.talk.floor.remove(self)
        both = self._words if same(self._words) in readings(answer) else _common(answer, self._readings)
        return self.talk.push(Working(self.talk, shelf.lock_with(both), self._locked, self._work_failed))

    def _again(self, why: str) -> list[Act]:
        self._tries += 1
        said = self.talk.prompt(why, pause=BEFORE_QUESTION)
        return [*said, *(self.give_up() if self._tries >= _TRIES else self.question())]

    def _locked(self, phrase: str) -> list[Act]:
        done = self.talk.prompt("lock.done", pause=BEFORE_QUESTION)
        return [*done, *(self.talk.push(NineWords(self.talk, phrase, self._then)) if phrase else self._then())]


class NineWords(_Lock):
    """The nine words that open the notes if all else is lost, for whoever wants to write them down."""

    name = "nine_words"

    def __init__(self, talk: Talk, phrase: str, then: Way, wanted: bool = False) -> None:
        """`wanted`: the person asked for them, so that they are said without an offer."""
        super().__init__(talk, then, then)
        self._phrase = phrase.split()
        self._saying = wanted

    def opening(self) -> list[Act]:
        return self._said() if self._saying else self.talk.prompt("nine.offer")

    def question(self) -> list[Act]:
        return self.talk.prompt("nine.again" if self._saying else "nine.ask")

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "yes" and not self._saying:
            self._saying = True
            self.misses = self.silences = 0
            return self._said()
        return self.give_up()

    def on_command(self, name: str) -> list[Act] | None:
        return self._said() if name == "repeat" and self._saying else super().on_command(name)

    def first_wait(self) -> float:
        return 30.0 if self._saying else super().first_wait()  # somebody writes

    def _said(self) -> list[Act]:
        acts: list[Act] = []
        for at in range(0, len(self._phrase), 3):
            three = ", ".join(self._phrase[at : at + 3])
            acts += self.talk.prompt("nine.three", words=three, pause=_BETWEEN)
        return [*acts, *self.question()]


class Unlocking(_Lock):
    """Secret words were set: they are asked for. After wrong ones it rests first, for as long as the vault wants."""

    name = "unlock"
    kind = Kind.FREE
    expects: tuple[str, ...] = ("none",)
    why = ""
    """Key of what is said first, where it is another thing that is locked."""

    def __init__(self, talk: Talk, lock: Lock, then: Way, otherwise: Way) -> None:
        super().__init__(talk, then, otherwise)
        self._lost = lock is Lock.LOST
        self._tries = 0
        self._resting = False

    def opening(self) -> list[Act]:
        why = self.why or ("unlock.lost" if self._lost else "unlock.locked")
        return [*self.talk.prompt(why, pause=BEFORE_QUESTION), *self._ask()]

    def question(self) -> list[Act]:
        return self._ask()

    def listen(self) -> Listen:
        if not self._resting:
            words = self.talk.shelf.words() if self.talk.shelf else ()
            return replace(super().listen(), secret=True, words=words)
        rest = max(1.0, self.talk.shelf.rest() if self.talk.shelf else 0.0)
        return replace(super().listen(), kind=Kind.CHOICE, expects=(), wait=rest, patient=False)

    def on_silence(self) -> list[Act]:
        return self._ask() if self._resting else super().on_silence()

    def on_miss(self) -> list[Act]:
        return [] if self._resting else super().on_miss()

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value != "own":
            return self.give_up()
        self._tries += 1
        return self.attempt(answer)

    def attempt(self, answer: Answer) -> list[Act]:
        """Tries these words."""
        assert self.talk.shelf is not None, "there is something to open"
        job = self.talk.shelf.open(answer.words, *answer.others)
        return self.talk.push(Working(self.talk, job, lambda _: self._opened(), self.wrong))

    def give_up(self) -> list[Act]:
        return [*self.talk.prompt("unlock.left", pause=AFTER_REFLECTION), *super().give_up()]

    def _opened(self) -> list[Act]:
        self.talk.floor.remove(self)
        return self._then()

    def wrong(self, error: VoiceError | None) -> list[Act]:
        """They did not open it, or it went wrong otherwise."""
        if error is None or error.code != WRONG:
            self.talk.floor.remove(self)
            return self._work_failed(error)
        if self._tries >= _TRIES:
            return self.give_up()
        return [*self.talk.prompt("unlock.wrong", pause=BEFORE_QUESTION), *self._ask()]

    def _ask(self) -> list[Act]:
        """Asks for the words, or says that it rests first."""
        self._resting = self.talk.shelf is not None and self.talk.shelf.rest() > 0
        if self._resting:
            return self.talk.prompt("unlock.rest")
        return self.talk.prompt("unlock.ask_nine" if self._lost else "unlock.ask")


def readings(answer: Answer) -> frozenset[str]:
    """All that may have been said, as it is compared."""
    return frozenset(same(each) for each in (answer.words, *answer.others))


def _common(answer: Answer, before: frozenset[str]) -> str:
    return next(each for each in (answer.words, *answer.others) if same(each) in before)


def same(words: str) -> str:
    """Secret words as they are compared: their letters and digits, for the rest is how somebody wrote them."""
    return "".join(c for c in words.casefold() if c.isalnum())
