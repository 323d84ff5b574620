"""The voices of other programs: the real flite and espeak-ng, festival where it is installed, and what goes wrong."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from voice.cli import main
from voice.errors import SpeakerError, VoiceError
from voice.events import Utterance
from voice.parts import Talking
from voice.parts_voices import TalkVoices
from voice.rehearse import RehearsalMouth, ScriptEars, VirtualClock
from voice.screen import JsonScreen
from voice.session import Manner
from voice.settings import HOME
from voice.settings import load as load_settings
from voice.speech.mouth import Mouth
from voice.speech.programs import Order, festival, flite, plain
from voice.speech.render import Clip, Renderer
from voice.speech.steady import Steady
from voice.speech.voices import ENGINES, ProgramRenderer, Voice, installed, renderer

LINE = "Take all the time that you need, and tell me how it went."
SECRET = "my brother Siân took heroin Tuesday"
NEEDS = {
    "flite:slt": "flite",
    "flite:rms": "flite",
    "flite:kal16": "flite",
    "festival:cmu_us_slt_arctic_hts": "festival",
    "festival:kal_diphone": "festival",
}


@pytest.fixture(params=NEEDS)
def spoken(request: pytest.FixtureRequest) -> Iterator[ProgramRenderer]:
    """Each of the real voices."""
    name = request.param
    if shutil.which(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    if name not in [voice.name for voice in installed()]:
        pytest.skip(f"the voice {name} is not installed")
    made = renderer(name)
    assert isinstance(made, ProgramRenderer)
    yield made
    made.shut()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that goes before all others where programs are looked for."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def _write(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, time, os\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def _hertz(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]], rate: int) -> float:
    """Median pitch of the voiced frames, by autocorrelation."""
    size, found = rate * 6 // 100, []
    for at in range(0, len(samples) - size, size):
        frame = samples[at : at + size].astype(np.float64)
        if np.square(frame).mean() < np.square(samples.astype(np.float64)).mean():
            continue
        again = np.correlate(frame, frame, "full")[size - 1 :]
        lags = again[rate // 350 : rate // 60]
        found.append(rate / (rate // 350 + int(np.argmax(lags))))
    return float(np.median(found))


def test_every_rate_is_kept_and_the_pitch_stays(spoken: ProgramRenderer) -> None:
    usual = spoken.render(LINE, 130, 50)
    espeak = renderer("espeak-ng:en-gb-x-rp").render(LINE, 130, 50)
    assert len(usual.samples) / usual.rate == pytest.approx(len(espeak.samples) / espeak.rate, rel=0.25)
    for percent in (50, 70, 150, 200):
        clip = spoken.render(LINE, 130 * percent // 100, 50)
        assert len(clip.samples) / clip.rate == pytest.approx(len(usual.samples) / usual.rate * 100 / percent, rel=0.15)
        assert _hertz(clip.samples, clip.rate) == pytest.approx(_hertz(usual.samples, usual.rate), rel=0.12)


def test_words_have_places_that_go_on(spoken: ProgramRenderer) -> None:
    clip = spoken.render(LINE, 130, 50)
    assert len(clip.words) == len(LINE.split())
    assert list(clip.words) == sorted(clip.words)
    assert 0 == clip.words[0] <= clip.words[-1] < len(clip.samples)


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec="utf-8"), max_size=20), st.sampled_from(LINE.split()))
def test_whatever_stands_beside_them_flite_speaks_the_words(odd: str, word: str) -> None:
    made = renderer("flite:kal16")
    assert isinstance(made, ProgramRenderer)
    text = f"{word} {odd} {word}"
    clip: Clip | None = None
    # What it can't pronounce may take it too long or too short; espeak-ng speaks then.
    unusual = any(not c.isascii() or not c.isalpha() for c in odd)
    with contextlib.suppress(SpeakerError) if unusual else contextlib.nullcontext():
        clip = made.render(text, 130, 50)
    made.shut()
    assert clip is None or len(clip.words) == len(text.split())


@given(st.text())
@example("\uff02) (system \uff3c\0")  # wide ones, which become plain
def test_no_text_ends_a_string_or_a_line_of_a_program(text: str) -> None:
    line = plain(text)
    assert not set(b'"\\\r\n\0') & set(line)
    order = festival("kal_diphone")(text, 1.0)
    assert order.text.count(b'"') == 4
    assert order.text.endswith(b"\n")
    assert order.text.count(b"\n") == 1


@pytest.mark.parametrize("name", ["x) (system", "", "a b"])
def test_a_name_cannot_be_a_command(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        festival(name)
    with pytest.raises(SpeakerError):
        renderer(f"festival:{name}" if name else "flite:nobody")


def test_the_most_natural_come_first_and_each_can_be_made() -> None:
    found = installed()
    assert found, "espeak-ng at least"
    places = [ENGINES.index(voice.engine) for voice in found]
    assert places == sorted(places)
    assert found[-1].engine == "espeak-ng"
    assert len({voice.name for voice in found}) == len(found)
    for voice in found:
        assert voice.label
        made = renderer(voice.name)
        assert made.voice in (voice.name, voice.name.removeprefix("espeak-ng:"))


def test_plain_names_of_before_still_work() -> None:
    assert (renderer("en-us").voice, renderer(None).voice) == ("en-us", "en-gb-x-rp")
    with pytest.raises(SpeakerError) as caught:
        renderer("en-nowhere")
    assert caught.value.code == "speaker-voice-gone"


def _piper(folder: Path) -> Path:
    """A stand-in for Piper: it keeps what it was called with, and makes a tone of the length that it was asked for."""
    voices = folder / "piper-voices"
    voices.mkdir()
    (voices / "en_US-lessac.onnx").write_bytes(b"")
    told = {"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"}}
    (voices / "en_US-lessac.onnx.json").write_text(json.dumps(told))
    (voices / "de_DE-someone.onnx").write_bytes(b"")
    (voices / "de_DE-someone.onnx.json").write_text(json.dumps({**told, "espeak": {"voice": "de"}}))
    (voices / "en_US-half.onnx").write_bytes(b"")
    _write(
        folder,
        "piper",
        "open(__file__ + '.argv', 'a').write(repr(sys.argv) + '\\n')\n"
        "assert '--output_raw' in sys.argv and sys.argv[sys.argv.index('--model') + 1].endswith('.onnx')\n"
        "words = len(sys.stdin.readline().split()); scale = float(sys.argv[sys.argv.index('--length_scale') + 1])\n"
        "count = int(22050 * words * 60 / 160 * scale) if words else 0\n"
        "sys.stdout.buffer.write(b'\\x00\\x10\\x00\\xf0' * (count // 2))",
    )
    return voices


def test_piper_as_a_stand_in_speaks_from_a_folder(program: Path) -> None:
    voices = _piper(program)
    found = [voice.name for voice in installed(voices) if voice.engine == "piper"]
    assert found == ["piper:en_US-lessac"], "an English one that is whole"
    assert installed(voices)[0].name == found[0]
    made = renderer(found[0], voices)
    assert isinstance(made, ProgramRenderer)
    try:
        for wpm in (65, 130, 260):
            clip = made.render(LINE, wpm, 50)
            assert clip.rate == 22050
            assert len(clip.samples) / clip.rate == pytest.approx(len(LINE.split()) * 60 / wpm, rel=0.05)
    finally:
        made.shut()
    with pytest.raises(SpeakerError):
        renderer("piper:en_US-lessac")


def test_nobody_sees_the_text_and_no_disk_holds_it(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the programs are called with is looked at, and every file that could have been written."""
    voices = _piper(program)
    scratch = program / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.chdir(scratch)
    made = renderer("piper:en_US-lessac", voices)
    assert isinstance(made, ProgramRenderer)
    made.render(SECRET, 130, 50)
    made.shut()
    called = (program / "piper.argv").read_text()
    assert "length_scale" in called
    for ask in (flite("slt"), festival("kal_diphone")):
        order = ask(SECRET, 1.0)
        called += repr(order.command) + repr(order.before)
    for word in SECRET.split()[1:]:
        assert word not in called
    for name in NEEDS:
        if name in [voice.name for voice in installed()]:
            real = renderer(name)
            assert isinstance(real, ProgramRenderer)
            assert real.render(SECRET, 130, 50).samples.size
            real.shut()
    assert list(scratch.rglob("*")) == []


