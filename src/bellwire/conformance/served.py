"""One connection that a device has opened to the kit: HTTP/2 for the protocol, HTTP/1.1 for its downloads.

It knows frames, requests and answers; it must not know what a request is about.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import h2.events
import h11
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

from bellwire.cloud.certificates import Certificates

LONGEST_BODY = 1 << 20
"""Bytes of a request; of a longer one the beginning is kept."""
_WINDOW = 1 << 24


def server_tls(certificates: Certificates, failed: Callable[[str], None]) -> ssl.SSLContext:
    """For connections of devices; `failed` is told why one came to nothing, in OpenSSL's words."""

    class Noting(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                failed((error.reason or str(error)).replace("_", " ").lower())
                raise

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    tls.sslobject_class = Noting
    return tls


@dataclass
class Request:
    """What a device asks."""

    method: str
    path: str
    headers: Mapping[str, str]
    stream: int = 0
    body: bytearray = field(default_factory=bytearray)


class Site(Protocol):
    """Who answers."""

    def asked(self, connection: "Served", request: Request) -> None:
        """A request has come whole."""

    def opened(self, connection: "Served") -> None:
        """A device has connected."""

    def gone(self, connection: "Served") -> None:
        """The connection is over."""

    def ponged(self) -> None:
        """The device has answered a PING."""


class Served(asyncio.Protocol):
    """A connection, from its first byte to its last."""

    def __init__(self, site: Site) -> None:
        self.is_open = False
        self.pongs = 0
        """Answers to ours."""
        self.number = 0
        """Counted by the site, from 1."""
        self._site = site
        self._transport: asyncio.Transport
        self._speaks: _Http2 | _Http1

    @property
    def is_http2(self) -> bool:
        """Whether the protocol can be spoken over it; else only downloads."""
        return isinstance(self._speaks, _Http2)

    def answer(
        self, request: Request, status: int, headers: Mapping[str, str], body: bytes, *, end: bool = True
    ) -> None:
        """Answer a request; without an `end` the body goes on."""
        if self.is_open:
            self._speaks.answer(request, status, headers, body, end=end)
            self._flush()

    def more(self, request: Request, body: bytes, *, end: bool = False) -> None:
        """The next piece of a body that goes on."""
        if self.is_open:
            self._speaks.more(request, body, end=end)
            self._flush()

    def ping(self) -> None:
        """Send a PING."""
        if self.is_open and isinstance(self._speaks, _Http2):
            self._speaks.ping()
            self._flush()

    def says_goaway(self) -> None:
        """End the connection in good order."""
        if self.is_open and isinstance(self._speaks, _Http2):
            self._speaks.goaway()
            self._flush()
            self._transport.close()

    def cut(self) -> None:
        """End the connection as a network does."""
        if self.is_open:
            self._transport.abort()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS stands: what was agreed on there is spoken."""
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        self._speaks = _Http2(self) if tls is None or tls.selected_alpn_protocol() == "h2" else _Http1(self)
        self.is_open = True
        self._site.opened(self)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take it apart."""
        try:
            self._speaks.take(data)
        except (ProtocolError, h11.RemoteProtocolError):
            self._transport.abort()
            return
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self.is_open = False
        self._site.gone(self)

    def asked(self, request: Request) -> None:
        """A request has come whole."""
        self._site.asked(self, request)

    def pong(self) -> None:
        """An answer to our PING has come."""
        self.pongs += 1
        self._site.ponged()

    def _flush(self) -> None:
        data = self._speaks.to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)


