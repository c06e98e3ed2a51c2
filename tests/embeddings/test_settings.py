"""Environment > file > default; what is not understood is refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.errors import SettingsError
from embeddings.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def toml(text: str) -> None:
    Path("wenbao.toml").write_text(text, encoding="utf-8")


def test_settings_without_anything_are_the_defaults() -> None:
    settings = load_settings()
    assert (settings.data, settings.port, settings.model) == (Path("var"), 8000, "builtin")


def test_settings_of_the_file_win_over_the_defaults() -> None:
    toml("port = 9001\ndata = 'papers'\n")
    assert (load_settings().port, load_settings().data) == (9001, Path("papers"))


def test_settings_of_the_environment_win_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("port = 9001\nthreads = 2\n")
    monkeypatch.setenv("WENBAO_PORT", "9002")
    assert (load_settings().port, load_settings().threads) == (9002, 2)


def test_settings_given_win_over_the_environment_and_none_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WENBAO_PORT", "9002")
    assert load_settings(port=9003).port == 9003
    assert load_settings(port=None).port == 9002


def test_unknown_key_of_the_file_is_refused_with_the_nearest_name() -> None:
    toml("prot = 9001\n")
    with pytest.raises(SettingsError, match="prot") as caught:
        load_settings()
    assert "port" in caught.value.hint
    assert caught.value.code == "bad_setting"


def test_unknown_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENBAO_MODLE", "x")
    with pytest.raises(SettingsError, match="WENBAO_MODLE") as caught:
        load_settings()
    assert "WENBAO_MODEL" in caught.value.hint


def test_unknown_name_like_no_other_points_to_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENBAO_XYZZYXYZZYXYZZY", "1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "README" in caught.value.hint


def test_variables_of_others_are_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "no number")
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("PORT", ""),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("MIN_CONFIDENCE", "1.5"),
        ("KEEP_SNAPSHOTS", "0"),
        ("PRECISION", "float8"),
        ("MODEL", ""),
        ("BATCH_SIZE", "1.5"),
    ],
)
def test_value_of_the_wrong_type_or_range_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"WENBAO_{name}", value)
    with pytest.raises(SettingsError, match=name.lower()) as caught:
        load_settings()
    assert caught.value.hint


def test_value_of_the_wrong_type_in_the_file_is_refused() -> None:
    toml("port = 'many'\n")
    with pytest.raises(SettingsError, match="port"):
        load_settings()


@pytest.mark.parametrize("text", ["port = \n", "[port", "\x00"])
def test_file_that_is_no_toml_is_refused(text: str) -> None:
    toml(text)
    with pytest.raises(SettingsError, match=r"wenbao\.toml"):
        load_settings()


def test_file_that_is_no_utf8_is_refused() -> None:
    Path("wenbao.toml").write_bytes("model = '模型'".encode("gb18030"))
    with pytest.raises(SettingsError, match=r"wenbao\.toml"):
        load_settings()


def test_target_length_over_the_longest_is_refused() -> None:
    with pytest.raises(SettingsError, match="passage_chars"):
        load_settings(passage_chars=400, passage_chars_max=300)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_every_setting_is_described() -> None:
    assert all(field.description for name, field in Settings.model_fields.items() if name != "cache")
