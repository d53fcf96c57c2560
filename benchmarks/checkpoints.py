"""Writes checkpoints in the official layout with random weights, without PyTorch.

    python -m benchmarks.checkpoints full CHECKPOINT_DIR    # CosyVoice-300M-SFT's own sizes, 1.7 GB
    python -m benchmarks.checkpoints tiny CHECKPOINT_DIR    # the same networks, 1 MB

They say noise, but they convert, verify and run as the real ones do: what a stage costs does not
depend on what its weights were taught. The names and shapes of the full size are the official
ones (tests/golden/names holds the list). The same seed writes the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.torchfiles import write_archive, write_voices

from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.pipeline import build_graphs

Array = npt.NDArray[Any]

VOICES = ("中文女", "中文男", "日语男", "粤语女", "英文女", "英文男", "韩语女")
WEIGHT_NORM_NAMES = {
    "new": ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    "old": ("weight_g", "weight_v"),
}
NORMED = ("conv_pre", "conv_post", "ups.", ".convs1.", ".convs2.", "condnet.")
"""Modules of hift.pt whose weights are kept as length and direction."""


@dataclass(frozen=True)
class Size:
    """The widths and depths that differ between a full and a tiny model."""

    text: int
    lm: int
    lm_heads: int
    lm_hidden: int
    text_blocks: int
    lm_blocks: int
    flow: int
    flow_heads: int
    flow_hidden: int
    flow_blocks: int
    unet: int
    unet_heads: int
    unet_d_head: int
    unet_blocks: int
    unet_mid_blocks: int
    hift: int
    f0: int


SIZES = {
    "full": Size(512, 1024, 16, 4096, 6, 14, 512, 8, 2048, 6, 256, 8, 64, 4, 12, 512, 512),
    "tiny": Size(16, 32, 4, 64, 1, 2, 32, 4, 64, 1, 16, 2, 8, 1, 1, 32, 16),
}

YAML = """\
sample_rate: 22050
llm: !new:cosyvoice.llm.llm.TransformerLM
    text_encoder_input_size: {s.text}
    llm_input_size: {s.lm}
    llm_output_size: {s.lm}
    text_token_size: {text_vocabulary}
    speech_token_size: 4096
    spk_embed_dim: 192
    text_encoder: !new:cosyvoice.transformer.encoder.ConformerEncoder
        input_size: {s.text}
        output_size: {s.lm}
        attention_heads: {s.lm_heads}
        linear_units: {s.lm_hidden}
        num_blocks: {s.text_blocks}
        input_layer: 'linear'
        pos_enc_layer_type: 'rel_pos_espnet'
        selfattention_layer_type: 'rel_selfattn'
        use_cnn_module: False
        macaron_style: False
        static_chunk_size: 1
    llm: !new:cosyvoice.transformer.encoder.TransformerEncoder
        input_size: {s.lm}
        output_size: {s.lm}
        attention_heads: {s.lm_heads}
        linear_units: {s.lm_hidden}
        num_blocks: {s.lm_blocks}
        input_layer: 'linear_legacy'
        pos_enc_layer_type: 'rel_pos_espnet'
        selfattention_layer_type: 'rel_selfattn'
        static_chunk_size: 1
    sampling: !name:cosyvoice.utils.common.ras_sampling
        top_p: 0.8
        top_k: 25
        win_size: 10
        tau_r: 0.1
flow: !new:cosyvoice.flow.flow.MaskedDiffWithXvec
    input_size: {s.flow}
    output_size: 80
    spk_embed_dim: 192
    output_type: 'mel'
    vocab_size: 4096
    input_frame_rate: {token_rate}
    encoder: !new:cosyvoice.transformer.encoder.ConformerEncoder
        input_size: {s.flow}
        output_size: {s.flow}
        attention_heads: {s.flow_heads}
        linear_units: {s.flow_hidden}
        num_blocks: {s.flow_blocks}
        input_layer: 'linear'
        pos_enc_layer_type: 'rel_pos_espnet'
        selfattention_layer_type: 'rel_selfattn'
        use_cnn_module: False
        macaron_style: False
    length_regulator: !new:cosyvoice.flow.length_regulator.InterpolateRegulator
        channels: 80
        sampling_ratios: [1, 1, 1, 1]
    decoder: !new:cosyvoice.flow.flow_matching.ConditionalCFM
        in_channels: 240
        n_spks: 1
        spk_emb_dim: 80
        cfm_params: !new:omegaconf.DictConfig
            content:
                solver: 'euler'
                t_scheduler: 'cosine'
                inference_cfg_rate: 0.7
        estimator: !new:cosyvoice.flow.decoder.ConditionalDecoder
            in_channels: 320
            out_channels: 80
            channels: [{s.unet}, {s.unet}]
            attention_head_dim: {s.unet_d_head}
            n_blocks: {s.unet_blocks}
            num_mid_blocks: {s.unet_mid_blocks}
            num_heads: {s.unet_heads}
            act_fn: 'gelu'
