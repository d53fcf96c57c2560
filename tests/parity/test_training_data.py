"""What vocoder and flow learn from: mels and tokens that lie where their recording is."""

import contextlib
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is going
    pytest.importorskip("pyworld")

from training.corpus import build  # noqa: E402
from training.corpus.joining import MissingRecordingError  # noqa: E402
from training.corpus.store import Store  # noqa: E402
from training.data import CONTEXT, Corpus, Crops, is_unseen  # noqa: E402
from training.loop import LOG_EVERY, Run  # noqa: E402
from training.model.speech_tokenizer import frame_count, token_count  # noqa: E402
from training.spectral import HOP, N_MELS, SAMPLE_RATE, mel_spectrogram  # noqa: E402
from training.train_flow import FlowTraining  # noqa: E402

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


def test_a_stretch_of_an_utterance_has_the_mel_of_its_tokens(tmp_path: Path) -> None:
    seconds = np.arange(4 * SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
    samples = np.exp(seconds - 5) * np.sin(2 * np.pi * 500 * seconds)  # its log-mel climbs evenly
    store = Store(tmp_path / "corpus" / "en_male")
    for _ in range(6):
        store.append("hello", "en", "en_male", samples)
    corpus = Corpus(tmp_path / "corpus", seconds_per_batch=12, seed=0)
    tokens = [torch.arange(token_count(len(samples) // HOP))] * len(store)
    training = FlowTraining(tmp_path / "flow", corpus, tokens)
    stretched = 0
    for step in range(20):
        batch = training.examples(corpus.batch(step), step)
        stretched += int(batch.counts.max()) < len(tokens[0])
        for row, n in enumerate(batch.frames):
            first, climb = frame_count(int(batch.tokens[row, 0])), HOP / SAMPLE_RATE
            loudest = batch.mel[row, :, : int(n)].max(dim=0).values
            expected = loudest[n // 2] + climb * (torch.arange(int(n)) - n // 2)
            assert torch.allclose(loudest[2:-2], expected[2:-2], atol=climb / 2)
            begins = float(loudest[n // 2]) - climb * (first + int(n) // 2)
            assert abs(begins - level_of(samples)) < climb  # so it begins where it should
    assert 4 < stretched < 16


def level_of(samples: np.ndarray) -> float:
    """The log-mel of the climbing tone, less its climb, where the window sees no edge."""
    loudest = mel_spectrogram(torch.from_numpy(samples[None]))[0].max(dim=0).values
    return float(loudest[100]) - 100 * HOP / SAMPLE_RATE


def test_one_text_of_a_hundred_is_only_measured_by(tmp_path: Path) -> None:
    store = Store(tmp_path / "en_male")
    for n in range(202):
        store.append(f"hello {n}", "en", "en_male", np.zeros(SAMPLE_RATE // 10, np.float32))
    kept_out = {n for n in range(202) if is_unseen(f"hello {n}")}
    assert 0 < len(kept_out) < 8
    corpus = Corpus(tmp_path, seconds_per_batch=2, seed=0)
    learnt = [p for step in range(corpus.steps_per_epoch) for p in corpus.batch(step).places]
    measured = {p for number in range(5) for p in corpus.unseen_batch(number).places}
    assert measured == kept_out
    assert sorted([*learnt, *measured]) == list(range(202))


def test_losses_of_the_unseen_are_written_beside_the_others(tmp_path: Path) -> None:
    run = Run(tmp_path, torch.nn.Linear(2, 2), {})
    run.train(
        lambda step: {"tokens": torch.tensor(1.0)},
        2 * LOG_EVERY,
        check=lambda number: {"tokens": torch.tensor(1.0 + number)},
    )
    rows = [row.split(",") for row in (tmp_path / "losses.csv").read_text().splitlines()]
    assert [float(value) for *_, value in rows] == [1, 2, 1, 3]
    assert (tmp_path / "losses.png").stat().st_size > 1000


def test_a_corpus_that_was_stopped_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 0

    def say(text: str, tempo: float, rng: np.random.Generator) -> np.ndarray:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        if len(text) % 3 == 0:
            raise MissingRecordingError(text)
        return np.full(round(tempo * SAMPLE_RATE), 0.1, np.float32)

    monkeypatch.setattr(build, "speaking", lambda *_: say)
    monkeypatch.setattr(build, "pitches", lambda store: None)
    for name, patience in (("straight", [9999]), ("stopped", [9, 20, 9999])):
        for said in patience:
            left = said
            with contextlib.suppress(KeyboardInterrupt):
                build.build_voice(build.Order("en_male", 0.6, tmp_path, tmp_path / name))
    straight, stopped = (
        list(Store(tmp_path / name / "corpus" / "en_male")) for name in ("straight", "stopped")
    )
    assert stopped == straight
    assert len({utterance.text for utterance in straight}) == len(straight) > 20
