"""What the command line says in other words than Python: modes, voices, texts of any locale."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cosyvoice_lite.errors import UsageError

if TYPE_CHECKING:
    from cosyvoice_lite.runtime.voice import Voice

VOICE_FILE = ".safetensors"


def chosen_mode(given: str | None) -> str | None:
    """The mode called zero-shot here and zero_shot in Python.

    Raises:
        UsageError: there is none of that name.
    """
    from cosyvoice_lite.runtime.voice import MODES

    mode = given.replace("-", "_") if given else None
    if mode is not None and mode not in MODES:
        names = ", ".join(name.replace("_", "-") for name in MODES)
        raise UsageError(f"unknown mode {given!r:.100}: choose from {names}")
    return mode


def chosen_voice(given: str | None) -> str | Voice | None:
    """A voice of the model by its name, or a saved one by its file.

    Raises:
        VoiceError: the file is no voice.
    """
    from cosyvoice_lite.runtime.voice import Voice

    if given is None:
        return None
    return Voice.load(given) if given.endswith(VOICE_FILE) else as_text(given)


def as_text(given: str) -> str:
    """An argument that is no path as UTF-8, whatever the locale made of its bytes."""
    try:
        return os.fsencode(given).decode("utf-8")
    except UnicodeError:
        return given
