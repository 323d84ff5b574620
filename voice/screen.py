"""The screen: every spoken line in large clear words, or one JSON object a line for programs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from voice.errors import VoiceError
from voice.events import Answer, Command, Danger, Kind, Listen, Meaning, NotUnderstood, Remark, Silence, Wordless

WIDTH = 60
"""Columns; longer lines are hard to follow."""

_SPELT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "·": "-", "█": "#"})
_NUMBER = re.compile(r"\+?\d(?:[ -]?\d)*")
_ROWS = 5
_FONT = {
    "0": (" ███ ", "█   █", "█   █", "█   █", " ███ "),
    "1": ("  █  ", " ██  ", "  █  ", "  █  ", "█████"),
    "2": ("████ ", "    █", " ███ ", "█    ", "█████"),
    "3": ("████ ", "    █", " ███ ", "    █", "████ "),
    "4": ("█  █ ", "█  █ ", "█████", "   █ ", "   █ "),
    "5": ("█████", "█    ", "████ ", "    █", "████ "),
    "6": (" ███ ", "█    ", "████ ", "█   █", " ███ "),
    "7": ("█████", "   █ ", "  █  ", " █   ", " █   "),
    "8": (" ███ ", "█   █", " ███ ", "█   █", " ███ "),
    "9": (" ███ ", "█   █", " ████", "    █", " ███ "),
}


def big(number: str, width: int) -> list[str]:
    """`number` in digits five rows high, broken between digits where `width` columns are too few."""
    lines: list[str] = []
    fit = max(1, (width + 1) // 6)
    digits = [c for c in number if c in _FONT or c in " -"]
    while digits:
        part, digits = digits[:fit], digits[fit:]
        glyphs = [_FONT.get(digit, ("   ",) * _ROWS) for digit in part]
        lines += [" ".join(glyph[row] for glyph in glyphs).rstrip() for row in range(_ROWS)]
        lines += [""] if digits else []
    return lines


def telephone(lines: Sequence[str]) -> str:
    """The first telephone number in `lines` (three digits or more), or ""."""
    for line in lines:
        for found in _NUMBER.findall(line):
            if sum(c.isdigit() for c in found) >= 3:
                return str(found)
    return ""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read us has gone: fall silent. rich's own way is to end the program."""
        self.quiet = True
        with contextlib.suppress(OSError, ValueError):
            # So that Python's last flush at exit has somewhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


