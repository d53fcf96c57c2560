"""P5: the language model with its cache and tables against the same without, from the equations."""

from pathlib import Path

import numpy as np
import pytest

import oracles
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.convert.checkpoint import read_state_dict
from cosyvoice_lite.runtime import decoding
from cosyvoice_lite.runtime.lm import SpeechLM
from cosyvoice_lite.runtime.memory import MAX_SPEECH_TOKENS
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from oracles import Array

TEXT = [3, 500, 41, 7, 7, 260, 11]
SPEECH = [17, 4095, 0, 2048, 17, 9]


@pytest.fixture
def lm(synthesizer: Synthesizer) -> SpeechLM:
    return synthesizer.lm


@pytest.fixture(scope="module")
def weights(tiny_checkpoint: Path) -> dict[str, Array]:
    return {k: v.numpy() for k, v in read_state_dict(tiny_checkpoint / "llm.pt").items()}


def speaker() -> Array:
    return np.random.default_rng(5).standard_normal(192, np.float32)


def tokens(n: int) -> list[int]:
    return [int(t) for t in np.random.default_rng(9).integers(0, 4096, n)]


@pytest.mark.parametrize("known", [True, False])
def test_text_encoder_and_logits_equal_the_equations(
    known: bool, lm: SpeechLM, weights: dict[str, Array]
) -> None:
    who = speaker() if known else None
    encoded, rows = lm.encode_text(TEXT, who)
    np.testing.assert_allclose(encoded, oracles.text_encoder(TEXT, weights, 4), atol=1e-5)
    assert len(rows) == len(TEXT) + known
    prefix = lm.prefix(TEXT, who, SPEECH[:2])
    assert len(prefix) == 2 + known + len(TEXT) + 2
    decoder = lm.decoder(1, len(prefix) + len(SPEECH))
    logits = [decoder.admit(0, prefix)]
    logits += [decoder.step([token])[0] for token in SPEECH[2:]]
    for n, ours in enumerate(logits):
        expected = oracles.lm_logits(TEXT, who, SPEECH[: 2 + n], weights, 4, 4)
        np.testing.assert_allclose(ours, expected, atol=2e-5)


def stepped(lm: SpeechLM, prefix: Array, speech: list[int]) -> Array:
    """Logits after the prefix and after each token, one step at a time."""
    decoder = lm.decoder(1, len(prefix) + len(speech))
    return np.array([decoder.admit(0, prefix), *(decoder.step([t])[0] for t in speech)])


