"""Text → text tokens: the byte-level BPE vocabularies of CosyVoice-300M, through tiktoken.

Two vocabularies exist. The 50 Hz models use Whisper's multilingual one with 100 languages; the
25 Hz model has its own, with tags for audio events, emotions and speech synthesis. A vocabulary
file holds the mergeable byte strings only; the special tokens follow them in a fixed order, so
their ids are positions. Nothing here knows what a token is used for.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cosyvoice_lite.errors import TextError

if TYPE_CHECKING:
    import tiktoken

WHISPER_VOCAB_SHA256 = "b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126"
"""Digest of ``multilingual.tiktoken`` as openai-whisper publishes it."""

_WORDS = (
    r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""  # GPT-2's
)

_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no "
    "th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw "
    "gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl "
    "mg as tt haw ln ha ba jw su yue"
)  # the order fixes the ids
_LANGUAGES = _CODES.split()
_AUDIO_EVENTS = [
    "ASR",
    "AED",
    "SER",
    "Speech",
    "/Speech",
    "BGM",
    "/BGM",
    "Laughter",
    "/Laughter",
    "Applause",
    "/Applause",
]
_EMOTIONS = ["HAPPY", "SAD", "ANGRY", "NEUTRAL"]
_TASKS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
_RESERVED = [f"SPECIAL_TOKEN_{n}" for n in range(1, 31)]
_SPEECH = [f"TTS/{tag}" for tag in ["B", "O", "Q", "A", "CO", "CL", "H"]]
_SPEECH += [f"TTS/SP{n:02d}" for n in range(1, 14)]
_TIMESTAMPS = [f"{n * 0.02:.2f}" for n in range(1501)]
_START = ["endoftext", "startoftranscript", *_LANGUAGES]

SPECIALS = {
    "whisper": [*_START, *_TASKS, *_TIMESTAMPS],
    "hz25": [*_START, *_AUDIO_EVENTS, *_EMOTIONS, *_TASKS, *_RESERVED, *_SPEECH, *_TIMESTAMPS],
}
"""Kind of vocabulary → names of its special tokens, in the order of their ids.

The 25 Hz checkpoint's text embedding has 60515 rows, as for 105 languages, but its official
configuration asks for 100 (60510 ids): the ids here are those of the configuration.
"""


class Tokenizer(Protocol):
    """Whatever turns text into the ids that a checkpoint was trained on."""

    @property
    def size(self) -> int:
        """Number of ids, special ones included: the rows of the model's text embedding."""

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``, special tokens such as ``<|en|>`` understood."""


@dataclass(frozen=True)
class BpeTokenizer:
    """A byte-level BPE tokenizer; any string has ids, and the ids decode to the same string."""

    encoding: "tiktoken.Encoding"

    @classmethod
    def open(cls, path: Path, kind: str) -> "BpeTokenizer":
        """Read the vocabulary file ``path`` of ``kind`` "whisper" (51866 ids) or "hz25" (60510).

        Raises:
            TextError: the kind is unknown, or the file can't be read as a vocabulary.
        """
        if kind not in SPECIALS:
            raise TextError(f"unknown vocabulary kind {kind!r}: expected one of {list(SPECIALS)}")
        import tiktoken  # a compiled package: only who opens a vocabulary pays for it

        ranks = _read_ranks(path)
        names = SPECIALS[kind]
        return cls(
            tiktoken.Encoding(
                name=path.name,
                explicit_n_vocab=len(ranks) + len(names),
                pat_str=_WORDS,
                mergeable_ranks=ranks,
                special_tokens={f"<|{name}|>": len(ranks) + n for n, name in enumerate(names)},
            )
        )

    @property
    def size(self) -> int:
        """Number of ids, special ones included."""
        return self.encoding.n_vocab

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``; every special token written out in it becomes its one id."""
        if "<|" not in text:  # the search for 1609 special tokens costs ten times the encoding
            return self.encoding.encode_ordinary(text)
        return self.encoding.encode(text, allowed_special="all")

    def decode(self, ids: list[int]) -> str:
        """The text of ``ids``; bytes that are no UTF-8 become the replacement character."""
        return self.encoding.decode(ids)


def _read_ranks(path: Path) -> dict[bytes, int]:
    try:
        ranks = dict(_lines(path))
    except OSError as error:
        raise TextError(f"can't read the vocabulary {path}: {error.strerror}") from error
    except (ValueError, binascii.Error) as error:
        raise TextError(f"{path} is not a tiktoken vocabulary: {error}") from error
    if not ranks or set(ranks.values()) != set(range(len(ranks))):
        raise TextError(f"{path} is not a tiktoken vocabulary: its ranks are not 0, 1, 2, …")
    return ranks


def _lines(path: Path) -> Iterator[tuple[bytes, int]]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line:
            continue
        fields = line.split()
        if len(fields) != 2:
            raise ValueError(f"line {number} has {len(fields)} fields, not 2")
        token = fields[0] if fields[0] != b"=" else b""  # Whisper's last line: an empty token
        yield base64.b64decode(token, validate=True), int(fields[1])
