"""The rules of authorization: what a code or a token is still good for.

It knows lifetimes, single use and families of tokens (RFC 6749, 7636, 8628; RFC 9700 for rotation); it must not
know rows, requests or a clock: time and random values arrive as arguments.

A *family* is all that came of one authorization of one device: its refresh token, which becomes another one with each
use, and the access tokens that came with them. Of everything that is secret only the SHA-256 is seen here.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

CODE_LASTS = timedelta(seconds=60)
"""Of an authorization code: it goes from one program to the next."""
PAIRING_LASTS = timedelta(minutes=15)
"""Of a user code: a person has to go and confirm it."""
REFRESH_LASTS = timedelta(days=365)
"""Of a refresh token that is not used; each use begins a new year."""
RETRY = timedelta(seconds=10)
"""A client whose answer got lost may use the same refresh token again for so long."""
OVERLAP = timedelta(seconds=60)
"""An access token that was replaced twice works on for so long. The one before the newest works until it expires:
a downchannel was opened with it."""
POLL_EVERY = timedelta(seconds=2)
"""Between two questions of a speaker that waits (RFC 8628, 3.2): somebody stands before it."""
SLOWER = timedelta(seconds=5)
"""Is added each time it asks too soon (RFC 8628, 3.5)."""
_EARLY = timedelta(seconds=0.5)
"""A question may come so much too soon: the network does not carry each one equally fast."""


# Families


@dataclass(frozen=True, slots=True)
class Family:
    """The refresh token of a family: at most one is live, because there is room for one."""

    current: bytes
    previous: bytes | None
    """The one in whose place `current` came."""
    rotated: datetime | None
    """When `previous` was first used."""
    expires: datetime


def after_use(family: Family, shown: bytes, fresh: bytes, now: datetime) -> Family | None:
    """The family after a refresh token of it was shown and `fresh` is to be given for it; None: all of it is over.

    The live token is replaced. The one before it may come again within RETRY, as long as what was given for it has not
    been used: then that answer was lost, and what was in it is replaced. Any other token of the family is a stolen one
    or has been stolen (RFC 9700, 4.14.2).
    """
    if now >= family.expires:
        return None
    if compare_digest(shown, family.current):
        return Family(fresh, shown, now, now + REFRESH_LASTS)
    if _is_lost_answer(family, shown, now):
        return replace(family, current=fresh, expires=now + REFRESH_LASTS)
    return None


def _is_lost_answer(family: Family, shown: bytes, now: datetime) -> bool:
    if family.previous is None or family.rotated is None:
        return False
    return compare_digest(shown, family.previous) and timedelta(0) <= now - family.rotated <= RETRY


# Authorization codes


@dataclass(frozen=True, slots=True)
class Bound:
    """What an authorization code is bound to, or what was shown with it; None: it says nothing of that."""

    client_id: str
    redirect_uri: str | None = None
    own_id: str | None = None
    """The client's own id of the device."""
    challenge: str | None = None
    """Of PKCE; what was shown is made from the verifier."""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code."""

    bound: Bound
    expires: datetime
    used: bool


class Redemption(StrEnum):
    """What becomes of a code that is shown, and why."""

    TAKEN = "the code is good, and is used up from now on"
    OF_ANOTHER_CLIENT = "this code was made for another client"
    OTHER_REDIRECT = "redirect_uri is not the one that the code was asked for with"
    OTHER_DEVICE = "device_id is not the one that the code was asked for with"
    NOT_PROVEN = "code_verifier does not belong to the code_challenge that the code was asked for with"
    REPLAYED = "this code was used before; what it gave is revoked, so ask for a new code"
    EXPIRED = f"this code is older than {CODE_LASTS.seconds} seconds; ask for a new one"


def redeemed(code: Code, shown: Bound, now: datetime) -> Redemption:
    """Whether a code gives tokens.

    What it is bound to comes first: who cannot use it cannot spoil it, nor revoke what it gave.
    """
    bound = code.bound
    if shown.client_id != bound.client_id:
        return Redemption.OF_ANOTHER_CLIENT
    if shown.redirect_uri != bound.redirect_uri:
        return Redemption.OTHER_REDIRECT
    if bound.challenge is None:  # with one, the verifier says more than an id could
        if shown.own_id != bound.own_id:
            return Redemption.OTHER_DEVICE
    elif not _same(shown.challenge, bound.challenge):
        return Redemption.NOT_PROVEN
    if code.used:
        return Redemption.REPLAYED
    return Redemption.EXPIRED if now >= code.expires else Redemption.TAKEN


def _same(shown: str | None, expected: str) -> bool:
    return shown is not None and compare_digest(shown.encode(), expected.encode())


_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_verifier(text: str) -> bool:
    """Whether this can be a code_verifier (RFC 7636, 4.1)."""
    return _VERIFIER.fullmatch(text) is not None


def is_challenge(text: str) -> bool:
    """Whether this can be a code_challenge by S256 (RFC 7636, 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """The code_challenge of a verifier by S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


# Pairing: a speaker that shows a code


LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of a user code (RFC 8628, 6.1): no vowels, so no words; no digits, so none that looks like a letter."""
USER_CODE_LENGTH = 8
_USER_CODE = re.compile(f"[{LETTERS}]{{{USER_CODE_LENGTH}}}")


def user_code_of(text: str) -> str | None:
    """The user code that a person means, as it is shown: XXXX-XXXX; None: it cannot be one.

    Small letters, blanks and other signs between the letters are no mistake.
    """
    letters = "".join(character for character in text.upper() if character.isalnum())
    half = USER_CODE_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}" if _USER_CODE.fullmatch(letters) else None


class Stage(StrEnum):
    """How far a pairing has come."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True)
class Pairing:
    """A speaker that waits for somebody to confirm its user code."""

    stage: Stage
    expires: datetime
    interval: timedelta
    """It is to wait so long between two questions."""
    asked: datetime | None
    """When it asked last."""


class Poll(StrEnum):
    """What a speaker that asks for its tokens is told, by its name in RFC 8628, 3.5."""

    GRANTED = "granted"
    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    REPLAYED = "invalid_grant"


_SETTLED = {Stage.REDEEMED: Poll.REPLAYED, Stage.REFUSED: Poll.DENIED}


def polled(pairing: Pairing, now: datetime) -> tuple[Poll, timedelta]:
    """What a speaker that asks is told, and how long it is to wait between two questions from now on."""
    if pairing.stage in _SETTLED:
        return _SETTLED[pairing.stage], pairing.interval
    if now >= pairing.expires:
        return Poll.EXPIRED, pairing.interval
    if pairing.stage is Stage.APPROVED:
        return Poll.GRANTED, pairing.interval
    if pairing.asked is not None and timedelta(0) <= now - pairing.asked < pairing.interval - _EARLY:
        return Poll.SLOW_DOWN, pairing.interval + SLOWER
    return Poll.PENDING, pairing.interval
