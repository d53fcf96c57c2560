"""The parts of the service, each alone, with clocks that the test winds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cosyvoice_lite.audio.subtitles import Cue, Stretch
from cosyvoice_lite.bundle import Bundle
from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import BundleError, CosyError, OverloadError, UsageError
from cosyvoice_lite.server import schemas
from cosyvoice_lite.server.cache import DiskCache, Entry, Facts, MemoryCache
from cosyvoice_lite.server.consents import Consent
from cosyvoice_lite.server.flight import MAX_AHEAD, Flight, Head
from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.keys import Keys
from cosyvoice_lite.server.limits import Rate, RateLimiter, duration
from cosyvoice_lite.server.metrics import Metrics
from cosyvoice_lite.server.names import parse_blend, preset
from cosyvoice_lite.server.pool import Pool
from cosyvoice_lite.server.problems import Problem, problem, retry
from cosyvoice_lite.server.records import read_records
from cosyvoice_lite.server.run import address, bound
from cosyvoice_lite.server.settings import HIDDEN, Settings, knobs, resolve
from cosyvoice_lite.server.turnstile import PER_TURN, Turnstile


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- settings -------------------------------------------------------------------------------------


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('port = 1\nslots = 2\nsolver = "fast"\nidle_unload = 5\n', "utf-8")
    environment = {"COSYVOICE_LITE_PORT": "3", "COSYVOICE_LITE_SLOTS": "4", "PORT": "9"}
    s = resolve({"port": 5, "slots": None}, environment, file)
    assert (s.port, s.slots, s.solver, s.idle_unload) == (5, 4, "fast", 5.0)
    assert resolve({}, {}, None) == Settings()


def test_the_file_may_spell_settings_as_options(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('api-keys = "k"\nidle-unload = 5\n', "utf-8")
    s = resolve({}, {}, tmp_path / "s.toml")
    assert (s.api_keys, s.idle_unload) == ("k", 5.0)


def test_a_folder_that_can_not_be_looked_into_holds_no_records(tmp_path: Path) -> None:
    """A name too long raises as a folder without permission does, for whoever runs the tests."""
    assert read_records(Consent, tmp_path / ("n" * 300), lambda _: True) == []


def test_an_address_is_what_a_browser_takes() -> None:
    for host, shown in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        with bound(host, 0) as listener:
            port = listener.getsockname()[1]
            assert address(listener) == f"http://{shown}:{port}"


@pytest.mark.parametrize(
    ("environment", "toml", "message"),
    [
        ({"COSYVOICE_LITE_PORT": "http"}, "", "COSYVOICE_LITE_PORT is 'http': not a number"),
        ({"COSYVOICE_LITE_CACHE": "maybe"}, "", "say true or false"),
        ({"COSYVOICE_LITE_LOAD": "never"}, "", "load is 'never': choose from lazy"),
        ({"COSYVOICE_LITE_SLOTS": "0"}, "", "slots is 0, must be at least 1"),
        ({"COSYVOICE_LITE_PORT": "70000"}, "", "port is 70000, must be at most 65535"),
        ({"COSYVOICE_LITE_TIMEOUT": "inf"}, "", "timeout is inf"),
        ({"COSYVOICE_LITE_TIMEOUT": "nan"}, "", "timeout is nan"),
        ({"COSYVOICE_LITE_MEMORY_BUDGET": "much"}, "", "'much' is no amount of memory"),
        ({}, "prot = 1", "unknown setting 'prot'"),
        ({}, "port = '1'", "port is '1', must be of type int"),
        ({}, "port = true", "must be of type int"),
        ({}, "port =", "not TOML"),
        ({}, "api_keys = 'a'\napi-keys = 'b'", "api_keys is set twice"),
    ],
)
def test_wrong_settings_say_what_is_wrong(
    environment: dict[str, str], toml: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "s.toml"
    file.write_text(toml, "utf-8")
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        resolve({}, environment, file)


def test_secrets_are_hidden() -> None:
    s = Settings(api_keys="hunter2")
    assert s.public()["api_keys"] == HIDDEN
    assert "hunter2" not in json.dumps(s.public())
    assert Settings().public()["api_keys"] == ""


def test_the_help_shows_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    for knob in knobs():
        assert knob.flag in shown
        assert "".join(knob.sentence.split()) in shown
    assert "[900.0s]" in shown


def test_serving_a_model_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--model", str(tmp_path)]) == 1
    assert "manifest.json" in capsys.readouterr().err
    assert main(["serve", "--port", "x"]) == 2


def test_without_its_packages_serving_says_what_to_install() -> None:
    program = """
