"""One HTTP request, and the patience to repeat it: the only file that speaks to the network."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

from cosyvoice_lite import __version__
from cosyvoice_lite.errors import DownloadError, UsageError

T = TypeVar("T")

BLOCK = 2**18
MAX_TEXT = 32 * 2**20  # of an index or a file list; the longest real ones have a tenth of it
LIST_ATTEMPTS = 3  # lists come first: without a network, say so within seconds
PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses worth another try
RANGE_REFUSED = 416


class TransientError(Exception):
    """A fault that may pass; never leaves this package."""

    def __init__(self, reason: str, *, wait_s: float = 0.0, status: int | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.status = status


@dataclass(frozen=True)
class Patience:
    """How long to bear a bad connection."""

    attempts: int = 5
    """Failures in a row, without one new byte, before giving up."""
    first_wait_s: float = 1.0
    """Before the second attempt; doubles from there."""
    longest_wait_s: float = 60.0
    timeout_s: float = 30.0
    """Silence on an open connection that counts as a failure."""
    advice: str = "check the network or set a mirror"
    """What who has lost patience can do."""
    sleep: Callable[[float], None] = time.sleep


def persist(
    what: str, patience: Patience, attempt: Callable[[], T], done: Callable[[], int] = lambda: 0
) -> T:
    """Repeat `attempt` through transient faults; each one that got further starts the count anew.

    Args:
        what: is being fetched, for the message.
        done: bytes that have arrived so far.

    Raises:
        DownloadError: the last fault, when patience is at its end.
    """
    failures = 0
    while True:
        before = done()
        try:
            return attempt()
        except TransientError as fault:
            failures = 1 if done() > before else failures + 1
            if failures >= patience.attempts:
                raise DownloadError(f"{what}: {fault}; {patience.advice}") from None
            wait_s = max(fault.wait_s, patience.first_wait_s * 2 ** (failures - 1))
            patience.sleep(min(wait_s, patience.longest_wait_s))


@contextmanager
def request(
    url: str, patience: Patience, headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """An open answer of status 2xx.

    Raises:
        TransientError: no connection, time-out, or a status that may pass.
        DownloadError: a status that will not.
    """
    agent = {"User-Agent": f"cosyvoice-lite/{__version__}", "Accept-Encoding": "identity"}
    message = urllib.request.Request(url, headers={**agent, **(headers or {})})
    with _network_faults(url):
        response = _opener().open(message, timeout=patience.timeout_s)
    with response:
        yield response


def blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives.

    Raises:
        TransientError: the connection broke.
    """
    while True:
        with _network_faults(response.url):
            block = response.read1(BLOCK)
        if not block:
            return
        yield block


def fetch_text(url: str, patience: Patience, accept: str) -> tuple[str, str, str]:
    """A short document: its text, its media type, its address after redirections.

    Raises:
        DownloadError: out of reach, not there, or longer than a list has reason to be.
    """

    def attempt() -> tuple[str, str, str]:
        with request(url, patience, {"Accept": accept}) as response:
            content = bytearray()
            for block in blocks(response):
                content += block
                if len(content) > MAX_TEXT:
                    raise DownloadError(f"{url}: the answer is longer than {MAX_TEXT} bytes")
            if response.length:
                raise TransientError("the connection closed early")
            kind = response.headers.get_content_type()
            return content.decode("utf-8", "replace"), kind, response.url

    soon = replace(patience, attempts=min(patience.attempts, LIST_ATTEMPTS))
    return persist(url, soon, attempt)


def check_address(address: str) -> str:
    """The address of a hub or mirror, without a slash at its end.

    Raises:
        UsageError: not an http or https address.
    """
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f"{address!r} is not an http or https address")
    return address.rstrip("/")


def _opener() -> urllib.request.OpenerDirector:
    """HTTP, HTTPS and proxies; no local files, no FTP, whatever an answer redirects to."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


@contextmanager
def _network_faults(url: str) -> Iterator[None]:
    host = urlsplit(url).hostname
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(url, error) from None
    except urllib.error.URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise TransientError(f"can't reach {host}: {reason}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: bad host name
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise TransientError(f"the connection to {host} broke: {reason}") from None


def _refusal(url: str, error: urllib.error.HTTPError) -> Exception:
    host = urlsplit(url).hostname
    if error.code in PASSING or error.code == RANGE_REFUSED:
        wait = error.headers.get("Retry-After", "")
        wait_s = float(wait) if wait.isdecimal() else 0.0
        return TransientError(f"{host} answers {error.code}", wait_s=wait_s, status=error.code)
    if error.code == http.HTTPStatus.NOT_FOUND:
        return DownloadError(f"{url} does not exist (404)")
    return DownloadError(f"{url}: {host} refuses ({error.code})")
