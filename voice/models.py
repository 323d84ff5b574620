"""Which speech model: find it, and look at it before native code does. Getting one is in `fetching`."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.errors import ModelError

VARIABLE = "VOSK_MODEL_PATH"
_FST_MAGIC = 2125659606  # OpenFst, fst/fst.cc: kFstMagicNumber
_HAS_OUTPUT_SYMBOLS = 2  # OpenFst, FstHeader::Flags
_IVECTOR = ("final.dubm", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf")
_REMEDY = "Get it again, or choose another model."


@dataclass(frozen=True)
class Found:
    """A model that passed `check`."""

    path: Path
    why: str
    """"flag", "setting", "VOSK_MODEL_PATH", "fetched" or "project"."""
    skipped: tuple[ModelError, ...] = ()
    """What was wrong with models that nobody named and that came before it."""

    @property
    def reason(self) -> str:
        """Why this one, in words that follow its name."""
        if self.why != "project":
            return _REASONS[self.why]
        if not self.skipped:
            return f"{_STARTER}; nobody fetched a bigger one"
        error = self.skipped[0]
        return f"{_STARTER}, since another one cannot be used. {error.message} {error.remedy}".rstrip(".")


_STARTER = "the starter that comes with the program"
_REASONS = {
    "flag": "you named it with --model",
    "setting": "you chose it (the setting “model”)",
    VARIABLE: f"the environment variable {VARIABLE} names it",
    "fetched": "it was fetched, and goes before the starter that comes with the program",
}


def project_dirs() -> tuple[Path, ...]:
    """Where the project's own models lie: in a checkout, and in an installed wheel."""
    here = Path(__file__).resolve().parent
    return (here.parent / "models", here / "_models")


def find(
    flag: str | None,
    setting: str | None,
    environ: Mapping[str, str],
    project_dirs: Sequence[Path],
    user_dir: Path,
    fit: Callable[[Path], None] | None = None,
) -> Found:
    """The model to use: flag, setting, VOSK_MODEL_PATH, a fetched one, the project's. "" counts as not named.

    A fetched one goes first because the project's own is only a starter, which hears far fewer words.
    `flag` and `setting` are a folder, or the name of a model in one of the folders searched. `fit` raises ModelError
    for a model that cannot be used; `check` where it is not given.
    Raises ModelError: "model-missing" or "model-broken" for a named one (never silently another), "no-model" for none.
    """
    fit = fit or check
    for name, why in ((flag, "flag"), (setting, "setting"), (environ.get(VARIABLE), VARIABLE)):
        if name:
            path = named(name, [*project_dirs, user_dir])
            fit(path)
            return Found(path, why)
    skipped: list[ModelError] = []
    for folder, why in ((user_dir, "fetched"), *((d, "project") for d in project_dirs)):
        for path in inside(folder):
            try:
                fit(path)
            except ModelError as error:
                skipped.append(error)
            else:
                return Found(path, why, tuple(skipped))
    if skipped:
        raise skipped[0]
    raise ModelError(
        "no-model",
        "There is no speech model here, so I cannot understand speech.",
        "You can use keys and typing now, or get a model with “scripts/setup”.",
    )