import sys
sys.modules["uvicorn"] = None
from cosyvoice_lite.cli import main
sys.exit(main(["serve"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'cosyvoice-lite[serve]'" in done.stderr


# --- limits, keys, names --------------------------------------------------------------------------


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


# --- errors ---------------------------------------------------------------------------------------


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


# --- the cache ------------------------------------------------------------------------------------


def entry(n: int = 100, letter: bytes = b"x") -> Entry:
    return Entry(
        Facts(
            "audio/wav", 22050, 1, 0.5, 2, 3, (Cue(0.0, 0.5, "你好", (Stretch(0, 2, 0.1, 0.4),)),)
        ),
        letter * n,
    )


def test_memory_keeps_what_was_used_last() -> None:
    gone: list[int] = []
    cache = MemoryCache(250, lambda: gone.append(1))
    cache.put("a", entry())
    cache.put("b", entry())
    assert cache.get("a") is not None
    cache.put("c", entry())
    assert (cache.get("b"), cache.size, len(gone)) == (None, 200, 1)
    cache.put("huge", entry(1000))
    assert cache.get("huge") is None


def test_disk_survives_a_restart_in_order(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    for n, key in enumerate(("a", "b", "c")):
        cache.put(key, entry(100, key.encode()))
        os.utime(tmp_path / f"{key}.speech", (n, n))
    size = len(entry().pack())
    (tmp_path / ".killed.part").write_bytes(b"half")
    again = DiskCache(tmp_path, 2 * size + 10)
    assert again.get("a") is None  # the oldest made room
    assert again.get("b") == entry(100, b"b")
    assert again.size == 2 * size
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"\xff", b"\n", b'{"facts":1,"sha256":2}\nx'])
def test_a_damaged_entry_is_dropped(damage: bytes, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    cache.put("a", entry())
    (tmp_path / "a.speech").write_bytes(damage)
    assert cache.get("a") is None
    assert not (tmp_path / "a.speech").exists()
    cache.put("a", entry())
    content = bytearray((tmp_path / "a.speech").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.speech").write_bytes(content)
    assert cache.get("a") is None
    assert cache.size == 0


def test_a_disk_that_refuses_is_told_and_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[OSError] = []
    cache = DiskCache(tmp_path / "c", 10_000, failed=errors.append)

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    cache.put("a", entry())
    assert cache.get("a") is None
    assert [error.errno for error in errors] == [28]
    assert not list((tmp_path / "c").iterdir())
    blocked = DiskCache(tmp_path / "file" / "x", 10_000, failed=errors.append)
    (tmp_path / "file").touch()
    blocked.put("a", entry())
    assert blocked.get("a") is None


# --- the pool -------------------------------------------------------------------------------------


class Fake:
    def __init__(self) -> None:
        self.intact, self.closed = True, False

    def is_intact(self) -> bool:
        return self.intact

    async def close(self) -> None:
        self.closed = True


class Loader:
    def __init__(self, failures: int = 0) -> None:
        self.n, self.failures = 0, failures

    async def __call__(self) -> Fake:
        self.n += 1
        await asyncio.sleep(0.01)
        if self.n <= self.failures:
            raise BundleError("broken")
        return Fake()


def test_twenty_at_once_load_once() -> None:
    async def run() -> int:
        pool = Pool(loader := Loader())

        async def use() -> Fake:
            async with pool.lease() as model:
                return model

        models = await asyncio.gather(*(use() for _ in range(20)))
        assert len({id(model) for model in models}) == 1
        return loader.n

    assert asyncio.run(run()) == 1


def test_an_unused_model_is_freed_and_loaded_again() -> None:
    async def run() -> None:
        pool = Pool(loader := Loader(), idle_s=0.05)
        async with pool.lease() as first:
            await asyncio.sleep(0.15)
            assert not first.closed
        await asyncio.sleep(0.15)
        assert first.closed
        assert pool.state == "unloaded"
        async with pool.lease() as second:
            assert second is not first
        assert loader.n == 2

    asyncio.run(run())


def test_a_failed_load_is_told_to_all_and_not_tried_at_once() -> None:
    async def run() -> None:
        clock = Clock()
        pool = Pool(loader := Loader(failures=2), cooldown_s=5.0, clock=clock)

        async def use() -> Any:
            async with pool.lease() as model:
                return model

        failed = await asyncio.gather(*(use() for _ in range(5)), return_exceptions=True)
        assert {type(error) for error in failed} == {OverloadError}
        with pytest.raises(OverloadError) as caught:
            await use()
        assert caught.value.retry_after_s == pytest.approx(5.0)
        assert (loader.n, pool.state) == (1, "failed")
        clock.now += 5.1
        with pytest.raises(OverloadError) as caught:
            await use()
        assert caught.value.retry_after_s == pytest.approx(10.0)  # doubled
        clock.now += 10.1
        assert isinstance(await use(), Fake)
        assert pool.state == "ready"

    asyncio.run(run())


def test_a_model_whose_files_changed_is_not_used() -> None:
    async def run() -> None:
        pool = Pool(Loader())
        async with pool.lease() as first:
            pass
        first.intact = False
        async with pool.lease() as second:
            assert second is not first
        await pool.close()
        assert first.closed
        assert second.closed

    asyncio.run(run())


# --- flights --------------------------------------------------------------------------------------


def test_all_readers_get_all_bytes_and_the_maker_waits_for_the_fastest() -> None:
    async def run() -> None:
        flight, made = Flight(), []

        async def make() -> None:
            flight.head = Head("audio/wav", 22050, 1)
            for n in range(3 * MAX_AHEAD):
                made.append(n)
                await flight.send(bytes([n]))

        flight.start(make(), lambda: None)
        slow, fast = flight.board(), flight.board()
        await asyncio.sleep(0.01)
        assert len(made) == MAX_AHEAD + 1
        everything = bytes(range(3 * MAX_AHEAD))
        assert await fast.rest() == everything
        late = flight.board()
        assert await late.rest() == await slow.rest() == everything

    asyncio.run(run())


def test_the_work_ends_with_the_last_reader() -> None:
    async def run() -> None:
        flight = Flight()
        flight.start(asyncio.sleep(60), lambda: None)
        one, two = flight.board(), flight.board()
        one.close()
        one.close()  # twice is once
        await asyncio.sleep(0)
        assert flight.task is not None
        assert not flight.task.cancelling() if sys.version_info >= (3, 11) else True
        assert not flight.is_abandoned
        two.close()
        assert flight.is_abandoned
        await asyncio.gather(flight.task, return_exceptions=True)
        assert flight.task.cancelled()

    asyncio.run(run())


# --- crowds ---------------------------------------------------------------------------------------


def test_a_crowd_passes_in_order_over_many_turns_of_the_loop() -> None:
    async def run() -> None:
        turnstile, passed, turns = Turnstile(), list[int](), list[int]()

        async def one(n: int) -> None:
            await turnstile.wait()
            passed.append(n)

        crowd = [asyncio.create_task(one(n)) for n in range(10 * PER_TURN + 3)]
        while len(passed) < len(crowd):
            before = len(passed)
            await asyncio.sleep(0)
            turns.append(len(passed) - before)
        assert max(turns) == PER_TURN
        assert passed == list(range(len(crowd)))
        await asyncio.wait_for(turnstile.wait(), 1)  # who comes later is not kept out

    asyncio.run(run())


def test_types_of_bodies_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas.prepare(schemas.SpeechBody)

    def again(_: object) -> None:
        raise AssertionError("reading the types takes 3 ms, which is for the start")

    monkeypatch.setattr(msgspec.structs, "fields", again)
    content = b'{"model": "tts-1", "input": "Hi.", "voice": "alloy", "seed": null}'
    body, _ = schemas.parse(content, schemas.SpeechBody)
    assert body.seed is None


# --- metrics and identity -------------------------------------------------------------------------


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
