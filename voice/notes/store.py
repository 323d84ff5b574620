"""The notes: the plan and the chosen answers of each talk, in one SQLite file. Never raw speech."""

from __future__ import annotations

import contextlib
import datetime
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database

from voice.errors import NotesError
from voice.notes.rows import MIGRATIONS, Note, Place, content, drop_place, insert, migrations, names, read
from voice.notes.trouble import code_of, foreign, trouble

Connect = Callable[[Path, bool], sqlite3.Connection]
"""Opens the file; the second says whether something new is to be kept in it, so that it may be made. Any DB-API
connection of sqlite's kind will do: `Vault.connect`."""

KEEP_DAYS = 90
"""Days that a note is kept, where nothing else is set."""
_log = logging.getLogger("afterwards")


_Found = list[Note]


class Notes:
    """The notes file. Opened for each act and closed after it, so nothing is held while the person talks."""

    def __init__(
        self,
        path: Path,
        connect: Connect,
        today: Callable[[], datetime.date] = datetime.date.today,
        keep_days: int = KEEP_DAYS,
    ) -> None:
        """`keep_days`: notes that are older go when another is kept; 0 keeps them until they are erased."""
        self.path = path
        self._connect = connect
        self._today = today
        self._keep_days = keep_days

    def keep(self, walkthrough: str, lines: Sequence[tuple[str, str]], answers: Mapping[str, str]) -> int:
        """Write one talk, all or nothing, and return its id. `lines`: (slot, text). Raises NotesError.

        It is on the disk when this returns, whatever happens then. Afterwards those that are too old are erased.
        """
        with self._open(keeping=True) as db:
            with _writing(db):
                number = insert(db, Note(0, self._today(), walkthrough, tuple(lines), answers))
            try:
                self._expire(db)
            except (NotesError, db.conn.Error, MemoryError) as error:  # the next one kept tries again
                _log.warning("trouble: %s", getattr(error, "code", "notes-traces"))
        return number

    def list(self, latest: int | None = None) -> _Found:
        """All that was kept, or the latest few; the oldest first. Creates nothing. Raises NotesError."""
        if not self._anything():
            return []
        with self._open() as db:
            if latest is None:
                return read(db, "select id from talk", ())
            return read(db, "select id from talk order by id desc limit ?", (latest,))

    def show(self, id: int) -> Note:
        """One talk. Raises NotesError, with code "notes-unknown" where there is none of that number."""
        if self._anything():
            with self._open() as db:
                for note in read(db, "select ?", (id,)):
                    return note
        raise NotesError(
            "notes-unknown", f"There is no note with the number {id}.", "Use “afterwards notes list” to see them."
        )

    def search(self, words: str, latest: int = 50) -> _Found:
        """The latest talks whose plan has words that begin with each of these; the oldest first. Raises NotesError."""
        asked = "".join(c if c.isalnum() else " " for c in words).split()
        if not asked or not self._anything():
            return []
        match = " ".join(f'"{word}"*' for word in asked)
        with self._open() as db:
            found = "select rowid from word where word match ? order by rowid desc limit ?"
            return read(db, found, (match, latest))

    def salvage(self) -> tuple[_Found, int]:
        """What can still be read of a damaged file, and how many notes can't be. Raises NotesError
        ("notes-damaged") where not even their list can be read."""
        if not self._anything():
            return [], 0
        with self._open() as db:
            ids = [int(str(number)) for (number,) in db.execute("select id from talk order by id")]
        found = []
        while ids:
            try:
                with self._open() as db:
                    while ids:
                        found += read(db, "select ?", (ids.pop(0),))
            except NotesError as error:  # a connection that met a damaged page is of no more use
                if error.code != "notes-damaged":
                    raise
        with self._open() as db:
            return found, int(str(next(iter(db.execute("select count(*) from talk")))[0])) - len(found)

    def add(self, notes: Iterable[Note]) -> int:
        """Those that are not there yet, under new numbers, all or nothing; returns how many. Raises NotesError."""
        with self._open(keeping=True) as db, _writing(db):
            known = {content(note) for note in read(db, "select id from talk", ())}
            new = [note for note in notes if content(note) not in known]
            for note in new:
                insert(db, note)
        return len(new)

    # ---- coming back

    def mark(self, id: int, place: int, mark: str) -> None:
        """Notes what became of a line: "done", "not_yet", or "". `place`: from 0. Raises NotesError."""
        with self._open(keeping=True) as db, _writing(db):
            db.execute("update line set mark = ? where talk = ? and place = ?", [mark, id, place])

    def reword(self, id: int, place: int, slot: str, text: str) -> None:
        """Another text for a line, or a new one at the end; the old bytes go. Raises NotesError."""
        with self._open(keeping=True) as db:
            with _writing(db):
                db.execute("delete from line where talk = ? and place = ?", [id, place])
                db.table("line").insert({"talk": id, "place": place, "slot": slot, "text": text, "mark": ""})
                found = db.execute("select group_concat(text, ' ') from line where talk = ?", [id]).fetchone()
                db.execute("delete from word where rowid = ?", [id])
                db.execute("insert into word(rowid, text) values (?, ?)", [id, str(found[0])])
            self._scrub(db)

    def keep_place(self, walkthrough: str, step: str, answers: Mapping[str, str], done: Sequence[str] = ()) -> None:
        """Writes down where somebody stopped, in the stead of an earlier one. Raises NotesError."""
        with self._open(keeping=True) as db, _writing(db):
            drop_place(db)
            known = {"id": 1, "started": self._today().isoformat()}
            where = {"walkthrough": walkthrough, "step": step, "done": " ".join(done)}
            db.table("stop").insert({**known, **where})
            rows = enumerate(answers.items())
            db.table("stopped_answer").insert_all({"place": n, "step": s, "answer": a} for n, (s, a) in rows)

    def place(self) -> Place | None:
        """Where somebody stopped, if they wanted that kept. Raises NotesError."""
        if not self._anything():
            return None
        with self._open() as db:
            for walkthrough, step, done in db.execute("select walkthrough, step, done from stop"):
                answers = dict(db.execute("select step, answer from stopped_answer order by place").fetchall())
                return Place(str(walkthrough), str(step), answers, tuple(str(done).split()))
        return None

    def forget_place(self) -> None:
        """Erases where somebody stopped. Raises NotesError."""
        if not self._anything():
            return
        with self._open() as db:
            with _writing(db):
                drop_place(db)
            self._scrub(db)

    # ---- erasing

    def erase(self, id: int | None = None) -> int:
        """Erase one talk, or all (None) with the place, and return how many talks there were. Raises NotesError.

        The bytes leave the file: freed places are overwritten with zeros, the file is then rebuilt. What a backup, a
        snapshot or the disk's own spare blocks still hold is out of a program's reach.
        """
        if not self._anything():
            return 0
        with self._open() as db:
            if id is None:
                return self._erase(db, "1", [], place=True)
            return self._erase(db, "id = ?", [id])

    def expire(self) -> int:
        """Erase what is older than it may be kept, and return how many those were. Raises NotesError."""
        if not self._anything():
            return 0
        with self._open() as db:
            return self._expire(db)

    def _expire(self, db: Database) -> int:
        if not self._keep_days:
            return 0
        first = (self._today() - datetime.timedelta(days=self._keep_days)).isoformat()
        if not any(db.table(name).count_where("started < ?", [first]) for name in ("talk", "stop")):
            return 0
        return self._erase(db, "started < ?", [first], place=True)

    def _erase(self, db: Database, where: str, values: Sequence[object], place: bool = False) -> int:
        with _writing(db):
            chosen = f"select id from talk where {where}"
            found = db.table("talk").count_where(where, list(values))
            for table, column in (("line", "talk"), ("answer", "talk"), ("word", "rowid"), ("talk", "id")):
                db.execute(f"delete from {table} where {column} in ({chosen})", list(values))
            if place and db.table("stop").count_where(where, list(values)):
                drop_place(db)
        self._scrub(db)
        return found

    def _scrub(self, db: Database) -> None:
        """What was deleted leaves no bytes. Raises NotesError ("notes-traces")."""
        try:
            db.execute("insert into word(word) values('optimize')")  # or its index would remember the words
            db.conn.commit()
            # Pages that were rearranged can keep a copy in their slack: only a rebuild drops those.
            db.vacuum()
            db.execute("pragma wal_checkpoint(truncate)")  # where another program put the file into WAL mode
        except db.conn.Error as error:
            raise NotesError(
                "notes-traces",
                "The notes are erased, but I could not wipe every trace of them from the file.",
                f"Free some space, close other programs that use {self.path}, and erase again.",
            ) from error

    # ---- the file

    def _anything(self) -> bool:
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False
        except OSError as error:
            raise trouble(error, self.path) from error

    @contextlib.contextmanager
    def _open(self, keeping: bool = False) -> Iterator[Database]:
        # The error classes are asked of the connection: an encrypted one has its own, not sqlite3's.
        connection: sqlite3.Connection | None = None
        try:
            connection = self._connect(self.path, keeping)
            connection.execute("pragma secure_delete=on")
            connection.execute("pragma temp_store=memory")  # a rebuild must not leave a copy in the temp folder
            connection.execute("pragma synchronous=extra")  # a commit lasts even if the power goes right then
            db = Database(connection, execute_plugins=False)
            self._bring_up_to_date(db, keeping)
            yield db
        except NotesError:
            raise
        except Exception as error:
            known = (OSError, MemoryError, sqlite3.Error, *((connection.Error,) if connection is not None else ()))
            if isinstance(error, known):
                raise trouble(error, self.path) from error
            raise
        finally:
            if connection is not None:
                connection.close()

    def _bring_up_to_date(self, db: Database, keeping: bool) -> None:
        steps = migrations()
        tables = set(db.table_names()) - {MIGRATIONS}  # looked at first: another program may be making them just now
        applied = {step.name for step in steps.applied(db)}
        if applied - set(names()):
            raise NotesError(
                "notes-newer",
                f"The notes in {self.path} were written by a newer version of this program.",
                "Update this program to read them. They are untouched.",
            )
        if tables and not applied:
            raise foreign(self.path)
        if steps.pending(db):
            try:
                with _writing(db):
                    steps.apply(db)
            except db.conn.Error as error:
                if keeping or not applied or code_of(error) != sqlite3.SQLITE_READONLY:
                    raise  # else older tables in a folder that can only be read: reading them works


@contextlib.contextmanager
def _writing(db: Database) -> Iterator[None]:
    """One transaction, which waits for its turn at its beginning: one that began to read could not wait any more."""
    db.conn.execute("begin immediate")
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: db.conn.rollback() if db.conn.in_transaction else None)
        yield
        db.conn.commit()