def inside(folder: Path) -> list[Path]:
    """The models of a folder, good or bad; what is still being unpacked is none."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_dir() and not path.name.startswith((".", "_"))]


def named(name: str, folders: Sequence[Path]) -> Path:
    """The folder that a person means by `name`. Raises ModelError "model-missing"."""
    path = Path(name).expanduser()
    places = [path, *(folder / name for folder in folders)] if path.name == name else [path]
    for place in places:
        if place.is_dir():
            return place
    raise ModelError(
        "model-missing", f"There is no speech model in {path}.", "Check the name, or leave it out to use another model."
    )


def check(path: Path) -> None:
    """Look at the files that libvosk 0.3.45 reads, since it may abort on bad ones. Raises ModelError "model-broken".

    Wants am/, conf/ and graph/ as in current models; the graph either HCLG.fst or HCLr.fst with Gr.fst.
    """
    try:
        _acoustic(path / "am" / "final.mdl", path)
        for name in ("mfcc.conf", "model.conf"):
            _options(path / "conf" / name, path)
        _graph(path / "graph", path)
        if (path / "ivector" / "final.ie").exists():
            for name in _IVECTOR:
                _bytes(path / "ivector" / name, path)
    except OSError as error:
        raise _broken(path, f"{error.filename} cannot be read") from error


def _broken(path: Path, what: str) -> ModelError:
    return ModelError("model-broken", f"The speech model in {path} cannot be used: {what}.", _REMEDY)


def _bytes(file: Path, path: Path, least: int = 1) -> bytes:
    name = file.relative_to(path).as_posix()
    if not file.is_file():
        raise _broken(path, f"{name} is missing")
    content = file.read_bytes()
    if len(content) < least:
        raise _broken(path, f"{name} is cut short" if content else f"{name} is empty")
    return content


def _acoustic(file: Path, path: Path) -> None:
    content = _bytes(file, path, least=64)
    if not content.startswith(b"\0B<TransitionModel> "):
        raise _broken(path, "am/final.mdl is not a binary Kaldi model")
    # The file ends with a float vector: "<Priors> ", "FV ", 4, its length, the floats.
    place = content.rfind(b"<Priors> FV \x04")
    if place < 0 or b"</Nnet3> " not in content or len(content) < place + 17:
        raise _broken(path, "am/final.mdl is cut short")
    (count,) = struct.unpack_from("<i", content, place + 13)
    if len(content) != place + 17 + 4 * count:
        raise _broken(path, "am/final.mdl is cut short")


def _options(file: Path, path: Path) -> None:
    name = file.relative_to(path).as_posix()
    lines = [line.split("#")[0].strip() for line in _bytes(file, path).decode("utf-8", "replace").splitlines()]
    options = dict(re.findall(r"(?m)^--([a-z][\w.-]*)=(\S+)$", "\n".join(lines)))
    if not options or len(options) != sum(bool(line) for line in lines):
        raise _broken(path, f"{name} has lines that are no options")
    try:
        rate = float(options.get("sample-frequency", "16000"))
    except ValueError:
        rate = 0
    if name.endswith("mfcc.conf") and rate != 16000:
        raise _broken(path, f"{name} is not for sound at 16000 hertz")


def _graph(graph: Path, path: Path) -> None:
    if (graph / "HCLG.fst").exists():
        spells = _fst(graph / "HCLG.fst", path)
    else:
        _fst(graph / "HCLr.fst", path)
        spells = _fst(graph / "Gr.fst", path)
        if not (graph / "disambig_tid.int").is_file():  # may be empty
            raise _broken(path, "graph/disambig_tid.int is missing")
    if (graph / "words.txt").exists() or not spells:
        words = _bytes(graph / "words.txt", path).decode("utf-8", "replace").splitlines()
        if not all(re.fullmatch(r"\S+\s+\d+", word) for word in words):
            raise _broken(path, "graph/words.txt is not a list of words")
    kinds = _bytes(graph / "phones" / "word_boundary.int", path).decode("ascii", "replace").splitlines()
    if not all(re.fullmatch(r"\d+ (nonword|begin|end|internal|singleton)", kind) for kind in kinds):
        raise _broken(path, "graph/phones/word_boundary.int is not a list of phones")


def _fst(file: Path, path: Path) -> bool:
    """Check the header; True where the words are spelt inside."""
    name = file.relative_to(path).as_posix()
    content = _bytes(file, path, least=64)
    try:
        magic, length = struct.unpack_from("<ii", content)
        if magic != _FST_MAGIC or not 0 < length < 64:
            raise ValueError
        place = 8 + length
        kind = content[8:place].decode("ascii")
        (length,) = struct.unpack_from("<i", content, place)
        if not 0 < length < 64:
            raise ValueError
        place += 4 + length  # then version, flags, properties, start, states, arcs
        _, flags, _, _, states, arcs = struct.unpack_from("<iiQqqq", content, place)
        place += 40
        needed = 0
        if kind == "const":  # 20 bytes a state, 16 an arc (fst/const-fst.h, standard arcs)
            needed = 20 * states + 16 * arcs
        elif kind == "ngram":
            needed = _ngram_bytes(*struct.unpack_from("<QQQ", content, place))
    except (ValueError, struct.error) as error:
        raise _broken(path, f"{name} is not a graph of OpenFst") from error
    if len(content) < place + needed:
        raise _broken(path, f"{name} is cut short")
    return bool(flags & _HAS_OUTPUT_SYMBOLS)


def _ngram_bytes(states: int, futures: int, finals: int) -> int:
    """What an n-gram graph takes after its header (fst/extensions/ngram/ngram-fst.h, standard arcs)."""
    bits = sum(8 * ((count + 63) // 64) for count in (2 * states + 1, futures + states + 1, states))
    return 24 + bits + 4 * (2 * (states + 1) + 2 * futures + finals)


_CHILD = """
import sys
try:
    import vosk
except Exception:
    sys.exit(3)
vosk.SetLogLevel(-1)
recogniser = vosk.KaldiRecognizer(vosk.Model(sys.argv[1]), 16000)
recogniser.AcceptWaveform(bytes(32000))
recogniser.FinalResult()
print("fine")
"""


def try_in_child(path: Path, seconds: float = 120.0, remember: Path | None = None) -> None:
    """Load the model and feed it a second of silence in a process of its own, since native code may abort.

    `remember`: a folder for a mark, so that files that did not change since are not tried again.
    Raises ModelError: "model-broken", "model-slow" (not done after `seconds`), "no-recogniser" (no vosk here).
    """
    mark = remember / f"model-{_fingerprint(path)}.tried" if remember else None
    if mark and mark.exists():
        return
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            "model-slow", f"The speech model in {path} does not load on this computer.", "Choose a smaller model."
        ) from error
    if done.returncode == 3:
        raise ModelError(
            "no-recogniser",
            "The speech recogniser is not installed here.",
            "Run “scripts/setup”, or use keys and typing.",
        )
    if done.returncode != 0 or b"fine" not in done.stdout:
        raise _broken(path, "the recogniser cannot load it")
    if mark:
        try:
            mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            mark.touch()
        except OSError:
            pass  # it is only tried once more next time


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape"))
    for file in sorted(path.rglob("*")):
        if file.is_file():
            about = file.stat()
            digest.update(f"{file.name} {about.st_size} {about.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]
