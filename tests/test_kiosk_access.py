"""Nobody is shut out of the kiosk's page: axe-core, contrast, size of letters and of what is touched, everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.kiosk_room import CHROMIUM, SIZES, chromium, kiosk, page_of, shoot
from tests.kiosk_screens import faults, screens

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
ZOOMED = tuple((width // 2, height // 2) for width, height in SIZES)
"""What a browser that zooms to 200 % makes of the sizes."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize(("letters", "dark"), [(24, False), (24, True), (48, True)])
@pytest.mark.parametrize("size", SIZES, ids=named)
def test_every_screen(browser: Browser, size: tuple[int, int], dark: bool, letters: int) -> None:
    """Letters of 48 points are text at 200 %."""
    wrong: list[str] = []
    with kiosk(letters=letters) as (room, server), page_of(browser, server, size, dark=dark) as page:
        for name in screens(room, page):
            shoot(page, f"{named(size)}-{'dark' if dark else 'light'}-{letters}-{name}")
            wrong += [f"{name}: {fault}" for fault in faults(page)]
    assert wrong == []


@pytest.mark.parametrize("size", ZOOMED, ids=named)
def test_nothing_is_lost_where_the_browser_zooms(browser: Browser, size: tuple[int, int]) -> None:
    wrong: list[str] = []
    with kiosk() as (room, server), page_of(browser, server, size) as page:
        for name in screens(room, page):
            shoot(page, f"zoomed-{named(size)}-{name}")
            wrong += [f"{name}: {fault}" for fault in faults(page, axe=False)]
    assert wrong == []


def test_the_checks_see_what_is_wrong(browser: Browser) -> None:
    """Each of them finds its fault where the page is made wrong."""
    with kiosk() as (_, server), page_of(browser, server) as page:
        assert faults(page) == []
        page.evaluate(
            """() => { const style = (id, name, value) => document.querySelector(id).style.setProperty(name, value);
            style('#title', 'color', '#8a8a8a'); style('#about', 'font-size', '20px');
            style('#repeat', 'min-height', '0'); style('#repeat', 'height', '30px');
            style('#help', 'position', 'fixed'); style('#help', 'left', '5000px');
            style('#stop', 'border-color', '#efebe2') }"""
        )
        found = faults(page)
        for what in ("color-contrast-enhanced", '44 px: <button id="repeat"', '24 pt: <p id="about"', "cut", "lost"):
            assert any(fault.startswith(what) for fault in found), what
        assert any(fault.startswith("contrast") and "title" in fault for fault in found)
        assert any(fault.startswith("contrast") and "stop" in fault for fault in found)
