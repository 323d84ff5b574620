"""Whoever is not this computer's own page gets nothing from the kiosk's server, and what they send disturbs nobody."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.kiosk_room import kiosk, until
from voice.kiosk.ears import LONGEST_MESSAGE
from voice.kiosk.server import MOST_CONNECTIONS, MOST_PAGES, REQUEST_WITHIN, Server
from voice.parts_kiosk import Room


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Room, Server]]:
    with kiosk() as both:
        yield both


def ask(
    server: Server, path: str = "/", *, host: str = "", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """What a raw client gets."""
    port = int(server.origin.rpartition(":")[2])
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    client.putheader("Host", host or f"127.0.0.1:{port}")
    for name, value in headers.items():
        client.putheader(name.replace("_", "-"), value)
    client.endheaders()
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def cookie_of(server: Server) -> str:
    status, headers, _ = ask(server, server.entry().removeprefix(server.origin))
    assert status == 303
    return headers["set-cookie"].partition(";")[0]


def live(server: Server, cookie: str, *, origin: str | None = None) -> ClientConnection:
    return connect(
        server.origin.replace("http", "ws") + "/live",
        origin=Origin(origin if origin is not None else server.origin),
        additional_headers={"Cookie": cookie},
        open_timeout=10,
        legacy=True,
    )


def is_let_go(page: ClientConnection) -> bool:
    try:
        while True:
            page.recv(timeout=5)
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def undisturbed(room: Room, server: Server) -> None:
    """A page of ours still sees the session, and the session still looks for answers."""
    with live(server, cookie_of(server)) as page:
        assert json.loads(page.recv(timeout=5))["phase"] == room.board.state.phase
    assert not room.board.hangs


def test_a_key_is_good_once(served: tuple[Room, Server]) -> None:
    _, server = served
    path = server.entry().removeprefix(server.origin)
    assert [ask(server, path)[0] for _ in range(2)] == [303, 403]
    assert ask(server, "/?key=")[0] == 403
    assert ask(server, "/?key=" + "a" * 43)[0] == 403


def test_the_cookie_is_out_of_reach(served: tuple[Room, Server]) -> None:
    _, server = served
    _, headers, _ = ask(server, server.entry().removeprefix(server.origin))
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/main.js", "/facts.json", "/nothing"])
def test_nothing_without_the_cookie(served: tuple[Room, Server], path: str) -> None:
    _, server = served
    status, _, body = ask(server, path)
    assert (status, body) == (403, b"")


@pytest.mark.parametrize("host", ["localhost", "evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]"])
def test_another_host_name_is_refused(served: tuple[Room, Server], host: str) -> None:
    _, server = served
    assert ask(server, host=host, Cookie=cookie_of(server))[0] == 403


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1", "https://127.0.0.1:1"])
def test_another_origin_is_refused(served: tuple[Room, Server], origin: str) -> None:
    _, server = served
    cookie = cookie_of(server)
    assert ask(server, "/facts.json", Cookie=cookie, Origin=origin)[0] == 403
    with pytest.raises(InvalidStatus):
        live(server, cookie, origin=origin)


def test_another_site_is_refused(served: tuple[Room, Server]) -> None:
    _, server = served
    cookie = cookie_of(server)
    assert ask(server, "/facts.json", Cookie=cookie, Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "/facts.json", Cookie=cookie, Sec_Fetch_Site="same-origin")[0] == 200


def test_no_websocket_without_cookie_or_origin(served: tuple[Room, Server]) -> None:
    _, server = served
    with pytest.raises(InvalidStatus):
        live(server, "nothing=1")
    with pytest.raises(InvalidStatus):
        connect(server.origin.replace("http", "ws") + "/live", additional_headers={"Cookie": cookie_of(server)})


@pytest.mark.parametrize("path", ["/", "/page.css", "/main.js", "/facts.json", "/nothing"])
def test_every_answer_forbids_inline_and_embedding(served: tuple[Room, Server], path: str) -> None:
    _, server = served
    _, headers, _ = ask(server, path, Cookie=cookie_of(server))
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    ["/../state.py", "/..%2fstate.py", "/page/../../../pyproject.toml", "//etc/passwd", "/%2e%2e/guard.py", "/.."],
)
def test_no_way_out_of_the_folder(served: tuple[Room, Server], path: str) -> None:
    _, server = served
    assert ask(server, path, Cookie=cookie_of(server))[0] in (400, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_the_page_is_only_read(served: tuple[Room, Server], method: str) -> None:
    _, server = served
    assert ask(server, method=method, Cookie=cookie_of(server))[0] == 405


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        '{"press": 1}',
        '{"press": "still_there"}',
        '{"press": "section_3"}',
        '{"press": "1"}',
        '{"press": "1", "turn": true}',
        '{"press": "repeat", "turn": 1, "more": 2}',
        '{"say": "x"}',
        json.dumps({"say": "x" * 401, "turn": 1}),
        '{"clear": 1, "x": 2}',
        '{"press": ' + "[" * 900 + "]" * 900 + "}",
        "x" * (LONGEST_MESSAGE + 1),
        "x" * 200_000,
    ],
    ids=range(16),
)
def test_what_no_page_of_ours_sends_ends_its_connection(served: tuple[Room, Server], message: str) -> None:
    room, server = served
    before = room.board.state.turn
    with live(server, cookie_of(server)) as page:
        page.send(message)
        assert is_let_go(page)
    assert room.board.state.turn == before
    undisturbed(room, server)


def test_bytes_end_its_connection(served: tuple[Room, Server]) -> None:
    room, server = served
    with live(server, cookie_of(server)) as page:
        page.send(b"\x00\xff")
        assert is_let_go(page)
    undisturbed(room, server)


def test_a_flood_ends_its_connection(served: tuple[Room, Server]) -> None:
    room, server = served
    with live(server, cookie_of(server)) as page:
        try:
            for _ in range(500):
                page.send('{"here": true}')
        except ConnectionClosed:
            pass
        assert is_let_go(page)
    undisturbed(room, server)


def test_an_answer_to_an_older_question_is_dropped(served: tuple[Room, Server]) -> None:
    room, server = served
    turn = room.board.state.turn
    with live(server, cookie_of(server)) as page:
        page.send(json.dumps({"press": "1", "turn": turn - 1}))
        time.sleep(0.5)
    assert room.board.state.turn == turn


def test_one_page_more_lets_the_oldest_go(served: tuple[Room, Server]) -> None:
    _, server = served
    cookie = cookie_of(server)
    pages = [live(server, cookie) for _ in range(MOST_PAGES + 1)]
    assert is_let_go(pages[0])
    assert json.loads(pages[-1].recv(timeout=5))
    for page in pages:
        page.close()


def test_two_hundred_connections_are_bounded(served: tuple[Room, Server]) -> None:
    room, server = served
    port = int(server.origin.rpartition(":")[2])
    many = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(200)]
    time.sleep(0.5)
    held = 0
    for each in many:
        each.settimeout(0.01)
        try:
            held += each.recv(1) != b""
        except TimeoutError:
            held += 1
        except OSError:
            pass
    assert held <= MOST_CONNECTIONS
    assert not room.board.hangs

    def closed() -> bool:
        try:
            return many[0].recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    until(closed, REQUEST_WITHIN + 5)  # those that say nothing are let go
    for each in many:
        each.close()
    time.sleep(0.2)
    undisturbed(room, server)


def test_it_is_served_on_this_computer_alone(served: tuple[Room, Server]) -> None:
    _, server = served
    port = int(server.origin.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 2)
