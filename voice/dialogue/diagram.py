"""Draws a walkthrough from the machine that walks it: Mermaid by `transitions`, SVG as columns of steps."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from transitions.extensions import GraphMachine

from voice.dialogue.walk import END, PLAN, SKIP, Walk
from voice.walkthrough import Facts, Walkthrough

_WIDE, _HIGH = 190, 46
_GAP_X, _GAP_Y = 110, 26
_TOP, _LEFT = 70, 40
_LETTERS_PER_LABEL = 30
_LETTERS_PER_NAME = 24
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1b1b1b }
.id { font-weight: 700 } .section { font-size: 18px; font-weight: 700 }
.box { fill: #f4efe6; stroke: #4a4033; stroke-width: 1.5 }
.plan { fill: #dfe9df } .way { fill: none; stroke: #4a4033; stroke-width: 1.3 }
.aside { stroke-dasharray: 5 4; stroke: #7a5230 } .label { font-size: 11px; fill: #5a3d20 }
"""


def mermaid(walkthrough: Walkthrough) -> str:
    """A Mermaid state diagram; conditions in brackets."""
    walk = Walk(
        walkthrough,
        Facts,
        GraphMachine,
        graph_engine="mermaid",
        show_conditions=True,
        title=f"Walkthrough: {walkthrough.name}",
    )
    return str(walk.machine.get_graph().draw(None))


def svg(walkthrough: Walkthrough) -> str:
    """The same as a picture: one column a section, one box a step; dashed lines pass something over, where the label
    beside the straight way does not hold."""
    places = dict(_places(walkthrough))
    names = {step.id: step.name for step in walkthrough.steps.values()} | {PLAN: "the plan", END: "the end"}
    width = max(x for x, _ in places.values()) + _WIDE + _GAP_X
    height = max(y for _, y in places.values()) + _HIGH + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>Walkthrough: {escape(walkthrough.name)}</title><style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#4a4033"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fffdf8"/>',
    ]
    for column, section in enumerate(walkthrough.sections.values()):
        x = _LEFT + column * (_WIDE + _GAP_X)
        parts.append(f'<text class="section" x="{x}" y="40">{escape(section.id)}. {escape(section.name)}</text>')
    columns = {step.id: list(walkthrough.sections).index(step.section) for step in walkthrough.steps.values()}
    columns |= {PLAN: len(walkthrough.sections) - 1, END: len(walkthrough.sections) - 1}
    for (source, dest), labels in _ways(walkthrough).items():
        # A part that was taken before is passed over, and `choose` leads anywhere: no picture could show that.
        near = columns[dest] - columns[source] in (0, 1)
        if near and source != "choose" and (source, dest) != ("H1", "H1"):
            parts.append(_way(places[source], places[dest], labels))
    for id_, (x, y) in places.items():
        shape = "box plan" if id_ in (PLAN, END) else "box"
        parts.append(f'<rect class="{shape}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="9"/>')
        parts.append(f'<text class="id" x="{x + 10}" y="{y + 19}">{escape(id_.replace("_", " "))}</text>')
        name = _short(names[id_], _LETTERS_PER_NAME)
        parts.append(f'<text x="{x + 10}" y="{y + 36}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _places(walkthrough: Walkthrough) -> Iterator[tuple[str, tuple[int, int]]]:
    for column, section in enumerate(walkthrough.sections):
        x = _LEFT + column * (_WIDE + _GAP_X)
        ids = [step.id for step in walkthrough.in_section(section)]
        if column == len(walkthrough.sections) - 1:
            ids += [PLAN, END]
        for row, id_ in enumerate(ids):
            yield id_, (x, _TOP + row * (_HIGH + _GAP_Y))


def _ways(walkthrough: Walkthrough) -> dict[tuple[str, str], list[str]]:
    """(from, to) -> what leads there; a way that every answer takes has no label."""
    walk = Walk(walkthrough, Facts, GraphMachine, graph_engine="mermaid")
    found: dict[tuple[str, str], dict[str, None]] = {}
    for trigger, event in walk.machine.events.items():
        for source, transitions in event.transitions.items():
            for transition in transitions:
                conditions = ", ".join(str(c.func).removeprefix("if ") for c in transition.conditions)
                found.setdefault((source, str(transition.dest)), {}).setdefault(f"{trigger}|{conditions}")
    ways = {}
    for (source, dest), labels in found.items():
        answers = {label.split("|")[0] for label in labels} - {SKIP, "not_sure"}
        needed = {label.split("|")[1] for label in labels} - {""}
        every = set(walkthrough.steps[source].outcomes) - {SKIP, "not_sure"}
        words = [] if answers >= every else [" / ".join(sorted(answers)).replace("_", " ")]
        ways[(source, dest)] = [*words, *sorted(needed)]
    return ways


def _way(source: tuple[int, int], dest: tuple[int, int], labels: list[str]) -> str:
    (x1, y1), (x2, y2) = source, dest
    text = _short("; ".join(label for label in labels if label), _LETTERS_PER_LABEL)
    if x1 == x2 and y2 - y1 == _HIGH + _GAP_Y:
        path = f"M{x1 + _WIDE // 2} {y1 + _HIGH}V{y2 - 2}"
        return _line(path, "way", text, x1 + _WIDE // 2 + 6, y1 + _HIGH + 17)
    if x1 == x2:
        bend = x1 + _WIDE + min(90, 18 + abs(y2 - y1) // 8)
        path = f"M{x1 + _WIDE} {y1 + 30}C{bend} {y1 + 40} {bend} {y2 + 6} {x2 + _WIDE + 2} {y2 + 14}"
        return _line(path, "way aside", "", 0, 0)
    path = f"M{x1 + _WIDE} {y1 + 23}C{x1 + _WIDE + 60} {y1 + 23} {x2 - 60} {y2 + 23} {x2 - 2} {y2 + 23}"
    return _line(path, "way" if abs(x2 - x1) == _WIDE + _GAP_X else "way aside", "", 0, 0)


def _line(path: str, kind: str, text: str, x: int, y: int) -> str:
    label = f'<text class="label" x="{x}" y="{y}">{escape(text)}</text>' if text else ""
    return f'<path class="{kind}" marker-end="url(#tip)" d="{path}"/>{label}'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
