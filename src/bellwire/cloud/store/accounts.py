"""Statements and transactions on accounts and on the tokens that act for them.

It must not know what a token looks like before it is hashed, nor who may ask for what.
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import account_tokens, accounts, device_tokens
from bellwire.cloud.store.transaction import Statement, Transaction


class Account(NamedTuple):
    """An owner of devices and alerts."""

    account_id: str
    name: str
    timezone: str
    """The IANA name of the zone in which the owner means "07:00"."""


_SELECT = sa.select(accounts.c.account_id, accounts.c.name, accounts.c.timezone)

_INSERT = Statement(sa.insert(accounts), "a new account")
_BY_ID = Statement(_SELECT.where(accounts.c.account_id == sa.bindparam("account_id")), "the account of that id")
_ALL = Statement(_SELECT.order_by(accounts.c.name), "all accounts by name")

_INSERT_TOKEN = Statement(sa.insert(account_tokens), "a new token of an account")
_BY_TOKEN = Statement(
    sa.select(account_tokens.c.account_id, account_tokens.c.expires_ms).where(
        account_tokens.c.token_hash == sa.bindparam("token_hash")
    ),
    "the account that a token acts for",
)
_PURGES = [
    Statement(
        sa.delete(table).where(table.c.expires_ms <= sa.bindparam("now_ms")).returning(table.c.account_id),
        f"the {table.name} that have expired",
    )
    for table in (account_tokens, device_tokens)
]


def add_account(account_id: str, name: str, timezone: str, now: datetime) -> Transaction[None]:
    """Add an account. Raises AlreadyExists when another one has the name."""
    values = {"account_id": account_id, "name": name, "timezone": timezone, "created_ms": to_ms(now)}
    try:
        yield _INSERT, values
    except AlreadyExists as error:
        raise AlreadyExists(f"there is an account {name!r} already; choose another name") from error


def find_account(account_id: str) -> Transaction[Account]:
    """Give the account of that id. Raises NotFound."""
    rows = yield _BY_ID, {"account_id": account_id}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")
    return Account(*rows[0])


def list_accounts() -> Transaction[list[Account]]:
    """Give all accounts by name, for the operator of the cloud."""
    rows = yield _ALL, {}
    return [Account(*row) for row in rows]


def add_account_token(account_id: str, token_hash: bytes, expires: datetime | None, now: datetime) -> Transaction[None]:
    """Let a token act for the account, until it `expires` or, with None, is revoked.

    Of the token only the SHA-256 is known. Raises NotFound when there is no such account.
    """
    values = {"token_hash": token_hash, "expires_ms": to_ms_or_none(expires), "created_ms": to_ms(now)}
    try:
        yield _INSERT_TOKEN, {"account_id": account_id, **values}
    except NotFound as error:
        raise NotFound(f"there is no account {account_id!r}") from error


def account_by_token(token_hash: bytes) -> Transaction[AccountIdentity | None]:
    """Give whom the token acts for, also when it has expired; None for one that is unknown or revoked."""
    rows = yield _BY_TOKEN, {"token_hash": token_hash}
    return AccountIdentity(rows[0].account_id, from_ms_or_none(rows[0].expires_ms)) if rows else None


def purge_expired_tokens(now: datetime) -> Transaction[int]:
    """Remove the tokens of all accounts and devices that have expired; give their number."""
    purged = 0
    for purge in _PURGES:
        rows = yield purge, {"now_ms": to_ms(now)}
        purged += len(rows)
    return purged
