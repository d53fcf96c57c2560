"""cosyvoice-lite: CosyVoice-300M on a plain CPU with ONNX Runtime, without PyTorch.

from cosyvoice_lite import Synthesizer
Synthesizer.open().speak("Hello, world.").save("hello.wav")
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Audio", "CosyError", "Sampling", "Synthesizer", "Voice"]

if TYPE_CHECKING:
    from cosyvoice_lite.audio.waveform import Audio
    from cosyvoice_lite.config import Sampling
    from cosyvoice_lite.errors import CosyError
    from cosyvoice_lite.runtime.synthesizer import Synthesizer
    from cosyvoice_lite.runtime.voice import Voice

_HOMES = {
    "Audio": "cosyvoice_lite.audio.waveform",
    "CosyError": "cosyvoice_lite.errors",
    "Sampling": "cosyvoice_lite.config",
    "Synthesizer": "cosyvoice_lite.runtime.synthesizer",
    "Voice": "cosyvoice_lite.runtime.voice",
}


def __dir__() -> list[str]:
    """The public names as well, though most are not imported yet: `help` shows them."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: importing the package costs nothing."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
