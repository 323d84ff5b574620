"""`afterwards voices`: the voices that are installed, a sample of each, and choosing one."""

from __future__ import annotations

from dataclasses import replace

import click

from voice import content as language
from voice import parts, settings
from voice.errors import SpeakerError
from voice.events import Utterance
from voice.parts_late import BestMouth
from voice.parts_voices import installed, renderer_of, used
from voice.settings import Settings

_SAMPLE = "another_voice.sample"
_LONGEST = 30.0
"""Seconds that a sample may take."""


@click.command()
@click.option("--play", is_flag=True, help="Speak a sample of each.")
@click.option("--use", "name", metavar="NAME", help="Speak with this one from now on. It is tried before it is chosen.")
@click.option("--automatic", is_flag=True, help="Forget the choice: what comes with the computer speaks.")
def voices(play: bool, name: str | None, automatic: bool) -> None:
    """The voices that are installed, the most natural first. A star marks the one that is used.

    In a talk, "another voice" changes to the next one.
    """
    if automatic and name is not None:
        raise click.UsageError("Say which: --use NAME, or --automatic.")
    chosen = settings.load({})
    if automatic or name is not None:
        chosen = _choose(chosen, name or "")
    found = installed(chosen)
    now = used(chosen.voice, found)
    if play:
        mouth = parts.mouth(chosen)
        text = " ".join(p.text for p in language.load().prompts[_SAMPLE])
        try:
            for voice in found:
                click.echo(f"  {voice.name}  {voice.label}")
                mouth.choose(voice.name)
                _speak(mouth, Utterance(text, 130 * chosen.rate // 100, chosen.volume / 100))
        finally:
            mouth.shut()
        return
    width = max((len(voice.name) for voice in found), default=0)
    for voice in found:
        click.echo(f"{'*' if voice == now else ' '} {voice.name:{width}}  {voice.label}")
    if now is None:
        click.echo(f"{chosen.voice} is chosen." if chosen.voice else "What comes with the computer speaks.")
    click.echo(f"More: install flite or festival, or put Piper's voices (.onnx and .onnx.json) in {chosen.voices_dir}.")
    if now is None and chosen.voice:
        renderer_of(chosen)(chosen.voice)  # says what is wrong, where something is; and the exit code tells it


def _choose(chosen: Settings, name: str) -> Settings:
    """Raises SpeakerError where it does not speak, SettingsError where it can't be kept."""
    if name:
        from voice.speech.voices import ProgramRenderer

        made = renderer_of(chosen)(name)
        try:
            made.render("Hello.", 130, 50)
        finally:
            if isinstance(made, ProgramRenderer):
                made.shut()
    chosen = replace(chosen, voice=name)
    settings.save(chosen, only=["voice"])
    return chosen


def _speak(mouth: BestMouth, utterance: Utterance) -> None:
    mouth.start(utterance)
    mouth.wait(_LONGEST)
    error = mouth.news()
    if isinstance(error, SpeakerError):
        click.echo(f"    {error.message} {error.remedy}", err=True)
