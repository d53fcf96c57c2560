"""Checkpoint → bundle: read, build, compute, write; whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

import cosyvoice_lite
from cosyvoice_lite.bundle import (
    MANIFEST,
    SPEAKER_ENCODER,
    SPEECH_TOKENIZER,
    TABLES,
    VOCABULARY,
    VOICES,
    FileRecord,
    Manifest,
    sha256,
)
from cosyvoice_lite.config import ModelConfig
from cosyvoice_lite.convert.directory import new_directory
from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.voices import read_voices, voice_records, write_voices
from cosyvoice_lite.convert.weights import Weights
from cosyvoice_lite.convert.writer import write_graph, write_tables
from cosyvoice_lite.errors import CheckpointError, UsageError
from cosyvoice_lite.graphs.builder import GraphBuilder
from cosyvoice_lite.graphs.flow import flow_encoder_graph
from cosyvoice_lite.graphs.hift import f0_graph, vocoder_graph
from cosyvoice_lite.graphs.lm import lm_graph, text_encoder_graph
from cosyvoice_lite.graphs.recipes import RECIPES, Recipe
from cosyvoice_lite.graphs.unet import unet_graph

Array = npt.NDArray[Any]
Progress = Callable[[str], None]

CONFIG_FILE = "cosyvoice.yaml"
VOICES_FILE = "spk2info.pt"
CARRIED = (SPEAKER_ENCODER, SPEECH_TOKENIZER)
VOCABULARY_FILES = {
    "whisper": "multilingual.tiktoken",
    "hz25": "multilingual_zh_ja_yue_char_del.tiktoken",
}
"""The vocabulary a tokenizer reads, as the authors name the file."""
MAX_SPECIALS = 2000
"""Text tokens of a model beyond those in the file: 1,609 of Whisper's, 1,679 of the 25 Hz model."""


def build_graphs(
    config: ModelConfig, recipe: Recipe = RECIPES["fp32"]
) -> dict[str, list[GraphBuilder]]:
    """The graphs by the checkpoint file that holds their weights."""
    lm, flow, vocoder = config.lm, config.flow, config.vocoder
    return {
        "llm.pt": [text_encoder_graph(lm, recipe), lm_graph(lm, recipe)],
        "flow.pt": [flow_encoder_graph(flow, recipe), unet_graph(flow.unet, recipe)],
        "hift.pt": [f0_graph(vocoder, recipe), vocoder_graph(vocoder, recipe)],
    }


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint that was found to be whole: everything a bundle is written from."""

    folder: Path
    config: ModelConfig
    recipe: Recipe
    graphs: dict[str, list[GraphBuilder]]
    weights: dict[str, Weights]
    voices: dict[str, dict[str, Array]]
    vocabulary: Path | None

    @classmethod
    def open(cls, folder: Path, precision: str, vocabulary: Path | None) -> Checkpoint:
        """Read what describes it, and check every tensor's name and shape."""
        config = read_hyperparameters(folder / CONFIG_FILE)
        graphs = build_graphs(config, recipe(precision))
        weights = {name: Weights.open(folder / name) for name in graphs}
        for name in graphs:
            weights[name].check(graphs[name])
        vocabulary = vocabulary or find_vocabulary(folder, config.tokenizer)
        if vocabulary is not None:
            _check_vocabulary(vocabulary, config)
        return cls(
            folder=folder,
            config=config,
            recipe=recipe(precision),
            graphs=graphs,
            weights=weights,
            voices=read_voices(folder / VOICES_FILE, config),
            vocabulary=vocabulary,
        )


def convert(
    checkpoint: Path,
    bundle: Path,
    *,
    precision: str = "int8",
    vocabulary: Path | None = None,
    licence: str = "as the checkpoint",
    replace: bool = False,
    progress: Progress = lambda stage: None,
) -> Manifest:
    """Convert the official checkpoint in `checkpoint` to a new bundle at `bundle`.

    Args:
        precision: a name in `RECIPES`; only fp32 can be held to golden files and be quantized.
        vocabulary: the tokenizer's file; looked for in `checkpoint` when not given.
        licence: recorded in the manifest.
        replace: overwrite an existing bundle.
        progress: called with one line as each stage begins.

    Raises:
        CheckpointError: the checkpoint can't be read or is not of this family.
        BundleError: `bundle` exists, or can't be written. No half bundle is left behind.
    """
    progress(f"reading {checkpoint / CONFIG_FILE}")
    source = Checkpoint.open(checkpoint, precision, vocabulary)
    with new_directory(bundle, replace) as directory:
        _write_files(source, directory, progress)
        progress("hashing")
        manifest = _manifest(source, directory, licence)
        (directory / MANIFEST).write_text(manifest.to_json(), "utf-8")
    return manifest


