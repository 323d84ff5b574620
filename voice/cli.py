"""The commands. The only place, with `parts`, that builds real parts; a VoiceError becomes plain words and an exit code."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from voice import parts, settings
from voice.content import Content
from voice.dialogue.asking import Asking
from voice.dialogue.talk import COMMANDS, END_OF_TURN
from voice.errors import ScriptError, VoiceError
from voice.events import Answer, Command, Kind, Listen, Meaning

FAILED = 1


class _Program(click.Group):
    """Without a command it talks; what goes wrong is said in words, never as a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((arg for arg in args if not arg.startswith("-")), None)
        if first not in self.commands and not {"--help", "--version"} & set(args):
            args = ["talk", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VoiceError as error:
            click.echo(f"{error.message}\n{error.remedy}", err=True)
            ctx.exit(FAILED)
        except BrokenPipeError:
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("Okay.", err=True)
            ctx.exit(0)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="afterwards", prog_name="afterwards")
@click.option("--log", type=click.Path(path_type=Path), help="Write a log to this file: kinds and states, never words.")
def main(log: Path | None) -> None:
    """A calm voice for family and friends, after an intervention that did not work. Without a command, it talks."""
    if log:
        logging.basicConfig(filename=log, level=logging.INFO, format="%(asctime)s %(message)s")


_MODEL = click.option("--model", help="Name or folder of a speech model.")
_COUNTRY = click.option("--country", help="Country for the help lines: US, CA, UK, IE, AU, NZ, IN, ZA, EU.")


@main.command()
@_MODEL
@_COUNTRY
@click.option("--answer-by", type=click.Choice(settings.ANSWERS), help="How you want to answer.")
@click.option("--rate", type=int, help="How fast it speaks, in percent: 50 to 200.")
@click.option("--volume", type=int, help="How loud it speaks, in percent: 10 to 100.")
@click.option("--silent", is_flag=True, help="Do not speak; show every line.")
def talk(model: str | None, silent: bool, **flags: Any) -> None:
    """Talk. You can speak, press keys or type."""
    from voice.keyboard import Keyboard
    from voice.screen import Terminal

    chosen = settings.load(flags)
    talking = parts.Talking()
    ears = [Keyboard(help_key=chosen.help_key)]
    if chosen.answer_by == "voice":
        ears.append(parts.voice_ears(chosen, model))
    session = talking.session(
        parts.manner(chosen),
        ears=ears,
        screen=Terminal(),
        clock=parts.RealClock(),
        mouth=None if silent else parts.mouth(chosen),
        notes=parts.notes(chosen),
        set_up=chosen.first_run and not chosen.country,
        remember=parts.remember_in(chosen),
    )
    session.run()


@main.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--audio", type=click.Path(path_type=Path), help="Write both sides of the talk as one wav.")
@click.option("--first-run", is_flag=True, help="Begin with the questions of the first run.")
@click.option("--keep/--no-keep", default=True, help="Whether a yes to keeping notes writes them.")
@_MODEL
@_COUNTRY
def rehearse(
    script: Path, as_json: bool, audio: Path | None, first_run: bool, keep: bool, model: str | None, country: str | None
) -> None:
    """Play a whole session against a script, on a clock of its own.

    One answer a line; "-" is silence, "#" a comment, "@file.wav" a recording, "key:3" a key, "+stop" is said while it
    speaks.
    """
    from voice import rehearse as rehearsing
    from voice.screen import JsonScreen, Terminal
    from voice.speech.ears import hear_file
    from voice.speech.mouth import Mouth

    chosen = settings.load({"country": country})
    lines = rehearsing.read_script(script)
    recogniser = parts.require_model(chosen, model) if any(line.lstrip("+").startswith("@") for line in lines) else None
    clock = rehearsing.VirtualClock()
    track = rehearsing.Track() if audio else None
    voice = Mouth(None, None, chosen.voice or None) if audio else None
    person = Mouth(None, None, "en-us") if audio else None
    hear = None
    if recogniser is not None:
        loaded = recogniser

        def hear(path: Path, listen: Listen, phrases: Any) -> Any:
            return hear_file(path, loaded, listen, phrases)

    ears = rehearsing.ScriptEars(lines, clock, folder=script.parent, hear=hear, voice=person, track=track)
    session = parts.Talking().session(
        parts.manner(chosen),
        ears=[ears],
        screen=JsonScreen(sys.stdout, clock.now) if as_json else Terminal(),
        clock=clock,
        mouth=rehearsing.RehearsalMouth(clock, voice, track),
        notes=parts.notes(chosen) if keep else None,
        set_up=first_run,
    )
    try:
        session.run()
    finally:
        for part in (voice, person):
            if part is not None:
                part.shut()
    if track is not None and audio is not None:
        track.write(audio)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--expects", default="commands", show_default=True, help="yes_no, number, commands, free, or a step's id."
)
@_MODEL
def hear(files: tuple[Path, ...], expects: str, model: str | None) -> None:
    """Print what is understood in recordings (wav, flac, ogg or opus), one JSON object a file."""
    from voice.speech.ears import hear_file

    chosen = settings.load({})
    talking = parts.Talking()
    listen = listening_for(talking.content, expects)
    phrases = talking.understanding.phrases(listen)
    recogniser = parts.load_model(chosen, model)
    failed = False
    for path in files:
        try:
            heard = hear_file(path, recogniser, listen, phrases)
        except ScriptError as error:
            click.echo(json.dumps({"file": str(path), "error": error.message, "remedy": error.remedy}))
            failed = True
            continue
        meaning = talking.understanding.understand(heard, listen)
        text = heard.free[0] if listen.kind is Kind.FREE and heard.free else heard.text
        found = {
            "file": str(path),
            "text": text,
            "meaning": plain_meaning(meaning, listen),
            "confidence": round(heard.confidence, 3),
            "seconds": round(heard.seconds, 3),
            "took": round(heard.took, 4),
            "sure": getattr(meaning, "sure", False),
        }
        click.echo(json.dumps(found))
    if failed:
        sys.exit(FAILED)


