"""`afterwards install-launcher`: an icon in the menu and on the desktop, and a start at log-in if it is asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from voice.launcher import Launcher


@click.command("install-launcher")
@click.option("--at-login", is_flag=True, help="Start at log-in too, waiting for “hello afterwards” or a key.")
@click.option("--remove", is_flag=True, help="Take it all away again.")
def install_launcher(at_login: bool, remove: bool) -> None:
    """Put an icon into the menu and on the desktop."""
    launcher = Launcher(sys.platform, Path.home(), os.environ, sys.executable)
    if remove:
        for path in (gone := launcher.remove()):
            click.echo(f"Removed {path}")
        if not gone:
            click.echo("There was nothing to remove.")
        return
    for path in launcher.install(at_login=at_login):
        click.echo(f"Put there: {path}")
    if sys.platform == "linux":
        click.echo("Where the desktop asks: right-click the icon, and choose “Allow Launching”.")
    else:
        click.echo("On this system it was never tried. Look whether it works.")
