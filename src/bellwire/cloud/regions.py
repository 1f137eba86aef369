"""Which cloud serves which country, and when a device is told to go there (SetEndpoint).

It knows countries, addresses and what devices were told; it must not know rows, nor how anything is said.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bellwire.cloud.countries import country_of
from bellwire.cloud.wishes import WishError

AGAIN_AFTER = timedelta(minutes=5)
"""A device that was told to go, and is here still or again, is told once more after so long.

Two clouds that send a device to each other cannot make it go faster than this.
"""
_ENDPOINT = re.compile(r"https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:(?P<port>[0-9]{1,5}))?/?")
"""All of what devices can use."""
_MOST_REMEMBERED = 10_000
"""Devices that were told of late. One that is forgotten is told a little too early."""


class Told(NamedTuple):
    """A device was told to go to an endpoint."""

    endpoint: str
    at: datetime


def must_go(told: Told | None, endpoint: str, now: datetime) -> bool:
    """Whether a device is to be told to go to the endpoint that serves its account."""
    if told is None or told.endpoint != endpoint:
        return True
    return not timedelta(0) <= now - told.at < AGAIN_AFTER  # before: the clock was set back


class Regions:
    """The table country → endpoint of one cloud, and which devices it has told to go where.

    A country that is not in the table is served here, as is an account whose country is not known.
    """

    def __init__(self, endpoints: Mapping[str, str] | None = None) -> None:
        self._endpoints = endpoints or {}
        self._told: dict[str, Told] = {}

    def __bool__(self) -> bool:
        """Whether any country is served elsewhere."""
        return bool(self._endpoints)

    def endpoint_of(self, country: str | None) -> str | None:
        """The endpoint that serves a country; None: this one."""
        return self._endpoints.get(country) if country else None

    def must_tell(self, device_id: str, endpoint: str, now: datetime) -> bool:
        """Whether a device, whose account is served there, is to be told so now."""
        return must_go(self._told.get(device_id), endpoint, now)

    def forget(self, device_id: str) -> None:
        """Note that a device belongs here."""
        self._told.pop(device_id, None)

    def note(self, device_id: str, endpoint: str, now: datetime) -> None:
        """Note that a device was told to go there."""
        self._told.pop(device_id, None)
        self._told[device_id] = Told(endpoint, now)
        if len(self._told) > _MOST_REMEMBERED:
            del self._told[next(iter(self._told))]


def served_elsewhere(text: str) -> tuple[str, str]:
    """A row of the table: ``KR=https://HOST:PORT``. Raises WishError."""
    code, equals, url = text.partition("=")
    if not equals:
        raise WishError(f"{text[:100]!r} is not like KR=https://HOST:PORT")
    country = country_of(code)
    found = _ENDPOINT.fullmatch(url)
    if found is None or not 0 < int(found["port"] or 443) < 65_536 or len(url) > 2048:
        raise WishError(f"{url[:100]!r} is not the address of a cloud; write it like https://HOST:PORT")
    return country, url.removesuffix("/")
