"""Fetches one file by HTTP, within limits of size, time and reach, for a speaker that trusts no url.

It knows names, sockets and answers; it must not know what is in the file.
The address that was checked is the address that is connected to: a name that changes its mind gains nothing.
"""

import asyncio
import http.client
import io
import socket
import ssl
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin

from bellwire.device.reach import DEFAULT_PORTS, Target, is_elsewhere, leads_here, parse_url
from bellwire.device.ringer.sounds import AssetError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 65_536

T = TypeVar("T")

_Address = tuple[socket.AddressFamily, Any]
"""A family and an address of that family, as socket.connect takes it."""


@dataclass(frozen=True)
class Limits:
    """What one fetch may cost."""

    max_bytes: int = 4 * 1024 * 1024
    total_seconds: float = 15.0
    step_seconds: float = 5.0
    """For finding the address, for connecting, and for each read."""
    redirects: int = 3


class Downloader:
    """Fetches files; only the cloud may be on this very machine, and only there its own CA counts."""

    def __init__(self, trusted_origin: str | None, trusted_context: ssl.SSLContext | None, limits: Limits) -> None:
        """`trusted_origin`: that of the cloud that a person has set, such as ``https://localhost:8443``.

        Raises ValueError when that is malformed.
        """
        self._home = parse_url(trusted_origin) if trusted_origin else None
        self.trust([trusted_origin] if trusted_origin else [])
        self._trusted_context = trusted_context
        self._limits = limits

    def trust(self, origins: Iterable[str]) -> None:
        """Only these are the cloud's from now on: the cloud's CA counts there. Raises ValueError: one is malformed.

        One that is not `trusted_origin` was named by a cloud: it may be on this machine only if that one is here too.
        """
        self._trusted = frozenset(parse_url(origin).origin for origin in origins)

    async def fetch(self, url: str) -> bytes:
        """The whole body of the answer. Raises AssetError with one sentence on why there is none."""
        deadline = time.monotonic() + self._limits.total_seconds
        for _ in range(self._limits.redirects + 1):
            target = _target(url)
            context = self._trusted_context if target.origin in self._trusted else None
            exchange = _Exchange(target, context, deadline, self._limits)
            addresses = await exchange.resolve()
            if not await self._may_be_here(exchange, target):
                addresses = _elsewhere(target, addresses)
            try:
                answer = await asyncio.to_thread(exchange.get, addresses)
            except asyncio.CancelledError:
                exchange.expire()
                raise
            if isinstance(answer, bytes):
                return answer
            url = _redirected(url, answer)
        raise AssetError(f"{target.place} redirects again after {self._limits.redirects} redirects")

    async def _may_be_here(self, exchange: "_Exchange", target: Target) -> bool:
        home = self._home
        if home is None or target.origin not in self._trusted:
            return False
        return target.origin == home.origin or await exchange.in_time(leads_here(home.host))


def _elsewhere(target: Target, addresses: list[_Address]) -> list[_Address]:
    permitted = [found for found in addresses if is_elsewhere(found[1][0])]
    if not permitted:
        at = ", ".join(str(address[0]) for _, address in addresses)
        raise AssetError(f"{target.place} is at {at}, which is this machine or its link, and not the cloud")
    return permitted


def _target(url: str) -> Target:
    try:
        return parse_url(url)
    except ValueError as error:
        raise AssetError(str(error)) from None


def _redirected(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise AssetError(f"{parse_url(url).place} redirects to a malformed url: {error}") from None


class _Exchange:
    """One request and its answer. All but what is looked up blocks, in a worker thread."""

    def __init__(self, target: Target, context: ssl.SSLContext | None, deadline: float, limits: Limits) -> None:
        self._target = target
        self._context = context
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

    async def resolve(self) -> list[_Address]:
        """Where the host is. Raises AssetError."""
        loop, target = asyncio.get_running_loop(), self._target
        try:
            found = await self.in_time(loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            raise AssetError(f"the host name {target.host!r} cannot be resolved: {error}") from None
        return [(family, address) for family, _, _, _, address in found]

    async def in_time(self, looking: Coroutine[Any, Any, T]) -> T:
        """What is looked up, if that takes no longer than a step may. Raises AssetError."""
        try:
            async with asyncio.timeout(min(self._deadline - time.monotonic(), self._limits.step_seconds)):
                return await looking
        except TimeoutError:
            raise self._too_slow() from None

    def get(self, addresses: Sequence[_Address]) -> bytes | str:
        """The body, or where a redirect leads. Raises AssetError."""
        place = self._target.place
        try:
            with closing(self._connect(addresses)) as connected:
                return self._ask(connected)
        except TimeoutError:
            raise self._too_slow() from None
        except ssl.SSLCertVerificationError as error:
            raise AssetError(f"the certificate of {place} is not trusted: {error.verify_message}") from None
        except OSError as error:
            raise AssetError(f"{place} cannot be reached: {error.strerror or error}") from None
        except http.client.IncompleteRead:
            raise AssetError(f"{place} ended the answer before it was whole") from None
        except http.client.HTTPException as error:
            raise AssetError(f"{place} does not answer in HTTP: {error!r}") from None

    def _too_slow(self) -> AssetError:
        step, total = self._limits.step_seconds, self._limits.total_seconds
        return AssetError(f"{self._target.place} is too slow: it may take {step:g} s a step, {total:g} s in all")

    def _connect(self, addresses: Sequence[_Address]) -> socket.socket:
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
            context = self._context or ssl.create_default_context()
            return context.wrap_socket(connecting, server_hostname=self._target.host)
        except OSError:
            connecting.close()
            raise

    def _ask(self, connected: socket.socket) -> bytes | str:
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
        return self._body(response)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        place, most, declared, body = self._target.place, self._limits.max_bytes, response.length, bytearray()
        if declared is None and not response.chunked:
            raise AssetError(f"{place} does not say how long the file is: nobody could tell whether it came whole")
        while max(len(body), declared or 0) <= most and (piece := response.read(_PIECE)):
            body += piece
        if max(len(body), declared or 0) > most:
            raise AssetError(f"the file at {place} has more than {most} bytes")
        if declared is not None and len(body) < declared:
            raise AssetError(f"{place} ended the answer after {len(body)} of {declared} bytes")
        return bytes(body)


class _TimedSocket:
    """As much of a socket as http.client uses, with the time that is left set anew for each step.

    A socket's own timeout starts again with each byte: a server that drips would be waited for without end.
    Closing is left to whoever connected.
    """

    def __init__(self, connected: socket.socket, exchange: _Exchange) -> None:
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
    def __init__(self, connected: socket.socket, exchange: _Exchange) -> None:
        self._connected = connected
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connected.settimeout(self._exchange.step())
        return self._connected.recv_into(buffer)
