"""Where the sentence was: whoever stops the voice to breathe, or to have it slower, hears the rest of it afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from voice.events import Act, Answer, Command, Danger, Listen, Meaning, Say
from voice.session_hearing import ON_CARD

_PAUSES = ("pause", "stop", "rest")
_ADJUSTS = ("slower", "faster", "louder", "softer", "wait_longer", "quicker", "another_voice")
_GOES_ON = ("go_on", "pause", *_ADJUSTS)
"""The key that pauses goes on as well."""


def rest_of(line: Say, text: str, word: int) -> tuple[Say, ...]:
    """The line from the beginning of the sentence in which it was stopped; nothing where all of it was said.

    `word`: the one reached, counted in `text.split()`, their number where all was spoken.
    """
    words = text.split()
    if word >= len(words):
        return ()
    ends = [at + 1 for at, each in enumerate(words[:word]) if each.endswith((".", "?", "!"))]
    return (Say(line.key, line.values, line.pause, ends[-1] if ends else 0),)


class Rest:
    """What was still to be said and done when somebody cut in, for as long as the same question is open beneath."""

    def __init__(self) -> None:
        self._step = ""
        self._left: tuple[Act, ...] = ()
        self._by: Meaning | str = ""

    def cut(self, meaning: Meaning | str, step: str, left: Sequence[Act]) -> None:
        """`left`: the rest of the line, and what was to come after it. Only a pause or another pace keeps it."""
        self._by = meaning
        keeps = isinstance(meaning, Command) and meaning.name in (*_PAUSES, *_ADJUSTS)
        keeps = keeps and not step.startswith(ON_CARD)  # a card goes its own way, from the number on
        self._step, self._left = (step, tuple(left)) if keeps else ("", ())

    def before(self, acts: Sequence[Act], meaning: Meaning) -> list[Act]:
        """What is to be done now: the rest in the place of the question asked anew, where it goes on there."""
        opens = next((act for act in acts if isinstance(act, Listen)), None)
        if not self._left or opens is None or isinstance(meaning, Danger):
            self._left = ()
            return list(acts)
        if opens.step != self._step:  # paused, and quiet meanwhile
            if isinstance(meaning, Answer) or (isinstance(meaning, Command) and meaning.name not in _PAUSES):
                self._left = ()
            return list(acts)
        left, self._left = self._left, ()
        if not isinstance(meaning, Command) or meaning.name not in _GOES_ON:
            return list(acts)
        if meaning is self._by and meaning.name in _PAUSES:  # nothing lies over it: about danger "wait" is only quiet
            return list(acts)
        anew = [act for act in acts if not isinstance(act, Say) or not act.key.startswith(f"{self._step}.")]
        return [
            *(act for act in anew if not isinstance(act, Listen)),
            *(act for act in left if not isinstance(act, Listen)),
            opens,
        ]