class _Http2:
    def __init__(self, connection: Served) -> None:
        self._connection = connection
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW)
        self._requests: dict[int, Request] = {}
        self._unsent: dict[int, tuple[bytearray, bool]] = {}

    def to_send(self) -> bytes:
        return self._h2.data_to_send()

    def take(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if handle := _EVENTS.get(type(event)):
                handle(self, event)

    def answer(self, request: Request, status: int, headers: Mapping[str, str], body: bytes, *, end: bool) -> None:
        if request.stream not in self._requests:
            return
        self._h2.send_headers(request.stream, [(":status", str(status)), *headers.items()], end_stream=end and not body)
        if end and not body:
            del self._requests[request.stream]
        else:
            self.more(request, body, end=end)

    def more(self, request: Request, body: bytes, *, end: bool) -> None:
        if request.stream in self._requests:
            waiting, _ = self._unsent.get(request.stream, (bytearray(), False))
            self._unsent[request.stream] = (waiting + body, end)
            self._send(request.stream)

    def ping(self) -> None:
        self._h2.ping(b"bellwire")

    def goaway(self) -> None:
        self._h2.close_connection()

    def _send(self, stream: int) -> None:
        """As much as there is room for."""
        waiting, end = self._unsent.pop(stream)
        while waiting and (room := self._room(stream)) > 0:
            piece, waiting = waiting[:room], waiting[room:]
            self._h2.send_data(stream, bytes(piece), end_stream=end and not waiting)
        if waiting:
            self._unsent[stream] = (waiting, end)
        elif end:
            self._requests.pop(stream, None)

    def _room(self, stream: int) -> int:
        return min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)

    def _on_request(self, event: h2.events.RequestReceived) -> None:
        headers = {str(name): str(value) for name, value in event.headers or ()}
        request = Request(headers.pop(":method", ""), headers.pop(":path", ""), headers, event.stream_id)
        self._requests[event.stream_id] = request

    def _on_data(self, event: h2.events.DataReceived) -> None:
        if event.stream_id in self._requests:
            body = self._requests[event.stream_id].body
            body += event.data[: LONGEST_BODY - len(body)]
        self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        if event.stream_id in self._requests:
            self._connection.asked(self._requests[event.stream_id])

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        self._requests.pop(event.stream_id, None)
        self._unsent.pop(event.stream_id, None)

    def _on_room(self, _: Any) -> None:
        for stream in list(self._unsent):
            self._send(stream)

    def _on_pong(self, _: h2.events.PingAckReceived) -> None:
        self._connection.pong()


_EVENTS: Mapping[type[h2.events.Event], Callable[[_Http2, Any], None]] = {
    h2.events.RequestReceived: _Http2._on_request,
    h2.events.DataReceived: _Http2._on_data,
    h2.events.StreamEnded: _Http2._on_end,
    h2.events.StreamReset: _Http2._on_reset,
    h2.events.WindowUpdated: _Http2._on_room,
    h2.events.RemoteSettingsChanged: _Http2._on_room,
    h2.events.PingAckReceived: _Http2._on_pong,
}


class _Http1:
    """For downloads: one request after another."""

    def __init__(self, connection: Served) -> None:
        self._connection = connection
        self._h11 = h11.Connection(h11.SERVER)
        self._out = bytearray()
        self._request: Request | None = None

    def to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data

    def take(self, data: bytes) -> None:
        self._h11.receive_data(data)
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return
            if isinstance(event, h11.Request):
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
                self._request = Request(event.method.decode(), event.target.decode("latin-1"), headers)
            elif isinstance(event, h11.EndOfMessage) and self._request:
                self._connection.asked(self._request)

    def answer(self, request: Request, status: int, headers: Mapping[str, str], body: bytes, *, end: bool) -> None:
        length = {} if "content-length" in headers else {"content-length": str(len(body))}
        said = h11.Response(status_code=status, headers=list({**headers, **length}.items()))
        self._out += self._h11.send(said) or b""
        self.more(request, body, end=end)

    def more(self, request: Request, body: bytes, *, end: bool) -> None:
        self._out += self._h11.send(h11.Data(data=body)) or b""
        if end:
            self._out += self._h11.send(h11.EndOfMessage()) or b""
            if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
                self._h11.start_next_cycle()
