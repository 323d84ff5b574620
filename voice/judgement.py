"""Phrases and the network's opinion, joined: danger is missed only where both miss it. Pure.

The phrases say why, and are sure of what they know; the network is not lost where somebody says it another way, and
knows ordinary talk that only sounds alarming. Borders are log odds, from authors that the network had not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from voice.opinion import Opinion
from voice.safety import Light, Safety, Verdict


@dataclass(frozen=True)
class _Border:
    """Log odds over which it is RED, and AMBER, whatever the phrases said."""

    red: float
    amber: float


_OUTRIGHT = _Border(-1.0, -4.0)
"""Where phrases that are said outright are RED."""
_BORDERS: Mapping[Light, _Border] = {
    Light.RED: _Border(0.0, -3.0),
    Light.AMBER: _Border(2.0, -2.0),
    Light.GREEN: _Border(3.5, -0.7),
}
"""By the light of the phrases. Set on two authors that a trial's network had not read, not on what is kept aside."""
_ALONE = {"SUI_SELF": "SUI", "VIO_OWN": "VIO"}
"""Of the network's kinds, those whose card has another name, or that it does not tell apart surely enough: whoever is
being hit must not be told to put down what they hold."""
_GENTLE = frozenset({"BEREAVED"})
"""Cards that are asked about first, always: "Do you mean that they died?" """
_GENTLE_FROM = 1.0
"""Log odds from which the network alone asks about a death: no life hangs on it, and asked for nothing it hurts."""
_CALLED = "EMERGENCY"
"""The card of who calls for help in so many words: nobody else is asked."""
_SHORTEST = 3
"""Words below which the network alone is not believed: it learnt from sentences."""
_OUTRIGHT_IN = 4
"""Words up to which what is said outright needs no second opinion: "she's dying" leaves little to weigh."""
_NEAR = 4
"""Words of what is said outright, and just around it."""
WHY = "opinion"
_LETTERS = re.compile(r"(?<!\S)(?:[a-z] ){5,}[a-z](?!\S)", re.IGNORECASE)
_DIFFERENT = 4
"""Letters of a row, from which somebody spells: with fewer it may be "i i i" of somebody who stammers."""


def _without_spelling(text: str) -> str:
    """A name that is spelt ("m o r e w o o d") tells of nothing, though two of its letters may."""
    return _LETTERS.sub(lambda row: "" if len(set(row[0].split())) >= _DIFFERENT else row[0], text).strip()


class Judgement:
    """Judges as `Safety` does, with a second opinion."""

    def __init__(self, safety: Safety, opinion: Opinion | None) -> None:
        """`opinion` None, where its file is broken: phrases alone decide then, which is much better than nothing."""
        self._safety = safety
        self._opinion = opinion

    def judge(self, text: str, answering: bool = True, believed: bool = True) -> Verdict:
        """As `Safety.judge`. `believed` is False for a transcript that may well be wrong: phrases alone decide then,
        since words put together at random tell of all sorts of things."""
        text = _without_spelling(text)
        verdict = self._safety.judge(text, answering)
        if self._opinion is None or not believed or not answering:
            return verdict
        if verdict.light is Light.RED and verdict.card == _CALLED:
            return verdict
        words = len(text.split())
        if (verdict.light is Light.GREEN and words < _SHORTEST) or (verdict.direct and words <= _OUTRIGHT_IN):
            return verdict
        border = _OUTRIGHT if verdict.direct else _BORDERS[verdict.light]
        weighed = self._opinion.weigh(text)
        light = Light.GREEN
        if weighed.danger > border.red:
            light = Light.RED
        elif weighed.danger > border.amber:
            light = Light.AMBER
        if light is Light.GREEN and verdict.direct and self._narrowly(text):
            light = Light.AMBER
        if light is Light.GREEN:
            return replace(verdict, light=light, card=None, direct=False)
        if verdict.card is not None:
            gentle = light is Light.RED and (verdict.past or verdict.card in _GENTLE)
            return replace(verdict, light=Light.AMBER if gentle else light)
        card = _ALONE.get(weighed.kind, weighed.kind)
        if card in _GENTLE and weighed.danger < _GENTLE_FROM:
            return verdict
        return Verdict(Light.AMBER if card in _GENTLE else light, card, f"{card}.{WHY}")

    def _narrowly(self, text: str) -> bool:
        """Whether what was said outright still stands when only the words around it are weighed: in the midst of lunch
        and weather the network takes everything for calm."""
        assert self._opinion is not None
        words = text.split()
        for at in range(max(1, len(words) - _NEAR + 1)):
            near = " ".join(words[at : at + _NEAR])
            if self._safety.judge(near).direct and self._opinion.weigh(near).danger > _OUTRIGHT.amber:
                return True
        return False
