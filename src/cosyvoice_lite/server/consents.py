"""Recordings in which people agree that a voice is made of theirs, kept beside the voices.

A consent is two files, named by an id drawn here and never by what a client sent: <id>.recording,
as it was sent, and <id>.json, which is written last: what has none does not exist.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.records import read_records

LOG = logging.getLogger("cosyvoice_lite.consents")
PREFIX = "cons_"
MAX_CONSENTS = 1000
_ID = re.compile(r"cons_[0-9a-f]{16}")


@dataclass(frozen=True)
class Consent:
    """What is kept about a recording of a consent."""

    id: str
    name: str
    language: str
    """BCP 47: in which it is spoken."""
    created_at: int

    @property
    def row(self) -> dict[str, Any]:
        return {"object": "audio.voice_consent", **asdict(self)}


class Consents:
    """All consents of one service, the newest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = {consent.id: consent for consent in read_records(Consent, folder, is_consent)}

    def one(self, asked: str) -> Consent:
        """Raises Problem (404) if there is none."""
        if asked not in self.kept:
            raise Problem(
                404, "consent_not_found", f"there is no consent {asked[:100]!r}", "consent"
            )
        return self.kept[asked]

    def page(self, after: str | None, limit: int) -> dict[str, Any]:
        """The next `limit` behind the consent `after`, as OpenAI's lists are.

        Raises:
            Problem: there is no such consent to go on from.
        """
        ids = list(self.kept)[::-1]
        start = 0
        if after is not None:
            if after not in self.kept:
                raise Problem(400, "invalid_value", "there is no such consent", "after")
            start = ids.index(after) + 1
        shown = ids[start : start + limit]
        return {
            "object": "list",
            "data": [self.kept[number].row for number in shown],
            "first_id": shown[0] if shown else None,
            "last_id": shown[-1] if shown else None,
            "has_more": start + limit < len(ids),
        }

    async def add(self, name: str, language: str, recording: bytes) -> Consent:
        """Keep a recording, whole or not at all.

        Raises:
            Problem: there are too many, or the disk refuses.
        """
        if len(self.kept) >= MAX_CONSENTS:
            raise Problem(403, "feature_disabled", f"there are {MAX_CONSENTS} consents already")
        consent = Consent(PREFIX + secrets.token_hex(8), name, language, int(time.time()))
        await self._written(consent, recording)
        return consent

    async def rename(self, asked: str, name: str) -> Consent:
        """Call one by another name.

        Raises:
            Problem: there is none, or the disk refuses.
        """
        consent = replace(self.one(asked), name=name)
        await self._written(consent, None)
        return consent

    def delete(self, asked: str, voices: Collection[str]) -> None:
        """Forget one that no voice stands on.

        Raises:
            Problem: there is none, or `voices` stand on it.
        """
        consent = self.one(asked)
        if voices:
            raise Problem(
                403, "consent_in_use",
                f"delete the voices made with it first: {', '.join(voices)}"[:300], "consent",
            )  # fmt: skip
        del self.kept[consent.id]
        for path in (self._about(consent.id), self._recording(consent.id)):
            path.unlink(missing_ok=True)

    async def _written(self, consent: Consent, recording: bytes | None) -> None:
        try:
            await asyncio.to_thread(self._write, consent, recording)
        except OSError as error:
            LOG.error("a consent can't be written: %s", error)
            raise Problem(500, "internal_error", "the consent can't be written") from error
        self.kept[consent.id] = consent

    def _write(self, consent: Consent, recording: bytes | None) -> None:
        about = self._about(consent.id)
        partial = about.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if recording is not None:
                self._recording(consent.id).write_bytes(recording)
            partial.write_text(json.dumps(asdict(consent), ensure_ascii=False), "utf-8")
            os.replace(partial, about)
        except OSError:
            leftovers = [partial] if recording is None else [partial, self._recording(consent.id)]
            for path in leftovers:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            raise

    def _about(self, number: str) -> Path:
        return self.folder / f"{number}.json"

    def _recording(self, number: str) -> Path:
        return self.folder / f"{number}.recording"


def is_consent(text: str) -> bool:
    """Whether a text is the id of a consent, and not words of one."""
    return _ID.fullmatch(text) is not None
