"""Hearing turns of talk: the real model, through the virtual microphone and from recordings."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import webrtcvad
from numpy.typing import NDArray

from tests.sound_card import HERE, SoundCard, render_wav
from voice.errors import ScriptError
from voice.events import Heard, Kind, Listen, Partial, Recovered, Sound, Trouble
from voice.speech.ears import VoiceEars, hear_file, hear_source
from voice.speech.endpoint import Endpoint
from voice.speech.microphone import Microphone
from voice.speech.recogniser import SpeechModel
from voice.speech.sources import RATE, FileSource, PcmSource
from voice.speech.turn import PAUSED, Turn

PHRASES = ("yes", "yeah", "no", "not sure", "stop", "go on", "repeat", "where am i")
ASK = Listen("step", Kind.YES_NO, end=0.8)
RECORDINGS = HERE.parent / "shared" / "speech"

pytestmark = [pytest.mark.model, pytest.mark.sound]


def _samples(text: str, folder: Path) -> NDArray[np.int16]:
    source = FileSource(render_wav(text, folder / "said.wav"))
    source.start()
    blocks = []
    while not source.ended:
        blocks.append(source.read(1) or b"")
    source.stop()
    return np.frombuffer(b"".join(blocks), dtype=np.int16)


class Live(PcmSource):
    """Sound from memory in blocks of 20 ms, as a microphone brings it."""

    read_so_far = 0

    def read(self, timeout_s: float) -> bytes | None:
        self.read_so_far += 1
        return super().read(timeout_s)

    @staticmethod
    def _cut(pcm: bytes) -> Iterator[bytes]:
        return (pcm[at : at + 640] for at in range(0, len(pcm), 640))


def _silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def _flowing(ears: VoiceEars) -> list[Sound]:
    """Until sound comes in, and our own voice would have died away; gives what was told on the way."""
    until = time.monotonic() + 10
    told: list[Sound | None] = []
    while not ears.working and time.monotonic() < until:
        told.append(ears.poll(0.1))
    assert ears.working
    assert ears.poll(0.6) is None
    return [sound for sound in told if sound is not None]


def _hear(ears: VoiceEars, seconds: float) -> Sound | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = ears.poll(0.2)
        if found is not None and not isinstance(found, Partial):
            return found
    return None


class TestRecordings:
    @pytest.mark.parametrize("text", ["yes", "no", "stop", "where am i"])
    def test_both_recognisers_hear_it(self, speech_model: SpeechModel, tmp_path: Path, text: str) -> None:
        heard = hear_file(render_wav(text, tmp_path / "x.wav"), speech_model, ASK, PHRASES)
        assert heard.text == text
        assert heard.free is not None
        assert len(heard.free) <= 5
        assert all(heard.free)

    def test_free_words(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        listen = replace(ASK, kind=Kind.FREE, end=2.5)
        heard = hear_file(render_wav("i want to go home with my mother", tmp_path / "x.wav"), speech_model, listen, ())
        assert heard.free
        assert {"home", "mother"} & set(heard.free[0].split())

    def test_the_silence_ends_the_turn(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = np.concatenate([_samples("yes", tmp_path), _silence(3.0), _samples("stop", tmp_path)])
        assert hear_source(PcmSource(said), speech_model, ASK, PHRASES).text == "yes"

    def test_a_shorter_silence_does_not(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = np.concatenate([_samples("yes", tmp_path), _silence(1.0), _samples("stop", tmp_path)])
        listen = replace(ASK, end=3.0)
        assert hear_source(PcmSource(said), speech_model, listen, PHRASES).text == "yes stop"

    def test_the_longest_turn_is_taken_as_it_is(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = np.concatenate([_samples("yes yes yes yes yes", tmp_path)] * 4)
        heard = hear_source(PcmSource(said), speech_model, replace(ASK, longest=2.0), PHRASES)
        assert heard.seconds == pytest.approx(2.0, abs=0.1)

    def test_silence_is_nothing(self, speech_model: SpeechModel) -> None:
        heard = hear_source(PcmSource(_silence(3)), speech_model, ASK, PHRASES)
        assert (heard.text, heard.free) == ("", ())

    def test_noise_and_taps_are_nothing(self, speech_model: SpeechModel) -> None:
        random = np.random.default_rng(1)
        hiss = (random.normal(0, 600, RATE * 4)).astype(np.int16)
        taps = _silence(4)
        for at in range(RATE // 2, len(taps), RATE // 2):
            taps[at : at + 160] = (random.normal(0, 9000, 160) * np.linspace(1, 0, 160)).astype(np.int16)
        for noise in (hiss, taps):
            turn = Turn(speech_model, ASK, PHRASES)
            assert turn.feed(noise.tobytes()) is None

    def test_a_model_with_a_border_tells_how_far_above_it_an_answer_is(
        self, speech_model: SpeechModel, tmp_path: Path
    ) -> None:
        said = _samples("yes", tmp_path)
        leads = []
        for border in ("-1000", "1000"):
            copy = tmp_path / border
            shutil.copytree(speech_model.path, copy)
            (copy / "border.txt").write_text(border)
            heard = hear_source(PcmSource(said), SpeechModel(copy), ASK, PHRASES)
            assert heard.text == "yes"
            leads.append(heard.lead or 0.0)
            assert (heard.confidence > 0.5) == (leads[-1] > 0)
        assert leads[0] > 0 > leads[1]
        assert leads[0] - leads[1] == pytest.approx(2000)

    def test_a_file_that_is_no_recording(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        (tmp_path / "x.wav").write_text("words")
        with pytest.raises(ScriptError):
            hear_file(tmp_path / "x.wav", speech_model, ASK, PHRASES)

    def test_our_own_tail_is_not_heard(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = np.concatenate([_samples("stop", tmp_path), _silence(2)])
        deaf = Turn(speech_model, ASK, PHRASES, deaf=len(said) / RATE)
        assert deaf.feed(said.tobytes()) is None
        assert not deaf.speaking
        open_ = Turn(speech_model, ASK, PHRASES)
        heard = open_.feed(said.tobytes())
        assert heard is not None
        assert heard.text == "stop"

    def test_what_was_said_so_far_is_told_before_the_end(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = np.concatenate([_samples("stop", tmp_path), _silence(PAUSED + 0.5)])
        turn = Turn(speech_model, replace(ASK, kind=Kind.FREE, end=3.0), PHRASES)
        partials = []
        for frame in said[: len(said) // 320 * 320].reshape(-1, 320):
            assert turn.feed(frame.tobytes()) is None
            partials += [partial] if (partial := turn.glance()) else []
        assert partials[-1].text == "stop"
        assert partials[-1].quiet >= PAUSED
        assert [p.seconds for p in partials] == sorted({p.seconds for p in partials})
        assert len({(p.text, p.quiet >= PAUSED) for p in partials}) == len(partials), "each once"
        assert turn.glance() is None

    @pytest.mark.parametrize("size", [37, 640, 9999])
    def test_pieces_of_any_size_are_the_same_sound(self, speech_model: SpeechModel, tmp_path: Path, size: int) -> None:
        pcm = np.concatenate([_samples("no", tmp_path), _silence(2)]).tobytes()
        turn = Turn(speech_model, ASK, PHRASES)
        found = [h for at in range(0, len(pcm), size * 2) if (h := turn.feed(pcm[at : at + size * 2]))]
        assert [h.text for h in found] == ["no"]

    def test_a_whole_answer_ends_sooner(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        said = _samples("yes", tmp_path)
        took = {}
        for soon in (0.0, 0.4):
            turn = Turn(speech_model, replace(ASK, end=1.5, soon=soon), PHRASES)
            pcm = np.concatenate([_silence(0.5), said, _silence(3)]).tobytes()
            took[soon] = next(at for at in range(0, len(pcm), 640) if turn.feed(pcm[at : at + 640]) is not None)
        assert 0.5 <= (took[0.0] - took[0.4]) / 32000 <= 1.2

    def test_the_beginning_of_a_longer_answer_does_not(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        turn = Turn(speech_model, replace(ASK, end=1.5, soon=0.4), [*PHRASES, "yes i am"])
        pcm = np.concatenate([_silence(0.5), _samples("yes", tmp_path), _silence(0.6)]).tobytes()
        assert turn.feed(pcm) is None

    def test_talk_is_sure_and_hiss_is_not(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        turn = Turn(speech_model, ASK, PHRASES)
        hiss = np.random.default_rng(1).normal(0, 900, 2 * RATE).astype(np.int16)
        turn.feed(hiss.tobytes())
        assert not turn.surely_speaking
        turn = Turn(speech_model, ASK, PHRASES)
        turn.feed(np.concatenate([_silence(0.5), _samples("repeat that please", tmp_path)]).tobytes())
        assert turn.surely_speaking

    @pytest.mark.parametrize(("text", "held"), [("potatoes", False), ("where am", True)])
    def test_words_that_begin_no_answer_give_the_floor_back(
        self, speech_model: SpeechModel, tmp_path: Path, text: str, held: bool
    ) -> None:
        """Over our own voice: it goes on soon, and whoever only paused is heard all the same."""
        turn = Turn(speech_model, replace(ASK, end=1.6, over_speech=True), PHRASES)
        said = _samples(text, tmp_path)
        said = said[: np.flatnonzero(np.abs(said.astype(np.int32)) > 300)[-1]]
        assert turn.feed(np.concatenate([_silence(0.5), said]).tobytes()) is None
        assert turn.may_be_meant
        assert turn.feed(_silence(1.0).tobytes()) is None, "the turn is open still"
        assert turn.may_be_meant is held

    @pytest.mark.parametrize("over_speech", [True, False])
    def test_over_our_voice_the_grammars_word_ends_it(self, speech_model: SpeechModel, over_speech: bool) -> None:
        turn = Turn(speech_model, replace(ASK, soon=0.4, over_speech=over_speech), PHRASES)
        turn._grammatical, turn._freely = "stop", ""
        assert turn._is_complete is over_speech
        turn._grammatical = "where am"
        assert not turn._is_complete

    def test_headphones_count_only_while_the_sound_is_in_them(self, speech_model: SpeechModel) -> None:
        away = [False]
        ears = VoiceEars(speech_model, lambda: Live(_silence(1)), headphones=True, away=lambda: away[0])
        assert ears.hears_through
        assert ears._deaf == 0
        away[0] = True
        assert not ears.hears_through
        assert ears._deaf > 0, "its own voice is in the room now"

    def test_whoever_began_as_the_line_ended_is_heard_whole(self, speech_model: SpeechModel, tmp_path: Path) -> None:
        live = Live(np.concatenate([_silence(1), _samples("repeat", tmp_path), _silence(2)]))
        ears = VoiceEars(speech_model, lambda: live, headphones=True, clock=lambda: 0.02 * live.read_so_far)
        ears.open(replace(ASK, over_speech=True), PHRASES)
        while not ears.speaking:
            ears.poll(0.02)
        ears.close()  # the line is over, and the question is open
        ears.open(ASK, PHRASES)
        heard = _hear(ears, 10)
        assert isinstance(heard, Heard)
        assert heard.text == "repeat"

    @pytest.mark.parametrize(("low", "high"), [(1100, 2500), (2500, 5000)])
    def test_birds_are_not_sure(self, speech_model: SpeechModel, low: int, high: int) -> None:
        """They hold our voice no more. To webrtcvad's strictest mode they are speech."""
        random, call = np.random.default_rng(1), np.arange(int(0.18 * RATE)) / RATE
        sound = random.normal(0, 20, 6 * RATE)
        for place in range(RATE, 6 * RATE - len(call), RATE // 4):
            pitch = np.linspace(random.uniform(low, high), random.uniform(low, high), len(call))
            tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
            trill = 1 + 0.8 * np.sin(2 * np.pi * 30 * call)
            sound[place : place + len(call)] += 6000 * np.hanning(len(call)) * tone * trill
        endpoint, strict = Endpoint(), webrtcvad.Vad(3)
        frames = [sound[at : at + 320].astype(np.int16).tobytes() for at in range(0, len(sound) - 320, 320)]
        for frame in frames:
            endpoint.feed(frame)
        assert sum(strict.is_speech(frame, RATE) for frame in frames) > 50
        assert not endpoint.sure

    def test_a_room_that_is_known_is_not_taken_for_talk_in_the_next_turn(self, speech_model: SpeechModel) -> None:
        hiss = np.random.default_rng(1).normal(0, 900, 40 * RATE).astype(np.int16)
        endpoint = Endpoint()
        Turn(speech_model, ASK, PHRASES, endpoint=endpoint).feed(hiss[: 30 * RATE].tobytes())
        turns = Turn(speech_model, ASK, PHRASES, endpoint=endpoint), Turn(speech_model, ASK, PHRASES)
        taken = [0, 0]
        for at in range(30 * RATE, 32 * RATE, 320):
            for number, turn in enumerate(turns):
                turn.feed(hiss[at : at + 320].tobytes())
                taken[number] += turn.speaking
        assert taken[0] == 0 < taken[1]

    @pytest.mark.parametrize("headphones", [True, False])
    def test_a_murmur_is_sure_where_our_own_voice_is_not_heard(
        self, speech_model: SpeechModel, tmp_path: Path, headphones: bool
    ) -> None:
        murmur = (_samples("repeat", tmp_path) * 0.05).astype(np.int16)
        said = np.concatenate([_silence(1), murmur, _silence(2)])
        ears = VoiceEars(speech_model, lambda: Live(said), headphones=headphones)
        ears.open(replace(ASK, over_speech=True), PHRASES)
        heard = _hear(ears, 10)
        assert isinstance(heard, Heard)
        assert (heard.text, heard.surely) == ("repeat", headphones)

    def test_real_voices(self, speech_model: SpeechModel) -> None:
        if not (RECORDINGS / "manifest.tsv").is_file():
            pytest.skip("no recordings of real people beside the checkout (shared/speech)")
        with (RECORDINGS / "manifest.tsv").open(encoding="utf-8") as file:
            rows = [
                row
                for row in csv.DictReader(file, delimiter="\t")
                if row["split"] == "dev" and row["text"] in ("yes", "no", "stop", "repeat")
            ][:60]
        meant = {"yeah": "yes"}
        heard = [(row["text"], hear_file(RECORDINGS / row["path"], speech_model, ASK, PHRASES).text) for row in rows]
        right = sum(meant.get(text, text) == truth for truth, text in heard)
        assert rows
        assert right >= 0.85 * len(rows)


class TestThroughTheMicrophone:
    def test_turn_after_turn(self, speech_model: SpeechModel, sound_card: SoundCard, tmp_path: Path) -> None:
        ears = VoiceEars(speech_model, lambda: Microphone("vmic"))
        was_speaking = False
        for text in ("yes", "where am i"):
            wav = render_wav(text, tmp_path / "x.wav")
            ears.open(ASK, PHRASES)
            _flowing(ears)
            assert not ears.speaking
            with sound_card.speaking(wav):
                found = None
                until = time.monotonic() + 10
                while not isinstance(found, Heard) and time.monotonic() < until:
                    found = ears.poll(0.1)
                    was_speaking |= ears.speaking
            assert isinstance(found, Heard)
            assert found.text == text
            assert not ears.speaking
            ears.close()
            assert ears.poll(0.1) is None
        assert was_speaking
        ears.shut()

    def test_what_was_said_while_closed_is_dropped(
        self, speech_model: SpeechModel, sound_card: SoundCard, tmp_path: Path
    ) -> None:
        ears = VoiceEars(speech_model, lambda: Microphone("vmic"))
        ears.open(ASK, PHRASES)
        _flowing(ears)
        ears.close()
        sound_card.speak(render_wav("stop", tmp_path / "x.wav"))
        time.sleep(0.3)
        ears.open(ASK, PHRASES)
        assert _hear(ears, 2.0) is None
        ears.shut()

    def test_the_microphone_goes_and_comes_back(
        self, speech_model: SpeechModel, sound_card: SoundCard, tmp_path: Path
    ) -> None:
        ears = VoiceEars(speech_model, lambda: Microphone("vmic"))
        ears.open(ASK, PHRASES)
        _flowing(ears)
        sound_card.stop()
        try:
            trouble = _hear(ears, 10)
            assert isinstance(trouble, Trouble)
            assert trouble.error.code.startswith("microphone")
            assert not ears.working
            assert _hear(ears, 1.5) is None
        finally:
            sound_card.start()
        assert _flowing(ears) == [Recovered()]
        with sound_card.speaking(render_wav("yes", tmp_path / "x.wav")):
            heard = _hear(ears, 10)
        assert isinstance(heard, Heard)
        assert heard.text == "yes"
        ears.shut()

    def test_a_microphone_that_never_was_is_told_once(self, speech_model: SpeechModel, sound_card: SoundCard) -> None:
        ears = VoiceEars(speech_model, lambda: Microphone("no such microphone"))
        ears.open(ASK, PHRASES)
        assert isinstance(ears.poll(1.0), Trouble)
        assert _hear(ears, 1.5) is None
        ears.shut()
