"""A bigger speech model, looked for and fetched beside a talk: no word waits for the network."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import VoiceError
from voice.fetching import Offer

_log = logging.getLogger("afterwards")


def _today() -> str:
    return datetime.now(UTC).astimezone().date().isoformat()


class Answers:
    """A small file with what was said to the offer: "yes" (it is still to come), "no", "done", or "later" and a day.

    A file that cannot be written means that it is asked again, and nothing worse.
    """

    def __init__(self, file: Path, today: Callable[[], str] = _today) -> None:
        self._file = file
        self._today = today

    def _read(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    @property
    def may_ask(self) -> bool:
        """It was never answered, and not asked today."""
        said = self._read()
        return said == "" or (said.startswith("later ") and said != f"later {self._today()}")

    @property
    def wanted(self) -> bool:
        """There was a yes, and what it was for has not come yet."""
        return self._read() == "yes"

    def keep(self, value: str) -> None:
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.write_text(f"later {self._today()}\n" if value == "later" else f"{value}\n", encoding="utf-8")


class ModelCourier:
    """What a session knows as its Courier. Looks when it is first asked for news: the first words are out by then."""

    def __init__(
        self, look: Callable[[], Offer | None], bring: Callable[[Offer], object], answers: Answers, *, unasked: bool
    ) -> None:
        """`look`: what could be fetched now, or None. `unasked`: there was a yes before, so it is gone on with."""
        self._look = look
        self._bring = bring
        self._answers = answers
        self._unasked = unasked
        self._begun = False
        self._found: Offer | None = None
        self._news = ""

    def offer(self) -> str:
        found = self._found
        return "" if found is None or self._unasked else str(round(found.bytes / 1_000_000))

    def answer(self, value: str) -> None:
        self._answers.keep(value)
        found, self._found = self._found, None
        if value == "yes" and found is not None:
            self._work(lambda: self._fetch(found))

    def news(self) -> str:
        if not self._begun:
            self._begun = True
            self._work(self._search)
        news, self._news = self._news, ""
        return news

    def retire(self) -> None:
        """Offers nothing more in this talk: the person chose another way to answer."""
        self._begun, self._found = True, None
        self._look = lambda: None

    def _work(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True, name="courier").start()

    def _search(self) -> None:
        look = self._look
        try:
            found = look()
        except Exception as error:  # whatever it is, there is nothing to offer; the talk does not need it
            _log.info("no bigger model: %s", _name(error))
            return
        if found is not None and self._unasked:
            self._fetch(found)
        elif self._look is look:  # not retired meanwhile
            self._found = found

    def _fetch(self, found: Offer) -> None:
        try:
            self._bring(found)
        except Exception as error:  # it would be lost with the thread
            _log.warning("bigger model not fetched: %s", _name(error))
            self._news = "ear.failed"
        else:
            self._answers.keep("done")
            self._news = "ear.here"


def _name(error: Exception) -> str:
    return error.code if isinstance(error, VoiceError) else type(error).__name__
