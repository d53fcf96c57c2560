"""Build the Japanese lexicon: the NAIST Japanese dictionary of Open JTalk, made small.

    python tools/lexica/build_ja.py open_jtalk_dic_utf_8-1.11 large_ja.msgpack.gz \
        src/cosyvoice_lite/text/phonemes/data

The folder is Open JTalk's compiled MeCab dictionary (BSD 3-clause, NAIST and the UniDic
Consortium), as the PyPI package ``openjtalk`` carries it: 103 MB for 789,000 entries with readings
and pitch accents. Kept are function words, numerals, counters, kanji nouns of up to four
characters, and whatever of the rest is in wordfreq's Japanese word list, which only selects.

``ja.txt.xz`` holds, after one line per part of speech, one line per entry, sorted by surface:
surface, number of the part of speech, cost, pronunciation, accent/morae, rule of combination.
``ja_matrix.xz`` holds the connection costs (int16, right × left). Parts of speech are numbered as
in the dictionary.
"""

import gzip
import lzma
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgpack

KANJI = re.compile("[\u4e00-\u9fff]")
ALWAYS = {"接尾", "数", "代名詞", "副詞可能", "非自立", "ナイ形容詞語幹"}
COMMON = {"一般", "サ変接続", "形容動詞語幹"}


class Entry(NamedTuple):
    surface: str
    number: int
    cost: int
    features: list[str]  # pos ×4, conjugation ×2, base, reading, pronunciation, accent, rule


def entries(path: Path) -> Iterator[Entry]:
    """Walk the double array of ``sys.dic`` and yield every entry."""
    blob = path.read_bytes()
    array_size, tokens_size = struct.unpack_from("<2I", blob, 24)
    units = struct.unpack_from(f"<{array_size // 4}i", blob, 72)
    tokens, features = 72 + array_size, 72 + array_size + tokens_size
    stack = [(units[0], b"")]
    while stack:
        base, key = stack.pop()
        if 2 * base + 1 < len(units) and units[2 * base + 1] == base and units[2 * base] < 0:
            packed = -units[2 * base] - 1
            for token in range(packed >> 8, (packed >> 8) + (packed & 255)):
                left, _right, _pos, cost, at, _ = struct.unpack_from(
                    "<3HhII", blob, tokens + 16 * token
                )
                text = blob[features + at : blob.index(b"\0", features + at)].decode()
                yield Entry(key.decode(errors="replace"), left, cost, text.split(","))
        for byte in range(256):
            there = base + byte + 1
            if 2 * there + 1 < len(units) and units[2 * there + 1] == base:
                stack.append((units[2 * there], key + bytes([byte])))


def kept(entry: Entry, frequent: set[str]) -> bool:
    """Whether an entry earns its bytes."""
    pos, sub, region, person = entry.features[:4]
    surface, base = entry.surface, entry.features[6]
    if surface in frequent or pos not in ("動詞", "名詞", "形容詞", "副詞"):
        return True
    if pos == "名詞":
        return (
            sub in ALWAYS
            or (sub in COMMON and bool(KANJI.search(surface)) and len(surface) <= 4)
            or (region == "地域" and len(surface) <= 3)
            or (person == "姓" and len(surface) <= 3 and entry.cost < 9000)
        )
    return pos in ("動詞", "形容詞") and base in frequent


def main(folder: Path, word_list: Path, target: Path) -> None:
    buckets = msgpack.unpackb(gzip.decompress(word_list.read_bytes()))[1:]
    frequent = {word for bucket in buckets for word in bucket}
    chosen = sorted(e for e in entries(folder / "sys.dic") if kept(e, frequent))
    ids = (folder / "left-id.def").read_text("utf-8").splitlines()
    lines = [line.split(" ", 1)[1] for line in ids]
    for surface, number, cost, features in chosen:
        lines.append("\t".join([surface, str(number), str(cost), *features[8:11]]))
    text = f"{len(ids)}\n" + "\n".join(lines) + "\n"
    (target / "ja.txt.xz").write_bytes(lzma.compress(text.encode(), preset=9))
    matrix = (folder / "matrix.bin").read_bytes()[4:]
    (target / "ja_matrix.xz").write_bytes(lzma.compress(matrix, preset=9))
    print(f"{len(chosen)} entries, {len(text.encode()) / 1e6:.1f} MB unpacked")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
