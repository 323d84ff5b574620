"""From recordings to a Vosk model: prepare, synthesise, train, export, graph, evaluate. See scripts/train/README.md."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import click

from scripts.train import steps
from scripts.train.steps import Recipe
from voice.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
CORES = min(4, os.cpu_count() or 1)
MODEL = ROOT / "models" / "afterwards-small-en"


@click.command()
@click.argument("only", nargs=-1, type=click.Choice(steps.NAMES))
@click.option("--recordings", type=click.Path(path_type=Path), help="A folder with manifest.tsv, and noise/ if any.")
@click.option(
    "--work", type=click.Path(path_type=Path), default=ROOT / "build" / "train", help="What is kept between runs."
)
@click.option("--into", type=click.Path(path_type=Path), default=MODEL, help="The model's folder.")
@click.option(
    "--from", "begun", type=click.Path(path_type=Path), help="A model of ours to train on, e.g. the shipped one."
)
@click.option("--wider", type=(int, int), help="Channels and waist: of a new network, or what that of --from grows to.")
@click.option("--deeper", type=click.IntRange(min=0), default=0, help="Layers that the network of --from gets more.")
@click.option("--hours", type=click.FloatRange(min=0.001), default=6.0, help="Of training, by the clock.")
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, help="Of the people recorded: what do more bring?")
@click.option("--synthetic", type=click.IntRange(min=1), default=16000, help="Clips of synthetic speech.")
@click.option("--natural", type=click.Path(path_type=Path), help="A folder with Kokoro's model and voices.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=min(4, os.cpu_count() or 1), help="Trainings at once, averaged."
)
@click.option("--threads", type=click.IntRange(min=1), default=1, help="Of each.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--smoke", is_flag=True, help="A toy in two minutes, from synthetic speech alone: proves the chain.")
def main(
    only: tuple[str, ...], recordings: Path | None, work: Path, into: Path, hours: float, synthetic: int,
    natural: Path | None, workers: int, threads: int, device: str, begun: Path | None, wider: tuple[int, int] | None,
    deeper: int, share: float, smoke: bool,
) -> None:  # fmt: skip
    """Make the model: all steps, or ONLY those named. Sound that is prepared is not prepared again (delete its files in
    --work to have it anew), and training goes on from its last checkpoint."""
    recipe = Recipe(
        work, into, recordings, hours, synthetic, natural, threads, workers, device, begun, wider, deeper, share
    )
    if wider and not begun:
        recipe = replace(recipe, shape={"wide": wider[0], "waist": wider[1]})
    if smoke:
        recipe = steps.smoke(recipe)
    try:
        for name in only or steps.NAMES:
            click.echo(f"== {name}")
            steps.STEPS[name](recipe)
    except (OSError, KeyError, RuntimeError, ValueError, ModelError, ImportError, subprocess.SubprocessError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
