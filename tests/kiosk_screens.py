"""Each kind of screen of the kiosk, one after the other, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.kiosk_room import until
from voice.kiosk.state import LISTENING, OVER, PAUSED, SPEAKING, Option
from voice.parts_kiosk import Room

LOOK = 150
"""Milliseconds after which a page has settled."""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}},
}
TEXTS = """[...document.querySelectorAll('body *:not(.unseen)')].filter(it => it.checkVisibility()
  && (it.matches('input') || [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim())))"""
NARROW = """() => [...document.querySelectorAll('button, input')].filter(it => it.checkVisibility())
  .filter(it => it.offsetWidth < 44 || it.offsetHeight < 44).map(it => it.outerHTML)"""
SMALL = f"""() => {TEXTS}.filter(it => parseFloat(getComputedStyle(it).fontSize) < 32).map(it => it.outerHTML)"""
CUT = f"""() => [...{TEXTS}, ...document.querySelectorAll('button')].filter(it => it.checkVisibility())
  .filter(it => it.matches(':not(input):not(span)'))
  .filter(it => it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 2)
  .filter(it => getComputedStyle(it).overflowY !== 'auto').map(it => it.outerHTML)"""
# Whatever there is to read or press can be brought before the eye, and the bar does not cover it.
LOST = f"""() => {{ const bar = document.querySelector('#bar'); return {TEXTS}.filter(it => {{
  const at = block => {{ it.scrollIntoView({{block, behavior: 'instant'}}); return it.getBoundingClientRect() }};
  const [first, last] = [at('start'), at('end')];
  const end = bar.contains(it) ? innerHeight : Math.min(innerHeight, bar.getBoundingClientRect().top);
  return last.left < -1 || last.right > innerWidth + 1 || first.top < -1 || last.bottom > end + 1
}}).map(it => it.outerHTML) }}"""
# Colour by colour, for what axe-core leaves open: 7 to 1 for letters, 3 to 1 for the edge of what can be pressed.
CONTRAST = f"""() => {{
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = text => {{ const [r, g, b] = rgb(text).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }};
  const ratio = (a, b) => {{ const [x, y] = [light(a), light(b)].sort((p, q) => q - p); 
    return (x + 0.05) / (y + 0.05) }};
  const under = it => {{ for (; it; it = it.parentElement) {{ const c = getComputedStyle(it).backgroundColor;
    if ((rgb(c)[3] ?? 1) > 0) return c }} return 'rgb(255, 255, 255)' }};
  const letters = {TEXTS}.map(it => [it, ratio(getComputedStyle(it).color, under(it)), 7]);
  const edges = [...document.querySelectorAll('button, input')].filter(it => it.checkVisibility())
    .map(it => [it, Math.max(ratio(getComputedStyle(it).borderTopColor, under(it.parentElement)),
      ratio(under(it), under(it.parentElement))), 3]);
  return [...letters, ...edges].filter(([, is, least]) => is < least)
    .map(([it, is]) => `${{is}} ${{it.outerHTML}}`) }}"""
CHECKS = (("44 px", NARROW), ("24 pt", SMALL), ("cut", CUT), ("contrast", CONTRAST), ("lost", LOST))


def faults(page: Page, *, axe: bool = True) -> list[str]:
    """What axe-core finds, what is too small to touch or read, what is cut off or cannot be reached, what is pale."""
    found: list[str] = []
    if axe:
        violations = Axe().run(page, options=RULES).response["violations"]
        found = [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]]
    for what, script in CHECKS:
        found += [f"{what}: {html}" for html in page.evaluate(script)]
    return found


def options(*labels: str) -> tuple[Option, ...]:
    """Answers with their number keys."""
    return tuple(Option(str(number), label) for number, label in enumerate(labels, 1))


PLAN = (
    "In danger, call 911.",
    "I can go at their pace.",
    "I love you. Help is there when you want it.",
    "Plan the next talk with somebody trained, this week.",
    "Call the family line, 1-800-662-4357, this week.",
)
HOW = "How they took it matters. How did it end? They left, got angry, said no, or yes at first?"
FEEL = "How do you feel? Sad, angry, scared, or worn out? Or your own word?"
STILL = "Are you still there? Take your time. If not, I clear this page."


def screens(room: Room, page: Page) -> Iterator[str]:
    """One after the other, each kind of screen; gives its name. What a talk comes to only late is put on the board."""
    board = room.board

    def shown(**changes: object) -> None:
        board.put(**{"turn": True, "saying": -1, "heard": "", "phase": LISTENING, **changes})
        page.wait_for_timeout(LOOK)

    page.wait_for_timeout(600)
    yield "standby"
    page.locator("#answers button").first.click()
    until(lambda: board.state.phase == LISTENING)
    page.wait_for_timeout(600)
    yield "question"
    shown(
        phase=SPEAKING, voice=True, hears=True, saying=1, since=board.clock() - 0.9, lines=("That's hard.", HOW),
        options=options("They left", "They got angry", "They said no", "Yes at first", "Not sure"),
        place="Part one of five: what happened", part=1, parts=5, step="W2",
    )  # fmt: skip
    yield "speaking"
    shown(
        kind="number", options=room.screen.numbers(), part=2, place="Part two of five: how it landed",
        lines=("Zero is shut, ten is open.", "How open to help are they, from zero to ten?"),
    )  # fmt: skip
    yield "number"
    own = (*options("Sad", "Angry", "Scared", "Worn out", "Not sure"), Option("skip", "Skip"))
    shown(
        kind="feeling",
        options=own,
        lines=("You're a big part of their support.", FEEL),
        part=3,
        place="Part three of five: you",
    )
    yield "feeling"
    for more in ("feeling-more", "feeling-last"):
        page.locator("#answers [data-key=more]").click()
        page.wait_for_timeout(LOOK)
        yield more
    page.locator("#answers [data-key=write]").click()
    for letter in "worried":
        page.locator(f"[data-letter={letter}]").click()
    yield "letters"
    page.keyboard.press("Escape")
    shown(phase=SPEAKING, options=(), heard="Sad", lines=("Sad. That makes sense.",), saying=0, since=board.clock())
    yield "heard"
    shown(
        kind="choice",
        phase=PAUSED,
        options=(Option("go_on", "Go on"),),
        lines=("Okay. Say go on when you're ready.",),
        step="hold",
    )
    yield "paused"
    page.locator("#help").click()
    page.wait_for_selector("#more:not([hidden])")
    page.wait_for_timeout(LOOK)
    yield "help"
    page.keyboard.press("Escape")
    shown(asks=True, lines=(STILL,), options=options("I'm here", "Clear all"), place="", step="still_there")
    yield "still-there"
    shown(
        asks=False,
        plan=PLAN,
        lines=("Here's your plan.", "Keep, change, or drop?"),
        step="plan",
        options=options("Keep", "Change", "Drop", "Keep all"),
    )
    yield "plan"
    end = ("If it feels unsafe, call 911. Go gently.", "This page stays a while. Say stop, and it's cleared.")
    shown(phase=OVER, lines=end, options=())
    yield "end"
    shown(
        plan=(),
        hears=False,
        troubles=("I can't hear you. Please use the keys, or type.",),
        options=options("Yes", "No", "Not sure"),
        lines=("Is anyone in danger right now?",),
    )
    yield "trouble"
    shown(troubles=())
    for card in room.facts.cards:
        ways = options("Next step", "I'm safe now", "No, go back")
        shown(card=replace(card, line=len(card.lines) - 1), lines=(), options=ways)
        yield f"card-{card.id}"
    shown(card=None)
    page.locator("#emergency").click()
    until(lambda: board.state.card is not None and board.state.phase == LISTENING)
    page.wait_for_timeout(600)
    yield "card"
    page.locator("#stop").click()
    page.wait_for_selector("[data-phase=standby]")