def test_steps_with_a_cache_equal_a_whole_prefill_across_blocks_of_positions(
    lm: SpeechLM,
) -> None:
    """200 steps: the table of positions, 64 distances a block, grows three times on the way."""
    speech = tokens(200)
    ours = stepped(lm, lm.prefix(TEXT, speaker(), []), speech)
    for n in (0, 1, 53, 54, 55, 63, 64, 118, 200):
        prefix = lm.prefix(TEXT, speaker(), speech[:n])
        whole = lm.decoder(1, len(prefix)).admit(0, prefix)
        np.testing.assert_allclose(ours[n], whole, atol=2e-5)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_a_prefix_taken_in_pieces_equals_the_whole(
    rows: int, lm: SpeechLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = lm.prefix(TEXT, speaker(), tokens(150))
    whole = stepped(lm, prefix, SPEECH)
    monkeypatch.setattr(decoding, "PREFILL_ROWS", rows)
    np.testing.assert_allclose(stepped(lm, prefix, SPEECH), whole, atol=2e-5)


def test_the_order_in_which_sequences_come_changes_nothing(lm: SpeechLM, tiny_bundle: Path) -> None:
    """A model that has already spoken far, and one that has not, give the same numbers."""
    prefix = lm.prefix(TEXT, speaker(), [])
    stepped(lm, prefix, tokens(300))
    fresh = Synthesizer.open(tiny_bundle, threads=1).lm
    assert np.array_equal(stepped(lm, prefix, SPEECH), stepped(fresh, prefix, SPEECH))


def test_sequences_side_by_side_equal_each_alone(lm: SpeechLM) -> None:
    prefixes = [lm.prefix(TEXT[:n], speaker(), tokens(m)) for n, m in ((7, 0), (2, 90), (4, 30))]
    speech = [tokens(40), tokens(41)[1:], tokens(42)[2:]]
    alone = [stepped(lm, prefix, s) for prefix, s in zip(prefixes, speech, strict=True)]
    decoder = lm.decoder(3, max(map(len, prefixes)) + 40)
    for slot, prefix in enumerate(prefixes):
        np.testing.assert_allclose(decoder.admit(slot, prefix), alone[slot][0], atol=2e-5)
    for n in range(40):
        logits = decoder.step([s[n] for s in speech])
        for slot in range(3):
            np.testing.assert_allclose(logits[slot], alone[slot][n + 1], atol=2e-5)


def test_a_moved_sequence_goes_on_as_if_it_had_not_moved(lm: SpeechLM) -> None:
    prefix = lm.prefix(TEXT, speaker(), tokens(30))
    expected = stepped(lm, prefix, SPEECH)
    decoder = lm.decoder(2, len(prefix) + 20)
    decoder.admit(0, lm.prefix(TEXT[:2], speaker(), []))
    decoder.admit(1, prefix)
    decoder.step([5, SPEECH[0]])
    decoder.move(1, 0)
    for n, token in enumerate(SPEECH[1:], start=2):
        np.testing.assert_allclose(decoder.step([token])[0], expected[n], atol=2e-5)


def generated(lm: SpeechLM, sampling: Sampling, seed: int = 0, n_text: int = 7) -> list[int]:
    rng = np.random.default_rng(seed)
    sentence = lm.sentence(TEXT[:n_text], speaker(), [], [], sampling, rng)
    return list(lm.generate(sentence))


@pytest.mark.parametrize(("shortest", "longest"), [(2.0, 20.0), (3.0, 3.0), (0.0, 5.5), (0, 0)])
def test_lengths_stay_between_the_ratios(shortest: float, longest: float, lm: SpeechLM) -> None:
    sampling = Sampling(min_token_text_ratio=shortest, max_token_text_ratio=longest)
    for seed in range(5):
        speech = generated(lm, sampling, seed)
        assert int(7 * shortest) <= len(speech) <= int(7 * longest)
        assert all(0 <= token < 4096 for token in speech)


def test_few_words_can_not_be_made_to_last_without_end(lm: SpeechLM) -> None:
    forced = Sampling(min_token_text_ratio=1000.0, max_token_text_ratio=1000.0)
    sentence = lm.sentence(TEXT, speaker(), [], [], forced, np.random.default_rng(0))
    assert sentence.shortest == sentence.longest == MAX_SPEECH_TOKENS
    uncut = TEXT * 20  # what the official frontend can leave: its ends must not be lost
    sentence = lm.sentence(uncut, speaker(), [], [], Sampling(), np.random.default_rng(0))
    assert sentence.longest == 20 * len(uncut) > MAX_SPEECH_TOKENS


def test_the_end_is_forbidden_until_the_shortest_length_and_kept_after(
    tiny_bundle: Path,
) -> None:
    """A model that wants to end at once ends at the first moment it may."""
    eager = Synthesizer.open(tiny_bundle, threads=1).lm
    draw = eager.decoder

    class Ending:
        def __init__(self, n_slots: int, capacity: int) -> None:
            self.inner = draw(n_slots, capacity)

        def admit(self, slot: int, rows: Array) -> Array:
            return self.ending(self.inner.admit(slot, rows)[None])[0]

        def step(self, tokens: list[int]) -> Array:
            return self.ending(self.inner.step(tokens))

        def ending(self, logits: Array) -> Array:
            logits[:, eager.config.eos] = 100.0
            return logits

    eager.decoder = Ending  # type: ignore[assignment, method-assign]
    sampling = Sampling(min_token_text_ratio=2.0, max_token_text_ratio=20.0)
    assert len(generated(eager, sampling)) == 14
    assert generated(eager, Sampling(min_token_text_ratio=0.0)) == []


def test_many_sentences_together_are_each_as_if_alone(lm: SpeechLM) -> None:
    sampling = Sampling(min_token_text_ratio=1.0, max_token_text_ratio=6.0)
    alone = [generated(lm, sampling, seed, n) for seed, n in enumerate((7, 1, 4, 6, 2))]
    sentences = [
        lm.sentence(TEXT[:n], speaker(), [], [], sampling, np.random.default_rng(seed))
        for seed, n in enumerate((7, 1, 4, 6, 2))
    ]
    lm.generate_all(sentences, n_slots=2)
    assert [sentence.tokens for sentence in sentences] == alone


def test_a_text_beyond_the_positions_of_the_model_makes_no_speech_but_no_harm(
    lm: SpeechLM,
) -> None:
    """Such a segment is refused before (`Synthesizer.plan`); should one come, it must not crash."""
    from cosyvoice_lite.runtime.lm import MAX_POSITIONS

    prompt = tokens(MAX_POSITIONS - 12)
    sentence = lm.sentence(TEXT, speaker(), [], prompt, Sampling(), np.random.default_rng(0))
    assert sentence.longest == MAX_POSITIONS - len(sentence.prefix) == 2
    assert len(list(lm.generate(sentence))) == 2
