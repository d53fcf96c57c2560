"""Mandarin and Cantonese: digits and slashes that only their surroundings tell how to read."""

import re

from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.rules import Rule, near, rule

_WEEKDAYS = r"(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]"
_DAY_BEFORE = re.compile(
    r"(?:(?:截止|截至|日期|生日|公[历曆]|[农農阴陰阳陽][历曆]|时间|時間|期限|到期|活动|活動|定于|定於)(?:到|至|是|为|為|係|日)?[:：]?\s?"
    rf"|{_WEEKDAYS}\s?[（(]?)$"
)
_DAY = r"(?<![\d/])(1[0-2]|0?[1-9])/([12]\d|3[01]|0?[1-9])(?![\d/])"
_DAY_AFTER = (
    rf"(?=\s?[（(]?{_WEEKDAYS}|之?前(?!面)|截止|圣诞|聖誕|平安夜|元旦|国庆|國慶|情人[节節]|劳动[节節]|勞動節"
    r"|清明|端午|中秋|万圣|萬聖|冬至|除夕)"
)
_CHAPTERS = "章节節回集页頁期届屆课課条條卷季名位题題组組单單周部册冊幕"
_OCCASION = r"(?=(?:事件|事变|事變|地震|运动|運動|惨案|慘案|晚会|晚會|大促|购物|購物|[\u4e00-\u9fff]{2}(?:地震|事件)|[表告]白日|[节節](?![目约約省能])))"
_RATED = re.compile(r"(?:评分|評分|打分|得分|评价|評價|豆瓣|口碑|分数|分數)[^，。,;；]*$")
_CURRENT_BEFORE = re.compile(
    r"(?:[电電]流|充[电電]|[额額]定|保[险險]|[输輸][出入]|\d\s?m?[VW])[^，。]*$"
)
_CURRENT_AFTER = re.compile(
    r"\s?的?(?:[电電]|插[座头頭]|空[开開]|[开開][关關]|快充|保[险險]|直流|交流)"
)
_COUNTDOWN = re.compile(r"倒[计計數数][时時]?[:：]?$")


def is_current(match: re.Match[str]) -> bool:
    """Whether the A behind a number is for amperes: not in 5A景区, 座位32A."""
    after = _CURRENT_AFTER.match(match.string, match.end())
    return bool(after) or near(match, _CURRENT_BEFORE, 20)


def context_rules(words: Words) -> list[Rule]:
    """Dates without their words, parts of a book, marks, sums of money."""
    n = words.numerals

    def integers(match: re.Match[str]) -> str:
        return f"{n.integer(match[1])}月{n.integer(match[2])}日"

    def day_by_context(match: re.Match[str]) -> str | None:
        return integers(match) if near(match, _DAY_BEFORE) else None

    def mark(match: re.Match[str]) -> str | None:
        if "." not in match[0] and float(match[1]) > float(match[2]):
            return None
        return f"{n.number(match[1])}分{words.out_of}{n.number(match[2])}"

    def mark_by_context(match: re.Match[str]) -> str | None:
        said = mark(match)
        return f"{said}分" if said and near(match, _RATED) else None

    return [
        rule("day and night", r"(?<![\d/])24/7(?![\d/])", lambda m: f"{n.integer('7')}乘{n.integer('24')}{words.units['h']}"),
        rule("months", r"(?<![\d/])(1[0-2]|[1-9])/(1[0-2]|[1-9])(?=月(?!\d))", lambda m: n.integer(m[1]) + n.integer(m[2])),
        rule("class", r"(?<!\d)20(\d\d)(?=[级級](?![台别別]))", lambda m: n.spell(m[1])),
        rule("date", _DAY + _DAY_AFTER, integers),
        rule("date", _DAY, day_by_context),
        rule("date", r"(?<![\d/])((?:19|20)\d\d)/(0?[1-9]|1[0-2])(?![\d/])", lambda m: f"{n.spell(m[1])}年{n.integer(m[2])}月"),
        rule("date", r"(?<!\d)0([1-9])(?=月|日(?!元)|[号號](?![线線])|[点點时時]|车|車)", lambda m: n.integer(m[1])),
        rule("year", r"(?<!\d)0\d(?=年(?![级級]))", lambda m: n.spell(m[0])),
        rule("season", r"(?<![\d/])((?:20)?\d\d)/(\d\d)(?=赛季|賽季|球季|学年|學年|财年|財年|年度)", lambda m: n.spell(m[1] + m[2])),
        rule("mark", r"(?<![\d/.])(\d+(?:\.\d+)?)/(5|10|100)(?=[分星颗顆])(?!分之)", mark),
        rule("mark", r"(?<![\d/.])(\d+(?:\.\d+)?)/(5|10|100)(?![\d/.])", mark_by_context),
        rule("range", rf"(?<=第)(\d+)\s?[-–—~～至]\s?(\d+)(?=[{_CHAPTERS}])", lambda m: f"{n.integer(m[1])}{words.to}{n.integer(m[2])}"),
        rule("ten thousands", r"(?<![\d.])(\d+(?:\.\d+)?)w(?![A-Za-z]|的?[灯燈电電]|快充|充[电電]|音[箱响])", lambda m: (n.two if m[1] == "2" else n.number(m[1])) + n.myriads[0]),
        rule("sum of money", r"(?<![\d.,])(\d+(?:,\d{3})*)\.(?:00|([1-9])0)(?=万?(?:元|块|塊|美元|美金|港元|港币|港幣|欧元|英镑|人民币|蚊))", lambda m: n.number(m[1] + (f".{m[2]}" if m[2] else ""))),
        *_group_rules(words),
        *_code_rules(words),
    ]  # fmt: skip


