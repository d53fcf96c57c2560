"""The speech language model: phonemes and a speaker in, speech tokens out, one after the other.

One sequence for the decoder: [start, speaker, text …, task, speech …]; figure 1b of CosyVoice
(arXiv:2407.05407). Shapes: B batch, L text tokens, T speech tokens, D width, V speech tokens + end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.encoder import Encoder, EncoderConfig, causal_mask

START, TASK = 0, 1  # rows of llm_embedding
PREFIX = 2  # start and speaker stand before the text


@dataclass(frozen=True)
class LMConfig:
    """Sizes; the names are the keys of cosyvoice.yaml."""

    text_token_size: int
    speech_token_size: int
    text_encoder: EncoderConfig
    llm: EncoderConfig
    spk_embed_dim: int = 192


class SpeechLM(nn.Module):
    """`forward` gives the logits of every speech position and the attention of every layer."""

    def __init__(self, config: LMConfig) -> None:
        super().__init__()
        self.config = config
        width = config.llm.input_size
        self.text_embedding = nn.Embedding(config.text_token_size, config.text_encoder.input_size)
        self.text_encoder = Encoder(config.text_encoder, "conformer")
        self.text_encoder_affine_layer = nn.Linear(config.text_encoder.output_size, width)
        self.llm_embedding = nn.Embedding(2, width)
        self.llm = Encoder(config.llm, "transformer")
        self.llm_decoder = nn.Linear(config.llm.output_size, config.speech_token_size + 1)
        self.speech_embedding = nn.Embedding(config.speech_token_size, width)
        self.spk_embed_affine_layer = nn.Linear(config.spk_embed_dim, width)

    def forward(
        self,
        text: Tensor,
        text_lengths: Tensor,
        speech: Tensor,
        speech_lengths: Tensor,
        speaker: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        """Text (B, L), speech (B, T), speaker (B, 192) → logits (B, T + 1, V), attention weights.

        Position t of the logits foretells speech token t; the last one, the end. The weights are
        those of the speech positions on the text: (B, H, T + 1, L) per layer.
        """
        encoded, _ = self.text_encoder(
            self.text_embedding(text), causal_mask(text_lengths, text.shape[1])
        )
        text_part = self.text_encoder_affine_layer(encoded)  # (B, L, D)
        person = self.spk_embed_affine_layer(functional.normalize(speaker, dim=1))[:, None]
        start = self.llm_embedding.weight[START].expand_as(person)
        task = self.llm_embedding.weight[TASK].expand_as(person)
        sequence = torch.cat([start, person, text_part, task, self.speech_embedding(speech)], dim=1)
        mask = _prefix_mask(text_lengths, text.shape[1], speech_lengths, speech.shape[1])
        out, weights = self.llm(sequence, mask)
        first = PREFIX + text.shape[1]  # where the task mark stands
        logits = self.llm_decoder(out[:, first:])
        return logits, [w[:, :, first:, PREFIX:first] for w in weights]


def _prefix_mask(text_lengths: Tensor, text: int, speech_lengths: Tensor, speech: int) -> Tensor:
    """Causal mask of the whole sequence with padding between text and task mark hidden."""
    total = PREFIX + text + 1 + speech
    place = torch.arange(total, device=text_lengths.device)
    padding = (place >= PREFIX + text_lengths[:, None]) & (place < PREFIX + text)
    full = torch.full_like(text_lengths, total)
    return causal_mask(full, total) & ~padding[:, None]
