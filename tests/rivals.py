"""Recognisers for the bench, all called alike: ours as the program uses it, and the pocketsphinx package's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.train.recordings import RATE
from tests.hearing_sets import NUMBERS


@dataclass(frozen=True)
class Heard:
    """What a recogniser wrote, and how far to believe it (only the order of these figures counts)."""

    text: str
    belief: float
    """Minus infinity where it heard none of the live phrases."""


Rival = Callable[[NDArray[np.int16], Sequence[str]], Heard]
"""int16 mono sound at 16 kHz, and the live phrases; none for free recognition."""
_QUIET = np.zeros(RATE * 3 // 10, dtype=np.int16)
AROUND = 2 * len(_QUIET) / RATE
"""Seconds of silence that both are given around each clip."""


def ours(path: Path) -> Rival:
    """The model in `path`, with the two recognisers that a turn has."""
    from voice.speech.recogniser import UNKNOWN, Recogniser, SpeechModel
    from voice.speech.turn import BEST
    from voice.trust import fit

    model = SpeechModel(path)

    def hear(sound: NDArray[np.int16], live: Sequence[str]) -> Heard:
        pcm = np.concatenate([_QUIET, sound, _QUIET]).tobytes()
        free = Recogniser(model, None, best=BEST)
        free.feed(pcm)
        anything = free.finish()
        if not live:
            return Heard(anything.text, 0.0)
        chosen = Recogniser(model, live, best=1)
        chosen.feed(pcm)
        best = chosen.finish()
        if not best.text or UNKNOWN in best.text:
            return Heard("", -math.inf)
        agrees = [f" {best.text} " in f" {text} " for text in anything.alternatives or (anything.text,)]
        return Heard(best.text, fit((best.score or 0.0) - (anything.score or 0.0), agrees))

    return hear


def pocketsphinx() -> Rival:
    """A JSGF grammar, believed by its score against that of a loop over all phones; or the language model.

    Its acoustic model, dictionary and language model are those in the package.
    """
    from pocketsphinx import Decoder, get_model_path

    def decoder(**how: object) -> Decoder:
        return Decoder(samprate=RATE, loglevel="FATAL", **how)

    words = decoder(lm=None)
    phones = decoder(lm=None, allphone=get_model_path("en-us/en-us-phone.lm.bin"), lw=2.0, beam=1e-20, pbeam=1e-20)
    free: list[Decoder] = []
    grammars: dict[tuple[str, ...], str] = {}

    def run(engine: Decoder, pcm: bytes) -> tuple[str, float]:
        engine.start_utt()
        engine.process_raw(pcm, full_utt=True)
        engine.end_utt()
        best = engine.hyp()
        return (best.hypstr.strip(), float(best.best_score)) if best else ("", -1e9)

    def hear(sound: NDArray[np.int16], live: Sequence[str]) -> Heard:
        pcm = np.concatenate([_QUIET, sound, _QUIET]).tobytes()
        if not live:
            if not free:
                free.append(decoder())
            return Heard(run(free[0], pcm)[0], 0.0)
        key = tuple(live)
        if key not in grammars:
            grammars[key] = f"g{len(grammars)}"
            known = [p for p in live if all(words.lookup_word(w) for w in p.split())]
            body = f"({' | '.join(known)})" + ("+" if live == NUMBERS else "")
            words.add_jsgf_string(grammars[key], f"#JSGF V1.0; grammar {grammars[key]}; public <s> = {body};")
        words.activate_search(grammars[key])
        text, score = run(words, pcm)
        _, rival = run(phones, pcm)
        return Heard(text, (score - rival) / max(1, len(sound)) if text else -math.inf)

    return hear
