"""scripts/kiosk-install: what it puts into a system, that twice is as once, and that nothing of it is left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from voice.check_machine import SCREEN_SOCKET, Machine
from voice.kiosk import group
from voice.kiosk.group import Group

ROOT = Path(__file__).parents[1]
TREE = ROOT / "scripts/kiosk"
SCRIPT = ROOT / "scripts/kiosk-install"
UNITS = "etc/systemd/system"
OWN = "etc/afterwards/group.toml"
COUNTS = f"{UNITS}/afterwards-kiosk.service.d/counts.conf"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts are written for bash")


def install(*words: str, program: str = "/opt/afterwards") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), "--program", program, *words], capture_output=True, text=True, timeout=60, check=False
    )


def there(root: Path) -> dict[str, str]:
    """Path -> text, or where a link points."""
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text("utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def unit(root: Path, name: str) -> dict[str, list[str]]:
    """Directive -> its values, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in (root / UNITS / f"{name}.service").read_text("utf-8").splitlines():
        if not line or line.startswith(("#", "[")):
            continue
        key, equals, value = line.partition("=")
        assert equals, line
        found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "image"
    done = install("--root", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_every_file_is_put_in_place_and_nothing_else(root: Path) -> None:
    files = {str(path.relative_to(TREE)) for path in (TREE / "etc").rglob("*") if path.is_file()} - {COUNTS}
    links = {f"{UNITS}/multi-user.target.wants/afterwards-{name}.service" for name in ("kiosk", "screen")}
    found = there(root)
    assert found.keys() == files | links
    assert {found[link] for link in links} == {f"/{UNITS}/afterwards-{name}.service" for name in ("kiosk", "screen")}
    assert [path for path, text in found.items() if re.search("@[A-Z]+@", text)] == []
    for path in files:
        assert (root / path).stat().st_mode & 0o777 == 0o644


def test_twice_is_as_once(root: Path) -> None:
    before = there(root)
    done = install("--root", str(root))
    assert there(root) == before
    assert "wrote" not in done.stdout + done.stderr
    assert "linked" not in done.stdout


def test_a_changed_unit_is_put_right_and_a_groups_file_is_left(root: Path) -> None:
    before = there(root)
    kiosk = root / UNITS / "afterwards-kiosk.service"
    kiosk.write_text("[Service]\n")
    (root / OWN).write_text('country = "UK"\n')
    install("--root", str(root))
    assert there(root) == {**before, OWN: 'country = "UK"\n'}


def test_remove_leaves_nothing(root: Path) -> None:
    install("--root", str(root), "--counts")
    state = root / "var/lib/afterwards-kiosk"
    state.mkdir(parents=True)
    (state / "counts.json").touch()
    done = install("--root", str(root), "--remove")
    assert done.returncode == 0, done.stderr
    assert list(root.iterdir()) == []
    assert install("--root", str(root), "--remove").stdout == ""


def test_remove_leaves_what_is_the_groups_and_what_is_others(root: Path) -> None:
    (root / OWN).write_text('country = "UK"\n')
    other = root / "etc/systemd/logind.conf.d/other.conf"
    other.write_text("[Login]\n")
    done = install("--root", str(root), "--remove")
    assert there(root) == {OWN: 'country = "UK"\n', "etc/systemd/logind.conf.d/other.conf": "[Login]\n"}
    assert f"left {root / OWN}" in done.stdout


def test_a_dry_run_prints_everything_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    done = install("--root", str(folder), "--dry-run", "--counts")
    assert done.returncode == 0, done.stderr
    assert not folder.exists()
    for path in (TREE / "etc").rglob("*"):
        if path.is_file():
            assert f"== write {folder}/{path.relative_to(TREE)}" in done.stdout
    assert "NoNewPrivileges=yes" in done.stdout
    for command in ("systemd-sysusers", "systemctl daemon-reload"):
        assert f"== run {command}" in done.stdout


def test_a_dry_run_needs_no_root_and_says_what_remove_would_do(root: Path) -> None:
    before = there(root)
    done = install("--root", str(root), "--dry-run", "--remove")
    assert there(root) == before
    assert f"== remove {root}/{UNITS}/afterwards-kiosk.service" in done.stdout
    assert "== run userdel afterwards-kiosk" in done.stdout


def test_counts_can_be_written_only_where_that_was_asked_for(root: Path) -> None:
    assert COUNTS not in there(root)
    install("--root", str(root), "--counts")
    assert "StateDirectory=afterwards-kiosk\n" in there(root)[COUNTS]
    install("--root", str(root))
    assert COUNTS not in there(root)


@pytest.mark.parametrize("program", ["/home/me/afterwards", "/root/afterwards", "/opt/two words", "relative"])
def test_a_folder_that_the_kiosk_cannot_use_is_refused(program: str, tmp_path: Path) -> None:
    done = install("--root", str(tmp_path / "none"), program=program)
    assert done.returncode == 1
    assert "/opt/afterwards" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_python_in_a_home_is_refused(tmp_path: Path) -> None:
    here = tmp_path / "opt"
    shutil.copytree(ROOT / "scripts", here / "scripts", ignore=shutil.ignore_patterns("train", "danger"))
    python = here / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/home/nobody/.pyenv/bin/python3")
    words = [str(here / "scripts/kiosk-install"), "--root", str(tmp_path / "image")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "PYTHON=/usr/bin/python3" in done.stderr
    assert not (tmp_path / "image").exists()
    python.unlink()
    python.symlink_to("/usr/bin/python3")
    assert subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0


def test_an_unknown_word_shows_how_to_use_it() -> None:
    done = install("--what")
    assert done.returncode == 2
    assert "--dry-run" in done.stdout


# ---- what the system is told


def test_the_program_is_watched_and_comes_back(root: Path) -> None:
    found = unit(root, "afterwards-kiosk")
    assert (found["Type"], found["Restart"], found["StartLimitIntervalSec"]) == (["notify"], ["always"], ["0"])
    assert int(found["WatchdogSec"][0]) > 0
    assert found["ExecStart"] == [f"/opt/afterwards/.venv/bin/python -P -m voice kiosk --group {group.DEFAULT_FILE}"]
    assert "Requires" not in found  # where the screen dies, the voice goes on


@pytest.mark.parametrize("name", ["afterwards-kiosk", "afterwards-screen"])
def test_nothing_is_written_to_the_disk_and_nothing_gained(name: str, root: Path) -> None:
    found = unit(root, name)
    assert found["User"] == ["afterwards-kiosk"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["ProtectHome"] == ["yes"]
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["MemorySwapMax"] == found["LimitCORE"] == ["0"]
    in_memory = [place.partition(":")[0] for place in found["TemporaryFileSystem"][0].split()]
    assert in_memory == ["/tmp", "/var/tmp", "/dev/shm"]
    assert found["IPAddressDeny"] == ["any"]
    assert found.get("IPAddressAllow", ["localhost"]) == ["localhost"]
    assert found["RuntimeDirectoryMode"] == ["0700"]
    assert not {"ReadWritePaths", "StateDirectory", "CacheDirectory", "LogsDirectory", "BindPaths"} & found.keys()


def test_of_all_devices_only_sound_and_screen(root: Path) -> None:
    found = unit(root, "afterwards-kiosk")
    assert found["DevicePolicy"] == ["closed"]
    assert found["DeviceAllow"] == ["char-alsa rw", "char-drm rw"]
    assert found["CapabilityBoundingSet"] == [""]


def test_both_units_mean_the_same_screen_and_the_check_looks_there(root: Path) -> None:
    kiosk, screen = unit(root, "afterwards-kiosk"), unit(root, "afterwards-screen")
    environ = dict(pair.split("=") for line in kiosk["Environment"] for pair in line.split())
    folder = f"/run/{screen['RuntimeDirectory'][0]}"
    assert environ["XDG_RUNTIME_DIR"] == folder
    assert f"XDG_RUNTIME_DIR={folder} " in screen["ExecStart"][0]
    assert f"{folder}/{environ['WAYLAND_DISPLAY']}" == f"/{SCREEN_SOCKET}"
    assert environ["HOME"] == f"/run/{kiosk['RuntimeDirectory'][0]}"
    assert environ["AFTERWARDS_HOME"].startswith(environ["HOME"])
    assert (root / "etc/pam.d" / screen["PAMName"][0]).is_file()


def test_it_never_sleeps_and_the_check_sees_that(root: Path) -> None:
    (root / "run/systemd/system").mkdir(parents=True)
    found = {line.part: line.state.value for line in Machine(root, {}).lines()}
    assert found["sleep"] == "fine"


def test_nobody_can_log_in_as_its_user(root: Path) -> None:
    text = (root / "etc/sysusers.d/afterwards-kiosk.conf").read_text("utf-8")
    assert re.search(r"^u afterwards-kiosk - .* /run/afterwards-kiosk /usr/sbin/nologin$", text, re.M)


def systemd(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not here")
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_takes_its_user(root: Path) -> None:
    done = systemd("systemd-sysusers", f"--root={root}")
    assert done.returncode == 0, done.stderr
    (line,) = [ln for ln in (root / "etc/passwd").read_text().splitlines() if ln.startswith("afterwards-kiosk:")]
    assert line.endswith(":/run/afterwards-kiosk:/usr/sbin/nologin")


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = tmp_path / "program"
    python = program / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/sh")  # systemd looks whether it is there
    folder = tmp_path / "image"
    install("--root", str(folder), "--counts", program=str(program))
    for name in ("afterwards-kiosk", "afterwards-screen"):
        done = systemd("systemd-analyze", "verify", "--man=no", str(folder / UNITS / f"{name}.service"))
        # Units of this computer that ours name may have faults of their own.
        assert [line for line in (done.stdout + done.stderr).splitlines() if "afterwards" in line] == []


def test_a_wrong_unit_would_be_noticed(root: Path) -> None:
    file = root / UNITS / "afterwards-screen.service"
    file.write_text(file.read_text().replace("UMask=0077", "UMasc=0077").replace("strict", "tight"))
    done = systemd("systemd-analyze", "verify", "--man=no", str(file))
    assert "UMasc" in done.stderr
    assert "tight" in done.stderr


@pytest.mark.parametrize(("name", "most"), [("afterwards-kiosk", 3.0), ("afterwards-screen", 7.0)])
def test_systemd_finds_them_closed(name: str, most: float, root: Path) -> None:
    done = systemd("systemd-analyze", "security", "--offline=true", "--no-pager", str(root / UNITS / f"{name}.service"))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd can't do that without running")
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= most


# ---- the group's file as it comes


def loaded(text: str, folder: Path) -> Group:
    file = folder / "group.toml"
    file.write_text(text, "utf-8")
    return group.load(file)


def test_the_groups_file_sets_nothing_at_first_and_every_line_of_it_can_be_used(tmp_path: Path) -> None:
    text = (TREE / OWN).read_text("utf-8")
    found = loaded(text, tmp_path)
    assert found == Group(found.file, counts_file=found.counts_file)
    whole = "\n".join(re.sub(r"^# (?=\w+ = |\[)", "", line) for line in text.splitlines())
    found = loaded(whole, tmp_path)
    named = {key for key in group._READ if re.search(rf"^\[*{key}\b", whole, re.M)}
    assert named == group._READ.keys() - {"model"}
    assert found.lines[0]["sure"] == "sure"
    assert found.hours is not None


# ---- packages


@pytest.mark.parametrize(
    ("manager", "here", "wanted"),
    [
        ("apt-get", [], "cage xwayland"),
        ("dnf", [], "cage xorg-x11-server-Xwayland"),
        ("pacman", ["cage"], "xorg-xwayland"),
        ("zypper", ["Xwayland"], "cage"),
        ("apk", ["cage", "Xwayland"], ""),
    ],
)
def test_what_a_screen_needs(manager: str, here: list[str], wanted: str, tmp_path: Path) -> None:
    for name in (manager, *here):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "uname").write_text("#!/bin/sh\necho Linux\n")
    (tmp_path / "uname").chmod(0o755)
    bash: Callable[[str], str] = lambda name: shutil.which(name) or name  # noqa: E731
    for name in ("bash", "sh"):
        (tmp_path / name).symlink_to(bash(name))
    words = f"source {ROOT}/scripts/system-packages; missing_screen"
    done = subprocess.run(
        [bash("bash"), "-c", words], capture_output=True, text=True, timeout=60, env={"PATH": str(tmp_path)}
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, wanted, "")


def test_without_root_it_says_so_and_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(
        [str(SCRIPT), "--program", "/home/nobody"],  # which it would refuse next
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.returncode == 1
    assert "sudo scripts/kiosk-install" in done.stderr
