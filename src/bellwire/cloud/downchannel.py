"""An open downchannel, and what is written into it: all that a device must be told, as soon as it can be taken.

It knows one answer that goes on and on; it must not know who may open one (`gateway`), nor decide what is said
(`delivery`).
"""

import asyncio
import contextlib
import math
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bellwire.cloud.answers import content_type, message_id_of, new_message_id, new_writer
from bellwire.cloud.asgi import Receive, Send, until_left
from bellwire.cloud.delivery import Downchannel, Once
from bellwire.cloud.sockets import shut_connection
from bellwire.cloud.store.commands import remove_commands
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.time_limit import TimeLimit
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.multipart import MultipartWriter

log = structlog.get_logger()

_LOOK_ANYWAY = 60.0
"""Seconds after which a downchannel looks at the rows even when nobody woke it: a lost wake-up costs no more."""
_STALE = timedelta(seconds=1)
"""What is not said so soon after the look is looked up anew: the reader is slow, and rows may have changed."""
_PIECE = 16_384
"""Bytes handed to the server at once, a frame of HTTP/2: it holds several for a slow reader, whatever their size."""


class OpenDownchannel:
    """One downchannel as the gateway holds it: its connection, its memory, and a bell to look again."""

    def __init__(self, memory: Downchannel, peer: tuple[str, str], token: str) -> None:
        self.memory = memory
        self.peer = peer
        self.token = token
        self.expires = memory.device.expires
        """It ends with its token: a device connects again with a new one."""
        self.ending = False
        self.stirred = asyncio.Event()
        self.is_routine = True
        """The next look is not after a change that was committed here: it is into the file, where others write too."""
        self._alarm: asyncio.TimerHandle | None = None

    def look_within(self, seconds: float) -> None:
        """Look again by then, if not earlier: a look that was wanted before, and is no more, finds nothing."""
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            if self._alarm.when() <= loop.time() + seconds:
                return
            self._alarm.cancel()
        self._alarm = loop.call_later(max(seconds, 0), self._look)

    def _look(self) -> None:
        self._alarm = None
        self.is_routine = True
        self.stirred.set()

    def closed(self) -> None:
        """Nobody looks any more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def lasts_until(self, expires: datetime | None) -> None:
        """Note that its token expires at another time than it was to."""
        if expires != self.expires:
            self.expires = expires
            self.stirred.set()

    def rest(self, now: datetime) -> float:
        """Seconds until its token expires; infinite for one that does not."""
        return math.inf if self.expires is None else (self.expires - now).total_seconds()

    def end(self) -> None:
        """End it cleanly, as soon as what is being sent is sent."""
        self.ending = True
        self.stirred.set()


class DownchannelWriter:
    """Brings what devices report to what is desired, each through its downchannel."""

    def __init__(
        self, store: SqliteStore, clock: Callable[[], datetime], slow_reader: timedelta, *, cuts_connections: bool
    ) -> None:
        """`slow_reader`: who takes nothing for so long is cut off.

        `cuts_connections`: a peer's connection is one device's, so it may be shut for what that device does.
        """
        self._store = store
        self._clock = clock
        self._reading_time = TimeLimit(slow_reader)
        self._cuts_connections = cuts_connections

    async def write(self, downchannel: OpenDownchannel, codec: Codec, receive: Receive, send: Send) -> None:
        """Answer the request for it, and go on until the downchannel ends, at whichever side."""
        writer = new_writer()
        device_id = downchannel.memory.device.device_id
        leaving = asyncio.create_task(until_left(receive))
        leaving.add_done_callback(lambda _: downchannel.end())
        try:
            start = {"type": "http.response.start", "status": 200, "headers": [content_type(writer)]}
            await send(start)
            await self._send_part(send, writer.opening)
            if codec.profile.greeting is not None:
                await self._say(downchannel, codec, writer, send, _directive(codec.profile.greeting))
            await self._deliver(downchannel, codec, writer, send)
            if not leaving.done():
                await send({"type": "http.response.body", "body": writer.closing})
            log.info("downchannel closed", device=device_id)
        except TimeoutError:
            log.warning("downchannel cut: its reader is too slow", device=device_id)
            if self._cuts_connections:
                # The server would tell the device of the end only after all that it does not take.
                await asyncio.to_thread(shut_connection, downchannel.peer)
        except Exception:  # the boundary: the answer has begun, so nothing can be said but by breaking it off
            log.exception("downchannel failed", device=device_id)
        finally:
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving

    async def _deliver(self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send) -> None:
        """Bring what the device reports to what is desired, until the downchannel ends."""
        memory = downchannel.memory
        while not downchannel.ending:
            downchannel.stirred.clear()
            read = self._store.read if downchannel.is_routine else self._store.read_own
            downchannel.is_routine = False
            now = self._clock()
            if downchannel.rest(now) <= 0:
                log.info("downchannel ends with its token", device=memory.device.device_id)
                break
            plan = await read(memory.plan, now)
            if await self._say_once(downchannel, codec, writer, send, memory.first(plan)):
                for message in memory.say(plan, now):
                    await self._say(downchannel, codec, writer, send, _directive(message))
                    if self._clock() - now > _STALE:
                        downchannel.stirred.set()
                        break
                else:
                    await self._say_once(downchannel, codec, writer, send, memory.once(plan, now))
            again = plan.verdict.look_again
            now = self._clock()
            wait = min(_LOOK_ANYWAY, downchannel.rest(now))
            if again is not None:
                wait = min(wait, (again - now).total_seconds())
            downchannel.look_within(wait)
            await downchannel.stirred.wait()

    async def _say_once(
        self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send, what: list[Once]
    ) -> bool:
        """Say what leads to no state; a command that was said goes, whatever comes of the next ones.

        A cloud that is killed before that says it again, with the same message id. Gives whether all of it was said.
        """
        memory, begun, last = downchannel.memory, self._clock(), None
        try:
            for once in what:
                if downchannel.ending:
                    return False
                message_id = None if once.seq is None else message_id_of(memory.device.device_id, once.seq)
                await self._say(downchannel, codec, writer, send, _directive(once.message, message_id))
                memory.was_said(once, self._clock())
                last = once.seq or last
                if self._clock() - begun > _STALE:
                    downchannel.stirred.set()
                    return False
        finally:
            if last is not None:
                with contextlib.suppress(StoreError):  # they are not said again here, and expire
                    device = memory.device
                    await self._store.write(remove_commands, device.account_id, device.device_id, last)
        return True

    async def _say(
        self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send, directive: Directive
    ) -> None:
        if downchannel.ending:
            return
        json = codec.encode_directive(directive)
        await self._send_part(send, writer.part(json))
        self._store.record(downchannel.memory.device.device_id, self._clock(), "directive", json)

    async def _send_part(self, send: Send, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            with self._reading_time:
                await send({"type": "http.response.body", "body": data[start : start + _PIECE], "more_body": True})


def _directive(message: Message, message_id: str | None = None) -> Directive:
    return Directive(message=message, message_id=message_id or new_message_id())
