"""Statements and transactions on what is desired of alerts: at which time, with which content, on which devices.

It knows rows; it must not know why something is desired (`occurrences`, `wishes`), nor what devices report of it
(`standings`). Every transaction takes the account's id.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.alerts.alert import Alert
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.instants import from_ms_or_none, to_ms
from bellwire.cloud.store.schema import standings
from bellwire.cloud.store.standings import OF_ALERT, OF_DEVICE, SELECT_LIVES, values_of
from bellwire.cloud.store.transaction import Args, Statement, Transaction

DELETE_ABSENT = Statement(
    sa.delete(standings).where(OF_ALERT & (standings.c.reported == Life.ABSENT.value)).returning(standings.c.device_id),
    "where an alert is not there and will not be desired any more",
)

_CHANGE = (
    sa.update(standings)
    .where(OF_ALERT)
    .values(
        desired_ms=sa.bindparam("new_desired_ms"),
        desired_version=sa.bindparam("new_desired_version"),
        silenced_ms=sa.func.coalesce(sa.bindparam("new_silenced_ms"), standings.c.silenced_ms),
    )
    .returning(standings.c.device_id)
)

DESIRE = Statement(
    _CHANGE.where(standings.c.desired_ms.is_not(None)),
    "set one alert to this time and content on all devices on which it is desired",
)

RENEW = Statement(
    sa.update(standings)
    .where(OF_ALERT & standings.c.desired_ms.is_not(None))
    .values(desired_version=sa.bindparam("new_desired_version"))
    .returning(standings.c.device_id),
    "another content of an alert on all devices on which it is desired, each at the time that it has",
)

UNDESIRE = Statement(_CHANGE, "one alert should be absent from all of its devices")

_ON_DEVICE = standings.c.device_id == sa.func.coalesce(sa.bindparam("device_id", type_=sa.Text), standings.c.device_id)
"""On the device that is named; on any, where none is."""

_DESIRED_WITHIN = (
    OF_ALERT & standings.c.desired_ms.between(sa.bindparam("first_ms"), sa.bindparam("last_ms")) & _ON_DEVICE
)

_INSERT_DESIRED = insert(standings).values({column.name: sa.bindparam(column.name) for column in standings.c})

DESIRE_HERE = Statement(
    _INSERT_DESIRED.on_conflict_do_update(
        index_elements=["device_id", "token"],
        set_={name: _INSERT_DESIRED.excluded[name] for name in ("desired_ms", "desired_version")},
        where=standings.c.account_id == _INSERT_DESIRED.excluded.account_id,
    ),
    "an alert is desired on a device, whatever that has reported of it",
)

DELETE_ABSENT_HERE = Statement(
    sa.delete(standings).where(
        OF_DEVICE & (standings.c.token == sa.bindparam("token")) & (standings.c.reported == Life.ABSENT.value)
    ),
    "an alert is not on a device, and will not be desired there any more",
)

UNDESIRE_HERE = Statement(
    sa.update(standings)
    .where(OF_DEVICE & (standings.c.token == sa.bindparam("token")))
    .values(desired_ms=None, desired_version=None),
    "an alert should be absent from a device",
)

DESIRE_INSTEAD = Statement(
    _CHANGE.where(_DESIRED_WITHIN),
    "another time of an alert in the place of some that its devices have; None: it should be absent there",
)

DELETE_ABSENT_WITHIN = Statement(
    sa.delete(standings)
    .where(_DESIRED_WITHIN & (standings.c.reported == Life.ABSENT.value))
    .returning(standings.c.device_id),
    "where an alert is not there, and has one of these times, and will not be desired any more",
)

EARLIEST_DESIRED = Statement(
    sa.select(sa.func.min(standings.c.desired_ms).label("earliest_ms")).where(OF_ALERT),
    "the earliest time of an alert that is desired on any device",
)

SILENCE = Statement(
    sa.update(standings)
    .where(OF_ALERT & _ON_DEVICE)
    .values(silenced_ms=sa.bindparam("silenced_ms"))
    .returning(standings.c.device_id),
    "this occurrence of an alert must ring no longer, on one of its devices or on any",
)


class Place(NamedTuple):
    """Where an alert is desired, of all the devices and times that it has."""

    first: datetime
    """From this time on …"""
    last: datetime
    """… up to this one."""
    device_id: str | None = None
    """On this device alone; None: on all."""


def add_standings(account_id: str, alert: Alert, device_ids: Iterable[str], now: datetime) -> Transaction[None]:
    """An alert is desired on these devices of its account from now on, also where it was to go."""
    yield from add_standing_rows(standing_rows(account_id, alert, device_ids, now))


def standing_rows(account_id: str, alert: Alert, device_ids: Iterable[str], now: datetime) -> list[Args]:
    """What says that an alert is desired on these devices, for `add_standing_rows`."""
    desired = Desired(alert.scheduled_time, alert.version)
    values = values_of(Standing(alert.token, alert.kind, desired, Reported(Life.UNKNOWN, now)))
    of_alert = {"account_id": account_id, "token": alert.token, **values}
    return [{**of_alert, "device_id": device_id} for device_id in device_ids]


def add_standing_rows(rows: list[Args]) -> Transaction[None]:
    """Alerts are desired from now on, each where its row says, also where it was to go."""
    yield DESIRE_HERE, rows


def remove_standings(account_id: str, token: str, device_ids: Iterable[str]) -> Transaction[None]:
    """An alert is desired on these devices no longer."""
    here = [{"account_id": account_id, "token": token, "device_id": device_id} for device_id in device_ids]
    yield DELETE_ABSENT_HERE, here
    yield UNDESIRE_HERE, here


def where_desired(account_id: str, token: str) -> Transaction[set[str]]:
    """The ids of the devices on which an alert is desired."""
    rows = yield SELECT_LIVES, {"account_id": account_id, "token": token}
    return {row.device_id for row in rows if row.desired_ms is not None}


def desire(
    account_id: str, token: str, desired: Desired | None, over: datetime | None = None
) -> Transaction[list[str]]:
    """Change what is desired of an alert on all of its devices; `over`: this occurrence must ring no longer.

    Returns the devices' ids, but for those that have the alert no longer when it is desired nowhere any more.
    """
    if desired is None:
        yield DELETE_ABSENT, {"account_id": account_id, "token": token}
    rows = yield (
        UNDESIRE if desired is None else DESIRE,
        {
            "account_id": account_id,
            "token": token,
            "new_desired_ms": desired and to_ms(desired.scheduled_time),
            "new_desired_version": desired and desired.version,
            "new_silenced_ms": over and to_ms(over),
        },
    )
    return [row.device_id for row in rows]


def renew(account_id: str, token: str, version: int) -> Transaction[list[str]]:
    """Desire another content of an alert, at the times that its devices have of it. Returns their ids."""
    rows = yield RENEW, {"account_id": account_id, "token": token, "new_desired_version": version}
    return [row.device_id for row in rows]


def desire_instead(
    account_id: str,
    token: str,
    place: Place,
    desired: Desired | None,
    over: datetime | None = None,
) -> Transaction[list[str]]:
    """As `desire`, but at this place alone."""
    where = {"first_ms": to_ms(place.first), "last_ms": to_ms(place.last), "device_id": place.device_id}
    of_alert = {"account_id": account_id, "token": token, **where}
    gone = (yield DELETE_ABSENT_WITHIN, of_alert) if desired is None else []
    rows = yield (
        DESIRE_INSTEAD,
        {
            **of_alert,
            "new_desired_ms": desired and to_ms(desired.scheduled_time),
            "new_desired_version": desired and desired.version,
            "new_silenced_ms": over and to_ms(over),
        },
    )
    return [row.device_id for row in (*gone, *rows)]


def earliest_desired(account_id: str, token: str) -> Transaction[datetime | None]:
    """The earliest time of an alert that is desired on any of its devices; None: it is desired on none."""
    rows = yield EARLIEST_DESIRED, {"account_id": account_id, "token": token}
    return from_ms_or_none(rows[0].earliest_ms)


def undesire(account_id: str, token: str) -> Transaction[list[str]]:
    """Desire an alert on no device for a time. Returns the devices' ids."""
    nothing = {"new_desired_ms": None, "new_desired_version": None, "new_silenced_ms": None}
    rows = yield UNDESIRE, {"account_id": account_id, "token": token, **nothing}
    return [row.device_id for row in rows]


def silence(account_id: str, token: str, occurrence: datetime, device_id: str | None = None) -> Transaction[list[str]]:
    """Say that an occurrence is over on this device of an alert, or on all of them. Returns their ids."""
    of_alert = {"account_id": account_id, "token": token, "device_id": device_id}
    rows = yield SILENCE, {**of_alert, "silenced_ms": to_ms(occurrence)}
    return [row.device_id for row in rows]
