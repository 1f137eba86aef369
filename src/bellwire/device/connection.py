"""The speaker's one connection to its cloud: kept for ever, and made anew whenever it ends.

It knows the downchannel, events and when to try again; it must not know what a directive or an event says.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from bellwire.device.backoff import Backoff
from bellwire.device.cable import UNPLUGGED
from bellwire.device.dial import connect
from bellwire.device.endpoint import Endpoint
from bellwire.device.http2 import Http2Connection
from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import DEFAULT_TIMING, Timing
from bellwire.protocol.errors import ProtocolError, TooLarge
from bellwire.protocol.multipart import MultipartReader, boundary_of

log = structlog.get_logger()

MAX_DIRECTIVE = 2**23
"""Bytes of one part of the downchannel: a list of 1,000 alerts, each with a label of 1,024 characters, is 3.5 MB in
Korean, 6.5 MB when each character is escaped. A longer one is left out: a connection that ended for it would get it
again, for ever. A cloud says what is in it one by one when nobody acknowledges it (a list whose alerts have sounds of
their own)."""

MAX_LEFT_OUT = 2**26
"""Bytes of a part of the downchannel that is left out; what goes on even longer may have no end."""

MAX_ANSWER = 2**20
"""Bytes of a whole answer to an event."""

ANSWER_SECONDS = 10.0
"""For an event and its answer together; also for what the cloud says with a refusal."""

PATIENT_STATUSES = frozenset({401, 429})
"""The token is wrong, or we came too soon: coming again at once is the mistake itself."""


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
    def __init__(self, answer: Answer, request: list[tuple[str, str]]) -> None:
        super().__init__(f"the cloud refused the downchannel with {answer.status}")
        self.answer = answer
        self.request = request


class Connection:
    """Holds the downchannel open, and takes events as long as it stands (spec 1: both on the same connection)."""

    def __init__(
        self,
        endpoint: Endpoint,
        listener: Listener,
        *,
        backoff: Backoff | None = None,
        timing: Timing = DEFAULT_TIMING,
        where: Callable[[], Endpoint] | None = None,
        meaning: Callable[[int], int] = lambda status: status,
        on_unauthorized: Callable[[str], object] | None = None,
        on_date: Callable[[datetime, bool], object] | None = None,
    ) -> None:
        """`where` says where each connect goes; None: to `endpoint`, always. `meaning` gives the status for which
        another one stands in this version of the protocol (`Codec.meaning_of`).

        `on_unauthorized` is told the Authorization header of every request that was refused with 401; `on_date` what
        the cloud's clock shows, with every answer that says it (UTC), and whether that is another machine's clock.
        """
        self._endpoint = endpoint
        self._where = where or (lambda: endpoint)
        self._meaning = meaning
        self._listener = listener
        self._backoff = backoff or Backoff(_between)
        self._timing = timing
        self._http2: Http2Connection | None = None
        self._on_unauthorized = on_unauthorized
        self._on_date = on_date
        self._delivered = False
        self._sooner = asyncio.Event()
        self._stay: asyncio.Timeout | None = None
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

    def try_now(self) -> None:
        """Whatever kept it from connecting may be gone: a wait for the next try ends."""
        self._sooner.set()

    def reconnect(self) -> None:
        """Leave the connection, if there is one, and connect soon to where the device now belongs."""
        self._sooner.set()
        if self._stay is not None and not self._stay.expired():
            self._stay.reschedule(asyncio.get_running_loop().time())

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
                    await self._answered(http2, stream)
            except TimeoutError as error:
                raise Unreachable(f"the cloud did not answer an event within {within:g} s") from error
            self._delivered = True
            answer = await self._read_answer(stream, deadline)
            if answer.status == 401:
                # Not before the event's sender has seen it too, and waits: the token may have been renewed already.
                asyncio.get_running_loop().call_soon(self._unauthorized, request)
            return answer

    async def _keep_connected(self) -> None:
        while True:
            ended = await self._attempt_or_leave()
            patient = isinstance(ended, _Refused) and ended.answer.status in PATIENT_STATUSES
            # Unplugged it waits for the plug, and not longer and longer.
            seconds = self._backoff.wait(patient=patient) if self._endpoint.cable.is_plugged else None
            log.info("not connected", reason=str(ended), next_try_seconds=seconds and round(seconds, 2))
            self._sooner.clear()
            self._tell(ended)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._sooner.wait()

    async def _attempt_or_leave(self) -> Unreachable:
        self._endpoint = self._where()
        try:
            async with asyncio.timeout(None) as self._stay:
                return await self._attempt()
        except TimeoutError:
            is_plugged = self._endpoint.cable.is_plugged
            return Unreachable(
                f"{self._endpoint.authority} is left for another connection" if is_plugged else UNPLUGGED
            )
        finally:
            self._stay = None

    async def _attempt(self) -> Unreachable:
        """One connection, from the first packet to the last; gives why it is over."""
        try:
            async with connect(self._endpoint, self._timing) as http2:
                request = self._endpoint.request("GET", self._endpoint.downchannel_path)
                async with http2.request(request) as downchannel:
                    reader = await self._open(http2, downchannel, request)
                    await self._hold(http2, downchannel, reader)
        except Unreachable as ended:
            return ended
        return Unreachable("the cloud ended the downchannel")

    async def _open(
        self, http2: Http2Connection, downchannel: Stream, request: list[tuple[str, str]]
    ) -> MultipartReader:
        try:
            async with asyncio.timeout(self._timing.downchannel):
                status = await self._answered(http2, downchannel)
        except TimeoutError as error:
            seconds = self._timing.downchannel
            raise Unreachable(f"the cloud did not answer the downchannel within {seconds:g} s") from error
        if status != 200:
            answer = await self._read_answer(downchannel, asyncio.get_running_loop().time() + ANSWER_SECONDS)
            raise _Refused(answer, request)
        with _broken_multipart_ends_it():
            boundary = boundary_of(downchannel.headers.get("content-type", ""))
            return MultipartReader(boundary, MAX_DIRECTIVE, leaves_out=MAX_LEFT_OUT)

    async def _hold(self, http2: Http2Connection, downchannel: Stream, reader: MultipartReader) -> None:
        """Returns when the cloud ends the downchannel. Raises Unreachable when it breaks."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._http2, self._delivered = http2, False
        log.info("connected", cloud=self._endpoint.authority)
        try:
            self._listener.connected()
            while not reader.finished and (data := await downchannel.read()):
                left_out = reader.left_out
                with _broken_multipart_ends_it():
                    parts = reader.feed(data)
                if reader.left_out > left_out:
                    log.warning("message left out: it is too long", most_bytes=MAX_DIRECTIVE)
                for part in parts:
                    if part.is_json:
                        self._delivered = True
                        self._listener.directive(part.body)
        finally:
            self._http2 = None
            self._backoff.stood(loop.time() - since, delivered=self._delivered)

    async def _answered(self, http2: Http2Connection, stream: Stream) -> int:
        status = await stream.answered()
        if self._on_date is not None and (date := stream.date) is not None:
            self._on_date(date, not http2.is_to_this_machine)
        return status

    async def _read_answer(self, stream: Stream, deadline: float) -> Answer:
        answer = await _read_answer(stream, deadline)
        return replace(answer, status=self._meaning(answer.status))

    def _tell(self, ended: Unreachable) -> None:
        if isinstance(ended, _Refused):
            self._listener.refused(ended.answer.status, b"".join(ended.answer.parts[:1]))
            if ended.answer.status == 401:
                self._unauthorized(ended.request)
        else:
            self._listener.disconnected(str(ended))

    def _unauthorized(self, request: list[tuple[str, str]]) -> None:
        if self._on_unauthorized is not None:
            self._on_unauthorized(dict(request).get("authorization", ""))


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


def _between(low: float, high: float) -> float:
    # Asked for when it is first needed: a speaker's process does without until then.
    return random.uniform(low, high)  # noqa: S311
