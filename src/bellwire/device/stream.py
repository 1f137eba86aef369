"""One HTTP/2 request and what has come of its answer.

It knows how to wait for the answer's next piece; it must not know frames or the connection that fills it.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from bellwire.device.http_date import parse_http_date


class Unreachable(ConnectionError):
    """There is no connection to the cloud, or it broke; `str()` of it says why."""


class Stream:
    """A request under way. One task waits on it; the connection fills it and wakes that task."""

    def __init__(self, number: int, acknowledge: Callable[[int, int], None]) -> None:
        """`acknowledge` tells the connection: on stream `number`, so many bytes have been consumed."""
        self.number = number
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.inbox = bytearray()
        self.sent = False
        self.ended = False
        self.broken = ""
        self._acknowledge = acknowledge
        self._news = asyncio.Event()

    @property
    def wants_no_more(self) -> bool:
        """The answer is complete, or refuses: the rest of the question need not be sent."""
        return self.ended or self.status >= 300

    async def answered(self) -> int:
        """The status; `headers` are there too then. Raises Unreachable when none will come."""
        await self.until(lambda: self.status > 0)
        return self.status

    @property
    def date(self) -> datetime | None:
        """What time it is by the cloud's clock (RFC 9110, 6.6.1); None: it does not say, or not so."""
        return parse_http_date(self.headers.get("date", ""))

    async def read(self) -> bytes:
        """What has come of the body since the last time, at least a byte; nothing at its end.

        Raises Unreachable when the rest will not come. Reading lets the cloud send as much again.
        """
        await self.until(lambda: bool(self.inbox) or self.ended)
        data = bytes(self.inbox)
        self.inbox.clear()
        self._acknowledge(self.number, len(data))
        return data

    async def until(self, ready: Callable[[], bool]) -> None:
        """Waits for `ready`. Raises Unreachable when the stream is broken and not ready: what came before is kept."""
        while not ready():
            if self.broken:
                raise Unreachable(self.broken)
            self._news.clear()
            await self._news.wait()

    def answer(self, status: int, headers: Mapping[str, str]) -> None:
        """The final status has come."""
        self.status = status
        self.headers = headers
        self.wake()

    def take(self, data: bytes) -> None:
        """A piece of the body has come."""
        self.inbox += data
        self.wake()

    def end(self) -> None:
        """The answer is complete."""
        self.ended = True
        self.wake()

    def break_off(self, reason: str) -> None:
        """Nothing more will come."""
        self.broken = reason
        self.wake()

    def wake(self) -> None:
        """Something that `until` waits for may have changed."""
        self._news.set()
