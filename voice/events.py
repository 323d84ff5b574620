"""What passes between the parts: frozen, and importing nothing of ours.

The way in:  ears -> Heard | Partial | Pressed | Trouble -> understanding -> Meaning -> dialogue.
The way out: dialogue -> Act -> session does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from voice.errors import VoiceError

NOTHING: Mapping[str, str] = MappingProxyType({})


def _nothing() -> Mapping[str, str]:
    return NOTHING


class Source(StrEnum):
    """Which pair of ears an utterance came through."""

    VOICE = "voice"
    TYPED = "typed"


class Kind(StrEnum):
    """Answer kinds of a step (SPEC 2.2)."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    FEELING = "feeling"
    FREE = "free"


# ---- from the ears


@dataclass(frozen=True)
class Heard:
    """One whole utterance, as evidence; `understanding` decides what it means."""

    text: str
    """What the recogniser with the grammar wrote, or the line that was typed. May hold `[unk]`; may be empty."""
    source: Source = Source.VOICE
    confidence: float = 1.0
    """Mean word confidence, 0 to 1, near 1 for wrong words too, so it never decides alone. Where there is a `lead`,
    that on the same scale: 0.5 at 0."""
    free: tuple[str, ...] | None = None
    """What the unrestricted recogniser wrote, best first. None where there was no such recogniser."""
    lead: float | None = None
    """How much better `text` fits the sound than the best of `free` does, over what was measured for the model, in
    natural logarithms: the further below 0, the likelier something else was said. None where nobody measured."""
    seconds: float = 0.0
    """How long the sound was, in seconds."""
    took: float = 0.0
    """Seconds of work between the end of the turn and this transcript."""
    surely: bool = True
    """A person talked, loud enough to tell; False where it may have been a noise, or the rest of our own voice."""


@dataclass(frozen=True)
class Partial:
    """What was heard so far of an utterance that is not over: evidence of danger, and of nothing else."""

    text: str
    """What the unrestricted recogniser has written so far (its partial result)."""
    quiet: float
    """Seconds since the last sound that was like speech."""
    seconds: float
    """Seconds since the utterance began."""
    surely: bool = True
    """See Heard."""


@dataclass(frozen=True)
class Pressed:
    """A key: a digit "0".."10", or the name of a command or of the help key ("emergency")."""

    key: str


@dataclass(frozen=True)
class Trouble:
    """A part stopped working. The session says so and goes on with what is left."""

    error: VoiceError
    hears: bool = False
    """It hears on, or something else does in its place: for the eye alone."""


@dataclass(frozen=True)
class Recovered:
    """Ears that were in trouble hear again."""


@dataclass(frozen=True)
class Ended:
    """These ears will bring nothing more (end of a script, closed terminal)."""

    wanted: bool = False
    """The person ended the talk itself (Ctrl-C twice, Ctrl-D), so that other ears are not asked any more."""


Sound = Heard | Partial | Pressed | Trouble | Recovered | Ended


# ---- what it means


@dataclass(frozen=True)
class Answer:
    """An answer to the question that is open."""

    value: str
    """An id of the step's outcomes; "0".."10" for a number; "own" for free words or an own feeling word."""
    words: str = ""
    """The person's words, where value is "own"."""
    sure: bool = True
    """False where the hearing was in doubt, so that what matters is checked aloud."""
    others: tuple[str, ...] = ()
    """Where words out of a list, or secret ones, are asked: what else may have been said, the likeliest first."""
    within: bool = False
    """It was found within a longer sentence, and never counts without that check."""


@dataclass(frozen=True)
class Command:
    """An always-live word: stop, pause, repeat ... (content/en/intents.yaml)."""

    name: str
    sure: bool = True
    keyed: bool = False
    """By a key, and so by the person themself: no call taker on the telephone presses one."""


@dataclass(frozen=True)
class Danger:
    """A RED or AMBER light from `safety` (SPEC 4.1)."""

    light: str
    card: str
    why: str = ""


@dataclass(frozen=True)
class Silence:
    """Nobody spoke for as long as `Listen.wait`."""


@dataclass(frozen=True)
class NotUnderstood:
    """There was speech, and it was none of what is live. Normal, not an error."""


@dataclass(frozen=True)
class Wordless:
    """A voice without words: "mm", a sigh, a sob. Nothing was said, so nothing was missed; somebody is still there."""

    seconds: float = 0.0
    """How long it was, in seconds."""


@dataclass(frozen=True)
class Remark:
    """No answer, but something that deserves one: "whatever", "it's my fault" (SPEC 2.3, rules 9 and 10)."""

    id: str


Meaning = Answer | Command | Danger | Silence | NotUnderstood | Wordless | Remark


# ---- what to do


@dataclass(frozen=True)
class Say:
    """Speak and show the line with this key. Never raw text, so that voice and screen cannot disagree."""

    key: str
    values: Mapping[str, str] = field(default_factory=_nothing)
    pause: float = 0.4
    """Silence after it, in seconds (SPEC section 6)."""
    start_word: int = 0
    """Word from which it is spoken; to go on after a stop. It is shown whole."""


