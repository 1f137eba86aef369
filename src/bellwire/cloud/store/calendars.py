"""Statements and transactions on calendars: which alert came of what in one, and where an account's feed is.

It knows rows; it must not know what an entry of a calendar means (`calendars`). Every transaction takes the account's
id, but the one that finds it by a secret's hash.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bellwire.cloud.calendars.entries import Key, Known, Said
from bellwire.cloud.store.instants import from_ms, to_ms
from bellwire.cloud.store.schema import alerts, calendar_alerts, calendar_feeds
from bellwire.cloud.store.transaction import Statement, Transaction

_OF_ACCOUNT = calendar_alerts.c.account_id == sa.bindparam("account_id")
_OF_CALENDAR = _OF_ACCOUNT & (calendar_alerts.c.calendar == sa.bindparam("calendar"))

SELECT_KNOWN = Statement(
    sa.select(
        calendar_alerts.c.uid,
        calendar_alerts.c.recurrence,
        calendar_alerts.c.alarm,
        calendar_alerts.c.token,
        calendar_alerts.c.said,
    ).where(_OF_CALENDAR),
    "the alerts that came of a calendar",
)

SELECT_ALL_KNOWN = Statement(
    sa.select(calendar_alerts).where(_OF_ACCOUNT), "the alerts of an account that came of calendars"
)

_INSERT = insert(calendar_alerts).values({column.name: sa.bindparam(column.name) for column in calendar_alerts.c})

KEEP = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["account_id", "calendar", "uid", "recurrence", "alarm"],
        set_={name: _INSERT.excluded[name] for name in ("token", "said")},
    ),
    "what a calendar says of an alert",
)

COUNT_BY_CALENDAR = Statement(
    sa.select(calendar_alerts.c.calendar, sa.func.count().label("count"))
    .where(_OF_ACCOUNT & (calendar_alerts.c.calendar > sa.bindparam("after")))
    .group_by(calendar_alerts.c.calendar)
    .order_by(calendar_alerts.c.calendar)
    .limit(sa.bindparam("limit")),
    "an account's calendars, and how many alerts came of each, a page at a time",
)

SELECT_CHANGED = Statement(
    sa.select(alerts.c.token, alerts.c.updated_ms).where(alerts.c.account_id == sa.bindparam("account_id")),
    "when each alert of an account was last changed",
)

_NEW_FEED = insert(calendar_feeds).values({column.name: sa.bindparam(column.name) for column in calendar_feeds.c})

SET_FEED = Statement(
    _NEW_FEED.on_conflict_do_update(
        index_elements=["account_id"],
        set_={name: _NEW_FEED.excluded[name] for name in ("token_hash", "created_ms")},
    ),
    "a new address of an account's feed, in the place of the one before",
)

SELECT_FEED = Statement(
    sa.select(calendar_feeds.c.created_ms).where(calendar_feeds.c.account_id == sa.bindparam("account_id")),
    "since when an account has a feed",
)

DELETE_FEED = Statement(
    sa.delete(calendar_feeds).where(calendar_feeds.c.account_id == sa.bindparam("account_id")),
    "the end of an account's feed",
)

FIND_BY_FEED = Statement(
    sa.select(calendar_feeds.c.account_id).where(calendar_feeds.c.token_hash == sa.bindparam("token_hash")),
    "the account of a feed",
)


class CalendarCount(NamedTuple):
    """A calendar that was imported."""

    name: str
    alerts: int
    """That came of it, and are still there."""


_decode_said = msgspec.json.Decoder(Said).decode


def list_known(account_id: str, calendar: str) -> Transaction[dict[Key, Known]]:
    """The alerts that came of a calendar, as it last had them."""
    rows = yield SELECT_KNOWN, {"account_id": account_id, "calendar": calendar}
    return {each.key: each for each in map(_known, rows)}


def list_all_known(account_id: str) -> Transaction[dict[str, tuple[str, Known]]]:
    """All alerts of an account that came of calendars, each with its calendar's name, by token."""
    rows = yield SELECT_ALL_KNOWN, {"account_id": account_id}
    return {row.token: (row.calendar, _known(row)) for row in rows}


def _known(row: Any) -> Known:
    return Known(Key(row.uid, row.recurrence, row.alarm), row.token, _decode_said(row.said))


def keep_known(account_id: str, calendar: str, known: Iterable[Known]) -> Transaction[None]:
    """Keep what a calendar says of these alerts."""
    yield (
        KEEP,
        [
            {
                "account_id": account_id,
                "calendar": calendar,
                **each.key._asdict(),
                "token": each.token,
                "said": msgspec.json.encode(each.said).decode(),
            }
            for each in known
        ],
    )


def list_calendars(account_id: str, after: str, limit: int) -> Transaction[list[CalendarCount]]:
    """Up to `limit` calendars of which an account has alerts, by name, after the one of this name; empty: the first."""
    rows = yield COUNT_BY_CALENDAR, {"account_id": account_id, "after": after, "limit": limit}
    return [CalendarCount(row.calendar, row.count) for row in rows]


def list_changed(account_id: str) -> Transaction[dict[str, datetime]]:
    """When each alert of an account was last changed, by token."""
    rows = yield SELECT_CHANGED, {"account_id": account_id}
    return {row.token: from_ms(row.updated_ms) for row in rows}


def set_feed(account_id: str, token_hash: bytes, now: datetime) -> Transaction[None]:
    """Give an account's feed a new address; the one before is good no longer."""
    yield SET_FEED, {"account_id": account_id, "token_hash": token_hash, "created_ms": to_ms(now)}


def feed_since(account_id: str) -> Transaction[datetime | None]:
    """Since when an account has a feed at its present address; None: it has none."""
    rows = yield SELECT_FEED, {"account_id": account_id}
    return from_ms(rows[0].created_ms) if rows else None


def drop_feed(account_id: str) -> Transaction[None]:
    """End an account's feed, if it has one."""
    yield DELETE_FEED, {"account_id": account_id}


def account_by_feed(token_hash: bytes) -> Transaction[str | None]:
    """The id of the account whose feed has this address; None: nobody's."""
    rows = yield FIND_BY_FEED, {"token_hash": token_hash}
    return rows[0].account_id if rows else None
