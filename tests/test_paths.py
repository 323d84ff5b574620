"""The paths as a whole: budgets, every branch, and no way into a dead end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.talks import Led, lead
from voice.events import Answer, Command, Danger, Kind, Listen, Meaning, NotUnderstood, Remark, Silence
from voice.parts import Talking
from voice.walkthrough import Step

SHORT_WORDS, FULL_WORDS = 330, 1700
SHORT_QUESTIONS, FULL_QUESTIONS = 9, 34
PLAN_WORDS = 10
# What a plain run answers where a safety branch would open another talk, or the hello would end it.
PLAIN = {
    "H1": "yes",
    "H2": "alone",
    "H3": "family",
    "H4": "no",
    "H5": "own",
    "H6": "short",
    "L5a": "no",
    "Y2a": "no",
    "Y1b": "no",
    "plan": "keep",
    "keep": "yes",
    "anything_else": "no",
    "X4a": "own",
    "W1a": "no",
    "Y2b": "no",
    "X3z": "enough",
}
# How a plain run comes off a card, a check or a pause.
WAYS_ON = ("safe_now", "no", "go_on", "yes")
# Branches that lead out of the plain walk: a danger, or somebody to be afraid of.
SAFETY = {("Y1", "scared"), ("Y1a", "of_them"), ("Y1a", "both"), ("L5", "hopeless"), ("Y6", "yes")}


@pytest.fixture(scope="module")
def talking() -> Talking:
    return Talking()


def plain(path: str, wanted: dict[str, str]) -> Led:
    """A plain run; `wanted` says which answer to give at a step, the first one otherwise."""
    talking = Talking()
    return run(talking, path, wanted)


def run(talking: Talking, path: str, wanted: dict[str, str]) -> Led:
    def choose(listen: Listen, led: Led) -> Meaning:
        # A step that comes back is answered plainly, so that "no" to the hello does not hold the talk for ever.
        again = led.questions.count(listen.step) > 1 and (listen.step in PLAIN or listen.step.endswith("_end"))
        fixed = {**PLAIN, "H6": "long" if path == "full" else "short", **({} if again else wanted)}
        value = fixed.get(listen.step)
        if value is None and listen.step not in talking.content.walkthroughs["family"].steps:
            value = next((way for way in WAYS_ON if way in listen.expects), None)
        if value is None and listen.step.endswith("_end"):
            value = "go_on"
        if value is None:
            value = "5" if listen.kind is Kind.NUMBER else listen.expects[0]
        if listen.kind is Kind.FREE and value not in listen.expects:
            return Answer("own", "sam")
        return Answer(value if value in listen.expects or value.isdigit() else listen.expects[0])

    return lead(talking, choose)[0]


def longest(talking: Talking, path: str) -> tuple[Led, dict[str, str]]:
    """The longest plain run: at each step the answer after which most is said."""
    wanted: dict[str, str] = {}
    for _ in range(2):
        for step in list(run(talking, path, wanted).questions):
            known = talking.content.walkthroughs["family"].steps.get(step)
            if known is None or step in PLAIN or step.endswith("_end"):
                continue
            words = {}
            for value in _answers(known):
                if (step, value) not in SAFETY:
                    words[value] = run(talking, path, {**wanted, step: value}).words
            wanted[step] = max(words, key=lambda value: words[value])
    return run(talking, path, wanted), wanted


def _answers(step: Step) -> list[str]:
    if step.answer is Kind.NUMBER:
        return ["0", "2", "5", "7"]
    return [outcome for outcome in step.outcomes if outcome not in ("skip", "said")]


@pytest.mark.parametrize(("path", "most"), [("short", SHORT_WORDS), ("full", FULL_WORDS)])
def test_word_budget_of_the_longest_plain_run(talking: Talking, path: str, most: int) -> None:
    led, wanted = longest(talking, path)
    assert led.reason == "done"
    assert led.words <= most, f"{led.words} words with {wanted}"


@pytest.mark.parametrize(("path", "most"), [("short", SHORT_QUESTIONS), ("full", FULL_QUESTIONS)])
def test_question_budget_of_a_plain_run(
    talking: Talking, path: str, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts what is asked about the talk itself: not the hello, the keeping of plan lines, or "go on?" between parts.

    The four quick questions about the planning are one question (SPEC 2.4, W5).
    """
    asked = run(talking, path, {"W1": "week", "W6": "family"}).questions
    about = {step if not step.startswith("W5") else "W5" for step in asked if step[0] in "WLYXB" and "_" not in step}
    with capsys.disabled():
        print(f"\n{path}: {len(about)} questions about the talk, {len(asked)} times listened in all")
    assert len(about) <= most


def test_short_path_takes_the_steps_of_the_specification(talking: Talking) -> None:
    led = run(talking, "short", {})
    steps = [step for step in dict.fromkeys(led.questions) if step[0].isupper()]
    assert steps == ["H1", "H2", "H3", "H4", "H5", "H6", "W2", "W8", "L2", "Y1", "Y3", "X3", "X4"]


