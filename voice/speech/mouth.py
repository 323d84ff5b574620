"""The mouth: sentences are rendered one by one on a thread of their own, and played through one held stream."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from voice.errors import SpeakerError, VoiceError
from voice.events import Utterance
from voice.speech.cache import ClipCache
from voice.speech.devices import Audio
from voice.speech.earcon import earcon
from voice.speech.player import Player, resampled
from voice.speech.programs import HurriedError
from voice.speech.render import Clip, Renderer, sentences, silence
from voice.speech.sources import Samples
from voice.speech.steady import Steady
from voice.speech.voices import renderer

_log = logging.getLogger(__name__)

BETWEEN = 0.4
"""Seconds of silence between the sentences of an utterance (SPEC section 6)."""


_Key = tuple[str, int, int]
"""Sentence, words a minute, pitch."""


class Mouth:
    """Speaks one utterance at a time. All calls come from one thread, but `render` may come from any."""

    def __init__(
        self,
        device: str | None = None,
        cache_folder: Path | None = None,
        voice: str | None = None,
        audio: Audio | None = None,
        make_renderer: Callable[[str | None], Renderer] = renderer,
        played: Callable[[Samples, int], None] | None = None,
        moved: Callable[[bool], None] | None = None,
    ) -> None:
        """Opens nothing yet. `cache_folder` None keeps no sound; only sentences of fixed utterances are ever kept.
        `played`, `moved`: as in Player."""
        self._player = Player(device, audio, played, moved)
        self._cache = ClipCache(cache_folder)
        self._steady = Steady(make_renderer, voice)
        # One thread owns the engine from first to last: sapi5 is bound to its thread, espeak is global.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="render")
        self._utterance = Utterance("")
        self._held: dict[_Key, tuple[str, Clip]] = {}
        """With the voice of each."""
        self._urgent: frozenset[_Key] = frozenset()
        """What is to be held, be it made already or not."""
        self._wanted: Sequence[tuple[Utterance, str]] = ()
        """What was asked for last: an older chain of work ends where it sees another."""

    def ready(self) -> None:
        """Open the loudspeaker and the voice now rather than with the first word. Raises SpeakerError."""
        opening = self._worker.submit(self._engine)
        self._player.open()
        opening.result()

    def start(self, utterance: Utterance) -> None:
        """Begin to speak; what was being spoken stops. Returns at once. Raises SpeakerError without a loudspeaker."""
        self._player.open()
        self._utterance = utterance
        self._steady.hurry()
        self._worker.submit(self._speak, self._player.begin(), self._player.rate, utterance)

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """Render these sentence by sentence between other work, and hold them in memory, so that they are heard though
        the voice or the disk breaks later; those before are forgotten. About 2.6 MB a minute. Never raises."""
        wanted = [(u, sentence) for u in utterances for sentence in sentences(u.text)]
        self._wanted = wanted
        self._later(self._forget_and_hold, wanted)

    def choose(self, voice: str | None) -> None:
        """Speak with another voice from the next line on; None is what comes with the machine. What is held is made
        anew, and until then heard in the voice before. Never raises: see `news`."""
        self._later(self._steady.choose, voice)
        self._wanted = list(self._wanted)
        self._later(self._forget_and_hold, self._wanted)

    def news(self) -> VoiceError | None:
        """What went wrong with the chosen voice, so that another one speaks; once."""
        return self._steady.news()

    def wait(self, seconds: float) -> bool:
        """True when nothing is being spoken any more, its pause included. Raises SpeakerError where something broke."""
        return self._player.wait(seconds)

    def stop(self) -> int:
        """Silence at once. The word reached, counted in `text.split()`; their number where all was spoken."""
        word = self.word
        self._player.clear()
        return word

    def pause(self) -> None:
        """Hold, with the place kept."""
        self._player.hold(True)

    def resume(self) -> None:
        """Go on after `pause`, from the beginning of the word that was being said."""
        self._player.hold(False)

    @property
    def word(self) -> int:
        """The word that is being spoken, counted in `text.split()`; their number where all was spoken."""
        return self._player.word(self._utterance.start_word)

    def render(self, utterance: Utterance) -> tuple[Samples, int]:
        """The whole utterance as int16 mono and its hertz, with its pause. Needs no sound card. Raises SpeakerError."""
        return self._worker.submit(self._render, utterance).result()

    def shut(self) -> None:
        """Silence, and let go of the loudspeaker."""
        self._player.close()
        self._steady.hurry()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._steady.shut()

    def _later(self, work: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # it was shut meanwhile
            self._worker.submit(work, *arguments)

    # ---- on the worker's thread

    def _forget_and_hold(self, wanted: Sequence[tuple[Utterance, str]]) -> None:
        self._urgent = frozenset(self._key(*each) for each in wanted)
        self._held = {key: made for key, made in self._held.items() if key in self._urgent}
        self._hold_next(deque(wanted), wanted)

    def _hold_next(self, left: deque[tuple[Utterance, str]], wanted: Sequence[tuple[Utterance, str]]) -> None:
        """One sentence, and then whatever else is waiting: a line that is to be spoken now waits for one at most, and
        for none where another program makes them."""
        if not left or wanted is not self._wanted:
            return
        utterance, sentence = left.popleft()
        key = self._key(utterance, sentence)
        try:
            voice = self._engine().voice
            if self._held.get(key, ("", None))[0] != voice:
                clip = self._made(utterance, sentence)
                self._held[key] = self._engine().voice, clip
        except HurriedError:
            left.appendleft((utterance, sentence))
        except Exception:  # tried again when it is to be spoken, and then said what is wrong
            _log.info("a line is not held ready")
        self._later(self._hold_next, left, wanted)

    def _engine(self) -> Steady:
        self._steady.voice  # noqa: B018 - makes it
        return self._steady

    def _speak(self, token: int, rate: int, utterance: Utterance) -> None:
        error: VoiceError | None = None
        self._steady.calm()
        try:
            for clip, marks in self._clips(utterance):
                marks = [(sample * rate // clip.rate, word) for sample, word in marks]
                if not self._player.add(token, resampled(clip.samples, clip.rate, rate), marks):
                    return
        except SpeakerError as problem:
            error = problem
        except Exception:  # a thread's exception would be lost, and the session would wait for ever
            error = SpeakerError(
                "speaker-engine", "I can't speak this line.", "Read it on the screen, and press a key to go on."
            )
        self._player.complete(token, error)

    def _render(self, utterance: Utterance) -> tuple[Samples, int]:
        clips = [clip for clip, _ in self._clips(utterance)]
        rate = clips[0].rate
        return np.concatenate([resampled(c.samples, c.rate, rate) for c in clips]), rate

    def _clips(self, utterance: Utterance) -> Iterator[tuple[Clip, list[tuple[int, int]]]]:
        """Sentence by sentence, with silences, loudness and the place of each word: (clip, [(sample, word)])."""
        first, rate = 0, 22050
        begun = False
        if utterance.earcon:
            yield Clip(_scaled(earcon(rate), utterance.volume), rate, ()), []
        for sentence in sentences(utterance.text):
            count = len(sentence.split())
            skip = max(0, utterance.start_word - first)
            if skip < count:
                clip = self._clip(utterance, sentence)
                rate = clip.rate
                if begun:
                    yield Clip(silence(BETWEEN, rate), rate, ()), []
                begun = True
                cut = clip.words[skip] if skip else 0
                marks = [(max(0, place - cut), first + n) for n, place in enumerate(clip.words) if n >= skip]
                yield Clip(_scaled(clip.samples[cut:], utterance.volume), rate, ()), marks
            first += count
        yield Clip(silence(utterance.pause, rate), rate, ()), [(0, first)]

    def _clip(self, utterance: Utterance, sentence: str) -> Clip:
        key = self._key(utterance, sentence)
        if key in self._held:
            return self._held[key][1]
        if key in self._urgent:  # whoever needs a card does not wait for another program
            return self._engine().at_once(*key)
        return self._made(utterance, sentence)

    def _made(self, utterance: Utterance, sentence: str) -> Clip:
        engine, wpm, pitch = self._engine(), utterance.words_per_minute, utterance.pitch
        clip = self._cache.get(engine.voice, wpm, pitch, sentence) if utterance.fixed else None
        if clip is None:
            clip = engine.render(sentence, wpm, pitch)
            if utterance.fixed:  # in the voice that spoke: it may be another one than before
                self._cache.put(engine.voice, wpm, pitch, sentence, clip)
        return clip

    @staticmethod
    def _key(utterance: Utterance, sentence: str) -> _Key:
        return sentence, utterance.words_per_minute, utterance.pitch


def _scaled(samples: Samples, volume: float) -> Samples:
    if volume >= 1.0:
        return samples
    return (samples * max(0.0, volume)).astype(np.int16)
