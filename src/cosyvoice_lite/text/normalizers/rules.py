"""The engine of all normalisers: where a trigger is seen, the first rule that matches speaks.

A text is scanned once. Text without triggers, which is most text, costs one regular-expression
search; what a rule has said is never looked at by another rule.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Firing:
    """A rule that rewrote something."""

    rule: str
    written: str
    spoken: str


@dataclass(frozen=True)
class Rule:
    """What a pattern matches is said as ``say`` has it; None leaves it to the rules below."""

    name: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | None]
    of_words: bool = False
    """Whether it begins with a letter, so that it need not be tried anywhere else."""


class Rules:
    """The rules of a language in the order in which they are tried."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._all = tuple(rules)
        self._of_no_words = tuple(rule for rule in self._all if not rule.of_words)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._all)

    def beginning(self, char: str) -> tuple[Rule, ...]:
        """Those that may begin with this character."""
        return self._all if char.isalpha() else self._of_no_words


def of_words(rules: Iterable[Rule]) -> list[Rule]:
    """Rules each of which begins with a letter."""
    return [replace(rule, of_words=True) for rule in rules]


def rule(name: str, pattern: str, say: Callable[[re.Match[str]], str | None]) -> Rule:
    """A rule from a pattern in verbose-free syntax."""
    return Rule(name, re.compile(pattern), say)


def rewrite(
    text: str,
    trigger: re.Pattern[str],
    rules: Rules,
    log: list[Firing] | None = None,
    *,
    spaced: bool = False,
) -> str:
    """``text`` with every match said; ``spaced`` keeps words apart that were written together."""
    pieces: list[str] = []
    end = at = 0
    while found := trigger.search(text, at):
        hit = _first(text, found.start(), rules)
        if hit is None:
            at = found.start() + 1
            continue
        fired, match, spoken = hit
        if log is not None:
            log.append(Firing(fired.name, match[0], spoken))
        before = text[end : match.start()]
        pieces.append(before)
        pieces.append(
            _apart(before or (pieces[-2] if len(pieces) > 1 else ""), spoken, following(match))
            if spaced
            else spoken
        )
        end = at = max(match.end(), found.start() + 1)
    pieces.append(text[end:])
    return "".join(pieces)


def _first(text: str, at: int, rules: Rules) -> tuple[Rule, re.Match[str], str] | None:
    for candidate in rules.beginning(text[at : at + 1]):
        match = candidate.pattern.match(text, at)
        if match is not None and match.end() > at:
            spoken = candidate.say(match)
            if spoken is not None:
                return candidate, match, spoken
    return None


def _apart(before: str, spoken: str, after: str) -> str:
    if not spoken:
        return spoken
    left = " " if before[-1:].isalnum() and spoken[0].isalnum() else ""
    right = " " if after.isalpha() and spoken[-1].isalnum() else ""
    return f"{left}{spoken}{right}"


def following(match: re.Match[str], count: int = 1) -> str:
    """At most ``count`` characters behind the match."""
    return match.string[match.end() : match.end() + count]


def preceding(match: re.Match[str], count: int = 1) -> str:
    """At most ``count`` characters ahead of the match."""
    return match.string[max(0, match.start() - count) : match.start()]


def near(match: re.Match[str], words: re.Pattern[str], reach: int = 8) -> bool:
    """Whether one of ``words`` stands shortly before the match."""
    return bool(words.search(preceding(match, reach)))


Step = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]
"""A name, what is replaced everywhere, and by what."""


def substituted(text: str, steps: Sequence[Step], log: list[Firing] | None = None) -> str:
    """``text`` after one step after the other; what they changed is noted in ``log``."""
    for name, pattern, words in steps:
        text = pattern.sub(words if log is None else _noting(name, words, log), text)
    return text


def _noting(
    name: str, words: Callable[[re.Match[str]], str], log: list[Firing]
) -> Callable[[re.Match[str]], str]:
    def noted(match: re.Match[str]) -> str:
        said = words(match)
        if said != match[0]:
            log.append(Firing(name, match[0], said))
        return said

    return noted
