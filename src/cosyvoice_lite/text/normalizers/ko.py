"""Korean: numbers and symbols → hangul, native numerals before native counters."""

import re

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.ko_counters import (
    NATIVE,
    RANGE,
    approximate,
    counted,
    either,
    is_age,
    work,
)
from cosyvoice_lite.text.normalizers.ko_fractions import DAYS, FRACTIONS, has_coda, month_said
from cosyvoice_lite.text.normalizers.ko_tables import FAHRENHEIT, GREEK, MONEY, SYMBOLS, UNITS
from cosyvoice_lite.text.normalizers.numerals import KO, korean_native, roman, scaled
from cosyvoice_lite.text.normalizers.rules import Firing, Rules, near, preceding, rewrite, rule

_N = r"(?<![\d.])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?!\d)"
_TRIGGER = trigger(
    rf"[{''.join(GREEK)}]|"
    r"[0-9%+=<>×÷*&@#°℃℉№㎡²³$¥￥€£₩￦±≈√∞π_|\\{}^/]|(?<![A-Za-z])(?:https?:|www\.|US\$)|[-−](?=\d)|(?<=[일\d])[(（](?=[월화수목금토일][)）])|(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-−](?=[)）])|(?<![A-Za-z])[IVX]+(?=[장부세])|N[oO]\.?\s?(?=\d)|(?<=[가-힣])\s?[~～∼]"
    r"|[ㅋㅎㅠㅜ]{2}|(?<=[가-힣.!?~])[ㅋㅎㅠㅜ](?![가-힣ㄱ-ㅣ])"
)


def _number(written: str) -> str:
    """A Sino-Korean number; what stands behind the point is said digit by digit, 0 as 영."""
    whole, _, fraction = written.replace(",", "").partition(".")
    return KO.integer(whole) + (f" 점 {KO.spell(fraction)}" if fraction else "")


def _signed(written: str) -> str:
    sign = {"-": "마이너스 ", "−": "마이너스 ", "±": "플러스마이너스 "}.get(written[0], "")
    return sign + _number(written.lstrip("-−+±"))


def _digits(match: re.Match[str]) -> str:
    """Telephone digits: 0 is 공, groups apart."""
    groups = re.findall(r"\d+", match[0])
    plus = "플러스 " if match[0].startswith("+") else ""
    return plus + " ".join(KO.spell(group).replace("영", "공") for group in groups)


def _address(match: re.Match[str]) -> str:
    names = {".": "닷", "@": "골뱅이", "/": "슬래시", "-": "하이픈", "_": "밑줄", ":": "콜론"}
    written = re.sub(r"^https?://", "", match[0]).rstrip("/")
    pieces = re.findall(r"[A-Za-z]+|\d|.", written)
    return " ".join(
        KO.spell(p)
        if p.isdigit() and p.isascii()
        else names.get(p, p if p.isalpha() else SYMBOLS.get(p, ""))
        for p in pieces
    )


def _date(match: re.Match[str]) -> str | None:
    month, day = int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{KO.integer(match[1])}년 {month_said(month)} {KO.integer(str(day))}일"


def _short_date(match: re.Match[str]) -> str | None:
    """24.05.17: zeros ahead of a month or a day, or what follows, tell it from a version."""
    year, month, day = match.groups()
    padded = month[0] == "0" or day[0] == "0" or _OF_DATE.match(match.string, match.end())
    if not padded or near(match, _VERSION_BEFORE):
        return None
    return f"{KO.integer(year)}년 {month_said(int(month))} {KO.integer(str(int(day)))}일"


def _clock(hour: str, minute: str, second: str | None = None) -> str:
    said = _hours(hour) + " 시"
    said += f" {KO.integer(minute)}분" if int(minute) else ""
    return said + (f" {KO.integer(second)}초" if second else "")


def _time(match: re.Match[str]) -> str | None:
    if near(match, re.compile("스코어|점수|비율|전적")):
        return None
    half = {"a": "오전 ", "p": "오후 ", "": ""}[(match[4] or "").lower()[:1]]
    return half + _clock(match[1], match[2], match[3])


