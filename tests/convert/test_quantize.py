"""quantize: from a bundle what convert makes from its checkpoint; and what few bits cost."""

from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.bundle import GRAPHS, TABLES, Bundle
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.convert.quantize import quantize
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.graphs.precision import (
    table_encoding,
)
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.tables import Table
from cosyvoice_lite.verify import verify

GOLDEN = Path(__file__).parents[1] / "golden" / "small"
WRITTEN = [TABLES, *(f"{graph}.{kind}" for graph in GRAPHS for kind in ("onnx", "weights"))]

# Largest absolute errors against the reference, as measured and half as much again; random weights
# spread every error, taught ones less.
BUDGETS = {
    "int8": {"log_probs": 0.05, "mu": 0.03, "mel": 0.17, "waveform": 5e-3},
    "int4": {"log_probs": 0.065, "mu": 0.036, "mel": 0.36, "waveform": 0.036},
}


@pytest.fixture(scope="module")
def fp32(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fp32") / "bundle"
    convert(GOLDEN, folder, precision="fp32")
    return folder


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_quantize_makes_what_convert_makes(fp32: Path, tmp_path: Path, precision: str) -> None:
    convert(GOLDEN, tmp_path / "converted", precision=precision)
    quantize(Bundle.open(fp32), tmp_path / "quantized", precision)
    for name in WRITTEN:
        ours = (tmp_path / "quantized" / name).read_bytes()
        assert ours == (tmp_path / "converted" / name).read_bytes(), name
    assert Bundle.open(tmp_path / "quantized").manifest.precision == precision


def test_a_quantized_bundle_is_not_quantized_again(fp32: Path, tmp_path: Path) -> None:
    quantize(Bundle.open(fp32), tmp_path / "a", "int8")
    with pytest.raises(UsageError, match="int8 already"):
        quantize(Bundle.open(tmp_path / "a"), tmp_path / "b", "int4")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_few_bits_cost_what_the_budget_allows(fp32: Path, tmp_path: Path, precision: str) -> None:
    quantize(Bundle.open(fp32), tmp_path / "b", precision)
    checks = list(verify(Synthesizer.open(tmp_path / "b"), [GOLDEN / "golden.npz"]))
    assert all(check.passed for check in checks if check.stage in ("runs", "f0", "harmonics"))
    for stage, budget in BUDGETS[precision].items():
        assert max(check.error for check in checks if check.stage == stage) < budget, stage


def test_a_table_of_four_bits_gives_its_rows() -> None:
    rows = np.random.default_rng(0).standard_normal((3, 5, 128)).astype(np.float32)
    parts = table_encoding("int4", rows.shape).parts
    table = Table({"t" + part.suffix: part.encode(rows) for part in parts}, "t")
    assert np.square(table[1] - rows[1]).mean() < 0.011
    np.testing.assert_array_equal(table[[2, 0]], np.stack([table[2], table[0]]))
    assert table[np.array([], np.int64)].shape == (0, 5, 128)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_who_shares_the_batch_changes_nothing(fp32: Path, tmp_path: Path, precision: str) -> None:
    """The language model scales each row of activations by itself, so logits are equal."""
    quantize(Bundle.open(fp32), tmp_path / "b", precision)
    lm = Synthesizer.open(tmp_path / "b", threads=1).lm
    rng = np.random.default_rng(0)
    speaker = rng.standard_normal(192).astype(np.float32)
    prefixes = [lm.prefix(rng.integers(0, 50000, n).tolist(), speaker, []) for n in (5, 11, 8)]
    alone = lm.decoder(1, 40)
    alone.admit(0, prefixes[1])
    expected = [alone.step([token])[0] for token in (1, 2, 3)]
    together = lm.decoder(3, 40)
    for slot, prefix in enumerate(prefixes):
        together.admit(slot, prefix)
    for token, logits in zip((1, 2, 3), expected, strict=True):
        np.testing.assert_allclose(together.step([7, token, 9])[1], logits, rtol=0, atol=1e-5)
