"""What a person would notice, measured on this machine through a virtual sound card. Run by scripts/bench."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.person import Listening, Program
from tests.sound_card import HERE, SoundCard, render_wav
from voice.events import Answer, Finish, Heard, Listen, Say, Utterance
from voice.parts import Talking
from voice.session import line_values
from voice.speech.mouth import Mouth

LONG = "Take all the time that you need. One two three four five six seven eight nine ten. Then we go on together."
COUNTRY = "US"
REPLIES, STOPS, STARTS, DANGERS = 20, 20, 5, 3
DANGER = "He is not breathing."
GOING_ON = (
    " And I don't know what I should do now, because I am alone here, and it is late, and nobody else is at home."
)
LISTENING_SECONDS = 15.0

STOCK_START = "import pyttsx3; e = pyttsx3.init(); e.say('Hello. This is a voice.'); e.runAndWait()"
STOCK_STOP = f"""
import threading, time, pyttsx3
engine = pyttsx3.init()
def stop():
    time.sleep(1.5)
    print(time.monotonic(), flush=True)
    engine.stop()
engine.say("Hello.")  # it returns from its first utterance at once, and its threads would end with the program
engine.runAndWait()
threading.Thread(target=stop, daemon=True).start()
engine.say({LONG!r})
engine.runAndWait()
time.sleep(3)
"""
LISTEN = """
import sys, time, resource
from tests.peak import peak_memory
from voice.events import Kind, Listen
from voice.speech.ears import VoiceEars
from voice.speech.microphone import Microphone
from voice.speech.recogniser import SpeechModel
ears = VoiceEars(SpeechModel(sys.argv[1]), Microphone)
listen = Listen("bench", Kind.CHOICE)
phrases = ["yes", "no", "i don't know", "they left", "they got angry", "stop", "pause", "repeat", "skip", "emergency"]
def used():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime
def hear(seconds):
    before, until = used(), time.monotonic() + seconds
    ears.open(listen, phrases)
    while time.monotonic() < until:
        if ears.poll(0.05) is not None:
            ears.open(listen, phrases)
    return (used() - before) / seconds
hear(2.0)
for _ in range(2):
    print("ready", flush=True)
    print(hear(float(sys.argv[2])), flush=True)
print(peak_memory(), flush=True)
ears.shut()
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    aim: str = ""
    stock: str = ""
    """The same with pyttsx3 as it comes, where it can do the same."""


