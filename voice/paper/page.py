"""A plan as one HTML file: large print, no scripts, and nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from voice.paper.plan import Plan, Wording, together

STYLE = """
* { box-sizing: border-box }
html { color: #111; background: #fff; font: 400 %(size)dpt/1.5 "Atkinson Hyperlegible", Verdana, "DejaVu Sans", Arial,
  sans-serif; -webkit-text-size-adjust: 100%% }
body { margin: 0 auto; padding: 1em 1.25em 1.5em; max-width: 34em; overflow-wrap: anywhere }
h1 { font-size: 1.5em; line-height: 1.2; margin: 0 0 .3em }
h2 { font-size: 1.15em; line-height: 1.25; margin: 1.6em 0 .4em }
p { margin: 0 0 .8em }
ol, ul { margin: 0; padding: 0 0 0 1.8em }
ol.plan { border-top: 3px solid #111; padding-top: .9em; margin-top: .9em }
li { margin: 0 0 .7em; padding-left: .3em }
li::marker { font-weight: 700 }
dl { margin: 0; border: 3px solid #111; border-radius: .4em; padding: .6em .9em }
dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1em; padding: .2em 0 }
dd { margin: 0; font-weight: 700 }
@media print {
  @page { margin: 18mm }
  body { padding: 0; max-width: none }
  li, dl, h2, figure { break-inside: avoid }
  h1, h2 { break-after: avoid }
}
"""
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Even if a text could become code, the page would run and fetch nothing."""


def html(plan: Plan, words: Wording, size: int = 18) -> str:
    """The file. `size`: points of the body, as `plan.SIZES`."""
    body = [f"<h1>{_text(plan.title)}</h1>"]
    if plan.made:
        body.append(f"<p>{_text(plan.made)}</p>")
    if plan.lines:
        body.append('<ol class="plan">')
        body += [f"<li><bdi>{_text(line)}</bdi></li>" for line in plan.lines]
        body.append("</ol>")
    if plan.calls:
        body += [f"<h2>{_text(words.calls)}</h2>", "<dl>"]
        body += [
            f"<div><dt><bdi>{_text(call.name)}</bdi></dt><dd>{_text(call.number)}</dd></div>" for call in plan.calls
        ]
        body.append("</dl>")
    return document(plan.title, words.language, body, size)


def document(title: str, language: str, body: Iterable[str], size: int = 18, more: str = "") -> str:
    """A whole page. `body`: markup, escaped already; `more`: styles beside those of every page."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{_text(language)}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_SAFE}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(title)}</title>",
            f"<style>{STYLE % {'size': size}}{more}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    )


def _text(text: str) -> str:
    return escape(together(text), quote=True)
