"""Korean: numbers and symbols → hangul, native numerals before native counters."""

import re

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.numerals import KO, korean_native, roman
from cosyvoice_lite.text.normalizers.rules import Firing, near, rewrite, rule

_NATIVE = (  # counted 하나 둘 셋: Standard Korean Dictionary, 단위 명사
    "개월(?!)|개(?!월|국|년|소)|명|살|시간|시(?!즌|리즈)|마리|권|잔|병|대(?!로|학|의원|비)|장(?!관|소)|그루|켤레|벌|송이|채|척|가지|번(?:째)?(?!지|호|길|출구|버스)|사람|달(?!러)|군데|쪽(?!지)|줄|끼|통|자루|다발|판(?!사)|꼬집|모금|걸음|바퀴|그릇|접시|조각|봉지|상자|팀|배(?!럴)|돌|분(?=이 |의 손|께|만 )|가닥|묶음|토막|방울|곳|골|집|차례"
)
_UNITS = {
    "km/h": "킬로미터 퍼 아워", "m/s": "미터 퍼 세컨드", "km²": "제곱킬로미터", "m²": "제곱미터", "㎡": "제곱미터", "m³": "세제곱미터", "km": "킬로미터", "cm": "센티미터", "mm": "밀리미터", "m": "미터", "kg": "킬로그램", "mg": "밀리그램",
    "g": "그램", "t": "톤", "L": "리터", "l": "리터", "mL": "밀리리터", "ml": "밀리리터", "GB": "기가바이트", "MB": "메가바이트", "KB": "킬로바이트", "TB": "테라바이트", "GHz": "기가헤르츠", "MHz": "메가헤르츠", "kHz": "킬로헤르츠",
    "Hz": "헤르츠", "kW": "킬로와트", "W": "와트", "kWh": "킬로와트시", "V": "볼트", "A": "암페어", "dB": "데시벨", "℃": "도", "°C": "도", "℉": "화씨 도", "°": "도", "kcal": "킬로칼로리", "px": "픽셀", "ha": "헥타르", "mAh": "밀리암페어시",
}  # fmt: skip
_MONEY = {
    "₩": "원",
    "￦": "원",
    "$": "달러",
    "US$": "달러",
    "€": "유로",
    "£": "파운드",
    "¥": "엔",
    "￥": "엔",
}
_SYMBOLS = {
    "+": "플러스", "-": "마이너스", "−": "마이너스", "×": "곱하기", "x": "곱하기", "*": "곱하기", "÷": "나누기", "/": "슬래시", "=": "는", "<": "작다", ">": "크다", "≈": "약", "±": "플러스마이너스", "&": "앤드", "@": "골뱅이", "%": "퍼센트", "#": "샵",
    "°": "도", "℃": "도", "№": "번호", "²": "제곱", "³": "세제곱", "$": "달러", "€": "유로", "£": "파운드", "₩": "원", "√": "루트", "π": "파이", "∞": "무한대", "~": "", "㎡": "제곱미터",
}  # fmt: skip
_PAIRS = {"1": "한두", "2": "두세", "3": "서너", "4": "네댓", "5": "대여섯"}  # 한두 명, 두세 개
_MONTHS = {6: "유", 10: "시"}
_N = r"(?<![\d.])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?!\d)"
_TRIGGER = trigger(
    r"[0-9%+=<>×÷*&@#°℃℉№㎡²³$¥￥€£₩￦±≈√∞π_|\\{}^/]|(?<![A-Za-z])(?:https?:|www\.|US\$)|[-−](?=\d)|(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]+@(?=[A-Za-z0-9])|(?<![A-Za-z])[IVX]+(?=[장부세])|N[oO]\.?\s?(?=\d)|(?<=[가-힣])\s?[~～∼]"
    r"|[ㅋㅎㅠㅜ]{2}"
)


def _number(written: str) -> str:
    """A Sino-Korean number; what stands behind the point is said digit by digit, 0 as 영."""
    whole, _, fraction = written.replace(",", "").partition(".")
    return KO.integer(whole) + (f" 점 {KO.spell(fraction)}" if fraction else "")


def _signed(written: str) -> str:
    return ("마이너스 " if written[0] in "-−" else "") + _number(written.lstrip("-−"))


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
        else names.get(p, p if p.isalpha() else _SYMBOLS.get(p, ""))
        for p in pieces
    )


def _month(number: int) -> str:
    return _MONTHS.get(number, KO.integer(str(number))) + "월"


