"""Where devices get their tokens, without a server: a store, a clock that the test moves, and all requests.

async with desk(folder) as place:
    status, answer = await place.gets("/authorize", place.token, client_id="app", ...)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from bellwire.cloud.auth import Tokens, hash_of
from bellwire.cloud.authority import Authority
from bellwire.cloud.config import Limits
from bellwire.cloud.grants import challenge_of
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.oauth import DEVICE_AUTHORIZATION_PATH, DEVICE_CODE, TOKEN_PATH, OAuth
from bellwire.cloud.store.accounts import account_by_token, add_account, add_account_token
from bellwire.cloud.store.clients import SPEAKER, Client, add_client
from bellwire.cloud.store.devices import device_by_token
from bellwire.cloud.store.sqlite import SqliteStore
from tests.cloud.call import Call

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
SECRET = "the secret of bench"
VERIFIER = "v" * 43
REDIRECT = "https://app.home/done"
BENCH = Client("bench", "bench", "cic-ko-2022", (), hash_of(SECRET))
APP = Client("app", "app", "tvs-2020", (REDIRECT,))
FORM = "application/x-www-form-urlencoded"
Answer = tuple[int, dict[str, Any]]


class Desk:
    """Accounts `home` and `office`, whose tokens are their names; the clients BENCH and APP, and every speaker."""

    def __init__(self, store: SqliteStore, limits: Limits, terms: str | None, access_lasts: timedelta) -> None:
        self.store = store
        self.now = START
        self.hung_up: list[str] = []
        """Devices whose downchannels were ended."""
        self.peer = "192.0.2.1"
        self.headers: dict[str, str] = {}
        """Of the last answer."""
        self.authority = Authority(
            store=store,
            hang_up=self.hung_up.append,
            terms=terms,
            access_lasts=access_lasts,
            limits=limits,
            by_address=True,
            clock=self._clock,
        )
        self._oauth = OAuth(self.authority, Tokens(store, account_by_token, self._clock), limits)

    def _clock(self) -> datetime:
        return self.now

    def waits(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def asks(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Status and JSON of an answer; every error says what is wrong."""
        call = Call(method, path, headers or {}, body)
        call.scope["client"] = (self.peer, "50000")
        await call.made(self._oauth)
        self.headers = call.headers
        answer: dict[str, Any] = msgspec.json.decode(call.body) if call.body else {}
        assert call.headers["cache-control"] == "no-store"
        if call.status >= 400:
            assert len(answer["error_description"].split()) > 2, answer
        return call.status, answer

    async def gets(self, path: str, token: str | None = None, **parameters: str) -> Answer:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self.asks("GET", f"{path}?{urlencode(parameters)}", headers)

    async def posts_form(self, path: str, **parameters: str) -> Answer:
        return await self.asks("POST", path, {"content-type": FORM}, urlencode(parameters).encode())

    async def posts_json(self, path: str, **members: object) -> Answer:
        return await self.asks("POST", path, {"content-type": "application/json"}, msgspec.json.encode(members))

    async def whose(self, access_token: str) -> DeviceIdentity | None:
        """The device that an access token is of now."""
        found = await self.store.read(device_by_token, hash_of(access_token))
        return found if found is not None and (found.expires is None or found.expires > self.now) else None

    # By URL

    async def authorizes(self, token: str | None = "home", **changed: str) -> Answer:
        asked = {"client_id": "bench", "device_id": "d1", "model_id": "M", "response_type": "code", "state": "s"}
        return await self.gets("/authorize", token, **{**asked, **changed})

    async def code(self, token: str | None = "home", **changed: str) -> str:
        status, answer = await self.authorizes(token, **changed)
        assert status == 200, answer
        code: str = answer["code"]
        return code

    async def redeems(self, code: str, **changed: str) -> Answer:
        asked = {"grant_type": "authorization_code", "client_id": "bench", "client_secret": SECRET, "device_id": "d1"}
        return await self.gets("/token", **{**asked, "code": code, **changed})

    async def refreshes(self, refresh_token: str, **changed: str) -> Answer:
        asked = {"grant_type": "refresh_token", "client_id": "bench", "client_secret": SECRET}
        return await self.gets("/token", **{**asked, "refresh_token": refresh_token, **changed})

    async def deletes(self, access_token: str, **changed: str) -> Answer:
        asked = {"grant_type": "delete", "client_id": "bench", "client_secret": SECRET}
        return await self.gets("/token", **{**asked, "access_token": access_token, **changed})

    async def tokens(self, token: str | None = "home", **changed: str) -> dict[str, Any]:
        """Of a device that has just been authorized."""
        status, answer = await self.redeems(await self.code(token, **changed), **changed)
        assert status == 200, answer
        return answer

    # For speakers

    async def invites(self, **changed: str) -> dict[str, Any]:
        asked = {"client_id": SPEAKER, "profile": "cic-ko-2022", "product": "shelf"}
        status, answer = await self.posts_form(DEVICE_AUTHORIZATION_PATH, **{**asked, **changed})
        assert status == 200, answer
        return answer

    async def polls(self, device_code: str) -> Answer:
        return await self.posts_form(TOKEN_PATH, client_id=SPEAKER, grant_type=DEVICE_CODE, device_code=device_code)


def challenge() -> str:
    return challenge_of(VERIFIER)


@asynccontextmanager
async def desk(
    folder: Path,
    limits: Limits | None = None,
    terms: str | None = None,
    access_lasts: timedelta = timedelta(days=1),
) -> AsyncIterator[Desk]:
    store = SqliteStore(folder / "store.db")
    await store.open()
    try:
        for name in ("home", "office"):
            await store.write(add_account, name, name, "UTC", START)
            await store.write(add_account_token, name, hash_of(name), None, START)
        for client in (BENCH, APP):
            await store.write(add_client, client, START)
        yield Desk(store, limits or Limits(), terms, access_lasts)
    finally:
        await store.close()