@dataclass(frozen=True)
class Listen:
    """Hear one answer. Carries what is live now; grammar and understanding both obey it."""

    step: str
    kind: Kind
    expects: tuple[str, ...] = ()
    """Ids of the answers that are live, in the order of the number keys."""
    commands: tuple[str, ...] = ()
    """Commands that mean something now, in the order in which help lists them."""
    wait: float = 10.0
    """Seconds without speech before Silence."""
    patient: bool = True
    """Whether more patience makes the wait longer. Silence about danger is answered in time, always (SPEC 4.1)."""
    heavy: bool = False
    """About danger or in grief: no sound but the voice (SPEC section 6)."""
    end: float = 1.2
    """Seconds of silence that end the utterance."""
    soon: float = 0.0
    """The same where what was said is complete: a live phrase that begins no longer one. 0: `end` counts."""
    longest: float = 60.0
    """Seconds after which an utterance is taken as it is."""
    unnumbered: tuple[str, ...] = ()
    """Of `expects`, those without a number key: other ways of saying what another answer says."""
    secret: bool = False
    """What is said or typed is shown to nobody."""
    words: tuple[str, ...] = ()
    """Single words that what is looked for, or secret, may be made of: heard best, for they are in the grammar."""
    over_speech: bool = False
    """The program is speaking meanwhile: only what may interrupt it is live."""
    asks: Kind | None = None
    """Over our own voice the kind of the question itself, which keys may answer already; `kind` is for microphones."""
    any_key: bool = False
    """Nothing is asked, and nobody is there yet: whatever key is pressed means that somebody came."""


@dataclass(frozen=True)
class ShowCard:
    """Put a crisis card on the screen at once, before a word is spoken."""

    card: str
    line: int = 0


@dataclass(frozen=True)
class ShowPlan:
    """The plan as it stands: (slot, key, values) a line."""

    lines: tuple[PlanLine, ...]


@dataclass(frozen=True)
class PlanLine:
    """One line of the plan. `key` is a line of content; `values` fill it."""

    slot: str
    key: str
    values: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Adjust:
    """Change how it speaks or waits: what is "rate", "volume" or "patience"; steps is +1, -1."""

    what: str
    steps: int


@dataclass(frozen=True)
class Set:
    """Remember what the person chose: what is "country", "region", "answer_by", "voice", or "bigger_ear" (yes,
    no, or later)."""

    what: str
    value: str


@dataclass(frozen=True)
class Hide:
    """Clear the screen at once: somebody came in."""


@dataclass(frozen=True)
class Keep:
    """Write this to the notes. Exists only after a yes."""

    walkthrough: str
    lines: tuple[PlanLine, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    """Step id -> answer id. Never raw speech."""


@dataclass(frozen=True)
class KeepPlace:
    """Write down where the person stops, in the stead of an earlier place. Exists only after a yes."""

    walkthrough: str
    step: str
    answers: Mapping[str, str] = field(default_factory=dict)
    """Step id -> answer id. Never raw speech."""
    done: tuple[str, ...] = ()
    """Sections that were finished."""


@dataclass(frozen=True)
class DropPlace:
    """The place that was kept is no longer wanted."""


@dataclass(frozen=True)
class Mark:
    """What became of a line of a kept plan. `id` of the note; `place` of the line, from 0."""

    id: int
    place: int
    mark: str
    """"done", "not_yet", or "" for nothing."""


@dataclass(frozen=True)
class Reword:
    """Another line in the place of one of a kept plan, or after its last. As in Mark."""

    id: int
    place: int
    line: PlanLine


@dataclass(frozen=True)
class Forget:
    """Drop what was kept in this session, on disk and in memory."""


@dataclass(frozen=True)
class Tell:
    """Show what went wrong, for the eye; what the ear needs is said besides."""

    error: VoiceError


@dataclass(frozen=True)
class Written:
    """Show where something was written, for the eye."""

    where: str


@dataclass(frozen=True)
class Finish:
    """The talk is over. `reason` is "done", "stopped" or "handed over"."""

    reason: str


Act = (
    Say | Listen | ShowCard | ShowPlan | Adjust | Set | Hide
    | Keep | KeepPlace | DropPlace | Mark | Reword | Forget | Tell | Written | Finish
)  # fmt: skip


@dataclass(frozen=True)
class Utterance:
    """Words to be spoken, with how. What `Mouth` receives."""

    text: str
    words_per_minute: int = 130
    """SPEC section 6: 130 by default, 100 slower, 160 faster, 110 on cards."""
    volume: float = 1.0
    """0 to 1, applied to the samples."""
    pitch: int = 50
    """0 to 99, espeak's scale; cards are spoken lower."""
    pause: float = 0.4
    """Silence after the last word, in seconds."""
    fixed: bool = True
    """The text is the same in every session, so its sound may be kept in the cache."""
    start_word: int = 0
    """Word to start from, counted in `text.split()`; to go on after a stop."""
    earcon: bool = False
    """No words, but the soft sound for "I'm listening"."""
