"""P5: one request from text to waveform: repeatable, streamed as whole, shaped as asked."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.config import HOP_LENGTH, ModelConfig, Sampling
from cosyvoice_lite.errors import CosyError, TextError, UsageError, VoiceError
from cosyvoice_lite.runtime.cfm import Solver
from cosyvoice_lite.runtime.flow import Flow, FlowCache
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.request import MAX_TEXT_TOKENS, Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.voice import Voice
from cosyvoice_lite.text.segment import Prosody
from oracles import Array

TEXT = "Good morning."
TWO = "Good morning.\n\nHow are you today, my friend? I am well, thank you very much indeed."
SHORT = Sampling(max_token_text_ratio=3.0)


def speak(synthesizer: Synthesizer, text: str = TEXT, **settings: Any) -> Array:
    return synthesizer.speak(text, **{"seed": 1, "sampling": SHORT, **settings}).samples


def test_the_same_seed_gives_the_same_samples_and_another_does_not(
    synthesizer: Synthesizer,
) -> None:
    first = speak(synthesizer)
    assert np.array_equal(first, speak(synthesizer))
    assert not np.array_equal(first[:5000], speak(synthesizer, seed=2)[:5000])
    assert len(first) % HOP_LENGTH == 0


def test_without_a_seed_every_time_is_different(synthesizer: Synthesizer) -> None:
    once, again = (speak(synthesizer, seed=None)[:5000] for _ in range(2))
    assert not np.array_equal(once, again)


PROGRAM = """
import hashlib, sys
from cosyvoice_lite import Sampling, Synthesizer
s = Synthesizer.open(sys.argv[1], threads=1)
a = s.speak(sys.argv[2], seed=1, sampling=Sampling(max_token_text_ratio=3.0))
print(hashlib.sha256(a.samples.tobytes()).hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_another_process(
    synthesizer: Synthesizer, tiny_bundle: Path
) -> None:
    """True for one number of threads; with another, sums are split at other places (see below)."""
    import hashlib

    printed = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tiny_bundle), TWO],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert printed == {hashlib.sha256(speak(synthesizer, TWO).tobytes()).hexdigest()}


def test_another_number_of_threads_changes_rounding_only(
    synthesizer: Synthesizer, tiny_bundle: Path
) -> None:
    two = speak(Synthesizer.open(tiny_bundle, threads=2))
    np.testing.assert_allclose(two, speak(synthesizer), atol=2e-3)


def test_what_was_spoken_before_changes_nothing(synthesizer: Synthesizer) -> None:
    before = speak(synthesizer)
    speak(synthesizer, TWO, seed=9, speed=0.5)
    assert np.array_equal(speak(synthesizer), before)


def test_segments_do_not_depend_on_their_neighbours(synthesizer: Synthesizer) -> None:
    """A segment sounds the same (up to rounding) whatever comes after it."""
    request = Request(TWO, seed=4, sampling=SHORT)
    plan = synthesizer.plan(request)
    assert len(plan) > 1
    together = [a.samples for a in synthesizer.utter_all(plan) if np.abs(a.samples).max() > 0]
    alone = [synthesizer.utter(utterance).samples for utterance in plan]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


# --- speed and prosody ---------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.25, 0.7, 1.0, 1.3, 2.0, 4.0])
def test_speed_divides_the_frames_rounded_down_as_the_authors_do(
    speed: float, synthesizer: Synthesizer
) -> None:
    n_frames = len(speak(synthesizer)) // HOP_LENGTH
    n_tokens = len(list(synthesizer.tokens(one_utterance(synthesizer))))
    assert n_frames == synthesizer.bundle.manifest.model.frames(n_tokens)
    assert len(speak(synthesizer, speed=speed)) == int(n_frames / speed) * HOP_LENGTH


def one_utterance(synthesizer: Synthesizer, **prosody: float) -> Any:
    (utterance,) = synthesizer.plan(Request(TEXT, seed=1, sampling=SHORT))
    segment = replace(utterance.segment, prosody=Prosody(**prosody), pause_after_s=0.0)
    return replace(utterance, segment=segment)


