"""The facts of a model: sizes, rates and sampling constants, frozen and strict.

Every number has one birthplace: the checkpoint's yaml, checked against the shapes of its tensors.
Rates that follow from others are properties.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from cosyvoice_lite.errors import BundleError, UsageError

MANIFEST = "manifest.json"
"""The file that makes a folder a bundle."""
YOUNGER_KEYS = frozenset({"temperature"})
"""Of the manifest: bundles older than them have their defaults."""
GRAPHS = ("text_encoder", "lm", "flow_encoder", "unet", "f0", "vocoder")
CACHE_WIDTH_UNIT = 8
"""ONNX Runtime's cached attention wants heads of a multiple of this width."""
HOP_LENGTH = 256
"""Samples of waveform per mel frame."""
OVERLAP_TOKENS = 20
"""Speech tokens at either end of a long utterance that keep a grid of their own in the flow,
so that streamed chunks can overlap by exactly this much."""

MAX_TOKEN_TEXT_RATIO = 1000.0
"""Speech tokens per text token that nobody needs: a hundred times the slowest speech."""

T = TypeVar("T")


@dataclass(frozen=True)
class EncoderConfig:
    """A transformer encoder: input width, model width, heads, feed-forward width, blocks."""

    d_input: int
    d_model: int
    n_heads: int
    d_hidden: int
    n_blocks: int

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @property
    def d_cache(self) -> int:
        """Width of a head in the KV cache: d_head, filled up with zeros to what the attention
        kernel can address."""
        return -(-self.d_head // CACHE_WIDTH_UNIT) * CACHE_WIDTH_UNIT


@dataclass(frozen=True)
class LmConfig:
    """Text encoder and autoregressive language model over speech tokens."""

    text_vocabulary: int
    speech_vocabulary: int
    d_speaker: int
    text_encoder: EncoderConfig
    decoder: EncoderConfig

    @property
    def eos(self) -> int:
        """The token that ends speech; logits have `speech_vocabulary + 1` columns."""
        return self.speech_vocabulary


@dataclass(frozen=True)
class UnetConfig:
    """The velocity field of flow matching: a one-dimensional U-Net with transformer blocks."""

    d_input: int
    n_mels: int
    channels: tuple[int, ...]
    n_blocks: int
    n_mid_blocks: int
    n_heads: int
    d_head: int


@dataclass(frozen=True)
class FlowConfig:
    """Speech tokens and speaker to mel by conditional flow matching."""

    speech_vocabulary: int
    token_rate: int
    d_speaker: int
    n_mels: int
    encoder: EncoderConfig
    n_regulator_layers: int
    unet: UnetConfig
    guidance_rate: float
    temperature: float = 1.0
    """Standard deviation of the noise that a course starts from."""


@dataclass(frozen=True)
class VocoderConfig:
    """HiFT: F0 predictor, harmonic source, filter network and inverse STFT."""

    n_mels: int
    base_channels: int
    n_harmonics: int
    sine_amplitude: float
    noise_sigma: float
    voiced_threshold_hz: float
    upsample_rates: tuple[int, ...]
    upsample_kernels: tuple[int, ...]
    n_fft: int
    hop: int
    resblock_kernels: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    source_resblock_kernels: tuple[int, ...]
    source_resblock_dilations: tuple[tuple[int, ...], ...]
    leaky_slope: float
    audio_limit: float
    f0_channels: int


@dataclass(frozen=True)
class Sampling:
    """Repetition-aware sampling (VALL-E 2, arXiv:2406.05370) as the checkpoint was tuned for.

    Attributes:
        top_p: the likeliest tokens are drawn from until they have this probability together.
        top_k: from at most so many of them.
        window: tokens before, among which a repetition is looked for.
        max_repetition: share of the window at which a token is struck out and another drawn.
        min_token_text_ratio: speech tokens for each text token before the speech may end.
        max_token_text_ratio: speech tokens for each text token after which it is cut off.

    Raises:
        UsageError: a value is out of range.
    """

    top_p: float = 0.8
    top_k: int = 25
    window: int = 10
    max_repetition: float = 0.1
    min_token_text_ratio: float = 2.0
    max_token_text_ratio: float = 20.0

    def __post_init__(self) -> None:
        shortest, longest = self.min_token_text_ratio, self.max_token_text_ratio
        for what, fine in (
            (f"top_p is {self.top_p}, must be between 0 and 1", 0 <= self.top_p <= 1),
            (f"top_k is {self.top_k}, must be at least 1", self.top_k >= 1),
            (f"window is {self.window}, must be at least 0", self.window >= 0),
            (f"max_repetition is {self.max_repetition}, below 0", self.max_repetition >= 0),
            (
                f"token-text ratios are {shortest} and {longest}, must be ordered and at most "
                f"{MAX_TOKEN_TEXT_RATIO}",
                0 <= shortest <= longest <= MAX_TOKEN_TEXT_RATIO,
            ),
        ):
            if not fine:
                raise UsageError(f"sampling: {what}")


@dataclass(frozen=True)
class ModelConfig:
    """A whole CosyVoice-300M family model."""

    sample_rate: int
    tokenizer: str
    lm: LmConfig
    flow: FlowConfig
    vocoder: VocoderConfig
    sampling: Sampling

    @property
    def token_rate(self) -> int:
        """Speech tokens per second."""
        return self.flow.token_rate

    @property
    def frame_rate(self) -> float:
        """Mel frames per second."""
        return self.sample_rate / HOP_LENGTH

    def frames(self, n_tokens: int) -> int:
        """Mel frames that `n_tokens` speech tokens last, rounded down as the authors do."""
        return int(n_tokens / self.token_rate * self.sample_rate / HOP_LENGTH)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, tree: Any) -> ModelConfig:
        """Rebuild from `to_json`; a missing, unknown or mistyped key is a `BundleError`.

        Those of `YOUNGER_KEYS` may be missing.
        """
        return _build(cls, tree, "model")


def _build(cls: type[T], tree: Any, where: str) -> T:
    if not isinstance(tree, dict):
        raise BundleError(f"manifest: {where} is not a table")
    hints = get_type_hints(cls)
    if unexpected := (set(tree) - set(hints)) | (set(hints) - set(tree) - YOUNGER_KEYS):
        raise BundleError(f"manifest: {where} misses or has unknown keys: {sorted(unexpected)}")
    return cls(**{key: _value(hints[key], value, f"{where}.{key}") for key, value in tree.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where)  # type: ignore[arg-type]
    if hint in (int, str) and type(value) is hint:
        return value
    if hint is float and type(value) in (int, float):
        return float(value)
    if getattr(hint, "__origin__", None) is tuple and isinstance(value, (list, tuple)):
        item = hint.__args__[0]
        return tuple(_value(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    raise BundleError(f"manifest: {where} has the wrong type: {value!r}")