def _write_files(source: Checkpoint, directory: Path, progress: Progress) -> None:
    tables = []
    for name, group in source.graphs.items():
        value_of = source.weights[name].compute
        for graph in group:
            progress(f"writing {graph.name}")
            write_graph(graph, directory, value_of)
            tables.append((graph.tables, value_of))
    progress("writing tables and voices")
    write_tables(directory / TABLES, tables)
    write_voices(directory / VOICES, source.voices)
    for file in CARRIED:
        if (source.folder / file).exists():
            shutil.copyfile(source.folder / file, directory / file)
    if source.vocabulary is not None:
        shutil.copyfile(source.vocabulary, directory / VOCABULARY)


def _manifest(source: Checkpoint, directory: Path, licence: str) -> Manifest:
    return Manifest(
        name=os.fsencode(_named(source.folder).name).decode("utf-8", "replace"),
        model=source.config,
        precision=source.recipe.name,
        capabilities=_capabilities(source),
        voices=voice_records(source.voices),
        files={p.name: file_record(p) for p in sorted(directory.iterdir())},
        licence=licence,
        provenance={
            "converter": f"cosyvoice-lite {cosyvoice_lite.__version__}",
            "sources": {n: sha256(source.folder / n) for n in (CONFIG_FILE, *source.graphs)},
        },
    )


def recipe(precision: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.
    """
    if precision not in RECIPES:
        raise UsageError(f"unknown precision {precision!r}: choose from {', '.join(RECIPES)}")
    return RECIPES[precision]


def _capabilities(source: Checkpoint) -> tuple[str, ...]:
    """What the model was taught beyond reading aloud, which its weights don't tell: the authors'
    Instruct model is known by its name, and a voice that reads phonemes has the moods in which one
    of its speakers has a second voice, as ja_female has in ja_female_happy."""
    if source.config.tokenizer == "phonemes":
        pairs = (name.rpartition("_") for name in source.voices)
        moods = sorted({mood for person, _, mood in pairs if person in source.voices})
        return tuple(f"emotion:{mood}" for mood in moods)
    given, real = _named(source.folder), source.folder.resolve()
    own = any("instruct" in path.name.lower() for path in (given, real))
    # Hugging Face's cache has the name some folders above the files.
    above = any("300m-instruct" in part.lower() for part in (*given.parts, *real.parts))
    return ("instruct", "marks") if own or above else ()


def _named(folder: Path) -> Path:
    """The folder as it was given, which may be a link of a more telling name than its target."""
    return folder.resolve() if folder.name in ("", "..") else folder.absolute()


def _check_vocabulary(file: Path, config: ModelConfig) -> None:
    """Raise unless the model can be of this vocabulary, whose special tokens are not in the file.

    Raises:
        CheckpointError: it is another model's, or can't be read.
    """
    usual, rows = VOCABULARY_FILES.get(config.tokenizer), config.lm.text_vocabulary
    if usual is None:
        return
    try:
        with file.open("rb") as lines:
            n_tokens = sum(1 for line in lines if line.strip())
    except OSError as error:
        raise CheckpointError(f"{file}: {error.strerror}") from None
    if not 0 <= rows - n_tokens <= MAX_SPECIALS:
        raise CheckpointError(
            f"{file}: a vocabulary of {n_tokens} text tokens for a model of {rows}: take {usual}"
        )


def find_vocabulary(checkpoint: Path, tokenizer: str) -> Path | None:
    """The vocabulary file inside the checkpoint folder, if it is there."""
    name = VOCABULARY_FILES.get(tokenizer)
    places = (checkpoint, checkpoint / "assets") if name else ()
    return next((p / name for p in places if name and (p / name).is_file()), None)


def file_record(path: Path) -> FileRecord:
    return FileRecord(path.stat().st_size, sha256(path))
