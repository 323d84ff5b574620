"""The vault: what lies on the disk tells nothing, the right words open it, and nobody is ever locked out."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from tests.kept import plain
from tests.strongroom import CANARY, OTHER, WORDS, Room, code, keep
from voice.errors import NotesError
from voice.notes import Notes, vault
from voice.notes.header import Cost
from voice.notes.keychain import SystemKeychain
from voice.notes.vault import DELAYS, State, Vault


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "kept" / "notes.db")


@pytest.fixture
def bare(tmp_path: Path) -> Room:
    """A computer without a keyring."""
    return Room(tmp_path / "kept" / "notes.db", there=False)


# ---- what lies on the disk


def test_no_file_has_a_word_of_it_and_sqlite_refuses_it(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    notes = bare.notes(WORDS)
    for _ in range(20):
        keep(notes)
    assert [path.name for path in bare.files()] == ["notes.db", "notes.db.lock", "notes.locks"]
    for path in bare.files():
        content = path.read_bytes()
        for word in (CANARY, "family", "talk", "SQLite", "CREATE", "boat", WORDS):
            assert word.encode() not in content, path.name
    with contextlib.closing(sqlite3.connect(bare.path)) as db, pytest.raises(sqlite3.DatabaseError):
        db.execute("select * from talk").fetchall()
    assert bare.texts(WORDS) == [CANARY] * 20


def test_no_key_is_on_the_disk(room: Room) -> None:
    keep(room.notes())
    opened = room.vault()
    secrets = [opened.key, *room.keychain.keys.values()]
    assert len(secrets) == 2
    for path in room.files():
        for secret in secrets:
            for form in (secret, secret.hex().encode(), secret.hex().upper().encode()):
                assert form not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_the_owner_can_read_it(room: Room) -> None:
    before = os.umask(0)
    try:
        keep(room.notes())
        room.vault().set_passphrase(WORDS)
        code(lambda: room.vault().open(OTHER))
    finally:
        os.umask(before)
    assert room.path.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in room.files()} == {0o600}
    assert len(room.files()) == 4


# ---- without a choice


def test_without_a_choice_the_keyring_has_the_key(room: Room) -> None:
    assert room.vault().state() is State.NONE
    assert room.vault().can_keep()
    assert room.notes().list() == []
    assert not room.path.parent.exists(), "looking makes nothing"
    keep(room.notes())
    assert room.vault().state() is State.KEYRING
    assert room.texts() == [CANARY]
    assert not room.vault().has("recovery"), "which somebody must be given still"


def test_without_a_keyring_nothing_is_kept_and_nothing_is_written(bare: Room) -> None:
    assert not bare.vault().can_keep()
    with pytest.raises(NotesError) as caught:
        keep(bare.notes())
    assert caught.value.code == "notes-no-key"
    assert "afterwards notes passphrase" in caught.value.remedy
    assert not bare.path.parent.exists()


def test_where_the_cipher_is_missing_nothing_is_written(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    assert code(lambda: keep(room.notes())) == "notes-no-cipher"
    assert not room.path.exists() or room.path.stat().st_size == 0


def test_plain_sqlite_under_the_name_of_the_cipher_is_found_out(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        dbapi2 = sqlite3

    monkeypatch.setitem(sys.modules, "sqlcipher3", Package())
    assert code(lambda: keep(room.notes())) == "notes-no-cipher"
    assert not room.path.exists() or room.path.stat().st_size == 0


# ---- passphrases


def test_the_passphrase_opens_it_and_no_other(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    assert bare.vault().state() is State.LOCKED
    assert code(lambda: keep(bare.notes())) == "notes-locked"
    keep(bare.notes(WORDS))
    assert code(bare.notes().list) == "notes-locked"
    assert bare.texts("the OLD blue, boat") == [CANARY]
    for wrong in ("the old blue coat", "", "x" * 5000, "the old blue"):
        assert code(lambda wrong=wrong: bare.vault().open(wrong)) == "notes-wrong-passphrase"  # type: ignore[misc]
    opened = bare.vault(WORDS)
    opened.lock()
    assert code(Notes(bare.path, opened.connect).list) == "notes-locked"


def test_the_real_cost_is_that_of_the_standard(tmp_path: Path) -> None:
    room = Room(tmp_path / "notes.db", cost=Cost())
    room.vault().set_passphrase(WORDS)
    head = room.vault().header()
    assert head is not None
    slot = head.slot("passphrase")
    assert slot is not None
    assert slot.cost == Cost(passes=3, memory=64 * 1024, lanes=4)
    assert len(slot.salt) == 16
    keep(room.notes(WORDS))
    assert room.texts(WORDS) == [CANARY]


def test_wrong_ones_slow_down_and_never_lock_out(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    keep(bare.notes(WORDS))
    bare.waited.clear()
    for _ in range(12):
        assert code(lambda: bare.vault().open(OTHER)) == "notes-wrong-passphrase"  # a new program each time
    assert bare.waited == [*DELAYS, 30.0, 30.0, 30.0]
    assert bare.waited == sorted(bare.waited)
    assert bare.vault().delay() == 30.0
    assert bare.texts(WORDS) == [CANARY], "nothing was erased"
    assert bare.vault().delay() == 0.0, "and it is forgotten"
    (bare.path.parent / "notes.tries").write_text("a hundred")
    assert bare.texts(WORDS) == [CANARY]


def test_a_program_that_is_ended_in_the_middle_has_used_up_its_try(bare: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.vault().set_passphrase(WORDS)

    def ended(*parts: object) -> bytes | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(vault, "key_of", ended)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            bare.vault().open(OTHER)
    assert bare.vault().delay() == DELAYS[4]


def test_a_passphrase_is_changed_without_a_byte_of_the_notes_changing(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    keep(bare.notes(WORDS))
    before, locks = bare.path.read_bytes(), bare.vault().header_file.read_bytes()
    bare.vault(WORDS).set_passphrase(OTHER)
    assert bare.path.read_bytes() == before
    assert bare.texts(OTHER) == [CANARY]
    assert code(lambda: bare.vault().open(WORDS)) == "notes-wrong-passphrase"
    for path in bare.files():
        assert locks not in path.read_bytes(), "what the old one opens is gone"


def test_who_does_not_know_it_can_not_change_it(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    for act in (lambda: bare.vault().set_passphrase(OTHER), bare.vault().set_recovery, bare.vault().use_keyring):
        assert code(act) == "notes-locked"
    assert code(lambda: bare.vault().set_passphrase("short")) == "notes-passphrase-short"
    assert bare.vault(WORDS).state() is State.LOCKED


def test_two_slots_are_never_mixed_up(bare: Room) -> None:
    """A box that was moved into another kind of slot opens nothing."""
    bare.vault().set_passphrase(WORDS)
    path = bare.vault().header_file
    path.write_text(path.read_text().replace('"passphrase"', '"recovery"'))
    assert code(lambda: bare.vault().open(WORDS)) == "notes-wrong-passphrase"


# ---- the keyring, and the phrase that opens when it is lost


def test_the_recovery_phrase_opens_when_the_keyring_is_lost(room: Room) -> None:
    keep(room.notes())
    phrase = room.vault().set_recovery()
    room.keychain.keys.clear()
    assert code(room.notes().list) == "notes-key-gone"
    assert room.texts(phrase.upper().replace(" ", "-")) == [CANARY]
    room.keychain.there = False
    assert code(room.notes().list) == "notes-keyring"
    assert room.texts(phrase) == [CANARY]
    room.vault(phrase).set_passphrase(WORDS)
    assert room.texts(WORDS) == [CANARY]
    assert room.texts(phrase) == [CANARY]


def test_a_new_recovery_phrase_ends_the_one_before(room: Room) -> None:
    keep(room.notes())
    first = room.vault().set_recovery()
    second = room.vault().set_recovery()
    assert code(lambda: room.vault().open(first)) == "notes-wrong-passphrase"
    assert room.texts(second) == [CANARY]


def test_without_recovery_phrase_or_passphrase_there_is_nothing_to_try(room: Room) -> None:
    keep(room.notes())
    assert code(lambda: room.vault().open(WORDS)) == "notes-no-passphrase"
    assert code(lambda: Room(room.path.parent / "other.db").vault().open(WORDS)) == "notes-no-passphrase"
    assert code(Room(room.path.parent / "other.db", there=False).vault().set_recovery) == "notes-no-passphrase"


def test_a_passphrase_takes_the_key_out_of_the_keyring(room: Room) -> None:
    keep(room.notes())
    room.vault().set_passphrase(WORDS)
    assert room.keychain.keys == {}
    assert room.vault().state() is State.LOCKED
    assert room.texts(WORDS) == [CANARY]


def test_back_to_the_keyring(room: Room) -> None:
    room.vault().set_passphrase(WORDS)
    keep(room.notes(WORDS))
    phrase = room.vault(WORDS).use_keyring()
    assert room.vault().state() is State.KEYRING
    assert room.texts() == [CANARY]
    assert room.texts(phrase) == [CANARY]
    assert code(lambda: room.vault().open(WORDS)) == "notes-wrong-passphrase"
    room.vault().use_keyring()
    assert len(room.keychain.keys) == 1, "no key is left that opens nothing"


def test_a_keyring_that_fails_changes_nothing(bare: Room) -> None:
    bare.vault().set_passphrase(WORDS)
    keep(bare.notes(WORDS))
    before = bare.vault().header_file.read_bytes()
    assert code(bare.vault(WORDS).use_keyring) == "notes-keyring"
    assert bare.vault().header_file.read_bytes() == before


def test_the_keyring_library_with_a_backend_of_its_own(tmp_path: Path) -> None:
    """No keyring of a desktop is to be had in a test, so the library works with tests/keyring_file."""
    chain = SystemKeychain()
    assert chain.works()
    assert chain.get("nobody") is None
    chain.put("one", bytes(range(32)))
    assert SystemKeychain().get("one") == bytes(range(32))
    chain.drop("one")
    chain.drop("one")
    assert chain.get("one") is None
    path = tmp_path / "notes.db"
    keep(Notes(path, Vault(path, chain).connect))
    assert len(Notes(path, Vault(path, SystemKeychain()).connect).list()) == 1


def test_a_keyring_that_is_none_is_not_relied_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Plaintext(type(keyring.get_keyring())):  # type: ignore[misc]
        """Named like those that write keys into plain files."""

    Plaintext.__module__ = "keyrings.alt.file"

    class Broken(type(keyring.get_keyring())):  # type: ignore[misc]
        def set_password(self, service: str, username: str, password: str) -> None:
            raise RuntimeError("the desktop is gone")

        get_password = set_password

    none: Callable[[], object] = NoKeyring
    for backend in (none(), Plaintext()):
        monkeypatch.setattr(keyring, "get_keyring", lambda backend=backend: backend)
        assert not SystemKeychain().works()
        assert code(lambda: SystemKeychain().put("a", bytes(32))) == "notes-keyring"
    monkeypatch.setattr(keyring, "get_keyring", Broken)
    assert code(lambda: SystemKeychain().put("a", bytes(32))) == "notes-keyring"
    assert code(lambda: SystemKeychain().get("a")) == "notes-keyring"
    assert code(lambda: keep(Notes(tmp_path / "n.db", Vault(tmp_path / "n.db", SystemKeychain()).connect)))
    assert not (tmp_path / "n.db").exists()


@pytest.mark.parametrize("how", ["open", "locked", "damaged", "no header", "plain", "nothing"])
def test_everything_is_forgotten_in_whatever_state_it_is(room: Room, how: str) -> None:
    if how == "plain":
        keep(Notes(room.path, plain))
    elif how != "nothing":
        vault = room.vault()
        keep(Notes(room.path, vault.connect))
        vault.set_passphrase(WORDS)
    vault = room.vault(WORDS if how == "open" else "")
    whole = {path: path.read_bytes() for path in room.files()}
    if how == "damaged":
        room.path.write_bytes(room.path.read_bytes()[:5000] + bytes(3000))
    if how == "no header":
        vault.header_file.unlink()
    vault.forget()
    assert [path.name for path in room.files() if path.stat().st_size] == []
    assert room.keychain.keys == {}
    assert vault.state() is State.NONE
    assert room.notes().list() == []
    assert how == "nothing" or whole
    keep(room.notes(), "new")
    assert room.texts() == ["new"]
