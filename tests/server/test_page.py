"""The page in a real browser, in front of a stand-in for the three routes it uses."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin import PAGE, StandIn, serving, speech

from cosyvoice_lite.audio.codecs import read_wave

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SHOTS = os.environ.get("COSYVOICE_LITE_SCREENSHOTS")
TEXT = "今天天气很好。Good morning, my friend. おはようございます。"


# --- what needs no browser -------------------------------------------------------------------


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    html = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", html)
    for path in PAGE.iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(", text), path.name
    for name in re.findall(r'(?:href|src)="(page/[^"]+)"', html):
        assert (PAGE / name.removeprefix("page/")).is_file(), name


def test_every_control_has_a_name() -> None:
    html = (PAGE / "index.html").read_text("utf-8")
    for tag in re.findall(r"<(?:select|input|textarea|canvas)[^>]*>", html):
        identity = re.search(r'id="(\w+)"', tag)
        assert identity is not None
        labelled = f'for="{identity[1]}"' in html or "aria-label=" in tag
        inside = re.search(rf"<label[^>]*>(?:(?!</label>).)*{re.escape(tag)}", html, re.DOTALL)
        assert labelled or inside, tag


# --- in a browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs a Chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield opened
        opened.close()


@pytest.fixture
def server() -> Iterator[StandIn]:
    with serving() as running:
        yield running


@pytest.fixture
def page(browser: Any, server: StandIn) -> Iterator[Any]:
    yield from opened(browser, server)


def opened(browser: Any, server: StandIn, **settings: Any) -> Iterator[Any]:
    """A page whose console stays empty: no error, no breach of the policy."""
    context = browser.new_context(**{"viewport": {"width": 1000, "height": 820}, **settings})
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(server.url)
    tab.wait_for_selector("#voice:enabled")
    yield tab
    context.close()
    expected = "Failed to load resource: the server responded with a status of"
    refused = tuple(f"{expected} {status}" for status in (401, 503))
    assert [line for line in complaints if not line.startswith(refused)] == []
    assert server.unknown == []


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def speak(page: Any, text: str = TEXT) -> None:
    page.fill("#text", text)
    page.click("#speak")
    page.wait_for_selector("#speak:not([data-stop])")


@pytest.mark.slow
def test_a_text_is_spoken_as_the_form_says(page: Any, server: StandIn) -> None:
    page.select_option("#voice", "en_female")
    page.select_option("#language", "zh")
    page.select_option("#emotion", "happy")
    page.fill("#speed", "1.25")
    assert page.inner_text("#pace") == "1.25×"
    speak(page)
    assert server.asked == [
        {
            "model": "tts-1",
            "input": TEXT,
            "voice": "en_female",
            "speed": 1.25,
            "language": "zh",
            "emotion": "happy",
            "response_format": "pcm",
            "stream": True,
        }
    ]
    facts = page.inner_text("#facts")
    assert re.fullmatch(
        r"3\.0 s of speech · first sound \d\.\d s · RTF \d\.\d\d · queued 1\.2 s", facts
    )
    assert page.inner_text("#clock").endswith("/ 0:03")
    shot(page, "spoken")


@pytest.mark.slow
def test_an_example_brings_a_voice_that_speaks_its_language(page: Any) -> None:
    assert page.input_value("#voice") == "zh_female"
    page.click("#examples [data-language=en]")
    assert page.input_value("#voice") == "en_female"
    page.click("#examples [data-language=ko]")
    assert page.input_value("#voice") == "en_female"  # there is none at home in it


@pytest.mark.slow
def test_it_is_heard_while_it_comes_and_seen(page: Any, server: StandIn) -> None:
    server.pause_s = 0.15
    page.fill("#text", TEXT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#play[data-playing]")
    assert page.inner_text("#speak") == "Stop"
    page.wait_for_selector("#wave:not([aria-valuenow^='0.'])")
    page.wait_for_selector("#speak:not([data-stop])")
    page.wait_for_selector("#play:not([data-playing])")
    painted = page.evaluate(
        "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(x => x))"
        "(document.getElementById('wave'))"
    )
    assert painted
    assert page.inner_text("#clock") == "0:03 / 0:03"


@pytest.mark.slow
def test_keys_move_through_the_sound(page: Any) -> None:
    page.uncheck("#live")
    speak(page)
    page.click("#play")
    page.focus("#wave")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#wave", "aria-valuenow") == "2.0"
    page.keyboard.press("End")
    assert page.get_attribute("#wave", "aria-valuenow") == "3.0"
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_selector("#play[data-playing]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#play:not([data-playing])")


@pytest.mark.slow
def test_stopping_leaves_the_server(page: Any, server: StandIn) -> None:
    server.pause_s = 0.3
    page.fill("#text", "x" * 600)
    page.click("#speak")
    page.wait_for_selector("#play:enabled")
    page.click("#speak")
    page.wait_for_selector("#speak:not([data-stop])")
    for _ in range(40):
        if server.cancelled:
            break
        page.wait_for_timeout(100)
    assert server.cancelled == 1
    assert page.is_hidden("#error")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_the_same_speech_is_downloaded(
    kind: str, page: Any, server: StandIn, tmp_path: Path
) -> None:

    speak(page)
    page.select_option("#format", kind)
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == f"speech.{kind}"
    download.value.save_as(tmp_path / "x")
    if kind == "wav":
        audio = read_wave(tmp_path / "x")
        assert audio.sample_rate == 24000
        assert (audio.to_int16() == speech(TEXT)).all()
        assert len(server.asked) == 1
    else:
        assert (tmp_path / "x").read_bytes() == b"encoded flac"
        again = server.asked[1]
        assert (again["seed"], again["stream"], again["response_format"]) == (4711, False, "flac")


@pytest.mark.slow
def test_a_refusal_is_told_in_words(page: Any, server: StandIn) -> None:
    server.depth = 16
    speak(page, "overload")
    assert page.inner_text("#error") == "The queue is full. Try again in 7 s."
    assert page.is_hidden("#result")
    page.wait_for_selector("#status[data-state=busy]")
    assert page.inner_text("#status").strip() == "16 of 16 in the queue"
    shot(page, "error")
    server.depth = 0
    speak(page)
    assert page.is_hidden("#error")


@pytest.mark.slow
def test_a_key_is_asked_for_where_one_is_wanted(page: Any, server: StandIn) -> None:
    speak(page)
    assert page.is_hidden("#lock")
    server.key = "sk-1"
    speak(page)
    assert page.inner_text("#error") == "missing or wrong API key"
    assert page.evaluate("document.activeElement.id") == "key"
    shot(page, "key")
    page.fill("#key", "钥匙")  # no header can hold it
    page.click("#speak")
    assert page.evaluate("document.getElementById('key').validity.patternMismatch")
    page.fill("#key", "sk-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#play[data-playing]")
    assert page.is_hidden("#error")
    assert len(server.asked) == 2


@pytest.mark.slow
def test_a_model_without_emotions_is_not_asked_for_any(browser: Any, server: StandIn) -> None:
    server.capabilities = ["sft"]
    for page in opened(browser, server):
        assert page.is_disabled("#emotion")
        speak(page)
        assert "emotion" not in server.asked[0]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 390])
def test_it_fits_and_can_be_read(scheme: str, width: int, browser: Any, server: StandIn) -> None:
    viewport = {"width": width, "height": 844}
    for page in opened(browser, server, viewport=viewport, color_scheme=scheme):
        shot(page, f"empty-{scheme}-{width}")
        page.uncheck("#live")
        speak(page)
        page.wait_for_timeout(1500)
        shot(page, f"page-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert contrast(page, "#count") >= 4.5
        assert contrast(page, "#speak") >= 4.5
        small = page.eval_on_selector_all(
            "button, select", "all => all.filter(e => e.offsetHeight && e.offsetHeight < 24).length"
        )
        assert small == 0


def contrast(page: Any, selector: str) -> float:
    """Of a text with what is behind it, as WCAG 2 has it."""
    colours = page.eval_on_selector(
        selector,
        """e => {
            const opaque = (n) => {
                const c = getComputedStyle(n).backgroundColor;
                return c === 'rgba(0, 0, 0, 0)' ? opaque(n.parentElement) : c;
            };
            return [getComputedStyle(e).color, opaque(e)];
        }""",
    )
    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.slow
def test_everything_is_reached_by_keys_and_seen_to_be(page: Any) -> None:
    page.uncheck("#live")
    speak(page)
    page.focus("#text")
    reached = []
    for _ in range(16):
        reached.append(page.evaluate("document.activeElement.id"))
        outlined = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            " || document.activeElement.id === 'text'"
        )
        assert outlined, reached
        page.keyboard.press("Tab")
    order = ["text", "voice", "language", "emotion", "speed", "live", "speak", "play", "wave"]
    assert [name for name in reached if name in order] == order
