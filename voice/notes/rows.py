"""The tables of the notes: what stands in them, every change they went through, and reading and writing a talk."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations.migrations_table


@dataclass(frozen=True)
class Note:
    """One talk that was kept."""

    id: int
    started: datetime.date
    """The day, and no more."""
    walkthrough: str
    lines: tuple[tuple[str, str], ...]
    """The plan: (slot, text), in order."""
    answers: Mapping[str, str]
    """Step id -> answer id."""
    marks: tuple[str, ...] = ()
    """What the person said of each line when they came back: "done", "not_yet", or "" for nothing."""


@dataclass(frozen=True)
class Place:
    """Where somebody stopped in a walk, to go on another day."""

    walkthrough: str
    step: str
    answers: Mapping[str, str]
    """Step id -> answer id, in the order in which they were given. Never raw speech."""
    done: tuple[str, ...] = ()
    """Sections of the walk that were finished."""


def migrations() -> Migrations:
    """Every change of the tables, oldest first. Append only: a released one is never edited."""
    steps = Migrations("afterwards")

    @steps()
    def m001_create_tables(db: Database) -> None:
        db.table("talk").create({"id": int, "started": str, "walkthrough": str}, pk="id")
        db.table("line").create(
            {"talk": int, "place": int, "slot": str, "text": str},
            pk=("talk", "place"),
            foreign_keys=[("talk", "talk", "id")],
        )
        db.table("answer").create(
            {"talk": int, "step": str, "answer": str},
            pk=("talk", "step"),
            foreign_keys=[("talk", "talk", "id")],
        )

    @steps()
    def m002_search_and_age(db: Database) -> None:
        # The words alone, without a second copy of the lines; a talk's id is the row's.
        db.execute("create virtual table word using fts5(text, content='', contentless_delete=1)")
        db.execute("insert into word(rowid, text) select talk, group_concat(text, ' ') from line group by talk")
        db.execute("create index talk_started on talk(started)")

    @steps()
    def m003_marks_and_place(db: Database) -> None:
        db.execute("alter table line add column mark text not null default ''")
        db.table("stop").create({"id": int, "started": str, "walkthrough": str, "step": str, "done": str}, pk="id")
        db.table("stopped_answer").create({"place": int, "step": str, "answer": str}, pk="place")

    return steps


def insert(db: Database, note: Note) -> int:
    """Writes a talk under a new number, and returns that. For whoever is in a transaction."""
    talk = db.table("talk")
    talk.insert({"started": note.started.isoformat(), "walkthrough": note.walkthrough})
    number = int(str(talk.last_pk))
    marks = [*note.marks, *("" for _ in note.lines)]
    db.table("line").insert_all(
        {"talk": number, "place": place, "slot": slot, "text": text, "mark": marks[place]}
        for place, (slot, text) in enumerate(note.lines)
    )
    answers = note.answers.items()
    db.table("answer").insert_all({"talk": number, "step": step, "answer": answer} for step, answer in answers)
    words = " ".join(text for _, text in note.lines)
    db.execute("insert into word(rowid, text) values (?, ?)", [number, words])
    return number


def drop_place(db: Database) -> None:
    """Deletes where somebody stopped."""
    db.execute("delete from stop")
    db.execute("delete from stopped_answer")


def read(db: Database, chosen: str, values: Sequence[object]) -> list[Note]:
    """The talks whose ids the query `chosen` gives, by id."""
    lines: dict[int, list[tuple[str, str]]] = {}
    marks: dict[int, list[str]] = {}
    answers: dict[int, dict[str, str]] = {}
    # A file of an earlier version in a folder that can only be read has no marks yet.
    marked = "mark" if "mark" in db.table("line").columns_dict else "''"
    at = f"from {{}} where {{}} in ({chosen}) order by"
    for talk, slot, text, mark in db.execute(
        f"select talk, slot, text, {marked} {at.format('line', 'talk')} talk, place", list(values)
    ):
        lines.setdefault(talk, []).append((str(slot), str(text)))
        marks.setdefault(talk, []).append(str(mark))
    query = f"select talk, step, answer {at.format('answer', 'talk')} talk, rowid"
    for talk, step, answer in db.execute(query, list(values)):
        answers.setdefault(talk, {})[str(step)] = str(answer)
    return [
        Note(
            number,
            datetime.date.fromisoformat(str(day)),
            str(walk),
            tuple(lines.get(number, ())),
            answers.get(number, {}),
            tuple(marks.get(number, ())),
        )
        for number, day, walk in db.execute(
            f"select id, started, walkthrough {at.format('talk', 'id')} id", list(values)
        )
    ]


def content(note: Note) -> tuple[object, ...]:
    """By what two talks are told to be the same one, whatever their numbers."""
    return note.started, note.walkthrough, note.lines, tuple(sorted(note.answers.items()))


def names() -> tuple[str, ...]:
    """Of all changes that this program knows."""
    memory = Database(memory=True)
    try:
        return tuple(step.name for step in migrations().pending(memory))
    finally:
        memory.close()
