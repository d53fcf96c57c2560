"""verify: every recorded stage of the reference is met, and a stage that is off is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.verify import TOLERANCES, Check, verify

GOLDEN = Path(__file__).parent / "golden"

GoldenBundle = Callable[[str], Path]

CASES = {
    "small": {"lm.sft", "lm.zero_shot", "lm.instruct", "flow.short", "flow.long", "flow.prompted"}
    | {"flow.stream1", "flow.stream2", "hift", "speed", "fade"},
}
CASES["hz25"] = CASES["small"]

LIMITS = {
    "text_encoder": 1e-4,
    "log_probs": 1e-3,
    "mu": 1e-4,
    "velocity": 1e-4,
    "mel": 2e-3,
    "cache": 1e-4,
    "f0": 1e-3,
    "waveform": 1e-3,
    "kaldi_fbank": 1e-3,
    "whisper_log_mel": 1e-4,
    "matcha_mel": 1e-4,
}
"""What the project promises; verify may be stricter, never laxer."""

DISTURBED = {
    "lm.sft.text_encoder_out": ("text_encoder", "lm.sft"),
    "lm.zero_shot.log_probs": ("log_probs", "lm.zero_shot"),
    "flow.prompted.mu": ("mu", "flow.prompted"),
    "flow.long.first_step.v": ("velocity", "flow.long"),
    "flow.stream2.mel": ("mel", "flow.stream2"),
    "flow.stream1.cache_out": ("cache", "flow.stream1"),
    "hift.f0": ("f0", "hift"),
    "hift.harmonics_zero_phase": ("harmonics", "hift"),
    "hift.wav": ("waveform", "hift"),
    "speed.1_3": ("speed", "speed"),
    "fade.result": ("fade", "fade"),
}


@pytest.mark.parametrize("name", ["small", "hz25"])
def test_a_converted_checkpoint_equals_the_reference_stage_by_stage(
    name: str, golden_bundle: GoldenBundle
) -> None:
    checks = list(verify(Synthesizer.open(golden_bundle(name), 2), [GOLDEN / name / "golden.npz"]))
    assert not [check for check in checks if not check.passed]
    assert {check.case for check in checks if check.stage != "runs"} == CASES[name]


def test_tolerances_are_no_laxer_than_promised() -> None:
    for stage, limit in LIMITS.items():
        assert TOLERANCES[stage].limit <= limit, stage


def test_features_of_a_recording_equal_the_reference(synthesizer: Synthesizer) -> None:
    checks = list(verify(synthesizer, [GOLDEN / "audio_features.npz"]))
    assert not [check for check in checks if not check.passed]
    stages = {check.stage for check in checks}
    assert {"kaldi_fbank", "whisper_log_mel", "matcha_mel", "matcha_mel_quiet"} <= stages


@pytest.fixture(scope="module")
def small(golden_bundle: GoldenBundle) -> Synthesizer:
    return Synthesizer.open(golden_bundle("small"), 2)


def _disturbed(key: str, directory: Path) -> Path:
    """The golden file with one number of one array off by twice the tolerance of its stage."""
    with np.load(GOLDEN / "small" / "golden.npz") as file:
        case = DISTURBED[key][1]
        arrays = {k: file[k] for k in file.files if k.startswith(case)}
    array = arrays[key]
    flat = array.reshape(-1)
    # not the first values: the source of the first frames is computed from hift.f0 as well
    flat[-1] += 2 * TOLERANCES[DISTURBED[key][0]].limit * max(1.0, abs(flat[-1]) * (case == "hift"))
    path = directory / "disturbed.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("key", DISTURBED)
def test_a_disturbed_number_makes_exactly_its_stage_fail(
    key: str, small: Synthesizer, tmp_path: Path
) -> None:
    checks = list(verify(small, [_disturbed(key, tmp_path)]))
    assert [(c.stage, c.case) for c in checks if not c.passed] == [DISTURBED[key]]


def test_the_command_prints_a_table_a_json_line_last_and_fails_when_a_stage_is_off(
    golden_bundle: GoldenBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = _disturbed("speed.1_3", tmp_path)
    assert main(["verify", str(golden_bundle("small")), "--golden", str(golden)]) == 1
    lines = capsys.readouterr().out.splitlines()
    summary = json.loads(lines[-1])
    assert summary["passed"] is False
    off = [check for check in summary["checks"] if not check["passed"]]
    assert [check["stage"] for check in off] == ["speed"]
    assert set(off[0]) == {"stage", "case", "error", "tolerance", "reason", "passed"}
    assert sum(line.startswith("OFF speed") for line in lines) == 1
    assert lines[-2].endswith("checks passed")


def test_the_command_succeeds_on_an_undisturbed_model(
    tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tiny_bundle)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["passed"] is True


@pytest.mark.parametrize("error", [float("nan"), float("inf")])
def test_an_error_that_is_no_number_fails_and_still_makes_valid_json(error: float) -> None:
    check = replace(Check("mel", "case", 0.0, 1.0, "why"), error=error)
    assert not check.passed
    text = json.dumps(check.to_json(), allow_nan=False)
    assert json.loads(text)["error"] is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.npz", b""),
        ("text.npz", b"not an archive"),
        ("cut.npz", None),
        ("pickle.npz", b"\x80\x04."),
        ("other.json", b'{"a": 1}'),
        ("other.json", b"[1, 2]"),
        ("broken.json", b"{"),
        ("deep.json", b"[" * 100_000),
        ("bytes.json", b"\xff\xfe"),
    ],
)
def test_a_file_that_is_no_golden_file_is_a_clear_error(
    name: str, content: bytes | None, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    whole = (GOLDEN / "audio_features.npz").read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(UsageError, match=name):
        list(verify(synthesizer, [tmp_path / name]))


def test_nobody_is_told_to_load_what_is_unsafe(synthesizer: Synthesizer, tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("Once upon a time.")
    with pytest.raises(UsageError, match=r"book.txt: not a golden file \(.npz, .json\)") as caught:
        list(verify(synthesizer, [tmp_path / "book.txt"]))
    assert "pickle" not in str(caught.value)


def test_a_model_of_fewer_bits_is_told_that_it_is_held_to_those_of_fp32(
    golden_bundle: GoldenBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = str(GOLDEN / "small" / "golden.npz")
    small = tmp_path / "int8"
    assert main(["quantize", str(golden_bundle("small")), str(small)]) == 0
    assert main(["verify", str(small), "--golden", golden]) == 1
    assert "tolerances are those of fp32, this model is int8" in capsys.readouterr().err
    assert main(["verify", str(small)]) == 0
    assert "tolerances are those of" not in capsys.readouterr().err


def test_an_array_file_is_no_golden_file(synthesizer: Synthesizer, tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(UsageError, match=r"one\.npz"):
        list(verify(synthesizer, [tmp_path / "one.npz"]))


def test_a_golden_file_of_another_model_is_a_clear_error(
    synthesizer: Synthesizer,
) -> None:
    with pytest.raises(UsageError, match="another model"):
        list(verify(synthesizer, [GOLDEN / "small" / "golden.npz"]))


def test_a_golden_file_that_lacks_an_array_says_which(small: Synthesizer, tmp_path: Path) -> None:
    with np.load(GOLDEN / "small" / "golden.npz") as file:
        np.savez(tmp_path / "g.npz", **{"fade.in": file["fade.in"], "fade.out": file["fade.out"]})
    with pytest.raises(UsageError, match=r"lacks fade\.window"):
        list(verify(small, [tmp_path / "g.npz"]))
