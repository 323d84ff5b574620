"""Cards that a frightened person can follow (SPEC 4.4), and what no card may say (SPEC 3.12)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from voice.templates import Templates, normalise

CARDS: dict[str, Any] = yaml.load(
    (Path(__file__).parents[1] / "voice" / "content" / "en" / "cards.yaml").read_text("utf-8"), Loader=yaml.BaseLoader
)
CRISES = sorted(set(CARDS) - {"BEREAVED"})
PURPOSES = ("crisis", "family", "violence", "child")
NEVER = (
    r"addict\w*|junkie|alcoholic|users?|abuser|clean|dirty|habit|fail\w*|you should|if only|you caused|enabl\w+"
    r"|codependent|denial|manipulative|it will get better|guaranteed|you saved|depression|psychosis|dose|taper"
    r"|safe amount|tough love|rock bottom|cut them off|kick them out|ultimatum|commit\w* suicide|attempt"
    r"|attention.seeking|confidential|i won't tell|i've called|i have called|help is coming|help is on"
    r"|on (its|their|the) way|i understand"
    r"|i care|calm down|don't cry|at least|why did|think of your family|rope|razor"
)


def ways(card: str) -> list[list[str]]:
    """The lines of a card, with and without each help line that it may name."""
    named = {p for line in CARDS[card]["lines"] if isinstance(line, dict) for p in line["when"].values()}
    found = []
    for known in itertools.chain.from_iterable(itertools.combinations(sorted(named), n) for n in range(len(named) + 1)):
        lines = []
        for line in CARDS[card]["lines"]:
            if isinstance(line, str):
                lines.append(line)
            elif holds(line["when"], known):
                lines.append(line["text"])
        found.append(lines)
    return found


def holds(when: dict[str, str], known: tuple[str, ...]) -> bool:
    return when["line"] in known if "line" in when else when["no_line"] not in known


def grade(text: str) -> float:
    """Flesch-Kincaid grade; syllables are groups of vowels, a silent e at the end left out."""
    words = re.findall(r"[a-z']+", text.lower())
    sounds = sum(
        max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<![aeiouyl])e\b|(?<=[^td])ed\b", "", word)))) for word in words
    )
    return 0.39 * len(words) / len(re.findall(r"[.?!:]", text)) + 11.8 * sounds / len(words) - 15.59


@pytest.mark.parametrize("card", sorted(CARDS))
def test_short_and_plain(card: str) -> None:
    for lines in ways(card):
        assert 4 <= len(lines) <= 6
        for line in lines:
            assert len(line.split()) <= 10, line
            assert re.search(r"[.?!]$|^\$silent_call$", line), line
        assert grade(" ".join(lines).replace("$emergency", "nine").replace("_line", "")) <= 4
    assert CARDS[card]["title"]
    assert len(CARDS[card]["title"].split()) <= 5


@pytest.mark.parametrize("card", CRISES)
def test_number_first_and_who_calls(card: str) -> None:
    for lines in ways(card):
        assert re.match(r"Call \$emergency( now)?\. \$emergency_again ", lines[0]), "twice to the ear"
        assert "i can't call" in " ".join(lines).lower()


@pytest.mark.parametrize("card", sorted(CARDS))
def test_words_that_no_card_says(card: str) -> None:
    for lines in ways(card):
        assert not (said := re.search(rf"\b({NEVER})\b", " ".join([CARDS[card]["title"], *lines]).lower())), said


def test_the_check_for_words_can_fail() -> None:
    assert re.search(rf"\b({NEVER})\b", "stay there, help is coming")
    assert grade("Immediately contact emergency authorities regarding unconsciousness.") > 4


@pytest.mark.parametrize("card", sorted(CARDS))
def test_a_help_line_is_named_only_where_it_is_known_and_has_a_sibling(card: str) -> None:
    lines = CARDS[card]["lines"]
    for line in lines:
        text, when = (line, {}) if isinstance(line, str) else (line["text"], line["when"])
        for value in re.findall(r"\$(\w+)", text):
            assert value in ("emergency", "emergency_again") or when == {"line": value.removesuffix("_line")}
        if "line" in when:
            assert {"no_line": when["line"]} in [other["when"] for other in lines if isinstance(other, dict)]
    assert CARDS[card]["afterwards"] in (*PURPOSES, "none")


def test_the_quiet_card_gives_nothing_away() -> None:
    card = CARDS["VIO"]
    assert card["quiet"] == "yes"
    assert not re.search(r"violen|danger|crisis|hurt|safe", card["title"].lower())
    assert any("stop" in str(line).lower() for line in card["lines"])
    assert [name for name, other in CARDS.items() if other.get("quiet") == "yes"] == ["VIO"]


def test_bereaved_is_no_list_of_things_to_do() -> None:
    first = CARDS["BEREAVED"]["lines"][0]
    assert "sorry" in first.lower()
    assert "$emergency" not in first


def test_choices_lead_to_cards_by_key_and_by_word() -> None:
    choices = CARDS["EMERGENCY"]["choices"]
    assert len(choices) == 6
    templates = Templates({})
    heard: dict[str, str] = {}
    for name, choice in choices.items():
        assert choice["card"] in CARDS
        assert len(choice["label"].split()) <= 4
        for template in choice["hear"]:
            for phrase in templates.phrases(template):
                assert heard.setdefault(phrase, name) == name, phrase
        assert any(re.search(templates.whole([t]), normalise(choice["label"])) for t in choice["hear"])


def test_the_first_six_cards_are_complete() -> None:
    wanted = "EMERGENCY OD OD_SELF SUI SUI_LOVED VIO VIO_OWN CHI CHILD_SPEAKING WDR MED BEREAVED"
    assert list(CARDS) == wanted.split()
