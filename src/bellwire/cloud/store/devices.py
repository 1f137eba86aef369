"""Statements and transactions on devices and their tokens.

It knows rows; it must not know a token, only its SHA-256. But for the one that finds a device by its token, every
transaction takes the account's id.
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from bellwire.alerts.lifecycle import Life
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.instants import from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import alerts, device_tokens, devices, standings
from bellwire.cloud.store.transaction import Statement, Transaction

_ACCOUNT = devices.c.account_id == sa.bindparam("account_id")
_ONE = _ACCOUNT & (devices.c.device_id == sa.bindparam("device_id"))

INSERT_DEVICE = Statement(
    sa.insert(devices).values(
        {name: sa.bindparam(name) for name in ("account_id", "device_id", "name", "profile", "created_ms")}
    ),
    "a new device",
)
INSERT_STANDINGS = Statement(
    sa.insert(standings).from_select(
        ["account_id", "device_id", "token", "kind", "desired_ms", "desired_version", "reported", "reported_at_ms"],
        sa.select(
            alerts.c.account_id,
            sa.bindparam("device_id", type_=sa.Text),
            alerts.c.token,
            alerts.c.kind,
            alerts.c.scheduled_ms,
            alerts.c.version,
            sa.bindparam("reported", type_=sa.Text),
            sa.bindparam("now_ms", type_=sa.BigInteger),
        ).where((alerts.c.account_id == sa.bindparam("account_id")) & (alerts.c.everywhere == 1)),
    ),
    "a new device is to have every alert that rings everywhere",
)
INSERT_DEVICE_TOKEN = Statement(
    sa.insert(device_tokens).values({column.name: sa.bindparam(column.name) for column in device_tokens.c}),
    "a new token of a device",
)
SELECT_DEVICES = Statement(sa.select(devices).where(_ACCOUNT).order_by(devices.c.name), "an account's devices by name")
SELECT_DEVICE_BY_TOKEN = Statement(
    sa.select(devices.c.account_id, devices.c.device_id, devices.c.profile, device_tokens.c.expires_ms)
    .join(device_tokens, device_tokens.c.device_id == devices.c.device_id)
    .where(device_tokens.c.token_hash == sa.bindparam("token_hash")),
    "whose token this is",
)
DELETE_DEVICE = Statement(
    sa.delete(devices).where(_ONE).returning(devices.c.device_id), "a device goes, with its tokens and standings"
)


class Device(NamedTuple):
    """A device of an account."""

    device_id: str
    name: str
    profile: str


def add_device(account_id: str, device: Device, token_hash: bytes, now: datetime) -> Transaction[None]:
    """Add a device with its token; it is to have every alert of the account that rings everywhere."""
    of_device = {"account_id": account_id, "device_id": device.device_id}
    yield INSERT_DEVICE, {**of_device, "name": device.name, "profile": device.profile, "created_ms": to_ms(now)}
    yield from add_device_token(account_id, device.device_id, token_hash, None, now)
    yield INSERT_STANDINGS, {**of_device, "reported": Life.UNKNOWN.value, "now_ms": to_ms(now)}


def add_device_token(
    account_id: str, device_id: str, token_hash: bytes, expires: datetime | None, now: datetime
) -> Transaction[None]:
    """Let whoever has this token speak for the device, until it expires."""
    yield (
        INSERT_DEVICE_TOKEN,
        {
            "account_id": account_id,
            "device_id": device_id,
            "token_hash": token_hash,
            "expires_ms": to_ms_or_none(expires),
            "created_ms": to_ms(now),
        },
    )


def device_by_token(token_hash: bytes) -> Transaction[DeviceIdentity | None]:
    """Whose token this is, expired or not; None: nobody's."""
    rows = yield SELECT_DEVICE_BY_TOKEN, {"token_hash": token_hash}
    if not rows:
        return None
    row = rows[0]
    return DeviceIdentity(row.account_id, row.device_id, row.profile, from_ms_or_none(row.expires_ms))


def list_devices(account_id: str) -> Transaction[list[Device]]:
    """The account's devices, by name."""
    rows = yield SELECT_DEVICES, {"account_id": account_id}
    return [Device(row.device_id, row.name, row.profile) for row in rows]


def remove_device(account_id: str, device_id: str) -> Transaction[None]:
    """Remove a device with its tokens and standings. Raises NotFound when the account has none of this id."""
    if not (yield DELETE_DEVICE, {"account_id": account_id, "device_id": device_id}):
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")
