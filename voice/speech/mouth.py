"""The mouth: sentences are rendered one by one on a thread of their own, and played through one held stream."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from voice.errors import SpeakerError, VoiceError
from voice.events import Utterance
from voice.speech.cache import ClipCache
from voice.speech.devices import Audio
from voice.speech.player import Player, resampled
from voice.speech.render import Clip, Renderer, best_renderer, sentences, silence
from voice.speech.sources import Samples

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
        make_renderer: Callable[[str | None], Renderer] = best_renderer,
        played: Callable[[Samples, int], None] | None = None,
    ) -> None:
        """Opens nothing yet. `cache_folder` None keeps no sound; only sentences of fixed utterances are ever kept.
        `played`: as in Player."""
        self._player = Player(device, audio, played)
        self._cache = ClipCache(cache_folder)
        self._voice = voice
        self._make_renderer = make_renderer
        self._renderer: Renderer | None = None
        # One thread owns the engine from first to last: sapi5 is bound to its thread, espeak is global.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="render")
        self._utterance = Utterance("")
        self._held: dict[_Key, Clip] = {}
        self._wanted = object()
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
        self._worker.submit(self._speak, self._player.begin(), self._player.rate, utterance)

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """Render these sentence by sentence between other work, and hold them in memory, so that they are heard though
        the voice or the disk breaks later; those before are forgotten. About 2.6 MB a minute. Never raises."""
        wanted = [(u, sentence) for u in utterances for sentence in sentences(u.text)]
        self._wanted = object()
        self._later(self._forget_and_hold, wanted, self._wanted)

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
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _later(self, work: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # it was shut meanwhile
            self._worker.submit(work, *arguments)

    # ---- on the worker's thread

    def _forget_and_hold(self, wanted: Sequence[tuple[Utterance, str]], token: object) -> None:
        kept = {self._key(*each) for each in wanted}
        self._held = {key: clip for key, clip in self._held.items() if key in kept}
        self._hold_next(deque(wanted), token)

    def _hold_next(self, left: deque[tuple[Utterance, str]], token: object) -> None:
        """One sentence, and then whatever else is waiting: a line that is to be spoken now waits for one at most."""
        if not left or token is not self._wanted:
            return
        utterance, sentence = left.popleft()
        key = self._key(utterance, sentence)
        if key not in self._held:
            with contextlib.suppress(Exception):  # tried again when it is to be spoken, and then said what is wrong
                self._held[key] = self._clip(utterance, sentence)
        self._later(self._hold_next, left, token)

    def _engine(self) -> Renderer:
        if self._renderer is None:
            self._renderer = self._make_renderer(self._voice)
        return self._renderer

    def _speak(self, token: int, rate: int, utterance: Utterance) -> None:
        error: VoiceError | None = None
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
        held = self._held.get(self._key(utterance, sentence))
        if held is not None:
            return held
        engine, wpm, pitch = self._engine(), utterance.words_per_minute, utterance.pitch
        clip = self._cache.get(engine.voice, wpm, pitch, sentence) if utterance.fixed else None
        if clip is None:
            clip = engine.render(sentence, wpm, pitch)
            if utterance.fixed:
                self._cache.put(engine.voice, wpm, pitch, sentence, clip)
        return clip

    @staticmethod
    def _key(utterance: Utterance, sentence: str) -> _Key:
        return sentence, utterance.words_per_minute, utterance.pitch


def _scaled(samples: Samples, volume: float) -> Samples:
    if volume >= 1.0:
        return samples
    return (samples * max(0.0, volume)).astype(np.int16)
