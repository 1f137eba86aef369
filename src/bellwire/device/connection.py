"""The speaker's one connection to its cloud: kept for ever, and made anew whenever it ends.

It knows the downchannel, events and when to try again; it must not know what a directive or an event says.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from bellwire.device.backoff import Backoff
from bellwire.device.dial import connect
from bellwire.device.endpoint import Endpoint
from bellwire.device.http2 import Http2Connection
from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import Timing
from bellwire.protocol.errors import ProtocolError, TooLarge
from bellwire.protocol.multipart import MultipartReader, boundary_of

log = structlog.get_logger()

MAX_DIRECTIVE = 2**23
"""Bytes of one part of the downchannel: a list of 1,000 alerts, each with a label of 1,024 characters, is 3.5 MB in
Korean, 6.5 MB when each character is escaped. Refused it would come again with the next connection, for ever."""

MAX_ANSWER = 2**20
"""Bytes of a whole answer to an event."""

ANSWER_SECONDS = 10.0
"""For an event and its answer together; also for what the cloud says with a refusal."""

PATIENT_STATUSES = frozenset({401, 429})
"""The token is wrong, or we came too soon: coming again at once is the mistake itself."""

DEFAULT_TIMING = Timing()


@dataclass(frozen=True)
class Answer:
    """What the cloud said to an event: the status, and the JSON that came with it, part by part."""

    status: int
    parts: tuple[bytes, ...]


class Listener(Protocol):
    """Who is told. The calls come from the event loop, one at a time, and must return at once.

    Every connection, tried or made, ends in one `disconnected` or one `refused`, unless this side closed it.
    """

    def connected(self) -> None:
        """The downchannel stands: events may go."""

    def disconnected(self, reason: str) -> None:
        """There is no connection any more, or it could not be made; it will be tried again."""

    def directive(self, body: bytes) -> None:
        """One JSON part of the downchannel, whole and as it came."""

    def refused(self, status: int, body: bytes) -> None:
        """The cloud answered the downchannel with `status`, and said why in `body` (JSON, may be empty)."""


class _Refused(Unreachable):
    def __init__(self, answer: Answer) -> None:
        super().__init__(f"the cloud refused the downchannel with {answer.status}")
        self.answer = answer


class Connection:
    """Holds the downchannel open, and takes events as long as it stands (spec 1: both on the same connection)."""

    def __init__(
        self, endpoint: Endpoint, listener: Listener, *, backoff: Backoff | None = None, timing: Timing = DEFAULT_TIMING
    ) -> None:
        self._endpoint = endpoint
        self._listener = listener
        self._backoff = backoff or Backoff(random.uniform)
        self._timing = timing
        self._http2: Http2Connection | None = None
        self._delivered = False
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Connects, again and again, until it is cancelled or `close` is called; leaves nothing open."""
        self._running = asyncio.create_task(self._keep_connected())
        try:
            await asyncio.wait({self._running})
        finally:
            await self.close()
        if not self._running.cancelled():
            self._running.result()

    async def close(self) -> None:
        """Ends `run`, which says goodbye to the cloud; returns when all is closed."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def post_event(self, body: bytes, content_type: str, within: float = ANSWER_SECONDS) -> Answer:
        """Sends an event and gives its answer.

        Raises Unreachable when there is no downchannel, or no status has come `within` so many seconds. Once there is
        a status the event is settled: of an answer that breaks off after it, the parts that came whole are given.
        """
        http2 = self._http2
        if http2 is None:
            raise Unreachable("there is no connection to the cloud")
        headers = {"content-type": content_type, "content-length": str(len(body))}
        request = self._endpoint.request("POST", self._endpoint.events_path, headers)
        deadline = asyncio.get_running_loop().time() + within
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    stream = await stack.enter_async_context(http2.request(request, body))
                    await stream.answered()
            except TimeoutError as error:
                raise Unreachable(f"the cloud did not answer an event within {within:g} s") from error
            self._delivered = True
            return await _read_answer(stream, deadline)

    async def _keep_connected(self) -> None:
        while True:
            ended = await self._attempt()
            patient = isinstance(ended, _Refused) and ended.answer.status in PATIENT_STATUSES
            seconds = self._backoff.wait(patient=patient)
            log.info("not connected", reason=str(ended), next_try_seconds=round(seconds, 2))
            self._tell(ended)
            await asyncio.sleep(seconds)

    async def _attempt(self) -> Unreachable:
        """One connection, from the first packet to the last; gives why it is over."""
        try:
            async with connect(self._endpoint, self._timing) as http2:
                request = self._endpoint.request("GET", self._endpoint.downchannel_path)
                async with http2.request(request) as downchannel:
                    reader = await self._open(downchannel)
                    await self._hold(http2, downchannel, reader)
        except Unreachable as ended:
            return ended
        return Unreachable("the cloud ended the downchannel")

    async def _open(self, downchannel: Stream) -> MultipartReader:
        try:
            async with asyncio.timeout(self._timing.downchannel):
                status = await downchannel.answered()
        except TimeoutError as error:
            seconds = self._timing.downchannel
            raise Unreachable(f"the cloud did not answer the downchannel within {seconds:g} s") from error
        if status != 200:
            raise _Refused(await _read_answer(downchannel, asyncio.get_running_loop().time() + ANSWER_SECONDS))
        with _broken_multipart_ends_it():
            return MultipartReader(boundary_of(downchannel.headers.get("content-type", "")), MAX_DIRECTIVE)

    async def _hold(self, http2: Http2Connection, downchannel: Stream, reader: MultipartReader) -> None:
        """Returns when the cloud ends the downchannel. Raises Unreachable when it breaks."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._http2, self._delivered = http2, False
        log.info("connected", cloud=self._endpoint.authority)
        try:
            self._listener.connected()
            while not reader.finished and (data := await downchannel.read()):
                with _broken_multipart_ends_it():
                    parts = reader.feed(data)
                for part in parts:
                    if part.is_json:
                        self._delivered = True
                        self._listener.directive(part.body)
        finally:
            self._http2 = None
            self._backoff.stood(loop.time() - since, delivered=self._delivered)

    def _tell(self, ended: Unreachable) -> None:
        if isinstance(ended, _Refused):
            self._listener.refused(ended.answer.status, b"".join(ended.answer.parts[:1]))
        else:
            self._listener.disconnected(str(ended))


