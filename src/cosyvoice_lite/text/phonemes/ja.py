"""Japanese: words → morae with pitch, as the phones of Open JTalk.

Words join into accent phrases and their accents into one by the rules that the dictionary carries
(C1–C5 for nouns, F1–F5 for particles and auxiliaries, P1–P2 for prefixes; Sagisaka and Sato 1983,
as Open JTalk applies them). ``[`` stands where pitch rises, ``]`` where it falls, ``/`` between two
accent phrases; vowels between voiceless consonants lose their voice.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.phonemes.inventory import MARK_OF
from cosyvoice_lite.text.phonemes.ja_counted import Counted, counted
from cosyvoice_lite.text.phonemes.ja_words import Word, katakana, words

_MORA_NAMES = (
    "ア a,イ i,ウ u,エ e,オ o,ァ a,ィ i,ゥ u,ェ e,ォ o,カ k a,キ k i,ク k u,ケ k e,コ k o,"
    "ガ g a,ギ g i,グ g u,ゲ g e,ゴ g o,サ s a,シ sh i,ス s u,セ s e,ソ s o,ザ z a,ジ j i,ズ z u,ゼ z e,"
    "ゾ z o,タ t a,チ ch i,ツ ts u,テ t e,ト t o,ダ d a,ヂ j i,ヅ z u,デ d e,ド d o,ナ n a,ニ n i,ヌ n u,"
    "ネ n e,ノ n o,ハ h a,ヒ h i,フ f u,ヘ h e,ホ h o,バ b a,ビ b i,ブ b u,ベ b e,ボ b o,パ p a,ピ p i,"
    "プ p u,ペ p e,ポ p o,マ m a,ミ m i,ム m u,メ m e,モ m o,ヤ y a,ユ y u,ヨ y o,ラ r a,リ r i,ル r u,"
    "レ r e,ロ r o,ワ w a,ヰ i,ヱ e,ヲ o,ン N,ッ cl,ヴ v u,キャ ky a,キュ ky u,キョ ky o,ギャ gy a,"
    "ギュ gy u,ギョ gy o,シャ sh a,シュ sh u,ショ sh o,シェ sh e,ジャ j a,ジュ j u,ジョ j o,ジェ j e,"
    "チャ ch a,チュ ch u,チョ ch o,チェ ch e,ニャ ny a,ニュ ny u,ニョ ny o,ヒャ hy a,ヒュ hy u,ヒョ hy o,"
    "ビャ by a,ビュ by u,ビョ by o,ピャ py a,ピュ py u,ピョ py o,ミャ my a,ミュ my u,ミョ my o,リャ ry a,"
    "リュ ry u,リョ ry o,ファ f a,フィ f i,フェ f e,フォ f o,フュ hy u,ウィ w i,ウェ w e,ウォ w o,"
    "ティ t i,トゥ t u,テュ ty u,ディ d i,ドゥ d u,デュ dy u,ツァ ts a,ツィ ts i,ツェ ts e,ツォ ts o,"
    "ヴァ v a,ヴィ v i,ヴェ v e,ヴォ v o,ヴュ vy u,イェ y e,クァ kw a,クィ k w i,クェ k w e,クォ k w o,"
    "グァ gw a,スィ s i,ズィ z i,キェ ky e,ニェ ny e,ヒェ hy e,ャ y a,ュ y u,ョ y o,ヮ w a,ヵ k a,ヶ k e"
)
_MORAE = {
    kana: phones.split() for kana, phones in (m.split(" ", 1) for m in _MORA_NAMES.split(","))
}
_MORA = re.compile("|".join(sorted(_MORAE, key=len, reverse=True)) + "|ー|’")
_VOICELESS = frozenset("k ky kw s sh t ch ts ty h hy f p py cl".split())

_SPECIAL = ("ン", "ッ", "ー")
_ALONE = ("副詞", "接続詞", "連体詞", "フィラー", "感動詞", "接頭詞")  # begin a phrase, always
_DEPENDENT = ("助詞", "助動詞")
_COUNTER = Word("", ("名詞", "接尾", "助数詞", "*", "*", "*"), "", 0, "*")
_LATIN = ("名詞", "固有名詞", "組織")  # what a Latin word is to the words behind it
_RULE = re.compile(r"(?:(?P<pos>[^%/]+)%)?(?P<name>[CFP]\d)(?:@(?P<shift>-?\d+))?")


@dataclass
class _Phrase:
    """An accent phrase: its morae, and the one after which pitch falls (0: none)."""

    morae: list[str] = field(default_factory=list)
    accent: int = 0


def phonemes(text: str) -> list[str]:
    """The symbols of normalised Japanese text; what it can't read is skipped."""
    return _all_symbols(_phrases_and_marks(text))