def test_volume_scales_the_samples_up_to_the_limit(synthesizer: Synthesizer) -> None:
    plain = synthesizer.utter(one_utterance(synthesizer)).samples
    quiet = synthesizer.utter(one_utterance(synthesizer, volume_db=-20.0)).samples
    np.testing.assert_allclose(quiet, plain * 0.1, atol=1e-7)
    loud = synthesizer.utter(one_utterance(synthesizer, volume_db=40.0)).samples
    limit = synthesizer.bundle.manifest.model.vocoder.audio_limit
    np.testing.assert_allclose(loud, np.clip(plain * 100, -limit, limit), atol=1e-5)
    silent = synthesizer.utter(one_utterance(synthesizer, volume_db=float("-inf"))).samples
    assert not silent.any()


def test_pitch_multiplies_f0_by_semitones(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    source = synthesizer.vocoder.source

    def listen(f0: Array, rng: np.random.Generator) -> Array:
        heard.append(f0)
        return source(f0, rng)

    monkeypatch.setattr(synthesizer.vocoder, "source", listen)
    for semitones in (0.0, 12.0, -3.0):
        synthesizer.utter(one_utterance(synthesizer, pitch_semitones=semitones))
    np.testing.assert_allclose(heard[1], heard[0] * 2, rtol=1e-6)
    np.testing.assert_allclose(heard[2], heard[0] * 2 ** (-3 / 12), rtol=1e-6)


def test_pauses_are_silence_to_the_sample(synthesizer: Synthesizer) -> None:
    (utterance,) = synthesizer.plan(Request(TEXT, seed=1, sampling=SHORT))
    segment = replace(utterance.segment, pause_before_s=0.25, pause_after_s=1.0)
    plain = synthesizer.utter(utterance).samples
    for in_chunks in (False, True):
        spoken = synthesizer.utter_all([replace(utterance, segment=segment)], in_chunks=in_chunks)
        samples = Audio.concat(spoken).samples
        before, after = round(0.25 * 22050), 22050
        assert len(samples) == before + len(plain) + after
        assert not samples[:before].any()
        assert not samples[-after:].any()
        assert samples[before : before + 100].any()


def test_a_cue_leaves_its_pauses_out(synthesizer: Synthesizer) -> None:
    (utterance,) = synthesizer.plan(Request(TEXT, seed=1, sampling=SHORT))
    segment = replace(utterance.segment, pause_before_s=0.25, pause_after_s=1.0)
    cue = replace(utterance, segment=segment).cue(10.0, 4.0)
    assert (cue.start_s, cue.end_s, cue.text) == (10.25, 13.0, segment.text)


# --- streaming -------------------------------------------------------------------------------

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


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"text": ""}, TextError, "nothing to speak"),
        ({"text": " \n\t "}, TextError, "nothing to speak"),
        ({"text": "。！？…"}, TextError, "nothing to speak"),
        ({"text": "a\udcffb"}, TextError, "not UTF-8"),
        (
            {"voice": "nobody"},
            VoiceError,
            "unknown voice 'nobody'; this bundle's voices are 中文女",
        ),
        ({"mode": "sung"}, UsageError, "unknown mode 'sung': expected one of sft, zero_shot"),
        ({"mode": "zero_shot"}, VoiceError, "zero_shot needs"),
        ({"mode": "cross_lingual"}, VoiceError, "no recording"),
        ({"mode": "instruct"}, VoiceError, "needs an instruction"),
        ({"mode": "sft", "instruct": "Sadly."}, UsageError, "contradict"),
        ({"instruct": "\udcff"}, TextError, "not UTF-8"),
        ({"speed": 0.0}, UsageError, "speed is 0, must be between 0.25 and 4"),
        ({"speed": float("nan")}, UsageError, "speed is nan"),
        ({"speed": 4.1}, UsageError, "speed"),
        ({"seed": -1}, UsageError, "seed is -1"),
        ({"seed": 2**32}, UsageError, "seed"),
        ({"n_steps": 0}, UsageError, "the number of steps is 0"),
        ({"n_steps": 10**9}, UsageError, "the number of steps"),
        ({"text": 3}, UsageError, "text is 3, must be a text"),
        ({"text": None}, UsageError, "text is None"),
        ({"speed": "fast"}, UsageError, "speed is 'fast', must be a number"),
        ({"speed": None}, UsageError, "speed is None, must be a number"),
        ({"seed": 1.5}, UsageError, "seed is 1.5, must be a whole number"),
        ({"voice": 3}, UsageError, "voice is 3, must be a voice or its name"),
        ({"lexicon": 3}, UsageError, "lexicon is 3, must be a path"),
        ({"sampling": {}}, UsageError, "sampling is {}, must be a Sampling"),
        ({"language": "tlh"}, UsageError, "language 'tlh'"),
        ({"frontend": "best"}, UsageError, "frontend 'best'"),
        ({"text": "word " * 3000, "frontend": "official"}, TextError, "too long"),
    ],
)
def test_what_can_not_be_spoken_says_why(
    settings: dict[str, Any], error: type[CosyError], message: str, synthesizer: Synthesizer
) -> None:
    with pytest.raises(error, match=message) as caught:
        speak(synthesizer, **settings)
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert Request("Hi.", speed=np.float32(1.5), seed=np.int64(3)).chosen_seed() == 3