def _hours(written: str) -> str:
    return korean_native(written) if 1 <= int(written) <= 12 else KO.integer(written)


def _money(match: re.Match[str]) -> str:
    sign = "마이너스 " if match[1] else ""
    amount, scale = scaled(match[3], match[4] or "")
    return f"{sign}{_number(amount)}{scale} {MONEY[match[2]]}"


def _measured(match: re.Match[str]) -> str:
    second = f"에서 {_signed(match[2])}" if match[2] else ""
    unit, per = UNITS[match[3]], match[4]
    if unit == FAHRENHEIT:
        return f"화씨 {_signed(match[1])}{second}도"
    said = f"{_signed(match[1])}{second}{'' if unit == '도' else ' '}{unit}"
    return f"{UNITS.get(per, per)}당 {said}" if per else said


def _power(match: re.Match[str]) -> str:
    """What stands behind a number or letter: 십의 육 제곱; a square and a cube have names."""
    of_letter = not preceding(match).isdigit()
    if named := {"2": "제곱", "3": "세제곱"}.get(match[1]):
        return named if of_letter else f"의 {named}"
    return f"의 {_signed(match[1]) if match[1][-1].isdigit() else match[1]} 제곱"


def _percent(match: re.Match[str]) -> str:
    return _signed(match[1]) + (f"에서 {_signed(match[2])}" if match[2] else "") + " 퍼센트"


def _roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    return None if value is None else KO.integer(str(value))


def _arithmetic(match: re.Match[str]) -> str | None:
    equation = re.match(r"[\d.,\s\-−+×x*÷/]+=", match.string[match.start() : match.start() + 80])
    if match[2] in "-−/" and not equation:
        return None
    sign = {"+": "더하기", "-": "빼기", "−": "빼기", "/": "나누기"}.get(
        match[2], SYMBOLS.get(match[2], "")
    )
    number = _number(match[1])
    return (
        f"{number}은 "
        if match[2] == "=" and has_coda(number)
        else f"{number}{'' if match[2] == '=' else ' '}{sign} "
    )


