"""What the machine that a command runs on says of itself: its folders, its terminal and its time zone.

It is the only place that reads the environment; it must not know what is kept in the folders.
"""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ZONE_LINK = Path("/etc/localtime")
_ZONE_NAME = Path("/etc/timezone")


def cloud_folder() -> Path:
    """Where the cloud of this machine keeps its data when nobody says otherwise."""
    return _data_home() / "bellwire" / "cloud"


def speaker_folder() -> Path:
    """Where the speaker of this machine keeps its data when nobody says otherwise."""
    return _data_home() / "bellwire" / "speaker"


def kit_folder() -> Path:
    """Where the conformance kit keeps its certificates when nobody says otherwise."""
    return _data_home() / "bellwire" / "check"


def _data_home() -> Path:
    # A relative path there is to be ignored (XDG Base Directory Specification, "Environment variables").
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return home if home.is_absolute() else Path.home() / ".local" / "share"


def terminal_kind() -> str:
    """What the terminal of this process can do, by its name in the terminal database; empty when there is none."""
    return os.environ.get("TERM", "")


def time_zone() -> str:
    """The IANA name of this machine's time zone; UTC when it does not say."""
    return next(filter(_is_zone, _zones_named()), "UTC")


def _zones_named() -> list[str]:
    linked = str(_ZONE_LINK.resolve()).rpartition("/zoneinfo/")[2]
    written = _ZONE_NAME.read_text(encoding="utf-8").strip() if _ZONE_NAME.is_file() else ""
    return [os.environ.get("TZ", "").removeprefix(":"), linked, written]


def _is_zone(name: str) -> bool:
    try:
        return bool(name and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: it names a folder of zones
        return False
