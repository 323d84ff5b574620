"""A person's own answers and steps over time, drawn: one small picture that says in words all that it shows.

Talks stand at the same distance whatever time lay between them: a long time without one is no gap.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from voice.paper.page import document
from voice.paper.plan import plain

_WIDE, _LEFT, _RIGHT, _TOP, _PLOT = 760, 56, 24, 100, 240
_MARK, _ASIDE = 15, 17
"""Half the width of a mark; how far the second one stands aside, so that neither hides the other."""
_BESIDE, _DAY, _UNDER = 40, 80, 116
"""Below the scale: the row of steps, the first row of days, and all that is under it."""
_ROW, _DAY_WIDTH, _LETTERS = 26, 100, 70
_TEXT = "#111"
_MARKS = (("#12355b", "#fff"), ("#fff", "#111"), ("#6b2d0c", "#fff"), ("#e8e2d4", "#111"))
"""Fill of a mark and of its number; each also has a shape of its own."""
_STYLE = f"text {{ font: 18px Verdana, 'DejaVu Sans', Arial, sans-serif; fill: {_TEXT} }} .bold {{ font-weight: 700 }}"
_PAGE_STYLE = """
figure { margin: 0 0 1em }
svg { display: block; width: 100%; height: auto }
h3 { font-size: 1em; margin: 1em 0 .3em }
li { margin-bottom: .3em }
"""


@dataclass(frozen=True)
class Series:
    """The answers to one question."""

    name: str
    values: tuple[int | None, ...]
    """0 to 10, one for each day; None where it was not asked or not answered."""
    told: tuple[str, ...]
    """The same in sentences, without those that are missing."""


@dataclass(frozen=True)
class Chart:
    """All texts are ready to be read aloud."""

    title: str
    intro: tuple[str, ...]
    days: tuple[str, ...]
    """Short names of the days of the talks, oldest first."""
    numbers: str
    """Heading over the answers."""
    series: tuple[Series, ...]
    nothing: str
    """Said where there are no numbers."""
    steps_title: str
    steps: tuple[str, ...]
    """Sentences: a day, and its step."""
    stepped: tuple[int, ...]
    """For each step, which of the days it belongs to."""
    language: str = "en"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The description, in the order in which it is read."""
        told = [text for each in self.series for text in (f"{each.name}.", *each.told)]
        steps = (f"{self.steps_title}.", *self.steps) if self.steps else ()
        return tuple(plain(text) for text in (*self.intro, *(told or [self.nothing]), *steps))


def svg(chart: Chart) -> str:
    """The picture alone, with title and description."""
    return _svg(chart, alone=True)


def html(chart: Chart, size: int = 18) -> str:
    """A page with the picture, and beneath it the same in words. `size` as in `page.html`."""
    body = [f"<h1>{_text(chart.title)}</h1>", *(f"<p>{_text(text)}</p>" for text in chart.intro)]
    if chart.series:
        body += ["<figure>", _svg(chart, alone=False), "</figure>", f"<h2>{_text(chart.numbers)}</h2>"]
    else:  # an empty scale would only look as if something were missing
        body.append(f"<p>{_text(chart.nothing)}</p>")
    for each in chart.series:
        body += [f"<h3>{_text(each.name)}</h3>", *_list("ul", each.told)]
    if chart.steps:
        body += [f"<h2>{_text(chart.steps_title)}</h2>", *_list("ol", chart.steps)]
    return document(chart.title, chart.language, body, size, _PAGE_STYLE)


def _list(kind: str, texts: tuple[str, ...]) -> list[str]:
    return [f"<{kind}>", *(f"<li><bdi>{_text(text)}</bdi></li>" for text in texts), f"</{kind}>"]


def _svg(chart: Chart, alone: bool) -> str:
    parts = list(_plot(chart))
    high = _TOP + _PLOT + _UNDER
    if alone:  # in a page the steps stand beneath it as text
        for line, bold in _rows(chart):
            high += _ROW
            parts.append(f'<text class="bold" x="{_LEFT}" y="{high}">' if bold else f'<text x="{_LEFT}" y="{high}">')
            parts[-1] += f"{_text(line)}</text>"
        high += _ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" role="img" '
            f'aria-labelledby="chart-title chart-told" xml:lang="{_text(chart.language)}">',
            f'<title id="chart-title">{_text(chart.title)}</title>',
            f'<desc id="chart-told">{_text(" ".join(chart.sentences))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDE}" height="{high}" fill="#fff"/>',
            *parts,
            "</svg>" if not alone else "</svg>\n",
        ]
    )


