"""Durations written in one piece: 4h30min, 2h45m, 1h20min30s, 2m30s; or, from hours on, 1h 30m.

Apart, their letters would be other units: an m is a metre.
"""

import re
from collections.abc import Callable, Sequence

from cosyvoice_lite.text.normalizers.rules import Rule, rule

_SHAPE = (
    r"(?=[0-9]+(?:h ?[0-9]{1,2} ?m|m(?:in)?[0-9]{1,2}s))"
    r"(?:([0-9]{1,3})h ?)?([0-9]{1,3}) ?m(?:in)?(?: ?([0-9]{1,2})s)?"
)
DURATION = rf"(?<![A-Za-z0-9.]){_SHAPE}(?![A-Za-z0-9])"


def duration(said: Sequence[Callable[[str], str]], between: str = "") -> Rule:
    """The rule of a language that says hours, minutes and seconds so, ``between`` them."""

    def say(match: re.Match[str]) -> str:
        parts = zip(said, match.groups(), strict=True)
        return between.join(number_said(n) for number_said, n in parts if n)

    return rule("duration", DURATION, say)
