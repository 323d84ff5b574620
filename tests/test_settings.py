"""Settings: which source wins, what is written, and what a broken file does (it must lose nothing)."""

from __future__ import annotations

import stat
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.errors import SettingsError
from voice.settings import RATES, VOLUMES, Settings, load, save


def here(home: Path, **more: str) -> dict[str, str]:
    return {"AFTERWARDS_HOME": str(home), **more}


def write(home: Path, text: str) -> Path:
    (home / "settings.toml").write_text(text, encoding="utf-8")
    return home / "settings.toml"


def test_file_then_environment_then_flags(tmp_path: Path) -> None:
    write(tmp_path, 'country = "US"\nrate = 85\nvolume = 50\n')
    assert load({}, here(tmp_path)).rate == 85
    assert load({}, here(tmp_path, AFTERWARDS_RATE="125")).rate == 125
    both = load({"rate": 70, "volume": None}, here(tmp_path, AFTERWARDS_RATE="125"))
    assert (both.rate, both.volume, both.country) == (70, 50, "US")


def test_a_region_comes_as_the_other_settings_do(tmp_path: Path) -> None:
    assert load({}, here(tmp_path)).region == ""
    write(tmp_path, 'country = "UK"\nregion = "Wales"\n')
    assert load({}, here(tmp_path)).region == "Wales"
    assert load({}, here(tmp_path, AFTERWARDS_REGION=" Scotland ")).region == "Scotland"
    assert load({"region": "England"}, here(tmp_path, AFTERWARDS_REGION="Scotland")).region == "England"


def test_a_region_goes_with_the_country_it_was_set_with(tmp_path: Path) -> None:
    """Else a flag for another country would meet a region that is not there, and stop the talk."""
    write(tmp_path, 'country = "UK"\nregion = "Wales"\n')
    assert load({"country": "gb"}, here(tmp_path)).region == "Wales"
    assert load({"country": "CA"}, here(tmp_path)).region == ""
    assert load({}, here(tmp_path, AFTERWARDS_COUNTRY="CA")).region == ""
    assert load({"country": "CA", "region": "Ontario"}, here(tmp_path)).region == "Ontario"
    assert load({"country": "CA"}, here(tmp_path, AFTERWARDS_REGION="Scotland")).region == ""
    write(tmp_path, "")
    assert load({"country": "UK"}, here(tmp_path, AFTERWARDS_REGION="Scotland")).region == "Scotland"


def test_home_moves_everything_that_is_written(tmp_path: Path) -> None:
    settings = load({}, here(tmp_path / "one"))
    written = (settings.settings_file, settings.notes_file, settings.cache_dir, settings.models_dir)
    for path in (*written, settings.lines_file):
        assert path.is_relative_to(tmp_path / "one")
    assert not (tmp_path / "one").exists(), "looking must not create"


def test_without_a_home_the_usual_places_are_used() -> None:
    settings = Settings()
    assert settings.settings_file.is_absolute()
    assert settings.lines_file == settings.settings_file.parent / "lines.yaml"
    assert "afterwards" in settings.notes_file.parts
    assert len({settings.settings_file.parent, settings.cache_dir, settings.models_dir}) == 3


def test_a_relative_home_does_not_move_with_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({}, {"AFTERWARDS_HOME": "notes here"})
    monkeypatch.chdir("/")
    assert settings.home == tmp_path / "notes here"


