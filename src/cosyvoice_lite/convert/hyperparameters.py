"""The model that a cosyvoice.yaml describes: its sizes, or why this package can't build it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from cosyvoice_lite.config import (
    HOP_LENGTH,
    EncoderConfig,
    FlowConfig,
    LmConfig,
    ModelConfig,
    Sampling,
    UnetConfig,
    VocoderConfig,
)
from cosyvoice_lite.convert.hyperyaml import Section, Tagged, parse
from cosyvoice_lite.errors import CheckpointError, UsageError
from cosyvoice_lite.graphs.unet import GROUPS

TOKENIZERS = {
    "whisper.tokenizer.get_tokenizer": "whisper",
    "cosyvoice.tokenizer.tokenizer.get_tokenizer": "hz25",
    "cosyvoice_lite.text.phonemes.get_tokenizer": "phonemes",
}
"""What the yaml names, and what this package calls it."""
# What the authors' classes take for a key that the yaml does not give (cosyvoice/transformer/
# encoder.py, flow/decoder.py, flow/length_regulator.py, hifigan/f0_predictor.py).
CONFORMER = {
    "input_layer": "conv2d",
    "pos_enc_layer_type": "rel_pos",
    "selfattention_layer_type": "rel_selfattn",
    "activation_type": "swish",
    "normalize_before": True,
    "use_cnn_module": True,
    "macaron_style": True,
    "key_bias": True,
    "static_chunk_size": 0,
    "use_dynamic_chunk": False,
}
TRANSFORMER = {
    **CONFORMER,
    "pos_enc_layer_type": "abs_pos",
    "selfattention_layer_type": "selfattn",
    "activation_type": "relu",
    "use_cnn_module": False,
    "macaron_style": False,
}
CFM = {"solver": "euler", "t_scheduler": None}
ESTIMATOR = {"act_fn": "snake"}
REGULATOR = {"groups": 1}
F0_PREDICTOR = {"num_class": 1, "in_channels": 80}

MAX_FFT = 4096
"""Samples of the vocoder's transform, whose square is written out; the 300M models have 16."""


def read_hyperparameters(path: Path) -> ModelConfig:
    """The model that `cosyvoice.yaml` describes.

    Raises:
        CheckpointError: unreadable, a key missing or mistyped, or a network this package does
            not build.
    """
    root = parse(path)
    top = Section(path, "", root, root)
    model = ModelConfig(
        sample_rate=top.integer("sample_rate"),
        tokenizer=_tokenizer(top),
        lm=_lm(top.section("llm", "TransformerLM")),
        flow=_flow(top.section("flow", "MaskedDiffWithXvec")),
        vocoder=_vocoder(top.section("hift", "HiFTGenerator"), top.integer("sample_rate")),
        sampling=_sampling(top),
    )
    for what, fits in _agreements(model).items():
        if not fits:
            raise CheckpointError(f"{path}: does not fit together: {what}")
    return model


def _agreements(m: ModelConfig) -> dict[str, bool]:
    """What two settings must agree on, so that the stages and their layers fit together."""
    v, n_stages = m.vocoder, len(m.vocoder.upsample_rates)
    resampling = zip(v.upsample_kernels, v.upsample_rates, strict=False)
    kernels = (*v.resblock_kernels, *v.source_resblock_kernels)
    return {
        "spk_embed_dim of llm and flow": m.lm.d_speaker == m.flow.d_speaker,
        "llm.speech_token_size and flow.vocab_size": m.lm.speech_vocabulary
        <= m.flow.speech_vocabulary,
        "flow.output_size and hift.in_channels": m.flow.n_mels == v.n_mels,
        f"estimator.channels and groups of {GROUPS}": all(
            c % GROUPS == 0 for c in m.flow.unet.channels
        ),
        "hift.upsample_rates and upsample_kernel_sizes": len(v.upsample_kernels) == n_stages
        and all(kernel >= rate and (kernel - rate) % 2 == 0 for kernel, rate in resampling),
        "hift.upsample_rates and source_resblocks": len(v.source_resblock_kernels)
        == len(v.source_resblock_dilations)
        == n_stages,
        "hift.resblock_kernel_sizes and resblock_dilation_sizes": len(v.resblock_kernels)
        == len(v.resblock_dilations),
        "hift's kernels, which must be odd": all(kernel % 2 for kernel in kernels),
        "hift.base_channels and upsample_rates": v.base_channels % (1 << n_stages) == 0,
        "hift.istft_params": v.n_fft % 2 == 0 and v.hop <= v.n_fft,
    }


