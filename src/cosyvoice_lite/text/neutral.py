"""The language of what has none of its own: numbers, symbols and blanks between the words."""

import re
from collections.abc import Sequence

from cosyvoice_lite.text.runs import CLAUSE_END, PLAIN_WORD, Run

_REACH = 40  # runs to either side that may decide about a number
_WORD = re.compile("[A-Za-z]+")
_DIGIT = re.compile("[0-9]")
_LETTERS_PER_CHARACTER = 3

_Languages = Sequence[str | None]


def neutral_language(
    languages: _Languages, runs: Sequence[Run], at: int, wished: str | None
) -> str | None:
    """The language of the run ``at``: its neighbours' in the sentence, where those differ not English.

    Among English words a number is English only in an English clause or an English sentence: a
    product's name does not make one. None where the sentence has no language at all.
    """
    before, after = (_neighbour(languages, runs, at, step) for step in (-1, +1))
    sides = {before, after} - {None}
    if len(sides) == 1 and "en" not in sides:  # most runs, at once
        return sides.pop()
    number = _DIGIT.search(runs[at].text) is not None
    if number and "en" in (before, after):
        if not _in_english_words(languages, runs, at):
            own = _own_language(languages, runs, at)
            if own:
                return own
        elif CLAUSE_END.search(runs[at].text + "."):  # and the clause ends with it
            return "en"
    if before is None and after is None:
        return _own_language(languages, runs, at)
    return _between(languages, runs, at, wished)


def _between(languages: _Languages, runs: Sequence[Run], at: int, wished: str | None) -> str | None:
    before, after = (_neighbour(languages, runs, at, step) for step in (-1, +1))
    text = runs[at].text
    if before and after is None and CLAUSE_END.search(text + "."):
        return before
    if before == after or after is None:
        found = before
    elif text[0] == text[-1] == " " and "en" in (before, after):
        found = _first(languages, _sentence_of(runs, at))
    elif before is None or before == "en" or (after != "en" and not text[-1:].isspace()):
        found = after
    else:
        found = before
    glued = before is None or after is None or text.strip() == text
    if found == "en" and glued and not _in_english_words(languages, runs, at):
        nearest = _nearest(languages, _sentence_of(runs, at), at)
        found = nearest or (None if runs[at].sentence.english else wished)
    return found or "en"


def _in_english_words(languages: _Languages, runs: Sequence[Run], at: int) -> bool:
    """Whether English words stand around, at least two, right before one that is no name."""
    if _neighbour(languages, runs, at, -1) != "en":
        return False
    words = _WORD.findall(runs[at - 1].text)
    if _neighbour(languages, runs, at, +1) == "en":
        words += PLAIN_WORD.findall(runs[at + 1].text)
    ahead = runs[at - 1].text.split()
    is_code = runs[at].text[0].isdigit() and ahead[-1].isupper()  # the Q of by Q3
    return len(words) > 1 and bool(PLAIN_WORD.search(ahead[-2 if is_code and ahead[1:] else -1]))


def _own_language(languages: _Languages, runs: Sequence[Run], at: int) -> str | None:
    """The language of a sentence that begins with, or mostly is, another than English."""
    if runs[at].sentence.latin_only:
        return None
    sentence = _sentence_of(runs, at)
    nearest = _nearest(languages, sentence, at)
    if nearest is None or _first(languages, sentence) != "en":
        return nearest
    clause = _clause_of(runs, sentence, at)
    names_only = not any(languages[i] == "en" and PLAIN_WORD.search(runs[i].text) for i in clause)
    if names_only and any(languages[i] not in (None, "en") for i in clause):
        return nearest
    english = sum(len(runs[i].text) for i in sentence if languages[i] == "en")
    others = sum(len(runs[i].text) for i in sentence if languages[i] not in (None, "en"))
    return nearest if others * _LETTERS_PER_CHARACTER >= english else None


def _sentence_of(runs: Sequence[Run], at: int) -> range:
    """The runs of the same sentence within reach."""
    start, end = at, at + 1
    while start > max(0, at - _REACH) and runs[start - 1].sentence is runs[at].sentence:
        start -= 1
    while end < min(len(runs), at + _REACH) and runs[end].sentence is runs[at].sentence:
        end += 1
    return range(start, end)


def _clause_of(runs: Sequence[Run], sentence: range, at: int) -> range:
    """The runs of ``sentence`` around ``at`` up to a comma."""
    ends = [i for i in sentence if not runs[i].script and CLAUSE_END.search(runs[i].text + ".")]
    start = max((i + 1 for i in ends if i < at), default=sentence.start)
    return range(start, min((i + 1 for i in ends if i >= at), default=sentence.stop))


def _first(languages: _Languages, sentence: range) -> str | None:
    return next((found for i in sentence if (found := languages[i])), None)


def _neighbour(languages: _Languages, runs: Sequence[Run], at: int, step: int) -> str | None:
    there = at + step
    inside = 0 <= there < len(runs) and runs[there].sentence is runs[at].sentence
    return languages[there] if inside else None


def _nearest(languages: _Languages, sentence: range, at: int) -> str | None:
    """The nearest language in the sentence that is not written in Latin letters."""
    others = (i for i in sentence if languages[i] not in (None, "en"))
    nearest = min(others, key=lambda there: (abs(there - at), there), default=None)
    return None if nearest is None else languages[nearest]
