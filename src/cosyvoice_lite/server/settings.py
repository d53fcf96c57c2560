"""Every knob of the service: its default, its unit and a sentence; the only reader of them.

Later wins: defaults, a TOML file, environment variables COSYVOICE_LITE_<NAME>, the command line.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime.memory import parse_bytes

PREFIX = "COSYVOICE_LITE_"
HIDDEN = "***"
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def _knob(
    default: Any,
    sentence: str,
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
    alias: str = "",
) -> Any:
    about = {"sentence": sentence, "unit": unit, "choices": choices, "least": least, "most": most}
    return field(default=default, metadata={**about, "secret": secret, "alias": alias})


@dataclass(frozen=True)
class Settings:
    """The service's settings.

    Raises:
        UsageError: a value is out of range.
    """

    model: str = _knob("", "a bundle's folder or an installed model's name", alias="--model_dir")
    host: str = _knob("127.0.0.1", "address to listen on; 0.0.0.0 is all")
    port: int = _knob(8000, "port to listen on", least=0, most=65535)
    load: str = _knob(
        "lazy",
        "when the model loads: at the first request, after the start, or before it",
        choices=("lazy", "background", "eager"),
    )
    idle_unload: float = _knob(
        900.0, "free the model after so long without a request; 0: never", unit="s", least=0
    )
    load_cooldown: float = _knob(
        5.0, "wait before a failed load is tried again; doubles up to 300 s", unit="s", least=0
    )
    threads: int = _knob(0, "cores to use; 0: all this process may", unit="cores", least=0)
    slots: int = _knob(
        4, "sentences decoded side by side", unit="sentences", least=1, alias="--max_conc"
    )
    voice: str = _knob(
        "", "voice of /tts and captions that name none; empty: one at home in the text's language"
    )
    solver: str = _knob(
        "exact", "of the flow, for requests that name none", choices=("exact", "balanced", "fast")
    )
    max_input_chars: int = _knob(
        4096, "longest text of a request; 0: any", unit="characters", least=0
    )
    max_body: int = _knob(1024, "largest request without a recording", unit="KiB", least=1)
    max_upload: int = _knob(10, "largest recording", unit="MiB", least=1)
    max_requests: int = _knob(256, "requests waiting or running", unit="requests", least=1)
    max_work: float = _knob(300.0, "predicted computing of all that wait or run", unit="s", least=1)
    memory_limit: int = _knob(
        0, "what the process may hold; 0: nine tenths of what it can get", unit="MiB", least=0
    )
    memory_budget: str = _knob(
        "", "what the model may take, as 600MB: chosen to fit, or refused; empty: all it likes"
    )
    patience: float = _knob(
        30.0, "after so long a batch request is served like an interactive one", unit="s", least=0
    )
    timeout: float = _knob(
        300.0,
        "an answer that takes longer is given up; X-Request-Timeout shortens it",
        unit="s",
        least=1,
    )
    rate_limit: str = _knob("", "calls in a time for each key or address, as 10/60s; empty: none")
    api_keys: str = _knob("", "keys that may ask, separated by commas; empty: anybody", secret=True)
    api_keys_file: str = _knob("", "file with a key on each line")
    cors_origins: str = _knob("", "origins that pages may ask from, separated by commas, or *")
    keep_alive: float = _knob(
        130.0, "an idle connection stays open; longer than clients keep it", unit="s", least=1
    )
    proxies: str = _knob("127.0.0.1", "addresses whose X-Forwarded-For is believed")
    cache: bool = _knob(True, "keep finished speech and answer the same request with it")
    cache_memory: int = _knob(32, "finished speech kept in memory", unit="MiB", least=0)
    cache_disk: int = _knob(256, "finished speech kept on disk; 0: none", unit="MiB", least=0)
    cache_dir: str = _knob("", "where; empty: the folder cache beside the installed models")
    voices_dir: str = _knob("", "where added voices live; empty: voices beside the models")
    any_model: bool = _knob(False, "accept any model name")
    strict: bool = _knob(False, "refuse unknown fields and what the model can't, do not warn")
    sse_done: bool = _knob(False, "end event streams with data: [DONE]")
    page: bool = _knob(True, "serve the page at /")
    shutdown: float = _knob(60.0, "what is running may take so long to end", unit="s", least=0)
    log_level: str = _knob(
        "info", "least that is logged", choices=("debug", "info", "warning", "error")
    )

    def __post_init__(self) -> None:
        for knob in knobs():
            check(knob, getattr(self, knob.name))
        if self.memory_budget:
            parse_bytes(self.memory_budget)

    def public(self) -> dict[str, Any]:
        """Names and values, secrets hidden."""
        return {
            knob.name: HIDDEN if knob.secret and getattr(self, knob.name) else value
            for knob in knobs()
            for value in [getattr(self, knob.name)]
        }


@dataclass(frozen=True)
class Knob:
    """A setting as people see it."""

    name: str
    kind: type
    default: Any
    sentence: str
    unit: str
    choices: tuple[str, ...]
    least: float | None
    most: float | None
    secret: bool
    alias: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def help(self) -> str:
        shown = str(self.default).lower() if self.kind is bool else str(self.default)
        unit = f" {self.unit}" if self.unit and self.default != "" else ""
        choices = f" ({', '.join(self.choices)})" if self.choices else ""
        return f"{self.sentence}{choices}" + (f" [{shown}{unit}]" if shown else "")


def knobs() -> list[Knob]:
    """All of them, in order."""
    kinds = get_type_hints(Settings)
    return [
        Knob(f.name, kinds[f.name], f.default, **f.metadata) for f in dataclasses.fields(Settings)
    ]


def check(knob: Knob, value: Any) -> None:
    """Raise unless `value` is in the range of a setting."""
    if knob.choices and value not in knob.choices:
        raise UsageError(f"{knob.name} is {value!r}: choose from {', '.join(knob.choices)}")
    if knob.least is not None and not knob.least <= value < float("inf"):
        raise UsageError(f"{knob.name} is {value:g}, must be at least {knob.least:g}")
    if knob.most is not None and value > knob.most:
        raise UsageError(f"{knob.name} is {value:g}, must be at most {knob.most:g}")


def resolve(
    given: Mapping[str, Any], environment: Mapping[str, str], file: Path | None
) -> Settings:
    """Settings from everywhere.

    Args:
        given: from the command line; None is not given.

    Raises:
        UsageError: an unknown name, a value of the wrong type or out of range, or no such file.
    """
    values: dict[str, Any] = _from_file(file) if file is not None else {}
    for knob in knobs():
        if knob.variable in environment:
            values[knob.name] = parse(knob, environment[knob.variable], knob.variable)
        if given.get(knob.name) is not None:
            values[knob.name] = given[knob.name]
    return Settings(**values)


def parse(knob: Knob, text: str, where: str) -> Any:
    """The value that a text stands for."""
    if knob.kind is bool:
        if text.lower() not in (*_YES, *_NO):
            raise UsageError(f"{where} is {text!r}: say true or false")
        return text.lower() in _YES
    try:
        return knob.kind(text)
    except ValueError:
        raise UsageError(f"{where} is {text!r}: not a number") from None


def _from_file(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    known = {knob.name: knob for knob in knobs()}
    values: dict[str, Any] = {}
    for key, value in tree.items():
        name = key.replace("-", "_")  # also as the options are spelled
        if name not in known:
            raise UsageError(f"{path}: unknown setting {key!r}")
        if name in values:
            raise UsageError(f"{path}: {name} is set twice")
        kind = known[name].kind
        values[name] = float(value) if kind is float and type(value) is int else value
        if type(values[name]) is not kind:
            raise UsageError(f"{path}: {name} is {value!r}, must be of type {kind.__name__}")
    return values
