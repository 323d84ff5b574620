"""Synthetic speech that sounds like people: Kokoro-82M (weights Apache-2.0), in mixtures of its voices.

Slow: a second of speech takes most of a second of one core. Wants a folder with kokoro.onnx and voices/*.bin, as its
makers publish them, and the package kokoro-onnx for its phonemes. Without the folder the step is left out.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from scripts.train.phrases import Phrases
from scripts.train.synthesise import numbers

_RATE = 24000
_STYLE = 256
_ENGLISH = ("a", "b")
"""First letters of the voices that are American and British."""


def texts(phrases: Phrases, common: Sequence[str], seed: int) -> list[str]:
    """What to say: live phrases nine times, and some of the rest, shuffled."""
    draw = random.Random(seed)

    def some(of: Sequence[str], count: int) -> list[str]:
        return draw.sample(list(of), min(count, len(of)))

    found = [*phrases.live] * 9 + some(phrases.other, 1500) + some(common, 900) + some(phrases.spoken, 150)
    found += [numbers(draw) for _ in range(300)]
    draw.shuffle(found)
    return found


def speak(said: Iterable[str], models: Path, folder: Path, threads: int) -> Iterator[tuple[Path, str, str, str]]:
    """Files as `recordings.prepare` takes them, each in a voice of its own mixture, pace and tone."""
    import onnxruntime
    from kokoro_onnx.tokenizer import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    network = onnxruntime.InferenceSession(str(models / "kokoro.onnx"), options, providers=["CPUExecutionProvider"])
    tokens = Tokenizer()
    styles = {f.stem: np.fromfile(f, "<f4").reshape(-1, _STYLE) for f in sorted((models / "voices").glob("*.bin"))}
    if not styles:
        raise FileNotFoundError(f"no voices in {models / 'voices'}")
    draw = random.Random(1)
    for text in said:
        name, style = _voice(styles, draw)
        sound = _say(network, tokens, text + draw.choice((".", ".", ".", "!", "?", "...")), name, style, draw)
        with tempfile.NamedTemporaryFile(suffix=".wav", dir=folder) as file:
            soundfile.write(file.name, sound, _RATE)
            yield Path(file.name), text, f"kokoro-{name}", "synthetic-kokoro"


def _voice(styles: dict[str, NDArray[np.float32]], draw: random.Random) -> tuple[str, NDArray[np.float32]]:
    """An English voice, or a mixture of one with another."""
    english = [name for name in styles if name.startswith(_ENGLISH)]
    name = draw.choice(english)
    if draw.random() > 0.45:
        return name, styles[name]
    other = draw.choice(english if draw.random() < 0.6 else sorted(styles))
    share = draw.uniform(0.3, 0.7)
    return f"{name}+{other}", share * styles[name] + (1 - share) * styles[other]


def _say(network: Any, tokens: Any, text: str, name: str, style: NDArray[np.float32], draw: random.Random) -> NDArray[np.float32]:  # fmt: skip # noqa: E501
    ids = tokens.tokenize(tokens.phonemize(text, "en-gb" if name.startswith("b") else "en-us"))
    given = {
        "tokens": np.array([[0, *ids, 0]], np.int64),
        "style": style[len(ids) - 1][None].astype(np.float32),
        "speed": np.array([draw.uniform(0.75, 1.25)], np.float32),
    }
    return np.asarray(network.run(None, given)[0]).ravel()
