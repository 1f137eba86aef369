"""HTTP/2 for devices: downchannels, events, ping.

It knows requests, answers and which downchannels are open; it must not know what an event changes (`handlers`) nor
what a device is told (`delivery`).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from bellwire.cloud.answers import forms_of, refusal
from bellwire.cloud.asgi import (
    ClientGoneError,
    Header,
    Receive,
    Scope,
    Send,
    answer,
    header,
    headers_of,
    origin_of,
    peer_of,
    read_body,
)
from bellwire.cloud.auth import Tokens
from bellwire.cloud.bus import Bus
from bellwire.cloud.config import Limits
from bellwire.cloud.delivery import Downchannel
from bellwire.cloud.doorkeeper import Doorkeeper
from bellwire.cloud.downchannel import DownchannelWriter, OpenDownchannel
from bellwire.cloud.flight import Flight
from bellwire.cloud.handlers import Arrival, remark
from bellwire.cloud.handlers import receive as receive_event
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.regions import Regions
from bellwire.cloud.store.changes import CONNECTED, DISCONNECTED
from bellwire.cloud.store.devices import device_came, load_agent, saw_device
from bellwire.cloud.store.errors import NotFound, StoreBusy, StoreError
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.standings import load_sync_seq
from bellwire.cloud.time_limit import TimeLimit
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import (
    NoDownchannel,
    Overloaded,
    ProtocolError,
    TooLarge,
    TooManyDownchannels,
    TooManyRequests,
    Unauthenticated,
    UnknownMessage,
)
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.multipart import read_json

log = structlog.get_logger()

Serve = Callable[[Scope, Receive, Send], Awaitable[None]]
_CALLER = "bellwire.device"
"""Where a request's scope says whose it is, once that is known: so that its trace shows also what was refused."""
_ROUNDS_TO_END = 50
"""Looks, a tenth of a second apart, that a shutdown gives to downchannels and events to end."""


class WrongPath(ProtocolError):
    """The device's version of the protocol has no such path."""

    status = 404


class NotHttp2(ProtocolError):
    """Devices speak HTTP/2 only."""

    status = 505


class WrongMethod(ProtocolError):
    """The path is there, for another method."""

    status = 405

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this path is there for {allowed} only")
        self.allowed = allowed