def _rows(chart: Chart) -> Iterator[tuple[str, bool]]:
    """The steps, in rows; and whether a row is a heading."""
    if not chart.series:
        yield chart.nothing, False
    if chart.steps:
        yield chart.steps_title, True
    for number, step in enumerate(chart.steps, 1):
        for row, part in enumerate(textwrap.wrap(plain(step), _LETTERS)):
            yield (part if row else f"{number}. {part}"), False


def _plot(chart: Chart) -> Iterator[str]:
    """The scale from 0 to 10, the days, and a mark for each answer that holds its number."""
    for number, each in enumerate(chart.series):
        y = 28 + 40 * (number // 2)
        x = _LEFT + (_WIDE - _LEFT) // 2 * (number % 2)
        yield _mark(number, x + _MARK, y - 6, "")
        yield f'<text x="{x + 2 * _MARK + 10}" y="{y}">{_text(each.name)}</text>'
    if chart.steps:
        number = len(chart.series)
        x, y = _LEFT + (_WIDE - _LEFT) // 2 * (number % 2), 28 + 40 * (number // 2)
        yield _diamond(x + _MARK, y - 6, "")
        yield f'<text x="{x + 2 * _MARK + 10}" y="{y}">{_text(chart.steps_title)}</text>'
    for value in (0, 5, 10):
        y = _height(value)
        yield f'<path d="M{_LEFT} {y}H{_WIDE - _RIGHT}" stroke="#6b6b6b" stroke-width="1.5"/>'
        yield f'<text x="{_LEFT - 10}" y="{y + 6}" text-anchor="end">{value}</text>'
    places = _places(len(chart.days))
    every = -(-len(places) * _DAY_WIDTH // (_WIDE - _LEFT - _RIGHT)) if places else 1
    for place, day in list(zip(places, chart.days, strict=True))[::-1][::every]:
        for row, part in enumerate(day.split(maxsplit=1)):
            y = _TOP + _PLOT + _DAY + 22 * row
            yield f'<text x="{place}" y="{y}" text-anchor="middle">{_text(part)}</text>'
    for number, day_of in enumerate(chart.stepped, 1):
        yield _diamond(places[day_of], _TOP + _PLOT + _BESIDE, str(number))
    many = len(chart.series)
    marks: list[str] = []  # over all the lines
    for number, each in enumerate(chart.series):
        aside = (number * 2 - many + 1) * _ASIDE
        points = [(x + aside, v) for x, v in zip(places, each.values, strict=True) if v is not None]
        way = "L".join(f"{x} {_height(value)}" for x, value in points)
        if way:
            yield f'<path d="M{way}" fill="none" stroke="{_TEXT}" stroke-width="1.5"{_dashes(number)}/>'
        marks += [_mark(number, x, _height(value), str(value)) for x, value in points]
    yield from marks


def _places(count: int) -> list[int]:
    first, last = _LEFT + 56, _WIDE - _RIGHT - 56
    if count < 2:
        return [(first + last) // 2] * count
    return [first + (last - first) * place // (count - 1) for place in range(count)]


def _height(value: int) -> int:
    return _TOP + _PLOT - _PLOT * value // 10


def _dashes(number: int) -> str:
    return f' stroke-dasharray="{number * 4} 5"' if number else ""


def _mark(number: int, x: int, y: int, value: str) -> str:
    fill, ink = _MARKS[number % len(_MARKS)]
    if number % 2:
        size = 2 * _MARK - 2
        shape = f'<rect x="{x - _MARK + 1}" y="{y - _MARK + 1}" width="{size}" height="{size}"'
    else:
        shape = f'<circle cx="{x}" cy="{y}" r="{_MARK}"'
    shape += f' fill="{fill}" stroke="{_TEXT}" stroke-width="2"/>'
    text = f'<text class="bold" x="{x}" y="{y + 6}" text-anchor="middle" style="fill:{ink}">{value}</text>'
    return shape + (text if value else "")


def _diamond(x: int, y: int, number: str) -> str:
    """Where a step belongs, with its number in the list."""
    half = _MARK + 3
    shape = f'<path d="M{x} {y - half}l{half} {half}l-{half} {half}l-{half} -{half}z" fill="#fff"'
    shape += f' stroke="{_TEXT}" stroke-width="2"/>'
    return shape + (f'<text x="{x}" y="{y + 6}" text-anchor="middle">{number}</text>' if number else "")


def _text(text: str) -> str:
    return escape(plain(text), quote=True)
