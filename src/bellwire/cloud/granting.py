"""Authorization as transactions: who gets a code, tokens, a device; and what ends them.

It knows rows and the rules that hold for them (`grants`); it must not know HTTP, random values or a clock.

A transaction that raises writes nothing. So what is refused *and* has an effect, as the second use of a code has, is
not raised but returned: `Revoked`, or the answer to a speaker that waits.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bellwire.cloud.grants import (
    CODE_LASTS,
    OVERLAP,
    PAIRING_LASTS,
    POLL_EVERY,
    REFRESH_LASTS,
    Bound,
    Code,
    Family,
    Pairing,
    Poll,
    Redemption,
    Stage,
    after_use,
    polled,
    redeemed,
)
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store import devices
from bellwire.cloud.store import grants as rows
from bellwire.cloud.store.accounts import add_account, agreed_terms, count_guests, guest_came, is_locked
from bellwire.cloud.store.devices import Device, add_device_token, list_devices, which_are_there
from bellwire.cloud.store.errors import NotFound
from bellwire.cloud.store.grants import StoredCode, StoredGrant, StoredPairing
from bellwire.cloud.store.guests import purge_guests
from bellwire.cloud.store.transaction import Transaction

GUEST_NEVER_CAME = timedelta(hours=1)
"""A guest that has no device after so long is removed."""
GUEST_LEFT = timedelta(days=30)
"""A guest that has no token for so long is removed."""
USED_CODES_KEPT = timedelta(days=1)
"""A second use of an authorization code is known as one for so long."""
CODES_AT_ONCE = 100
"""Codes of an account that wait to be used: as many as it may have devices."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Values for new tokens, of which only hashes are seen here."""

    grant_id: bytes
    refresh_hash: bytes
    access_hash: bytes
    access_expires: datetime
    device_id: str
    """For a device that is not there yet."""


class Issued(NamedTuple):
    """New tokens are good from now on."""

    device_id: str
    ended: bool = False
    """Others of the device ended with it: a downchannel may stand with one of them."""


class Revoked(NamedTuple):
    """What should have been used once came again: all that came of it has ended."""

    device_id: str | None
    why: str


# May this account have something authorized?


def check_account(account_id: str, terms: str | None) -> Transaction[None]:
    """Raises Refusal for an account that is locked, or has not agreed to the operator's `terms`."""
    yield from _check_lock(account_id)
    if terms is not None and (yield from agreed_terms(account_id)) != terms:
        raise Refusal(
            Fault.TERMS_NOT_AGREED,
            f"this account has not agreed to the terms at {terms}; agree with: bellwire account agree NAME",
            terms=terms,
        )


def _check_lock(account_id: str) -> Transaction[None]:
    if (yield from is_locked(account_id)):
        raise Refusal(
            Fault.ACCOUNT_LOCKED,
            "this account is locked; whoever runs this cloud can unlock it with: bellwire account unlock NAME",
        )


def add_guest(account_id: str, name: str, most: int, now: datetime) -> Transaction[None]:
    """Add an account that a device has for itself. Raises Refusal when there are `most` of them."""
    if (yield from count_guests()) >= most:
        raise Refusal(
            Fault.TEMPORARILY_UNAVAILABLE,
            f"there are {most} guests, as many as this cloud takes; use an account, or try again later",
            wait=GUEST_NEVER_CAME,
        )
    yield from add_account(account_id, name, "UTC", now, guest=True)


# Authorization codes


def make_code(code_hash: bytes, made: StoredCode, terms: str | None) -> Transaction[None]:
    """Add an authorization code. Raises Refusal."""
    yield from check_account(made.account_id, terms)
    if (yield from rows.count_codes(made.account_id, made.code.expires - CODE_LASTS)) >= CODES_AT_ONCE:
        raise Refusal(
            Fault.TOO_MANY_REQUESTS,
            f"{CODES_AT_ONCE} codes of this account wait to be used; use them, or try again later",
            wait=CODE_LASTS,
        )
    yield from rows.add_code(code_hash, made)


def make_guest_code(code_hash: bytes, made: StoredCode, name: str, most: int, now: datetime) -> Transaction[None]:
    """Add an authorization code with a guest's account of its own. Raises Refusal when there are `most` guests."""
    yield from add_guest(made.account_id, name, most, now)
    yield from rows.add_code(code_hash, made)


def code_for(bound: Bound, account_id: str, model: str | None, name: str | None, now: datetime) -> StoredCode:
    """A code that is about to be added."""
    return StoredCode(account_id, Code(bound, now + CODE_LASTS, used=False), model, name)