def test_first_run_ends_with_the_first_save_even_of_defaults(tmp_path: Path) -> None:
    settings = load({}, here(tmp_path))
    assert settings.first_run
    save(settings)
    assert not settings.first_run
    assert load({}, here(tmp_path)) == settings


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    save(Settings(home=tmp_path, country="NZ", barge_in=False))
    lines = (tmp_path / "settings.toml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ['country = "NZ"', "barge_in = false"]


def test_saving_one_field_keeps_the_file_and_drops_passing_flags(tmp_path: Path) -> None:
    write(tmp_path, "volume = 30\n")
    now = load({"rate": 200}, here(tmp_path))
    save(replace(now, country="IE"), only=("country",))
    again = load({}, here(tmp_path))
    assert (again.country, again.volume, again.rate) == ("IE", 30, 100)


def test_saving_one_field_leaves_every_other_line_as_it_was_written(tmp_path: Path) -> None:
    before = "\ufeff# mine\nrate = 85  # slow\r\n  \"model\" = 'old'\n\n# the end\nvolume = 80\n"
    path = write(tmp_path, before)
    save(Settings(home=tmp_path, model="new # one", country="IE"), only=("model", "country"))
    assert path.read_bytes().decode() == (
        '# mine\nrate = 85  # slow\r\nmodel = "new # one"\n\n# the end\nvolume = 80\ncountry = "IE"\n'
    )
    save(Settings(home=tmp_path), only=("model",))
    assert 'model = ""\n' in path.read_text(encoding="utf-8"), "chosen is chosen, also where it is the default"
    assert load({}, here(tmp_path)).model == ""


def test_a_value_over_several_lines_is_not_harmed(tmp_path: Path) -> None:
    write(tmp_path, 'voice = """a\nmodel = "b"\nc"""\nrate = 85\n')
    save(Settings(home=tmp_path, model="new"), only=("model",))
    now = load({}, here(tmp_path))
    assert (now.voice, now.rate, now.model) == ('a\nmodel = "b"\nc', 85, "new")


def test_choosing_a_model_is_not_a_first_talk(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for name in ("small", ""):
        save(replace(settings, model=name), only=("model",))
        assert settings.first_run, "the country has still to be asked"
    save(replace(settings, answer_by="voice"), only=("answer_by",))
    assert not settings.first_run


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(voice=TEXT, rate=st.sampled_from(RATES), volume=st.sampled_from(VOLUMES), switch=st.booleans())
def test_whatever_is_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory, voice: str, rate: int, volume: int, switch: bool
) -> None:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, voice=voice.strip(), rate=rate, volume=volume, headphones=switch)
    save(settings)
    assert load({}, here(home)) == settings


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new", country="UK")
    save(settings)
    assert stat.S_IMODE(settings.settings_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("rate = \n", "settings-broken", "line 1"),
        ("colour = 3\n", "settings-key", "colour"),
        ("[voice]\nname = 1\n", "settings-value", "voice"),
        ("rate = 110\n", "settings-value", "rate"),
        ("rate = true\n", "settings-value", "rate"),
        ("volume = 0\n", "settings-value", "volume"),
        ('country = "Mars"\n', "settings-value", "country"),
        ('answer_by = "mime"\n', "settings-value", "answer_by"),
        ('barge_in = "perhaps"\n', "settings-value", "barge_in"),
        ('model_mirror = "models.example.org"\n', "settings-value", "model_mirror"),
        ('model_mirror = "file:///models"\n', "settings-value", "model_mirror"),
        ('home = "/elsewhere"\n', "settings-key", "home"),
    ],
)
def test_a_bad_file_is_named_and_left_alone(tmp_path: Path, text: str, code: str, names: str) -> None:
    path = write(tmp_path, text)
    for act in (lambda: load({}, here(tmp_path)), lambda: save(Settings(home=tmp_path, country="US"))):
        with pytest.raises(SettingsError) as caught:
            act()
        assert caught.value.code == code
        assert str(path) in caught.value.message
        assert names in caught.value.message
        assert caught.value.remedy
    assert path.read_text(encoding="utf-8") == text


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError) as caught:
        load({}, here(tmp_path))
    assert caught.value.code == "settings-broken"


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(SettingsError) as caught:
        load({}, here(tmp_path))
    assert caught.value.code == "settings-unreadable"


def test_bad_environment_and_flags_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AFTERWARDS_PATIENCE"):
        load({}, here(tmp_path, AFTERWARDS_PATIENCE="9"))
    with pytest.raises(SettingsError, match="--answer-by"):
        load({"answer_by": "mime"}, here(tmp_path))
    with pytest.raises(TypeError, match="colour"):
        load({"colour": "red"}, here(tmp_path))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        save(Settings(home=tmp_path / "file", country="US"))
    assert caught.value.code in ("settings-not-written", "settings-unreadable")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'country = "US"\n')
    with pytest.raises(SettingsError):
        save(Settings(home=tmp_path, voice="\ud800"))  # cannot be encoded
    assert path.read_text(encoding="utf-8") == 'country = "US"\n'
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]


def test_every_field_can_be_set_from_outside(tmp_path: Path) -> None:
    samples = {"country": "gb", "answer_by": "keys", "barge_in": "off", "headphones": "yes", "help_key": "f12"}
    samples |= {"network": "no", "earcon": "yes", "keep_days": "30", "paper": "letter"}
    samples["model_mirror"] = "https://example.org/models"
    for name in (f.name for f in fields(Settings) if f.name != "home"):
        text = samples.get(name, {"rate": "50", "volume": "10", "patience": "2"}.get(name, "some name"))
        settings = load({}, here(tmp_path, **{f"AFTERWARDS_{name.upper()}": text}))
        assert getattr(settings, name) != getattr(Settings(), name), name


def test_steps_stop_at_the_ends() -> None:
    assert Settings().stepped("rate", +1).rate == 125
    assert Settings(rate=200).stepped("rate", +1).rate == 200
    assert Settings(volume=10).stepped("volume", -3).volume == 10
    assert [Settings(patience=p).stretch for p in (0, 1, 2)] == [1.0, 1.5, 2.0]
