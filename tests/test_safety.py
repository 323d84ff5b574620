"""Danger as people say it, and the ordinary talk that is none.

`safety_phrases.tsv` holds wordings by category, each with what is expected: danger (RED or AMBER), green, or ask (AMBER
or GREEN). Each part was written before the rules were made to fit it. The part `untouched` was never looked at while
making rules, so only its figures say what new wordings will meet; the other parts keep what was won.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from voice import patterns
from voice.content import load
from voice.safety import CALM, Light, Safety, rules_of
from voice.templates import TemplateError, Templates

ENGLISH = Path(__file__).parents[1] / "voice" / "content" / "en"
TABLE = Path(__file__).parents[2] / "shared" / "content" / "crisis_phrases.tsv"
PHRASES = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "safety_phrases.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
SEEN = ("tuned", "kept", "later", "later_tuned", "last")
FILLERS = ["um", "uh", "like", "oh god", "fucking", "just", "really", "you know", "please", "bloody", "well", "danny"]
SUBJECTS = ["she", "my son", "my friend", "mum", "our daughter", "my ex"]


def read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)


SAFETY = Safety({}, read(ENGLISH / "safety.yaml"))


def tuned(expected: str) -> list[str]:
    return [phrase for _, expect, _, part, phrase in PHRASES if expect == expected and part in SEEN]


def lights(parts: tuple[str, ...], expected: str, kind: str = "") -> Counter[Light]:
    return Counter(
        SAFETY.judge(phrase).light
        for _, expect, kind_, part, phrase in PHRASES
        if expect == expected and part in parts and kind_.startswith(kind)
    )


def share(found: Counter[Light], *wanted: Light) -> float:
    return sum(found[light] for light in wanted) / found.total()


def test_wordings_that_no_rule_was_made_for() -> None:
    """Floors, not aims: direct words are caught, stories that only hint at danger mostly are not yet."""
    part = ("untouched",)
    assert share(lights(part, "danger", "direct"), Light.RED, Light.AMBER) >= 0.9
    assert share(lights(part, "danger", "indirect"), Light.RED, Light.AMBER) >= 0.25
    assert share(lights(part, "green"), Light.RED) <= 0.2


def test_wordings_that_rules_were_made_for() -> None:
    assert share(lights(SEEN, "danger", "direct"), Light.RED) >= 0.97
    assert share(lights(SEEN, "danger"), Light.RED, Light.AMBER) >= 0.99
    assert share(lights(SEEN, "green"), Light.RED) <= 0.01
    assert share(lights(SEEN, "green"), Light.AMBER) <= 0.03
    assert lights(SEEN, "ask")[Light.RED] == 0


@pytest.mark.skipif(not TABLE.exists(), reason="the table of crisis phrases is not beside the checkout")
def test_the_table() -> None:
    wrong = []
    for row in TABLE.read_text("utf-8").splitlines()[1:]:
        category, must, kind, cell = row.split("\t")
        for phrase in variants(cell, kind):
            verdict = SAFETY.judge(phrase)
            if must == "+":
                good = verdict.light is Light.RED
            else:
                good = verdict.light is (Light.AMBER if "ask once" in cell else Light.GREEN)
            if not good:
                wrong.append((category, phrase, str(verdict.light), verdict.why))
    assert not wrong


def variants(cell: str, kind: str) -> list[str]:
    """The phrases of a table cell, without its notes in brackets; "a / b" gives both."""
    first, *others = cell.split(" (")[0].split(" / ")
    if kind != "misheard":
        return [first, *others]
    stem = " ".join(first.split()[:-2])
    return [first, *(f"{stem} {other}" for other in others)]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_whoever_it_is_about(subject: str) -> None:
    for phrase in tuned("danger"):
        if phrase.startswith(("he's ", "he ")) and SAFETY.judge(phrase).light is Light.RED:
            other = subject + phrase.removeprefix("he")
            assert SAFETY.judge(other).light is Light.RED, other


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(tuned("danger")), st.lists(st.tuples(st.sampled_from(FILLERS), st.integers(0, 20)), max_size=3))
def test_fillers_swearing_and_names_never_hide_danger(phrase: str, extra: list[tuple[str, int]]) -> None:
    red = SAFETY.judge(phrase).light is Light.RED
    words = phrase.split()
    for filler, place in extra:
        # a name is called out before or after; the others may stand anywhere
        words.insert(0 if filler == "danny" else place % (len(words) + 1), filler)
    if red:
        assert SAFETY.judge(" ".join(words)).light is not Light.GREEN, " ".join(words)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(tuned("danger")), st.integers(0, 20))
def test_stumbling_never_hides_danger(phrase: str, place: int) -> None:
    if SAFETY.judge(phrase).light is Light.RED:
        words = phrase.split()
        at = place % len(words)
        assert SAFETY.judge(" ".join([*words[: at + 1], *words[at:]])).light is not Light.GREEN


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(" ".join(tuned("danger")).split())).map(" ".join)))
def test_no_text_raises(text: str) -> None:
    assert SAFETY.judge(text).light in Light
    assert SAFETY.judge(text, answering=False).light in Light


@pytest.mark.parametrize(
    "text",
    [
        "i took my pills",
        "i'm fifteen weeks pregnant",
        "i'm eleven years sober",
        "about an eight",
        "he's not responding to my messages",
        "he doesn't want to live here",
        "my hands are shaking",
        "he pushed me away",
        "he's on the floor laughing",
        "no the kids are safe",
        "i don't know",
        "go on",
        "repeat that please",
        "worn out and scared",
    ],
)
def test_ordinary_answers_and_commands_are_no_danger(text: str) -> None:
    assert SAFETY.judge(text) == CALM


@pytest.mark.parametrize(
    "text",
    [
        "i collapsed on the sofa after work and i can't breathe",
        "he fell asleep on the sofa and he won't wake up",
        "he hit the bottle and then he hit me",
        "he felt cornered and he's got a knife",
        "he broke down the door",
        "he's not breathing normally",
        "he'll kill me if i tell anyone",
        "help me stop him he's hitting me",
        "i gave him the naloxone kit and nothing",
        "i want out of this life",
        "my ex has a gun",
        "call nine nine nine",
        "he's over those",
        "she's having a see sure",
        "he he won't w wake up",
        "his eyes are rolled back in his head",
    ],
)
def test_a_saying_hides_no_danger_beside_it(text: str) -> None:
    assert SAFETY.judge(text).light is Light.RED


def test_no_saying_swallows_the_danger_beside_it() -> None:
    data = read(ENGLISH / "safety.yaml")
    templates = Templates(data["rules"])
    for template in data["harmless"]:
        for saying in templates.phrases(template, most=3):
            for text in (
                f"he's not breathing and {saying}",
                f"{saying} and he's got a gun",
                f"{saying} and he wants to die",
            ):
                assert SAFETY.judge(text).light is Light.RED, text


@pytest.mark.parametrize("text", ["", " ", "[unk]", "[unk] [unk]", "...", "'", "um", "\0", "[[[", "_ __ ___ * #"])
def test_nothing_is_calm(text: str) -> None:
    assert SAFETY.judge(text) == CALM


def test_very_long_text_keeps_its_beginning_and_its_end() -> None:
    talk = "we talked about the weather " * 2000
    assert SAFETY.judge(talk).light is Light.GREEN
    assert SAFETY.judge(talk + " he won't wake up").light is Light.RED
    assert SAFETY.judge("he won't wake up " + talk).light is Light.RED


@pytest.mark.parametrize(
    ("text", "light", "card"),
    [
        ("emergency", Light.RED, "EMERGENCY"),
        ("help me", Light.RED, "EMERGENCY"),
        ("help", Light.GREEN, None),
        ("he died", Light.AMBER, "BEREAVED"),
        ("we lost him", Light.AMBER, "BEREAVED"),
        ("we lost touch", Light.GREEN, None),
        ("he's blue and he's hitting me", Light.RED, "OD"),
        ("she's having a fit and i want to die", Light.RED, "WDR"),
        ("help me he's overdosed", Light.RED, "OD"),
        ("i've overdosed", Light.RED, "OD_SELF"),
        ("i want to die", Light.RED, "SUI"),
        ("he wants to die", Light.RED, "SUI_LOVED"),
        ("i'm going to hit him", Light.RED, "VIO_OWN"),
        ("i'm eleven years old and my mum won't wake up", Light.RED, "CHILD_SPEAKING"),
        ("my son died and now i want to die", Light.RED, "SUI"),
        ("it was a failed intervention", Light.GREEN, None),
        ("it's killing me not knowing", Light.GREEN, None),
    ],
)
def test_which_card(text: str, light: Light, card: str | None) -> None:
    verdict = SAFETY.judge(text)
    assert (verdict.light, verdict.card) == (light, card), verdict.why


@pytest.mark.parametrize(
    ("past", "now"),
    [
        ("he overdosed years ago", "he overdosed years ago and now he's done it again"),
        ("he used to hit me", "he used to hit me and he's hitting me again"),
        ("nobody is hurt", "nobody is hurt but he has a gun"),
        ("he's never overdosed", "he's never overdosed before but he's not breathing"),
    ],
)
def test_past_and_reassurance_end_where_the_present_begins(past: str, now: str) -> None:
    assert SAFETY.judge(past).light is Light.GREEN
    assert SAFETY.judge(now).light is not Light.GREEN


def test_a_voice_that_nobody_asked_needs_direct_words_for_red() -> None:
    assert SAFETY.judge("he's giving his things away", answering=False).light is Light.AMBER
    assert SAFETY.judge("he's not breathing", answering=False).light is Light.RED
    assert SAFETY.judge("emergency", answering=False).light is Light.RED


def test_the_reason_never_holds_the_words() -> None:
    for phrase in tuned("danger"):
        if not (why := SAFETY.judge(phrase).why):
            continue
        assert why.split(".")[-1].replace("_", "").isalpha()
        assert why not in phrase


def test_every_card_that_is_named_exists() -> None:
    data = read(ENGLISH / "safety.yaml")
    named = {group["card"] for group in data["dangers"]} | {data["death"]["card"], data["child_speaking"]["card"]}
    assert named == set(read(ENGLISH / "cards.yaml"))


def test_broken_data_is_refused_at_once() -> None:
    data = read(ENGLISH / "safety.yaml")
    with pytest.raises(TemplateError):
        Safety({}, {**data, "harmless": ["(not closed"]})
    with pytest.raises(KeyError):
        Safety({}, {})


def test_its_patterns_were_read_since_it_was_changed() -> None:
    content, made = load(), dict[str, str]()
    rules = rules_of(content.rules, content.safety)
    Safety(content.rules, content.safety, made)
    assert content.patterns.read_text("utf-8") == patterns.text(rules, made), "run scripts/patterns"
    known = patterns.read(content.patterns, rules)
    assert known == made
    assert Safety(content.rules, content.safety, known).judge("he is not breathing").light is Light.RED


def test_patterns_that_are_of_no_use_cost_time_alone(tmp_path: Path) -> None:
    content = load()
    rules = rules_of(content.rules, content.safety)
    whole = content.patterns.read_bytes()
    assert patterns.read(content.patterns, {**rules, "one": "more"}) == {}
    assert patterns.read(tmp_path / "missing", rules) == {}
    for broken in (
        b"",
        b"\xff",
        whole[:-9],
        b"[]",
        b"{}",
        b'{"rules": 1}',
        whole.replace(b'"patterns": {', b'"patterns": {"a": '),
    ):
        (tmp_path / "broken").write_bytes(broken)
        assert patterns.read(tmp_path / "broken", rules) == {}
    some = dict(list(patterns.read(content.patterns, rules).items())[::7])
    assert Safety(content.rules, content.safety, some).judge("she took all her pills").light is Light.RED