def test_no_segment_of_a_long_text_is_too_long_for_the_model(synthesizer: Synthesizer) -> None:
    for text in ("word " * 4000, "字" * 4000, "あ" * 4000):
        plan = synthesizer.plan(Request(text, seed=1))
        assert all(len(u.segment.token_ids) <= MAX_TEXT_TOKENS for u in plan)
        assert len(plan) > 20


def test_an_unknown_number_of_threads_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(UsageError, match="threads is 0"):
        Synthesizer.open(tiny_bundle, threads=0)
    assert Synthesizer.open(tiny_bundle, threads=10_000).threads <= (os.cpu_count() or 1)


@pytest.fixture
def instructed(synthesizer: Synthesizer) -> Synthesizer:
    """The same model, said to follow instructions."""
    manifest = replace(synthesizer.bundle.manifest, capabilities=("instruct",))
    return Synthesizer(replace(synthesizer.bundle, manifest=manifest))


def test_an_instruction_ends_as_the_authors_code_ends_it(instructed: Synthesizer) -> None:
    for frontend in ("lite", "official"):
        (utterance,) = instructed.plan(Request(TEXT, instruct="Sadly.", frontend=frontend))
        ended = instructed.reader.prompt_ids("Sadly.<endofprompt>")
        assert utterance.conditioning.lm_prompt_text == ended


def test_instructions_hide_the_speaker_from_the_language_model_only(
    instructed: Synthesizer,
) -> None:
    (utterance,) = instructed.plan(Request(TEXT, instruct="Very sadly.", seed=1))
    c = utterance.conditioning
    assert c.lm_speaker is None
    assert c.lm_prompt_text
    assert c.flow_speaker is not None
    assert len(speak(instructed, instruct="Very sadly.")) > 0


def test_a_voice_of_another_model_is_refused(synthesizer: Synthesizer) -> None:
    good = np.zeros(192, np.float32)
    bad: dict[str, dict[str, Any]] = {
        "speaker embedding": {"speaker_embedding": np.zeros(80, np.float32)},
        "speaker embedding ": {"speaker_embedding": good * np.nan},
        "speaker embedding  ": {"speaker_embedding": np.zeros(192, np.int64)},
        "prompt text": {"prompt_text": (99999,)},
        "prompt tokens": {"prompt_tokens": np.array([4096])},
        "prompt tokens ": {"prompt_tokens": np.array([-1])},
        "prompt tokens  ": {"prompt_tokens": np.array([0.5])},
        "prompt mel": {"prompt_mel": np.zeros((5, 40), np.float32)},
        "prompt mel ": {"prompt_mel": np.full((5, 80), np.inf, np.float32)},
    }
    for part, fields in bad.items():
        voice = Voice(**{"name": "x", "speaker_embedding": good, **fields})
        with pytest.raises(VoiceError, match=f"not of this model: {part.strip()}$"):
            speak(synthesizer, voice=voice)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_is_told_that_it_can_not_speak(tiny_bundle: Path) -> None:
    synthesizer = Synthesizer.open(tiny_bundle)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(UsageError):
            synthesizer.speak("Hi.")
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
