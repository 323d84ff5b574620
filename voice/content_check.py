"""What the language must be like before anybody hears a word of it: whole templates, known values, nothing missing."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from pathlib import Path

from voice.content_kinds import Content
from voice.errors import ContentError
from voice.templates import TemplateError, Templates
from voice.walkthrough import Passage

# Values that the session itself fills in.
LINE_VALUES = frozenset(
    {"emergency", "emergency_again", "silent_call", "family_line", "crisis_line", "violence_line", "child_line"}
)
OWN_VALUES = frozenset(
    {"name", "section", "part", "parts", "count", "line", "heard", "words", "answers", "next", "where", "day"}
    | {"megabytes"}
    | {"host", "time"}  # of a room
)
PAPER_VALUES = frozenset({"number", "count", "day", "month", "year", "line"})
# Prompts without which a question would be silent, with the values that they must say.
NEEDED = {
    "ear.offer": frozenset({"megabytes"}),
    **dict.fromkeys(("ear.again", "ear.here", "ear.failed", "still_there"), frozenset[str]()),
}
# The same for paper.
NEEDED_ON_PAPER = {
    **dict.fromkeys(("paper.title", "paper.calls", "paper.job", "paper.months"), frozenset[str]()),
    **dict.fromkeys(("paper.folder", "paper.copy"), frozenset[str]()),
    **dict.fromkeys(("look.title", "look.intro", "look.numbers", "look.none"), frozenset[str]()),
    **dict.fromkeys(("look.steps", "look.no_steps"), frozenset[str]()),
    "paper.made": frozenset({"day"}),
    "paper.page": frozenset({"number", "count"}),
    "paper.date": frozenset({"number", "month", "year"}),
    "paper.day": frozenset({"number", "month"}),
    "look.latest": frozenset({"count"}),
    "look.number": frozenset({"day", "number"}),
    "look.step": frozenset({"day", "line"}),
}
MONTHS = 12


def values_of(text: str) -> frozenset[str]:
    """Names of the `$values` in a text."""
    return frozenset(string.Template(text).get_identifiers())


def check(content: Content, home: Path) -> None:
    """Raises ContentError for the first fault."""
    _check_templates(content, home)
    _check_cards(content, home)
    _check_values(content, home)
    _check_needed(content.prompts, NEEDED, home / "prompts.yaml")
    _check_needed(content.paper, NEEDED_ON_PAPER, home / "paper.yaml")
    if len(content.paper["paper.months"]) != MONTHS:
        raise ContentError(
            "content-prompt",
            f"In {home / 'paper.yaml'}, 'paper.months' has not {MONTHS} names.",
            "Name every month, January first.",
        )


def _templates_in(content: Content) -> Iterator[tuple[str, str]]:
    for part, intents in (("commands", content.commands), ("answers", content.answers), ("remarks", content.remarks)):
        for intent in intents.values():
            heard = (*intent.hear, *intent.opens, *intent.unless, *intent.turns)
            yield from ((f"{part}.{intent.id}", template) for template in heard)
    for card in content.cards.values():
        for choice in card.choices:
            yield from ((f"card.{card.id}.{choice.id}", template) for template in choice.hear)
    for walk in content.walkthroughs.values():
        for step in walk.steps.values():
            for outcome in step.outcomes.values():
                heard = (*outcome.hear, *outcome.within)
                yield from ((f"{step.id}.{outcome.id}", template) for template in heard)
            for spot in step.spots:
                yield from ((f"{step.id}.{spot.id}", template) for template in spot.hear)


def _check_templates(content: Content, home: Path) -> None:
    key = "rules"
    try:
        templates = Templates(content.rules)
        for name in content.rules:
            key = f"rules.{name}"
            templates.pattern(f"<{name}>")
        for where, template in _templates_in(content):
            key = where
            templates.pattern(template)
    except TemplateError as error:
        raise ContentError(
            "content-template", f"In {home}, under '{key}': {error}.", "Mend the template; see voice/templates.py."
        ) from error


def _check_cards(content: Content, home: Path) -> None:
    wanted = {choice.card: card.id for card in content.cards.values() for choice in card.choices}
    for walk in content.walkthroughs.values():
        wanted |= {o.card: f"{s.id}.{o.id}" for s in walk.steps.values() for o in s.outcomes.values() if o.card}
    for card, where in wanted.items():
        if card not in content.cards:
            raise ContentError(
                "content-card",
                f"In {home}, '{where}' leads to the card '{card}', which does not exist.",
                "Add it to cards.yaml, or name one that is there.",
            )


def _check_values(content: Content, home: Path) -> None:
    steps = {step for walk in content.walkthroughs.values() for step in walk.steps}
    on_paper = {passage.key for passages in content.paper.values() for passage in passages}
    for key, text in content.texts.items():
        known = PAPER_VALUES if key in on_paper else LINE_VALUES | OWN_VALUES | steps
        if not string.Template(text).is_valid() or values_of(text) - known:
            raise ContentError(
                "content-value",
                f"In {home}, the text '{key}' uses {sorted(values_of(text) - known) or 'a lone $ sign'}.",
                f"Use one of: {', '.join(sorted(known - steps))}{'' if key in on_paper else ', or the id of a step'}.",
            )


def _check_needed(
    passages: Mapping[str, tuple[Passage, ...]], needed: Mapping[str, frozenset[str]], file: Path
) -> None:
    for key, values in needed.items():
        said = {value for passage in passages.get(key, ()) for value in values_of(passage.text)}
        if not passages.get(key) or values - said:
            raise ContentError(
                "content-prompt",
                f"In {file}, '{key}' is missing, or does not say all that it must.",
                f"Add it, with {', '.join(f'${value}' for value in sorted(values)) or 'a sentence'}.",
            )