_WEEK = "월화수목금토일"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_CODE_BEFORE = re.compile(
    r"(?:비밀번호|인증번호|우편번호|계좌번호|카드번호|주문번호|전화번호|암호|코드|핀번호)[는은가이]?:? ?$"
)
_OF_DATE = re.compile(r"\s?(?:기준|현재|까지|부터|마감|출시|개봉|발매|작성|업데이트)")
_VERSION_BEFORE = re.compile(r"(?:버전|[Vv]er\.?|[Vv]|IP|주소)[은는이가]?:? ?$")
_SCORE_BEFORE = re.compile(r"(?:스코어|점수)[는은가이]?:? ?$")
_EMERGENCY = r"(?:에|로|으로|번에|번으로) ?(?:전화|신고|연락|문의|상담)| ?(?:신고|구급|구조대|상황실|안전센터)"
_WIN = "역전승|역전패|완승|완패|완봉승|승리|패배|대승|대패|압승|신승|석패|무승부"
_RULES = Rules([
    rule("url", URL, _address),
    rule("e-mail", EMAIL, _address),
    rule("name of a host or file", NAME, _address),
    rule("number sign", r"N[oO]\.?\s?(?=\d)", lambda m: "넘버 "),
    *DAYS,
    rule("quarter", r"([1-4])/4(?=\s?분기)", lambda m: KO.spell(m[1]) + "사"),
    rule("one before ten thousand", r"(?<![\d.,])1(?=[만천백](?!\d))", lambda m: ""),
    rule("range sign", r"\s?[~～∼]\s?(?=\d)", lambda m: "에서 "),
    rule("range sign", r"(?<=\d[시분일월년원도])\s?[~～∼]\s?(?=[가-힣])", lambda m: "에서 "),
    rule("weekday", rf"(?<=[일\d])([(（])([{_WEEK}])(?=[)）])", lambda m: f"{m[1]}{m[2]}요일"),
    rule("hashtag", r"#(?=\w)", lambda m: ""),
    rule("telephone", r"(?<!\d)(?:0\d{1,2}[- ]\d{3,4}[- ]\d{4}|1[5-8]\d\d-\d{4}|01\d{8,9}|0\d{1,2}\)\s?\d{3,4}-\d{4}|0\d{1,2}\.\d{3,4}\.\d{4})(?![\d.]\d|\d)|\+82[- ]?\d{1,2}(?:-\d{3,4}){2}", _digits),
    rule("short telephone", rf"(?<![\d.,-])1\d{{2,3}}(?={_EMERGENCY})", _digits),
    rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?![\d-])", _digits),
    rule("processor", r"(?<=[A-Za-z])(\d)-(\d{4,5})(?=[A-Z]{0,2}(?![A-Za-z\d]))", lambda m: f"{KO.spell(m[1])} {KO.spell(m[2])}"),
    rule("code", r"(?<![\d.,])\d{3,}(?![\d,.]*\d)", lambda m: _digits(m) if near(m, _CODE_BEFORE, 10) else None),
    rule("chapters", rf"(?<=제)(\d+){RANGE}(\d+)(?=[장절조항권부회과호])", lambda m: f"{KO.integer(m[1])}에서 {KO.integer(m[2])}"),
    rule("score", r"(?<![\d-])(\d{1,3})[-–](\d{1,3})(?=으?로 (?:이겼|이기|이긴|졌|패|승리|비겼|비기|앞서|앞섰))", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}"),
    rule("score", rf"(?<![\d-])(\d{{1,3}})[-–](\d{{1,3}})(?=\s?(?:{_WIN}))", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}"),
    rule("score", r"(?<![\d-])(\d{1,3})[-–](\d{1,3})(?![\d-]|\s?[점대%])", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}" if near(m, _SCORE_BEFORE) else None),
    rule("laughter and tears", r"[ㅋㅎㅠㅜ]+", lambda m: ""),
    rule("identity number", r"(?<!\d)\d{6}-[1-4]\d{6}(?!\d)", _digits),
    rule("date", r"(?<!\d)(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})\.?(?!\d)", _date),
    rule("date", r"(?<![\d.])(\d{2})\.(0[1-9]|1[0-2])\.(0[1-9]|[12]\d|3[01])(?:\.(?=\s?[^\s\d]))?(?![\d.]\d|\d)", _short_date),
    rule("weekdays", rf"(?<=(?<![가-힣\d])[{_WEEK}])\s?[~～∼]\s?([{_WEEK}])(?:요일)?(?=(?:[은는에만의]|까지)?(?![가-힣]))", lambda m: f"요일에서 {m[1]}요일"),
    rule("weekdays", rf"(?<=[{_WEEK}]요일)\s?[~～∼]\s?(?=[{_WEEK}]요일)", lambda m: "에서 "),
    rule("month", r"(?<!\d)(1[0-2]|0?[1-9])월", lambda m: month_said(int(m[1]))),
    rule("time range", rf"(\d{{1,2}}):([0-5]\d){RANGE}(\d{{1,2}}):([0-5]\d)(?!\d)", lambda m: f"{_clock(m[1], m[2])}에서 {_clock(m[3], m[4])}"),
    rule("time", r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?:\s*([AaPp]\.?[Mm]\b))?(?![\d:])", _time),
    rule("hour", r"(?<![\d.,])(\d{1,2})\s?(?=시(?![간즌리장작]))", lambda m: _hours(m[1]) + " "),
    rule("ratio", rf"({_N})\s*:\s*({_N})", lambda m: f"{_number(m[1])} 대 {_number(m[2])}"),
    *FRACTIONS,
    rule("percent", rf"((?:(?<![\d\w])[-−])?{_N})(?:\s?%?{RANGE}({_N}))?\s?%", _percent),
    rule("money", rf"([-−]?)(US\$|[₩￦$€£¥￥])\s?({_N})(만|억|천|백만|[KMBT](?![A-Za-z])|[bm]n(?![A-Za-z]))?", _money),
    duration([lambda h: f"{_hours(h)} 시간", lambda m: f"{KO.integer(m)}분", lambda s: f"{KO.integer(s)}초"], between=" "),
    rule("unit", rf"((?:(?<![\d\w])[-−±])?{_N})(?:{RANGE}([-−]?{_N}))?\s*(?!A(?:석|급|형|등급|클래스|매치|타입|조|동|반|열|구역|호|관|코스|면|블록))({_UNIT})(?:/({_UNIT}|min|h|d|일|주)(?![A-Za-z0-9^]))?(?![A-Za-zμ])", _measured),
    rule("price of each", rf"({_N})\s?([만천억]?)\s?원/({_UNIT}|[가-힣]{{1,2}})(?![A-Za-z])", lambda m: f"{UNITS.get(m[3], m[3])}당 {_number(m[1])}{m[2]}원"),
    rule("power", r"\^([-−+]?\d+|[a-z](?![A-Za-z]))", _power),
    rule("version", r"(?:(?<=[vV])|(?<![\d.]))\d+(?:\.\d+){2,}(?!\d)", lambda m: " 점 ".join(map(KO.integer, m[0].split(".")))),
    rule("score", r"(?<!\d)(\d{1,3})\s?대\s?(\d{1,3})(?!\d)", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}"),
    rule("age group", r"(?<!\d)[1-9]0(?=대(?!\s?의 (?:차|버스)))", lambda m: KO.integer(m[0]) if is_age(m) else None),
    rule("either number", rf"(?<![\d.,])([1-5]),\s?([2-6])\s?(?=(?:{NATIVE}))", either),
    rule("approximate number", r"(?<![\d.,-])(?<!월 )(?<!월)([1-9])[-~～∼]([2-9])(?=\s?(?:일|주|년|개월|분|초|회|차례|인분|층)(?![가-힣]{0,2}\s?\d))", approximate),
    rule("native numeral", rf"(?<![제\d.,])(\d{{1,3}}(?:,\d{{3}})*|\d+)(?:{RANGE}(\d+))?\s?(?=(?:{NATIVE}))", counted),
    rule("works", rf"(?<![제\d.,])(\d{{1,2}})(?:{RANGE}(\d{{1,2}}))?\s?(?=편(?![도지집의안리견입파성법]))", work),
    rule("algebra", r"(?<=\d[a-z])[-−](?=\d+\s?=)", lambda m: " 마이너스 "),
    rule("thousands", rf"({_N})([kK]?)[-–—~～∼](?={_N}[kK](?![A-Za-z]))", lambda m: f"{_number(m[1])}{m[2]}에서 "),
    rule("quarters", r"(?<=Q)([1-4])[-–—~～∼](?=Q[1-4](?!\d))", lambda m: f"{KO.integer(m[1])}에서 "),
    rule("finding", r"(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-+−](?=[)）])", lambda m: "양성" if m[0] == "+" else "음성"),
    rule("model number", r"(?<=[A-Za-z])[-−](?=\d)", lambda m: " "),
    rule("arithmetic", rf"({_N})\s*([-+−×x*÷/=])\s*(?={_N})", _arithmetic),
    rule("Roman numeral", r"[IVX]+(?=[장부세])", _roman),
    rule("range", rf"({_N})([만억천]?){RANGE}(?={_N})(?![\d.]+-)", lambda m: f"{_number(m[1])}{m[2]}에서 "),
    rule("digits", r"(?<![\d.,])(?:0\d+|\d{12,})(?![\d,.]*\d)", lambda m: KO.spell(m[0]).replace("영", "공")),
    rule("negative", rf"(?<![\w)])[-−]({_N})", lambda m: _signed(m[0])),
    rule("number", _N, lambda m: _number(m[0])),
    rule("number", r"\d+", lambda m: KO.spell(m[0])),
    rule("choice", r"(?:(?<=[가-힣)])|(?<=[가-힣)] )|(?<=°[CF])(?=/\d))/\s?(?=[가-힣(A-Za-z\d])", lambda m: ", "),
    rule("range sign", r"[~～∼]", lambda m: ""),
    rule("symbol", rf"[^\w\s.,'’\-]|[_²³]|[{''.join(GREEK)}]", lambda m: SYMBOLS.get(m[0], "")),
])  # fmt: skip


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Korean text as it is said."""
    return rewrite(text, _TRIGGER(text), _RULES, log)
