"""The page in a real browser, on the real service, with the voice that comes with the package."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

import cosyvoice_lite
from server.harness import Server, serving
from server.test_page import browser, shot

pytestmark = pytest.mark.slow
__all__ = ["browser"]
NANO = Path(cosyvoice_lite.__file__).parent / "nano" / "bundle"
TEXT = "Good morning. The third meeting starts at half past nine, and takes forty-five minutes."
INK = """() => {
  const canvas = document.querySelector("#wave");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
  return n / (canvas.width * canvas.height);
}"""


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(NANO, tmp_path_factory.mktemp("nano")) as running:
        yield running


@pytest.fixture(params=[("light", 1000), ("dark", 390)], ids=["desk", "phone"])
def page(request: Any, browser: Any, nano: Server) -> Iterator[Any]:
    scheme, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, accept_downloads=True
    )
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(nano.url)
    tab.wait_for_selector("#voice:enabled")
    tab.name = f"nano-{scheme}-{width}"
    yield tab
    context.close()
    assert complaints == []


def test_it_speaks_shows_and_gives_away(page: Any, nano: Server) -> None:
    shot(page, f"{page.name}-empty")
    moods = "#emotion option:not([hidden])"
    assert page.locator(moods).all_inner_texts()[1:] == ["happy", "sad", "angry"]
    page.select_option("#voice", "ja_female")
    page.select_option("#emotion", "happy")
    page.fill("#text", TEXT)
    page.click("#speak")
    page.wait_for_selector("#speak:not([data-stop])", timeout=60_000)
    page.wait_for_timeout(500)
    assert "s of speech" in page.inner_text("#facts")
    assert page.evaluate(INK) > 0.01
    shot(page, f"{page.name}-spoken")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    lengths = []
    for format in ("wav", "mp3"):
        page.select_option("#format", format)
        with page.expect_download(timeout=60_000) as download:
            page.click("#save")
        content = Path(os.fspath(download.value.path())).read_bytes()
        samples, rate = soundfile.read(io.BytesIO(content))
        lengths.append(len(samples) / rate)
        assert abs(samples).max() > 0.05
    assert lengths[0] > 2
    assert lengths[1] == pytest.approx(lengths[0], abs=0.15)
