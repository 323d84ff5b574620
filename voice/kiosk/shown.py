"""Sees to it that a browser shows the page: it can die, or live and show nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from voice.errors import KioskError

_log = logging.getLogger("afterwards")
_LONGEST = 900.0
_GONE = 30.0
"""Seconds between two tries at most, where the browser ends again and again; and where it shows nothing, above."""


class Shows(Protocol):
    """What shows the page."""

    @property
    def alive(self) -> bool: ...

    def open(self, address: str) -> None: ...

    def close(self) -> None: ...


class Shown:
    """One browser. It is opened on a thread of its own, since an old one may take its time to end."""

    def __init__(
        self,
        browser: Shows,
        entry: Callable[[], str],
        tell: Callable[[str], None],
        unseen: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`entry` gives an address that opens the page, once. `unseen`: seconds that it may show nothing."""
        self._browser, self._entry, self._tell = browser, entry, tell
        self._longest, self._clock = unseen, clock
        self._seen = clock()
        self._opens = 0
        """How often it was opened since a page was seen."""
        self._opener: threading.Thread | None = None

    def open(self) -> None:
        """Anew. Returns at once."""

        def work() -> None:
            try:
                self._browser.open(self._entry())
            except KioskError as error:
                _log.warning("trouble: %s", error.code)
                self._tell(f"{error.message} {error.remedy}")

        self._seen, self._opens = self._clock(), self._opens + 1
        self._opener = threading.Thread(target=work, name="browser", daemon=True)
        self._opener.start()

    def look(self, pages: int | None) -> None:
        """`pages`: how many are seen now; None where nobody could see one. Opens it anew where it is gone, or shows
        nothing; less and less often where that does not help."""
        if self._opener is not None and self._opener.is_alive():
            return
        now = self._clock()
        if pages is None:
            self._seen = now
        elif pages:
            self._seen, self._opens = now, 0
        unseen = now - self._seen
        gone = not self._browser.alive and unseen > min(_GONE, 2.0**self._opens / 2)
        if gone or unseen > min(_LONGEST, self._longest * 2.0 ** max(0, self._opens - 1)):
            self.open()

    def close(self) -> None:
        """For good."""
        if self._opener is not None:
            self._opener.join()
        self._browser.close()
