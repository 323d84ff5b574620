"""A real print service (CUPS), with a printer that writes to a file."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.papers import LINES, PLAN, WORDS
from voice.errors import PaperError
from voice.paper.pdf import pdf
from voice.paper.printer import send

SERVICE = """
Listen {folder}/socket
WebInterface No
Browsing Off
DefaultAuthType None
PreserveJobFiles No
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
<Limit All>
Order deny,allow
</Limit>
</Policy>
"""
FILES = """
ServerBin {folder}/programs
User {user}
Group {group}
SystemGroup {system}
ServerRoot {folder}/root
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/cache
AccessLog {folder}/log
ErrorLog {folder}/errors
PageLog {folder}/pages
"""
PRINTER = """#!/bin/sh
[ $# -gt 0 ] || exit 0
cat "$6" >"${DEVICE_URI#paper:}.part" && mv "${DEVICE_URI#paper:}.part" "${DEVICE_URI#paper:}"
"""
WITHIN = 30.0


class Printery:
    """A service of our own; `printed` is what its printer put out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = folder / "out" / "printed"
        self._environment = {**os.environ, "CUPS_SERVER": str(folder / "socket")}
        root = os.geteuid() == 0  # then it works as the user lp, as it does on every desktop
        user, group = ("lp", "lp") if root else (getpass.getuser(), grp.getgrgid(os.getegid()).gr_name)
        for name in ("root", "spool", "cache", "state", "out", "programs/backend"):
            (folder / name).mkdir(parents=True)
        own = next(each for each in map(Path, ("/usr/lib/cups", "/usr/libexec/cups")) if each.is_dir())
        (folder / "programs" / "daemon").symlink_to(own / "daemon")
        backend = folder / "programs" / "backend" / "paper"
        backend.write_text(PRINTER)
        backend.chmod(0o755)
        (folder / "out").chmod(0o777)
        for above in (folder, *folder.parents):  # so that it may come there
            if root and above.is_relative_to("/tmp") and above != Path("/tmp"):
                above.chmod(above.stat().st_mode | 0o011)
        (folder / "service").write_text(SERVICE.format(folder=folder))
        system = grp.getgrgid(0).gr_name
        (folder / "files").write_text(FILES.format(folder=folder, user=user, group=group, system=system))
        command = [_program("cupsd"), "-f", "-c", str(folder / "service"), "-s", str(folder / "files")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._until(lambda: (folder / "socket").exists())

    def ask(self, *command: str) -> str:
        """Runs one of the service's own programs."""
        done = subprocess.run(
            [_program(command[0]), *command[1:]], env=self._environment, capture_output=True, text=True, timeout=WITHIN
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def with_printer(self) -> None:
        self.ask("lpadmin", "-p", "page", "-E", "-v", f"paper:{self.printed}", "-m", "raw")
        self.ask("lpadmin", "-d", "page")

    def output(self) -> bytes:
        """What was printed, when it was."""
        self._until(lambda: not self.ask("lpstat", "-W", "not-completed", "-o") and self.printed.exists())
        return self.printed.read_bytes()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(WITHIN)

    def _until(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + WITHIN
        while not true():
            assert time.monotonic() < until, (self.folder / "errors").read_text(errors="replace")[-2000:]
            time.sleep(0.05)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""


@pytest.fixture
def printery(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Printery]:
    for program in ("cupsd", "lp", "lpadmin", "lpstat"):
        if not _program(program):
            pytest.skip(f"{program} is not installed here: scripts/setup --tests brings it")
    made = Printery(tmp_path_factory.mktemp("cups"))
    monkeypatch.setenv("CUPS_SERVER", str(made.folder / "socket"))
    try:
        yield made
    finally:
        made.stop()


def code(content: bytes) -> str:
    with pytest.raises(PaperError) as caught:
        send(content, "Page")
    return caught.value.code


def test_the_page_comes_out_as_it_was_made(printery: Printery) -> None:
    printery.with_printer()
    made = pdf(PLAN, WORDS)
    send(made, "Page")
    assert printery.output() == made
    left = [path for path in (printery.folder / "spool").rglob("*") if path.is_file()]
    assert [path for path in left if LINES[0].encode() in path.read_bytes() or b"%PDF" in path.read_bytes()] == []


def test_no_printer_and_no_service_are_told_apart(printery: Printery) -> None:
    assert code(b"%PDF-1.7") == "paper-no-printer"
    printery.stop()
    assert code(b"%PDF-1.7") == "paper-no-spooler"
