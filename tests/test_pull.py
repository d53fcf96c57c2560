"""pull: from a hub to a bundle, in one command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import BundleError, DownloadError, UsageError
from cosyvoice_lite.hub.vocabulary import fetch_25hz_vocabulary, fetch_whisper_vocabulary
from cosyvoice_lite.hub.web import Patience
from cosyvoice_lite.models import models_folder
from cosyvoice_lite.pull import pull
from hub.fake import VOCABULARY, Hub, expected_files, files_in, publish, source_archive


@pytest.mark.usefixtures("known_vocabulary")
def test_pull_fetches_then_converts(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def convert(checkpoint: Path, bundle: Path, **options: object) -> None:
        calls.append((checkpoint, bundle, options["vocabulary"], options["replace"]))

    monkeypatch.setattr("cosyvoice_lite.convert.pipeline.convert", convert)
    stages: list[str] = []
    bundle, checkpoint = tmp_path / "bundle", tmp_path / "checkpoint"
    index = publish(hub, source_archive())
    pull("300M-SFT", bundle, checkpoint, mirror=hub.address, index=index, stage=stages.append)
    assert calls == [(checkpoint, bundle, checkpoint / "multilingual.tiktoken", False)]
    assert files_in(checkpoint) == expected_files() | {"multilingual.tiktoken": VOCABULARY}
    assert len(stages) == 2


@pytest.mark.usefixtures("known_vocabulary")
def test_pull_takes_a_vocabulary_that_was_put_where_it_is_kept(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []
    monkeypatch.setattr(
        "cosyvoice_lite.convert.pipeline.convert",
        lambda *_, vocabulary, **more: taken.append(vocabulary),
    )
    kept = tmp_path / "multilingual.tiktoken"
    kept.write_bytes(VOCABULARY)
    nowhere = "http://127.0.0.1:1/simple"
    pull("300M-SFT", tmp_path / "b", tmp_path / "c", mirror=hub.address, index=nowhere,
         kept=tmp_path)  # fmt: skip
    assert taken == [kept]
    assert files_in(tmp_path / "c") == expected_files()


@pytest.mark.parametrize("fetch", [
    lambda v, p: fetch_whisper_vocabulary(v, index="http://127.0.0.1:1", patience=p),
    lambda v, p: fetch_25hz_vocabulary(v, mirror="http://127.0.0.1:1", patience=p),
])  # fmt: skip
def test_a_vocabulary_out_of_reach_can_be_put_in_its_place(
    tmp_path: Path, fetch: Callable[[Path, Patience], Path]
) -> None:
    target = tmp_path / "v.tiktoken"
    with pytest.raises(DownloadError, match="put the file there yourself: ") as caught:
        fetch(target, Patience(attempts=1))
    assert str(caught.value).endswith(str(target))
    assert "mirror" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"precision": "int9"}, "unknown precision 'int9': choose from"),
        ({"source": "foo"}, "unknown source 'foo': huggingface or modelscope"),
        ({"mirror": "nowhere"}, "nowhere"),
    ],
)
def test_wrong_options_are_told_before_anything_is_fetched(
    wrong: dict[str, Any], says: str, hub: Hub, tmp_path: Path
) -> None:
    options = {"mirror": hub.address, "index": f"{hub.address}/simple/", **wrong}
    with pytest.raises(UsageError, match=says):
        pull("300M-SFT", tmp_path / "b", tmp_path / "c", **options)
    assert hub.requests == []
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_installed_under_its_short_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr("cosyvoice_lite.pull.pull", lambda *a, **_: asked.append(a))
    for name in ("300M-SFT", "CosyVoice-300M-SFT"):
        assert main(["pull", name]) == 0
    assert asked[0] == asked[1]
    assert asked[0][:2] == ("300M-SFT", models_folder() / "300M-SFT")
    capsys.readouterr()


def test_pull_asks_before_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("")
    with pytest.raises(BundleError, match="exists already"):
        pull("300M-SFT", tmp_path / "bundle", tmp_path / "checkpoint")
