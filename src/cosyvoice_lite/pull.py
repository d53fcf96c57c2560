"""pull: an official checkpoint from its hub to a bundle on this disk, in one command."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from cosyvoice_lite.convert.directory import check_place
from cosyvoice_lite.convert.lock import alone
from cosyvoice_lite.errors import DownloadError, UsageError
from cosyvoice_lite.hub.listing import HUGGING_FACE, MODELSCOPE, hugging_face, modelscope
from cosyvoice_lite.hub.transfer import (
    Progress,
    RemoteFile,
    download,
    part_of,
    size_of,
    unseen,
)
from cosyvoice_lite.hub.vocabulary import PYPI, fetch_25hz_vocabulary, fetch_whisper_vocabulary
from cosyvoice_lite.hub.web import Patience, check_address

Source = Literal["huggingface", "modelscope"]

REQUIRED = ("cosyvoice.yaml", "llm.pt", "flow.pt", "hift.pt")
OPTIONAL = ("spk2info.pt", "campplus.onnx", "speech_tokenizer_v1.onnx")


@dataclass(frozen=True)
class Official:
    """Where the authors publish one model."""

    huggingface: str
    modelscope: str
    vocabulary: str
    """File name of the tokenizer's vocabulary, which is published elsewhere."""


LICENCE = "Apache-2.0"
"""Under which the authors publish their models."""

WHISPER, HZ25 = "multilingual.tiktoken", "multilingual_zh_ja_yue_char_del.tiktoken"

OFFICIAL = {
    "300M-SFT": Official("FunAudioLLM/CosyVoice-300M-SFT", "iic/CosyVoice-300M-SFT", WHISPER),
    "300M": Official("FunAudioLLM/CosyVoice-300M", "iic/CosyVoice-300M", WHISPER),
    "300M-Instruct": Official(
        "FunAudioLLM/CosyVoice-300M-Instruct", "iic/CosyVoice-300M-Instruct", WHISPER
    ),
    "300M-25Hz": Official("FunAudioLLM/CosyVoice-300M-25Hz", "iic/CosyVoice-300M-25Hz", HZ25),
}


def pull(
    name: str,
    bundle: Path,
    checkpoint: Path,
    *,
    source: Source = "huggingface",
    mirror: str | None = None,
    index: str = PYPI,
    kept: Path | None = None,
    precision: str = "int8",
    replace: bool = False,
    stage: Callable[[str], None] = lambda line: None,
    progress: Progress = unseen,
) -> Path:
    """Fetch an official model and convert it.

    Args:
        name: one of `OFFICIAL`, with or without ``CosyVoice-`` before it.
        bundle: becomes the converted model.
        checkpoint: keeps the downloaded files, so that a second run only fetches what's missing.
        mirror: address that answers like the source's own.
        index: package index that has openai-whisper.
        kept: folder in which a vocabulary may be from before; else it is fetched into `checkpoint`.
        precision: of the converted model.
        replace: overwrite an existing bundle.
        stage: called with one line as each stage begins.
        progress: called as bytes arrive.

    Returns:
        `bundle`.

    Raises:
        UsageError: unknown name, source or precision, or a mirror that isn't an address.
        DownloadError: a file can't be had.
        CheckpointError, BundleError: as `convert` says.
    """
    # brings onnx, which fetching can do without
    from cosyvoice_lite.convert.pipeline import convert, recipe

    model = find(name)
    recipe(precision)
    address_of(source, mirror)
    check_place(bundle, replace)
    _make_folder(checkpoint)
    stage(f"fetching {model.vocabulary}")  # first: it is small, and fails before the large files
    places = [folder / model.vocabulary for folder in (kept, checkpoint) if folder is not None]
    vocabulary = next((path for path in places if path.is_file()), places[-1])
    _fetch_vocabulary(model, vocabulary, index, progress)
    stage(f"fetching {name} from {mirror or source}")
    fetch_checkpoint(name, checkpoint, source=source, mirror=mirror, progress=progress)
    convert(
        checkpoint,
        bundle,
        precision=precision,
        vocabulary=vocabulary,
        licence=LICENCE,
        replace=replace,
        progress=stage,
    )
    return bundle


def fetch_checkpoint(
    name: str,
    target: Path,
    *,
    source: Source = "huggingface",
    mirror: str | None = None,
    patience: Patience | None = None,
    progress: Progress = unseen,
) -> Path:
    """Download the files of an official checkpoint into folder `target`.

    What's already there and right is kept, what's half there is continued.

    Returns:
        `target`.

    Raises:
        UsageError: unknown name or source, or a mirror that isn't an address.
        DownloadError: out of reach, incomplete, wrong bytes, no room on the disk.
    """
    patience = patience or Patience()
    files = _wanted(_listed(find(name), source, mirror, patience), name)
    _make_folder(target)
    _check_room(files, target)
    busy = DownloadError(
        f"{target}: another process is fetching into it: wait until that has ended"
    )
    with alone(target / ".lock", busy):
        for file in files:
            download(file, target / file.name, patience=patience, progress=progress)
    return target


def find(name: str) -> Official:
    """An official model by its name.

    Raises:
        UsageError: there's none of that name; says which there are.
    """
    short = short_name(name)
    if short not in OFFICIAL:
        raise UsageError(f"no official model {name!r}: choose from {', '.join(OFFICIAL)}")
    return OFFICIAL[short]


def short_name(name: str) -> str:
    """The name in `OFFICIAL`, however much of it was given."""
    return name.removeprefix("CosyVoice-")


def address_of(source: Source, mirror: str | None) -> str:
    """Where to ask: the source's own address, or the mirror's.

    Raises:
        UsageError: unknown source, or a mirror that isn't an address.
    """
    if source not in get_args(Source):
        raise UsageError(f"unknown source {source!r}: huggingface or modelscope")
    return check_address(mirror or (HUGGING_FACE if source == "huggingface" else MODELSCOPE))


def _fetch_vocabulary(model: Official, target: Path, index: str, progress: Progress) -> None:
    """Bring the tokenizer's file, unless it is there and right."""
    if model.vocabulary == WHISPER:
        fetch_whisper_vocabulary(target, index=index, progress=progress)
    else:
        fetch_25hz_vocabulary(target, progress=progress)


def _listed(
    model: Official, source: Source, mirror: str | None, patience: Patience
) -> list[RemoteFile]:
    address = address_of(source, mirror)
    if source == "huggingface":
        return hugging_face(address, model.huggingface, patience)
    return modelscope(address, model.modelscope, patience)


def _wanted(files: list[RemoteFile], name: str) -> list[RemoteFile]:
    """The files we know by name; no other name from the network ever becomes a path."""
    by_name = {file.name: file for file in files}
    missing = [wanted for wanted in REQUIRED if wanted not in by_name]
    if missing:
        raise DownloadError(f"{name} is not complete at its source: no {', '.join(missing)}")
    return [by_name[wanted] for wanted in (*REQUIRED, *OPTIONAL) if wanted in by_name]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"can't write {folder}: {error.strerror}") from None


def _check_room(files: list[RemoteFile], target: Path) -> None:
    """Refuse before the first byte what can't fit."""
    needed = sum(
        max(0, (file.size or 0) - max(size_of(path), size_of(part_of(path))))
        for file in files
        for path in (target / file.name,)
    )
    free = shutil.disk_usage(target).free
    if needed > free:
        raise DownloadError(
            f"no room in {target}: {needed / 1e9:.2f} GB to fetch, {free / 1e9:.2f} GB free"
        )