def test_every_step_and_outcome_is_reached(talking: Talking) -> None:
    """Each answer of each step is given in some talk that gets there, and that talk comes to an end."""
    walk = talking.content.walkthroughs["family"]
    reached: set[tuple[str, str]] = set()
    routes = _routes()
    for path, wanted in routes:
        seen = set(run(talking, path, wanted).questions)
        for step in seen & set(walk.steps):
            for value in _answers(walk.steps[step]):
                if (step, value) in reached:
                    continue
                led = run(talking, path, {**wanted, step: value})
                assert led.reason
                outcome = walk.steps[step].outcomes.get(value)
                if outcome is None or not outcome.say or any(p.key in led.keys for p in outcome.say) or outcome.card:
                    reached.add((step, value))
                if walk.steps[step].answer is Kind.NUMBER:
                    reached |= {(step, band) for band in walk.steps[step].outcomes if "-" in band}
    wanted_all = {
        (step.id, outcome)
        for step in walk.steps.values()
        for outcome in step.outcomes
        if outcome not in ("skip", "said", "not_sure") and not outcome[0].isdigit()
    }
    assert wanted_all - reached == set()
    assert {step.id for step in walk.steps.values()} - {step for step, _ in reached} == set()


def _routes() -> list[tuple[str, dict[str, str]]]:
    """Ways that together pass every step."""
    return [
        ("short", {}),
        ("short", {"Y1": "scared", "Y1a": "of_them", "X4": "own"}),
        (
            "full",
            {"W1": "today", "W1a": "no", "Y2": "9", "Y2b": "no", "Y5": "kept", "Y6": "yes", "X3z": "professional"},
        ),
        ("full", {"W3": "a_little", "X3": "talk", "X3z": "treatment", "L6": "8"}),
        ("full", {"X3": "treatment", "X3z": "close", "W1": "today", "W1a": "yes"}),
        ("full", {"X3": "close", "X3z": "talk", "W7": "yes", "B4": "yes"}),
        ("full", {"W3": "yes", "W4": "yes", "W5a": "no", "W8": "offer", "L6": "2", "X3": "close", "Y5": "kept"}),
        ("full", {"L5": "hopeless", "Y1": "scared", "Y1a": "both", "Y2": "9", "X3": "professional", "B5": "soon"}),
        ("full", {"W4": "yes", "W8": "tone", "X3": "talk", "X4": "own", "W6": "professional"}),
        ("full", {"W5b": "no", "W8": "planning", "X3": "treatment", "W_end": "another", "choose": "X"}),
        ("full", {"W_end": "another", "choose": "B", "B_end": "another", "L_end": "plan"}),
    ]


def _any_meaning() -> st.SearchStrategy[tuple[str, int]]:
    kinds = ["answer"] * 8 + ["command", "silence", "miss", "red", "amber", "remark", "unsure"]
    return st.tuples(st.sampled_from(kinds), st.integers(0, 40))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_any_meaning(), max_size=60))
def test_random_answers_never_reach_a_dead_end(choices: list[tuple[str, int]]) -> None:
    """Whatever is answered: no exception, an end, and a plan of at most six lines of at most ten words."""
    talking = _shared()
    queue = list(choices)

    def choose(listen: Listen, led: Led) -> Meaning:
        if not queue:  # then somebody who wants to finish
            for way_out in ("safe_now", "no", "plan", "keep_all"):
                if way_out in listen.expects and listen.step not in talking.content.walkthroughs["family"].steps:
                    return Answer(way_out)
            return Command("go_on" if listen.step == "hold" else "done")
        kind, number = queue.pop(0)
        match kind:
            case "command":
                return Command(listen.commands[number % len(listen.commands)]) if listen.commands else Silence()
            case "silence":
                return Silence()
            case "miss":
                return NotUnderstood()
            case "red":
                return Danger("red", list(talking.content.cards)[number % len(talking.content.cards)])
            case "amber":
                return Danger("amber", list(talking.content.cards)[number % len(talking.content.cards)])
            case "remark":
                return Remark(list(talking.content.remarks)[number % len(talking.content.remarks)])
        sure = kind == "answer"
        if listen.kind is Kind.FREE and number % 2:
            return Answer("own", "some words", sure)
        values = [value for value in listen.expects if value != "own"] or ["own"]
        return Answer(values[number % len(values)], "", sure)

    led, _ = lead(talking, choose, most=600)
    assert led.reason
    for plan in led.plans:
        assert len(plan) <= 6
        assert [line for line in plan if len(line.split()) > PLAN_WORDS] == []


_kept: list[Talking] = []


def _shared() -> Talking:
    """Hypothesis runs many examples; the content is read once."""
    if not _kept:
        _kept.append(Talking())
    return _kept[0]
