"""Statements and transactions for an account that is taken to another cloud: the tokens that go with it.

It must not know what the copy looks like, nor what else is in it.
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from bellwire.cloud.store.instants import from_ms_or_none, to_ms
from bellwire.cloud.store.schema import account_tokens, device_tokens
from bellwire.cloud.store.transaction import Statement, Transaction


class KeptToken(NamedTuple):
    """A token as it is kept: it cannot be made from this."""

    token_hash: bytes
    """SHA-256."""
    expires: datetime | None


def _good(table: sa.Table) -> sa.ColumnElement[bool]:
    is_of_account = table.c.account_id == sa.bindparam("account_id")
    lasts: sa.ColumnElement[bool] = table.c.expires_ms.is_(None) | (table.c.expires_ms > sa.bindparam("until_ms"))
    return is_of_account & lasts


TOKENS_OF_ACCOUNT = Statement(
    sa.select(account_tokens.c.token_hash, account_tokens.c.expires_ms).where(_good(account_tokens)),
    "the tokens that act for an account for some time yet",
)
TOKENS_OF_DEVICE = Statement(
    sa.select(device_tokens.c.token_hash, device_tokens.c.expires_ms).where(
        _good(device_tokens)
        & (device_tokens.c.device_id == sa.bindparam("device_id"))
        & device_tokens.c.grant_id.is_(None)
    ),
    "the tokens of a device that are not renewed here",
)


def account_tokens_until(account_id: str, until: datetime) -> Transaction[list[KeptToken]]:
    """The tokens that act for the account after that time too."""
    rows = yield TOKENS_OF_ACCOUNT, {"account_id": account_id, "until_ms": to_ms(until)}
    return [KeptToken(row.token_hash, from_ms_or_none(row.expires_ms)) for row in rows]


def device_tokens_until(account_id: str, device_id: str, until: datetime) -> Transaction[list[KeptToken]]:
    """The tokens of a device that are good after that time too, and are of no family: such a one is renewed here."""
    of_device = {"account_id": account_id, "device_id": device_id}
    rows = yield TOKENS_OF_DEVICE, {**of_device, "until_ms": to_ms(until)}
    return [KeptToken(row.token_hash, from_ms_or_none(row.expires_ms)) for row in rows]
