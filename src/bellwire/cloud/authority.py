"""Who may get codes and tokens, and what they are: the one place that makes them.

It knows clients, accounts, the clock and how often somebody tries; it must not know how a request or an answer is
written (`oauth`, `consent`), nor what rules a code or token obeys (`grants`).
"""

import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import NamedTuple, TypeVar

import structlog

from bellwire.cloud import granting
from bellwire.cloud.accounts import name_of
from bellwire.cloud.attempts import Attempts
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.config import Limits
from bellwire.cloud.granting import Approval, Fresh, Issued, Revoked
from bellwire.cloud.grants import (
    LETTERS,
    PAIRING_LASTS,
    POLL_EVERY,
    USER_CODE_LENGTH,
    Bound,
    Poll,
    user_code_of,
)
from bellwire.cloud.rates import Rate, neighbours
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store.accounts import agree_to
from bellwire.cloud.store.clients import Client, find_client
from bellwire.cloud.store.devices import Device
from bellwire.cloud.store.errors import AlreadyExists, StoreError
from bellwire.cloud.store.grants import find_code, find_grant
from bellwire.cloud.store.protocol import Store

log = structlog.get_logger()

_USER_CODE_TRIES = 5
"""Two speakers show the same code once in a million years of pairing; five times never."""
_THE_SAME = Rate(10, timedelta(minutes=1))
"""Requests with the same secret that was not good, from one address: they are refused before they count for that
address, which others share."""
_WAITING = {
    Poll.PENDING: "nobody has confirmed the user code yet; ask again after the interval",
    Poll.SLOW_DOWN: "that was too soon; wait five seconds longer between two questions from now on",
    Poll.DENIED: "the owner has refused this speaker",
    Poll.EXPIRED: "nobody has confirmed the user code in time; ask for a new one",
}

T = TypeVar("T")


class Granted(NamedTuple):
    """New tokens of a device. They are in no other place: of what is kept they can't be made again."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds of the access token."""
    device_id: str


