"""The parts of a kiosk: a page, and one talk after the other on it, for whoever comes."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from voice import parts
from voice.content_check import OWN_VALUES
from voice.dialogue.danger import GENERAL
from voice.errors import KioskError, VoiceError
from voice.events import Danger, Listen, Meaning, Say
from voice.parts_group import Door, Now, manner_of, room_time
from voice.parts_lines import KnownLines
from voice.parts_lingering import Lingering
from voice.session import Ears, Session, line_values, purposes
from voice.session_standby import Lent, LentMouth
from voice.session_words import Words
from voice.settings import Settings
from voice.walkthrough import Facts as Known

if TYPE_CHECKING:
    from voice.kiosk.counts import Counts
    from voice.kiosk.ears import KioskEars
    from voice.kiosk.group import Group
    from voice.kiosk.screen import KioskScreen
    from voice.kiosk.server import Server
    from voice.kiosk.state import Board, Facts, Place
    from voice.parts_late import BestMouth

_log = logging.getLogger("afterwards")
_BREATHER = 5.0
"""Seconds until the next try where talk after talk breaks."""
_LETTERS = 24
NOT_HERE = frozenset({"my_plan", "keep_place", "forget_everything", "my_notes"})
"""Commands about what is kept: the page has none of them."""
_PRINT = "print_plan"
"""Only where the group wants it."""


class Room:
    """One talk after the other, for whoever comes."""

    def __init__(
        self,
        chosen: Settings,
        known: KnownLines,
        *,
        mouth: BestMouth | None,
        hearing: Ears | None,
        letters: int = _LETTERS,
        switch: tuple[str, ...] = (),
        group: Group | None = None,
        counts: Counts | None = None,
        printer: Callable[[Sequence[str]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Now = room_time,
        talking: parts.Talking | None = None,
        news: str = "",
    ) -> None:
        """`group`: what it set for its room. `counts`: where talks are counted, if they are. `printer` prints lines.
        `clock` in seconds; `now`: the time of the room. `talking`, where it is made already. `news`: name of a line
        that the page begins with."""
        from voice.kiosk.ears import KioskEars
        from voice.kiosk.group import Group
        from voice.kiosk.idle import Idle
        from voice.kiosk.screen import KioskScreen
        from voice.kiosk.state import Board

        self._chosen, self._known = chosen, known
        self._mouth, self._hearing = mouth, hearing
        self._voices = parts.voices(chosen, mouth) if mouth is not None else None
        self._talking = talking or parts.Talking(known=known)
        self._news = news
        content = self._talking.content
        self._walk = self._talking.dialogue("").walk
        self._group, self._printer = group or Group(), printer
        self._door = Door(self._group, content, counts, now)
        self._finished = False
        self._manner = manner_of(self._group, parts.manner(chosen, known))
        commands = frozenset(name for name in content.commands if not name.startswith("section_")) - NOT_HERE
        commands -= {_PRINT} if printer is None else set()
        self.board: Board = Board(clock)
        self._idle = Idle()
        self._over = threading.Event()
        self.facts: Facts = self._facts(commands, letters, switch)
        self.ears: KioskEars = KioskEars(self.board, self._idle, commands)
        self.screen: KioskScreen = KioskScreen(
            self.board,
            self._idle,
            content.kiosk,
            emergency=self.facts.emergency,
            place=self._place,
            pace=lambda on_card: self._manner.words_per_minute(on_card),
        )
        self.board.put(voice=mouth is not None, hears=hearing is not None)

    # ---- the page

    @contextlib.contextmanager
    def page(
        self, port: int = 0, *, browser: bool = False, tell: Callable[[str], None] = lambda line: None
    ) -> Iterator[Server]:
        """Serves the page, and shows it, as long as this lasts. `tell` takes lines for who looks after the room. Raises
        KioskError."""
        from voice.kiosk.browser import Browser, find
        from voice.kiosk.keeper import Keeper
        from voice.kiosk.server import Server

        shows = Browser(find()) if browser else None

        def tell_address(used: str = "") -> None:
            if shows is None:
                tell(f"The page is at {server.entry()} (good once)")

        server = Server(self.board, self.ears.receive, self.facts, port, entered=tell_address)
        server.start()
        tell(f"The kiosk's page is served at {server.origin}. Ctrl-C ends it.")
        tell_address()
        keepers = [Keeper(server, server.start)]
        if shows is not None:
            try:
                shows.open(server.entry())
            except KioskError as error:
                tell(f"{error.message} {error.remedy}")
            keepers.append(Keeper(shows, lambda: shows.open(server.entry())))
        for keeper in keepers:
            keeper.start()
        try:
            yield server
        finally:
            for keeper in keepers:
                keeper.stop()
            if shows is not None:
                shows.close()
            server.stop()

    def _facts(self, commands: frozenset[str], letters: int, switch: tuple[str, ...]) -> Facts:
        """What the page knows from the start, in letters."""
        from voice.kiosk.screen import is_quiet, number_of
        from voice.kiosk.state import CardText, Facts, Option

        content, manner = self._talking.content, self._manner
        values = line_values(self._talking.lines, manner.country, shown=True, region=manner.region)
        words = Words(content, self._talking.lines, manner)
        there = Known(lines=purposes(self._talking.lines, manner.country, manner.region))
        cards = []
        for card in content.cards.values():
            lines = tuple(words.of(Say(p.key), shown=True) for p in card.lines if p.when.holds(there))
            number = number_of(lines, values["emergency"])
            cards.append(CardText(card.id, card.title, lines, -1, is_quiet(card.id), number))
        blank = dict.fromkeys(OWN_VALUES, "")
        return Facts(
            words={name: content.fill(f"kiosk.{name}.1", {**blank, **values}) for name in content.kiosk},
            emergency=values["emergency"],
            cards=tuple(cards),
            choices=tuple(Option(choice.card, choice.label) for choice in content.cards[GENERAL].choices),
            general=GENERAL,
            commands=commands,
            switch=switch,
            help_key=self._chosen.help_key.upper(),
            letters=letters,
            theme=self._group.theme,
            standby=self._door.standing(),
            host=self._door.host(),
        )

    def _place(self, step: str) -> Place:
        from voice.kiosk.state import Place

        content, sections = self._talking.content, self._walk.sections()
        found = self._walk.walkthrough.steps.get(step)
        if found is None or found.section not in sections:
            return Place()
        number = sections.index(found.section) + 1
        part, parts_ = content.numbers[str(number)], content.numbers[str(len(sections))]
        name = self._walk.walkthrough.sections[found.section].name
        text = content.fill("kiosk.place.1", {"part": part[0], "parts": parts_[0], "section": name})
        return Place(text, number, len(sections))

    # ---- one person after the other

    def end(self) -> None:
        """`run` returns soon. From any thread."""
        self._over.set()
        self.ears.end()

    def run(self, *, once: bool = False) -> None:
        """Until it is told to end; or `once`: until one person was here, is gone, and left nothing on the page."""
        first: Meaning | None = None
        while not self._over.is_set():
            self._begin_anew()
            came = first or self._waits()
            first = None
            if came is None or not (isinstance(came, Danger) or self._door.open):
                continue  # it says again when it opens
            first = self._talk(came if isinstance(came, Danger) else None)
            if once and first is None:
                self._begin_anew()
                return

    def _begin_anew(self) -> None:
        """Everything as it is set; nothing of whoever was here before."""
        self._manner = manner_of(self._group, parts.manner(self._chosen, self._known))
        if self._voices is not None and self._mouth is not None:
            self._voices = parts.voices(self._chosen, self._mouth)
            self._voices.use(self._chosen.voice)
        self.board.put(voice=self._mouth is not None)
        self.screen.clear()
        self.ears.begin(watching=False)
        if self._news:
            self.board.put(troubles=(self.facts.words[self._news],))

    def _waits(self) -> Meaning | None:
        """Until somebody comes; None where a page only asked to clear. Where the voice breaks, the page waits alone."""
        try:
            return self._standby(voice=True)
        except Exception as error:
            _tell(error)
        try:
            told = self._talking.content.kiosk["no_voice"]
            self.board.put(voice=False, hears=False, troubles=(told,))
            return self._standby(voice=False)
        except Exception as error:
            _tell(error)
            self._over.wait(_BREATHER)
            return None

    def _standby(self, *, voice: bool) -> Meaning | None:
        mouth = LentMouth(self._mouth) if voice and self._mouth is not None else None
        hearing = self._hearing if voice else None
        notice = self._door.notice()
        self.board.put(open=not notice)
        keys = self._door.watched(self.ears, opened=not notice)
        standby = self._talking.standby(self._manner, keys=[keys], hearing=hearing, screen=self.screen, mouth=mouth)
        standby.notice = notice
        return standby.wait()

    def _talk(self, first: Danger | None) -> Danger | None:
        """One talk, to its end and until its page is cleared. Gives the danger that came after it.

        A talk that begins with danger is not counted: nobody shall see from a number that there was one.
        """
        self._finished = False
        try:
            return self._talks(first)
        finally:
            if first is None:
                self._door.count(finished=self._finished)

    def _talks(self, first: Danger | None) -> Danger | None:
        try:
            return self._session(first, voice=True)
        except Exception as error:  # whatever it is, the page goes on
            _tell(error)
        words = self._talking.content.kiosk
        try:
            self.screen.clear()
            self.board.put(voice=False, hears=False, troubles=(words["broken"],))
            return self._session(None, voice=False)
        except Exception as error:
            _tell(error)
            self._over.wait(_BREATHER)
            return None

    def _session(self, first: Danger | None, *, voice: bool) -> Danger | None:
        heard_by: list[Ears] = [Lent(self.ears)]
        if voice and self._hearing is not None:
            heard_by.append(Lent(self._hearing))
        session = self._talking.session(
            self._manner,
            ears=heard_by,
            screen=self.screen,
            clock=parts.RealClock(),
            mouth=LentMouth(self._mouth) if voice and self._mouth is not None else None,
            notes=None,
            voices=self._voices if voice else None,
            paper=self._printer,
            quiet=True,
        )
        self.screen.coming = self._coming(session)
        self.ears.begin(watching=True)
        self._finished = session.run(first=first) == "done"
        if self._finished and not self.ears.cleared:
            mouth = LentMouth(self._mouth) if voice and self._mouth is not None else None
            hearing = self._hearing if voice else None
            return Lingering(
                self._talking, self._manner, page=self.ears, screen=self.screen, hearing=hearing, mouth=mouth
            ).wait()
        return None

    def _coming(self, session: Session) -> Callable[[], tuple[Listen, Sequence[tuple[str, str]]]]:
        def coming() -> tuple[Listen, Sequence[tuple[str, str]]]:
            listen = session.coming()
            return listen, self._talking.understanding.options(listen)

        return coming


def _tell(error: Exception) -> None:
    """To the log: what broke, and no word of what was said."""
    _log.warning("trouble: %s", error.code if isinstance(error, VoiceError) else "kiosk-broken")
