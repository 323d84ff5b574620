"""Sentence templates in hassil's notation: one source for what the recogniser may hear and for what it then means.

turn on [the] light[s]     optional words and endings
(red|green)                one of several
<rule>                     a named part, from `rules` in content/en/intents.yaml
(a;b)                      both, in either order
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.sample import sample_expression

# A space in a template: one in the text, or nothing where a left-out optional part already has one beside it.
# Short, since it stands two thousand times in the phrases on danger: half of their time to load is reading patterns.
_GAP = r" *(?!(?<=\S)\S)"
_NOT_WORD = re.compile(r"[^\w\[\]' ]+|_|(?<!\w)'|'(?!\w)")
_PLAIN = re.compile(r"[\w' ]+")
_DEEPEST = 12


class TemplateError(ValueError):
    """A template cannot be read; the message says which and why."""


def normalise(text: str) -> str:
    """Lower case, straight apostrophes, no other punctuation, single spaces: as a recogniser writes."""
    plain = text.lower().replace("\u2019", "'").replace("\u2018", "'").replace("-", " ")
    return " ".join(_NOT_WORD.sub(" ", plain).split())


class Templates:
    """Reads templates, with the named rules that they may use.

    Raises TemplateError for a broken template, an unknown rule, or rules that go in a circle.
    """

    def __init__(self, rules: Mapping[str, str] | None = None) -> None:
        self._rules: dict[str, Sentence] = {name: _parse(body) for name, body in (rules or {}).items()}

    def pattern(self, template: str) -> str:
        """Regular expression source that matches the template in normalised text; not anchored."""
        return self._pattern(_parse(template).expression, template, 0)

    def whole(self, templates: list[str]) -> re.Pattern[str]:
        """Matches a whole utterance that is one of the templates."""
        return re.compile(rf"(?:{self._either(templates)}) *\Z")

    def anywhere(self, templates: list[str]) -> re.Pattern[str]:
        """Finds one of the templates inside an utterance, on word borders."""
        return re.compile(rf"(?<![^ ])(?:{self._either(templates)})(?![^ ])")

    def phrases(self, template: str, most: int = 200) -> list[str]:
        """The phrases that the template stands for, at most `most` of them, without doubles."""
        self.pattern(template)  # so that a broken rule is reported in our words
        found = sample_expression(_parse(template).expression, {}, self._rules)
        seen: dict[str, None] = {}
        for phrase in itertools.islice(found, most * 4):
            if clean := normalise(phrase):
                seen.setdefault(clean)
        return list(seen)[:most]

    def _either(self, templates: list[str]) -> str:
        return "|".join(f"(?:{self.pattern(template)})" for template in templates) or r"(?!)"

    def _pattern(self, part: Expression, template: str, depth: int) -> str:
        if depth > _DEEPEST:
            raise TemplateError(f"'{template}' uses rules that go in a circle")
        match part:
            case TextChunk():
                return _chunk(part.text)
            case Permutation():
                orders = itertools.permutations([self._pattern(item, template, depth + 1) for item in part.items])
                return "(?:" + "|".join(_GAP.join(order) for order in orders) + ")"
            case Alternative():
                return "(?:" + "|".join(self._pattern(item, template, depth + 1) for item in part.items) + ")"
            case Group():
                runs = itertools.groupby(part.items, lambda item: isinstance(item, TextChunk))
                return "".join(self._run(list(items), text, template, depth) for text, items in runs)
            case RuleReference():
                rule = self._rules.get(part.rule_name)
                if rule is None:
                    raise TemplateError(f"'{template}' uses the rule <{part.rule_name}>, which does not exist")
                return "(?:" + self._pattern(rule.expression, template, depth + 1) + ")"
            case ListReference():
                raise TemplateError(f"'{template}' uses the list {{{part.list_name}}}; use a <rule> instead")
        raise TemplateError(f"'{template}' holds something that is not understood here")

    def _run(self, items: list[Expression], text: bool, template: str, depth: int) -> str:
        if text:
            return _chunk("".join(item.text for item in items if isinstance(item, TextChunk)))
        return "".join(self._pattern(item, template, depth + 1) for item in items)


def _chunk(text: str) -> str:
    """Between two words of one piece there is a space and nothing else, which is read three times as fast as a gap."""
    words = " ".join(text.lower().split())
    before, after = (_GAP if edge == " " else "" for edge in (text[:1], text[-1:]))
    return before + re.escape(words).replace(r"\ ", " ") + (after if words else "")


def words_of(phrases: Iterator[str] | list[str]) -> set[str]:
    """All words of some phrases, for asking a model whether it knows them."""
    return {word for phrase in phrases for word in phrase.split()}


@functools.cache
def _parse(template: str) -> Sentence:
    if _PLAIN.fullmatch(template):  # as hassil reads it, in a tenth of the time
        words = " ".join(template.split())
        return Sentence(Sequence(items=[TextChunk(words, words)]))
    try:
        return parse_sentence(template)
    except (ParseError, ValueError, IndexError) as error:
        raise TemplateError(f"'{template}' cannot be read as a sentence template") from error
