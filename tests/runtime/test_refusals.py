"""What can't be spoken says why."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosyvoice_lite.errors import CosyError, TextError, UsageError, VoiceError
from cosyvoice_lite.runtime.request import MAX_TEXT_TOKENS, Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.voice import Voice
from runtime.speaking import TEXT, speak


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