def phonemes_after_latin(text: str) -> list[str]:
    """The same right behind a word in Latin letters: the 型 of A型 is がた."""
    return _all_symbols(_phrases_and_marks(text, _LATIN))


def _all_symbols(items: Iterable[_Phrase | str]) -> list[str]:
    symbols: list[str] = []
    for item in items:
        if isinstance(item, str):
            symbols.append(item)
            continue
        if symbols and symbols[-1].startswith("ja:"):
            symbols.append("ja:/")
        symbols += _symbols(item)
    return symbols


def kana_phonemes(kana: str) -> list[str]:
    """The symbols of kana; an apostrophe or ``]`` after the accented mora: ``ハシ'``, ``ア'メ``.

    Raises:
        TextError: something in it is not kana.
    """
    heard = katakana(re.sub(r"[’'\]]", "’", kana.strip()))
    morae = _MORA.findall(heard)
    if "".join(morae) != heard or not morae:
        raise TextError(f"{kana!r} is not kana")
    accent = next((at for at, mora in enumerate(morae) if mora == "’"), 0)
    return _symbols(_Phrase([mora for mora in morae if mora != "’"], accent))


def reading(text: str) -> str:
    """The katakana of normalised Japanese text as it is pronounced, a blank between phrases."""
    items = (i if isinstance(i, str) else "".join(i.morae) for i in _phrases_and_marks(text))
    return " ".join(items).replace("’", "")


def read_words(text: str) -> Iterator[tuple[str, list[str]]]:
    """The words of normalised Japanese text, each with its symbols as if it stood alone; joined, the
    words are the text, and what it can't read has no symbols."""
    for word in words(text):
        morae = _MORA.findall(katakana(word.reading))
        yield word.surface, _symbols(_Phrase(morae)) if morae else []


def _phrases_and_marks(text: str, behind: tuple[str, ...] = ()) -> Iterator[_Phrase | str]:
    """Accent phrases and punctuation symbols, in order."""
    yield from _from_words(counted(words(text, behind)))


def _numeral_phrase(kana: str) -> _Phrase:
    """Pitch falls at the numeral's last full mora, as in サ'ンボン, ニ'ジ, ヒャク'エン."""
    morae = _MORA.findall(kana)
    accent = max(1, len(morae) - 2)
    while accent > 1 and morae[accent - 1] in _SPECIAL:
        accent -= 1
    return _Phrase(morae, 1 if len(morae) <= 2 else accent)


def _from_words(found: Iterable[Word | Counted]) -> Iterator[_Phrase | str]:
    phrase: _Phrase | None = None
    before = _COUNTER
    for word in found:
        if phrase and isinstance(word, Word) and word.reading and _joins(before, word):
            _append(phrase, word, before.pos, before.rule)
            before = word
            continue
        if phrase:
            yield phrase
        if isinstance(word, Counted):
            *finished, phrase = map(_numeral_phrase, word.parts)
            yield from finished
            before = _COUNTER
        elif word.reading:
            phrase, before = _Phrase(_MORA.findall(katakana(word.reading)), word.accent), word
        else:
            yield from (MARK_OF[char] for char in word.surface if char in MARK_OF)
            phrase = None
    if phrase:
        yield phrase


