"""Small parts of the service, each alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.errors import BundleError, CosyError, OverloadError, UsageError
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.keys import Keys
from cosyvoice_lite.server.limits import Rate, RateLimiter, duration
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.names import parse_blend, preset
from cosyvoice_lite.server.problems import Problem, problem, retry
from server.clock import Clock


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    limiter = RateLimiter(Rate(2, 10.0), clock)
    assert [limiter.ask("a").allowed for _ in range(3)] == [True, True, False]
    assert limiter.ask("b").allowed
    verdict = limiter.ask("a")
    assert verdict.retry_after_s == pytest.approx(5.0)
    assert verdict.headers["x-ratelimit-remaining-requests"] == "0"
    clock.now += 5.0  # refused calls did not count
    assert limiter.ask("a").allowed
    assert not limiter.ask("a").allowed
    clock.now -= 100.0  # a clock that goes back gives and takes nothing
    assert not limiter.ask("a").allowed
    clock.now += 1000.0
    assert [limiter.ask("a").allowed for _ in range(3)] == [True, True, False]


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosyvoice_lite.server.limits.MAX_CALLERS", 10)
    limiter = RateLimiter(Rate(1, 1.0), Clock())
    for n in range(100):
        limiter.ask(str(n))
    assert len(limiter.buckets) == 10


def test_rates_are_read() -> None:
    assert Rate.parse("10/60s") == Rate(10, 60.0)
    assert Rate.parse("100/m") == Rate(100, 60.0)
    assert Rate.parse("") is None
    for text in ("10", "0/s", "10/0s", "ten/s", "10/60", "-1/s"):
        with pytest.raises(UsageError, match="rate_limit"):
            Rate.parse(text)
    assert [duration(s) for s in (0.012, 1, 360)] == ["12ms", "1s", "6m0s"]


def test_only_digests_of_keys_are_kept(tmp_path: Path) -> None:
    from starlette.datastructures import Headers

    file = tmp_path / "keys"
    file.write_text("# ours\nsecret-b\n", "utf-8")
    keys = Keys.read("secret-a, ", str(file))
    assert "secret" not in repr(vars(keys))
    for name in ("secret-a", "secret-b"):
        for headers in (
            {"authorization": f"Bearer {name}"}, {"x-api-key": name}, {"xi-api-key": name},
        ):  # fmt: skip
            assert keys.owner(Headers(headers))
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer secret"}):
        assert keys.owner(Headers(headers)) is None
    with pytest.raises(UsageError, match="No such file"):
        Keys.read("", str(tmp_path / "none"))


def test_aliases_lead_to_a_voice_of_every_model() -> None:
    assert preset("alloy", ["中文女", "英文女"]) == "中文女"
    assert preset("zh_female", ["中文女"]) == "中文女"
    assert preset("alloy", ["anna", "bert"]) in ("anna", "bert")
    assert preset("anna", ["anna"]) == "anna"
    assert preset("nobody", ["anna"]) is None
    assert preset("alloy", []) is None


def test_blends_are_read() -> None:
    assert parse_blend("a(3)+b") == [("a", 0.75), ("b", 0.25)]
    for bad in ("a(-1)+b", "a(0)+b", "a(nan)+b", "a(1)(2)", "+", "a+", "a(1e999)+b"):
        with pytest.raises(Problem):
            parse_blend(bad)


def test_every_error_has_a_status() -> None:
    from cosyvoice_lite import errors

    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, CosyError):
            made = kind("x", "queue_full", 9.0) if kind is OverloadError else kind("x")
            told = problem(made)
            assert 400 <= told.status < 600, name
            assert set(told.error) == {"message", "type", "param", "code"}
    assert "secret/path" not in str(problem(BundleError("secret/path")).error)
    assert problem(ZeroDivisionError("secret")).error["message"] == "internal error"
    assert problem(ZeroDivisionError()).headers["x-should-retry"] == "false"


def test_nobody_is_told_to_wait_longer_than_clients_do() -> None:
    for seconds in (0.0, 0.3, 59.0, 1e9):
        assert 1 <= int(retry(seconds)["Retry-After"]) <= 60


def test_the_exposition_is_as_prometheus_reads_it() -> None:
    m = Metrics()
    m.count("requests_total", api='a"b\n', status="200", format="", streaming="true")
    m.observe("rtf", 0.4)
    m.observe("rtf", 99.0)
    text = m.text()
    assert (
        'cosyvoice_requests_total{api="a\\"b\\n",status="200",format="",streaming="true"} 1' in text
    )
    assert 'cosyvoice_rtf_bucket{le="0.5"} 1' in text
    assert 'cosyvoice_rtf_bucket{le="+Inf"} 2' in text
    assert "cosyvoice_rtf_count 2" in text
    with pytest.raises(KeyError):
        m.count("requests_total", api="x")
    with pytest.raises(KeyError):
        m.count("nonsense_total")


def test_an_identity_is_what_the_bundle_says(tiny_bundle: Path, tmp_path: Path) -> None:
    identity, manifest = Identity.read(tiny_bundle), Bundle.open(tiny_bundle).manifest
    assert identity.name == manifest.name
    assert list(identity.voices) == list(manifest.voices)
    assert identity.sample_rate == manifest.model.sample_rate
    assert set(identity.files) == set(manifest.files)
    with pytest.raises(BundleError):
        Identity.read(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(BundleError, match="damaged"):
        Identity.read(tmp_path)


def test_starting_imports_nothing_heavy(tiny_bundle: Path) -> None:
    program = """
import sys
from cosyvoice_lite.server.app import create_app
from cosyvoice_lite.server.settings import Settings
create_app(Settings(model=sys.argv[1]))
print(sorted({"numpy", "onnxruntime", "pydantic", "soundfile", "tiktoken"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_bundle)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
