"""spk2info.pt: the official layouts in two generations, and what is not a voice."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.checkpoints import write_checkpoint

from archives import STORAGES, Array, archive, table, tensor
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.convert.voices import read_voices, voice_records
from cosyvoice_lite.errors import CheckpointError, VoiceError
from cosyvoice_lite.runtime.voice import Voice, bundled_voices, check_voice

RNG = np.random.default_rng(0)
EMBEDDING = RNG.standard_normal((1, 192), np.float32)
TOKENS = np.arange(30, dtype=np.int32)[None]
MEL = RNG.standard_normal((1, 51, 80), np.float32)


def spk2info(path: Path, voices: dict[str, dict[str, Any]]) -> Path:
    arrays: list[Array] = []

    def entry(value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        arrays.append(value)
        return tensor(str(len(arrays) - 1), value.shape, kind=STORAGES[str(value.dtype)])

    content = table(
        {name: table({k: entry(v) for k, v in fields.items()}) for name, fields in voices.items()}
    )
    return archive(path, content, {str(i): a for i, a in enumerate(arrays)})


@pytest.fixture
def config(tiny_checkpoint: Path) -> Any:
    return read_hyperparameters(tiny_checkpoint / "cosyvoice.yaml")


@pytest.mark.parametrize(
    "names",
    [
        ("embedding", "speech_token", "speech_feat"),
        ("llm_embedding", "llm_prompt_speech_token", "prompt_speech_feat"),
    ],
)
def test_both_generations_of_names_make_the_same_voice(
    names: tuple[str, str, str], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "c"
    write_checkpoint(checkpoint)
    fields: dict[str, Any] = dict(zip(names, (EMBEDDING, TOKENS, MEL), strict=True))
    fields |= {"prompt_text": np.array([[5, 6, 7]], np.int64), "text": b"N"}
    spk2info(checkpoint / "spk2info.pt", {"英文女 2": fields, "b": {"embedding": EMBEDDING}})
    convert(checkpoint, tmp_path / "bundle")
    voice, bare = bundled_voices(Bundle.open(tmp_path / "bundle")).values()
    assert (voice.name, voice.language, bare.name, bare.language) == ("英文女 2", "en", "b", None)
    np.testing.assert_array_equal(voice.speaker_embedding, EMBEDDING[0])
    np.testing.assert_array_equal(voice.prompt_tokens, TOKENS[0])
    np.testing.assert_array_equal(voice.prompt_mel, MEL[0])
    assert voice.prompt_text == (5, 6, 7)
    assert voice.has_prompt
    assert not bare.has_prompt


WRONG: dict[str, dict[str, Any]] = {
    "no embedding": {"speech_token": TOKENS},
    "embedding of another width": {"embedding": EMBEDDING[:, :80]},
    "embedding that is no number": {"embedding": EMBEDDING * np.nan},
    "embedding that is no tensor": {"embedding": b"K\x05"},
    "enormous embedding": {"embedding": tensor("0", (1 << 40,), (0,))},
    "token beyond the vocabulary": {"embedding": EMBEDDING, "speech_token": TOKENS + 4080},
    "negative token": {"embedding": EMBEDDING, "speech_token": TOKENS - 1},
    "fractional tokens": {"embedding": EMBEDDING, "speech_token": np.float32(TOKENS)},
    "text beyond the vocabulary": {"embedding": EMBEDDING, "prompt_text": TOKENS + 500},
    "mel of another width": {"embedding": EMBEDDING, "speech_feat": MEL[:, :, :79]},
    "mel without shape": {"embedding": EMBEDDING, "speech_feat": np.zeros((), np.float32)},
    "mel that is no number": {"embedding": EMBEDDING, "speech_feat": MEL * np.inf},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_voice_of_this_model_is_named(name: str, config: Any, tmp_path: Path) -> None:
    path = spk2info(
        tmp_path / "spk2info.pt", {"good": {"embedding": EMBEDDING}, "bad": WRONG[name]}
    )
    with pytest.raises(CheckpointError) as caught:
        read_voices(path, config)
    assert str(path) in str(caught.value)
    assert name == "enormous embedding" or "'bad'" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "\x1b[31mred", "a\x00"])
def test_a_name_that_could_be_mistaken_is_refused(name: str, config: Any, tmp_path: Path) -> None:
    path = spk2info(tmp_path / "spk2info.pt", {name: {"embedding": EMBEDDING}})
    with pytest.raises(CheckpointError, match="can't be the name of a voice"):
        read_voices(path, config)


@pytest.mark.parametrize("content", [b"]", b"N", table({"a": b"]"}), table({"a": b"K\x01"})])
def test_a_file_of_another_shape_is_refused(content: bytes, config: Any, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="voice"):
        read_voices(archive(tmp_path / "spk2info.pt", content), config)


def test_a_checkpoint_may_have_no_voices(config: Any, tmp_path: Path) -> None:
    assert read_voices(tmp_path / "none.pt", config) == {}
    assert read_voices(archive(tmp_path / "spk2info.pt", b"}"), config) == {}


def test_a_voice_without_words_is_kept(config: Any, tmp_path: Path) -> None:
    """As the authors' code keeps a recording that nobody wrote down."""
    voice = {"embedding": EMBEDDING, "prompt_text": np.zeros((1, 0), np.int32)}
    voices = read_voices(spk2info(tmp_path / "spk2info.pt", {"me": voice}), config)
    assert voices["me"]["prompt_text"].shape == (0,)
    assert voices["me"]["prompt_text"].dtype == np.int64


