"""A session: what it says when, what interrupts it, and what it outlives."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kept import connect, notes_at
from tests.room import SPEECH, At, Room, key, room, says, types
from voice.errors import MicrophoneError, ModelError, NotesError, SettingsError
from voice.events import Ended, Heard, Listen, Recovered, Source, Trouble
from voice.notes import Notes
from voice.session import Manner

TO_PLAN = [types(text) for text in ("yes", "alone", "family", "no", "sam", "short", "they left", "i'm done")]
SECRET = "zanzibar"


def heard_at(made: Room, step: str) -> list[object]:
    """What was heard after it listened at a step."""
    found = []
    last: object = None
    for _, kind, what in made.paper.lines:
        if kind == "listen":
            last = what
        elif kind == "heard" and last == step:
            found.append(what)
    return found


# ---- order


def test_it_shows_then_speaks_then_listens() -> None:
    made = room(types("yes"))
    assert made.session.run() == "no more answers"
    kinds = [(kind, what) for _, kind, what in made.paper.lines]
    assert kinds[:4] == [("say", "H1.say.1"), ("say", "H1.ask.1"), ("listen", "H1"), ("heard", "Answer")]
    assert kinds[-1] == ("end", "no more answers")
    assert [u.text.split()[0] for u in made.voice.said][:2] == ["I'm", "Ready?"]
    times = [at for at, kind, _ in made.paper.lines if kind in ("say", "listen")][:3]
    assert times[1] - times[0] >= SPEECH
    assert times[2] - times[1] >= SPEECH


def test_everything_is_given_back_at_the_end() -> None:
    made = room(types("yes"))
    made.session.run()
    assert made.person.shut_times == 1


def test_everything_is_given_back_when_it_is_told_to_end() -> None:
    made = room(types("yes"))

    def interrupt(listen: Listen, phrases: Sequence[str]) -> None:
        raise SystemExit(143)

    made.person.open = interrupt  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        made.session.run()
    assert made.person.shut_times == 1
    assert made.paper.of("end") == ["ended"]


# ---- interrupted while it speaks


def test_a_key_stops_the_voice_and_answers() -> None:
    made = room(key("1", speaking=True))
    made.session.run()
    assert made.voice.stopped_at
    assert made.voice.stopped_at[0] < SPEECH
    assert "H2.ask.1" in made.paper.of("say")
    assert "H1.ask.1" not in made.paper.of("say"), "who has answered is not asked"


@pytest.mark.parametrize("word", ["stop", "pause", "emergency"])
def test_a_hot_word_stops_the_voice(word: str) -> None:
    # The first line speaks of "stop" itself, so the second one is the one to stop.
    made = room(types("yes"), says(word, speaking=True))
    made.session.run()
    assert made.voice.stopped_at
    assert heard_at(made, "H1") == ["Answer", "Danger" if word == "emergency" else "Command"]


def test_the_voice_is_not_stopped_by_other_words() -> None:
    made = room(says("louder", speaking=True), says("the weather is nice", speaking=True))
    made.session.run()
    assert not made.voice.stopped_at


def test_it_does_not_listen_for_a_word_that_it_is_saying() -> None:
    made = room(types("yes"))
    made.session.run()
    while_speaking = [(listen, phrases) for listen, phrases in made.person.opened if listen.over_speech]
    first, second = while_speaking[0][1], while_speaking[1][1]
    assert "stop" in made.voice.said[0].text
    assert not any(phrase.startswith("stop") for phrase in first)
    assert "stop" in second


def test_without_barge_in_no_word_is_live_while_it_speaks() -> None:
    made = room(types("yes"), manner=Manner(country="US", barge_in=False))
    made.session.run()
    assert all(phrases == () for listen, phrases in made.person.opened if listen.over_speech)


# ---- waiting


def silences(made: Room) -> list[float]:
    """Seconds from each listening to the silence that ended it."""
    found, began = [], 0.0
    for at, kind, what in made.paper.lines:
        if kind == "listen":
            began = at
        elif kind == "heard" and what == "Silence":
            found.append(at - began)
    return found


def quiet_room(patience: int = 0, talks: float = 0.0) -> Room:
    late = At(Heard("yes", Source.TYPED), after=30)  # after the first re-prompt
    made = room(late, ends=False, talks=talks, manner=Manner("US", patience=patience))
    made.person.plan += [types("stop"), types("stop")]
    made.session.run()
    return made


def test_patience_stretches_the_waits() -> None:
    short, long, longest = (silences(quiet_room(patience))[0] for patience in (0, 1, 2))
    assert short == pytest.approx(10.0, abs=0.2)
    assert long == pytest.approx(15.0, abs=0.2)
    assert longest == pytest.approx(20.0, abs=0.2)


def test_time_stands_still_while_somebody_speaks() -> None:
    assert silences(quiet_room(talks=7.0))[0] == pytest.approx(17.0, abs=0.2)


# ---- how it speaks


def test_louder_softer_faster_slower_reach_the_next_words() -> None:
    made = room(types("softer"), types("slower"), types("faster"), types("faster"), manner=Manner("US", 100, 80))
    made.session.run()
    volumes = [u.volume for u in made.voice.said]
    rates = [u.words_per_minute for u in made.voice.said]
    assert volumes[0] == 0.8
    assert volumes[-1] == 0.7
    assert rates[0] == 130
    assert 110 in rates
    assert rates[-1] == 162


def test_cards_are_slower_and_lower() -> None:
    made = room(types("emergency"))
    made.session.run()
    card = [u for u in made.voice.said if u.pitch < 50]
    assert card
    assert all(u.words_per_minute == 110 for u in card)


def test_what_a_person_said_is_never_kept_as_sound() -> None:
    doubtful = At(Heard("[unk]", Source.VOICE, 1.0, (SECRET,)))
    made = room(*[types(text) for text in ("yes", "alone", "family", "no")], doubtful, types("yes"))
    made.session.run()
    with_name = [u for u in made.voice.said if SECRET in u.text.lower()]
    assert with_name, "a name that was badly heard is read back"
    assert not any(u.fixed for u in with_name)
    assert any(u.fixed for u in made.voice.said)


# ---- keeping


@pytest.mark.parametrize(("answer", "kept"), [("yes", 1), ("no", 0), ("i don't know", 0)])
def test_notes_are_kept_only_after_a_yes(answer: str, kept: int, tmp_path: Path) -> None:
    notes = notes_at(tmp_path / "notes.db")
    made = room(*TO_PLAN, types("keep all"), types(answer, step="keep"), types("no"), notes=notes)
    made.session.run()
    assert len(notes.list()) == kept
    assert len(made.paper.of("keep")) == kept


def test_a_talk_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    made = room(*TO_PLAN, types("keep all"), notes=notes_at(tmp_path / "notes.db"))
    made.session.run()
    assert not (tmp_path / "notes.db").exists()


def test_delete_that_in_the_middle_harms_nothing(tmp_path: Path) -> None:
    notes = notes_at(tmp_path / "notes.db")
    notes.keep("family", [("safety", "an older plan")], {})
    made = room(types("yes"), types("alone"), types("delete that"), types("family"), notes=notes)
    made.session.run()
    assert "deleted.1" in made.paper.of("say")
    assert [note.lines for note in notes.list()] == [(("safety", "an older plan"),)]
    assert made.paper.of("trouble") == []


def test_notes_that_fail_are_said_and_the_talk_goes_on(tmp_path: Path) -> None:
    class Full(Notes):
        def keep(self, *args: object) -> int:
            raise NotesError("notes-disk-full", "There is no space left.", "Free some space.")

    made = room(*TO_PLAN, types("keep all"), types("yes"), types("no"), notes=Full(tmp_path / "notes.db", connect))
    assert made.session.run() == "done"
    assert made.paper.of("trouble") == ["notes-disk-full"]
    assert "keep.failed.1" in made.paper.of("say")


# ---- ending


@pytest.mark.parametrize("speaking", [True, False], ids=["while it speaks", "while it listens"])
def test_whoever_ends_it_is_not_kept_waiting_for_other_ears(speaking: bool) -> None:
    keys = room(types("yes"), At(Ended(wanted=True), speaking=speaking)).person
    made = room(ends=False, beside=[keys])
    assert made.session.run() == "stopped"
    assert (made.person.shut_times, keys.shut_times) == (1, 1)


def test_ears_that_only_ran_out_leave_the_others_open() -> None:
    keys = room(At(Ended())).person
    made = room(At(Heard("yes", Source.TYPED), after=3.0), types("alone"), beside=[keys])
    assert made.session.run() == "no more answers"
    assert keys.shut_times == 1
    assert "H3" in made.paper.of("listen")


# ---- what it outlives

LOST = Trouble(MicrophoneError("microphone-gone", "The microphone went away.", "Plug it in again."))


@pytest.mark.parametrize("speaking", [True, False], ids=["while it speaks", "while it listens"])
def test_a_lost_microphone_is_said_once_and_the_place_is_kept(speaking: bool) -> None:
    lost = [At(LOST, speaking=speaking)] * 3
    made = room(types("yes"), *lost, key("1", step="H2"), key("1", step="H3"))
    made.session.run()
    assert made.paper.of("trouble") == ["microphone-gone"]
    assert made.paper.of("listen")[:4] == ["H1", "H2", "H3", "H4"]


@pytest.mark.parametrize("speaking", [True, False], ids=["while it speaks", "while it listens"])
def test_a_model_that_another_one_stands_in_for_is_for_the_eye_alone(speaking: bool) -> None:
    broken = Trouble(ModelError("model-broken", "It cannot be used.", "Get it again."), hears=True)
    made = room(At(broken, speaking=speaking), says("yes", step="H1"), ends=True)
    made.session.run()
    assert made.paper.of("trouble") == ["model-broken"]
    assert "H2" in made.paper.of("listen")
    assert not {"no_model.1", "no_microphone.1", "microphone_back.1"} & set(made.paper.of("say"))


def test_a_microphone_that_came_back_and_goes_again_is_told_again() -> None:
    made = room(At(LOST), says("yes", step="H1"), At(LOST), key("1", step="H2"))
    made.session.run()
    assert made.paper.of("trouble") == ["microphone-gone"] * 2


@pytest.mark.parametrize("speaking", [True, False], ids=["while it speaks", "while it listens"])
def test_losing_and_getting_back_a_microphone_is_said_aloud(speaking: bool) -> None:
    made = room(At(LOST, speaking=speaking), At(Recovered(), speaking=speaking), says("yes", step="H1"))
    made.session.run()
    said = made.paper.of("say")
    back = said.index("microphone_back.1")
    assert made.paper.of("trouble") == ["microphone-gone"]
    assert "H2" in made.paper.of("listen")
    assert speaking or said.index("no_microphone.1") < back
    spoken = [utterance.text for utterance in made.voice.said]
    assert "I can hear you again." in spoken, "whoever can't see the screen has to hear it"


def test_ears_that_cannot_be_opened_are_let_go() -> None:
    broken = room().person

    def fail(listen: Listen, phrases: Sequence[str]) -> None:
        raise ModelError("model-refused", "The speech model stopped working.", "Answer with the keys.")

    broken.open = fail  # type: ignore[method-assign]
    made = room(types("yes"), beside=[broken])
    assert made.session.run() == "no more answers"
    assert made.paper.of("trouble") == ["model-refused"]
    assert broken.shut_times == 1
    assert "H2" in made.paper.of("listen")


def test_a_voice_that_dies_leaves_the_words_on_the_screen() -> None:
    made = room(types("yes"), types("alone"), types("family"), breaks=3)
    assert made.session.run() == "no more answers"
    assert len(made.voice.said) == 3
    assert made.paper.of("trouble") == ["speaker-gone"]
    assert "H4" in made.paper.of("listen")


def test_settings_that_cannot_be_saved_do_not_end_the_talk() -> None:
    asked: list[tuple[str, str]] = []

    def remember(what: str, value: str) -> None:
        asked.append((what, value))
        raise SettingsError("settings-not-written", "I could not save that.", "Choose another folder.")

    made = room(types("australia"), types("typing"), types("yes"), set_up=True, remember=remember)
    made.session.run()
    assert asked == [("country", "AU"), ("answer_by", "typing")]
    assert made.paper.of("trouble") == ["settings-not-written"] * 2
    assert "H2" in made.paper.of("listen")


# ---- the log


def test_the_log_holds_kinds_and_states_and_never_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = room(*[types(text) for text in ("yes", "alone", "family", "no", SECRET, "short", f"he is {SECRET}")])
        made.session.run()
    assert "Answer in H5" in caplog.text
    assert SECRET not in caplog.text.lower()
    assert "mishear" not in caplog.text, "nor what the program says"


# ---- the voice comes out of another place


def test_a_line_is_said_again_where_the_sound_is_now() -> None:
    made = room(types("yes"))
    made.voice.moves = {1: "speaker-moved"}
    made.session.run()
    assert made.voice.said[0] == made.voice.said[1]
    assert made.paper.of("trouble") == ["speaker-moved"]


def test_what_was_private_is_not_said_to_the_room() -> None:
    """The headphones were pulled out: it is silent, and shows every line, until the person does something."""
    made = room(types("yes"))
    made.voice.moves = {1: "speaker-moved-open"}
    made.session.run()
    assert made.paper.of("trouble") == ["speaker-moved-open"]
    first = next(at for at, kind, _ in made.paper.lines if kind == "heard")
    assert [at for at in made.voice.said_at[1:] if at < first] == []
    assert len(made.paper.of("say")) > len(made.voice.said)
    assert [at for at in made.voice.said_at if at >= first], "and after an answer it speaks again"


def test_danger_is_answered_aloud_though_the_voice_was_hushed() -> None:
    made = room(says("he is not breathing"))
    made.voice.moves = {1: "speaker-moved-open"}
    made.session.run()
    assert made.paper.of("card")
    shown = next(at for at, kind, _ in made.paper.lines if kind == "card")
    assert [at for at in made.voice.said_at if at >= shown]


def test_somebody_elses_question_does_not_make_it_speak_to_the_room() -> None:
    made = room(says("who was that"), types("yes"))
    made.voice.moves = {1: "speaker-moved-open"}
    made.session.run()
    typed = [at for at, kind, _ in made.paper.lines if kind == "heard"][1]
    assert [at for at in made.voice.said_at[1:] if at < typed] == []


def test_a_card_is_said_aloud_though_the_headphones_come_out() -> None:
    made = room(types("yes"), key("emergency"))
    shown = len(room_until_card().voice.said)
    made.voice.moves = {shown + 1: "speaker-moved-open"}
    made.session.run()
    at = next(at for at, kind, _ in made.paper.lines if kind == "card")
    assert len([moment for moment in made.voice.said_at if moment >= at]) > 3


def room_until_card() -> Room:
    """The same talk, of which only what comes before the card counts."""
    made = room(types("yes"), key("emergency"))
    made.session.run()
    at = next(at for at, kind, _ in made.paper.lines if kind == "card")
    made.voice.said = [said for said, moment in zip(made.voice.said, made.voice.said_at, strict=True) if moment < at]
    return made
