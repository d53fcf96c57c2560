"""The bundle: opened whole and unchanged, or not at all, and said why."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.bundle import FORMAT_VERSION, GRAPHS, MANIFEST, TABLES, VOICES, Bundle
from cosyvoice_lite.errors import BundleError

FILES = sorted(
    [MANIFEST, TABLES, VOICES, *(f"{g}.{kind}" for g in GRAPHS for kind in ("onnx", "weights"))]
)


@pytest.fixture
def bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Bundle.open(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 1000
    return message


def test_a_whole_bundle_opens(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    assert sorted(path.name for path in tiny_bundle.iterdir()) == FILES
    assert sorted(bundle.manifest.files) == sorted(set(FILES) - {MANIFEST})
    assert bundle.manifest.model.sample_rate == 22050
    assert next(iter(bundle.manifest.voices)) == "中文女"
    assert bundle.manifest.voices["粤语女"].language == "yue"
    assert bundle.size == sum((tiny_bundle / f).stat().st_size for f in bundle.manifest.files)
    assert bundle.manifest.provenance["sources"].keys() >= {"llm.pt", "flow.pt", "hift.pt"}
    with pytest.raises(BundleError, match="has no campplus"):
        bundle.file("campplus.onnx")


def test_the_manifest_is_read_as_it_was_written(tiny_bundle: Path) -> None:
    text = (tiny_bundle / MANIFEST).read_text("utf-8")
    assert Bundle.open(tiny_bundle).manifest.to_json() == text
    assert json.loads(text)["format_version"] == FORMAT_VERSION


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_changed_byte_anywhere_is_found(file: str, place: float, bundle: Path) -> None:
    content = bytearray((bundle / file).read_bytes())
    if content:
        content[int(place * len(content))] ^= 1
        (bundle / file).write_bytes(content)
        refusal(bundle)


@pytest.mark.parametrize("file", FILES)
def test_a_truncated_file_is_found(file: str, bundle: Path) -> None:
    content = (bundle / file).read_bytes()
    for kept in {0, len(content) // 2, len(content) - 1} if content else set():
        (bundle / file).write_bytes(content[:kept])
        assert file in refusal(bundle)


def test_a_file_that_grew_is_not_called_truncated(bundle: Path) -> None:
    (bundle / FILES[0]).write_bytes((bundle / FILES[0]).read_bytes() + b"+")
    assert "changed" in (told := refusal(bundle))
    assert "truncated" not in told


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(file: str, bundle: Path) -> None:
    (bundle / file).unlink()
    assert file in refusal(bundle)


def test_a_longer_file_is_found(bundle: Path) -> None:
    with (bundle / VOICES).open("ab") as file:
        file.write(b"\0")
    assert "should be" in refusal(bundle)


def test_a_folder_in_the_place_of_a_file_is_found(bundle: Path) -> None:
    (bundle / VOICES).unlink()
    (bundle / VOICES).mkdir()
    assert VOICES in refusal(bundle)


def test_no_bundle_at_all(tmp_path: Path) -> None:
    assert "no bundle here (no manifest.json)" in refusal(tmp_path)
    assert "no bundle here" in refusal(tmp_path / "none")
    (tmp_path / "file").write_text("")
    refusal(tmp_path / "file")
    (tmp_path / "folder" / MANIFEST).mkdir(parents=True)
    refusal(tmp_path / "folder")


Change = Callable[[dict[str, Any]], object]

FORGERIES: dict[str, tuple[Change, str]] = {
    "future format": (lambda m: m.update(format_version=2), "bundle format 2, this version reads"),
    "no format": (lambda m: m.pop("format_version"), "damaged manifest"),
    "no voices": (lambda m: m.pop("voices"), "damaged manifest"),
    "unknown key": (lambda m: m.update(surprise=1), "damaged manifest"),
    "files as a list": (lambda m: m.update(files=["a"]), "damaged manifest"),
    "file without size": (lambda m: m["files"][VOICES].pop("size"), "damaged manifest"),
    "voice with extras": (lambda m: m["voices"].update(a={"age": 5}), "damaged manifest"),
    "no model": (lambda m: m.update(model=None), "model is not a table"),
    "model lacks a key": (lambda m: m["model"].pop("sampling"), "misses or has unknown keys"),
    "sampling lacks a key": (lambda m: m["model"]["sampling"].pop("top_p"), r"\['top_p'\]"),
    "model has a key more": (lambda m: m["model"].update(x=1), r"\['x'\]"),
    "text for a number": (lambda m: m["model"].update(sample_rate="22050"), "sample_rate"),
    "true for a number": (lambda m: m["model"].update(sample_rate=True), "sample_rate"),
    "broken sampling": (lambda m: m["model"]["sampling"].update(top_k=0), "top_k is 0"),
    "graph not listed": (lambda m: m["files"].pop("unet.onnx"), "has no unet.onnx"),
    "tables not listed": (lambda m: m["files"].pop(TABLES), f"has no {TABLES}"),
}
OUTSIDE = ("../secret", "/etc/passwd", "a/b", "..", ".", "", "voices/../x", "bad\0name")


def forge(bundle: Path, change: Change) -> None:
    """Change the manifest and its digest, as somebody who knows the format could."""
    from cosyvoice_lite import bundle as format_

    tree = json.loads((bundle / MANIFEST).read_text("utf-8"))
    del tree["sha256"]
    change(tree)
    tree["sha256"] = format_._digest(tree)
    (bundle / MANIFEST).write_text(json.dumps(tree), "utf-8")


def test_a_key_that_is_younger_than_the_bundle_has_its_default(bundle: Path) -> None:
    forge(bundle, lambda m: m["model"]["flow"].pop("temperature"))
    assert Bundle.open(bundle).manifest.model.flow.temperature == 1


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_manifest_says_what_is_wrong(name: str, bundle: Path) -> None:
    change, message = FORGERIES[name]
    forge(bundle, change)
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle)
    refusal(bundle)


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_manifest_can_not_name_files_elsewhere(name: str, bundle: Path) -> None:
    (bundle.parent / "secret").write_text("secret")
    record = {"size": 6, "sha256": "0" * 64}
    forge(bundle, lambda m: m["files"].update({name: record}))
    assert "outside" in refusal(bundle)


def test_a_manifest_edited_by_hand_is_found(bundle: Path) -> None:
    text = (bundle / MANIFEST).read_text("utf-8")
    (bundle / MANIFEST).write_text(text.replace('"top_k": 25', '"top_k": 24'), "utf-8")
    assert "changed since it was converted" in refusal(bundle)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"\xff\xfe",
        b'{"format_version": 1}',
        b'{"model_type": "llama", "vocab_size": 32000}',
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b" " * (5 << 20),
        b'{"format_version": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_manifest_of_something_else_is_refused(content: bytes, bundle: Path) -> None:
    (bundle / MANIFEST).write_bytes(content)
    refusal(bundle)


@pytest.fixture(scope="module")
def manifest(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifest")
    for path in tiny_bundle.iterdir():
        if path.name != MANIFEST:
            (folder / path.name).symlink_to(path)
    shutil.copy(tiny_bundle / MANIFEST, folder)
    return folder / MANIFEST


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_changed_character_of_the_manifest_is_found(
    data: st.DataObject, manifest: Path, tiny_bundle: Path
) -> None:
    text = (tiny_bundle / MANIFEST).read_text("utf-8")
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    changed = text[:place] + other + text[place + 1 :]
    manifest.write_text(changed, "utf-8")
    same = False
    with contextlib.suppress(ValueError):
        same = json.loads(changed) == json.loads(text)
    if same:  # another blank, say
        Bundle.open(manifest.parent)
    else:
        refusal(manifest.parent)
