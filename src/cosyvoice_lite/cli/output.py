"""Where speech goes: its format, how it is finished, its subtitles, and what is told about it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosyvoice_lite.cli.interrupt import heeded
from cosyvoice_lite.errors import AudioError, UsageError

if TYPE_CHECKING:
    from cosyvoice_lite.audio.finish import Finish
    from cosyvoice_lite.audio.subtitles import Cue
    from cosyvoice_lite.audio.waveform import Audio
    from cosyvoice_lite.runtime.request import Utterance
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

STDIO = "-"


def output_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("-o", "--output", default="speech.wav", help="a file; - is standard output")
    p.add_argument("--format", help="mp3, opus, aac, flac, wav, pcm (default: as the file's name)")
    p.add_argument("--json", action="store_true", help="print what was made as a JSON line")


def finish_options(p: argparse.ArgumentParser) -> None:
    group = p.add_argument_group("output stage (docs/audio.md)")
    group.add_argument("--loudness", type=float, metavar="LUFS", help="bring to: -16, -23 …")
    group.add_argument("--peak", type=float, metavar="DB", help="true peak to keep under")
    group.add_argument(
        "--denoise", type=float, metavar="DB", default=0.0, help="turn steady noise down by up to"
    )
    group.add_argument("--trim", action="store_true", help="cut silence off either end")
    group.add_argument(
        "--fade", type=float, metavar="S", default=0.0, help="fade in and out, in seconds"
    )


def chosen_finish(options: argparse.Namespace) -> Finish:
    from cosyvoice_lite.audio.finish import Finish

    return Finish(
        trim=options.trim,
        denoise_db=options.denoise,
        loudness_lufs=options.loudness,
        peak_db=options.peak,
        fade_in_s=options.fade,
        fade_out_s=options.fade,
    )


def choose_format(options: argparse.Namespace) -> None:
    """By the name of the file where none was asked for; a wrong one is told before any work."""
    from cosyvoice_lite.audio.encoders import check_format, format_of

    if options.format is None:
        options.format = "wav" if options.output == STDIO else format_of(options.output)
    check_format(options.format)


def write(options: argparse.Namespace, speech: Iterator[Audio]) -> int:
    """Into the file or the pipe; how many samples."""
    from cosyvoice_lite.audio.codecs import stream_parts, write_parts

    if options.output == STDIO:
        return stream_parts(sys.stdout.buffer, heeded(speech), options.format)
    return write_parts(options.output, heeded(speech), options.format)


def check_subtitles(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in (".srt", ".vtt"):
        raise UsageError(f"{path}: subtitles are .srt or .vtt files")
    if path is not None and not path.parent.is_dir():
        raise UsageError(f"can't write {path}: no folder {path.parent}")


def write_subtitles(path: Path, cues: Sequence[Cue]) -> None:
    from cosyvoice_lite.audio import subtitles

    render = subtitles.srt if path.suffix.lower() == ".srt" else subtitles.vtt
    try:
        path.write_text(render(cues), "utf-8")
    except OSError as error:
        raise AudioError(f"can't write {path}: {error.strerror}") from None


def budget_option(p: argparse.ArgumentParser) -> None:
    p.add_argument("--memory-budget", metavar="SIZE", help="hold no more than this, as 300MB")


def chosen_budget(options: argparse.Namespace) -> int | None:
    """Bytes, or None where none was given."""
    from cosyvoice_lite.runtime.memory import parse_bytes

    return None if options.memory_budget is None else parse_bytes(options.memory_budget)


def report(
    options: argparse.Namespace, duration_s: float, seconds: float, more: dict[str, Any]
) -> None:
    to = sys.stderr if options.output == STDIO else sys.stdout
    rtf = seconds / duration_s if duration_s else None
    if options.json:
        facts: dict[str, Any] = {
            "output": options.output,
            "duration_s": round(duration_s, 3),
            "seconds": round(seconds, 3),
            "rtf": None if rtf is None else round(rtf, 3),
        }
        print(json.dumps(facts | more, ensure_ascii=False), file=to)
    else:
        spent = f"{seconds:.1f} s" + ("" if rtf is None else f" (RTF {rtf:.2f})")
        print(f"{options.output}: {duration_s:.2f} s of speech in {spent}", file=sys.stderr)


def check_whole(synthesizer: Synthesizer, utterances: list[Utterance], budget: int) -> None:
    """Refuse now what could only fail after all has been spoken."""
    from cosyvoice_lite.runtime.memory import check_whole
    from cosyvoice_lite.runtime.synthesizer import sizes_of
    from cosyvoice_lite.runtime.timing import pauses_s, predicted_speech_s

    seconds = sum(predicted_speech_s(u) + pauses_s(u) for u in utterances)
    check_whole(sizes_of(synthesizer.bundle), budget, seconds)
