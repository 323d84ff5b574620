"""Whole sessions on the kiosk's page, in a real Chromium: by touch, keyboard and two switches, one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute

from tests.kiosk_people import Look, Person, Switcher, Toucher, Typist, look_of
from tests.kiosk_room import CHROMIUM, chromium, kiosk, page_of, shoot, until
from voice.content import load
from voice.kiosk.server import HERE
from voice.kiosk.state import LISTENING, PAUSED, SPEAKING, STANDBY
from voice.parts_kiosk import Room
from voice.settings import Settings

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
AT_FIRST = Look("1", "light", "false", "false", Settings().rate, Settings().volume, 0)
CANARY = "zebra"
SHORT = {"H2": "3", "H6": "1"}
LONG = {"H2": "3", "H6": "2"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def nothing_is_left(room: Room, page: Page, at_first: Look = AT_FIRST) -> None:
    """On the board, on the page, in what the page's scripts hold; and all is as it was set for the room."""
    until(lambda: room.board.state.phase == STANDBY)
    state = room.board.state
    assert (state.plan, state.heard, state.card, state.step, state.options) == ((), "", None, "", ())
    page.wait_for_selector("[data-phase=standby]")
    assert page.locator("#plan-lines li, #card-lines li, #steps i").count() == 0
    assert page.locator("#typed").input_value() == ""
    texts = page.evaluate("document.body.textContent.replace(/\\s+/g, ' ')")
    for line in ("Your plan for", "Ready?", CANARY, "In danger, call", "Part "):
        assert line not in texts
    assert look_of(room, page) == at_first


def goes_through(person: Person, way: dict[str, str], at_least: int) -> None:
    """From waiting to the plan, with everything changed on the way."""
    person.begins()
    person.is_asked()
    person.changes_everything()
    changed = look_of(person.room, person.page)
    assert (changed.letters, changed.theme, changed.reader) == ("1.25", "dark", "true")
    assert changed.rate < AT_FIRST.rate
    assert changed.volume < AT_FIRST.volume
    assert len(person.to_the_end()) > at_least
    assert person.page.locator("#plan-lines li").count() >= 3
    assert "Say stop, and it's cleared" in person.page.locator("#said").inner_text()


def test_a_session_by_touch(browser: Browser) -> None:
    with kiosk() as (room, server), page_of(browser, server, touch=True) as page:
        goes_through(Toucher(room, page, LONG), LONG, 25)
        shoot(page, "end")
        page.locator("#answers [data-key=clear]").tap()
        nothing_is_left(room, page)


def test_a_session_by_keyboard(browser: Browser) -> None:
    with kiosk() as (room, server), page_of(browser, server) as page:
        goes_through(Typist(room, page, SHORT), SHORT, 10)
        page.keyboard.press("Escape")
        nothing_is_left(room, page)


def test_a_session_by_two_switches(browser: Browser) -> None:
    with kiosk(switch=("F7", "F8")) as (room, server), page_of(browser, server) as page:
        person = Switcher(room, page, SHORT)
        goes_through(person, SHORT, 10)
        person.opens("stop")
        nothing_is_left(room, page, replace(AT_FIRST, switches="true"))


@pytest.mark.parametrize("who", [Toucher, Typist, Switcher])
def test_own_words_can_be_written(browser: Browser, who: type[Person]) -> None:
    """Without a keyboard too; the words are in the plan, and with it they go."""
    switch = ("F7", "F8") if who is Switcher else ()
    with kiosk(switch=switch) as (room, server), page_of(browser, server, touch=True) as page:
        person = who(room, page, {"H2": "1", "H6": "1", "X4": "3"})
        person.begins()
        while (step := person.is_asked()) != "X4a":
            own = [o.key for o in room.board.state.options if "own" in o.label.lower()]
            person.answers(own[0] if step == "X4" and own else person.which(step))
        if who is Typist:
            page.keyboard.type(f"my {CANARY}")
            page.keyboard.press("Enter")
        else:
            person.presses("write")
            page.wait_for_selector("#letters:not([hidden])")
            shoot(page, f"letters-{who.__name__}")
            for letter in CANARY:
                person.opens(letter)
            person.opens("space")
            person.opens("q")
            person.opens("erase")
            assert page.locator("#typed").input_value() == f"{CANARY} "
            person.opens("send")
        until(lambda: room.board.state.step != "X4a")
        person.to_the_end()
        assert CANARY in page.locator("#plan-lines").inner_text()
        person.opens("stop")
        nothing_is_left(room, page, replace(AT_FIRST, switches=str(bool(switch)).lower()))


def test_stop_wipes_the_page_before_anybody_answers(browser: Browser) -> None:
    """The page is blank in the very moment, though the program is slow, or the connection is gone."""
    with kiosk() as (room, server), page_of(browser, server, quiet=False) as page:
        person = Typist(room, page)
        person.begins()
        assert "Ready?" in page.locator("#said").inner_text()
        now = page.evaluate("document.querySelector('#stop').click(); document.querySelector('#talk').innerText")
        assert "Ready?" not in now
        assert "All is cleared" in now
        nothing_is_left(room, page)


