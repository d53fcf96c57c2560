"""cosyvoice.yaml is data: nothing in it runs, and what does not fit is said in one line."""

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.checkpoints import SIZES, TOKENIZERS, YAML
from hypothesis import given, settings
from hypothesis import strategies as st

from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.errors import CheckpointError

GOLDEN = Path(__file__).parents[1] / "golden"

TINY = YAML.format(
    s=SIZES["tiny"], tokenizer=TOKENIZERS["whisper"][0], text_vocabulary=512, token_rate=50
)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "cosyvoice.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_hyperparameters(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(f"{path}: ")


def test_the_official_layout_is_read() -> None:
    model = read_hyperparameters(GOLDEN / "small" / "cosyvoice.yaml")
    assert (model.tokenizer, model.token_rate, model.sample_rate) == ("whisper", 50, 22050)
    hz25 = read_hyperparameters(GOLDEN / "hz25" / "cosyvoice.yaml")
    assert (hz25.tokenizer, hz25.token_rate) == ("hz25", 25)
    assert hz25.lm.text_vocabulary == 60515


def test_noise_is_standard_normal_unless_the_checkpoint_says_otherwise(
    written: Callable[[str], Path],
) -> None:
    rate = "inference_cfg_rate: 0.7"
    assert read_hyperparameters(written(TINY)).flow.temperature == 1
    cooler = TINY.replace(rate, f"{rate}\n{' ' * 16}temperature: 0.25")
    assert read_hyperparameters(written(cooler)).flow.temperature == 0.25
    assert "temperature is 'warm'" in refusal(written(cooler.replace("0.25", "warm")))


def test_frames_are_counted_as_the_authors_do() -> None:
    model = read_hyperparameters(GOLDEN / "small" / "cosyvoice.yaml")
    for n in (1, 20, 33, 64, 120, 999):
        assert model.frames(n) == int(n / 50 * 22050 / 256)


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch {marker}']",
        "!!python/object/new:os.system ['touch {marker}']",
        "!!python/name:os.system",
        "!apply:os.system ['touch {marker}']",
        "!apply:subprocess.check_call [[touch, '{marker}']]",
        "!new:subprocess.Popen [[touch, '{marker}']]",
        "!include:{marker}",
        "!<!apply:os.system> ['touch {marker}']",
        "!module:os",
    ],
)
def test_no_tag_is_ever_executed(
    value: str, written: Callable[[str], Path], tmp_path: Path
) -> None:
    marker = tmp_path / "executed"
    evil = value.replace("{marker}", str(marker))
    for text in (
        TINY.replace("sample_rate: 22050", f"sample_rate: {evil}"),
        TINY.replace("!name:whisper.tokenizer.get_tokenizer", evil),
    ):
        refusal(written(text))
        assert not marker.exists()
    try:
        read_hyperparameters(written(f"{TINY}\nhook: {evil}\n"))
    except CheckpointError:
        assert "!!python" in value
    assert not marker.exists()


MISSING = """
sample_rate llm.text_token_size llm.speech_token_size llm.spk_embed_dim llm.text_encoder
llm.text_encoder_input_size llm.llm_input_size llm.llm flow.vocab_size
flow.input_frame_rate flow.encoder flow.length_regulator flow.decoder flow.output_size
hift.base_channels hift.nb_harmonics hift.istft_params hift.f0_predictor hift.nsf_alpha
hift.upsample_rates hift.audio_limit hift.lrelu_slope get_tokenizer llm flow hift
"""


def _without(text: str, key: str) -> str:
    """The yaml without one key and all that is indented under it."""
    kept, section, skipping = [], "", -1
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if skipping >= 0 and depth > skipping:
            continue
        skipping = -1
        name = line.split(":")[0].strip()
        section = name if depth == 0 else section
        if key in (name if depth == 0 else f"{section}.{name}",) and depth in (0, 4):
            skipping = depth
            continue
        kept.append(line)
    return "\n".join(kept)


@pytest.mark.parametrize("key", MISSING.split())
def test_a_missing_key_is_named_with_its_place(key: str, written: Callable[[str], Path]) -> None:
    assert refusal(written(_without(TINY, key))) == f"lacks the key {key}"


