"""The voices of `spk2info.pt`: plain arrays under plain names."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import VoiceRecord
from cosyvoice_lite.config import ModelConfig
from cosyvoice_lite.convert.checkpoint import read_checkpoint
from cosyvoice_lite.convert.storage import StoredTensor
from cosyvoice_lite.errors import CheckpointError
from cosyvoice_lite.tensorfile import write_tensors

Array = npt.NDArray[Any]

# What the authors call a field, in its two generations, and what we call it; the later wins. A
# voice that was kept for another language has only the flow's tokens.
SPEAKER_FIELDS = ("embedding", "llm_embedding", "flow_embedding")
PROMPT_FIELDS = {
    "speech_token": "prompt_tokens",
    "flow_prompt_speech_token": "prompt_tokens",
    "llm_prompt_speech_token": "prompt_tokens",
    "speech_feat": "prompt_mel",
    "prompt_speech_feat": "prompt_mel",
    "prompt_text": "prompt_text",
}
LANGUAGES = {"中文": "zh", "英文": "en", "日语": "ja", "粤语": "yue", "韩语": "ko"}
LANGUAGES |= {f"{language}_": language for language in LANGUAGES.values()}
"""Voices are named by language and sex, the official ones as in 中文女, ours as in zh_female."""
MAX_VOICES = 10_000
MAX_BYTES = 1 << 29
"""Of all voices; 30 s of speech, the longest recording that the authors take, are 0.9 MB."""
MAX_PROMPT = 1 << 14
"""Tokens or frames of a recording, which strides of zero repeat without end; 30 s have 2,584."""


def read_voices(path: Path, config: ModelConfig) -> dict[str, dict[str, Array]]:
    """Voice → field → array; a checkpoint without `spk2info.pt` has no voices of its own.

    Fields: speaker_embedding (d_speaker,) float32; prompt_tokens (T_tok,) and prompt_text (T_text,)
    int64; prompt_mel (T_mel, M) float32.
    """
    if not path.exists():
        return {}
    stored = read_checkpoint(path)
    if not isinstance(stored, Mapping) or len(stored) > MAX_VOICES:
        raise CheckpointError(f"{path}: does not hold voices by name")
    voices: dict[str, dict[str, Array]] = {}
    n_bytes = 0
    for theirs, voice in stored.items():
        name = _name(path, theirs)
        if name in voices:
            raise CheckpointError(f"{path}: two voices are called {name!r}: rename one")
        voices[name] = _fields(path, name, voice, config)
        n_bytes += sum(array.nbytes for array in voices[name].values())
        if n_bytes > MAX_BYTES:
            raise CheckpointError(
                f"{path}: its voices have more than {MAX_BYTES} bytes: keep fewer"
            )
    return voices


def voice_records(voices: Mapping[str, Any]) -> dict[str, VoiceRecord]:
    return {
        name: VoiceRecord(next((v for k, v in LANGUAGES.items() if name.startswith(k)), None))
        for name in voices
    }


def write_voices(path: Path, voices: Mapping[str, Mapping[str, Array]]) -> None:
    arrays = {
        f"{name}/{field}": a for name, fields in voices.items() for field, a in fields.items()
    }
    with path.open("wb") as file:
        write_tensors(file, {k: (a.dtype, a.shape) for k, a in arrays.items()}, arrays.values())


def _name(path: Path, name: Any) -> str:
    """As a bundle has it: spaces and letters of another width are the usual ones."""
    usual = unicodedata.normalize("NFKC", name) if isinstance(name, str) else ""
    if not usual or not usual.isprintable() or "/" in usual:
        raise CheckpointError(f"{path}: {name!r} can't be the name of a voice")
    return usual


def _fields(path: Path, name: str, voice: Any, config: ModelConfig) -> dict[str, Array]:
    if not isinstance(voice, Mapping):
        raise CheckpointError(f"{path}: voice {name!r} is not a mapping")
    tensors = {k: v for k, v in voice.items() if isinstance(v, StoredTensor)}
    stored = next((tensors[k] for k in SPEAKER_FIELDS if k in tensors), None)
    if stored is None or prod(stored.shape) != config.lm.d_speaker:
        raise CheckpointError(f"{path}: voice {name!r} lacks an embedding of {config.lm.d_speaker}")
    speaker = np.ascontiguousarray(stored.numpy(), np.float32).reshape(-1)
    if not np.isfinite(speaker).all():
        raise CheckpointError(f"{path}: voice {name!r}: its embedding holds NaN or infinity")
    fields = {"speaker_embedding": speaker}
    for theirs, ours in PROMPT_FIELDS.items():
        if theirs in tensors:
            where = f"{path}: voice {name!r}: {theirs}"
            fields[ours] = _prompt(where, tensors[theirs], ours, config)
    return fields


def _prompt(where: str, stored: StoredTensor, field: str, config: ModelConfig) -> Array:
    """A prompt as a bundle has it: a mel of the model's width, or tokens of its vocabularies."""
    is_mel, lm = field == "prompt_mel", config.lm
    width = config.flow.n_mels if is_mel else 1
    if prod(stored.shape) > MAX_PROMPT * width:
        raise CheckpointError(f"{where} is longer than {MAX_PROMPT}: take a shorter recording")
    if is_mel and stored.shape[-1:] == (width,):
        mel = np.ascontiguousarray(stored.numpy(), np.float32).reshape(-1, width)
        if np.isfinite(mel).all():
            return mel
    elif not is_mel and stored.storage.dtype.kind in "iu":
        ids = np.ascontiguousarray(stored.numpy(), np.int64).reshape(-1)
        size = lm.text_vocabulary if field == "prompt_text" else lm.speech_vocabulary
        if ((ids >= 0) & (ids < size)).all():
            return ids
    raise CheckpointError(f"{where} is not of this model")
