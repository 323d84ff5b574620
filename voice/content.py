"""Loads all language from content/<language>/ and checks it before anybody hears a word of it.

    walkthroughs/*.yaml   sections, steps, section_end, choose, plan      -> Walkthrough
    prompts.yaml          key: passage(s)                                 -> what belongs to no step
    intents.yaml          rules, commands, answers, numbers, remarks      -> what people say (hassil notation)
    safety.yaml           phrases by category                             -> for voice.safety
    opinion.npz           what a network learnt of danger                 -> for voice.opinion
    cards.yaml            crisis cards
    manners.yaml          words that are never said
    ../helplines.yaml     telephone numbers by country                    -> for voice.helplines

Every scalar is read as a string ("yes" is an answer here, not a truth value) and equal keys are refused. A fault raises
ContentError with the file, the key and the remedy.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from voice.content_shape import Reader
from voice.errors import ContentError
from voice.templates import TemplateError, Templates
from voice.walkthrough import Passage, Walkthrough

HERE = Path(__file__).parent / "content"
# Values that the session itself fills in.
LINE_VALUES = frozenset(
    {"emergency", "emergency_again", "silent_call", "family_line", "crisis_line", "violence_line", "child_line"}
)
OWN_VALUES = frozenset(
    {"name", "section", "part", "parts", "count", "line", "heard", "words", "answers", "next", "where", "megabytes"}
)
# Prompts without which a question would be silent, with the values that they must say.
NEEDED = {
    "ear.offer": frozenset({"megabytes"}),
    **dict.fromkeys(("ear.again", "ear.here", "ear.failed"), frozenset[str]()),
}


@dataclass(frozen=True)
class Intent:
    """One thing that can be said: its label on the screen and its templates, main wordings first."""

    id: str
    label: str
    hear: tuple[str, ...]
    grammar: bool = True
    """False: too rare for a small model's grammar; understood where free recognition or typing brings it."""


@dataclass(frozen=True)
class Card:
    """A crisis card (SPEC 4.4)."""

    id: str
    title: str
    lines: tuple[Passage, ...]
    quiet: bool = False
    """Plain to look at, and spoken softly: somebody dangerous may see it."""
    pitch: int = 40
    afterwards: str = ""
    """Purpose of the help line that is offered after it."""
    choices: tuple[CardChoice, ...] = ()


@dataclass(frozen=True)
class CardChoice:
    """Which other card a general card can lead to."""

    label: str
    hear: tuple[str, ...]
    card: str
    id: str


@dataclass(frozen=True)
class Content:
    """All language of one tongue, checked."""

    walkthroughs: Mapping[str, Walkthrough]
    prompts: Mapping[str, tuple[Passage, ...]]
    rules: Mapping[str, str]
    commands: Mapping[str, Intent]
    answers: Mapping[str, Intent]
    numbers: Mapping[str, tuple[str, ...]]
    number_fillers: tuple[str, ...]
    remarks: Mapping[str, Intent]
    sounds: frozenset[str]
    """Words that are none: "mm", "uh"."""
    like_sounds: frozenset[str]
    """What a recogniser writes of a voice without words, among words that are none."""
    homophones: Mapping[str, str]
    cards: Mapping[str, Card]
    safety: Mapping[str, Any]
    opinion: Path
    """What voice.opinion reads: the one part of the content that is figures."""
    helplines: Mapping[str, Any]
    manners: Mapping[str, Any]
    texts: Mapping[str, str]
    """Key of every passage -> its text, with `$values`."""

    def fill(self, key: str, values: Mapping[str, str]) -> str:
        """The text with its values. Raises ContentError for an unknown key or a value that nobody gave."""
        try:
            return string.Template(self.texts[key]).substitute(values)
        except KeyError as error:
            raise ContentError(
                "content-value", f"The line '{key}' cannot be said: {error} is missing.", "Please report this line."
            ) from error


def values_of(text: str) -> frozenset[str]:
    """Names of the `$values` in a text."""
    return frozenset(string.Template(text).get_identifiers())


def load(folder: Path = HERE, language: str = "en") -> Content:
    """Reads and checks the content of a language. Raises ContentError."""
    home = folder / language
    intents = _read(home / "intents.yaml")
    rules = {str(key): str(value) for key, value in intents.get("rules", {}).items()}
    walks = sorted((home / "walkthroughs").glob("*.yaml"))
    if not walks:
        raise ContentError(
            "content-missing",
            f"There is no walkthrough in {home / 'walkthroughs'}.",
            "Please install the program again.",
        )
    reader = Reader()
    walkthroughs = {}
    for path in walks:
        with reader.file(path):
            walk = reader.walkthrough(_read(path))
            walkthroughs[walk.id] = walk
    with reader.file(home / "prompts.yaml"):
        prompts = reader.prompts(_read(home / "prompts.yaml"))
    with reader.file(home / "intents.yaml"):
        commands = _intents(reader, intents, "commands")
        answers = _intents(reader, intents, "answers")
        remarks = _intents(reader, intents, "remarks")
        numbers = {key: reader.texts_of(value, f"numbers.{key}") for key, value in intents.get("numbers", {}).items()}
        fillers = reader.texts_of(intents.get("number_fillers", []), "number_fillers")
        sounds, alike = (frozenset(reader.texts_of(intents.get(key, []), key)) for key in ("sounds", "like_sounds"))
    with reader.file(home / "cards.yaml"):
        cards = _cards(reader, _read(home / "cards.yaml"))
    content = Content(
        walkthroughs=walkthroughs,
        prompts=prompts,
        rules=rules,
        commands=commands,
        answers=answers,
        numbers=numbers,
        number_fillers=fillers,
        remarks=remarks,
        sounds=sounds,
        like_sounds=alike,
        homophones=dict(intents.get("homophones", {})),
        cards=cards,
        safety=_read(home / "safety.yaml"),
        opinion=home / "opinion.npz",
        helplines=helplines(folder),
        manners=_read(home / "manners.yaml"),
        texts=reader.texts,
    )
    _check_templates(content, home)
    _check_cards(content, home)
    _check_values(content, home)
    _check_prompts(content, home)
    return content


