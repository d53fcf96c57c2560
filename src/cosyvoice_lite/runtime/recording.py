"""A recording → what a voice is made of, by the authors' two encoders."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cosyvoice_lite.audio.resample import resample
from cosyvoice_lite.audio.spectral import kaldi_fbank_normalised, matcha_mel, whisper_log_mel
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import SPEAKER_ENCODER, SPEECH_TOKENIZER, Bundle
from cosyvoice_lite.errors import AudioError, VoiceError
from cosyvoice_lite.runtime.session import Session

Array = npt.NDArray[Any]

ENCODER_RATE = 16000
"""Hz; both encoders were trained on it, and recordings below it are refused."""
SHORTEST_S, LONGEST_S = 0.5, 30.0


class RecordingEncoder:
    """The speaker encoder and the speech tokenizer of one bundle."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        for name in (SPEAKER_ENCODER, SPEECH_TOKENIZER):
            if not bundle.has(name):
                raise VoiceError(
                    f"{bundle.path}: recordings need {name}, which the checkpoint did not have; "
                    "a model that has it: pull 300M"
                )
        self.sample_rate = bundle.manifest.model.sample_rate
        self.speakers = Session(bundle.file(SPEAKER_ENCODER), threads)
        self.tokenizer = Session(bundle.file(SPEECH_TOKENIZER), threads)

    def speaker_embedding(self, recording: Audio) -> Array:
        """CAM++ x-vector: (d_speaker,)."""
        features = kaldi_fbank_normalised(at_rate(recording, ENCODER_RATE))
        return self.speakers(**{self.speakers.input_names[0]: features[None]})[0].reshape(-1)

    def speech_tokens(self, recording: Audio) -> Array:
        """Speech tokens: (T_tok,) int64."""
        features = whisper_log_mel(at_rate(recording, ENCODER_RATE))
        names = self.tokenizer.input_names
        length = np.array([features.shape[1]], np.int32)
        tokens = self.tokenizer(**{names[0]: features[None], names[1]: length})[0]
        return tokens.reshape(-1).astype(np.int64)

    def mel(self, recording: Audio) -> Array:
        """The mel that the flow speaks: (T_mel, M)."""
        return matcha_mel(at_rate(recording, self.sample_rate), self.sample_rate).T


def at_rate(recording: Audio, sample_rate: int) -> Array:
    """The samples of a recording at another rate.

    Raises:
        AudioError: too short, too long or of too low a rate to take after.
    """
    if recording.sample_rate < ENCODER_RATE:
        raise AudioError(
            f"the recording has {recording.sample_rate} Hz, at least {ENCODER_RATE} are needed"
        )
    if not SHORTEST_S <= recording.duration_s <= LONGEST_S:
        raise AudioError(
            f"the recording lasts {recording.duration_s:.1f} s, "
            f"it must be between {SHORTEST_S:g} and {LONGEST_S:g} s"
        )
    return resample(recording.samples, recording.sample_rate, sample_rate)
