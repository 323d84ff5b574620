"""Our own voice in the microphone: taken out, and a person's left in."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path as File

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.echo_room import RATE, Echo, Path
from tests.sound_card import render_wav
from voice.events import Heard, Kind, Listen
from voice.speech.echo import GAP, HELD, LEARNT, TAIL, EchoRemover, Played, Timeline, echo_remover, webrtc
from voice.speech.endpoint import FRAME_BYTES, Endpoint
from voice.speech.linear import FRAME
from voice.speech.player import resampled
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import FileSource, Resampler
from voice.speech.turn import Turn

OWN = (
    "Sometimes a talk like this does not go the way that we hoped. That is hard, and it is not the end of the road. "
    "Many people say no the first time. Some of them say yes later, when they are asked another way. "
    "Let us look at what may have got in the way. We can go as slowly as you like, and nothing has to be decided now."
)
ROOMS = {
    "near and loud": Echo(0.02, -6),
    "a room": Echo(0.06, -12),
    "far and quiet": Echo(0.2, -20),
    "a small loudspeaker": Echo(0.08, -9, curve=0.3),
    "a wireless loudspeaker": Echo(0.45, -12),
}
Sound = NDArray[np.int16]


def _spoken(text: str, file: File, voice: str = "en-us") -> Sound:
    source = FileSource(render_wav(text, file, voice))
    source.start()
    blocks = []
    while not source.ended:
        blocks.append(source.read(1.0) or b"")
    source.stop()
    return np.frombuffer(b"".join(blocks), np.int16)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return _spoken(OWN, tmp_path_factory.mktemp("own") / "own.wav")


def _through(
    room: Echo, own: Sound, person: NDArray[np.float64] | None = None, seed: int = 3
) -> tuple[Sound, Sound, Sound, EchoRemover]:
    """(raw, for the recogniser, for the endpoint, the remover): both sound cards hand over bursts, with jitter."""
    random = np.random.default_rng(seed)
    now = 50.0
    played = Played(lambda: now)
    canceller = webrtc()
    assert canceller is not None
    remover = EchoRemover(played, canceller)
    path = Path(room)
    raw, heard, watched = [], [], []
    burst, block = 480, 320
    given = 0
    for at in range(0, len(own) - block, block):
        while given <= at + block:
            now = 50.0 + given / RATE + random.uniform(0, 0.01)
            played.put(own[given : given + burst], RATE)
            given += burst
        mixed = path(own[at : at + block]) + (0 if person is None else person[at : at + block])
        raw.append(np.clip(mixed, -32768, 32767).astype(np.int16))
        clean = remover(raw[-1].tobytes(), 50.0 + (at + block) / RATE + random.uniform(0, 0.01))
        heard.append(np.frombuffer(clean.sound, np.int16))
        watched.append(np.frombuffer(clean.watched, np.int16))
    return np.concatenate(raw), np.concatenate(heard), np.concatenate(watched), remover


def _power(sound: Sound) -> float:
    return float(10 * np.log10(np.square(sound.astype(np.float64)).mean() + 1e-9))


def _onsets(sound: Sound) -> int:
    endpoint, found, was = Endpoint(), 0, False
    pcm = sound.tobytes()
    for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES):
        endpoint.feed(pcm[at : at + FRAME_BYTES])
        found += endpoint.onset and not was
        was = endpoint.onset
    return found


def test_there_is_no_hole_in_what_we_play_where_its_clock_is_a_little_behind() -> None:
    """As after the sound card ran empty: it is told 25 ms late, which is not enough to set the counting anew."""
    now = 50.0
    played = Played(lambda: now)
    seen: list[Sound] = []

    def canceller(heard: Sound, played: Sound) -> Sound:
        seen.append(played)
        return heard

    remover = EchoRemover(played, canceller)
    block, late, came = np.full(320, 1000, np.int16), 0.025, 0
    for number in range(150):
        now = 50.0 + number * 0.02 + (late if number > 50 else 0.0)
        if number != 51:  # once it comes too late altogether
            played.put(block, RATE)
        clean = remover(bytes(640), 50.0 + (number + 1) * 0.02)
        assert len(clean.sound) == len(clean.watched)
        came += len(clean.sound) // 2
    assert came >= 150 * 320 - 0.07 * RATE, "and not held back for longer than it must be"
    holes = sum(not own.all() for own in seen[20:])
    assert 2 <= holes <= 5, "what was never played is silence, and no more than that"


@pytest.mark.sound
class TestTheRoom:
    @pytest.mark.parametrize("room", ROOMS.values(), ids=ROOMS)
    def test_our_own_voice_is_taken_out(self, room: Echo, own: Sound) -> None:
        raw, heard, watched, remover = _through(room, own)
        learnt = 4 * RATE
        assert _onsets(raw[learnt:]) >= 5, "the room is no test: nothing comes back"
        assert _onsets(watched[learnt:]) == 0
        assert remover.knows_the_room
        if not room.curve:
            assert _power(raw[learnt:]) - _power(heard[learnt:]) > 12

    def test_a_word_said_over_it_is_heard(self, own: Sound, speech_model: SpeechModel, tmp_path: File) -> None:
        words = ["stop", "repeat", "slower", "yes", "emergency"]
        person = np.zeros(len(own))
        places = []
        for number, word in enumerate(words):
            sound = _spoken(word, tmp_path / f"{word}.wav", "en-gb+f2").astype(np.float64)
            place = (4 + 3 * number) * RATE
            loud = 10 ** ((_power(own) - 12 - _power(sound.astype(np.int16))) / 20)  # as loud as the echo
            person[place : place + len(sound)] = sound * loud
            places.append((word, place, place + len(sound)))
        _, heard, watched, _ = _through(ROOMS["a room"], own, person)
        listen = Listen("x", Kind.YES_NO, ("yes", "no"), ("stop", "repeat", "slower", "skip", "emergency"), end=0.6)
        understood = []
        for word, begin, end in places:
            turn = Turn(speech_model, listen, [*words, "no", "skip", "pause", "help"])
            found: Heard | None = None
            for at in range(begin - RATE // 2, end + RATE // 2, FRAME):
                found = found or turn.feed(heard[at : at + FRAME].tobytes(), watched[at : at + FRAME].tobytes())
            found = found or turn.finish()
            understood.append(found is not None and found.text == word)
        assert sum(understood) >= 4, list(zip(words, understood, strict=True))

    def test_what_is_heard_long_after_it_spoke_is_passed_on_as_it_is(self, own: Sound) -> None:
        silent = np.concatenate([own, np.zeros(3 * RATE, np.int16)])
        person = np.zeros(len(silent))
        person[-RATE:] = 3000 * np.sin(np.arange(RATE))
        raw, heard, watched, _ = _through(ROOMS["a room"], silent, person)
        late = slice(len(heard) - RATE, len(heard))
        assert np.array_equal(heard[late], watched[late])
        assert np.array_equal(heard[late], raw[late])


class TestTheTime:
    @given(st.lists(st.floats(0, 0.02), min_size=30, max_size=60), st.integers(100, 1000))
    def test_jitter_moves_nothing(self, jitter: list[float], count: int) -> None:
        line = Timeline()
        starts = [line.place(count, 9.0 + n * count / RATE + late) for n, late in enumerate(jitter)]
        assert all(b - a == count for a, b in pairwise(starts))

    def test_a_stream_that_stood_still_is_set_anew(self) -> None:
        line = Timeline()
        first = line.place(160, 1.0)
        assert line.place(160, 1.01) == first + 160
        assert line.place(160, 1.02 + 2 * GAP) == round((1.02 + 2 * GAP) * RATE)

    def test_a_clock_that_runs_away_is_followed(self) -> None:
        line = Timeline()
        for n in range(2000):
            start = line.place(160, 1.0 + n * 0.01 * 1.002)  # 2 ms a second
        assert abs(start / RATE - (1.0 + 1999 * 0.01 * 1.002)) < 0.05

    @given(
        st.lists(st.tuples(st.integers(1, 900), st.floats(0, 0.4)), min_size=1, max_size=40),
        st.integers(-HELD, 2 * HELD),
    )
    def test_what_was_not_played_is_silence(self, blocks: list[tuple[int, float]], index: int) -> None:
        now = 5.0
        played = Played(lambda: now)
        for count, after in blocks:
            now += after
            played.put(np.full(count, 7, np.int16), RATE)
            now += count / RATE
        assert played.loud(round(now * RATE))
        sound = played.sound(round(5.0 * RATE) + index, 320)
        assert len(sound) == 320
        assert set(sound.tolist()) <= {0, 7}

    def test_another_rate_is_brought_to_ours(self) -> None:
        now = 0.0
        played = Played(lambda: now)
        for _ in range(50):
            played.put((8000 * np.sin(np.arange(480) * 2 * np.pi * 440 / 48000)).astype(np.int16), 48000)
            now += 0.01
        assert played.loud(RATE // 2)
        assert 4000 < np.sqrt(np.square(played.sound(RATE // 10, RATE // 4).astype(float)).mean()) < 7000


def _noting(played: Played) -> tuple[EchoRemover, list[Sound]]:
    """With cancellers that only note what they are told of our voice: twice for each 10 ms."""
    told: list[Sound] = []

    def canceller(heard: Sound, played: Sound) -> Sound:
        told.append(played)
        return heard

    return EchoRemover(played, canceller, canceller), told


def test_nothing_is_cleaned_while_an_open_loudspeaker_plays_silence() -> None:
    """At the rate of most sound cards, where it is resampled: for hours, in the quiet after each line."""
    now = [10.0]
    played = Played(lambda: now[0])
    remover, frames = _noting(played)

    def plays(sound: Sound, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            played.put(sound, 48000)
            now[0] += 0.02
            remover(np.full(320, 40, np.int16).tobytes(), now[0])

    speech = np.random.default_rng(3).normal(0, 900, 960).astype(np.int16)
    plays(speech, 1.0)
    plays(np.zeros(960, np.int16), TAIL + 0.2)
    cleaned = len(frames)
    assert cleaned
    plays(np.zeros(960, np.int16), 5.0)
    assert len(frames) == cleaned
    assert not remover.knows_the_room, "it heard one second of our voice, and of silence nothing can be learnt"
    plays(speech, LEARNT - 0.9)
    assert remover.knows_the_room


def test_the_first_block_of_a_line_reaches_the_cancellers_whole() -> None:
    """It is told when the microphone's block of that time has been passed on already."""
    now = [10.0]
    played = Played(lambda: now[0])
    remover, told = _noting(played)
    line = np.arange(1, 4801, dtype=np.int16)
    quiet = np.full(320, 40, np.int16).tobytes()
    for number in range(150):  # blocks of 20 ms, of which the line comes first in one that is told 15 ms late
        remover(quiet, 10.0 + 0.02 * (number + 1))
        place = (number - 100) * 320
        sound = line[place : place + 320] if 0 <= place < len(line) else np.zeros(320, np.int16)
        now[0] = 10.0 + 0.02 * number + 0.015
        played.put(sound, RATE)
    seen = np.concatenate(told[::2])
    first = int(np.flatnonzero(seen)[0])
    assert np.array_equal(seen[first : first + len(line)], line)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_silence_stays_silence_at_another_rate(rate: int) -> None:
    nothing = np.zeros(rate, np.int16)
    assert not resampled(nothing, rate, 32000).any()
    assert not np.frombuffer(Resampler(rate, 1, exact=True)(nothing.tobytes(), last=True), np.int16).any()
    assert resampled(np.full(rate, 32767, np.int16), rate, 32000).max() == 32767


