"""An answer inside a longer sentence: "no he's asleep upstairs", "we were at my mother's". Pure.

Whole wordings are looked for first; what is found here is read back where it matters. Two answers in one sentence are
none, and so is what is hedged ("no but"): the question is asked again then, which costs a moment and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from voice.content_kinds import Intent
from voice.events import Kind, Listen
from voice.templates import Templates
from voice.walkthrough import Step

_YES, _NO = "yes", "no"


class Longer:
    """Finds the one answer that a longer utterance gives."""

    def __init__(self, templates: Templates, answers: Mapping[str, Intent], steps: Mapping[str, Step]) -> None:
        self._steps = steps
        fillers = rf"(?:{templates.pattern('<um>')} )*"
        self._opens = {id_: _edges(templates, answers[id_], fillers) for id_ in (_YES, _NO)}
        self._near = {id_: _edges(templates, answers[id_], r"(?:[^ ]+ ){0,2}") for id_ in (_YES, _NO)}
        self._unless = templates.anywhere([t for id_ in (_YES, _NO) for t in answers[id_].unless])
        self._anywhere: Callable[[tuple[str, ...]], re.Pattern[str]] = lru_cache(maxsize=None)(
            lambda hear: templates.anywhere(list(hear))
        )

    def opened(self, text: str, listen: Listen) -> str | None:
        """The yes or no that begins or ends normalised `text`; None where there is neither, or both."""
        if listen.kind is not Kind.YES_NO or self._unless.search(text):
            return None
        for id_, other in ((_YES, _NO), (_NO, _YES)):
            if id_ in listen.expects and self._opens[id_].search(text):
                return None if self._near[other].search(text) else id_
        return None

    def held(self, text: str, listen: Listen) -> str | None:
        """Id of the answer whose words stand anywhere in it; None where there is none, or more than one. A danger is
        never told or denied by a part of a sentence."""
        step = self._steps.get(listen.step)
        if step is None or listen.heavy:
            return None
        outcomes = [step.outcomes[id_] for id_ in listen.expects if id_ in step.outcomes]
        found = [o.id for o in outcomes if o.within and self._anywhere(o.within).search(text)]
        return found[0] if len(found) == 1 else None


def _edges(templates: Templates, answer: Intent, before: str) -> re.Pattern[str]:
    """Finds what an answer opens with after `before`, or at the very end."""
    either = "|".join(f"(?:{templates.pattern(template)})" for template in answer.opens) or r"(?!)"
    return re.compile(rf"\A{before}(?:{either})(?= |\Z)|(?<= )(?:{either}) *\Z")
