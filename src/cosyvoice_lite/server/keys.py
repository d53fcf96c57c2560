"""Who may ask: keys, of which only digests are kept."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from starlette.datastructures import Headers

from cosyvoice_lite.errors import UsageError


class Keys:
    """The keys that may ask; without any, anybody may."""

    def __init__(self, keys: list[str]) -> None:
        self.digests = [_digest(key) for key in keys]

    @classmethod
    def read(cls, listed: str, file: str) -> Keys:
        """Keys from a list with commas and from a file with lines.

        Raises:
            UsageError: no such file, or it holds no key.
        """
        keys = [key.strip() for key in listed.split(",") if key.strip()]
        if file:
            try:
                lines = Path(file).read_text("utf-8").splitlines()
            except OSError as error:
                raise UsageError(f"{file}: {error.strerror}") from None
            found = [line.strip() for line in lines if line.strip() and line[0] != "#"]
            if not found:
                raise UsageError(f"{file}: holds no key")
            keys += found
        return cls(keys)

    @property
    def wanted(self) -> bool:
        return bool(self.digests)

    def owner(self, headers: Headers) -> str | None:
        """The name under which a key's requests are counted; None if it is none of ours."""
        presented = _digest(presented_key(headers))
        known = [hmac.compare_digest(presented, digest) for digest in self.digests]
        return f"key:{presented.hex()[:16]}" if any(known) else None


def presented_key(headers: Headers) -> str:
    """The key of a request, by any of the names that clients have for it."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or headers.get("xi-api-key") or ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
