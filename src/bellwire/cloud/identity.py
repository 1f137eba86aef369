"""Who a token stands for. It knows values only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A device, the account it belongs to, and the version of the protocol that it speaks."""

    account_id: str
    device_id: str
    profile: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """An account."""

    account_id: str
    expires: datetime | None = None
