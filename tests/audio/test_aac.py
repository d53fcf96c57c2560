"""AAC: its books are whole, its transform can be undone, and another decoder hears the sound."""

import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.audio import aac
from cosyvoice_lite.audio.aac_books import BAND_WIDTHS, SCALE_FACTORS, SPECTRUM, band_edges, book
from cosyvoice_lite.audio.aac_sections import KINDS, Sections
from cosyvoice_lite.audio.bits import Bits
from cosyvoice_lite.audio.encoders import encode
from cosyvoice_lite.audio.waveform import Audio
from oracles import Array

RATE = 22050
T = np.arange(3 * RATE) / RATE
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg to decode with")


@pytest.mark.parametrize("told", [SCALE_FACTORS, *SPECTRUM.values()])
def test_a_book_is_a_whole_prefix_code(told: str) -> None:
    words, lengths = book(told)
    spelled = sorted(f"{w:0{n}b}" for w, n in zip(words.tolist(), lengths.tolist(), strict=True))
    assert sum(2.0**-n for n in lengths.tolist()) == 1.0
    assert not any(b.startswith(a) for a, b in itertools.pairwise(spelled))


def test_books_have_an_entry_for_all_they_can_say() -> None:
    assert len(book(SCALE_FACTORS).words) == 121
    for number, kind in KINDS.items():
        values = 2 * kind.largest + 1 if kind.signed else kind.largest + 1
        assert len(book(SPECTRUM[number]).words) == values**kind.together


@pytest.mark.parametrize("rate", BAND_WIDTHS)
def test_bands_cover_a_frame(rate: int) -> None:
    edges = band_edges(rate)
    assert (edges[0], edges[-1]) == (0, 1024)
    assert (np.diff(edges) % 4 == 0).all()


def test_the_transform_is_the_standards_sum_and_can_be_undone() -> None:
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(4 * 1024)
    n, k = np.arange(2048), np.arange(1024)
    cosines = np.cos(2 * np.pi / 2048 * np.outer(n + 512.5, k + 0.5))
    window = np.sin(np.pi * (n + 0.5) / 2048)
    undone = np.zeros_like(sound)
    for start in (0, 1024, 2048):
        spectrum = aac.mdct(sound[start : start + 2048])
        expected = 2 * (sound[start : start + 2048] * window) @ cosines
        np.testing.assert_allclose(spectrum, expected, atol=1e-8)
        undone[start : start + 2048] += window * (cosines @ spectrum) * 2 / 2048
    np.testing.assert_allclose(undone[1024:3072], sound[1024:3072], atol=1e-12)


def test_noise_stays_within_what_was_allowed() -> None:
    rng = np.random.default_rng(1)
    edges = band_edges(RATE)
    spectrum = rng.standard_normal(1024) * 10 ** np.linspace(6, 2, 1024)
    allowed = np.add.reduceat(spectrum**2, edges[:-1]) / 50
    frame = aac.quantise(spectrum, allowed, edges)
    steps = np.repeat(2.0 ** ((frame.scale_factors - 100) / 4), np.diff(edges))
    decoded = np.sign(frame.lines) * np.abs(frame.lines) ** (4 / 3) * steps
    noise = np.add.reduceat((decoded - spectrum) ** 2, edges[:-1])
    assert np.median(noise / allowed) < 1.0
    assert (noise < 3.0 * allowed).all()  # a band of four lines has a few draws only
    assert (noise > 0.05 * allowed).mean() > 0.9  # and no bits are thrown away


@pytest.mark.parametrize("hz", [60, 100, 120, 200, 300])
def test_a_loud_onset_after_silence_is_legal_aac(hz: int, monkeypatch: pytest.MonkeyPatch) -> None:
    largest: list[int] = []
    quantise = aac.quantise

    def watched(spectrum: Array, allowed: Array, edges: Array) -> aac.Quantised:
        frame = quantise(spectrum, allowed, edges)
        largest.append(int(np.abs(frame.lines).max()))
        return frame

    monkeypatch.setattr(aac, "quantise", watched)
    onset = np.where(T[:RATE] > 0.3, 0.5 * np.sin(2 * np.pi * hz * T[:RATE]), 0)
    encode(Audio(onset.astype(np.float32), RATE), "aac")
    assert 4000 < max(largest) <= 8191


