"""`afterwards safety` and `afterwards cards`: how danger is judged, and what a person gets to see and hear then."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from voice import parts, settings
from voice.cli_lines import COUNTRY, REGION
from voice.dialogue.danger import GENERAL, LINE_GAP
from voice.errors import ScriptError
from voice.events import Say, Utterance
from voice.parts_lines import known_lines
from voice.session_manner import Manner
from voice.session_words import Words

_CATEGORIES = {
    "OD": "OD", "OD_SELF": "OD self", "SUI": "SUI self", "SUI_LOVED": "SUI loved one", "VIO": "VIO",
    "VIO_OWN": "VIO own risk", "CHI": "CHI", "CHILD_SPEAKING": "child speaking", "WDR": "WDR", "MED": "MED",
    "BEREAVED": "bereaved", GENERAL: "emergency",
}  # fmt: skip


@click.command()
def safety() -> None:
    """Judge lines: one JSON object for each line of standard input.

    text, light (red, amber or green), category, card and why; category and card are null where it is green. Nothing is
    kept.
    """
    judge = parts.Talking().safety
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        verdict = judge.judge(text)
        category = _CATEGORIES.get(verdict.card, verdict.card) if verdict.card else None
        found = {"text": text, "light": verdict.light.value, "category": category, "card": verdict.card}
        click.echo(json.dumps({**found, "why": verdict.why}, ensure_ascii=False))


@click.command()
@click.argument("card", nargs=-1)
@COUNTRY
@REGION
@click.option("--audio", type=click.Path(path_type=Path), help="Write each as a wav into this folder.")
def cards(card: tuple[str, ...], audio: Path | None, **flags: str | None) -> None:
    """Show the crisis cards as a person would see them: all, or those that are named."""
    from voice.screen import Terminal

    chosen = settings.load(flags)
    known = known_lines(chosen.lines_file)
    talking = parts.Talking(known=known)
    manner = Manner(chosen.country, chosen.rate, 100, region=known.region(chosen))
    words = Words(talking.content, talking.lines, manner)
    facts = talking.dialogue(manner.country, region=manner.region).memory.facts()
    every = talking.content.cards
    if unknown := [name for name in card if name.upper() not in every]:
        raise ScriptError("no-such-card", f"There is no card '{unknown[0]}'.", f"Known: {', '.join(every)}.")
    for name in [name.upper() for name in card] or every:
        lines = [Say(p.key, {}, LINE_GAP) for p in every[name].lines if p.when.holds(facts)]
        Terminal().card(name, every[name].title, [words.of(line, shown=True) for line in lines], -1)
        click.echo()
        if audio is not None:
            _write(audio, name, [words.utterance(line) for line in lines], chosen.voice)


def _write(folder: Path, name: str, utterances: list[Utterance], voice: str) -> None:
    """One wav. Raises ScriptError where it can't be written, SpeakerError where there is no voice."""
    from voice.rehearse import Track
    from voice.speech.mouth import Mouth

    mouth, track, at = Mouth(None, None, voice or None), Track(), 0.0
    try:
        for utterance in utterances:
            samples, rate = mouth.render(utterance)
            track.add(at, samples, rate)
            at += len(samples) / rate
    finally:
        mouth.shut()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScriptError(
            "cards-audio", f"The folder {folder} cannot be made.", "Choose another place for it."
        ) from error
    track.write(folder / f"{name}.wav")
