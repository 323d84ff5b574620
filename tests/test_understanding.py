"""What was heard -> what it means. The content is the real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice import content
from voice.dialogue.talk import COMMANDS
from voice.events import Answer, Command, Heard, Kind, Listen, NotUnderstood, Pressed, Remark, Source
from voice.understanding import UNKNOWN, Understanding, unknown_words

CONTENT = content.load()
UNDERSTANDING = Understanding(CONTENT)
LIVE = tuple(name for name in COMMANDS if name in CONTENT.commands)
YES_NO = Listen("yes_no", Kind.YES_NO, ("yes", "no", "not_sure"), LIVE)
NUMBER = Listen("number", Kind.NUMBER, (*map(str, range(11)), "not_sure"), LIVE)
FREE = Listen("free", Kind.FREE, ("not_sure",), LIVE)
ONLY_COMMANDS = Listen("commands", Kind.CHOICE, (), LIVE)


def typed(text: str) -> Heard:
    return Heard(text, Source.TYPED)


def spoken(text: str, *free: str, confidence: float = 1.0) -> Heard:
    return Heard(text, Source.VOICE, confidence, free)


# ---- typed words


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("Yeah.", "yes"),
        ("No!", "no"),
        ("i don't know", "not_sure"),
        ("NOT SURE", "not_sure"),
        ("know", "no"),
    ],
)
def test_yes_no_and_doubt(text: str, value: str) -> None:
    assert UNDERSTANDING.understand(typed(text), YES_NO) == Answer(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("stop", "stop"),
        ("please stop now please", "stop"),
        ("hold on", "pause"),
        ("say that again", "repeat"),
        ("slow down", "slower"),
        ("where am I?", "where_am_i"),
        ("delete that", "delete_that"),
        ("I'm done", "done"),
        ("help", "help"),
    ],
)
def test_commands(text: str, name: str) -> None:
    assert UNDERSTANDING.understand(typed(text), YES_NO) == Command(name)


@pytest.mark.parametrize(
    "text",
    ["I want to stop smoking", "she told me to stop it all the time", "we had to go back to the hospital", "help him"],
)
def test_only_a_whole_utterance_is_a_command(text: str) -> None:
    meaning = UNDERSTANDING.understand(typed(text), FREE)
    assert isinstance(meaning, Answer)
    assert meaning.value == "own"
    assert not isinstance(UNDERSTANDING.understand(spoken(text, text), ONLY_COMMANDS), Command)


def test_what_is_not_live_means_nothing() -> None:
    bare = Listen("yes_no", Kind.YES_NO, ("yes", "no"))
    assert UNDERSTANDING.understand(typed("stop"), bare) == NotUnderstood()
    assert UNDERSTANDING.understand(typed("seven"), bare) == NotUnderstood()
    assert UNDERSTANDING.understand(typed("yes"), ONLY_COMMANDS) == NotUnderstood()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seven", "7"),
        ("7", "7"),
        ("about a six", "6"),
        ("ten out of ten", "10"),
        ("zero", "0"),
        ("six or seven", "6"),
        ("maybe a five", "5"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    assert UNDERSTANDING.understand(typed(text), NUMBER) == Answer(value)


@pytest.mark.parametrize("text", ["eleven", "42", "seven dwarfs", "one two three"])
def test_no_numbers(text: str) -> None:
    assert not isinstance(UNDERSTANDING.understand(typed(text), NUMBER), Answer)


def test_of_two_numbers_the_higher_where_the_step_says_so() -> None:
    steps = [s for walk in CONTENT.walkthroughs.values() for s in walk.steps.values() if s.pick == "higher"]
    for step in steps:
        listen = Listen(step.id, Kind.NUMBER, NUMBER.expects)
        assert UNDERSTANDING.understand(typed("three or seven"), listen) == Answer("7")
    assert steps, "SPEC has steps where the higher number counts"


def test_free_words_are_kept_as_they_are() -> None:
    assert UNDERSTANDING.understand(typed("we shouted a lot"), FREE) == Answer("own", "we shouted a lot")


def test_a_remark_is_heard_inside_a_sentence() -> None:
    remark = next(iter(CONTENT.remarks))
    phrase = UNDERSTANDING._templates.phrases(CONTENT.remarks[remark].hear[0])[0]
    assert isinstance(UNDERSTANDING.understand(typed(phrase), YES_NO), Remark)


# ---- keys


def test_number_keys_follow_the_order_of_what_is_live() -> None:
    assert UNDERSTANDING.understand(Pressed("1"), YES_NO) == Answer("yes")
    assert UNDERSTANDING.understand(Pressed("3"), YES_NO) == Answer("not_sure")
    assert UNDERSTANDING.understand(Pressed("0"), YES_NO) == Answer("not_sure")
    assert UNDERSTANDING.understand(Pressed("4"), YES_NO) == NotUnderstood()
    assert UNDERSTANDING.understand(Pressed("10"), NUMBER) == Answer("10")
    assert UNDERSTANDING.understand(Pressed("11"), NUMBER) == NotUnderstood()


def test_every_option_on_the_screen_can_be_pressed() -> None:
    for walk in CONTENT.walkthroughs.values():
        for step in walk.steps.values():
            listen = Listen(step.id, step.answer, tuple(o for o in step.outcomes if o not in ("skip", "said")))
            if step.answer is Kind.NUMBER:
                continue
            for key, label in UNDERSTANDING.options(listen):
                assert isinstance(UNDERSTANDING.understand(Pressed(key), listen), Answer), (step.id, key, label)


def test_command_keys_work_where_the_word_is_not_live() -> None:
    assert UNDERSTANDING.understand(Pressed("emergency"), Listen("x", Kind.YES_NO, ("yes",))) == Command(
        "emergency", keyed=True
    )
    assert UNDERSTANDING.understand(Pressed("nonsense"), YES_NO) == NotUnderstood()


# ---- the voice: two recognisers


def test_two_that_agree_are_sure() -> None:
    assert UNDERSTANDING.understand(spoken("yes", "yes"), YES_NO) == Answer("yes")
    assert UNDERSTANDING.understand(spoken("yes", "the", "guess", "yeah"), YES_NO) == Answer("yes", sure=True)


def test_homophones_agree() -> None:
    assert UNDERSTANDING.understand(spoken("no", "know"), YES_NO) == Answer("no", sure=True)
    assert UNDERSTANDING.understand(spoken("pause", "paws"), YES_NO) == Command("pause", sure=True)


def test_a_late_or_similar_agreement_is_unsure() -> None:
    late = spoken("yes", "the dress", "dress", "press", "yes")
    assert UNDERSTANDING.understand(late, YES_NO) == Answer("yes", sure=False)
    assert UNDERSTANDING.understand(spoken("stop", "top"), YES_NO) == Command("stop", sure=False)


@pytest.mark.parametrize("free", [("no",), ("no", "so", "the", "yes"), ("the weather is nice today",), ()])
def test_disagreement_is_not_understood(free: tuple[str, ...]) -> None:
    assert UNDERSTANDING.understand(spoken("yes", *free), YES_NO) == NotUnderstood()


def test_a_wording_that_only_free_recognition_knows_is_unsure() -> None:
    wording = "i would rather not say"
    assert wording not in UNDERSTANDING.phrases(YES_NO)
    assert UNDERSTANDING.understand(spoken(UNKNOWN, wording), YES_NO) == Command("skip", sure=False)


def test_without_a_second_recogniser_confidence_decides_whether_to_ask() -> None:
    assert UNDERSTANDING.understand(Heard("yes", confidence=0.95), YES_NO) == Answer("yes", sure=True)
    assert UNDERSTANDING.understand(Heard("yes", confidence=0.5), YES_NO) == Answer("yes", sure=False)


@pytest.mark.parametrize("text", [UNKNOWN, f"{UNKNOWN} {UNKNOWN}", f"yes {UNKNOWN}", f"{UNKNOWN} stop", ""])
@pytest.mark.parametrize("listen", [YES_NO, NUMBER, FREE, ONLY_COMMANDS], ids=lambda listen: listen.step)
def test_the_unknown_word_never_means_anything(text: str, listen: Listen) -> None:
    assert UNDERSTANDING.understand(spoken(text), listen) == NotUnderstood()
    assert UNDERSTANDING.understand(Heard(text), listen) == NotUnderstood()


# ---- the grammar


def test_little_is_live_at_once() -> None:
    """SPEC section 6: a small model hears best with few phrases. Numbers have their eleven words beside them."""
    for walk in CONTENT.walkthroughs.values():
        for step in walk.steps.values():
            listen = Listen(step.id, step.answer, tuple(o for o in step.outcomes if o not in ("skip", "said")), LIVE)
            phrases = [phrase for phrase in UNDERSTANDING.phrases(listen) if not UNDERSTANDING.outright(phrase)]
            assert len(phrases) == len(set(phrases))
            assert len(phrases) <= 60, (step.id, len(phrases))


@pytest.mark.parametrize("listen", [YES_NO, NUMBER, ONLY_COMMANDS], ids=lambda listen: listen.step)
def test_every_phrase_of_the_grammar_is_understood(listen: Listen) -> None:
    for phrase in UNDERSTANDING.phrases(listen):
        if UNDERSTANDING.outright(phrase):
            continue  # danger, which is not for understanding: see tests/test_session_danger.py
        meaning = UNDERSTANDING.understand(spoken(phrase, phrase), listen)
        assert isinstance(meaning, Answer | Command), phrase
        assert meaning.sure


def test_words_that_a_model_lacks() -> None:
    assert unknown_words(["say that again", "stop"], frozenset({"say", "that", "stop"})) == {"again"}


# ---- whatever comes

WORDS = st.sampled_from(["yes", "no", "stop", UNKNOWN, "seven", "or", "i", "don't", "know", "$", "", "²"])
TEXT = st.one_of(st.text(max_size=40), st.lists(WORDS).map(" ".join))
HEARD = st.builds(
    Heard, TEXT, st.sampled_from(Source), st.floats(0, 1), st.none() | st.lists(TEXT, max_size=5).map(tuple)
)
PRESSED = st.builds(Pressed, st.one_of(st.text(max_size=3), st.sampled_from(["0", "9", "99", "²", "stop"])))


@given(sound=st.one_of(HEARD, PRESSED), listen=st.sampled_from([YES_NO, NUMBER, FREE, ONLY_COMMANDS]))
def test_nothing_makes_it_fail(sound: Heard | Pressed, listen: Listen) -> None:
    meaning = UNDERSTANDING.understand(sound, listen)
    if isinstance(meaning, Answer) and meaning.value != "own":
        assert meaning.value in (*listen.expects, "not_sure")
    if isinstance(sound, Heard) and sound.source is Source.VOICE and sound.free == ():
        assert meaning == NotUnderstood()


@pytest.mark.parametrize("typed", ["i dont know", "im not sure", "dont wait so long", "im alone"])
def test_typed_without_apostrophes_it_means_the_same(typed: str) -> None:
    spelt = typed.replace("dont", "don't").replace("im ", "i'm ")
    listen = Listen("H2", Kind.CHOICE, ("alone", "trusted", "heard", "not_sure"), ("stop", "quicker"))
    meant = UNDERSTANDING.understand(Heard(typed, Source.TYPED), listen)
    assert meant == UNDERSTANDING.understand(Heard(spelt, Source.TYPED), listen)
    assert not isinstance(meant, NotUnderstood)


def test_a_word_of_its_own_is_no_misspelling() -> None:
    free = Listen("B1", Kind.FREE, (), ("stop",))
    assert UNDERSTANDING.understand(Heard("he was ill", Source.TYPED), free) == Answer("own", "he was ill")
