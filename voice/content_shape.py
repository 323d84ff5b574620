"""Turns the plain mappings of content files into frozen values, and says where one does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voice.errors import ContentError
from voice.events import Kind
from voice.walkthrough import ALWAYS, Outcome, Passage, Route, Section, Slot, Spot, Step, Walkthrough, When

_WHEN_LISTS = ("flags", "any", "none", "answered", "unanswered", "done", "todo", "line", "no_line")
_STEP = {"section", "name", "ideas", "when", "answer", "say", "ask", "again", "wait"} | {
    "outcomes",
    "spots",
    "pick",
    "kept",
    "silence",
}
_OUTCOME = {"label", "hear", "within", "spoken", "say", "flags", "next", "card", "when"}
_YES_NO = frozenset({"yes", "no"})


class Reader:
    """Reads one file after another and gathers the text of every passage under its key."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._path = Path()

    @contextmanager
    def file(self, path: Path) -> Iterator[None]:
        """Names the file in the errors raised inside."""
        self._path = path
        yield

    def fault(self, key: str, what: str, remedy: str) -> ContentError:
        """An error that names file, key and remedy."""
        return ContentError("content-shape", f"In {self._path}, '{key}' {what}.", remedy)

    # ---- small shapes

    def mapping(self, value: Any, key: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.fault(key, "is not a list of 'name: value' lines", "Write it as a mapping.")
        return value

    def only(self, fields: Mapping[str, Any], known: set[str], key: str) -> None:
        if extra := sorted(set(fields) - known):
            raise self.fault(key, f"has the unknown part '{extra[0]}'", f"Known are: {', '.join(sorted(known))}.")

    def text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "has no text", "Write a sentence there.")
        return " ".join(value.split())

    def texts_of(self, value: Any, key: str) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key, "is not a list of texts", "Write it as [one, two].")
        return tuple(value)

    def when(self, value: Any, key: str) -> When:
        fields = self.mapping(value, key)
        self.only(fields, {*_WHEN_LISTS, "path", "quiet", "answer"}, f"{key}.when")
        lists = {name: self.texts_of(fields.get(name, []), f"{key}.when.{name}") for name in _WHEN_LISTS}
        answer = {
            step: self.texts_of(values, f"{key}.when.answer")
            for step, values in self.mapping(fields.get("answer", {}), f"{key}.when.answer").items()
        }
        quiet = None if "quiet" not in fields else str(fields["quiet"]) == "yes"
        return When(path=fields.get("path"), quiet=quiet, answer=answer, **lists)

    def passages(self, value: Any, key: str) -> tuple[Passage, ...]:
        if value is None or value == "":
            return ()
        items = value if isinstance(value, list) else [value]
        found = []
        for number, item in enumerate(items, 1):
            name = f"{key}.{number}"
            when = ALWAYS
            if isinstance(item, Mapping):
                self.only(item, {"text", "when"}, name)
                when = self.when(item.get("when", {}), name)
                item = item.get("text")
            text = self.text(item, name)
            if self.texts.setdefault(name, text) != text:
                raise self.fault(name, "stands twice", "Give one of the two another id.")
            found.append(Passage(name, text, when))
        return tuple(found)

    # ---- the files

    def prompts(self, data: Mapping[str, Any]) -> dict[str, tuple[Passage, ...]]:
        return {key: self.passages(value, key) for key, value in data.items()}

    def walkthrough(self, data: Mapping[str, Any]) -> Walkthrough:
        self.only(
            data,
            {"walkthrough", "name", "sections", "steps", "section_end", "choose", "plan"} | {"welcome_after"},
            "the file",
        )
        sections = {}
        for body in data.get("sections", []):
            self.only(self.mapping(body, "sections"), {"id", "name", "close"}, "sections")
            id_ = self.text(body.get("id"), "sections.id")
            name = self.text(body.get("name"), f"{id_}.name")
            sections[id_] = Section(id_, name, self.passages(body.get("close"), f"{id_}.close"))
        steps: dict[str, Step] = {}
        for id_, body in self.mapping(data.get("steps"), "steps").items():
            steps[id_] = self._step(id_, self.mapping(body, id_))
            if steps[id_].section not in sections:
                raise self.fault(id_, f"is in the unknown section '{steps[id_].section}'", "Add the section.")
        ends = self._section_ends(data, sections, steps)
        plan = self.mapping(data.get("plan", {}), "plan")
        slots = {
            id_: Slot(
                id_,
                self.passages(body.get("lines"), f"plan.{id_}"),
                self.passages(body.get("change"), f"plan.{id_}.change"),
            )
            for id_, body in self.mapping(plan.get("slots", {}), "plan.slots").items()
        }
        walk = Walkthrough(
            id=self.text(data.get("walkthrough"), "walkthrough"),
            name=self.text(data.get("name"), "name"),
            sections=sections,
            steps=ends,
            slots=slots,
            order=self.texts_of(plan.get("order", []), "plan.order"),
            order_crisis=self.texts_of(plan.get("order_crisis", []), "plan.order_crisis"),
            welcome_after=str(data.get("welcome_after", "")),
        )
        if walk.welcome_after not in ("", *steps):
            raise self.fault("welcome_after", "names no step", "Name the step after which we know who can hear.")
        self._check_walk(walk)
        return walk

    def _section_ends(
        self, data: Mapping[str, Any], sections: Mapping[str, Section], steps: Mapping[str, Step]
    ) -> dict[str, Step]:
        """The steps, with a `<section>_end` after each section that has one, and `choose` at the end."""
        order: dict[str, Step] = {}
        for section in sections:
            own = [step for step in steps.values() if step.section == section]
            order |= {step.id: step for step in own}
            if "section_end" in data and sections[section].close:
                body = {**self.mapping(data["section_end"], "section_end"), "section": section}
                order[f"{section}_end"] = self._step(f"{section}_end", body)
        if "choose" in data:
            body = {"section": list(sections)[-1], **self.mapping(data["choose"], "choose")}
            order["choose"] = self._step("choose", body)
        return order

    def _step(self, id_: str, fields: Mapping[str, Any]) -> Step:
        self.only(fields, _STEP, id_)
        try:
            kind = Kind(str(fields.get("answer")))
        except ValueError as error:
            raise self.fault(id_, "has no answer kind", f"Use one of: {', '.join(Kind)}.") from error
        outcomes = {
            str(name): self._outcome(id_, str(name), self.mapping(body or {}, f"{id_}.{name}"), kind)
            for name, body in self.mapping(fields.get("outcomes", {}), f"{id_}.outcomes").items()
        }
        spots = tuple(
            Spot(
                str(name),
                self.texts_of(body.get("hear", []), f"{id_}.{name}"),
                self.texts_of(body.get("flags", []), f"{id_}.{name}"),
                self.passages(body.get("say"), f"{id_}.{name}.say"),
            )
            for name, body in self.mapping(fields.get("spots", {}), f"{id_}.spots").items()
        )
        step = Step(
            id=id_,
            section=self.text(fields.get("section"), f"{id_}.section"),
            name=self.text(fields.get("name"), f"{id_}.name"),
            answer=kind,
            ask=self.passages(fields.get("ask"), f"{id_}.ask"),
            say=self.passages(fields.get("say"), f"{id_}.say"),
            again=self.passages(fields.get("again"), f"{id_}.again"),
            outcomes=outcomes,
            spots=spots,
            ideas=self.texts_of(fields.get("ideas", []), f"{id_}.ideas"),
            when=self.when(fields.get("when", {}), id_),
            wait=float(fields["wait"]) if "wait" in fields else None,
            pick=str(fields.get("pick", "first")),
            silence=str(fields.get("silence", "")),
            kept=str(fields.get("kept", "yes")) == "yes",
        )
        self._check_step(step)
        return step

    def _outcome(self, step: str, name: str, fields: Mapping[str, Any], kind: Kind) -> Outcome:
        key = f"{step}.{name}"
        self.only(fields, _OUTCOME, key)
        routes = fields.get("next", [])
        if isinstance(routes, str):
            routes = [{"to": routes}]
        label = str(fields.get("label", ""))
        return Outcome(
            id=name,
            label=label,
            hear=self.texts_of(fields.get("hear", []), f"{key}.hear"),
            within=self.texts_of(fields.get("within", []), f"{key}.within"),
            spoken=str(fields.get("spoken", label.lower())),
            say=self.passages(fields.get("say"), f"{key}.say"),
            flags=self.texts_of(fields.get("flags", []), f"{key}.flags"),
            next=tuple(Route(str(r["to"]), self.when(r.get("when", {}), f"{key}.next")) for r in routes),
            card=str(fields.get("card", "")),
            when=self.when(fields.get("when", {}), key),
        )

    # ---- what must hold

    def _check_step(self, step: Step) -> None:
        if not step.ask:
            raise self.fault(step.id, "asks nothing", "Give it an 'ask'.")
        if step.ask[-1].when != ALWAYS and len(step.ask) > 1:
            raise self.fault(f"{step.id}.ask", "may find no question to ask", "Let its last one have no condition.")
        names = set(step.outcomes)
        if step.silence and step.silence not in names:
            raise self.fault(f"{step.id}.silence", f"names '{step.silence}', which is no outcome", "Name one of them.")
        match step.answer:
            case Kind.YES_NO if not names >= _YES_NO:
                raise self.fault(step.id, "lacks a branch for yes or no", "Add both outcomes.")
            case Kind.NUMBER:
                for number in range(11):
                    if step.outcome_for(str(number), _ANY_FACTS) is None:
                        raise self.fault(step.id, f"has no branch for {number}", "Let its bands cover 0 to 10.")
            case Kind.FREE if "said" not in names:
                raise self.fault(step.id, "lacks the branch 'said'", "Add it.")
            case Kind.CHOICE | Kind.FEELING if len(names - {"not_sure", "skip"}) < 2:
                raise self.fault(step.id, "offers fewer than two answers", "Add outcomes.")
        for outcome in step.outcomes.values():
            offered = step.answer in (Kind.CHOICE, Kind.FEELING) and outcome.id not in ("not_sure", "skip", "own")
            if offered and not (outcome.label and outcome.hear):
                raise self.fault(f"{step.id}.{outcome.id}", "needs a label and templates", "Add 'label' and 'hear'.")

    def _check_walk(self, walk: Walkthrough) -> None:
        for step in walk.steps.values():
            for outcome in step.outcomes.values():
                for route in outcome.next:
                    if route.to not in walk.steps and route.to not in ("plan", "end", "hold"):
                        raise self.fault(f"{step.id}.{outcome.id}", f"leads to '{route.to}'", "Name a step.")
        for slot in (*walk.order, *walk.order_crisis):
            if slot not in walk.slots or not walk.slots[slot].lines:
                raise self.fault(f"plan.{slot}", "has no lines", "Add the slot, with a last line that always holds.")
            if walk.slots[slot].lines[-1].when != ALWAYS:
                raise self.fault(f"plan.{slot}", "may be empty", "Let its last line have no condition.")
        set_somewhere = {f for s in walk.steps.values() for o in s.outcomes.values() for f in o.flags}
        set_somewhere |= {f for s in walk.steps.values() for spot in s.spots for f in spot.flags}
        for step in walk.steps.values():
            for when in _conditions(step):
                for flag in (*when.flags, *when.any, *when.none):
                    if flag not in set_somewhere | DIALOGUE_FLAGS:
                        raise self.fault(step.id, f"asks for the flag '{flag}', which nothing sets", "Mend its name.")
                for name in (*when.answered, *when.unanswered, *when.answer):
                    if name not in walk.steps:
                        raise self.fault(step.id, f"asks for the answer to '{name}', no step", "Mend its name.")


# Flags that the dialogue itself sets: a card was shown; danger from a person was hinted at; a room that keeps nothing.
DIALOGUE_FLAGS = frozenset({"crisis", "violence", "own_words", "named", "unkept"})


def _conditions(step: Step) -> Iterator[When]:
    yield step.when
    for passage in (*step.say, *step.ask, *step.again):
        yield passage.when
    for outcome in step.outcomes.values():
        yield outcome.when
        yield from (passage.when for passage in outcome.say)
        yield from (route.when for route in outcome.next)


class _AnyFacts:
    """Lets `outcome_for` look at every outcome."""


_ANY_FACTS: Any = _AnyFacts()
