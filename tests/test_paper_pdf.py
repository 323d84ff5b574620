"""The plan as a PDF: read back from its text layer and its tags, and looked at as a picture."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Iterator

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies

from tests.papers import AWKWARD, LINES, PLAN, WORDS, squeezed, texts
from voice.errors import PaperError
from voice.paper import Call, Plan, Wording
from voice.paper.pdf import pdf
from voice.paper.plan import SIZES, plain

LARGE = 18.0
LETTERS = ctypes.c_ushort * 200


def read(content: bytes) -> pdfium.PdfDocument:
    return pdfium.PdfDocument(content)


def text_of(document: pdfium.PdfDocument) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def sizes(document: pdfium.PdfDocument) -> Iterator[float]:
    """Points of every letter, as it stands on the paper."""
    for page in document:
        letters = page.get_textpage()
        for place in range(letters.count_chars()):
            if chr(raw.FPDFText_GetUnicode(letters, place)).isspace():
                continue
            turned = raw.FS_MATRIX()
            assert raw.FPDFText_GetMatrix(letters, place, turned)
            yield raw.FPDFText_GetFontSize(letters, place) * math.hypot(turned.c, turned.d)


def tags(document: pdfium.PdfDocument) -> list[str]:
    """The kinds of the elements of the structure tree, in reading order."""
    found: list[str] = []

    def walk(element: object) -> None:
        kind = LETTERS()
        if raw.FPDF_StructElement_GetType(element, kind, ctypes.sizeof(kind)) > 2:
            found.append("".join(map(chr, kind)).split("\0")[0])
        for child in range(max(0, raw.FPDF_StructElement_CountChildren(element))):
            if below := raw.FPDF_StructElement_GetChildAtIndex(element, child):
                walk(below)

    for page in document:
        tree = raw.FPDF_StructTree_GetForPage(page)
        for child in range(raw.FPDF_StructTree_CountChildren(tree)):
            walk(raw.FPDF_StructTree_GetChildAtIndex(tree, child))
        raw.FPDF_StructTree_Close(tree)
    return found


def in_order(wanted: list[str], text: str) -> None:
    place = 0
    whole = squeezed(text)
    for each in wanted:
        found = whole.find(squeezed(each), place)
        assert found >= 0, f"{each!r} is not there, or not in its place"
        place = found + len(squeezed(each))


@pytest.mark.parametrize("installed", [True, False], ids=["fonts of this computer", "fonts of the library"])
@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("size", SIZES)
def test_every_line_is_there_large_and_in_order(size: int, paper: str, installed: bool) -> None:
    document = read(pdf(PLAN, WORDS, size, paper, installed))
    text = text_of(document)
    in_order([PLAN.title, PLAN.made, *LINES, WORDS.calls, "Emergency", "999", "Samaritans", "116 123"], text)
    found = list(sizes(document))
    assert len(found) > 200
    assert min(found) >= LARGE - 0.01
    body = [each for each in found if each < size * 1.1]
    assert len(body) > len(found) / 2
    assert max(body) == pytest.approx(size)
    width, height = document[0].get_size()
    assert (round(width), round(height)) == {"a4": (595, 842), "letter": (612, 792)}[paper]
    assert text.count("\ufffd") == 0


def test_more_than_one_page_is_numbered() -> None:
    document = read(pdf(Plan("My plan", LINES * 4), WORDS, 32))
    assert len(document) > 3
    for number, page in enumerate(document, 1):
        assert f"Page {number} of {len(document)}" in page.get_textpage().get_text_range()
    assert min(sizes(document)) >= LARGE - 0.01
    in_order(list(LINES * 4), text_of(document).replace(f" of {len(document)}", ""))
    assert "Page" not in text_of(read(pdf(PLAN, WORDS, 18)))


def test_it_is_tagged_for_screen_readers() -> None:
    content = pdf(PLAN, WORDS)
    document = read(content)
    assert raw.FPDFCatalog_IsTagged(document)
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"/DisplayDocTitle true"):
        assert mark in content
    assert b"pdfuaid:part>1<" in content or b'pdfuaid:part="1"' in content
    assert document.get_metadata_value("Title") == "My plan"
    assert document.get_metadata_value("Author") == ""
    kinds = tags(document)
    assert [kind for kind in kinds if kind.startswith("H")] == ["H1", "H2"]
    assert kinds.count("L") == 2
    assert kinds.count("LI") == len(LINES) + len(PLAN.calls)


def test_the_language_is_that_of_the_words() -> None:
    content = pdf(PLAN, Wording(WORDS.calls, WORDS.page, "fr"))
    assert b"/Lang(fr" in content.replace(b" (", b"(")


def test_its_picture_is_dark_on_light_with_margins() -> None:
    page = read(pdf(PLAN, WORDS, 24))[0]
    picture = page.render(scale=2).to_numpy()[:, :, :3].astype(np.float64)
    brightness = picture @ [0.0722, 0.7152, 0.2126]
    assert np.median(brightness) > 254
    inked = brightness < 128
    assert 0.01 < inked.mean() < 0.2
    assert brightness.min() < 10, "black, so that the contrast is 19:1 and more"
    assert np.ptp(picture, axis=2).max() <= 2, "no colour carries anything"
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    for first, last, length in (
        (rows[0], rows[-1], inked.shape[0]),
        (columns[0], columns[-1], inked.shape[1]),
    ):
        assert first > 2 * 45, "no printer cuts anything off"
        assert length - last > 2 * 45


@given(strategies.lists(texts, max_size=5), texts.filter(plain), strategies.sampled_from(SIZES))
@example(list(AWKWARD), "#panic()", 18)
@example(["12 34 " * 40, "0808 808 8000 " * 9, "+1 (800) 273-8255"], "12 34 " * 40, 32)
@example(["W" * 23, "WWWWWWWW " * 9], "W" * 23, 32)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_is_ever_code(lines: list[str], title: str, size: int) -> None:
    plan = Plan(title, tuple(lines))
    document = read(pdf(plan, WORDS, size))
    assert min(sizes(document), default=LARGE) >= LARGE - 0.01
    for each in document:  # all stands within the page
        width, height = each.get_size()
        for found in each.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            left, bottom, right, top = found.get_bounds()
            assert -1 <= left <= right <= width + 1
            assert -1 <= bottom <= top <= height + 1
    text = text_of(document)
    if len(document) > 1:
        for number in range(1, len(document) + 1):
            text = text.replace(f"Page {number} of {len(document)}", "")
    for line in plan.lines:
        if all(unicodedata.bidirectional(c) not in ("R", "AL", "AN") for c in line) and line.isascii():
            assert squeezed(line) in squeezed(text)


def test_a_line_in_another_direction_is_there() -> None:
    text = squeezed(text_of(read(pdf(Plan("My plan", ("שלום",)), WORDS, installed=False))))
    assert "שלום" in text or "שלום" in text[::-1], "a reader may tell it as it is written, or as it is seen"


def test_a_picture_that_no_font_has_is_told_in_words() -> None:
    text = text_of(read(pdf(Plan("My plan", ("Smile 😀 now",)), WORDS, installed=False)))
    assert "Smile (grinning face) now" in " ".join(text.split())


def test_a_letter_that_no_font_has_is_said() -> None:
    with pytest.raises(PaperError) as caught:
        pdf(Plan("My plan", ("中文",)), WORDS, installed=False)
    assert caught.value.code == "paper-no-font"
    assert "--format html" in caught.value.remedy


def test_the_same_plan_gives_the_same_file() -> None:
    """Nothing tells when or by whom it was made."""
    assert pdf(PLAN, WORDS) == pdf(PLAN, WORDS)


def test_numbers_are_not_torn() -> None:
    plan = Plan("My plan", tuple(f"{'x' * n} call 07700 900 123 now" for n in range(1, 24)), calls=(Call("A", "1 2"),))
    text = text_of(read(pdf(plan, WORDS, 32)))
    rows = [" ".join(row.split()) for row in text.splitlines()]
    assert sum("07700 900 123" in row for row in rows) == 23
