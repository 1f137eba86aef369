"""One emulated cloud: the cloud as it is, the port before it, its clock, its faults and its present account.

It knows what is made of what, and what a test may ask of it; it must not know how that is asked.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bellwire.cloud.app import Surroundings, run
from bellwire.cloud.auth import hash_of, new_token
from bellwire.cloud.certificates import Certificates, another_certificate, ensure_certificates
from bellwire.cloud.config import Config, Limits, url_of
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.rates import Rate
from bellwire.cloud.store.accounts import add_account, add_account_token
from bellwire.cloud.store.devices import device_by_token
from bellwire.cloud.store.opening import open_now
from bellwire.emulation.clock import Clock
from bellwire.emulation.conversation import Conversation
from bellwire.emulation.faults import LONGEST, OF_MESSAGES, Fault, Faults, FaultWish, Wrong, checked
from bellwire.emulation.front import Front
from bellwire.emulation.wire import Wire

_OFTEN = Rate(100_000, timedelta(seconds=1))
LIMITS = Limits(
    slow_reader=timedelta(seconds=2 * LONGEST),
    authorizations=_OFTEN,
    wrong_user_codes=_OFTEN,
    new_guests=_OFTEN,
    new_pairings=_OFTEN,
    requests=_OFTEN,
)
"""The cloud's own, but for two: a directive that is held up on purpose is no slow reader's fault, and all tests come
from one address and may ask as often as they want."""
_NOTHING = "a connection has ended over which nothing was asked: does the device trust the authority?"
_LOOPBACK = "127.0.0.1"
_PATIENCE = 15.0
"""Seconds for an answer of the account API."""


class RefusedError(Exception):
    """The account API refused, with these words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Account:
    """Whose devices and alerts a test has."""

    account_id: str
    token: str


