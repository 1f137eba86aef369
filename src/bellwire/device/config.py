"""How a speaker is set up: its cloud, its rights there, and its folder. What it is built of is `hardware`.

It knows names, forms and defaults; it must not read arguments or the environment: only the command line does.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bellwire.protocol.profiles import DEFAULT_PROFILE, profile_named

LONGEST_GRACE = timedelta(days=3660)
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


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
    offline_grace: timedelta | None = None
    """Without a network for so long, the account's data is deleted, in versions that have it so; None: never."""

    def __post_init__(self) -> None:
        profile_named(self.profile)
        if self.access_token is not None and not _TOKEN.fullmatch(self.access_token):
            raise ValueError("the access token must be 1 to 4096 printable ASCII characters without blanks")
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
