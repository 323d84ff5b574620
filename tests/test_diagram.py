"""The drawing of a walkthrough: made from the machine that walks it, and the README's picture is the one of today."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from voice.content import load
from voice.dialogue.diagram import mermaid, svg
from voice.walkthrough import Walkthrough

PICTURE = Path(__file__).parent / "pictures" / "walkthrough.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def family() -> Walkthrough:
    return load().walkthroughs["family"]


def test_every_step_stands_in_both_drawings(family: Walkthrough) -> None:
    drawing = mermaid(family)
    texts = {text.text for text in ElementTree.fromstring(svg(family)).iter(f"{SVG}text")}
    for step in family.steps:
        assert f'state "{step}" as {step}' in drawing
        assert step.replace("_", " ") in texts


def test_conditions_of_the_content_stand_at_the_ways(family: Walkthrough) -> None:
    drawing = mermaid(family)
    assert "Y1 --> Y1a" in drawing
    assert "scared" in drawing.split("Y1 --> Y1a")[1].splitlines()[0]
    assert "W2 --> W8" in drawing  # the short path passes the rest of the part over


def test_the_picture_in_the_readme_is_the_walk_of_today(family: Walkthrough) -> None:
    assert PICTURE.read_text("utf-8") == svg(family), "the walk has changed: run scripts/draw"
