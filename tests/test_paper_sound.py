"""The plan as a wav: the real recogniser hears its lines in it, in order, with time between them."""

from __future__ import annotations

import io
import re
import wave
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from voice.content import load
from voice.events import Kind, Listen
from voice.parts_paper import Paper
from voice.settings import Settings
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource
from voice.speech.turn import Turn

LINES = (
    "In danger, call 911 first.",
    "I can be ready for a no.",
    "I love you. I'm here.",
    "See a doctor for advice, this week.",
    "Today I eat, rest, and tell one friend.",
    "I can call the crisis line 988.",
)
SAID = (
    "in danger call nine one one first",
    "i can be ready for a no",
    "i love you i'm here",
    "see a doctor for advice this week",
    "today i eat rest and tell one friend",
    "i can call the crisis line nine eight eight",
)
LISTEN = Listen("paper", Kind.CHOICE, end=1.0)
CONTENT = load()


def words(text: str) -> str:
    """As a recogniser writes it."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def others() -> list[str]:
    """Every other line that a plan can have: what could be heard in place of ours."""
    slots = CONTENT.walkthroughs["family"].slots.values()
    texts = [passage.text for slot in slots for passage in (*slot.lines, *slot.change)]
    return sorted({words(text) for text in texts if "$" not in text} - set(SAID))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return Paper(Settings(home=tmp_path_factory.mktemp("home"), country="US"), CONTENT)


@pytest.fixture(scope="module")
def spoken(paper: Paper) -> bytes:
    content, news = paper.spoken(paper.plan(LINES, date(2026, 11, 27)))
    assert news is None
    return content


@pytest.mark.model
def test_the_recogniser_hears_the_plan(speech_model: SpeechModel, spoken: bytes, tmp_path: Path) -> None:
    file = tmp_path / "plan.wav"
    file.write_bytes(spoken)
    source = FileSource(file)
    source.start()
    rivals = others()
    assert len(rivals) > 15
    heard = []
    turn = Turn(speech_model, LISTEN, [*SAID, *rivals, "my plan"])
    while not source.ended:
        block = source.read(1.0)
        found = turn.feed(block) if block is not None else None
        if found is not None:
            heard.append(found)
            turn = Turn(speech_model, LISTEN, [*SAID, *rivals, "my plan"])
    if (last := turn.finish()) is not None:
        heard.append(last)
    assert [each.text for each in heard] == ["my plan", *SAID]


def test_its_shape(spoken: bytes) -> None:
    with wave.open(io.BytesIO(spoken)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int32)
    assert np.abs(samples).max() < 32767, "nothing is cut off"
    loud = np.flatnonzero(np.abs(samples) > 300)
    pauses = np.diff(loud)[np.diff(loud) > rate] / rate
    assert len(pauses) == len(LINES), "one after the title and after each line but the last"
    assert all(1.1 < pause < 1.8 for pause in pauses)


def test_numbers_are_said_in_their_groups(paper: Paper) -> None:
    assert [words(paper.said(line)) for line in LINES] == list(SAID)
    assert paper.said("Call Samaritans 116 123.") == "Call Samaritans, one one six, one two three."
    assert paper.said("Tom, 07700 900 123!") == "Tom, zero seven seven zero zero, nine zero zero, one two three!"
    assert paper.said("Ring +44 20 7946 0018.").startswith("Ring plus four four, two zero, seven nine four six,")
    assert paper.said("Meet at 7, on 12 May 2026, for 30 minutes.") == "Meet at 7, on 12 May 2026, for 30 minutes."
    assert paper.said("111 222 333") == "one one one, two two two, three three three", "and not the line 111"
    assert paper.said("Room 9990") == "Room 9990"


def test_the_pace_is_the_persons(paper: Paper, spoken: bytes, tmp_path: Path) -> None:
    slow = Paper(Settings(home=tmp_path, country="US", rate=50), CONTENT)
    content, _ = slow.spoken(slow.plan(LINES, None))
    assert len(content) > len(spoken) * 1.3
