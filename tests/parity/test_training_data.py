"""The crops that the vocoder learns from: where the flow's mel lies beside the recording."""

import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is going
    pytest.importorskip("pyworld")

from training.corpus.store import Store
from training.data import CONTEXT, Crops
from training.model.speech_tokenizer import frame_count, token_count
from training.spectral import HOP, N_MELS, SAMPLE_RATE

FRAME = 1 / 8 * HOP / SAMPLE_RATE
"""How far the ramps below climb in one frame."""


def test_a_crop_and_the_mel_that_the_flow_made_of_it_lie_at_one_place(tmp_path: Path) -> None:
    store, mels = Store(tmp_path / "en_male"), []
    for utterance in range(4):
        ramp = np.linspace(utterance, utterance + 1, SAMPLE_RATE, dtype=np.float32) / 8
        store.append("", "en", "en_male", ramp)
        frames = frame_count(token_count(len(ramp) // HOP))
        mels.append(np.repeat(ramp[HOP // 2 :: HOP, None][:frames], N_MELS, axis=1))
    generated = np.concatenate(mels[:2]).astype(np.float16)  # of the first two alone
    np.save(store.audio_path.with_name("generated.npy"), generated)
    batch = Crops([tmp_path / "en_male"], 16, seed=0).batch(0, 64)
    assert 0.05 < batch.is_generated.float().mean() < 0.45  # half of half of them
    middles = batch.samples[:, CONTEXT * HOP + HOP // 2 :: HOP][:, :16]
    apart = (batch.generated[:, 0] - middles)[batch.is_generated].abs()
    assert float(apart.max()) < FRAME / 2  # half precision is a sixth of a frame
