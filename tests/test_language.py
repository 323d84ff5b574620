"""What is said: plain, kind and short (SPEC 2, 3.12 and 6); and what is understood: each phrase means one thing."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.reading import grade, runs, sentences
from tests.talks import Led
from tests.test_paths import run
from voice.content import Content, load
from voice.dialogue.talk import COMMANDS
from voice.events import Answer, Command, Kind, Listen
from voice.parts import Talking
from voice.templates import Templates, normalise
from voice.understanding import Understanding
from voice.walkthrough import Step

GRADE, SENTENCE_WORDS, TURN_WORDS, CHOICES, LABEL_WORDS = 6.0, 16, 60, 4, 4
# Below this, a syllable more or less moves the grade by a year: such a text is judged with those it stands beside.
FEW_WORDS = 12
SHARED_RUN = 8
SOURCES = Path(__file__).parents[2] / "shared" / "content"
CONTENT = load()
WALK = CONTENT.walkthroughs["family"]
# Two ids that mean the same where both are live.
SAME = {
    ("go_on", "yes"),
    ("rest", "pause"),
    ("plan_now", "plan"),
    ("skip", "go_on"),
    ("done", "fits"),
    *((f"section_{part}", part) for part in "WLYXB"),
}
# Ideas that the plan carries, not a step.
SLOTS = {"P2": "learned", "P5": "me"}


def spoken(text: str) -> str:
    """A text with plain stand-ins for its values."""
    text = re.sub(r"\$\w+_line", "the line", text).replace("$emergency", "nine one one")
    return re.sub(r"\$\w+", "five", text)


def units() -> dict[str, str]:
    """Each text under its key; a very short one with all that its step or prompt says."""
    together: dict[str, str] = {}
    for key, text in CONTENT.texts.items():
        together[_home(key)] = f"{together.get(_home(key), '')} {spoken(text)}".strip()
    return {k: spoken(t) if len(t.split()) >= FEW_WORDS else together[_home(k)] for k, t in CONTENT.texts.items()}


def _home(key: str) -> str:
    """What a text belongs to: its step, its slot of the plan, its card, or all the prompts together."""
    first = key.split(".")[0]
    if first in WALK.steps or first in WALK.sections:
        return first
    second = key.split(".")[1]
    return f"{first}.{second}" if first == "card" or second in WALK.slots else "prompts"


def test_reading_grade_of_every_text(capsys: pytest.CaptureFixture[str]) -> None:
    grades = {key: grade(text) for key, text in units().items()}
    with capsys.disabled():
        mean = sum(grades.values()) / len(grades)
        print(f"\n{len(grades)} texts, grade {mean:.1f}, highest {max(grades.values()):.1f}")
    assert {key: value for key, value in grades.items() if value > GRADE} == {}


def test_a_hard_text_would_be_noticed() -> None:
    assert grade("Professional interventionists facilitate comprehensive rehabilitation opportunities.") > GRADE
    assert runs("one two three four", 3) == {"one two three", "two three four"}


@pytest.mark.parametrize("key", CONTENT.texts)
def test_sentences_are_short(key: str) -> None:
    assert [s for s in sentences(spoken(CONTENT.texts[key])) if len(s.split()) > SENTENCE_WORDS] == []


def test_words_that_are_never_said() -> None:
    templates = Templates(CONTENT.rules)
    for kind, never in CONTENT.manners["never_say"].items():
        found = templates.anywhere(never)
        said = [(key, m[0]) for key, text in CONTENT.texts.items() if (m := found.search(normalise(spoken(text))))]
        assert said == [], kind
        assert found.search(normalise(f"so {templates.phrases(never[0])[0]} then"))


@pytest.mark.parametrize("kind", ["*.md", "*.txt"], ids=["specification", "article"])
def test_nothing_is_copied(kind: str) -> None:
    """Cards are left out: the specification prescribes some of their words."""
    sources = sorted(SOURCES.glob(kind))
    if not sources:
        pytest.skip("the texts that this grew from do not stand beside this checkout")
    known = set().union(*(runs(source.read_text("utf-8"), SHARED_RUN) for source in sources))
    own = {key: text for key, text in CONTENT.texts.items() if not key.startswith("card.")}
    assert {key: shared for key, text in own.items() if (shared := runs(text, SHARED_RUN) & known)} == {}


def test_every_idea_is_carried_by_its_steps() -> None:
    with (Path(__file__).parent / "ideas.tsv").open(encoding="utf-8") as file:
        ideas = {row["id"]: row["steps"].split() for row in csv.DictReader(file, delimiter="\t")}
    assert len(ideas) == 86
    carried = {idea: [step.id for step in WALK.steps.values() if idea in step.ideas] for idea in ideas}
    lacking = [(i, step) for i, steps in ideas.items() for step in steps if step not in (*carried[i], *SLOTS)]
    assert lacking == []
    assert [(i, step) for i, steps in carried.items() for step in steps if step not in ideas[i]] == []
    assert set(SLOTS.values()) <= set(WALK.slots)


def test_the_short_path_carries_what_it_must() -> None:
    led = run(Talking(), "short", {})
    asked = {step for step in led.questions if step in WALK.steps}
    carried = {idea for step in asked for idea in WALK.steps[step].ideas}
    assert carried >= {"R16", "R17", "I8", "F1", "F12", "F14", "N15", "N17"}
    closing = CONTENT.texts["plan.intro.1"].lower()
    assert "plan.intro.1" in led.keys
    for idea in ("isn't the end", "another way", "time"):
        assert idea in closing


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("door", ["professional", "talk", "treatment", "close"])
def test_turns_are_short(path: str, door: str) -> None:
    """At most sixty words before the question of a turn."""
    turns: list[tuple[int, list[str]]] = []
    led = run(Talking(), path, {"X3": door, "W2": "yes_then_no", "L2": "less", "Y4": "argued"})
    assert led.reason == "done"
    for turn in _turns(led):
        before = [key for key in turn if ".ask." not in key and ".review" not in key]
        turns.append((sum(len(spoken(CONTENT.texts[key]).split()) for key in before), turn))
    assert [turn for turn in turns if turn[0] > TURN_WORDS] == []


def _turns(led: Led) -> list[list[str]]:
    """What was said between two answers: each turn ends with its question."""
    found: list[list[str]] = [[]]
    for key in led.keys:
        found[-1].append(key)
        if ".ask." in key or ".review" in key:
            found.append([])
    return found


# ---- what is understood


def lives(step: Step) -> list[Listen]:
    """What is live at a step, on each path where it can be."""
    found = []
    for path in ("short", "full"):
        if step.when.path not in (None, path):
            continue
        ids = [o.id for o in step.outcomes.values() if o.id not in ("skip", "said") and o.when.path in (None, path)]
        if step.answer is Kind.NUMBER:
            ids = [*(str(number) for number in range(11)), "not_sure"]
        sections = tuple(name for name in CONTENT.commands if name.startswith("section_"))
        commands = tuple(name for name in (*COMMANDS, *sections) if name not in ids)
        found.append(Listen(step.id, step.answer, tuple(ids), commands))
    return found


@pytest.mark.parametrize("step", WALK.steps.values(), ids=list(WALK.steps))
def test_each_phrase_of_a_step_means_what_it_should(step: Step) -> None:
    """Every template is spoken in up to thirty ways where it is live, and understood as its own answer or command."""
    understanding, templates = Understanding(CONTENT), Templates(CONTENT.rules)
    for listen in lives(step):
        for id_ in (*listen.expects, *listen.commands):
            hear = _hear(CONTENT, step, listen, id_)
            wrong = []
            for phrase in {p for template in hear for p in templates.phrases(template, most=30)}:
                match understanding.parse(phrase, listen):
                    case Answer(value=got) | Command(name=got):
                        if got != id_ and (id_, got) not in SAME:
                            wrong.append((phrase, got))
                    case _:
                        wrong.append((phrase, ""))
            assert wrong == [], f"{id_} of {step.id}"


def _hear(content: Content, step: Step, listen: Listen, id_: str) -> tuple[str, ...]:
    if id_ in listen.commands:
        return content.commands[id_].hear
    own = step.outcomes[id_].hear if id_ in step.outcomes else ()
    common = content.answers.get(id_)
    return own + (common.hear if common else ())


@pytest.mark.parametrize("step", WALK.steps.values(), ids=list(WALK.steps))
def test_labels_are_short(step: Step) -> None:
    labels = [o.label for o in step.outcomes.values() if o.label]
    assert [label for label in labels if len(label.split()) > LABEL_WORDS] == []


def test_few_choices_at_once() -> None:
    """At most four besides "not sure", in every talk that meets the step."""
    talking = Talking()
    for path, wanted in (
        ("short", {}),
        ("full", {"W3": "yes", "W4": "yes", "W5a": "no", "W2": "said_no"}),
        ("full", {"W3": "no", "W4": "yes", "W5c": "no", "Y2": "9"}),
    ):
        led = run(talking, path, wanted)
        assert led.widest, "questions were asked"
        free = {step.id for step in WALK.steps.values() if step.answer is Kind.NUMBER} | {"choose"}
        assert {step: n for step, n in led.widest.items() if n > CHOICES and step not in free} == {}
