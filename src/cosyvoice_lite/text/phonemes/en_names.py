"""English names that are another word in small letters: Polish people polish things."""

import re
from typing import NamedTuple


class _Name(NamedTuple):
    phones: str
    before: str = ""
    """Words before it that show it is no name."""
    after: str = ""
    first: str = ""
    """In front, where every word has a capital, one of these must follow."""


NAMES = {
    "Polish": _Name(
        "P OW1 L IH0 SH",
        "shoe|boot|nail|gel|toe|car|floor|furniture|wood|metal|silver|brass|stove|wax|french|spit and|(?:how|ways|time|tips) to",
        "remover",
        "is|was|has|had|people|government|president|prime|troops|forces|army|police|soldiers|officials?|authorities|parliament|citizens?|"
        "language|grammar|food|cuisine|culture|history|border|farmers|workers|voters|women|men|jews?|media|national|foreign|minister|"
        "airlines?|zloty|football|americans?|born|speakers?",
    ),
    "Lima": _Name("L IY1 M AH0", after="beans?"),
}  # fmt: skip
_IN_FRONT = re.compile(r"(?:^|[.!?\n…])[\s\"“”'‘’*•-]*$|,\s*[\"“‘]$")


def name(written: str, line: str, before: str, after: str) -> str | None:
    """The phones of a name; ``line`` is what stands before it, with its marks."""
    found = NAMES[written]
    if _ends(found.before, before) or _begins(found.after, after):
        return None
    in_front = found.first and _IN_FRONT.search(line)
    return found.phones if not in_front or _begins(found.first, after) else None


def _ends(words: str, text: str) -> bool:
    return bool(words and re.search(rf"(?:^| )(?:{words})$", text))


def _begins(words: str, text: str) -> bool:
    return bool(words and re.match(rf"(?:{words})(?: |$)", text))
