"""What scripts/bench turn-taking measures: one room, one voice, and a person in it."""

from __future__ import annotations

import csv
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.train.synthesise import Job, speak
from tests.echo_room import RATE, Echo, Room
from tests.echo_room import Path as RoomPath
from tests.person import Listening
from tests.sound_card import SoundCard
from voice.events import Answer, Command, Heard, Kind, Listen, Utterance
from voice.parts import Own, RealClock, Talking
from voice.session_barge_in import GivingWay, live
from voice.session_hearing import Hearing
from voice.speech.ears import RECENT, VoiceEars
from voice.speech.echo import Cleaned, Played, echo_remover
from voice.speech.endpoint import Endpoint
from voice.speech.microphone import Microphone
from voice.speech.mouth import Mouth
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource
from voice.speech.turn import Turn

Sound = NDArray[np.int16]
COMMANDS = ("stop", "pause", "repeat", "slower", "faster", "louder", "softer", "back", "skip", "help", "go_on")
ASK = Listen("bench", Kind.YES_NO, ("yes", "no", "not_sure"), (*COMMANDS, "emergency"), end=1.2, soon=0.7)
WORDS = ("stop", "pause", "repeat", "skip", "slower", "help", "yes", "no")
RECORDED = ("stop", "yes", "no")
VOICES = (("espeak-ng", "en-us+f3"), ("espeak-ng", "en-gb+m3"), ("flite", "rms"), ("flite", "slt"))
LONGEST_WORD = 0.7
"""Seconds. In a recording that seems longer the noise is as loud as the word, and nobody can say when it begins."""
LASTS = 2.4
"""Seconds after a word in which something must come of it."""
ELSE = ("up", "on", "off", "left", "down", "bed", "happy", "cat")
"""Words that mean nothing here, of those that there are recordings of."""


@dataclass(frozen=True)
class Where:
    """Where things are, and how much to measure."""

    folder: Path
    """For what is written meanwhile."""
    recordings: Path | None
    minutes: float
    words: int
    hours: int

    def dev(self, folder: Path) -> list[tuple[str, Path]]:
        """(text, file) of the recordings that no model of ours learnt from."""
        with (folder / "manifest.tsv").open(encoding="utf-8") as rows:
            listed = [row for row in csv.DictReader(rows, delimiter="\t") if row["split"] == "dev"]
        return [(row["text"], folder / row["path"]) for row in listed]


def own_lines(talking: Talking) -> list[str]:
    """Lines of the content that are whole as they stand, in their order."""
    return [text for text in talking.content.texts.values() if "$" not in text and len(text.split()) > 6]


def pcm(file: Path) -> Sound:
    source = FileSource(file)
    source.start()
    blocks = []
    while not source.ended:
        blocks.append(source.read(1.0) or b"")
    source.stop()
    return np.frombuffer(b"".join(blocks), np.int16)


