"""Statements and transactions on the devices of an account and on the tokens that they show.

It must not know what a device says, nor how it is reached.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from bellwire.alerts.lifecycle import Life
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.changes import add_change_of_device
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import alerts, device_tokens, devices, standings
from bellwire.cloud.store.transaction import Statement, Transaction


class Device(NamedTuple):
    """One speaker."""

    device_id: str
    name: str
    profile: str
    """The name of the version of the protocol that it speaks."""
    model: str | None = None
    """As the device, or the program that had it authorized, calls its kind."""


_ONE = (devices.c.account_id == sa.bindparam("account_id")) & (devices.c.device_id == sa.bindparam("device_id"))

_INSERT = Statement(
    sa.insert(devices).values(
        {name: sa.bindparam(name) for name in ("account_id", "device_id", "name", "profile", "created_ms", "model")}
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
            alerts.c.account_id == sa.bindparam("account_id"), alerts.c.everywhere == 1, alerts.c.paused_on.is_(None)
        ),
    ),
    "the account's alerts for every device are desired on a new one too",
)
_ALL = Statement(
    sa.select(devices.c.device_id, devices.c.name, devices.c.profile, devices.c.model)
    .where(devices.c.account_id == sa.bindparam("account_id"))
    .order_by(devices.c.name, devices.c.device_id),
    "the devices of an account by name",
)
_PAGE = Statement(
    sa.select(devices.c.device_id, devices.c.name, devices.c.profile, devices.c.model)
    .where(
        (devices.c.account_id == sa.bindparam("account_id"))
        & (
            sa.tuple_(devices.c.name, devices.c.device_id)
            > sa.tuple_(sa.bindparam("after_name"), sa.bindparam("after_id"))
        )
    )
    .order_by(devices.c.name, devices.c.device_id)
    .limit(sa.bindparam("limit")),
    "the devices of an account by name, a page at a time",
)
_PRESENCES = Statement(
    sa.select(
        *(devices.c[name] for name in ("device_id", "name", "profile", "connected_ms", "last_seen_ms", "created_ms"))
    )
    .where(devices.c.account_id == sa.bindparam("account_id"))
    .order_by(devices.c.name, devices.c.device_id),
    "the devices of an account, and since when they are here or away",
)
_IS_THERE = Statement(sa.select(devices.c.device_id).where(_ONE), "whether an account has a device")
_CARD = (
    "device_id", "name", "profile", "model", "agent", "last_seen_ms", "created_ms", "drifts", "drifted_ms",
)  # fmt: skip
_FIND = Statement(
    sa.select(*(devices.c[name] for name in _CARD)).where(_ONE),
    "one device of an account",
)
_RENAME = Statement(
    sa.update(devices).where(_ONE).values(name=sa.bindparam("new_name")).returning(devices.c.device_id),
    "a device is called otherwise",
)
_here, _elsewhere = standings.alias("here"), standings.alias("elsewhere")


def _is_desired(standing: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        standing.c.account_id == alerts.c.account_id,
        standing.c.token == alerts.c.token,
        standing.c.desired_ms.is_not(None),
    )


_ONLY_THERE = Statement(
    sa.select(alerts.c.token).where(
        alerts.c.account_id == sa.bindparam("account_id"),
        alerts.c.everywhere == 0,
        sa.exists().where(_is_desired(_here) & (_here.c.device_id == sa.bindparam("device_id"))),
        ~sa.exists().where(_is_desired(_elsewhere) & (_elsewhere.c.device_id != sa.bindparam("device_id"))),
    ),
    "alerts that ring on this device and on no other",
)
_PAUSED = Statement(
    sa.select(alerts.c.token, alerts.c.paused_on, alerts.c.everywhere).where(
        alerts.c.account_id == sa.bindparam("account_id"), alerts.c.paused_on.is_not(None)
    ),
    "where the paused alerts of an account resume",
)
_RESUME_ON = Statement(
    sa.update(alerts)
    .where(alerts.c.account_id == sa.bindparam("of_account"), alerts.c.token == sa.bindparam("of_token"))
    .values(paused_on=sa.bindparam("new_paused_on")),
    "where a paused alert resumes",
)
_REMOVE = Statement(sa.delete(devices).where(_ONE).returning(devices.c.device_id), "a device with all that hangs on it")

_AGENT = Statement(sa.select(devices.c.agent).where(_ONE), "what a device said of itself in headers")
_SEEN = Statement(
    sa.update(devices).where(_ONE).values(last_seen_ms=sa.bindparam("now_ms")), "when a device was here, and is still"
)
_LEFT = Statement(
    sa.update(devices).where(_ONE).values(last_seen_ms=sa.bindparam("now_ms"), connected_ms=None),
    "when a device was here, and is no longer",
)
_CAME = Statement(
    sa.update(devices)
    .where(_ONE)
    .values(agent=sa.bindparam("new_agent"), last_seen_ms=sa.bindparam("now_ms"), connected_ms=sa.bindparam("now_ms"))
    .returning(devices.c.device_id),
    "a device is here from now on, and what it says of itself in headers",
)
_CONNECTED = Statement(sa.select(devices.c.connected_ms).where(_ONE), "since when a device is connected")
NOBODY_IS_HERE = Statement(
    sa.update(devices).where(devices.c.connected_ms.is_not(None)).values(connected_ms=None),
    "no device is connected to a cloud that has just started",
)
_DRIFTED = Statement(
    sa.update(devices)
    .where(_ONE)
    .values(drifts=devices.c.drifts + sa.bindparam("more"), drifted_ms=sa.bindparam("now_ms")),
    "a device was not as it had said",
)

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


def add_device(account_id: str, device: Device, token_hash: bytes | None, now: datetime) -> Transaction[None]:
    """Add a device; the account's alerts for every device are desired on it from now on. With `token_hash` it has a
    first token, which does not expire.

    Raises AlreadyExists when this or another account has a device of that id, NotFound when there is no such account.
    """
    try:
        yield _INSERT, {"account_id": account_id, **device._asdict(), "created_ms": to_ms(now)}
    except AlreadyExists as error:
        raise AlreadyExists(f"there is a device {device.device_id!r} already; remove it first") from error
    except NotFound as error:
        raise NotFound(f"there is no account {account_id!r}") from error
    if token_hash is not None:
        yield from add_device_token(account_id, device.device_id, token_hash, None, now)
    yield _DESIRE_ALL, {"account_id": account_id, "device_id": device.device_id, "now_ms": to_ms(now)}


def list_devices(account_id: str) -> Transaction[list[Device]]:
    """Give the account's devices by name."""
    rows = yield _ALL, {"account_id": account_id}
    return [Device(*row) for row in rows]


