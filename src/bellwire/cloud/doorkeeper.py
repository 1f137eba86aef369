"""Who comes too often: devices that connect again and again, and whoever shows tokens that are not good.

It knows rates, in bounded memory; it must not know a socket, a store or a clock.

Nobody is limited for where he comes from: a hotel's devices share one address, and after a power cut thousands of
them come at once. So a good token costs its address nothing, and of those that are not good each is limited by itself
first: one device that goes on with a revoked token does not use up what its neighbours may need.
"""

import math
from datetime import datetime, timedelta

import structlog

from bellwire.cloud.attempts import Attempts
from bellwire.cloud.auth import hash_of
from bellwire.cloud.rates import Rate, neighbours
from bellwire.cloud.refusal import Refusal
from bellwire.protocol.errors import TooManyRequests

log = structlog.get_logger()

DOWNCHANNELS = Rate(60, timedelta(minutes=1))
"""That one device asks for: so many at once, then one a second. A device in a bad network, which begins its backoff
(.25, 1, 2, 4 s) anew with each connection, stays below it; one in a tight loop opens 60 of its thousands."""
REFUSED_TOKEN = Rate(10, timedelta(minutes=1))
"""Requests with the same token that is not good, from one address: a client that was told so once should ask for
another, and a token that becomes good is heard after 6 s at most."""
REFUSED_ADDRESS = Rate(6_000, timedelta(minutes=2))
"""Requests with any token that is not good, from one address: so many at once, then 50 a second. Of a hotel whose
tokens have all expired each device may be told so at once; and 50 a second cost less than 1 % of a processor."""
TOLD_OF = Rate(1, timedelta(minutes=1))
"""Lines in the log about one that comes too often."""


Peer = tuple[str, str]
"""Address and port."""


class Doorkeeper:
    """Lets in who does not come too often."""

    def __init__(self, *, by_address: bool) -> None:
        """`by_address`: addresses are those of clients, not of a proxy before them all."""
        self._by_address = by_address
        self._downchannels = Attempts(DOWNCHANNELS)
        self._tokens = Attempts(REFUSED_TOKEN)
        self._addresses = Attempts(REFUSED_ADDRESS)
        self._told_of = Attempts(TOLD_OF)

    def let_open(self, device_id: str, now: datetime) -> None:
        """Note that a device asks for a downchannel. Raises TooManyRequests."""
        try:
            self._downchannels.take(device_id, now)
        except Refusal as refusal:
            if self._is_news(device_id, now):
                log.warning("asks for downchannels too often", device=device_id)
            raise _too_many("this device asks for downchannels too often", refusal) from None

    def let_try(self, peer: Peer, token: str, now: datetime) -> None:
        """Raise TooManyRequests when this token, or too many, from this address were not good of late."""
        try:
            if token or self._by_address:
                self._tokens.check(_key(peer, token), now)
            if self._by_address:
                self._addresses.check(neighbours(peer[0]), now)
        except Refusal as refusal:
            if self._is_news(peer[0], now):
                log.warning("shows tokens that are not good, too often", address=peer[0])
            raise _too_many("too many requests from here had no good token", refusal) from None

    def was_wrong(self, peer: Peer, token: str, now: datetime) -> None:
        """Note that a token was not good."""
        self._tokens.count(_key(peer, token), now)
        self._addresses.count(neighbours(peer[0]), now)

    def _is_news(self, whom: str, now: datetime) -> bool:
        try:
            self._told_of.take(whom, now)
        except Refusal:
            return False
        return True


def _key(peer: Peer, token: str) -> str:
    # Who shows none is his connection: a house full of devices that are not paired yet is not one device.
    address, port = peer
    return hash_of(f"{address} {token}").hex() if token else f"{address} {port}"


def _too_many(what: str, refusal: Refusal) -> TooManyRequests:
    wait = refusal.wait or timedelta(seconds=1)
    seconds = math.ceil(wait.total_seconds())
    return TooManyRequests(f"{what}; try again in {seconds} s", retry_after=seconds)
