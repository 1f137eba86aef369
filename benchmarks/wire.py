"""The cheapest HTTP/2 client that can load a server: frames made once, answers looked at no more than needed.

A library client would be the bottleneck, and its cost would flatter the server.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import hpack

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_WHOLE_WINDOW = 2**31 - 1


class RefusedError(RuntimeError):
    """The server answered something else than what the benchmark is about."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One HTTP/2 frame."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def header_block(*headers: tuple[str, str]) -> bytes:
    """Headers that do not depend on what was sent before: literal, never indexed."""
    return b"".join(
        b"\x10" + _text(name) + _text(value) for name, value in headers
    )  # a literal header field, never indexed, with a new name (RFC 7541, 6.2.3)


def _text(text: str) -> bytes:
    data = text.encode()
    length = len(data)
    if length < 127:
        return bytes((length,)) + data
    rest = length - 127
    encoded = bytearray((127,))
    while rest >= 128:
        encoded.append(rest % 128 + 128)
        rest //= 128
    encoded.append(rest)
    return bytes(encoded) + data


class Wire(asyncio.Protocol):
    """One connection of one device."""

    def __init__(self, token: str) -> None:
        self.common = (
            (":scheme", "https"),
            (":authority", "localhost"),
            ("authorization", f"Bearer {token}"),
        )
        self.pushed: Callable[[bytes], None] = lambda _: None
        """Called with each piece of the downchannel."""
        self._transport: asyncio.Transport
        self._buffer = b""
        self._stream = -1
        self._downchannel = 0
        self._answered: dict[int, Callable[[int], None]] = {}
        self._decoder = hpack.Decoder()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say the preface, with windows that never close."""
        self._transport = cast("asyncio.Transport", transport)
        settings = struct.pack(">HI", 4, _WHOLE_WINDOW)
        window = struct.pack(">I", _WHOLE_WINDOW - 65_535)
        self._transport.write(_PREFACE + frame(_SETTINGS, 0, 0, settings) + frame(8, 0, 0, window))

    def open_downchannel(self, path: str, answered: Callable[[int], None]) -> None:
        """Ask for the downchannel; `answered` gets its status."""
        self._stream += 2
        self._downchannel = self._stream
        self._answered[self._stream] = answered
        block = header_block((":method", "GET"), (":path", path), *self.common)
        self._transport.write(frame(_HEADERS, _END_HEADERS | _END_STREAM, self._stream, block))

    def post(self, block: bytes, body: bytes, answered: Callable[[int], None]) -> None:
        """Send an event; `answered` gets the status."""
        self._stream += 2
        stream = self._stream
        self._answered[stream] = answered
        self._transport.write(frame(_HEADERS, _END_HEADERS, stream, block) + frame(_DATA, _END_STREAM, stream, body))

    def data_received(self, data: bytes) -> None:
        """Take the frames that are there whole."""
        buffer = self._buffer + data if self._buffer else data
        at, end = 0, len(buffer)
        while end - at >= 9:
            length = int.from_bytes(buffer[at : at + 3], "big")
            if end - at < 9 + length:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5 : at + 9], "big")
            self._frame(kind, flags, stream, buffer[at + 9 : at + 9 + length])
            at += 9 + length
        self._buffer = buffer[at:]

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _HEADERS:
            # Every block goes through the decoder, whose table the next ones refer to.
            status = int(dict(self._decoder.decode(payload, raw=True))[b":status"])
            if flags & _END_STREAM or stream == self._downchannel:
                self._answered.pop(stream)(status)
        elif kind == _DATA and stream == self._downchannel:
            self.pushed(payload)
        elif kind == _DATA:
            raise RefusedError(payload.decode("utf-8", "replace"))
        elif kind == _SETTINGS and not flags & _ACK:
            self._transport.write(frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            self._transport.write(frame(_PING, _ACK, 0, payload))
        elif kind in {_RST_STREAM, _GOAWAY}:
            raise RefusedError(f"the server ended stream {stream}: {payload!r}")

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()


async def connect(port: int, ca: Path, tokens: Sequence[str], downchannel_path: str | None) -> list[Wire]:
    """One connection for each token, each with its downchannel open."""
    context = ssl.create_default_context(cafile=str(ca))
    context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    wires = []
    for token in tokens:
        _, wire = await loop.create_connection(
            lambda token=token: Wire(token),  # type: ignore[misc]
            "127.0.0.1",
            port,
            ssl=context,
            server_hostname="localhost",
        )
        if downchannel_path is not None:
            opened: asyncio.Future[int] = loop.create_future()
            wire.open_downchannel(downchannel_path, opened.set_result)
            if (status := await opened) != 200:
                raise RefusedError(f"the downchannel was answered {status}")
        wires.append(wire)
    return wires
