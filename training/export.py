"""Write the trained networks as a checkpoint in the official layout, and as a bundle.

`python -m training.export` makes {llm,flow,hift}.pt, spk2info.pt and cosyvoice.yaml from the
averaged weights of the runs; `cosyvoice-lite convert` reads them like any other checkpoint. With
`--bundle src/cosyvoice_lite/nano/bundle` it is converted, too: that is the voice in the package.
The tokenizer has no place in the layout; `--tokenizer training/tokenizer.safetensors` keeps it for
those who want to teach this voice more (`restore.py`).
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.tensorfile import write_tensors
from training.loop import averaged
from training.model.encoder import EncoderConfig
from training.model.flow import Flow
from training.model.hift import HiFT
from training.model.lm import SpeechLM
from training.model.speech_tokenizer import TOKEN_RATE, SpeechTokenizer
from training.sizes import FLOW, HIFT, LM, TOKENIZER
from training.speakers import SPEAKERS, embedding

MIN_TOKEN_TEXT_RATIO = 1.8
MAX_TOKEN_TEXT_RATIO = 12.0
"""Speech tokens per phoneme symbol; the corpus' sentences have 2.5 to 8.6."""

NAME = "nano"
LICENCE = "CC BY-SA 4.0, see CARD.md"  # as the recordings it was taught with ask for
TEMPLATE = Path(__file__).with_name("cosyvoice.yaml.in")


def yaml_text() -> str:
    """cosyvoice.yaml with nano's sizes."""
    fields = {
        "text_token_size": LM.text_token_size,
        "speech_token_size": LM.speech_token_size,
        "token_rate": TOKEN_RATE,
        "text_encoder_input_size": LM.text_encoder.input_size,
        "llm_input_size": LM.llm.input_size,
        "llm_output_size": LM.llm.output_size,
        **_encoder("text_encoder", LM.text_encoder),
        **_encoder("llm", LM.llm),
        "flow_input_size": FLOW.encoder.input_size,
        **_encoder("flow_encoder", FLOW.encoder),
        "flow_guidance": FLOW.inference_cfg_rate,
        "flow_temperature": FLOW.temperature,
        "channels": list(FLOW.estimator.channels),
        "attention_head_dim": FLOW.estimator.attention_head_dim,
        "n_blocks": FLOW.estimator.n_blocks,
        "num_mid_blocks": FLOW.estimator.num_mid_blocks,
        "num_heads": FLOW.estimator.num_heads,
        "base_channels": HIFT.base_channels,
        "f0_channels": HIFT.f0_channels,
        "min_token_text_ratio": MIN_TOKEN_TEXT_RATIO,
        "max_token_text_ratio": MAX_TOKEN_TEXT_RATIO,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in fields.items():
        text = text.replace(f"@{name}@", str(value))
    if "@" in text:
        raise ValueError(f"{TEMPLATE}: a placeholder has no value")
    return text


def _encoder(name: str, config: EncoderConfig) -> dict[str, int]:
    return {
        f"{name}_width": config.output_size,
        f"{name}_heads": config.attention_heads,
        f"{name}_units": config.linear_units,
        f"{name}_blocks": config.num_blocks,
    }


def export(cache: Path, out: Path) -> None:
    """All five files into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    networks = {
        "llm": averaged(cache / "lm", SpeechLM(LM)),
        "flow": averaged(cache / "flow", Flow(FLOW)),
        "hift": averaged(cache / "vocoder", HiFT(HIFT)),
    }
    for name, network in networks.items():
        torch.save({k: v.cpu() for k, v in network.state_dict().items()}, out / f"{name}.pt")
    voices = {name: {"embedding": torch.from_numpy(embedding(name))[None]} for name in SPEAKERS}
    torch.save(voices, out / "spk2info.pt")
    (out / "cosyvoice.yaml").write_text(yaml_text(), encoding="utf-8")


def write_tokenizer(network: torch.nn.Module, path: Path) -> None:
    """The speech tokenizer's weights in half precision."""
    state = network.state_dict().items()
    arrays = {name: v.cpu().numpy().astype(np.float16) for name, v in state}
    with path.open("wb") as file:
        layout = {name: (a.dtype, a.shape) for name, a in arrays.items()}
        write_tensors(file, layout, arrays.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/nano"))
    parser.add_argument("--bundle", type=Path, help="folder of the bundle to make")
    parser.add_argument("--tokenizer", type=Path, help="file to keep the speech tokenizer in")
    parser.add_argument("--precision", default="int8", help="of the bundle")
    args = parser.parse_args()
    checkpoint = args.cache / "checkpoint" / NAME
    export(args.cache, checkpoint)
    if args.tokenizer:
        network = averaged(args.cache / "tokenizer", SpeechTokenizer(TOKENIZER))
        write_tokenizer(network, args.tokenizer)
    if args.bundle:
        convert(checkpoint, args.bundle, precision=args.precision, licence=LICENCE, replace=True)


if __name__ == "__main__":
    main()
