"""The words of a session: what a line says, to the ear and to the eye, and how it is spoken."""

from __future__ import annotations

from collections.abc import Sequence

from voice.content import Content
from voice.content_check import LINE_VALUES, values_of
from voice.events import Act, Danger, Hide, Meaning, PlanLine, Say, ShowCard, Utterance
from voice.helplines import HelpLines, note_last
from voice.session_manner import Manner, line_values

_URGENT = ("amber.ask", "amber.died", "amber.unclear", "no_microphone", "no_model")
"""Prompts that are held ready beside the cards: what is asked before a card, and what is said when parts break."""
_HEARD_BY_ALL = ("setup.", "ear.", "H1.", "H2.", "H3.", "noinput.", "nomatch.", "help.", "go_on.", "stopped.")
"""How the keys of lines begin whose sound may be written: those that tell nothing of whoever was here. A file for any
other line would say which way somebody went, and around a crisis that there was one (SPEC 4.5, rule 2)."""
_CRISIS_STEPS = ("card:", "danger", "after_card", "see")
_CARD_PITCH = 40
_PITCH = 50


def logged(thing: Act | Meaning, step: str) -> bool:
    """Whether the log may tell of it: nothing of a crisis, not even that there was one (SPEC 4.5, rule 2)."""
    return not isinstance(thing, ShowCard | Danger | Hide) and not step.startswith(_CRISIS_STEPS)


class Words:
    """Fills lines with their values, for one talk."""

    def __init__(self, content: Content, lines: HelpLines, manner: Manner) -> None:
        self._content = content
        self._lines = lines
        self._manner = manner
        self._held: Sequence[Utterance] = ()

    def of(self, line: Say | PlanLine, *, shown: bool = False) -> str:
        """The text of a line, for the ear or for the eye. Raises ContentError where a value is missing."""
        known = {**line_values(self._lines, self._manner.country, shown, self._manner.region), **line.values}
        return note_last(" ".join(self._content.fill(line.key, known).split()))

    def utterance(self, line: Say) -> Utterance:
        """How a line is spoken now. Only what tells nothing of the person is `fixed`, so that its sound may be kept."""
        is_card = line.key.startswith("card.")
        personal = values_of(self._content.texts[line.key]) - LINE_VALUES
        return Utterance(
            self.of(line),
            words_per_minute=self._manner.words_per_minute(is_card),
            volume=self._manner.volume / 100,
            pitch=_CARD_PITCH if is_card else _PITCH,
            pause=line.pause,
            fixed=line.key.startswith(_HEARD_BY_ALL) and not personal,
            start_word=line.start_word,
        )

    def urgent(self) -> Sequence[Utterance]:
        """Everything that must be heard though voice, disk or recogniser break later; empty where nothing of it changed
        since it was asked for last (the country or the pace does)."""
        passages = [passage for card in self._content.cards.values() for passage in card.lines]
        passages += [passage for key in _URGENT for passage in self._content.prompts.get(key, ())]
        now = tuple(self.utterance(Say(passage.key)) for passage in passages)
        if now == self._held:
            return ()
        self._held = now
        return now