def _date(match: re.Match[str]) -> str | None:
    month, day = int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{KO.integer(match[1])}년 {_month(month)} {KO.integer(str(day))}일"


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


def _counted(match: re.Match[str]) -> str | None:
    """Native before a native counter up to 99; 1번째 is 첫 번째."""
    number, second = match[1].replace(",", ""), match[2]
    if "." in number or int(number) == 0:
        return None
    if match.string[match.end() :].lstrip().startswith("번째") and number == "1":
        return "첫 "
    if second and int(second) == int(number) + 1 and number in _PAIRS:
        return _PAIRS[number] + " "
    said = korean_native(number) if int(number) < 100 else _large_native(number)
    if second:
        said += f"에서 {korean_native(second) if int(second) < 100 else KO.integer(second)}"
    return said + " "


def _large_native(number: str) -> str:
    head, rest = number[:-2] + "00", number[-2:]
    return KO.integer(head) + (korean_native(rest) if int(rest) else "")


def _money(match: re.Match[str]) -> str:
    sign = "마이너스 " if match[1] else ""
    return f"{sign}{_number(match[3])}{match[4] or ''} {_MONEY[match[2]]}"


def _measured(match: re.Match[str]) -> str:
    second = f"에서 {_signed(match[2])}" if match[2] else ""
    unit = _UNITS[match[3]]
    return f"{_signed(match[1])}{second}{'' if unit == '도' else ' '}{unit}"


def _percent(match: re.Match[str]) -> str:
    return _signed(match[1]) + (f"에서 {_signed(match[2])}" if match[2] else "") + " 퍼센트"


def _fraction(match: re.Match[str]) -> str | None:
    whole, above, below = match.groups()
    said = f"{KO.integer(below)}분의 {KO.integer(above)}"
    if int(below) == 0:
        return None
    if not whole:
        return said
    counted = KO.integer(whole)
    return f"{counted}{'과' if _has_coda(counted) else '와'} {said}"


def _roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    return None if value is None else KO.integer(str(value))


def _arithmetic(match: re.Match[str]) -> str | None:
    equation = re.match(r"[\d.,\s\-−+×x*÷/]+=", match.string[match.start() : match.start() + 80])
    if match[2] in "-−/" and not equation:
        return None
    sign = {"+": "더하기", "-": "빼기", "−": "빼기", "/": "나누기"}.get(
        match[2], _SYMBOLS.get(match[2], "")
    )
    number = _number(match[1])
    return (
        f"{number}은 "
        if match[2] == "=" and _has_coda(number)
        else f"{number}{'' if match[2] == '=' else ' '}{sign} "
    )


def _has_coda(word: str) -> bool:
    return (ord(word[-1]) - ord("가")) % 28 > 0