def redeem(
    code_hash: bytes, shown: Bound, profile: str, fresh: Fresh, *, most: int, now: datetime
) -> Transaction[Issued | Revoked]:
    """Give tokens for a code, to a device that is added, with this profile, where the account does not have it yet.

    Raises Refusal; also when the account would have more than `most` devices.
    """
    found = yield from rows.find_code(code_hash)
    if found is None:
        raise Refusal(Fault.INVALID_GRANT, "this code is not known here; ask for a new one")
    redemption = redeemed(found.code, shown, now)
    if redemption is Redemption.REPLAYED and found.grant_id is not None:
        return Revoked((yield from rows.revoke_grant(found.account_id, found.grant_id)), redemption.value)
    if redemption is not Redemption.TAKEN:
        raise Refusal(Fault.INVALID_GRANT, redemption.value)
    yield from _check_lock(found.account_id)
    device = Device(fresh.device_id, found.name or found.model or "speaker", profile, found.model)
    device_id = yield from _device_of(found, device, most, now)
    yield from rows.use_code(found.account_id, code_hash, fresh.grant_id)
    return (yield from _issue(found.account_id, device_id, shown.client_id, fresh, now))


def _device_of(found: StoredCode, new: Device, most: int, now: datetime) -> Transaction[str]:
    """The device that a code is for: one that comes again by its own id is the one it was, else it is `new`."""
    account_id, client_id, own_id = found.account_id, found.code.bound.client_id, found.code.bound.own_id
    if own_id is not None:
        known = yield from rows.find_own_device(account_id, client_id, own_id)
        if known is not None:
            if found.model is not None:
                yield from rows.set_model(account_id, known, found.model)
            return known
    yield from _add_device(account_id, new, most, now)
    if own_id is not None:
        yield from rows.add_own_device(account_id, client_id, own_id, new.device_id)
    return new.device_id


def add_device(
    account_id: str, device: Device, token_hash: bytes, *, terms: str | None, most: int, now: datetime
) -> Transaction[None]:
    """Add a device whose first token the owner has, and which does not expire. Raises Refusal."""
    yield from check_account(account_id, terms)
    yield from _add_device(account_id, device, most, now, token_hash)


def _add_device(
    account_id: str, device: Device, most: int, now: datetime, token_hash: bytes | None = None
) -> Transaction[None]:
    if len((yield from list_devices(account_id))) >= most:
        raise Refusal(
            Fault.TOO_MANY_DEVICES,
            f"this account has {most} devices, as many as it may have; remove one first, or have whoever runs the "
            f"cloud raise it: bellwire cloud --limit devices={2 * most}",
        )
    yield from devices.add_device(account_id, device, token_hash, now)


def _issue(account_id: str, device_id: str, client_id: str, fresh: Fresh, now: datetime) -> Transaction[Issued]:
    """A new family in the place of those that the device had."""
    ended = yield from rows.revoke_grants(account_id, device_id)
    family = Family(fresh.refresh_hash, None, None, now + REFRESH_LASTS)
    yield from rows.add_grant(StoredGrant(account_id, device_id, fresh.grant_id, client_id, family), now)
    yield from _add_access_token(account_id, device_id, fresh, now)
    return Issued(device_id, ended)


def _add_access_token(account_id: str, device_id: str, fresh: Fresh, now: datetime) -> Transaction[None]:
    expires, grant_id = fresh.access_expires, fresh.grant_id
    yield from add_device_token(account_id, device_id, fresh.access_hash, expires, now, grant_id=grant_id)
    yield from guest_came(account_id, now)


# Families


def refresh(
    shown_hash: bytes, client_id: str, own_id: str | None, fresh: Fresh, now: datetime
) -> Transaction[Issued | Revoked]:
    """Give new tokens of the family `fresh.grant_id` for a refresh token of it; `own_id` is checked where it is given.

    Raises Refusal.
    """
    grant = yield from rows.find_grant(fresh.grant_id)
    if grant is None:
        raise Refusal(Fault.INVALID_GRANT, "this refresh token is not known here, or was revoked; authorize again")
    yield from _check_grant(grant, client_id, own_id)
    after = after_use(grant.family, shown_hash, fresh.refresh_hash, now)
    if after is None:
        yield from rows.revoke_grant(grant.account_id, grant.grant_id)
        why = "this refresh token has expired or was used before; all that came with it is revoked: authorize again"
        return Revoked(grant.device_id, why)
    yield from _check_lock(grant.account_id)
    ended = yield from rows.rotate_grant(grant, after, now + OVERLAP)
    yield from _add_access_token(grant.account_id, grant.device_id, fresh, now)
    return Issued(grant.device_id, ended)


def log_out(token_hash: bytes, client_id: str, own_id: str | None, now: datetime) -> Transaction[str]:
    """End the family of an access token; the device stays its owner's. Gives the device's id. Raises Refusal."""
    grant = yield from rows.grant_of_token(token_hash)
    if grant is None:
        raise Refusal(Fault.INVALID_GRANT, "this access token is not known here, or was revoked already")
    yield from _check_grant(grant, client_id, own_id)
    yield from rows.revoke_grant(grant.account_id, grant.grant_id)
    yield from guest_came(grant.account_id, now)
    return grant.device_id


def revoke_shown(token_hash: bytes, grant_id: bytes | None, client_id: str) -> Transaction[str | None]:
    """End the family of an access token or, by `grant_id`, of a refresh token (RFC 7009, 2.1). Gives the device's id.

    A token that is not known, or is another client's, changes nothing.
    """
    grant = yield from rows.grant_of_token(token_hash)
    if grant is None and grant_id is not None:
        grant = yield from rows.find_grant(grant_id)
    if grant is None or grant.client_id != client_id:
        return None
    yield from rows.revoke_grant(grant.account_id, grant.grant_id)
    return grant.device_id


