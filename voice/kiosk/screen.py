"""The session's screen: everything that it shows goes on the board, and nothing waits for a page to have seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from voice.errors import SpeakerError, VoiceError
from voice.events import Answer, Command, Kind, Listen, Meaning, NotUnderstood, Silence
from voice.kiosk.idle import Idle
from voice.kiosk.state import (
    LISTENING,
    MOST_LINES,
    OVER,
    PAUSED,
    SPEAKING,
    STANDBY,
    Board,
    CardText,
    Option,
    Place,
)

ASK = "still_there"
"""Name of the command, the step and the prompt that ask whether somebody is there."""
_HOLD = "hold"
_STANDBY = "standby."
_CARD = "card:"
_DEAF, _HEARS = ("no_microphone", "no_model"), "microphone_back"
_MOST_TROUBLES = 2
_UNCLEAR = 2
"""Times that words which nobody understood are a sign of somebody, where it was asked whether anybody is there: a
television must not keep a page for ever, and whoever is hard to understand is not to lose it at once."""
_LONGEST = 600
"""Letters of one line that are shown."""
Options = Sequence[tuple[str, str]]


def number_of(lines: Sequence[str], emergency: str) -> str:
    """The emergency number, where a card's lines name it and it has digits; else ""."""
    has_digits = any(c.isdigit() for c in emergency)
    return emergency if has_digits and any(emergency in line for line in lines) else ""


def is_quiet(card: str) -> bool:
    """A card that looks like nothing: somebody dangerous may see it."""
    return card.startswith("VIO")


