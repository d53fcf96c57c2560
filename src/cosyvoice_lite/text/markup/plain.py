"""The light markup of plain text: ``[pause:1.5s]``, ``[laughter]``, ``<strong>…</strong>``.

Only these are marks; any other bracket is text. What they look like is CosyVoice's own notation and
Kokoro-FastAPI's for pauses, so that texts written for those keep working.
"""

import re
from dataclasses import replace

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.markup.events import (
    Event,
    Pause,
    Sound,
    Spelled,
    Style,
    Words,
    language_of,
    place,
    seconds,
)
from cosyvoice_lite.text.phonemes.reading import spelled_phonemes

SOUNDS = (
    "laughter breath noise cough clucking accent quick_breath hissing sigh vocalized-noise lipsmack mn"
).split()
"""Names in square brackets that CosyVoice models may know as sounds."""
EMOTIONS = (
    "neutral happy sad angry surprised fearful disgusted gentle serious excited calm whisper"
).split()
"""Named emotions."""

_MARK = re.compile(
    r"\[pause:(?P<pause>[^\[\]\n]{0,80})(?P<shut>\]?)"
    rf"|\[(?P<sound>{'|'.join(SOUNDS)})\]"
    rf"|\[emotion:\s*(?P<emotion>{'|'.join(EMOTIONS)})\s*\]"
    r"|\[(?P<reading>[a-zü]{1,6}[1-6])\]"
    r"|<(?P<close>/?)(?P<around>strong|laughter)>"
    r"|<\|(?P<tag>zh|en|ja|jp|ko|yue)\|>",
    re.IGNORECASE,
)

_JYUTPING = re.compile(
    r"(?:gw|kw|ng|[bpmfdtnlgkhwzcsj])?(?:aa|a|e|i|o|oe|eo|u|yu)[iumngptk]{0,2}6|(?:ng|m)6"
)


def parse(text: str, style: Style) -> list[Event]:
    """The events of a text with light markup.

    Args:
        text: what the caller wrote.
        style: the style that it begins with.

    Raises:
        TextError: a mark is not closed or not opened, or its time can't be read; it says where.
    """
    events: list[Event] = []
    opened: list[tuple[str, int]] = []
    end = 0
    for match in _MARK.finditer(text):
        if match["reading"] and not _is_reading(match):
            continue
        if match.start() > end:
            events.append(Words(text[end : match.start()], style))
        end = match.end()
        style = _apply(match, events, style, opened)
    if opened:
        name, at = opened[-1]
        raise TextError(f"{place(text, at)}: <{name}> is never closed")
    if text[end:]:
        events.append(Words(text[end:], style))
    return events


def _apply(
    match: re.Match[str], events: list[Event], style: Style, opened: list[tuple[str, int]]
) -> Style:
    """Note what a mark says; the style that holds behind it."""
    where = place(match.string, match.start())
    if match["pause"] is not None:
        if not match["shut"]:
            raise TextError(f"{where}: [pause: is never closed")
        events.append(Pause(seconds(match["pause"], where)))
    elif match["sound"]:
        events.append(Sound(match[0].lower(), style))
    elif match["reading"]:
        alphabet = (
            "jyutping" if style.language == "yue" or match["reading"][-1] == "6" else "pinyin"
        )
        events.append(Spelled("", match["reading"], alphabet, style, where))
    elif match["around"]:
        _pair(match, opened, where)
        events.append(Sound(match[0].lower(), style))
        return replace(style, strong=not match["close"]) if match["around"] == "strong" else style
    elif match["emotion"]:
        return replace(style, emotion=match["emotion"].lower())
    else:
        return replace(style, language=language_of(match["tag"], where), tagged=True)
    return style


def _is_reading(match: re.Match[str]) -> bool:
    """Whether ``[hao3]`` is a syllable: it must exist, and stand in a text with Han characters."""
    if not any("\u4e00" <= char <= "\u9fff" for char in match.string):
        return False
    try:
        spelled_phonemes(match["reading"].lower(), "pinyin")
    except TextError:
        return bool(_JYUTPING.fullmatch(match["reading"].lower()))
    return True


def _pair(match: re.Match[str], opened: list[tuple[str, int]], where: str) -> None:
    name = match["around"].lower()
    if not match["close"]:
        opened.append((name, match.start()))
    elif opened and opened[-1][0] == name:
        opened.pop()
    else:
        raise TextError(f"{where}: </{name}> closes nothing")
