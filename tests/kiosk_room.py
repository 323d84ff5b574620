"""A kiosk's room for tests: its page is really served, its session really runs, and a real Chromium can look at it."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from playwright.sync_api import Browser, Page, sync_playwright

from voice.kiosk.server import Server
from voice.parts_kiosk import Room
from voice.parts_lines import known_lines
from voice.settings import Settings

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = ((1920, 1080), (1280, 800), (800, 480))
PATIENCE = 15.0


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits for it, and fails where it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@contextlib.contextmanager
def kiosk(
    *, speed: float = 1.0, switch: tuple[str, ...] = (), letters: int = 24, country: str = "US"
) -> Iterator[tuple[Room, Server]]:
    """A room without a voice, whose clock runs `speed` times as fast."""
    chosen = replace(Settings(), country=country)
    room = Room(
        chosen,
        known_lines(chosen.lines_file),
        mouth=None,
        hearing=None,
        letters=letters,
        switch=switch,
        clock=lambda: time.monotonic() * speed,
    )
    with room.page() as server:
        thread = threading.Thread(target=room.run, daemon=True)
        thread.start()
        try:
            yield room, server
        finally:
            room.end()
            thread.join(10)
            assert not thread.is_alive()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A real one, without a window."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(
    browser: Browser,
    server: Server,
    size: tuple[int, int] = (1280, 800),
    *,
    dark: bool = False,
    touch: bool = False,
    quiet: bool = True,
) -> Iterator[Page]:
    """The kiosk's page in it. Fails where the page itself had an error, if it is to be `quiet`."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        has_touch=touch,
        reduced_motion="reduce",
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    try:
        page.goto(server.entry())
        page.wait_for_selector("#answers button")
        yield page
        assert not (quiet and errors), errors
    finally:
        context.close()


def shoot(page: Page, name: str) -> None:
    """A picture, where KIOSK_SHOTS names a folder for them."""
    if folder := os.environ.get("KIOSK_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")