# ---- reading


# libyaml reads ten times as fast, and every start waits for it; not every machine has it.
_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Scalars stay strings; equal keys are refused, since YAML would silently keep the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key.value, str):
                raise yaml.MarkedYAMLError(problem="a key is not plain text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def helplines(folder: Path = HERE) -> Mapping[str, Any]:
    """The help lines alone, as `load` reads them, for who needs no other language. Raises ContentError."""
    return _read(folder / "helplines.yaml")


def own_helplines(path: Path) -> Mapping[str, Any]:
    """A person's or group's own file of help lines, read by the same rules; {} where there is none, or nothing in it.

    Raises ContentError naming the file, the line and the remedy.
    """
    try:
        data = _parsed(path, "file", "Mend that line, or move the file away.")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(
            "content-missing",
            f"The file {path} cannot be read.",
            "Check that it is a text file (UTF-8) which you may read, or move it away.",
        ) from error
    if not isinstance(data or {}, dict):
        raise ContentError("content-shape", f"The file {path} does not begin with a country.", "Write UK: or another.")
    return data or {}


def _read(path: Path) -> dict[str, Any]:
    try:
        data = _parsed(path, "language file", "Mend that line, or install the program again.")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(
            "content-missing", f"The language file {path} cannot be read.", "Please install the program again."
        ) from error
    if not isinstance(data, dict) or not data:
        raise ContentError("content-empty", f"The language file {path} is empty.", "Please install the program again.")
    return data


def _parsed(path: Path, kind: str, remedy: str) -> Any:
    """Raises OSError, UnicodeDecodeError, or a ContentError with the line and `remedy` where it is no YAML."""
    try:
        return yaml.load(path.read_text("utf-8"), _Loader)  # a BaseLoader makes only strings
    except (yaml.YAMLError, RecursionError) as error:  # the latter where it is nested too deep to be meant
        where = getattr(error, "problem_mark", None)
        place = f" near line {where.line + 1}" if where else ""
        raise ContentError(
            "content-broken",
            f"The {kind} {path} is broken{place}: {getattr(error, 'problem', None) or 'it is not YAML'}.",
            remedy,
        ) from error


def _intents(reader: Reader, data: Mapping[str, Any], part: str) -> dict[str, Intent]:
    found = {}
    for name, body in reader.mapping(data.get(part, {}), part).items():
        key = f"{part}.{name}"
        fields = reader.mapping(body, key)
        reader.only(fields, {"label", "hear", "grammar"}, key)
        found[name] = Intent(
            name,
            str(fields.get("label", name)),
            reader.texts_of(fields.get("hear", []), key),
            str(fields.get("grammar", "yes")) == "yes",
        )
    return found


def _cards(reader: Reader, data: Mapping[str, Any]) -> dict[str, Card]:
    cards = {}
    for name, body in data.items():
        key = f"card.{name}"
        fields = reader.mapping(body, key)
        reader.only(fields, {"title", "quiet", "pitch", "lines", "afterwards", "choices", "card_for"}, key)
        choices = tuple(
            CardChoice(
                str(choice.get("label", "")),
                reader.texts_of(choice.get("hear", []), key),
                str(choice["card"]),
                str(id_),
            )
            for id_, choice in reader.mapping(fields.get("choices", {}), key).items()
        )
        cards[name] = Card(
            id=name,
            title=reader.text(fields.get("title"), f"{key}.title"),
            lines=reader.passages(fields.get("lines"), key),
            quiet=str(fields.get("quiet", "no")) == "yes",
            pitch=int(fields.get("pitch", 40)),
            afterwards=str(fields.get("afterwards", "")),
            choices=choices,
        )
    return cards


# ---- checking


def _templates_in(content: Content) -> Iterator[tuple[str, str]]:
    for part, intents in (("commands", content.commands), ("answers", content.answers), ("remarks", content.remarks)):
        for intent in intents.values():
            yield from ((f"{part}.{intent.id}", template) for template in intent.hear)
    for card in content.cards.values():
        for choice in card.choices:
            yield from ((f"card.{card.id}.{choice.id}", template) for template in choice.hear)
    for walk in content.walkthroughs.values():
        for step in walk.steps.values():
            for outcome in step.outcomes.values():
                yield from ((f"{step.id}.{outcome.id}", template) for template in outcome.hear)
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
    known = LINE_VALUES | OWN_VALUES | steps
    for key, text in content.texts.items():
        if not string.Template(text).is_valid() or values_of(text) - known:
            raise ContentError(
                "content-value",
                f"In {home}, the text '{key}' uses {sorted(values_of(text) - known) or 'a lone $ sign'}.",
                f"Use one of: {', '.join(sorted(LINE_VALUES | OWN_VALUES))}, or the id of a step.",
            )


def _check_prompts(content: Content, home: Path) -> None:
    for key, values in NEEDED.items():
        said = {value for passage in content.prompts.get(key, ()) for value in values_of(passage.text)}
        if key not in content.prompts or not content.prompts[key] or values - said:
            raise ContentError(
                "content-prompt",
                f"In {home / 'prompts.yaml'}, '{key}' is missing, or does not say all that it must.",
                f"Add it, with {', '.join(f'${value}' for value in sorted(values)) or 'a sentence'}.",
            )
