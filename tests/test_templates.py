"""Templates: one notation, a pattern to understand with and phrases to hear with."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.templates import TemplateError, Templates, normalise, words_of

RULES = {"um": "(um|uh|well)", "who": "(he|she|they|my (son|mum))"}


@pytest.mark.parametrize(
    ("template", "yes", "no"),
    [
        ("stop", ["stop"], ["stopped", "don't stop", ""]),
        ("[<um>] stop[s] [now]", ["stop", "um stop", "well stops now"], ["stopnow", "umstop", "now stop"]),
        ("go on", ["go on"], ["goon", "go", "on go"]),
        ("(a;b) c", ["a b c", "b a c"], ["a c", "ab c"]),
        ("<who> left [the (room|house)]", ["my son left", "they left the house"], ["son left", "they left the"]),
    ],
)
def test_whole_utterances(template: str, yes: list[str], no: list[str]) -> None:
    pattern = Templates(RULES).whole([template])
    assert [text for text in yes if not pattern.match(text)] == []
    assert [text for text in no if pattern.match(text)] == []


def test_anywhere_keeps_to_word_borders() -> None:
    pattern = Templates(RULES).anywhere(["<who> won't wake up"])
    assert pattern.search("oh god my mum won't wake up now")
    assert not pattern.search("mother won't wake up")


def test_no_templates_match_nothing() -> None:
    assert not Templates().whole([]).match("")
    assert not Templates().anywhere([]).search("anything")


def test_every_phrase_is_understood_again() -> None:
    templates = Templates(RULES)
    template = "[<um>] (please;stop) [talking] [to me]"
    phrases = templates.phrases(template)
    assert len(phrases) > 20
    pattern = templates.whole([template])
    assert [phrase for phrase in phrases if not pattern.match(phrase)] == []


@pytest.mark.parametrize(
    ("template", "rules", "says"),
    [
        ("a (b", {}, "cannot be read"),
        ("<nobody> left", {}, "<nobody>, which does not exist"),
        ("{number} times", {}, "use a <rule> instead"),
        ("<a>", {"a": "<b>", "b": "<a>"}, "go in a circle"),
    ],
)
def test_broken_templates_say_which(template: str, rules: dict[str, str], says: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(says)):
        Templates(rules).pattern(template)


def test_normalising_writes_as_a_recogniser_does() -> None:
    assert normalise("He’s NOT waking-up; [unk]… ‘no’!") == "he's not waking up [unk] no"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "  " not in once


def test_words_of_phrases() -> None:
    assert words_of(["go on", "go back"]) == {"go", "on", "back"}
