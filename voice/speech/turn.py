"""One turn of talk, from the first sound to the silence after it. Live sound and recordings share this code."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence

from voice.events import Heard, Kind, Listen, Partial, Source
from voice.speech.endpoint import FRAME_BYTES, FRAME_SECONDS, Endpoint
from voice.speech.recogniser import UNKNOWN, Recogniser, SpeechModel, Transcript

PREROLL = 0.36
"""Seconds before the first sound that are heard too, so that no word loses its beginning."""
SETTLED = 0.3
"""Seconds for which the words so far must not have changed when a turn ends."""
PATIENCE = 1.5
"""Seconds beyond `Listen.end` after which unchanging words end a turn although the room is loud. Not for free words:
breathing and sobs count as still there."""
SHORTEST = 0.3
"""Seconds of speech-like sound below which sound without words is a cough or a tap, and nothing was said."""
TAP = 0.09
"""The same over our own voice, with words too: wind and a tap were "stop" in three of 81 minutes, each with 0.08, and
of 160 words as loud as the echo two had less."""
NO_WORDS = 5.0
"""Seconds of speech-like sound without any word after which it is the room and not a person: rain, a tap, music."""
WORDLESS = 0.6
"""Seconds of quiet after which sound without words is over."""
FLOOR = 0.5
"""The same over our own voice, where the words are none that mean something. With 0.6 it went on 0.7 s after such a
word, and 1.1 s at most."""
GLANCE = 0.2
"""Least seconds between two partial results that are told."""
PAUSED = 1.0
"""Seconds of quiet after which a partial result is told once more: a sentence may be over though the turn is not."""
BEST = 5
"""Alternatives of the free recogniser. Real voices against 22 phrases: of 113 right answers the meaning was the first
in 91, among three in 112, among five in all; of 43 foreign words taken for a phrase it was in 0, 0 and 2, among ten in
4."""


class Turn:
    """Takes 16 kHz int16 mono for one `Listen`, and gives a Heard when the person has finished."""

    def __init__(
        self,
        model: SpeechModel,
        listen: Listen,
        phrases: Sequence[str],
        deaf: float = 0.0,
        endpoint: Endpoint | None = None,
    ) -> None:
        """`deaf`: seconds at the beginning that are not heard, while our own voice dies away. `endpoint`: one that
        knows this microphone and its room from the turns before; without it a quiet voice is often not sure.

        On a model without runtime grammars `phrases` can't be obeyed, and free recognition alone is used.
        """
        self._listen = listen
        self._border = model.border
        self._begun = _beginnings(phrases)
        self._complete = frozenset(phrases) - self._begun
        self._begun |= frozenset(phrases)
        scored = int(model.border is not None)  # a score, or else word confidences: Vosk gives one of them
        self._grammar = Recogniser(model, phrases, best=scored) if model.supports_grammar else None
        self._free = Recogniser(model, None, best=BEST)
        self.dropped = self._grammar.dropped if self._grammar else ()
        """Phrases that the model can't write."""
        self._endpoint = endpoint or Endpoint()
        self._deaf = deaf
        self._rest = self._rest_watched = b""
        self._before: deque[bytes] = deque(maxlen=round(PREROLL / FRAME_SECONDS))
        self._begin()

    def _begin(self) -> None:
        self._endpoint.begin()
        self._before.clear()
        self._hearing = False
        self._seconds = 0.0
        self._partial = self._freely = self._grammatical = ""
        self._settled = 0.0
        self._told: tuple[str, bool] = ("", False)
        self._told_at = 0.0

    def glance(self) -> Partial | None:
        """What was said so far, where there is something new in it."""
        paused = self._endpoint.quiet >= PAUSED
        if not self._freely or self._told == (self._freely, paused):
            return None
        if self._seconds - self._told_at < GLANCE:
            return None
        self._told, self._told_at = (self._freely, paused), self._seconds
        return Partial(self._freely, round(self._endpoint.quiet, 2), round(self._seconds, 2), self._endpoint.sure)

    @property
    def speaking(self) -> bool:
        """Somebody is talking now. A cough is over when it is over; after words there may come more."""
        if self._partial or not self._hearing:
            return self._hearing
        return self._seconds < NO_WORDS and self._endpoint.quiet < WORDLESS

    @property
    def surely_speaking(self) -> bool:
        """The same, and no noise is taken for it: a fifth of a second later."""
        return self.speaking and self._endpoint.sure

    @property
    def may_be_meant(self) -> bool:
        """What is said can be for us still: sounds go on, or the words so far are those of a live phrase. Others let
        our own voice go on after FLOOR; the turn stays open, and hears whoever only paused."""
        if self._endpoint.quiet < FLOOR or self._listen.kind is Kind.FREE or self._grammar is None:
            return True
        return " ".join(word for word in self._grammatical.split() if word != UNKNOWN) in self._begun

    def feed(self, pcm: bytes, watched: bytes | None = None) -> Heard | None:
        """Take the next piece of sound, of any length. A Heard comes once, with the piece that ends the turn.

        `watched`: the same piece as the endpoint should have it, where that is another (see echo.Cleaned).
        """
        watched = self._rest_watched + (pcm if watched is None else watched)
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest, self._rest_watched = pcm[whole:], watched[whole:]
        for at in range(0, whole, FRAME_BYTES):
            heard = self._frame(pcm[at : at + FRAME_BYTES], watched[at : at + FRAME_BYTES])
            if heard is not None:
                return heard
        return None

    def finish(self) -> Heard | None:
        """No more sound comes: what was said so far is the turn. None where nothing was."""
        silence = bytes(FRAME_BYTES)
        for _ in range(round((self._listen.end + PATIENCE) / FRAME_SECONDS)):
            heard = self._frame(silence, silence)
            if heard is not None:
                return heard
        return self._end() if self._hearing else None

    def _frame(self, frame: bytes, watched: bytes) -> Heard | None:
        if self._deaf > 0:
            self._deaf -= FRAME_SECONDS
            return None
        self._endpoint.feed(watched)
        if not self._hearing:
            self._before.append(frame)
            if self._endpoint.onset:
                self._hearing = True
                self._recognise(b"".join(self._before))
            return None
        self._recognise(frame)
        return self._end() if self._ended() else None

    def _recognise(self, pcm: bytes) -> None:
        self._freely = free = self._free.feed(pcm)
        partial = self._grammatical = free if self._grammar is None else self._grammar.feed(pcm)
        if self._listen.kind is Kind.FREE:
            partial = free
        seconds = len(pcm) / FRAME_BYTES * FRAME_SECONDS
        self._seconds += seconds
        self._settled = self._settled + seconds if partial == self._partial else 0.0
        self._partial = partial

    def _ended(self) -> bool:
        listen = self._listen
        if self._seconds >= listen.longest:
            return True
        if self._endpoint.quiet >= listen.end + PATIENCE:  # a partial that never settles must not hold the turn
            return True
        end = min(listen.soon or listen.end, listen.end) if self._is_complete else listen.end
        if self._endpoint.quiet >= end and self._settled >= min(SETTLED, end):
            return True
        return bool(self._partial) and listen.kind is not Kind.FREE and self._settled >= listen.end + PATIENCE

    @property
    def _is_complete(self) -> bool:
        """Both recognisers hear the same live phrase, and no longer one begins so. Over our own voice the grammar's
        word is enough: the other is slower with single words, and whoever says "stop" waits for it to be done."""
        if self._grammatical not in self._complete:
            return False
        return self._listen.over_speech or self._grammatical == self._freely

    def _end(self) -> Heard | None:
        began = time.perf_counter()
        free = self._free.finish()
        grammar = self._grammar.finish() if self._grammar else free
        seconds, voiced, surely = self._seconds, self._endpoint.voiced, self._endpoint.sure
        # A new turn may begin, on the same recognisers, where this one was nothing.
        self._begin()
        best = tuple(text for text in free.alternatives or (free.text,) if text)
        lead = _lead(grammar, free, self._border) if self._grammar else None
        wordless = not grammar.text and not free.text
        tapped = self._listen.over_speech and not surely and voiced < TAP
        if wordless or tapped or (voiced < SHORTEST and not _words(grammar.text)):
            return None
        return Heard(
            text=grammar.text,
            source=Source.VOICE,
            confidence=grammar.confidence if lead is None else 1 / (1 + math.exp(-max(-50.0, lead))),
            free=best,
            lead=lead,
            surely=surely,
            seconds=round(seconds, 2),
            took=time.perf_counter() - began,
        )


def _beginnings(phrases: Sequence[str]) -> frozenset[str]:
    """How the longer ones begin."""
    return frozenset(" ".join(words[:n]) for words in map(str.split, phrases) for n in range(1, len(words)))


def _lead(grammar: Transcript, free: Transcript, border: float | None) -> float | None:
    if border is None or grammar.score is None or free.score is None:
        return None
    return grammar.score - free.score - border


def _words(text: str) -> bool:
    return any(word != UNKNOWN for word in text.split())