class Terminal:
    """A terminal or a pipe. Nothing is said by colour alone, and no output error stops the talk."""

    def __init__(
        self,
        stream: TextIO | None = None,
        keys: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        width: int | None = None,
    ) -> None:
        """`keys`: command -> name of its key, where there are keys. `width`: columns, where not the terminal's own."""
        self._stream = stream or sys.stdout
        self._keys = dict(keys or {})
        self._console = _Console(
            file=self._stream, highlight=False, markup=False, emoji=False, soft_wrap=False, width=width,
            _environ=os.environ if environ is None else environ,
        )  # fmt: skip
        self._width = max(10, min(WIDTH, self._console.width - 1))
        self._names: dict[str, str] = {}
        self._card: tuple[str, tuple[str, ...]] | None = None

    def say(self, key: str, text: str) -> None:
        self._print("", style="")
        self._print(text, style="bold")

    def listen(self, listen: Listen, options: Sequence[tuple[str, str]]) -> None:
        """`options`: (key, label), such as ("1", "They left")."""
        self._names = {}
        if len(options) == len(listen.expects):
            self._names = {value: label for value, (_, label) in zip(listen.expects, options, strict=True)}
        self._print("")
        for key, label in options:
            self._print(f"  {key} {label}")
        if hint := _HINTS.get(listen.kind):
            self._print(f"  {hint}")
        also = [self._with_key(command) for command in listen.commands if command != "emergency"][:4]
        if also:
            self._print(f"  Also: {', '.join(also)}.", style="dim")
        if "emergency" in self._keys:
            self._print(f"  Emergency: press {self._keys['emergency']}.", style="dim")

    def heard(self, text: str, meaning: Meaning) -> None:
        match meaning:
            case Answer(value="own", words=words):
                self._print(f"  You: {words or text}", style="dim")
            case Answer(value=value):
                self._print(f"  You: {self._names.get(value, value.replace('_', ' '))}", style="dim")
            case Command(name=name):
                self._print(f"  You: {name.replace('_', ' ')}", style="dim")
            case NotUnderstood():
                self._print("  I missed that.", style="dim")
            case Silence() | Danger() | Wordless():
                pass

    def card(self, card: str, title: str, lines: Sequence[str], line: int) -> None:
        """At once, and alone on a terminal. On a pipe the whole card once, then the line that is being spoken."""
        shown = (card, tuple(lines))
        if shown == self._card and not self._console.is_terminal:
            if 0 <= line < len(lines):
                self._print(f"-> {lines[line]}")
            return
        self._card = shown
        self._clear()
        number = telephone(lines)
        if card.upper().startswith("VIO"):
            # Plain and small: somebody may be looking on.
            for place, text in enumerate(lines):
                self._print(f"{'>' if place == line else ' '} {text}")
            return
        if number:
            for row in big(number, self._width):
                self._print(row, style="bold", wrap=False)
            self._print("")
        self._print(title.upper(), style="bold")
        for place, text in enumerate(lines):
            self._print("")
            self._print(f"{'-->' if place == line else '   '} {text}", style="bold", indent=4)

    def plan(self, lines: Sequence[str]) -> None:
        self._print("")
        self._print("Your plan", style="bold underline")
        for place, text in enumerate(lines, start=1):
            self._print("")
            self._print(f"{place}. {text}", style="bold", indent=3)
        self._print("")

    def keep(self, where: str) -> None:
        self._print("")
        self._print("Kept in:")
        self._print(where, wrap=False)

    def written(self, where: str) -> None:
        self._print("")
        self._print("It is here:")
        self._print(where, wrap=False)

    def trouble(self, error: VoiceError) -> None:
        self._print("")
        self._print(f"! {error.message}", style="bold", indent=2)
        self._print(f"  {error.remedy}", indent=2)

    def hide(self) -> None:
        """Clear the screen at once, and what could be scrolled back to."""
        self._card = None
        self._clear()

    def end(self, reason: str) -> None:
        self._print("")
        if reason != "handed over":  # a card stays as it is
            self._print({"done": "The end.", "stopped": "Stopped."}.get(reason, reason), style="dim")

    # ---- putting it there

    def _with_key(self, command: str) -> str:
        name = command.replace("_", " ")
        return f"{name} ({self._keys[command]})" if command in self._keys else name

    def _print(self, text: str, style: str = "", indent: int = 2, wrap: bool = True) -> None:
        """One paragraph, wrapped between words; following rows stand `indent` columns in."""
        clean = self._fitting("".join(c if c.isprintable() else " " for c in text))
        rows = _wrapped(clean, self._width, indent) if wrap else [clean]
        with contextlib.suppress(OSError, ValueError, UnicodeError):
            for row in rows:
                self._console.print(Text(row, style=style), soft_wrap=True)

    def _fitting(self, text: str) -> str:
        """`text` in letters that the output has; the nearest it has for quotes, dashes and blocks."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return text.translate(_SPELT).encode(encoding, "replace").decode(encoding)
        except LookupError:
            return text.encode("ascii", "replace").decode()
        return text

    def _clear(self) -> None:
        if not self._console.is_terminal:
            return
        with contextlib.suppress(OSError, ValueError):
            if self._console.is_dumb_terminal:
                self._console.print("\n" * self._console.height)
            elif self._console.legacy_windows:
                self._console.clear()
            else:
                # Home, clear the screen, clear the lines above it (rich's own clear leaves those).
                self._stream.write("\x1b[H\x1b[2J\x1b[3J")
                self._stream.flush()


_HINTS = {
    Kind.FREE: "Type your words, then press Enter.",
    Kind.NUMBER: "A number from 0 to 10.",
    Kind.FEELING: "Or a word of your own.",
}


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    """Rows of at most `width` columns; words longer than that are cut. Leading blanks are kept."""
    lead = text[: len(text) - len(text.lstrip())]
    rows, row = [], lead
    for word in text.split():
        if row.strip() and len(row) + 1 + len(word) > width:
            rows.append(row)
            row = " " * indent
        row += (" " if row.strip() else "") + word
        while len(row) > width:
            rows.append(row[:width])
            row = " " * indent + row[width:]
    return [*rows, row] if row.strip() or not rows else rows


class JsonScreen:
    """One JSON object a line, each with "at": seconds on the clock it is given."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._plan: list[str] = []
        self._gone = False

    def say(self, key: str, text: str) -> None:
        self._put("say", key=key, text=text)

    def listen(self, listen: Listen, options: Sequence[tuple[str, str]]) -> None:
        self._put(
            "listen", step=listen.step, kind=str(listen.kind), expects=[*listen.expects], commands=[*listen.commands]
        )

    def heard(self, text: str, meaning: Meaning) -> None:
        value: str | int | None
        match meaning:
            case Answer(value=answer):
                value = int(answer) if answer.isdecimal() else answer
            case Command(name=name):
                value = name
            case Danger(card=card):
                value = card
            case Remark(id=id_):
                value = id_
            case Silence() | Wordless():
                text, value = "", None
            case NotUnderstood():
                value = None
        self._put("heard", text=text, meaning=value)

    def card(self, card: str, title: str, lines: Sequence[str], line: int) -> None:
        self._put("card", card=card, title=title, lines=[*lines], line=line)

    def plan(self, lines: Sequence[str]) -> None:
        self._plan = [*lines]
        self._put("plan", lines=self._plan)

    def keep(self, where: str) -> None:
        """How many lines were kept; where is this machine's own business."""
        self._put("keep", lines=len(self._plan))

    def written(self, where: str) -> None:
        """That files were written outside of the notes; where is this machine's own business."""
        self._put("written")

    def trouble(self, error: VoiceError) -> None:
        self._put("trouble", code=error.code, message=error.message)

    def hide(self) -> None:
        self._put("hide")

    def end(self, reason: str) -> None:
        self._put("end", reason=reason)

    def _put(self, type: str, **what: object) -> None:
        if self._gone:
            return
        try:
            self._stream.write(json.dumps({"type": type, **what, "at": round(self._clock(), 2)}) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._gone = True
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
