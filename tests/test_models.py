"""Where models live, and which one is meant."""

from pathlib import Path

import pytest

from cosyvoice_lite.errors import BundleError
from cosyvoice_lite.models import bundled_model, find_model, home, installed_models, models_folder


@pytest.fixture
def models() -> Path:
    folder = models_folder()
    for name in ("b", "a"):
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text("{}")
    (folder / "unfinished").mkdir()
    (folder / ".a.partial-5").mkdir()
    return folder


def test_the_home_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home() == tmp_path / "home"
    monkeypatch.delenv("COSYVOICE_LITE_HOME")
    assert home().name == "cosyvoice-lite"
    monkeypatch.setenv("COSYVOICE_LITE_HOME", "")
    assert home().name == "cosyvoice-lite"


def test_installed_models_are_folders_with_a_manifest(models: Path) -> None:
    assert installed_models() == {"a": models / "a", "b": models / "b"}


def test_where_none_is_installed_the_bundled_one_is_meant() -> None:
    assert installed_models() == {}
    assert find_model(None) == find_model("nano") == bundled_model()


def test_a_model_is_meant_by_name_by_path_or_by_the_environment(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_model("a") == models / "a"
    assert find_model(str(tmp_path)) == tmp_path
    with pytest.raises(BundleError, match=r"name one or set COSYVOICE_LITE_MODEL: nano, a, b"):
        find_model(None)
    monkeypatch.setenv("COSYVOICE_LITE_MODEL", "b")
    assert find_model(None) == models / "b"
    assert find_model("a") == models / "a"
    with pytest.raises(BundleError, match=r"no model 'c': neither a folder nor one of: nano, a, b"):
        find_model("c")


def test_a_single_model_is_meant_without_asking(models: Path) -> None:
    (models / "b" / "manifest.json").unlink()
    assert find_model(None) == models / "a"


@pytest.mark.parametrize("name", ["x" * 9000, "a\0b", "..//none"])
def test_an_impossible_name_is_refused(name: str, models: Path) -> None:
    with pytest.raises(BundleError, match="no model"):
        find_model(name)


def test_a_home_that_can_not_be_looked_into_has_no_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name too long raises as a folder without permission does, for whoever runs the tests."""
    monkeypatch.setenv("COSYVOICE_LITE_HOME", str(tmp_path / ("n" * 300)))
    assert installed_models() == {}
    assert find_model(None) == bundled_model()
