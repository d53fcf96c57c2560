"""The torch twins compute what the official code computes, from the same weights.

Needs torch and the project's root on the path: `python -m pytest tests/parity`.
"""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("training.model.lm")

from training.model.encoder import EncoderConfig  # noqa: E402
from training.model.estimator import EstimatorConfig  # noqa: E402
from training.model.flow import Flow, FlowConfig  # noqa: E402
from training.model.hift import HiFT, HiFTConfig  # noqa: E402
from training.model.lm import LMConfig, SpeechLM  # noqa: E402
from training.spectral import mel_spectrogram  # noqa: E402

GOLDEN = Path(__file__).parents[1] / "golden"
SPEECH_TOKENS = 4096
LLM_BLOCKS = {"small": 3, "hz25": 2}
TEXT_TOKENS = {"small": 51866, "hz25": 60515}
UNET_BLOCKS = {"small": (2, 2), "hz25": (1, 1)}

checkpoints = pytest.mark.parametrize("name", ["small", "hz25"])


class Golden:
    """A golden checkpoint and what the reference made of it, as tensors."""

    def __init__(self, name: str) -> None:
        self.folder = GOLDEN / name
        self.arrays = np.load(self.folder / "golden.npz")

    def __getitem__(self, key: str) -> "torch.Tensor":
        return torch.from_numpy(self.arrays[key])

    def load(self, module: "torch.nn.Module", part: str) -> "torch.nn.Module":
        """The module with the checkpoint's weights; every name must fit, in both directions."""
        module.load_state_dict(torch.load(self.folder / f"{part}.pt", weights_only=True))
        return module.eval()


def encoder(inputs: int, width: int, units: int, blocks: int) -> EncoderConfig:
    return EncoderConfig(inputs, width, 4, units, blocks)


def apart(a: "torch.Tensor", b: "torch.Tensor") -> float:
    return float((a - b).abs().max())


@checkpoints
@torch.no_grad()
def test_lm_log_probabilities(name: str) -> None:
    golden = Golden(name)
    config = LMConfig(
        TEXT_TOKENS[name],
        SPEECH_TOKENS,
        encoder(32, 64, 128, 2),
        encoder(64, 64, 128, LLM_BLOCKS[name]),
    )
    lm = golden.load(SpeechLM(config), "llm")
    text, forced = golden["lm.sft.text"].long(), golden["lm.sft.forced_tokens"].long()[None]
    logits, _ = lm(text, torch.tensor([text.shape[1]]), forced, golden["lm.sft.speaker"])
    steps = golden["lm.sft.log_probs"]
    assert apart(logits[0, : len(steps)].log_softmax(-1), steps) < 1e-4


@checkpoints
@torch.no_grad()
def test_flow_mu_and_velocity(name: str) -> None:
    golden = Golden(name)
    n_blocks, mid = UNET_BLOCKS[name]
    estimator = EstimatorConfig((64, 64), 16, 4, n_blocks, mid)
    flow = golden.load(Flow(FlowConfig(SPEECH_TOKENS, encoder(48, 48, 96, 2), estimator)), "flow")
    tokens, mu = golden["flow.short.tokens"].long(), golden["flow.short.mu"]
    assert apart(flow.mu(tokens, torch.tensor([tokens.shape[1]]), mu.shape[2]), mu) < 1e-4
    step = {k: golden[f"flow.short.first_step.{k}"] for k in ("x", "mask", "mu", "t", "v")}
    speaker, cond = (golden[f"flow.short.first_step.{k}"] for k in ("spks", "cond"))
    made = flow.decoder.estimator(step["x"], step["mask"], step["mu"], step["t"], speaker, cond)
    assert apart(made, step["v"]) < 1e-4
    assert apart(flow.speaker(golden["flow.short.speaker"]), speaker[:1]) < 1e-5


@torch.no_grad()
def test_vocoder_pitch_and_waveform() -> None:
    golden = Golden("small")
    hift = golden.load(HiFT(HiFTConfig(base_channels=64, f0_channels=48)), "hift")
    mel = golden["hift.mel"]
    assert apart(hift.f0_predictor(mel), golden["hift.f0"]) < 1e-3
    assert apart(hift.decode(mel, golden["hift.source"]), golden["hift.wav"]) < 1e-5


def test_mel() -> None:
    features = np.load(GOLDEN / "audio_features.npz")
    made = mel_spectrogram(torch.from_numpy(features["wave_22050"])[None].float())[0]
    assert apart(made, torch.from_numpy(features["matcha_mel_80"])) < 1e-4