WRONG = {
    "sample_rate: 22050": [
        "sample_rate: '22050'",
        "sample_rate: 22050.0",
        "sample_rate: -22050",
        "sample_rate: true",
        "sample_rate: [22050]",
        "sample_rate: !ref <nothing>",
        "sample_rate: !ref <sample_rate>",
        "sample_rate: 24000",
    ],
    "text_token_size: 512": ["text_token_size: null", "text_token_size: 0"],
    "spk_embed_dim: 192\n    output_type": ["spk_embed_dim: 80\n    output_type"],
    "speech_token_size: 4096": ["speech_token_size: 5000"],
    "num_blocks: 2": ["num_blocks: 1000000000"],
    "channels: [16, 16]": [
        "channels: []",
        "channels: 16",
        "channels: [16, 12]",
        "channels: ['a']",
        f"channels: {[16] * 1000}",
    ],
    "upsample_rates: [8, 8]": [
        "upsample_rates: []",
        "upsample_rates: [8]",
        "upsample_rates: [8, 4]",
        "upsample_rates: [4, 4, 4]",
    ],
    "upsample_kernel_sizes: [16, 16]": [
        "upsample_kernel_sizes: [16]",
        "upsample_kernel_sizes: [15, 16]",
        "upsample_kernel_sizes: [4, 4]",
    ],
    "resblock_kernel_sizes: [3, 7, 11]": [
        "resblock_kernel_sizes: [3, 7]",
        "resblock_kernel_sizes: [3, 7, 10]",
    ],
    "resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]": [
        "resblock_dilation_sizes: [1, 3, 5]",
        "resblock_dilation_sizes: {a: [1]}",
    ],
    "source_resblock_kernel_sizes: [7, 11]": ["source_resblock_kernel_sizes: [7]"],
    "n_fft: 16, hop_len: 4": [
        "n_fft: 15, hop_len: 4",
        "n_fft: 16, hop_len: 5",
        "n_fft: 16",
        "n_fft: 200000, hop_len: 4",
    ],
    "base_channels: 32": ["base_channels: 34"],
    "attention_heads: 4": ["attention_heads: 5"],
    "inference_cfg_rate: 0.7": ["inference_cfg_rate: .nan", "inference_cfg_rate: .inf"],
    "nsf_sigma: 0.003": ["nsf_sigma: much", "nsf_sigma: -.inf"],
    "top_p: 0.8": ["top_p: 8", "top_p: -1"],
    "top_k: 25": ["top_k: 0", "top_k: 2.5"],
    "solver: 'euler'": ["solver: 'midpoint'"],
    "act_fn: 'gelu'": ["act_fn: 'snakebeta'"],
    "use_cnn_module: False": ["use_cnn_module: True"],
    "static_chunk_size: 1": ["static_chunk_size: 25"],
    "!new:cosyvoice.llm.llm.TransformerLM": ["!new:cosyvoice.llm.llm.Qwen2LM", ""],
    "!new:cosyvoice.flow.flow.MaskedDiffWithXvec": [
        "!new:cosyvoice.flow.flow.CausalMaskedDiffWithXvec"
    ],
    "!name:whisper.tokenizer.get_tokenizer": ["!name:os.system", "{}"],
    "llm: !new:cosyvoice.llm.llm.TransformerLM\n": ["llm: 5\nother: !new:x\n"],
}


@pytest.mark.parametrize(("right", "wrong"), [(r, w) for r, all_ in WRONG.items() for w in all_])
def test_a_wrong_value_is_refused(right: str, wrong: str, written: Callable[[str], Path]) -> None:
    assert right in TINY
    started = time.perf_counter()
    refusal(written(TINY.replace(right, wrong, 1)))
    assert time.perf_counter() - started < 2


def test_the_yaml_of_cosyvoice2_names_the_class_it_asks_for(
    written: Callable[[str], Path],
) -> None:
    text = TINY.replace("cosyvoice.llm.llm.TransformerLM", "cosyvoice.llm.llm.Qwen2LM")
    assert refusal(written(text)) == "llm is a Qwen2LM; only TransformerLM is supported"