class Gateway:
    """Serves every profile's paths; a device is bound to its profile by its token."""

    def __init__(
        self,
        *,
        store: SqliteStore,
        tokens: Tokens[DeviceIdentity],
        codecs: Mapping[str, Codec],
        bus: Bus,
        limits: Limits,
        clock: Callable[[], datetime],
        strict: bool,
        behind_proxy: bool = False,
        regions: Regions | None = None,
    ) -> None:
        """`behind_proxy`: peers are a proxy's connections, which many devices share, and no devices'."""
        self.regions = regions or Regions()
        self._store = store
        self._tokens = tokens
        self._codecs = codecs
        self._bus = bus
        self._limits = limits
        self._body_time = TimeLimit(limits.event_time)
        self._writer = DownchannelWriter(store, clock, limits.slow_reader, cuts_connections=not behind_proxy)
        self._clock = clock
        self._strict = strict
        self._behind_proxy = behind_proxy
        self._doorkeeper = Doorkeeper(by_address=not behind_proxy)
        self._downchannels: dict[str, OpenDownchannel] = {}
        self._requests = 0
        self._draining = False
        self.events_not_served = 0
        """Events of namespaces that are not served, so far."""
        self._routes: dict[tuple[str, str], Serve] = {}
        for codec in codecs.values():
            self._routes["GET", codec.profile.downchannel_path] = self._downchannel
            self._routes["POST", codec.profile.events_path] = self._event
            self._routes["GET", codec.profile.ping_path] = self._ping
        self._forms = forms_of(codecs.values())
        self.paths = frozenset(self._forms)
        bus.listen(self.wake)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; every failure is answered in the form of the path's profile."""
        serve = self._routes.get((scope["method"], scope["path"]), self._wrong_method)
        refuse = partial(self._refuse, scope, send)
        self._requests += 1
        try:
            if scope["http_version"] != "2":
                raise NotHttp2("devices speak HTTP/2; this request came over HTTP/" + scope["http_version"])
            if self._draining:
                raise Overloaded("this cloud is shutting down; connect again in a moment")
            await serve(scope, receive, send)
        except ProtocolError as error:
            if isinstance(error, TooManyRequests):
                # Not in the trace: thousands of these would push out all that explains them.
                scope.pop(_CALLER, None)
            await refuse(error.status, str(error), _more_headers(error))
        except StoreBusy:
            await refuse(Overloaded.status, "too much is waiting here; send the same again in a moment")
        except NotFound:
            self._tokens.forget_all()
            await refuse(Unauthenticated.status, "this device was removed from its account")
        except TimeoutError:
            await refuse(408, "the body did not arrive in time")
        except ClientGoneError:
            log.debug("client left early", path=scope["path"])
        except Exception:  # the boundary: a bug of ours is answered 500, and told to whoever runs this
            log.exception("request failed", path=scope["path"])
            await refuse(500, "something failed here, not at your side; the log of the cloud has it")
        finally:
            self._requests -= 1

    def wake(self, device_id: str) -> None:
        """Look at once what this device must be told, if its downchannel is here."""
        downchannel = self._downchannels.get(device_id)
        if downchannel is not None:
            downchannel.stirred.set()

    def wake_all(self) -> None:
        """Look at once what each device whose downchannel is here must be told: the clock was set."""
        for downchannel in self._downchannels.values():
            downchannel.stirred.set()

    def is_connected(self, device_id: str) -> bool:
        """Whether the device's downchannel is open here."""
        return device_id in self._downchannels

    def hang_up(self, device_id: str) -> None:
        """End the downchannel of a device that has no right to it any more."""
        self._tokens.forget_all()
        if device_id in self._downchannels:
            self._downchannels[device_id].end()

    async def hang_up_on_revoked(self) -> None:
        """End the downchannels whose tokens are good no more: of those revoked in the file, beside this process."""
        for downchannel in list(self._downchannels.values()):
            try:
                device = await self._tokens.identity_of(downchannel.token)
            except Unauthenticated:
                downchannel.end()
            else:
                downchannel.lasts_until(device.expires)
            await asyncio.sleep(0)  # there may be thousands, and others wait to be told something

    async def drain(self) -> None:
        """Take nothing new, end the downchannels cleanly, and wait (5 s at most) for what is under way."""
        self._draining = True
        for downchannel in self._downchannels.values():
            downchannel.end()
        for _ in range(_ROUNDS_TO_END):
            if not self._requests:
                return
            await asyncio.sleep(0.1)
        log.warning("requests were still open at the end", requests=self._requests)

    # Requests

    async def _ping(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, 204)

    async def _wrong_method(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise WrongMethod(", ".join(sorted(method for method, path in self._routes if path == scope["path"])))

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        device, codec = await self._caller(scope, lambda profile: profile.events_path)
        downchannel = self._beside(device, codec, scope)
        body = await read_body(scope, receive, self._limits.event_body, self._body_time)
        json = read_json(header(scope, b"content-type") or "", body)
        if len(json) > self._limits.event_json:
            raise TooLarge(f"the JSON part has {len(json)} bytes; {self._limits.event_json} are taken at most")
        now = self._clock()
        self._store.record(device.device_id, now, "event", json)
        event = self._read(codec, json)
        memory = downchannel.memory if downchannel else None
        flight, agreed, since = (memory.flight, memory.agreed, memory.opened) if memory else (Flight(), {}, None)
        told = flight.told_before(event, now)
        with flight.answering(event) as acknowledged:
            arrival = Arrival(device, codec.profile, event, now, acknowledged, told, agreed, since)
            woken = await self._store.write(receive_event, arrival)
        if remarkable := remark(arrival):
            log.warning(remarkable, device=device.device_id)
        flight.shown(event, told)
        if downchannel and downchannel.memory.heard(event):
            downchannel.stirred.set()
        self._bus.wake(woken)
        await answer(send, 204)

    def _read(self, codec: Codec, json: bytes) -> Event:
        """The event; of a namespace that is not served, its context alone, unless that is refused as unknown."""
        try:
            return codec.decode_event(json)
        except UnknownMessage as unknown:
            if unknown.known_namespace or self._strict:
                raise
            self.events_not_served += 1
            log.info("event not served", namespace=unknown.namespace[:100], so_far=self.events_not_served)
            return codec.decode_context(json)

    def _beside(self, device: DeviceIdentity, codec: Codec, scope: Scope) -> OpenDownchannel | None:
        """The downchannel beside which an event comes. Raises NoDownchannel where the version wants one."""
        downchannel = self._downchannels.get(device.device_id)
        if codec.profile.needs_downchannel:
            if downchannel is None:
                raise NoDownchannel("open the downchannel first, and keep it open while events are sent")
            if downchannel.peer != peer_of(scope) and not self._behind_proxy:
                raise NoDownchannel("send events over the connection of the downchannel, or open one over this")
        return downchannel

    async def _downchannel(self, scope: Scope, receive: Receive, send: Send) -> None:
        device, codec = await self._caller(scope, lambda profile: profile.downchannel_path)
        was_connected = self.is_connected(device.device_id)
        downchannel = await self._open(device, codec, scope)
        try:
            await self._keep_presence(device, codec, scope, None if was_connected else CONNECTED)
            await self._writer.write(downchannel, codec, receive, send)
        finally:
            downchannel.closed()
            is_last = self._downchannels.get(device.device_id) is downchannel
            if is_last:
                del self._downchannels[device.device_id]
            await self._keep_absence(device, DISCONNECTED if is_last else None)

    async def _keep_absence(self, device: DeviceIdentity, news: str | None) -> None:
        """Keep that the device was here until now; `news`: what those who listen are told of it."""
        is_here = device.device_id in self._downchannels
        with contextlib.suppress(StoreError):  # it decides nothing
            await self._store.write(
                saw_device, device.account_id, device.device_id, self._clock(), is_here=is_here, news=news
            )

    async def _caller(self, scope: Scope, path_of: Callable[..., str]) -> tuple[DeviceIdentity, Codec]:
        token = self._token(scope)
        device = self._tokens.believed(token) or await self._identity(token, scope)
        scope[_CALLER] = device
        codec = self._codecs[device.profile]
        if path_of(codec.profile) != scope["path"]:
            raise WrongPath(f"this token is of a device that speaks {device.profile}: use {path_of(codec.profile)}")
        return device, codec

    def _token(self, scope: Scope) -> str:
        """What its Authorization header shows; empty, when it is in no form of the path's version."""
        return self._forms[scope["path"]].profile.token_of(header(scope, b"authorization") or "") or ""

    async def _identity(self, token: str, scope: Scope) -> DeviceIdentity:
        """Whose token it is. Raises Unauthenticated, or TooManyRequests."""
        if self._tokens.has_met(token):
            return await self._tokens.identity_of(token)
        now, peer = self._clock(), peer_of(scope)
        self._doorkeeper.let_try(peer, token, now)
        try:
            if not token:
                raise Unauthenticated("an Authorization header with the device's token is needed: 'Bearer TOKEN'")
            return await self._tokens.identity_of(token)
        except Unauthenticated:
            self._doorkeeper.was_wrong(peer, token, now)
            raise

    async def _open(self, device: DeviceIdentity, codec: Codec, scope: Scope) -> OpenDownchannel:
        now = self._clock()
        self._doorkeeper.let_open(device.device_id, now)
        older = self._downchannels.get(device.device_id)
        # A clock that was set back must not refuse everybody until it has caught up.
        if older is not None and timedelta(0) <= now - older.memory.opened < self._limits.second_downchannel:
            raise TooManyDownchannels("another downchannel of this device was opened a moment ago")
        sync_seq = await self._store.read(load_sync_seq, device.account_id, device.device_id)
        if older is not None:
            older.end()
        memory = Downchannel(device, codec.profile, origin_of(scope), sync_seq, now, regions=self.regions)
        opened = OpenDownchannel(memory, peer_of(scope), self._token(scope))
        self._downchannels[device.device_id] = opened
        log.info("downchannel opened", device=device.device_id, took_over=older is not None)
        return opened

    async def _keep_presence(self, device: DeviceIdentity, codec: Codec, scope: Scope, news: str | None) -> None:
        """Keep that the device is here, and what it says that it is; `news`: what those who listen are told of it."""
        described = codec.profile.describe(headers_of(scope))
        text = msgspec.json.encode(described).decode()
        if text != await self._store.read(load_agent, device.account_id, device.device_id):
            for warning in described.warnings:
                log.warning("header not as documented", device=device.device_id, warning=warning)
        try:
            await self._store.write(device_came, device.account_id, device.device_id, text, self._clock(), news)
        except StoreError as error:  # it decides nothing, so it refuses nobody
            log.warning("that a device is here was not kept", device=device.device_id, error=str(error))

    def _form_of(self, scope: Scope) -> Codec:
        """The version of the device, on its own paths; else the path's."""
        path, caller = scope["path"], scope.get(_CALLER)
        if caller is not None:
            codec = self._codecs[caller.profile]
            if path in {codec.profile.downchannel_path, codec.profile.events_path}:
                return codec
        return self._forms[path]

    async def _refuse(
        self, scope: Scope, send: Send, status: int, description: str, headers: Iterable[Header] = ()
    ) -> None:
        refused = refusal(self._form_of(scope), status, description, headers)
        if (caller := scope.get(_CALLER)) is not None:
            self._store.record(caller.device_id, self._clock(), "directive", refused.said)
        await answer(send, refused.status, refused.headers, b"" if scope["method"] == "HEAD" else refused.body)


def _more_headers(error: ProtocolError) -> list[Header]:
    if isinstance(error, TooManyRequests):
        return [(b"retry-after", str(error.retry_after).encode())]
    if isinstance(error, WrongMethod):
        return [(b"allow", error.allowed.encode())]
    return []