def test_where_the_sound_goes_elsewhere_the_room_is_learnt_anew() -> None:
    """And people can talk over it there too, and again where it is back."""
    now = [10.0]
    played = Played(lambda: now[0])
    remover = EchoRemover(played, lambda heard, own: heard)
    sound = np.full(480, 900, np.int16)

    def plays(seconds: float) -> None:
        for _ in range(round(seconds / 0.03)):
            played.put(sound, RATE)
            now[0] += 0.03
            remover(sound.tobytes(), now[0])

    plays(LEARNT + 0.5)
    for away in (True, False):
        assert remover.knows_the_room
        played.moved(away)
        assert played.away is away
        assert not remover.knows_the_room, "at once, and not with the next block"
        plays(LEARNT / 2)
        assert not remover.knows_the_room
        plays(LEARNT / 2 + 0.5)
    assert remover.knows_the_room


def test_without_a_canceller_nothing_is_cleaned() -> None:
    assert echo_remover(Played(), lambda: None) is None


def test_a_missing_library_is_no_canceller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit.rtc", None)
    assert webrtc() is None


def test_the_canceller_opens_no_connection() -> None:
    """Its library could; only what needs no connection is used, and none is there after it worked."""
    if not File("/proc/self/net").exists():
        pytest.skip("no /proc on this system to look at")
    program = """
import os, numpy as np
from voice.speech.echo import FRAME, webrtc
clean = webrtc()
for _ in range(100):
    clean(np.zeros(FRAME, np.int16), np.zeros(FRAME, np.int16))
mine = {os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{n}")}
for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
    for line in open(f"/proc/self/net/{kind}").readlines()[1:]:
        assert f"socket:[{line.split()[9]}]" not in mine, line
print("none")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "none"), done.stderr
