"""serve: the HTTP service; its options are the settings, and come from there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.server.settings import PREFIX, Knob, knobs, parse, resolve

DESCRIPTION = f"""Speech over HTTP: OpenAI's routes, CosyVoice's own, the article's, a page.
Every option can also be an environment variable ({PREFIX}PORT) or a key of the file (port = 8000);
what is in brackets is the default."""


def add(commands: Any) -> None:
    p = commands.add_parser(
        "serve",
        help="serve speech over HTTP",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--config", type=Path, help="a TOML file with settings")
    for knob in knobs():
        flags = [knob.flag, *([knob.alias] if knob.alias else [])]
        text = knob.help.replace("%", "%%")
        if knob.kind is bool:
            p.add_argument(*flags, help=text, action=argparse.BooleanOptionalAction, default=None)
        else:
            p.add_argument(*flags, help=text, metavar=_metavar(knob), dest=knob.name)
    p.set_defaults(run=serve)


def serve(options: argparse.Namespace) -> int:
    given = {knob.name: _value(knob, getattr(options, knob.name)) for knob in knobs()}
    settings = resolve(given, os.environ, options.config)
    try:
        from cosyvoice_lite.server.run import serve
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serving needs {error.name}: pip install 'cosyvoice-lite[serve]'"
        ) from None
    serve(settings)
    return 0


def _value(knob: Knob, given: Any) -> Any:
    return parse(knob, given, knob.flag) if isinstance(given, str) else given


def _metavar(knob: Knob) -> str:
    return knob.unit.upper() or {int: "N", float: "N", str: "TEXT"}[knob.kind]
