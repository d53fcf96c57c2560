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
        padding = text.shape[1] - text_lengths
        told = _turned(torch.cat([start, person, text_part], dim=1), padding)
        sequence = torch.cat([told, task, self.speech_embedding(speech)], dim=1)
        out, weights = self.llm(sequence, _mask(padding, sequence.shape[1]))
        first = told.shape[1]  # where the task mark stands
        logits = self.llm_decoder(out[:, first:])
        return logits, [_on_text(w[:, :, first:, :first], padding) for w in weights]


def _turned(rows: Tensor, padding: Tensor) -> Tensor:
    """Rows (B, N, D) with the padding at their end, (B,), before them: what follows is then as far
    from them as it is without."""
    places = torch.arange(rows.shape[1], device=rows.device) - padding[:, None]
    return rows.gather(1, (places % rows.shape[1])[..., None].expand_as(rows))


def _on_text(weights: Tensor, padding: Tensor) -> Tensor:
    """Attention on turned rows, (B, H, T, N), as attention on the text, (B, H, T, L)."""
    n = weights.shape[-1]
    places = torch.arange(PREFIX, n, device=weights.device) + padding[:, None]
    return weights.gather(-1, (places % n)[:, None, None].expand(*weights.shape[:3], -1))


def _mask(padding: Tensor, total: int) -> Tensor:
    """Causal, and nobody but itself sees a place of the padding in front: (B, total, total)."""
    place = torch.arange(total, device=padding.device)
    earlier = causal_mask(torch.full_like(padding, total), total)
    itself = place[:, None] == place
    return earlier & ((place >= padding[:, None])[:, None] | itself)
