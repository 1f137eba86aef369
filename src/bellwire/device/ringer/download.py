"""Fetches one file by HTTP, within limits of size, time and reach, for a speaker that trusts no url.

It knows names, addresses and redirects; it must not know how a request is made (`exchange`), nor what is in the file.
The address that was checked is the address that is connected to: a name that changes its mind gains nothing.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar
from urllib.parse import urljoin

from bellwire.device.reach import Target, is_elsewhere, leads_here, parse_url
from bellwire.device.ringer.sounds import AssetError

if TYPE_CHECKING:
    from bellwire.device.ringer.exchange import Exchange

T = TypeVar("T")

Address = tuple[socket.AddressFamily, Any]
"""A family and an address of that family, as socket.connect takes it."""


@dataclass(frozen=True)
class Limits:
    """What one fetch may cost."""

    max_bytes: int = 16 * 1024 * 1024
    """Ten minutes of MP3 at 192 kbit/s are 14 MB."""
    total_seconds: float = 60.0
    step_seconds: float = 5.0
    """For finding the address, for connecting, and for each read."""
    redirects: int = 3


class Received(NamedTuple):
    """A body that came whole."""

    length: int
    """Bytes."""
    fresh: float | None
    """Seconds from now in which its server has no other; None: it does not say."""


class Downloader:
    """Fetches files; only the cloud may be on this very machine, and only there its own CA counts."""

    def __init__(self, trusted_origin: str | None, trust: Callable[[], ssl.SSLContext] | None, limits: Limits) -> None:
        """`trusted_origin`: that of the cloud that a person has set, such as ``https://localhost:8443``.

        Raises ValueError when that is malformed.
        """
        self._home = parse_url(trusted_origin) if trusted_origin else None
        self.trust([trusted_origin] if trusted_origin else [])
        self._context = trust
        self._limits = limits

    def trust(self, origins: Iterable[str]) -> None:
        """Only these are the cloud's from now on: the cloud's CA counts there. Raises ValueError: one is malformed.

        One that is not `trusted_origin` was named by a cloud: it may be on this machine only if that one is here too.
        """
        self._trusted = frozenset(parse_url(origin).origin for origin in origins)

    async def fetch(self, url: str, into: BinaryIO) -> Received:
        """Writes the whole body of the answer. Raises AssetError with one sentence on why there is none.

        When it fails, or is cancelled, a part may be written; a thread that still writes then ends with its next step.
        """
        deadline = time.monotonic() + self._limits.total_seconds
        exchange_with = await asyncio.to_thread(_exchanges)
        for _ in range(self._limits.redirects + 1):
            target = _target(url)
            context = self._context if target.origin in self._trusted else None
            exchange = exchange_with(target, context, deadline, self._limits)
            addresses = await self._addresses(exchange, target)
            try:
                answer = await asyncio.to_thread(exchange.get, addresses, into)
            except asyncio.CancelledError:
                exchange.expire()
                raise
            if isinstance(answer, Received):
                return answer
            url = _redirected(url, answer)
        raise AssetError(f"{target.place} redirects again after {self._limits.redirects} redirects")

    async def _addresses(self, exchange: "Exchange", target: Target) -> list[Address]:
        """Where the host is, as far as it may be there."""
        addresses = await _in_time(exchange, _resolved(target))
        return addresses if await self._may_be_here(exchange, target) else _elsewhere(target, addresses)

    async def _may_be_here(self, exchange: "Exchange", target: Target) -> bool:
        home = self._home
        if home is None or target.origin not in self._trusted:
            return False
        return target.origin == home.origin or await _in_time(exchange, leads_here(home.host))


def _exchanges() -> "type[Exchange]":
    """HTTP, mail's headers with it, takes a megabyte, which a speaker that has only bells to ring need not carry."""
    from bellwire.device.ringer.exchange import Exchange  # noqa: PLC0415

    return Exchange


async def _in_time(exchange: "Exchange", looking: Coroutine[Any, Any, T]) -> T:
    """What is looked up, if that takes no longer than a step may. Raises AssetError."""
    try:
        async with asyncio.timeout(exchange.step()):
            return await looking
    except TimeoutError:
        looking.close()
        raise exchange.too_slow() from None


async def _resolved(target: Target) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AssetError(f"the host name {target.host!r} cannot be resolved: {error}") from None
    return [(family, address) for family, _, _, _, address in found]


def _elsewhere(target: Target, addresses: list[Address]) -> list[Address]:
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
