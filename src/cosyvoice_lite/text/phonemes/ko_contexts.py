"""Korean sounds that depend on where in a word a syllable stands: suffixes and endings.

Articles of Standard Pronunciation: 제24항 (stems in ㄴ ㅁ), 제26항 (Sino-Korean suffixes behind ㄹ),
제27항 (endings with -ㄹ), 제28항 (법 권 증 값) and 제29항 (ㄴ before 여; 등산로).
"""

import re

from cosyvoice_lite.text.phonemes.ko_words import ANYWHERE, AT_START, tense_all

_FIRST, _LAST = ord("가"), ord("힣")


def _with_coda(codas: tuple[int, ...]) -> str:
    """All syllables that end in one of the codas, by their number, as a character class."""
    return (
        "[" + "".join(chr(c) for c in range(_FIRST, _LAST + 1) if (c - _FIRST) % 28 in codas) + "]"
    )


N, L, M, SS, NG = 4, 8, 16, 20, 21
IN_N, IN_L, IN_SS = _with_coda((N,)), _with_coda((L,)), _with_coda((SS,))
_IN_CODA = _with_coda(tuple(range(1, 28)))
_IN_SONORANT = _with_coda((N, L, M, NG))

_END = "(?=$|[은는이가을를의에와과도로만으까부보처라입인였]|하[다는고여기지])"
_L_STEMS = "들글늘틀풀불끌물툴달살알열멀놀얼팔말돌몰밀벌"  # 만들게, 길게: ㄹ is the stem's own
_LONG_FUTURE = (
    rf"(?<=[가-힣]{{2}})(?<={IN_L})(?<![{_L_STEMS}])(?<!거칠)(?<!모질)(?<!서울)(?<!노을)(?<!마을)"
)
_FUTURE = rf"(?:(?<=^[할갈볼줄올될낼쓸샐칠탈둘킬뛸쉴])|{_LONG_FUTURE})"
_FUTURE_JI = rf"(?:(?<=^[할갈볼올될낼쓸일킬뛸쉴])|{_LONG_FUTURE}(?<![줄탈활술설발]))"

_STEM_PREFIX = "(?:[가-힣]{0,2}[아어러려여켜껴싸휘되])?"
_STEM_ENDINGS = (  # 제24항; left out: 남자, 남도, 참고, 감지, 신고, 안다, and the causatives in 기
    ("남|넘|숨|담|감|품|심|뿜|더듬|다듬|쓰다듬|보듬|머금|서슴", "고(?![생등])|게|던|더[라니군]|습니|다(?![르른름])"),
    ("참|신", "던|더[라니군]|습니|다(?![운워르])"),
    ("안", "고|던|더[라니군]|습니"),
    ("남|넘|담|품|뿜|참|더듬|다듬|머금|서슴", "지"),
    ("넘|담|참|숨|품", "자$|도록"),
    ("참", "기(?!름)"),
)  # fmt: skip
_STEM = re.compile("|".join(f"{_STEM_PREFIX}(?:{s})(?={e})" for s, e in _STEM_ENDINGS))

_TENSED = re.compile(
    "|".join(
        [
            rf"(?<={IN_L})적",
            rf"(?<={IN_L})성{_END}",
            rf"(?<=[가-힣]{{2}})(?<![방마사위불무탈])법{_END}",
            rf"(?<=[가-힣]{{2}})(?<![한두세네섯곱덟홉열몇])권{_END}",
            rf"(?<=[가-힣]{{2}})(?<![인검보공논고반방예])증{_END}",
            rf"(?<={_IN_SONORANT})값",
            r"(?<=사)건(?![가물강설전조축반])",
            r"(?<=조)건(?![물강설조축])",
            r"(?<=[십백천만][일칠팔])[도세등점조주장단석실종절대동시]",
            rf"(?<={IN_L})(?:수(?=록)|걸(?=요|$)|것|게(?=요))",
            rf"{_FUTURE}(?:게$|수(?=있|없|도$|가$|밖에)|거(?=야|예|에|라|같|니|다|든|면))",
            rf"{_FUTURE_JI}지(?=$|[도는를가요만언라니]|어다)",
        ]
    )
)

_NOT_STATIONS = "[통번병현권광면반검용방징음국]"
_N_INSERTED = re.compile(
    rf"(?<={_IN_CODA})여(?=섯|덜|덟)|(?<={_IN_CODA})(?<!참)여(?=행)|(?<=[가-힣])(?<={_IN_CODA})(?<=[가-힣]{{2}})(?<!{_NOT_STATIONS})역(?=$|[은이을의에과도으까부앞])"
)
_LIQUID_SUFFIX = re.compile(rf"(?<=[가-힣])({IN_N})([로량란력료론령례류]){_END}")
_ONE_WORD = frozenset(  # 권력, 연료: ㄴㄹ inside a root is ㄹㄹ
    "진로 난로 선로 원로 근로 관로 분량 선량 전량 곤란 혼란 반란 논란 전란 산란 환란 현란 문란 전력 권력 인력 근력 완력 탄력 "
    "연료 원료 진료 완료 만료 안료 관령 전령 혼례 순례 선례 판례 원류 언론 원론 본론 변론 반론 연령 신령 본령 전례 관례 분류 전류 한류 인류 난류 본류".split()
)
_TRODDEN = re.compile("밟(?![아-잏하-힣])")  # 제10항: 밟다 → 밥따
_NASAL = dict(zip("로량란력료론령례류여역", "노냥난녁뇨논녕녜뉴녀녁", strict=True))


def _grouped(words: dict[str, str]) -> str:
    """The words as one expression, those with the same first syllable together."""
    rests: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        rests.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


_START = re.compile(_grouped(ANYWHERE | AT_START))
_WORD = re.compile(_grouped(ANYWHERE))


def respelled(word: str) -> str:
    """The word as it would be written if spelling showed these sounds: 절대 → 절때."""
    first = _START.match(word)
    done = _listed(first) if first else ""
    word = done + _WORD.sub(_listed, word[len(done) :])
    if stem := _STEM.match(word):
        word = stem[0] + tense_all(word[stem.end() :])
    word = _TENSED.sub(lambda m: tense_all(m[0]), word)
    word = _TRODDEN.sub("밥", word)
    word = _N_INSERTED.sub(lambda m: _NASAL[m[0]], word)
    return _LIQUID_SUFFIX.sub(_liquid, word)


def _liquid(match: re.Match[str]) -> str:
    return match[0] if match[0] in _ONE_WORD else match[1] + _NASAL[match[2]]


def _listed(match: re.Match[str]) -> str:
    """The listed reading, except where the word's last coda still moves on (맛있어)."""
    written = match[0]
    read = ANYWHERE.get(written) or AT_START[written]
    following = match.string[match.end() : match.end() + 1]
    moves = "아" <= following <= "잏"
    coda, coda_read = (ord(written[-1]) - _FIRST) % 28, (ord(read[-1]) - _FIRST) % 28
    return read[:-1] + chr(ord(read[-1]) - coda_read + coda) if moves else read