def trimmed(sound: Sound) -> Sound:
    """Without the silence around the word: from the first to the last 10 ms that are within 25 dB of the loudest, and
    where the recording itself is noisy, 10 dB over its noise, but at most down to 15 dB."""
    power = np.square(sound[: len(sound) // 160 * 160].reshape(-1, 160).astype(np.float64)).mean(axis=1)
    least = np.clip(10 * np.quantile(power, 0.1), power.max() / 316, power.max() / 31.6)
    loud = np.flatnonzero(power > least)
    return sound[loud[0] * 160 : (loud[-1] + 1) * 160]


def power(sound: Sound) -> float:
    """Decibels of the parts that are not silent."""
    pieces = np.square(sound[: len(sound) // 160 * 160].reshape(-1, 160).astype(np.float64)).mean(axis=1)
    return float(10 * np.log10(pieces[pieces > pieces.max() / 316].mean()))


# ---- 1: its own voice, nobody else


@dataclass
class Alone:
    """What happened in so many seconds of its own speech."""

    seconds: float = 0.0
    pauses: int = 0
    commands: int = 0
    bare: float = 0.0
    """Share of the first minute in which somebody seems to talk where nothing takes our voice out."""


def alone(
    lines: Sequence[tuple[str, Sound]], echo: Echo, noise: Sound | None, model: SpeechModel, talking: Talking
) -> Alone:
    """Its own speech, line by line (words, sound), through a room and the real chain, faster than real time: nothing
    depends on the clock here but the bursts and jitter of the sound cards, which are put on."""
    random = np.random.default_rng(7)
    now = 10.0
    played = Played(lambda: now)
    remover = echo_remover(played)
    if remover is None:
        raise RuntimeError("there is no echo canceller here: pip install livekit")
    path = RoomPath(echo)
    hearing = Hearing(talking.understanding, talking.safety)
    over = live(ASK, open=True, question=True)
    phrases = talking.understanding.phrases(over)
    own = np.concatenate([sound for _, sound in lines])
    ends = np.cumsum([len(sound) for _, sound in lines])
    endpoint = Endpoint()
    turn, bare = Turn(model, over, phrases), Turn(model, over, phrases)
    found = Alone(seconds=len(own) / RATE)
    was = False
    recent: deque[Cleaned] = deque(maxlen=RECENT)
    now_said, early = -1, hearing.early(over)
    given, burst, block = 0, 480, 320
    for at in range(0, len(own) - block, block):
        while given <= at + block:
            now = 10.0 + given / RATE + random.uniform(0, 0.01)
            played.put(own[given : given + burst], RATE)
            given += burst
        heard = path(own[at : at + block])
        if noise is not None:
            heard += np.take(noise, range(at, at + block), mode="wrap")
        mic = np.clip(heard, -32768, 32767).astype(np.int16).tobytes()
        clean = remover(mic, 10.0 + (at + block) / RATE + random.uniform(0, 0.01))
        number = int(np.searchsorted(ends, at, side="right"))
        if number != now_said:  # as a session does: each line is listened over anew, and nobody is cut off
            now_said, turn = number, Turn(model, over, phrases, endpoint=endpoint)
            early = hearing.early(over)
            for before in recent:
                turn.feed(before.sound, before.watched)
        recent.append(clean)
        sound = turn.feed(clean.sound, clean.watched)
        if remover.knows_the_room:
            found.pauses += turn.surely_speaking and not was
            spoken = lines[number][0]
            found.commands += sound is not None and hearing.interrupts(sound, over, spoken, True)
            partial = turn.glance()
            danger = early.look(partial) if partial else None
            found.commands += danger is not None and not hearing.itself(danger, spoken, True)
        was = turn.surely_speaking
        if at < 60 * RATE:  # for comparison: the first minute without a canceller
            bare.feed(mic)
            found.bare += bare.surely_speaking * block / min(60 * RATE, len(own))
    return found


# ---- 2: a person over it


@dataclass(frozen=True)
class Word:
    said: str
    who: str
    sound: Sound


def words(where: Where) -> list[Word]:
    """Synthetic ones, and of the real recordings of "dev" those that are commands here."""
    return _said(where, WORDS, RECORDED)


def other_words(where: Where) -> list[Word]:
    """The same of words that are none, where there are recordings."""
    return _said(where, (), ELSE)


def _said(where: Where, synthetic: Sequence[str], recorded: Sequence[str]) -> list[Word]:
    found = []
    for turned in range(2):
        for number, word in enumerate(synthetic):
            engine, voice = VOICES[(number + 2 * turned) % len(VOICES)]
            for file, text, _, _ in speak([Job(word, engine, voice, 1.0, 50)], where.folder):
                found.append(Word(text, "synthetic", trimmed(pcm(file))))
    if where.recordings is not None:
        listed = [(text, file) for text, file in where.dev(where.recordings) if text in recorded]
        shuffled = [listed[n] for n in np.random.default_rng(5).permutation(len(listed))]
        people = [Word(text, "recorded", trimmed(pcm(file))) for text, file in shuffled]
        found += [word for word in people if len(word.sound) < LONGEST_WORD * RATE][: where.words]
    return found


@dataclass(frozen=True)
class Over:
    """One word over the voice."""

    word: Word
    noticed: float | None
    """Seconds from its first sound to the last sound of our voice; None where our voice went on."""
    meant: str
    """What it was understood as; "" for nothing."""
    back: float | None
    """Seconds from its last sound to our voice again; 0 where that never held still, None where it never came back."""


class TalkingOver:
    """A talk on the virtual sound card, in one room."""

    def __init__(self, card: SoundCard, model: SpeechModel, talking: Talking) -> None:
        self._hearing = Hearing(talking.understanding, talking.safety)
        self._understanding = talking.understanding
        own = Own()
        self._mouth = Mouth(played=own.played.put)
        self._mouth.ready()
        self._ears = VoiceEars(model, Microphone, echo=echo_remover(own.played))
        self._listening = Listening(card)
        self._over = live(ASK, open=True, question=True)

    def stop(self) -> None:
        self._ears.shut()
        self._mouth.shut()
        self._listening.stop()

    def learn(self, text: str) -> None:
        """Let it hear itself first, as after the first lines of a talk."""
        self._mouth.start(Utterance(text))
        self._ears.open(self._over, ())
        while not self._mouth.wait(0):
            self._ears.poll(0.05)

    def one(self, word: Word, text: str, sound: Sound, room: Room, after: float) -> Over:
        """Says `text`; the word comes after so many seconds. As session.Session._spoken does it."""
        held: list[float] = []
        mouth = self._mouth

        class Noting:
            def pause(self) -> None:
                held.append(time.monotonic())
                mouth.pause()

            def resume(self) -> None:
                held.append(-time.monotonic())
                mouth.resume()

        way = GivingWay(Noting(), RealClock().now)
        way.begin(on_card=False)
        phrases = self._understanding.phrases(self._over)
        self._mouth.start(Utterance(text, pause=0.0))
        self._ears.open(self._over, phrases)
        began = time.monotonic()
        said = False
        meant = ""
        while time.monotonic() < began + after + len(sound) / RATE + LASTS:
            if not said and time.monotonic() - began > after:
                room.say(sound)
                said = True
            heard = self._ears.poll(0.02)
            if isinstance(heard, Heard):
                if self._hearing.interrupts(heard, self._over, text, True):
                    meaning = self._understanding.understand(heard, self._over)
                    match meaning:
                        case Answer(value=name) | Command(name=name):
                            meant = name
                    held.append(time.monotonic())
                    self._mouth.stop()
                    break
                self._ears.open(self._over, phrases)
            way.look(self._ears.wants_the_floor)
        first = next((at for at in held if at > 0 and at > room.began > 0), None)
        time.sleep(0.25)
        noticed = None
        if first is not None:
            # the last block with sound before our voice was gone, which is at most a tenth of a second after the order
            sounds = [at for at in self._listening.sounds if at <= first + 0.15]
            noticed = max(0.0, (sounds[-1] if sounds else first) - room.began)
        back = 0.0 if not held else None
        if held and held[-1] < 0 and (again := self._listening.sound_after(-held[-1])) is not None:
            back = max(0.0, again - room.began - len(sound) / RATE)
        self._mouth.stop()
        self._ears.close()
        time.sleep(0.3)
        return Over(word, noticed, meant, back)


# ---- 3: pauses within an answer


def cut_off(spoken: Sequence[Sound], pause: float, model: SpeechModel, end: float) -> tuple[int, int]:
    """(answers that were cut, answers): free words with one pause inside, where two sentences meet."""
    listen = Listen("free", Kind.FREE, (), ("stop",), end=end, soon=1.5)
    cut = 0
    pairs = list(zip(spoken[::2], spoken[1::2], strict=False))
    for first, second in pairs:
        gap = np.zeros(int(pause * RATE), np.int16)
        sound = np.concatenate([np.zeros(RATE // 2, np.int16), first, gap, second, np.zeros(4 * RATE, np.int16)])
        sound = sound + np.random.default_rng(1).normal(0, 12, len(sound)).astype(np.int16)
        turn = Turn(model, listen, ["stop", "not sure"])
        whole = (len(first) + len(gap) + len(second)) / RATE
        ended = None
        for at in range(0, len(sound), 1600):
            if turn.feed(sound[at : at + 1600].tobytes()) is not None:
                ended = at / RATE
                break
        cut += ended is not None and ended < 0.5 + whole - 0.1
    return cut, len(pairs)
