"""Statements and transactions on the devices of an account and on the tokens that they show.

It must not know what a device says, nor how it is reached.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from bellwire.alerts.lifecycle import Life
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import alerts, device_tokens, devices, standings
from bellwire.cloud.store.transaction import Statement, Transaction


class Device(NamedTuple):
    """One speaker."""

    device_id: str
    name: str
    profile: str
    """The name of the version of the protocol that it speaks."""


_ONE = (devices.c.account_id == sa.bindparam("account_id")) & (devices.c.device_id == sa.bindparam("device_id"))

_INSERT = Statement(
    sa.insert(devices).values(
        {name: sa.bindparam(name) for name in ("account_id", "device_id", "name", "profile", "created_ms")}
    ),
    "a new device of an account",
)
_STANDING = {
    "account_id": alerts.c.account_id,
    "device_id": sa.bindparam("device_id", type_=sa.Text),
    "token": alerts.c.token,
    "kind": alerts.c.kind,
    "desired_ms": alerts.c.scheduled_ms,
    "desired_version": alerts.c.version,
    "reported": sa.literal(Life.UNKNOWN.value, sa.Text),
    "reported_at_ms": sa.bindparam("now_ms", type_=sa.BigInteger),
}
_DESIRE_ALL = Statement(
    sa.insert(standings).from_select(
        list(_STANDING),
        sa.select(*_STANDING.values()).where(
            alerts.c.account_id == sa.bindparam("account_id"), alerts.c.everywhere == 1
        ),
    ),
    "the account's alerts for every device are desired on a new one too",
)
_ALL = Statement(
    sa.select(devices.c.device_id, devices.c.name, devices.c.profile)
    .where(devices.c.account_id == sa.bindparam("account_id"))
    .order_by(devices.c.name, devices.c.device_id),
    "the devices of an account by name",
)
_IS_THERE = Statement(sa.select(devices.c.device_id).where(_ONE), "whether an account has a device")
_REMOVE = Statement(sa.delete(devices).where(_ONE).returning(devices.c.device_id), "a device with all that hangs on it")

_INSERT_TOKEN = Statement(sa.insert(device_tokens), "a new token of a device")
_BY_TOKEN = Statement(
    sa.select(device_tokens.c.account_id, device_tokens.c.device_id, devices.c.profile, device_tokens.c.expires_ms)
    .join_from(
        device_tokens,
        devices,
        (devices.c.account_id == device_tokens.c.account_id) & (devices.c.device_id == device_tokens.c.device_id),
    )
    .where(device_tokens.c.token_hash == sa.bindparam("token_hash")),
    "the device that shows a token",
)


def add_device(account_id: str, device: Device, token_hash: bytes, now: datetime) -> Transaction[None]:
    """Add a device with a first token; the account's alerts for every device are desired on it from now on.

    Raises AlreadyExists when this or another account has a device of that id, NotFound when there is no such account.
    """
    try:
        yield _INSERT, {"account_id": account_id, **device._asdict(), "created_ms": to_ms(now)}
    except AlreadyExists as error:
        raise AlreadyExists(f"there is a device {device.device_id!r} already; remove it first") from error
    except NotFound as error:
        raise NotFound(f"there is no account {account_id!r}") from error
    yield from add_device_token(account_id, device.device_id, token_hash, None, now)
    yield _DESIRE_ALL, {"account_id": account_id, "device_id": device.device_id, "now_ms": to_ms(now)}


def list_devices(account_id: str) -> Transaction[list[Device]]:
    """Give the account's devices by name."""
    rows = yield _ALL, {"account_id": account_id}
    return [Device(*row) for row in rows]


def which_are_there(account_id: str, device_ids: Iterable[str]) -> Transaction[set[str]]:
    """Give those of these devices that the account has."""
    rows = yield _IS_THERE, [{"account_id": account_id, "device_id": device_id} for device_id in device_ids]
    return {row.device_id for row in rows}


def remove_device(account_id: str, device_id: str) -> Transaction[None]:
    """Remove a device with its tokens, standings and trace. Raises NotFound when the account has no such device."""
    rows = yield _REMOVE, {"account_id": account_id, "device_id": device_id}
    if not rows:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")


def add_device_token(
    account_id: str, device_id: str, token_hash: bytes, expires: datetime | None, now: datetime
) -> Transaction[None]:
    """Let a device show a token, until it `expires` or, with None, is revoked.

    Of the token only the SHA-256 is known. Raises NotFound when the account has no such device.
    """
    values = {"token_hash": token_hash, "expires_ms": to_ms_or_none(expires), "created_ms": to_ms(now)}
    try:
        yield _INSERT_TOKEN, {"account_id": account_id, "device_id": device_id, **values}
    except NotFound as error:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has") from error


def device_by_token(token_hash: bytes) -> Transaction[DeviceIdentity | None]:
    """Give the device that shows the token, also when it has expired; None for one that is unknown or revoked."""
    rows = yield _BY_TOKEN, {"token_hash": token_hash}
    if not rows:
        return None
    (row,) = rows
    return DeviceIdentity(row.account_id, row.device_id, row.profile, from_ms_or_none(row.expires_ms))
