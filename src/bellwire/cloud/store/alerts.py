"""Statements and transactions on the alerts of an account.

It knows rows; it must not know devices (`standings`) nor when an alert rings next (`alerts.recurrence`).
Every transaction takes the account's id.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from bellwire.alerts.alert import Alert, Conduct, Kind, Reserved, Schedule
from bellwire.alerts.lifecycle import Life
from bellwire.cloud.store.conducts import conduct_in, conduct_over, conduct_text
from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import accounts, alerts, standings
from bellwire.cloud.store.transaction import Args, Statement, Transaction

_ONE = (alerts.c.account_id == sa.bindparam("account_id")) & (alerts.c.token == sa.bindparam("token"))
_VALUES = (
    "kind", "label", "schedule", "scheduled_ms", "version", "everywhere", "speech", "paused_on",
    "conduct", "snoozed_from_ms", "snoozes", "remaining_ms", "actions", "assets",
)  # fmt: skip

SELECT_ALERT = Statement(sa.select(alerts).where(_ONE), "one alert")

SELECT_CONDUCTED = Statement(
    sa.select(alerts, accounts.c.conduct.label("usual_conduct"))
    .join_from(alerts, accounts, accounts.c.account_id == alerts.c.account_id)
    .where(_ONE),
    "one alert, and how those of its account are snoozed and stopped",
)

_place = sa.tuple_(alerts.c.scheduled_ms, alerts.c.token)
_AFTER = (alerts.c.account_id == sa.bindparam("account_id")) & (
    _place > sa.tuple_(sa.bindparam("after_ms"), sa.bindparam("after_token"))
)

SELECT_ALERTS = Statement(
    sa.select(alerts).where(_AFTER).order_by(alerts.c.scheduled_ms, alerts.c.token).limit(sa.bindparam("limit")),
    "an account's alerts in the order of their next occurrences, a page at a time",
)

SELECT_TOKENS = Statement(
    sa.select(alerts.c.token).where(alerts.c.account_id == sa.bindparam("account_id")), "all alerts that an account has"
)

SELECT_LIVES = Statement(
    sa.select(standings.c.token, standings.c.device_id, standings.c.reported)
    .join_from(
        alerts,
        standings,
        (standings.c.token == alerts.c.token) & (standings.c.account_id == alerts.c.account_id),
    )
    .where(standings.c.desired_ms.is_not(None) | alerts.c.paused_on.is_not(None))
    .where(_AFTER & (_place <= sa.tuple_(sa.bindparam("last_ms"), sa.bindparam("last_token")))),
    "where each alert of a page stands on each of its devices",
)

COUNT_ALERTS = Statement(
    sa.select(sa.func.count().label("count")).where(alerts.c.account_id == sa.bindparam("account_id")),
    "how many alerts an account has",
)

INSERT_ALERT = Statement(
    sa.insert(alerts).values(
        {name: sa.bindparam(name) for name in ("account_id", "token", "created_ms", "updated_ms", *_VALUES)}
    ),
    "a new alert",
)

UPDATE_ALERT = Statement(
    sa.update(alerts).where(_ONE).values({name: sa.bindparam(f"new_{name}") for name in ("updated_ms", *_VALUES)}),
    "an alert's new content",
)

MOVE_ALERT = Statement(
    sa.update(alerts)
    .where(_ONE)
    .values(
        scheduled_ms=sa.bindparam("new_scheduled_ms"),
        snoozed_from_ms=sa.bindparam("new_snoozed_from_ms"),
        snoozes=sa.bindparam("new_snoozes"),
    ),
    "the next occurrence is the present one from now on",
)

SELECT_LABEL = Statement(
    sa.select(alerts.c.account_id, alerts.c.label).where(alerts.c.speech == sa.bindparam("speech")).limit(1),
    "what the sound of a name says",
)

DELETE_ALERT = Statement(sa.delete(alerts).where(_ONE), "an alert that its account has no longer")

_RINGING = standings.alias("ringing")
_DEVICE_RINGS = sa.exists().where(
    standings.c.token == alerts.c.token,
    standings.c.account_id == alerts.c.account_id,
    _RINGING.c.account_id == standings.c.account_id,
    _RINGING.c.device_id == standings.c.device_id,
    _RINGING.c.reported == Life.RINGING.value,
)
"""Something rings on a device that has the alert: this one, or another one while this one waits for its turn."""

SELECT_OVERDUE = Statement(
    sa.select(alerts.c.account_id, alerts.c.token, alerts.c.scheduled_ms)
    .where(alerts.c.scheduled_ms < sa.bindparam("before_ms"), alerts.c.paused_on.is_(None))
    .where((alerts.c.scheduled_ms < sa.bindparam("ringing_before_ms")) | ~_DEVICE_RINGS)
    .order_by(alerts.c.scheduled_ms)
    .limit(sa.bindparam("limit")),
    "alerts of any account whose occurrence is long over and that nobody reported so",
)


def load_alert(account_id: str, token: str) -> Transaction[Alert | None]:
    """One alert, or None when the account has none of this token."""
    rows = yield SELECT_ALERT, {"account_id": account_id, "token": token}
    return _alert(rows[0]) if rows else None


def load_conducted(account_id: str, token: str) -> Transaction[tuple[Alert, Conduct] | None]:
    """One alert and how it is snoozed and stopped: by its own word, else its account's, else the cloud's."""
    rows = yield SELECT_CONDUCTED, {"account_id": account_id, "token": token}
    if not rows:
        return None
    row = rows[0]
    return _alert(row), conduct_over(row.conduct, row.usual_conduct)


def list_alerts(account_id: str, after: tuple[datetime, str] | None, limit: int) -> Transaction[list[Alert]]:
    """Up to `limit` alerts after the one of this time and token, the earliest first."""
    rows = yield SELECT_ALERTS, {"account_id": account_id, **_after(after), "limit": limit}
    return [_alert(row) for row in rows]


def list_tokens(account_id: str) -> Transaction[list[str]]:
    """The tokens of all of an account's alerts."""
    rows = yield SELECT_TOKENS, {"account_id": account_id}
    return [row.token for row in rows]


