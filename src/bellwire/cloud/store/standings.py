"""Statements and transactions on standings: how each alert stands on each device.

It knows rows; it must not know what a report means (`alerts.standing`) nor what follows from it (`handlers`).
Every transaction takes the account's id.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.alerts.alert import Alert, Kind
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms
from bellwire.cloud.store.schema import devices, standings
from bellwire.cloud.store.transaction import Args, Statement, Transaction

_OF_DEVICE = (standings.c.account_id == sa.bindparam("account_id")) & (
    standings.c.device_id == sa.bindparam("device_id")
)
_OF_ALERT = (standings.c.account_id == sa.bindparam("account_id")) & (standings.c.token == sa.bindparam("token"))

_COLUMNS = [
    standings.c[name]
    for name in (
        "token", "kind", "desired_ms", "desired_version", "silenced_ms",
        "reported", "reported_ms", "reported_version", "reported_at_ms", "failures",
    )
]  # fmt: skip

SELECT_STANDINGS = Statement(sa.select(*_COLUMNS).where(_OF_DEVICE), "all standings of one device")

_DEVICE = (devices.c.account_id == sa.bindparam("account_id")) & (devices.c.device_id == sa.bindparam("device_id"))

SELECT_UNSETTLED = Statement(
    sa.select(*_COLUMNS)
    .where(_OF_DEVICE)
    .where(
        standings.c.desired_ms.is_(None)
        | standings.c.reported_ms.is_distinct_from(standings.c.desired_ms)
        | standings.c.reported_version.is_distinct_from(standings.c.desired_version)
        | sa.and_(*(standings.c.reported != life.value for life in (Life.SET, Life.RINGING, Life.STOPPED)))
        | ((standings.c.reported == Life.RINGING.value) & (standings.c.silenced_ms == standings.c.reported_ms))
    ),
    "the standings of one device of which there may be something to say: not `reconcile.is_settled`",
)

SELECT_MARKS = Statement(
    sa.select(devices.c.sync_seq, devices.c.command_seq).where(_DEVICE),
    "two numbers by which it is known at a glance what there is to look at",
)

REPORTED = ("reported", "reported_ms", "reported_version", "reported_at_ms", "failures")
_INSERT_STANDING = insert(standings).values({column.name: sa.bindparam(column.name) for column in standings.c})

REPORT = Statement(
    _INSERT_STANDING.on_conflict_do_update(
        index_elements=["device_id", "token"],
        set_={name: _INSERT_STANDING.excluded[name] for name in REPORTED},
        where=standings.c.account_id == _INSERT_STANDING.excluded.account_id,
    ),
    "what a device reported of an alert; what is desired stays as it is, but for an alert that had no row",
)

_AGAIN = {name: f"new_{name}" for name in REPORTED}
"""What each is called among the arguments of an UPDATE, where SQLAlchemy wants the column's own name for itself."""

REPORT_AGAIN = Statement(
    sa.update(standings)
    .where(_OF_DEVICE & (standings.c.token == sa.bindparam("token")))
    .values({name: sa.bindparam(again) for name, again in _AGAIN.items()}),
    "what a device reported of an alert that has a row",
)

DELETE_STANDING = Statement(
    sa.delete(standings).where(_OF_DEVICE & (standings.c.token == sa.bindparam("token"))),
    "an alert that is neither desired on a device nor there any more",
)

DELETE_ABSENT = Statement(
    sa.delete(standings)
    .where(_OF_ALERT & (standings.c.reported == Life.ABSENT.value))
    .returning(standings.c.device_id),
    "where an alert is not there and will not be desired any more",
)

_CHANGE = (
    sa.update(standings)
    .where(_OF_ALERT)
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
    .where(_OF_ALERT & standings.c.desired_ms.is_not(None))
    .values(desired_version=sa.bindparam("new_desired_version"))
    .returning(standings.c.device_id),
    "another content of an alert on all devices on which it is desired, each at the time that it has",
)

UNDESIRE = Statement(_CHANGE, "one alert should be absent from all of its devices")

_ON_DEVICE = standings.c.device_id == sa.func.coalesce(sa.bindparam("device_id", type_=sa.Text), standings.c.device_id)
"""On the device that is named; on any, where none is."""

_DESIRED_WITHIN = (
    _OF_ALERT & standings.c.desired_ms.between(sa.bindparam("first_ms"), sa.bindparam("last_ms")) & _ON_DEVICE
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
        _OF_DEVICE & (standings.c.token == sa.bindparam("token")) & (standings.c.reported == Life.ABSENT.value)
    ),
    "an alert is not on a device, and will not be desired there any more",
)