def page_of_devices(account_id: str, after: tuple[str, str] | None, limit: int) -> Transaction[list[Device]]:
    """Give up to `limit` of the account's devices by name; `after`: those behind this name and id."""
    name, device_id = after or ("", "")  # no name is empty
    rows = yield _PAGE, {"account_id": account_id, "after_name": name, "after_id": device_id, "limit": limit}
    return [Device(*row) for row in rows]


class Presence(NamedTuple):
    """Whether a device is here."""

    device_id: str
    name: str
    profile: str
    offline_since: datetime | None
    """None: it is connected."""


def list_presences(account_id: str) -> Transaction[list[Presence]]:
    """Give the account's devices by name, and since when those are away that are not connected."""
    rows = yield _PRESENCES, {"account_id": account_id}
    return [
        Presence(
            row.device_id,
            row.name,
            row.profile,
            None if row.connected_ms is not None else from_ms(row.last_seen_ms or row.created_ms),
        )
        for row in rows
    ]


def which_are_there(account_id: str, device_ids: Iterable[str]) -> Transaction[set[str]]:
    """Give those of these devices that the account has."""
    rows = yield _IS_THERE, [{"account_id": account_id, "device_id": device_id} for device_id in device_ids]
    return {row.device_id for row in rows}


class Card(NamedTuple):
    """What a device's row says beside its name and kind."""

    created: datetime
    agent: dict[str, Any] | None
    """What the headers of its last downchannel say that it is; None: it never had one."""
    last_seen: datetime | None
    drifts: int
    """How often a context has shown an alert otherwise than it had said."""
    drifted: datetime | None
    """The last time."""


def find_device(account_id: str, device_id: str) -> Transaction[Device]:
    """Give one device. Raises NotFound."""
    return (yield from find_device_card(account_id, device_id))[0]


def find_device_card(account_id: str, device_id: str) -> Transaction[tuple[Device, Card]]:
    """Give one device with what else its row says. Raises NotFound."""
    rows = yield _FIND, {"account_id": account_id, "device_id": device_id}
    if not rows:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")
    (row,) = rows
    agent = None if row.agent is None else msgspec.json.decode(row.agent)
    card = Card(
        from_ms(row.created_ms), agent, from_ms_or_none(row.last_seen_ms), row.drifts, from_ms_or_none(row.drifted_ms)
    )
    return Device(row.device_id, row.name, row.profile, row.model), card


def rename_device(account_id: str, device_id: str, name: str) -> Transaction[None]:
    """Call a device otherwise. Raises NotFound when the account has no such device."""
    rows = yield _RENAME, {"account_id": account_id, "device_id": device_id, "new_name": name}
    if not rows:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")


