"""How a speaker is set up.

It knows names, forms and defaults; it must not read arguments or the environment: only the command line does.
"""

import platform
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bellwire import __version__
from bellwire.device.ringer.card import Output
from bellwire.protocol.profiles import DEFAULT_PROFILE, profile_named
from bellwire.protocol.profiles.profile import Product

LONGEST_GRACE = timedelta(days=3660)
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def this_product(tags: tuple[str, ...] = ()) -> Product:
    """The program and its machine. Raises ValueError for a tag that can't be."""
    return Product(
        maker="Bellwire",
        product="Speaker",
        version=__version__,
        os=platform.system() or "unknown",
        hardware=platform.machine() or "unknown",
        tags=tags,
    )


def default_firmware_version(version: str = __version__) -> str:
    """The program's version as a number, two digits for each part after the first: 0.1.0 is 100, 1.12.3 is 11203."""
    numbers = [min(int(part), 99) for part in re.findall(r"\d+", version)[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return str(max(major * 10_000 + minor * 100 + patch, 1))


@dataclass(frozen=True, kw_only=True)
class Config:
    """One speaker on one machine. Raises ValueError that says what is wrong with a field."""

    cloud: str
    """The cloud's address, ``https://HOST:PORT``."""
    access_token: str | None = field(repr=False)
    """One that stays as it is; None: those that a pairing by code left in the folder are used, and renewed."""
    folder: Path
    """Where everything is kept; made when missing, readable by its owner only."""
    ca_file: Path | None = None
    """PEM: the authority that signed the cloud's certificate; None: those that the system trusts."""
    profile: str = DEFAULT_PROFILE.name
    output: Output = "auto"
    """Where sound goes: a sound card, if there is one; or "null"."""
    record: Path | None = None
    """A WAV file of what is heard."""
    product: Product = field(default_factory=this_product)
    """What it is, as the cloud is told in headers."""
    firmware_version: str = field(default_factory=default_firmware_version)
    """The version of the software as the cloud is told of it: a positive number of 32 bits in decimal digits."""
    offline_grace: timedelta | None = None
    """Without a network for so long, the account's data is deleted, in versions that have it so; None: never."""

    def __post_init__(self) -> None:
        profile_named(self.profile)
        if self.access_token is not None and not _TOKEN.fullmatch(self.access_token):
            raise ValueError("the access token must be 1 to 4096 printable ASCII characters without blanks")
        if not re.fullmatch("[0-9]{1,10}", self.firmware_version) or not 0 < int(self.firmware_version) < 2**32:
            raise ValueError(
                f"the firmware version {self.firmware_version!r} is not a number from 1 to {2**32 - 1} in digits"
            )
        if self.offline_grace is not None and not timedelta() <= self.offline_grace <= LONGEST_GRACE:
            raise ValueError("the offline grace must be from nothing to ten years; to keep all for ever, leave it out")

    @property
    def database(self) -> Path:
        """The file with alerts and the events that must arrive."""
        return self.folder / "speaker.db"

    @property
    def assets(self) -> Path:
        """The folder of fetched sounds."""
        return self.folder / "assets"