@contextmanager
def _broken_multipart_ends_it() -> Iterator[None]:
    try:
        yield
    except ProtocolError as error:
        raise Unreachable(f"the downchannel's multipart is broken: {error}") from error


async def _read_answer(stream: Stream, deadline: float) -> Answer:
    """The rest of an answer whose status has come; if it breaks off that is logged, for the status is what counts."""
    body = bytearray()
    whole = False
    try:
        async with asyncio.timeout_at(deadline):
            while data := await stream.read():
                body += data
                if len(body) > MAX_ANSWER:
                    raise TooLarge(f"it has more than {MAX_ANSWER} bytes")
            whole = True
    except (TimeoutError, Unreachable, TooLarge) as error:
        log.warning("answer cut short", status=stream.status, reason=str(error) or "it came too slowly")
    return Answer(stream.status, _json_of(stream.headers.get("content-type", ""), bytes(body), whole=whole))


def _json_of(content_type: str, body: bytes, *, whole: bool) -> tuple[bytes, ...]:
    """The JSON that a body holds, alone or as parts; a body that is not `whole` still has whole parts."""
    if content_type.lower().startswith("application/json"):
        return (body,) if whole else ()
    if not body:
        return ()
    try:
        parts = MultipartReader(boundary_of(content_type), max_part=len(body)).feed(body)
    except ProtocolError as error:
        log.warning("answer not understood", reason=str(error))
        return ()
    return tuple(part.body for part in parts if part.is_json)
