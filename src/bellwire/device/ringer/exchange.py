"""One HTTP request for a file and its answer, within limits of size and time.

It knows sockets, TLS and HTTP/1.1; it must not know which addresses are permitted, nor what is in the file.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO

from bellwire.device.reach import DEFAULT_PORTS, Target
from bellwire.device.ringer.download import Address, Limits, Received
from bellwire.device.ringer.freshness import fresh_seconds
from bellwire.device.ringer.sounds import AssetError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 65_536


class Exchange:
    """One request and its answer; `get` blocks, in a worker thread."""

    def __init__(
        self, target: Target, trust: Callable[[], ssl.SSLContext] | None, deadline: float, limits: Limits
    ) -> None:
        self._target = target
        self._trust = trust or ssl.create_default_context
        self._deadline = deadline
        self._limits = limits

    def step(self) -> float:
        """Seconds that the next step may take. Raises TimeoutError when all time is used up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._limits.step_seconds)

    def expire(self) -> None:
        """Lets the thread of a fetch that nobody waits for end with its present step."""
        self._deadline = 0.0

    def get(self, addresses: Sequence[Address], into: BinaryIO) -> Received | str:
        """Writes the body, or gives where a redirect leads. Raises AssetError."""
        place = self._target.place
        try:
            with closing(self._connect(addresses)) as connected:
                return self._ask(connected, into)
        except TimeoutError:
            raise self.too_slow() from None
        except ssl.SSLCertVerificationError as error:
            raise AssetError(f"the certificate of {place} is not trusted: {error.verify_message}") from None
        except OSError as error:
            raise AssetError(f"{place} cannot be reached: {error.strerror or error}") from None
        except http.client.IncompleteRead:
            raise AssetError(f"{place} ended the answer before it was whole") from None
        except http.client.HTTPException as error:
            raise AssetError(f"{place} does not answer in HTTP: {error!r}") from None

    def too_slow(self) -> AssetError:
        """Why nothing comes when `step` has no time left."""
        step, total = self._limits.step_seconds, self._limits.total_seconds
        return AssetError(f"{self._target.place} is too slow: it may take {step:g} s a step, {total:g} s in all")

    def _connect(self, addresses: Sequence[Address]) -> socket.socket:
        failure = OSError("it has no address")
        for family, address in addresses:
            try:
                return self._open(family, address)
            except OSError as error:
                failure = error
        raise failure

    def _open(self, family: socket.AddressFamily, address: Any) -> socket.socket:
        connecting = socket.socket(family, socket.SOCK_STREAM)
        try:
            connecting.settimeout(self.step())
            connecting.connect(address)
            if self._target.scheme == "http":
                return connecting
            connecting.settimeout(self.step())
            return self._trust().wrap_socket(connecting, server_hostname=self._target.host)
        except OSError:
            connecting.close()
            raise

    def _ask(self, connected: socket.socket, into: BinaryIO) -> Received | str:
        connection = http.client.HTTPConnection(self._target.host, self._target.port)
        connection.default_port = DEFAULT_PORTS[self._target.scheme]
        connection.sock = _TimedSocket(connected, self)
        connection.request("GET", self._target.path, headers={"User-Agent": "bellwire", "Connection": "close"})
        response = connection.getresponse()
        location = response.headers["Location"]
        if response.status in _REDIRECTS and location:
            return location
        if response.status != 200:
            raise AssetError(f"{self._target.place} answers {response.status} {response.reason}".rstrip())
        packed = response.headers.get("Content-Encoding", "identity")
        if packed.strip().lower() != "identity":
            raise AssetError(f"{self._target.place} packs the file ({packed[:20]!r}), for which nobody asked")
        return Received(self._copy(response, into), fresh_seconds(response.headers))

    def _copy(self, response: http.client.HTTPResponse, into: BinaryIO) -> int:
        place, most, declared, length = self._target.place, self._limits.max_bytes, response.length, 0
        if declared is None and not response.chunked:
            raise AssetError(f"{place} does not say how long the file is: nobody could tell whether it came whole")
        while max(length, declared or 0) <= most and (piece := response.read(_PIECE)):
            length += self._written(piece, into)
        if max(length, declared or 0) > most:
            raise AssetError(f"the file at {place} has more than {most} bytes")
        if declared is not None and length < declared:
            raise AssetError(f"{place} ended the answer after {length} of {declared} bytes")
        return length

    def _written(self, piece: bytes, into: BinaryIO) -> int:
        try:
            return into.write(piece)
        except OSError as error:
            raise AssetError(f"the file from {self._target.place} cannot be kept: {error.strerror}") from error


class _TimedSocket:
    """As much of a socket as http.client uses, with the time that is left set anew for each step.

    A socket's own timeout starts again with each byte: a server that drips would be waited for without end.
    Closing is left to whoever connected.
    """

    def __init__(self, connected: socket.socket, exchange: Exchange) -> None:
        self._connected = connected
        self._exchange = exchange

    def sendall(self, data: bytes) -> None:
        self._connected.settimeout(self._exchange.step())
        self._connected.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._connected, self._exchange))

    def close(self) -> None:
        """Nothing to do: http.client closes before it has read the body."""


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, exchange: Exchange) -> None:
        self._connected = connected
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connected.settimeout(self._exchange.step())
        return self._connected.recv_into(buffer)
