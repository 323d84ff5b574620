"""Keeping behind locks and coming back, in whole talks by typing alone: real files, real keys."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kept import plain
from tests.strongroom import Memory
from tests.talks import play
from tests.visits import END, HELLO, OURS, SHORT, TALKING, TO_KEEP, Home, said, words_of
from voice.errors import PaperError
from voice.notes import Notes

LOCKED = (*HELLO, *SHORT, *TO_KEEP, "secret words", OURS, OURS, "no", *END)
"""A whole first visit: a plan is kept behind secret words."""
BY_COMPUTER = (*HELLO, *SHORT, *TO_KEEP, "this computer", "no", *END)
DANGER = ("he is not breathing", "i'm safe now", "no", "go on")
KEYED = ("key:1", "key:1", "key:1", "key:2")
LONG = (*HELLO, "skip", "longer")


def test_a_plan_behind_secret_words_is_there_for_whoever_knows_them(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.visit(*LOCKED)
    asked = ("lock.ways", "lock.new.", "lock.heard", "lock.once_more", "lock.done", "nine.offer", "keep.yes")
    assert said(first, *asked) == [
        *("lock.ways",) * 3, "lock.new.", "lock.once_more", "lock.done", "nine.offer", "keep.yes",
    ]  # fmt: skip
    assert first.reason == "done"
    assert len(home.notes(OURS).list()) == 1
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(home.room.path).execute("select * from talk")
    assert b"naloxone" not in home.bytes()
    assert b"danger" not in home.bytes()
    second = home.visit(*HELLO, "yes", OURS)
    assert said(second, "return.locked", "unlock.ask", "visit.intro", "plan.own_line") == [
        "return.locked", "unlock.ask", "visit.intro", "plan.own_line",
    ]  # fmt: skip
    assert words_of(second, "plan.own_line")[0] == home.notes(OURS).list()[0].lines[0][1]


def test_this_computer_holds_the_key_and_nine_words_do_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.visit(*HELLO, *SHORT, *TO_KEEP, "this computer", "yes", "repeat", "go on", *END)
    spoken = words_of(first, "nine.three")
    assert len(spoken) == 6
    assert spoken[:3] == spoken[3:], "said, and said again"
    phrase = " ".join(spoken[:3]).replace(",", "").replace(".", "")
    assert len(phrase.split()) == 9
    assert said(home.visit(*HELLO, "start new"), "return.plan", "return.locked", "unlock.") == ["return.plan"]
    home.room.keychain.keys.clear()  # another desktop, a new password: the keyring is empty
    back = home.visit(*HELLO, "yes", phrase)
    assert said(back, "unlock.lost", "visit.intro") == ["unlock.lost", "visit.intro"]


def test_without_a_keyring_there_are_secret_words_alone(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    talk = home.visit(*HELLO, *SHORT, *TO_KEEP, OURS, OURS, "no", *END)
    assert said(talk, "lock.ways", "lock.new.", "lock.done", "keep.yes") == ["lock.new.", "lock.done", "keep.yes"]
    assert len(home.notes(OURS).list()) == 1


@pytest.mark.parametrize(
    "answers",
    [
        ("skip",),
        ("secret words", "skip"),
        ("secret words", OURS, "skip"),
        ("secret words", "me", "too", "short"),
        ("secret words", OURS, "another thing", OURS, "not that one", OURS, "nor this one"),
        ("-", "-", "-", "-", "skip"),
    ],
)
def test_whoever_does_not_lock_it_keeps_nothing(tmp_path: Path, answers: tuple[str, ...]) -> None:
    home = Home(tmp_path)
    talk = home.visit(*HELLO, *SHORT, *TO_KEEP, *answers, *END)
    assert said(talk, "keep.no", "anything_else", "close") == ["keep.no", "anything_else", "close"]
    assert talk.reason == "done"
    assert [path.name for path in home.room.files() if path.stat().st_size] == []


def test_wrong_words_leave_it_locked_and_the_walk_goes_on(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    home.visit(*HELLO, *SHORT, *TO_KEEP, OURS, OURS, "no", *END)
    before = home.bytes()
    talk = home.visit(*HELLO, "yes", "wrong one here", "wrong two here", "wrong three here")
    assert said(talk, "unlock.wrong", "unlock.left", "H5.again") == [
        "unlock.wrong",
        "unlock.wrong",
        "unlock.left",
        "H5.again",
    ]
    again = home.visit(*HELLO, "yes", "-", OURS)
    assert said(again, "unlock.rest", "unlock.ask", "visit.intro") == ["unlock.rest", "unlock.ask", "visit.intro"]
    assert home.room.path.read_bytes() in before


def test_secret_words_stand_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    home = Home(tmp_path, keyring=False)
    first = home.visit(*HELLO, *SHORT, *TO_KEEP, OURS, OURS, "no", *END)
    second = home.visit(*HELLO, "yes", OURS, "start new")
    shown = [event for talk in (first, second) for event in talk.events if "boat" in str(event)]
    assert shown == []
    assert "boat" not in caplog.text
    assert b"boat" not in home.bytes()


def test_line_by_line_done_not_yet_and_changed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    kept = home.notes().list()[0].lines
    assert len(kept) >= 4
    answers = ("read my plan", "did it", "not yet", "change", "i call my sister", *["skip"] * (len(kept) - 3))
    talk = home.visit(*HELLO, *answers, "walk in the park", "stop here")
    note = home.notes().list()[0]
    assert note.marks[:3] == ("done", "not_yet", "")
    assert note.lines[2][1] == "i call my sister"
    assert note.lines[-1][1] == "walk in the park"
    assert len(note.lines) == len(kept) + 1
    assert home.notes().search("park")
    assert home.notes().search("sister")
    assert said(talk, "visit.done", "visit.not_yet", "visit.changed", "visit.next_step", "visit.after", "close") == [
        "visit.done", "visit.not_yet", "visit.changed", "visit.next_step", "visit.changed", "visit.after", "close",
    ]  # fmt: skip
    assert talk.reason == "done"


def test_the_place_is_kept_and_gone_on_from(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.visit(*LONG, "keep my place", "yes", "this computer", "no", "yes")
    assert said(first, "place.ask", "keep.yes", "place.stop", "close") == [
        "place.ask",
        "keep.yes",
        "place.stop",
        "close",
    ]
    place = home.notes().place()
    assert place is not None
    second = home.visit(*HELLO, "go on from there")
    assert said(second, "return.place", "return.only_place", "return.on.") == [
        "return.place", "return.only_place", "return.on.",
    ]  # fmt: skip
    assert second.of("listen")[-1]["step"] == place.step
    assert second.dialogue.memory.facts().path == "full", "what was chosen before holds"
    assert home.notes().place() is None, "it is used up"


def test_another_day_starts_new_and_the_place_stays(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*LONG, "keep my place", "yes", "this computer", "no", "yes")
    talk = home.visit(*HELLO, "start new", *SHORT)
    assert said(talk, "H5.ask") == ["H5.ask"]
    assert home.notes().place() is not None


@pytest.mark.parametrize("how", ["no", "skip", "-"])
def test_no_place_without_a_yes(tmp_path: Path, how: str) -> None:
    home = Home(tmp_path)
    home.visit(*LONG, "keep my place", *([how] * (4 if how == "-" else 1)), "stop", "stop")
    assert home.room.files() == []


def test_where_others_hear_nothing_is_said_of_before(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    talk = home.visit("yes", "others can hear", "family", "no", "five minutes", "read my plan", "keep my place")
    assert said(talk, "return.plan", "visit.", "plan.own_line", "place.ask") == []
    assert said(talk, "return.nothing", "place.not") == ["return.nothing", "place.not"]


def test_the_plan_is_not_read_before_it_is_known_who_hears(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    talk = home.visit(
        "read my plan", "yes", "alone", "family", "no", "start new", "skip", "five minutes", "read my plan"
    )
    assert said(talk, "return.first", "return.plan", "visit.intro") == ["return.first", "return.plan", "visit.intro"]


def test_after_danger_no_place_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    talk = home.visit(*LONG, *DANGER, "keep my place")
    assert said(talk, "place.ask") == []
    assert "place.not.1" in said(talk, "place.not.1", "keep.no.1")


def test_forget_everything_takes_one_check_and_leaves_no_bytes(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    home.visit(*HELLO, *SHORT, *TO_KEEP, OURS, OURS, "no", *END)
    kept = home.room.path.read_bytes()
    talk = home.visit(*HELLO, "no", "forget everything", "no", "forget everything", "yes")
    assert said(talk, "forget.check", "forget.no", "forgotten") == [
        "forget.check",
        "forget.no",
        "forget.check",
        "forgotten",
    ]
    left = home.bytes()
    assert not any(kept[at : at + 64] in left for at in range(0, len(kept), 4096)), "no page of it is left"
    assert said(home.visit(*HELLO), "return.") == []


def test_what_was_kept_just_now_is_deleted_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*HELLO, *SHORT, *TO_KEEP, "this computer", "no", "delete that", "yes", "no")
    assert home.notes().list() == []
    home.visit(*LONG, "keep my place", "yes", "no", "delete that", "yes")
    assert home.notes().place() is None


def test_by_keys_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*KEYED, "key:skip", "key:1", "key:done", "key:done", "key:1", "key:1", "key:2", "key:2")
    assert len(home.notes().list()) == 1
    talk = home.visit(*KEYED, "key:1", "key:1", "key:2")
    assert said(talk, "visit.intro") == ["visit.intro"]
    assert home.notes().list()[0].marks[:2] == ("done", "not_yet")


def test_a_plain_file_of_before_is_read_and_locked(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Notes(home.room.path, plain).keep("family", [("step", "ring the doctor on monday")], {})
    assert b"doctor" in home.bytes()
    talk = home.visit(*HELLO, "read my plan")
    assert words_of(talk, "plan.own_line")[:1] == ["ring the doctor on monday"]
    assert b"doctor" not in home.bytes()
    later = home.visit(*HELLO, "start new", *SHORT, *TO_KEEP, "no", *END)
    assert said(later, "nine.offer", "keep.yes") == ["nine.offer", "keep.yes"], "nobody is locked out by a desktop"


class Slow(Memory):
    """A keyring that waits for its own password, which nobody types."""

    def __init__(self) -> None:
        super().__init__()
        self.typed = threading.Event()

    def works(self) -> bool:
        self.typed.wait(20)
        return True


def test_a_keyring_that_waits_for_its_password_stops_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    slow = home.room.keychain = Slow()
    try:
        talk = home.visit(*HELLO, *SHORT, *TO_KEEP, "-", "-", *DANGER, "skip", "no")
    finally:
        slow.typed.set()
    assert said(talk, "notes.", "card.OD.1")[:3] == ["notes.", "notes.", "card.OD.1"]
    assert "keep.no.1" in said(talk, "place.not.1", "keep.no.1")
    assert home.room.files() == [] or not home.room.path.exists()


def test_nothing_is_asked_where_nothing_may_be_kept() -> None:
    talk = play(TALKING, (*HELLO, *SHORT, "make my plan", "keep all", "no"))
    assert said(talk, "keep.", "anything_else", "close") == ["anything_else", "close"]


def test_words_made_for_somebody_are_said_back_twice(tmp_path: Path) -> None:
    home = Home(tmp_path, keyring=False)
    home.suggests = "amber bicycle candle garden kitchen"
    words = home.suggests
    first = home.visit(
        *HELLO, *SHORT, *TO_KEEP, "choose for me", "repeat", "something else here", words, words, "no", *END
    )
    asked = ["lock.suggested", "lock.suggested", "lock.not_same", "lock.suggested", "lock.once_more", "lock.done"]
    assert said(first, *dict.fromkeys(asked), "keep.yes") == [*asked, "keep.yes"]
    assert len(home.notes(words).list()) == 1


def test_a_plan_is_printed_after_a_clear_yes() -> None:
    pages: list[list[str]] = []
    plan = (*HELLO, *SHORT, "make my plan")
    talk = play(
        TALKING, (*plan, "print my plan", "no", "print it", "yes", "keep all", "no"), paper=lambda t: pages.append([*t])
    )
    assert said(talk, "print.") == ["print."] * 4
    assert len(pages) == 1
    assert pages[0] == talk.of("plan")[0]["lines"], "as the screen has it, with its numbers"
    assert talk.reason == "done"
    early = play(TALKING, (*HELLO, "skip", "print my plan"), paper=lambda t: pages.append([*t]))
    assert said(early, "print.none") == ["print.none"]
    assert said(play(TALKING, (*plan, "print my plan")), "print.no_printer") == ["print.no_printer"]


def test_a_printer_that_fails_is_told_and_the_plan_goes_on() -> None:
    def jammed(lines: Sequence[str]) -> None:
        raise PaperError("paper-refused", "The printer would not take the page.", "Look at the printer.")

    talk = play(TALKING, (*HELLO, *SHORT, "make my plan", "print my plan", "yes", "keep all", "no"), paper=jammed)
    assert [event["code"] for event in talk.of("trouble")] == ["paper-refused"]
    assert said(talk, "print.failed", "plan.review", "close") == ["plan.review", "print.failed", "plan.review", "close"]


def test_a_plan_that_was_read_again_is_printed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.visit(*BY_COMPUTER)
    pages: list[list[str]] = []
    talk = play(
        TALKING, (*HELLO, "read my plan", "print it", "yes"), kept=home.parts, paper=lambda t: pages.append([*t])
    )
    assert pages == [[text for _, text in home.notes().list()[0].lines]]
    assert said(talk, "print.yes", "visit.ask") == ["visit.ask", "print.yes", "visit.ask"]
