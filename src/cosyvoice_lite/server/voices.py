"""The voices that can be asked for: the model's own, and those that were added and are kept.

An added voice is two files, named by an id drawn here and never by what a client sent:
<id>.safetensors, the voice, and <id>.json, its name, its consent and where it came from.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cosyvoice_lite.server.identity import Identity
from cosyvoice_lite.server.names import gender, parse_blend, preset, unknown_voice, voice_id
from cosyvoice_lite.server.problems import Problem
from cosyvoice_lite.server.records import read_records

LOG = logging.getLogger("cosyvoice_lite.voices")
PREFIX = "voice_"
MAX_VOICES = 1000
_ID = re.compile(r"voice_[0-9a-f]{16}")


@dataclass(frozen=True)
class AddedVoice:
    """What is kept about a voice beside its arrays."""

    id: str
    name: str
    kind: str
    """"clone" or "blend"."""
    created_at: int
    model: str
    """The manifest's digest of the model it was made with."""
    language: str | None = None
    consent: str | None = None
    """What the person who speaks agreed to, as the client said it; or the id of a consent."""
    has_transcript: bool = False


@dataclass(frozen=True)
class VoiceRef:
    """A voice that is known to exist: parts with weights, of which most voices have one."""

    parts: tuple[tuple[str, float], ...]
    """(the model's name of a voice, or an added voice's id) with its weight."""

    @property
    def key(self) -> str:
        """The same for equal voices."""
        if len(self.parts) == 1:
            return self.parts[0][0]
        return "+".join(f"{name}({weight:.9g})" for name, weight in sorted(self.parts))

    @property
    def kind(self) -> str:
        if len(self.parts) > 1:
            return "blend"
        return "clone" if is_added(self.parts[0][0]) else "preset"


class Voices:
    """All voices of one service."""

    def __init__(self, identity: Identity, folder: Path, default: str = "") -> None:
        self.identity = identity
        self.folder = folder
        self.added = {voice.id: voice for voice in read_records(AddedVoice, folder, is_added)}
        self.default = default

    def find(self, asked: str | None) -> VoiceRef:
        """The voice meant by an id, a name, an alias or a blend of those; by default the first,
        or that of the settings.

        Raises:
            Problem: there is none.
        """
        names = list(self.identity.voices)
        wanted = asked or self.default or (names[0] if names else "")
        if (one := self._one(wanted)) is not None:
            return VoiceRef(((one, 1.0),))
        if "+" not in wanted and "(" not in wanted:
            raise unknown_voice(wanted, self.ids())
        weights: dict[str, float] = {}
        for name, weight in parse_blend(wanted):
            if (found := self._one(name)) is None:
                raise unknown_voice(name, self.ids())
            weights[found] = weights.get(found, 0.0) + weight
        if len(weights) == 1:
            return VoiceRef(((next(iter(weights)), 1.0),))
        return VoiceRef(tuple(weights.items()))

    def _one(self, asked: str) -> str | None:
        if asked in self.added:
            return asked
        if (name := preset(asked, list(self.identity.voices))) is not None:
            return name
        return next((v.id for v in self.added.values() if v.name == asked), None)

    def ids(self) -> list[str]:
        return [voice_id(name) for name in self.identity.voices]

    def rows(self, with_added: bool = True) -> list[dict[str, Any]]:
        """Voices as the list shows them."""
        rows = [self._preset_row(name) for name in self.identity.voices]
        return rows + [self._added_row(v) for v in self.added.values() if with_added]

    def row(self, asked: str) -> dict[str, Any]:
        """One of them.

        Raises:
            Problem: there is none (404).
        """
        name = self._one(asked)
        if name is None:
            raise unknown_voice(asked, self.ids(), 404)
        if name in self.added:
            return self._added_row(self.added[name])
        return self._preset_row(name)

    async def add(
        self, name: str, kind: str, write: Callable[[Path], Awaitable[None]], **facts: Any
    ) -> dict[str, Any]:
        """Keep a voice whose arrays `write` puts into a file; whole or not at all.

        Raises:
            Problem: there are too many, or the disk refuses.
        """
        if len(self.added) >= MAX_VOICES:
            raise Problem(403, "feature_disabled", f"there are {MAX_VOICES} added voices already")
        voice = AddedVoice(
            id=PREFIX + secrets.token_hex(8),
            name=name,
            kind=kind,
            created_at=int(time.time()),
            model=self.identity.digest,
            **facts,
        )
        about = self.folder / f"{voice.id}.json"
        partial = about.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            await write(voice_file(self.folder, voice.id))
            partial.write_text(json.dumps(asdict(voice), ensure_ascii=False), "utf-8")
            os.replace(partial, about)  # what has no .json does not exist
        except BaseException as error:
            for path in (partial, voice_file(self.folder, voice.id)):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                LOG.error("a voice can't be written: %s", error)
                raise Problem(500, "internal_error", "the voice can't be written") from error
            raise
        self.added[voice.id] = voice
        return self._added_row(voice)

    def made_with(self, consent: str) -> list[str]:
        """Ids of the voices that stand on a consent."""
        return [voice.id for voice in self.added.values() if voice.consent == consent]

    def delete(self, asked: str) -> str:
        """Forget an added voice; returns its id.

        Raises:
            Problem: there is none, or it is the model's own.
        """
        name = self._one(asked)
        if name is None:
            raise unknown_voice(asked, self.ids(), 404)
        if name not in self.added:
            raise Problem(403, "feature_disabled", "the model's own voices stay", "voice")
        del self.added[name]
        for path in (self.folder / f"{name}.json", voice_file(self.folder, name)):
            path.unlink(missing_ok=True)
        return name

    def _preset_row(self, name: str) -> dict[str, Any]:
        return {
            "id": voice_id(name),
            "name": name,
            "language": self.identity.voices[name],
            "gender": gender(name),
            "kind": "preset",
            "sample_rate": self.identity.sample_rate,
            "created_at": self.identity.created,
        }

    def _added_row(self, voice: AddedVoice) -> dict[str, Any]:
        return {
            "id": voice.id,
            "name": voice.name,
            "language": voice.language,
            "gender": None,
            "kind": voice.kind,
            "sample_rate": self.identity.sample_rate,
            "created_at": voice.created_at,
        }


def is_added(name: str) -> bool:
    """Whether a name is the id of an added voice."""
    return _ID.fullmatch(name) is not None


def voice_file(folder: Path, added: str) -> Path:
    """Where the arrays of an added voice are."""
    return folder / f"{added}.safetensors"