def test_no_section_is_wider_or_dearer_than_needed() -> None:
    edges = band_edges(RATE)
    lines = np.zeros(1024, np.int64)
    lines[:4], lines[40:60], lines[300:310] = 1, 9, 500
    books = Sections(edges).books(lines)
    largest = np.maximum.reduceat(np.abs(lines), edges[:-1])
    for number, most in zip(books, largest, strict=True):
        assert most == 0 or number == 11 or most <= KINDS[number].largest
    assert set(books[largest == 500]) == {11}
    assert books[-1] == 0


def read_back(content: bytes, number: int, n_lines: int) -> list[int]:
    """Lines from the words of one book: the standard's reading, bit by bit."""
    bits = iter(np.unpackbits(np.frombuffer(content, np.uint8)).tolist())
    kind, (words, lengths) = KINDS[number], book(SPECTRUM[number])
    entries = {(int(n), int(w)): e for e, (w, n) in enumerate(zip(words, lengths, strict=True))}
    lines: list[int] = []
    while len(lines) < n_lines:
        word = length = 0
        while (length, word) not in entries:
            word, length = 2 * word + next(bits), length + 1
        entry = entries[length, word]
        base, least = (2 * kind.largest + 1, kind.largest) if kind.signed else (kind.largest + 1, 0)
        places = reversed(range(kind.together))
        group = [entry // base**place % base - least for place in places]
        signs = [1 if kind.signed or not v else 1 - 2 * next(bits) for v in group]
        for value, sign in zip(group, signs, strict=True):
            if number == 11 and value == 16:
                n = 4
                while next(bits):
                    n += 1
                value = 1
                for _ in range(n):
                    value = 2 * value + next(bits)
            lines.append(sign * value)
    return lines


@pytest.mark.parametrize("number", KINDS)
def test_what_a_book_wrote_can_be_read_back(number: int) -> None:
    largest = 8191 if number == 11 else KINDS[number].largest
    rng = np.random.default_rng(number)
    size = np.exp(rng.uniform(0, np.log(largest + 1), 1024)).astype(np.int64)
    lines = np.minimum(size, largest) * rng.integers(-1, 2, 1024)
    edges = band_edges(RATE)
    bits = Bits()
    Sections(edges).write_lines(bits, np.full(len(edges) - 1, number), lines)
    assert read_back(bits.to_bytes(), number, 1024) == lines.tolist()


def test_bits_follow_each_other_highest_first() -> None:
    bits = Bits()
    bits.add(0b101, 3)
    bits.add(0, 2)
    bits.add_many(np.array([0b11, 0b0110]), np.array([2, 4]))
    assert bits.to_bytes() == bytes([0b10100110, 0b11000000])


def sounds() -> dict[str, Array]:
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(T.size)
    clicks = np.zeros(T.size)
    clicks[::4000] = 0.9
    return {
        "glide": 0.4 * np.sin(2 * np.pi * (200 + 900 * T) * T),
        "noise": 0.1 * noise,
        "onsets": 0.3 * np.sin(2 * np.pi * 300 * T) + 0.1 * noise * (np.sin(9 * T) > 0),
        "loud": np.sign(np.sin(2 * np.pi * 441 * T)),
        "clicks": clicks,
        "silence": np.zeros(T.size),
        "whisper": 3e-4 * noise,
    }


def decoded(content: bytes, path: Path) -> Array:
    path.write_bytes(content)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, np.float32)


@needs_ffmpeg
@pytest.mark.parametrize("name", sounds())
def test_ffmpeg_hears_the_sound(name: str, tmp_path: Path) -> None:
    said = sounds()[name].astype(np.float32)
    content = encode(Audio(said, RATE), "aac")
    heard = decoded(content, tmp_path / "x.aac")[1024:]
    assert said.size <= heard.size < said.size + 1024
    error = heard[: said.size] - np.clip(said, -1, 1)
    assert np.abs(heard[said.size :]).max(initial=0.0) < 0.2
    assert np.square(error).mean() <= 0.04 * np.square(said).mean() + 1e-7  # 14 dB
    assert len(content) * 8 / 3.0 < 140_000


@needs_ffmpeg
@pytest.mark.parametrize("rate", BAND_WIDTHS)
def test_every_rate_is_one_that_decoders_know(rate: int, tmp_path: Path) -> None:
    said = (0.4 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    heard = decoded(encode(Audio(said, rate), "aac", rate), tmp_path / "x.aac")[1024:]
    assert np.square(heard[: said.size] - said).mean() < 0.01 * np.square(said).mean()
