"""Statements and transactions on guests that have left: accounts that devices had for themselves, of whatever account.

It must not know how long a guest may be away.
"""

from datetime import datetime

import sqlalchemy as sa

from bellwire.cloud.store.instants import to_ms
from bellwire.cloud.store.schema import accounts, device_tokens, devices, grants
from bellwire.cloud.store.transaction import Statement, Transaction

SWEPT_AT_ONCE = 100
"""Guests of one look: so few that events beside it are not delayed."""

_STALE_GUESTS = Statement(
    sa.select(accounts.c.account_id)
    .where((accounts.c.guest_seen_ms > -1) & (accounts.c.guest_seen_ms <= sa.bindparam("before_ms")))
    .where(~sa.exists().where(grants.c.account_id == accounts.c.account_id))
    .where(~sa.exists().where(device_tokens.c.account_id == accounts.c.account_id))
    .where(
        (accounts.c.guest_seen_ms <= sa.bindparam("left_before_ms"))
        | ~sa.exists().where(devices.c.account_id == accounts.c.account_id)
    )
    .limit(SWEPT_AT_ONCE),
    "guests that have no token and were not seen for long",
)
_DEVICES_OF = Statement(
    sa.select(devices.c.device_id).where(devices.c.account_id == sa.bindparam("account_id")), "the devices of a guest"
)
_DELETE_ACCOUNT = Statement(
    sa.delete(accounts).where(accounts.c.account_id == sa.bindparam("account_id")), "a guest with all that it had"
)


def purge_guests(never_came_before: datetime, left_before: datetime) -> Transaction[list[str]]:
    """Remove some of the guests that have no token, and got the last one before `left_before`; those that never had a
    device, and came before `never_came_before`. Gives the ids of the devices that they had.
    """
    bounds = {"before_ms": to_ms(never_came_before), "left_before_ms": to_ms(left_before)}
    stale = yield _STALE_GUESTS, bounds
    of_each = [{"account_id": row.account_id} for row in stale]
    theirs = yield _DEVICES_OF, of_each
    yield _DELETE_ACCOUNT, of_each
    return [row.device_id for row in theirs]
