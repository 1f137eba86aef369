"""What a speaker asks of its cloud's authorization server, and what the answers mean (RFC 6749, 7009, 8628).

It knows forms, statuses and JSON; it must not know how a form travels, nor what follows from an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

CODE_PATH = "/oauth/device_authorization"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
REVOKE_PATH = "/oauth/revoke"

CLIENT_ID = "bellwire-speaker"
"""A public client: it has no secret, for a secret in every copy of a program is none."""

LONGEST_WAIT = 3600.0
"""Seconds. A cloud that asks to be left alone for longer is asked again after these."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON may raise: also where it is no UTF-8, or nested too deeply."""

TEN_YEARS = 10 * 366 * 24 * 3600

Token = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,4096}\Z")]
"""What a header can carry, and no more than that."""

_Address = Annotated[str, Meta(pattern=r"\Ahttps?://[\x21-\x7e]{1,2000}\Z")]


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A code that waits for its confirmation (RFC 8628, 3.2)."""

    device_code: Token = field(repr=False)
    user_code: Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,32}\Z")]
    verification_uri: _Address
    expires_in: Annotated[float, Meta(ge=10, le=TEN_YEARS)]
    """Seconds."""
    verification_uri_complete: _Address | None = None
    interval: Annotated[float, Meta(ge=1, le=LONGEST_WAIT)] = 5.0
    """Seconds between two questions; five where the cloud does not say."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to speak to the cloud for some time, and to ask for it anew (RFC 6749, 5.1)."""

    access_token: Token = field(repr=False)
    expires_in: Annotated[float, Meta(ge=1, le=TEN_YEARS)]
    """Seconds."""
    refresh_token: Token | None = field(default=None, repr=False)
    """None: the one that was used goes on (RFC 6749, 6)."""
    device_id: Annotated[str, Meta(max_length=256)] = ""
    """As the cloud names this speaker."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The cloud said no, for the reason that `error` names (RFC 6749, 5.2; RFC 8628, 3.5)."""

    error: str
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """There was no answer, or none that says anything: it is asked again, not before `retry_after` seconds."""

    reason: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class _Error:
    """A refusal in the form of RFC 6749, 5.2. (A dataclass without a docstring makes one, and loads what it takes.)"""

    error: Annotated[str, Meta(min_length=1, max_length=100)]
    error_description: str = ""


_Told = TypeVar("_Told", DeviceCode, Grant)

_PASSING = frozenset({408, 425, 429})
"""Of 4xx, those that speak of the moment."""


def code_form(profile: str, product: str) -> Mapping[str, str]:
    """Asks for a code."""
    return {"client_id": CLIENT_ID, "profile": profile, "product": product}


def grant_form(device_code: str) -> Mapping[str, str]:
    """Asks whether a code is confirmed."""
    grant_type = "urn:ietf:params:oauth:grant-type:device_code"
    return {"grant_type": grant_type, "device_code": device_code, "client_id": CLIENT_ID}


def renewal_form(refresh_token: str) -> Mapping[str, str]:
    """Asks for a new pair of tokens."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": CLIENT_ID}


def revocation_form(token: str) -> Mapping[str, str]:
    """Gives the right back."""
    return {"token": token, "client_id": CLIENT_ID}


def code_of(reply: Reply) -> DeviceCode | Refused | Failed:
    """What the answer to `code_form` means."""
    return _meaning(reply, DeviceCode)


def grant_of(reply: Reply) -> Grant | Refused | Failed:
    """What the answer to `grant_form` or `renewal_form` means."""
    return _meaning(reply, Grant)


def revocation_of(reply: Reply) -> Refused | Failed | None:
    """What the answer to `revocation_form` means; None: it is done, or there was nothing to revoke (RFC 7009, 2.2)."""
    return None if reply.status == 200 else _refusal(reply)


def _meaning(reply: Reply, kind: type[_Told]) -> _Told | Refused | Failed:
    if reply.status != 200:
        return _refusal(reply)
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except UNREADABLE as error:
        return Failed(f"the cloud's answer can't be read: {error}")


def _refusal(reply: Reply) -> Refused | Failed:
    if not 400 <= reply.status < 500 or reply.status in _PASSING:
        return Failed(f"the cloud can't answer now ({reply.status})", _seconds(reply.retry_after))
    try:
        told = msgspec.json.decode(reply.body, type=_Error)
    except UNREADABLE:
        return Refused("", f"the cloud answered {reply.status}")
    return Refused(told.error, told.error_description[:500] or told.error)


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), LONGEST_WAIT) if retry_after.isascii() and retry_after.isdigit() else 0.0
