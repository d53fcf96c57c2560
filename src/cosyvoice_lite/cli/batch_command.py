"""batch: many texts, one after the other from a file, into a folder."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from cosyvoice_lite.cli import output
from cosyvoice_lite.cli.interrupt import heeded
from cosyvoice_lite.cli.progress import bar, say
from cosyvoice_lite.cli.words import chosen_mode, chosen_voice
from cosyvoice_lite.errors import CosyError, TextError, UsageError

if TYPE_CHECKING:
    from cosyvoice_lite.runtime.request import Request
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

MAX_LINE = 1 << 20
MAX_FILE = 256 << 20
MAX_NAME = 255  # bytes, on every common file system
DESCRIPTION = """Each line is an object: "text", and if wanted "output" (the name of a file) and
what speak has as options: "voice", "language", "lexicon", "plain", "frontend", "mode", "instruct",
"emotion", "speed", "seed", "solver", "steps". What is there already is not spoken again."""
AT_ONCE = 8
"""Texts whose sentences are decoded side by side."""


@dataclass(frozen=True)
class Job:
    """A line of the file: where it stands, what it asks for, where its speech goes."""

    line: int
    request: Request
    output: Path
    format: str


def add(commands: Any) -> None:
    p = commands.add_parser(
        "batch",
        help="speak the lines of a JSON Lines file",
        description=DESCRIPTION,
    )
    p.add_argument("file", type=Path, help="JSON Lines; - is standard input")
    p.add_argument("folder", type=Path, help="where the files go")
    p.add_argument("--format", default="wav", help="of outputs without a name: mp3, opus, aac …")
    p.add_argument("--model", help="a bundle's folder, or the name of an installed model")
    p.add_argument("--threads", type=int, help="cores to use (default: all this process may)")
    output.budget_option(p)
    output.finish_options(p)
    p.set_defaults(run=batch)


def batch(options: argparse.Namespace) -> int:
    from cosyvoice_lite.audio.codecs import write_parts
    from cosyvoice_lite.audio.encoders import check_format
    from cosyvoice_lite.audio.finish import finish
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    check_format(options.format)
    settings = output.chosen_finish(options)
    budget = output.chosen_budget(options)
    whole = budget if settings.needs_whole else None
    synthesizer = Synthesizer.open(options.model, options.threads, memory_budget=budget)
    lines = _lines(options.file)
    failed: list[int] = []
    spoken = kept = 0
    with bar(len(lines), "text") as done:

        def fail(number: int, reason: CosyError) -> None:
            failed.append(number)
            say(f"line {number}: {reason}")
            done()

        for jobs in _in_groups(_jobs(synthesizer, lines, options, fail, whole)):
            new = [job for job in jobs if not job.output.exists()]
            requests = [job.request for job in new]
            for job, speech in zip(new, heeded(synthesizer.speak_many(requests)), strict=True):
                write_parts(job.output, [finish(speech, settings)], job.format)
            spoken, kept = spoken + len(new), kept + len(jobs) - len(new)
            for _ in jobs:
                done()
    print(json.dumps({"spoken": spoken, "kept": kept, "failed": failed}))
    return 1 if failed else 0


def _lines(path: Path) -> dict[int, str]:
    """The lines that are not blank, by their numbers."""
    try:
        content = _content(path)
        if len(content) > MAX_FILE:
            raise TextError(f"{path}: larger than {MAX_FILE >> 20} MB: split it")
        lines = content.decode("utf-8-sig").split("\n")  # JSON may hold other breaks
        return {number: line for number, line in enumerate(lines, start=1) if line.strip()}
    except OSError as error:
        raise TextError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: not UTF-8 (byte {error.start})") from None


def _content(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read(MAX_FILE + 1)
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def _jobs(
    synthesizer: Synthesizer,
    lines: dict[int, str],
    options: argparse.Namespace,
    fail: Callable[[int, CosyError], None],
    whole: int | None,
) -> Iterator[Job]:
    """The lines that can be spoken; any other fails, with its number and the reason.

    `whole` is the memory that a speech must fit in, where it is held whole until its end; those of
    a group are spoken one after the other, so each has it for itself.
    """
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{options.folder}: {error.strerror}") from None
    taken: dict[Path, int] = {}
    for number, line in lines.items():
        try:
            job = _job(number, line, options.folder, options.format)
            _check_output(job, taken)
            utterances = synthesizer.plan(job.request)
            if whole is not None:
                output.check_whole(synthesizer, utterances, whole)
            yield job
        except CosyError as error:  # noqa: PERF203 (a bad line harms no other)
            fail(number, error)


def _job(number: int, line: str, folder: Path, format: str) -> Job:
    from cosyvoice_lite.audio.encoders import format_of
    from cosyvoice_lite.runtime.request import Request

    if len(line) > MAX_LINE:
        raise TextError(f"longer than {MAX_LINE >> 20} MB")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TextError(f"not JSON: {error}") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise TextError('not an object with a "text"')
    name = fields.pop("output", f"{number:06}.{format}")
    if not isinstance(name, str) or not _is_file_name(name):
        raise UsageError(f"output {name!r:.300} is not the name of a file")
    text = fields.pop("text")
    return Job(number, Request(text, **_options(fields)), folder / name, format_of(name))


def _check_output(job: Job, taken: dict[Path, int]) -> None:
    """That its output is no other line's, nor a folder; `taken` has those of the lines before."""
    if (first := taken.setdefault(job.output, job.line)) != job.line:
        raise UsageError(f"output {job.output.name!r} is that of line {first}")
    if job.output.exists() and not job.output.is_file():
        raise UsageError(f"output {job.output.name!r} is there and not a file")


def _is_file_name(name: str) -> bool:
    try:
        encoded = os.fsencode(name)
    except UnicodeEncodeError:  # half a character
        return False
    is_plain = Path(name).name == name and name not in ("", ".", "..")
    return is_plain and b"\0" not in encoded and len(encoded) <= MAX_NAME


def _options(fields: dict[str, Any]) -> dict[str, Any]:
    """The options of speak that a line may set, checked by their types."""
    from cosyvoice_lite.runtime.request import Options

    hints = get_type_hints(Options)
    hints |= {"steps": hints["n_steps"], "plain": bool}
    for key, value in fields.items():
        if key not in hints or key == "sampling":
            raise UsageError(f"unknown option {key!r}")
        if hints[key] is float and type(value) is int and value.bit_length() < 1024:
            fields[key] = float(value)
        elif not isinstance(value, hints[key]):
            raise UsageError(f"option {key!r} can't be {value!r:.100}")
    return _in_python(fields)


def _in_python(fields: dict[str, Any]) -> dict[str, Any]:
    """The options by their names and values in Python, where the command line has others."""
    if "plain" in fields:
        fields["markup"] = not fields.pop("plain")
    if "steps" in fields:
        fields["n_steps"] = fields.pop("steps")
    lexicon = fields.get("lexicon")
    if lexicon is not None and not os.path.isfile(lexicon):  # takes any text for a name
        raise UsageError(f"lexicon {lexicon!r:.300} is not a file")
    fields["mode"] = chosen_mode(fields.get("mode"))
    fields["voice"] = chosen_voice(fields.get("voice"))
    return fields


def _in_groups(jobs: Iterator[Job]) -> Iterator[list[Job]]:
    group: list[Job] = []
    for job in jobs:
        group.append(job)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group
