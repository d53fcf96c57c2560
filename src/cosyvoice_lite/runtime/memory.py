"""What is loaded when, and how much is worked on at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryPlan:
    """How a synthesizer uses memory. The stages of a sentence follow each other, so a process can
    hold them all, for speed, or one after the other, for size."""

    staged: bool = False
    """Free each stage before the next is loaded."""
    n_slots: int = 4
    """Sentences decoded side by side; each has a KV cache."""
    window_frames: int = 258
    """Frames of mel in one run of the vocoder's filter, 3 s: longer runs are no faster."""
