"""The commands. With `parts` the only place that builds real parts; a VoiceError becomes words and an exit code."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from voice import parts, parts_kept, settings
from voice.cli_check import check
from voice.cli_kiosk import kiosk
from voice.cli_launcher import install_launcher
from voice.cli_lines import COUNTRY, REGION, lines
from voice.cli_models import models
from voice.cli_paper import notes
from voice.cli_safety import cards, safety
from voice.cli_voices import voices
from voice.content import Content
from voice.dialogue.asking import Asking
from voice.dialogue.talk import COMMANDS, END_OF_TURN
from voice.errors import ScriptError, SettingsError, VoiceError
from voice.events import Answer, Command, Danger, Kind, Listen, Meaning, Remark
from voice.parts_lines import known_lines
from voice.parts_paper import Paper, PlanPrinter
from voice.parts_voices import renderer_of
from voice.session import Manner, Session
from voice.session_hearing import Hearing
from voice.session_parts import Ears, Mouth
from voice.session_standby import Lent, LentMouth

FAILED = 1
INTERRUPTED = 130  # what a shell expects after Ctrl-C


class _Program(click.Group):
    """Without a command it talks; what goes wrong is said in words, never as a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0  # the program's own options come first
        while at < len(args) and args[at].split("=")[0] in ("--log", "--help", "-h", "--version"):
            at += 2 if args[at] == "--log" else 1
        asked = {"--help", "-h", "--version"} & set(args[:at])
        if not asked and (at >= len(args) or args[at].startswith("-")):
            args = [*args[:at], "talk", *args[at:]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        _open_streams()
        try:
            return super().invoke(ctx)
        except VoiceError as error:
            click.echo(f"{error.message}\n{error.remedy}", err=True)
            ctx.exit(FAILED)
        except BrokenPipeError:
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("Okay.", err=True)
            ctx.exit(INTERRUPTED)


def _open_streams() -> None:
    """A program can be started with its standard streams closed; Python has None there, and no library expects that."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end


def end_calmly() -> None:
    """A closed terminal or a shutdown ends the talk as a person would: everything is given back."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


@click.group(
    cls=_Program,
    commands=[cards, check, install_launcher, kiosk, lines, models, notes, safety, voices],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="afterwards", prog_name="afterwards")
@click.option("--log", type=click.Path(path_type=Path), help="Write a log to this file: kinds and states, never words.")
def main(log: Path | None) -> None:
    """A calm voice for family and friends, after an intervention that did not work. Without a command, it talks."""
    logging.getLogger().addHandler(logging.NullHandler())  # else warnings would stand in the middle of the talk
    if log:
        _write_log(log)


def _write_log(path: Path) -> None:
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            "log-not-written", f"The log {path} cannot be written.", "Choose another place for it."
        ) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    # Ours alone: a library's log may hold what was said.
    handler.addFilter(lambda record: record.name.split(".")[0] in ("afterwards", "voice"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    click.get_current_context().call_on_close(lambda: root.removeHandler(handler))


_MODEL = click.option("--model", help="Name or folder of a speech model.")


@main.command()
@_MODEL
@COUNTRY
@REGION
@click.option("--answer-by", type=click.Choice(settings.ANSWERS), help="How you want to answer.")
@click.option("--rate", type=int, help="How fast it speaks, in percent: 50 to 200.")
@click.option("--volume", type=int, help="How loud it speaks, in percent: 10 to 100.")
@click.option("--earcon/--no-earcon", default=None, help="A very soft sound says that it listens now.")
@click.option("--silent", is_flag=True, help="Do not speak; show every line.")
@click.option("--no-network", is_flag=True, help="Do not offer to fetch a bigger speech model.")
@click.option("--standby", is_flag=True, help="Wait for “hello afterwards” or a key, and again after each talk.")
def talk(model: str | None, silent: bool, no_network: bool, standby: bool, **flags: Any) -> None:
    """Talk. You can speak, press keys or type."""
    end_calmly()
    chosen = settings.load({**flags, "network": False if no_network else None})
    known = known_lines(chosen.lines_file)
    manner = parts.manner(chosen, known)
    own = parts.Own()
    mouth = None if silent else parts.mouth(chosen, early=True, own=own)  # while this thread reads on

    from voice.keyboard import Keyboard, labels
    from voice.screen import Terminal

    talking = parts.Talking(known=known)
    keyboard = Keyboard(help_key=chosen.help_key)
    microphone = parts.voice_ears(chosen, model, own) if chosen.answer_by == "voice" else None
    ears: list[Ears] = [keyboard, microphone] if microphone is not None else [keyboard]
    courier = parts.courier(chosen, model)
    screen = Terminal(keys=labels(chosen.help_key) if keyboard.terminal else {})
    others = parts.voices(chosen, mouth) if mouth is not None else None

    def session(manner: Manner, ears: Sequence[Ears], mouth: Mouth | None) -> Session:
        shelf, notes, copies = parts_kept.shelf(chosen)  # its key is forgotten with the talk
        return talking.session(
            manner,
            ears=ears,
            screen=screen,
            clock=parts.RealClock(),
            mouth=mouth,
            notes=notes,
            shelf=shelf,
            copies=copies,
            paper=lambda texts: PlanPrinter(Paper(chosen, talking.content, known)).print(texts),
            set_up=chosen.first_run and not chosen.country,
            remember=parts.remember_in(chosen, microphone, courier),
            courier=courier,
            voices=others,
        )

    if not standby:
        session(manner, ears, mouth).run()
        return
    try:
        while True:  # everybody begins anew
            chosen = settings.load({**flags, "network": False if no_network else None})  # a talk may have set some
            manner = parts.manner(chosen, known)
            waiting = talking.standby(manner, keys=[keyboard], hearing=microphone, screen=screen, mouth=mouth)
            if (came := waiting.wait()) is None:
                return
            first = came if isinstance(came, Danger) else None
            session(manner, [Lent(each) for each in ears], LentMouth(mouth) if mouth else None).run(first=first)
    finally:
        for part in (*ears, mouth):
            if part is not None:
                part.shut()


@main.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--audio", type=click.Path(path_type=Path), help="Write both sides of the talk as one wav.")
@click.option("--first-run", is_flag=True, help="Begin with the questions of the first run.")
@click.option("--keep/--no-keep", default=True, help="Whether a yes to keeping notes writes them.")
@_MODEL
@COUNTRY
@REGION
def rehearse(
    script: Path, as_json: bool, audio: Path | None, first_run: bool, keep: bool, model: str | None, **flags: Any
) -> None:
    """Play a whole session against a script.

    It has a clock of its own, so that minutes take seconds. One answer a line; "-" is silence, "#" a comment,
    "@file.wav" a recording, "key:3" a key, "~3" sighs for 3 seconds, "+stop" is said while it speaks.
    """
    from voice import rehearse as rehearsing
    from voice.screen import JsonScreen, Terminal
    from voice.speech.ears import hear_file
    from voice.speech.mouth import Mouth

    chosen = settings.load(flags)
    known = known_lines(chosen.lines_file)
    manner = parts.manner(chosen, known)
    answers = rehearsing.read_script(script)
    recorded = any(answer.lstrip("+").startswith("@") for answer in answers)
    recogniser = parts.require_model(chosen, model) if recorded else None
    clock = rehearsing.VirtualClock()
    track = rehearsing.Track() if audio else None
    voice = Mouth(None, None, chosen.voice or None, make_renderer=renderer_of(chosen)) if audio else None
    person = Mouth(None, None, "en-us") if audio else None
    hear = None
    if recogniser is not None:
        loaded = recogniser

        def hear(path: Path, listen: Listen, phrases: Any) -> Any:
            return hear_file(path, loaded, listen, phrases)

    ears = rehearsing.ScriptEars(answers, clock, folder=script.parent, hear=hear, voice=person, track=track)
    shelf, notes, copies = parts_kept.shelf(chosen) if keep else (None, None, None)
    session = parts.Talking(known=known).session(
        manner,
        ears=[ears],
        screen=JsonScreen(sys.stdout, clock.now) if as_json else Terminal(),
        clock=clock,
        mouth=rehearsing.RehearsalMouth(clock, voice, track),
        notes=notes,
        shelf=shelf,
        copies=copies,
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
    """Print what is understood in recordings.

    One JSON object for each file (wav, flac, ogg or opus): file, text, meaning, confidence, seconds of sound, and took,
    the seconds of work after its end. The meaning is null where nothing was understood.
    """
    from voice.speech.ears import hear_file

    chosen = settings.load({})
    talking = parts.Talking()
    hearing = Hearing(talking.understanding, talking.safety)
    listen = listening_for(talking.content, expects)
    phrases = talking.understanding.phrases(listen)
    recogniser = parts.load_model(chosen, model)
    failed = False
    for path in files:
        found: dict[str, Any] = {"file": str(path), "text": "", "meaning": None}
        try:
            heard = hear_file(path, recogniser, listen, phrases)
        except ScriptError as error:
            nothing = {"confidence": 0.0, "seconds": 0.0, "took": 0.0}
            click.echo(json.dumps({**found, **nothing, "error": error.message, "remedy": error.remedy}))
            failed = True
            continue
        found["text"] = heard.free[0] if listen.kind is Kind.FREE and heard.free else heard.text
        found["meaning"] = plain_meaning(hearing.meaning(heard, listen), listen)
        found["confidence"] = round(heard.confidence, 3)
        found["seconds"] = round(heard.seconds, 3)
        found["took"] = round(heard.took, 4)
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
        case Danger(card=card):
            return card
        case Remark(id=id_):
            return id_
    return None


@main.command()
@click.argument("walkthrough", default="family")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    default="mermaid",
    show_default=True,
    help="Text for Mermaid, or a picture.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file.")
def diagram(walkthrough: str, form: str, out: Path | None) -> None:
    """Draw a walkthrough. The drawing is made from the machine that walks it."""
    from voice.content import load
    from voice.dialogue.diagram import mermaid, svg

    walks = load().walkthroughs
    if walkthrough not in walks:
        raise ScriptError("no-such-walk", f"There is no walkthrough '{walkthrough}'.", f"Known: {', '.join(walks)}.")
    drawing = (mermaid if form == "mermaid" else svg)(walks[walkthrough])
    if out is None:
        click.echo(drawing)
        return
    try:
        out.write_text(drawing, "utf-8")
    except OSError as error:
        raise ScriptError("diagram", f"The drawing {out} cannot be written.", "Choose another place for it.") from error
