"""Checkpoint → bundle: read, build, compute, write; whole or not at all."""

from __future__ import annotations

import glob
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
from cosyvoice_lite.convert.voices import read_voices, voice_records, write_voices
from cosyvoice_lite.convert.weights import Weights
from cosyvoice_lite.convert.writer import write_graph, write_tables
from cosyvoice_lite.errors import BundleError, UsageError
from cosyvoice_lite.graphs.builder import GraphBuilder
from cosyvoice_lite.graphs.flow import flow_encoder_graph
from cosyvoice_lite.graphs.hift import f0_graph, vocoder_graph
from cosyvoice_lite.graphs.lm import lm_graph, text_encoder_graph
from cosyvoice_lite.graphs.precision import RECIPES, Recipe
from cosyvoice_lite.graphs.unet import unet_graph

Progress = Callable[[str], None]

CONFIG_FILE = "cosyvoice.yaml"
VOICES_FILE = "spk2info.pt"
CARRIED = (SPEAKER_ENCODER, SPEECH_TOKENIZER)
VOCABULARY_FILES = {
    "whisper": "multilingual.tiktoken",
    "hz25": "multilingual_zh_ja_yue_char_del.tiktoken",
}
"""The vocabulary a tokenizer reads, as the authors name the file."""


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


def convert(
    checkpoint: Path,
    bundle: Path,
    *,
    precision: str = "fp32",
    vocabulary: Path | None = None,
    licence: str = "as the checkpoint",
    replace: bool = False,
    progress: Progress = lambda stage: None,
) -> Manifest:
    """Convert the official checkpoint in `checkpoint` to a new bundle at `bundle`.

    Args:
        precision: a name in `RECIPES`.
        vocabulary: the tokenizer's file; looked for in `checkpoint` when not given.
        licence: recorded in the manifest.
        replace: overwrite an existing bundle.
        progress: called with one line as each stage begins.

    Raises:
        CheckpointError: the checkpoint can't be read or is not of this family.
        BundleError: `bundle` exists, or can't be written. No half bundle is left behind.
    """
    progress(f"reading {checkpoint / CONFIG_FILE}")
    config = read_hyperparameters(checkpoint / CONFIG_FILE)
    graphs = build_graphs(config, recipe(precision))
    weights = {name: Weights.open(checkpoint / name) for name in graphs}
    for name in graphs:
        weights[name].check(graphs[name])
    voices = read_voices(checkpoint / VOICES_FILE, config)
    vocabulary = vocabulary or find_vocabulary(checkpoint, config.tokenizer)

    with _new_directory(bundle, replace) as directory:
        for name, group in graphs.items():
            for graph in group:
                progress(f"writing {graph.name}")
                write_graph(graph, directory, weights[name].compute)
        progress("writing tables and voices")
        tables = [(g.tables, weights[n].compute) for n, group in graphs.items() for g in group]
        write_tables(directory / TABLES, tables)
        write_voices(directory / VOICES, voices)
        for file in CARRIED:
            if (checkpoint / file).exists():
                shutil.copyfile(checkpoint / file, directory / file)
        if vocabulary is not None:
            shutil.copyfile(vocabulary, directory / VOCABULARY)
        progress("hashing")
        manifest = Manifest(
            name=checkpoint.resolve().name,
            model=config,
            precision=precision,
            capabilities=_capabilities(checkpoint, config),
            voices=voice_records(voices),
            files={p.name: _record(p) for p in sorted(directory.iterdir())},
            licence=licence,
            provenance={
                "converter": f"cosyvoice-lite {cosyvoice_lite.__version__}",
                "sources": {n: sha256(checkpoint / n) for n in (CONFIG_FILE, *graphs)},
            },
        )
        (directory / MANIFEST).write_text(manifest.to_json(), "utf-8")
    return manifest


def recipe(precision: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.
    """
    if precision not in RECIPES:
        raise UsageError(f"unknown precision {precision!r}: choose from {', '.join(RECIPES)}")
    return RECIPES[precision]


def _capabilities(checkpoint: Path, config: ModelConfig) -> tuple[str, ...]:
    """What the model was taught beyond reading aloud, which its weights don't tell: the authors'
    Instruct model is known by its name, a voice that reads phonemes knows their marks."""
    if config.tokenizer == "phonemes":
        return ("emotion", "marks")
    return ("instruct", "marks") if "instruct" in checkpoint.resolve().name.lower() else ()


def find_vocabulary(checkpoint: Path, tokenizer: str) -> Path | None:
    """The vocabulary file inside the checkpoint folder, if it is there."""
    name = VOCABULARY_FILES.get(tokenizer)
    places = (checkpoint, checkpoint / "assets") if name else ()
    return next((p / name for p in places if name and (p / name).is_file()), None)


@contextmanager
def _new_directory(target: Path, replace: bool) -> Iterator[Path]:
    """A directory that becomes `target` when the block succeeds and vanishes when it does not."""
    target = target.absolute()
    try:
        _clean_up_after_the_killed(target)
        if (
            target.exists()
            and not (replace and (target / MANIFEST).exists())
            and not _empty(target)
        ):
            raise BundleError(
                f"{target}: exists already: choose another place, or --replace a bundle"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
        partial.mkdir()
        try:
            with _terminate_as_interrupt():
                yield partial
            _put_in_place(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise BundleError(f"{error.filename or target}: {error.strerror or error}") from None


def _empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename; what was there steps aside first, so that at any moment one of the two is whole."""
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _clean_up_after_the_killed(target: Path) -> None:
    """Remove half-made bundles of processes that are gone; put back an old one that stood aside."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*-*"):
        kind, _, pid = path.name.removeprefix(f".{target.name}.").rpartition("-")
        if kind not in ("partial", "old") or not pid.isdigit() or _alive(int(pid)):
            continue
        if kind == "old" and not target.exists():
            path.rename(target)
        shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Whether another process has this number; in a container a new run often gets it again."""
    if pid == os.getpid():
        return False
    if os.name == "nt":  # there, signal 0 would end the process instead of asking for it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Make a polite kill unwind the stack, so that the cleanup runs."""
    try:
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: whoever owns it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _record(path: Path) -> FileRecord:
    return FileRecord(path.stat().st_size, sha256(path))
