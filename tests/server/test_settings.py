"""Settings: the command line over the environment over the file; what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cosyvoice_lite.cli import main
from cosyvoice_lite.errors import UsageError
from cosyvoice_lite.server.consents import Consent
from cosyvoice_lite.server.records import read_records
from cosyvoice_lite.server.run import address, bound
from cosyvoice_lite.server.settings import HIDDEN, Settings, knobs, resolve


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
