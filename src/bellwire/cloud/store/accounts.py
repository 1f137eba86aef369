"""Statements and transactions on accounts and their tokens.

It knows rows; it must not know a token, only its SHA-256. But for those that find an account by its name or token,
every transaction takes the account's id.
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.schema import account_tokens, accounts, device_tokens
from bellwire.cloud.store.transaction import Statement, Transaction

INSERT_ACCOUNT = Statement(
    sa.insert(accounts).values({column.name: sa.bindparam(column.name) for column in accounts.c}), "a new account"
)
SELECT_ACCOUNT = Statement(
    sa.select(accounts).where(accounts.c.account_id == sa.bindparam("account_id")), "an account by its id"
)
SELECT_ACCOUNT_BY_NAME = Statement(
    sa.select(accounts).where(accounts.c.name == sa.bindparam("name")), "an account by its name"
)
SELECT_ACCOUNTS = Statement(sa.select(accounts).order_by(accounts.c.name), "all accounts by name")
INSERT_ACCOUNT_TOKEN = Statement(
    sa.insert(account_tokens).values({column.name: sa.bindparam(column.name) for column in account_tokens.c}),
    "a new token of an account",
)
SELECT_ACCOUNT_BY_TOKEN = Statement(
    sa.select(account_tokens.c.account_id, account_tokens.c.expires_ms).where(
        account_tokens.c.token_hash == sa.bindparam("token_hash")
    ),
    "whose token this is",
)
DELETE_EXPIRED_ACCOUNT_TOKENS = Statement(
    sa.delete(account_tokens).where(account_tokens.c.expires_ms < sa.bindparam("before_ms")),
    "tokens of accounts that have expired go",
)
DELETE_EXPIRED_DEVICE_TOKENS = Statement(
    sa.delete(device_tokens).where(device_tokens.c.expires_ms < sa.bindparam("before_ms")),
    "tokens of devices that have expired go",
)


class Account(NamedTuple):
    """An account."""

    account_id: str
    name: str
    timezone: str
    """IANA name: what `07:00` means to this account."""


def add_account(account_id: str, name: str, timezone: str, now: datetime) -> Transaction[None]:
    """Add an account. Raises AlreadyExists for a name that is taken."""
    if (yield SELECT_ACCOUNT_BY_NAME, {"name": name}):
        raise AlreadyExists(f"there is an account {name!r} already; choose another name")
    yield INSERT_ACCOUNT, {"account_id": account_id, "name": name, "timezone": timezone, "created_ms": to_ms(now)}


def find_account(account_id: str) -> Transaction[Account]:
    """The account of this id. Raises NotFound."""
    rows = yield SELECT_ACCOUNT, {"account_id": account_id}
    if not rows:
        raise NotFound("this account is not there any more")
    return Account(rows[0].account_id, rows[0].name, rows[0].timezone)


def find_account_named(name: str) -> Transaction[Account | None]:
    """The account of this name."""
    rows = yield SELECT_ACCOUNT_BY_NAME, {"name": name}
    return Account(rows[0].account_id, rows[0].name, rows[0].timezone) if rows else None


def list_accounts() -> Transaction[list[Account]]:
    """All accounts, by name."""
    rows = yield SELECT_ACCOUNTS, {}
    return [Account(row.account_id, row.name, row.timezone) for row in rows]


def add_account_token(account_id: str, token_hash: bytes, expires: datetime | None, now: datetime) -> Transaction[None]:
    """Let whoever has this token act for the account, until it expires."""
    yield (
        INSERT_ACCOUNT_TOKEN,
        {
            "account_id": account_id,
            "token_hash": token_hash,
            "expires_ms": to_ms_or_none(expires),
            "created_ms": to_ms(now),
        },
    )


def account_by_token(token_hash: bytes) -> Transaction[AccountIdentity | None]:
    """Whose token this is, expired or not; None: nobody's."""
    rows = yield SELECT_ACCOUNT_BY_TOKEN, {"token_hash": token_hash}
    return AccountIdentity(rows[0].account_id, from_ms_or_none(rows[0].expires_ms)) if rows else None


def purge_expired_tokens(now: datetime) -> Transaction[None]:
    """Forget the tokens, of any account, that have expired."""
    yield DELETE_EXPIRED_ACCOUNT_TOKENS, {"before_ms": to_ms(now)}
    yield DELETE_EXPIRED_DEVICE_TOKENS, {"before_ms": to_ms(now)}