hift: !new:cosyvoice.hifigan.generator.HiFTGenerator
    in_channels: 80
    base_channels: {s.hift}
    nb_harmonics: 8
    sampling_rate: !ref <sample_rate>
    nsf_alpha: 0.1
    nsf_sigma: 0.003
    nsf_voiced_threshold: 10
    upsample_rates: [8, 8]
    upsample_kernel_sizes: [16, 16]
    istft_params: {{n_fft: 16, hop_len: 4}}
    resblock_kernel_sizes: [3, 7, 11]
    resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    source_resblock_kernel_sizes: [7, 11]
    source_resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5]]
    lrelu_slope: 0.1
    audio_limit: 0.99
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.ConvRNNF0Predictor
        num_class: 1
        in_channels: 80
        cond_channels: {s.f0}
get_tokenizer: !name:{tokenizer}
"""

TOKENIZERS = {
    "whisper": ("whisper.tokenizer.get_tokenizer", 51866),
    "hz25": ("cosyvoice.tokenizer.tokenizer.get_tokenizer", 60515),
    "phonemes": ("cosyvoice_lite.text.phonemes.get_tokenizer", 512),
}


def write_checkpoint(
    directory: Path,
    size: Size = SIZES["tiny"],
    *,
    tokenizer: str = "phonemes",
    token_rate: int = 50,
    dtype: str = "float32",
    weight_norm: str = "new",
    hift_prefix: str = "",
    seed: int = 0,
) -> None:
    """Write llm.pt, flow.pt, hift.pt, spk2info.pt and cosyvoice.yaml."""
    directory.mkdir(parents=True, exist_ok=True)
    name, text_vocabulary = TOKENIZERS[tokenizer]
    values = {"s": size, "tokenizer": name, "text_vocabulary": text_vocabulary}
    yaml = directory / "cosyvoice.yaml"
    yaml.write_text(YAML.format(token_rate=token_rate, **values), "utf-8")
    config = read_hyperparameters(yaml)
    for number, (file, graphs) in enumerate(build_graphs(config).items()):
        parameters = [p for graph in graphs for p in graph.parameters.values()]
        shapes = {p.name: p.shape for p in parameters}
        if file == "hift.pt":
            shapes = {hift_prefix + k: v for k, v in _weight_normed(shapes, weight_norm).items()}
        draws = _Draws(seed * 100 + number)
        tensors = {k: (shape, draws.value(k, shape)) for k, shape in shapes.items()}
        write_archive(directory / file, tensors, dtype)
    rng = np.random.default_rng(seed)
    write_voices(
        directory / "spk2info.pt",
        {v: {"embedding": rng.standard_normal((1, 192), np.float32)} for v in VOICES},
    )


def _weight_normed(shapes: Mapping[str, tuple[int, ...]], names: str) -> dict[str, tuple[int, ...]]:
    """Replace each normed weight by its two halves."""
    g_name, v_name = WEIGHT_NORM_NAMES[names]
    normed: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        if name.endswith(".weight") and any(module in name for module in NORMED):
            stem = name.removesuffix("weight")
            normed[stem + g_name] = (shape[0],) + (1,) * (len(shape) - 1)
            normed[stem + v_name] = shape
        else:
            normed[name] = shape
    return normed


class _Draws:
    """Random weights of a size that keeps signals alive through a deep network."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def value(self, name: str, shape: tuple[int, ...]) -> Callable[[], Array]:
        def draw() -> Array:
            rng = np.random.default_rng([self.seed, *name.encode()])
            if name.endswith(("alpha", "original0", "weight_g")) or _is_norm(name):
                return np.ones(shape, np.float32)
            if name.endswith("f0_predictor.classifier.bias"):
                return np.full(shape, 150.0, np.float32)  # Hz: a voiced source
            fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 100
            return rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(fan_in))

        return draw


def _is_norm(name: str) -> bool:
    parts = name.split(".")
    return parts[-1] == "weight" and (
        "norm" in parts[-2]
        or name.endswith(("embed.out.1.weight", "block.1.weight"))
        or ("length_regulator.model" in name and int(parts[-2]) % 3 == 1)
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tokenizer", choices=TOKENIZERS, default="whisper")
    parser.add_argument("--token-rate", type=int, choices=(25, 50), default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_checkpoint(
        options.directory,
        SIZES[options.size],
        tokenizer=options.tokenizer,
        token_rate=options.token_rate,
        seed=options.seed,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
