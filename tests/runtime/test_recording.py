"""Voices from recordings, end to end, with small stand-ins for the authors' two encoders."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cosyvoice_lite.audio.codecs import write_wave
from cosyvoice_lite.audio.waveform import Audio
from cosyvoice_lite.cli import main
from cosyvoice_lite.config import Sampling
from cosyvoice_lite.convert.pipeline import convert
from cosyvoice_lite.errors import AudioError, VoiceError
from cosyvoice_lite.runtime.recording import RecordingEncoder
from cosyvoice_lite.runtime.synthesizer import Synthesizer
from cosyvoice_lite.runtime.voice import Voice
from cosyvoice_lite.text.phonemes.tokenizer import PhonemeTokenizer
from oracles import Array

SHORT = Sampling(max_token_text_ratio=3.0)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, list[int | str]]],
    output: tuple[str, int, list[int | str]],
    constants: dict[str, Array],
) -> None:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(n, kind, dims) for n, (kind, dims) in inputs.items()],
        [helper.make_tensor_value_info(*output)],
        [onnx.numpy_helper.from_array(a, n) for n, a in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=opset), str(path))


def speaker_encoder(path: Path) -> None:
    """(1, T, 80) → (1, 192): the mean over time through a fixed matrix."""
    matrix = np.random.default_rng(0).standard_normal((80, 192), np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["feats"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "matrix"], ["embedding"]),
    ]
    feats: dict[str, tuple[int, list[int | str]]] = {"feats": (TensorProto.FLOAT, [1, "T", 80])}
    _save(path, nodes, feats, ("embedding", TensorProto.FLOAT, [1, 192]), {"matrix": matrix})


def speech_tokenizer(path: Path) -> None:
    """(1, 128, T) and T → (1, ⌈T/2⌉): how loud every second frame is, as a token."""
    nodes = [
        helper.make_node("ReduceMean", ["feats"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["length"], ["end"], to=TensorProto.INT64),
        helper.make_node("Slice", ["mean", "zero", "end", "one", "two"], ["half"]),
        helper.make_node("Mul", ["half", "scale"], ["scaled"]),
        helper.make_node("Abs", ["scaled"], ["positive"]),
        helper.make_node("Cast", ["positive"], ["tokens"], to=TensorProto.INT32),
    ]
    constants = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "two": np.array([2]),
        "scale": np.array(500, np.float32),
    }
    inputs: dict[str, tuple[int, list[int | str]]] = {
        "feats": (TensorProto.FLOAT, [1, 128, "T"]),
        "length": (TensorProto.INT32, [1]),
    }
    _save(path, nodes, inputs, ("tokens", TensorProto.INT32, [1, "N"]), constants)


@pytest.fixture(scope="module")
def cloner(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    """The tiny model with both encoders beside it."""
    folder = tmp_path_factory.mktemp("cloner")
    shutil.copytree(tiny_checkpoint, folder / "c")
    speaker_encoder(folder / "c" / "campplus.onnx")
    speech_tokenizer(folder / "c" / "speech_tokenizer_v1.onnx")
    convert(folder / "c", folder / "bundle", precision="fp32")
    return Synthesizer.open(folder / "bundle", threads=1)


def hum(seconds: float, rate: int = 22050) -> Audio:
    t = np.arange(round(seconds * rate)) / rate
    samples = 0.3 * np.sin(2 * np.pi * 180 * t) * (1 + np.sin(2 * np.pi * 3 * t)) / 2
    return Audio(samples.astype(np.float32), rate)


def test_a_recording_becomes_a_voice(cloner: Synthesizer) -> None:
    voice = cloner.clone(hum(2.0), "Good morning.", name="me")
    assert voice.name == "me"
    assert voice.speaker_embedding.shape == (192,)
    assert voice.has_prompt
    assert len(voice.prompt_tokens) == pytest.approx(100, abs=1)  # 50 a second
    assert len(voice.prompt_mel) == pytest.approx(2 * 22050 / 256, abs=1)
    assert voice.prompt_mel.shape[1] == 80
    assert voice.prompt_text == tuple(PhonemeTokenizer().encode("Good morning."))


@pytest.mark.parametrize("mode", [None, "zero_shot", "cross_lingual", "sft"])
def test_a_cloned_voice_speaks_in_every_mode(mode: str | None, cloner: Synthesizer) -> None:
    voice = cloner.clone(hum(1.5), "Good morning.")
    for text in ("Hello there.", "你好。"):
        speech = cloner.speak(text, voice=voice, mode=mode, seed=1, sampling=SHORT)
        assert speech.duration_s > 0.1
        streamed = list(cloner.stream(text, voice=voice, mode=mode, seed=1, sampling=SHORT))
        assert sum(a.samples.size for a in streamed) == speech.samples.size


def test_modes_differ_in_what_the_two_stages_hear(cloner: Synthesizer) -> None:
    voice = cloner.clone(hum(1.5), "Good morning.")
    spoken = [
        cloner.speak("Hello.", voice=voice, mode=mode, seed=1, sampling=SHORT).samples[:3000]
        for mode in ("zero_shot", "cross_lingual", "sft")
    ]
    assert not np.array_equal(spoken[0], spoken[1])
    assert not np.array_equal(spoken[1], spoken[2])
    without = cloner.clone(hum(1.5))
    with pytest.raises(VoiceError, match="needs the words of its recording"):
        cloner.speak("Hello.", voice=without, mode="zero_shot")
    natural = cloner.speak("Hello.", voice=without, seed=1, sampling=SHORT).samples[:3000]
    assert np.array_equal(natural, spoken[1])


def test_a_saved_voice_speaks_as_before_and_needs_no_encoders(
    cloner: Synthesizer, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    voice = cloner.clone(hum(1.5), "Good morning.")
    voice.save(tmp_path / "me.safetensors")
    loaded = Voice.load(tmp_path / "me.safetensors")
    assert loaded.name == "me"
    assert loaded.prompt_text == voice.prompt_text
    expected = cloner.speak("Hello.", voice=voice, seed=1, sampling=SHORT).samples
    for model in (cloner, synthesizer):
        spoken = model.speak("Hello.", voice=loaded, seed=1, sampling=SHORT).samples
        np.testing.assert_array_equal(spoken, expected)


def test_a_recording_is_said_again_in_another_voice(cloner: Synthesizer) -> None:
    source = hum(2.0, 16000)
    target = cloner.clone(hum(1.5))
    for voice in (target, cloner.voices["中文女"]):
        said = cloner.convert_voice(source, voice, seed=3)
        n_tokens = len(cloner.recordings.speech_tokens(source))
        frames = cloner.bundle.manifest.model.frames(n_tokens)
        assert said.samples.size == frames * 256
        assert np.array_equal(said.samples, cloner.convert_voice(source, voice, seed=3).samples)


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (hum(2.0, 8000), "has 8000 Hz, at least 16000"),
        (hum(31.0, 16000), "lasts 31.0 s, it must be between 0.5 and 30"),
        (hum(30.01, 16000), "lasts 30.0 s"),
        (hum(0.1), "lasts 0.1 s"),
    ],
    ids=["8 kHz", "31 s", "a little over 30 s", "0.1 s"],
)
def test_a_recording_that_can_not_serve_says_why(
    recording: Audio, message: str, cloner: Synthesizer
) -> None:
    with pytest.raises(AudioError, match=message):
        cloner.clone(recording)
    with pytest.raises(AudioError, match=message):
        cloner.convert_voice(recording, cloner.voices["中文女"])


@pytest.mark.parametrize("seconds", [0.5, 30.0])
def test_the_shortest_and_the_longest_recording_serve(seconds: float, cloner: Synthesizer) -> None:
    assert cloner.clone(hum(seconds, 16000)).has_prompt


def test_silence_is_refused_or_makes_a_sound_voice(cloner: Synthesizer) -> None:
    """Nothing but zeros in must not come out as NaN."""
    silent = Audio(np.zeros(22050, np.float32), 22050)
    try:
        voice = cloner.clone(silent)
    except AudioError:
        return
    assert np.isfinite(cloner.speak("Hello.", voice=voice, seed=1, sampling=SHORT).samples).all()


def test_a_model_without_encoders_says_which_are_missing(synthesizer: Synthesizer) -> None:
    with pytest.raises(VoiceError, match=r"recordings need campplus\.onnx, .*: pull 300M$"):
        synthesizer.clone(hum(2.0))


def test_an_encoder_that_is_no_graph_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_checkpoint, tmp_path / "c")
    for name in ("campplus.onnx", "speech_tokenizer_v1.onnx"):
        (tmp_path / "c" / name).write_bytes(b"not a graph")
    convert(tmp_path / "c", tmp_path / "b")
    with pytest.raises(Exception, match=r"campplus\.onnx: ONNX Runtime can't run it") as caught:
        RecordingEncoder(Synthesizer.open(tmp_path / "b").bundle, 1)
    assert "\n" not in str(caught.value)


# --- from the command line ---------------------------------------------------------------------


def test_the_command_clones_saves_and_converts(
    cloner: Synthesizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stereo = tmp_path / "stereo.wav"
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(stereo, np.stack([hum(1.5).samples] * 2, axis=1), 22050)
    saved, out = tmp_path / "me.safetensors", tmp_path / "out.wav"
    model = ["--model", str(cloner.bundle.path), "--seed", "1", "-o", str(out)]
    prompt = ["--prompt-audio", str(stereo), "--prompt-text", "Good morning."]
    assert main(["speak", "Hello.", *model, *prompt, "--save-voice", str(saved)]) == 0
    first = out.read_bytes()
    out.unlink()
    assert main(["speak", "Hello.", *model, "--voice", str(saved)]) == 0
    assert out.read_bytes() == first
    assert main(["convert-voice", str(stereo), *model, "--voice", "中文女"]) == 0
    assert out.stat().st_size > 20_000
    capsys.readouterr()


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not sound at all", b"ID3\x04" + bytes(100), None]
)
def test_a_broken_recording_is_one_line(
    content: bytes | None,
    cloner: Synthesizer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "prompt.wav"
    if content is not None:
        path.write_bytes(content)
    out = tmp_path / "out.wav"
    options = ["--model", str(cloner.bundle.path), "-o", str(out)]
    assert main(["speak", "Hello.", *options, "--prompt-audio", str(path)]) == 1
    assert main(["convert-voice", str(path), *options]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("cosyvoice-lite: error: ") for line in lines)
    assert not out.exists()


def test_a_prompt_longer_than_thirty_seconds_is_one_line(
    cloner: Synthesizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wave(tmp_path / "long.wav", hum(31.0, 16000))
    options = ["--model", str(cloner.bundle.path), "-o", str(tmp_path / "out.wav")]
    code = main(["speak", "Hello.", *options, "--prompt-audio", str(tmp_path / "long.wav")])
    assert code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "lasts 31.0 s, it must be between 0.5 and 30 s" in line
