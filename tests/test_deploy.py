"""Deployment files: they parse, agree with each other, and ask for metrics that there are."""

import configparser
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
DASHBOARD = json.loads((DEPLOY / "grafana" / "cosyvoice-lite.json").read_text("utf-8"))

METRICS = {
    "requests_total",
    "audio_seconds_total",
    "input_characters_total",
    "text_tokens_total",
    "speech_tokens_total",
    "rejected_total",
    "cancelled_total",
    "errors_total",
    "quality_retries_total",
    "cache_requests_total",
    "cache_evictions_total",
    "model_loads_total",
    "model_unloads_total",
    "stream_underruns_total",
    "request_duration_seconds",
    "time_to_first_audio_seconds",
    "queue_wait_seconds",
    "rtf",
    "stage_duration_seconds",
    "batch_size",
    "stream_gap_seconds",
    "cancel_latency_seconds",
    "model_load_seconds",
    "event_loop_lag_seconds",
    "requests_in_progress",
    "queue_depth",
    "queue_capacity",
    "queued_audio_seconds",
    "model_loaded",
    "memory_budget_bytes",
    "memory_predicted_bytes",
    "memory_peak_rss_bytes",
    "cache_bytes",
    "threads",
    "build_info",
}


def service_metrics() -> set[str]:
    """What the service counts, by its own table where it is there."""
    if importlib.util.find_spec("cosyvoice_lite.server.metrics") is None:
        return METRICS
    module: Any = importlib.import_module("cosyvoice_lite.server.metrics")
    return {*module.COUNTERS, *module.HISTOGRAMS, *module.GAUGES}


def expressions() -> list[str]:
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return asked + [note["expr"] for note in DASHBOARD["annotations"]["list"]]


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    known = service_metrics()
    for expression in expressions():
        names = re.findall(r"\bcosyvoice_([a-z_]+)", expression)
        assert names or "process_resident_memory_bytes" in expression, expression
        for name in names:
            plain = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in known or plain in known, expression
        assert expression.count("(") == expression.count(")")
        bare = re.sub(r"\{[^}]*\}", "", expression)  # without what selects among its series
        for counter in re.findall(r"cosyvoice_\w+(?:_total|_bucket|_sum|_count)\b", bare):
            assert f"rate({counter}[" in bare or f"increase({counter}[" in bare


def test_panels_share_the_width_without_covering_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert len(set(titles)) == len(titles) >= 12


def test_compose_mounts_files_that_there_are_where_they_are_looked_for() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"tts", "prometheus", "grafana"}
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
                assert volume.endswith(":ro")
            else:
                assert source in COMPOSE["volumes"]
        assert ":" in service["image"] or service["build"] == "."
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    (target,) = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    assert target == "tts:8000"
    sources = yaml.safe_load((DEPLOY / "grafana" / "datasources.yml").read_text("utf-8"))
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert {p["datasource"]["uid"] for p in DASHBOARD["panels"]} == {source["uid"]}
    boards = yaml.safe_load((DEPLOY / "grafana" / "dashboards.yml").read_text("utf-8"))
    folder = boards["providers"][0]["options"]["path"]
    assert any(f"{folder}/cosyvoice-lite.json" in v for v in services["grafana"]["volumes"])


def test_the_service_is_shut_in() -> None:
    tts = COMPOSE["services"]["tts"]
    assert tts["read_only"] is True
    assert tts["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in tts["security_opt"]
    for name in ("prometheus", "grafana"):
        assert all(p.startswith("127.0.0.1:") for p in COMPOSE["services"][name]["ports"])


def test_the_image_has_two_stages_no_root_and_looks_after_itself() -> None:
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?", DOCKERFILE, re.MULTILINE)
    assert [name for _, name in stages] == ["build", ""]
    assert all(base == "python:${PYTHON}" for base, _ in stages)
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER (?!root|0)", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "/livez" in last
    assert "pip" not in last
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            kept = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
            assert f"!{source}" in kept, source


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string((DEPLOY / "cosyvoice-lite.service").read_text("utf-8"))
    return parser


def test_the_unit_is_shut_in_and_gives_time_to_end() -> None:
    service = unit()["Service"]
    assert service["ExecStart"].endswith("/cosyvoice-lite serve")
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "PrivateDevices"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "ProcSubset" not in service  # /proc/cpuinfo tells which 8-bit products are fast
    assert service["CapabilityBoundingSet"] == ""
    assert service["StateDirectory"] in service["Environment"]
    assert int(service["TimeoutStopSec"]) > 60
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


# --- what is taken out of the image ----------------------------------------------------------

prune = importlib.util.module_from_spec(
    importlib.util.spec_from_file_location("prune", DEPLOY / "prune.py")  # type: ignore[arg-type]
)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    packages = tmp_path / "lib" / "python3.12" / "site-packages"
    for name in (
        "onnxruntime/capi/core.so",
        "onnxruntime/transformers/x.py",
        "onnx/__init__.py",
        "onnx-1.0.dist-info/METADATA",
        "wetext/fsts/zh/tn/a.fst",
        "wetext/fsts/zh/itn/a.fst",
        "numpy/core.py",
        "numpy/core.pyi",
        "numpy/tests/test.py",
        "pip/__init__.py",
        "pypinyin/__init__.py",
    ):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_bytes(b"x" * 1000)
    return tmp_path


@pytest.mark.parametrize("conversion", [True, False])
def test_only_what_serving_never_opens_is_taken_out(
    conversion: bool, environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prune.__spec__ is not None
    assert prune.__spec__.loader is not None
    prune.__spec__.loader.exec_module(prune)
    options = [] if conversion else ["--without-conversion"]
    assert prune.main([str(environment), *options]) == 0
    left = {p.relative_to(environment).as_posix() for p in environment.rglob("*") if p.is_file()}
    expected = {"onnxruntime/capi/core.so", "wetext/fsts/zh/tn/a.fst", "numpy/core.py"}
    expected |= {"pypinyin/__init__.py"}
    if conversion:
        expected |= {"onnx/__init__.py", "onnx-1.0.dist-info/METADATA"}
    assert left == {f"lib/python3.12/site-packages/{name}" for name in expected}
    assert "taken out" in capsys.readouterr().out
    assert prune.main([str(environment / "lib")]) == 2
