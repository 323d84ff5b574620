"""Taking turns: its own voice, a person over it, pauses within an answer. Run by scripts/bench turn-taking."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.train.synthesise import Job, speak
from tests.bench import model_folder
from tests.bench_danger import KEPT, read
from tests.claimed import MISSING, can_be_claimed
from tests.echo_room import RATE, Echo, open_loudspeaker
from tests.faults import FAULTS, suffer
from tests.idle import NARROW, on_boards, rating, waiting
from tests.soak import ROUND, soak
from tests.sound_card import HERE, SoundCard
from tests.turn_taking import (
    VOICES,
    Over,
    Sound,
    TalkingOver,
    Where,
    alone,
    cut_off,
    other_words,
    own_lines,
    pcm,
    power,
    trimmed,
    words,
)
from voice.events import Utterance
from voice.parts import Talking
from voice.screen import Terminal
from voice.session import Manner
from voice.session_standby import LISTEN, Standby
from voice.speech.ears import hear_source
from voice.speech.mouth import Mouth
from voice.speech.player import resampled
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource
from voice.speech.turn import Turn

ROOMS = {
    "20 ms, -6 dB": Echo(0.02, -6),
    "60 ms, -12 dB": Echo(0.06, -12),
    "120 ms, -12 dB, a small loudspeaker that bends": Echo(0.12, -12, curve=0.3),
    "200 ms, -20 dB": Echo(0.2, -20),
}
CALLING = (("espeak-ng", "en-gb"), ("flite", "slt"))
"""Who calls while it waits."""
PAUSES = (0.8, 1.5, 2.0)
PARTS = ("alone", "over", "pauses", "standby", "idle", "faults", "soak")


def main(arguments: Sequence[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench turn-taking", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of its own speech, in each room")
    parser.add_argument("--hours", type=int, default=8, help="of being always on, on a clock that runs ahead")
    parser.add_argument("--words", type=int, default=16, help="recorded words over its voice, in each room")
    parser.add_argument("--recordings", type=Path, default=HERE.parent / "shared" / "speech")
    parser.add_argument("--only", choices=PARTS)
    chosen = parser.parse_args(list(arguments))
    found = model_folder()
    if found is None or shutil.which("pulseaudio") is None:
        print("Nothing could be measured: a speech model and pulseaudio are needed. Run scripts/setup --tests.")
        return 1
    model, talking = SpeechModel(found), Talking()
    talking.safety.judge("hello")
    table = Table("what", "where", "measured here", "aim", title="Turn-taking")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        there = (chosen.recordings / "manifest.tsv").is_file()
        where = Where(Path(name), chosen.recordings if there else None, chosen.minutes, chosen.words, chosen.hours)
        measures = dict(zip(PARTS, (_alone, _over, _pauses, _standby, _idle, _faults, _soak), strict=True))
        for measure in measures.values() if chosen.only is None else [measures[chosen.only]]:
            for row in measure(where, model, talking):
                table.add_row(*row)
                print(": ".join(row[:3]), file=sys.stderr, flush=True)  # it is long, and may be cut off
    Console(width=max(130, Console().width)).print(table)
    return 0


_Rows = Iterator[tuple[str, str, str, str]]


def _alone(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    mouth = Mouth()
    lines: list[tuple[str, Sound]] = []
    for line in own_lines(talking):
        samples, rate = mouth.render(Utterance(line))
        lines.append((line, resampled(samples, rate, RATE)))
        if sum(len(sound) for _, sound in lines) > where.minutes * 60 * RATE:
            break
    mouth.shut()
    own = np.concatenate([sound for _, sound in lines])
    noises: list[tuple[str, Sound | None]] = [("", None)]
    if where.recordings is not None:
        noise_folder = where.recordings / "noise"
        for file in (
            next(iter(sorted(noise_folder.glob(f"*{name}*"))))
            for name in ("dishes", "rain", "music", "wind", "tap", "forest_1", "forest_2")
        ):
            sound = pcm(file).astype(np.float64)
            loud = 10 ** ((power(own) - 32 - power(sound.astype(np.int16))) / 20)
            noises.append((f" and {file.stem.split('_', 1)[1]}, 20 dB under the echo", (sound * loud).astype(np.int16)))
    for room, echo in ROOMS.items():
        for what, noise in noises if room.startswith("60") else noises[:1]:
            got = alone(lines, echo, noise, model, talking)
            minutes = got.seconds / 60
            yield (
                "its own voice, nobody talks",
                room + what,
                f"{got.pauses} false pauses, {got.commands} false commands in {minutes:.1f} min "
                f"(without a canceller somebody seems to talk {got.bare:.0%} of the time)",
                "under 1 in 10 min, 0",
            )


def _over(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    said = words(where)
    card = SoundCard(where.folder)
    card.start()
    os.environ.update(card.environment)
    text = max(own_lines(talking), key=len)
    text = " ".join([text.rstrip(".") + ", and"] * 3)
    samples, rate = Mouth().render(Utterance(text))
    own = power(resampled(samples, rate, RATE))
    try:
        for number, (room, echo) in enumerate(ROOMS.items()):
            others = other_words(where) if number == 1 else []
            with open_loudspeaker(card, echo) as place:
                talk = TalkingOver(card, model, talking)
                try:
                    talk.learn(text)
                    results = []
                    for turn, word in enumerate([*said, *others]):
                        loud = 10 ** ((own + echo.decibels - power(word.sound)) / 20)  # as loud as the echo
                        sound = np.clip(word.sound * loud, -32768, 32767).astype(np.int16)
                        results.append(talk.one(word, text, sound, place, 1.0 + 0.13 * (turn % 7)))
                finally:
                    talk.stop()
            results, past = results[: len(said)], results[len(said) :]
            if past:
                yield _past(room, past)
            for who in ("synthetic", "recorded"):
                mine = [result for result in results if result.word.who == who]
                if not mine:
                    continue
                took = sorted(result.noticed for result in mine if result.noticed is not None)
                right = sum(result.meant == result.word.said for result in mine)
                wrong = sum(bool(result.meant) and result.meant != result.word.said for result in mine)
                p95 = took[max(0, round(0.95 * len(took)) - 1)] if took else float("nan")
                yield (
                    f"a word over it ({who}), as loud as the echo",
                    room,
                    f"noticed {len(took)} of {len(mine)}; first sound to silence p50 "
                    f"{1000 * statistics.median(took) if took else float('nan'):.0f} ms, p95 {1000 * p95:.0f} ms; "
                    f"understood {right}, as another {wrong}",
                    "95 %, p95 600 ms",
                )
    finally:
        card.stop()


def _past(room: str, past: Sequence[Over]) -> tuple[str, str, str, str]:
    held = [result for result in past if result.back != 0.0]
    back = sorted(result.back for result in held if result.back is not None)
    figures = f"held still for {len(held)} of {len(past)}, went on after {len(back)}"
    if back:
        last = back[max(0, round(0.95 * len(back)) - 1)]
        figures += f"; end of the word to its voice again p50 {statistics.median(back):.1f} s, p95 {last:.1f} s"
    taken = sum(bool(result.meant) for result in past)
    return ("a word that means nothing here", room, f"{figures}; taken for a command or an answer {taken}", "all, 1 s")


def _pauses(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    if where.recordings is not None:
        files = [file for text, file in where.dev(where.recordings) if len(text.split()) > 6][:100]
        spoken, whose = [trimmed(pcm(file)) for file in files], "read aloud by people"
    else:
        jobs = [Job(text, "espeak-ng", "en-us", 1.0, 50) for text in own_lines(talking)[:60]]
        spoken, whose = [trimmed(pcm(file)) for file, *_ in speak(jobs, where.folder)], "synthetic"
    for pause in PAUSES:
        cut, count = cut_off(spoken, pause, model, 2.5)
        yield ("free words with a pause inside", f"{pause} s, {whose}", f"{cut} of {count} cut off", "under 2 %")


def _standby(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    """Other people's sentences one after the other, as from a television; and the word itself by synthetic voices."""
    waiting = talking.standby(Manner(), keys=(), hearing=None, screen=Terminal(), mouth=None)
    phrases = talking.understanding.phrases(LISTEN)
    said = [Job("hello afterwards", engine, voice, pace, 50) for engine, voice in VOICES for pace in (0.8, 1.0, 1.2)]
    woke = count = 0
    for file, *_ in speak(said, where.folder):
        count += 1
        woke += waiting.meaning(hear_source(FileSource(file), model, LISTEN, phrases)) is not None
    yield "“hello afterwards”, said", f"{len(VOICES)} synthetic voices", f"{woke} of {count} wake it", ""
    direct = [wording.text for wording in read(sorted(KEPT.glob("*.tsv"))) if wording.danger and wording.direct]
    calls = [Job(text, engine, voice, 1.0, 50) for text in direct for engine, voice in CALLING]
    answers = [_wakes(pcm(file), waiting, model, phrases) for file, *_ in speak(calls, where.folder)]
    name = f"{len(direct)} direct dangers, synthetic voices"
    yield "waiting, somebody calls", name, f"{sum(answers)} of {len(answers)} begin", ""
    if where.recordings is None:
        return
    seconds, starts = 0.0, 0
    for text, file in where.dev(where.recordings):
        if len(text.split()) > 3:
            sound = pcm(file)
            seconds += len(sound) / RATE
            starts += _wakes(sound, waiting, model, phrases)
    hours = seconds / 3600
    yield "waiting, other people talk", "read aloud", f"{starts} false starts in {hours:.2f} h of speech", "0"


