"""A voice, and what each mode lets the two stages hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import ModelConfig
from cosyvoice_lite.errors import BundleError, UsageError, VoiceError
from cosyvoice_lite.tensorfile import read_tensors, replace_tensors

Array = npt.NDArray[Any]


def _no_tokens() -> Array:
    return np.zeros(0, np.int64)


def _no_mel() -> Array:
    return np.zeros((0, 0), np.float32)


def _single(array: Array) -> Array:
    """Floats as float32; what is none stays, to be refused by `check_voice`."""
    with np.errstate(over="ignore"):  # infinite then, and refused as such
        return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


@dataclass(frozen=True, eq=False)
class Voice:
    """Who speaks: a speaker embedding, and optionally a recording to take after.

    Save it once, load it in milliseconds: a cloned voice needs its recording no more.
    """

    name: str
    speaker_embedding: Array = field(repr=False)
    """(d_speaker,) float32, an x-vector of CAM++."""
    prompt_text: tuple[int, ...] = field(default=(), repr=False)
    """Text tokens of what the recording says; empty if unknown."""
    prompt_tokens: Array = field(default_factory=_no_tokens, repr=False)
    """Speech tokens of the recording, (T_tok,) int64; may be empty."""
    prompt_mel: Array = field(default_factory=_no_mel, repr=False)
    """Mel of the recording, (T_mel, M) float32; may be empty."""
    language: str | None = None
    """The language it was recorded in, if known."""

    def __post_init__(self) -> None:
        """Other widths of floats are as good, but the graphs take one."""
        for name in ("speaker_embedding", "prompt_mel"):
            object.__setattr__(self, name, _single(getattr(self, name)))

    @property
    def has_prompt(self) -> bool:
        return len(self.prompt_tokens) > 0 and len(self.prompt_mel) > 0

    def tensors(self) -> dict[str, Array]:
        """All that it is but its name and language."""
        return {
            "speaker_embedding": np.asarray(self.speaker_embedding, np.float32),
            "prompt_text": np.array(self.prompt_text, np.int64),
            "prompt_tokens": np.asarray(self.prompt_tokens, np.int64),
            "prompt_mel": np.asarray(self.prompt_mel, np.float32),
        }

    def save(self, path: Path | str) -> None:
        """Write the voice as a safetensors file.

        Raises:
            VoiceError: the file can't be written.
        """
        try:
            replace_tensors(Path(path), self.tensors())
        except OSError as error:
            raise VoiceError(f"{path}: {error.strerror}") from None

    @classmethod
    def load(cls, path: Path | str) -> Voice:
        """Read a voice that `save` wrote; its name is the file's.

        Raises:
            VoiceError: not a voice.
        """
        try:
            # Copied: a mapped file that another process cuts short would end this one.
            arrays = {name: np.array(array) for name, array in read_tensors(Path(path)).items()}
            return cls.from_tensors(Path(path).stem, arrays)
        except BundleError as error:
            raise VoiceError(str(error)) from None
        except (ValueError, TypeError) as error:
            raise VoiceError(f"{path}: not a voice: {error}") from None

    @classmethod
    def from_tensors(
        cls, name: str, tensors: Mapping[str, Array], language: str | None = None
    ) -> Voice:
        if "speaker_embedding" not in tensors:
            raise VoiceError(f"voice {name!r} lacks a speaker embedding")
        return cls(
            name=name,
            speaker_embedding=tensors["speaker_embedding"],
            prompt_text=tuple(int(i) for i in tensors.get("prompt_text", _no_tokens())),
            prompt_tokens=tensors.get("prompt_tokens", _no_tokens()),
            prompt_mel=tensors.get("prompt_mel", _no_mel()),
            language=language,
        )


def blend(parts: Sequence[tuple[Voice, float]]) -> Voice:
    """Between voices: the weighted mean of their embeddings, as vectors of length one.

    Both stages normalise the embedding, so its direction is all that is heard. Recordings can't be
    blended, so what a voice takes from its own is lost.

    Raises:
        VoiceError: the voices cancel each other out.
    """
    total = np.sum([w * _unit(voice.speaker_embedding) for voice, w in parts], axis=0)
    if not float(np.linalg.norm(total)) > 0:
        raise VoiceError("these voices cancel each other out: choose other weights")
    languages = {voice.language for voice, _ in parts}
    return Voice(
        name="+".join(voice.name for voice, _ in parts),
        speaker_embedding=_unit(total).astype(np.float32),
        language=languages.pop() if len(languages) == 1 else None,
    )


def _unit(vector: Array) -> Array:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def bundled_voices(bundle: Bundle) -> dict[str, Voice]:
    """The voices that came with the checkpoint, in its order."""
    fields: dict[str, dict[str, Array]] = {name: {} for name in bundle.manifest.voices}
    for key, array in bundle.voice_tensors.items():
        name, _, part = key.rpartition("/")
        if name not in fields:
            raise BundleError(f"{bundle.path}: voice {name!r} is not in the manifest")
        fields[name][part] = array
    records = bundle.manifest.voices
    return {n: Voice.from_tensors(n, f, records[n].language) for n, f in fields.items()}


def check_voice(voice: Voice, model: ModelConfig) -> None:
    """Raise unless the arrays of `voice` are of this model: widths, vocabularies, numbers.

    Raises:
        VoiceError: says what is not.
    """
    speaker, tokens, mel = voice.speaker_embedding, voice.prompt_tokens, voice.prompt_mel
    parts = {
        "speaker embedding": speaker.shape == (model.lm.d_speaker,) and _is_sound(speaker),
        "prompt text": _are_ids(np.array(voice.prompt_text, np.int64), model.lm.text_vocabulary),
        "prompt tokens": _are_ids(tokens, model.lm.speech_vocabulary),
        "prompt mel": not mel.size or (mel.shape[1:] == (model.flow.n_mels,) and _is_sound(mel)),
    }
    if wrong := [part for part, fits in parts.items() if not fits]:
        raise VoiceError(f"voice {voice.name!r} is not of this model: {', '.join(wrong)}")


def _is_sound(array: Array) -> bool:
    return array.dtype.kind == "f" and bool(np.isfinite(array).all())


def _are_ids(array: Array, n: int) -> bool:
    return array.ndim == 1 and array.dtype.kind in "iu" and bool(((array >= 0) & (array < n)).all())


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What the language model and the flow are given besides the text."""

    lm_speaker: Array | None
    lm_prompt_text: tuple[int, ...]
    lm_prompt_tokens: Array
    flow_speaker: Array
    flow_prompt_tokens: Array
    flow_prompt_mel: Array


