"""Where the sentence was: after a pause or another pace, and after a loudspeaker that went in the midst of a line."""

from __future__ import annotations

import pytest

from tests.room import SPEECH, At, Room, key, room, says, types
from voice.errors import MicrophoneError
from voice.events import Recovered, Say, Trouble
from voice.session_rest import rest_of

TEXT = "It is late. You did what you could. Shall we go on?"
FIRST = "H1.say.1"


@pytest.mark.parametrize(("word", "begins"), [(0, 0), (2, 0), (3, 3), (7, 3), (8, 8), (11, 8)])
def test_from_the_beginning_of_the_sentence(word: int, begins: int) -> None:
    assert rest_of(Say("key", pause=1.5), TEXT, word) == (Say("key", pause=1.5, start_word=begins),)


def test_nothing_is_left_of_what_was_said_whole() -> None:
    assert rest_of(Say("key"), TEXT, len(TEXT.split())) == ()


def _run(*plan: object, reached: int = 0) -> Room:
    made = room(*plan, over=[])  # type: ignore[arg-type]
    made.voice.reached = reached
    made.session.run()
    return made


@pytest.mark.parametrize("stops", ["pause", "stop"])
def test_after_a_pause_it_goes_on_in_the_same_line(stops: str) -> None:
    whole = _run()
    spoken = whole.voice.said[0].text.split()
    second = next(at + 1 for at, word in enumerate(spoken) if word.endswith("."))
    made = _run(says(stops, speaking=True, after=1.0), types("go on"), reached=second + 1)
    said = [line for line in made.paper.of("say") if not str(line).startswith(("paused", "stopped", "go_on"))]
    assert said[:2] == [FIRST, FIRST]
    assert said[2:4] == whole.paper.of("say")[1:3], "and nothing after it is lost"
    again = [each for each in made.voice.said if each.text == whole.voice.said[0].text]
    assert [each.start_word for each in again] == [0, second], "only the rest of it is heard again"


def test_slower_in_the_midst_of_a_line_is_no_loss_either() -> None:
    made = _run(says("slower", speaking=True, after=1.0))
    said = [line for line in made.paper.of("say") if str(line).startswith("H1.")]
    assert said[:3] == [FIRST, FIRST, "H1.ask.1"]
    assert made.voice.said[-1].words_per_minute < made.voice.said[0].words_per_minute


@pytest.mark.parametrize("then", [types("skip"), types("repeat"), types("yes")])
def test_who_wants_something_else_does_not_hear_the_old_line(then: object) -> None:
    made = _run(says("pause", speaking=True, after=1.0), then, types("go on"))
    if then == types("yes"):  # in a pause that is "go on" without the word
        assert made.paper.of("say")[2] == "go_on.1"
    assert made.paper.of("say").count(FIRST) == 1


def test_a_card_meanwhile_ends_it() -> None:
    made = _run(says("pause", speaking=True, after=1.0), key("emergency"), types("no, go back"), types("go on"))
    said = made.paper.of("say")
    assert any(str(line).startswith("card.") for line in said)
    assert said.count(FIRST) == 1


HINT = (types("yes"), types("he took too much last week"))
"""After it, it asks whether somebody is in danger: ten seconds of silence count as a yes."""
NOTHING = types("nobody", step="nowhere")


def _until_nothing_more_comes(made: Room) -> Room:
    with pytest.raises(AssertionError, match="nothing asked for"):
        made.session.run()
    return made


def test_wait_over_the_question_about_danger_is_only_quiet() -> None:
    """It does not go on by itself, and the silence after it brings the card."""
    made = room(*HINT, says("wait", speaking=True, step="danger", after=0.5), NOTHING, over=[])
    _until_nothing_more_comes(made)
    waited = [at for at, kind, _ in made.paper.lines if kind == "heard"][2]
    next_said = next((at, what) for at, kind, what in made.paper.lines if kind == "say" and at >= waited)
    assert made.paper.of("heard")[2] == "Command"
    assert str(next_said[1]).startswith("card."), "and not the rest of the question"
    assert next_said[0] - waited == pytest.approx(10.0, abs=0.5)


class TestALoudspeakerThatComesBack:
    def _made(self, breaks: int, back_after: float, *plan: object) -> Room:
        made = room(*plan, ends=False, breaks=breaks)  # type: ignore[arg-type]
        made.voice.mended_at = back_after
        return made

    def test_what_nobody_heard_is_said_again_by_itself(self) -> None:
        made = self._made(0, 3.0, types("yes", step="H1"), types("stop"), types("stop"))
        made.person.plan[0].after = 9.0
        made.session.run()
        assert "H1.ask.1" in [made.paper.of("say")[at] for at in range(3)], "it stood on the screen at once"
        told = [(at, what) for at, kind, what in made.paper.lines if kind == "say" and what == "H1.ask.1"]
        assert len(told) == 2
        assert 3.0 <= told[1][0] <= 3.0 + 5
        assert made.voice.said_at[0] == pytest.approx(told[1][0], abs=0.3)

    def test_that_it_hears_again_too_is_said_right_after_it(self) -> None:
        """As when a sound server comes back, and both with it."""
        lost = At(Trouble(MicrophoneError("microphone-gone", "The microphone went away.", "Plug it in again.")))
        back = At(Recovered(), speaking=True, after=0.5)
        made = self._made(0, 3.0, lost, back, types("stop"), types("stop"))
        made.person.plan[2].after = 9.0
        made.session.run()
        told = [at for at, kind, what in made.paper.lines if kind == "say" and what == "microphone_back.1"]
        assert len(told) == 1
        again = made.voice.said_at[0]
        assert told[0] == pytest.approx(again + SPEECH, abs=0.5)

    def test_of_a_card_it_is_the_number(self) -> None:
        calls = (types("yes"), key("emergency"))
        whole = room(*calls)
        whole.session.run()
        shown = next(at for at, kind, _ in whole.paper.lines if kind == "card")
        before = len([at for at in whole.voice.said_at if at < shown])
        made = self._made(before, 1e9, *calls, types("stop"), types("stop"))
        made.person.plan[2].after = 12.0
        made.person.plan[2].step = "card:EMERGENCY"
        made.voice.mended_at = shown + 3.0
        made.session.run()
        first = next(
            str(what) for _, kind, what in whole.paper.lines if kind == "say" and str(what).startswith("card.")
        )
        told = [at for at, kind, what in made.paper.lines if kind == "say" and what == first]
        assert len(told) >= 2
        assert told[1] - made.voice.mended_at < 5
        heard = next(text for at, text in zip(made.voice.said_at, made.voice.said, strict=True) if at > shown)
        assert "911" in heard.text or "9 1 1" in heard.text or "nine" in heard.text.lower()

    def test_a_voice_that_opens_and_breaks_again_does_not_stop_the_clocks(self) -> None:
        """It is tried once more for each line, and silence goes on counting: about danger a card hangs on it."""
        made = room(*HINT, NOTHING)
        made.voice.moves = dict.fromkeys(range(500), "speaker-engine")
        _until_nothing_more_comes(made)
        asked = [at for at, kind, what in made.paper.lines if kind == "say" and what == "amber.ask.1"]
        shown = next(at for at, kind, _ in made.paper.lines if kind == "card")
        assert len(asked) == 2
        assert shown - asked[0] < 12

    def test_a_question_that_is_no_longer_open_is_not(self) -> None:
        made = self._made(0, 6.0, types("yes"), types("alone"), types("stop"), types("stop"))
        made.session.run()
        assert made.paper.of("say").count("H1.ask.1") == 1
