"""What Markdown and HTML wrap around words, dropped; the words stay.

Only what can hardly be anything else: ``3 * 4``, ``a < b``, ``C#`` and ``#1`` are left to the rules
of the languages, and so is an element whose name HTML does not have.
"""

import html
import re

from cosyvoice_lite.text.normalizers.rules import Firing, Step, substituted

_SIGNS = re.compile(r"[*`>\[<&→]|~~|__|--|#[# ]")
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))*\s*/?"
_BLOCKS = (
    "address|article|blockquote|br|div|dd|dl|dt|h[1-6]|header|hr|li|ol|p|pre|section|table|tr|ul"
)
_INLINE = (
    "a|abbr|b|body|center|cite|code|del|em|figure|font|head|html|i|img|ins|kbd|main|mark|q|s|small|"
    "span|sub|sup|tbody|td|th|thead|tt|u"
)
_ENTITIES = "amp|lt|gt|quot|apos|nbsp|ensp|emsp|hellip|mdash|ndash|middot|[lr][sd]quo|copy|reg|times|deg|euro|pound|yen|#39|#34|#160"


def _first(match: re.Match[str]) -> str:
    return match[1]


def _nothing(match: re.Match[str]) -> str:
    return ""


def _line(match: re.Match[str]) -> str:
    return "\n"


def _pause(match: re.Match[str]) -> str:
    return "，" if match.string[match.start() - 1] > "\u2e80" else ", "


def _character(match: re.Match[str]) -> str:
    return html.unescape(match[0])


_STEPS: list[Step] = [
    (name, re.compile(pattern, re.MULTILINE), words)
    for name, pattern, words in [
        ("HTML", r"<!--[^<>]*-->", _nothing),
        ("HTML", rf"(?i:</?(?:{_BLOCKS}){_ATTRIBUTES}>)", _line),
        ("HTML", rf"(?i:</?(?:{_INLINE}){_ATTRIBUTES}>)", _nothing),
        ("Markdown", r"^ {0,3}```.*$", _nothing),
        ("Markdown", r"^ {0,3}(?:(?:\* ?){3,}|(?:- ?){3,})$", _nothing),
        ("Markdown", r"^ {0,3}#{1,6} +(?=\S)(?!of )", _nothing),
        ("Markdown", r"^ {0,3}(?:> ?)*> ?(?=[^\s\d=>])(?![_.]<)|^ {0,3}> (?=\S)", _nothing),
        ("Markdown", r"^[ \t]*\* +(?=\S)", _nothing),
        ("Markdown", r"!?\[([^\[\]\n]+)\]\((?:https?://|www\.|mailto:|[./#])[^()\s]*\)", _first),
        ("Markdown", r"(?<![\d*])\*{2,3}(?=[^\s*])([^*\n]+)(?<=\S)\*{2,3}(?![\d*])", _first),
        ("Markdown", r"(?<![A-Za-z0-9*])\*(?=[^\s\d*])([^*\n]+)(?<=\S)\*(?![A-Za-z0-9*])", _first),
        ("Markdown", r"(?<![A-Za-z0-9_])__(?=[^\s_])([^_\n]+)(?<=\S)__(?![A-Za-z0-9_])", _first),
        ("Markdown", r"~~(?=[^\s~])([^~\n]+)(?<=\S)~~", _first),
        ("Markdown", r"(?<![A-Za-z`])`([^`\n]+)`", _first),
        ("path", r"(?<=\w)\s*(?:-{1,2}>|→)\s*(?=\w)", _pause),
        ("path", r"(?<=[a-z]) > (?=[A-Z][a-z])|(?<=[\u3041-\u9fff]) > (?=[\u3041-\u9fff])", _pause),
        ("HTML", rf"&(?:{_ENTITIES});", _character),
    ]
]  # fmt: skip


def words_only(text: str, log: list[Firing] | None = None) -> str:
    """``text`` without the signs of Markdown and HTML; noted in ``log`` where it is given."""
    if not _SIGNS.search(text):
        return text
    return substituted(text, _STEPS, log)
