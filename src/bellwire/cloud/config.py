"""How a cloud is set up. It knows names, bounds and defaults; only the command line reads arguments and environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bellwire.cloud.rates import Rate

_FOUND_AS_LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - not listened on here
_OFTEN = Rate(600, timedelta(minutes=1))
_MISTYPED = Rate(10, timedelta(minutes=15))
_LIVELY = Rate(200, timedelta(seconds=4))
_SELDOM = Rate(10, timedelta(hours=1))
_UNPACKED = Rate(60, timedelta(minutes=15))
_NOW_AND_THEN = Rate(30, timedelta(minutes=5))


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
    assets: int = 32
    """Sounds of an alert's own."""
    name: int = 200
    """Characters of the name of an account or device."""
    alerts: int = 1000
    """Alerts of an account."""
    devices: int = 100
    """Devices of an account."""
    listeners: int = 10
    """Listeners to what happens in an account, at a time."""
    sign_of_life: timedelta = timedelta(seconds=15)
    """To listeners, when nothing happens for so long; it is looked then whether their tokens are still good."""
    requests: Rate = _LIVELY
    """Of an account to the account API; more are answered 429."""
    api_body: int = 64 * 1024
    """Bytes of a request to the account API."""
    bulk_body: int = 2 * 1024 * 1024
    """Bytes of a request that adds many alerts."""
    api_time: timedelta = timedelta(seconds=30)
    """For the body of a request to the account API to arrive."""
    calendar: int = 8 * 1024 * 1024
    """Bytes of an .ics file to import."""
    calendar_reading: timedelta = timedelta(seconds=10)
    """Of a processor, to read one, and again to compare it: a file can be made so that it takes long."""
    imports: Rate = _NOW_AND_THEN
    """Files to import, of an account."""
    feeds: Rate = _NOW_AND_THEN
    """Looks at an account's feed, and of a peer's address those at feeds that are nobody's; more are answered 429."""
    past_due: timedelta = timedelta(minutes=30)
    """What is over for longer rings no more, as the profiles have it."""
    authorizations: Rate = _OFTEN
    """Requests for codes and tokens, of an account, and of a peer's address those that were wrong; more are answered
    429."""
    wrong_user_codes: Rate = _MISTYPED
    """User codes that no speaker shows, of a peer's address and of an account: they are short enough to be guessed."""
    new_guests: Rate = _SELDOM
    """Guests' accounts, of a peer's address."""
    new_pairings: Rate = _UNPACKED
    """User codes, of a peer's address: a hotel unpacks its speakers behind one."""
    guests: int = 1000
    """Guests' accounts of this cloud; more are answered 503."""
    pairings: int = 1000
    """Speakers that show a code at a time; more are answered 503."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """One cloud on one machine."""

    data: Path
    """The folder that keeps everything; made when missing, readable by its owner only."""
    host: str = "127.0.0.1"
    port: int = 8443
    names: tuple[str, ...] = ()
    """Other names and addresses that its certificate is for: of what stands before it."""
    strict: bool = False
    """Refuse what the documents do not have, instead of recording it."""
    behind_proxy: bool = False
    """Devices come through a proxy, which mixes their requests on its own connections: events are taken over any
    connection, and what comes from one address is not counted together (that is the proxy's to do)."""
    terms: str | None = None
    """The address of what an account agrees to before anything is authorized in it; None: there is nothing."""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """Other clouds by the countries that they serve; a country that is not among them is served here."""
    access_lasts: timedelta = timedelta(days=1)
    """Of an access token; its refresh token gives another one."""
    speech: str = "espeak"
    """Who speaks labels: espeak, none, or the command line of a program."""
    limits: Limits = Limits()

    @property
    def database(self) -> Path:
        """The file with accounts, devices, alerts and the messages of late."""
        return self.data / "bellwire.db"

    @property
    def sounds(self) -> Path:
        """The folder of the sounds that the cloud makes."""
        return self.data / "assets"

    @property
    def url(self) -> str:
        """The address that commands on this machine use: localhost, where the cloud listens there."""
        return url_of(self.host, self.port)


def url_of(host: str, port: int) -> str:
    """The address of what listens there; localhost, where it is found by that name."""
    if host in _FOUND_AS_LOCALHOST:
        return f"https://localhost:{port}"
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
