"""HTTP/2 for devices: downchannels, events, ping.

It knows requests, answers and open downchannels; it must not know what an event changes (`handlers`) nor what a
device is told (`delivery`).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bellwire.cloud.asgi import ClientGoneError, Receive, Scope, Send, answer, header, origin_of, peer_of, read_body
from bellwire.cloud.auth import Tokens
from bellwire.cloud.bus import Bus
from bellwire.cloud.config import Limits
from bellwire.cloud.delivery import Downchannel
from bellwire.cloud.handlers import Arrival
from bellwire.cloud.handlers import receive as receive_event
from bellwire.cloud.identity import DeviceIdentity
from bellwire.cloud.sockets import shut_connection
from bellwire.cloud.store.errors import NotFound, StoreBusy
from bellwire.cloud.store.sqlite import SqliteStore
from bellwire.cloud.store.standings import load_sync_seq
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import (
    NoDownchannel,
    Overloaded,
    ProtocolError,
    TooLarge,
    TooManyDownchannels,
    Unauthenticated,
    UnknownMessage,
)
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.messages.system import Exception as SystemException
from bellwire.protocol.multipart import MultipartWriter, read_json

log = structlog.get_logger()

Serve = Callable[[Scope, Receive, Send], Awaitable[None]]
_CALLER = "bellwire.device_id"
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


class OpenDownchannel:
    """One downchannel as the gateway holds it: its connection, its memory, and a bell to look again."""

    def __init__(self, memory: Downchannel, peer: tuple[str, str]) -> None:
        self.memory = memory
        self.peer = peer
        self.ending = False
        self.stirred = asyncio.Event()

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
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._codecs = codecs
        self._bus = bus
        self._limits = limits
        self._clock = clock
        self._strict = strict
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
        self.paths = frozenset(path for _, path in self._routes)
        bus.listen(self.wake)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; every failure is answered in the form of the path's profile."""
        serve, codec = self._routes.get((scope["method"], scope["path"]), (self._wrong_method, None))
        refuse = partial(self._refuse, scope, send, codec)
        self._requests += 1
        try:
            if scope["http_version"] != "2":
                raise NotHttp2("devices speak HTTP/2; this request came over HTTP/" + scope["http_version"])
            if self._draining:
                raise Overloaded("this cloud is shutting down; connect again in a moment")
            await serve(scope, receive, send)
        except ProtocolError as error:
            await refuse(error.status, str(error))
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
        allowed = ", ".join(sorted(method for method, path in self._routes if path == scope["path"]))
        await answer(send, 405, [(b"allow", allowed.encode())])

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        device, codec = await self._caller(scope, lambda profile: profile.events_path)
        downchannel = self._downchannels.get(device.device_id)
        if downchannel is None or downchannel.peer != peer_of(scope):
            raise NoDownchannel("open the downchannel first, and send events over the same connection")
        body = await read_body(scope, receive, self._limits.event_body, self._limits.event_time)
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
        memory = downchannel.memory
        told = memory.flight.told_before(event, now)
        with memory.flight.answering(event) as acknowledged:
            arrival = Arrival(device, codec.profile, event, now, acknowledged, told)
            woken = await self._store.write(receive_event, arrival)
        memory.flight.shown(event, told)
        if memory.heard(event):
            downchannel.stirred.set()
        self._bus.wake(woken)
        await answer(send, 204)

    async def _downchannel(self, scope: Scope, receive: Receive, send: Send) -> None:
        device, codec = await self._caller(scope, lambda profile: profile.downchannel_path)
        downchannel = await self._open(device, codec, scope)
        try:
            await self._serve_downchannel(downchannel, codec, receive, send)
        finally:
            if self._downchannels.get(device.device_id) is downchannel:
                del self._downchannels[device.device_id]

    async def _caller(self, scope: Scope, path_of: Callable[..., str]) -> tuple[DeviceIdentity, Codec]:
        device = await self._tokens.identity(header(scope, b"authorization"))
        scope[_CALLER] = device.device_id
        codec = self._codecs[device.profile]
        if path_of(codec.profile) != scope["path"]:
            raise WrongPath(f"this token is of a device that speaks {device.profile}: use {path_of(codec.profile)}")
        return device, codec

    async def _open(self, device: DeviceIdentity, codec: Codec, scope: Scope) -> OpenDownchannel:
        sync_seq = await self._store.read(load_sync_seq, device.account_id, device.device_id)
        now = self._clock()
        older = self._downchannels.get(device.device_id)
        if older is not None:
            # A clock that was set back must not refuse everybody until it has caught up.
            if timedelta(0) <= now - older.memory.opened < self._limits.second_downchannel:
                raise TooManyDownchannels("another downchannel of this device was opened a moment ago")
            older.end()
        memory = Downchannel(device, codec.profile, origin_of(scope), sync_seq, now)
        downchannel = self._downchannels[device.device_id] = OpenDownchannel(memory, peer_of(scope))
        log.info("downchannel opened", device=device.device_id, took_over=older is not None)
        return downchannel

    async def _serve_downchannel(
        self, downchannel: OpenDownchannel, codec: Codec, receive: Receive, send: Send
    ) -> None:
        writer = MultipartWriter(f"----{secrets.token_hex(16)}", "related")
        device_id = downchannel.memory.device.device_id
        leaving = asyncio.create_task(_until_left(receive))
        leaving.add_done_callback(lambda _: downchannel.end())
        try:
            start = {"type": "http.response.start", "status": 200, "headers": _multipart_headers(writer)}
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
            plan = await self._store.read(memory.plan, now)
            for message in memory.say(plan, now):
                await self._say(downchannel, codec, writer, send, message)
                if self._clock() - now > _STALE:
                    downchannel.stirred.set()
                    break
            again = plan.verdict.look_again
            wait = _LOOK_ANYWAY if again is None else min((again - self._clock()).total_seconds(), _LOOK_ANYWAY)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0)):
                    await downchannel.stirred.wait()

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
            async with asyncio.timeout(self._limits.slow_reader.total_seconds()):
                await send({"type": "http.response.body", "body": data[start : start + _PIECE], "more_body": True})

    async def _refuse(self, scope: Scope, send: Send, codec: Codec | None, status: int, description: str) -> None:
        codec = codec or next(iter(self._codecs.values()))
        json = codec.encode_directive(
            Directive(message=SystemException(code=status, description=description), message_id=secrets.token_hex(16))
        )
        if _CALLER in scope:
            self._store.record(scope[_CALLER], self._clock(), "directive", json)
        writer = MultipartWriter(f"----{secrets.token_hex(16)}", "related")
        await answer(send, status, _multipart_headers(writer), writer.whole([json]))


def _multipart_headers(writer: MultipartWriter) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", writer.content_type.encode())]


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
