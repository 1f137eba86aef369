"""Statements and transactions on accounts and on the tokens that act for them.

It must not know what a token looks like before it is hashed, nor who may ask for what.
"""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.errors import AlreadyExists, NotFound
from bellwire.cloud.store.instants import from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.portions import portion
from bellwire.cloud.store.schema import account_tokens, accounts, device_tokens, devices
from bellwire.cloud.store.transaction import Statement, Transaction


class Account(NamedTuple):
    """An owner of devices and alerts."""

    account_id: str
    name: str
    timezone: str
    """The IANA name of the zone in which the owner means "07:00"."""
    locked: bool = False
    """Nothing new is authorized, and no token renewed."""
    guest: bool = False
    """A device made it for itself; nobody has its token."""
    country: str | None = None
    """Where its owner lives, ISO 3166-1 alpha-2; None: not known."""
    language: str | None = None
    """In which its labels are spoken, ISO 639; None: that of its country or time zone."""


_SELECT = sa.select(
    accounts.c.account_id,
    accounts.c.name,
    accounts.c.timezone,
    accounts.c.locked_ms,
    accounts.c.guest_seen_ms,
    accounts.c.country,
    accounts.c.language,
)

_ONE = accounts.c.account_id == sa.bindparam("account_id")

_INSERT = Statement(
    sa.insert(accounts).values(
        {name: sa.bindparam(name) for name in ("account_id", "name", "timezone", "created_ms", "guest_seen_ms")}
    ),
    "a new account",
)
_BY_ID = Statement(_SELECT.where(_ONE), "the account of that id")
_ALL = Statement(_SELECT.order_by(accounts.c.name), "all accounts by name")

_AGREED = Statement(sa.select(accounts.c.agreed_terms).where(_ONE), "the terms that an account has agreed to")
_LOCK = Statement(
    sa.update(accounts)
    .where(accounts.c.name == sa.bindparam("of_name"))
    .values(locked_ms=sa.bindparam("new_locked_ms")),
    "an account is locked, or not any more",
)
_AGREE = Statement(
    sa.update(accounts).where(_ONE).values(agreed_terms=sa.bindparam("terms")).returning(accounts.c.account_id),
    "what an account has agreed to",
)
_SEEN = Statement(
    sa.update(accounts).where(_ONE & (accounts.c.guest_seen_ms > -1)).values(guest_seen_ms=sa.bindparam("now_ms")),
    "a guest has come",
)
_COUNT_GUESTS = Statement(
    sa.select(sa.func.count().label("count")).where(accounts.c.guest_seen_ms > -1), "how many guests there are"
)

_COUNTRY = Statement(sa.select(accounts.c.country).where(_ONE), "the country in which an account's owner lives")
_MOVE = Statement(
    sa.update(accounts).where(_ONE).values(country=sa.bindparam("new_country")).returning(accounts.c.account_id),
    "the country to which an account's owner has moved",
)
_SPEAK = Statement(
    sa.update(accounts).where(_ONE).values(language=sa.bindparam("new_language")).returning(accounts.c.account_id),
    "the language in which an account's labels are spoken",
)
_MOVE_CLOCKS = Statement(
    sa.update(accounts).where(_ONE).values(timezone=sa.bindparam("new_timezone")).returning(accounts.c.account_id),
    "the time zone to which an account's owner has moved",
)
_STIR = Statement(
    sa.update(devices)
    .where(devices.c.account_id == sa.bindparam("account_id"))
    .values(command_seq=devices.c.command_seq + 1)
    .returning(devices.c.device_id),
    "every device of an account is looked at anew",
)

_INSERT_TOKEN = Statement(sa.insert(account_tokens), "a new token of an account")
_BY_TOKEN = Statement(
    sa.select(account_tokens.c.account_id, account_tokens.c.expires_ms).where(
        account_tokens.c.token_hash == sa.bindparam("token_hash")
    ),
    "the account that a token acts for",
)
_PURGES = [portion(table, table.c.expires_ms <= sa.bindparam("now_ms")) for table in (account_tokens, device_tokens)]


