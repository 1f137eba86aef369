"""Who is calling: bearer tokens to identities.

It knows tokens by their SHA-256 only; it must not know what an identity may do.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bellwire.cloud.identity import AccountIdentity, DeviceIdentity
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.errors import Unauthenticated

BELIEVED_FOR = timedelta(seconds=10)
"""A token that was looked up is not looked up again for so long: a revoked one may work for as long."""
_REMEMBERED = 100_000
"""Tokens kept in mind at most; when there are more, all are forgotten."""


Identity = TypeVar("Identity", bound=DeviceIdentity | AccountIdentity)


def new_token() -> str:
    """Make a token of 256 random bits, opaque to everybody."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is stored of a token. It is random enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()


def bearer_token(header: str | None) -> str:
    """The token of an Authorization header. Raises Unauthenticated."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("an Authorization header of the form 'Bearer TOKEN' is needed")
    return token


class Tokens(Generic[Identity]):
    """Looks bearer tokens up, and remembers the good ones for a moment."""

    def __init__(
        self,
        store: SqliteStore,
        find: Callable[[bytes], Transaction[Identity | None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._find = find
        self._clock = clock
        self._known: dict[str, tuple[Identity, datetime, int]] = {}
        self._forgotten = 0
        """How often all was to be looked up anew: what was looked up before is not believed."""

    async def identity(self, authorization: str | None) -> Identity:
        """Whose token this Authorization header has, as a bearer's. Raises as `identity_of`."""
        return await self.identity_of(bearer_token(authorization))

    async def identity_of(self, token: str) -> Identity:
        """Whose token this is. Raises Unauthenticated when it is nobody's, or has expired."""
        now = self._clock()
        identity = self._known_identity(token, now) or await self._look_up(token, now)
        if identity.expires is not None and identity.expires <= now:
            self._known.pop(token, None)
            raise Unauthenticated("this token has expired; get a new one")
        return identity

    def believed(self, token: str) -> Identity | None:
        """Whose token this is, where it was looked up a moment ago and is good still; None: `identity_of` tells."""
        now = self._clock()
        identity = self._known_identity(token, now)
        return identity if identity and (identity.expires is None or identity.expires > now) else None

    def _known_identity(self, token: str, now: datetime) -> Identity | None:
        known = self._known.get(token)
        if known is None or known[2] != self._forgotten:
            return None
        # Or a clock that is set back would have it believed until it has caught up.
        return known[0] if now < known[1] <= now + BELIEVED_FOR else None

    def has_met(self, token: str) -> bool:
        """Whether a token was good when it was last looked up, however long ago."""
        return token in self._known

    def forget_all(self) -> None:
        """Look every token up anew: one was revoked."""
        self._forgotten += 1

    async def _look_up(self, token: str, now: datetime) -> Identity:
        identity = await self._store.read(self._find, hash_of(token))
        if identity is None:
            self._known.pop(token, None)
            raise Unauthenticated("this token is not known here; it was mistyped, revoked, or is another cloud's")
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = identity, now + BELIEVED_FOR, self._forgotten
        return identity
