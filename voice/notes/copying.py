"""A plain copy of the notes for other programs, such as Datasette and sqlite-utils: anybody can read it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from voice.notes.rows import Note


def plain_copy(notes: Sequence[Note]) -> bytes:
    """An SQLite file, made in memory: tables talk, line and answer, and a view `plan` with a row a line."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        db = Database(connection, execute_plugins=False)
        db.table("talk").create({"id": int, "day": str, "walkthrough": str}, pk="id")
        talk = [("talk", "talk", "id")]
        line = {"talk": int, "place": int, "slot": str, "text": str, "mark": str}
        db.table("line").create(line, pk=("talk", "place"), foreign_keys=talk)
        answer = {"talk": int, "step": str, "answer": str}
        db.table("answer").create(answer, pk=("talk", "step"), foreign_keys=talk)
        db.create_view(
            "plan",
            "select talk.id, day, place, slot, text, mark from talk join line on talk.id = line.talk order by 1, 3",
        )
        db.table("talk").insert_all(
            {"id": note.id, "day": note.started.isoformat(), "walkthrough": note.walkthrough} for note in notes
        )
        db.table("line").insert_all(
            {"talk": note.id, "place": place, "slot": slot, "text": text, "mark": mark}
            for note in notes
            for place, ((slot, text), mark) in enumerate(zip(note.lines, _marks(note), strict=True), 1)
        )
        db.table("answer").insert_all(
            {"talk": note.id, "step": step, "answer": given} for note in notes for step, given in note.answers.items()
        )
        connection.commit()
        return connection.serialize()


def _marks(note: Note) -> Sequence[str]:
    return note.marks or ("",) * len(note.lines)
