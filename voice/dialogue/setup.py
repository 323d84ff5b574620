"""The first run: which country (for the help lines), and how the person would like to answer."""

from __future__ import annotations

from voice.dialogue.talk import Situation, Talk
from voice.events import Act, Answer, Kind, Listen, Set

COUNTRIES = ("US", "CA", "UK", "IE", "AU", "NZ", "IN", "ZA", "EU", "OTHER")
WAYS = ("voice", "keys", "typing")


class SettingUp(Situation):
    """Two questions, each once. Silence or doubt leaves a setting as it is; nothing here must be answered."""

    kind = Kind.CHOICE

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self._open = "country"

    @property
    def name(self) -> str:  # type: ignore[override]  # two questions, two names
        return f"setup_{self._open}"

    def opening(self) -> list[Act]:
        return [*self.talk.prompt("setup.welcome"), *self.talk.prompt("setup.country")]

    def question(self) -> list[Act]:
        return self.talk.prompt(f"setup.{self._open}")

    def listen(self) -> Listen:
        self.expects = COUNTRIES if self._open == "country" else WAYS
        self.commands = tuple(c for c in super().commands if c not in self.expects)
        return super().listen()

    def on_answer(self, answer: Answer) -> list[Act]:
        return self._next([Set(self._open, answer.value)])

    def on_command(self, name: str) -> list[Act] | None:
        return self._next([]) if name in ("skip", "go_on") else None

    def give_up(self) -> list[Act]:
        return self._next([])

    def _next(self, acts: list[Act]) -> list[Act]:
        self.misses = self.silences = 0
        if self._open == "country":
            self._open = "answer_by"
            return [*acts, *self.question()]
        self.talk.floor.pop()
        return [*acts, *self.talk.top.opening()]
