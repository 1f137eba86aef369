"""Where a url leads, and what "here" is: this very machine and its link, to which no other machine may send a speaker.

It knows urls, names and addresses; it must not connect, nor know why somebody wants to.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What a url may contain and is not quoted again."""


@dataclass(frozen=True)
class Target:
    """An http or https url, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query, quoted."""

    @property
    def place(self) -> str:
        """Host and port, for messages: the rest of a url may hold secrets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What two urls of one server have in common."""
        return self.scheme, self.host, self.port


def parse_url(url: str) -> Target:
    """Raises ValueError when it is not an http or https url with a host."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        path = quote(parts.path or "/", safe=_KEPT) + ("?" + quote(parts.query, safe=_KEPT) if parts.query else "")
    except ValueError as error:
        raise ValueError(f"its url is malformed: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or port is None or not parts.hostname:
        raise ValueError(f"its url begins with {url[:16]!r}; only http://host/… and https://host/… are fetched")
    return Target(parts.scheme, parts.hostname, port, path)


def is_elsewhere(address: str) -> bool:
    """Whether an IP address is another machine's: not loopback, link-local, unspecified or multicast.

    Addresses of the home's own network count: an asset may be kept there.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast)


def is_here(host: str) -> bool:
    """Whether a host, by its name or address alone, is this machine or on its link."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_elsewhere(host)
    except ValueError:  # a name: what it stands for is told by `leads_here`
        return False


async def leads_here(host: str) -> bool:
    """Whether an address of this host is this machine's, or on its link. A host that has none does not lead here."""
    if is_here(host):
        return True
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not is_elsewhere(str(address[0])) for *_, address in found)
