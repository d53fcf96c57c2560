"""The BPE vocabularies: sizes, special tokens, broken files."""

import hashlib
from pathlib import Path

import pytest
from vocab import FILES, FOLDER, open_vocab

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.tokenizer import SPECIALS, WHISPER_VOCAB_SHA256, BpeTokenizer

HURTING = ["", "?", "안녕 👋🏽", "\ud83d", "a" * 5000, "名\u0301前", "<|en|>", "<|xx|>", "\x00\t\n"]


def test_special_tokens_have_the_official_places() -> None:
    assert len(SPECIALS["whisper"]) == 51866 - 50257
    assert SPECIALS["whisper"].index("en") == 50259 - 50257
    assert len(SPECIALS["hz25"]) == 1674


@pytest.mark.parametrize(("kind", "size"), [("whisper", 51866), ("hz25", 60510)])
def test_the_real_vocabularies(kind: str, size: int) -> None:
    tokenizer = open_vocab(kind)
    assert tokenizer.size == size
    for text in HURTING:
        ids = tokenizer.encode(text)
        assert max(ids, default=0) < size
        assert tokenizer.decode(ids) == text.replace("\ud83d", "\ufffd")


def test_the_known_digest_is_the_published_file() -> None:
    open_vocab("whisper")
    content = (FOLDER / FILES["whisper"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == WHISPER_VOCAB_SHA256


@pytest.mark.parametrize(
    "content",
    ["", "hello", "IQ== 0\nIg== x", "IQ== 0\nIg== 2", "!!!! 0", "IQ== 0 0"],
    ids=["empty", "prose", "no number", "gap", "no base64", "three fields"],
)
def test_a_broken_vocabulary_is_a_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.tiktoken"
    path.write_text(content, "utf-8")
    with pytest.raises(TextError, match=r"broken\.tiktoken is not a tiktoken vocabulary"):
        BpeTokenizer.open(path, "whisper")


def test_a_missing_vocabulary_and_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="can't read the vocabulary"):
        BpeTokenizer.open(tmp_path / "none.tiktoken", "whisper")
    with pytest.raises(TextError, match="unknown vocabulary kind"):
        BpeTokenizer.open(tmp_path / "none.tiktoken", "gpt2")
