"""Statements and elementary transactions on families of tokens, authorization codes and pairings.

It knows rows; it must not know which of them are still good (`cloud.grants`), nor what a secret looks like before it
is hashed. What is found by a secret's hash leads to the account. A pairing has no account before it is approved, so it
is changed by the hash of its device code; everything else takes the account's id.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from bellwire.cloud.grants import Bound, Code, Family, Pairing, Stage
from bellwire.cloud.store.instants import from_ms, from_ms_or_none, to_ms, to_ms_or_none
from bellwire.cloud.store.portions import PORTION, portion
from bellwire.cloud.store.schema import codes, device_tokens, devices, grants, own_devices, pairings
from bellwire.cloud.store.transaction import Statement, Transaction

_DEVICES_AT_ONCE = 100
"""That never came, of one look: with each goes all that hangs on it."""


class StoredGrant(NamedTuple):
    """A family and whose it is."""

    account_id: str
    device_id: str
    grant_id: bytes
    client_id: str
    family: Family


class StoredCode(NamedTuple):
    """A code, whose it is, and what it is to make or has made."""

    account_id: str
    code: Code
    model: str | None
    """Of the device that it is for, and what that is to be called."""
    name: str | None
    grant_id: bytes | None = None


class StoredPairing(NamedTuple):
    """A pairing, and what it is to make or has made."""

    device_code_hash: bytes
    client_id: str
    profile: str
    product: str
    pairing: Pairing
    account_id: str | None = None
    device_id: str | None = None
    grant_id: bytes | None = None


# Families


def _of_device(table: sa.Table) -> sa.ColumnElement[bool]:
    return (table.c.account_id == sa.bindparam("account_id")) & (table.c.device_id == sa.bindparam("device_id"))


_INSERT_GRANT = Statement(
    sa.insert(grants).values(
        {
            name: sa.bindparam(name)
            for name in (
                *("account_id", "device_id", "grant_id", "client_id"),
                *("refresh_hash", "expires_ms", "created_ms"),
            )
        }
    ),
    "a new family of tokens",
)
_GRANT = Statement(sa.select(grants).where(grants.c.grant_id == sa.bindparam("grant_id")), "a family of tokens")
_GRANT_OF_TOKEN = Statement(
    sa.select(grants)
    .join_from(device_tokens, grants, device_tokens.c.grant_id == grants.c.grant_id)
    .where(device_tokens.c.token_hash == sa.bindparam("token_hash")),
    "the family that an access token is of",
)
_ROTATE = Statement(
    sa.update(grants)
    .where((grants.c.account_id == sa.bindparam("of_account")) & (grants.c.grant_id == sa.bindparam("of_grant")))
    .values({name: sa.bindparam(name) for name in ("refresh_hash", "previous_hash", "rotated_ms", "expires_ms")}),
    "the refresh token that is the live one of its family from now on",
)
_SHORTEN = Statement(
    sa.update(device_tokens)
    .where(_of_device(device_tokens) & (device_tokens.c.grant_id == sa.bindparam("of_grant")))
    .where(
        (device_tokens.c.created_ms < sa.bindparam("before_ms"))
        & (device_tokens.c.expires_ms > sa.bindparam("soon_ms"))
    )
    .values(expires_ms=sa.bindparam("soon_ms")),
    "older access tokens of a family end soon: others came in their place",
)
_DELETE_LOST = Statement(
    sa.delete(device_tokens)
    .where(_of_device(device_tokens) & (device_tokens.c.grant_id == sa.bindparam("of_grant")))
    .where(device_tokens.c.created_ms >= sa.bindparam("since_ms"))
    .returning(device_tokens.c.device_id),
    "access tokens of a family that came with answers that were lost",
)
_DELETE_GRANT = Statement(
    sa.delete(grants)
    .where((grants.c.account_id == sa.bindparam("account_id")) & (grants.c.grant_id == sa.bindparam("grant_id")))
    .returning(grants.c.device_id),
    "a family with its access tokens",
)
_DELETE_GRANTS = Statement(
    sa.delete(grants).where(_of_device(grants)).returning(grants.c.device_id), "the families of a device"
)
_DELETE_TOKENS = Statement(sa.delete(device_tokens).where(_of_device(device_tokens)), "the tokens of a device")


def add_grant(grant: StoredGrant, now: datetime) -> Transaction[None]:
    """Add a new family."""
    yield (
        _INSERT_GRANT,
        {
            "account_id": grant.account_id,
            "device_id": grant.device_id,
            "grant_id": grant.grant_id,
            "client_id": grant.client_id,
            "refresh_hash": grant.family.current,
            "expires_ms": to_ms(grant.family.expires),
            "created_ms": to_ms(now),
        },
    )


def find_grant(grant_id: bytes) -> Transaction[StoredGrant | None]:
    """Give the family of this id, which is the hash of a secret part of its tokens."""
    rows = yield _GRANT, {"grant_id": grant_id}
    return _grant(rows[0]) if rows else None


def grant_of_token(token_hash: bytes) -> Transaction[StoredGrant | None]:
    """Give the family of an access token; None for a token that is unknown, or that the owner made."""
    rows = yield _GRANT_OF_TOKEN, {"token_hash": token_hash}
    return _grant(rows[0]) if rows else None


def rotate_grant(grant: StoredGrant, after: Family, soon: datetime) -> Transaction[bool]:
    """Keep what a family is after a use; its access tokens from before the last one end `soon`.

    Where the last answer was lost, what it gave ends at once, and nothing else. Gives whether there was such a token.
    """
    device = {"account_id": grant.account_id, "device_id": grant.device_id, "of_grant": grant.grant_id}
    yield (
        _ROTATE,
        {
            "of_account": grant.account_id,
            "of_grant": grant.grant_id,
            "refresh_hash": after.current,
            "previous_hash": after.previous,
            "rotated_ms": to_ms_or_none(after.rotated),
            "expires_ms": to_ms(after.expires),
        },
    )
    before = grant.family.rotated
    if before is None:
        return False
    # It came again: the answer to its first use was lost.
    if (after.previous, after.rotated) == (grant.family.previous, before):
        lost = yield _DELETE_LOST, {**device, "since_ms": to_ms(before)}
        return bool(lost)
    yield _SHORTEN, {**device, "before_ms": to_ms(before), "soon_ms": to_ms(soon)}
    return False


def revoke_grant(account_id: str, grant_id: bytes) -> Transaction[str | None]:
    """Remove a family with all of its tokens; gives the device that had them, None when it was gone already."""
    rows = yield _DELETE_GRANT, {"account_id": account_id, "grant_id": grant_id}
    return rows[0].device_id if rows else None


def revoke_grants(account_id: str, device_id: str) -> Transaction[bool]:
    """Remove all families of a device, if it has some; tokens that the owner made stay."""
    rows = yield _DELETE_GRANTS, {"account_id": account_id, "device_id": device_id}
    return bool(rows)


def revoke_tokens(account_id: str, device_id: str) -> Transaction[None]:
    """Remove all tokens of a device, also those that the owner made."""
    yield from revoke_grants(account_id, device_id)
    yield _DELETE_TOKENS, {"account_id": account_id, "device_id": device_id}


def _grant(row: Any) -> StoredGrant:
    rotated, expires = from_ms_or_none(row.rotated_ms), from_ms(row.expires_ms)
    family = Family(row.refresh_hash, row.previous_hash, rotated, expires)
    return StoredGrant(row.account_id, row.device_id, row.grant_id, row.client_id, family)


# Devices by the clients' own ids

_OWN = (
    (own_devices.c.account_id == sa.bindparam("account_id"))
    & (own_devices.c.client_id == sa.bindparam("client_id"))
    & (own_devices.c.own_id == sa.bindparam("own_id"))
)
_FIND_OWN = Statement(sa.select(own_devices.c.device_id).where(_OWN), "the device that a client means by its own id")
_INSERT_OWN = Statement(sa.insert(own_devices), "a client's own id of a device")
_SET_MODEL = Statement(
    sa.update(devices).where(_of_device(devices)).values(model=sa.bindparam("new_model")), "what a device is called now"
)


def find_own_device(account_id: str, client_id: str, own_id: str) -> Transaction[str | None]:
    """Give the device that this client means by this id in this account."""
    rows = yield _FIND_OWN, {"account_id": account_id, "client_id": client_id, "own_id": own_id}
    return rows[0].device_id if rows else None


def add_own_device(account_id: str, client_id: str, own_id: str, device_id: str) -> Transaction[None]:
    """Remember which device this client means by this id in this account."""
    values = {"account_id": account_id, "client_id": client_id, "own_id": own_id, "device_id": device_id}
    yield _INSERT_OWN, values


def set_model(account_id: str, device_id: str, model: str) -> Transaction[None]:
    """Keep what a device is called by its program now."""
    yield _SET_MODEL, {"account_id": account_id, "device_id": device_id, "new_model": model}


# Codes

_INSERT_CODE = Statement(
    sa.insert(codes).values(
        {column.name: sa.bindparam(column.name) for column in codes.c if column.name != "grant_id"}
    ),
    "a new authorization code",
)
_CODE = Statement(sa.select(codes).where(codes.c.code_hash == sa.bindparam("code_hash")), "an authorization code")
_COUNT_CODES = Statement(
    sa.select(sa.func.count().label("count")).where(
        (codes.c.account_id == sa.bindparam("account_id"))
        & codes.c.grant_id.is_(None)
        & (codes.c.expires_ms > sa.bindparam("now_ms"))
    ),
    "how many codes of an account may still be used",
)
_USE_CODE = Statement(
    sa.update(codes)
    .where((codes.c.account_id == sa.bindparam("of_account")) & (codes.c.code_hash == sa.bindparam("of_code")))
    .values(grant_id=sa.bindparam("new_grant")),
    "a code is used up, and what it made",
)


def add_code(code_hash: bytes, made: StoredCode) -> Transaction[None]:
    """Add an authorization code."""
    bound = made.code.bound
    yield (
        _INSERT_CODE,
        {
            "account_id": made.account_id,
            "code_hash": code_hash,
            "client_id": bound.client_id,
            "redirect_uri": bound.redirect_uri,
            "challenge": bound.challenge,
            "own_id": bound.own_id,
            "model": made.model,
            "name": made.name,
            "expires_ms": to_ms(made.code.expires),
        },
    )


def count_codes(account_id: str, now: datetime) -> Transaction[int]:
    """How many codes of an account may still be used."""
    rows = yield _COUNT_CODES, {"account_id": account_id, "now_ms": to_ms(now)}
    count: int = rows[0].count
    return count


def find_code(code_hash: bytes) -> Transaction[StoredCode | None]:
    """Give the code of this hash, also when it was used or has expired."""
    rows = yield _CODE, {"code_hash": code_hash}
    if not rows:
        return None
    (row,) = rows
    bound = Bound(row.client_id, row.redirect_uri, row.own_id, row.challenge)
    code = Code(bound, from_ms(row.expires_ms), used=row.grant_id is not None)
    return StoredCode(row.account_id, code, row.model, row.name, row.grant_id)


def use_code(account_id: str, code_hash: bytes, grant_id: bytes) -> Transaction[None]:
    """Keep that a code is used up, and what it made."""
    yield _USE_CODE, {"of_account": account_id, "of_code": code_hash, "new_grant": grant_id}


# Pairings

_INSERT_PAIRING = Statement(
    sa.insert(pairings).values(
        {
            name: sa.bindparam(name)
            for name in (
                *("device_code_hash", "user_code_hash", "client_id", "profile", "product"),
                *("stage", "interval_s", "expires_ms"),
            )
        }
    ),
    "a speaker that waits for its user code to be confirmed",
)
_COUNT_PAIRINGS = Statement(
    sa.select(sa.func.count().label("count")).where(pairings.c.expires_ms > sa.bindparam("now_ms")),
    "how many speakers wait",
)
_PAIRING = Statement(
    sa.select(pairings).where(pairings.c.device_code_hash == sa.bindparam("device_code_hash")),
    "the pairing that a speaker asks for",
)
_PAIRING_SHOWN = Statement(
    sa.select(pairings).where(pairings.c.user_code_hash == sa.bindparam("user_code_hash")),
    "the pairing of a user code",
)
_ASKED = Statement(
    sa.update(pairings)
    .where(pairings.c.device_code_hash == sa.bindparam("of_code"))
    .values(asked_ms=sa.bindparam("new_asked_ms"), interval_s=sa.bindparam("new_interval_s")),
    "a speaker has asked, and how long it is to wait",
)
_SETTLE = Statement(
    sa.update(pairings)
    .where(pairings.c.device_code_hash == sa.bindparam("of_code"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("stage", "account_id", "device_id", "grant_id")}),
    "how far a pairing has come",
)


def add_pairing(made: StoredPairing, user_code_hash: bytes) -> Transaction[None]:
    """Add a speaker that waits. Raises AlreadyExists when another one shows the same user code."""
    yield (
        _INSERT_PAIRING,
        {
            "device_code_hash": made.device_code_hash,
            "user_code_hash": user_code_hash,
            "client_id": made.client_id,
            "profile": made.profile,
            "product": made.product,
            "stage": made.pairing.stage.value,
            "interval_s": int(made.pairing.interval.total_seconds()),
            "expires_ms": to_ms(made.pairing.expires),
        },
    )


def count_pairings(now: datetime) -> Transaction[int]:
    """How many speakers wait, of all accounts."""
    rows = yield _COUNT_PAIRINGS, {"now_ms": to_ms(now)}
    count: int = rows[0].count
    return count


def find_pairing(device_code_hash: bytes) -> Transaction[StoredPairing | None]:
    """Give the pairing that a speaker asks for."""
    rows = yield _PAIRING, {"device_code_hash": device_code_hash}
    return _pairing(rows[0]) if rows else None


def find_pairing_shown(user_code_hash: bytes) -> Transaction[StoredPairing | None]:
    """Give the pairing whose user code a person has read."""
    rows = yield _PAIRING_SHOWN, {"user_code_hash": user_code_hash}
    return _pairing(rows[0]) if rows else None


def keep_question(device_code_hash: bytes, asked: datetime, interval: timedelta) -> Transaction[None]:
    """Keep when a speaker asked, and how long it is to wait between two questions."""
    seconds = int(interval.total_seconds())
    yield _ASKED, {"of_code": device_code_hash, "new_asked_ms": to_ms(asked), "new_interval_s": seconds}


def settle_pairing(settled: StoredPairing, stage: Stage) -> Transaction[None]:
    """Keep how far a pairing has come, for which device of whom, and what it made."""
    yield (
        _SETTLE,
        {
            "of_code": settled.device_code_hash,
            "new_stage": stage.value,
            "new_account_id": settled.account_id,
            "new_device_id": settled.device_id,
            "new_grant_id": settled.grant_id,
        },
    )


def _pairing(row: Any) -> StoredPairing:
    pairing = Pairing(
        stage=Stage(row.stage),
        expires=from_ms(row.expires_ms),
        interval=timedelta(seconds=row.interval_s),
        asked=from_ms_or_none(row.asked_ms),
    )
    return StoredPairing(
        device_code_hash=row.device_code_hash,
        client_id=row.client_id,
        profile=row.profile,
        product=row.product,
        pairing=pairing,
        account_id=row.account_id,
        device_id=row.device_id,
        grant_id=row.grant_id,
    )


# What has expired

_NEVER_FETCHED = (
    sa.select(pairings.c.account_id, pairings.c.device_id)
    .where(pairings.c.expires_ms <= sa.bindparam("now_ms"), pairings.c.stage == Stage.APPROVED.value)
    .limit(_DEVICES_AT_ONCE)
)
_PURGE_NEVER_FETCHED = Statement(
    sa.delete(devices)
    .where(sa.tuple_(devices.c.account_id, devices.c.device_id).in_(_NEVER_FETCHED))
    .returning(devices.c.device_id),
    "devices that were approved and never fetched their tokens, with their pairings",
)
_PURGES = [
    portion(grants, grants.c.expires_ms <= sa.bindparam("now_ms")),
    portion(pairings, (pairings.c.expires_ms <= sa.bindparam("now_ms")) & (pairings.c.stage != Stage.APPROVED.value)),
    portion(codes, codes.c.expires_ms <= sa.bindparam("used_before_ms")),
    portion(codes, (codes.c.expires_ms <= sa.bindparam("now_ms")) & codes.c.grant_id.is_(None)),
]


def purge_expired(now: datetime, used_codes_kept: timedelta) -> Transaction[bool]:
    """Remove a portion of the families, codes and pairings of all accounts that have expired, and of devices that
    never came. Gives whether there may be more.

    Codes that were used stay for `used_codes_kept` longer: so that a second use is known to be one.
    """
    never_came = yield _PURGE_NEVER_FETCHED, {"now_ms": to_ms(now)}
    is_more = len(never_came) >= _DEVICES_AT_ONCE
    for purge in _PURGES:
        purged = yield purge, {"now_ms": to_ms(now), "used_before_ms": to_ms(now - used_codes_kept)}
        is_more = is_more or len(purged) >= PORTION
    return is_more
