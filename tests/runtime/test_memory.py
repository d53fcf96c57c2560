"""The memory planner: pure policy, and a synthesizer that follows it."""

import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.runtime import memory, pages
from cosyvoice_lite.runtime.memory import (
    KEPT_WINDOW,
    LADDER,
    MB,
    MemoryPlan,
    Sizes,
    default_plan,
    lasting_plan,
    parse_bytes,
    peaks,
    plan_memory,
)
from cosyvoice_lite.runtime.request import Request
from cosyvoice_lite.runtime.synthesizer import Synthesizer, sizes_of

INT4 = {
    "text_encoder": 44_326_912,
    "lm": 100_140_100,
    "flow_encoder": 14_026_752,
    "unet": 56_008_704,
    "f0": 6_557_696,
    "vocoder": 10_365_440,
}
"""Of the full-size model."""


@pytest.fixture
def full_size(synthesizer: Synthesizer) -> Sizes:
    model = synthesizer.bundle.manifest.model
    decoder = replace(model.lm.decoder, d_input=1024, d_model=1024, n_heads=16, n_blocks=14)
    return Sizes(replace(model, lm=replace(model.lm, decoder=decoder)), "int4", INT4)


def test_a_plan_is_predicted_to_keep_its_budget_and_more_memory_never_slows(
    full_size: Sizes,
) -> None:
    rungs = []
    for budget in range(300, 6000, 50):
        plan = plan_memory(full_size, budget * MB)
        assert max(peaks(full_size, plan).values()) <= budget * MB
        rungs.append(LADDER.index(plan))
    assert rungs == sorted(rungs, reverse=True)
    assert rungs[-1] == 0
    assert len(set(rungs)) > 4


def test_beside_others_a_large_vocoder_works_in_shorter_windows(full_size: Sizes) -> None:
    small = replace(full_size, weights={**INT4, "vocoder": 1 * MB})
    assert default_plan(full_size, staged=False) == MemoryPlan(window_frames=KEPT_WINDOW)
    assert default_plan(full_size, staged=True) == MemoryPlan(staged=True)
    assert default_plan(small, staged=False) == MemoryPlan()


