"""A subset of SSML 1.1, read by hand: no document types, no entities but the five of XML.

A general XML parser would bring entity expansion and files from elsewhere; a request needs neither.
Unknown elements are dropped and their text is spoken, except that of ``desc``.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.markup import events as ev
from cosyvoice_lite.text.markup.events import Event, Style, place
from cosyvoice_lite.text.markup.plain import EMOTIONS, SOUNDS

DEEPEST = 10
"""Elements within elements."""

_NODE = re.compile(
    r"<!--(?P<comment>.*?)-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<\?(?P<instruction>.*?)\?>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]*)(?P<attributes>(?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/?)>"
    r"|(?P<text>[^<]+)|(?P<wrong><)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w.:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_START = re.compile(r"[\s\ufeff]*<(?:speak[\s>/]|\?xml|!doctype|!--)", re.IGNORECASE)
_KINDS = frozenset(
    "cardinal number ordinal digits characters spell-out date time telephone currency unit fraction".split()
)
_ALPHABETS = {
    "pinyin": "pinyin", "x-pinyin": "pinyin", "jyutping": "jyutping", "x-jyutping": "jyutping", "ipa": "ipa", "kana": "kana", "x-kana": "kana", "arpabet": "arpabet", "x-arpabet": "arpabet",
    "cmu-arpabet": "arpabet", "hangul": "hangul",
}  # fmt: skip


def is_ssml(text: str) -> bool:
    """Whether a text is an SSML document."""
    return _START.match(text) is not None


def parse(text: str, style: Style) -> list[Event]:
    """The events of an SSML document.

    Raises:
        TextError: it is not well-formed, nests too deep, or a value can't be read; it says where.
    """
    return list(_Reader(text).events(style))


@dataclass(frozen=True)
class _Element:
    name: str
    style: Style  # inside
    attributes: dict[str, str]
    at: int
    silent: bool  # its text is not spoken as it stands


class _Reader:
    """One pass over a document, with the open elements on a stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Element] = []

    def events(self, style: Style) -> Iterator[Event]:
        for match in _NODE.finditer(self._text):
            inner = self._open[-1].style if self._open else style
            if match["name"]:
                yield from self._tag(match, inner)
            elif match["text"] is not None or match["cdata"] is not None:
                yield from self._characters(match, inner)
            elif match["wrong"]:
                self._refuse(match)
        if self._open:
            element = self._open[-1]
            raise TextError(f"{place(self._text, element.at)}: <{element.name}> is never closed")

    def _refuse(self, match: re.Match[str]) -> None:
        where = place(self._text, match.start())
        if self._text.startswith("<!", match.start()):
            raise TextError(f"{where}: document types and entities are refused in SSML")
        raise TextError(f"{where}: '<' begins no tag here: write &lt; for the sign")

    def _characters(self, match: re.Match[str], style: Style) -> Iterator[Event]:
        raw = (
            match["cdata"]
            if match["cdata"] is not None
            else self._decoded(match["text"], match.start())
        )
        if not self._open:
            if raw.strip(" \t\r\n\ufeff"):
                raise TextError(f"{place(self._text, match.start())}: text outside of <speak>")
            return
        element = self._open[-1]
        if element.silent:
            return
        where = place(self._text, match.start())
        if element.name == "say-as":
            yield ev.SaidAs(raw, element.attributes["interpret-as"], style, where)
        elif element.name == "phoneme":
            alphabet = element.attributes.get("alphabet", "ipa")
            yield ev.Spelled(raw, element.attributes["ph"], alphabet, style, where)
        else:
            yield ev.Words(re.sub(r"\s+", " ", raw), style)

    def _decoded(self, raw: str, start: int) -> str:
        def character(match: re.Match[str]) -> str:
            name, decimal, hexadecimal = match.groups()
            if name:
                return _NAMED[name]
            if decimal or hexadecimal:
                return html.unescape(match[0])
            where = place(self._text, start + match.start())
            raise TextError(f"{where}: '&' begins no known entity: write &amp; for the sign")

        return _ENTITY.sub(character, raw) if "&" in raw else raw

    def _tag(self, match: re.Match[str], style: Style) -> Iterator[Event]:
        name = match["name"].rpartition(":")[2].lower()
        if match["close"]:
            yield from self._closed(name, match.start())
            return
        where = place(self._text, match.start())
        if not self._open and name != "speak":
            raise TextError(f"{where}: <{name}> outside of <speak>")
        if len(self._open) >= DEEPEST:
            raise TextError(f"{where}: elements nest deeper than {DEEPEST}")
        attributes = {
            key.lower(): self._decoded(double or single, match.start())
            for key, double, single in _ATTRIBUTE.findall(match["attributes"])
        }
        silent = bool(self._open and self._open[-1].silent) or name in ("desc", "sub")
        yield from self._opening(name, attributes, style, where)
        inside = self._inside(name, attributes, style, where)
        self._open.append(_Element(name, inside, attributes, match.start(), silent))
        if match["empty"]:
            yield from self._closed(name, match.start())

    def _closed(self, name: str, at: int) -> Iterator[Event]:
        if not self._open or self._open[-1].name != name:
            expected = f"</{self._open[-1].name}>" if self._open else "nothing"
            raise TextError(f"{place(self._text, at)}: </{name}> where {expected} is expected")
        yield from _closing(self._open.pop())

    def _opening(
        self, name: str, attributes: dict[str, str], style: Style, where: str
    ) -> Iterator[Event]:
        if name == "break":
            yield ev.Pause(_break_seconds(attributes, where))
        elif name == "mark":
            yield ev.NamedPlace(_required(attributes, "name", name, where))
        elif name == "sub":
            yield ev.Words(_required(attributes, "alias", name, where), style)
        elif name in ("p", "paragraph", "s", "sentence"):
            yield ev.Break(paragraph=name[0] == "p")
        elif name == "br":
            yield ev.Words("\n", style)
        elif name in SOUNDS and name != "laughter":
            yield ev.Sound(f"[{name}]", style)
        elif name in ("strong", "laughter"):
            yield ev.Sound(f"<{name}>", style)
        elif name == "emphasis" and attributes.get("level", "moderate") in ("strong", "moderate"):
            yield ev.Sound("<strong>", style)
        elif name == "phoneme":
            alphabet = attributes.get("alphabet", "ipa").lower()
            if alphabet not in _ALPHABETS:
                raise TextError(
                    f"{where}: unknown alphabet {alphabet!r}: expected one of {', '.join(sorted(set(_ALPHABETS.values())))}"
                )
            attributes["alphabet"] = _ALPHABETS[alphabet]
            _required(attributes, "ph", name, where)
        elif name == "say-as":
            kind = _required(attributes, "interpret-as", name, where).lower()
            if kind not in _KINDS:
                raise TextError(
                    f"{where}: unknown interpret-as {kind!r}: expected one of {', '.join(sorted(_KINDS))}"
                )
            attributes["interpret-as"] = kind

    def _inside(self, name: str, attributes: dict[str, str], style: Style, where: str) -> Style:
        """The style of what an element holds."""
        tag = attributes.get("xml:lang", attributes.get("lang"))
        if tag and name in ("speak", "lang", "p", "s", "voice"):
            style = replace(style, language=ev.language_of(tag, where))
        if name == "prosody":
            return style.with_prosody(
                ev.rate(attributes["rate"], where) if "rate" in attributes else 1.0,
                ev.pitch(attributes["pitch"], where) if "pitch" in attributes else 0.0,
                ev.volume(attributes["volume"], where) if "volume" in attributes else 0.0,
            )
        if name == "voice" and "name" in attributes:
            return replace(style, voice=attributes["name"])
        if name in ("emotion", "express-as"):
            emotion = attributes.get("name", attributes.get("style", "")).lower()
            if emotion not in EMOTIONS:
                raise TextError(
                    f"{where}: unknown emotion {emotion!r}: expected one of {', '.join(EMOTIONS)}"
                )
            return replace(style, emotion=emotion)
        if name in ("strong", "emphasis"):
            return replace(
                style, strong=attributes.get("level", "moderate") not in ("none", "reduced")
            )
        return style


def _closing(element: _Element) -> Iterator[Event]:
    name, style = element.name, element.style
    if name in ("p", "paragraph", "s", "sentence"):
        yield ev.Break(paragraph=name[0] == "p")
    elif name in ("strong", "laughter"):
        yield ev.Sound(f"</{name}>", style)
    elif name == "emphasis" and style.strong:
        yield ev.Sound("</strong>", style)


def _break_seconds(attributes: dict[str, str], where: str) -> float:
    if "time" in attributes:
        return ev.seconds(attributes["time"], where)
    return ev.strength_seconds(attributes.get("strength", "medium"), where)


def _required(attributes: dict[str, str], key: str, element: str, where: str) -> str:
    if not attributes.get(key, "").strip():
        raise TextError(f"{where}: <{element}> needs the attribute {key}")
    return attributes[key]
