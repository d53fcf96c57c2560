"""Mandarin and Cantonese: powers and what stands on both sides of an operator."""

import re

from cosyvoice_lite.text.normalizers.han_words import Words
from cosyvoice_lite.text.normalizers.rules import Rule, rule

_EQUATION = re.compile(r"[\d.,\s\-−+×xX*÷/^]+[=＝]")
_RAISED = r"\^([-−]?\d+|[a-z](?![A-Za-z]))"


def math_rules(words: Words, number: str) -> list[Rule]:
    """The rules for operators between numbers, ``number`` being the pattern of one."""
    n, signs = words.numerals, words.symbols

    def raised(exponent: str) -> str:
        if exponent in ("2", "3"):
            return words.possessive + signs["²" if exponent == "2" else "³"]
        negative = words.negative if exponent[0] in "-−" else ""
        digits = exponent.lstrip("-−")
        said = n.integer(digits) if digits.isdigit() else f" {digits} "
        return f"{words.possessive}{negative}{said}次方"

    def arithmetic(match: re.Match[str]) -> str | None:
        written = match.string[match.start() : match.start() + 80]
        sign = match[2]
        if sign in "-−/xX*" and not _EQUATION.match(written):
            return n.number(match[1]) + signs["×"] if sign in "xX*" else None
        return n.number(match[1]) + signs.get(sign, "")

    def quantity(match: re.Match[str]) -> str:
        unit = words.units.get(match[3] or "") or {"m/s": f"米{words.per}秒"}.get(match[3], "")
        return n.number(match[1]) + raised(match[2]) + unit

    units = "|".join(sorted(map(re.escape, ["m/s", *words.units]), key=len, reverse=True))
    return [
        rule("power", rf"({number}){_RAISED}(?:\s?({units})(?![A-Za-z0-9]))?", quantity),
        rule("power", rf"(?:(?<=[A-Za-z)）\u0370-\u03ff])|(?<![\s\S])){_RAISED}", lambda m: raised(m[1])),
        rule("arithmetic", rf"({number})\s*([-+−×xX*÷/=<>≈≤≥≠])\s*(?={number})", arithmetic),
        rule("result", r"\s*([=＝<>≈≤≥≠])\s*", lambda m: signs.get(m[1], "")),
    ]  # fmt: skip