BROKEN = {
    "hangs": "time.sleep(600)",
    "hangs, and so does what it started": "import subprocess; subprocess.Popen(['sleep', '600']).wait()",
    "crashes": "os.abort()",
    "fails": "sys.exit(3)",
    "says nothing": "",
    "gives rubbish": "sys.stdout.write('no wav')",
    "never ends": "\nwhile True: sys.stdout.buffer.write(b'\\x00\\x10' * 100000)",
}


class _News:
    """espeak-ng to fall back on, and a broken program before it."""

    def __init__(self, command: Path, limit: float = 0.5) -> None:
        order = Order((str(command),), b"", b"x\n", 0)
        self.broken = ProgramRenderer("flite:slt", lambda sentence, pace: order, limit)

    def __call__(self, name: str | None) -> Renderer:
        return self.broken if name else renderer()


@pytest.mark.parametrize("what", [*BROKEN, "is missing"])
def test_a_program_that_fails_is_spoken_for_and_told_once(program: Path, what: str) -> None:
    if what in BROKEN:
        _write(program, "broken", BROKEN[what])
    steady = Steady(_News(program / "broken"), "flite:slt")
    begin = time.monotonic()
    clip = steady.render(LINE, 130, 50)
    assert time.monotonic() - begin < 3
    usual = renderer().render(LINE, 130, 50)
    assert clip.rate == usual.rate
    assert len(clip.samples) == pytest.approx(len(usual.samples), rel=0.02)  # espeak-ng differs a little each time
    told = steady.news()
    assert isinstance(told, VoiceError)
    assert told.code == "speaker-program"
    begin = time.monotonic()
    steady.render(LINE, 130, 50)
    assert time.monotonic() - begin < 0.4, "it is not asked again"
    assert steady.news() is None
    assert steady.voice == "en-gb-x-rp"
    steady.shut()


