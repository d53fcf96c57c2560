"""The voices of `spk2info.pt`: plain arrays under plain names."""

from __future__ import annotations

from collections.abc import Mapping
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

# What the authors call a field, in its two generations, and what we call it.
SPEAKER_FIELDS = ("embedding", "llm_embedding", "flow_embedding")
PROMPT_FIELDS = {
    "speech_token": "prompt_tokens",
    "llm_prompt_speech_token": "prompt_tokens",
    "speech_feat": "prompt_mel",
    "prompt_speech_feat": "prompt_mel",
    "prompt_text": "prompt_text",
}
LANGUAGES = {"中文": "zh", "英文": "en", "日语": "ja", "粤语": "yue", "韩语": "ko"}
LANGUAGES |= {f"{language}_": language for language in LANGUAGES.values()}
"""Voices are named by language and sex, the official ones as in 中文女, ours as in zh_female."""
MAX_VOICES = 10_000


def read_voices(path: Path, config: ModelConfig) -> dict[str, dict[str, Array]]:
    """Voice → field → array; a checkpoint without `spk2info.pt` has no voices of its own.

    Fields: speaker_embedding (d_speaker,) float32; prompt_tokens (T_tok,) and prompt_text (T_text,)
    int64; prompt_mel (T_mel, M) float32.
    """
    if not path.exists():
        return {}
    voices = read_checkpoint(path)
    if not isinstance(voices, Mapping) or len(voices) > MAX_VOICES:
        raise CheckpointError(f"{path}: does not hold voices by name")
    return {_name(path, name): _fields(path, name, voice, config) for name, voice in voices.items()}


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
    if not isinstance(name, str) or not name or not name.isprintable() or "/" in name:
        raise CheckpointError(f"{path}: {name!r} can't be the name of a voice")
    return name


def _fields(path: Path, name: str, voice: Any, config: ModelConfig) -> dict[str, Array]:
    if not isinstance(voice, Mapping):
        raise CheckpointError(f"{path}: voice {name!r} is not a mapping")
    tensors = {k: v.numpy() for k, v in voice.items() if isinstance(v, StoredTensor)}
    speaker = next((tensors[k] for k in SPEAKER_FIELDS if k in tensors), None)
    if speaker is None or speaker.size != config.lm.d_speaker:
        raise CheckpointError(f"{path}: voice {name!r} lacks an embedding of {config.lm.d_speaker}")
    if not np.isfinite(speaker).all():
        raise CheckpointError(f"{path}: voice {name!r}: its embedding holds NaN or infinity")
    fields = {"speaker_embedding": np.ascontiguousarray(speaker, np.float32).reshape(-1)}
    for theirs, ours in PROMPT_FIELDS.items():
        if theirs in tensors:
            if not _fits(tensors[theirs], ours, config):
                raise CheckpointError(f"{path}: voice {name!r}: {theirs} is not of this model")
            fields[ours] = _prompt(tensors[theirs], ours, config)
    return fields


def _fits(array: Array, field: str, config: ModelConfig) -> bool:
    """Whether a prompt is one for this model: mels of its width, tokens of its vocabularies."""
    if field == "prompt_mel":
        return array.shape[-1:] == (config.flow.n_mels,) and bool(np.isfinite(array).all())
    size = config.lm.text_vocabulary if field == "prompt_text" else config.flow.speech_vocabulary
    return array.dtype.kind in "iu" and bool(((array >= 0) & (array < size)).all())


def _prompt(array: Array, field: str, config: ModelConfig) -> Array:
    if field == "prompt_mel":
        return np.ascontiguousarray(array, np.float32).reshape(-1, config.flow.n_mels)
    return np.ascontiguousarray(array, np.int64).reshape(-1)
