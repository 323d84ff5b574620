"""The map of the house, held by tests: who may know whom, where each library lives, and what must never be there."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VOICE = ROOT / "voice"
MODULES = sorted(VOICE.rglob("*.py"))
SCRIPTS = [
    *sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix in ("", ".sh", ".py")),
    ROOT / "scripts" / "train" / "run",
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TRAINING = sorted((ROOT / "scripts").rglob("*.py"))
LONGEST = 400  # lines in one file

# From the top of the house to the ground. A part may know what lies lower, and its own floor where there is no ring.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"check"}),
    frozenset({"parts"}),
    frozenset({"rehearse"}),
    frozenset({"session"}),
    frozenset({"dialogue", "understanding", "judgement"}),
    frozenset({"safety"}),
    frozenset({"content", "content_check", "content_kinds", "content_shape", "walkthrough", "templates"})
    | {"helplines", "trust", "longer", "opinion", "patterns"},
    frozenset({"events"}),
    frozenset({"errors"}),
)
# The parts at the edge: they know the two lowest floors alone, and only those who build the real parts know them.
EDGE = frozenset({"speech", "screen", "keyboard", "notes", "paper", "models", "settings", "kiosk", "launcher"})
GROUND = frozenset({"events", "errors"})
BUILDERS = frozenset({"cli", "check", "parts"})

SOUND = {"sounddevice", "vosk", "pyttsx3", "soxr", "soundfile", "webrtcvad"}
NETWORK = {"urllib", "http", "socket", "ssl", "requests", "ftplib"}
PAGE = {"starlette", "uvicorn", "websockets"}
NOTES = {"sqlite_utils", "sqlite3", "sqlcipher3", "argon2", "cryptography", "keyring"}
# What is loaded only when notes are opened or locked, or a plan is made into a page: a start must not wait for it.
LATE = {
    "sqlcipher3": "notes/cipher.py",
    "argon2": "notes/keys.py",
    "cryptography": "notes/keys.py",
    "keyring": "notes/keychain.py",
    "typst": "paper/pdf.py",
}
HOMES: dict[str, frozenset[str]] = {
    **dict.fromkeys(SOUND, frozenset({"speech"})),
    **dict.fromkeys(NETWORK, frozenset({"models"})),
    "socket": frozenset({"models", "kiosk"}),  # the page on this computer's own address; what leaves it, in models
    **dict.fromkeys(PAGE, frozenset({"kiosk"})),
    "transitions": frozenset({"dialogue"}),
    "hassil": frozenset({"templates"}),
    "livekit": frozenset({"speech"}),
    "yaml": frozenset({"content"}),
    **dict.fromkeys(NOTES, frozenset({"notes"})),
    "typst": frozenset({"paper"}),
    "rich": frozenset({"screen", "cli"}),
    "prompt_toolkit": frozenset({"screen", "keyboard"}),
    "click": frozenset({"cli"}),
}

# Where sound may become a file: the cache of sentences that never change, an author's demo of a rehearsal, and the
# plan that a person asks to have as sound.
WRITES_SOUND = {"speech/cache.py", "rehearse.py", "paper/wav.py"}
# The speech engine can only hand its sound over in a file that is gone at once.
ENGINE_WRITES = WRITES_SOUND | {"speech/render.py", "speech/plain.py"}


def name_of(path: Path) -> str:
    """voice/speech/ears.py -> "speech/ears.py"."""
    return path.relative_to(VOICE).as_posix()


def part_of(path: Path) -> str:
    """The part of the house a file belongs to: a folder's name, or the file's. cli_notes.py is part of cli."""
    parts = path.relative_to(VOICE).with_suffix("").parts
    if parts[0].startswith("fetching"):
        return "models"  # finding a model, and getting one
    family = re.match(r"(cli|check|parts|screen|rehearse|session|helplines)_", parts[0])
    return family[1] if family else parts[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything that a file imports, inside functions too. `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: write imports in full (from voice.x import y)"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """(line, part) of what a file imports from the house itself."""
    for line, name in imports(path):
        if name.startswith("voice."):
            target = VOICE / (name.split(".")[1] + ".py")
            yield line, part_of(target)


def floor_of(part: str) -> int:
    for number, parts in enumerate(FLOORS):
        if part in parts:
            return number
    raise AssertionError(f"voice/{part} is in no floor of the house: add it in tests/test_house.py and in the README")


def may_know(part: str, other: str) -> bool:
    if part == other or (part in EDGE and other in GROUND):
        return True
    if part in EDGE:
        return False
    if other in EDGE:
        return part in BUILDERS
    return floor_of(part) <= floor_of(other)


def test_of_the_library_that_could_connect_only_the_canceller_is_used() -> None:
    used = [(name_of(path), name) for path in MODULES for _, name in imports(path) if name.startswith("livekit")]
    names = ("livekit.rtc.AudioFrame", "livekit.rtc.apm.AudioProcessingModule")
    assert used == [("speech/echo.py", name) for name in names]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    if path == VOICE / "__init__.py":
        assert not list(ours(path))
        return
    assert part in EDGE or floor_of(part) >= 0
    wrong = [f"line {line}: {part} may not know {other}" for line, other in ours(path) if not may_know(part, other)]
    assert wrong == []


def test_no_part_is_in_a_ring() -> None:
    known: dict[str, set[str]] = {}
    for path in MODULES:
        known.setdefault(part_of(path), set()).update(other for _, other in ours(path) if other != part_of(path))
    assert list(TopologicalSorter(known).static_order())  # raises CycleError with the ring's names


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_lives_in_one_place(path: Path) -> None:
    wrong = [
        f"line {line}: {name} lives in {', '.join(sorted(HOMES[top]))}"
        for line, name in imports(path)
        if (top := name.split(".")[0]) in HOMES and part_of(path) not in HOMES[top]
    ]
    assert wrong == []


def test_the_kiosk_stays_on_this_computer() -> None:
    """Its sockets are pairs, the service manager's, or one that listens to this computer alone; none goes out."""
    for path in (VOICE / "kiosk").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called, given = node.func.attr, [ast.unparse(each) for each in node.args]
                assert called not in ("connect", "connect_ex", "create_connection", "getaddrinfo", "create_server")
                assert called != "bind" or given[0].startswith("('127.0.0.1',"), f"{name_of(path)}:{node.lineno}"
                assert called != "socket" or not given or given[0] == "socket.AF_UNIX" or path.name == "supervise.py"


