"""The voice in the package speaks: offline, in every language, what it was asked to say.

Its words are judged by likeness: each sentence must be nearer to the teacher's own recording of it
than to the teacher's recording of any other sentence (`tests/golden/nano.npz`, cepstra of held-out
sentences). What recognisers make of it is measured by benchmarks/quality.py.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.likeness import cepstra, distance

from cosyvoice_lite.audio.subtitles import words
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import TextError
from cosyvoice_lite.models import bundled_card, bundled_model
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.timing import found
from cosyvoice_lite.text.phonemes.tempo import shortest_s

ROOT = Path(__file__).parents[1]
VOICES = ("zh_female", "en_male", "ja_female", "ko_female", "yue_male")
N_SENTENCES = 4
BYTES_AT_MOST = 30_000_000
CLIPPED = 0.985


@pytest.fixture(scope="module")
def nano() -> Synthesizer:
    return Synthesizer.open(bundled_model(), threads=2)


def sentences(voice: str) -> list[str]:
    language = voice.partition("_")[0]
    path = ROOT / "training" / "sentences" / f"heldout_{language}.txt"
    return path.read_text("utf-8").splitlines()[:N_SENTENCES]


@pytest.fixture(scope="module")
def taught() -> dict[str, list[np.ndarray]]:
    """Voice → cepstra of its teacher's recordings of the first sentences."""
    with np.load(ROOT / "tests" / "golden" / "nano.npz") as stored:
        return {
            v: [stored[f"{v}.{n}"].astype(np.float32) for n in range(N_SENTENCES)] for v in VOICES
        }


@pytest.mark.parametrize("voice", VOICES)
def test_it_says_what_it_is_asked_to(
    voice: str, nano: Synthesizer, taught: dict[str, list[np.ndarray]]
) -> None:
    for number in (0, 1):
        speech = nano.speak(sentences(voice)[number], voice=voice, seed=number)
        said = cepstra(speech.samples, speech.sample_rate)
        distances = [distance(said, reference) for reference in taught[voice]]
        assert int(np.argmin(distances)) == number, distances
        assert_speechlike(speech, len(taught[voice][number]))


def assert_speechlike(speech: Audio, n_taught: int) -> None:
    """About as long as the teacher's, neither clipped nor faint, and not silent for long."""
    assert 0.7 < speech.duration_s * speech.sample_rate / 512 / n_taught < 1.4
    assert 0.1 < np.abs(speech.samples).max() < CLIPPED
    level_db = 10 * np.log10(np.mean(speech.samples**2))
    assert -30 < level_db < -12


def test_one_voice_speaks_a_mixed_sentence_through(nano: Synthesizer) -> None:
    mixed = nano.speak("今天我们去 shopping, 好不好？", voice="zh_female", seed=1)
    alone = nano.speak("今天我们去", voice="zh_female", seed=1)
    assert mixed.duration_s > 1.3 * alone.duration_s


CUT = "佢每日朝早六點起身，跟住去跑步。"
"""Ended at the comma in most draws, were it free to."""


def test_a_sentence_is_never_shorter_than_its_sounds_can_be(nano: Synthesizer) -> None:
    [planned] = nano.plan(Request(CUT, voice="yue_male"))
    least_s = shortest_s(planned.segment.token_ids)
    assert 3.2 < least_s < 3.8
    for seed in range(3):
        assert nano.speak(CUT, voice="yue_male", seed=seed).duration_s > least_s - 0.02


def test_who_asks_for_another_least_of_tokens_gets_it(nano: Synthesizer) -> None:
    own = nano.bundle.manifest.model.sampling

    def least(**asked: float) -> float:
        request = Request(CUT, voice="yue_male", sampling=replace(own, **asked))
        return nano.plan(request)[0].sampling.min_token_text_ratio

    assert least(min_token_text_ratio=1.0) == 1.0
    assert 3.5 < least(top_p=0.4) < 4.2
    assert least(max_token_text_ratio=2.0) == 2.0


def test_a_mood_is_heard_by_the_language_model_and_by_the_flow(nano: Synthesizer) -> None:
    [told] = nano.plan(Request("こんにちは。", voice="ja_female", emotion="happy"))
    voices = nano.voices
    lm, flow = told.conditioning.lm_speaker, told.conditioning.flow_speaker
    np.testing.assert_array_equal(lm, voices["ja_female"].speaker_embedding)
    np.testing.assert_array_equal(flow, voices["ja_female_happy"].speaker_embedding)
    with pytest.raises(TextError, match="has not learnt 'calm', only angry, happy, sad"):
        nano.plan(Request("こんにちは。", emotion="calm"))


def test_the_first_command_speaks(tmp_path: Path) -> None:
    out = tmp_path / "hello.wav"
    assert main(["speak", "你好，世界。Hello, world.", "-o", str(out), "--seed", "1"]) == 0
    assert 1.0 < (out.stat().st_size - 44) / 2 / 22050 < 6.0


def test_it_is_small_and_says_what_it_is() -> None:
    bundle = Bundle.open(bundled_model())
    assert bundle.size < BYTES_AT_MOST
    assert bundle.manifest.licence.startswith("CC BY-SA 4.0")
    languages = {record.language for record in bundle.manifest.voices.values()}
    assert languages == {"zh", "en", "ja", "ko", "yue"}
    card = bundled_card()
    for source in ("Yue Tan", "jyutnet", "Tohoku University", "flite", "espeak-ng"):
        assert source in card


def test_a_pause_belongs_to_the_comma_and_not_to_a_word(nano: Synthesizer) -> None:
    """A second of silence put where the comma is: no word gets longer, those behind are later."""
    text = "The train was late, so I walked to the office."
    (utterance,) = nano.plan(Request(text, voice="en_male", seed=1))
    speech = nano.utter(utterance)
    before = words(found(utterance, speech))
    at = round((before[3].end_s + before[4].start_s) / 2 * speech.sample_rate)
    parts = (speech.samples[:at], np.zeros(speech.sample_rate, np.float32), speech.samples[at:])
    after = words(found(utterance, Audio(np.concatenate(parts), speech.sample_rate)))
    assert [word.text.strip() for word in after] == text.split()
    moved = [b.start_s - a.start_s for a, b in zip(before, after, strict=True)]
    assert moved == pytest.approx([0.0] * 4 + [1.0] * 6, abs=0.08)
    assert after[4].start_s - after[3].end_s > 0.9
