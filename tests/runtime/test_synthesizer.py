"""Whole speech: seeds, neighbours, threads, speed, pitch, volume and pauses."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.config import HOP_LENGTH
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from oracles import Array
from runtime.speaking import SHORT, TEXT, TWO, one_utterance, speak


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


@pytest.mark.parametrize("speed", [0.25, 0.7, 1.0, 1.3, 2.0, 4.0])
def test_speed_divides_the_frames_rounded_down_as_the_authors_do(
    speed: float, synthesizer: Synthesizer
) -> None:
    n_frames = len(speak(synthesizer)) // HOP_LENGTH
    n_tokens = len(list(synthesizer.tokens(one_utterance(synthesizer))))
    assert n_frames == synthesizer.bundle.manifest.model.frames(n_tokens)
    assert len(speak(synthesizer, speed=speed)) == int(n_frames / speed) * HOP_LENGTH


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
