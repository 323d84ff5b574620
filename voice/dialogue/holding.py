"""Being quiet together: paused, stopped, or a long silence. The place is kept."""

from __future__ import annotations

from dataclasses import replace

from voice.dialogue.talk import COMMANDS, Situation, Talk
from voice.events import Act, Answer, Kind, Listen

# No more talking for 5 minutes (SPEC section 6).
QUIET = 300.0
# The same after tears, before one question (SPEC section 6).
TEARS = 60.0
_HINT_AFTER = 3
_ALWAYS = ("stop", "help", "emergency", "go_on")
"""Live in every pause, whatever was asked before it: out of any of them there is a way by voice (SPEC section 6)."""


class Holding(Situation):
    """Nothing is said until the person goes on. `how` is "hold", "paused", "stopped", "rest", or "here": somebody may
    be crying, which nobody names."""

    name = "hold"
    kind = Kind.CHOICE

    def __init__(self, talk: Talk, how: str) -> None:
        super().__init__(talk)
        self.how = how
        self._beneath = talk.top
        self._asked = False
        """Whether to rest, go on or stop."""

    def opening(self) -> list[Act]:
        clears = self.how == "stopped" and self.talk.unkept
        return self.talk.prompt("stopped.clears" if clears else self.how)

    def question(self) -> list[Act]:
        return self.talk.prompt("here.after" if self._asked else "hold.back")

    def listen(self) -> Listen:
        beneath = replace(self._beneath.listen(), heavy=True)
        if not self._asked and self.how in ("hold", "here"):
            # A late answer is still an answer.
            wait = TEARS if self.how == "here" else QUIET
            return replace(beneath, commands=_with_always(beneath, beneath.expects), wait=wait)
        ways, wait = (("rest", "go_on", "stop"), TEARS) if self._asked else (("yes",), QUIET)
        live = _with_always(beneath, ways)
        # Words that are looked for, or secret, answer nothing here.
        here = replace(beneath, step=self.name, kind=Kind.CHOICE, expects=ways, unnumbered=(), words=())
        return replace(here, commands=live, wait=wait)

    def on_answer(self, answer: Answer) -> list[Act]:
        if self._asked:
            how = {"stop": "stopped", "rest": "rest"}.get(answer.value)
            if how is None:
                return self._go_on()
            self.talk.floor.pop()
            return self.talk.push(Holding(self.talk, how))
        if self.how in ("hold", "here"):
            self.talk.floor.pop()
            return self.talk.top.on_answer(answer)
        return self._go_on()

    def on_command(self, name: str) -> list[Act] | None:
        match name:
            case "repeat" if self._asked:
                return self.question()
            case "go_on" | "repeat":
                return self._go_on()
            case "pause" if self.how not in ("hold", "here"):
                return self._go_on()  # the same key pauses and goes on
            case "stop" | "done" if self.how != "here":
                return self.talk.stopped()
        self.talk.floor.pop()
        return self.talk.top.on_command(name)  # it may mean something special there

    def on_silence(self) -> list[Act]:
        self.silences += 1
        if self._asked:
            self.how, self._asked, self.silences = "hold", False, 0
            return self.opening()
        if self.how == "here":
            self._asked = True
            return self.question()
        return self.talk.prompt("hold.back") if self.silences == 1 and self.how == "hold" else []

    def on_miss(self) -> list[Act]:
        if self._asked:
            return super().on_miss()  # here there is something to answer
        self.misses += 1
        return self.talk.prompt("hold.back") if self.misses % _HINT_AFTER == 0 else []

    def on_wordless(self) -> list[Act]:
        return []

    def _go_on(self) -> list[Act]:
        return [*self.talk.prompt("go_on"), *self.talk.pop()]


def _with_always(beneath: Listen, expects: tuple[str, ...]) -> tuple[str, ...]:
    """The commands of a pause: those from before it, and what that question took for its own answers."""
    live = {*beneath.commands, *beneath.expects, *_ALWAYS} - set(expects)
    listed = tuple(name for name in COMMANDS if name in live)
    return (*listed, *(name for name in beneath.commands if name not in COMMANDS and name in live))
