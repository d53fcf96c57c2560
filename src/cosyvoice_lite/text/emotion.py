"""Emotions and instructions, mapped to what the loaded model can do.

300M-Instruct takes an instruction in plain English; a voice with emotion symbols takes the symbol;
any other model can't, and says so instead of ignoring it.
"""

from dataclasses import dataclass

from cosyvoice_lite.errors import TextError

INSTRUCTIONS = {
    "happy": "A speaker in a cheerful, happy mood, with a bright voice and a smile.",
    "sad": "A speaker overcome by sadness, with a slow and low voice.",
    "angry": "An angry speaker with a tense, loud voice.",
    "surprised": "A speaker full of surprise, with a high and lively voice.",
    "fearful": "A frightened speaker with a trembling voice.",
    "disgusted": "A speaker full of disgust, with a cold voice.",
    "gentle": "A gentle, warm speaker with a soft voice.",
    "serious": "A serious speaker with a steady, firm voice.",
    "excited": "An excited speaker with a fast, energetic voice.",
    "calm": "A calm, composed speaker with an even voice.",
    "whisper": "A speaker who whispers.",
}
"""Named emotion → instruction for an Instruct checkpoint; ``neutral`` needs none."""

_END = "<endofprompt>"


@dataclass(frozen=True)
class Manner:
    """How a segment is told to be spoken: an instruction, a symbol, or neither."""

    instruct: str | None = None
    symbol: str = ""


def manner(emotion: str | None, instruct: str | None, capabilities: frozenset[str]) -> Manner:
    """What to give the model for an emotion or an instruction; an emotion goes first.

    Raises:
        TextError: the emotion has no name here, or the model can do neither.
    """
    if emotion and emotion != "neutral":
        if emotion not in INSTRUCTIONS:
            names = ", ".join(["neutral", *INSTRUCTIONS])
            raise TextError(f"unknown emotion {emotion!r}: expected one of {names}")
        if f"emotion:{emotion}" in capabilities:
            return Manner(symbol=f"<{emotion}>")
        if learnt := sorted(c.removeprefix("emotion:") for c in capabilities if ":" in c):
            raise TextError(
                f"the loaded model has not learnt {emotion!r}, only {', '.join(learnt)}"
            )
        instruct = INSTRUCTIONS[emotion]
    if not instruct:
        return Manner()
    if "instruct" not in capabilities:
        wish = f"the emotion {emotion!r}" if emotion else "instructions"
        raise TextError(f"the loaded model can't follow {wish}: use a 300M-Instruct checkpoint")
    return Manner(instruct=ended(instruct))


def ended(instruct: str) -> str:
    """An instruction with the mark that the authors' code puts behind it."""
    return instruct if not instruct or "endofprompt" in instruct else instruct + _END
