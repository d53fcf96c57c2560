"""convert, verify, models, pull: what makes and checks models."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosyvoice_lite.cli.progress import say
from cosyvoice_lite.errors import BundleError, CosyError, UsageError
from cosyvoice_lite.models import bundled_card, find_model, home, known_models, models_folder

if TYPE_CHECKING:
    from cosyvoice_lite.verify import Check

MIRROR_VARIABLE = "COSYVOICE_LITE_MIRROR"


def add(commands: Any) -> None:
    """The parsers of these commands."""
    for add_one in (_add_convert, _add_quantize, _add_verify, _add_models, _add_pull):
        add_one(commands)


def _add_convert(commands: Any) -> None:
    p = commands.add_parser("convert", help="make a bundle from an official checkpoint")
    p.add_argument("checkpoint", type=Path, help="folder with llm.pt, flow.pt, hift.pt …")
    p.add_argument("bundle", type=Path, help="folder to make")
    p.add_argument("--vocabulary", type=Path, help="the tokenizer's .tiktoken file")
    p.add_argument(
        "--precision",
        default="int8",
        help="int8 (default), int4 or fp32 (exact)",
    )
    p.add_argument("--replace", action="store_true", help="overwrite an existing bundle")
    p.set_defaults(run=convert)


def _add_quantize(commands: Any) -> None:
    p = commands.add_parser("quantize", help="make a bundle of fewer bits from an fp32 one")
    p.add_argument("bundle", help="an fp32 bundle's folder, or an installed model's name")
    p.add_argument("target", type=Path, help="folder to make")
    p.add_argument("--precision", default="int8", help="int8 (default) or int4")
    p.add_argument("--replace", action="store_true", help="overwrite an existing bundle")
    p.set_defaults(run=quantize)


def _add_verify(commands: Any) -> None:
    p = commands.add_parser("verify", help="check a bundle, or compare it with golden files")
    p.add_argument("bundle", nargs="?", help="a bundle's folder, or an installed model's name")
    p.add_argument(
        "--golden",
        type=Path,
        action="append",
        default=[],
        help="file, or folder of them; repeatable",
    )
    p.add_argument("--threads", type=int, help="cores to use (default: all this process may)")
    p.set_defaults(run=verify)


def _add_models(commands: Any) -> None:
    p = commands.add_parser("models", help="list the models on this machine")
    p.add_argument("--card", action="store_true", help="describe the one that comes with it")
    p.add_argument("--json", action="store_true", help="one JSON line")
    p.set_defaults(run=models)


def _add_pull(commands: Any) -> None:
    p = commands.add_parser("pull", help="download an official checkpoint and convert it")
    p.add_argument("name", help="300M-SFT, 300M, 300M-Instruct or 300M-25Hz")
    p.add_argument("--source", default="huggingface", help="huggingface or modelscope")
    p.add_argument(
        "--mirror",
        default=os.environ.get(MIRROR_VARIABLE),
        help=f"another host with the hub's layout (default: ${MIRROR_VARIABLE})",
    )
    p.add_argument(
        "--precision",
        default="int8",
        help="int8 (default), int4 or fp32 (exact)",
    )
    p.add_argument("--replace", action="store_true", help="overwrite an installed model")
    p.set_defaults(run=pull)


def convert(options: argparse.Namespace) -> int:
    from cosyvoice_lite.convert.pipeline import convert

    vocabulary = _vocabulary(options.checkpoint, options.vocabulary)
    manifest = convert(
        options.checkpoint,
        options.bundle,
        precision=options.precision,
        vocabulary=vocabulary,
        replace=options.replace,
        progress=say,
    )
    size = sum(record.size for record in manifest.files.values())
    say(f"{options.bundle}: {size / 1e6:.0f} MB, {len(manifest.voices)} voices")
    return 0


def quantize(options: argparse.Namespace) -> int:
    from cosyvoice_lite.bundle import Bundle
    from cosyvoice_lite.convert.quantize import quantize

    source = Bundle.open(find_model(options.bundle))
    manifest = quantize(
        source, options.target, options.precision, replace=options.replace, progress=say
    )
    size = sum(record.size for record in manifest.files.values())
    say(f"{options.target}: {size / 1e6:.0f} MB, was {source.size / 1e6:.0f} MB")
    return 0


def _vocabulary(checkpoint: Path, given: Path | None) -> Path | None:
    """The tokenizer's file: the given one, the checkpoint's, one kept from before, or a new one."""
    from cosyvoice_lite.convert.hyperparameters import read_hyperparameters
    from cosyvoice_lite.convert.pipeline import CONFIG_FILE, VOCABULARY_FILES, find_vocabulary
    from cosyvoice_lite.hub import vocabulary
    from cosyvoice_lite.hub.web import Patience

    tokenizer = read_hyperparameters(checkpoint / CONFIG_FILE).tokenizer
    if given is not None:
        if not given.is_file():
            raise UsageError(f"{given}: no such file")
        return given
    if tokenizer not in VOCABULARY_FILES or find_vocabulary(checkpoint, tokenizer):
        return None
    kept = home() / VOCABULARY_FILES[tokenizer]
    if kept.is_file():
        return kept
    fetch: dict[str, Callable[..., Path]] = {
        "whisper": vocabulary.fetch_whisper_vocabulary,
        "hz25": vocabulary.fetch_25hz_vocabulary,
    }
    say(f"fetching {kept.name}, which the checkpoint lacks")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        return fetch[tokenizer](kept, patience=Patience(attempts=2, timeout_s=10.0))
    except (CosyError, OSError) as error:
        say(f"warning: {error}")
    say(f"warning: without {kept.name} the bundle can't read text (--vocabulary)")
    return None


def verify(options: argparse.Namespace) -> int:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer
    from cosyvoice_lite.verify import verify

    synthesizer = Synthesizer.open(options.bundle, options.threads)
    checks: list[Check] = []
    for check in verify(synthesizer, _golden_files(options.golden)):
        checks.append(check)
        print(_row(check), flush=True)
    failed = [check for check in checks if not check.passed]
    precision = synthesizer.bundle.manifest.precision
    if failed and options.golden and precision != "fp32":
        say(
            f"tolerances are those of fp32, this model is {precision}: "
            "compare one converted with --precision fp32"
        )
    summary = {
        "passed": not failed,
        "checks": [check.to_json() for check in checks],
    }
    print(f"{len(checks) - len(failed)} of {len(checks)} checks passed")
    print(json.dumps(summary, ensure_ascii=False))
    return 1 if failed else 0


def _golden_files(given: Sequence[Path]) -> list[Path]:
    """Files as they are; of a folder, what in it can be one."""
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix in (".npz", ".json"))
            if not found:
                raise UsageError(f"{path}: holds no golden file (.npz, .json)")
            files += found
        else:
            files.append(path)
    return files


def _row(check: Check) -> str:
    verdict = "ok " if check.passed else "OFF"
    return (
        f"{verdict} {check.stage:16} {check.case:24} error {check.error:8.1e}"
        f"  tolerance {check.tolerance:8.1e}  ({check.reason})"
    )


def models(options: argparse.Namespace) -> int:
    from cosyvoice_lite.bundle import Bundle

    if options.card:
        print(bundled_card())
        return 0
    rows: list[dict[str, Any]] = []
    for name, path in known_models().items():
        try:
            bundle = Bundle.open(path)
        except BundleError as error:
            rows.append({"name": name, "path": str(path), "error": str(error)})
            continue
        rows.append(
            {
                "name": name,
                "path": str(path),
                "precision": bundle.manifest.precision,
                "megabytes": round(bundle.size / 1e6, 1),
                "voices": list(bundle.manifest.voices),
                "licence": bundle.manifest.licence,
            }
        )
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    for row in rows:
        details = row.get("error") or f"{row['precision']}, {row['megabytes']} MB, {row['licence']}"
        print(f"{row['name']}\t{details}\t{row['path']}")
    return 0


def pull(options: argparse.Namespace) -> int:
    from cosyvoice_lite.hub.progress import TerminalBars
    from cosyvoice_lite.pull import pull, short_name

    name = short_name(options.name)
    bundle = models_folder() / name
    with TerminalBars() as bars:
        pull(
            name,
            bundle,
            home() / "checkpoints" / name,
            source=options.source,
            mirror=options.mirror,
            kept=home(),
            precision=options.precision,
            replace=options.replace,
            stage=say,
            progress=bars,
        )
    say(f"{name} is ready: {bundle}")
    return 0