def test_a_voice_that_is_gone_is_told_and_the_usual_one_speaks() -> None:
    mouth = Mouth(voice="flite:nobody")
    heard, _ = mouth.render(Utterance(LINE))
    assert np.abs(heard).max() > 1000
    told = mouth.news()
    assert told is not None
    assert told.code == "speaker-voice-gone"
    assert mouth.news() is None
    mouth.shut()


def test_a_card_does_not_wait_for_a_program_that_hangs(program: Path) -> None:
    _write(program, "broken", BROKEN["hangs"])
    make = _News(program / "broken", limit=30)
    mouth = Mouth(voice="flite:slt", make_renderer=make)
    card = Utterance("Call nine nine nine. I can't call.", words_per_minute=110, pitch=40)
    mouth.prepare([card])
    time.sleep(0.3)  # now a sentence of the card is being made, and that hangs
    begin = time.monotonic()
    mouth._steady.hurry()  # as `start` does, which needs a loudspeaker
    mouth._worker.submit(mouth._steady.calm)
    heard, _ = mouth.render(card)
    assert time.monotonic() - begin < 2
    assert np.abs(heard).max() > 1000
    begin = time.monotonic()
    mouth.shut()
    assert time.monotonic() - begin < 2


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_what_is_held_is_made_anew_with_another_voice() -> None:
    mouth = Mouth()
    card = Utterance("Call nine nine nine. I can't call.", words_per_minute=110, pitch=40)
    mouth.prepare([card])
    mouth.choose("flite:slt")
    until = time.monotonic() + 20
    while [voice for voice, _ in mouth._held.values()] != ["flite:slt"] * 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert [voice for voice, _ in mouth._held.values()] == ["flite:slt"] * 2
    assert mouth.render(card)[1] == 16000
    mouth.shut()


