"""Recipes: which weights are kept in how many bits, as data.

A recipe is a list of rules, first match wins: a pattern of tensor names, a form (`precision.py`
says what it does), and why. What no rule names stays float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rule:
    """Tensors whose names match `pattern` take `form`."""

    pattern: str
    form: str
    reason: str


@dataclass(frozen=True)
class Recipe:
    """A precision by name."""

    name: str
    rules: tuple[Rule, ...] = ()

    def form(self, name: str) -> str:
        """The form of one tensor: "float32" unless a rule says otherwise."""
        return next((r.form for r in self.rules if fnmatchcase(name, r.pattern)), "float32")


_TABLES = (
    Rule("text_embedding", "int8", "one scale a token; as fine as the layers that read it"),
    Rule("position_weights", "int4", "15 M weights; a score adds up a thousand of them"),
    Rule("speech_rows", "int8", "one scale a token"),
    Rule("input_embedding.weight", "int8", "one scale a token"),
)
_CONVOLUTIONS = (
    Rule(
        "decoder.estimator.*.block.0.weight.4d",
        "int8_product",
        "most of its convolutions; multiplied they are not widened, and the mel stays",
    ),
    Rule("decoder.estimator.*.4d", "float16", "2 M weights; in 8 bits they double the mel's error"),
    Rule("*resblocks*.4d", "int8", "kept small; computed in float32"),
    Rule("ups.*.4d", "int8", "kept small; computed in float32"),
    Rule("f0_predictor.*.4d", "float16", "pitch must not move"),
    Rule("conv_p*.4d", "float16", "first and last layer of the vocoder"),
)
_SPARED = (
    Rule("*time_mlp*", "float16", "one row a step: nothing to gain, and t steers everything"),
    Rule("spk_embed_affine_layer.*", "float16", "one row an utterance"),
    Rule("encoder_proj.*", "float32", "small, and everything after it sees its error"),
    Rule("f0_predictor.*", "float32", "pitch must not move"),
)
_PRODUCTS_INT8 = (
    Rule("llm.encoders.*", "int8_rows", "batched: no sentence may depend on its neighbours"),
    Rule("llm_decoder.*", "int8_rows", "batched"),
    Rule("*.weight.T", "int8", "one scale a column; activations scaled as they come"),
)

_VELOCITY_INT4 = (
    Rule(
        "decoder.estimator.mid_blocks.*.block.0.weight.4d",
        "int4_product",
        "at half the rate, beside the skips: what they lose moves the mel little",
    ),
    Rule("decoder.estimator.mid_blocks.*.weight.T", "int4", "so do its products"),
    Rule("decoder.estimator.up_blocks.*.to_q.*", "int4", "says where to look, not what is seen"),
    Rule("decoder.estimator.up_blocks.*.to_k.*", "int4", "as the queries"),
)
_VOCODER_INT4 = tuple(
    Rule(pattern, "int4", "kept small; computed in float32")
    for pattern in ("*resblocks*.4d", "ups.*.4d")
)

RECIPES = {
    "fp32": Recipe("fp32"),
    "int8": Recipe("int8", (*_TABLES, *_CONVOLUTIONS, *_SPARED, *_PRODUCTS_INT8)),
    "int4": Recipe(
        "int4",
        (
            Rule("text_embedding", "int4", "27 M weights, of which a text reads a few rows"),
            *_TABLES,
            *_VELOCITY_INT4,
            *_VOCODER_INT4,
            *_CONVOLUTIONS,
            Rule("*time_mlp*", "int8", "one row a step; 8 bits cost the mel nothing"),
            *_SPARED,
            Rule("llm_decoder.*", "int8_rows", "the head decides between close tokens"),
            Rule(
                "llm.encoders.0.self_attn.qkv*", "int8_rows", "the first attention feeds all others"
            ),
            Rule("llm.encoders.*", "int4", "the bulk of the weights"),
            Rule("text_encoder*", "int4_coarse", "runs once an utterance; 83 M weights"),
            Rule("llm.embed.*", "int4_coarse", "runs once an utterance"),
            Rule("encoder.encoders.*.weight.T", "int4", "mu is an average of what it says"),
            *_PRODUCTS_INT8,
        ),
    ),
}
