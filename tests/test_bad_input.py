"""What is broken, missing, full or unplugged: a clear sentence each, nothing lost, and never a traceback.

The program runs in a process of its own, as a person would start it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests import model_folder
from tests.kept import notes_of
from tests.room import Paper
from tests.sound_card import SoundCard
from voice.events import Ended, Listen, Pressed, Sound
from voice.parts import RealClock, Talking
from voice.session import Manner
from voice.speech.ears import VoiceEars
from voice.speech.microphone import Microphone
from voice.speech.recogniser import SpeechModel

ROOT = Path(__file__).parents[1]
LIMIT = 60.0  # seconds that one run may take
KEPT = ["keep all", "yes", "this computer", "no"]
WHOLE = ["yes", "alone", "family", "no", "sam", "short", "they left", "i'm done", *KEPT, "no"]


def surroundings(home: Path, **environ: str) -> dict[str, str]:
    """What the program finds around it: nothing of this machine's own settings and models."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AFTERWARDS_", "VOSK_"))}
    return {**kept, "AFTERWARDS_HOME": str(home), "AFTERWARDS_NETWORK": "no", "COLUMNS": "80", **environ}


def plain(*outs: str) -> None:
    """Nothing but plain words came out."""
    for out in outs:
        assert "Traceback" not in out, out
        assert "Error:" not in out, out