class KioskScreen:
    """Every spoken line in letters, with its answers. Called by the session's thread alone; never raises."""

    def __init__(
        self,
        board: Board,
        idle: Idle,
        words: Mapping[str, str],
        *,
        emergency: str = "",
        place: Callable[[str], Place] = lambda step: Place(),
        pace: Callable[[bool], int] = lambda card: 130,
    ) -> None:
        """`words`: of the page. `place` of a step. `pace` in words a minute, on a card or not."""
        self._board, self._idle, self._words = board, idle, words
        self._emergency, self._place = emergency, place
        self.pace = pace
        self.coming: Callable[[], tuple[Listen, Options]] | None = None
        """What will be listened for when this turn was said; for the answers to stand there meanwhile."""
        self._answered = True
        self._unclear = 0
        self._names: dict[str, str] = {}

    # ---- what the session shows

    def say(self, key: str, text: str) -> None:
        """The line that is being said from now on. Its answers stand beside it where it is the question itself."""
        state = self._board.state
        before = () if self._answered or state.phase == STANDBY else state.lines
        lines = (*before, _short(text))[-MOST_LINES:]
        coming = None if self.coming is None or key.startswith(_STANDBY) else self.coming()
        on_card = coming is not None and coming[0].step.startswith(_CARD)
        card = _moved(state.card, text) if on_card else None
        self._idle.hold(on_card, self._board.clock())
        phase = STANDBY if self.coming is None else SPEAKING  # whatever is told before a talk, it can be begun
        prompt = key.rpartition(".")[0]
        hears = state.hears if prompt not in (*_DEAF, _HEARS) else prompt == _HEARS
        self._board.put(
            phase=phase,
            lines=lines,
            saying=len(lines) - 1,
            since=self._board.clock(),
            pace=self.pace(on_card),
            card=card,
            hears=hears,
            asks=prompt == ASK,
            plan=state.plan if coming is not None and coming[0].step.startswith(("plan", "keep", "anything")) else (),
        )
        self._answered = False
        if coming is not None and (on_card or key.startswith(f"{coming[0].step}.")):
            self._offer(*coming)

    def listen(self, listen: Listen, options: Options) -> None:
        """It waits for an answer."""
        self._idle.hold(listen.step.startswith(_CARD), self._board.clock())
        self._idle.waits(self._board.clock())
        self._offer(listen, options)
        paused = listen.step == _HOLD
        card = self._board.state.card if listen.step.startswith(_CARD) else None
        self._board.put(phase=PAUSED if paused else LISTENING, saying=-1, card=card, asks=listen.step == ASK)

    def heard(self, text: str, meaning: Meaning) -> None:
        """What was understood. Of the person's own words nothing is shown: somebody may look over their shoulder."""
        if isinstance(meaning, Silence):
            return
        mine = isinstance(meaning, Command) and meaning.name == ASK
        unclear = isinstance(meaning, NotUnderstood)
        words = text.replace("[unk]", "").strip()
        if unclear and words and self._board.state.asks and self._unclear < _UNCLEAR:
            self._unclear += 1
            self._idle.sign(self._board.clock())
        if not mine and not unclear:  # in a room that is never quiet, noise is no sign
            self._unclear = 0
            self._idle.sign(self._board.clock())
        if isinstance(meaning, NotUnderstood) or mine:
            self._board.put(saying=-1)
            return
        shown = ""
        if isinstance(meaning, Answer) and not meaning.words:
            shown = self._names.get(meaning.value, meaning.value if meaning.value.isdecimal() else "")
        self._answered = True
        self._board.put(heard=shown, options=(), turn=True, saying=-1, troubles=(), asks=False)

    def card(self, card: str, title: str, lines: Sequence[str], line: int) -> None:
        """At once, before a word of it is spoken."""
        self._idle.hold(True, self._board.clock())
        shown = tuple(_short(text) for text in lines)
        text = CardText(card, title, shown, line, is_quiet(card), number_of(shown, self._emergency))
        self._answered = False
        self._board.put(card=text, lines=(), saying=-1, plan=(), heard="", options=(), turn=True)

    def plan(self, lines: Sequence[str]) -> None:
        """The plan as it stands."""
        self._board.put(plan=tuple(_short(text) for text in lines))

    def keep(self, where: str) -> None:
        """Nothing is ever kept in a kiosk."""

    def written(self, where: str) -> None:
        """Nor written."""

    def trouble(self, error: VoiceError) -> None:
        """In words, until the next answer. A loudspeaker that is gone leaves the page alone to speak."""
        text = _short(f"{error.message} {error.remedy}")
        troubles = tuple(dict.fromkeys((*self._board.state.troubles, text)))[-_MOST_TROUBLES:]
        voice = self._board.state.voice and not (isinstance(error, SpeakerError) and "moved" not in error.code)
        self._board.put(troubles=troubles, voice=voice)

    def hide(self) -> None:
        """Nothing of it is left at once: somebody came in."""
        self._answered = True
        self._board.put(lines=(), saying=-1, card=None, plan=(), heard="", options=(), troubles=(), turn=True)

    def end(self, reason: str) -> None:
        """The talk is over; what stands there stays until it is cleared."""
        self._idle.hold(False, self._board.clock())
        self._idle.waits(self._board.clock())
        self._answered = True
        self._board.put(phase=OVER, saying=-1, options=(), turn=True, asks=False)

    # ---- after a talk

    def asked(self) -> None:
        """It was asked whether somebody is still there."""
        self._idle.waits(self._board.clock())
        self._answered = True
        self._board.put(phase=OVER, saying=-1, turn=True)

    def is_here(self) -> None:
        """Somebody is."""
        self._idle.sign(self._board.clock())
        if self._board.state.asks:
            self._board.put(asks=False, lines=(), turn=True)

    # ---- between two people

    def clear(self) -> None:
        """As if nobody had been there."""
        self._answered, self._names, self.coming = True, {}, None
        self._unclear = 0
        now = self._board.clock()
        self._idle.hold(False, now)
        self._idle.sign(now)
        self._board.wipe()

    # ---- the answers

    def _offer(self, listen: Listen, options: Options) -> None:
        """Puts the answers there; a new turn where they are others than before."""
        state = self._board.state
        found = self._options(listen, options)
        place = self._place(listen.step)
        if len(options) == len(listen.expects):
            self._names = {id_: label for id_, (_, label) in zip(listen.expects, options, strict=True)}
        same = (state.step, state.options, state.kind) == (listen.step, found, str(listen.kind))
        there = {"place": place.text, "part": place.part, "parts": place.parts}
        if same and not self._answered:
            self._board.put(**there)
            return
        self._board.put(step=listen.step, kind=str(listen.kind), options=found, turn=True, **there)

    def numbers(self) -> tuple[Option, ...]:
        """From zero to ten, and a way past them."""
        numbers = tuple(Option(str(number), str(number)) for number in range(11))
        return (*numbers, Option("skip", self._words["skip"]))

    def _options(self, listen: Listen, options: Options) -> tuple[Option, ...]:
        words = self._words
        if listen.step == ASK:
            return (Option("1", words["still_here"]), Option("2", words["still_gone"]))
        if listen.step == _HOLD and listen.expects == ("yes",):
            return (Option("go_on", words["go_on"]),)
        if listen.kind is Kind.NUMBER:
            return self.numbers()
        found = tuple(Option(key, _short(label)) for key, label in options)
        if listen.step.startswith(_CARD):
            # First what is wrong, then how to get on and out.
            renamed = {"next": words["next"], "safe_now": words["safe"], "go_back": words["mistake"]}
            named = [(id_, option) for id_, option in zip(listen.expects, found, strict=False)]
            return tuple(replace(option, label=renamed.get(id_, option.label)) for id_, option in named)
        if listen.kind in (Kind.FREE, Kind.FEELING):
            return (*found, Option("skip", words["skip"]))
        return found


def _moved(card: CardText | None, text: str) -> CardText | None:
    """The card with the line that is being said marked."""
    if card is None or text not in card.lines:
        return card
    return replace(card, line=card.lines.index(text))


def _short(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
