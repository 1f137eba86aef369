"""How a cloud is set up. It knows names, bounds and defaults; only the command line reads arguments and environment."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_FOUND_AS_LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - not listened on here


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on what is taken, each with its own answer."""

    event_json: int = 256 * 1024
    """Bytes of an event's JSON part; more is answered 413."""
    event_body: int = 1024 * 1024
    """Bytes of a whole event, with audio that some devices send along; more is answered 413 without reading on."""
    event_time: timedelta = timedelta(seconds=30)
    """For an event's body to arrive."""
    second_downchannel: timedelta = timedelta(seconds=1)
    """A downchannel asked for so soon after the device's last one is answered 429; a later one takes over."""
    slow_reader: timedelta = timedelta(seconds=20)
    """A device that takes nothing from its downchannel for so long is cut off."""
    label: int = 1024
    """Characters of a label."""
    name: int = 200
    """Characters of the name of an account or device."""
    alerts: int = 1000
    """Alerts of an account."""
    devices: int = 100
    """Devices of an account."""
    api_body: int = 64 * 1024
    """Bytes of a request to the account API."""
    api_time: timedelta = timedelta(seconds=30)
    """For the body of a request to the account API to arrive."""
    past_due: timedelta = timedelta(minutes=30)
    """What is over for longer rings no more, as the profiles have it."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """One cloud on one machine."""

    data: Path
    """The folder that keeps everything; made when missing, readable by its owner only."""
    host: str = "127.0.0.1"
    port: int = 8443
    strict: bool = False
    """Refuse what the documents do not have, instead of recording it."""
    limits: Limits = Limits()

    @property
    def database(self) -> Path:
        """The file with accounts, devices, alerts and the messages of late."""
        return self.data / "bellwire.db"

    @property
    def url(self) -> str:
        """The address that commands on this machine use: localhost, where the cloud listens there."""
        if self.host in _FOUND_AS_LOCALHOST:
            return f"https://localhost:{self.port}"
        return f"https://[{self.host}]:{self.port}" if ":" in self.host else f"https://{self.host}:{self.port}"