NONSENSE = {
    "empty": "",
    "number": "5",
    "list": "- a\n- b",
    "html": "<!DOCTYPE html><html></html>",
    "unclosed": "a: [",
    "tab": "a:\n\t- b",
    "date": "a: 2001-99-99",
    "two documents": "a: 1\n---\nb: 2",
    "key that can't be hashed": "? [a]\n: b",
    "alias": "a: &x [1]\nb: *x",
    "laughs": "a: &a [x,x]\n"
    + "".join(f"{c}: &{c} [*{p},*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
    "merge bomb": "a: &a {x: 1}\nb:\n  <<: [*a, *a, *a]",
    "self": "a: &a [*a]",
    "deep": "[" * 50_000,
    "deep map": "a: " + "{a: " * 20_000,
    "long number": "a: " + "9" * 100_000,
    "sexagesimal": "a: " + "1:" * 20_000 + "1",
    "too large": "#" * (1 << 20) + "#",
    "control characters": "a: \x00",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_quickly(name: str, written: Callable[[str], Path]) -> None:
    started = time.process_time()
    assert len(refusal(written(NONSENSE[name]))) < 1000
    assert time.process_time() - started < 5


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cosyvoice.yaml").write_bytes(b"\xff\xfe\x00a")
    assert "not valid YAML" in refusal(tmp_path / "cosyvoice.yaml")
    assert "irectory" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "none.yaml")


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(TINY) - 1), other=st.characters(codec="utf-8"))
def test_any_changed_character_is_read_or_refused(
    place: int, other: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("yaml") / "cosyvoice.yaml"
    path.write_text(TINY[:place] + other + TINY[place + 1 :], "utf-8")
    with contextlib.suppress(CheckpointError):
        read_hyperparameters(path)


def test_a_yaml_of_before_sampling_was_a_setting_takes_the_authors(
    written: Callable[[str], Path],
) -> None:
    model = read_hyperparameters(written(_without(TINY, "llm.sampling")))
    assert model == read_hyperparameters(written(TINY))


ABSENT = {
    "llm.text_encoder.static_chunk_size": "        static_chunk_size: 1\n",
    "llm.text_encoder.pos_enc_layer_type": "        pos_enc_layer_type: 'rel_pos_espnet'\n",
    "llm.text_encoder.use_cnn_module": "        use_cnn_module: False\n",
    "llm.text_encoder.macaron_style": "        macaron_style: False\n",
    "flow.decoder.estimator.act_fn": "            act_fn: 'gelu'\n",
}


@pytest.mark.parametrize("key", ABSENT)
def test_a_key_that_is_not_given_is_what_the_authors_take_it_for(
    key: str, written: Callable[[str], Path]
) -> None:
    assert f"{key} is not given, which means" in refusal(written(TINY.replace(ABSENT[key], "", 1)))


def test_chunks_that_change_nothing_are_accepted(written: Callable[[str], Path]) -> None:
    """Speech is decoded causally anyway, and a text in dynamic chunks of one token."""
    one = "        static_chunk_size: 1\n"
    text, decoder = TINY.replace(one, "        use_dynamic_chunk: True\n", 1), TINY.split(one)
    model = read_hyperparameters(written(TINY))
    assert read_hyperparameters(written(text)) == model
    assert read_hyperparameters(written(decoder[0] + one + decoder[1] + decoder[2])) == model


def test_dynamic_chunks_of_the_flow_are_refused(written: Callable[[str], Path]) -> None:
    flow = "        macaron_style: False\n    length_regulator"
    wrong = flow.replace("False\n", "False\n        use_dynamic_chunk: True\n")
    assert "flow.encoder.use_dynamic_chunk" in refusal(written(TINY.replace(flow, wrong)))


def test_references_lead_from_one_to_the_next_and_stand_in_lists(
    written: Callable[[str], Path],
) -> None:
    named = f"a: 16\nb: !ref <a>\nc: !ref <b>\n{TINY}"
    for plain, through in (
        ("text_encoder_input_size: 16", "text_encoder_input_size: !ref <c>"),
        ("channels: [16, 16]", "channels: [!ref <a>, !ref <c>]"),
    ):
        assert plain in TINY
        model = read_hyperparameters(written(named.replace(plain, through)))
        assert model == read_hyperparameters(written(TINY))


def test_references_without_end_are_refused(written: Callable[[str], Path]) -> None:
    text = f"a: !ref <b>\nb: !ref <a>\n{TINY}".replace("input_size: 16", "input_size: !ref <a>", 1)
    assert "!ref leads to !ref" in refusal(written(text))
    lists = "".join(f"l{i}: [{', '.join([f'!ref <l{i + 1}>'] * 9)}]\n" for i in range(40))
    text = f"{lists}l40: [1]\n{TINY}".replace("channels: [16, 16]", "channels: !ref <l0>")
    assert "flow.decoder.estimator.channels" in refusal(written(text))


def test_a_reference_takes_the_value_it_names(written: Callable[[str], Path]) -> None:
    text = f"width: 192\n{TINY}".replace("spk_embed_dim: 192", "spk_embed_dim: !ref <width>")
    model = read_hyperparameters(written(text))
    assert model == read_hyperparameters(written(TINY))
    assert replace(model, sample_rate=1) != model


NUMBERS = re.compile(r"(?<=[ \[])[0-9]+(?:\.[0-9]+)?(?=[,\]}\s])")


@pytest.mark.parametrize("number", list(NUMBERS.finditer(TINY)), ids=lambda match: match.start())
def test_a_number_of_four_hundred_digits_is_refused_or_not_read(
    number: re.Match[str], written: Callable[[str], Path]
) -> None:
    path = written(TINY[: number.start()] + "9" * 400 + TINY[number.end() :])
    with contextlib.suppress(CheckpointError):
        read_hyperparameters(path)
