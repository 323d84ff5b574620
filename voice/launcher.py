"""An icon with a picture in the menu and on the desktop, and a start at log-in: the files for that, put and taken back.

On Linux these are the desktop files that all desktops know. Those for macOS and Windows are written from what their
makers say, and were never tried.
"""

from __future__ import annotations

import plistlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.errors import LauncherError

NAME, ABOUT = "Afterwards", "A calm voice"
"""Nothing about why: others may see the desktop."""
MARK = "Afterwards-Launcher"
"""Stands in each file, so that nobody else's is written over or deleted."""
PICTURE = Path(__file__).parent / "content" / "icon.svg"
_RESERVED = re.compile(r"""[\s"'\\><~|&;$*?#()`]""")


@dataclass(frozen=True)
class File:
    """One file of the launcher."""

    path: Path
    text: str
    runs: bool = False
    """It can be started."""


@dataclass(frozen=True)
class Launcher:
    """Where everything goes, for one person on one computer."""

    system: str
    """As `sys.platform` has it: linux, darwin, win32."""
    home: Path
    environ: Mapping[str, str]
    python: str
    """The Python that has the program."""

    def files(self, *, at_login: bool) -> tuple[File, ...]:
        """What is put into the menu and on the desktop; with `at_login` what starts it there, waiting for a word.

        Raises LauncherError where the program lies in a folder that no such file can name.
        """
        if any(not c.isprintable() for c in self.python):
            raise LauncherError(
                "launcher-path", f"The folder of {self.python!r} has odd letters.", "Rename the folder."
            )
        talk, wait = (self.python, "-P", "-m", "voice"), (self.python, "-P", "-m", "voice", "talk", "--standby")
        if self.system == "darwin":
            return self._on_macos(talk, wait if at_login else ())
        if self.system == "win32":
            return self._on_windows(talk, wait if at_login else ())
        return self._on_linux(talk, wait if at_login else ())

    def install(self, *, at_login: bool) -> list[Path]:
        """Writes them, and gives where. Raises LauncherError; where one is somebody else's, before it writes."""
        files = self.files(at_login=at_login)
        for file in files:
            if _is_there(file.path) and not _is_ours(file.path):
                raise LauncherError(
                    "launcher-other", f"There is another file at {file.path}.", "Move it away, and try again."
                )
        for file in files:
            try:
                file.path.parent.mkdir(parents=True, exist_ok=True)
                file.path.write_text(file.text, "utf-8", newline="")
                if file.runs:
                    file.path.chmod(0o755)
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                raise LauncherError(
                    "launcher-not-written",
                    f"The icon can't be put at {file.path}: {why}.",
                    "Check that you may write there.",
                ) from error
        return [file.path for file in files]

    def remove(self) -> list[Path]:
        """Takes all of them away, and gives which. Raises LauncherError."""
        gone = []
        for file in self.files(at_login=True):
            if not _is_there(file.path) or not _is_ours(file.path):
                continue
            try:
                file.path.unlink()
            except OSError as error:
                raise LauncherError(
                    "launcher-not-removed", f"{file.path} can't be deleted.", "Delete it by hand."
                ) from error
            gone.append(file.path)
        return gone

    # ---- Linux, by the rules of freedesktop.org

    def _on_linux(self, talk: Sequence[str], wait: Sequence[str]) -> tuple[File, ...]:
        data = self._folder("XDG_DATA_HOME", self.home / ".local/share")
        picture = data / "icons/hicolor/scalable/apps/afterwards.svg"
        entry = desktop_entry(talk, picture)
        files = [
            File(picture, f"<!-- {MARK} -->\n{PICTURE.read_text('utf-8')}"),
            File(data / "applications/afterwards.desktop", entry),
        ]
        if (desktop := self._desktop()) is not None:
            files.append(File(desktop / "afterwards.desktop", entry, runs=True))
        if wait:
            config = self._folder("XDG_CONFIG_HOME", self.home / ".config")
            files.append(File(config / "autostart/afterwards.desktop", desktop_entry(wait, picture)))
        return tuple(files)

    def _folder(self, variable: str, usual: Path) -> Path:
        named = Path(self.environ.get(variable, ""))
        return named if named.is_absolute() else usual  # a relative one is to be ignored, say the rules

    def _desktop(self) -> Path | None:
        """The folder that is the desktop, whatever its name in this language; None where there is none."""
        named = self._folder("XDG_CONFIG_HOME", self.home / ".config") / "user-dirs.dirs"
        try:
            found = re.search(r'^XDG_DESKTOP_DIR="(.*)"\s*$', named.read_text("utf-8"), re.M)
        except (OSError, UnicodeDecodeError):
            found = None
        folder = Path(found[1].replace("$HOME", str(self.home), 1)) if found else self.home / "Desktop"
        return folder if folder.is_dir() and folder != self.home else None

    # ---- macOS and Windows: never tried

    def _on_macos(self, talk: Sequence[str], wait: Sequence[str]) -> tuple[File, ...]:
        def command(words: Sequence[str]) -> str:
            return f"#!/bin/sh\n# {MARK}\nexec {shlex.join(words)}\n"

        waiting = self.home / "Library/Application Support/Afterwards/Wait.command"
        files = [
            File(self.home / folder / f"{NAME}.command", command(talk), runs=True)
            for folder in ("Applications", "Desktop")
        ]
        if wait:
            agent = {"Label": MARK, "ProgramArguments": ["/usr/bin/open", str(waiting)], "RunAtLoad": True}
            files.append(File(waiting, command(wait), runs=True))
            plist = plistlib.dumps(agent).decode()
            files.append(File(self.home / "Library/LaunchAgents/org.afterwards.plist", plist))
        return tuple(files)

    def _on_windows(self, talk: Sequence[str], wait: Sequence[str]) -> tuple[File, ...]:
        def batch(words: Sequence[str]) -> str:
            program, *rest = (word.replace("%", "%%") for word in words)
            return f'@rem {MARK}\r\n@chcp 65001 >nul\r\n@title {NAME}\r\n@"{program}" {" ".join(rest)}\r\n'

        menu = self._folder("APPDATA", self.home / "AppData/Roaming") / "Microsoft/Windows/Start Menu/Programs"
        files = [File(folder / f"{NAME}.bat", batch(talk)) for folder in (menu, self.home / "Desktop")]
        return (*files, *([File(menu / "Startup" / f"{NAME}.bat", batch(wait))] if wait else []))


def desktop_entry(command: Sequence[str], picture: Path) -> str:
    """The text of a desktop file that starts a command in a terminal."""
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.0",
        f"Name={NAME}",
        f"Comment={ABOUT}",
        f"Exec={_string(_exec(command))}",
        f"Icon={_string(str(picture))}",
        "Terminal=true",
        "StartupNotify=false",
        "Categories=Utility;",
        f"X-{MARK}=true",
        "",
    )
    return "\n".join(lines)


def _exec(words: Iterable[str]) -> str:
    """A command line as the key Exec has it: what is reserved is quoted, and a % stands twice."""
    return " ".join(
        '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"' if not word or _RESERVED.search(word) else word
        for word in words
    ).replace("%", "%%")


def _string(text: str) -> str:
    """A value of a desktop file: a backslash stands twice."""
    return text.replace("\\", "\\\\")


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _is_ours(path: Path) -> bool:
    try:
        return MARK in path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
