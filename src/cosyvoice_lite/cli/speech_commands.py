"""speak, convert-voice, voices: what uses a model."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosyvoice_lite.cli import output
from cosyvoice_lite.cli.output import STDIO
from cosyvoice_lite.cli.timeline import Timeline, finished, spoken
from cosyvoice_lite.cli.words import as_text, chosen_mode, chosen_voice
from cosyvoice_lite.errors import TextError, UsageError

if TYPE_CHECKING:
    from cosyvoice_lite.runtime.request import Request
    from cosyvoice_lite.runtime.synthesizer import Synthesizer
    from cosyvoice_lite.runtime.voice import Voice

MAX_TEXT_BYTES = 16 << 20


def add(commands: Any) -> None:
    _add_speak(commands)
    _add_explain(commands)
    _add_convert_voice(commands)
    p = commands.add_parser("voices", help="list the voices of a model")
    _model_options(p)
    p.add_argument("--json", action="store_true", help="one JSON line")
    p.set_defaults(run=voices)


def _add_speak(commands: Any) -> None:
    p = commands.add_parser("speak", help="speak a text")
    _text_options(p)
    output.output_options(p)
    output.finish_options(p)
    _model_options(p)
    output.budget_option(p)
    _voice_options(p)
    p.add_argument("--subtitles", type=Path, help="write what is said when: FILE.srt or FILE.vtt")
    p.add_argument("--mode", help="sft, zero-shot, cross-lingual or instruct (default: as fits)")
    p.add_argument("--instruct", type=as_text, help="how to speak, in words (Instruct models)")
    p.add_argument("--emotion", help="happy, sad, angry … where the model can")
    p.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast (0.25 to 4)")
    p.add_argument("--seed", type=int, help="same seed, same speech (default: by chance)")
    p.add_argument("--solver", default="exact", help="of the flow: exact, balanced or fast")
    p.add_argument("--steps", type=int, help="Euler steps (default: as the solver)")
    p.set_defaults(run=speak)


def _add_explain(commands: Any) -> None:
    p = commands.add_parser("explain", help="show how a text would be read, without speaking")
    _text_options(p)
    _model_options(p)
    p.add_argument("--voice", type=as_text, help="its language decides what the text doesn't")
    p.add_argument("--json", action="store_true", help="as JSON")
    p.set_defaults(run=explain)


def _add_convert_voice(commands: Any) -> None:
    p = commands.add_parser("convert-voice", help="say a recording again in another voice")
    p.add_argument("source", type=Path, help="the recording, at most 30 s")
    output.output_options(p)
    output.finish_options(p)
    _model_options(p)
    _voice_options(p)
    p.add_argument("--seed", type=int, help="same seed, same speech (default: by chance)")
    p.set_defaults(run=convert_voice)


def _text_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("text", nargs="?", help="the text; - or nothing reads standard input")
    p.add_argument("-f", "--file", type=Path, help="a UTF-8 file of text; - is standard input")
    p.add_argument("--language", help="zh, en, ja, ko or yue, where the text does not show it")
    p.add_argument("--lexicon", type=Path, help="a file with readings of your own")
    p.add_argument("--plain", action="store_true", help="marks and SSML are text like any other")
    p.add_argument("--frontend", default="lite", help="lite, or official: the authors' reading")


def _model_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--model", help="a bundle's folder, or the name of an installed model")
    p.add_argument("--threads", type=int, help="cores to use (default: all this process may)")


def _voice_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--voice", help="a voice of the model, or a saved one (.safetensors)")
    p.add_argument("--prompt-audio", type=Path, help="a recording to take after, 0.5 to 30 s")
    p.add_argument("--prompt-text", type=as_text, help="what the recording says")
    p.add_argument("--save-voice", type=Path, help="keep the recording's voice in this file")


def speak(options: argparse.Namespace) -> int:
    output.choose_format(options)
    output.check_subtitles(options.subtitles)
    settings = output.chosen_finish(options)
    text = _text(options)
    budget = output.chosen_budget(options)
    synthesizer = _open(options, budget)
    request = _request(options, text, _voice(options, synthesizer))
    started = time.perf_counter()
    heard = Timeline()
    utterances = synthesizer.plan(request)
    if budget is not None and settings.needs_whole:
        output.check_whole(synthesizer, utterances, budget)
    parts = spoken(options, synthesizer, utterances, heard)
    n_samples = output.write(options, finished(parts, settings, heard))
    spent = time.perf_counter() - started
    duration_s = n_samples / synthesizer.sample_rate
    if options.subtitles is not None:
        cues = [cue.within(heard.trimmed_s, duration_s) for cue in heard.cues]
        output.write_subtitles(options.subtitles, cues)
    facts: dict[str, Any] = {"seed": request.seed}
    if heard.marks:
        facts["marks"] = {
            name: round(min(max(time_s - heard.trimmed_s, 0.0), duration_s), 3)
            for name, time_s in heard.marks.items()
        }
    output.report(options, duration_s, spent, facts)
    return 0


def explain(options: argparse.Namespace) -> int:
    from cosyvoice_lite.runtime.request import Request

    text = _text(options)
    request = Request(
        text,
        voice=options.voice,
        lexicon=options.lexicon,
        language=options.language,
        markup=not options.plain,
        frontend=options.frontend,
    )
    explanation = _open(options).reader.explain(request)
    print(explanation.to_json() if options.json else explanation.render())
    return 0


def convert_voice(options: argparse.Namespace) -> int:
    from cosyvoice_lite.audio.codecs import read_wave

    output.choose_format(options)
    settings = output.chosen_finish(options)
    synthesizer = _open(options)
    voice = synthesizer.reader.voice(_voice(options, synthesizer))
    started = time.perf_counter()
    speech = synthesizer.convert_voice(read_wave(options.source), voice, seed=options.seed)
    n_samples = output.write(options, finished(iter([speech]), settings, Timeline()))
    spent = time.perf_counter() - started
    output.report(options, n_samples / synthesizer.sample_rate, spent, {"seed": options.seed})
    return 0


def voices(options: argparse.Namespace) -> int:
    found = _open(options).voices.values()
    if options.json:
        rows = [{"name": v.name, "language": v.language, "has_prompt": v.has_prompt} for v in found]
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for v in found:
            print(f"{v.name}\t{v.language or ''}")
    return 0


def _text(options: argparse.Namespace) -> str:
    """The text from where the user put it."""
    if options.file is not None and options.text is not None:
        raise UsageError("give the text or --file, not both")
    if options.file is not None and str(options.file) != STDIO:
        try:
            with options.file.open("rb") as file:
                content = file.read(MAX_TEXT_BYTES + 1)
        except OSError as error:
            raise TextError(f"{options.file}: {error.strerror}") from None
    elif options.text is not None and options.text != STDIO:
        content = _given(options.text)
    elif options.text is None and options.file is None and sys.stdin.isatty():
        raise UsageError("no text: give it as an argument, with --file, or on standard input")
    else:
        content = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise TextError(f"the text is larger than {MAX_TEXT_BYTES >> 20} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"the text is not UTF-8 (byte {error.start})") from None


def _given(text: str) -> bytes:
    """The bytes of an argument, whatever the locale made of them."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError as error:
        raise TextError(f"the text holds half a character ({error.start})") from None


