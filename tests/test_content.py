"""Loading the language: what is there, and what is said about a fault in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from voice.content import HERE, load
from voice.content_check import LINE_VALUES, OWN_VALUES, PAPER_VALUES, values_of
from voice.errors import ContentError

CONTENT = load()
Edit = Callable[[str, Callable[[str], str]], ContentError]


@pytest.fixture
def broken(tmp_path: Path) -> Edit:
    """Changes one file of a copy of the language; gives the error that loading it raises."""
    folder = tmp_path / "content"
    shutil.copytree(HERE, folder)

    def edit(name: str, change: Callable[[str], str]) -> ContentError:
        path = folder / "en" / name
        text = path.read_text("utf-8")
        changed = change(text)
        assert changed != text, "the test changes something"
        path.write_text(changed, "utf-8")
        with pytest.raises(ContentError) as caught:
            load(folder)
        assert caught.value.message.endswith(".")
        assert caught.value.remedy.endswith(".")
        return caught.value

    return edit


def test_the_family_walk_is_there_with_all_its_sections() -> None:
    walk = CONTENT.walkthroughs["family"]
    assert [*walk.sections] == ["H", "W", "L", "Y", "X", "B", "P"] or set("HWLYXBP") <= set(walk.sections)
    for section in walk.sections.values():
        assert section.name


def test_words_that_yaml_would_take_for_something_else_stay_words() -> None:
    assert "yes" in CONTENT.answers
    assert "no" in CONTENT.answers
    assert all(isinstance(key, str) for key in (*CONTENT.answers, *CONTENT.numbers))


def test_every_text_can_be_filled() -> None:
    steps = {step for walk in CONTENT.walkthroughs.values() for step in walk.steps}
    known = dict.fromkeys((*LINE_VALUES, *OWN_VALUES, *PAPER_VALUES, *steps), "x")
    for key in CONTENT.texts:
        assert "$" not in CONTENT.fill(key, known)


def test_a_missing_value_is_an_error_and_never_half_a_sentence() -> None:
    key = next(key for key, text in CONTENT.texts.items() if values_of(text))
    with pytest.raises(ContentError, match="cannot be said"):
        CONTENT.fill(key, {})


def test_a_key_that_stands_twice(broken: Edit) -> None:
    error = broken("prompts.yaml", lambda text: text + '\nstopped: "Okay then."\n')
    assert "prompts.yaml" in error.message
    assert "'stopped' stands twice" in error.message
    assert "line" in error.message


def test_an_unknown_part_of_a_command(broken: Edit) -> None:
    error = broken(
        "intents.yaml", lambda text: text.replace("    label: Stop\n", "    label: Stop\n    colour: red\n", 1)
    )
    assert "intents.yaml" in error.message
    assert "commands.stop" in error.message
    assert "colour" in error.message
    assert "hear" in error.remedy, "what is known"


def test_a_template_that_cannot_be_read(broken: Edit) -> None:
    error = broken("intents.yaml", lambda text: text.replace("      - stop now\n", '      - "stop (now"\n', 1))
    assert "'commands.stop'" in error.message


def test_a_rule_that_does_not_exist(broken: Edit) -> None:
    error = broken("intents.yaml", lambda text: text.replace("      - stop now\n", '      - "<nobody> stop"\n', 1))
    assert "commands.stop" in error.message
    assert "nobody" in error.message


def test_a_value_that_nobody_knows(broken: Edit) -> None:
    error = broken("prompts.yaml", lambda text: text.replace('stopped: "Okay."', 'stopped: "Okay, $nobody."', 1))
    assert "stopped" in error.message
    assert "nobody" in error.message
    assert "family_line" in error.remedy, "what can be used"


def test_a_lone_dollar_sign(broken: Edit) -> None:
    error = broken("prompts.yaml", lambda text: text.replace('stopped: "Okay."', 'stopped: "That is 5 $ now."', 1))
    assert "a lone $ sign" in error.message


def test_a_text_that_is_missing(broken: Edit) -> None:
    error = broken("prompts.yaml", lambda text: text.replace('stopped: "Okay."', 'stopped: "  "', 1))
    assert "stopped" in error.message


def test_what_paper_must_have(broken: Edit) -> None:
    error = broken("paper.yaml", lambda text: text.replace("paper.title:", "paper.titel:"))
    assert "paper.yaml, 'paper.title' is missing" in error.message


def test_a_line_on_paper_that_does_not_say_all(broken: Edit) -> None:
    error = broken("paper.yaml", lambda text: text.replace("Page $number of $count", "Page $number"))
    assert "'paper.page'" in error.message
    assert "$count" in error.remedy


def test_a_value_that_paper_does_not_know(broken: Edit) -> None:
    error = broken("paper.yaml", lambda text: text.replace("Made on $day.", "Made on $day, call $emergency."))
    assert "paper.made" in error.message
    assert "emergency" in error.message
    assert "$" not in error.remedy
    assert "month" in error.remedy


def test_a_month_that_is_missing(broken: Edit) -> None:
    error = broken("paper.yaml", lambda text: text.replace(", December]", "]"))
    assert "'paper.months'" in error.message
