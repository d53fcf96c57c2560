"""Mandarin and Cantonese: times that were taken, periods, figures, angles: notations of print."""

import re

from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_TOOK = re.compile(
    r"(?:成[绩績]|[用耗]时|用時|[时時][长長]|[历歷][时時]|片[长長]|跑出|游出)了?[为為是：:]?\s?$"
)
_MONTH = r"((?:19|20)\d\d)\.(0?[1-9]|1[0-2])"
_FIGURE = r"(?:(?<=[图圖])|(?<=附件)|(?<=附[录錄])|(?<=^表)|(?<=[附见見如由在及和与與，、。（(]表)|(?<=[习習][题題])|(?<=公式))"
_STANDARD = re.compile(r"(?<![A-Za-z])(?:GB|ISO|IEC|IEEE|JGJ|HJ|YY|[A-Z]{2}/T)[ -]?$")
_HOLIDAY = r"(?=假期|小?[长長]假|黄金周|黃金周|[劳勞][动動][节節]|[国國][庆慶]|[儿兒]童[节節]|[妇婦]女[节節]|建[军軍][节節])"


def notation_rules(words: Words) -> list[Rule]:
    """What has a form of its own, whoever prints it."""
    return [
        *_time_rules(words),
        *_print_rules(words),
        *_document_rules(words),
        *_letter_rules(words),
    ]


def _time_rules(words: Words) -> list[Rule]:
    """Times that were taken, periods of months, holidays by their dates."""
    n = words.numerals

    def took(match: re.Match[str]) -> str | None:
        """A clock's colons in 用时2:08:15; hundredths can't be a clock's."""
        first, second, third, hundredths = match.groups()
        if not (hundredths or near(match, _TOOK)):
            return None
        parts = [first, second] + ([third] if third else [])
        units = [words.units["h"], words.minute, words.second][-len(parts) :]
        said = (n.two if first == "2" else n.integer(first)) + units[0]
        for part, unit in zip(parts[1:], units[1:], strict=True):
            said += (n.digits[0] if part[0] == "0" else "") + n.integer(part) + unit
        return said + (n.spell(hundredths) if hundredths else "")

    def period(match: re.Match[str]) -> str:
        year, month, last_year, last_month = match.groups()
        first = f"{n.spell(year)}年{n.integer(month)}月"
        return f"{first}{words.to}{n.spell(last_year)}年{n.integer(last_month)}月"

    def holiday(match: re.Match[str]) -> str:
        month, day = match[0].split(".")
        return n.integer("11") if month == "10" else n.spell(month + day)

    return [
        rule("time taken", r"(?<![\d:：.])(\d{1,3})[:：]([0-5]\d)(?:[:：]([0-5]\d))?(?:\.(\d{1,3}))?(?![\d:：])", took),
        rule("period", rf"(?<![\d.]){_MONTH}\s?[-–—~～至到]\s?{_MONTH}(?![\d.])", period),
        rule("holiday", rf"(?<![\d.])(?:[568]\.1|3\.8|10\.1){_HOLIDAY}", holiday),
    ]  # fmt: skip


def _print_rules(words: Words) -> list[Rule]:
    """Numbers of figures, discounts, angles."""
    n = words.numerals
    dash = "杠" if words.dash == "杠" else "之"

    def figure(match: re.Match[str]) -> str:
        return f"{n.integer(match[1])}{dash}{n.integer(match[2])}"

    def discount(match: re.Match[str]) -> str | None:
        if int(match[2]) >= int(match[1]):
            return None
        return f"{n.number(match[1])}{words.symbols['-']}{n.number(match[2])}"

    def angle(match: re.Match[str]) -> str:
        seconds = f"{n.number(match[3])}{words.second}" if match[3] else ""
        return f"{n.number(match[1])}度{n.number(match[2])}{words.minute}{seconds}"

    return [
        rule("figure", rf"{_FIGURE}(\d{{1,2}})[-–](\d{{1,2}})(?![\d年月日号個个級级岁歲.-])", figure),
        rule("discount", r"(?<=[满滿])(\d+)[-–](\d+)(?![\d.])", discount),
        rule("angle", r"(?<![\d.])(\d{1,3})°\s?(\d{1,2})[′'](?:\s?(\d{1,2}(?:\.\d+)?)[″\"])?", angle),
    ]  # fmt: skip


def _document_rules(words: Words) -> list[Rule]:
    """Standards, years and numbers of documents, kinds of petrol, decades."""
    n = words.numerals

    def standard(match: re.Match[str]) -> str | None:
        if not near(match, _STANDARD, 10):
            return None
        return f"{n.spell(match[1])} {n.spell(match[2])}"

    return [
        rule("standard", r"(?<![\d.])(\d{3,6})[-:]((?:19|20)\d\d)(?![\d.:-])", standard),
        rule("year in brackets", r"(?<=[(（〔])(?:19|20)\d\d(?=[)）〕](?:[\u4e00-\u9fff]{1,4}\d|\d+[号號]))", lambda m: n.spell(m[0])),
        rule("case number", r"(?:(?<=[民刑行商执執知][终終初再申])|(?<=[民刑行商执執知]))\d{3,}(?=[号號])", lambda m: n.spell(m[0])),
        rule("number of a thing", r"(?<![\d.])(\d{1,3})#(?=[\u4e00-\u9fff])", lambda m: n.integer(m[1]) + words.number),
        rule("decade", r"(?<!\d)((?:19|20)\d0)s(?![A-Za-z])", lambda m: n.spell(m[1]) + "年代"),
        rule("standard", r"(?<=[A-Z][A-Z])/(?=T[ \d-])", lambda m: " "),
    ]  # fmt: skip


def _letter_rules(words: Words) -> list[Rule]:
    """Letters with digits: quarters, processors, lines of a picture, masks, thousands, findings."""
    n = words.numerals

    def thousands(match: re.Match[str]) -> str:
        return n.number(match[1]) + match[2] + words.to

    return [
        rule("account", r"(?:(?<=[A-Za-z])|(?<![\s\S]))_(\d+)(?![A-Za-z])", lambda m: f"下划线{n.spell(m[1])}"),
        rule("quarters", r"(?<=Q)([1-4])[-–—~～](?=Q[1-4](?!\d))", lambda m: n.integer(m[1]) + words.to),
        rule("quarter", r"(?<![\d.])(?:19|20)\d\d(?=(?:Q[1-4]|H[12])(?!\d))", lambda m: n.spell(m[0])),
        rule("processor", r"(?<=[A-Za-z])(\d)-(\d{3,5})(?=[A-Z]{0,2}(?![A-Za-z\d]))", lambda m: f"{n.spell(m[1])} {n.spell(m[2])}"),
        rule("lines of a picture", r"(?<![\d.])(?:480|720|1080|1440|2160)(?=[Pp](?![A-Za-z]))", lambda m: n.spell(m[0])),
        rule("mask", r"(?<=N)9[059](?!\d|\.\d)", lambda m: n.spell(m[0])),
        rule("range", r"(?<![\d.])(\d+(?:\.\d+)?)([Kk]?)[-–—~～](?=\d+(?:\.\d+)?[Kk](?![A-Za-z]))", thousands),
        rule("finding", r"(?:(?<=^[(（])|(?<=[A-Za-z][(（]))[-+−](?=[)）])", lambda m: words.finding["-" if m[0] == "−" else m[0]]),
    ]  # fmt: skip
