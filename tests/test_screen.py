"""The screen on a real pseudo-terminal, on pipes, on narrow and poor terminals, and as JSON."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.pseudo_terminal import open_terminal
from voice.errors import NotesError
from voice.events import Answer, Command, Danger, Kind, Listen, NotUnderstood, Silence
from voice.screen import JsonScreen, Terminal, big, telephone

CHOICE = Listen("W2", Kind.CHOICE, ("left", "angry"), ("repeat", "skip", "emergency"))
OPTIONS = (("1", "They left"), ("2", "They got angry"))
CARD = ("Call 999 now. Put it on speaker.", "Roll them on their side.", "Stay with them.")
LONG = "This is one long line, as the voice would say it, and it goes on and on so that it has to be broken somewhere."


def everything(screen: Terminal | JsonScreen) -> None:
    screen.say("hello.1", LONG + " “Ready?” – ok…")
    screen.listen(CHOICE, OPTIONS)
    screen.heard("they left", Answer("left"))
    screen.heard("mumble", NotUnderstood())
    screen.card("OD", "Breathing", CARD, 0)
    screen.card("OD", "Breathing", CARD, 1)
    screen.plan(["Call the family line, Tuesday."])
    screen.keep("/home/a/notes.db")
    screen.trouble(NotesError("notes-busy", "Another program has the notes.", "Close it."))
    screen.hide()
    screen.end("done")


def piped(act: Callable[[Terminal], None], encoding: str = "utf-8", width: int | None = None) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    act(Terminal(stream, {"skip": "Right", "emergency": "F1"}, environ={}, width=width))
    stream.flush()
    return raw.getvalue().decode(encoding)


def on_a_terminal(code: str, **environ: str) -> str:
    """What a process writes on a real pseudo-terminal."""
    if sys.platform == "win32":
        pytest.skip("needs a pseudo-terminal")

    master, slave = open_terminal()
    usual = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "PYTHONIOENCODING": "utf-8"}
    env = {**os.environ, **usual, **environ}
    for name in {"NO_COLOR"} - environ.keys():
        env.pop(name, None)
    head = "from voice.screen import Terminal\nt = Terminal()\nCARD = " + repr(CARD) + "\n"
    process = subprocess.Popen([sys.executable, "-c", head + code], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    out = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        out += chunk
    os.close(master)
    assert process.wait(timeout=60) == 0, out.decode()
    return out.decode()


def test_a_pipe_has_no_control_codes_and_short_lines() -> None:
    text = piped(everything)
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 60
    assert " ".join(LONG.split()) in " ".join(text.split())


def test_a_spoken_line_stands_apart() -> None:
    assert piped(lambda t: t.say("k", "Take your time.")) == "\nTake your time.\n"


def test_a_question_shows_its_keys_and_what_else_works() -> None:
    text = piped(lambda t: t.listen(CHOICE, OPTIONS))
    assert "1 They left" in text
    assert "Also: repeat, skip (Right)." in text
    assert "Emergency: press F1." in text
    assert "0 to 10" in piped(lambda t: t.listen(Listen("L6", Kind.NUMBER), ()))


def test_what_was_understood_is_shown_in_the_words_of_the_options() -> None:
    def act(terminal: Terminal) -> None:
        terminal.listen(CHOICE, OPTIONS)
        terminal.heard("she left us", Answer("left"))
        terminal.heard("where am i", Command("where_am_i"))
        terminal.heard("lonely", Answer("own", "lonely"))
        terminal.heard("", Silence())
        terminal.heard("x", Danger("RED", "OD"))
        terminal.heard("mm", NotUnderstood())

    told = [line.strip() for line in piped(act).splitlines() if "You:" in line or "missed" in line]
    assert told == ["You: They left", "You: where am i", "You: lonely", "I missed that."]


def test_a_card_leads_with_the_number_in_large_digits() -> None:
    text = piped(lambda t: t.card("OD", "Breathing", CARD, 1))
    rows = text.splitlines()
    assert rows[:5] == big("999", 60)
    assert any(row.startswith("--> Roll them") for row in rows)
    assert sum(row.startswith("-->") for row in rows) == 1


def test_on_a_pipe_the_card_is_whole_once_and_then_follows_the_voice() -> None:
    def act(terminal: Terminal) -> None:
        for line in range(3):
            terminal.card("OD", "Breathing", CARD, line)

    text = piped(act)
    assert text.count("Stay with them.") == 2
    assert text.count("█████") == piped(lambda t: t.card("OD", "Breathing", CARD, 0)).count("█████")


def test_the_card_about_violence_is_plain_and_small() -> None:
    text = piped(lambda t: t.card("VIO_OWN", "Leave the room", CARD, 0))
    assert "█" not in text
    assert "LEAVE" not in text.upper()
    assert text.startswith("> Call 999 now.")


def test_big_digits_are_all_different_and_fit() -> None:
    assert len({tuple(big(str(n), 60)) for n in range(10)}) == 10
    assert all(len(big(str(n), 60)) == 5 for n in range(10))
    for width in (10, 20, 60):
        assert max(len(row) for row in big("1800 891 4416", width)) <= width
    assert len(big("112", 6)) == 3 * 5 + 2, "one under the other where there is no room"


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (["Breathe.", "Call 116 123."], "116 123"),
        (["Wait 2 to 3 minutes.", "Call 0800-1111"], "0800-1111"),
        (["No."], ""),
    ],
)
def test_the_telephone_number_is_found(lines: list[str], number: str) -> None:
    assert telephone(lines) == number


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_output_that_cannot_be_written_is_spelt_otherwise(encoding: str) -> None:
    text = piped(everything, encoding)
    assert "Ready?" in text
    assert "They left" in text
    assert "###" in text or "███" in text


@pytest.mark.parametrize("width", [1, 12, 20, 40, 200])
def test_narrow_and_wide_terminals(width: int) -> None:
    text = piped(lambda t: t.say("k", LONG), width=width)
    assert max(len(line) for line in text.splitlines()) <= min(60, max(10, width - 1))
    assert "".join(text.split()) == "".join(LONG.split())


def test_control_codes_in_words_are_not_passed_on() -> None:
    text = piped(lambda t: t.heard("x", Answer("own", "a\x1b[2Jb\x07 [red]c[/red] :smile:")))
    assert "\x1b" not in text
    assert "[red]c[/red] :smile:" in text


def test_a_real_terminal_clears_for_a_card_and_for_hiding() -> None:
    shown = on_a_terminal("t.say('k', 'secret'); t.card('OD', 'Breathing', CARD, 0); t.hide()")
    clear = "\x1b[H\x1b[2J\x1b[3J"
    assert shown.count(clear) == 2
    assert shown.endswith(clear)
    assert shown.index("secret") < shown.index(clear) < shown.index("Roll them")


def test_no_colour_is_obeyed_and_dumb_terminals_get_no_codes() -> None:
    code = "t.say('k', 'hello'); t.plan(['one']); t.hide()"
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal(code, NO_COLOR="1"))
    assert "\x1b" not in on_a_terminal(code, TERM="dumb")


@pytest.mark.parametrize("make", ["Terminal(sys.stdout)", "JsonScreen(sys.stdout, lambda: 0.0)"])
def test_a_reader_who_leaves_causes_no_traceback(make: str) -> None:
    code = (
        "import sys\nfrom voice.screen import JsonScreen, Terminal\nsys.stdin.read()\n"
        f"s = {make}\nfor n in range(5): s.say('k', 'hello')\ns.end('done')\nprint('alive', file=sys.stderr)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdin
    assert process.stderr
    process.stdout.close()
    process.stdin.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert errors.split() == ["alive"]


def test_a_closed_stream_does_not_raise() -> None:
    stream = io.StringIO()
    terminal, script = Terminal(stream, environ={}), JsonScreen(stream, lambda: 0.0)
    everything(script)
    assert stream.getvalue(), "while it is open, it is written to"
    stream.close()
    everything(terminal)
    everything(script)
    with pytest.raises(ValueError, match="closed"):
        stream.write("")  # so it really was closed under them


# ---- JSON


def objects(act: Callable[[JsonScreen], None]) -> list[dict[str, object]]:
    stream = io.StringIO()
    act(JsonScreen(stream, lambda: 12.3456))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_act_is_one_object_with_its_time() -> None:
    found = objects(everything)
    kinds = ["say", "listen", "heard", "heard", "card", "card", "plan", "keep", "trouble", "hide", "end"]
    assert [item["type"] for item in found] == kinds
    assert {item["at"] for item in found} == {12.35}
    assert found[1]["expects"] == ["left", "angry"]
    assert found[1]["commands"] == ["repeat", "skip", "emergency"]
    assert (found[1]["step"], found[1]["kind"]) == ("W2", "choice")
    assert found[4]["lines"] == list(CARD)
    assert found[7] == {"type": "keep", "lines": 1, "at": 12.35}
    assert found[8]["code"] == "notes-busy"
    assert found[10]["reason"] == "done"


@pytest.mark.parametrize(
    ("meaning", "value"),
    [
        (Answer("yes"), "yes"),
        (Answer("7"), 7),
        (Answer("own", "lonely"), "own"),
        (Command("stop"), "stop"),
        (Danger("RED", "OD"), "OD"),
        (NotUnderstood(), None),
    ],
)
def test_what_was_meant(meaning: Answer | Command | Danger | NotUnderstood, value: object) -> None:
    assert objects(lambda s: s.heard("words", meaning)) == [
        {"type": "heard", "text": "words", "meaning": value, "at": 12.35}
    ]


def test_silence_has_no_words() -> None:
    (found,) = objects(lambda s: s.heard("ghost", Silence()))
    assert found == {"type": "heard", "text": "", "meaning": None, "at": 12.35}