def remove_device(account_id: str, device_id: str) -> Transaction[list[str]]:
    """Remove a device with its tokens, standings and trace. Gives the tokens of alerts that rang there alone.

    Those stay, to ring elsewhere: what somebody wanted to be woken by is not lost with a speaker. Raises NotFound when
    the account has no such device.
    """
    found = yield _ONLY_THERE, {"account_id": account_id, "device_id": device_id}
    resumed = yield from _no_longer_resumed_on(account_id, device_id)
    rows = yield _REMOVE, {"account_id": account_id, "device_id": device_id}
    if not rows:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")
    return [*(row.token for row in found), *resumed]


def _no_longer_resumed_on(account_id: str, device_id: str) -> Transaction[list[str]]:
    """Paused alerts do not resume on a device any more. Gives the tokens of those that would resume nowhere."""
    rows = yield _PAUSED, {"account_id": account_id}
    nowhere, changed = [], []
    for row in rows:
        before = msgspec.json.decode(row.paused_on, type=list[str])
        if device_id in before:
            after = [each for each in before if each != device_id]
            text = msgspec.json.encode(after).decode()
            changed.append({"of_account": account_id, "of_token": row.token, "new_paused_on": text})
            nowhere += [row.token] if not after and not row.everywhere else []
    yield _RESUME_ON, changed
    return nowhere


def add_device_token(
    account_id: str,
    device_id: str,
    token_hash: bytes,
    expires: datetime | None,
    now: datetime,
    *,
    grant_id: bytes | None = None,
) -> Transaction[None]:
    """Let a device show a token, until it `expires` or, with None, is revoked; it is also with its family, if any.

    Of the token only the SHA-256 is known. Raises NotFound when the account has no such device.
    """
    values = {"token_hash": token_hash, "expires_ms": to_ms_or_none(expires), "created_ms": to_ms(now)}
    try:
        yield _INSERT_TOKEN, {"account_id": account_id, "device_id": device_id, "grant_id": grant_id, **values}
    except NotFound as error:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has") from error


def device_by_token(token_hash: bytes) -> Transaction[DeviceIdentity | None]:
    """Give the device that shows the token, also when it has expired; None for one that is unknown or revoked."""
    rows = yield _BY_TOKEN, {"token_hash": token_hash}
    if not rows:
        return None
    (row,) = rows
    return DeviceIdentity(row.account_id, row.device_id, row.profile, from_ms_or_none(row.expires_ms))


def load_agent(account_id: str, device_id: str) -> Transaction[str | None]:
    """Give what a device said of itself in the headers of its last downchannel, as JSON; None: nothing yet."""
    rows = yield _AGENT, {"account_id": account_id, "device_id": device_id}
    return rows[0].agent if rows else None


def device_came(
    account_id: str, device_id: str, agent: str, now: datetime, news: str | None = None
) -> Transaction[None]:
    """Keep that a device is connected from now on, and what it says of itself in headers, as JSON.

    `news`: the change that this is, if it is one.

    Raises NotFound when the account has no such device.
    """
    values = {"new_agent": agent, "now_ms": to_ms(now)}
    rows = yield _CAME, {"account_id": account_id, "device_id": device_id, **values}
    if not rows:
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")
    if news is not None:
        yield from add_change_of_device(account_id, device_id, news, now)


def saw_device(
    account_id: str, device_id: str, now: datetime, *, is_here: bool, news: str | None = None
) -> Transaction[None]:
    """Keep that a device was here until now, and whether it still is; `news`: the change that this is, if it is one.

    Nothing for a device that is not there any more.
    """
    yield _SEEN if is_here else _LEFT, {"account_id": account_id, "device_id": device_id, "now_ms": to_ms(now)}
    if news is not None:
        yield from add_change_of_device(account_id, device_id, news, now)


def connected_since(account_id: str, device_id: str) -> Transaction[datetime | None]:
    """Since when a device is connected; None: it is not."""
    rows = yield _CONNECTED, {"account_id": account_id, "device_id": device_id}
    return from_ms_or_none(rows[0].connected_ms) if rows else None


def nobody_is_here() -> Transaction[None]:
    """No device of any account is connected: the cloud starts, and the one before may have been killed."""
    yield NOBODY_IS_HERE, {}


def device_drifted(account_id: str, device_id: str, times: int, now: datetime) -> Transaction[None]:
    """Count that a device's context showed so many alerts otherwise than it had said."""
    yield _DRIFTED, {"account_id": account_id, "device_id": device_id, "more": times, "now_ms": to_ms(now)}
