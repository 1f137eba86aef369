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

from bellwire.cli.settings import GIVEN_BACK, PAIRING, SPEAKER, Settings, command_of, handed_over

TO_END = 10.0
"""Seconds for a speaker to end in good order before it is killed."""

_LONGEST_LINE = 2**20
_WRONG = frozenset({"warning", "error", "critical"})


class SpeakerLink:
    """One speaker, from its start to its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._module = PAIRING if settings.must_pair else SPEAKER
        self._process: asyncio.subprocess.Process
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
                env={**dict([GIVEN_BACK]), **os.environ},
            )
        finally:
            os.close(reader)
        said: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        following = asyncio.gather(self._follow(said), self._follow_log(said))
        following.add_done_callback(lambda _: said.put_nowait(None))
        try:
            while (event := await said.get()) is not None:
                yield event
            following.result()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def say(self, word: str, about: str = "") -> None:
        """A word for the speaker; one that has ended hears nothing."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(f"{word} {about}".rstrip().encode() + b"\n")

    async def end(self) -> int:
        """See to it that it ends; gives its exit code."""
        self.say("quit")
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(TO_END):
                return await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()

    async def _follow(self, said: asyncio.Queue[dict[str, Any] | None]) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        async for line in self._process.stdout:
            said.put_nowait(json.loads(line))

    async def _follow_log(self, said: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Logs are JSON, since it writes to no terminal; what is none is what a person should know at the end."""
        if self._process.stderr is None:
            return
        async for raw in self._process.stderr:
            line = raw.decode(errors="replace").strip()
            try:
                entry = json.loads(line)
            except ValueError:
                self.last_words = line or self.last_words
                continue
            if entry.get("level") in _WRONG:
                said.put_nowait(_told(entry))


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    more = " ".join(
        str(value) for key, value in entry.items() if key not in {"event", "level", "timestamp", "exception"}
    )
    text = f"{entry.get('event', '')}: {more}" if more else str(entry.get("event", ""))
    return {"at": entry.get("timestamp") or datetime.now(UTC).isoformat(), "event": "log", "text": text}
