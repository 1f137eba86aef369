"""HTTP/2 for devices: downchannels, events, ping.

It knows requests, answers and open downchannels; it must not know what an event changes (`handlers`) nor what a
device is told (`delivery`).
"""

import asyncio
import contextlib
import math
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from bellwire.cloud.answers import content_type, new_writer, refusal
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
from bellwire.cloud.delivery import Downchannel, Once
from bellwire.cloud.doorkeeper import Doorkeeper
from bellwire.cloud.flight import Flight
from bellwire.cloud.handlers import Arrival, remark
from bellwire.cloud.handlers import receive as receive_event
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.regions import Regions
from bellwire.cloud.sockets import shut_connection
from bellwire.cloud.store.commands import remove_commands
from bellwire.cloud.store.devices import load_agent, save_agent, saw_device
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
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.multipart import MultipartWriter, read_json

log = structlog.get_logger()

Serve = Callable[[Scope, Receive, Send], Awaitable[None]]
_CALLER = "bellwire.device"
"""Where a request's scope says whose it is, once that is known: so that its trace shows also what was refused."""
_LOOK_ANYWAY = 60.0
"""Seconds after which a downchannel looks at the rows even when nobody woke it: a lost wake-up costs no more."""
_STALE = timedelta(seconds=1)
"""What is not said so soon after the look is looked up anew: the reader is slow, and rows may have changed."""
_ROUNDS_TO_END = 50
"""Looks, a tenth of a second apart, that a shutdown gives to downchannels and events to end."""
_PIECE = 16_384
"""Bytes handed to the server at once, a frame of HTTP/2: it holds several for a slow reader, whatever their size."""


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


