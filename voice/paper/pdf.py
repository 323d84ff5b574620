"""A plan as a PDF: tagged for screen readers (PDF/UA-1), in large print, its fonts within it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice.errors import PaperError
from voice.paper.plan import Plan, Wording, together

if TYPE_CHECKING:
    from typst import Fonts

PAPERS: Mapping[str, str] = {"a4": "a4", "letter": "us-letter"}
FONTS = ("Atkinson Hyperlegible", "Noto Sans", "Verdana", "DejaVu Sans", "Liberation Sans", "Arial", "Helvetica")
"""In order of liking: the first that is installed. All are plain, with letters that are hard to confuse."""
_BUILT_IN = "Libertinus Serif"
"""Comes with the library, for a computer without any of those."""
_PAGE = Path(__file__).with_name("plan.typ")
_WIDTH, _LETTER, _TITLE = 400, 0.75, 1.5
"""Points of a row that a word can count on; a bold letter's width, in heights; a title's height, in bodies."""
_LONG, _STEP = 24, 8
"""A word of more letters than that, or wider than a row, may be broken after each so many."""
_BREAK = "\u200b"
_LACKING = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
_TRIES = 4


def pdf(plan: Plan, words: Wording, size: int = 18, paper: str = "a4", installed: bool = True) -> bytes:
    """The file. `size`: points of the body, as `plan.SIZES`; `paper`: one of PAPERS; `installed`: fonts of this
    computer too. Takes some hundredths of a second.

    A picture character that no font has is told in words. Raises PaperError: "paper-no-font" for letters that no font
    has, "paper-pdf", "paper-no-typst".
    """
    try:
        import typst
    except ImportError as error:
        raise PaperError(
            "paper-no-typst", "A part that makes pages is missing (typst).", "Set the program up again."
        ) from error
    fonts = _fonts(installed)
    families = set(fonts.families())
    names = [*[name for name in FONTS if name in families][:1], _BUILT_IN]
    told: dict[str, str] = {}
    problem: Exception | None = None
    for _ in range(_TRIES):
        data = {**_data(plan, words, told, size), "size": size, "paper": PAPERS[paper], "fonts": names}
        try:
            compiler = typst.Compiler(_PAGE.read_bytes(), font_paths=fonts, sys_inputs={"plan": json.dumps(data)})
            made, _warnings = compiler.compile_with_warnings(format="pdf", pdf_standards="ua-1", timestamp=0)
        except typst.TypstError as error:
            problem = error
            lacking = {c for text in _LACKING.findall(error.diagnostic) for c in _unescaped(text)}
            if not lacking - told.keys():
                break
            told |= {character: _in_words(character) for character in lacking}
            continue
        assert isinstance(made, bytes)
        return made
    raise PaperError(
        "paper-pdf", "This plan can't be made into a PDF.", "Take it as a web page: --format html."
    ) from problem


@cache
def _fonts(installed: bool) -> Fonts:
    from typst import Fonts

    return Fonts(include_system_fonts=installed)


def _data(plan: Plan, words: Wording, told: Mapping[str, str], size: int) -> dict[str, Any]:
    def said(text: str) -> str:
        return "".join(told.get(c, c) for c in text)

    def shown(text: str) -> str:
        return _breakable(together(said(text)), size)

    return {
        "title": _breakable(said(plan.title), size * _TITLE),  # so large that a number may need two rows
        "made": shown(plan.made),
        "lines": [shown(line) for line in plan.lines],
        "calls": [{name: shown(text) for name, text in asdict(call).items()} for call in plan.calls],
        "words": asdict(words),
        "page": words.page,
        "language": words.language,
    }


def _breakable(text: str, size: float) -> str:
    most = min(_LONG, int(_WIDTH / _LETTER / size))
    return re.sub(rf"\S{{{most + 1},}}", lambda word: _broken(word[0]), text)


def _broken(word: str) -> str:
    found, since = "", 0
    for character, after in zip(word, f"{word[1:]} ", strict=True):
        found += character
        since += 1
        joined = unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf", "Sk") or character == "\u200d"
        if since >= _STEP and not joined:
            found, since = found + _BREAK, 0
    return found.removesuffix(_BREAK)


def _in_words(character: str) -> str:
    """A picture by its name; nothing for what has no look of its own. Raises PaperError for a letter."""
    match unicodedata.category(character)[0]:
        case "S":
            return f" ({unicodedata.name(character, 'a sign').lower()}) "
        case "C" | "Z" | "M":
            return ""
    raise PaperError(
        "paper-no-font",
        f"No font of this computer has the letter “{character}”.",
        "Install a font that has it (Noto has nearly all), or take the plan as a web page: --format html.",
    )


def _unescaped(text: str) -> str:
    """A text as Rust's debug output writes it."""
    signs = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else signs.get(m[2], m[2]), text)