def _check_grant(grant: StoredGrant, client_id: str, own_id: str | None) -> Transaction[None]:
    if grant.client_id != client_id:
        raise Refusal(Fault.INVALID_GRANT, "this token was made for another client")
    if own_id is not None:
        meant = yield from rows.find_own_device(grant.account_id, client_id, own_id)
        if meant != grant.device_id:
            raise Refusal(Fault.INVALID_GRANT, "this token was made for another device than device_id names")


# Pairing


def begin_pairing(made: StoredPairing, user_code_hash: bytes, most: int, now: datetime) -> Transaction[None]:
    """Add a speaker that shows a code. Raises Refusal when `most` wait, AlreadyExists when another shows the code."""
    if (yield from rows.count_pairings(now)) >= most:
        raise Refusal(
            Fault.TEMPORARILY_UNAVAILABLE,
            f"{most} speakers wait to be paired, as many as this cloud takes; try again later",
            wait=timedelta(minutes=1),
        )
    yield from rows.add_pairing(made, user_code_hash)


def pairing_for(device_code_hash: bytes, client_id: str, profile: str, product: str, now: datetime) -> StoredPairing:
    """A pairing that is about to be added."""
    pairing = Pairing(Stage.ASKED, now + PAIRING_LASTS, POLL_EVERY, None)
    return StoredPairing(device_code_hash, client_id, profile, product, pairing)


def ask(device_code_hash: bytes, client_id: str, fresh: Fresh, now: datetime) -> Transaction[Issued | Revoked | Poll]:
    """What a speaker that waits is told: its tokens, once, or why there are none. Raises Refusal."""
    found = yield from rows.find_pairing(device_code_hash)
    if found is None or found.client_id != client_id:
        raise Refusal(Fault.INVALID_GRANT, "this device_code is not known here; ask for a new one")
    answer, interval = polled(found.pairing, now)
    if answer is Poll.REPLAYED:
        device_id = None
        if found.account_id is not None and found.grant_id is not None:
            device_id = yield from rows.revoke_grant(found.account_id, found.grant_id)
        return Revoked(device_id, "this device_code was used before; what it gave is revoked, so pair again")
    if answer is not Poll.GRANTED or found.account_id is None or found.device_id is None:
        yield from rows.keep_question(device_code_hash, now, interval)
        return answer
    yield from _check_lock(found.account_id)
    yield from rows.settle_pairing(found._replace(grant_id=fresh.grant_id), Stage.REDEEMED)
    return (yield from _issue(found.account_id, found.device_id, client_id, fresh, now))


@dataclass(frozen=True, slots=True)
class Approval:
    """By whom a speaker is let in, and as which device."""

    account_id: str
    device_id: str
    name: str | None
    """None: what the speaker calls itself."""


def approve(
    user_code_hash: bytes, approval: Approval, terms: str | None, most: int, now: datetime
) -> Transaction[Device]:
    """Let the speaker that shows a code into the account, as a new device. Raises Refusal."""
    yield from check_account(approval.account_id, terms)
    found = yield from _waiting(user_code_hash, now)
    device = Device(approval.device_id, approval.name or found.product, found.profile, found.product)
    yield from _add_device(approval.account_id, device, most, now)
    settled = found._replace(account_id=approval.account_id, device_id=device.device_id)
    yield from rows.settle_pairing(settled, Stage.APPROVED)
    return device


def refuse(user_code_hash: bytes, now: datetime) -> Transaction[None]:
    """Do not let the speaker that shows a code in. Raises Refusal when none does."""
    yield from rows.settle_pairing((yield from _waiting(user_code_hash, now)), Stage.REFUSED)


def _waiting(user_code_hash: bytes, now: datetime) -> Transaction[StoredPairing]:
    found = yield from rows.find_pairing_shown(user_code_hash)
    if found is None or found.pairing.stage is not Stage.ASKED or now >= found.pairing.expires:
        raise Refusal(
            Fault.NO_SUCH_CODE,
            "no speaker shows this code now: it was mistyped, has expired or was confirmed already; read it again",
        )
    return found


# What the owner ends


def revoke_device(account_id: str, device_id: str) -> Transaction[None]:
    """End all tokens of a device; it stays with its alerts until it is removed. Raises NotFound."""
    if not (yield from which_are_there(account_id, [device_id])):
        raise NotFound(f"this account has no device {device_id}; list them to see those it has")
    yield from rows.revoke_tokens(account_id, device_id)


# What has expired


class Swept(NamedTuple):
    """A portion of what has expired is removed."""

    devices: list[str]
    """That went with guests."""
    is_more: bool
    """Whether there may be more."""


def sweep(now: datetime) -> Transaction[Swept]:
    """Remove a portion of what has expired, and of guests that left."""
    is_more = yield from rows.purge_expired(now, USED_CODES_KEPT)
    return Swept((yield from purge_guests(now - GUEST_NEVER_CAME, now - GUEST_LEFT)), is_more)