def listening_for(content: Content, expects: str) -> Listen:
    """What is live for `--expects`. Raises ScriptError for an unknown step."""
    match expects:
        case "yes_no":
            return Listen("yes_no", Kind.YES_NO, ("yes", "no", "not_sure"))
        case "number":
            return Listen("number", Kind.NUMBER, ("not_sure",))
        case "commands":
            commands = tuple(name for name in COMMANDS if name in content.commands)
            return Listen("commands", Kind.CHOICE, (), commands)
        case "free":
            return Listen("free", Kind.FREE, (), end=END_OF_TURN[Kind.FREE])
    for walk in content.walkthroughs.values():
        if expects in walk.steps:
            dialogue = parts.Talking(content).dialogue("")
            return Asking(dialogue.talk, walk.steps[expects]).listen()
    raise ScriptError(
        "no-such-step", f"There is no step '{expects}'.", "Use yes_no, number, commands, free, or W2, L6 ..."
    )


def plain_meaning(meaning: Meaning, listen: Listen) -> str | int | None:
    """A meaning as one JSON value; None where nothing was understood."""
    match meaning:
        case Answer(value=value, words=words):
            if listen.kind is Kind.NUMBER and value.isdigit():
                return int(value)
            return words or value
        case Command(name=name):
            return name
    return None


@main.command()
@_MODEL
def check(model: str | None) -> None:
    """Try microphone, loudspeaker, voice, recogniser, model and storage, and say what to do."""
    from voice.check import check as lines_of

    fine = True
    for line in lines_of(settings.load({}), model):
        fine = fine and line.fine
        click.echo(f"{line.part + ':':13}{'fine' if line.fine else 'not working'}. {line.words}")
    if not fine:
        sys.exit(FAILED)


@main.command()
@click.argument("walkthrough", default="family")
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file.")
def diagram(walkthrough: str, form: str, out: Path | None) -> None:
    """Draw a walkthrough, from the machine that walks it."""
    from voice.content import load
    from voice.dialogue.diagram import mermaid, svg

    walks = load().walkthroughs
    if walkthrough not in walks:
        raise ScriptError("no-such-walk", f"There is no walkthrough '{walkthrough}'.", f"Known: {', '.join(walks)}.")
    drawing = (mermaid if form == "mermaid" else svg)(walks[walkthrough])
    if out is None:
        click.echo(drawing)
    else:
        out.write_text(drawing, "utf-8")


@main.group()
def notes() -> None:
    """Look at what was kept, or erase it."""


@notes.command("list")
def notes_list() -> None:
    """One line for each kept plan."""
    found = parts.notes(settings.load({})).list()
    if not found:
        click.echo("No notes are kept.")
    for note in found:
        click.echo(f"{note.id}  {note.started}  {note.walkthrough}  {len(note.lines)} lines")


@notes.command("show")
@click.argument("id", type=int)
def notes_show(id: int) -> None:
    """The lines of one plan."""
    for _, text in parts.notes(settings.load({})).show(id).lines:
        click.echo(f"- {text}")


@notes.command("erase")
@click.argument("id", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Erase all notes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def notes_erase(id: int | None, everything: bool, yes: bool) -> None:
    """Erase one plan, or all of them, for good."""
    if id is None and not everything:
        raise click.UsageError("Say which: its number, or --all.")
    if not yes and not click.confirm("Erase it for good?"):
        click.echo("Nothing was erased.")
        return
    count = parts.notes(settings.load({})).erase(None if everything else id)
    click.echo(f"Erased: {count}.")


@notes.command("path")
def notes_path() -> None:
    """Where notes are kept."""
    click.echo(settings.load({}).notes_file)
