"""A device in the hands of the cases: it speaks to the cloud that is checked, well or badly, as a case wants.

It knows connections, downchannels and events as bytes; it must not know what is right about the cloud's answers.
"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from bellwire.conformance.case import OutOfReach, Unmet
from bellwire.conformance.heard import Heard, Json, Messages, read
from bellwire.conformance.record import Record
from bellwire.device.dial import connect
from bellwire.device.endpoint import Endpoint
from bellwire.device.http2 import Http2Connection
from bellwire.device.stream import Stream, Unreachable
from bellwire.device.timing import Timing
from bellwire.protocol.errors import MalformedMultipart, TooLarge
from bellwire.protocol.messages import key_of
from bellwire.protocol.multipart import MultipartReader, MultipartWriter, Part, boundary_of, read_parts
from bellwire.protocol.profiles.profile import Context, ErrorForm, Form, Profile

LONGEST_PART = 1 << 20
_WAIT_AFTER_429 = 1.1
"""Seconds: a cloud may refuse a downchannel that follows another within one."""
_TRIES = 4
_PING_AFTER, _PING_PATIENCE = 0.5, 2.0
"""Seconds."""


@dataclass(frozen=True)
class Answer:
    """What came for one request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def exception(self, form: ErrorForm) -> Json | None:
        """The payload of the System.Exception in it, in this form; None where there is none."""
        raw = self.body
        if form is ErrorForm.DIRECTIVE:
            try:
                [part] = read_parts(self.headers.get("content-type", ""), self.body)
            except (MalformedMultipart, TooLarge, ValueError):
                return None
            raw = part.body
        try:
            body = json.loads(raw)
            said = body["directive"] if form is ErrorForm.DIRECTIVE else body
            is_it = (said["header"]["namespace"], said["header"]["name"]) == ("System", "Exception")
            payload: Json = said["payload"]
        except (ValueError, KeyError, TypeError):
            return None
        return payload if is_it else None


class Link:
    """A connection to the cloud, as long as a case wants it."""

    def __init__(self, http2: Http2Connection, leaving: AsyncExitStack) -> None:
        self.http2 = http2
        self._leaving = leaving

    async def close(self) -> None:
        """Close it."""
        await self._leaving.aclose()


class Downchannel:
    """An open downchannel: its headers, its bytes as they came, and the parts in them."""

    def __init__(self, stream: Stream, link: Link) -> None:
        self.status = stream.status
        self.headers = stream.headers
        self.link = link
        self.raw = bytearray()
        self.parts: list[Part] = []
        self.ended = asyncio.Event()
        """It is over."""
        self.broken = ""
        """Why, where it did not end in good order."""
        self.news = asyncio.Event()


