"""HTTP/2 over a real TLS socket for tests, one frame at a time: it can be as slow and as rude as a test wants.

Everything waits for something that the other side does, and no longer than PATIENCE.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

PATIENCE = 15.0
"""Seconds for anything that must come; far longer than it takes, since the machine may be busy."""
_WIDE = 2**24


class Stream:
    """One request and what has come back for it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.frames: list[bytes] = []
        """The payloads of its DATA frames, as they came."""
        self.ended = False
        """The other side sent END_STREAM."""
        self.reset: ErrorCodes | int | None = None
        """The error code of the RST_STREAM that came."""

    @property
    def body(self) -> bytes:
        return b"".join(self.frames)

    @property
    def is_over(self) -> bool:
        return self.ended or self.reset is not None


class Connection:
    """One connection. With `window`, no more bytes than these can come on each stream, ever."""

    def __init__(self, port: int, ca: Path, *, window: int | None = None) -> None:
        trusted = ssl.create_default_context(cafile=ca)
        trusted.set_alpn_protocols(["h2"])
        tcp = socket.create_connection(("127.0.0.1", port), PATIENCE)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = trusted.wrap_socket(tcp, server_hostname="localhost")
        self.socket.settimeout(PATIENCE)
        self.host = f"localhost:{port}"
        self.lost = ""
        self.pongs: list[bytes] = []
        self._reads = window is None
        self._streams: dict[int, Stream] = {}
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        values = {SettingCodes.INITIAL_WINDOW_SIZE: _WIDE if window is None else window, SettingCodes.ENABLE_PUSH: 0}
        self._h2.local_settings = Settings(client=True, initial_values=values)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WIDE)
        self._flush()

    def close(self) -> None:
        """Drop the connection without a word."""
        self.socket.close()

    # What a test does

    def asks(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Stream:
        """Send a request, with its whole body if it has one; `body=None` ends it with its headers."""
        stream = self.begins(method, path, headers, end=body is None)
        if body is not None:
            self.sends(stream, body, end=True)
        return stream

    def begins(self, method: str, path: str, headers: Mapping[str, str] | None = None, *, end: bool = False) -> Stream:
        """Send the headers of a request."""
        stream = Stream(self._h2.get_next_available_stream_id())
        self._streams[stream.number] = stream
        pseudo = [(":method", method), (":scheme", "https"), (":authority", self.host), (":path", path)]
        self._h2.send_headers(stream.number, [*pseudo, *(headers or {}).items()], end_stream=end)
        self._flush()
        return stream

    def sends(self, stream: Stream, data: bytes, *, end: bool = False) -> int:
        """Send a piece of a body, as fast as there is room for it; what was sent before the stream was over."""
        sent = 0
        while sent < len(data):
            self.until(lambda: stream.is_over or self._room(stream) > 0, "room to send")
            if stream.is_over:
                return sent
            piece = data[sent : sent + self._room(stream)]
            sent += len(piece)
            self._h2.send_data(stream.number, piece, end_stream=end and sent == len(data))
            self._flush()
            self.takes_what_comes()
        if end and not data:
            self._h2.end_stream(stream.number)
            self._flush()
        return sent

    def resets(self, stream: Stream) -> None:
        """Take a request back."""
        self._h2.reset_stream(stream.number, ErrorCodes.CANCEL)
        self._flush()

    def pings(self) -> None:
        """Wait for the answer to a PING: everything said before it has been read by the other side."""
        before = len(self.pongs)
        self._h2.ping(b"isthere?")
        self._flush()
        self.until(lambda: len(self.pongs) > before, "an answer to PING")

    def answer(self, stream: Stream) -> Stream:
        """The stream, when it is over."""
        self.until(lambda: stream.is_over, f"the end of stream {stream.number}")
        return stream

    def until(self, happened: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
        """Take what comes until something has happened."""
        deadline = time.monotonic() + within
        while not happened():
            left = deadline - time.monotonic()
            assert left > 0, f"{what} did not come within {within} s"
            assert not self.lost, f"{what} did not come: {self.lost}"
            self._take(left)

    def takes_what_comes(self, within: float = 0) -> None:
        """Take what has come and what comes within so many seconds."""
        while not self.lost and (self.socket.pending() or select.select([self.socket], [], [], within)[0]):
            self._take(PATIENCE)

    # Frames

    def _room(self, stream: Stream) -> int:
        if stream.is_over or self.lost:
            return 0
        return min(self._h2.local_flow_control_window(stream.number), self._h2.max_outbound_frame_size)

    def _take(self, within: float) -> None:
        self.socket.settimeout(within)
        try:
            data = self.socket.recv(65_536)
        except TimeoutError:
            return
        except OSError as error:
            self.lost = f"the connection broke ({error})"
            return
        if not data:
            self.lost = self.lost or "the connection was closed"
            return
        try:
            for event in self._h2.receive_data(data):
                self._hear(event)
        except ProtocolError as error:
            self.lost = f"the other side broke the rules: {error}"
        self._flush()
        if self.lost:
            self.close()

    def _hear(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.PingAckReceived):
            self.pongs.append(event.ping_data)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.lost = f"GOAWAY ({event.error_code})"
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            stream.status = int(headers.pop(":status"))
            stream.headers = headers
        elif isinstance(event, h2.events.DataReceived):
            stream.frames.append(event.data)
            if self._reads:
                self._h2.acknowledge_received_data(event.flow_controlled_length, stream.number)
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = event.error_code

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self.lost:
            self.socket.settimeout(PATIENCE)
            try:
                self.socket.sendall(data)
            except OSError as error:
                self.lost = f"the connection broke ({error})"
