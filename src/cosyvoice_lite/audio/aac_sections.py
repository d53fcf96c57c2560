"""Which Huffman book codes which bands of an AAC frame, and the words it does it with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosyvoice_lite.audio.aac_books import SPECTRUM, Book, book
from cosyvoice_lite.audio.bits import Bits

Array = NDArray[Any]

SECTION_BITS = 9  # number of a book and a length
LONGEST_PIECE = 31  # a length that says: and more
ESCAPE_BOOK, ESCAPE = 11, 16
TOO_LARGE = 1 << 20  # bits: never chosen


class Kind(NamedTuple):
    """How a book reads lines."""

    together: int
    """Lines in one word."""
    signed: bool
    """Whether the word has the signs; else a bit follows for each line that isn't zero."""
    largest: int


KINDS = {
    **dict.fromkeys((1, 2), Kind(4, True, 1)),
    **dict.fromkeys((3, 4), Kind(4, False, 2)),
    **dict.fromkeys((5, 6), Kind(2, True, 4)),
    **dict.fromkeys((7, 8), Kind(2, False, 7)),
    **dict.fromkeys((9, 10), Kind(2, False, 12)),
    ESCAPE_BOOK: Kind(2, False, ESCAPE),
}
BOOKS: dict[int, Book] = {number: book(told) for number, told in SPECTRUM.items()}


class Sections:
    """Chooses books for the bands that begin and end at `edges`."""

    def __init__(self, edges: Array) -> None:
        self._edges = edges
        self._widths = np.diff(edges)

    def books(self, lines: Array) -> Array:
        """The book of each band, 0 for silent ones: the cheapest way through all of them.

        Viterbi's algorithm: the cheapest way to be in a book at a band is to have been in it, or to
        come from the cheapest of all and pay for a new section.
        """
        costs = self._costs(lines)
        came_from = np.empty(costs.shape, np.int64)
        total = costs[0] + SECTION_BITS
        for band in range(1, len(costs)):
            cheapest = int(total.argmin())
            stay = total <= total[cheapest] + SECTION_BITS
            came_from[band] = np.where(stay, np.arange(len(total)), cheapest)
            total = np.minimum(total, total[cheapest] + SECTION_BITS) + costs[band]
        books = np.empty(len(costs), np.int64)
        books[-1] = total.argmin()
        for band in range(len(costs) - 1, 0, -1):
            books[band - 1] = came_from[band, books[band]]
        return books

    def write_books(self, bits: Bits, books: Array) -> None:
        """Book and length of each section."""
        changes = np.flatnonzero(np.diff(books)) + 1
        starts, ends = np.r_[0, changes], np.r_[changes, len(books)]
        for start, end in zip(starts, ends, strict=True):
            bits.add(int(books[start]), 4)
            length = int(end - start)
            while length >= LONGEST_PIECE:
                bits.add(LONGEST_PIECE, 5)
                length -= LONGEST_PIECE
            bits.add(length, 5)

    def write_lines(self, bits: Bits, books: Array, lines: Array) -> None:
        """The words of all lines whose band has a book."""
        of_line = np.repeat(books, self._widths)
        changes = np.flatnonzero(np.diff(of_line)) + 1
        for start, end in zip(np.r_[0, changes], np.r_[changes, len(lines)], strict=True):
            if of_line[start]:
                bits.add_many(*_words(int(of_line[start]), lines[start:end]))

    def _costs(self, lines: Array) -> Array:
        """Bits of each band in each book (n_bands, 12); its scale factor not counted."""
        costs = np.empty((len(self._widths), 1 + len(BOOKS)), np.int64)
        largest = np.maximum.reduceat(np.abs(lines), self._edges[:-1])
        costs[:, 0] = np.where(largest > 0, TOO_LARGE, 0)
        for number, kind in KINDS.items():
            kept = np.clip(lines, -kind.largest, kind.largest)
            lengths = _lengths(number, lines if number == ESCAPE_BOOK else kept)
            costs[:, number] = np.add.reduceat(lengths, self._edges[:-1] // kind.together)
            if number != ESCAPE_BOOK:
                costs[largest > kind.largest, number] = TOO_LARGE
        return costs


def _entries(number: int, lines: Array) -> tuple[Array, Array]:
    """Lines in their groups (N, 2 or 4), and the entry of each group in the book (N,)."""
    kind = KINDS[number]
    groups = lines.reshape(-1, kind.together)
    digits = groups + kind.largest if kind.signed else np.minimum(np.abs(groups), kind.largest)
    base = 2 * kind.largest + 1 if kind.signed else kind.largest + 1
    return groups, digits @ base ** np.arange(kind.together)[::-1]


def _lengths(number: int, lines: Array) -> Array:
    """Bits of each group of lines (N,)."""
    groups, entries = _entries(number, lines)
    lengths = BOOKS[number].lengths[entries]
    if not KINDS[number].signed:
        lengths = lengths + np.count_nonzero(groups, axis=1)
    if number == ESCAPE_BOOK:
        lengths = lengths + _escapes(np.abs(groups))[1].sum(axis=1)
    return lengths


def _words(number: int, lines: Array) -> tuple[Array, Array]:
    """Words of each group with its signs and escapes, and their bits: (N,), (N,)."""
    groups, entries = _entries(number, lines)
    words, lengths = BOOKS[number].words[entries], BOOKS[number].lengths[entries].copy()
    if KINDS[number].signed:
        return words, lengths
    for column in groups.T:
        n_bits = (column != 0).astype(np.int64)
        words = (words << n_bits.astype(np.uint64)) | (column < 0).astype(np.uint64)
        lengths += n_bits
    if number == ESCAPE_BOOK:
        for escape, n_bits in zip(*(part.T for part in _escapes(np.abs(groups))), strict=True):
            words = (words << n_bits.astype(np.uint64)) | escape.astype(np.uint64)
            lengths += n_bits
    return words, lengths


def _escapes(sizes: Array) -> tuple[Array, Array]:
    """What says a size of 16 or more, and its bits; neither for a smaller one.

    With n the place of the highest bit: n - 4 ones, a zero, the n bits below the highest.
    """
    n = np.frexp(np.maximum(sizes, 1).astype(np.float64))[1].astype(np.int64) - 1
    prefix = (1 << np.maximum(n - 3, 1)) - 2
    large = sizes >= ESCAPE
    escape = (prefix << n) | (sizes - (1 << n))
    return np.where(large, escape, 0), np.where(large, 2 * n - 3, 0)
