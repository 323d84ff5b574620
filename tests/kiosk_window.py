"""The browser that the kiosk opens itself: a real Chromium without a window, and its page, for a test to touch."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.kiosk_house import House, children, command_of, until
from tests.kiosk_room import CHROMIUM, FLAGS


def no_window(folder: Path) -> dict[str, str]:
    """An environment in which the browser that is found first shows no window, and lets us look at its page."""
    folder.mkdir(exist_ok=True)
    browser = folder / "chromium"
    browser.write_text(f'#!/bin/sh\nexec {CHROMIUM} {" ".join(FLAGS)} --remote-debugging-port=0 "$@"\n')
    browser.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def browser_of(house: House) -> int:
    """Its first process; 0 where there is none."""
    found = [pid for pid in children(house.pid) if "--user-data-dir=" in command_of(pid)]
    return found[0] if found else 0


def profile_of(house: House) -> Path | None:
    """Where its profile lies; None where there is no browser."""
    found = re.search(r"--user-data-dir=(\S+)", command_of(browser_of(house)))
    return Path(found[1]) if found is not None else None


def _port(house: House) -> str:
    """Where it lets us look in; "" as long as it does not."""
    profile = profile_of(house)
    with contextlib.suppress(OSError):
        if profile is not None:
            port, _, rest = (profile / "DevToolsActivePort").read_text().partition("\n")
            return port if rest else ""
    return ""


def all_of(pid: int) -> list[int]:
    """A process, and all below it."""
    return [pid, *(below for child in children(pid) for below in all_of(child))]


@contextlib.contextmanager
def page_in(house: House) -> Iterator[Page]:
    """The page, as soon as it stands there."""
    until(lambda: _port(house) != "")
    with sync_playwright() as play:
        browser = play.chromium.connect_over_cdp(f"http://127.0.0.1:{_port(house)}")
        try:
            until(lambda: any(page.url.startswith("http://127.0.0.1") for c in browser.contexts for page in c.pages))
            (page,) = (page for context in browser.contexts for page in context.pages if "127.0.0.1" in page.url)
            page.wait_for_selector("#answers button")
            yield page
        finally:
            browser.close()
