"""A kiosk's room in a process of its own, for one person: everything is loaded first, then it waits for its turn."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import voice
from voice import parts
from voice.errors import VoiceError
from voice.parts_kiosk import Room
from voice.parts_lines import KnownLines
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.kiosk.wire import Beat
    from voice.speech.recogniser import SpeechModel

_SEEN = 0.3
"""Seconds that the page gets to show that all is cleared, before this process is gone."""


def command(arguments: list[str]) -> list[str]:
    """What starts this program again, with these arguments."""
    # Not from the folder that we happen to be in: another "voice" could lie there.
    start = f"import sys; sys.path.insert(0, {str(Path(voice.__file__).parents[1])!r}); "
    return [sys.executable, "-P", "-c", f"{start}from voice.cli import main; main()", *arguments]


def be_a_room(
    fds: tuple[int, int],
    chosen: Settings,
    known: KnownLines,
    *,
    model: str | None = None,
    silent: bool = False,
    touch_only: bool = False,
    set_up: Mapping[str, Any],
) -> None:
    """One room for one person. `fds`: its wire and its page's socket, which this process was born with. `set_up`: what
    else Room takes. Ends the process."""
    from voice.kiosk.heart import born_with, keep_no_dump
    from voice.kiosk.keeper import Keeper
    from voice.kiosk.server import Server
    from voice.kiosk.state import STANDBY
    from voice.kiosk.wire import Beat

    keep_no_dump()
    heart, listening = born_with(fds)
    start = heart.started()
    speaks, hears = start.voice and not silent, start.voice and not touch_only
    talking = parts.Talking(known=known)
    loading = _Loading(chosen, model) if hears else None
    _load(talking, loading, heart.loaded)
    news = heart.goes()
    own = parts.Own()
    mouth = parts.mouth(chosen, early=True, own=own, keeps=False) if speaks else None
    hearing = parts.voice_ears(chosen, model, own, loading.result) if loading is not None else None
    room = Room(chosen, known, mouth=mouth, hearing=hearing, talking=talking, news=news, **set_up)
    server = Server(
        room.board,
        room.ears.receive,
        room.facts,
        entered=heart.entered,
        listening=listening,
        cookie=start.cookie,
        keys=start.keys,
    )
    heart.admit(server.admit)
    server.start()
    Keeper(server, server.start).start()

    def look() -> Beat:
        state = room.board.state
        whole = state.voice >= speaks and state.hears >= hears
        return Beat(room.board.hangs, server.alive, state.phase != STANDBY, whole, server.pages)

    def leave() -> None:
        if room.board.state.phase == STANDBY:
            room.end()

    heart.leave = leave
    heart.beat(look)
    room.run(once=True)
    time.sleep(_SEEN)
    heart.left()
    os._exit(0)  # at once: nothing of it is to be kept, and no library can hold it up


class _Loading:
    """The speech model, loaded on a thread of its own."""

    def __init__(self, chosen: Settings, flag: str | None) -> None:
        self._chosen, self._flag = chosen, flag
        self._model: Future[SpeechModel] = Future()
        self._warnings: list[VoiceError] = []

    def work(self) -> None:
        try:
            self._model.set_result(parts.load_model(self._chosen, self._flag, self._warnings.append))
        except BaseException as error:  # for whoever waits for it
            self._model.set_exception(error)

    def result(self, warn: Callable[[VoiceError], None]) -> SpeechModel:
        """Waits for it; `warn` is told of those that were passed over. Raises ModelError."""
        model = self._model.result()
        for error in self._warnings:
            warn(error)
        return model


def _load(talking: parts.Talking, loading: _Loading | None, loaded: Callable[[], None]) -> None:
    """What takes time, while nobody waits for it."""

    def work() -> None:
        if loading is not None:
            loading.work()
        talking.safety.judge("hello")
        loaded()

    talking.safety.begin()
    threading.Thread(target=work, name="loading", daemon=True).start()
