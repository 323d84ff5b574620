"""What goes on paper, from kept notes or from the plan of a talk: plans, their sound, their print, and the chart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from voice import content as language
from voice.content import Content
from voice.errors import VoiceError
from voice.events import Kind, Utterance
from voice.helplines import CHECK, EMERGENCY, HelpLine, digits, in_words
from voice.paper import Call, Kept, Plan, Wording
from voice.paper.plan import plain
from voice.parts_lines import KnownLines, known_lines
from voice.parts_voices import renderer_of
from voice.session import Manner
from voice.settings import Settings

if TYPE_CHECKING:
    from voice.notes import Note
    from voice.paper.chart import Chart, Series

STEP = "step"
"""The slot of a plan that holds the next small step."""
_LETTER = ("US", "CA")
"""Countries that print on US letter; the others on A4."""
_BEGIN, _AFTER_TITLE, _BETWEEN = 0.3, 1.2, 1.5
"""Seconds of silence: before the first word, after the title, and after each line, so that one can write along."""
_ALONE, _OVER = r"(?<!\w)(?<!\d[ -])", r"(?!\w)(?![ -]\d)"
"""Around a number that is no part of a longer one."""
_TELEPHONE = re.compile(r"(?<![\w+])\+?\d(?:[ ().-]{0,2}\d){4,}(?!\w)")
"""Five digits and more, in whatever groups: spoken one by one."""


class Paper:
    """Makes what goes on paper, in the words of the content and with the help lines that are known."""

    def __init__(self, chosen: Settings, content: Content | None = None, known: KnownLines | None = None) -> None:
        """Raises ContentError where the content is broken."""
        self._chosen = chosen
        self._content = content or language.load()
        self._known = known or known_lines(chosen.lines_file, self._content.helplines)

    @property
    def size(self) -> str:
        """Of the paper, as `pdf` takes it: as it is set, or as the country has it."""
        return self._chosen.paper or ("letter" if self._chosen.country in _LETTER else "a4")

    @property
    def job(self) -> str:
        """What a print job is called."""
        return self._say("paper.job")

    @property
    def folder(self) -> str:
        """What the folder is called that a plan is saved in."""
        return self._say("paper.folder")

    @property
    def copy(self) -> str:
        """What a locked copy of all notes is called."""
        return self._say("paper.copy")

    def day(self, day: date) -> str:
        """A day, as it is written and said."""
        return self._date(day)

    @property
    def wording(self) -> Wording:
        texts = self._content.texts
        return Wording(texts["paper.calls.1"], texts["paper.page.1"])

    def plan(self, lines: Sequence[str], day: date | None, title: str = "", kept: Kept | None = None) -> Plan:
        """A plan of these lines. `day` on which it was made; None where that is not to be seen."""
        return Plan(
            plain(title) or self._say("paper.title"),
            tuple(lines),
            self._say("paper.made", day=self._date(day)) if day else "",
            self._calls(lines),
            kept,
        )

    def plan_of(self, note: Note, title: str = "") -> Plan:
        """The plan that was kept."""
        slots = tuple(slot for slot, _ in note.lines)
        kept = Kept(note.id, note.started.isoformat(), note.walkthrough, slots, note.answers, note.marks)
        return self.plan([text for _, text in note.lines], note.started, title, kept)

    def print(self, plan: Plan, size: int = 18) -> None:
        """On the default printer. Only the system's print queue may have it on the disk then. Raises PaperError."""
        from voice.paper.pdf import pdf
        from voice.paper.printer import send

        send(pdf(plan, self.wording, size, self.size), self.job)

    def spoken(self, plan: Plan) -> tuple[bytes, VoiceError | None]:
        """The plan in the voice that is set, as a wav file (16-bit mono); and why another voice spoke, where it did.

        Raises SpeakerError.
        """
        import numpy as np

        from voice.paper.wav import wav_of
        from voice.speech.mouth import Mouth
        from voice.speech.player import resampled
        from voice.speech.render import silence

        pace = Manner(rate=self._chosen.rate).words_per_minute()
        mouth = Mouth(None, None, self._chosen.voice or None, make_renderer=renderer_of(self._chosen))
        try:
            told = [(f"{plan.title}.", _AFTER_TITLE), *((self.said(line), _BETWEEN) for line in plan.lines)]
            made = [mouth.render(Utterance(text, pace, pause=pause, fixed=False)) for text, pause in told]
            news = mouth.news()
        finally:
            mouth.shut()
        rate = made[0][1]
        pieces = [silence(_BEGIN, rate), *(resampled(samples, own, rate) for samples, own in made)]
        return wav_of(np.concatenate(pieces), rate), news

    def said(self, text: str) -> str:
        """A line for the ear: numbers of help lines in their groups, other telephone numbers digit by digit."""
        groups: dict[str, str] = {}
        for line in self._numbers():
            groups.setdefault(f"{line.name} {line.number}", f"{line.name}, {line.spoken}")
            groups.setdefault(line.number, line.spoken)
        longest_first = "|".join(re.escape(known) for known in sorted(groups, key=len, reverse=True))
        text = re.sub(rf"{_ALONE}(?:{longest_first}){_OVER}", lambda known: groups[known[0]], text)
        return _TELEPHONE.sub(lambda number: in_words(number[0]), text)

    def chart(self, notes: Sequence[Note], all_told: bool = True) -> Chart:
        """Own answers from 0 to 10, and steps. `notes`: all, unless `all_told` is False."""
        from voice.paper.chart import Chart

        notes = sorted(notes, key=lambda note: note.started)  # those of a backup came in later
        some = () if all_told else (self._say("look.latest", count=str(len(notes))),)
        steps = [(n, note, text) for n, note in enumerate(notes) for slot, text in note.lines if slot == STEP]
        return Chart(
            title=self._say("look.title"),
            intro=(self._say("look.intro"), *some),
            days=tuple(self._date(note.started, "paper.day") for note in notes),
            numbers=self._say("look.numbers"),
            series=tuple(self._series(notes)),
            nothing=self._say("look.none"),
            steps_title=self._say("look.steps") if steps else self._say("look.no_steps").rstrip("."),
            steps=tuple(self._say("look.step", day=self._date(note.started), line=text) for _, note, text in steps),
            stepped=tuple(n for n, _, _ in steps),
        )

    def _series(self, notes: Sequence[Note]) -> list[Series]:
        from voice.paper.chart import Series

        found = []
        walks = self._content.walkthroughs.values()
        for walk, step in [(each, step) for each in walks for step in each.steps.values()]:
            if step.answer is not Kind.NUMBER or not step.kept:
                continue
            given = [note.answers.get(step.id, "") if note.walkthrough == walk.id else "" for note in notes]
            values = tuple(int(value) if value.isdecimal() and int(value) <= 10 else None for value in given)
            told = tuple(
                self._say("look.number", day=self._date(note.started), number=str(value))
                for note, value in zip(notes, values, strict=True)
                if value is not None
            )
            if told:
                found.append(Series(step.name[:1].upper() + step.name[1:], values, told))
        return found

    def _numbers(self) -> list[HelpLine]:
        """Every line with a number, those of the person's own country first."""
        lines = [line for line in self._known.lines.every() if line.number]
        return sorted(lines, key=lambda line: (line.country != self._chosen.country, not line.own))

    def _calls(self, lines: Sequence[str]) -> tuple[Call, ...]:
        """The help lines that a plan names, with the emergency number first; nothing that it does not name."""
        text = "\n".join(" ".join(line.split()) for line in lines)
        found: dict[str, Call] = {}
        for line in sorted(self._numbers(), key=lambda line: line.purpose != EMERGENCY):
            wanted = line.number if line.purpose == EMERGENCY else f"{line.name} {line.number}"
            same = digits(line.spoken)
            if line.given and same not in found and re.search(f"{_ALONE}{re.escape(wanted)}{_OVER}", text):
                name = line.name[:1].upper() + line.name[1:]
                found[same] = Call(f"{name} ({CHECK})" if line.stale else name, line.number)
        return tuple(found.values())

    def _date(self, day: date, form: str = "paper.date") -> str:
        month = self._content.texts[f"paper.months.{day.month}"]
        values = {"number": str(day.day), "month": month, "year": str(day.year)}
        return self._content.fill(f"{form}.1", values)

    def _say(self, key: str, **values: str) -> str:
        return self._content.fill(f"{key}.1", values)


class PlanPrinter:
    """Prints the plan of a talk that goes on, which may have been kept or not; afterwards nothing of it is on the disk
    but what the system's print queue holds."""

    def __init__(self, paper: Paper, size: int = 18) -> None:
        """`size`: points of the body."""
        self._paper = paper
        self._size = size

    def print(self, lines: Sequence[str]) -> None:
        """`lines` as the screen shows them. Returns when the system has taken the page. Raises PaperError."""
        self._paper.print(self._paper.plan(lines, date.today()), self._size)
