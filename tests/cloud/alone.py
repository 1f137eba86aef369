"""The gateway alone, as the server would call it: for what is hard to bring about over the wire.

It has a device `kitchen` and one of each profile, called by the profile's name; each shows its own name as its token.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bellwire.cloud.auth import Tokens, hash_of
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.config import Limits
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.store.accounts import add_account
from bellwire.cloud.store.devices import Device, add_device, device_by_token
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.protocol.codec import Codec
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.clova import CIC_KO_2022
from bellwire.protocol.profiles.profile import Profile
from tests.cloud.call import Call
from tests.cloud.h2_client import PATIENCE

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SECOND = replace(CIC_KO_2022, name="second", downchannel_path="/v2/directives", events_path="/v2/events")
CONTENT_TYPE = "multipart/form-data; boundary=----speaker"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def call_of(method: str, path: str, body: bytes = b"", token: str = "kitchen", more: Mapping[str, str] = {}) -> Call:
    """A request of the device that shows this token; `more`: headers."""
    return Call(method, path, {"authorization": f"Bearer {token}", "content-type": CONTENT_TYPE, **more}, body)


def asks(profile: Profile, more: Mapping[str, str] = {}) -> Call:
    """The request for a downchannel of the profile's device."""
    return call_of("GET", profile.downchannel_path, b"", profile.name, more)


def says(profile: Profile, body: bytes, more: Mapping[str, str] = {}) -> Call:
    """An event of the profile's device."""
    return call_of("POST", profile.events_path, body, profile.name, more)


@asynccontextmanager
async def gateway_alone(
    folder: Path,
    *,
    strict: bool = False,
    behind_proxy: bool = False,
    queue_limit: int = 100,
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Gateway, SqliteStore]]:
    """A gateway and its store."""
    now = clock or Clock()
    await _populate(folder)
    store = SqliteStore(folder / "store.db", queue_limit=queue_limit)
    await store.open()
    gateway = Gateway(
        store=store,
        tokens=Tokens(store, device_by_token, now),
        codecs={profile.name: Codec(profile) for profile in (*PROFILES.values(), SECOND)},
        bus=InProcessBus(),
        limits=Limits(),
        clock=now,
        strict=strict,
        behind_proxy=behind_proxy,
    )
    try:
        yield gateway, store
    finally:
        await store.close()


async def _populate(folder: Path) -> None:
    store = SqliteStore(folder / "store.db")
    await store.open()
    await store.write(add_account, "home", "home", "UTC", NOW)
    profiles: Mapping[str, Profile] = {"kitchen": CIC_KO_2022, **PROFILES}
    for name, profile in profiles.items():
        await store.write(add_device, "home", Device(name, name, profile.name), hash_of(name), NOW)
    await store.close()


@asynccontextmanager
async def opened(gateway: Gateway, call: Call) -> AsyncIterator[Call]:
    """A downchannel that stands: something has come down. At the end the device leaves."""
    serving = asyncio.create_task(call.made(gateway))
    await asyncio.wait_for(call.has_body.wait(), PATIENCE)
    try:
        yield call
    finally:
        call.left.set()
        await serving
