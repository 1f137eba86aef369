"""Statements and transactions on standings: how each alert stands on each device, and what the device reports of it.

It knows rows; it must not know what a report means (`alerts.standing`), what follows from it (`handlers`), nor how
another thing comes to be desired (`desires`).
Every transaction takes the account's id.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.alerts.alert import Kind
from bellwire.alerts.lifecycle import Life
from bellwire.alerts.standing import Desired, Reported, Standing
from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.schema import devices, standings
from bellwire.cloud.store.transaction import Statement, Transaction

OF_DEVICE = (standings.c.account_id == sa.bindparam("account_id")) & (
    standings.c.device_id == sa.bindparam("device_id")
)
OF_ALERT = (standings.c.account_id == sa.bindparam("account_id")) & (standings.c.token == sa.bindparam("token"))

_COLUMNS = [
    standings.c[name]
    for name in (
        "token", "kind", "desired_ms", "desired_version", "silenced_ms",
        "reported", "reported_ms", "reported_version", "reported_at_ms", "failures",
    )
]  # fmt: skip

SELECT_STANDINGS = Statement(sa.select(*_COLUMNS).where(OF_DEVICE), "all standings of one device")

_DEVICE = (devices.c.account_id == sa.bindparam("account_id")) & (devices.c.device_id == sa.bindparam("device_id"))

SELECT_UNSETTLED = Statement(
    sa.select(*_COLUMNS)
    .where(OF_DEVICE)
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
    .where(OF_DEVICE & (standings.c.token == sa.bindparam("token")))
    .values({name: sa.bindparam(again) for name, again in _AGAIN.items()}),
    "what a device reported of an alert that has a row",
)

DELETE_STANDING = Statement(
    sa.delete(standings).where(OF_DEVICE & (standings.c.token == sa.bindparam("token"))),
    "an alert that is neither desired on a device nor there any more",
)


SELECT_LIVES = Statement(
    sa.select(*(standings.c[name] for name in ("device_id", "reported", "reported_ms", "desired_ms"))).where(OF_ALERT),
    "where an alert stands on each of its devices",
)

SELECT_SILENT = Statement(
    sa.select(standings.c.device_id).where(
        OF_ALERT
        & (standings.c.desired_ms == sa.bindparam("occurrence_ms"))
        & (
            sa.and_(*(standings.c.reported != life.value for life in (Life.RINGING, Life.STOPPED)))
            | standings.c.reported_ms.is_distinct_from(standings.c.desired_ms)
        )
    ),
    "the devices that should have rung at an occurrence, and did not say that they did",
)

SELECT_OF_ALERT = Statement(
    sa.select(standings.c.device_id, *_COLUMNS).where(OF_ALERT), "all standings of one alert, with their devices"
)

ASK_FOR_EVERYTHING = Statement(
    sa.update(devices).where(_DEVICE).values(sync_seq=devices.c.sync_seq + 1),
    "the device asked for its whole list once more",
)

SELECT_SYNC_SEQ = Statement(
    sa.select(devices.c.sync_seq).where(_DEVICE), "how often the device has asked for its whole list"
)


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
        values = values_of(standing)
        yield REPORT_AGAIN, {**of_device, **{again: values[name] for name, again in _AGAIN.items()}}
    else:
        yield REPORT, {**of_device, **values_of(standing)}


def values_of(standing: Standing) -> Mapping[str, Any]:
    """The columns of a standing's row, but for whose it is."""
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