def test_a_voice_kept_for_another_language_has_its_recording(config: Any, tmp_path: Path) -> None:
    voice = {
        "llm_embedding": EMBEDDING,
        "flow_prompt_speech_token": TOKENS,
        "prompt_speech_feat": MEL,
    }
    voices = read_voices(spk2info(tmp_path / "spk2info.pt", {"me": voice}), config)
    np.testing.assert_array_equal(voices["me"]["prompt_tokens"], TOKENS[0])


def test_a_prompt_that_repeats_without_end_is_refused(config: Any, tmp_path: Path) -> None:
    endless = {"embedding": EMBEDDING, "prompt_text": tensor("0", (1 << 20,), (0,))}
    with pytest.raises(CheckpointError, match="'me': prompt_text is longer than 16384"):
        read_voices(spk2info(tmp_path / "spk2info.pt", {"me": endless}), config)


def test_voices_that_fill_the_memory_are_refused(
    config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = {"embedding": EMBEDDING, "speech_token": TOKENS, "speech_feat": MEL}
    path = spk2info(tmp_path / "spk2info.pt", dict.fromkeys("abc", voice))
    monkeypatch.setattr("cosyvoice_lite.convert.voices.MAX_BYTES", 3 * MEL.nbytes)
    with pytest.raises(CheckpointError, match="keep fewer"):
        read_voices(path, config)


def test_tokens_that_only_the_flow_knows_are_refused(config: Any, tmp_path: Path) -> None:
    """The language model hears a prompt, too, and may know fewer."""
    model = replace(config, lm=replace(config.lm, speech_vocabulary=20))
    path = spk2info(
        tmp_path / "spk2info.pt", {"me": {"embedding": EMBEDDING, "speech_token": TOKENS}}
    )
    read_voices(path, config)
    with pytest.raises(CheckpointError, match="speech_token is not of this model"):
        read_voices(path, model)
    voice = Voice("me", EMBEDDING[0], prompt_tokens=TOKENS[0])
    check_voice(voice, config)
    with pytest.raises(VoiceError, match="prompt tokens"):
        check_voice(voice, model)


def test_a_wide_space_in_a_name_is_a_space(config: Any, tmp_path: Path) -> None:
    path = spk2info(tmp_path / "spk2info.pt", {"中文\u3000女": {"embedding": EMBEDDING}})
    assert list(read_voices(path, config)) == ["中文 女"]


def test_two_voices_of_one_name_are_refused(config: Any, tmp_path: Path) -> None:
    voices = {name: {"embedding": EMBEDDING} for name in ("a b", "a\u3000b")}
    with pytest.raises(CheckpointError, match="two voices are called 'a b'"):
        read_voices(spk2info(tmp_path / "spk2info.pt", voices), config)


def test_languages_are_told_by_the_official_names() -> None:
    names = ("中文女", "英文男", "日语男", "粤语女", "韩语女", "Ann")
    records = voice_records(dict.fromkeys(names))
    assert [records[n].language for n in names] == ["zh", "en", "ja", "yue", "ko", None]
