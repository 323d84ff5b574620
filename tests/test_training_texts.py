"""The parts of the training recipe that need no PyTorch: words, units, the language model, the graph's text."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.train import graph, language, lexicon, phrases, transitions, units
from scripts.train.graph import Bigrams
from scripts.train.language import BEGIN, END, General
from scripts.train.lexicon import PHONES, Lexicon
from scripts.train.units import ANY, START

YES_NO = Lexicon({"no": (("N", "OW"),), "yes": (("Y", "EH", "S"),)})
TOLD_APART = units.choose([("N", "OW")] * 5 + [("Y", "EH", "S")] * 5, own=5)


def test_a_dictionary_is_read_with_its_second_ways(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("# comment\nthe DH AH\nthe(2) DH IY\nthe(3) DH AH\ncat K AE T  # a word\n", encoding="utf-8")
    read = lexicon.read(file)
    assert read["the"] == (("DH", "AH"), ("DH", "IY"))
    assert read.missing(["cat", "dog"]) == ["dog"]
    assert list(read.only(["cat"]).words) == ["cat"]


def test_a_later_file_has_the_last_word(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("cat K AE T\ndog D AO G\n", encoding="utf-8")
    two.write_text("cat K AA T\n", encoding="utf-8")
    assert lexicon.read(one, two).words == {"cat": (("K", "AA", "T"),), "dog": (("D", "AO", "G"),)}


@pytest.mark.parametrize("line", ["cat", "cat K AE1 T", "cat k ae t"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "words"
    file.write_text(f"dog D AO G\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: “cat” needs phones out of"):
        lexicon.read(file)


def test_words_of_our_own_are_spoken_with_known_phones() -> None:
    own = lexicon.read(Path(lexicon.__file__).with_name("words.dict"))
    assert {"naloxone", "opioids"} <= set(own.words)


def test_phrases_hold_what_people_say_and_no_fillers_in_front() -> None:
    said = phrases.collect()
    assert {"stop", "say that again", "ten"} <= set(said.live)
    assert not {phrase for phrase in said.live if phrase.startswith("um ")}
    assert not set(said.live) & set(said.other)
    assert {"naloxone", "stop", "daughter"} <= said.words
    assert not [word for word in said.words if word != word.lower() or any(c in word for c in "[]<>()|")]
    only = said.spoken_with(Lexicon({"stop": (), "now": ()}))
    assert set(only.live) == {"stop", "stop now"} & set(said.live)


def test_a_phone_is_told_apart_where_it_is_often_and_by_class_or_not_at_all_elsewhere() -> None:
    told = units.choose([("S", "T", "OW")] * 50 + [("S", "P", "OW")] * 5 + [("S", "K", "OW")] * 5, own=10)
    assert told.keys[told.index("S", "T")] == ("S", "T")
    assert told.keys[told.index("T", "OW")] == ("T", "OW")
    assert told.keys[told.index("P", "OW")] == ("stop", "OW")  # seldom each, often together
    assert told.keys[told.index("M", "OW")] == (ANY, "OW")
    assert told.outputs == 2 * len(told.keys)
    with pytest.raises(KeyError):
        told.index("S", "XX")


def test_units_come_back_from_their_file(tmp_path: Path) -> None:
    TOLD_APART.write(tmp_path / "units.txt")
    assert units.read(tmp_path / "units.txt") == TOLD_APART
    (tmp_path / "units.txt").write_text("N\n")
    with pytest.raises(ValueError, match="does not list units"):
        units.read(tmp_path / "units.txt")


@given(st.lists(st.sampled_from(PHONES), min_size=1, max_size=6), st.sampled_from(PHONES))
def test_every_phone_in_every_context_has_a_unit_and_transitions(phones: list[str], before: str) -> None:
    told = units.choose([phones] * 3, own=3)
    table = transitions.transitions(told)
    for phone in phones:
        assert told.keys[told.index(before, phone)][1] == phone
        for place, left in (("B", START), ("I", before), ("E", before), ("S", START)):
            forward = table.forward(f"{phone}_{place}", told.index(left, phone))
            assert forward % 2 == 0
            assert 2 <= forward <= 2 * len(table.pairs)


def test_transitions_are_sorted_as_kaldi_wants_them() -> None:
    table = transitions.transitions(TOLD_APART)
    assert list(table.pairs) == sorted(set(table.pairs))
    assert table.phones[0] == "SIL"
    assert {phone for phone, _ in table.pairs} == set(range(1, len(table.phones) + 1))


def test_the_lexicon_becomes_a_tree_that_spells_each_word_once() -> None:
    words = Lexicon({**YES_NO.words, "know": (("N", "OW"),), "nose": (("N", "OW", "Z"),)})
    table = transitions.transitions(TOLD_APART)
    numbers = {"know": 1, "no": 2, "nose": 3, "yes": 4, graph.UNKNOWN: 5}
    spelt = _spelt(graph.lexicon_lines(words, table, TOLD_APART, numbers), table)
    assert spelt[1] == spelt[2] == ["N_B", "OW_E"]
    assert spelt[3] == ["N_B", "OW_I", "Z_E"]
    assert spelt[4] == ["Y_B", "EH_I", "S_E"]
    assert spelt[5] == ["GBG_S"]


def _spelt(lines: list[str], table: transitions.Transitions) -> dict[int, list[str]]:
    """Each word's phones on the way from state 0 and back."""
    came: dict[int, tuple[int, int]] = {}
    ends: dict[int, int] = {}
    for line in lines:
        fields = line.split()
        if len(fields) < 4:
            continue
        source, target, ilabel, olabel = map(int, fields[:4])
        if ilabel and source != target:
            assert target not in came, "a tree has one way to each state"
            came[target] = source, ilabel
        if olabel:
            ends[olabel] = source
    spelt = {}
    for word, state in ends.items():
        phones: list[str] = []
        while state > 2:
            state, forward = came[state]
            phones.insert(0, table.phones[table.pairs[forward // 2 - 1][0] - 1])
        spelt[word] = phones
    return spelt


GENERAL = General(
    words={"yes": 0.5, "no": 0.3, "stop": 0.1, END: 0.1},
    back_off={"yes": 0.5, BEGIN: 0.4},
    pairs={("yes", "no"): 0.4, ("yes", END): 0.2, (BEGIN, "yes"): 0.6},
)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("most", [1, 3, 100])
def test_what_follows_each_word_adds_up_to_one(share: float, most: int) -> None:
    mixed = language.mixed(GENERAL, [["stop"], ["yes", "stop"], ["no"]], share, most)
    assert len(mixed.pairs) <= most
    assert sum(math.exp(weight) for weight in mixed.words.values()) == pytest.approx(1)
    for first in {first for first, _ in mixed.pairs}:
        following = {second: math.exp(p) for (one, second), p in mixed.pairs.items() if one == first}
        back = math.exp(mixed.back_off[first])
        rest = sum(math.exp(p) for word, p in mixed.words.items() if word not in following)
        assert sum(following.values()) + back * rest == pytest.approx(1, abs=0.03)


def test_our_own_phrases_are_likelier_the_more_of_them_is_mixed_in() -> None:
    ours = [["stop"]] * 20
    little, much = (language.mixed(GENERAL, ours, share, 100) for share in (0.05, 0.6))
    assert much.words["stop"] > little.words["stop"]
    assert much.pairs[BEGIN, "stop"] > little.pairs.get((BEGIN, "stop"), -99)


def test_a_bigrams_text_keeps_to_known_words() -> None:
    bigrams = Bigrams({"yes": -0.5, "odd": -1.0, END: -2.0}, {"yes": -0.1}, {("yes", "yes"): -1.0, ("yes", END): -0.7})
    lines = graph.bigram_lines(bigrams, {"yes": 7})
    weight = graph.LANGUAGE
    assert f"2 2 7 7 {graph.FREE_WORD + weight * 1.0}" in lines
    assert f"2 {weight * 0.7}" in lines  # may end here, which costs no word
    assert f"2 1 0 0 {weight * 0.1}" in lines
    arcs = [line.split() for line in lines if len(line.split()) > 2]
    assert {fields[2] for fields in arcs} == {"0", "7"}


def test_without_openfst_the_graph_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="libfst-tools"):
        graph.build(YES_NO, TOLD_APART, Bigrams({}, {}, {}), tmp_path)
