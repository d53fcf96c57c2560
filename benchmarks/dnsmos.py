"""DNSMOS P.835: a network's guess at how people would rate a recording, 1 (bad) to 5 (clean).

The predictor is Microsoft's (DNS-Challenge, CC BY 4.0); it is not part of this project, its path
is given. It hears 9.01 s of 16 kHz audio at a time: shorter clips are repeated, longer ones are
read in windows one second apart. Its raw outputs are mapped to the scale of the listening test by
the quadratics that were published with it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.signal import resample_poly

SAMPLE_RATE = 16_000
WINDOW = int(9.01 * SAMPLE_RATE)
SIGNAL = np.poly1d([-0.08397278, 1.22083953, 0.0052439])
BACKGROUND = np.poly1d([-0.13166888, 1.60915514, -0.39604546])
OVERALL = np.poly1d([-0.06766283, 1.11546468, 0.04602535])


class Score(NamedTuple):
    """Predicted opinion scores, 1 to 5."""

    signal: float
    background: float
    overall: float


class Dnsmos:
    """`Dnsmos(path)(samples, sample_rate)` rates one clip."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options)

    def __call__(self, samples: NDArray[np.float32], sample_rate: int) -> Score:
        divisor = np.gcd(SAMPLE_RATE, sample_rate)
        heard = resample_poly(samples, SAMPLE_RATE // divisor, sample_rate // divisor)
        heard = np.resize(heard, max(len(heard), WINDOW)).astype(np.float32)  # repeats if short
        starts = range(0, len(heard) - WINDOW + 1, SAMPLE_RATE)
        raw = np.mean([self._window(heard[start : start + WINDOW]) for start in starts], axis=0)
        return Score(
            *(float(fit(x)) for fit, x in zip((SIGNAL, BACKGROUND, OVERALL), raw, strict=True))
        )

    def _window(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs: list[NDArray[np.float32]] = self.session.run(None, {"input_1": window[None]})
        return outputs[0][0]
