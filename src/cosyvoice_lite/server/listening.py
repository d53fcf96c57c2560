"""Is it a recording? Decoded in a process of its own: the service has no decoders in its memory,
and what is sent to break one breaks nothing else.

Run as a module it reads a recording from standard input and prints what is wrong with it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cosyvoice_lite.errors import AudioError, OverloadError
from cosyvoice_lite.server.pipes import fed

COMMAND = (sys.executable, "-m", "cosyvoice_lite.server.listening")
LONGEST_S = 20.0
MAX_WAITING = 16
UNUSABLE = 3
SHORTEST_SPEECH_S = 0.5


class Turns:
    """Recordings are heard one at a time, and few may wait: each is megabytes on the disk."""

    def __init__(self) -> None:
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        Raises:
            OverloadError: too many wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise OverloadError("too many recordings wait to be heard", "queue_full", LONGEST_S)
        self._waiting += 1
        try:
            await self._one.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._one.release()


async def check_recording(content: bytes) -> None:
    """Decode a recording, and forget it.

    Raises:
        AudioError: it can't be read, has no sound in it, or takes too long.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        told = await asyncio.wait_for(_told(process, content), LONGEST_S)
    except asyncio.TimeoutError:
        raise AudioError("the recording takes too long to decode") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == UNUSABLE:
        raise AudioError(told.decode())
    if process.returncode:
        raise AudioError("the recording can't be decoded")


async def _told(process: asyncio.subprocess.Process, content: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    await fed(process.stdin, content)
    process.stdin.close()
    told = await process.stdout.read()
    await process.wait()
    return told


def main() -> int:
    from cosyvoice_lite.audio.codecs import read_wave

    try:
        audio = read_wave(sys.stdin.buffer.read())
        if audio.duration_s < SHORTEST_SPEECH_S:
            raise AudioError(
                f"the recording lasts {audio.duration_s:.2f} s: nobody speaks so short"
            )
        if not audio.samples.any():
            raise AudioError("the recording is silent")
    except AudioError as error:
        sys.stdout.buffer.write(str(error).encode())
        return UNUSABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
