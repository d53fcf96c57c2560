"""Korean words that are said in one breath with the next: 할 수 → 할 쑤, 못 먹어 → 몬머거.

제27항 (the ending -ㄹ and a noun) and 제12·15·18·23·29항 where two words are one phrase; the text is
respelled so that word by word it gives these sounds.
"""

import re

from cosyvoice_lite.text.phonemes.ko_contexts import IN_L, IN_SS
from cosyvoice_lite.text.phonemes.ko_words import tense_all, with_initial

_START = "(?<![가-힣])"
_VERBS_IN_EUL = (  # 있을, 갔을, 먹을; behind other syllables 을 marks the object
    rf"(?:{IN_SS}|[없싶먹읽받찾믿죽앉않많같높좋싫잃씻놓얻닫걷듣])을"
)
_ADNOMINAL = (
    rf"(?:(?<![역분관])할|될|갈|릴|킬|쓸|{_VERBS_IN_EUL}|만들|만날|떠날|끝날|[배도싸세키]울"
    rf"|{_START}(?:볼|줄|살)|[아어가러려]올)"
)
_BOUND_NOUN = re.compile(
    rf"({IN_L}) ((?:것|거(?=[예야에라니다든고면지잖 .,?!]|$)|데(?=[ .,가는도]|$)|지(?=[ 도.,]|$)|바(?=[ .,가를]|$)"
    rf"|수(?=[ 가는도를밖.,]|$)|적에)|(?:(?<![을를] )|(?<={_VERBS_IN_EUL} )|(?<=[고모오다흐]를 ))(?:게(?=[ .,!?요]|$)|걸(?=[ .,!?]|$)|줄(?=[은도]| (?:알|몰|모|아[는니세시]|안다|압니))))"
)
_NOUN = re.compile(
    rf"({_ADNOMINAL}) (사람|곳|시간|생각|방법|정도|장소|준비|계획|가능성|기회|자리|겁|겨를|동안|법(?=[한하이]| )|뻔|듯|성싶"
    r"|점|정보|자신|자격|사이|경우|부분|집|자료|돈|도리|권리|단계|시기|게임|공간|대상|조건|수단|사항|길)"
)
_WORK = re.compile(r"(?<=[할될볼] )일(?=[이은을도과들 .,!?]|$)")
_COUNTERS = "개|군데|그루|그릇|가지|권|골|달(?!러)|대|돌|병|번|벌|분|봉지|박스|배|살|시|사람|송이|상자|세트|잔|장|자루|점|조각|줄|집|접시"
_COUNTERS_TOO = "명|마리|모금|년|알|원|인분|입|미터|만|천|달러|도|주년|세|킬로|곡|판|퍼센트"
_COUNTED = re.compile(rf"((?:{_START}열|여덟)) ({_COUNTERS})")
_SINO = "[일이삼사오육칠팔구십백천만]"
_TIED = re.compile(
    rf"({_START}[못몇]|(?:[다여]섯|일곱|아홉|{_START}{_SINO}{{0,12}}[육십백])(?= (?:{_COUNTERS}|{_COUNTERS_TOO}))) ([가-힣])"
)
_WHETHER_OR_NOT = re.compile(rf"(?<={IN_L}지 )말지")
_CLINIC = "의사|의원|전문의|진료|치료|병원|상담|약|질환|입원|교수|환자|병동"
_OF_TERMS = "충족|미충족|불충족|미달|완화|강화|심사|확인|검토|분석|정의|변경"
_SPOKEN = (  # a word and its other self, told apart by what stands beside it
    (re.compile(r"(?:(?<=(?:신발|구두|양말) )|(?<=[발두화말들퍼츠][을를] ))신고"), "신꼬"),
    (re.compile(rf"(?<=만들)게(?=[.!]|$)|(?<={_START}[살놀팔걸])게(?=[.!]|$)"), "께"),
    (re.compile(rf"{_START}별도(?! (?:많|보이|빛|뜨|떴|따|예쁘))"), "별또"),
    (re.compile(rf"{_START}팔도(?=[강이입까에로를가의])"), "팔또"),
    (re.compile(rf"{_START}안과(?! ?(?:밖|바깥))"), "안꽈"),
    (re.compile(rf"(?<=정신|신경)과(?=[에를](?![가-힣])|에[서도]|[가로] | ?(?:{_CLINIC}))"), "꽈"),
    (re.compile(rf"{_START}요건(?=[을이의에과도들은]|[.,]| (?:{_OF_TERMS}))"), "요껀"),
    (re.compile(rf"{_START}참고(?= (?:견|있|기다|살|버|넘|또))"), "참꼬"),
    (re.compile(rf"{_START}감지(?= (?:않|마|못|말))"), "감찌"),
    (re.compile(rf"{_START}신지(?= (?:않|마|못|말))"), "신찌"),
    (re.compile(r"(?<=일본 )열도"), "열또"),
)
_IOTATED = re.compile("[야-얳여-옇요-욯유-윻이-잏]")
_OPEN = {  # the syllable without its coda, and the coda as it is heard
    "못": "모ㄷ", "몇": "며ㄷ", "섯": "서ㄷ", "곱": "고ㅂ", "홉": "호ㅂ", "십": "시ㅂ", "백": "배ㄱ", "육": "유ㄱ",
}  # fmt: skip


def phrased(text: str) -> str:
    """The text with phrases respelled as they are heard."""
    for pattern in (_BOUND_NOUN, _NOUN, _COUNTED):
        text = pattern.sub(_second_tensed, text)
    text = _WHETHER_OR_NOT.sub("말찌", _WORK.sub("릴", text))
    for written, heard in _SPOKEN:
        text = written.sub(heard, text)
    return _TIED.sub(_tied, text)


def _second_tensed(match: re.Match[str]) -> str:
    return f"{match[1]} {tense_all(match[2])}"


def _tied(match: re.Match[str]) -> str:
    """못 해 → 못해; before a vowel the coda is ㄷ, or ㄴ and a second ㄴ: 못 와 → 모돠, 못 이겨 → 몬니겨."""
    word, following = match[1], match[2]
    if not "아" <= following <= "잏":
        return word + following
    if word == "못" and _IOTATED.match(following):
        return "몬" + with_initial(following, "ㄴ")
    open_syllable, coda = tuple(_OPEN[word[-1]])
    return word[:-1] + open_syllable + with_initial(following, coda)