def _open(options: argparse.Namespace, budget: int | None = None) -> Synthesizer:
    from cosyvoice_lite.runtime.synthesizer import Synthesizer

    # One call and we are gone: nothing is worth keeping loaded.
    return Synthesizer.open(options.model, options.threads, staged=True, memory_budget=budget)


def _voice(options: argparse.Namespace, synthesizer: Synthesizer) -> str | Voice | None:
    from cosyvoice_lite.audio.codecs import read_wave

    if options.prompt_audio is None:
        if options.prompt_text is not None or options.save_voice is not None:
            raise UsageError("--prompt-text and --save-voice go with --prompt-audio")
        return chosen_voice(options.voice)
    if options.voice is not None:
        raise UsageError("give --voice or --prompt-audio, not both")
    voice = synthesizer.clone(read_wave(options.prompt_audio), options.prompt_text)
    if options.save_voice is not None:
        voice.save(options.save_voice)
    return voice


def _request(options: argparse.Namespace, text: str, voice: str | Voice | None) -> Request:
    from cosyvoice_lite.runtime.request import Request

    return Request(
        text=text,
        voice=voice,
        mode=chosen_mode(options.mode),
        instruct=options.instruct,
        emotion=options.emotion,
        speed=options.speed,
        seed=options.seed,
        language=options.language,
        lexicon=options.lexicon,
        markup=not options.plain,
        frontend=options.frontend,
        solver=options.solver,
        n_steps=options.steps,
    ).with_seed()