def program(
    *words: str, home: Path, stdin: str = "", at: Path = ROOT, before: str = "", model: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs it from the folder `at`. `before` is a shell line, with the program as "$@"; `model` VOSK_MODEL_PATH."""
    command = [sys.executable, "-m", "voice", *words]
    done = subprocess.run(
        ["sh", "-c", before, "sh", *command] if before else command,
        cwd=at,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env=surroundings(home, VOSK_MODEL_PATH=model),
        check=False,
    )
    plain(done.stdout, done.stderr)
    return done


def talk(home: Path, answers: list[str], *, until: str, model: str = "", at: Path = ROOT) -> str:
    """A typed talk, silent, whose answers come once `until` stood on the screen; gives the screen, on one line."""
    shown = ""
    with subprocess.Popen(
        [sys.executable, "-m", "voice", "--silent", "--country", "US"],
        cwd=at,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # no sound: with a microphone it would go on listening when no more is typed
        env=surroundings(home, VOSK_MODEL_PATH=model, PULSE_SERVER="unix:/nowhere"),
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        for line in running.stdout:
            shown = f"{shown} {line.strip()}"
            if until in shown and not running.stdin.closed:
                running.stdin.write("".join(f"{answer}\n" for answer in answers))
                running.stdin.close()
        plain(shown, running.stderr.read())
    assert running.returncode == 0
    return shown


def events(home: Path, script: Path, *words: str, before: str = "") -> list[dict[str, object]]:
    """A rehearsal's JSON."""
    done = program("rehearse", str(script), "--json", "--country", "US", *words, home=home, before=before)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "whole.txt"
    path.write_text("\n".join(WHOLE), "utf-8")
    return path


# ---- the speech model


def test_a_missing_model_is_named_wherever_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('model = "/nowhere/set"\n')
    sound = str(tmp_path / "a.wav")
    by_flag = program("hear", sound, "--model", "/nowhere/flag", home=tmp_path)
    by_setting = program("hear", sound, home=tmp_path)
    by_environment = program("hear", sound, home=tmp_path / "new", model="/nowhere/env")
    for done, name in ((by_flag, "flag"), (by_setting, "set"), (by_environment, "env")):
        assert done.returncode == 1
        assert f"There is no speech model in /nowhere/{name}." in done.stderr
        assert "Check the name" in done.stderr


@pytest.mark.parametrize(
    ("broken", "words"),
    [("am/final.mdl", "final.mdl is missing"), ("conf/mfcc.conf", "mfcc.conf is missing"), ("graph/Gr.fst", "Gr.fst")],
)
def test_a_broken_model_is_said_and_the_talk_goes_on_by_keys(tmp_path: Path, broken: str, words: str) -> None:
    model = model_folder.build(tmp_path / "model")
    (model / broken).unlink()
    shown = talk(tmp_path / "home", WHOLE, until="use the keys", model=str(model))
    assert "cannot be used" in shown
    assert words in shown
    assert "Get it again, or choose another model." in shown
    assert "Your plan" in shown, "the keys carry the talk"
    assert len(notes_of(tmp_path / "home").list()) == 1


def test_a_folder_that_only_looks_like_a_model_does_not_end_the_talk(tmp_path: Path) -> None:
    shown = talk(tmp_path, WHOLE, until="use the keys", model=str(model_folder.build(tmp_path / "model")))
    assert "cannot be used" in shown
    assert "Your plan" in shown


def test_without_any_model_the_keys_carry_the_talk(tmp_path: Path, copied: Path) -> None:
    shown = talk(tmp_path, WHOLE, until="use the keys", at=copied)  # the copy has no models/
    assert "There is no speech model here" in shown
    assert "Your plan" in shown


# ---- the language


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a folder of its own, so that its language can be broken."""
    place = tmp_path_factory.mktemp("program")
    shutil.copytree(ROOT / "voice", place / "voice", ignore=shutil.ignore_patterns("__pycache__", "_models"))
    return place


BREAKS = {
    "walkthroughs/family.yaml": (None, "", "a: [1, 2", "sections: x\nsections: y\n", "unheard_of: 1\n"),
    "prompts.yaml": (None, "", "a: 'b\n", "hold: a\nhold: b\n", "hold: {shout: x}\n"),
    "intents.yaml": (None, "", "commands: [}", "rules: {}\nrules: {}\n", "commands: {stop: {yell: [x]}}\n"),
    "cards.yaml": (None, "", "OD: {title: [}", "OD: {}\nOD: {}\n", "OD: {colour: red}\n"),
    "safety.yaml": (None, "", "categories: [}", "a: {}\na: {}\n"),
    "../helplines.yaml": (None, "", "US: [}", "US: {}\nUS: {}\n"),
}


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in BREAKS.items() for text in texts],
    ids=lambda value: "missing" if value is None else (value.split("\n")[0] or "empty"),
)
def test_broken_language_names_the_file(copied: Path, tmp_path: Path, name: str, text: str | None) -> None:
    path = copied / "voice/content/en" / name
    whole = path.read_bytes()
    try:
        if text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")
        done = program("--silent", "--country", "US", home=tmp_path, at=copied, stdin="yes\n")
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1, done.stdout
    assert ("There is no walkthrough" if name == "walkthroughs/family.yaml" and text is None else Path(name).name) in (
        done.stderr
    )
    message, remedy = done.stderr.strip().split("\n")
    assert message.endswith(".")
    assert remedy.endswith(".")


def test_a_fault_in_the_language_names_the_key(copied: Path, tmp_path: Path) -> None:
    path = copied / "voice/content/en/prompts.yaml"
    whole = path.read_text("utf-8")
    try:
        path.write_text(whole + '\nhold.more: "You owe me $money."\n', "utf-8")
        done = program("--silent", home=tmp_path, at=copied)
    finally:
        path.write_text(whole, "utf-8")
    assert done.returncode == 1
    assert "hold.more" in done.stderr
    assert "money" in done.stderr


# ---- notes and settings


def test_a_notes_file_that_is_no_database_is_left_alone(tmp_path: Path, script: Path) -> None:
    path = tmp_path / "notes" / "notes.db"
    path.parent.mkdir()
    path.write_text("Dear diary, " * 500)
    before = path.read_bytes()
    seen = events(tmp_path, script)
    assert [e["code"] for e in seen if e["type"] == "trouble"] == ["notes-not-a-database"]
    assert any(e["type"] == "say" and str(e["key"]).startswith("keep.failed") for e in seen)
    assert seen[-1]["reason"] == "done"
    done = program("notes", "list", home=tmp_path)
    assert done.returncode == 1
    assert f"The file {path} does not hold notes that I can read." in done.stderr
    assert path.read_bytes() == before


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing can be made."""
    if os.name != "posix":
        pytest.skip("folders are closed in another way here")
    if os.geteuid() == 0:
        if not Path("/proc/self").exists():
            pytest.skip("for root every folder is open")
        yield Path("/proc/afterwards")  # not even root can make something there
        return
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    yield folder / "home"
    folder.chmod(0o700)


def test_a_folder_that_cannot_be_written_to_costs_the_notes_and_no_more(closed: Path, script: Path) -> None:
    seen = events(closed, script)
    assert [e["code"] for e in seen if e["type"] == "trouble"] == ["notes-read-only"]
    assert seen[-1]["reason"] == "done"
    assert any(e["type"] == "plan" for e in seen)


def test_the_first_run_in_such_a_folder_still_talks(closed: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.txt"
    first.write_text("australia\ntyping\nyes\nalone\n", "utf-8")
    done = program("--silent", home=closed, stdin=first.read_text("utf-8"))
    assert done.returncode == 0, done.stderr
    assert "I could not save your settings" in " ".join(done.stdout.split())
    assert "Family or friend" in " ".join(done.stdout.split())


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 256 kilobytes, full."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be made by root")
    try:
        (place / "notes").mkdir()
        with (place / "filler").open("wb", buffering=0) as file:
            for _ in range(64):
                try:
                    file.write(bytes(4096))
                except OSError:
                    break
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk_costs_the_notes_and_no_more(full: Path, script: Path) -> None:
    seen = events(full, script)
    (trouble,) = [e for e in seen if e["type"] == "trouble"]
    assert trouble["code"] in ("notes-disk-full", "notes-failed")
    assert seen[-1]["reason"] == "done"
    (full / "filler").unlink()
    seen = events(full, script)
    assert not [e for e in seen if e["type"] == "trouble"], "and with room again the next ones are kept"
    assert len(notes_of(full).list()) == 1


NO_BYTE = 'ulimit -f 0; exec "$@"'  # every file the program writes is refused by the system


@pytest.mark.skipif(os.name != "posix", reason="limits are set by the shell")
def test_where_no_file_can_grow_earlier_notes_are_safe(tmp_path: Path, script: Path) -> None:
    notes = notes_of(tmp_path)
    notes.keep("family", [("safety", "an older plan")], {})
    seen = events(tmp_path, script, before=NO_BYTE)
    assert len([e for e in seen if e["type"] == "trouble"]) == 1
    assert seen[-1]["reason"] == "done"
    assert [note.lines for note in notes.list()] == [(("safety", "an older plan"),)]


@pytest.mark.sound
@pytest.mark.skipif(os.name != "posix", reason="limits are set by the shell")
def test_where_no_file_can_grow_it_speaks_without_keeping_sound(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    speaks = (
        "import sys; from pathlib import Path; from voice.speech.mouth import Mouth;"
        "from voice.events import Utterance;"
        "m = Mouth(None, Path(sys.argv[1])); print(len(m.render(Utterance('I am here.'))[0])); m.shut()"
    )
    done = subprocess.run(
        ["sh", "-c", NO_BYTE, "sh", sys.executable, "-c", speaks, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        cwd=ROOT,
    )
    assert int(done.stdout) > 1000, done.stderr
    assert not list((tmp_path / "cache").glob("*.clip"))


def test_a_broken_settings_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for text, word in (("rate = [", "not in order"), ("colour = 1\n", "colour"), ("rate = 99\n", "rate")):
        path.write_text(text)
        done = program("--silent", home=tmp_path)
        assert done.returncode == 1
        assert str(path) in done.stderr
        assert word in done.stderr
        assert path.read_text() == text


# ---- a microphone that goes away


class Hand:
    """A person at the keys: unplugs the microphone at the second question, and answers when it was told."""

    speaking = hears_through = talked_over = wants_the_floor = False

    def __init__(self, card: SoundCard, ears: VoiceEars, paper: Paper) -> None:
        self._card, self._ears, self._paper = card, ears, paper
        self._step = ""
        self._unplugged = False

    def open(self, listen: Listen, phrases: Sequence[str]) -> None:
        self._step = listen.step

    def poll(self, seconds: float) -> Sound | None:
        match self._step:
            case "H1" if self._ears.working:
                return Pressed("1")
            case "H2" if not self._unplugged:
                self._unplugged = True
                self._card.unplug_microphone()
            case "H2" if self._paper.of("trouble"):
                return Pressed("1")
            case "H3":
                return Ended(wanted=True)
        time.sleep(seconds)
        return None

    def close(self) -> None:
        self._step = ""

    def shut(self) -> None:
        self._step = ""


@pytest.mark.sound
@pytest.mark.model
def test_a_microphone_that_is_unplugged_in_the_middle(sound_card: SoundCard, speech_model: SpeechModel) -> None:
    clock = RealClock()
    paper = Paper(clock)
    ears = VoiceEars(speech_model, Microphone)
    hand = Hand(sound_card, ears, paper)
    session = Talking().session(
        Manner(country="US"), ears=[hand, ears], screen=paper, clock=clock, mouth=None, notes=None
    )
    try:
        assert session.run() == "stopped"
    finally:
        sound_card.plug_microphone()
    assert paper.of("trouble") == ["microphone-gone"]
    assert "no_microphone.1" in paper.of("say")
    assert paper.of("listen") == ["H1", "H2", "H3"], "the keys went on at the same question"