_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_RANGE = r"\s*[-–—~～∼]\s*"
_CODE_BEFORE = re.compile(
    r"(?:비밀번호|인증번호|우편번호|계좌번호|카드번호|주문번호|전화번호|암호|코드|핀번호)[는은가이]?:? ?$"
)
_RULES = [
    rule("url", URL, _address),
    rule("e-mail", EMAIL, _address),
    rule("name of a host or file", NAME, _address),
    rule("number sign", r"N[oO]\.?\s?(?=\d)", lambda m: "넘버 "),
    rule("historic day", r"(?<!\d)(\d{1,2})·(\d{1,2})(?!\d)|(?<!\d)(\d{1,2})\.(\d{1,2})(?=\s?(?:광복|혁명|민주|전쟁|사태|운동))", lambda m: "".join(KO.spell(g) for g in m.groups() if g)),
    rule("quarter", r"([1-4])/4(?=\s?분기)", lambda m: KO.spell(m[1]) + "사"),
    rule("one before ten thousand", r"(?<![\d.,])1(?=[만천백](?!\d))", lambda m: ""),
    rule("range sign", r"\s?[~～∼]\s?(?=\d)", lambda m: "에서 "),
    rule("hashtag", r"#(?=\w)", lambda m: ""),
    rule("telephone", r"(?<!\d)(?:0\d{1,2}[- ]\d{3,4}[- ]\d{4}|1[5-8]\d\d-\d{4}|01\d{8,9})(?!\d)|\+82[- ]?\d{1,2}(?:-\d{3,4}){2}", _digits),
    rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?![\d-])", _digits),
    rule("code", r"(?<![\d.,])\d{3,}(?![\d,.]*\d)", lambda m: _digits(m) if near(m, _CODE_BEFORE, 10) else None),
    rule("chapters", rf"(?<=제)(\d+){_RANGE}(\d+)(?=[장절조항권부회과호])", lambda m: f"{KO.integer(m[1])}에서 {KO.integer(m[2])}"),
    rule("score", r"(?<![\d-])(\d{1,3})[-–](\d{1,3})(?=으?로 (?:이겼|이기|이긴|졌|패|승리|비겼|비기|앞서|앞섰))", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}"),
    rule("laughter and tears", r"[ㅋㅎㅠㅜ]{2,}", lambda m: ""),
    rule("identity number", r"(?<!\d)\d{6}-[1-4]\d{6}(?!\d)", _digits),
    rule("date", r"(?<!\d)(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})\.?(?!\d)", _date),
    rule("month", r"(?<!\d)(1[0-2]|0?[1-9])월", lambda m: _month(int(m[1]))),
    rule("time range", rf"(\d{{1,2}}):([0-5]\d){_RANGE}(\d{{1,2}}):([0-5]\d)(?!\d)", lambda m: f"{_clock(m[1], m[2])}에서 {_clock(m[3], m[4])}"),
    rule("time", r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?:\s*([AaPp]\.?[Mm]\b))?(?![\d:])", _time),
    rule("hour", r"(?<![\d.,])(\d{1,2})\s?(?=시(?![간즌리장작]))", lambda m: _hours(m[1]) + " "),
    rule("ratio", rf"({_N})\s*:\s*({_N})", lambda m: f"{_number(m[1])} 대 {_number(m[2])}"),
    rule("fraction", r"(?<![\d/.])(?:(\d+) )?(\d+)/(\d+)(?![\d/])", _fraction),
    rule("percent", rf"((?:(?<![\d\w])[-−])?{_N})(?:\s?%?{_RANGE}({_N}))?\s?%", _percent),
    rule("money", rf"([-−]?)(US\$|[₩￦$€£¥￥])\s?({_N})(만|억|천|백만)?", _money),
    duration([lambda h: f"{_hours(h)} 시간", lambda m: f"{KO.integer(m)}분", lambda s: f"{KO.integer(s)}초"], between=" "),
    rule("unit", rf"((?:(?<![\d\w])[-−])?{_N})(?:{_RANGE}([-−]?{_N}))?\s*({_UNIT})(?![A-Za-z])", _measured),
    rule("version", r"(?:(?<=[vV])|(?<![\d.]))\d+(?:\.\d+){2,}(?!\d)", lambda m: " 점 ".join(map(KO.integer, m[0].split(".")))),
    rule("score", r"(?<!\d)(\d{1,3})\s?대\s?(\d{1,3})(?!\d)", lambda m: f"{KO.integer(m[1])} 대 {KO.integer(m[2])}"),
    rule("age group", r"(?<!\d)[1-9]0(?=대(?!\s?의 (?:차|버스)))", lambda m: KO.integer(m[0])),
    rule("number of a thing", r"(?<![\d.,])\d+(?=번 ?(?:버스|출구|홈|문제|문항|국도|타자|버튼|게이트))", lambda m: KO.integer(m[0])),
    rule("native numeral", rf"(?<![제\d.,])(\d{{1,3}}(?:,\d{{3}})*|\d+)(?:{_RANGE}(\d+))?\s?(?=(?:{_NATIVE}))", _counted),
    rule("model number", r"(?<=[A-Za-z])[-−](?=\d)", lambda m: " "),
    rule("arithmetic", rf"({_N})\s*([-+−×x*÷/=])\s*(?={_N})", _arithmetic),
    rule("Roman numeral", r"[IVX]+(?=[장부세])", _roman),
    rule("range", rf"({_N})([만억천]?){_RANGE}(?={_N})(?![\d.]+-)", lambda m: f"{_number(m[1])}{m[2]}에서 "),
    rule("digits", r"(?<![\d.,])(?:0\d+|\d{12,})(?![\d,.]*\d)", lambda m: KO.spell(m[0]).replace("영", "공")),
    rule("negative", rf"(?<![\w)])[-−]({_N})", lambda m: _signed(m[0])),
    rule("number", _N, lambda m: _number(m[0])),
    rule("number", r"\d+", lambda m: KO.spell(m[0])),
    rule("range sign", r"[~～∼]", lambda m: ""),
    rule("symbol", r"[^\w\s.,'’\-]|[_²³]", lambda m: _SYMBOLS.get(m[0], "")),
]  # fmt: skip


def normalize(text: str, log: list[Firing] | None = None) -> str:
    """Korean text as it is said."""
    return rewrite(text, _TRIGGER(text), _RULES, log)