def list_lives(
    account_id: str, after: tuple[datetime, str] | None, last: Alert
) -> Transaction[dict[str, dict[str, Life]]]:
    """Where the alerts after the one of this time and token, up to `last`, stand on each device, by token and id."""
    until = {"last_ms": to_ms(last.scheduled_time), "last_token": last.token}
    rows = yield SELECT_LIVES, {"account_id": account_id, **_after(after), **until}
    lives: dict[str, dict[str, Life]] = {}
    for row in rows:
        lives.setdefault(row.token, {})[row.device_id] = Life(row.reported)
    return lives


def _after(place: tuple[datetime, str] | None) -> Args:
    after_ms, after_token = (to_ms(place[0]), place[1]) if place else (-1, "")
    return {"after_ms": after_ms, "after_token": after_token}


def count_alerts(account_id: str) -> Transaction[int]:
    """How many alerts the account has."""
    rows = yield COUNT_ALERTS, {"account_id": account_id}
    count: int = rows[0].count
    return count


def insert_alert(account_id: str, alert: Alert, now: datetime) -> Transaction[None]:
    """Add an alert."""
    yield from insert_alerts(account_id, [alert], now)


def insert_alerts(account_id: str, alerts_: Iterable[Alert], now: datetime) -> Transaction[None]:
    """Add several alerts."""
    same = {"account_id": account_id, "created_ms": to_ms(now), "updated_ms": to_ms(now)}
    yield INSERT_ALERT, [{**same, "token": alert.token, **_values(alert)} for alert in alerts_]


def update_alert(account_id: str, alert: Alert, now: datetime) -> Transaction[None]:
    """Replace the content of the alert that has this token."""
    values = {f"new_{name}": value for name, value in _values(alert).items()}
    yield UPDATE_ALERT, {"account_id": account_id, "token": alert.token, "new_updated_ms": to_ms(now), **values}