def add_account(account_id: str, name: str, timezone: str, now: datetime, *, guest: bool = False) -> Transaction[None]:
    """Add an account. Raises AlreadyExists when another one has the name."""
    values = {"account_id": account_id, "name": name, "timezone": timezone, "created_ms": to_ms(now)}
    try:
        yield _INSERT, {**values, "guest_seen_ms": to_ms(now) if guest else None}
    except AlreadyExists as error:
        raise AlreadyExists(f"there is an account {name!r} already; choose another name") from error


def find_account(account_id: str) -> Transaction[Account]:
    """Give the account of that id. Raises NotFound."""
    rows = yield _BY_ID, {"account_id": account_id}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")
    return _account(rows[0])


def list_accounts() -> Transaction[list[Account]]:
    """Give all accounts by name, for the operator of the cloud."""
    rows = yield _ALL, {}
    return [_account(row) for row in rows]


def _account(row: Any) -> Account:
    locked, guest = row.locked_ms is not None, row.guest_seen_ms is not None
    return Account(row.account_id, row.name, row.timezone, locked, guest, row.country, row.language)


def lock_account(name: str, since: datetime | None) -> Transaction[None]:
    """Lock an account, or with None unlock it; for the operator of the cloud."""
    yield _LOCK, {"of_name": name, "new_locked_ms": to_ms_or_none(since)}


def agree_to(account_id: str, terms: str) -> Transaction[None]:
    """Keep that the account agrees to the terms at this address. Raises NotFound."""
    rows = yield _AGREE, {"account_id": account_id, "terms": terms}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")


def is_locked(account_id: str) -> Transaction[bool]:
    """Whether nothing new is to be authorized in this account, and nothing renewed. Raises NotFound."""
    return (yield from find_account(account_id)).locked


def agreed_terms(account_id: str) -> Transaction[str | None]:
    """The address of the terms that the account has agreed to."""
    rows = yield _AGREED, {"account_id": account_id}
    return rows[0].agreed_terms if rows else None


def guest_came(account_id: str, now: datetime) -> Transaction[None]:
    """Keep when a guest last got a code or a token; nothing for an account that is no guest's."""
    yield _SEEN, {"account_id": account_id, "now_ms": to_ms(now)}


def count_guests() -> Transaction[int]:
    """How many guests there are."""
    rows = yield _COUNT_GUESTS, {}
    count: int = rows[0].count
    return count


def country_of_account(account_id: str) -> Transaction[str | None]:
    """Where the account's owner lives; None: not known."""
    rows = yield _COUNTRY, {"account_id": account_id}
    return rows[0].country if rows else None


def set_country(account_id: str, country: str | None) -> Transaction[list[str]]:
    """Keep where the account's owner lives; gives the ids of its devices, which may be served elsewhere now.

    Raises NotFound.
    """
    rows = yield _MOVE, {"account_id": account_id, "new_country": country}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")
    stirred = yield _STIR, {"account_id": account_id}
    return [row.device_id for row in stirred]


def set_language(account_id: str, language: str | None) -> Transaction[None]:
    """Keep in which language the account's labels are spoken. Raises NotFound."""
    rows = yield _SPEAK, {"account_id": account_id, "new_language": language}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")


def set_timezone(account_id: str, timezone: str) -> Transaction[None]:
    """Keep in which time zone the account's owner means "07:00". Raises NotFound."""
    rows = yield _MOVE_CLOCKS, {"account_id": account_id, "new_timezone": timezone}
    if not rows:
        raise NotFound(f"there is no account {account_id!r}")


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
    """Remove a portion of the tokens of all accounts and devices that have expired; give how many."""
    purged = 0
    for purge in _PURGES:
        rows = yield purge, {"now_ms": to_ms(now)}
        purged += len(rows)
    return purged