def _tokenizer(top: Section) -> str:
    value = top.raw("get_tokenizer")
    name = value.tag.removeprefix("!name:") if isinstance(value, Tagged) else str(value)
    if name not in TOKENIZERS:
        raise top.error(f"get_tokenizer is {name!r}; known are {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]


def _encoder(s: Section, usual: Mapping[str, Any], d_input: int, input_layer: str) -> EncoderConfig:
    s.expect(
        usual,
        input_layer=input_layer,
        pos_enc_layer_type="rel_pos_espnet",
        selfattention_layer_type="rel_selfattn",
        normalize_before=True,
        use_cnn_module=False,
        macaron_style=False,
        key_bias=True,
    )
    width, heads = s.integer("output_size"), s.integer("attention_heads")
    if width % heads or width % 2:
        raise s.error(f"{s.where}output_size {width} does not divide into {heads} heads")
    return EncoderConfig(d_input, width, heads, s.integer("linear_units"), s.layers("num_blocks"))


def _lm(s: Section) -> LmConfig:
    text = s.section("text_encoder", "ConformerEncoder")
    decoder = s.section("llm", "TransformerEncoder")
    # Dynamic chunks of a text are of one token, too; the decoder is causal whatever its chunks.
    if text.values.get("use_dynamic_chunk") is not True:
        text.expect(CONFORMER, static_chunk_size=1)
    text.expect(CONFORMER, activation_type="swish")
    decoder.expect(TRANSFORMER, activation_type="relu")
    return LmConfig(
        text_vocabulary=s.integer("text_token_size"),
        speech_vocabulary=s.integer("speech_token_size"),
        d_speaker=s.integer("spk_embed_dim"),
        text_encoder=_encoder(text, CONFORMER, s.integer("text_encoder_input_size"), "linear"),
        decoder=_encoder(decoder, TRANSFORMER, s.integer("llm_input_size"), "linear_legacy"),
    )


def _flow(s: Section) -> FlowConfig:
    decoder = s.section("decoder", "ConditionalCFM")
    cfm = decoder.section("cfm_params")
    cfm = cfm.section("content") if "content" in cfm.values else cfm
    cfm.expect(CFM, solver="euler", t_scheduler="cosine")
    encoder = s.section("encoder", "ConformerEncoder")
    encoder.expect(CONFORMER, static_chunk_size=0, use_dynamic_chunk=False, activation_type="swish")
    regulator = s.section("length_regulator", "InterpolateRegulator")
    n_mels = s.integer("output_size")
    regulator.expect(REGULATOR, channels=n_mels, groups=1)
    return FlowConfig(
        speech_vocabulary=s.integer("vocab_size"),
        token_rate=s.integer("input_frame_rate"),
        d_speaker=s.integer("spk_embed_dim"),
        n_mels=n_mels,
        encoder=_encoder(encoder, CONFORMER, s.integer("input_size"), "linear"),
        n_regulator_layers=len(regulator.integers("sampling_ratios")),
        unet=_unet(decoder.section("estimator", "ConditionalDecoder"), n_mels),
        guidance_rate=cfm.number("inference_cfg_rate"),
        temperature=cfm.number("temperature", 1.0),  # the authors' is an argument, always 1
    )


def _unet(s: Section, n_mels: int) -> UnetConfig:
    # x, mu, speaker and cond, stacked
    s.expect(ESTIMATOR, in_channels=4 * n_mels, out_channels=n_mels, act_fn="gelu")
    return UnetConfig(
        d_input=4 * n_mels,
        n_mels=n_mels,
        channels=s.integers("channels"),
        n_blocks=s.layers("n_blocks"),
        n_mid_blocks=s.layers("num_mid_blocks"),
        n_heads=s.integer("num_heads"),
        d_head=s.integer("attention_head_dim"),
    )


def _vocoder(s: Section, sample_rate: int) -> VocoderConfig:
    istft, f0 = s.section("istft_params"), s.section("f0_predictor", "ConvRNNF0Predictor")
    # At 22,050 Hz the authors' code uses the first of its two sine generators; we build that one.
    if not s.integer("sampling_rate") == sample_rate == 22050:
        raise s.error(f"{s.where}sampling_rate and sample_rate must both be 22050")
    if prod(s.integers("upsample_rates")) * istft.integer("hop_len") != HOP_LENGTH:
        raise s.error(f"{s.where}upsample_rates times hop_len must be {HOP_LENGTH}")
    f0.expect(F0_PREDICTOR, num_class=1, in_channels=s.integer("in_channels"))
    return VocoderConfig(
        n_mels=s.integer("in_channels"),
        base_channels=s.integer("base_channels"),
        n_harmonics=s.integer("nb_harmonics"),
        sine_amplitude=s.number("nsf_alpha"),
        noise_sigma=s.number("nsf_sigma"),
        voiced_threshold_hz=s.number("nsf_voiced_threshold"),
        upsample_rates=s.integers("upsample_rates"),
        upsample_kernels=s.integers("upsample_kernel_sizes"),
        n_fft=istft.integer("n_fft", MAX_FFT),
        hop=istft.integer("hop_len"),
        resblock_kernels=s.integers("resblock_kernel_sizes"),
        resblock_dilations=s.grid("resblock_dilation_sizes"),
        source_resblock_kernels=s.integers("source_resblock_kernel_sizes"),
        source_resblock_dilations=s.grid("source_resblock_dilation_sizes"),
        leaky_slope=s.number("lrelu_slope"),
        audio_limit=s.number("audio_limit"),
        f0_channels=f0.integer("cond_channels"),
    )


def _sampling(top: Section) -> Sampling:
    """Sampling constants, and the authors' own for those that the file does not have.

    Files of before 30 July 2024 have none for the draw, which was among the 25 likeliest tokens
    then; ours are those that the authors gave the same networks since.
    """
    usual, llm = Sampling(), top.section("llm")
    constants: dict[str, Any] = {
        "min_token_text_ratio": top.number("min_token_text_ratio", usual.min_token_text_ratio),
        "max_token_text_ratio": top.number("max_token_text_ratio", usual.max_token_text_ratio),
    }
    if "sampling" in llm.values:
        s = llm.section("sampling", "ras_sampling")
        constants |= {
            "top_p": s.number("top_p"),
            "top_k": s.integer("top_k"),
            "window": s.integer("win_size"),
            "max_repetition": s.number("tau_r"),
        }
    try:
        return Sampling(**constants)
    except UsageError as error:
        raise top.error(str(error)) from None