def _wakes(sound: Sound, waiting: Standby, model: SpeechModel, phrases: Sequence[str]) -> bool:
    """Whether that wakes it, in the midst of it or at its end."""
    turn, early = Turn(model, LISTEN, phrases), waiting.early()
    silence = np.zeros(int((LISTEN.end + 1.0) * RATE), np.int16)
    for at in range(0, len(sound) + len(silence), 1600):
        heard = turn.feed(np.concatenate([sound, silence])[at : at + 1600].tobytes())
        partial = turn.glance()
        if partial is not None and early.look(partial) is not None:
            return True
        if heard is not None:
            if waiting.meaning(heard) is not None:
                return True
            early = waiting.early()
    return False


def _idle(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    """The real program waits for "hello afterwards"; the television is other people's sentences, as in _standby."""
    if where.recordings is not None:
        files = [file for text, file in where.dev(where.recordings) if len(text.split()) > 3][:40]
    else:
        jobs = [Job(text, "espeak-ng", "en-us", 1.0, 50) for text in own_lines(talking)[:40]]
        files = [file for file, *_ in speak(jobs, where.folder)]
    talk = np.concatenate([pcm(file) for file in files])
    here = rating()
    for name, more in (("", {}), (", vectors of 128 bits only", NARROW)):
        folder = where.folder / f"idle-{len(more)}"
        folder.mkdir()
        card = SoundCard(folder)
        card.start()
        try:
            took = waiting(card, folder / "home", model.path, talk, 60.0, more)
        finally:
            card.stop()
        if took.woke:
            yield "waiting: processor", f"a television talks{name}", "it woke: not measured", ""
        for what, share in (("a quiet room", took.quiet), ("a television talks", took.television)):
            yield "waiting: processor", what + name, f"{share:.1%} of one core", ""
            if here is not None and more:
                yield "waiting: processor, scaled", f"{what} (7-zip here: {here:.0f})", on_boards(share, here), ""
    if here is None:
        yield "waiting: processor, scaled", "small boards", "not measured: there is no 7-zip here", ""


def _soak(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    jobs = [Job(text, "espeak-ng", "en-gb", 1.0, 50) for text in (" ".join(own_lines(talking)[:4]), "yes")]
    own, word = (trimmed(pcm(file)) for file, *_ in speak(jobs, where.folder))
    hours = list(soak(where.hours, model, (own * 0.5).astype(np.int16), (word * 0.3).astype(np.int16)))
    first, second, last = hours[0], hours[min(1, len(hours) - 1)], hours[-1]
    rounds = int(3600 / ROUND)
    name = f"{len(hours)} h of sound, a talk each {ROUND / 60:.0f} min"
    grown = last.megabytes - second.megabytes
    yield "always on: memory", name, f"{first.megabytes:.0f} MB after an hour, {grown:+.1f} MB from the second on", "0"
    share = sum(hour.seconds for hour in hours) / len(hours) / 3600
    yield "always on: processor", name, f"{share:.1%} of one core", ""
    took = ", ".join(f"{hour.seconds / second.seconds:.2f}" for hour in hours)
    yield "always on: lag", name, f"each hour took of the second: {took}", "1"
    yield "always on: answers heard", name, f"{first.heard} of {rounds} in the first hour, {last.heard} in the last", ""


def _faults(where: Where, model: SpeechModel, talking: Talking) -> _Rows:
    for number, fault in enumerate(FAULTS):
        if fault.claims and not can_be_claimed():
            yield "sound that breaks in a talk", fault.name, f"not measured: {MISSING}", "5 s"
            continue
        folder = where.folder / f"fault-{number}"
        folder.mkdir()
        card = SoundCard(folder)  # a fresh one: another microphone is not there any more
        card.start()
        try:
            came = suffer(fault, card, folder / "home", model.path)
        finally:
            card.stop()
        told, again = (f"{s:.1f} s" if s is not None else "never" for s in (came.told, came.heard_again))
        kept = "the same question is open" if came.kept else "THE PLACE IS LOST"
        ways = {"voice": came.by_voice, "key": came.by_key}
        leads = " and ".join(way for way, works in ways.items() if works) or "NOTHING"
        works = f"works after {again}" if came.heard_again != 0 else "was never deaf"
        figures = f"told after {told}; mended: {works}; {kept}; {leads} leads on"
        yield "sound that breaks in a talk", fault.name, figures, "5 s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
