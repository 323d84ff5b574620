"""All that a person can answer through, together: voice, keys, typing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from voice.errors import VoiceError
from voice.events import Listen, Sound
from voice.session_parts import Ears

TICK = 0.05
"""Seconds that one look at all of them takes."""


class AllEars:
    """Several ears as one. Those that cannot be opened any more are let go."""

    def __init__(self, ears: Sequence[Ears], broken: Callable[[VoiceError], object]) -> None:
        """`broken` is told why one could not be opened."""
        self._ears = list(ears)
        self._broken = broken

    def __bool__(self) -> bool:
        return bool(self._ears)

    @property
    def speaking(self) -> bool:
        """Somebody is in the middle of an answer."""
        return any(ears.speaking for ears in self._ears)

    @property
    def hears_through(self) -> bool:
        """One of them does not hear our own voice."""
        return any(ears.hears_through for ears in self._ears)

    @property
    def talked_over(self) -> bool:
        """A person talks over our own voice."""
        return any(ears.talked_over for ears in self._ears)

    @property
    def wants_the_floor(self) -> bool:
        """And it may be meant for us."""
        return any(ears.wants_the_floor for ears in self._ears)

    def open(self, listen: Listen, phrases: Sequence[str], only: Ears | None = None) -> None:
        """All, or only one of them anew."""
        for ears in list(self._ears) if only is None else [only]:
            try:
                ears.open(listen, phrases)
            except VoiceError as error:
                self._broken(error)
                self.let_go(ears)

    def sounds(self) -> Iterator[tuple[Ears, Sound]]:
        """What came in, in TICK seconds."""
        for ears in list(self._ears):
            sound = ears.poll(TICK / len(self._ears))
            if sound is not None:
                yield ears, sound

    def let_go(self, ears: Ears) -> None:
        """It will not hear anything any more."""
        self._ears.remove(ears)
        ears.shut()

    def close(self) -> None:
        for ears in self._ears:
            ears.close()

    def shut(self) -> None:
        for ears in self._ears:
            ears.shut()
