"""A speaker in a process of its own, whose lines a face reads and to which it says words.

It knows processes, pipes and JSON; it must not know what the lines mean. The speaker stays as lean as without a face,
and whatever the face does, or waits for, it keeps no alarm from ringing.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bellwire.cli.settings import FRUGAL, PAIRING, SPEAKER, Settings, command_of, handed_over

TO_END = 10.0
"""Seconds for a speaker to end in good order before it is killed."""

_LONGEST_LINE = 2**20
_WRONG = frozenset({"warning", "error", "critical"})


class SpeakerLink:
    """One speaker, from its start to its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._module = PAIRING if settings.must_pair else SPEAKER
        self._process: asyncio.subprocess.Process | None = None
        self.last_words = ""
        """Why it has ended, where it said so."""

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Start it; gives what it says, as the JSON of its lines, until it has ended. What is wrong is a ``log``."""
        reader = handed_over(self._settings)
        # Where stderr is a file it is left to the speaker; a terminal is the face's alone.
        stderr = asyncio.subprocess.PIPE if sys.stderr.isatty() else None
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command_of(self._module, reader),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                pass_fds=(reader,),
                limit=_LONGEST_LINE,
                env=FRUGAL | os.environ,
            )
        finally:
            os.close(reader)
        said: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        following = asyncio.gather(self._follow(self._process, said), self._follow_log(self._process, said))
        following.add_done_callback(lambda _: said.put_nowait(None))
        try:
            while (event := await said.get()) is not None:
                yield event
            following.result()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def say(self, word: str, about: str = "") -> None:
        """A word for the speaker; one that has ended, or has not begun yet, hears nothing."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None and not stdin.is_closing():
            stdin.write(f"{word} {about}".rstrip().encode() + b"\n")

    async def end(self) -> int:
        """See to it that it ends; gives its exit code."""
        process = self._process
        if process is None:
            return 0
        self.say("quit")
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(TO_END):
                return await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            return await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process, said: asyncio.Queue[dict[str, Any] | None]) -> None:
        async for line in _lines_of(process.stdout):
            said.put_nowait(json.loads(line))

    async def _follow_log(
        self, process: asyncio.subprocess.Process, said: asyncio.Queue[dict[str, Any] | None]
    ) -> None:
        """Logs are JSON, since it writes to no terminal; what is none is what a person should know at the end."""
        async for raw in _lines_of(process.stderr):
            line = raw.decode(errors="replace").strip()
            try:
                entry = json.loads(line)
            except ValueError:
                self.last_words = line or self.last_words
                continue
            if isinstance(entry, dict) and entry.get("level") in _WRONG:
                said.put_nowait(_told(entry))


async def _lines_of(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    """All but those that are far too long, as a cloud can make them; none of a stream that is not ours to read."""
    is_rest = False
    while stream is not None:
        try:
            line = await stream.readuntil()
        except asyncio.LimitOverrunError as error:
            await stream.readexactly(error.consumed)
            is_rest = True
            continue
        except asyncio.IncompleteReadError as error:  # the end
            line, stream = error.partial, None
        if line and not is_rest:
            yield line
        is_rest = False


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    more = " ".join(
        str(value) for key, value in entry.items() if key not in {"event", "level", "timestamp", "exception"}
    )
    text = f"{entry.get('event', '')}: {more}" if more else str(entry.get("event", ""))
    return {"at": entry.get("timestamp") or datetime.now(UTC).isoformat(), "event": "log", "text": text}
