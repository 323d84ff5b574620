"""What stands on the page: one frozen picture, and the board where the newest one hangs for everybody to see."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

MOST_LINES = 8
"""Lines of one turn that are shown: what was said before them is gone."""
HANGS = 10.0
"""Seconds after which a session that looked at no answer counts as hanging."""

STANDBY, SPEAKING, LISTENING, PAUSED, OVER, BROKEN = "standby", "speaking", "listening", "paused", "over", "broken"


@dataclass(frozen=True)
class Option:
    """One answer as a button: the key that it stands for ("1", or the name of a command), and its words."""

    key: str
    label: str


@dataclass(frozen=True)
class CardText:
    """A crisis card in letters."""

    id: str
    title: str
    lines: tuple[str, ...]
    line: int = 0
    """The line that is being said."""
    quiet: bool = False
    """Plain to look at: somebody dangerous may see it."""
    number: str = ""
    """The number to call, where a line has one."""


@dataclass(frozen=True)
class Place:
    """Where in the walk a step is."""

    text: str = ""
    """Such as "Part two of five: how it landed"; "" where it is in no part."""
    part: int = 0
    parts: int = 0


@dataclass(frozen=True)
class State:
    """What the page shows now."""

    number: int = 0
    """Counts up with every change."""
    turn: int = 0
    """Counts up with every question: an answer to an older one is dropped."""
    phase: str = STANDBY
    lines: tuple[str, ...] = ()
    """What was said in this turn, oldest first."""
    saying: int = -1
    """Which of them is being said; -1: none."""
    since: float = 0.0
    """When that began, on the board's clock."""
    pace: int = 130
    """Words a minute."""
    voice: bool = True
    """It speaks aloud."""
    hears: bool = True
    """It hears what is said, not only what is touched or typed."""
    step: str = ""
    kind: str = "choice"
    """Kind of answer, as in events.Kind."""
    options: tuple[Option, ...] = ()
    place: str = ""
    part: int = 0
    """Of so many `parts`; 0 where it is in none."""
    parts: int = 0
    card: CardText | None = None
    plan: tuple[str, ...] = ()
    heard: str = ""
    """The answer that was understood last, where it is one of the offered ones. Never a person's own words."""
    troubles: tuple[str, ...] = ()
    asks: bool = False
    """It asks whether somebody is still there."""
    open: bool = True
    """A talk can be begun now; else only danger is answered."""


@dataclass(frozen=True)
class Facts:
    """What the page knows from the start, so that it can help when nothing else answers any more."""

    words: Mapping[str, str]
    """Name -> text, as in content/en/kiosk.yaml, with the values filled in."""
    emergency: str = ""
    """The number to call, for the eye; it may be words."""
    cards: tuple[CardText, ...] = ()
    choices: tuple[Option, ...] = ()
    """Which card for what is wrong: `key` is the id of a card."""
    general: str = ""
    """Id of the card to begin with."""
    commands: frozenset[str] = frozenset()
    """Names of commands that the page may send."""
    switch: tuple[str, ...] = ()
    """Two keys, next and choose, where the room has two switches; names as KeyboardEvent.key has them."""
    help_key: str = "F1"
    letters: int = 24
    """How large the letters are at first, in points: 24 to 48."""
    theme: str = ""
    """"light" or "dark"; "": as the computer has it."""
    standby: tuple[str, ...] = ()
    """Lines of the room's group, on the page while it waits."""
    host: str = ""
    """The line that says whom one can ask in the room, beneath the help; "" where there is nobody."""

    def as_json(self) -> str:
        """For the page."""
        return json.dumps({**asdict(self), "commands": sorted(self.commands)}, ensure_ascii=False)


@dataclass
class _Watchers:
    each: list[Callable[[], None]] = field(default_factory=list)


class Board:
    """Holds the newest State. The session puts, any thread looks; nobody waits for anybody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, the same on all threads."""
        self.clock = clock
        self._lock = threading.Lock()
        self._state = State()
        self._watchers = _Watchers()
        self._beat = clock()

    @property
    def state(self) -> State:
        """The newest."""
        return self._state

    def put(self, **changes: Any) -> State:
        """Changes some of it. `turn=True` begins a new turn."""
        with self._lock:
            now = self._state
            if "turn" in changes:
                changes["turn"] = now.turn + bool(changes["turn"])
            self._state = replace(now, number=now.number + 1, **changes)
            watchers = list(self._watchers.each)
        for tell in watchers:
            tell()
        return self._state

    def wipe(self) -> None:
        """Nothing of whoever was here is left; only the counting goes on, and whether it speaks, hears and is open."""
        with self._lock:
            now = self._state
            self._state = State(
                number=now.number + 1, turn=now.turn + 1, voice=now.voice, hears=now.hears, open=now.open
            )
            watchers = list(self._watchers.each)
        for tell in watchers:
            tell()

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Calls `tell` after each change, on the thread that made it: it must return at once and not raise. Gives what
        ends that."""
        with self._lock:
            self._watchers.each.append(tell)

        def end() -> None:
            with self._lock:
                if tell in self._watchers.each:
                    self._watchers.each.remove(tell)

        return end

    # ---- whether the session lives

    def beat(self) -> None:
        """The session looks for an answer just now."""
        self._beat = self.clock()

    @property
    def hangs(self) -> bool:
        """The session looked for no answer for a long time."""
        return self.clock() - self._beat > HANGS

    def as_json(self) -> str:
        """The newest State for a page: `age` stands for `since`, in seconds; `hangs` as above."""
        state = self._state
        shown = {**asdict(state), "age": round(max(0.0, self.clock() - state.since), 2), "hangs": self.hangs}
        del shown["since"]
        return json.dumps(shown, ensure_ascii=False)
