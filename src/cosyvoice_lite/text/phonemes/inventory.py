"""The one table of symbols that phonemes are written in, and their ids.

A phone carries the tag of its language (``zh:b`` is no ``en:B``): the five languages cut sounds
differently, and a voice learnt from five speakers must not mix them. Tones, stress, accents and
Korean codas are symbols or parts of symbols; punctuation, word boundaries and control marks are
shared by all languages.

A voice is trained on these ids, so the table only ever grows at its end. ``SIZE`` leaves room, so
that a longer table fits the embedding of an older voice.
"""

from cosyvoice_lite.errors import TextError

SIZE = 512
"""Number of ids, the unused ones included: the rows of a voice's text embedding."""

PAD, UNKNOWN, BREAK = "<pad>", "<unk>", " "
"""Padding; a character that no rule reads; the boundary of two words."""

_SHARED = "<pad> <unk> <bos> <eos>".split(" ")
_MARKS = [BREAK, ",", ".", "?", "!", ";", "…"]
_TAGS = [f"<|{language}|>" for language in ("zh", "en", "ja", "ko", "yue")]
_EVENTS = (
    "[laughter] [breath] <strong> </strong> <laughter> </laughter> [noise] [cough] [clucking] "
    "[accent] [quick_breath] [hissing] [sigh] [vocalized-noise] [lipsmack] [mn]"
)
_EMOTIONS = (
    "<neutral> <happy> <sad> <angry> <surprised> <fearful> <disgusted> <gentle> <serious> "
    "<excited> <calm> <whisper>"
)
_RESERVED = [f"<reserved_{n}>" for n in range(32)]

ZH_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s"
ZH_FINALS = (
    "a o e E ai ei ao ou an en ang eng ong er i ii iii ia ie iao iou ian in iang ing iong io iai "
    "u ua uo uai uei uan uen uang ueng v ve van vn ng rr"
)
"""The syllables m and n are their initials alone. ``ii`` follows z c s, ``iii`` follows zh ch sh r, ``E`` is ê, ``v`` is ü, ``rr`` is erhua."""
YUE_INITIALS = "b p m f d t n l g k ng h gw kw w z c s j"
YUE_FINALS = (
    "a aa aai aau aam aan aang aap aat aak ai au am an ang ap at ak e ei eu em en eng ep et ek i "
    "iu im in ing ip it ik o oi ou om on ong op ot ok oe oet oeng oek eoi eon eot u ui um un ung "
    "up ut uk yu yun yut m ng"
)
EN_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
EN_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
"""ARPAbet; a vowel carries its stress: 1 primary, 2 secondary, 0 none."""
JA_PHONES = (
    "a i u e o A I U E O N cl k ky kw g gy gw s sh z j t ts ch ty d dy n ny h hy f fy b by p py m "
    "my y r ry w v vy [ ] /"
)
"""Open JTalk's phones; capitals are devoiced; ``[`` and ``]`` are the rise and the fall of pitch,
``/`` ends an accent phrase."""
KO_INITIALS = "g kk n d tt r m b pp s ss j jj ch k t p h"
KO_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i"
KO_CODAS = "k. n. t. l. m. p. ng."
TONES = {"zh": "12345", "yue": "123456"}
"""The digit follows the syllable: ``zh:3``; 5 is Mandarin's neutral tone."""


def _tagged(language: str, names: str) -> list[str]:
    return [f"{language}:{name}" for name in names.split()]


SYMBOLS: tuple[str, ...] = (
    *_SHARED,
    *_MARKS,
    *_TAGS,
    *_EVENTS.split(),
    *_EMOTIONS.split(),
    *_RESERVED,
    *_tagged("zh", ZH_INITIALS),
    *_tagged("zh", ZH_FINALS),
    *[f"zh:{tone}" for tone in TONES["zh"]],
    *_tagged("yue", YUE_INITIALS),
    *[f"yue:{final}" for final in YUE_FINALS.split() if final not in YUE_INITIALS.split()],
    *[f"yue:{tone}" for tone in TONES["yue"]],
    *_tagged("en", EN_CONSONANTS),
    *[f"en:{vowel}{stress}" for vowel in EN_VOWELS.split() for stress in "012"],
    *_tagged("ja", JA_PHONES),
    *_tagged("ko", KO_INITIALS),
    *_tagged("ko", KO_VOWELS),
    *_tagged("ko", KO_CODAS),
)
"""Every symbol; its place is its id."""

IDS: dict[str, int] = {symbol: number for number, symbol in enumerate(SYMBOLS)}
"""Symbol → id."""

_PUNCTUATION = {
    ",": ",，、､،()（）[]［］【】〔〕《》〈〉—–―~～〜",
    ".": ".。．｡",
    "?": "?？؟",
    "!": "!！",
    ";": ";；:：",
    "…": "…⋯‥",
    BREAK: "-‐‑ \t\n\r\u3000\u00a0·・･/／",
}
MARK_OF: dict[str, str] = {char: symbol for symbol, chars in _PUNCTUATION.items() for char in chars}
"""Written punctuation → the symbol that stands for its pause; quotation marks have none."""


def ids(symbols: list[str]) -> list[int]:
    """The ids of ``symbols``.

    Raises:
        TextError: one of them is not in the table.
    """
    try:
        return [IDS[symbol] for symbol in symbols]
    except KeyError as error:
        raise TextError(f"unknown phoneme symbol {error.args[0]!r}: see docs/phonemes.md") from None
