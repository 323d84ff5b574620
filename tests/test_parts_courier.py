"""Looking for a bigger model and fetching it beside a talk, from a real server on this machine."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.model_folder import build
from tests.room import room, types
from tests.shop import Shop, opened, packed
from tests.test_bad_input import ROOT, surroundings
from tests.test_offering import HELLO
from voice import models, parts
from voice.cli import main
from voice.errors import ModelError
from voice.fetching import Offer, fetch, knock
from voice.models import check
from voice.parts_courier import Answers, ModelCourier
from voice.settings import Settings


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(packed(build(tmp_path / "source" / "m"))) as shop:
        yield shop


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(tmp_path / "home" / "bigger-ear", lambda: "2031-05-01")


def courier(shop: Shop, answers: Answers, into: Path) -> ModelCourier:
    """As `parts.courier` makes it, but for the trial in a child, which no tiny model passes."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def look() -> Offer:
        return shop.offer()

    def bring(offer: Offer) -> Path:
        return fetch(offer.name, into, lambda have, all: None, {offer.name: offer}, direct, check)

    return ModelCourier(look, bring, answers, unasked=answers.wanted)


def until(found: Callable[[], str]) -> str:
    """What it gives once it gives something."""
    late = time.monotonic() + 20
    while not (value := found()):
        assert time.monotonic() < late, "it never came"
        time.sleep(0.01)
    return value


def test_a_yes_in_a_real_talk_brings_the_model(shop: Shop, answers: Answers, tmp_path: Path) -> None:
    made = courier(shop, answers, tmp_path / "models")
    made.news()
    until(made.offer)
    talk = room(*HELLO, types("yes", step="bigger_ear"), courier=made)
    talk.session.run()
    assert "W2" in talk.paper.of("listen"), "the talk goes on meanwhile"
    news = "ear.here" if "ear.here.1" in talk.paper.of("say") else until(made.news)
    assert news == "ear.here"
    check(tmp_path / "models" / "m")
    assert not answers.may_ask
    assert not answers.wanted


def test_the_size_is_said_in_whole_megabytes(shop: Shop, answers: Answers, tmp_path: Path) -> None:
    shop.content = bytes(2_400_000)
    made = courier(shop, answers, tmp_path / "models")
    assert made.offer() == "", "nobody has looked yet"
    assert made.news() == ""
    assert until(made.offer) == "2"


def test_what_cannot_be_fetched_is_told_and_gone_on_with_another_day(
    shop: Shop, answers: Answers, tmp_path: Path
) -> None:
    made = courier(shop, answers, tmp_path / "models")
    made.news()
    until(made.offer)
    shop.cut_after = [100, 100, 100]
    made.answer("yes")
    assert until(made.news) == "ear.failed"
    assert (made.news(), made.offer()) == ("", "")
    again = courier(shop, answers, tmp_path / "models")
    again.news()
    assert until(again.news) == "ear.here", "the person said yes before, and is not asked again"
    assert again.offer() == ""
    assert shop.asked[-1] == "bytes=300-"
    check(tmp_path / "models" / "m")


def test_a_network_that_does_not_answer_delays_nothing(answers: Answers) -> None:
    answer = threading.Event()

    def look() -> None:
        answer.wait(20)
        raise ModelError("fetch-no-network", "Nobody answers.", "Later.")

    made = ModelCourier(look, lambda offer: None, answers, unasked=False)
    before = time.monotonic()
    talk = room(*HELLO, courier=made)
    talk.session.run()
    assert time.monotonic() - before < 10
    assert "W2" in talk.paper.of("listen")
    assert "bigger_ear" not in talk.paper.of("listen")
    answer.set()
    assert (made.offer(), answers.may_ask) == ("", True)


def test_no_is_for_good_and_later_for_a_day(tmp_path: Path) -> None:
    days = ["2031-05-01"]
    answers = Answers(tmp_path / "new" / "bigger-ear", lambda: days[-1])
    assert answers.may_ask
    answers.keep("later")
    assert not answers.may_ask
    days.append("2031-05-02")
    assert answers.may_ask
    for value in ("no", "done"):
        answers.keep(value)
        assert (answers.may_ask, answers.wanted) == (False, False)
    answers.keep("yes")
    assert (answers.may_ask, answers.wanted) == (False, True)


def test_an_answer_that_cannot_be_kept_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answers = Answers(tmp_path / "file" / "bigger-ear")
    answers.keep("no")
    assert answers.may_ask
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    assert Answers(tmp_path / "odd").may_ask


def test_whoever_chose_the_keys_is_offered_nothing(shop: Shop, answers: Answers, tmp_path: Path) -> None:
    made = courier(shop, answers, tmp_path / "models")
    remember = parts.remember_in(Settings(home=tmp_path / "home"), None, made)
    made.news()
    until(made.offer)
    remember("answer_by", "voice")
    assert made.offer()
    remember("answer_by", "keys")
    assert made.offer() == ""


# ---- as the program makes it


