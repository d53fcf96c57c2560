"""Fixtures: a tiny random model, made in about a second; no fixture touches the network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.checkpoints import write_checkpoint

from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from hub.fake import hub, known_vocabulary
from server.harness import hearing_bundle, server, short_bundle

# fixtures of theirs
__all__ = ["hearing_bundle", "hub", "known_vocabulary", "server", "short_bundle"]

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees, or leaves anything in, the models of whoever runs it."""
    monkeypatch.setenv("COSYVOICE_LITE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COSYVOICE_LITE_MODEL", raising=False)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the official layout, 3 MB; read it, never write to it."""
    directory = tmp_path_factory.mktemp("checkpoint") / "tiny"
    write_checkpoint(directory)
    return directory


@pytest.fixture(scope="session")
def tiny_bundle(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle made of it, exact, for tests that compare; read it, never write to it."""
    bundle = tmp_path_factory.mktemp("bundle") / "tiny"
    convert(tiny_checkpoint, bundle, precision="fp32")
    return bundle


@pytest.fixture(scope="session")
def synthesizer(tiny_bundle: Path) -> Synthesizer:
    """One opened model for all tests that only speak with it."""
    return Synthesizer.open(tiny_bundle, threads=1)


@pytest.fixture(scope="session")
def golden_bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Bundles of the checkpoints in golden/, "small" and "hz25", converted when first asked for."""
    made: dict[str, Path] = {}

    def bundle(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("golden") / name
            convert(GOLDEN / name, made[name], precision="fp32")
        return made[name]

    return bundle
