"""The spoken offer of a bigger speech model: asked once, between the hello and the walk, and never in anybody's way."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.room import At, Room, key, room, says, types
from voice.events import Heard, Source

HELLO = [types(text) for text in ("yes", "alone", "family", "no", "skip", "short")]


@dataclass
class Fake:
    """A courier that has one to fetch."""

    megabytes: str = "41"
    answers: list[str] = field(default_factory=list)
    to_tell: list[str] = field(default_factory=list)

    def offer(self) -> str:
        return self.megabytes

    def answer(self, value: str) -> None:
        self.answers.append(value)

    def news(self) -> str:
        return self.to_tell.pop(0) if self.to_tell else ""


def talked(courier: Fake, *plan: At, ends: bool = True) -> Room:
    made = room(*plan, courier=courier, ends=ends)
    made.session.run()
    return made


def steps(made: Room) -> list[object]:
    return list(dict.fromkeys(made.paper.of("listen")))


@pytest.mark.parametrize(("said", "kept"), [("yes", "yes"), ("no", "no"), ("i don't know", "later"), ("skip", "later")])
def test_it_is_asked_after_the_hello_and_the_walk_goes_on(said: str, kept: str) -> None:
    courier = Fake()
    made = talked(courier, *HELLO, types(said, step="bigger_ear"))
    assert steps(made)[5:] == ["H6", "bigger_ear", "W2"]
    assert courier.answers == [kept]
    spoken = [utterance.text for utterance in made.voice.said]
    assert any("It is 41 megabytes" in text for text in spoken), "the size is that of the offer"
    after = made.paper.of("say")[made.paper.of("say").index("ear.offer.1") + 1 :]
    assert after[0] == f"ear.{kept}.1"
    assert str(after[1]).startswith("W2.")


def test_a_key_answers_too() -> None:
    courier = Fake()
    talked(courier, *HELLO, key("1", step="bigger_ear"))
    assert courier.answers == ["yes"]


def test_where_there_is_nothing_to_fetch_nothing_is_different() -> None:
    without = room(*HELLO)
    without.session.run()
    made = talked(Fake(megabytes=""), *HELLO)
    assert made.paper.lines == without.paper.lines


def test_silence_is_no_for_this_time() -> None:
    courier = Fake()
    made = talked(courier, *HELLO, types("stop", step="W2"), types("stop", step="hold"), ends=False)
    assert courier.answers == ["later"]
    assert steps(made)[6:] == ["bigger_ear", "W2", "hold"]


def test_what_is_not_understood_twice_is_no_for_this_time() -> None:
    courier = Fake()
    made = talked(courier, *HELLO, types("purple"), types("purple"))
    assert courier.answers == ["later"]
    assert made.paper.of("say").count("ear.again.1") == 1
    assert "W2" in steps(made)


@pytest.mark.parametrize(("word", "kept"), [("yes", []), ("no", ["later"])])
def test_an_answer_in_doubt_decides_nothing(word: str, kept: list[str]) -> None:
    courier = Fake()
    doubtful = At(Heard("[unk]", Source.VOICE, 1.0, (word,)), step="bigger_ear")
    made = talked(courier, *HELLO, doubtful)
    assert courier.answers == kept
    assert ("ear.again.1" in made.paper.of("say")) is (word == "yes"), "only a clear yes fetches"


def test_a_voice_that_is_clearly_heard_is_enough() -> None:
    courier = Fake()
    talked(courier, *HELLO, says("yes", step="bigger_ear"))
    assert courier.answers == ["yes"]


@pytest.mark.parametrize("danger", ["emergency", "he won't wake up"])
def test_danger_goes_before_it_and_it_does_not_come_back(danger: str) -> None:
    courier = Fake()
    made = talked(
        courier, *HELLO, types(danger, step="bigger_ear"), types("safe now"), types("no"), types("go on"), ends=True
    )
    assert made.paper.of("card")
    assert made.paper.of("listen")[-1] == "W2"
    assert made.paper.of("listen").count("bigger_ear") == 1
    assert courier.answers == [], "so it is asked another day"


def test_after_danger_nobody_is_asked_about_software() -> None:
    courier = Fake()
    to_card = [types(text) for text in ("yes", "emergency", "safe now", "no", "go on")]
    made = talked(courier, *to_card, *HELLO[1:])
    assert "W2" in steps(made)
    assert "bigger_ear" not in steps(made)


def test_it_is_asked_once_in_a_talk() -> None:
    courier = Fake()
    made = talked(courier, *HELLO, types("back"), types("back", step="W2"), types("short", step="H6"))
    assert courier.answers == ["later"]
    assert made.paper.of("listen").count("bigger_ear") == 1
    assert made.paper.of("listen")[-2:] == ["H6", "W2"]


def test_a_pause_keeps_the_question() -> None:
    courier = Fake()
    made = talked(courier, *HELLO, types("pause"), types("go on", step="hold"), types("yes", step="bigger_ear"))
    assert courier.answers == ["yes"]
    assert made.paper.of("listen")[-4:] == ["bigger_ear", "hold", "bigger_ear", "W2"]


@pytest.mark.parametrize("news", ["ear.here", "ear.failed"])
def test_what_became_of_it_is_for_the_eye_alone_and_once(news: str) -> None:
    courier = Fake(megabytes="", to_tell=["", news])
    made = talked(courier, *HELLO)
    assert made.paper.of("say").count(f"{news}.1") == 1
    assert not any("bigger ear" in utterance.text for utterance in made.voice.said)
    assert "W2" in steps(made)