UNDESIRE_HERE = Statement(
    sa.update(standings)
    .where(_OF_DEVICE & (standings.c.token == sa.bindparam("token")))
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
    sa.select(sa.func.min(standings.c.desired_ms).label("earliest_ms")).where(_OF_ALERT),
    "the earliest time of an alert that is desired on any device",
)

SILENCE = Statement(
    sa.update(standings)
    .where(_OF_ALERT & _ON_DEVICE)
    .values(silenced_ms=sa.bindparam("silenced_ms"))
    .returning(standings.c.device_id),
    "this occurrence of an alert must ring no longer, on one of its devices or on any",
)

SELECT_LIVES = Statement(
    sa.select(*(standings.c[name] for name in ("device_id", "reported", "reported_ms", "desired_ms"))).where(_OF_ALERT),
    "where an alert stands on each of its devices",
)

SELECT_SILENT = Statement(
    sa.select(standings.c.device_id).where(
        _OF_ALERT
        & (standings.c.desired_ms == sa.bindparam("occurrence_ms"))
        & (
            sa.and_(*(standings.c.reported != life.value for life in (Life.RINGING, Life.STOPPED)))
            | standings.c.reported_ms.is_distinct_from(standings.c.desired_ms)
        )
    ),
    "the devices that should have rung at an occurrence, and did not say that they did",
)

SELECT_OF_ALERT = Statement(
    sa.select(standings.c.device_id, *_COLUMNS).where(_OF_ALERT), "all standings of one alert, with their devices"
)

ASK_FOR_EVERYTHING = Statement(
    sa.update(devices).where(_DEVICE).values(sync_seq=devices.c.sync_seq + 1),
    "the device asked for its whole list once more",
)

SELECT_SYNC_SEQ = Statement(
    sa.select(devices.c.sync_seq).where(_DEVICE), "how often the device has asked for its whole list"
)


class Place(NamedTuple):
    """Where an alert is desired, of all the devices and times that it has."""

    first: datetime
    """From this time on …"""
    last: datetime
    """… up to this one."""
    device_id: str | None = None
    """On this device alone; None: on all."""


class Marks(NamedTuple):
    """Two numbers by which it is known at a glance what there is to look at."""

    sync_seq: int = 0
    """How often the device has asked for its whole list."""
    command_seq: int = 0
    """Goes up with each command, and when the account has moved to another country."""


def load_standings(account_id: str, device_id: str) -> Transaction[list[Standing]]:
    """All standings of one device."""
    rows = yield SELECT_STANDINGS, {"account_id": account_id, "device_id": device_id}
    return [standing_of(row) for row in rows]


def look(account_id: str, device_id: str) -> Transaction[tuple[Marks, list[Standing]]]:
    """What there is to look at for one device, and the standings of which there may be something to say.

    Nothing for a device that is not there any more.
    """
    of_device = {"account_id": account_id, "device_id": device_id}
    marks = yield SELECT_MARKS, of_device
    if not marks:
        return Marks(), []
    rows = yield SELECT_UNSETTLED, of_device
    return Marks(*marks[0]), [standing_of(row) for row in rows]


def is_unsettled(row: Any) -> bool:
    """Whether SELECT_UNSETTLED has this row of SELECT_STANDINGS."""
    reported, reported_ms = row.reported, row.reported_ms
    return (
        row.desired_ms is None
        or reported_ms != row.desired_ms
        or row.reported_version != row.desired_version
        or reported not in _HELD
        or (reported in _RINGING and row.silenced_ms == reported_ms)
    )


def load_standings_of_alert(account_id: str, token: str) -> Transaction[dict[str, Standing]]:
    """How an alert stands on each of its devices, by device id."""
    rows = yield SELECT_OF_ALERT, {"account_id": account_id, "token": token}
    return {row.device_id: standing_of(row) for row in rows}


def load_standing_rows(account_id: str, device_id: str) -> Transaction[dict[str, Any]]:
    """The rows of one device's standings, by token: for `standing_of` and `is_as_shown`.

    Every event compares its context with all of them, and most are as it shows them: only the others are worth a value.
    """
    rows = yield SELECT_STANDINGS, {"account_id": account_id, "device_id": device_id}
    return {row[0]: row for row in rows}


def is_as_shown(row: Any, time: datetime, ringing: bool) -> bool:
    """Whether a context that shows the alert so tells nothing new of this row, as `standing.observed` would find."""
    return row.reported in (_RINGING if ringing else _QUIET) and row.reported_ms == to_ms(time)