class Emulator:
    """What a test may do with the cloud, once that serves."""

    def __init__(self, config: Config, certificates: Certificates) -> None:
        self.ca = certificates.ca
        self.account_url = config.url
        """Past all faults: for the account API."""
        self.url = config.url
        """Where devices connect."""
        self.clock = Clock(lambda: datetime.now(UTC))
        self.faults = Faults()
        self.conversation = Conversation(self.clock)
        self.stepped = asyncio.Event()
        self.account = Account("", "")
        self.front = Front((config.host, config.port), certificates.ca, _wrong(certificates, config), self._nothing)
        self._database = config.database
        self._known: dict[str, DeviceIdentity] = {}
        self._numbers = count(1)
        self._client = httpx.AsyncClient(
            base_url=f"{config.url}/api/v1/", verify=ssl.create_default_context(cafile=str(self.ca)), timeout=_PATIENCE
        )

    def _nothing(self) -> None:
        self.conversation.note(_NOTHING)

    async def open(self, host: str, port: int) -> None:
        """Take connections of devices. Raises OSError."""
        taken = await self.front.listen(host, port)
        self.url = url_of(host, taken)
        await self.reset("UTC")

    async def close(self) -> None:
        """Take no more."""
        await self.front.close()
        await self._client.aclose()

    async def reset(self, timezone: str) -> Account:
        """Begin anew: an account with nothing in it, the real time, no faults, no connections, nothing said."""
        while devices := await self._devices():
            for device in devices:
                await self.asks("DELETE", f"devices/{device['device_id']}")
        self.calm()
        self.front.cut()
        self.clock.goes_with_the_real_one()
        self.stepped.set()
        self.account = await asyncio.to_thread(self._new_account, f"test {next(self._numbers)}", timezone)
        self._known.clear()
        self.conversation.clear()
        return self.account

    async def asks(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON of an answer of the account API. Raises RefusedError."""
        bearer = {"authorization": f"Bearer {self.account.token}"}
        answer = await self._client.request(method, path, json=body, headers=bearer)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise RefusedError(answer.status_code, answer.json()["detail"])

    def brings(self, wish: FaultWish) -> Fault:
        """Have this go wrong. Raises FaultWishError."""
        if wish.fault in OF_MESSAGES:
            return self.faults.add(wish)
        checked(wish)
        self.front.brings(wish)
        what = f" ({wish.certificate})" if wish.certificate else ""
        self.conversation.note(f"fault: {wish.fault}{what}" + (f" for {wish.seconds:g} s" if wish.seconds else ""))
        return Fault(fault=wish.fault, certificate=wish.certificate, seconds=wish.seconds, number=0)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.front.calm()

    def time_passes(self, by: timedelta | None, at: datetime | None, *, runs: bool | None) -> None:
        """Set the cloud's clock. Raises TimeOutOfReachError."""
        if by is not None:
            self.clock.advance(by)
        self.clock.set(at or self.clock(), runs=self.clock.runs if runs is None else runs)
        self.conversation.note(f"the cloud's clock {'shows' if self.clock.runs else 'stands at'} {self.clock()}")
        self.stepped.set()

    async def whose(self, token: str) -> DeviceIdentity | None:
        """The device that a token is of."""
        if token not in self._known:
            found = await asyncio.to_thread(self._look_up, token)
            if found is None:
                return None
            self._known[token] = found
        return self._known[token]

    async def _devices(self) -> list[dict[str, Any]]:
        """A page of them."""
        found: list[dict[str, Any]] = (await self.asks("GET", "devices"))["devices"] if self.account.token else []
        return found

    def _new_account(self, name: str, timezone: str) -> Account:
        made = Account(name, new_token())
        with open_now(self._database) as rows:
            rows.run(add_account, made.account_id, name, timezone, self.clock())
            rows.run(add_account_token, made.account_id, hash_of(made.token), None, self.clock())
        return made

    def _look_up(self, token: str) -> DeviceIdentity | None:
        with open_now(self._database) as rows:
            return rows.read(device_by_token, hash_of(token))


@asynccontextmanager
async def emulating(
    folder: Path, host: str, port: int, inner_port: int
) -> AsyncIterator[tuple[Emulator, asyncio.Task[None]]]:
    """An emulated cloud that serves, and the task that ends with SIGTERM. Raises as `bellwire.cloud.app.run` does.

    `port`: where devices connect, 0 for any free one; `inner_port`: the cloud's own, behind the faults, on this machine
    only, wherever devices are: past all faults nobody else has anything to do.
    """
    config = Config(data=folder, host=_LOOPBACK, port=inner_port, names=(host,), limits=LIMITS)
    emulator = Emulator(config, ensure_certificates(folder, [_LOOPBACK, host], datetime.now(UTC)))
    surroundings = Surroundings(
        clock=emulator.clock,
        stepped=emulator.stepped,
        wrap=lambda cloud: Wire(
            cloud,
            emulator.faults,
            emulator.conversation,
            emulator.whose,
            emulator.clock,
            is_asked=emulator.front.is_asked,
        ),
    )
    ready = asyncio.Event()
    serving = asyncio.create_task(run(config, lambda _: ready.set(), surroundings))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if serving.done():
            serving.result()
        await emulator.open(host, port)
        yield emulator, serving
    finally:
        await emulator.close()


def _wrong(right: Certificates, config: Config) -> dict[Wrong, Certificates]:
    """One for each way in which a certificate can be wrong, and right but for that."""
    here, today = config.data / "impostor", datetime.now(UTC)
    valid = (today - timedelta(days=1), today + timedelta(days=30))
    return {
        Wrong.AUTHORITY: ensure_certificates(here / Wrong.AUTHORITY, [config.host, *config.names], today),
        Wrong.NAME: another_certificate(right, here / Wrong.NAME, "elsewhere.example", valid),
        Wrong.EXPIRED: another_certificate(
            right, here / Wrong.EXPIRED, "localhost", (today - timedelta(days=60), today - timedelta(days=30))
        ),
    }
