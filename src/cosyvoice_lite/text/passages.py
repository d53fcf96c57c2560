"""Events of the markup → passages: stretches that are spoken in one manner, between two pauses.

What must pass the normaliser untouched (a given pronunciation, a sound, a mark) is an atom: one
private-use character in the passage's text that stands for what is shown and what is encoded.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cosyvoice_lite.errors import TextError
from cosyvoice_lite.text.languages import main_language, spans
from cosyvoice_lite.text.lexicon import Entry, Lexicon
from cosyvoice_lite.text.markup import events as ev
from cosyvoice_lite.text.markup.events import Event, Style
from cosyvoice_lite.text.normalizers.characters import clean
from cosyvoice_lite.text.normalizers.rules import Firing
from cosyvoice_lite.text.pronunciation import spelled
from cosyvoice_lite.text.said_as import say_as

ATOM = re.compile("[\U000f0000-\U000ffffd]")
"""A place where something stands that is not to be normalised."""
_FIRST_ATOM = 0xF0000
_MOST_ATOMS = 60000
_SOUNDS_OF_ALL = frozenset(
    ["[laughter]", "[breath]", "<strong>", "</strong>", "<laughter>", "</laughter>"]
)


@dataclass(frozen=True)
class Atom:
    """What one private-use character stands for."""

    shown: str
    encoded: str
    mark: str | None = None


@dataclass
class Passage:
    """Text in one manner; its parts differ at most in the language that was asked for."""

    style: Style
    parts: list[tuple[str, str | None]] = field(default_factory=list)
    """Text with atoms, and the language that markup or request gave it."""
    pause_before_s: float = 0.0
    pause_after_s: float = 0.0
    ends_paragraph: bool = False


@dataclass
class Gatherer:
    """Turns events into passages, one after the other."""

    reads_phonemes: bool
    capabilities: frozenset[str]
    lexicon: Lexicon | None = None
    log: list[Firing] | None = None
    atoms: list[Atom] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    _lead_s: float = 0.0
    _context: str = ""
    _open: Passage | None = None

    def gather(self, events: Iterable[Event]) -> list[Passage]:
        """The passages of ``events``; a leading pause goes before the first of them."""
        events = list(events)
        self._context = "".join(e.text for e in events if isinstance(e, ev.Words | ev.SaidAs))
        for event in events:
            self._take(event)
        self._close()
        return self.passages

    def _take(self, event: Event) -> None:
        if isinstance(event, ev.Words):
            self._words(event.text, event.style)
        elif isinstance(event, ev.Spelled):
            self._spelled(event)
        elif isinstance(event, ev.SaidAs):
            language = event.style.language or main_language(spans(clean(self._context)))
            said = say_as(clean(event.text), event.kind, language, event.place)
            self._note(f"say-as {event.kind}", event.text, said)
            self._atom(Atom(said, said), event.style)
        elif isinstance(event, ev.Sound):
            self._sound(event)
        elif isinstance(event, ev.NamedPlace):
            style = self._open.style if self._open else Style()
            self._atom(Atom("", "", mark=event.name), style)
        elif isinstance(event, ev.Pause):
            self._pause(event.seconds)
        else:
            self._close(paragraph=event.paragraph)

    def _words(self, text: str, style: Style) -> None:
        text = clean(text, self.log)
        pattern = self.lexicon.pattern() if self.lexicon else None
        end = 0
        for match in pattern.finditer(text) if pattern else ():
            self._add(text[end : match.start()], style)
            self._listed(match[0], self.lexicon.entry(match[0]), style)  # type: ignore[union-attr]
            end = match.end()
        self._add(text[end:], style)

    def _listed(self, word: str, entry: Entry, style: Style) -> None:
        if entry.alphabet == "say":
            said = encoded = entry.notation
        else:
            encoded = self._pronounced(entry.notation, entry.alphabet, word)
            said = word if self.reads_phonemes else encoded
        self._note("lexicon", word, encoded)
        self._atom(Atom(said, encoded), style)

    def _spelled(self, event: ev.Spelled) -> None:
        try:
            encoded = self._pronounced(event.notation, event.alphabet, event.text.strip())
        except TextError as error:
            raise TextError(f"{event.place}: {error}") from error
        shown = (event.text.strip() or event.notation) if self.reads_phonemes else encoded
        self._note("phoneme", event.text or event.notation, encoded)
        self._atom(Atom(shown, encoded), event.style)

    def _pronounced(self, notation: str, alphabet: str, written: str) -> str:
        return spelled(notation, alphabet, reads_phonemes=self.reads_phonemes, written=written)

    def _sound(self, event: ev.Sound) -> None:
        known = "marks" in self.capabilities or (
            not self.reads_phonemes and event.name in _SOUNDS_OF_ALL
        )
        if known:
            self._atom(Atom(event.name, event.name), event.style)
        else:
            self._note("dropped: the model does not know the mark", event.name, "")

    def _pause(self, seconds: float) -> None:
        self._close()
        if self.passages:
            self.passages[-1].pause_after_s += seconds
        else:
            self._lead_s += seconds

    def _add(self, text: str, style: Style) -> None:
        if text:
            self._passage(style).parts.append((text, style.language))

    def _atom(self, atom: Atom, style: Style) -> None:
        if len(self.atoms) >= _MOST_ATOMS:
            raise TextError(
                f"more than {_MOST_ATOMS} marks in one text: cut it into several requests"
            )
        self.atoms.append(atom)
        self._add(chr(_FIRST_ATOM + len(self.atoms) - 1), style)

    def _passage(self, style: Style) -> Passage:
        """The open passage if it has this manner, else a new one."""
        if self._open is not None and _manner(self._open.style) == _manner(style):
            return self._open
        self._close()
        self._open = Passage(style)
        return self._open

    def _close(self, *, paragraph: bool = False) -> None:
        """End the open passage; one without words gives its marks to the next."""
        if self._open is not None and any(text.strip() for text, _ in self._open.parts):
            self._open.pause_before_s, self._lead_s = self._lead_s, 0.0
            self.passages.append(self._open)
        self._open = None
        if paragraph and self.passages:
            self.passages[-1].ends_paragraph = True

    def _note(self, rule: str, written: str, spoken: str) -> None:
        if self.log is not None:
            self.log.append(Firing(rule, written, spoken))

    def expand(self, text: str, what: Callable[[Atom], str]) -> str:
        """``text`` with every atom replaced by ``what`` it is."""
        return ATOM.sub(lambda m: what(self.atoms[ord(m[0]) - _FIRST_ATOM]), text)

    def atom(self, char: str) -> Atom:
        """The atom that a character stands for."""
        return self.atoms[ord(char) - _FIRST_ATOM]


def _manner(style: Style) -> tuple[object, ...]:
    tag = style.language if style.tagged else None
    return style.prosody, style.voice, style.emotion, tag
