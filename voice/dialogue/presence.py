"""Asking whether somebody is still there, where the next person must find nothing."""

from __future__ import annotations

from dataclasses import replace

from voice.dialogue.talk import Situation
from voice.events import Act, Answer, Listen

LONGEST = 300.0
"""Seconds after which nobody waits for an answer any more. Who asked clears all long before that."""


class StillThere(Situation):
    """Whatever is said or pressed means yes; only a "no" ends the talk. Silence is for who asked to judge."""

    name = "still_there"

    def opening(self) -> list[Act]:
        return self.talk.prompt("still_there")

    def question(self) -> list[Act]:
        return self.opening()

    def listen(self) -> Listen:
        return replace(super().listen(), wait=LONGEST, patient=False)

    def on_answer(self, answer: Answer) -> list[Act]:
        if answer.value == "no":
            return self.talk.stopped()
        return self.talk.pop()

    def on_command(self, name: str) -> list[Act] | None:
        if name == "still_there":
            return []
        if name in ("go_on", "skip", "back"):
            return self.talk.pop()
        self.talk.floor.pop()
        return None

    def on_silence(self) -> list[Act]:
        return []

    def on_miss(self) -> list[Act]:
        return self.talk.pop()

    def on_wordless(self) -> list[Act]:
        return self.talk.pop()