class Invitation(NamedTuple):
    """What a speaker shows, and what it asks for its tokens with."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int
    """Seconds."""


class AskedCode(NamedTuple):
    """What an authorization code is asked for."""

    bound: Bound
    model: str | None
    """Of the device, and what that is to be called."""
    name: str | None = None


class Authority:
    """Gives codes and tokens, and takes them back. Every method raises Refusal with what is wrong."""

    def __init__(
        self,
        *,
        store: Store,
        hang_up: Callable[[str], None],
        terms: str | None,
        access_lasts: timedelta,
        limits: Limits,
        by_address: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """`by_address`: addresses are those of clients, not of a proxy before them all."""
        self._store = store
        self._hang_up = hang_up
        self._terms = terms
        self._access_lasts = access_lasts
        self._limits = limits
        self._by_address = by_address
        self._clock = clock
        self._of_accounts = Attempts(limits.authorizations)
        self._wrong = Attempts(limits.authorizations)
        self._wrong_again = Attempts(_THE_SAME)
        self._wrong_user_codes = Attempts(limits.wrong_user_codes)
        self._new_guests = Attempts(limits.new_guests)
        self._new_pairings = Attempts(limits.new_pairings)

    # Who asks

    def let_try(self, peer: str, secret: str = "") -> None:
        """Refuse when too many requests from this address were wrong of late, or those with this secret."""
        now = self._clock()
        if secret:
            self._wrong_again.check(_key(peer, secret), now)
        for address in self._address(peer):
            self._wrong.check(address, now)

    def was_wrong(self, peer: str, secret: str = "") -> None:
        """One wrong request more from this address, with this secret if there was one."""
        now = self._clock()
        if secret:
            self._wrong_again.count(_key(peer, secret), now)
        for address in self._address(peer):
            self._wrong.count(address, now)

    async def client(self, client_id: str) -> Client:
        """The client of this id."""
        client = await self._store.read(find_client, client_id)
        if client is None:
            raise Refusal(
                Fault.INVALID_CLIENT,
                f"there is no client {client_id}; add one on the cloud with: bellwire client add NAME",
            )
        return client

    async def proven_client(self, client_id: str, secret: str | None) -> Client:
        """The client of this id, which knows its secret, if it has one."""
        client = await self.client(client_id)
        if client.secret_hash is not None and not compare_digest(hash_of(secret or ""), client.secret_hash):
            raise Refusal(
                Fault.INVALID_CLIENT,
                "client_secret is missing or wrong; it was shown once, when the client was added: if it is lost, "
                "remove the client and add it again",
            )
        return client

    # Authorization codes

    async def code(self, account_id: str, asked: AskedCode) -> str:
        """A code for a device of this account."""
        self._of_account(account_id)
        code, now = new_token(), self._clock()
        made = granting.code_for(asked.bound, account_id, asked.model, asked.name, now)
        await self._store.write(granting.make_code, hash_of(code), made, self._terms)
        log.info("authorization code given", account=account_id, client=asked.bound.client_id)
        return code

    async def guest_code(self, peer: str, asked: AskedCode) -> str:
        """A code for a device that has no account: it gets one for itself."""
        now = self._clock()
        if self._terms is not None:
            raise Refusal(
                Fault.TERMS_NOT_AGREED, f"a guest cannot agree to the terms at {self._terms}", terms=self._terms
            )
        for address in self._address(peer):
            self._new_guests.take(address, now)
        code, account_id = new_token(), str(uuid.uuid4())
        made = granting.code_for(asked.bound, account_id, asked.model, asked.name, now)
        name = f"guest {account_id}"
        await self._store.write(granting.make_guest_code, hash_of(code), made, name, self._limits.guests, now)
        log.info("guest added", account=account_id, client=asked.bound.client_id)
        return code

    async def redeem(self, code: str, shown: Bound, profile: str) -> Granted:
        """Tokens for a code."""
        found = await self._store.read(find_code, hash_of(code))
        if found is not None:
            self._of_account(found.account_id)
        fresh, made = self._fresh(secrets.token_urlsafe(16))
        most, now = self._limits.devices, self._clock()
        done = await self._store.write(granting.redeem, hash_of(code), shown, profile, fresh, most=most, now=now)
        return self._granted(done, made)

    # Families

    async def refresh(self, refresh_token: str, client_id: str, own_id: str | None = None) -> Granted:
        """New tokens for a refresh token; `own_id` is checked where it is given."""
        fresh, made = self._fresh(_family_of(refresh_token))
        now = self._clock()
        found = await self._store.read(find_grant, fresh.grant_id)
        if found is not None:
            self._of_account(found.account_id)
        done = await self._store.write(granting.refresh, hash_of(refresh_token), client_id, own_id, fresh, now)
        return self._granted(done, made)

    async def log_out(self, access_token: str, client_id: str, own_id: str | None) -> None:
        """End the family of an access token; its device stays its owner's."""
        now = self._clock()
        self._end(await self._store.write(granting.log_out, hash_of(access_token), client_id, own_id, now))

    async def revoke(self, token: str, client_id: str) -> None:
        """End the family of an access or refresh token, if it is one of this client's (RFC 7009, 2.2)."""
        grant_id = hash_of(_family_of(token))
        device_id = await self._store.write(granting.revoke_shown, hash_of(token), grant_id, client_id)
        if device_id is not None:
            self._end(device_id)

    async def revoke_device(self, account_id: str, device_id: str) -> None:
        """End all tokens of a device, also those that its owner made. Raises NotFound."""
        await self._store.write(granting.revoke_device, account_id, device_id)
        self._end(device_id)

    # Pairing

    async def invite(self, peer: str, client_id: str, profile: str, product: str) -> Invitation:
        """A user code for a speaker to show."""
        now, most = self._clock(), self._limits.pairings
        for address in self._address(peer):
            self._new_pairings.take(address, now)
        device_code = new_token()
        made = granting.pairing_for(hash_of(device_code), client_id, profile, product, now)
        for tries_left in reversed(range(_USER_CODE_TRIES)):
            user_code = _new_user_code()
            try:
                await self._store.write(granting.begin_pairing, made, hash_of(user_code), most, now)
                break
            except AlreadyExists:
                if not tries_left:
                    raise
        lasts, interval = PAIRING_LASTS.total_seconds(), POLL_EVERY.total_seconds()
        return Invitation(device_code, user_code, int(lasts), int(interval))

    async def ask(self, device_code: str, client_id: str) -> Granted:
        """The tokens of a speaker whose user code was confirmed."""
        fresh, made = self._fresh(secrets.token_urlsafe(16))
        done = await self._store.write(granting.ask, hash_of(device_code), client_id, fresh, self._clock())
        if isinstance(done, Poll):
            raise Refusal(Fault(done.value), _WAITING[done])
        return self._granted(done, made)

    async def approve(self, account_id: str, peer: str, user_code: str, name: str | None) -> Device:
        """Let the speaker that shows this code into the account. Raises WishError for a name that is none."""
        name = None if name is None else name_of(name, self._limits.name)
        approval = Approval(account_id, str(uuid.uuid4()), name)
        most, terms = self._limits.devices, self._terms

        async def approved(shown: bytes, now: datetime) -> Device:
            return await self._store.write(granting.approve, shown, approval, terms, most, now)

        device = await self._with_user_code(account_id, peer, user_code, approved)
        log.info("speaker approved", account=account_id, device=device.device_id)
        return device

    async def refuse(self, account_id: str, peer: str, user_code: str) -> None:
        """Do not let the speaker that shows this code in."""

        async def refused(shown: bytes, now: datetime) -> None:
            await self._store.write(granting.refuse, shown, now)

        await self._with_user_code(account_id, peer, user_code, refused)

    # The account's own word

    async def add_device(self, account_id: str, device: Device) -> str:
        """A first token, which does not expire, for a new device of the account."""
        token, most, now = new_token(), self._limits.devices, self._clock()
        added = granting.add_device
        await self._store.write(added, account_id, device, hash_of(token), terms=self._terms, most=most, now=now)
        return token

    async def agree(self, account_id: str) -> str:
        """Keep that the account agrees to the terms; gives their address."""
        if self._terms is None:
            raise Refusal(
                Fault.INVALID_REQUEST, "this cloud has no terms; they are set with: bellwire cloud --terms URL"
            )
        await self._store.write(agree_to, account_id, self._terms)
        return self._terms

    async def sweep(self) -> None:
        """Remove what has expired."""
        is_more = True
        while is_more:
            swept = await self._store.write(granting.sweep, self._clock())
            for device_id in swept.devices:
                self._hang_up(device_id)
            is_more = swept.is_more

    # The parts of these

    def _address(self, peer: str) -> tuple[str, ...]:
        """What the attempts of this peer count for."""
        return (f"address {neighbours(peer)}",) if self._by_address else ()

    def _of_account(self, account_id: str) -> None:
        self._of_accounts.take(f"account {account_id}", self._clock())

    async def _with_user_code(
        self, account_id: str, peer: str, text: str, act: Callable[[bytes, datetime], Awaitable[T]]
    ) -> T:
        """What `act` gives for a user code; who gives wrong ones is stopped soon (RFC 8628, 5.1)."""
        self._of_account(account_id)
        now = self._clock()
        guessers = (f"account {account_id}", *self._address(peer))
        for guesser in guessers:
            self._wrong_user_codes.check(guesser, now)
        for guesser in guessers:  # before it is looked up: others of the same guesser come meanwhile
            self._wrong_user_codes.count(guesser, now)
        user_code = user_code_of(text)
        if user_code is None:
            raise Refusal(
                Fault.NO_SUCH_CODE, f"a user code has {USER_CODE_LENGTH} letters, as in BCDF-GHJK; read it again"
            )
        try:
            done = await act(hash_of(user_code), now)
        except (Refusal, StoreError) as error:
            if not (isinstance(error, Refusal) and error.fault is Fault.NO_SUCH_CODE):
                self._was_no_guess(guessers)
            raise
        self._was_no_guess(guessers)
        return done

    def _was_no_guess(self, guessers: tuple[str, ...]) -> None:
        for guesser in guessers:
            self._wrong_user_codes.give_back(guesser)

    def _fresh(self, family: str) -> tuple[Fresh, tuple[str, str]]:
        """New tokens of a family: what is kept of them, and what they are, access token first."""
        access, refresh = new_token(), f"{family}.{new_token()}"
        expires = self._clock() + self._access_lasts
        fresh = Fresh(hash_of(family), hash_of(refresh), hash_of(access), expires, device_id=str(uuid.uuid4()))
        return fresh, (access, refresh)

    def _granted(self, done: Issued | Revoked, made: tuple[str, str]) -> Granted:
        if isinstance(done, Revoked):
            if done.device_id is not None:
                log.warning("a code or token came twice: its device is logged out", device=done.device_id)
                self._end(done.device_id)
            raise Refusal(Fault.INVALID_GRANT, done.why)
        if done.ended:
            self._hang_up(done.device_id)
        return Granted(*made, int(self._access_lasts.total_seconds()), done.device_id)

    def _end(self, device_id: str) -> None:
        log.info("device logged out", device=device_id)
        self._hang_up(device_id)


def _key(peer: str, secret: str) -> str:
    return hash_of(f"{peer} {secret}").hex()


def _family_of(token: str) -> str:
    """The part that all refresh tokens of a family have in common."""
    return token.partition(".")[0]


def _new_user_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(USER_CODE_LENGTH))
    half = USER_CODE_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"
