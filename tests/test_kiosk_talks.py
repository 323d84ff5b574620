"""A talk where the next person must find nothing: nothing is kept, no own word is said aloud, stop clears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.room import TALKING, Paper, Voice
from voice.events import Ended, Heard, Kind, Listen, Sound, Source
from voice.parts_kiosk import NOT_HERE
from voice.rehearse import VirtualClock
from voice.session import Manner

MOST = 200
CANARY = "zebra"


class Answering:
    """Ears whose person answers every question, and says what they are told to say at a step, each once."""

    speaking = hears_through = talked_over = wants_the_floor = False

    def __init__(self, clock: VirtualClock, says: dict[str, Sequence[str]], choose: dict[str, str]) -> None:
        """`says`: step -> what is said there, one after the other; `choose`: step -> the answer after that, else the
        first that there is, the second where danger is asked for."""
        self._clock, self._choose = clock, choose
        self._says = {step: list(words) for step, words in says.items()}
        self._listen: Listen | None = None
        self.seen: Counter[str] = Counter()

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self._listen = None if listen.over_speech else listen

    def poll(self, seconds: float) -> Sound | None:
        self._clock.sleep(max(seconds, 0.01))
        listen, self._listen = self._listen, None
        if listen is None:
            return None
        self.seen[listen.step] += 1
        assert self.seen.total() < MOST, f"it did not end: {self.seen}"
        if words := self._says.get(listen.step):
            return spoken(words.pop(0))
        if listen.step in self._choose:
            return spoken(self._choose[listen.step])
        if listen.kind is Kind.NUMBER:
            return spoken("four")
        if listen.kind is Kind.FREE:
            return spoken("skip")
        options = TALKING.understanding.options(listen)
        if not options:
            return Ended()
        number = 1 if listen.step == "H4" else 0
        return Heard(options[number][1].lower(), Source.TYPED)

    def close(self) -> None:
        self._listen = None

    def shut(self) -> None: ...


def spoken(words: str) -> Heard:
    return Heard(words, Source.VOICE, 1.0, (words,), 1.0, 0.1)


class Held:
    """A talk in a public room, with what was said in it and shown."""

    def __init__(self, says: dict[str, Sequence[str]], choose: dict[str, str] | None = None) -> None:
        clock = VirtualClock()
        self.ears, self.voice, self.paper = Answering(clock, says, choose or {}), Voice(clock), Paper(clock)
        session = TALKING.session(
            Manner(country="US"),
            ears=[self.ears],
            screen=self.paper,
            clock=clock,
            mouth=self.voice,
            notes=None,
            quiet=True,
        )
        self.reason = session.run()

    @property
    def keys(self) -> list[object]:
        """Of the lines that were said, in order."""
        return self.paper.of("say")

    @property
    def aloud(self) -> str:
        """All that came out of the loudspeaker."""
        return " ".join(utterance.text for utterance in self.voice.said).lower()


KEPT = ["forget everything", "delete everything", "my notes", "read my plan", "keep my place", "what is kept here"]


@pytest.mark.parametrize("words", KEPT)
@pytest.mark.parametrize("step", ["H2", "W2", "plan", "anything_else"])
def test_nothing_about_kept_notes_opens(words: str, step: str) -> None:
    held = Held({step: [words]})
    at = held.keys.index("unkept.1")
    asked = held.ears.seen.keys()
    assert not asked & {"my_notes", "forget_all", "keep_place", "keep", "lock_choice", "unlock", "return"}
    assert held.keys.count("unkept.1") == 1
    assert at + 1 < len(held.keys), "the question is asked again"
    assert held.reason == "done"


def test_nothing_is_printed_where_there_is_no_printer() -> None:
    held = Held({"plan": ["print my plan"]})
    assert "print.no_printer.1" in held.keys
    assert "print" not in held.ears.seen


def test_the_page_cannot_send_them_either() -> None:
    assert {"my_notes", "my_plan", "keep_place", "forget_everything"} <= NOT_HERE


def test_the_last_step_says_that_the_plan_can_be_written_down() -> None:
    held = Held({})
    at = held.keys.index("unkept.plan.1")
    assert str(held.keys[at + 1]).startswith("anything_else")
    assert "write your plan down" in held.aloud
    assert held.paper.of("plan")[-1] != ()


def test_stop_is_silence_and_a_second_stop_clears() -> None:
    held = Held({"W2": ["stop"], "hold": ["stop"]})
    assert held.reason == "stopped"
    kinds = [(kind, what) for _, kind, what in held.paper.lines]
    at = kinds.index(("say", "stopped.clears.1"))
    hidden = kinds.index(("hide", ""))
    assert at < hidden < kinds.index(("say", "cleared.1")), "empty before it is said to be"
    assert kinds[-1] == ("end", "stopped")


def test_after_one_stop_it_can_go_on() -> None:
    held = Held({"W2": ["stop"], "hold": ["go on"]})
    assert held.reason == "done"
    assert held.ears.seen["W2"] == 2
    assert ("hide", "") not in [(kind, what) for _, kind, what in held.paper.lines]


OWN = {"X4": "my own words"}


def own_line(walk: str, said: Sequence[str]) -> dict[str, Sequence[str]]:
    """Changes the first line of the plan until it is asked in own words, says them, and goes back to that line."""
    return {"H2": [walk], "X4a": [f"{CANARY} one"], "plan": said, "own_line": [f"{CANARY} two", "yes"]}


def test_no_own_word_is_said_aloud() -> None:
    """Not as it is asked, nor read back, nor in the plan; also where it is gone back to, or repeated."""
    held = Held(own_line("others can hear", [*["change"] * 4, "back", "repeat", "keep"]), OWN)
    assert held.ears.seen["X4a"] == 1
    assert held.ears.seen["own_line"] == 1
    assert "plan.own_line.unsaid.1" in held.keys
    assert CANARY not in held.aloud
    assert CANARY in str(held.paper.of("plan")[-1]), "it stands in the plan, to be written down"


def test_whoever_is_alone_hears_them() -> None:
    held = Held(own_line("i'm alone", [*["change"] * 4, "back", "repeat", "keep"]), OWN)
    assert held.ears.seen["own_line"] == 2, "what was heard is checked"
    assert CANARY in held.aloud


@pytest.mark.parametrize("walk", ["i'm alone", "someone i trust", "others can hear"])
def test_no_name_is_asked_for(walk: str) -> None:
    assert "H5" not in Held({"H2": [walk]}).ears.seen


@pytest.mark.parametrize(
    ("walk", "quiet"), [("i'm alone", False), ("someone i trust", True), ("others can hear", True), ("skip", True)]
)
def test_only_alone_is_not_quiet(walk: str, quiet: bool) -> None:
    dialogue = TALKING.dialogue("US", quiet=True)
    dialogue.start()
    answer: Callable[[str], object] = lambda words: dialogue.respond(  # noqa: E731
        TALKING.understanding.understand(spoken(words), dialogue.listen())
    )
    answer("yes")
    assert dialogue.listen().step == "H2"
    assert dialogue.talk.quiet
    answer(walk)
    assert dialogue.talk.quiet is quiet