class Bench:
    """The measurements, on one sound card."""

    def __init__(self, card: SoundCard, folder: Path, model: Path | None) -> None:
        self._card = card
        self._folder = folder
        self._model = model
        self._listening = Listening(card)

    def stop_listening(self) -> None:
        self._listening.stop()

    # ---- start of the program to its first sound

    def start(self) -> list[Row]:
        first = [self._start(self._folder / f"new-{n}") for n in range(3)]
        again = [self._start(self._folder / "new-0") for _ in range(STARTS)]
        stock = statistics.median(self._stock_start() for _ in range(3))
        return [
            Row("program start to first sound, first time", _seconds(first), "1.5 s", _ratio(first, stock)),
            Row("program start to first sound, later", _seconds(again), "1.5 s", _ratio(again, stock)),
        ]

    def _start(self, home: Path) -> float:
        began = time.monotonic()
        model = ["--model", str(self._model)] if self._model else []
        program = Program(self._card, home, "talk", "--country", COUNTRY, *model)
        try:
            return self._sound_after(began) - began
        finally:
            program.end()
            self._silence()

    def _stock_start(self) -> float:
        began = time.monotonic()
        with _child(STOCK_START, self._card) as child:
            sound = self._sound_after(began) - began
            child.wait(20)
        self._silence()
        return sound

    # ---- what was heard to the first sound of the reply

    def reply(self) -> list[Row]:
        talking = Talking()
        talking.safety.judge("hello")
        mouth = Mouth(cache_folder=self._folder / "voice")
        mouth.ready()
        try:
            new, cached = [self._replies(talking, mouth) for _ in range(2)]
        finally:
            mouth.shut()
        return [
            Row("what was heard to first sound of the reply, new", _quantiles(new), "150 ms"),
            Row("what was heard to first sound of the reply, cached", _quantiles(cached), "150 ms"),
        ]

    def _replies(self, talking: Talking, mouth: Mouth) -> list[float]:
        """Judge, understand, lead on, render and play: as a session does, minus the recogniser."""
        dialogue = talking.dialogue(COUNTRY)
        values = line_values(talking.lines, COUNTRY, shown=False)
        acts = dialogue.start()
        took: list[float] = []
        while len(took) < REPLIES:
            listen = next((act for act in acts if isinstance(act, Listen)), None)
            if listen is None or any(isinstance(act, Finish) for act in acts):
                acts = talking.dialogue(COUNTRY).start()
                continue
            words = (*talking.understanding.phrases(listen), "I don't know")[0]
            began = time.monotonic()
            talking.safety.judge(words)
            meaning = talking.understanding.understand(Heard(words, free=(words,)), listen)
            acts = dialogue.respond(meaning if isinstance(meaning, Answer) else Answer("not_sure"))
            line = next((act for act in acts if isinstance(act, Say)), None)
            if line is None:
                continue
            mouth.start(Utterance(talking.content.fill(line.key, {**values, **line.values})))
            took.append(self._sound_after(began) - began)
            mouth.stop()
            self._silence()
        return took

    # ---- stop to silence

    def stop(self) -> list[Row]:
        mouth = Mouth()
        mouth.ready()
        took: list[float] = []
        try:
            for number in range(STOPS):
                mouth.start(Utterance(LONG))
                self._sound_after(time.monotonic())
                time.sleep(0.8 + number * 0.05)
                began = time.monotonic()
                mouth.stop()
                took.append(self._silent_after(began))
        finally:
            mouth.shut()
        stock = self._stock_stop()
        return [Row("stop to silence", _quantiles(took), "50 ms", _ratio(took, stock))]

    def _stock_stop(self) -> float:
        with _child(STOCK_STOP, self._card) as child:
            assert child.stdout is not None
            asked = float(child.stdout.readline())
            silent = self._silent_after(asked)
            child.wait(20)
        return silent

    # ---- danger that is said to the card's first sound

    def card(self) -> list[Row]:
        if self._model is None:
            return [Row("danger to the card's first sound", "not measured: there is no speech model here")]
        alone = [self._said_danger(number, "") for number in range(DANGERS)]
        amid = [self._said_danger(number, GOING_ON) for number in range(DANGERS)]
        return [
            Row(f"“{DANGER}”, said, to the card's first sound", _seconds(alone), "2 s"),
            Row("the same in the midst of a long answer", _seconds(amid), "2 s"),
        ]

    def _said_danger(self, number: int, more: str) -> float:
        """Seconds from the end of the phrase, a program that plays it started meanwhile."""
        phrase = render_wav(DANGER, self._folder / "phrase.wav")
        whole = render_wav(f"{DANGER}{more}", self._folder / "whole.wav")
        with wave.open(str(phrase)) as file:
            seconds: float = file.getnframes() / file.getframerate()
        home = self._folder / f"danger-{number}-{bool(more)}"
        program = Program(self._card, home, "talk", "--country", COUNTRY, "--model", str(self._model))
        try:
            for answer in ("yes", "alone", "family", "no"):
                self._sound_after(time.monotonic())
                program.press(answer)
            self._sound_after(time.monotonic())
            self._silence(2.5)  # the name is asked for, in free words
            began = time.monotonic()
            speaking = self._card.speaking(whole)
            took = self._sound_after(began) - began - seconds
            speaking.kill()
            speaking.wait(10)
            time.sleep(0.5)  # the card stands on the screen before it is heard
            if "NOT WAKING" not in program.screen:
                raise RuntimeError("the danger was not understood")
            return took
        finally:
            program.end()
            self._silence()

    # ---- what listening costs

    def listening(self) -> list[Row]:
        if self._model is None:
            return [Row("CPU share and memory while listening", "not measured: there is no speech model here")]
        talk = render_wav(f"{LONG} {LONG} {LONG}", self._folder / "talk.wav")
        with _child(LISTEN, self._card, str(self._model), str(LISTENING_SECONDS)) as child:
            assert child.stdout is not None
            child.stdout.readline()
            quiet = float(child.stdout.readline())
            child.stdout.readline()
            speaking = self._card.speaking(talk)
            loud = float(child.stdout.readline())
            memory = float(child.stdout.readline())
            speaking.kill()
            speaking.wait(10)
            child.wait(20)
        name = self._model.name
        return [
            Row(f"CPU share while listening, quiet room ({name})", f"{quiet:.1%} of one core"),
            Row(f"CPU share while listening, somebody talks ({name})", f"{loud:.1%} of one core"),
            Row(f"memory while listening ({name})", f"{memory:.0f} MB"),
        ]

    # ---- the loudspeaker

    def _sound_after(self, moment: float, limit: float = 20.0) -> float:
        """When the loudspeaker began to sound after that moment, on the monotonic clock."""
        until = moment + limit
        while time.monotonic() < until:
            found = self._listening.sound_after(moment)
            if found is not None:
                return found
            time.sleep(0.002)
        raise RuntimeError("the loudspeaker stays silent")

    def _silence(self, quiet: float = 0.4) -> None:
        while time.monotonic() - self._listening.last_sound < quiet:
            time.sleep(0.02)

    def _silent_after(self, moment: float) -> float:
        """Seconds from that moment to the last sound."""
        time.sleep(0.3)
        self._silence(0.6)
        return max(0.0, self._listening.last_sound - moment)


