"""`afterwards safety` and `afterwards cards`: for reviewers, and for whoever wants to see a card beforehand."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.person import ALIKE, find_sound
from voice.cli import main
from voice.content import load
from voice.speech.render import EspeakRenderer

FIELDS = {"text", "light", "category", "card", "why"}
CONTENT = load()


def run(home: Path, *arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(main, arguments, input=given, env={"AFTERWARDS_HOME": str(home), "COLUMNS": "100"})


class TestSafety:
    def test_one_object_for_each_line(self, tmp_path: Path) -> None:
        lines = ["he's not breathing", "", "we had soup", "he died", "emergency", "café ☕ 123"]
        done = run(tmp_path, "safety", given="\n".join(lines) + "\n")
        assert done.exit_code == 0
        found = [json.loads(line) for line in done.output.splitlines()]
        assert [each["text"] for each in found] == lines
        assert all(set(each) == FIELDS for each in found)
        assert [each["light"] for each in found] == ["red", "green", "green", "amber", "red", "green"]
        assert [each["category"] for each in found] == ["OD", None, None, "bereaved", "emergency", None]
        assert found[0]["card"] == "OD"
        assert found[0]["why"]

    def test_every_card_has_a_category(self) -> None:
        from voice.cli_safety import _CATEGORIES

        assert set(_CATEGORIES) == set(CONTENT.cards)

    @pytest.mark.parametrize("given", [b"\xff\xfe he's not breathing\n", b"no newline at the end", b"", b"a\r\nb\r\n"])
    def test_no_input_stops_it(self, tmp_path: Path, given: bytes) -> None:
        done = run(tmp_path, "safety", given=given)
        assert done.exit_code == 0
        assert len(done.output.splitlines()) == len(given.splitlines())

    def test_it_keeps_nothing(self, tmp_path: Path) -> None:
        run(tmp_path, "safety", given="he's not breathing zanzibar\n")
        assert not list(tmp_path.rglob("*"))


class TestCards:
    def test_all_of_them_as_a_person_sees_them(self, tmp_path: Path) -> None:
        done = run(tmp_path, "cards", "--country", "US")
        assert done.exit_code == 0
        for card in CONTENT.cards.values():
            if not card.id.startswith("VIO"):  # plain, without a title: somebody may be looking on
                assert card.title.upper() in done.output
        assert "Call 911." in done.output
        assert "911. 911" not in done.output, "twice for the ear alone"
        assert "$" not in done.output

    @pytest.mark.parametrize(
        ("country", "how"), [("UK", "press five five"), ("NZ", "push five five"), ("US", "stay on")]
    )
    def test_a_call_without_a_word_where_there_is_a_way(self, tmp_path: Path, country: str, how: str) -> None:
        assert how in run(tmp_path, "cards", "vio", "--country", country).output

    def test_a_country_that_is_not_set_gets_no_number(self, tmp_path: Path) -> None:
        output = run(tmp_path, "cards", "od").output
        assert "Call your local emergency number." in output
        assert not any(letter.isdigit() for letter in output)

    def test_a_card_that_does_not_exist(self, tmp_path: Path) -> None:
        done = run(tmp_path, "cards", "fire")
        assert done.exit_code == 1
        assert "EMERGENCY" in done.output

    @pytest.mark.sound
    def test_as_sound(self, tmp_path: Path) -> None:
        done = run(tmp_path / "home", "cards", "od", "sui", "--country", "UK", "--audio", str(tmp_path / "cards"))
        assert done.exit_code == 0
        assert sorted(path.name for path in (tmp_path / "cards").iterdir()) == ["OD.wav", "SUI.wav"]
        with wave.open(str(tmp_path / "cards" / "OD.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            rate = file.getframerate()
            assert file.getnchannels() == 1
        assert 15 < len(samples) / rate < 60
        number = EspeakRenderer().render("Nine nine nine.", 110, 40).samples
        at, alike = find_sound(number, samples[: 6 * rate], rate)
        assert alike > ALIKE
        assert at < 3.0, "the number comes first"

    def test_a_place_that_can_not_be_written_to(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        done = run(tmp_path, "cards", "od", "--audio", str(tmp_path / "file"))
        assert done.exit_code == 1
        assert "cannot be made" in done.output
