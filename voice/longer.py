"""An answer inside a longer sentence: "no he's asleep upstairs", "we were at my mother's". Pure.

Whole wordings are looked for first. What is found here is never sure: it is read back before it counts, since "no just
me" begins with a no, too. Two answers in one sentence are none, and so is what is hedged ("no but") or turned ("not by
myself"): the question is asked again then, which costs a moment and nothing else. Only the walkthrough's own questions
are answered so: what is kept, or erased, and the questions about a danger that was heard, want a plain word.

It never speaks against danger: that is judged before, by all the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from voice.content_kinds import Intent
from voice.events import Kind, Listen
from voice.templates import Templates
from voice.walkthrough import Outcome, Step

_YES, _NO = "yes", "no"
_OF_DANGER = ("no", "nope", "nah", "yes", "yeah", "yep", "yup")
"""First words that are enough of an answer where it asks about danger."""


class Longer:
    """Finds the one answer that a longer utterance gives."""

    def __init__(self, templates: Templates, answers: Mapping[str, Intent], steps: Mapping[str, Step]) -> None:
        self._steps = steps
        fillers = rf"(?:{templates.pattern('<um>')} )*"
        self._opens = {id_: _edges(templates, answers[id_], fillers) for id_ in (_YES, _NO)}
        self._near = {id_: _edges(templates, answers[id_], r"(?:[^ ]+ ){0,2}") for id_ in (_YES, _NO)}
        self._unless = templates.anywhere([t for id_ in (_YES, _NO) for t in answers[id_].unless])
        self._hedged = templates.anywhere(list(answers[_YES].turns))
        turned = "|".join(f"(?:{templates.pattern(template)})" for template in answers[_NO].turns) or r"(?!)"
        self._turned = re.compile(rf"(?:(?<![^ ])(?:{turned})|n't)(?: [^ ]+){{0,3}} \Z")
        self._anywhere: Callable[[tuple[str, ...]], re.Pattern[str]] = lru_cache(maxsize=None)(
            lambda hear: templates.anywhere(list(hear))
        )

    def answer(self, text: str, listen: Listen) -> str | None:
        """Id of the answer in normalised `text` at this step; None where there is none, or more than one."""
        step = self._steps.get(listen.step)
        if step is None or self._hedged.search(text):
            return None
        found = {id_ for id_ in (self._opened(text, listen, step), self._held(text, listen, step)) if id_}
        return found.pop() if len(found) == 1 else None

    def _opened(self, text: str, listen: Listen, step: Step) -> str | None:
        """The yes or no that begins or ends it."""
        if listen.kind is not Kind.YES_NO or self._unless.search(text):
            return None
        for id_, other in ((_YES, _NO), (_NO, _YES)):
            if id_ in listen.expects and self._opens[id_].search(text):
                plainly = not step.asks_of_danger or text.split()[0] in _OF_DANGER
                return id_ if plainly and not self._near[other].search(text) else None
        return None

    def _held(self, text: str, listen: Listen, step: Step) -> str | None:
        """The answer whose words stand anywhere in it. A danger is not told or denied so."""
        if step.asks_of_danger:
            return None
        outcomes = (step.outcomes[id_] for id_ in listen.expects if id_ in step.outcomes)
        found = [outcome.id for outcome in outcomes if self._stands(outcome, text)]
        return found[0] if len(found) == 1 else None

    def _stands(self, outcome: Outcome, text: str) -> bool:
        hits = self._anywhere(outcome.within).finditer(text) if outcome.within else ()
        return any(not self._turned.search(text[: hit.start()]) for hit in hits)


def _edges(templates: Templates, answer: Intent, before: str) -> re.Pattern[str]:
    """Finds what an answer opens with after `before`, or at the very end."""
    either = "|".join(f"(?:{templates.pattern(template)})" for template in answer.opens) or r"(?!)"
    return re.compile(rf"\A{before}(?:{either})(?= |\Z)|(?<= )(?:{either}) *\Z")