def _joins(before: Word, word: Word) -> bool:
    """Whether a word belongs to the accent phrase of the word before it."""
    pos, sub, form = before.pos[0], before.pos[1], before.pos[5]
    if word.pos[0] in _DEPENDENT or word.pos[1] == "接尾":
        return True
    if pos in _DEPENDENT and not (sub == "接続助詞" and before.surface in ("て", "で")):
        return False
    if word.pos[1] == "非自立" and word.pos[0] in ("動詞", "形容詞"):
        return form.startswith("連用") or sub in ("サ変接続", "接続助詞")
    if pos in _DEPENDENT or word.pos[0] in _ALONE or sub in ("接尾", "副詞可能"):
        return False
    if pos == "接頭詞":
        return True
    if before.pos[3] == "姓" or word.pos[3] == "名" or sub == "形容動詞語幹":
        return False
    if pos == "名詞":
        return word.pos[0] == "名詞" and word.pos[1] not in ("形容動詞語幹", "副詞可能", "非自立")
    return False


def _append(phrase: _Phrase, word: Word, before: tuple[str, ...], rule_before: str = "*") -> None:
    """Add a word to a phrase and move the accent as its rule says."""
    top = len(phrase.morae)
    morae = _MORA.findall(katakana(word.reading))
    rule = rule_before if before[0] == "接頭詞" and rule_before[0] == "P" else word.rule
    phrase.accent = _combined(phrase.accent, top, word.accent, rule, before[0])
    phrase.morae += morae


def _combined(accent: int, top: int, own: int, rules: str, before: str) -> int:
    """The accent of a phrase of ``top`` morae after a word with accent ``own`` has joined it."""
    for rule in _RULE.finditer(rules):
        if rule["pos"] and rule["pos"].lstrip("/") != before:
            continue
        shift = int(rule["shift"] or 0)
        results = {
            "C1": top + own, "C2": top + 1, "C3": top, "C4": 0, "C5": accent, "F1": accent,
            "F2": accent or top + shift, "F3": top + shift if accent else 0, "F4": top + shift,
            "F5": 0, "P1": top + own if own else 0, "P2": top + (own or 1),
        }  # fmt: skip
        return results.get(rule["name"], accent)
    return accent


def _symbols(phrase: _Phrase) -> list[str]:
    morae = [mora for mora in phrase.morae if mora != "’"]
    symbols: list[str] = []
    for at, mora in enumerate(morae):
        phones = _phones(mora, symbols)
        if phones and _is_devoiced(phones, morae, at, phrase):
            phones = [*phones[:-1], phones[-1].upper()]
        symbols += phones
        if phrase.accent == at + 1 and at + 1 < len(morae):
            symbols.append("]")
        elif at == 0 and phrase.accent != 1 and len(morae) > 1:
            symbols.append("[")
    return [f"ja:{symbol}" for symbol in symbols]


def _phones(mora: str, before: list[str]) -> list[str]:
    if mora != "ー":
        return _MORAE[mora]
    vowel = next((phone for phone in reversed(before) if phone not in "[]"), "")
    return [vowel.lower()] if vowel.lower() in ("a", "i", "u", "e", "o") else []


def _is_devoiced(phones: list[str], morae: list[str], at: int, phrase: _Phrase) -> bool:
    if len(phones) < 2 or phones[-1] not in ("i", "u") or phones[0] not in _VOICELESS:
        return False
    if at + 1 == len(morae):
        return "’" in phrase.morae[-1:]
    following = _MORAE.get(morae[at + 1], ["a"])[0]
    if phrase.accent == at + 1 or following == "cl" or following not in _VOICELESS:
        return False
    previous = _MORAE.get(morae[at - 1], ["a"]) if at else ["a"]
    return not (len(previous) > 1 and previous[-1] in "iu" and previous[0] in _VOICELESS)
