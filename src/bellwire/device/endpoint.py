"""Where the cloud is, and what every request to it carries.

It knows the form of an address and what makes TLS safe; it must not open a connection.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from bellwire.device.cable import Cable
from bellwire.device.config import Config
from bellwire.protocol.profiles import profile_named
from bellwire.protocol.profiles.profile import Product


@dataclass(frozen=True)
class Endpoint:
    """The cloud of one speaker.

    `url` is ``https://host`` or ``https://host:port``; `headers` go with every request; `tls` comes from
    `tls_context`. `allow_cleartext` takes ``http://`` too (HTTP/2 with prior knowledge): only for tests.
    Raises ValueError when the address is not of that form, or when `tls` would trust anybody.
    """

    url: str
    downchannel_path: str
    events_path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # they hold the token: never shown
    tls: ssl.SSLContext | None = None
    allow_cleartext: bool = False
    sender: str = ""
    """The host of the cloud that a person set, where a cloud has sent the device here: one that is elsewhere must not
    send it to its own machine, or its link. Empty: a person has set this one, wherever it is."""
    authorization: Callable[[], str] | None = field(default=None, repr=False)
    """The Authorization header as it is now, where it changes; None: it is among `headers`, if there is one."""
    cable: Cable = field(default_factory=Cable, repr=False)
    """How the network is reached."""

    def __post_init__(self) -> None:
        self._check_address()
        if not self.is_secure:
            return
        if self.tls is None:
            raise ValueError(f"{self.url}: https needs a TLS context; tls_context() makes one")
        if self.tls.verify_mode != ssl.CERT_REQUIRED or not self.tls.check_hostname:
            raise ValueError(f"{self.url}: the TLS context must verify the cloud's certificate and name")

    def _check_address(self) -> None:
        schemes = ("https", "http") if self.allow_cleartext else ("https",)
        problem = f"{self.url}: expected https://HOST or https://HOST:PORT (1 to 65535), and nothing after it"
        try:
            parts = self._parts
            complete = parts.scheme in schemes and parts.hostname and parts.port != 0
        except ValueError as error:  # a port that is none, brackets that are not closed
            raise ValueError(problem) from error
        if not complete or parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(problem)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def is_secure(self) -> bool:
        """Whether it is spoken to over TLS."""
        return self._parts.scheme == "https"

    @property
    def host(self) -> str:
        """The name or address to connect to."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self._parts.port or (443 if self.is_secure else 80)

    @property
    def authority(self) -> str:
        """Host and port as the address has them: for requests, and to name the cloud in messages."""
        return self._parts.netloc

    def request(self, method: str, path: str, more: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
        """The header block of a request: what every request carries, and `more`."""
        block = {":method": method, ":scheme": self._parts.scheme, ":authority": self.authority, ":path": path}
        named = {name.lower(): value for name, value in self.headers.items()}
        if self.authorization is not None:
            named["authorization"] = self.authorization()
        return list({**block, **named, **(more or {})}.items())


_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""


def tls_context(authorities: Path | None = None, *, by_the_clock: bool = True) -> ssl.SSLContext:
    """TLS 1.2 or newer with HTTP/2, trusting the system's authorities, or only those of a PEM file.

    Not `by_the_clock`: the dates of certificates are not looked at, on a machine whose clock is known to be wrong; who
    signed them, and for whom, is. Raises ValueError when the file can't be read.
    """
    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise ValueError(f"{authorities}: no certificate authority can be read from it ({error.strerror})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    if not by_the_clock:
        context.verify_flags |= _NO_CHECK_TIME
    return context


def endpoint_of(
    config: Config,
    product: Product,
    tls: ssl.SSLContext,
    authorization: Callable[[], str] | None = None,
    cable: Cable | None = None,
) -> Endpoint:
    """The cloud of a speaker that is set up so, and is this product. Raises ValueError."""
    profile = profile_named(config.profile)
    return Endpoint(
        config.cloud,
        profile.downchannel_path,
        profile.events_path,
        headers=profile.introduce(product),
        tls=tls,
        authorization=authorization,
        cable=cable or Cable(),
    )
