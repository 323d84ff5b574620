"""The first run: which country, and which part of it (for the help lines), and how the person would like to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from voice.dialogue.talk import Situation, Talk
from voice.events import Act, Answer, Kind, Listen, Set

COUNTRIES = ("US", "CA", "UK", "IE", "AU", "NZ", "IN", "ZA", "EU", "OTHER")
REGION = "region_"
"""How ids of answers that are regions begin; their labels are the regions' names in the help lines."""
WAYS = ("voice", "keys", "typing")


class SettingUp(Situation):
    """Two questions, or three where a country's lines differ by region, each once. Silence or doubt leaves a setting as
    it is; nothing here must be answered."""

    kind = Kind.CHOICE

    def __init__(self, talk: Talk, regions: Callable[[str], Sequence[str]]) -> None:
        """`regions` of a country, as the help lines name them."""
        super().__init__(talk)
        self._open = "country"
        self._regions_of = regions
        self._regions: dict[str, str] = {}
        """Id of the answer -> the region."""
        self._everywhere = {id_: (country, name) for country in COUNTRIES for id_, name in self._known(country).items()}

    @property
    def name(self) -> str:  # type: ignore[override]  # each question has its own
        return f"setup_{self._open}"

    def opening(self) -> list[Act]:
        return [*self.talk.prompt("setup.welcome"), *self.talk.prompt("setup.country")]

    def question(self) -> list[Act]:
        return self.talk.prompt(f"setup.{self._open}")

    def listen(self) -> Listen:
        named = tuple(self._everywhere) if self._open == "country" else ()  # "Scotland" says the country too
        self.expects = {"country": (*named, *COUNTRIES), "region": tuple(self._regions)}.get(self._open, WAYS)
        self.commands = tuple(c for c in super().commands if c not in self.expects)
        return replace(super().listen(), unnumbered=named)

    def on_answer(self, answer: Answer) -> list[Act]:
        if self._open == "country" and answer.value in self._everywhere:
            country, region = self._everywhere[answer.value]
            return self._next([Set("country", country), Set("region", region)])
        if self._open == "country":
            self._regions = self._known(answer.value)
        return self._next([Set(self._open, self._regions.get(answer.value, answer.value))])

    def _known(self, country: str) -> dict[str, str]:
        """The regions of a country that can be answered with."""
        labels = {intent.label: id_ for id_, intent in self.talk.content.answers.items() if id_.startswith(REGION)}
        return {labels[region]: region for region in self._regions_of(country) if region in labels}

    def on_command(self, name: str) -> list[Act] | None:
        return self._next([]) if name in ("skip", "go_on") else None

    def give_up(self) -> list[Act]:
        return self._next([])

    def _next(self, acts: list[Act]) -> list[Act]:
        self.misses = self.silences = 0
        if self._open != "answer_by":
            self._open = "region" if self._regions and self._open == "country" else "answer_by"
            return [*acts, *self.question()]
        self.talk.floor.pop()
        return [*acts, *self.talk.top.opening()]