class OpenDownchannel:
    """One downchannel as the gateway holds it: its connection, its memory, and a bell to look again."""

    def __init__(self, memory: Downchannel, peer: tuple[str, str], token: str) -> None:
        self.memory = memory
        self.peer = peer
        self.token = token
        self.expires = memory.device.expires
        """It ends with its token: a device connects again with a new one."""
        self.ending = False
        self.stirred = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None

    def look_within(self, seconds: float) -> None:
        """Look again by then, if not earlier: a look that was wanted before, and is no more, finds nothing."""
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            if self._alarm.when() <= loop.time() + seconds:
                return
            self._alarm.cancel()
        self._alarm = loop.call_later(max(seconds, 0), self._look)

    def _look(self) -> None:
        self._alarm = None
        self.stirred.set()

    def closed(self) -> None:
        """Nobody looks any more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def lasts_until(self, expires: datetime | None) -> None:
        """Note that its token expires at another time than it was to."""
        if expires != self.expires:
            self.expires = expires
            self.stirred.set()

    def rest(self, now: datetime) -> float:
        """Seconds until its token expires; infinite for one that does not."""
        return math.inf if self.expires is None else (self.expires - now).total_seconds()

    def end(self) -> None:
        """End it cleanly, as soon as what is being sent is sent."""
        self.ending = True
        self.stirred.set()


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
        self._reading_time = TimeLimit(limits.slow_reader)
        self._clock = clock
        self._strict = strict
        self._behind_proxy = behind_proxy
        self._doorkeeper = Doorkeeper(by_address=not behind_proxy)
        self._downchannels: dict[str, OpenDownchannel] = {}
        self._requests = 0
        self._draining = False
        self.events_not_served = 0
        """Events of namespaces that are not served, so far."""
        self._routes: dict[tuple[str, str], tuple[Serve, Codec]] = {}
        for codec in codecs.values():
            profile = codec.profile
            self._routes.setdefault(("GET", profile.downchannel_path), (self._downchannel, codec))
            self._routes.setdefault(("POST", profile.events_path), (self._event, codec))
            self._routes.setdefault(("GET", profile.ping_path), (self._ping, codec))
        self._forms: dict[str, Codec] = {}
        """In whose form a path's answers are, as long as it is not known whose request it is."""
        for (_, path), (_, codec) in self._routes.items():
            self._forms.setdefault(path, codec)
        self.paths = frozenset(self._forms)
        bus.listen(self.wake)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; every failure is answered in the form of the path's profile."""
        serve, _ = self._routes.get((scope["method"], scope["path"]), (self._wrong_method, None))
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
        try:
            event = codec.decode_event(json)
        except UnknownMessage as unknown:
            if unknown.known_namespace or self._strict:
                raise
            self.events_not_served += 1
            log.info("event not served", namespace=unknown.namespace[:100], so_far=self.events_not_served)
            await answer(send, 204)
            return
        flight = downchannel.memory.flight if downchannel else Flight()
        told = flight.told_before(event, now)
        with flight.answering(event) as acknowledged:
            arrival = Arrival(device, codec.profile, event, now, acknowledged, told)
            woken = await self._store.write(receive_event, arrival)
        if remarkable := remark(arrival):
            log.warning(remarkable, device=device.device_id)
        flight.shown(event, told)
        if downchannel and downchannel.memory.heard(event):
            downchannel.stirred.set()
        self._bus.wake(woken)
        await answer(send, 204)

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
        downchannel = await self._open(device, codec, scope)
        try:
            await self._keep_description(device, codec, scope)
            await self._serve_downchannel(downchannel, codec, receive, send)
        finally:
            downchannel.closed()
            if self._downchannels.get(device.device_id) is downchannel:
                del self._downchannels[device.device_id]
            with contextlib.suppress(StoreError):
                await self._store.write(saw_device, device.account_id, device.device_id, self._clock())

    async def _caller(self, scope: Scope, path_of: Callable[..., str]) -> tuple[DeviceIdentity, Codec]:
        token = self._token(scope)
        device = await self._identity(token, scope)
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

    async def _keep_description(self, device: DeviceIdentity, codec: Codec, scope: Scope) -> None:
        """Keep what the device says that it is, when that is news."""
        described = codec.profile.describe(headers_of(scope))
        text = msgspec.json.encode(described).decode()
        if text == await self._store.read(load_agent, device.account_id, device.device_id):
            return
        for warning in described.warnings:
            log.warning("header not as documented", device=device.device_id, warning=warning)
        try:
            await self._store.write(save_agent, device.account_id, device.device_id, text, self._clock())
        except StoreError as error:  # it decides nothing, so it refuses nobody
            log.warning("what a device is was not kept", device=device.device_id, error=str(error))

    async def _serve_downchannel(
        self, downchannel: OpenDownchannel, codec: Codec, receive: Receive, send: Send
    ) -> None:
        writer = new_writer()
        device_id = downchannel.memory.device.device_id
        leaving = asyncio.create_task(_until_left(receive))
        leaving.add_done_callback(lambda _: downchannel.end())
        try:
            start = {"type": "http.response.start", "status": 200, "headers": [content_type(writer)]}
            await send(start)
            await self._send_part(send, writer.opening)
            if codec.profile.greeting is not None:
                await self._say(downchannel, codec, writer, send, codec.profile.greeting)
            await self._deliver(downchannel, codec, writer, send)
            if not leaving.done():
                await send({"type": "http.response.body", "body": writer.closing})
            log.info("downchannel closed", device=device_id)
        except TimeoutError:
            log.warning("downchannel cut: its reader is too slow", device=device_id)
            if not self._behind_proxy:
                # The server would tell the device of the end only after all that it does not take.
                await asyncio.to_thread(shut_connection, downchannel.peer)
        except Exception:  # the boundary: the answer has begun, so nothing can be said but by breaking it off
            log.exception("downchannel failed", device=device_id)
        finally:
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving

    async def _deliver(self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send) -> None:
        """Bring what the device reports to what is desired, until the downchannel ends."""
        memory = downchannel.memory
        while not downchannel.ending:
            downchannel.stirred.clear()
            now = self._clock()
            if downchannel.rest(now) <= 0:
                log.info("downchannel ends with its token", device=memory.device.device_id)
                break
            plan = await self._store.read(memory.plan, now)
            for message in memory.say(plan, now):
                await self._say(downchannel, codec, writer, send, message)
                if self._clock() - now > _STALE:
                    downchannel.stirred.set()
                    break
            else:
                await self._say_once(downchannel, codec, writer, send, memory.once(plan, now))
            again = plan.verdict.look_again
            now = self._clock()
            wait = min(_LOOK_ANYWAY, downchannel.rest(now))
            if again is not None:
                wait = min(wait, (again - now).total_seconds())
            downchannel.look_within(wait)
            await downchannel.stirred.wait()

    async def _say_once(
        self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send, what: list[Once]
    ) -> None:
        """Say what leads to no state; a command that was said goes, whatever comes of the next ones."""
        memory, begun, last = downchannel.memory, self._clock(), None
        try:
            for once in what:
                if downchannel.ending:
                    break
                await self._say(downchannel, codec, writer, send, once.message)
                memory.was_said(once, self._clock())
                last = once.seq or last
                if self._clock() - begun > _STALE:
                    downchannel.stirred.set()
                    break
        finally:
            if last is not None:
                with contextlib.suppress(StoreError):  # they are not said again here, and expire
                    device = memory.device
                    await self._store.write(remove_commands, device.account_id, device.device_id, last)

    async def _say(
        self, downchannel: OpenDownchannel, codec: Codec, writer: MultipartWriter, send: Send, message: Message
    ) -> None:
        if downchannel.ending:
            return
        json = codec.encode_directive(Directive(message=message, message_id=secrets.token_hex(16)))
        await self._send_part(send, writer.part(json))
        self._store.record(downchannel.memory.device.device_id, self._clock(), "directive", json)

    async def _send_part(self, send: Send, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            with self._reading_time:
                await send({"type": "http.response.body", "body": data[start : start + _PIECE], "more_body": True})

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


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
