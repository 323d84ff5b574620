"""Serves the page on this computer's own address, and one WebSocket to each page, on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol

from voice.errors import KioskError
from voice.kiosk.ears import LONGEST_MESSAGE, RefusedError
from voice.kiosk.guard import Guard
from voice.kiosk.state import Board, Facts

HERE = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
MOST_CONNECTIONS = 64
MOST_PAGES = 4
"""Pages at a time. One more takes the place of the oldest, which may be a browser that is gone already."""
REQUEST_WITHIN = 5.0
"""Seconds that a connection may take to say what it wants."""
SLOW = 5.0
"""Seconds that a page may take to read; then it is let go, and comes back."""
EVERY = 3.0
"""Seconds after which a page is told at the latest that all is well."""
_RATE, _BURST = 20.0, 40.0
"""Messages a second, and at once, that a page may send."""
_START = 15.0


class _Bounded(H11Protocol):
    """So many connections and no more, and none that says nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > MOST_CONNECTIONS:
            self.transport.abort()
        else:
            self.loop.call_later(REQUEST_WITHIN, self._look)

    def _look(self) -> None:
        if self in self.connections and self.cycle is None:
            self.transport.abort()


class Server:
    """The page's server. `start` can be called again after it died: then on the same port."""

    def __init__(
        self,
        board: Board,
        receive: Callable[[str], None],
        facts: Facts,
        port: int = 0,
        entered: Callable[[str], None] = lambda key: None,
        *,
        listening: socket.socket | None = None,
        cookie: str = "",
        keys: Sequence[str] = (),
    ) -> None:
        """`receive` takes a page's message, or raises RefusedError. `port` 0: any free one. `entered` is told which key
        of an address was used. `listening`: a socket to serve instead of a port; it stays open. `cookie` and `keys`: of
        a server that was there before, so that its pages are let in again."""
        self._board, self._receive, self._facts = board, receive, facts
        self._files = {path.name: path.read_bytes() for path in sorted(HERE.iterdir()) if path.suffix in KINDS}
        routes = [
            Route("/", self._file("index.html")),
            Route("/facts.json", self._told),
            *(Route(f"/{name}", self._file(name)) for name in self._files),
            WebSocketRoute("/live", self._live),
        ]
        self._guard = Guard(Starlette(routes=routes), entered, cookie)
        for key in keys:
            self._guard.admit(key)
        self._listening = listening
        if listening is not None:
            self._guard.port = listening.getsockname()[1]  # somebody may be waiting there already
        self._port = port
        self._pages: list[WebSocket] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """It answers."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def origin(self) -> str:
        """Where the page is, such as http://127.0.0.1:41233."""
        return self._guard.origin

    @property
    def pages(self) -> int:
        """How many pages see it now."""
        return len(self._pages)

    def admit(self, key: str) -> None:
        """An address with this key opens the page too, once. From any thread."""
        self._guard.admit(key)

    def entry(self) -> str:
        """An address that opens the page, once."""
        return address_of(self.origin, self._guard.key())

    def start(self) -> None:
        """Returns when it answers. Raises KioskError where the port is taken."""
        config = uvicorn.Config(
            self._guard,
            host="127.0.0.1",
            port=self._port,
            loop="asyncio",
            http=_Bounded,
            ws="websockets-sansio",
            ws_max_size=LONGEST_MESSAGE,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=16 * 1024,
        )
        server = self._server = uvicorn.Server(config)
        sockets = [self._listening.dup()] if self._listening is not None else None
        self._thread = threading.Thread(target=_run, args=(server, sockets), name="kiosk", daemon=True)
        self._thread.start()
        until = time.monotonic() + _START
        while not server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        if not server.started:
            raise KioskError(
                "kiosk-port", "The kiosk's page can't be served.", "Another program may have the port: choose another."
            )
        self._port = self._guard.port = server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Lets all pages go. Safe to call twice."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(5)

    # ---- what is asked for

    def _file(self, name: str) -> Callable[[Request], Response]:
        body, kind = self._files[name], KINDS[Path(name).suffix]

        def give(request: Request) -> Response:
            return Response(body, media_type=kind)

        return give

    def _told(self, request: Request) -> Response:
        return Response(self._facts.as_json(), media_type="application/json")

    async def _live(self, page: WebSocket) -> None:
        await page.accept()
        while len(self._pages) >= MOST_PAGES:
            oldest = self._pages.pop(0)
            with contextlib.suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
                await asyncio.wait_for(oldest.close(1001), SLOW)
        self._pages.append(page)
        both = [asyncio.ensure_future(self._show(page)), asyncio.ensure_future(self._take(page))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*both, return_exceptions=True)
            if page in self._pages:
                self._pages.remove(page)
            with contextlib.suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
                await asyncio.wait_for(page.close(1008), SLOW)

    async def _show(self, page: WebSocket) -> None:
        """The newest picture, again whenever there is a newer one: whoever reads slowly misses those between."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(changed.set)

        end = self._board.watch(tell)
        try:
            while True:
                changed.clear()
                await asyncio.wait_for(page.send_text(self._board.as_json()), SLOW)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), EVERY)
        finally:
            end()

    async def _take(self, page: WebSocket) -> None:
        """Its messages, until it goes, or sends what no page of ours sends."""
        left, before = _BURST, time.monotonic()
        with contextlib.suppress(WebSocketDisconnect, RefusedError, KeyError):
            while True:
                message = await page.receive_text()
                now = time.monotonic()
                left, before = min(_BURST, left + (now - before) * _RATE) - 1, now
                if left < 0:
                    return
                self._receive(message)


def address_of(origin: str, key: str) -> str:
    """An address that opens the page, once."""
    return f"{origin}/?key={key}"


def _run(server: uvicorn.Server, sockets: list[socket.socket] | None) -> None:
    with contextlib.suppress(SystemExit):  # uvicorn's way to say that the port is taken
        server.run(sockets)