def test_what_locks_the_notes_or_makes_pages_is_loaded_late_and_in_one_file() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_once = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            for top in {name.split(".")[0] for name in names} & LATE.keys():
                assert (name_of(path), id(node) in at_once) == (LATE[top], False), f"line {node.lineno}"


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[=;\[ ]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    bringers = packages_distributions()
    for path in MODULES:
        for line, name in imports(path):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ("voice", "__future__"):
                continue
            brought_by = {bringer.lower().replace("_", "-") for bringer in bringers.get(top, [])}
            assert brought_by & declared, f"{name_of(path)}:{line}: {top} is not in pyproject.toml"


def test_every_version_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = dict(
        line.split("==") for line in (ROOT / "scripts/constraints.txt").read_text().splitlines() if "==" in line
    )
    extras = project["optional-dependencies"]
    for line in [*project["dependencies"], *extras["dev"], *extras["train"]]:
        name, pinned, version = line.partition(";")[0].partition("==")
        assert pinned, f"{line} has no == version"
        assert name in ("vosk", "torch") or locked.get(name) == version, f"{line}: run scripts/lock"


@pytest.mark.parametrize("path", [*MODULES, *TRAINING, *TESTS], ids=lambda path: path.name)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__main__.py"], ids=name_of)
def test_nothing_happens_at_import(path: Path) -> None:
    """A module says what it is for, and defines things; it does nothing."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(body[0], ast.Expr), "the first line says what the file is for"
    assert isinstance(body[0].value, ast.Constant)
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
    )
    for node in body[1:]:
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
        words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # what a constant means
        assert guarded or words or isinstance(node, allowed), f"line {node.lineno} runs when the file is imported"


def writing_calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, call) of every call that puts sound, or anything at all in voice/speech, into a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        mode = [
            a.value
            for a in (*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode"))
            if isinstance(a, ast.Constant)
        ]
        if not isinstance(node.func, ast.Name):
            mode += [a.value for a in node.args[:1] if isinstance(a, ast.Constant)]  # path.open("wb")
        writes = any(isinstance(m, str) and re.fullmatch(r"[wax]b?\+?|r\+b?|rb\+", m) for m in mode)
        last = called.split(".")[-1]
        if called in ("soundfile.write", "sf.write", "wavfile.write", "numpy.save", "np.save") or last in (
            "save_to_file",
            "tofile",
        ):
            yield node.lineno, last
        elif writes and last in ("open", "SoundFile", "fdopen") and (called != "open" or part_of(path) == "speech"):
            if last == "SoundFile" or called == "wave.open" or part_of(path) == "speech":
                yield node.lineno, called
        elif last in ("write_bytes",) and part_of(path) == "speech":
            yield node.lineno, called


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nobody_writes_sound(path: Path) -> None:
    for line, call in writing_calls(path):
        places = ENGINE_WRITES if call == "save_to_file" else WRITES_SOUND
        assert name_of(path) in places, f"line {line}: {call} could keep what a person said"


def test_the_check_for_writing_sees_writing(tmp_path: Path) -> None:
    folder = VOICE / "speech"
    seen = {name_of(path) for path in folder.glob("*.py") for _ in writing_calls(path)}
    assert "speech/render.py" in seen  # save_to_file
    assert "speech/cache.py" in seen


def own_files() -> list[Path]:
    """Every text file that is the project's own."""
    tops = [ROOT / "README.md", ROOT / "pyproject.toml", ROOT / ".ci/run", *SCRIPTS]
    kinds = {".py", ".yaml", ".tsv", ".md", ".toml", ".txt", ".dict"}
    found = (
        path
        for top in ("voice", "tests", "models", "scripts")
        for path in (ROOT / top).rglob("*")
        if path.suffix in kinds
    )
    return [path for path in (*tops, *found) if path.is_file()]


def test_the_project_speaks_of_itself_alone() -> None:
    """Nothing names the place where it was made: only what a reader has before them."""
    elsewhere = re.compile(
        "|".join(
            (
                r"(?<![\w.])/wor" + r"k/",
                r"\.\./sha" + r"red",
                r"SPEC" + r"\.md",
                r"\bissue" + r" \d{1,2}\b",
                r"/tmp/bri" + r"ef",
            )
        )
    )
    for path in own_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            assert not elsewhere.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_only_tests_look_for_recordings_beside_the_checkout() -> None:
    word = re.compile(r"""["'/]sha""" + r"""red["'/]""")
    for path in [*MODULES, *SCRIPTS]:
        assert not word.search(path.read_text(encoding="utf-8")), path


def test_scripts_that_are_commands_can_be_run() -> None:
    for path in [*SCRIPTS, ROOT / ".ci/run"]:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith("#!") == os.access(path, os.X_OK), f"{path}: the run bit and the first line disagree"


def test_the_named_scripts_are_there() -> None:
    assert {"setup", "run", "test", "lint", "format", "lock"} <= {path.name for path in SCRIPTS}


def test_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "scripts/test --with-training"]
