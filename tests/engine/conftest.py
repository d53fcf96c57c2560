"""An engine with one lane and one with two."""

import pytest
from driving import Clock

from cosyvoice_lite.engine.engine import Engine
from cosyvoice_lite.runtime.lanes import Lanes
from cosyvoice_lite.runtime.synthesizer import Synthesizer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def on_lanes(synthesizer: Synthesizer) -> Synthesizer:
    """The same bundle; two lanes of one thread, whatever this machine has."""
    wide = Synthesizer(synthesizer.bundle, threads=1)
    wide.lanes = wide.part_lanes = Lanes(threads=2)
    return wide


@pytest.fixture(params=["one lane", "two lanes"])
def engine(
    request: pytest.FixtureRequest,
    synthesizer: Synthesizer,
    on_lanes: Synthesizer,
    clock: Clock,
) -> Engine:
    return Engine(synthesizer if request.param == "one lane" else on_lanes, clock=clock)