def test_without_a_plan_the_model_s_own_is_taken(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGE_VOCODER", 0)
    assert Synthesizer(synthesizer.bundle, 1).memory == MemoryPlan(window_frames=KEPT_WINDOW)
    assert Synthesizer(synthesizer.bundle, 1, MemoryPlan()).memory == MemoryPlan()


def test_scores_of_the_flow_encoder_grow_with_the_square(full_size: Sizes) -> None:
    """Of 6 heads and 1,000 and 1,600 tokens nano took 210 and 391 MB."""
    encoder = replace(full_size.model.flow.encoder, n_heads=6)
    flow = replace(full_size.model.flow, encoder=encoder)
    nano = replace(full_size, model=replace(full_size.model, flow=flow))
    for n, measured in ((1000, 210), (1600, 391)):
        plan = MemoryPlan(staged=True, max_positions=n)
        over = peaks(nano, plan)["flow_encoder"] - nano.base - nano.held("flow_encoder")
        assert measured * MB < over < 1.3 * measured * MB


def test_a_service_of_the_full_size_still_fits_where_it_did(full_size: Sizes) -> None:
    encoder = replace(full_size.model.flow.encoder, n_heads=8)
    flow = replace(full_size.model.flow, encoder=encoder)
    sizes = replace(full_size, model=replace(full_size.model, flow=flow))
    assert not lasting_plan(sizes, 1150 * MB).staged


def test_the_smallest_plan_speaks_five_seconds_in_300_mb(full_size: Sizes) -> None:
    plan = plan_memory(full_size, 300 * MB)
    assert plan.staged
    assert plan.whole
    assert plan.max_positions >= 5 * full_size.model.token_rate + 50


def test_too_little_is_refused_with_what_would_be_enough(full_size: Sizes) -> None:
    with pytest.raises(UsageError, match=r"10 MB is too small .*int4.*: lm alone .* give at least"):
        plan_memory(full_size, 10 * MB)
    least = max(peaks(full_size, LADDER[-1]).values())
    assert plan_memory(full_size, least) == LADDER[-1]
    with pytest.raises(UsageError):
        plan_memory(full_size, least - 1)


def test_what_the_process_holds_already_counts(full_size: Sizes) -> None:
    holding = replace(full_size, resident=500 * MB)
    assert max(peaks(holding, MemoryPlan()).values()) > max(peaks(full_size, MemoryPlan()).values())
    with pytest.raises(UsageError):
        plan_memory(holding, 300 * MB)


@pytest.mark.parametrize(
    ("text", "n"),
    [("300MB", 300_000_000), ("1.5 GB", 1_500_000_000), ("512MiB", 512 << 20), ("64kb", 64_000)],
)
def test_amounts(text: str, n: int) -> None:
    assert parse_bytes(text) == n


@pytest.mark.parametrize(
    "text", ["", "300", "MB", "-3MB", "0MB", "nanMB", "1e3MB", "3TB", "9" * 400 + "GB", "٣MB\n"]
)
def test_nonsense_amounts(text: str) -> None:
    with pytest.raises(UsageError, match="no amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize("plan", [LADDER[2], replace(LADDER[-1], max_positions=1000)])
def test_a_plan_changes_memory_not_speech(
    plan: MemoryPlan, synthesizer: Synthesizer, tiny_bundle: Path
) -> None:
    frugal = Synthesizer(synthesizer.bundle, 1, plan)
    ours = frugal.speak("你好，世界。", seed=3)
    theirs = synthesizer.speak("你好，世界。", seed=3)
    np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-4)
    held = {"lm", "flow", "vocoder"} & set(frugal.__dict__)
    assert held == (set() if plan.staged else {"lm", "flow", "vocoder"})
    assert ("tokenizer" in frugal.reader.__dict__) is not plan.staged


def test_one_utterance_frees_its_last_stage_too(synthesizer: Synthesizer) -> None:
    frugal = Synthesizer(synthesizer.bundle, 1, MemoryPlan(staged=True))
    frugal.utter(frugal.plan(Request("你好，世界。", seed=3))[0])
    assert not {"lm", "flow", "vocoder"} & set(frugal.__dict__)


def test_in_chunks_a_frugal_plan_speaks_whole_sentences(synthesizer: Synthesizer) -> None:
    frugal = Synthesizer(synthesizer.bundle, 1, LADDER[-1])
    text = "你好，世界。今天天气很好。"
    assert len(list(frugal.stream(text, seed=3))) == len(frugal.plan(Request(text)))
    assert "flow" not in frugal.__dict__


def test_texts_are_cut_so_that_no_sentence_outgrows_the_plan(synthesizer: Synthesizer) -> None:
    plan = LADDER[-1]
    frugal = Synthesizer(synthesizer.bundle, 1, plan)
    text = "今天天气很好我们一起去公园散步吧 we buy 17 apples, 顺便去买一点东西。" * 30
    utterances = frugal.plan(Request(text))
    assert max(u.n_positions for u in utterances) <= plan.max_positions
    assert len(utterances) > len(synthesizer.plan(Request(text)))


def test_a_prompt_that_leaves_no_room_is_refused(synthesizer: Synthesizer) -> None:
    voice = replace(
        synthesizer.reader.voice(None),
        prompt_tokens=np.zeros(400, np.int64),
        prompt_mel=np.zeros((20, synthesizer.bundle.manifest.model.flow.n_mels), np.float32),
    )
    frugal = Synthesizer(synthesizer.bundle, 1, LADDER[-1])
    with pytest.raises(UsageError, match="the memory budget allows 380"):
        frugal.speak("你好。", voice=voice)


def test_the_encoders_of_recordings_are_over_a_small_budget(synthesizer: Synthesizer) -> None:
    with pytest.raises(UsageError, match="no room for the encoders"):
        _ = Synthesizer(synthesizer.bundle, 1, LADDER[-1]).recordings


def test_a_budget_on_the_command_line(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["speak", "你好。", "--model", str(tiny_bundle), "-o", str(tmp_path / "a.wav")]
    for budget, reason in (("1MB", "too small for this model"), ("lots", "no amount of memory")):
        assert main([*arguments, "--memory-budget", budget]) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
    assert main([*arguments, "--memory-budget", "30GB"]) == 0
    assert main(["batch", "-", str(tmp_path), "--model", str(tiny_bundle),
                 "--memory-budget", "1KB"]) == 2  # fmt: skip


def test_sizes_are_those_of_the_bundle(synthesizer: Synthesizer) -> None:
    sizes = sizes_of(synthesizer.bundle)
    assert set(sizes.weights) == set(INT4)
    assert all(n > 0 for n in sizes.weights.values())
    assert (sizes.resident > 10 * MB) == pages.STATM.exists()


def test_code_is_dropped_only_where_it_can_be_read_again(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.write_text(
        "1000-3000 r-xp 00000000 08:01 5   /lib/a file.so\n"
        "3000-4000 rwxp 00000000 08:01 5   /lib/a file.so\n"
        "4000-5000 r--p 00000000 08:01 5   /lib/a file.so\n"
        "5000-6000 r-xp 00000000 00:00 0   [vdso]\n"
        "6000-7000 r-xp 00000000 00:00 0\n"
    )
    assert pages._code(maps) == [(0x1000, 0x2000)]
    assert pages._code(tmp_path / "none") == []
    pages.give_back()


HEAPS = """
import ctypes, sys, threading
from cosyvoice_lite.runtime import pages
libc = ctypes.CDLL(None)
if len(sys.argv) > 2:
    pages.share_heap()
thread = threading.Thread(target=libc.malloc, args=(1000,))
thread.start()
thread.join()
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of threads are glibc's")
def test_threads_share_a_heap(tmp_path: Path) -> None:
    def n_heaps(*shared: str) -> int:
        info = tmp_path / "info.xml"
        subprocess.run([sys.executable, "-c", HEAPS, str(info), *shared], check=True)
        return info.read_text().count("<heap nr=")

    assert n_heaps() > 1
    assert n_heaps("shared") == 1
