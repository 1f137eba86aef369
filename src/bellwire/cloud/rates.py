"""How often something may be tried, and whose tries count together.

It knows rates and addresses; it must not know who tries what, nor read a clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once; then one each time that another one of them would have come."""

    most: int
    per: timedelta

    @property
    def interval(self) -> timedelta:
        """What one attempt takes up."""
        return self.per / self.most


def wait_for(due: datetime | None, rate: Rate, now: datetime) -> timedelta:
    """How long the next attempt has to wait; zero: it may come now. `due` is what `charged` gave last, if anything."""
    return max(_ahead(due, rate, now) + rate.interval - rate.per, timedelta(0))


def charged(due: datetime | None, rate: Rate, now: datetime) -> datetime:
    """When, after one attempt more, all of them will have been made up for."""
    return now + min(_ahead(due, rate, now) + rate.interval, rate.per)


def given_back(due: datetime, rate: Rate) -> datetime:
    """The same after one attempt less: it turned out to be none."""
    return due - rate.interval


def _ahead(due: datetime | None, rate: Rate, now: datetime) -> timedelta:
    # Further ahead than it can come: the clock was set back, and nobody shall wait until it has caught up.
    return due - now if due is not None and now < due <= now + rate.per else timedelta(0)


def neighbours(address: str) -> str:
    """Whose attempts count together: an address; of IPv6 its network of 64 bits, all of which one host can have."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