def _child(program: str, card: SoundCard, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **card.environment},
        cwd=HERE,
        text=True,
    )


def _seconds(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} s (at most {max(values):.2f}, n = {len(values)})"


def _quantiles(values: Sequence[float]) -> str:
    p95 = sorted(values)[max(0, round(0.95 * len(values)) - 1)]
    return f"{statistics.median(values) * 1000:.0f} ms p50, {p95 * 1000:.0f} ms p95 (n = {len(values)})"


def _ratio(ours: Sequence[float], stock: float) -> str:
    return f"{stock:.2f} s; ours takes {statistics.median(ours) / stock:.3g} of it"


def model_folder() -> Path | None:
    named = [os.environ.get(name) for name in ("AFTERWARDS_TEST_MODEL", "VOSK_MODEL_PATH")]
    places = [Path(name) for name in named if name]
    places += sorted(path for path in (HERE / "models").glob("*") if path.is_dir())
    places.append(HERE.parent / "shared" / "models" / "lab-small-en")
    return next((place for place in places if (place / "am/final.mdl").is_file()), None)


def main(names: Sequence[str]) -> int:
    """Measures the named parts, or all."""
    known = ("start", "reply", "stop", "card", "listening")
    if unknown := [name for name in names if name not in known]:
        print(f"There is no part '{unknown[0]}'. Known: {', '.join(known)}.")
        return 2
    missing = [program for program in ("pulseaudio", "pactl", "parec", "espeak-ng") if shutil.which(program) is None]
    if missing:
        print(f"Nothing could be measured: {', '.join(missing)} is missing. Run scripts/setup --tests.")
        return 1
    began = time.monotonic()
    table = Table("what", "measured here", "aim", "pyttsx3 as it comes", title="What a person would notice")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        card = SoundCard(folder)
        card.start()
        os.environ.update(card.environment)
        bench = Bench(card, folder, model_folder())
        try:
            for part in names or known:
                print(f"measuring: {part} ...", file=sys.stderr, flush=True)
                measure: Callable[[], list[Row]] = getattr(bench, part)
                try:
                    rows = measure()
                except Exception as error:  # the other parts can still be measured
                    rows = [Row(part, f"not measured: {error}")]
                for row in rows:
                    table.add_row(row.what, row.figure, row.aim, row.stock)
        finally:
            bench.stop_listening()
            card.stop()
    Console(width=max(110, Console().width)).print(table)
    print("Sound is measured where it leaves the virtual loudspeaker; that itself adds about 20 ms to every figure.")
    print(f"It took {time.monotonic() - began:.0f} s on {os.cpu_count()} cores.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
