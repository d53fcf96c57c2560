"""The rules that Mandarin and Cantonese share; ``han_words.py`` holds what they say differently."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from cosyvoice_lite.text.normalizers.addresses import EMAIL, NAME, URL, trigger
from cosyvoice_lite.text.normalizers.durations import duration
from cosyvoice_lite.text.normalizers.han_context import context_rules, is_current
from cosyvoice_lite.text.normalizers.han_math import math_rules
from cosyvoice_lite.text.normalizers.han_notation import notation_rules
from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.numerals import roman, scaled
from cosyvoice_lite.text.normalizers.rules import Rule, following, near, rule
from cosyvoice_lite.text.normalizers.slashes import slash_rules

_N = r"(?<![\d.])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?!\d)"
_RANGE_START = re.compile(
    r"[\d年月日号號点點时時分秒天岁歲元块塊蚊度米%％℃万亿萬億级級楼樓层層章页頁]$"
    r"|(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]$|[一二三四五六七八九十]$"
)
_COUNTED = re.compile(r"[0-9](?:[\u4e00-\u9fff]{1,2}|[℃℉])$")
_PART_OF_DAY = re.compile(r"(?:[上下]午|[上下]晝|[早晚]上|凌晨|中午|傍晚|朝早|夜晚)\s?$")
_HASHTAG = re.compile(r"#[^#\s]+$")
TRIGGER = trigger(
    r"[0-9%‰+=<>×÷*/&@#°℃℉℡№™㎡㎥²³~～^$¥£€₩±≈≤≥≠√∞∵∴∈∠∥⊥△Α-ωµ§©®_|\\{}]|(?<![A-Za-z])(?:https?:|www\.|(?:US|HK|NT)\$|(?:RMB|USD|HKD|CNY)(?= ?\d)|N[oO]\.? ?(?=\d)|[Vv]er\.? ?(?=\d)|[IVX]+(?=[章节節卷部世级級期季]))|[-−](?=\d)|(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-−](?=[)）])|(?<=[周週期][一二三四五六])[-–—]|(?<=\d)[-–—](?=次日|翌日|[第隔]天|[今明][天日])|(?:(?<=[0-9][\u4e00-\u9fff℃℉])|(?<=[0-9][\u4e00-\u9fff]{2}))[-−–—](?=第?\d)"
)


def rules(words: Words) -> list[Rule]:
    """The rules in the order in which they are tried."""
    say = _Sayings(words)
    units = "|".join(sorted(map(re.escape, words.units), key=len, reverse=True))
    money = "|".join(sorted(map(re.escape, words.currencies), key=len, reverse=True))
    minus = r"(?:(?<![0-9A-Za-z])(?<![0-9][\u4e00-\u9fff℃℉])(?<![0-9][\u4e00-\u9fff]{2})[-−])?"
    return [
        rule("url", URL, say.address),
        rule("e-mail", EMAIL, say.address),
        rule("name of a host or file", NAME, say.address),
        rule("hashtag", r"(?<=[^\s#])#(?![\d#])", say.end_of_hashtag),
        rule("hashtag", r"#(?=\w)|@(?=\w)", lambda m: ""),
        rule("identity number", r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])", say.phone),
        rule("telephone", r"(?:\+?86[- ]?)?(?<!\d)1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)", say.phone),
        rule("telephone", r"\+\d{1,3}(?:[- ]\d{2,5}){2,4}(?!\d)", say.phone),
        rule("telephone", r"\(?0\d{2,3}\)?[- ]\d{3,4}[- ]?\d{4}(?!\d)|(?<=[(（])0\d{2,3}(?=[)）]\d{7,8}(?!\d))|(?:(?<=[(（]0\d{2}[)）])|(?<=[(（]0\d{3}[)）]))\d{7,8}(?!\d)|(?<!\d)[48]00[- ]\d{3}[- ]?\d{4}(?!\d)", say.phone),
        rule("date", r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})日?(?!\d)", say.date),
        *context_rules(words),
        *notation_rules(words),
        rule("date", r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})([日号號])", say.written_date),
        rule("number sign", r"N[oO]\.?\s?(\d+)", lambda m: words.ordinal + words.numerals.integer(m[1])),
        rule("range sign", r"(?<=[\u4e00-\u9fff℃℉])(?<![到至])\s?[-−–—]\s?(?=第?\d)", lambda m: words.to if near(m, _COUNTED) else None),
        rule("range sign", r"(?<=\d)[-–—](?=次日|翌日|[第隔]天|[今明][天日])", lambda m: words.to),
        rule("year", r"(?<!\d)(\d{4})(?:[-–—~～至到](\d{4}|\d{2}))?(?=年(?![级級假龄齡]))", say.years),
        rule("range sign", r"(?<=[周週期][一二三四五六])[-–—](?=[周週星]|[二三四五六日天])", lambda m: words.to),
        rule("year", r"(?<!\d)(?:\d{2}(?=年(?:生|出生|的时候|届|屆|级)|年\d{1,2}月)|[6-9]\d(?=年(?:[毕畢][业業]|入[职職]|回[归歸]|的[春夏秋冬]天)))", lambda m: words.numerals.spell(m[0])),
        rule("month", r"(?<!\d)(\d{1,2})[-–~～](\d{1,2})(?=月)", say.range_),
        rule("time range", r"(\d{1,2}):([0-5]\d)\s*[-–—~～至到]+\s*(\d{1,2}):([0-5]\d)(?!\d)", say.time_range),
        rule("time", r"(?<![\d:：])([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：]([0-5]\d))?\s*([AaPp]\.?[Mm]\.?)?(?![\d:：])", say.time),
        rule("ratio", rf"({_N})\s*[:：]\s*({_N})(?:[:：]({_N}))?", say.ratio),
        rule("fraction", r"(?<![\d/.])(?:(\d+) )?(\d+)/(\d+)(?![\d/])", say.fraction),
        rule("percent", rf"({minus}{_N})\s*[%％]?\s*[-–—~～至到]\s*([-−]?{_N})\s*([%％‰])", say.percent_range),
        rule("percent", rf"([-+−±]?)({_N})\s*([%％‰])", say.percent),
        rule("money", rf"([-−]?)({money})\s?({_N})([万亿萬億]|千万|百万|百萬|(?:[KkMBbT]|bn|tn|mn)(?![A-Za-z]))?(?:[-–~～到至]({money})?({_N})([万亿萬億])?)?(?:元|块|塊|美元|港元|欧元|英镑|人民币)?", say.money),
        rule("temperature", rf"({minus})({_N})(?:\s*[-–~～到至]\s*([-−]?{_N}))?\s*(°[CF]|[℃℉])", say.temperature),
        rule("temperature", rf"(?<![0-9A-Za-z])(?<![0-9]度)[-−]({_N})(?=(?:\s?[-–~～到至]\s?[-−]?{_N})?度)", lambda m: words.below_zero + words.numerals.number(m[1])),
        duration([say.counted(unit) for unit in ("h", "min", "s")]),
        rule("speed", rf"({_N})\s*(km|m|mi|公里|千米|米)/([hs])(?![A-Za-z²])", say.speed),
        rule("unit", rf"([±+]?{minus}{_N})(?:\s*[-–—~～到至]\s*({_N}))?\s*({units})(?![A-Za-z])", say.unit),
        *slash_rules(words),
        rule("version", r"[Vv]er\.?\s?(?=\d)", lambda m: "版本"),
        rule("version", r"(?:(?<=[vV])|(?<=[vV]er\.)|(?<![\d.]))\d+(?:\.\d+){2,}(?!\d)|(?:(?<=[vV])|(?<=[vV]er\.))\d+(?:\.\d+)+", say.dotted),
        rule("code", r"(?:(?<=[A-Za-z])[-−]?|(?<=[A-Za-z]·))(\d{3,}|0\d+)(?![\d.,])", lambda m: words.numerals.spell(m[1])),
        rule("model number", r"(?<=[A-Za-z歼轰运直鹰风])[-−](?=\d+(?!\d|\s?[=＝]))", lambda m: ""),
        *math_rules(words, _N),
        rule("ordinal", r"(?<=第)\d+(?:\.\d+)*", lambda m: words.numerals.point.join(map(words.numerals.integer, m[0].split(".")))),
        rule("Roman numeral", r"(?<=第)?([IVX]+)(?=[章节節卷部世级級期季])", say.roman),
        rule("range", rf"({_N})([万亿萬億]?)\s*[-–—~～至]\s*({_N})(?![\d-])", say.range_of_numbers),
        rule("digits", r"(?<![\d.])\d{2,}(?![\d.,%]*\d|[.,]\d)", say.digits_by_context),
        rule("digits", r"(?<![\d.,])(?:0\d+|\d{10,})(?![\d.,]*\d|\.\d)(?![元块塊个個人次年米])", lambda m: words.numerals.spell(m[0])),
        rule("two", rf"(?<![\d.,第点])2(?![\d.,]*\d)(?=\s?(?:{words.counters}))", lambda m: words.numerals.two),
        rule("negative", rf"(?<![A-Za-z0-9)）])[-−]\s?({_N})", lambda m: words.negative + words.numerals.number(m[1])),
        rule("number", rf"[+±]?{_N}(?!/\d)|\d+", say.number),
        rule("range sign", r"(?<=[\w%％℃])\s*[~～]+\s*(?=[-−]?\w)", say.tilde),
        rule("symbol", r"[^\w\s]|[_²³\u0370-\u03ffµ]", lambda m: words.symbols.get(m[0], "")),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Sayings:
    words: Words

    def end_of_hashtag(self, match: re.Match[str]) -> str | None:
        """The second sign of #…#, a short pause."""
        if not near(match, _HASHTAG, 40):
            return None
        return "，" if following(match).isalnum() else ""

    def number(self, match: re.Match[str]) -> str:
        sign = {"+": self.words.symbols["+"], "±": self.words.symbols["±"]}.get(match[0][0], "")
        return sign + self.words.numerals.number(match[0].lstrip("+±"))

    def phone(self, match: re.Match[str]) -> str:
        spoken = "".join(
            self.words.numerals.digits[int(c)]
            if c.isdigit()
            else {"+": self.words.symbols["+"], "x": "X"}.get(c.lower(), "")
            for c in match[0]
        )
        return spoken.replace(self.words.numerals.digits[1], self.words.one_on_the_phone)

    def address(self, match: re.Match[str]) -> str:
        """An address as it is read out: its separators as words, its digits one by one."""
        names = {
            ".": self.words.dot,
            "@": self.words.at,
            "/": "斜杠",
            "-": "杠",
            "_": "下划线",
            ":": "冒号",
            "?": "问号",
        }
        written = re.sub(r"^https?://", "", match[0]).rstrip("/")
        pieces = re.findall(r"[A-Za-z]+|\d|.", written)
        return " ".join(
            names.get(p, self.words.symbols.get(p, "")) if not p.isalnum()
            else self.words.numerals.spell(p) if p.isdigit() and p.isascii() else p
            for p in pieces
        ).strip()  # fmt: skip

    def date(self, match: re.Match[str]) -> str | None:
        year, month, day = match[1], int(match[3]), int(match[4])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        n = self.words.numerals
        return f"{n.spell(year)}年{n.integer(str(month))}月{n.integer(str(day))}日"

    def written_date(self, match: re.Match[str]) -> str:
        n = self.words.numerals
        return f"{n.spell(match[1])}年{n.integer(match[2])}月{n.integer(match[3])}{match[4]}"

    def tilde(self, match: re.Match[str]) -> str:
        """Between ends of a range it is said; in chat it draws out the word before."""
        return self.words.to if near(match, _RANGE_START) else "，"

    def years(self, match: re.Match[str]) -> str:
        n = self.words.numerals
        return n.spell(match[1]) + (self.words.to + n.spell(match[2]) if match[2] else "")

    def range_(self, match: re.Match[str]) -> str:
        n = self.words.numerals
        return f"{n.number(match[1])}{self.words.to}{n.number(match[2])}"

    def range_of_numbers(self, match: re.Match[str]) -> str | None:
        first, second = match[1], match[3]
        n = self.words.numerals
        is_score = re.compile(rf"(?:[、，]\s?\d+[-–]\d+)*(?:{self.words.score_before})").match(
            match.string, match.end()
        )
        if is_score or self._scored(match):
            return f"{n.number(first)}{self.words.versus}{n.number(second)}"
        if first.startswith("0") and len(first) > 1:
            return n.spell(first) + n.spell(second)
        is_year = len(first) == len(second) == 4 and first[0] in "12" and second[0] in "12"
        said = (
            n.spell if is_year and "年" in match.string[match.end() : match.end() + 3] else n.number
        )
        counted = re.compile(rf"\s?(?:{self.words.counters})").match(match.string, match.end())
        ends = [
            self.words.numerals.two if n == "2" and counted else said(n) for n in (first, second)
        ]
        return f"{ends[0]}{match[2]}{self.words.to}{ends[1]}"

    def _scored(self, match: re.Match[str]) -> bool:
        w = self.words
        here = rf"(?<![可所足加难難得])(?:{w.score_right_after})[了过過下咗]?\s?$"
        return near(match, re.compile(rf"(?:{w.score_after})[^，。、；！？,;!?]*$|{here}"))

    def clock(self, hour: str, minute: str, second: str | None = None) -> str:
        w, n = self.words, self.words.numerals
        said = (w.numerals.two if int(hour) == 2 else n.integer(hour)) + w.hour
        if minute == "00" and not second:
            return said
        if minute == "30" and not second and w.half:
            return said + w.half
        zero = n.digits[0] if minute[0] == "0" else ""
        said += f"{zero}{n.integer(minute)}{w.minute}"
        return said + (f"{n.integer(second)}{w.second}" if second else "")

    def time(self, match: re.Match[str]) -> str | None:
        if self._scored(match):
            return None
        half = "" if near(match, _PART_OF_DAY) else (match[4] or "").lower()[:1]
        prefix = {"a": self.words.am, "p": self.words.pm, "": ""}[half]
        return prefix + self.clock(match[1], match[2], match[3])

    def time_range(self, match: re.Match[str]) -> str:
        return self.clock(match[1], match[2]) + self.words.to + self.clock(match[3], match[4])

    def ratio(self, match: re.Match[str]) -> str:
        n = self.words.numerals
        return self.words.versus.join(n.number(side) for side in match.groups() if side)

    def fraction(self, match: re.Match[str]) -> str | None:
        whole, above, below = match.groups()
        n = self.words.numerals
        improper = int(above) >= int(below)
        divided = improper and following(match, 2).lstrip()[:1] == "="
        if int(below) == 0 or divided or (improper and int(above) > 9):
            return None
        if match.start() and match.string[: match.start()].isspace():  # Windows 10/11
            return None
        said = f"{n.integer(below)}{self.words.of}{n.integer(above)}"
        return f"{n.integer(whole)}又{said}" if whole else said

    def _percent_word(self, sign: str) -> str:
        n = self.words.numerals
        return (n.integer("1000") if sign == "‰" else n.integer("100"))[-2:].lstrip(
            "一"
        ) + self.words.of

    def percent(self, match: re.Match[str]) -> str:
        sign = {
            "-": self.words.negative,
            "−": self.words.negative,
            "+": self.words.symbols["+"],
            "±": self.words.symbols["±"],
        }.get(match[1], "")
        return sign + self._percent_word(match[3]) + self.words.numerals.number(match[2])

    def percent_range(self, match: re.Match[str]) -> str:
        first, second = (self._signed(m) for m in (match[1], match[2]))
        word = self._percent_word(match[3])
        return f"{word}{first}{self.words.to}{word}{second}"

    def _signed(self, written: str) -> str:
        negative = self.words.negative if written[0] in "-−" else ""
        return negative + self.words.numerals.number(written.lstrip("-−"))

    def money(self, match: re.Match[str]) -> str:
        unit = self.words.currencies[match[2]]
        n = self.words.numerals
        sign = self.words.negative if match[1] else ""
        said = sign + self.amount(*scaled(match[3], match[4] or ""))
        if match[6]:
            said += self.words.to + n.number(match[6]) + (match[7] or "")
        return said + unit

    def amount(self, written: str, scale: str = "") -> str:
        """A sum of money; two alone is 两, a fraction of zeros is not said."""
        written = re.sub(r"\.0+$|(?<=\.\d)0$", "", written)
        n = self.words.numerals
        return (n.two if written == "2" else n.number(written)) + scale

    def temperature(self, match: re.Match[str]) -> str:
        w = self.words
        unit = w.units["℉" if match[4] in ("℉", "°F") else "℃"]
        first = (w.below_zero if match[1] else "") + w.numerals.number(match[2])
        if not match[3]:
            return first + unit
        below = w.below_zero if match[3][0] in "-−" else ""
        return f"{first}{w.to}{below}{w.numerals.number(match[3].lstrip('-−'))}{unit}"

    def speed(self, match: re.Match[str]) -> str:
        unit = self.words.units.get(match[2], match[2])
        per = self.words.per + (self.words.units["h"] if match[3] == "h" else self.words.second)
        return per + self.words.numerals.number(match[1]) + unit

    def counted(self, unit: str) -> Callable[[str], str]:
        n, name = self.words.numerals, self.words.units[unit]
        return lambda written: (n.two if written == "2" else n.integer(written)) + name

    def unit(self, match: re.Match[str]) -> str | None:
        if match[3] == "A" and not is_current(match):
            return None
        unit = self.words.units[match[3]]
        sign = self.words.symbols[match[1][0]] if match[1][0] in "±+" else ""
        first = sign + self._signed(match[1].lstrip("±+"))
        if match[1] == "2" and not match[2] and not unit.isascii():
            first = self.words.numerals.two
        second = self.words.to + self.words.numerals.number(match[2]) if match[2] else ""
        return first + second + unit

    def dotted(self, match: re.Match[str]) -> str:
        n = self.words.numerals
        return n.point.join(
            n.integer(part) if len(part) < 3 else n.spell(part) for part in match[0].split(".")
        )

    def roman(self, match: re.Match[str]) -> str | None:
        value = roman(match[1])
        return None if value is None else self.words.numerals.integer(str(value))

    def digits_by_context(self, match: re.Match[str]) -> str | None:
        if not near(match, re.compile(f"(?:{self.words.digits_after})[是为為係：:，,]?\\s*$"), 10):
            return None
        return self.phone(match)
