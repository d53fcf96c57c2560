"""The load test, small: everything is answered, alike for all, and memory stays where it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.load import jain, measure


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_a_crowd_is_served(short_bundle: Path) -> None:
    found = measure(short_bundle, n_clients=20, n_requests=40, limit_s=100.0, ratio=2.0)
    assert set(found["statuses"]) <= {200, 503}
    assert found["statuses"][200] == 40
    assert found["faults"] == {}
    assert found["fairness"] > 0.6
    assert found["memory_mb"]["at_start"] < 50
    assert found["memory_mb"]["after_idle_unload"] < 120
    assert found["event_loop"]["looks"] > 0


def test_jains_index_is_one_when_all_wait_alike() -> None:
    assert jain([2.0, 2.0, 2.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
