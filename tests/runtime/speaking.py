"""Texts of the tests of speech, and ways to have them said."""

from dataclasses import replace
from typing import Any

from cosyvoice_lite.config import Sampling
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.text.segment import Prosody
from oracles import Array

TEXT = "Good morning."
TWO = "Good morning.\n\nHow are you today, my friend? I am well, thank you very much indeed."
SHORT = Sampling(max_token_text_ratio=3.0)


def speak(synthesizer: Synthesizer, text: str = TEXT, **settings: Any) -> Array:
    return synthesizer.speak(text, **{"seed": 1, "sampling": SHORT, **settings}).samples


def one_utterance(synthesizer: Synthesizer, **prosody: float) -> Any:
    (utterance,) = synthesizer.plan(Request(TEXT, seed=1, sampling=SHORT))
    segment = replace(utterance.segment, prosody=Prosody(**prosody), pause_after_s=0.0)
    return replace(utterance, segment=segment)
