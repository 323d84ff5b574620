"""What is kept after a yes: the plan and the chosen answers, in one SQLite file. Never raw speech."""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sqlite_utils import Database, Migrations

from voice.errors import NotesError

Connect = Callable[[Path], sqlite3.Connection]
"""Opens the file. The seam for an encrypted file: any DB-API connection of sqlite's kind will do."""

BUSY_SECONDS = 2.0
"""How long to wait for another program that holds the file."""


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


def plain(path: Path) -> sqlite3.Connection:
    """An unencrypted file."""
    return sqlite3.connect(path, timeout=BUSY_SECONDS)


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

    return steps


class Notes:
    """The notes file. Opened for each act and closed after it, so nothing is held while the person talks."""

    def __init__(
        self,
        path: Path,
        connect: Connect | None = None,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        self.path = path
        self._connect = connect or plain
        self._today = today

    def keep(self, walkthrough: str, lines: Sequence[tuple[str, str]], answers: Mapping[str, str]) -> int:
        """Write one talk, all or nothing, and return its id. `lines`: (slot, text). Raises NotesError."""
        self._make_file()
        with self._open() as db, db.atomic():
            talk = db.table("talk")
            talk.insert({"started": self._today().isoformat(), "walkthrough": walkthrough})
            number = int(str(talk.last_pk))
            db.table("line").insert_all(
                {"talk": number, "place": place, "slot": slot, "text": text} for place, (slot, text) in enumerate(lines)
            )
            db.table("answer").insert_all(
                {"talk": number, "step": step, "answer": answer} for step, answer in answers.items()
            )
        return number

    def list(self) -> list[Note]:
        """All that was kept, oldest first. Creates nothing. Raises NotesError."""
        if not self._anything():
            return []
        with self._open() as db:
            return [self._note(db, row) for row in db.table("talk").rows_where(order_by="id")]

    def show(self, id: int) -> Note:
        """One talk. Raises NotesError, with code "notes-unknown" where there is none of that number."""
        if self._anything():
            with self._open() as db:
                for row in db.table("talk").rows_where("id = ?", [id]):
                    return self._note(db, row)
        raise NotesError(
            "notes-unknown", f"There is no note with the number {id}.", "Use “afterwards notes list” to see them."
        )

    def erase(self, id: int | None = None) -> int:
        """Erase one talk, or all (None), and return how many there were. Raises NotesError.

        The bytes leave the file: freed places are overwritten with zeros, the file is then rebuilt. What a backup, a
        snapshot or the disk's own spare blocks still hold is out of a program's reach.
        """
        if not self._anything():
            return 0
        with self._open() as db:
            with db.atomic():
                where, values = ("1", []) if id is None else ("id = ?", [id])
                found = db.table("talk").count_where(where, values)
                for table, column in (("line", "talk"), ("answer", "talk"), ("talk", "id")):
                    db.table(table).delete_where("1" if id is None else f"{column} = ?", values)
            try:
                # Pages that were rearranged can keep a copy in their slack: only a rebuild drops those.
                db.vacuum()
                db.execute("pragma wal_checkpoint(truncate)")  # where another program put the file into WAL mode
            except db.conn.Error as error:
                raise NotesError(
                    "notes-traces",
                    "The notes are erased, but I could not wipe every trace of them from the file.",
                    f"Free some space, close other programs that use {self.path}, and erase again.",
                ) from error
        return found

    # ---- the file

    def _anything(self) -> bool:
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False
        except OSError as error:
            self._fail(error)

    def _make_file(self) -> None:
        """The folder (0700) and an empty file (0600) before SQLite would make one that others can read."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            self._fail(error)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Database]:
        try:
            connection = self._connect(self.path)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        try:
            # Asked of the connection: an encrypted one has error classes of its own, not sqlite3's.
            failure = connection.Error
            try:
                connection.execute("pragma secure_delete=on")
                connection.execute("pragma temp_store=memory")  # a rebuild must not leave a copy in the temp folder
                db = Database(connection, execute_plugins=False)
                self._bring_up_to_date(db)
                yield db
            except failure as error:
                self._fail(error)
        finally:
            connection.close()

    def _bring_up_to_date(self, db: Database) -> None:
        steps = migrations()
        known = {step.name for step in steps.pending(db)}
        applied = {step.name for step in steps.applied(db)}
        if applied - set(_names()):
            raise NotesError(
                "notes-newer",
                f"The notes in {self.path} were written by a newer version of this program.",
                "Update this program to read them. They are untouched.",
            )
        if not applied and db.table_names():
            raise NotesError(
                "notes-foreign",
                f"The file {self.path} belongs to another program.",
                "Move it away, or set AFTERWARDS_HOME to another folder. It is untouched.",
            )
        if known:
            steps.apply(db)

    def _note(self, db: Database, row: Mapping[str, object]) -> Note:
        number = int(str(row["id"]))
        lines = db.table("line").rows_where("talk = ?", [number], order_by="place")
        answers = db.table("answer").rows_where("talk = ?", [number], order_by="rowid")
        return Note(
            id=number,
            started=datetime.date.fromisoformat(str(row["started"])),
            walkthrough=str(row["walkthrough"]),
            lines=tuple((str(line["slot"]), str(line["text"])) for line in lines),
            answers={str(answer["step"]): str(answer["answer"]) for answer in answers},
        )

    def _fail(self, error: Exception) -> NoReturn:
        """The plain sentence for what SQLite or the disk said. Never holds what was to be written."""
        # Primary result code, https://sqlite.org/rescode.html; errno for the folder and the file.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, OSError):
            code = {28: sqlite3.SQLITE_FULL, 122: sqlite3.SQLITE_FULL}.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN)
        name, message, remedy = _WORDS.get(code, _UNKNOWN)
        raise NotesError(name, message.format(path=self.path), remedy) from error


def _names() -> tuple[str, ...]:
    memory = Database(memory=True)
    try:
        return tuple(step.name for step in migrations().pending(memory))
    finally:
        memory.close()


_NO_WRITE = (
    "notes-read-only",
    "I may not write the notes to {path}.",
    "Check who owns that folder, or set AFTERWARDS_HOME to one you can write to.",
)
_WORDS = {
    sqlite3.SQLITE_NOTADB: (
        "notes-not-a-database",
        "The file {path} does not hold notes that I can read.",
        "Move it away and I can start a new one. I have not touched it.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "notes-damaged",
        "The notes in {path} are damaged.",
        "Put back a copy if you have one, or move the file away and I can start a new one.",
    ),
    sqlite3.SQLITE_FULL: (
        "notes-disk-full",
        "There is no space left to write the notes to {path}. Earlier notes are safe.",
        "Free some space and try again.",
    ),
    sqlite3.SQLITE_BUSY: (
        "notes-busy",
        "Another program is using the notes in {path}.",
        "Close it, wait a moment, and try again.",
    ),
    sqlite3.SQLITE_READONLY: _NO_WRITE,
    sqlite3.SQLITE_CANTOPEN: _NO_WRITE,
    sqlite3.SQLITE_PERM: _NO_WRITE,
    sqlite3.SQLITE_AUTH: _NO_WRITE,
}
_WORDS[sqlite3.SQLITE_LOCKED] = _WORDS[sqlite3.SQLITE_BUSY]
_UNKNOWN = (
    "notes-failed",
    "The disk would not let me use the notes in {path}.",
    "Check the disk and try again. Earlier notes are as they were.",
)
