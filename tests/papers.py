"""Plans to make pages of, awkward texts, and a browser to look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies

from voice.paper import Call, Plan, Wording

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINES = (
    "In danger, call 999 first. Keep the naloxone near.",
    "I can be warmer next time.",
    "I love you. I'm here.",
    "Find an interventionist and ask questions, on Thursday morning.",
    "Today I eat, rest, and tell one friend.",
    "I can call Samaritans 116 123.",
)
PLAN = Plan("My plan", LINES, "Made on 27 November 2026.", (Call("Emergency", "999"), Call("Samaritans", "116 123")))
WORDS = Wording("Numbers to call", "Page $number of $count")
AWKWARD = (
    """He said "no", and I said 'all right'. \\ / `so`""",
    "#panic() #set text(size: 1pt) $x^2$ *bold* _it_ @ref <label> // gone /* gone */",
    '#read("/etc/passwd") #eval("1") #import "@preview/x:1.0.0"',
    "<script>alert(1)</script> <img src=x onerror=alert(1)> &amp; </style> ]]> -->",
    '=HYPERLINK("http://example.org";"x")',
    "+1-800-662-4357",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-- a list, and more",
    "one\ntwo\r\nthree\tfour\x00\x07five\u2028six",
    "\u202eback to front\u202c",
    "\ud800 half a character",
    "שלום, and مرحبا بك",
    "Walk ❤ and smile 😀",
    "1. not a second list",
    "x" * 400,
    "12 34 " * 40,
    "so many words " * 60,
    "",
)
texts = strategies.one_of(
    strategies.sampled_from(AWKWARD),
    strategies.text(alphabet=strategies.characters(min_codepoint=0, max_codepoint=0x24F), max_size=80),
    strategies.text(alphabet="#$*_`@<>=+-\"'\\/[](){}&;,|%\r\n\t ab1", max_size=40),
)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where the system has it; skips the test where it has none."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed here: scripts/setup --tests brings it")
    return found


@contextmanager
def opened(content: str, width: int = 800, height: int = 480) -> Iterator[Page]:
    """The page in a real browser that is off the network. Everything that it would fetch or run fails the test."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
            page.on("pageerror", lambda error: asked.append(f"error {error}"))
            page.set_content(content)
            yield page
            assert asked == []
        finally:
            browser.close()


def squeezed(text: str) -> str:
    """A text without any white space and marks that take no room, as a comparison across line breaks wants it."""
    return "".join(c for c in "".join(text.split()) if c not in "\u200b\ufeff\ufffe\xad\x02")