def _group_rules(words: Words) -> list[Rule]:
    """What is read digit by digit in groups: cards, codes with hyphens, anniversaries."""
    n = words.numerals

    def groups(match: re.Match[str]) -> str:
        spoken = "，".join(map(n.spell, match[0].replace("-", " ").split()))
        return spoken.replace(n.digits[1], words.one_on_the_phone)

    def chain(match: re.Match[str]) -> str:
        parts = match[0].split("-")
        if all(len(part) == 1 for part in parts):
            return ("，" if near(match, _COUNTDOWN) else "").join(map(n.spell, parts))
        between = "，" if parts[0][0] == "0" or min(map(len, parts)) > 2 else words.dash
        return between.join(map(n.spell, parts)).replace(n.digits[1], words.one_on_the_phone)

    def anniversary(match: re.Match[str]) -> str:
        month, day = match[1], match[2]
        if month == day and len(month) == 2:
            return words.double + n.integer(month)
        one = n.digits[1] if (month, day) == ("9", "18") else words.one_on_the_phone
        return n.spell(month + day).replace(n.digits[1], one)

    return [
        rule("card number", r"(?<![\d-])\d{4}(?:[ -]\d{4}){3}(?: \d{3})?(?![\d-])", groups),
        rule("code in groups", r"(?<![\d.,-])\d{1,8}(?:-\d{1,8}){2,6}(?![\d-]|\.\d|\s?[=＝])", chain),
        rule("anniversary", r"(?<![\d.])(1[0-2]|[1-9])·([12]\d|3[01]|[1-9])(?![\d.])", anniversary),
        rule("anniversary", rf"(?<![\d.第])(1[0-2]|[1-9])\.([12]\d|3[01]|[1-9]){_OCCASION}", anniversary),
    ]  # fmt: skip


def _code_rules(words: Words) -> list[Rule]:
    """What is read digit by digit: codes, shares, rooms, discounts, names."""
    n = words.numerals

    def code(match: re.Match[str]) -> str:
        return n.spell(match[0].replace("-", "")).replace(n.digits[1], words.one_on_the_phone)

    def hexadecimal(match: re.Match[str]) -> str:
        digits = "".join(n.spell(c) if c.isdigit() else f" {c} " for c in match[1])
        return f"{n.digits[0]} x {digits}".rstrip()

    return [
        rule("code", r"(?:(?<=^[号號])|(?<=[^\d][号號]))\d{5,}(?![\d,.]*\d)", code),
        rule("hexadecimal", r"(?<![A-Za-z0-9])0[xX]([0-9A-Fa-f]{2,16})(?![A-Za-z0-9])", hexadecimal),
        rule("share", r"(?<=[（(])(?:[0368]\d{5}|0\d{4})(?=[)）])|(?<!\d)(?:\d{6}(?=\.(?:S[ZHS]|BJ)(?![A-Za-z]))|\d{4,5}(?=\.HK))", code),
        rule("discount", r"(?<![\d.])[1-9][1-9](?=折(?!线|線))", lambda m: n.spell(m[0])),
        rule("room", r"(?:(?<=\d[栋棟座幢楼樓层層])|(?<=[A-Z]座)|(?<=^座)|(?<=[号號][楼樓])|(?<=[单單]元))\d{3,4}(?![\d.,]|[元米平个個人])", code),
        rule("name in digits", r"(?<![\d.])(?:(?:404|403|50[0234])(?=错误|錯誤|页面|頁面|报错|報錯)|(?:985|211)(?=高校|大学|大學|院校|工程|毕业|[、和](?:211|985))|996(?=工作|加班|制|福报|的)|520(?=快[乐樂]|表白|[礼禮]物)|360(?=公司|安全|[杀殺]毒|浏览器|瀏覽器)|36(?=氪)|58(?=同城)|(?:163|126)(?=[邮郵]箱)|7-11(?=便利|超市|[门門]市|店))", code),
        rule("service number", r"(?<!\d)(?:12306|12315|10086|10010|95\d{3})(?![\d元块塊圆人个個米名万萬])|618(?=大促|购物|活动|期间)|315(?=晚会)|(?:1[12]\d|999)(?=报警|報警|急救|火警|電話|电话)", code),
        rule("generation", r"(?<!\d)([5-9][05]|0[05])(?=[后後](?![来來天]))", lambda m: n.spell(m[1])),
        rule("height", r"(?<![\d.])(\d{1,2})([米秒])(\d{2})(?![\d.])", lambda m: f"{n.integer(m[1])}{m[2]}{n.spell(m[3])}"),
        rule("room", r"(?<![\d.])\d{3,4}(?=室|号房|號房|房(?![间間屋])|次列车|航班|路公交|会议室|會議室|教室|课室|課室|办公室|辦公室|病房|宿舍|寝室|诊室|国道|國道|省道)", code),
        rule("aircraft", r"(?:(?<=波音)|(?<=空客))[37]\d{2}(?!\d)", code),
        rule("chat", r"(?<![\d.])(?:6{3,9}|23{3,9})(?=$|[!！~～。，,哈啊])(?!,\d)", code),
    ]  # fmt: skip
