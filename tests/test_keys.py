"""Keys: what is spoken and what is typed are the same; what is sealed opens for its own key alone."""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kept import CHEAP
from voice.errors import NotesError
from voice.notes import header, keys
from voice.notes.header import Cost, Header, Slot

SALT = bytes(16)


@pytest.mark.parametrize(
    "other",
    ["THE OLD BLUE BOAT", "the old, blue boat.", "theoldblueboat", "  the  old-blue\tboat\n", "Thé öld blue boat"],
)
def test_spoken_and_typed_are_the_same(other: str) -> None:
    assert keys.normal(other) == keys.normal("the old blue boat")
    assert keys.derive(other, SALT, CHEAP) == keys.derive("the old blue boat", SALT, CHEAP)


@given(st.text())
def test_a_passphrase_made_normal_stays_so(text: str) -> None:
    once = keys.normal(text)
    assert keys.normal(once.decode()) == once


@given(
    st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1), st.sampled_from([" ", "  ", ", ", "-", ". "])
)
def test_nothing_but_the_letters_counts(words: list[str], between: str) -> None:
    assert keys.normal(between.join(words).title()) == "".join(words).encode()


def test_other_words_salts_and_costs_give_other_keys() -> None:
    made = {
        keys.derive("the old blue boat", SALT, CHEAP),
        keys.derive("the old blue coat", SALT, CHEAP),
        keys.derive("the old blue boat", bytes(15) + b"1", CHEAP),
        keys.derive("the old blue boat", SALT, Cost(2, 8, 1)),
    }
    assert len(made) == 4
    assert {len(key) for key in made} == {keys.SIZE}


@pytest.mark.parametrize("short", ["", "  ", "!!!!!!!!!!", "a b c", "1234567"])
def test_a_short_passphrase_is_not_taken(short: str) -> None:
    with pytest.raises(NotesError) as caught:
        keys.checked(short)
    assert caught.value.code == "notes-passphrase-short"
    assert keys.checked("a longer one") == "a longer one"


@settings(max_examples=50)
@given(st.binary(max_size=80), st.integers(0, 1000), st.integers(0, 7))
def test_what_is_sealed_opens_for_its_key_and_whole(content: bytes, place: int, bit: int) -> None:
    key = secrets.token_bytes(keys.SIZE)
    box = keys.seal(key, content, "this")
    assert keys.unseal(key, box, "this") == content
    assert keys.unseal(key, box, "that") is None
    assert keys.unseal(secrets.token_bytes(keys.SIZE), box, "this") is None
    changed = bytearray(box)
    changed[place % len(box)] ^= 1 << bit
    assert keys.unseal(key, bytes(changed), "this") is None
    assert keys.unseal(key, box[:5], "this") is None


def test_recovery_phrases() -> None:
    words = keys.word_list()
    assert len(words) == len(set(words)) == 512
    assert all(re.fullmatch("[a-z]{4,}", word) for word in words)
    phrases = {keys.new_phrase() for _ in range(50)}
    assert len(phrases) == 50
    for phrase in phrases:
        assert keys.is_phrase(phrase)
        assert keys.is_phrase(phrase.upper().replace(" ", ", "))
        assert not keys.is_phrase(phrase + " acorn")
        assert not keys.is_phrase(phrase.rsplit(" ", 1)[0])
    assert not keys.is_phrase("one two three four five six seven eight nine")


@pytest.mark.parametrize(("module", "package"), [("argon2.low_level", "argon2"), ("cryptography", "cryptography")])
def test_a_library_that_is_missing(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules, module]:
        if name.split(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotesError) as caught:
        keys.seal(bytes(32), b"", "") if package == "cryptography" else keys.derive("words", SALT, CHEAP)
    assert caught.value.code == "notes-no-cipher"
    assert package in caught.value.message


# ---- the file beside

costs = st.builds(Cost, st.integers(1, 64), st.integers(8, 1 << 20), st.integers(1, 64))
slots = st.builds(Slot, st.sampled_from(["passphrase", "recovery"]), st.binary(), st.binary(), costs) | st.builds(
    Slot, st.just("keyring"), st.binary()
)


@given(st.builds(Header, st.text(), st.lists(slots, max_size=3).map(tuple)))
def test_a_header_comes_back(made: Header) -> None:
    assert header.from_bytes(header.to_bytes(made), Path("x")) == made


@given(st.binary() | st.text().map(str.encode))
def test_anything_else_is_told(text: bytes) -> None:
    with pytest.raises(NotesError) as caught:
        header.from_bytes(text, Path("notes.locks"))
    assert caught.value.code == "notes-lock-broken"


@pytest.mark.parametrize("cost", [Cost(1, 1 << 30, 1), Cost(10**6, 8, 1), Cost(0, 8, 1), Cost(1, 8, 1000)])
def test_a_header_that_would_stop_the_computer_is_refused(cost: Cost) -> None:
    made = Header("a", (Slot("passphrase", b"1", SALT, cost),))
    with pytest.raises(NotesError):
        header.from_bytes(header.to_bytes(made), Path("notes.locks"))


def test_one_slot_of_a_kind() -> None:
    made = Header("a", ()).with_slot(Slot("passphrase", b"1")).with_slot(Slot("keyring", b"2"))
    again = made.with_slot(Slot("passphrase", b"3"))
    assert [slot.box for slot in again.slots] == [b"2", b"3"]
    assert again.without("passphrase").slot("passphrase") is None
