"""Statements and transactions on rings: what became of each occurrence of an alert on each device.

It knows rows; it must not know what they mean (`alerts.rings`), nor in which words it is told (`history`).
A start that comes in time costs one write, and so does an end, on however many devices. Rows are kept for KEPT_FOR,
also when their alert is gone, and MOST_KEPT of an alert on a device; they go with their device.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.alerts.lifecycle import Life
from bellwire.alerts.rings import End, Ending, Ring
from bellwire.cloud.store.desires import Place
from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.portions import portion
from bellwire.cloud.store.schema import devices, rings, standings
from bellwire.cloud.store.transaction import Statement, Transaction

KEPT_FOR = timedelta(days=90)
MOST_KEPT = 500
"""Occurrences of one alert on one device."""
OFTEN = KEPT_FOR / MOST_KEPT
"""What comes no more often has no more than MOST_KEPT in KEPT_FOR."""

_INSERT = insert(rings).values({column.name: sa.bindparam(column.name) for column in rings.c})
_KEY = ["device_id", "token", "occurrence_ms"]
_OF_ALERT = (
    (rings.c.account_id == sa.bindparam("account_id"))
    & (rings.c.device_id == sa.bindparam("device_id"))
    & (rings.c.token == sa.bindparam("token"))
)
_ONE = _OF_ALERT & (rings.c.occurrence_ms == sa.bindparam("occurrence_ms"))
_ITS_DEVICES = sa.select(standings.c.device_id).where(
    (standings.c.token == sa.bindparam("token")) & (standings.c.account_id == sa.bindparam("account_id"))
)

_START = insert(rings).values(
    {name: sa.bindparam(name) for name in ("account_id", "device_id", "token", "occurrence_ms", "set_ms", "started_ms")}
)
PUT_START = Statement(
    _START.on_conflict_do_update(
        index_elements=_KEY,
        set_={name: sa.func.coalesce(rings.c[name], _START.excluded[name]) for name in ("set_ms", "started_ms")},
        where=rings.c.account_id == _START.excluded.account_id,
    ),
    "the present occurrence of an alert has begun to ring on a device",
)

PUT_RING = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=_KEY,
        set_={column.name: _INSERT.excluded[column.name] for column in rings.c if not column.primary_key},
        where=rings.c.account_id == _INSERT.excluded.account_id,
    ),
    "all that is known of an occurrence on a device",
)

_here = standings.c.device_id == sa.bindparam("ended_by", type_=sa.Text)
_occurrence_ms = standings.c.desired_ms
_now_ms = sa.bindparam("now_ms", type_=sa.BigInteger)
_was_away = devices.c.connected_ms.is_(None) | (devices.c.connected_ms > _occurrence_ms)
_has_it = (standings.c.reported == Life.SET.value) & (standings.c.reported_ms == _occurrence_ms)
_CLOSED = {
    "account_id": standings.c.account_id,
    "device_id": standings.c.device_id,
    "token": standings.c.token,
    "occurrence_ms": _occurrence_ms,
    "set_ms": sa.case((_has_it, standings.c.reported_at_ms)),
    "stopped_ms": sa.case((_here & (sa.bindparam("has_stopped", type_=sa.Integer) == 1), _now_ms)),
    "over_ms": _now_ms,
    "ending": sa.case((_here, sa.bindparam("ending", type_=sa.Text)), else_=sa.bindparam("elsewhere", type_=sa.Text)),
    "ended_by": sa.bindparam("ended_by", type_=sa.Text),
    "reported": standings.c.reported,
    "failures": standings.c.failures,
    "offline_ms": sa.case((_was_away, sa.func.coalesce(devices.c.last_seen_ms, devices.c.created_ms))),
}
_close = insert(rings).from_select(
    list(_CLOSED),
    sa.select(*(value.label(name) for name, value in _CLOSED.items()))
    .join_from(
        standings,
        devices,
        (devices.c.device_id == standings.c.device_id) & (devices.c.account_id == standings.c.account_id),
    )
    .where(
        standings.c.token == sa.bindparam("token"),
        standings.c.account_id == sa.bindparam("account_id"),
        standings.c.desired_ms.between(sa.bindparam("first_ms"), sa.bindparam("last_ms")),
        standings.c.device_id == sa.func.coalesce(sa.bindparam("device_id", type_=sa.Text), standings.c.device_id),
    ),
)
_is_open = rings.c.ending.is_(None)
CLOSE = Statement(
    _close.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            **{
                name: sa.func.coalesce(rings.c[name], _close.excluded[name])
                for name in ("set_ms", "stopped_ms", "over_ms")
            },
            **{
                name: sa.case((_is_open, _close.excluded[name]), else_=rings.c[name]) for name in ("ending", "ended_by")
            },
            **{name: _close.excluded[name] for name in ("reported", "failures", "offline_ms")},
        },
        where=rings.c.account_id == _close.excluded.account_id,
    ),
    "what is desired of an alert at a place is over there, with how it stood on each device",
)

MARK = Statement(
    sa.update(rings)
    .where(
        rings.c.account_id == sa.bindparam("account_id"),
        rings.c.device_id.in_(_ITS_DEVICES),
        rings.c.device_id == sa.func.coalesce(sa.bindparam("device_id", type_=sa.Text), rings.c.device_id),
        rings.c.token == sa.bindparam("token"),
        rings.c.occurrence_ms == sa.bindparam("occurrence_ms"),
        _is_open,
    )
    .values(ending=sa.bindparam("new_ending"), ended_by=sa.bindparam("new_ended_by")),
    "what is about to end an occurrence where it rings",
)

SELECT_RING = Statement(sa.select(rings).where(_ONE), "one occurrence of an alert on a device")

SELECT_LAST = Statement(
    sa.select(rings)
    .where(_OF_ALERT & (rings.c.occurrence_ms <= sa.bindparam("until_ms")))
    .order_by(rings.c.occurrence_ms.desc())
    .limit(sa.bindparam("limit")),
    "the last occurrences of an alert on a device, the newest first",
)

_SURPLUS = (
    sa.select(rings.c.occurrence_ms)
    .where(_OF_ALERT)
    .order_by(rings.c.occurrence_ms.desc())
    .limit(1)
    .offset(sa.bindparam("kept", type_=sa.Integer))
    .scalar_subquery()
)
TRIM = Statement(
    sa.delete(rings).where(_OF_ALERT & (rings.c.occurrence_ms <= _SURPLUS)),
    "the oldest occurrences of an alert on a device, when there are too many",
)

FORGET_DEVICE = portion(
    rings,
    (rings.c.account_id == sa.bindparam("account_id")) & (rings.c.device_id == sa.bindparam("device_id")),
)

PURGE_RINGS = portion(rings, rings.c.occurrence_ms < sa.bindparam("before_ms"))


def put_start(account_id: str, token: str, ring: Ring) -> Transaction[None]:
    """An occurrence rings, as its device says in time; what is known of it already stays."""
    values = {
        **_of(account_id, ring.device_id, token),
        "occurrence_ms": to_ms(ring.scheduled_time),
        "set_ms": to_ms_or_none(ring.set_at),
        "started_ms": to_ms_or_none(ring.started_at),
    }
    yield PUT_START, values


def put_ring(account_id: str, token: str, ring: Ring) -> Transaction[None]:
    """Keep all that is known of an occurrence."""
    yield PUT_RING, _values(account_id, token, ring)


def close_rings(account_id: str, token: str, place: Place, now: datetime, end: End) -> Transaction[None]:
    """What is desired of an alert at this place is over there, with how it stands on each device.

    Where the device of its end has stopped, it is ELSEWHERE on all others.
    """
    yield (
        CLOSE,
        {
            "account_id": account_id,
            "token": token,
            "first_ms": to_ms(place.first),
            "last_ms": to_ms(place.last),
            "device_id": place.device_id,
            "now_ms": to_ms(now),
            "ending": end.ending.value,
            "elsewhere": (Ending.ELSEWHERE if end.has_stopped else end.ending).value,
            "ended_by": end.device_id,
            "has_stopped": int(end.has_stopped),
        },
    )


def mark_rings(
    account_id: str, token: str, occurrence: datetime, end: End, device_id: str | None = None
) -> Transaction[None]:
    """Say what is about to end an occurrence on this device, or wherever it rings, unless something else is already."""
    of_alert = {"account_id": account_id, "token": token, "device_id": device_id}
    of_occurrence = {**of_alert, "occurrence_ms": to_ms(occurrence)}
    yield MARK, {**of_occurrence, "new_ending": end.ending.value, "new_ended_by": end.device_id}


def load_ring(account_id: str, device_id: str, token: str, occurrence: datetime) -> Transaction[Ring | None]:
    """What is known of one occurrence on a device."""
    rows = yield SELECT_RING, {**_of(account_id, device_id, token), "occurrence_ms": to_ms(occurrence)}
    return _ring(rows[0]) if rows else None


def last_ring(account_id: str, device_id: str, token: str, until: datetime) -> Transaction[Ring | None]:
    """What is known of the last occurrence on a device that was due until then."""
    rows = yield SELECT_LAST, {**_of(account_id, device_id, token), "until_ms": to_ms(until), "limit": 1}
    return _ring(rows[0]) if rows else None


def list_rings(
    account_id: str, token: str, device_ids: Iterable[str], before: tuple[datetime, str] | None, limit: int
) -> Transaction[list[Ring]]:
    """Up to `limit` rings of an alert on these devices, the newest first, and by the device's id where they are equal.

    `before`: those after the one of this time and device.
    """
    until_ms, after_id = (to_ms(before[0]), before[1]) if before else (_FOR_EVER, "")
    args = [
        {
            **_of(account_id, device_id, token),
            "until_ms": until_ms if before is None or device_id > after_id else until_ms - 1,
            "limit": limit,
        }
        for device_id in device_ids
    ]
    rows = yield SELECT_LAST, args
    return [_ring(row) for row in sorted(rows, key=lambda row: (-row.occurrence_ms, row.device_id))[:limit]]


_FOR_EVER = 2**62


def trim_rings(account_id: str, token: str, device_ids: Iterable[str]) -> Transaction[None]:
    """Keep no more than MOST_KEPT of an alert on each of these devices."""
    yield TRIM, [{**_of(account_id, device_id, token), "kept": MOST_KEPT} for device_id in device_ids]


def purge_rings(now: datetime) -> Transaction[int]:
    """Forget a portion of what is older than KEPT_FOR, of any account. Returns how many."""
    rows = yield PURGE_RINGS, {"before_ms": to_ms(now - KEPT_FOR)}
    return len(rows)


def forget_rings(account_id: str, device_id: str) -> Transaction[int]:
    """Forget a portion of what became of alerts on a device, which is to be removed. Returns how many."""
    rows = yield FORGET_DEVICE, {"account_id": account_id, "device_id": device_id}
    return len(rows)


def _of(account_id: str, device_id: str, token: str) -> dict[str, Any]:
    return {"account_id": account_id, "device_id": device_id, "token": token}


def _values(account_id: str, token: str, ring: Ring) -> dict[str, Any]:
    return {
        **_of(account_id, ring.device_id, token),
        "occurrence_ms": to_ms(ring.scheduled_time),
        "set_ms": to_ms_or_none(ring.set_at),
        "started_ms": to_ms_or_none(ring.started_at),
        "away_ms": to_ms_or_none(ring.away_until),
        "stopped_ms": to_ms_or_none(ring.stopped_at),
        "over_ms": to_ms_or_none(ring.over_at),
        "ending": ring.ending and ring.ending.value,
        "ended_by": ring.ended_by,
        "reported": ring.reported and ring.reported.value,
        "failures": ring.failures,
        "offline_ms": to_ms_or_none(ring.offline_since),
    }


def _ring(row: Any) -> Ring:
    return Ring(
        device_id=row.device_id,
        scheduled_time=from_ms(row.occurrence_ms),
        set_at=from_ms_or_none(row.set_ms),
        started_at=from_ms_or_none(row.started_ms),
        away_until=from_ms_or_none(row.away_ms),
        stopped_at=from_ms_or_none(row.stopped_ms),
        over_at=from_ms_or_none(row.over_ms),
        ending=None if row.ending is None else Ending(row.ending),
        ended_by=row.ended_by,
        reported=None if row.reported is None else Life(row.reported),
        failures=row.failures,
        offline_since=from_ms_or_none(row.offline_ms),
    )
