"""The five public names, and that they are what a caller was promised."""

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import cosyvoice_lite
from cosyvoice_lite import Audio, CosyError, Sampling, Synthesizer, Voice, errors


def test_there_are_five_names_and_all_can_be_had() -> None:
    assert cosyvoice_lite.__all__ == ["Audio", "CosyError", "Sampling", "Synthesizer", "Voice"]
    for name in cosyvoice_lite.__all__:
        assert inspect.isclass(getattr(cosyvoice_lite, name))
    with pytest.raises(AttributeError, match="no attribute 'Model'"):
        cosyvoice_lite.Model  # noqa: B018


def test_every_error_is_a_cosy_error() -> None:
    kinds = [v for v in vars(errors).values() if inspect.isclass(v)]
    assert len(kinds) >= 8
    assert all(issubclass(kind, CosyError) for kind in kinds)


@pytest.mark.parametrize("thing", [Audio, CosyError, Sampling, Synthesizer, Voice])
def test_public_classes_and_their_methods_are_explained(thing: type) -> None:
    assert thing.__doc__
    for name, member in inspect.getmembers(thing, inspect.isfunction):
        if not name.startswith("_") and name in vars(thing) and thing is not CosyError:
            assert member.__annotations__ or len(inspect.signature(member).parameters) <= 1, name


def test_speak_and_stream_take_the_same_settings() -> None:
    speak, stream = (inspect.signature(f) for f in (Synthesizer.speak, Synthesizer.stream))
    assert speak.parameters == stream.parameters
    for word in ("TextError", "VoiceError", "UsageError"):
        assert word in str(Synthesizer.speak.__doc__)


def test_the_public_names_are_seen_before_they_are_imported() -> None:
    program = "import cosyvoice_lite; print(*dir(cosyvoice_lite)); help(cosyvoice_lite)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    names, page = done.stdout.split("\n", maxsplit=1)
    assert set(cosyvoice_lite.__all__) <= set(names.split())
    assert "class Synthesizer" in page


def test_the_example_speaks_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(str(cosyvoice_lite.__doc__).partition("\n")[2], {})
    assert (tmp_path / "hello.wav").exists()


def test_every_number_of_sampling_is_explained() -> None:
    for field in dataclasses.fields(Sampling):
        assert f"{field.name}: " in str(Sampling.__doc__)


def test_a_voice_is_shown_in_a_line(synthesizer: Synthesizer) -> None:
    voice = synthesizer.voices["中文女"]
    assert repr(voice) == "Voice(name='中文女', language='zh')"


def test_two_lines_make_speech(tiny_bundle: Path, tmp_path: Path) -> None:
    speech = Synthesizer.open(tiny_bundle).speak("你好。", voice="中文女")
    speech.save(tmp_path / "hello.wav")
    assert isinstance(speech, Audio)
    assert speech.sample_rate == 22050
    assert (tmp_path / "hello.wav").stat().st_size == 44 + 2 * speech.samples.size


def test_the_package_is_typed() -> None:
    assert (Path(cosyvoice_lite.__file__).parent / "py.typed").exists()
