"""Speaking: the real espeak voice, through the real sound stack, into a virtual loudspeaker."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound_card import SoundCard
from voice.errors import SpeakerError
from voice.events import Utterance
from voice.speech.cache import ClipCache
from voice.speech.devices import portaudio
from voice.speech.mouth import BETWEEN, Mouth
from voice.speech.plain import PlainMouth
from voice.speech.render import Clip, EspeakRenderer, sentences

LONG = "Take all the time that you need. One two three four five six seven eight nine ten. Then we go on together."


@pytest.fixture
def dumb_mouth(tmp_path: Path) -> Mouth:
    """A mouth of which no test here asks any sound, only samples."""
    try:
        EspeakRenderer()
    except SpeakerError:
        pytest.skip("espeak-ng is not installed")
    return Mouth(cache_folder=tmp_path / "cache")


@pytest.mark.parametrize(
    "text",
    [
        "One. Two.",
        "Is it? Yes! “It is.” Good…  And on",
        "no end",
        "Wait... then go.",
        "130 days, self-care; and so on.",
    ],
)
def test_sentences_keep_every_word(text: str) -> None:
    assert [word for sentence in sentences(text) for word in sentence.split()] == text.split()


def test_sentences_are_cut_where_they_end() -> None:
    assert sentences("Is it? “Yes!” Good.") == ("Is it?", "“Yes!”", "Good.")


def _hertz(samples: NDArray[np.int16], rate: int) -> float:
    """The voice's pitch: median over its loud frames of 60 ms, by autocorrelation.

    The first lag that is nearly the best counts, or every other frame would be taken for an octave lower.
    """
    size = rate * 6 // 100
    frames = [samples[at : at + size].astype(np.float64) for at in range(0, len(samples) - size, size // 2)]
    loud = max(float(np.square(frame).mean()) for frame in frames) / 4
    found = []
    for frame in (frame for frame in frames if float(np.square(frame).mean()) > loud):
        again = np.correlate(frame, frame, "full")[size - 1 :] / np.arange(size, 0, -1)
        lags = again[rate // 300 : rate // 50]
        peaks = [i for i in range(1, len(lags) - 1) if lags[i - 1] <= lags[i] >= lags[i + 1]]
        best = max((lags[i] for i in peaks), default=0.0)
        found += [rate / (rate // 300 + next(i for i in peaks if lags[i] >= 0.85 * best))] if best > 0 else []
    return float(np.median(found))


class _Breaks:
    """The real voice, until it is broken."""

    def __init__(self) -> None:
        self.real = EspeakRenderer()
        self.voice = self.real.voice
        self.broken = False
        self.rendered: list[str] = []

    def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
        if self.broken:
            raise SpeakerError("speaker-engine", "It does not speak.", "Read.")
        self.rendered.append(sentence)
        return self.real.render(sentence, words_per_minute, pitch)


class TestHeldReady:
    CARD = Utterance("Call nine nine nine. I can't call.", words_per_minute=110, pitch=40, fixed=True)

    def _ready(self, renderer: _Breaks, *wanted: Utterance) -> Mouth:
        mouth = Mouth(make_renderer=lambda voice: renderer)
        mouth.prepare(wanted)
        until = time.monotonic() + 20
        while len(renderer.rendered) < sum(len(sentences(u.text)) for u in wanted) and time.monotonic() < until:
            time.sleep(0.01)
        mouth.render(Utterance("Well."))  # what was being held is held then
        return mouth

    def test_what_was_prepared_is_spoken_though_voice_and_disk_are_gone(self, dumb_mouth: Mouth) -> None:
        renderer = _Breaks()
        mouth = self._ready(renderer, self.CARD)
        renderer.broken = True
        heard, _ = mouth.render(self.CARD)
        wanted, rate = dumb_mouth.render(self.CARD)
        assert len(heard) == pytest.approx(len(wanted), abs=rate // 10)
        assert np.abs(heard).max() > 1000
        with pytest.raises(SpeakerError):
            mouth.render(Utterance("This was not prepared."))
        with pytest.raises(SpeakerError):
            mouth.render(replace(self.CARD, words_per_minute=55))
        mouth.shut()

    def test_another_country_takes_the_place_of_what_was_held(self, dumb_mouth: Mouth) -> None:
        renderer = _Breaks()
        mouth = self._ready(renderer, self.CARD)
        other = replace(self.CARD, text="Call nine one one. I can't call.")
        mouth.prepare([other])
        until = time.monotonic() + 20
        while "Call nine one one." not in renderer.rendered and time.monotonic() < until:
            time.sleep(0.01)
        mouth.render(Utterance("Well."))
        assert renderer.rendered.count("I can't call.") == 1, "what both say is kept"
        renderer.broken = True
        assert len(mouth.render(other)[0])
        with pytest.raises(SpeakerError):
            mouth.render(self.CARD)
        mouth.shut()

    def test_a_line_that_is_wanted_now_waits_for_no_card(self, dumb_mouth: Mouth) -> None:
        renderer = _Breaks()
        many = [Utterance(f"Line {n} of the cards.", fixed=True) for n in range(200)]
        mouth = Mouth(make_renderer=lambda voice: renderer)
        mouth.prepare(many)
        mouth.render(Utterance("Now."))
        assert len(renderer.rendered) < 50
        mouth.shut()

    def test_a_voice_that_is_broken_already_harms_nothing(self, dumb_mouth: Mouth) -> None:
        renderer = _Breaks()
        renderer.broken = True
        mouth = Mouth(make_renderer=lambda voice: renderer)
        mouth.prepare([self.CARD])
        with pytest.raises(SpeakerError):
            mouth.render(self.CARD)
        renderer.broken = False
        assert len(mouth.render(self.CARD)[0])
        mouth.shut()


class TestRendering:
    def test_slower_is_longer_and_quieter_is_quieter(self, dumb_mouth: Mouth) -> None:
        usual, rate = dumb_mouth.render(Utterance("Take your time.", words_per_minute=160))
        slow, _ = dumb_mouth.render(Utterance("Take your time.", words_per_minute=100))
        quiet, _ = dumb_mouth.render(Utterance("Take your time.", words_per_minute=160, volume=0.25))
        assert len(slow) > 1.2 * len(usual)
        assert np.abs(quiet).max() == pytest.approx(np.abs(usual).max() / 4, rel=0.02)
        assert rate >= 16000

    def test_pitch_changes_the_sound(self, dumb_mouth: Mouth) -> None:
        usual, rate = dumb_mouth.render(Utterance("Take your time, and then we go on."))
        low, _ = dumb_mouth.render(Utterance("Take your time, and then we go on.", pitch=10))
        assert _hertz(low, rate) < 0.9 * _hertz(usual, rate)

    def test_pauses_are_where_they_belong(self, dumb_mouth: Mouth) -> None:
        one, rate = dumb_mouth.render(Utterance("Yes.", pause=0.0))
        two, _ = dumb_mouth.render(Utterance("Yes. Yes.", pause=1.5))
        assert len(two) == pytest.approx(2 * len(one) + (BETWEEN + 1.5) * rate, abs=2)

    def test_it_goes_on_from_any_word(self, dumb_mouth: Mouth) -> None:
        lengths = [len(dumb_mouth.render(Utterance(LONG, start_word=n, pause=0.0))[0]) for n in range(21)]
        assert all(later < earlier for earlier, later in pairwise(lengths))

    def test_words_are_where_the_sound_is(self) -> None:
        try:
            renderer = EspeakRenderer()
        except SpeakerError:
            pytest.skip("espeak-ng is not installed")
        whole = renderer.render("It's self-care, on 130 days – always.", 130, 50)
        begin = renderer.render("It's self-care, on", 130, 50)
        assert len(whole.words) == 7
        assert list(whole.words) == sorted(whole.words)
        assert whole.words[0] < whole.rate // 20
        assert whole.words[3] == pytest.approx(len(begin.samples), abs=whole.rate // 4)

    def test_a_voice_that_is_missing_is_replaced(self) -> None:
        try:
            usual = EspeakRenderer()
        except SpeakerError:
            pytest.skip("espeak-ng is not installed")
        assert EspeakRenderer("nobody").voice == usual.voice


class TestCache:
    def test_only_fixed_words_reach_the_disk(self, dumb_mouth: Mouth, tmp_path: Path) -> None:
        dumb_mouth.render(Utterance("She said she is afraid.", fixed=False))
        assert not (tmp_path / "cache").exists()
        dumb_mouth.render(Utterance("Take your time.", fixed=True))
        assert len(list((tmp_path / "cache").iterdir())) == 1

    def test_it_gives_back_what_it_got(self, tmp_path: Path) -> None:
        clip = Clip(np.arange(-500, 500, dtype=np.int16), 22050, (0, 400))
        cache = ClipCache(tmp_path)
        cache.put("v", 130, 50, "two words", clip)
        found = cache.get("v", 130, 50, "two words")
        assert found is not None
        assert np.array_equal(found.samples, clip.samples)
        assert (found.rate, found.words) == (22050, (0, 400))
        for other in (("w", 130, 50, "two words"), ("v", 100, 50, "two words"), ("v", 130, 40, "two words")):
            assert cache.get(*other) is None

    @pytest.mark.parametrize("spoil", [b"", b"clip1", b"x" * 500])
    def test_a_spoilt_file_is_rendered_again(self, dumb_mouth: Mouth, tmp_path: Path, spoil: bytes) -> None:
        good, _ = dumb_mouth.render(Utterance("Take your time."))
        (file,) = (tmp_path / "cache").iterdir()
        whole = file.read_bytes()
        file.write_bytes(spoil)
        again, _ = dumb_mouth.render(Utterance("Take your time."))
        assert len(again) == pytest.approx(len(good), rel=0.05)
        assert len(file.read_bytes()) == pytest.approx(len(whole), rel=0.05)
        # espeak's hiss is drawn anew each time, so equal samples come from the cache
        assert np.array_equal(again, dumb_mouth.render(Utterance("Take your time."))[0])

    def test_a_flipped_bit_is_noticed(self, dumb_mouth: Mouth, tmp_path: Path) -> None:
        good, _ = dumb_mouth.render(Utterance("Take your time."))
        (file,) = (tmp_path / "cache").iterdir()
        content = bytearray(file.read_bytes())
        content[-1000] ^= 0xFF
        file.write_bytes(content)
        again, _ = dumb_mouth.render(Utterance("Take your time."))
        assert len(again) == pytest.approx(len(good), rel=0.05)
        assert file.read_bytes() != bytes(content)

    def test_a_folder_that_cannot_be_made_does_not_stop_speech(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        mouth = Mouth(cache_folder=tmp_path / "file" / "cache")
        assert len(mouth.render(Utterance("Take your time."))[0]) > 10000

    def test_it_stays_within_its_limit(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path, limit=30_000)
        for n in range(10):
            cache.put("v", 130, 50, f"sentence {n}", Clip(np.zeros(4000, dtype=np.int16), 22050, (0, 1)))
        assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 30_000
        assert cache.get("v", 130, 50, "sentence 9") is not None


def _loud(samples: NDArray[np.int16], rate: int) -> float:
    """Seconds that are not silent, as `Capture` counts them."""
    step = rate // 100
    steps = samples[: len(samples) // step * step].reshape(-1, step)
    return float(np.sum(np.abs(steps.astype(np.int32)).max(axis=1) > 100)) / 100


def _until(mouth: Mouth, word: int) -> None:
    until = time.monotonic() + 20
    while mouth.word < word and time.monotonic() < until:
        time.sleep(0.01)
    assert mouth.word >= word


@pytest.mark.sound
class TestThroughTheLoudspeaker:
    @pytest.fixture
    def mouth(self, sound_card: SoundCard, tmp_path: Path) -> Mouth:
        return Mouth(cache_folder=tmp_path / "cache")

    def test_all_of_it_is_heard(self, mouth: Mouth, sound_card: SoundCard) -> None:
        text = Utterance("Take your time. There is no rush.", pause=0.2)
        samples, rate = mouth.render(text)
        with sound_card.capture() as heard:
            mouth.start(text)
            assert not mouth.wait(0.0)
            assert mouth.wait(20)
        assert mouth.word == 7
        mouth.shut()
        assert heard.loud_seconds == pytest.approx(_loud(samples, rate), rel=0.15)

    def test_stop_is_silence_and_it_goes_on_from_the_word(self, mouth: Mouth, sound_card: SoundCard) -> None:
        with sound_card.capture() as heard:
            mouth.start(Utterance(LONG))
            _until(mouth, 9)
            reached = mouth.stop()
            assert mouth.wait(0)
            time.sleep(1.0)
        assert 9 <= reached < 21
        assert heard.loud_seconds > 1
        assert heard.silent_end > 0.8
        with sound_card.capture() as rest:
            mouth.start(Utterance(LONG, start_word=reached))
            assert reached <= mouth.word <= reached + 1
            assert mouth.wait(30)
        expected = _loud(*mouth.render(Utterance(LONG, start_word=reached)))
        assert rest.loud_seconds == pytest.approx(expected, rel=0.15)
        mouth.shut()

    def test_a_pause_holds_the_place(self, mouth: Mouth, sound_card: SoundCard) -> None:
        mouth.start(Utterance(LONG))
        _until(mouth, 3)
        mouth.pause()
        time.sleep(0.2)
        place = mouth.word
        with sound_card.capture() as held:
            time.sleep(0.8)
        assert held.loud_seconds == 0
        assert mouth.word == place
        with sound_card.capture() as on:
            mouth.resume()
            assert mouth.wait(30)
        assert on.loud_seconds > 3
        mouth.shut()

    def test_a_new_utterance_replaces_the_old(self, mouth: Mouth, sound_card: SoundCard) -> None:
        mouth.start(Utterance(LONG))
        _until(mouth, 2)
        mouth.start(Utterance("Yes.", pause=0.0))
        assert mouth.wait(5)
        assert mouth.word == 1
        mouth.shut()

    def test_a_loudspeaker_that_goes_away_is_told_and_comes_back(self, mouth: Mouth, sound_card: SoundCard) -> None:
        mouth.start(Utterance(LONG))
        _until(mouth, 1)
        sound_card.stop()
        try:
            with pytest.raises(SpeakerError):
                mouth.wait(15)
            with pytest.raises(SpeakerError):
                mouth.start(Utterance("Yes."))
        finally:
            sound_card.start()
        with sound_card.capture() as heard:
            mouth.start(Utterance("Here I am again."))
            assert mouth.wait(10)
        assert heard.loud_seconds > 0.4
        mouth.shut()

    def test_a_microphone_that_reads_the_list_again_does_not_break_it(self, mouth: Mouth) -> None:
        mouth.start(Utterance("Yes.", pause=0.0))
        assert not portaudio().refresh(object())
        assert mouth.wait(10)
        assert portaudio().refresh(object())
        mouth.start(Utterance("Yes.", pause=0.0))
        assert mouth.wait(10)
        mouth.shut()

    def test_an_engine_that_fails_is_told(self, sound_card: SoundCard) -> None:
        class Broken:
            voice = "broken"

            def render(self, sentence: str, words_per_minute: int, pitch: int) -> Clip:
                raise ZeroDivisionError

        mouth = Mouth(make_renderer=lambda voice: Broken())
        mouth.start(Utterance("Yes."))
        with pytest.raises(SpeakerError):
            mouth.wait(5)
        mouth.shut()


def test_without_the_named_loudspeaker_it_says_so() -> None:
    mouth = Mouth(device="no such loudspeaker")
    with pytest.raises(SpeakerError) as told:
        mouth.start(Utterance("Yes."))
    assert told.value.remedy
    mouth.shut()


class TestPlain:
    def test_the_silent_driver_speaks_to_the_end(self) -> None:
        mouth = PlainMouth(driver="dummy")
        mouth.start(Utterance("Yes.", pause=0.1))
        assert mouth.wait(30)
        assert mouth.word == 1

    def test_a_driver_that_fails_is_told(self) -> None:
        mouth = PlainMouth(driver="no_such_driver")
        mouth.start(Utterance("Yes."))
        with pytest.raises(SpeakerError):
            mouth.wait(30)

    def test_it_can_be_stopped(self) -> None:
        mouth = PlainMouth(driver="dummy")
        mouth.start(Utterance(LONG, start_word=3))
        assert mouth.stop() >= 3
        assert mouth.wait(0)
