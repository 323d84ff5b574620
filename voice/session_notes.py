"""What a session writes down, and deletes. Whatever fails is shown, and said where the person waits for it."""

from __future__ import annotations

from collections.abc import Callable

from voice.errors import NotesError, VoiceError
from voice.events import Act, DropPlace, Forget, Keep, KeepPlace, Mark, PlanLine, Reword
from voice.session_parts import Notes


class NoteKeeper:
    """Does the acts that touch the notes."""

    def __init__(
        self,
        notes: Notes | None,
        text: Callable[[PlanLine], str],
        kept: Callable[[str], None],
        trouble: Callable[[VoiceError], None],
    ) -> None:
        """`text` of a line, as the eye sees it. `kept`: shows where. `trouble`: shows what went wrong."""
        self._notes = notes
        self._text = text
        self._show = kept
        self._trouble = trouble
        self._kept: list[int] = []
        self._place = False

    def do(self, act: Act) -> str:
        """Does it. Returns the key of what is to be said of it, or "". Never raises."""
        try:
            if self._notes is None:
                raise NotesError("notes-off", "Notes can't be kept here.", "You can write the plan down.")
            return self._done(act, self._notes)
        except NotesError as error:
            self._trouble(error)
            return "keep.failed" if isinstance(act, Keep | KeepPlace | Mark | Reword) else ""

    def _done(self, act: Act, notes: Notes) -> str:
        match act:
            case Keep():
                texts = [(line.slot, self._text(line)) for line in act.lines]
                self._kept.append(notes.keep(act.walkthrough, texts, act.answers))
            case KeepPlace():
                notes.keep_place(act.walkthrough, act.step, act.answers, act.done)
                self._place = True
            case DropPlace():
                notes.forget_place()
                return ""
            case Mark():
                notes.mark(act.id, act.place, act.mark)
                return ""
            case Reword():
                notes.reword(act.id, act.place, act.line.slot, self._text(act.line))
                return ""
            case Forget():
                self._forget(notes)
                return ""
        self._show(str(notes.path))
        return "keep.yes"

    def _forget(self, notes: Notes) -> None:
        if self._place:
            notes.forget_place()
            self._place = False
        while self._kept:
            notes.erase(self._kept.pop())
