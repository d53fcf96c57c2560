"""What voices are called: by the model, by us, by OpenAI, by the article; and blends of them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

from cosyvoice_lite.runtime.aliases import ALIASES, named
from cosyvoice_lite.server.problems import Problem

IDS = {  # the seven voices of 300M-SFT, in ASCII
    "中文女": "zh_female",
    "中文男": "zh_male",
    "日语男": "ja_male",
    "粤语女": "yue_female",
    "英文女": "en_female",
    "英文男": "en_male",
    "韩语女": "ko_female",
}
MAX_PARTS = 8
_PART = re.compile(r"([^+()]+?)(?:\(([0-9.eE-]{1,12})\))?")


def voice_id(name: str) -> str:
    """The id of one of the model's own voices."""
    return IDS.get(name, name)


def gender(name: str) -> str | None:
    """ "female" or "male", where an id says so."""
    found = re.search(r"(?:^|_)(female|male)(?:_|$)", voice_id(name))
    return found[1] if found else None


def preset(asked: str, names: Sequence[str]) -> str | None:
    """Which of the model's voices an id, a name or an alias means.

    A client that knows only OpenAI's names must be able to speak with every model, so where the
    voice that an alias stands for is missing, another stands in, always the same.
    """
    if (found := named(asked, names)) is not None or asked not in ALIASES or not names:
        return found
    return names[list(ALIASES).index(asked) % len(names)]


def parse_blend(expression: str) -> list[tuple[str, float]]:
    """``a(2)+b`` → names with weights that sum to one.

    Raises:
        Problem: not of that form, a weight that is not positive, or too many parts.
    """
    parts = []
    for text in expression.split("+"):
        found = _PART.fullmatch(text.strip())
        try:
            weight = float(found[2] or 1) if found else 0.0
        except ValueError:
            weight = 0.0
        if not found or not 0.0 < weight < math.inf:
            raise Problem(
                400, "invalid_value", f"{text!r} is no part of a blend: say a(2)+b", "voice"
            )
        parts.append((found[1].strip(), weight))
    if len(parts) > MAX_PARTS:
        raise Problem(400, "invalid_value", f"a blend has at most {MAX_PARTS} voices", "voice")
    total = sum(weight for _, weight in parts)
    return [(name, weight / total) for name, weight in parts]


def unknown_voice(asked: str, known: Collection[str], status: int = 400) -> Problem:
    listed = ", ".join(known) or "none"
    return Problem(
        status, "voice_not_found", f"unknown voice {asked[:100]!r}; there are {listed}", "voice"
    )