class PlayedDevice:
    """One device of the cloud that is checked."""

    def __init__(self, profile: Profile, endpoint: Endpoint, token: str, record: Record, patience: float) -> None:
        """`endpoint` carries no authorization: whether and how a request has one is the case's affair."""
        self.profile = profile
        self.token = token
        self.patience = patience
        self.heard = Messages(patience)
        self.obeys = True
        """Directives are carried out and reported, as a good device does."""
        self.alerts: dict[str, Json] = {}
        """Those that it has, by token, as the context shows them."""
        self.ringing: set[str] = set()
        self.downchannel: Downchannel | None = None
        """The one that its events go beside."""
        self._endpoint = endpoint
        self._record = record
        self._leaving = AsyncExitStack()
        self._writer = MultipartWriter("----" + secrets.token_hex(12), "form-data")
        self._reading: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Drop all connections."""
        self.downchannel = None
        await self._leaving.aclose()
        await asyncio.gather(*self._reading, return_exceptions=True)

    # Connections

    async def connects(self, timing: Timing | None = None) -> Link:
        """A new connection. Raises Unmet when there is none to be had."""
        leaving = AsyncExitStack()
        try:
            http2 = await leaving.enter_async_context(connect(self._endpoint, timing or Timing()))
        except Unreachable as error:
            raise Unmet("a connection over TLS with HTTP/2", str(error)) from None
        link = Link(http2, leaving)
        self._leaving.push_async_callback(link.close)
        return link

    async def opens(self, link: Link | None = None, *, authorization: str | None = None) -> Downchannel:
        """Ask for a downchannel, over a new connection where none is given; also one that is refused."""
        link = link or await self.connects()
        headers = {"authorization": authorization or f"Bearer {self.token}"}
        self._record.said(f"GET {self.profile.downchannel_path}")
        request = self._endpoint.request("GET", self.profile.downchannel_path, headers)
        opened = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._read(link, request, opened))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        try:
            async with asyncio.timeout(self.patience):
                downchannel: Downchannel = await asyncio.shield(opened)
        except TimeoutError:
            raise Unmet(f"an answer to the downchannel within {self.patience:g} s", "nothing came") from None
        return downchannel

    async def is_online(self) -> Downchannel:
        """The downchannel, opened and synchronized as a good device does, unless it is so already."""
        if self.downchannel is not None and not self.downchannel.ended.is_set():
            return self.downchannel
        for _ in range(_TRIES):
            downchannel = await self.opens()
            if downchannel.status != 429:
                break
            await asyncio.sleep(_WAIT_AFTER_429)
        if downchannel.status != 200:
            raise Unmet("200 for the downchannel", f"{downchannel.status}")
        self.downchannel = downchannel
        self.alerts.clear()
        self.ringing.clear()
        namespace, name = key_of(self.profile.sync_request)
        await self.says(f"{namespace}.{name}")
        return downchannel

    async def goes_offline(self) -> None:
        """Drop the connection of the downchannel."""
        if self.downchannel is not None:
            downchannel, self.downchannel = self.downchannel, None
            await downchannel.link.close()

    async def _read(self, link: Link, request: list[tuple[str, str]], opened: asyncio.Future[Downchannel]) -> None:
        downchannel = None
        try:
            async with link.http2.request(request) as stream:
                await stream.answered()
                downchannel = Downchannel(stream, link)
                self._record.came(f"{stream.status} {stream.headers.get('content-type', '')}")
                opened.set_result(downchannel)
                await self._read_parts(stream, downchannel)
        except (Unreachable, MalformedMultipart, TooLarge, Unmet) as error:
            if downchannel is None:
                opened.set_exception(Unmet("an answer to the downchannel", str(error)))
            else:
                downchannel.broken = str(error)
        finally:
            if downchannel is not None:
                downchannel.ended.set()
                downchannel.news.set()

    async def _read_parts(self, stream: Stream, downchannel: Downchannel) -> None:
        content_type = stream.headers.get("content-type", "")
        is_good = stream.status == 200 and content_type.startswith("multipart/")
        reader = MultipartReader(boundary_of(content_type), LONGEST_PART) if is_good else None
        while data := await stream.read():
            downchannel.raw += data
            for part in reader.feed(data) if reader else ():
                downchannel.parts.append(part)
                await self._hear(part, downchannel)
            downchannel.news.set()

    async def _hear(self, part: Part, downchannel: Downchannel) -> None:
        body = read(part.body, "directive")
        if body is None:
            self._record.came("a part that is no directive", part.body)
            return
        heard = Heard(part.body, datetime.now(UTC), body["directive"], headers=part.headers)
        self._record.came(heard.name, part.body)
        if self.obeys and downchannel is self.downchannel:
            await self._obey(heard)
        self.heard.add(heard)

    # Events

    async def says(self, name: str, payload: Json | None = None, **more: Any) -> Answer:
        """Say an event, worded as the version has it, with the context that belongs to it; `more` as for `worded`."""
        return await self.posts(self.worded(name, payload, **more))

    def worded(
        self, name: str, payload: Json | None = None, *, header: Json | None = None, context: Any = ...
    ) -> bytes:
        """The JSON of an event; `header` is added to its header, `context` stands in its context's place."""
        namespace, _, short = name.partition(".")
        named = {"namespace": namespace, "name": short, "messageId": str(uuid.uuid4()), **(header or {})}
        event: Json = {"event": {"header": named, "payload": payload or {}}}
        if context is ...:
            form = self.profile.events.get((namespace, short))
            context = self.context_of(form)
        return json.dumps(event if context is None else {"context": context, **event}).encode()

    def context_of(self, form: Form | None) -> Sequence[Json] | None:
        """What goes with an event of this form; None: no context at all."""
        kind = form.context if form else Context.WHOLE
        if kind is Context.NONE:
            return None
        if kind is Context.EMPTY:
            return []
        active = [self.alerts[token] for token in sorted(self.ringing) if token in self.alerts]
        state = {"allAlerts": list(self.alerts.values()), "activeAlerts": active}
        return [{"header": {"namespace": "Alerts", "name": "AlertsState"}, "payload": state}]

    def about(self, name: str, token: str, kind: str = "ALARM") -> Json:
        """The payload of a message about one alert, with the fields that it has in this version."""
        namespace, _, short = name.partition(".")
        form = self.profile.events[namespace, short]
        values = {"token": token, "type": kind, "tokens[]": [token]}
        return {row.path.removesuffix("[]"): values[row.path] for row in form.fields if row.path in values}

    async def posts(
        self,
        event: bytes,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        over: Link | None = None,
        authorization: str | None = "",
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send an event to the cloud, over the connection of the downchannel where none is given.

        `body` and `content_type`: the whole request's, in the place of one well-formed part; `authorization`: in the
        place of the device's; None: without one.
        """
        link = over or (await self.is_online()).link
        headers = {"content-type": content_type or self._writer.content_type, **(more or {})}
        if authorization is not None:
            headers["authorization"] = authorization or f"Bearer {self.token}"
        self._record.said(f"POST {self.profile.events_path} ({_name_of(event)})", event)
        request = self._endpoint.request("POST", self.profile.events_path, headers)
        return await self.asks(link, request, self._writer.whole([event]) if body is None else body)

    async def gets(self, path: str, link: Link | None = None) -> Answer:
        """Ask for a path."""
        headers = {"authorization": f"Bearer {self.token}"}
        self._record.said(f"GET {path}")
        online = link or (await self.is_online()).link
        return await self.asks(online, self._endpoint.request("GET", path, headers), b"")

    async def asks(self, link: Link, request: list[tuple[str, str]], body: bytes) -> Answer:
        """Send a request and wait for all of its answer. Raises Unmet when none comes."""
        try:
            async with asyncio.timeout(self.patience), link.http2.request(request, body) as stream:
                await stream.answered()
                content = bytearray()
                while data := await stream.read():
                    content += data
                answer = Answer(stream.status, stream.headers, bytes(content))
        except TimeoutError:
            raise Unmet(f"an answer within {self.patience:g} s", "nothing came") from None
        except Unreachable as error:
            raise Unmet("an answer", str(error)) from None
        self._record.came(f"{answer.status} {answer.headers.get('content-type', '')}".strip(), answer.body)
        return answer

    async def fetches(self, url: str) -> tuple[int, str]:
        """Status and media type of a sound. Raises OutOfReach for one that is not on this cloud."""
        parts = urlsplit(url)
        if parts.netloc != self._endpoint.authority:
            raise OutOfReach(f"the sound is at {parts.netloc}, another server than the cloud")
        answer = await self.gets(parts.path + (f"?{parts.query}" if parts.query else ""))
        return answer.status, answer.headers.get("content-type", "")

    async def is_answered(self) -> bool:
        """Whether the cloud answers a PING, on a connection where nothing else is said."""
        link = await self.connects(Timing(ping_every=_PING_AFTER, ping_patience=_PING_PATIENCE))
        await asyncio.sleep(_PING_AFTER + _PING_PATIENCE + 0.2)
        return not link.http2.lost

    # A good device

    async def starts(self, token: str) -> Answer:
        """Its alert rings: say so."""
        self.ringing.add(token)
        return await self._says_of("Alerts.AlertStarted", token)

    async def stops(self, token: str) -> Answer:
        """Its alert rings no longer: say so."""
        self.ringing.discard(token)
        kind = self.alerts.get(token, {}).get("type", "ALARM")
        if self.profile.stopping_removes:
            self.alerts.pop(token, None)
        return await self._says_of("Alerts.AlertStopped", token, kind)

    async def _says_of(self, name: str, token: str, kind: str | None = None) -> Answer:
        kind = kind or self.alerts.get(token, {}).get("type", "ALARM")
        return await self.says(name, self.about(name, token, kind))

    async def _obey(self, heard: Heard) -> None:
        if carry_out := _CARRIED_OUT.get(heard.name):
            await carry_out(self, heard)

    async def _set(self, heard: Heard) -> None:
        for token in heard.tokens:
            self._keep(heard.payload)
            await self._says_of("Alerts.SetAlertSucceeded", token)

    async def _delete(self, heard: Heard) -> None:
        for token in heard.tokens:
            if token in self.ringing:
                await self.stops(token)
            gone = self.alerts.pop(token, {})
            await self._says_of("Alerts.DeleteAlertSucceeded", token, gone.get("type", "ALARM"))

    async def _delete_several(self, heard: Heard) -> None:
        for token in heard.tokens:
            self.alerts.pop(token, None)
            self.ringing.discard(token)
        await self.says("Alerts.DeleteAlertsSucceeded", {"tokens": list(heard.tokens)})

    async def _synchronize(self, heard: Heard) -> None:
        listed = heard.payload.get("allAlerts")
        self.alerts.clear()
        for alert in listed if isinstance(listed, list) else ():
            self._keep(alert)
        self.ringing &= self.alerts.keys()

    def _keep(self, alert: Any) -> None:
        try:
            kept = {name: alert[name] for name in ("token", "type", "scheduledTime")}
        except (KeyError, TypeError):
            return  # what is wrong about it is found by the case that looks at it
        self.alerts[kept["token"]] = kept


_CARRIED_OUT = {
    "Alerts.SetAlert": PlayedDevice._set,
    "Alerts.DeleteAlert": PlayedDevice._delete,
    "Alerts.DeleteAlerts": PlayedDevice._delete_several,
    "Alerts.SynchronizeAlert": PlayedDevice._synchronize,
    "System.SynchronizeState": PlayedDevice._synchronize,
}


def _name_of(event: bytes) -> str:
    body = read(event, "event")
    if body is None:
        return "no event"
    header = body["event"]["header"]
    return f"{header.get('namespace')}.{header.get('name')}"
