"""How a speaker is set up.

It knows names, forms and defaults; it must not read arguments or the environment: only the command line does.
"""

import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

from bellwire import __version__
from bellwire.device.ringer.playback import Output
from bellwire.protocol.profiles import DEFAULT_PROFILE, profile_named

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_PRODUCT = r"[\w .+-]+/[\w .+-]+/\d+\.\d+\.\d+(?:[-+][\w.+-]+)?"
_USER_AGENT = re.compile(rf"{_PRODUCT} \([^;()=]+;[^;()=]+(?:;[^;()=]+=[^;()=]*)*\)", re.ASCII)


def default_user_agent() -> str:
    """Names the program and its machine."""
    return f"Bellwire/Speaker/{__version__} ({platform.system() or 'unknown'};{platform.machine() or 'unknown'})"


@dataclass(frozen=True, kw_only=True)
class Config:
    """One speaker on one machine. Raises ValueError that says what is wrong with a field."""

    cloud: str
    """The cloud's address, ``https://HOST:PORT``."""
    access_token: str = field(repr=False)
    folder: Path
    """Where everything is kept; made when missing, readable by its owner only."""
    ca_file: Path | None = None
    """PEM: the authority that signed the cloud's certificate; None: those that the system trusts."""
    profile: str = DEFAULT_PROFILE.name
    output: Output = "auto"
    """Where sound goes: a sound card, if there is one; or "null"."""
    record: Path | None = None
    """A WAV file of what is heard."""
    user_agent: str = field(default_factory=default_user_agent)
    """``Maker/Product/1.2.3 (OS;HARDWARE;key=value)``, as the cloud is told."""

    def __post_init__(self) -> None:
        profile_named(self.profile)
        if not _TOKEN.fullmatch(self.access_token):
            raise ValueError("the access token must be 1 to 4096 printable ASCII characters without blanks")
        if not _USER_AGENT.fullmatch(self.user_agent):
            raise ValueError(
                f"the user agent {self.user_agent!r} is not of the form Maker/Product/1.2.3 (OS;HARDWARE;key=value)"
            )

    @property
    def database(self) -> Path:
        """The file with alerts and the events that must arrive."""
        return self.folder / "speaker.db"

    @property
    def assets(self) -> Path:
        """The folder of fetched sounds."""
        return self.folder / "assets"
