"""All that can be done with what was kept, in whole talks: by typing and by keys. Real files behind real locks."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import pytest

from tests.strongroom import WORDS, keep
from tests.talks import Played, play
from tests.test_coming_back import BY_COMPUTER, KEYED, LOCKED
from tests.visits import HELLO, OURS, SHORT, TALKING, Home, said, words_of
from voice.errors import PaperError
from voice.notes import Note
from voice.notes.vault import State
from voice.parts_copies import FileCopies, plugged_in
from voice.parts_paper import Paper
from voice.settings import Settings

FOUND = ("find.day", "find.more", "find.last", "find.none")
COPIES = ("my notes", "copies")
LOCKS = ("my notes", "locks")
FIND = ("my notes", "look back", "find a plan")
OLDER = Note(0, datetime.date(2026, 3, 4), "family", (("step", "walk by the river"),), {"Y2": "6"})
OLDEST = Note(0, datetime.date(2026, 2, 1), "family", (("step", "call the orange garden club"),), {})
ALL_BY_KEYS = ("key:my_notes", "key:2", "key:1", "key:1")


def home_with_three(folder: Path) -> Home:
    home = Home(folder)
    home.visit(*BY_COMPUTER)
    home.notes().add([OLDER, OLDEST])
    return home


def saved(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def keys_of(talk: Played, *starts: str) -> list[str]:
    """Keys of the prompts that begin so, in the order in which they were said."""
    return [event["key"].rpartition(".")[0] for event in talk.of("say") if event["key"].startswith(starts)]


def test_a_plan_is_found_by_a_word_in_it(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    talk = home.visit(*HELLO, *FIND, "zebra", "river", "skip", *FIND, "skip")
    assert said(talk, *FOUND) == ["find.none", "find.day", "find.last"]
    assert words_of(talk, "plan.own_line") == ["walk by the river"]
    assert "4 March 2026" in words_of(talk, "find.day")[0]
    assert said(talk, "find.ask", "return.plan") == [
        *("return.plan", "find.ask", "find.ask", "return.plan", "find.ask", "return.plan")
    ]


def test_all_plans_one_after_the_other_by_keys_alone(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    pages: list[str] = []
    talk = home.visit(
        *(*KEYED, "key:2", *ALL_BY_KEYS),
        *("key:1", "key:back", "key:1", "key:1", "key:1", "key:1", "key:skip"),
        paper=lambda lines: pages.extend(lines),
    )
    assert [words[:20] for words in words_of(talk, "find.day")][:2] == [
        "A plan from 1 Februa",
        "A plan from 4 March ",
    ], "put back last, so the latest of all"
    assert said(talk, "find.last") == ["find.last"] * 2, "asked again when the page was taken"
    assert pages == [text for _, text in home.notes().list()[0].lines]


def test_a_plan_is_deleted_after_one_check(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    talk = home.visit(*HELLO, *FIND, "garden", "delete it", "no", "delete that", "yes")
    assert said(talk, "find.delete", "forget.no", "deleted") == [
        *("find.delete", "forget.no", "find.delete", "deleted")
    ]
    assert len(home.notes().list()) == 2
    assert home.notes().search("garden") == []
    again = home.visit(*HELLO, *FIND, "all of them", "delete it", "yes")
    assert said(again, "deleted", "find.last") == ["deleted", "find.last"], "the next one is read"


def test_it_is_not_read_before_it_is_known_who_hears_or_where_others_do(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    early = home.visit(*FIND, "my notes", "look back", "my numbers", *LOCKS, "nine words")
    assert said(early, "return.first", "find.", "relock") == ["return.first"] * 3
    quiet = home.visit("yes", "someone can hear", "family", "no", *FIND, *LOCKS, "secret words")
    assert said(quiet, "return.nothing", "find.", "lock.") == ["return.nothing"] * 2
    assert said(Home(tmp_path / "new").visit(*HELLO, *FIND, *LOCKS, "secret words"), "return.nothing", "lock.") == [
        "return.nothing", "return.nothing",
    ]  # fmt: skip


def test_the_plan_is_saved_as_a_page_and_a_sound(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    talk = home.visit(*HELLO, *FIND, "river", "save it", "no", "save it", "yes", "save it", "yes")
    assert keys_of(talk, "save.") == ["save.check", "save.no", "save.check", "save.yes", "save.check", "save.yes"]
    assert len(talk.of("written")) == 2
    today = datetime.date.today().isoformat()
    both = [f"My plan {today}{number}{ending}" for number in (" 2", "") for ending in (".html", ".pdf", ".wav")]
    assert saved(home.documents) == sorted(both), "none takes the name of another"
    page = (home.documents / "My plan" / f"My plan {today}.html").read_text("utf-8")
    assert "walk by the river" in page
    assert (home.documents / "My plan" / f"My plan {today}.pdf").read_bytes().startswith(b"%PDF")
    assert (home.documents / "My plan" / f"My plan {today}.wav").stat().st_size > 50_000


def test_it_is_saved_on_a_stick_where_there_is_one(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    home.sticks = [tmp_path / "stick"]
    home.sticks[0].mkdir()
    talk = home.visit(*(*KEYED, "key:2"), "key:my_notes", "key:3", "key:2", "key:1", "key:1")
    assert keys_of(talk, "save.") == ["save.where", "save.check.stick", "save.yes"]
    assert len(saved(home.sticks[0])) == 3
    assert saved(home.documents) == []
    other = home.visit(*HELLO, *COPIES, "save it", "this computer", "yes", *COPIES, "save it", "skip")
    assert keys_of(other, "save.") == ["save.where", "save.check", "save.yes", "save.where", "save.no"]
    assert len(saved(home.documents)) == 3


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    home.documents.write_text("a file where a folder should be")
    talk = home.visit(*HELLO, *COPIES, "save it", "yes", *COPIES, "back up", "yes")
    assert keys_of(talk, "save.", "backup.") == ["save.check", "save.failed", "backup.check", "save.failed"]
    assert [event["code"] for event in talk.of("trouble")] == ["paper-read-only"] * 2


def test_a_stick_that_was_pulled_out_is_told(tmp_path: Path) -> None:
    looks = iter([[tmp_path], []])
    paper = lambda: Paper(Settings(home=tmp_path), TALKING.content)  # noqa: E731
    room = Home(tmp_path).room
    copies = FileCopies(tmp_path, lambda lines: [], paper, room.vault, room.notes, lambda: next(looks))
    assert copies.stick()
    with pytest.raises(PaperError) as caught:
        copies.save((), True).result()
    assert caught.value.code == "paper-no-stick"
    assert saved(tmp_path) == []


@pytest.mark.parametrize("keyring", [True, False])
def test_all_notes_are_backed_up_and_put_back_on_another_computer(tmp_path: Path, keyring: bool) -> None:
    home = Home(tmp_path / "one", keyring)
    home.visit(*(LOCKED if keyring else (*LOCKED[:-5], OURS, OURS, "no", "no")))
    talk = home.visit(*HELLO, "no", *COPIES, "back up", OURS, "yes")
    assert keys_of(talk, "backup.") == ["backup.check", "backup.yes"]
    assert [name.endswith(".locked") for name in saved(home.documents)] == [True]
    assert b"naloxone" not in next((home.documents / "My plan").iterdir()).read_bytes()

    other = Home(tmp_path / "two", keyring)
    shutil.copytree(home.documents, other.documents)
    moved = other.visit(*HELLO, *COPIES, "put back", "yes", "not these words", OURS)
    assert keys_of(moved, "restore.", "unlock.wrong") == [
        *("restore.check", "restore.locked", "unlock.wrong", "restore.yes")
    ]
    assert words_of(moved, "restore.yes") == ["Put back: 1."]
    assert len(other.notes(OURS).list()) == 1, "with the locks of the copy"
    twice = other.visit(*HELLO, "no", *COPIES, "put back", OURS, "yes")
    assert keys_of(twice, "restore.") == ["restore.check", "restore.all_there"]


def test_a_copy_of_other_words_is_added_to_what_is_there(tmp_path: Path) -> None:
    there = Home(tmp_path / "there", keyring=False)
    there.room.vault().set_passphrase(WORDS)
    keep(there.room.notes(WORDS), "the old one")
    there.visit(*HELLO, "no", *COPIES, "back up", WORDS, "yes")

    home = Home(tmp_path / "here")
    home.visit(*BY_COMPUTER)
    home.sticks = [tmp_path / "stick"]
    shutil.copytree(there.documents, home.sticks[0])
    talk = home.visit(*(*KEYED, "key:2"), "key:my_notes", "key:3", "key:4", "key:1", WORDS)
    assert keys_of(talk, "restore.") == ["restore.check", "restore.locked", "restore.yes"]
    assert "the old one" in [note.lines[0][1] for note in home.notes().list()]
    assert len(home.notes().list()) == 2


def test_a_copy_that_is_none_and_none_at_all(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    before = home.bytes()
    nothing = home.visit(*HELLO, *COPIES, "put back")
    assert keys_of(nothing, "restore.") == ["restore.none"]
    (home.documents / "My plan").mkdir(parents=True)
    (home.documents / "My plan" / "Copy.locked").write_bytes(b"not a copy")
    broken = home.visit(*HELLO, *COPIES, "put back", "yes", *COPIES, "put back", "no", *COPIES, "put back", "skip")
    assert keys_of(broken, "restore.") == [
        *("restore.check", "restore.failed", "restore.check", "restore.no", "restore.check", "restore.no")
    ]
    assert [event["code"] for event in broken.of("trouble")] == ["notes-backup-broken"]
    assert home.bytes() == before


def test_the_newest_copy_counts_and_a_stick_before_this_computer(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    home.visit(*HELLO, *COPIES, "back up", "yes", *COPIES, "back up", "yes")
    old, new = sorted((home.documents / "My plan").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    days = {old: datetime.datetime(2026, 5, 6, 12), new: datetime.datetime(2026, 7, 8, 12)}
    for path, day in days.items():
        os.utime(path, (day.timestamp(), day.timestamp()))
    assert "8 July 2026" in words_of(home.visit(*HELLO, *COPIES, "put back", "no"), "restore.check")[0]
    home.sticks = [tmp_path / "stick"]
    (home.sticks[0] / "My plan").mkdir(parents=True)
    shutil.copy2(old, home.sticks[0] / "My plan")
    assert "6 May 2026" in words_of(home.visit(*HELLO, *COPIES, "put back", "no"), "restore.check")[0]


def test_new_secret_words_open_it_and_the_old_ones_do_not(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    home.visit(*LOCKED[:-5], OURS, OURS, "no", "no")
    new = "a red kite over the wide hill"
    talk = home.visit(*HELLO, "no", *LOCKS, "secret words", OURS, new, new)
    assert said(talk, "lock.new.", "lock.done", "nine.offer") == ["lock.new.", "lock.done"], "the nine words stay"
    assert len(home.notes(new).list()) == 1
    assert said(home.visit(*HELLO, "yes", OURS, new), "unlock.wrong", "visit.intro") == ["unlock.wrong", "visit.intro"]
    left = home.visit(*HELLO, "no", *LOCKS, "secret words", new, "skip")
    assert said(left, "lock.done", "relock.no") == ["relock.no"]


def test_new_nine_words_and_this_computer_by_keys_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*LOCKED)
    keys = (*KEYED, "key:2", "key:my_notes", "key:4")
    talk = home.visit(*KEYED, "key:2", "key:2", "key:my_notes", "key:4", "key:2", OURS, "key:1", "key:go_on")
    assert keys_of(talk, "relock.", "nine.offer") == ["relock.nine"]
    phrase = " ".join(words_of(talk, "nine.three")).replace(",", "").replace(".", "")
    assert len(home.notes(phrase).list()) == 1
    locked = home.visit(*KEYED, "key:2", "key:2", *keys[4 + 1 :], "key:3", OURS, "key:1", "key:2")
    assert keys_of(locked, "relock.", "nine.offer") == ["relock.computer", "nine.offer"]
    assert home.room.vault().state() is State.KEYRING
    assert len(home.notes().list()) == 1
    kept = home.visit(*keys, "key:2", "key:2")
    assert keys_of(kept, "relock.") == ["relock.nine", "relock.no"]


def test_without_a_keyring_the_lock_stays_as_it_was(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    home.visit(*LOCKED[:-5], OURS, OURS, "no", "no")
    talk = home.visit(*HELLO, "no", *LOCKS, "this computer", OURS, "yes")
    assert keys_of(talk, "relock.") == ["relock.computer", "relock.failed", "relock.no"]
    assert len(home.notes(OURS).list()) == 1


def test_sticks_are_where_desktops_show_them(tmp_path: Path) -> None:
    roots = (f"{tmp_path}/media/{{user}}", f"{tmp_path}/none")
    disk = tmp_path / "media" / "sam" / "STICK"
    assert plugged_in(roots, lambda: "sam") == ()
    (disk.parent / "folder").mkdir(parents=True)
    disk.mkdir()
    assert plugged_in(roots, lambda: "sam") == (), "a folder is no disk"
    assert plugged_in(roots, lambda: "sam", lambda path: path.name == "STICK") == (disk,)
    assert plugged_in(roots, lambda: "kim", lambda path: path.name == "STICK") == ()


def test_numbers_print_and_eraser_by_keys_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    home.notes().add([Note(0, datetime.date(2026, 3, 4), "family", (("step", "walk"),), {"Y2": "6"})])
    pages: list[list[str]] = []
    numbers, page, eraser = (("key:my_notes", *keys) for keys in (("key:2", "key:2"), ("key:3", "key:1"), ("key:4",)))
    talk = home.visit(
        *(*KEYED, "key:2", *numbers, *page, "key:1", *eraser, "key:4", "key:1"), paper=lambda t: pages.append([*t])
    )
    told = " ".join(words_of(talk, "plan.own_line"))
    assert "4 March" in told
    assert "6" in told
    assert pages == [["walk"]], "the plan that was kept last"
    assert said(talk, "print.yes", "forgotten") == ["print.yes", "forgotten"]
    assert [path for path in home.room.files() if path.stat().st_size] == []


def test_where_there_are_none(tmp_path: Path) -> None:
    ways = [("look back", "my numbers"), ("read my plan",), ("copies", "back up"), ("look back", "find a plan")]
    asked = [each for way in ways for each in ("my notes", *way)]
    talk = Home(tmp_path).visit(*HELLO, "skip", *asked, "my notes", "skip")
    assert said(talk, "return.nothing", "H6.again") == [*("return.nothing", "H6.again") * 4, "H6.again"]
    out = ("my notes", "look back", "back", "my notes", "copies", "-", "-", "-", "skip", "my notes", "locks", "go on")
    assert said(Home(tmp_path).visit(*HELLO, "skip", *out), "H6.again") == ["H6.again"] * 3


def test_where_nothing_can_be_saved(tmp_path: Path) -> None:
    alone = play(TALKING, (*HELLO, "skip", *COPIES, "save it", *COPIES, "back up", *COPIES, "put back"))
    assert said(alone, "save.not_here") == ["save.not_here"] * 3


def test_the_plan_of_today_is_the_one_to_print_again_afterwards(tmp_path: Path) -> None:
    home = home_with_three(tmp_path)
    pages: list[list[str]] = []
    found = (*FIND, "river", "print it", "yes", "skip")
    home.visit(
        *(*HELLO, "start new", *SHORT, "make my plan", *found, "print my plan", "yes"),
        paper=lambda lines: pages.append([*lines]),
    )
    assert pages[0] == ["walk by the river"]
    assert len(pages[1]) > 1