@pytest.fixture
def chosen(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The program brings a starter, and can fetch what the shop has."""
    project = tmp_path / "project"
    build(project / "starter")
    offer = shop.offer()
    (project / "models.toml").write_text(
        f'[[model]]\nname = "m"\nurls = ["{shop.url}"]\nbytes = {offer.bytes}\nsha256 = "{offer.sha256}"\n'
        'licence = "x"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(models, "project_dirs", lambda: (project,))
    for name in ("VOSK_MODEL_PATH", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Settings(home=tmp_path / "home")


def test_it_offers_what_can_be_fetched(chosen: Settings) -> None:
    made = parts.courier(chosen)
    assert made is not None
    made.news()
    assert until(made.offer) == "0", "this one has only some thousand bytes"


def test_it_offers_nothing_where_a_fetched_one_is_here(chosen: Settings) -> None:
    build(chosen.models_dir / "m")
    made = parts.courier(chosen)
    assert made is not None
    assert made._look() is None


def test_it_offers_nothing_where_nobody_answers(chosen: Settings, shop: Shop) -> None:
    made = parts.courier(replace(chosen, model_mirror="http://127.0.0.1:9"))
    assert made is not None
    assert made._look() is not None, "another address answers"
    unreachable = replace(shop.offer(), urls=("http://127.0.0.1:9/m.zip",))
    with pytest.raises(ModelError):
        knock(unreachable)


@pytest.mark.parametrize(
    "change", [{"answer_by": "keys"}, {"answer_by": "typing"}, {"network": False}, {"model": "starter"}], ids=str
)
def test_it_does_not_even_look(chosen: Settings, change: dict[str, str]) -> None:
    assert parts.courier(replace(chosen, **change)) is None  # type: ignore[arg-type]


def test_it_does_not_look_where_it_was_answered_or_a_model_is_named(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts.courier(chosen, "starter") is None
    monkeypatch.setenv("VOSK_MODEL_PATH", "/some/model")
    assert parts.courier(chosen) is None
    monkeypatch.delenv("VOSK_MODEL_PATH")
    for value in ("no", "later", "done"):
        Answers(chosen.offer_file).keep(value)
        assert parts.courier(chosen) is None


def test_one_that_does_not_work_is_not_installed(chosen: Settings) -> None:
    """Real native code, in a process of its own, does not survive the tiny model."""
    pytest.importorskip("vosk")
    made = parts.courier(chosen)
    assert made is not None
    made.news()
    until(made.offer)
    made.answer("yes")
    assert until(made.news) == "ear.failed"
    assert not (chosen.models_dir / "m").exists()


def test_a_deleted_model_is_not_offered_again(chosen: Settings) -> None:
    build(chosen.models_dir / "m")
    done = CliRunner().invoke(main, ["models", "remove", "m", "--yes"], env={"AFTERWARDS_HOME": str(chosen.home)})
    assert done.exit_code == 0
    assert parts.courier(chosen) is None


def typed(home: Path, shop: Shop, *answers: tuple[str, str]) -> str:
    """The screen of the real program, on one line. Each answer is typed once its question stands there.

    Without a sound server: where there is a microphone it rightly goes on listening when no more is typed.
    """
    environ = {
        "PULSE_SERVER": "unix:/nowhere",
        "AFTERWARDS_NETWORK": "yes",
        "AFTERWARDS_MODEL_MIRROR": shop.url.removesuffix("/m.zip"),
    }
    shown, left = "", list(answers)
    with subprocess.Popen(
        [sys.executable, "-m", "voice", "--silent", "--country", "US"],
        cwd=ROOT, env=surroundings(home, VOSK_MODEL_PATH="", no_proxy="127.0.0.1", **environ),
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdin
        assert running.stdout
        assert running.stderr
        for line in running.stdout:
            shown = " ".join([*shown.split(), *line.split()])
            if not left or left[0][0] not in shown:
                continue
            if left[0][0] == "Five minutes":
                until(lambda: "asked" if shop.paths else "")
                time.sleep(1.5)  # the answer is on its way to the program
            running.stdin.write(f"{left.pop(0)[1]}\n")
            running.stdin.flush()
            if not left:
                running.stdin.close()
        assert "Traceback" not in running.stderr.read()
    assert running.returncode == 0
    return shown


TO_OFFER = (("Ready?", "yes"), ("Alone, with", "alone"), ("Family or friend,", "family"), ("in danger right", "no"))


def test_the_program_itself_asks_and_takes_no_for_an_answer(shop: Shop, tmp_path: Path) -> None:
    hello = (*TO_OFFER, ("What shall I call", "skip"), ("Five minutes", "short"))
    shown = typed(tmp_path, shop, *hello, ("bigger ear", "no"))
    assert "I can fetch a bigger ear. It is 41 megabytes, and then I understand more words. Yes or no?" in shown
    assert "Okay. I won't ask again. How did it end?" in shown
    assert Answers(tmp_path / "bigger-ear").may_ask is False
    assert set(shop.asked) == set(), "it looked whether somebody answers, and took nothing"
