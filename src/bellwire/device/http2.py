"""One HTTP/2 connection as a client: `h2` behind an asyncio transport.

It knows streams, flow control, PING and how a connection is lost; it must not know what the requests are for.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, cast

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes, Settings

from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import Timing

MAX_STREAMS = 10
"""As speakers in the field: the downchannel, and events."""

STREAM_WINDOW = 65_535
"""So much may wait in memory on a stream that is not read."""

CONNECTION_WINDOW = 2**24
"""Far more than all the streams' windows together: a stream that is not read never stops another."""

MAX_UNSENT = 2**18
"""Bytes. Bodies wait for room; only answers to PING and SETTINGS pile up, when the cloud sends and never reads."""

_STATUS = re.compile(r"[2-5]\d\d")
_FRAME_HEADER = 9


class Http2Connection(asyncio.Protocol):
    """A connection from the transport's first word to its last; `dial.connect` makes one."""

    def __init__(self, timing: Timing) -> None:
        self.lost = ""
        self._timing = timing
        self._h2 = H2Connection(H2Configuration(client_side=True))
        self._h2.local_settings = Settings(
            client=True,
            initial_values={SettingCodes.ENABLE_PUSH: 0, SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW},
        )
        self._streams: dict[int, Stream] = {}
        self._slots = asyncio.Semaphore(MAX_STREAMS)
        self._inbox = bytearray()
        self._heard = False
        self._writable = asyncio.Event()
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    @property
    def is_to_this_machine(self) -> bool:
        """Whether the other end has the same clock."""
        (peer, *_), (own, *_) = (self._transport.get_extra_info(name) for name in ("peername", "sockname"))
        return peer == own or ip_address(peer.partition("%")[0]).is_loopback

    @asynccontextmanager
    async def request(self, headers: list[tuple[str, str]], body: bytes = b"") -> AsyncIterator[Stream]:
        """Sends a request as fast as the cloud takes it; what is unfinished when its block ends is cancelled.

        Raises Unreachable when the connection is lost, or the request can't be made on it.
        """
        async with self._slots:
            stream = self._start(headers, sent=not body)
            try:
                await self._send(stream, body)
                yield stream
            finally:
                self._finish(stream)

    async def close(self) -> None:
        """Says GOAWAY and closes the socket; a cloud that takes no part in that is not waited for long."""
        if not self.lost:
            self._h2.close_connection()
            self._lose("this side closed the connection")
        try:
            await asyncio.wait({self._closed}, timeout=self._timing.close)
        finally:
            self._transport.abort()
        await asyncio.wait({self._closed})

    def _start(self, headers: list[tuple[str, str]], *, sent: bool) -> Stream:
        if self.lost:
            raise Unreachable(self.lost)
        try:
            stream = Stream(self._h2.get_next_available_stream_id(), self._acknowledge)
            self._h2.send_headers(stream.number, headers, end_stream=sent)
        except ProtocolError as error:
            raise Unreachable(f"a request can't be made on this connection: {error}") from error
        stream.sent = sent
        self._streams[stream.number] = stream
        self._flush()
        return stream

    async def _send(self, stream: Stream, body: bytes) -> None:
        rest = memoryview(body)
        while rest:
            await stream.until(lambda: stream.wants_no_more or self._room(stream) > 0)
            if stream.wants_no_more:
                return
            room = self._room(stream)
            piece, rest = rest[:room], rest[room:]
            stream.sent = not rest
            self._h2.send_data(stream.number, piece, end_stream=stream.sent)
            self._flush()
            await self._writable.wait()

    def _room(self, stream: Stream) -> int:
        if stream.broken:
            return 0
        return min(self._h2.local_flow_control_window(stream.number), self._h2.max_outbound_frame_size)

    def _finish(self, stream: Stream) -> None:
        del self._streams[stream.number]
        if not (stream.broken or (stream.sent and stream.ended)):
            self._h2.reset_stream(stream.number, ErrorCodes.CANCEL)
        self._acknowledge(stream.number, len(stream.inbox))

    def _acknowledge(self, number: int, size: int) -> None:
        if not self.lost:
            self._h2.acknowledge_received_data(size, number)
            self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _lose(self, reason: str) -> None:
        """The connection is over: what has come can still be read, all else fails for this `reason`."""
        if self.lost:
            return
        self.lost = reason
        self._timer.cancel()
        for stream in self._streams.values():
            stream.break_off(reason)
        self._writable.set()
        self._flush()
        self._transport.close()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Opens the conversation, and the watch over it."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=65_536)
        self._timer = asyncio.get_running_loop().call_later(self._timing.ping_every, self._ping)
        self._writable.set()
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - STREAM_WINDOW)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._lose(f"the connection broke ({exc})" if exc else "the cloud closed the connection")
        self._closed.set_result(None)

    def pause_writing(self) -> None:
        """The cloud takes bytes more slowly than they come: bodies wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Bodies go on."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Hands every frame to the stream that it is for, and answers it."""
        if self.lost:
            return
        self._heard = True
        self._inbox += data
        try:
            for frame in self._frames():
                for event in self._h2.receive_data(frame):
                    _HANDLERS.get(type(event), _ignore)(self, event)
        except ProtocolError as error:
            self._lose(f"the cloud broke the rules of HTTP/2: {error}")
        self._flush()
        if self._transport.get_write_buffer_size() > MAX_UNSENT:
            self._lose("the cloud sends, but does not read")
            self._transport.abort()

    def _frames(self) -> Iterator[bytes]:
        """The frames that have come whole, one by one. Raises FrameTooLargeError.

        `h2` would take them all at once, but then gives no event at all when bytes follow a GOAWAY, and it looks at the
        length of a frame only when it has all of it.
        """
        while len(self._inbox) >= _FRAME_HEADER:
            size = _FRAME_HEADER + int.from_bytes(self._inbox[:3])
            if size > _FRAME_HEADER + self._h2.max_inbound_frame_size:
                raise FrameTooLargeError(f"a frame of {size} bytes")
            if len(self._inbox) < size:
                return
            frame = bytes(self._inbox[:size])
            del self._inbox[:size]
            yield frame

    # The watch: a peer that is stopped or cut off says nothing, not even that it is gone.

    def _ping(self) -> None:
        self._heard = False
        self._h2.ping(b"bellwire")
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(self._timing.ping_patience, self._judge)

    def _judge(self) -> None:
        if self._heard:
            rest = self._timing.ping_every - self._timing.ping_patience
            self._timer = asyncio.get_running_loop().call_later(rest, self._ping)
        else:
            self._lose(f"the cloud said nothing within {self._timing.ping_patience:g} s of a PING")
            self._transport.abort()

    # What the frames say.

    def _on_response(self, event: h2.events.ResponseReceived) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        status = headers.get(":status", "")
        if _STATUS.fullmatch(status) is None:
            raise ProtocolError(f"{status!r} is not a status")
        if stream := self._streams.get(event.stream_id):
            stream.answer(int(status), headers)

    def _on_data(self, event: h2.events.DataReceived) -> None:
        taken = 0
        if stream := self._streams.get(event.stream_id):
            stream.take(event.data)
            taken = len(event.data)
        # Padding is nobody's to consume.
        self._acknowledge(event.stream_id, event.flow_controlled_length - taken)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        if stream := self._streams.get(event.stream_id):
            stream.end()

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        if stream := self._streams.get(event.stream_id):
            stream.break_off(f"the cloud reset the stream ({_name(event.error_code)})")

    def _on_room(self, _event: h2.events.WindowUpdated | h2.events.RemoteSettingsChanged) -> None:
        for stream in self._streams.values():
            stream.wake()

    def _on_goaway(self, event: h2.events.ConnectionTerminated) -> None:
        why = f", {event.additional_data[:100]!r}" if event.additional_data else ""
        self._lose(f"the cloud said GOAWAY ({_name(event.error_code)}{why})")


def _name(code: ErrorCodes | int | None) -> str:
    return code.name if isinstance(code, ErrorCodes) else str(code)


def _ignore(_connection: Http2Connection, _event: h2.events.Event) -> None:
    """Acknowledgements, trailers, interim answers and extensions change nothing."""


_HANDLERS: Mapping[type[h2.events.Event], Callable[[Http2Connection, Any], None]] = {
    h2.events.ResponseReceived: Http2Connection._on_response,
    h2.events.DataReceived: Http2Connection._on_data,
    h2.events.StreamEnded: Http2Connection._on_end,
    h2.events.StreamReset: Http2Connection._on_reset,
    h2.events.WindowUpdated: Http2Connection._on_room,
    h2.events.RemoteSettingsChanged: Http2Connection._on_room,
    h2.events.ConnectionTerminated: Http2Connection._on_goaway,
}