def test_stop_while_the_program_is_away_is_told_when_it_is_back(browser: Browser) -> None:
    with kiosk() as (room, server):
        held: list[WebSocketRoute] = []
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        away = False

        def live(route: WebSocketRoute) -> None:
            if away:
                route.close()
                return
            held.append(route)
            route.connect_to_server()

        page.route_web_socket(re.compile("/live$"), live)
        page.goto(server.entry())
        page.wait_for_selector("#answers button")
        person = Typist(room, page)
        person.begins()
        away = True
        for route in held:
            route.close()
        page.wait_for_selector("#notice:not([hidden])")
        page.locator("#stop").click()
        assert "Ready?" not in page.locator("#talk").inner_text()
        assert room.board.state.step == "H1", "nobody could be told"
        away = False
        page.wait_for_selector("[data-phase=standby]")
        nothing_is_left(room, page)
        context.close()


def test_a_spoken_stop_ends_in_the_same_wipe(browser: Browser) -> None:
    """By voice it is checked once, since a machine mishears; by touch it is not."""
    with kiosk() as (room, server), page_of(browser, server) as page:
        person = Typist(room, page)
        person.begins()
        person.is_asked()
        room.ears.receive(json.dumps({"say": "stop", "turn": room.board.state.turn}))
        until(lambda: room.board.state.phase == PAUSED)
        page.wait_for_function("document.querySelector('#said').innerText.includes('stop again')")
        room.ears.receive(json.dumps({"say": "stop", "turn": room.board.state.turn}))
        nothing_is_left(room, page)


def test_nobody_there_is_asked_and_then_all_is_cleared(browser: Browser) -> None:
    with kiosk(speed=20.0) as (room, server), page_of(browser, server) as page:
        person = Typist(room, page)
        person.begins()
        began = room.board.clock()
        until(lambda: room.board.state.asks)
        page.wait_for_function("document.querySelectorAll('#answers button').length === 2")
        asked = room.board.clock()
        nothing_is_left(room, page)
        cleared = room.board.clock()
        assert asked - began > 60, "the clock runs twenty times as fast, so that a moment of the test's is seconds"
        assert cleared - asked >= 25


def test_whoever_answers_is_still_there(browser: Browser) -> None:
    with kiosk(speed=20.0) as (room, server), page_of(browser, server) as page:
        person = Typist(room, page)
        person.begins()
        until(lambda: room.board.state.asks)
        room.ears.receive(json.dumps({"press": "1", "turn": room.board.state.turn}))
        until(lambda: not room.board.state.asks)
        assert room.board.state.phase in (SPEAKING, LISTENING)
        assert room.board.state.step == "H1"


def test_help_or_letters_never_hide_the_question_or_a_card(browser: Browser) -> None:
    with kiosk(speed=20.0) as (room, server), page_of(browser, server) as page:
        person = Typist(room, page)
        person.begins()
        page.locator("#help").click()
        until(lambda: room.board.state.asks)
        page.wait_for_selector("#more", state="hidden")
        assert page.locator("#said").is_visible()
    with kiosk() as (room, server), page_of(browser, server) as page:
        person = Typist(room, page)
        person.begins()
        person.is_asked()
        page.locator("#help").click()
        room.ears.receive(json.dumps({"say": "he is not breathing", "turn": room.board.state.turn}))
        page.wait_for_selector("#card:not([hidden])")
        assert page.locator("#card-number").is_visible()


def test_a_card_is_never_cleared(browser: Browser) -> None:
    with kiosk(speed=60.0) as (room, server), page_of(browser, server) as page:
        page.locator("#emergency").click()
        until(lambda: room.board.state.card is not None)
        began = room.board.clock()
        until(lambda: room.board.clock() - began > 360.0)
        assert room.board.state.card is not None
        assert not room.board.state.asks
        assert page.locator("#card-number").inner_text() == "911"
        assert page.evaluate("document.querySelector('#card').firstElementChild.firstElementChild.id") == "card-number"


def test_the_page_has_a_card_where_nobody_answers(browser: Browser) -> None:
    """Nobody answers for good: whatever brings the server back is another's matter."""
    with kiosk() as (_, server):
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        connections: list[WebSocketRoute] = []

        def live(route: WebSocketRoute) -> None:
            connections.append(route)
            if len(connections) == 1:
                route.connect_to_server()
            else:
                route.close()

        page.route_web_socket(re.compile("/live$"), live)
        page.goto(server.entry())
        page.wait_for_selector("#answers button")
        connections[0].close()
        page.wait_for_selector("#notice:not([hidden])")
        page.locator("#emergency").click()
        page.wait_for_function("document.querySelector('#card-number').innerText === '911'")
        shoot(page, "lost-card")
        page.locator("#answers [data-key=OD]").click()
        page.wait_for_function("document.querySelector('#card-lines').innerText.includes('naloxone')")
        page.locator("#answers [data-key=close]").click()
        page.wait_for_selector("#card", state="hidden")
        context.close()


def test_every_word_of_the_page_is_used() -> None:
    """By the page, or by the program that leads it; and the page asks for none that is not there."""
    known = load().kiosk.keys()
    page = "\n".join(path.read_text("utf-8") for path in sorted(HERE.glob("*.js")))
    program = "\n".join(
        path.read_text("utf-8") for path in (*HERE.parent.glob("*.py"), *HERE.parents[1].glob("parts_*.py"))
    )
    unused = [
        word for word in known
        if not re.search(rf'words\.{word}\b|["\[ {{]{word}["\]:]|kiosk\.{word}\.', page + program)
    ]  # fmt: skip
    assert unused == []
    assert set(re.findall(r"(?:facts\.|[^.])words\.([a-z_]+)\b", page)) - {"at", "entries"} <= known
