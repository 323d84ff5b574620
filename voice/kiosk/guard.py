"""Who may ask the kiosk's server for anything: this computer's own page, opened by whoever started the program.

Another page in the same browser, another host name that leads here, another program on this computer: all are refused,
since none of them has the key that the address held once, or the cookie that came in its place.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_KEYS = 8
"""Addresses that were given out and not yet used; the oldest are forgotten."""
_FROM_HERE = ("same-origin", "none")


def secret() -> str:
    """What nobody can guess."""
    return secrets.token_urlsafe(32)


class Guard:
    """Stands before the app, and puts the same headers on every answer."""

    def __init__(self, app: ASGIApp, entered: Callable[[str], None] = lambda key: None, cookie: str = "") -> None:
        """`entered` is told which key was used. `cookie`: what a page that was let in brings; "" for a new one."""
        self._app = app
        self._entered = entered
        self._cookie = cookie or secret()
        self._keys: list[str] = []
        self._lock = threading.Lock()
        self.port = 0
        """Nobody is let in before it is known."""

    def key(self) -> str:
        """A key for an address: good once."""
        key = secret()
        self.admit(key)
        return key

    def admit(self, key: str) -> None:
        """This one is good too, once. From any thread."""
        with self._lock:
            self._keys = [*self._keys, key][-MOST_KEYS:]

    @property
    def origin(self) -> str:
        """Where the page is."""
        return f"http://{self._host}"

    @property
    def _host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _name(self) -> str:
        return f"afterwards-{self.port}"  # cookies do not know ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if self._is_from_here(scope, origin_needed=True) and self._has_cookie(scope):
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            return
        if not self._is_from_here(scope, origin_needed=False):
            await self._answer(send, 403)
        elif key := self._used_key(scope):
            cookie = f"{self._name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"
            await self._answer(send, 303, ("location", "/"), ("set-cookie", cookie))
            self._entered(key)
        elif self._has_cookie(scope):
            await self._app(scope, receive, self._with_headers(send))
        else:
            await self._answer(send, 403)

    # ---- what is asked of a request

    def _is_from_here(self, scope: Scope, *, origin_needed: bool) -> bool:
        origins = _all(scope, b"origin")
        sites = _all(scope, b"sec-fetch-site")
        return (
            self.port != 0
            and _all(scope, b"host") == [self._host]
            and (origins == [self.origin] or (not origins and not origin_needed))
            and all(site in _FROM_HERE for site in sites)
        )

    def _used_key(self, scope: Scope) -> str:
        """The key that the address brings, which is good no more from now on; "" for none."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return ""
        given = HTTPConnection(scope).query_params.get("key", "").encode()
        with self._lock:
            found = [key for key in self._keys if hmac.compare_digest(key.encode(), given)]
            self._keys = [key for key in self._keys if key not in found]
        return found[0] if found else ""

    def _has_cookie(self, scope: Scope) -> bool:
        given = HTTPConnection(scope).cookies.get(self._name, "")
        return hmac.compare_digest(given.encode(), self._cookie.encode())

    # ---- what every answer carries

    def _headers(self) -> list[tuple[bytes, bytes]]:
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            f"connect-src 'self' ws://{self._host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return [
            (b"content-security-policy", policy.encode()),
            (b"x-frame-options", b"DENY"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers()]
            await send(message)

        return sending

    async def _answer(self, send: Send, status: int, *headers: tuple[str, str]) -> None:
        own = [(name.encode(), value.encode()) for name, value in headers]
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": [*own, *self._headers(), (b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def _all(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
