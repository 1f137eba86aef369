from collections.abc import Iterator
from datetime import timedelta

import pytest

from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.store.accounts import (
    Account,
    account_by_token,
    add_account,
    add_account_token,
    find_account,
    list_accounts,
    purge_expired_tokens,
)
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.devices import Device, add_device, add_device_token, device_by_token
from bellwire.cloud.store.errors import AlreadyExists, NotFound, Refused
from bellwire.cloud.store.instants import from_ms
from bellwire.cloud.store.opening import MEMORY, open_now

NOW = from_ms(1_795_000_000_000)
LATER = NOW + timedelta(hours=1)
TOKEN = bytes(range(32))


@pytest.fixture
def store() -> Iterator[Connection]:
    with open_now(MEMORY) as connection:
        connection.run(add_account, "a2", "office", "Asia/Tokyo", NOW)
        connection.run(add_account, "a1", "home", "Asia/Seoul", NOW)
        yield connection


def test_accounts_are_found(store: Connection) -> None:
    home, office = Account("a1", "home", "Asia/Seoul"), Account("a2", "office", "Asia/Tokyo")
    assert store.read(list_accounts) == [home, office]
    assert store.read(find_account, "a2") == office
    with pytest.raises(NotFound, match="no account 'a3'"):
        store.read(find_account, "a3")


def test_a_name_is_taken_once(store: Connection) -> None:
    with pytest.raises(AlreadyExists, match="an account 'home' already; choose another name"):
        store.run(add_account, "a3", "home", "UTC", NOW)


def test_a_token_acts_for_its_account(store: Connection) -> None:
    store.run(add_account_token, "a1", TOKEN, None, NOW)
    assert store.read(account_by_token, TOKEN) == AccountIdentity("a1")
    assert store.read(account_by_token, TOKEN[::-1]) is None


def test_a_token_needs_an_account(store: Connection) -> None:
    with pytest.raises(NotFound, match="no account 'a3'"):
        store.run(add_account_token, "a3", TOKEN, None, NOW)


def test_a_token_itself_is_refused_where_its_hash_belongs(store: Connection) -> None:
    with pytest.raises(Refused, match="sha256"):
        store.run(add_account_token, "a1", b"s3cret", None, NOW)


def test_what_has_expired_is_purged(store: Connection) -> None:
    expiries = {b"\x01": None, b"\x02": LATER, b"\x03": NOW, b"\x04": NOW - timedelta(hours=1)}
    store.run(add_device, "a1", Device("d1", "kitchen", "p"), bytes(32), NOW)
    for byte, expires in expiries.items():
        store.run(add_account_token, "a1", byte * 32, expires, NOW)
        store.run(add_device_token, "a1", "d1", byte * 32, expires, NOW)
    assert store.run(purge_expired_tokens, NOW) == 4
    for find in (account_by_token, device_by_token):
        left = [byte for byte in expiries if store.read(find, byte * 32) is not None]
        assert left == [b"\x01", b"\x02"]
    identity = store.read(account_by_token, b"\x02" * 32)
    assert identity is not None
    assert identity.expires == LATER