def is_not_there(row: Any) -> bool:
    """Whether a context without the alert tells nothing new of this row."""
    return row.reported in _NOT_THERE


_KINDS = {kind.value: kind for kind in Kind}
_LIVES = {life.value: life for life in Life}
_NOT_THERE = frozenset({Life.ABSENT.value, Life.FAILED.value})
_RINGING = frozenset({Life.RINGING.value})
_HELD = frozenset({Life.SET.value, Life.RINGING.value, Life.STOPPED.value})
_QUIET = frozenset({Life.SET.value, Life.STOPPED.value})


def standing_of(row: Any) -> Standing:
    """The standing that a row of SELECT_STANDINGS holds."""
    return Standing(
        row.token,
        _KINDS[row.kind],
        None if row.desired_ms is None else Desired(from_ms(row.desired_ms), row.desired_version),
        Reported(
            _LIVES[row.reported],
            from_ms(row.reported_at_ms),
            None if row.reported_ms is None else from_ms(row.reported_ms),
            row.reported_version,
            row.failures,
        ),
        None if row.silenced_ms is None else from_ms(row.silenced_ms),
    )


def save_report(account_id: str, device_id: str, standing: Standing, *, has_row: bool = False) -> Transaction[None]:
    """Keep what a device reported. A standing that is absent both ways goes. `has_row`: the alert is known there."""
    of_device = {"account_id": account_id, "device_id": device_id, "token": standing.token}
    if standing.desired is None and standing.reported.life is Life.ABSENT:
        yield DELETE_STANDING, of_device
    elif has_row:
        values = _values(standing)
        yield REPORT_AGAIN, {**of_device, **{again: values[name] for name, again in _AGAIN.items()}}
    else:
        yield REPORT, {**of_device, **_values(standing)}


def _values(standing: Standing) -> Mapping[str, Any]:
    desired, reported = standing.desired, standing.reported
    return {
        "kind": standing.kind.value,
        "desired_ms": desired and to_ms(desired.scheduled_time),
        "desired_version": desired and desired.version,
        "silenced_ms": standing.silenced and to_ms(standing.silenced),
        "reported": reported.life.value,
        "reported_ms": reported.scheduled_time and to_ms(reported.scheduled_time),
        "reported_version": reported.version,
        "reported_at_ms": to_ms(reported.since),
        "failures": reported.failures,
    }


def add_standings(account_id: str, alert: Alert, device_ids: Iterable[str], now: datetime) -> Transaction[None]:
    """An alert is desired on these devices of its account from now on, also where it was to go."""
    yield from add_standing_rows(standing_rows(account_id, alert, device_ids, now))


def standing_rows(account_id: str, alert: Alert, device_ids: Iterable[str], now: datetime) -> list[Args]:
    """What says that an alert is desired on these devices, for `add_standing_rows`."""
    desired = Desired(alert.scheduled_time, alert.version)
    values = _values(Standing(alert.token, alert.kind, desired, Reported(Life.UNKNOWN, now)))
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


def ask_for_everything(account_id: str, device_id: str) -> Transaction[None]:
    """The device asks for its whole list."""
    yield ASK_FOR_EVERYTHING, {"account_id": account_id, "device_id": device_id}


def load_sync_seq(account_id: str, device_id: str) -> Transaction[int]:
    """How often the device has asked for its whole list; 0 for one that is not there any more."""
    rows = yield SELECT_SYNC_SEQ, {"account_id": account_id, "device_id": device_id}
    return rows[0].sync_seq if rows else 0


def rings_anywhere(account_id: str, token: str, occurrence: datetime) -> Transaction[bool]:
    """Whether a device reports that this occurrence of an alert rings."""
    rows = yield SELECT_LIVES, {"account_id": account_id, "token": token}
    return any(row.reported in _RINGING and row.reported_ms == to_ms(occurrence) for row in rows)


def devices_silent_at(account_id: str, token: str, occurrence: datetime) -> Transaction[list[str]]:
    """The ids of devices that should have rung at an occurrence of an alert, and did not say that they did."""
    rows = yield SELECT_SILENT, {"account_id": account_id, "token": token, "occurrence_ms": to_ms(occurrence)}
    return [row.device_id for row in rows]


def lives_of(account_id: str, token: str) -> Transaction[dict[str, Life]]:
    """Where an alert stands on each of its devices, by device id."""
    rows = yield SELECT_LIVES, {"account_id": account_id, "token": token}
    return {row.device_id: Life(row.reported) for row in rows}
