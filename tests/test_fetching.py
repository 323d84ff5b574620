"""Getting a model from a real HTTP server on this machine: ranges, cuts, wrong and wicked archives."""

from __future__ import annotations

import io
import shutil
import stat
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.model_folder import build
from tests.shop import Shop, opened, packed
from voice import fetching
from voice.errors import ModelError
from voice.fetching import fetch, offers
from voice.models import check, project_dirs, try_in_child


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(packed(build(tmp_path / "source" / "m"))) as shop:
        yield shop


def get(
    shop: Shop,
    into: Path,
    progress: Callable[[int, int], None] = lambda have, all: None,
    trial: Callable[[Path], None] = check,
    **change: object,
) -> Path:
    """Fetches without a trial in a child process: no recogniser could load the tiny model of these tests."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return fetch("m", into, progress, {"m": shop.offer(**change)}, direct, trial)


def code(action: Callable[[], object], into: Path, clean: bool = True) -> str:
    with pytest.raises(ModelError) as caught:
        action()
    assert caught.value.remedy.endswith(".")
    left = [path.name for path in into.iterdir()] if into.exists() else []
    assert left in ([], [".m.zip.part"]), "nothing half installed"
    assert left == [] or not clean
    return caught.value.code


def test_a_model_is_fetched_checked_and_in_place(shop: Shop, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = get(shop, tmp_path / "models", lambda have, all: told.append((have, all)))
    assert path == tmp_path / "models" / "m"
    check(path)
    assert told[-1] == (len(shop.content), len(shop.content))
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["m"]
    get(shop, tmp_path / "models")
    assert shop.asked == [""], "the second time nothing is asked for"


def test_a_broken_one_in_its_place_is_replaced(shop: Shop, tmp_path: Path) -> None:
    get(shop, tmp_path / "models")
    (tmp_path / "models" / "m" / "am" / "final.mdl").unlink()
    check(get(shop, tmp_path / "models"))


def test_an_archive_without_a_top_folder(shop: Shop, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in (tmp_path / "source" / "m").rglob("*"):
            archive.write(file, file.relative_to(tmp_path / "source" / "m"))
    shop.content = out.getvalue()
    check(get(shop, tmp_path / "models"))


def test_a_cut_is_gone_on_with_at_once(shop: Shop, tmp_path: Path) -> None:
    shop.cut_after = [700, 500]
    check(get(shop, tmp_path / "models"))
    assert shop.asked == ["", "bytes=700-", "bytes=1200-"]


def test_a_cut_is_gone_on_with_at_the_next_call(shop: Shop, tmp_path: Path) -> None:
    shop.cut_after = [100, 100, 100]
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models", clean=False) == "fetch-cut"
    check(get(shop, tmp_path / "models"))
    assert shop.asked[-1] == "bytes=300-"


def test_a_server_without_ranges_starts_again(shop: Shop, tmp_path: Path) -> None:
    shop.ranges, shop.cut_after = False, [700]
    check(get(shop, tmp_path / "models"))


@pytest.mark.parametrize("size", [50, 10**5])
def test_a_wrong_part_from_before_is_thrown_away_and_it_begins_anew(shop: Shop, tmp_path: Path, size: int) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".m.zip.part").write_bytes(b"x" * size)
    check(get(shop, tmp_path / "models"))
    assert shop.asked[-1] == ""


def test_other_bytes_than_pinned(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    assert code(lambda: get(shop, into, sha256="0" * 64), into) == "fetch-wrong"
    assert code(lambda: get(shop, into, bytes=200), into) == "fetch-wrong"


def test_errors_of_the_server_and_no_server(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    shop.status = 404
    assert code(lambda: get(shop, into), into) == "fetch-refused"
    assert code(lambda: get(shop, into, urls=("http://127.0.0.1:9/m.zip",)), into) == "fetch-no-network"


def test_a_second_address_helps(shop: Shop, tmp_path: Path) -> None:
    check(get(shop, tmp_path / "models", urls=("http://127.0.0.1:9/m.zip", shop.url)))


def test_a_mirror_that_has_something_else_is_passed_over(shop: Shop, tmp_path: Path) -> None:
    with opened(bytes(len(shop.content))) as other:
        check(get(shop, tmp_path / "models", urls=(other.url, shop.url)))
        assert other.asked == [""], "it is not asked again"


def test_a_network_that_wants_a_sign_in_does_not_spoil_what_is_here(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    shop.cut_after = [100, 100, 100]
    assert code(lambda: get(shop, into), into, clean=False) == "fetch-cut"
    with opened(shop.content) as other:
        other.portal = b"<html>Please sign in</html>"
        check(get(shop, into, urls=(other.url, shop.url)))
    assert shop.asked[-1] in ("bytes=300-", "")
    shop.portal = b"<html>Please sign in</html>"
    assert code(lambda: get(shop, tmp_path / "second"), tmp_path / "second") == "fetch-wrong"


def test_a_mirror_that_the_person_names_is_asked_first(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        f'[[model]]\nname = "m"\nurls = ["http://127.0.0.1:9/of/m-1.zip"]\nbytes = {len(shop.content)}\n'
        f'sha256 = "{shop.offer().sha256}"\nlicence = "x"\n',
        encoding="utf-8",
    )
    known = offers([tmp_path], shop.url.removesuffix("m.zip") + "ours/")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    check(fetch("m", tmp_path / "models", lambda have, all: None, known, direct, check))
    assert shop.paths == ["/ours/m-1.zip"]
    assert known["m"].urls[1:] == offers([tmp_path])["m"].urls


def test_a_server_that_falls_silent(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_TIMEOUT", 0.2)
    shop.stall_after = 50
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models", clean=False) == "fetch-cut"


def test_a_proxy_of_the_environment_is_used(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", shop.url.removesuffix("/m.zip"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    known = {"m": shop.offer(urls=("http://models.invalid/m.zip",))}
    check(fetch("m", tmp_path / "models", lambda have, all: None, known, trial=check))


def test_space_is_looked_at_first(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    assert code(lambda: get(shop, into, bytes=10**17), into) == "fetch-disk-full"
    assert shop.asked == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_disk_that_fills_up_on_the_way(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".m.zip.part").symlink_to("/dev/full")
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models", clean=False) == "fetch-disk-full"


def test_a_disk_that_has_no_room_for_what_is_in_the_zip(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, asked = tmp_path / "models", iter([10**12, 0])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=next(asked)))
    assert code(lambda: get(shop, into), into, clean=False) == "fetch-disk-full"
    monkeypatch.undo()
    check(get(shop, into))
    assert len(shop.asked) == 1, "what was whole is not fetched again"


def test_what_was_left_by_a_program_that_was_ended_is_no_hindrance(shop: Shop, tmp_path: Path) -> None:
    for name in (".m.unpacked", ".m.old"):
        build(tmp_path / "models" / name)
    check(get(shop, tmp_path / "models"))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]


def test_it_is_tried_before_it_takes_its_place(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    seen: list[tuple[str, bool]] = []

    def trial(path: Path) -> None:
        check(path)
        seen.append((path.parent.name, (into / "m").exists()))

    get(shop, into, trial=trial)
    assert seen == [(".m.unpacked", False)]


def test_one_that_stops_the_recogniser_is_not_installed(shop: Shop, tmp_path: Path) -> None:
    """Real native code, in a process of its own, that does not survive it."""
    pytest.importorskip("vosk")
    into = tmp_path / "models"
    assert code(lambda: get(shop, into, trial=try_in_child), into) == "fetch-not-a-model"


def test_one_that_cannot_be_tried_now_need_not_be_fetched_again(shop: Shop, tmp_path: Path) -> None:
    def trial(path: Path) -> None:
        raise ModelError("no-recogniser", "The speech recogniser is not installed here.", "Run “scripts/setup”.")

    into = tmp_path / "models"
    assert code(lambda: get(shop, into, trial=trial), into, clean=False) == "no-recogniser"
    check(get(shop, into))
    assert len(shop.asked) == 1


def test_a_place_that_cannot_be_written(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        get(shop, tmp_path / "file" / "models")
    assert caught.value.code == "fetch-not-written"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_that_holds_more_than_it_says(shop: Shop, tmp_path: Path) -> None:
    honest = zipped({"m/final": b"x" * 999})
    at = honest.rindex(b"PK\x01\x02")
    shop.content = honest[: at + 24] + (9).to_bytes(4, "little") + honest[at + 28 :]
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models") == "fetch-not-a-model"


def test_not_a_zip_and_not_a_model(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    shop.content = b"<html>sorry</html>"
    assert code(lambda: get(shop, into), into) == "fetch-not-a-model"
    shop.content = zipped({"m": b"a file where the folder should be"})
    assert code(lambda: get(shop, into), into) == "fetch-not-a-model"
    (tmp_path / "source" / "m" / "graph" / "Gr.fst").unlink()
    shop.content = packed(tmp_path / "source" / "m")
    assert code(lambda: get(shop, into), into) == "fetch-not-a-model"


@pytest.mark.parametrize("name", ["../out", "m/../../out", "/tmp/out", "C:/out", "m\\..\\out"])
def test_an_archive_that_climbs_out(shop: Shop, tmp_path: Path, name: str) -> None:
    out = io.BytesIO(shop.content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "gotcha")
    shop.content = out.getvalue()
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models") == "fetch-unsafe"
    assert not list(tmp_path.rglob("*out*"))


def test_an_archive_with_a_link(shop: Shop, tmp_path: Path) -> None:
    out = io.BytesIO(shop.content)
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("m/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
    shop.content = out.getvalue()
    assert code(lambda: get(shop, tmp_path / "models"), tmp_path / "models") == "fetch-unsafe"


def test_an_unknown_name(shop: Shop, tmp_path: Path) -> None:
    for name in ("other", "../m"):
        with pytest.raises(ModelError) as caught:
            fetch(name, tmp_path, lambda have, all: None, {"m": shop.offer(), "../m": shop.offer()})
        assert caught.value.code == "fetch-unknown"


def test_the_projects_own_list_is_in_order() -> None:
    known = offers(project_dirs())
    assert "vosk-model-small-en-us-0.15" in known
    for offer in known.values():
        assert len(bytes.fromhex(offer.sha256)) == 32
        assert offer.bytes > 1_000_000
        assert offer.licence
        assert all(url.startswith("https://") for url in offer.urls)


def test_a_list_that_is_not_in_order(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('[[model]]\nname = "x"\n', encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        offers([tmp_path])
    assert caught.value.code == "offers-broken"
    assert offers([tmp_path / "none"]) == {}
