"""Loads all language from content/<language>/ and checks it before anybody hears a word of it.

    walkthroughs/*.yaml   sections, steps, section_end, choose, plan      -> Walkthrough
    prompts.yaml          key: passage(s)                                 -> what belongs to no step
    paper.yaml            key: text(s)                                    -> what stands on paper, never said in a talk
    intents.yaml          rules, commands, answers, numbers, remarks      -> what people say (hassil notation)
    safety.yaml           phrases by category                             -> for voice.safety
    safety.patterns.json  its templates as patterns, made by scripts/patterns
    opinion.npz           what a network learnt of danger                 -> for voice.opinion
    cards.yaml            crisis cards
    manners.yaml          words that are never said
    kiosk.yaml            what stands on the kiosk's page: key: text
    ../helplines.yaml     telephone numbers by country                    -> for voice.helplines

Every scalar is read as a string ("yes" is an answer here, not a truth value) and equal keys are refused. A fault raises
ContentError with the file, the key and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from voice.content_check import check
from voice.content_kinds import Card, CardChoice, Content, Intent
from voice.content_shape import Reader
from voice.errors import ContentError

__all__ = ["HERE", "Card", "CardChoice", "Content", "Intent", "helplines", "load", "own_helplines"]

HERE = Path(__file__).parent / "content"


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
    with reader.file(home / "paper.yaml"):
        paper = reader.prompts(_read(home / "paper.yaml"))
    with reader.file(home / "intents.yaml"):
        commands = _intents(reader, intents, "commands")
        answers = _intents(reader, intents, "answers")
        remarks = _intents(reader, intents, "remarks")
        numbers = {key: reader.texts_of(value, f"numbers.{key}") for key, value in intents.get("numbers", {}).items()}
        fillers = reader.texts_of(intents.get("number_fillers", []), "number_fillers")
        sounds, alike = (frozenset(reader.texts_of(intents.get(key, []), key)) for key in ("sounds", "like_sounds"))
    with reader.file(home / "cards.yaml"):
        cards = _cards(reader, _read(home / "cards.yaml"))
    with reader.file(home / "kiosk.yaml"):
        words = reader.prompts({f"kiosk.{name}": text for name, text in _read(home / "kiosk.yaml").items()})
    content = Content(
        walkthroughs=walkthroughs,
        prompts=prompts,
        paper=paper,
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
        patterns=home / "safety.patterns.json",
        helplines=helplines(folder),
        manners=_read(home / "manners.yaml"),
        kiosk={key.removeprefix("kiosk."): passages[0].text for key, passages in words.items() if passages},
        texts=reader.texts,
    )
    check(content, home)
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
        reader.only(fields, {"label", "hear", "grammar", "opens", "unless", "turns"}, key)
        found[name] = Intent(
            name,
            str(fields.get("label", name)),
            reader.texts_of(fields.get("hear", []), key),
            str(fields.get("grammar", "yes")) == "yes",
            reader.texts_of(fields.get("opens", []), key),
            reader.texts_of(fields.get("unless", []), key),
            reader.texts_of(fields.get("turns", []), key),
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
