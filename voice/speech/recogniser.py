"""Vosk, with a grammar or without one. The only place that loads a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.errors import ModelError
from voice.speech.sources import RATE

UNKNOWN = "[unk]"
BORDER = "border.txt"
"""File in a model's folder: a number, measured by scripts/bench hearing (see trust.fit)."""


@dataclass(frozen=True)
class Transcript:
    """What one recogniser made of one utterance."""

    text: str
    """May hold `[unk]`; empty where it heard no words."""
    confidence: float = 0.0
    """Mean word confidence, 0 to 1; 0 where there are no words, or with alternatives."""
    alternatives: tuple[str, ...] = ()
    """Best first, the first is `text`. Only where more than one was asked for."""
    score: float | None = None
    """Natural logarithm of how well the sound fits `text`, words and all. Tells something only beside another
    recogniser's on the same sound. None where no alternatives were asked for."""


class SpeechModel:
    """A Vosk model, shared by every recogniser. Its folder was checked before: native code trusts what it reads."""

    def __init__(self, path: Path | str) -> None:
        """Raises ModelError where Vosk is missing or does not take the folder."""
        self.path = Path(path)
        try:
            import vosk  # 25 MB of native code, needed only by those who speak
        except (ImportError, OSError) as error:
            raise ModelError(
                "model-no-vosk", "The part that hears is missing.", "Run scripts/setup again, or answer with the keys."
            ) from error
        vosk.SetLogLevel(-1)
        self._vosk = vosk
        try:
            # Never Vosk's model_name or lang: they use the network, or end the program.
            self._model = vosk.Model(model_path=str(self.path))
        except Exception as error:  # Vosk raises nothing narrower
            raise ModelError(
                "model-refused",
                f"The speech model in {self.path.name} can't be used.",
                "Fetch it again, or choose another model. You can answer with the keys meanwhile.",
            ) from error
        self._vocabulary: frozenset[str] | None = None
        self.border = _border(self.path / BORDER)
        """By how much an answer may fit worse than free words do (less than 0) or must fit better, in natural
        logarithms; None where nobody measured it."""

    @property
    def supports_grammar(self) -> bool:
        """True where phrases can be chosen at run time: the graph is kept in two parts (older models: at the top)."""
        return any(
            (self.path / at / "HCLr.fst").is_file() and (self.path / at / "Gr.fst").is_file() for at in ("graph", ".")
        )

    def knows(self, word: str) -> bool:
        """True where the model can ever write this word."""
        return bool(self._model.vosk_model_find_word(word.lower()) >= 0)

    @property
    def vocabulary(self) -> frozenset[str] | None:
        """Every word of the model; None where it doesn't list them."""
        if self._vocabulary is None:
            listed = next((p for at in ("graph", ".") if (p := self.path / at / "words.txt").is_file()), None)
            if listed is None:
                return None
            lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
            self._vocabulary = frozenset(line.split()[0] for line in lines if line and line[0] not in "<#")
        return self._vocabulary

    def recognise(self, grammar: str | None) -> Any:
        """A bare Vosk recogniser, for `Recogniser` alone."""
        arguments = (self._model, RATE) if grammar is None else (self._model, RATE, grammar)
        try:
            return self._vosk.KaldiRecognizer(*arguments)
        except Exception as error:  # Vosk raises nothing narrower
            raise ModelError(
                "model-refused", "The speech model stopped working.", "Start again, or answer with the keys."
            ) from error


class Recogniser:
    """Hears one utterance. Takes about a millisecond to make on a model with a grammar of 40 phrases."""

    def __init__(self, model: SpeechModel, phrases: Sequence[str] | None, best: int = 0) -> None:
        """`phrases` None means free recognition.

        `best` > 0 asks for so many alternatives and a score, and gives no confidence.
        """
        self._best = best
        self.dropped: tuple[str, ...] = ()
        """Phrases that this model can't write, because it lacks one of their words."""
        grammar = None
        if phrases is not None:
            kept, dropped = _sift(model, phrases)
            self.dropped = dropped
            grammar = json.dumps([*kept, UNKNOWN])
        self._native = model.recognise(grammar)
        if best:
            self._native.SetMaxAlternatives(best)
        else:
            self._native.SetWords(True)
        self._segments: list[_Segment] = []
        self._score = 0.0

    def feed(self, pcm: bytes) -> str:
        """Take 16 kHz int16 mono; gives the words so far."""
        if self._native.AcceptWaveform(pcm):
            # Vosk thinks that the turn ended here. That is ours to say, so its pieces are joined.
            self._keep(self._native.Result())
            partial = ""
        else:
            partial = json.loads(self._native.PartialResult()).get("partial", "")
        return " ".join([*(s.texts[0] for s in self._segments), partial]).strip()

    def finish(self) -> Transcript:
        """The utterance is over. The recogniser can be used for another one then."""
        self._keep(self._native.FinalResult())
        segments, self._segments = self._segments, []
        words = [c for s in segments for c in s.confidences]
        text = " ".join(s.texts[0] for s in segments).strip()
        if self._best:
            score, self._score = self._score, 0.0
            return Transcript(text, 0.0, _combine(segments, self._best), score)
        return Transcript(text, sum(words) / len(words) if words else 0.0)

    def reset(self) -> None:
        """Forget what was fed so far."""
        self._native.Reset()
        self._segments = []
        self._score = 0.0

    def _keep(self, result: str) -> None:
        found = json.loads(result)
        if "alternatives" in found:
            texts = [str(a.get("text", "")).strip() for a in found["alternatives"]]
            confidences: tuple[float, ...] = ()
            self._score += float(found["alternatives"][0]["confidence"])  # pieces without words count too
        else:
            texts = [str(found.get("text", "")).strip()]
            confidences = tuple(float(w["conf"]) for w in found.get("result", ()))
        if any(texts):
            self._segments.append(_Segment(tuple(dict.fromkeys(texts)), confidences))


@dataclass(frozen=True)
class _Segment:
    texts: tuple[str, ...]
    confidences: tuple[float, ...]


def _border(file: Path) -> float | None:
    try:
        return float(file.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _sift(model: SpeechModel, phrases: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """(phrases the model can write, the others). Vosk would drop single words silently, and change what is live."""
    kept: list[str] = []
    dropped: list[str] = []
    for phrase in dict.fromkeys(" ".join(p.lower().split()) for p in phrases):
        if phrase and phrase != UNKNOWN:
            (kept if all(model.knows(word) for word in phrase.split()) else dropped).append(phrase)
    return kept, tuple(dropped)


def _combine(segments: list[_Segment], most: int) -> tuple[str, ...]:
    """Alternatives of the whole: the best of every piece, then each piece's others in turn. None of one alone."""
    if most < 2:
        return ()
    best = [s.texts[0] for s in segments]
    found = [" ".join(best).strip()]
    for rank in range(1, most):
        for at, segment in enumerate(segments):
            if rank < len(segment.texts):
                found.append(" ".join([*best[:at], segment.texts[rank], *best[at + 1 :]]).strip())
    return tuple(dict.fromkeys(found))[:most]
