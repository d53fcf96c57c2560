"""Korean: hangul → jamo as they are pronounced, by the rules of Standard Pronunciation (표준발음법).

Rules are numbered as the articles there. Tensing inside compounds (제28항) and ㄴ insertion (제29항)
need a dictionary; the frequent cases stand in ``_WORDS``. Words are kept apart, except that a coda
moves into the vowel of a following ending or particle, which is written without a blank anyway.
"""

import itertools
import re
import unicodedata

from cosyvoice_lite.text.phonemes.inventory import MARK_OF

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_INITIAL_NAMES = dict(
    zip(_INITIALS, "g kk n d tt r m b pp s ss  j jj ch k t p h".split(" "), strict=True)
)
_VOWEL_NAMES = dict(
    zip(
        _VOWELS,
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(" "),
        strict=True,
    )
)
_CODA_NAMES = dict(zip("ㄱㄴㄷㄹㅁㅂㅇ", "k. n. t. l. m. p. ng.".split(" "), strict=True))
_LETTERS = re.compile(r"[가-힣]+|[ㄱ-ㅎㅏ-ㅣ]")
_LETTER_NAMES = dict(
    zip(
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ",
        "기역 쌍기역 니은 디귿 쌍디귿 리을 미음 비읍 쌍비읍 시옷 쌍시옷 이응 지읒 쌍지읒 치읓 키읔 "
        "티읕 피읖 히읗".split(" "),
        strict=True,
    )
)
_CLUSTERS = "ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ".split(
    " "
)
_LETTER_NAMES |= {c[0]: _LETTER_NAMES[c[1]] + _LETTER_NAMES[c[2]] for c in _CLUSTERS}

_SPLIT = {  # a cluster before a vowel: what stays, what moves (제14항)
    "ㄳ": "ㄱㅆ", "ㄵ": "ㄴㅈ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅆ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅄ": "ㅂㅆ", "ㄶ": "ㄴ ", "ㅀ": "ㄹ ",
}  # fmt: skip
_FINAL = {  # the seven codas that are heard (제8~11항)
    **dict.fromkeys("ㄱㄲㅋㄳㄺ", "ㄱ"), **dict.fromkeys("ㄴㄵㄶ", "ㄴ"),
    **dict.fromkeys("ㄷㅅㅆㅈㅊㅌㅎ", "ㄷ"), **dict.fromkeys("ㄹㄼㄽㄾㅀ", "ㄹ"),
    **dict.fromkeys("ㅁㄻ", "ㅁ"), **dict.fromkeys("ㅂㅍㄿㅄ", "ㅂ"), "ㅇ": "ㅇ", " ": " ",
}  # fmt: skip
_TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
_NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))

