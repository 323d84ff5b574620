"""A real HTTP server on this machine that has one zip, and that can behave badly."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from voice.fetching import Offer


@dataclass
class Shop:
    """What the server has, and how it behaves."""

    content: bytes = b""
    url: str = ""
    cut_after: list[int] = field(default_factory=list)
    """For the next answers: close after so many bytes."""
    status: int = 0
    """Answer with this error, if not 0."""
    ranges: bool = True
    portal: bytes = b""
    """Answer everything with this page, if not empty: a network that wants people to sign in."""
    stalls: threading.Event = field(default_factory=threading.Event)
    stall_after: int | None = None
    """Fall silent after so many bytes, until `stalls` is set."""
    asked: list[str] = field(default_factory=list)
    """The Range header of each request."""
    paths: list[str] = field(default_factory=list)

    def offer(self, **change: object) -> Offer:
        offer = Offer("m", (self.url,), len(self.content), hashlib.sha256(self.content).hexdigest(), "Apache-2.0")
        return replace(offer, **change)  # type: ignore[arg-type]


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, shop: Shop, *args: object) -> None:
        self.shop = shop
        super().__init__(*args)  # type: ignore[arg-type]

    def do_HEAD(self) -> None:
        self.shop.paths.append(self.path)
        self.send_response(self.shop.status or 200)
        self.end_headers()

    def do_GET(self) -> None:
        shop, wanted = self.shop, self.headers.get("Range", "")
        shop.asked.append(wanted)
        shop.paths.append(self.path)
        if shop.status:
            self.send_error(shop.status)
            return
        if shop.portal:
            self.send_response(200)
            self.send_header("Content-Length", str(len(shop.portal)))
            self.end_headers()
            self.wfile.write(shop.portal)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if shop.ranges else 0
        if start >= len(shop.content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(shop.content) - 1}/{len(shop.content)}")
        self.send_header("Content-Length", str(len(shop.content) - start))
        self.end_headers()
        body = shop.content[start:]
        if shop.stall_after is not None:
            self.wfile.write(body[: shop.stall_after])
            self.wfile.flush()
            shop.stalls.wait(20)
            return
        self.wfile.write(body[: shop.cut_after.pop(0)] if shop.cut_after else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def opened(content: bytes) -> Iterator[Shop]:
    """A shop at work. A request by another name than m.zip (a mirror's, say) is answered alike."""
    shop = Shop(content)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, shop))
    shop.url = f"http://127.0.0.1:{server.server_port}/m.zip"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        shop.stalls.set()
        server.shutdown()
        server.server_close()


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(folder.name) / file.relative_to(folder))
    return out.getvalue()
