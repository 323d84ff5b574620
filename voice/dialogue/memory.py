"""What one talk knows: answers, flags, sections. In memory only; nothing here touches a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voice.walkthrough import Facts

DEFAULT_NAME = "your person"
ALONE = "alone"
"""Flag of the answer after which nobody else hears."""


@dataclass(frozen=True)
class Entry:
    """One answered step."""

    value: str
    spoken: str = ""
    flags: tuple[str, ...] = ()
    words: str = ""
    kept: bool = True
    """False: never in the notes."""


@dataclass
class Memory:
    """The answers of one talk, and the facts that follow from them."""

    lines: frozenset[str] = frozenset()
    """Purposes for which there is a verified help line."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Step id -> its answer, in the order in which they were given."""
    flags: set[str] = field(default_factory=set)
    """Flags that no single answer carries: "crisis", or "quiet" and "unkept" where a talk is led in a public room."""
    done: set[str] = field(default_factory=set)
    name: str = ""
    saved: bool = False
    """A plan was written to the notes in this talk."""

    def record(self, step: str, entry: Entry) -> None:
        """Writes an answer down; answering again replaces it."""
        self.entries.pop(step, None)
        self.entries[step] = entry

    def forget(self, step: str) -> None:
        """Drops an answer with all that follows from it."""
        self.entries.pop(step, None)

    def clear(self) -> None:
        """Drops everything that the person said."""
        self.entries.clear()
        self.flags.clear()
        self.done.clear()
        self.name = ""

    def all_flags(self) -> frozenset[str]:
        """Flags of all answers and of the talk itself."""
        return frozenset(self.flags).union(*(entry.flags for entry in self.entries.values()))

    @property
    def quiet(self) -> bool:
        """Others can hear: an answer says so, or the talk began so and nobody said that they are alone."""
        answered = frozenset[str]().union(*(entry.flags for entry in self.entries.values()))
        return "quiet" in answered or ("quiet" in self.flags and ALONE not in answered)

    def facts(self) -> Facts:
        """A picture of now, for conditions."""
        flags = self.all_flags()
        return Facts(
            # "brief": the longer walk was begun, and somebody asked for the short one on the way.
            path="full" if "full" in flags and "brief" not in flags else "short",
            quiet=self.quiet,
            flags=flags,
            answers={step: entry.value for step, entry in self.entries.items()},
            done=frozenset(self.done),
            lines=self.lines,
        )

    def values(self) -> dict[str, str]:
        """Values for texts: the name, and how each answer is spoken. No name where others can hear."""
        spoken = {step: entry.spoken for step, entry in self.entries.items() if entry.spoken}
        return {"name": DEFAULT_NAME if self.quiet or not self.name else self.name, **spoken}

    def chosen(self) -> Mapping[str, str]:
        """Step id -> answer id, for the notes: choices and numbers, never the person's words."""
        return {step: entry.value for step, entry in self.entries.items() if entry.kept}
