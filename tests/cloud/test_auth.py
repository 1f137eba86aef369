import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwire.cloud import auth
from bellwire.cloud.auth import BELIEVED_FOR, Tokens, bearer_token, hash_of, new_token
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.store.accounts import account_by_token, add_account, add_account_token
from bellwire.cloud.store.devices import Device, add_device, add_device_token, device_by_token, remove_device
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.protocol.errors import Unauthenticated

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
KITCHEN = DeviceIdentity("home", "kitchen", "cic-ko-2022")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Door:
    """The tokens of a store with one device, and a clock that the test moves."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = Clock()
        self.tokens = Tokens(store, device_by_token, self.clock)

    async def is_open_for(self, token: str) -> bool:
        try:
            identity = await self.tokens.identity(f"Bearer {token}")
        except Unauthenticated:
            return False
        assert (identity.account_id, identity.device_id) == ("home", "kitchen")
        return True


@asynccontextmanager
async def door(folder: Path) -> AsyncIterator[Door]:
    store = SqliteStore(folder / "store.db")
    await store.open()
    try:
        await store.write(add_account, "home", "home", "UTC", START)
        await store.write(add_device, "home", Device("kitchen", "kitchen", "cic-ko-2022"), hash_of("key"), START)
        yield Door(store)
    finally:
        await store.close()


@pytest.mark.parametrize("header", ["Bearer key", "bearer key", "BEARER   key  "])
def test_a_bearer_token_is_read(header: str) -> None:
    assert bearer_token(header) == "key"


@pytest.mark.parametrize("header", [None, "", "key", "Bearer", "Bearer ", "Basic key", "Bearerkey"])
def test_what_is_no_bearer_token_is_told(header: str | None) -> None:
    with pytest.raises(Unauthenticated, match="'Bearer TOKEN'"):
        bearer_token(header)


def test_no_two_tokens_are_alike_and_each_has_256_bits() -> None:
    made = {new_token() for _ in range(100)}

    assert len(made) == 100
    assert {len(token) for token in made} == {43}


def test_a_token_is_stored_as_its_sha_256_only(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            await entry.store.write(add_device_token, "home", "kitchen", hash_of("a-key-to-find"), None, START)

    asyncio.run(scene())

    for path in tmp_path.iterdir():
        assert b"a-key-to-find" not in path.read_bytes()


def test_a_token_says_whose_it_is(tmp_path: Path) -> None:
    async def scene() -> DeviceIdentity:
        async with door(tmp_path) as entry:
            assert not await entry.is_open_for("another")
            return await entry.tokens.identity("Bearer key")

    assert asyncio.run(scene()) == KITCHEN


def test_a_token_of_an_account_is_none_of_a_device(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            await entry.store.write(add_account_token, "home", hash_of("account"), None, START)
            accounts = Tokens(entry.store, account_by_token, entry.clock)

            assert (await accounts.identity("Bearer account")).account_id == "home"
            assert not await entry.is_open_for("account")
            with pytest.raises(Unauthenticated):
                await accounts.identity("Bearer key")

    asyncio.run(scene())


def test_a_token_expires_also_while_it_is_believed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            expires = START + timedelta(seconds=2)
            await entry.store.write(add_device_token, "home", "kitchen", hash_of("short"), expires, START)

            assert await entry.is_open_for("short")
            entry.clock.now = expires - timedelta(milliseconds=1)
            assert await entry.is_open_for("short")
            entry.clock.now = expires
            with pytest.raises(Unauthenticated, match="expired"):
                await entry.tokens.identity("Bearer short")
            assert await entry.is_open_for("key")

    asyncio.run(scene())


def test_a_revoked_token_works_no_longer_than_it_is_believed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert await entry.is_open_for("key")
            await entry.store.write(remove_device, "home", "kitchen")

            entry.clock.now = START + BELIEVED_FOR - timedelta(milliseconds=1)
            assert await entry.is_open_for("key")
            entry.clock.now = START + BELIEVED_FOR
            assert not await entry.is_open_for("key")
            assert not await entry.is_open_for("key")

    asyncio.run(scene())


def test_a_clock_that_is_set_back_has_nobody_believed_for_longer(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert await entry.is_open_for("key")
            await entry.store.write(remove_device, "home", "kitchen")

            entry.clock.now = START - timedelta(hours=1)
            assert not await entry.is_open_for("key")

    asyncio.run(scene())


def test_a_revoked_token_works_no_longer_when_all_are_forgotten(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert await entry.is_open_for("key")
            await entry.store.write(remove_device, "home", "kitchen")

            entry.tokens.forget_all()

            assert not await entry.is_open_for("key")

    asyncio.run(scene())


def test_a_token_has_been_met_while_it_was_good_at_the_last_look(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert not entry.tokens.has_met("key")
            assert await entry.is_open_for("key")

            entry.tokens.forget_all()
            entry.clock.now += 2 * BELIEVED_FOR
            assert entry.tokens.has_met("key")

            await entry.store.write(remove_device, "home", "kitchen")
            assert not await entry.is_open_for("key")
            assert not entry.tokens.has_met("key")

    asyncio.run(scene())


def test_who_was_looked_up_a_moment_ago_is_believed_and_nobody_else(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert entry.tokens.believed("key") is None
            assert await entry.is_open_for("key")
            assert entry.tokens.believed("key") == await entry.tokens.identity_of("key")
            assert entry.tokens.believed("other") is None

            entry.clock.now += BELIEVED_FOR
            assert entry.tokens.believed("key") is None

            assert await entry.is_open_for("key")
            entry.tokens.forget_all()
            assert entry.tokens.believed("key") is None

    asyncio.run(scene())


def test_who_is_believed_is_so_no_longer_than_the_token_is_good(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            expires = START + timedelta(seconds=1)
            await entry.store.write(add_device_token, "home", "kitchen", hash_of("short"), expires, START)
            assert await entry.is_open_for("short")
            assert entry.tokens.believed("short") is not None
            entry.clock.now = expires
            assert entry.tokens.believed("short") is None

    asyncio.run(scene())


def test_a_token_that_is_nobodys_is_looked_up_each_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async with door(tmp_path) as entry:
            assert not await entry.is_open_for("later")
            await entry.store.write(add_device_token, "home", "kitchen", hash_of("later"), None, START)

            assert await entry.is_open_for("later")

    asyncio.run(scene())


def test_more_tokens_than_are_kept_in_mind_all_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_REMEMBERED", 2)

    async def scene() -> None:
        async with door(tmp_path) as entry:
            keys = [f"key {number}" for number in range(5)]
            for key in keys:
                await entry.store.write(add_device_token, "home", "kitchen", hash_of(key), None, START)
            for key in keys * 2:
                assert await entry.is_open_for(key)
                assert len(entry.tokens._known) <= 2

    asyncio.run(scene())
