"""Everything that this program's people may say and that it says, for the vocabulary and for synthetic speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.train.lexicon import Lexicon
from voice.content import HERE
from voice.content import load as load_content
from voice.templates import Templates, normalise
from voice.understanding import MAIN_WORDINGS

_SAID = Path(__file__).resolve().parents[2] / "tests" / "safety_phrases.tsv"
_FILLERS = ("um", "uh", "er", "erm")


@dataclass(frozen=True)
class Phrases:
    """Phrases, lower case without punctuation, each list without doubles."""

    live: tuple[str, ...]
    """What grammars hold: commands, answers, numbers."""
    other: tuple[str, ...]
    """Other wordings that are understood, danger among them: some of each template."""
    spoken: tuple[str, ...]
    """What the program says."""
    templates: frozenset[str] = frozenset()
    """All words of all templates."""

    @property
    def words(self) -> frozenset[str]:
        """All words that this program's people say, and that it says."""
        lines = (*self.live, *self.other, *self.spoken)
        return self.templates | {word for line in lines for word in line.split()}

    def spoken_with(self, lexicon: Lexicon) -> Phrases:
        """Only what can be spoken with the words of `lexicon`."""

        def kept(lines: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(line for line in lines if all(word in lexicon for word in line.split()))

        return Phrases(kept(self.live), kept(self.other), kept(self.spoken), self.templates)


def collect(language: str = "en", each: int = 12) -> Phrases:
    """From the content in the package. `each`: phrases per template beyond the main ones."""
    content, folder = load_content(language=language), HERE / language
    templates = Templates(content.rules)
    live: dict[str, None] = {}
    other: dict[str, None] = {}

    words = _words(content.rules.values())

    def take(hear: tuple[str, ...]) -> None:
        words.update(_words(hear))
        for rank, template in enumerate(hear):
            found = templates.phrases(template, most=400)
            chosen = found if len(found) <= each else found[:: max(1, len(found) // each)][:each]
            for phrase in found[:4] if rank < MAIN_WORDINGS else chosen:
                (live if rank < MAIN_WORDINGS else other).setdefault(phrase)

    for group in (content.commands, content.answers):
        for intent in group.values():
            take(intent.hear)
    for walk in content.walkthroughs.values():
        for step in walk.steps.values():
            for outcome in step.outcomes.values():
                take(outcome.hear)
                words |= _words(outcome.within)
    for card in content.cards.values():
        for choice in card.choices:
            take(choice.hear)
    for names in content.numbers.values():
        for word in names:
            live.setdefault(word)
    # A filler in front of each phrase is what the templates' samples begin with; people do, now and then.
    for phrase in [phrase for phrase in live if phrase.split()[0] in _FILLERS]:
        other.setdefault(phrase)
        del live[phrase]
    rest = tuple(phrase for phrase in other if phrase not in live)
    return Phrases(tuple(live), rest, tuple(dict.fromkeys(_spoken(folder))), frozenset(words))


def danger(known: Lexicon, language: str = "en") -> frozenset[str]:
    """Words of the safety file and its tests that the dictionary has; they also hold mishearings that are no words."""
    files = (HERE / language / "safety.yaml", _SAID)
    text = " ".join(file.read_text(encoding="utf-8").lower() for file in files)
    return frozenset(word for word in re.findall(r"[a-z']+", text) if word in known)


def _words(templates: Iterable[str]) -> set[str]:
    return {word for template in templates for word in re.findall(r"[a-z']+", re.sub(r"<\w+>", " ", template.lower()))}


def _spoken(folder: Path) -> Iterator[str]:
    """The sentences in the content's files, spoken or not: what the program says and whoever answers may take up."""
    for file in sorted(folder.rglob("*.yaml")):
        for text in _strings(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)):
            if re.search(r"[A-Z].*[a-z]", text) and "[" not in text and not re.fullmatch(r"\w*\d\w*", text):  # no ids
                yield from sentences(text)


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _strings(part)
        case list():
            for part in value:
                yield from _strings(part)


def sentences(text: str) -> list[str]:
    """Sentences of a text, normalised."""
    parts = re.split(r"(?<=[.?!:;])\s+", re.sub(r"\{.*?\}|\$\w+", " ", text))
    return [clean for part in parts if (clean := normalise(part))]
