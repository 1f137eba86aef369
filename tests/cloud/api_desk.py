"""The account API without a server: a store, a clock that the test moves, and requests one by one.

async with api_desk(folder) as desk:
    call = await desk.asks("POST", "/alerts", {"at": "07:00"}, if_match='"…"')
    assert call.status == 201
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bellwire.cloud.api import account_api
from bellwire.cloud.asgi import App
from bellwire.cloud.assets import AssetStore
from bellwire.cloud.auth import Tokens, hash_of
from bellwire.cloud.authority import Authority
from bellwire.cloud.bus import InProcessBus
from bellwire.cloud.calendar_files import CalendarFiles
from bellwire.cloud.change_feed import ChangeFeed
from bellwire.cloud.conditions import ConditionalStore
from bellwire.cloud.config import Limits
from bellwire.cloud.gateway import Gateway
from bellwire.cloud.services import Services
from bellwire.cloud.speech import Silent
from bellwire.cloud.store.accounts import account_by_token, add_account, add_account_token
from bellwire.cloud.store.devices import device_by_token
from bellwire.cloud.store.sqlite import SqliteStore
from tests.cloud.call import Call

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class ApiDesk:
    """Accounts `home` and `office`; each has two tokens, its name and its name with a 2."""

    def __init__(self, store: SqliteStore, folder: Path, limits: Limits) -> None:
        self.store = store
        self.now = START
        self.changes = ChangeFeed(store, limits.listeners)
        self.services = self._services(folder, limits)
        self.app: App = account_api(self.services)  # type: ignore[assignment]

    def _services(self, folder: Path, limits: Limits) -> Services:
        bus, conditional = InProcessBus(), ConditionalStore(self.store)
        gateway = Gateway(
            store=self.store,
            tokens=Tokens(self.store, device_by_token, self._clock),
            codecs={},
            bus=bus,
            limits=limits,
            clock=self._clock,
            strict=False,
        )
        authority = Authority(
            store=conditional,
            hang_up=gateway.hang_up,
            terms=None,
            access_lasts=timedelta(days=1),
            limits=limits,
            by_address=True,
            clock=self._clock,
        )
        assets = AssetStore(folder, b"secret", Silent())
        return Services(
            store=conditional,
            tokens=Tokens(self.store, account_by_token, self._clock),
            assets=assets,
            calendars=CalendarFiles(conditional, assets, bus, limits, self._clock),
            bus=bus,
            gateway=gateway,
            authority=authority,
            changes=self.changes,
            limits=limits,
            clock=self._clock,
        )

    def _clock(self) -> datetime:
        return self.now

    def waits(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def call(
        self, method: str, path: str, content: object = None, *, token: str = "home", raw: bytes = b"", **headers: str
    ) -> Call:
        """A request that is about to be made; `if_match` is the header If-Match."""
        body = raw if content is None else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"authorization": f"Bearer {token}", "content-type": "application/json", **named}
        return Call(method, f"/api/v1{path}", sent, body)

    async def asks(self, method: str, path: str, content: object = None, **how: Any) -> Call:
        """A request that was answered."""
        return await self.call(method, path, content, **how).made(self.app)

    async def adds(self, **wish: object) -> str:
        """Add an alarm; its token."""
        call = await self.asks("POST", "/alerts", {"kind": "ALARM", "at": "07:00", **wish})
        assert call.status == 201, call.body
        token: str = call.json["token"]
        return token


@asynccontextmanager
async def api_desk(folder: Path, **limits: Any) -> AsyncIterator[ApiDesk]:
    store = SqliteStore(folder / "store.db")
    await store.open()
    for name in ("home", "office"):
        await store.write(add_account, name, name, "Asia/Seoul", START)
        for token in (name, f"{name}2"):
            await store.write(add_account_token, name, hash_of(token), None, START)
    desk = ApiDesk(store, folder, Limits(**limits))
    try:
        yield desk
    finally:
        await desk.changes.close()
        await store.close()
        await asyncio.sleep(0)