_WORDS = {  # readings that no rule gives: 제28·29항 and lexical exceptions
    "맛있": "마싣", "멋있": "머싣", "꽃잎": "꼰닙", "나뭇잎": "나문닙", "깻잎": "깬닙", "한여름": "한녀름",
    "색연필": "생년필", "담요": "담뇨", "두통약": "두통냑", "서울역": "서울력", "지하철역": "지하철력",
    "물약": "물략", "알약": "알략", "할일": "할릴", "부산역": "부산녁", "대전역": "대전녁",
    "식용유": "시굥뉴", "솜이불": "솜니불", "콩엿": "콩녇", "눈동자": "눈똥자", "손가락": "손까락",
    "발가락": "발까락", "술잔": "술짠", "물고기": "물꼬기", "강가": "강까", "바닷가": "바다까",
    "등불": "등뿔", "김밥": "김빱", "비빔밥": "비빔빱", "산새": "산쌔", "길가": "길까", "문법": "문뻡",
    "헌법": "헌뻡", "방법": "방법", "한자": "한짜", "인기": "인끼", "조건": "조껀", "사건": "사껀",
    "안건": "안껀", "내과": "내꽈", "외과": "외꽈", "치과": "치꽈", "효과": "효과", "평가": "평까",
    "대가": "대까", "성격": "성껵", "주격": "주껵", "물질": "물찔", "발전": "발쩐", "갈등": "갈뜽",
    "일주일": "일쭈일", "결정": "결쩡", "결석": "결썩", "열심": "열씸", "출발": "출발", "일시": "일씨",
    "활동": "활똥", "생산량": "생산냥", "결단력": "결딴녁", "의견란": "의견난", "공권력": "공꿘녁",
    "이원론": "이원논", "입원료": "이붠뇨", "넓죽": "넙쭉", "넓둥글": "넙뚱글", "밟": "밥",
    "첫인상": "처딘상", "맛없": "마덦", "겉옷": "거돋", "헛웃음": "허두슴", "몇월": "며뒬", "며칠": "며칠",
    "여덟": "여덜", "유월": "유월", "시월": "시월", "육일": "유길", "십육": "심뉵", "백육": "뱅뉵",
    "할게": "할께", "갈게": "갈께", "볼게": "볼께", "줄게": "줄께", "올게": "올께", "될게": "될께", "을게": "을께", "낼게": "낼께", "쓸게": "쓸께",
    "같이": "가치", "굳이": "구지", "맏이": "마지", "해돋이": "해도지", "붙이": "부치", "닫히": "다치",
}  # fmt: skip
_WORD = re.compile("|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)))

_DEPENDENT = re.compile(
    "것|거(?!리|울|의)|게(?=[ .,!?]|$)|걸(?!음)|수(?=[ 가는도를밖.,]|$)|데(?=[ .,가는도]|$)|줄|지(?=[ 도.,]|$)|바(?=[ .,가를]|$)"
)

_Jamo = list[str]  # initial, vowel, coda of a syllable; " " where there is none


def phonemes(text: str) -> list[str]:
    """The symbols of normalised Korean text; what is neither hangul nor punctuation is skipped."""
    symbols: list[str] = []
    end = 0
    text = unicodedata.normalize("NFC", text)
    for match in _LETTERS.finditer(text):
        symbols += [MARK_OF[char] for char in text[end : match.start()] if char in MARK_OF]
        syllables = pronounce(match[0])
        if _DEPENDENT.match(text, match.start()) and _ends_in_l(text[: match.start()][-2:]):
            syllables[0][0] = _TENSE[syllables[0][0]]
        for syllable in syllables:
            symbols += _symbols(syllable)
        end = match.end()
    return symbols + [MARK_OF[char] for char in text[end:] if char in MARK_OF]


def _ends_in_l(before: str) -> bool:
    """제27항: the ending -(으)ㄹ, a blank, and then a dependent noun: 할 수 → 할 쑤."""
    return (
        len(before) == 2
        and before[1] == " "
        and "가" <= before[0] <= "힣"
        and _jamo(before[0])[2] == "ㄹ"
    )


def pronounce(word: str) -> list[_Jamo]:
    """The jamo of a word as they are heard: ``국물`` → ㄱㅜㅇ ㅁㅜㄹ."""
    word = _LETTER_NAMES.get(word, word)
    if word in _VOWELS:
        return [["ㅇ", word, " "]]
    syllables = [_jamo(char) for char in _WORD.sub(_respelled, word)]
    for here, after in itertools.pairwise(syllables):
        _join(here, after)
    for syllable in syllables:
        syllable[2] = _FINAL[syllable[2]]
    for here, after in itertools.pairwise(syllables):
        _assimilate(here, after)
    return [_simple_vowel(syllable, at) for at, syllable in enumerate(syllables)]


def _respelled(match: re.Match[str]) -> str:
    """The listed reading, except where the word's last coda still moves on (밟아, 맛있어)."""
    written, read = match[0], _WORDS[match[0]]
    following = match.string[match.end() : match.end() + 1]
    moves = following and _jamo(following)[0] == "ㅇ"
    if moves and _jamo(written[-1])[2] != _jamo(read[-1])[2]:
        onset, vowel, _ = _jamo(read[-1])
        return read[:-1] + _syllable(onset, vowel, _jamo(written[-1])[2])
    return read


def _jamo(char: str) -> _Jamo:
    initial, rest = divmod(ord(char) - ord("가"), 21 * 28)
    vowel, coda = divmod(rest, 28)
    return [_INITIALS[initial], _VOWELS[vowel], _CODAS[coda]]


def _syllable(initial: str, vowel: str, coda: str) -> str:
    number = (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28 + _CODAS.index(coda)
    return chr(ord("가") + number)


def _join(here: _Jamo, after: _Jamo) -> None:
    """What a coda and the next initial do to each other before codas are simplified."""
    coda, initial = here[2], after[0]
    if initial == "ㅇ":
        _move_coda(here, after)
    elif coda in "ㅎㄶㅀ" and initial in _ASPIRATED:  # 제12항: 좋고 → 조코
        here[2], after[0] = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[coda], _ASPIRATED[initial]
    elif coda in "ㅎㄶㅀ" and initial == "ㅅ":  # 닿소 → 다쏘
        here[2], after[0] = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[coda], "ㅆ"
    elif initial == "ㅎ" and _FINAL[coda] in "ㄱㄷㅂ" and coda != " ":  # 제12항 붙임: 입학 → 이팍
        _aspirate(here, after)
    elif initial == "ㅎ" and coda == "ㄵ":
        here[2], after[0] = "ㄴ", "ㅊ"
    elif initial in _TENSE and (_FINAL[coda] in "ㄱㄷㅂ" or coda in "ㄵㄻㄼㄾ") and coda != " ":
        after[0] = _TENSE[initial]  # 제23·24·25항: 국밥 → 국빱, 앉고 → 안꼬


def _move_coda(here: _Jamo, after: _Jamo) -> None:
    """제13·14·17항: a coda becomes the initial of a following vowel; ㄷ ㅌ soften before 이."""
    coda = here[2]
    if coda in (" ", "ㅇ"):
        return
    stays, moves = tuple(_SPLIT[coda]) if coda in _SPLIT else (" ", coda)
    if coda == "ㅎ":
        stays, moves = " ", "ㅇ"
    elif moves == " ":
        stays, moves = " ", stays
    elif after[1] == "ㅣ" and moves in "ㄷㅌ":
        moves = "ㅈ" if moves == "ㄷ" else "ㅊ"
    here[2], after[0] = stays, moves


def _aspirate(here: _Jamo, after: _Jamo) -> None:
    coda = here[2]
    if coda in _SPLIT:
        stays, moved = tuple(_SPLIT[coda])
        here[2], after[0] = stays, _ASPIRATED.get(moved, "ㅋ")
    elif coda in "ㅈㅊ" or (coda == "ㄷ" and after[1] in "ㅣㅕ"):
        here[2], after[0] = " ", "ㅊ"
    else:
        here[2], after[0] = " ", _ASPIRATED[_FINAL[coda]]


def _assimilate(here: _Jamo, after: _Jamo) -> None:
    """제18~20항: nasals and liquids colour their neighbours, once codas are the seven."""
    coda, initial = here[2], after[0]
    if coda in _NASAL and coda != " " and initial in "ㄴㅁㄹ":
        here[2] = _NASAL[coda]
        after[0] = "ㄴ" if initial == "ㄹ" else initial
    elif coda in "ㅁㅇ" and initial == "ㄹ":
        after[0] = "ㄴ"
    elif (coda, initial) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        here[2], after[0] = "ㄹ", "ㄹ"


def _simple_vowel(syllable: _Jamo, at: int) -> _Jamo:
    """제5항: 져 is 저, 희 is 히, a later 의 is 이, 계 is 게."""
    initial, vowel, coda = syllable
    if vowel == "ㅕ" and initial in "ㅈㅉㅊ":
        vowel = "ㅓ"
    elif vowel == "ㅢ" and (initial != "ㅇ" or at):
        vowel = "ㅣ"
    elif vowel == "ㅖ" and initial not in "ㅇㄹ":
        vowel = "ㅔ"
    return [initial, vowel, coda]


def _symbols(syllable: _Jamo) -> list[str]:
    initial, vowel, coda = syllable
    names = [_INITIAL_NAMES[initial], _VOWEL_NAMES[vowel], _CODA_NAMES.get(coda, "")]
    return [f"ko:{name}" for name in names if name]
