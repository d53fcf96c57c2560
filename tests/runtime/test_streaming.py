"""Speech in chunks: their lengths, their seams, the noise they share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import HOP_LENGTH, ModelConfig, Sampling
from cosyvoice_lite.errors import TextError, VoiceError
from cosyvoice_lite.runtime.cfm import Solver
from cosyvoice_lite.runtime.flow import Flow, FlowCache
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from oracles import Array
from runtime.speaking import SHORT, TEXT, one_utterance, speak

OVERLAP, VOCODER_FRAMES = 20, 20  # tokens, frames: as the authors stream


class RampFlow:
    """A flow whose mel says which token each frame was made of."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def noise(self, n_tokens: int, prompt_mel: Array, rng: np.random.Generator) -> Array:
        return np.zeros((1, len(prompt_mel) + self.config.frames(n_tokens)), np.float32)

    def course(self, tokens: list[int], *_: Any, **__: Any) -> tuple[Array, FlowCache]:
        places = (np.arange(self.config.frames(len(tokens))) + 0.5) / self.config.frames(1000)
        places = places * 1000 - 0.5 + tokens[0]
        nothing = np.zeros((1, 34), np.float32)
        return places[None].astype(np.float32), FlowCache(nothing, nothing)

    def arrive(self, course: Array, solver: Solver, before_step: Callable[[], None]) -> Array:
        return course


class RampVocoder:
    """A vocoder that says the mel as it is."""

    def waveform(self, mel: Array, *_: Any, **__: Any) -> tuple[Array, Array]:
        return np.repeat(mel[0], HOP_LENGTH), np.zeros(mel.shape[1] * HOP_LENGTH, np.float32)


def chunks_of(tiny_bundle: Path, n_tokens: int, *, real: bool) -> tuple[list[Array], ModelConfig]:
    s = Synthesizer.open(tiny_bundle, threads=1)
    model = s.bundle.manifest.model
    if not real:
        s.flow, s.vocoder = RampFlow(model), RampVocoder()  # type: ignore[assignment]
    tokens = [int(t) for t in np.random.default_rng(0).integers(0, 4096, n_tokens)]
    s.tokens = lambda _: iter(tokens if real else range(n_tokens))  # type: ignore[assignment, method-assign]
    chunks = s.utter_in_chunks(one_utterance(s))
    assert isinstance(chunks, Iterator)
    return [chunk.samples for chunk in chunks], model


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("n_tokens", [1, 20, 44, 45, 46, 94, 95, 194, 195, 196, 347])
def test_chunks_grow_to_the_authors_length_and_add_up(
    n_tokens: int, real: bool, tiny_bundle: Path
) -> None:
    """Of a chunk all but 20 tokens are heard; the first holds back 20 frames more.

    The sum may differ from the whole by the rounding of each chunk to frames, nothing else.
    """
    chunks, model = chunks_of(tiny_bundle, n_tokens, real=real)
    hops, left = [], n_tokens
    for hop in (25, 50, 100, 100, 100):  # half a second, one, two
        if left >= hop + OVERLAP:
            hops.append(hop)
            left -= hop
    frames = [model.frames(hop + OVERLAP) - model.frames(OVERLAP) for hop in hops]
    frames.append(model.frames(left))
    if hops:
        frames[0] -= VOCODER_FRAMES
        frames[-1] += VOCODER_FRAMES
    assert [len(chunk) for chunk in chunks] == [n * HOP_LENGTH for n in frames]
    assert abs(sum(frames) - model.frames(n_tokens)) <= len(hops)


def test_the_flow_begins_at_the_checkpoints_temperature(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    model, nothing = bundle.manifest.model, np.zeros((0, 80), np.float32)
    cooler = replace(model, flow=replace(model.flow, temperature=0.25))
    drawn = [
        Flow(replace(bundle, manifest=replace(bundle.manifest, model=m)), 1, Lanes(1)).noise(
            50, nothing, np.random.default_rng(0)
        )
        for m in (model, cooler)
    ]
    assert drawn[0].std() == pytest.approx(1, abs=0.02)  # of 6,880 numbers
    np.testing.assert_array_equal(drawn[1], drawn[0] / 4)


@pytest.mark.parametrize(("token_rate", "n_frames"), [(50, 34), (25, 68)])
def test_a_chunk_begins_with_the_noise_that_the_one_before_ended_with(
    token_rate: int, n_frames: int, tiny_bundle: Path
) -> None:
    s = Synthesizer.open(tiny_bundle, threads=1)
    model = s.flow.config
    s.flow.config = replace(model, flow=replace(model.flow, token_rate=token_rate))
    speaker = s.chunk_speaker(one_utterance(s))
    _, kept = speaker.mel(list(range(60)), None)
    assert kept.n_frames == n_frames == s.flow.config.frames(OVERLAP)


def test_chunks_continue_where_the_one_before_ended(tiny_bundle: Path) -> None:
    """Spoken by a ramp, every sample says its place in the text: none is lost or said twice.

    Hamming windows add up to between 1.0 and 1.08, which is how far a sample may be off.
    """
    chunks, model = chunks_of(tiny_bundle, 547, real=False)
    samples = np.concatenate(chunks)
    places = (np.arange(len(samples)) // HOP_LENGTH + 0.5) / model.frames(1000) * 1000 - 0.5
    assert np.abs(samples / 1.04 - places).max() < 0.05 * 547
    assert np.median(np.abs(samples - places)) < 2.0
    assert np.abs(np.diff(samples)).max() < 0.1 * 547  # a seam without its fade jumps by 20 tokens
    for chunk in chunks[1:]:
        assert chunk[0] > 0


def test_streamed_speech_has_no_clicks_at_its_seams(tiny_bundle: Path) -> None:
    chunks, _ = chunks_of(tiny_bundle, 347, real=True)
    assert len(chunks) == 5
    steps = np.abs(np.diff(np.concatenate(chunks)))
    usual = max(np.abs(np.diff(chunk)).max() for chunk in chunks)
    for seam in np.cumsum([len(chunk) for chunk in chunks])[:-1]:
        assert steps[seam - 1] <= usual


def test_a_short_streamed_text_equals_the_whole(synthesizer: Synthesizer) -> None:
    """One chunk: the same tokens, the same noise; only the source is drawn elsewhere."""
    (chunk,) = synthesizer.stream(TEXT, seed=1, sampling=SHORT)
    assert len(chunk.samples) == len(speak(synthesizer))


def test_streamed_speech_is_repeatable_and_comes_in_pieces(synthesizer: Synthesizer) -> None:
    long = Sampling(min_token_text_ratio=15.0)
    once, again = (
        [a.samples for a in synthesizer.stream(TEXT, seed=5, sampling=long)] for _ in range(2)
    )
    assert len(once) > 1
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


def test_errors_of_a_stream_come_at_once(synthesizer: Synthesizer) -> None:
    with pytest.raises(VoiceError):
        synthesizer.stream(TEXT, voice="nobody")
    with pytest.raises(TextError):
        synthesizer.stream("…")