def sft(voice: Voice) -> Conditioning:
    """A trained voice: the embedding alone, to both stages."""
    speaker = voice.speaker_embedding
    return Conditioning(speaker, (), _no_tokens(), speaker, _no_tokens(), _no_mel())


def zero_shot(voice: Voice) -> Conditioning:
    """Take after a recording whose words are known: everything, to both stages."""
    if not voice.prompt_text:
        raise VoiceError(
            f"voice {voice.name!r}: zero_shot needs the words of its recording; "
            "without them use cross_lingual"
        )
    speaker, tokens, mel = _prompt(voice, "zero_shot")
    return Conditioning(speaker, voice.prompt_text, tokens, speaker, tokens, mel)


def cross_lingual(voice: Voice) -> Conditioning:
    """Take after a recording in another language: its sound, but not its words and rhythm."""
    speaker, tokens, mel = _prompt(voice, "cross_lingual")
    return Conditioning(speaker, (), _no_tokens(), speaker, tokens, mel)


def instruct(voice: Voice, instruction: tuple[int, ...]) -> Conditioning:
    """A trained voice told how to speak: the language model hears the instruction, not the
    speaker, who would give the manner away."""
    speaker = voice.speaker_embedding
    return Conditioning(None, instruction, _no_tokens(), speaker, _no_tokens(), _no_mel())


def natural_mode(voice: Voice) -> str:
    """How a voice speaks when nothing else is asked."""
    if not voice.has_prompt:
        return "sft"
    return "zero_shot" if voice.prompt_text else "cross_lingual"


MODES = ("sft", "zero_shot", "cross_lingual", "instruct")


def condition(voice: Voice, mode: str, instruction: tuple[int, ...]) -> Conditioning:
    """What `mode` makes of `voice`.

    Raises:
        UsageError: no such mode. VoiceError: the voice lacks what the mode needs.
    """
    if mode == "instruct":
        if not instruction:
            raise VoiceError("mode instruct needs an instruction")
        return instruct(voice, instruction)
    plain = {"sft": sft, "zero_shot": zero_shot, "cross_lingual": cross_lingual}
    if mode not in plain:
        raise UsageError(f"unknown mode {mode!r}: expected one of {', '.join(MODES)}")
    return plain[mode](voice)


def _prompt(voice: Voice, mode: str) -> tuple[Array, Array, Array]:
    if not voice.has_prompt:
        raise VoiceError(f"voice {voice.name!r} has no recording, which {mode} takes after")
    return voice.speaker_embedding, voice.prompt_tokens, voice.prompt_mel
