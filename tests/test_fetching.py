"""Getting a model from a real HTTP server on this machine: ranges, cuts, wrong and wicked archives."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import stat
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.model_folder import build
from voice.errors import ModelError
from voice.fetching import Offer, fetch, offers
from voice.models import check, project_dirs


@dataclass
class Shop:
    """What the server has, and how it behaves."""

    content: bytes = b""
    url: str = ""
    cut_after: list[int] = field(default_factory=list)
    """For the next answers: close after so many bytes."""
    status: int = 0
    """Answer with this error, if not 0."""
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    """The Range header of each request."""

    def offer(self, **change: object) -> Offer:
        offer = Offer("m", (self.url,), len(self.content), hashlib.sha256(self.content).hexdigest(), "Apache-2.0")
        return replace(offer, **change)  # type: ignore[arg-type]


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, shop: Shop, *args: object) -> None:
        self.shop = shop
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        shop, wanted = self.shop, self.headers.get("Range", "")
        shop.asked.append(wanted)
        if shop.status:
            self.send_error(shop.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if shop.ranges else 0
        if start >= len(shop.content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(shop.content) - 1}/{len(shop.content)}")
        self.send_header("Content-Length", str(len(shop.content) - start))
        self.end_headers()
        body = shop.content[start:]
        self.wfile.write(body[: shop.cut_after.pop(0)] if shop.cut_after else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(packed(build(tmp_path / "source" / "m")))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, shop))
    shop.url = f"http://127.0.0.1:{server.server_port}/m.zip"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield shop
    server.shutdown()
    server.server_close()


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(folder.name) / file.relative_to(folder))
    return out.getvalue()


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


def test_a_place_that_cannot_be_written(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        get(shop, tmp_path / "file" / "models")
    assert caught.value.code == "fetch-not-written"


def test_not_a_zip_and_not_a_model(shop: Shop, tmp_path: Path) -> None:
    into = tmp_path / "models"
    shop.content = b"<html>sorry</html>"
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