class _Chosen:
    def __init__(self) -> None:
        self.names: list[str | None] = []

    def choose(self, voice: str | None) -> None:
        self.names.append(voice)

    def news(self) -> VoiceError | None:
        return None


@given(st.lists(st.sampled_from("abcdef"), unique=True, min_size=2), st.data())
def test_another_voice_goes_round_through_all(names: list[str], data: st.DataObject) -> None:
    found = tuple(Voice(f"flite:{name}", "flite", name) for name in names)
    first = data.draw(st.sampled_from(found)).name
    mouth = _Chosen()
    voices = TalkVoices(mouth, lambda: found, first)
    for _ in found:
        voices.use(voices.another())
    assert sorted(str(name) for name in mouth.names) == sorted(voice.name for voice in found)
    assert mouth.names[-1] == first


def test_the_most_natural_is_the_first_other_one_and_one_alone_has_none() -> None:
    best, usual = Voice("flite:slt", "flite", "a woman"), Voice("espeak-ng:en-gb-x-rp", "espeak-ng", "plain")
    assert TalkVoices(_Chosen(), lambda: (best, usual), "").another() == "flite:slt"
    assert TalkVoices(_Chosen(), lambda: (best, usual), "en-gb-x-rp").another() == "flite:slt"
    assert TalkVoices(_Chosen(), lambda: (best, usual), "flite:slt").another() == usual.name
    assert TalkVoices(_Chosen(), lambda: (usual,), "").another() == ""
    assert TalkVoices(_Chosen(), tuple, "").another() == ""


class _Two(_Chosen):
    """Two voices, of which the one that is changed to gives no sound."""

    def another(self) -> str:
        return "flite:slt"

    def use(self, name: str) -> None:
        self.choose(name)

    def news(self) -> VoiceError | None:
        broken = self.names and self.names[-1] == "flite:slt"
        return SpeakerError("speaker-program", "It gives no sound.", "Another one speaks.") if broken else None


def test_in_a_talk_it_changes_is_remembered_asks_again_and_tells_trouble_once() -> None:
    clock, out, voices = VirtualClock(), io.StringIO(), _Two()
    kept: list[tuple[str, str]] = []
    answers = ["yes", "alone", "family", "no", "skip", "five minutes", "Another voice", "help", "emergency"]
    Talking().session(
        Manner(country="US"),
        ears=[ScriptEars([*answers, "another voice"], clock)],
        screen=JsonScreen(out, clock.now),
        clock=clock,
        mouth=RehearsalMouth(clock),
        notes=None,
        remember=lambda what, value: kept.append((what, value)),
        voices=voices,
    ).run()
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    said = [event["key"] for event in events if event["type"] == "say"]
    assert voices.names == ["flite:slt"], "once: a card does not hear of it"
    assert kept == [("voice", "flite:slt")]
    at = next(n for n, key in enumerate(said) if key.startswith("another_voice"))
    assert "none" not in said[at]
    assert said[at + 1].startswith("W2"), "the open question"
    assert sum(event["type"] == "trouble" for event in events) == 1


def test_the_command_lists_tries_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path))
    run = CliRunner().invoke
    listed = run(main, ["voices"])
    assert listed.exit_code == 0
    assert "* espeak-ng:en-gb-x-rp" in listed.output
    assert "* espeak-ng:en-us" in run(main, ["voices", "--use", "espeak-ng:en-us"]).output
    assert load_settings({}).voice == "espeak-ng:en-us"
    assert load_settings({}).first_run, "the country has still to be asked"
    wrong = run(main, ["voices", "--use", "flite:nobody"])
    assert wrong.exit_code == 1
    assert load_settings({}).voice == "espeak-ng:en-us", "what does not speak is not kept"
    assert "* espeak-ng:en-gb-x-rp" in run(main, ["voices", "--automatic"]).output
    assert load_settings({}).voice == ""
