"""The plan and the chart as HTML in a real browser: what axe-core finds, what is seen, and that texts stay texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies

from tests.papers import AWKWARD, LINES, PLAN, WORDS, opened, texts
from voice.paper import Call, Plan, chart, page
from voice.paper.chart import Chart, Series
from voice.paper.plan import SIZES, plain

if TYPE_CHECKING:
    from playwright.sync_api import Page

POINTS = 96 / 72
"""Pixels of a browser in one point."""
STRICT = {"rules": {"color-contrast-enhanced": {"enabled": True}}}
SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart(
    "Your numbers and steps",
    ("These are your own answers, from zero to ten. Nothing is scored.",),
    ("28 September", "7 October", "3 November"),
    "Your numbers",
    (
        Series("How open they are", (2, None, 5), ("28 September 2026: 2.", "3 November 2026: 5.")),
        Series("How heavy it is", (7, 0, 5), ("28 September 2026: 7.", "7 October 2026: 0.", "3 November 2026: 5.")),
    ),
    "No numbers were kept yet.",
    "Your steps",
    ("28 September 2026: Rest.", "3 November 2026: One warm talk at a sober time, on Thursday morning."),
    (0, 2),
)
EMPTY = Chart(
    "Your numbers", ("Nothing is scored.",), (), "Your numbers", (), "No numbers yet.", "No steps yet", (), ()
)
AWKWARD_CHART = Chart(
    AWKWARD[1],
    AWKWARD[:2],
    ("1 May",) * len(AWKWARD),
    AWKWARD[3],
    (Series(AWKWARD[3], (5,) * len(AWKWARD), AWKWARD),),
    AWKWARD[3],
    AWKWARD[0],
    AWKWARD,
    tuple(range(len(AWKWARD))),
)


def violations(shown: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found: Any = Axe().run(shown, options=STRICT).response
    assert len(found["passes"]) > 10, "it has looked"
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("size", SIZES)
def test_the_plan_shuts_nobody_out(size: int) -> None:
    with opened(page.html(PLAN, WORDS, size)) as shown:
        assert violations(shown) == []
        assert shown.title() == "My plan"
        assert shown.get_attribute("html", "lang") == "en"
        assert [each.inner_text() for each in shown.locator("ol > li").all()] == [
            line.replace("116 123", "116\u00a0123") for line in LINES
        ]
        assert [each.inner_text() for each in shown.locator("h1, h2").all()] == ["My plan", "Numbers to call"]
        assert shown.locator("dd").all_inner_texts() == ["999", "116\u00a0123"]
        every = "[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        assert min(shown.evaluate(every)) >= size * POINTS - 0.1
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to move sideways for"


def test_what_axe_would_find() -> None:
    grey = page.html(PLAN, WORDS).replace("color: #111", "color: #777").replace(' lang="en"', "")
    with opened(grey) as shown:
        assert {each.split(":")[0] for each in violations(shown)} == {"color-contrast-enhanced", "html-has-lang"}


def test_on_paper_it_is_large_too() -> None:
    """Chromium prints it; the letters are as large as on the screen, and no line is lost."""
    import pypdfium2 as pdfium

    from tests.test_paper_pdf import in_order, sizes, text_of

    with opened(page.html(Plan("My plan", LINES * 3), WORDS, 18)) as shown:
        printed = pdfium.PdfDocument(shown.pdf(format="A4", prefer_css_page_size=True))
    in_order(list(LINES * 3), text_of(printed))
    assert min(sizes(printed)) >= 17.9


@pytest.mark.parametrize("drawn", [CHART, EMPTY, AWKWARD_CHART], ids=["two questions", "nothing", "awkward"])
def test_the_chart_shuts_nobody_out(drawn: Chart) -> None:
    with opened(chart.html(drawn)) as shown:
        assert violations(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        pictures = shown.get_by_role("img").all()
        assert len(pictures) == bool(drawn.series)
        for sentence in (each for series in drawn.series for each in series.told if plain(each)):
            assert plain(sentence) in " ".join(shown.locator("main").inner_text().replace("\u00a0", " ").split())


def test_the_browser_tells_the_picture_in_words() -> None:
    with opened(chart.html(CHART)) as shown:
        told = shown.locator("svg").aria_snapshot()
        assert "img" in told
        for sentence in (CHART.title, *CHART.sentences):
            assert sentence.rstrip(".") in told


def test_all_of_it_is_within_the_picture() -> None:
    for drawn in (CHART, AWKWARD_CHART):
        with opened(f"<style>body {{ margin: 0 }}</style>{chart.svg(drawn)}") as shown:
            outside = """() => { const all = document.querySelector('svg').getBoundingClientRect();
                return [...document.querySelectorAll('svg circle, svg path, svg text')].map(e => [e.outerHTML,
                e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.left < all.left - 1 || r.top < all.top - 1
                || r.bottom > all.bottom + 1)).map(([html]) => html) }"""
            assert shown.evaluate(outside) == []


@given(strategies.lists(texts, max_size=5), texts.filter(plain))
@example(list(AWKWARD), "</title><script>alert(1)</script>")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_text_stays_a_text(lines: list[str], title: str) -> None:
    plan = Plan(title, tuple(lines), calls=(Call("<b>A", "1"),))
    content = page.html(plan, WORDS)
    content.encode()
    tags = set(re.findall(r"<(/?\w+)", re.sub(r"<style>.*?</style>", "", content, flags=re.DOTALL)))
    assert {tag.lstrip("/") for tag in tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "p",
            "ol",
            "li",
            "bdi",
            "dl",
            "div",
            "dt",
            "dd",
        )
    }
    drawn = chart.svg(
        Chart(title, (title,), ("1 May",), title, (Series(title, (3,), (title,)),), title, title, (title,), (0,))
    )
    root = ElementTree.fromstring(drawn)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "path", "text", "circle")
    }
    assert plain(title) in str(root.findtext(f"{SVG}title")).replace("\u00a0", " ")


def test_awkward_texts_are_seen_as_they_are() -> None:
    plan = Plan("<script>alert(1)</script>", AWKWARD)
    with opened(page.html(plan, WORDS), width=400) as shown:
        assert shown.title() == "<script>alert(1)</script>"
        seen = [" ".join(each.replace("\u00a0", " ").split()) for each in shown.locator("li").all_text_contents()]
        assert seen == list(plan.lines)
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), "long words are broken"
        assert shown.locator("script").count() == 0
        assert violations(shown) == []


def test_nothing_is_fetched_or_run() -> None:
    for content in (page.html(PLAN, WORDS), chart.html(CHART), chart.svg(CHART)):
        without = content.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|<script|<link|@import|url\(|\son\w+=|src=|javascript:", without)
    with opened(page.html(PLAN, WORDS).replace("</body>", "<script>document.title = 'ran'</script></body>")) as shown:
        assert shown.title() == "My plan", "the page itself forbids it"


def test_the_marks_can_be_told_apart_without_colour() -> None:
    drawn = chart.svg(CHART)
    assert drawn.count("<circle") == 2 + 1, "with the one beside its name"
    assert len(re.findall(r'<rect[^>]*stroke="#111"', drawn)) == 3 + 1
    assert "stroke-dasharray" in drawn
    for fill, ink in chart._MARKS:
        assert contrast(fill, ink) >= 7
    for value in ("2", "5", "7", "0"):
        assert f">{value}</text>" in drawn


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        whole = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