def move_alert(
    account_id: str,
    token: str,
    scheduled_time: datetime,
    *,
    snoozed_from: datetime | None = None,
    snoozes: int = 0,
) -> Transaction[None]:
    """Go on to the next occurrence, or with `snoozed_from` to a later time for that one, snoozed so often."""
    place = {"new_scheduled_ms": to_ms(scheduled_time), "new_snoozed_from_ms": to_ms_or_none(snoozed_from)}
    yield MOVE_ALERT, {"account_id": account_id, "token": token, **place, "new_snoozes": snoozes}


def delete_alert(account_id: str, token: str) -> Transaction[None]:
    """Remove an alert from its account; its devices are told through their standings."""
    yield DELETE_ALERT, {"account_id": account_id, "token": token}


def label_spoken_by(speech: str) -> Transaction[tuple[str, str] | None]:
    """Account id and label of an alert that the sound of this name speaks; None: of no alert.

    Without an account's id: the name is the right to hear it.
    """
    rows = yield SELECT_LABEL, {"speech": speech}
    return (rows[0].account_id, rows[0].label) if rows else None


def list_overdue(
    before: datetime, ringing_before: datetime, limit: int
) -> Transaction[list[tuple[str, str, datetime]]]:
    """Account id, token and occurrence of up to `limit` alerts, of any account, that were due before `before`.

    One that rings somewhere is among them only when it was due before `ringing_before`.
    Without an account's id: its rows lead to the accounts.
    """
    bounds = {"before_ms": to_ms(before), "ringing_before_ms": to_ms(ringing_before), "limit": limit}
    rows = yield SELECT_OVERDUE, bounds
    return [(row.account_id, row.token, from_ms(row.scheduled_ms)) for row in rows]


def _values(alert: Alert) -> Mapping[str, Any]:
    return {
        "kind": alert.kind.value,
        "label": alert.label,
        "schedule": msgspec.json.encode(alert.schedule).decode(),
        "scheduled_ms": to_ms(alert.scheduled_time),
        "version": alert.version,
        "everywhere": alert.everywhere,
        "speech": alert.speech,
        "paused_on": None if alert.paused_on is None else msgspec.json.encode(alert.paused_on).decode(),
        "conduct": conduct_text(alert.conduct),
        "snoozed_from_ms": to_ms_or_none(alert.snoozed_from),
        "snoozes": alert.snoozes,
        "remaining_ms": None if alert.remaining is None else alert.remaining // _MILLISECOND,
        "actions": msgspec.json.encode(alert.actions).decode() if alert.actions else None,
        "assets": msgspec.json.encode(alert.assets).decode() if alert.assets else None,
    }


_MILLISECOND = timedelta(milliseconds=1)
_KINDS = {kind.value: kind for kind in Kind}
_decode_schedule = lru_cache(8_192)(msgspec.json.Decoder(Schedule).decode)
"""The same few alerts are read again and again, each time that they ring; what they are does not change."""
_decode_actions = msgspec.json.Decoder(tuple[Reserved, ...]).decode
_decode_texts = msgspec.json.Decoder(tuple[str, ...]).decode


def _alert(row: Any) -> Alert:
    return Alert(
        token=row.token,
        kind=_KINDS[row.kind],
        label=row.label,
        schedule=_decode_schedule(row.schedule),
        scheduled_time=from_ms(row.scheduled_ms),
        version=row.version,
        everywhere=bool(row.everywhere),
        speech=row.speech,
        paused_on=None if row.paused_on is None else _decode_texts(row.paused_on),
        conduct=conduct_in(row.conduct),
        snoozed_from=from_ms_or_none(row.snoozed_from_ms),
        snoozes=row.snoozes,
        remaining=None if row.remaining_ms is None else row.remaining_ms * _MILLISECOND,
        actions=() if row.actions is None else _decode_actions(row.actions),
        assets=() if row.assets is None else _decode_texts(row.assets),
    )
