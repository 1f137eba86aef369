"""A cloud in the hands of the cases: a device connects to it, and it says what a case wants, well or badly.

It knows downchannels, events and downloads as bytes; it must not know what is right about the device's words.
"""

import asyncio
import ipaddress
import json
import secrets
import ssl
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from bellwire.cloud.certificates import ALL_ADDRESSES, Certificates, own_addresses
from bellwire.cloud.config import url_of
from bellwire.conformance.case import Unmet
from bellwire.conformance.heard import Heard, Json, Messages, read
from bellwire.conformance.record import Record
from bellwire.conformance.served import Request, Served, server_tls
from bellwire.protocol.errors import MalformedMultipart, TooLarge
from bellwire.protocol.messages import key_of
from bellwire.protocol.multipart import MultipartWriter, read_json
from bellwire.protocol.profiles.profile import Profile

DOWNLOADS = "/sounds/"
"""Where the sounds are that devices are told to fetch."""
_NO_TLS = "a device connects, and TLS comes to nothing: {why}. Does it trust the authority's file?"
_NO_HTTP2 = "a device asks for its downchannel over HTTP/1.1: it must offer h2 in TLS (ALPN)"
TO_COME_BACK = 30.0
"""Seconds, at least: a device that waits longer and longer, as it should, may be at 16, and half as much again."""
_TO_SYNCHRONIZE = 2.0
"""Seconds that a device has for that after it has connected."""


class Downchannel:
    """The response that carries directives to the device."""

    def __init__(self, connection: Served, request: Request) -> None:
        self.connection = connection
        self.headers = request.headers
        self.asked_for_list = False
        """The device has synchronized: a list that comes later would take away what was set meanwhile."""
        self._request = request
        self._writer = MultipartWriter("----" + secrets.token_hex(12), "related")

    def opens(self) -> None:
        """Answer it, with the opening boundary."""
        self.connection.answer(
            self._request, 200, {"content-type": self._writer.content_type}, self._writer.opening, end=False
        )

    def says(self, directive: bytes) -> None:
        """One part, with the delimiter that completes it."""
        self.connection.more(self._request, self._writer.part(directive))

    def ends(self) -> None:
        """End the response in good order."""
        self.connection.more(self._request, self._writer.closing, end=True)


class PlayedCloud:
    """The cloud of one device."""

    def __init__(
        self, profile: Profile, record: Record, patience: float, troubles: Callable[[str], None] = lambda _: None
    ) -> None:
        """`troubles` is told, in a sentence, why a device does not get so far as to say anything."""
        self.profile = profile
        self.patience = patience
        self.troubles = troubles
        self.heard = Messages(patience)
        self.alerts: dict[str, Json] = {}
        """What is said when the device asks for the whole list, by token."""
        self.answers: deque[tuple[str, int]] = deque()
        """The next events of a name are answered with a status; any other with 204."""
        self.is_refusing = False
        """Downchannels are answered 500."""
        self.downchannel: Downchannel | None = None
        self.downchannels: list[tuple[datetime, Mapping[str, str]]] = []
        """Each that was asked for: when, and with which headers."""
        self.events = 0
        """Those that have come."""
        self.sounds: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        """What is answered to a download, by name: status, headers, body."""
        self.fetched: list[str] = []
        """The names of the sounds that were asked for."""
        self.others: list[tuple[str, str]] = []
        """Method and path of requests that a device has no reason to make."""
        self.pings = 0
        """Times that the device looked whether the cloud is there, by PING or by a request."""
        self._record = record
        self._connections: list[Served] = []
        self._count = 0
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._place = "", 0
        self._tls: ssl.SSLContext
        self._impostor: ssl.SSLContext
        self.url = ""
        """Where a device can reach it; once one has, by the address that this one takes."""

    async def listen(self, host: str, port: int, certificates: Certificates, impostor: Certificates) -> None:
        """Begin to take connections. `impostor`: what another one would show. Raises OSError."""
        self._tls = server_tls(certificates, lambda why: self.troubles(_NO_TLS.format(why=why)))
        self._impostor = server_tls(impostor, lambda _: None)
        self._place = host, port
        await self._serve(self._tls)
        self.url = url_of(reached_at(host), self._place[1])

    async def _serve(self, tls: ssl.SSLContext) -> None:
        """In the place of whoever has served there so far, and of all connections."""
        await self.close()
        host, port = self._place
        self._server = await asyncio.get_running_loop().create_server(lambda: Served(self), host, port, ssl=tls)
        self._place = host, self._server.sockets[0].getsockname()[1]

    @asynccontextmanager
    async def is_another(self) -> AsyncIterator[None]:
        """For the length of a block there is another cloud in its place, with a certificate of another authority."""
        await self._serve(self._impostor)
        try:
            yield
        finally:
            await self._serve(self._tls)

    async def close(self) -> None:
        """Drop all connections, and take no more."""
        if self._server is not None:
            self._server.close()
        self.cuts()

    # What a case does

    async def is_online(self) -> Downchannel:
        """The device's downchannel, when it is open, and the device has synchronized or had time enough to do so."""
        back = max(self.patience, TO_COME_BACK)
        await self.until(lambda: self.downchannel is not None, "a downchannel of the device", within=back)
        with suppress(Unmet):  # that it never does so is found by the case that looks for it
            await self.until(self._is_synchronized, "a request for the list", within=_TO_SYNCHRONIZE)
        if self.downchannel is None:
            raise Unmet("a downchannel of the device", "it was gone again at once")
        return self.downchannel

    def cuts(self) -> None:
        """End all connections as a network does."""
        for connection in list(self._connections):
            connection.cut()

    async def says(self, name: str, payload: Json | None = None) -> None:
        """Say a directive, worded well."""
        await self.says_raw(self.worded(name, payload))

    def _is_synchronized(self) -> bool:
        return self.downchannel is None or self.downchannel.asked_for_list

    async def says_raw(self, directive: bytes) -> None:
        """Say it as it is."""
        downchannel = await self.is_online()
        body = read(directive, "directive")
        header = body["directive"]["header"] if body else {}
        self._record.said(f"{header.get('namespace')}.{header.get('name')}" if body else "no directive", directive)
        downchannel.says(directive)

    def worded(self, name: str, payload: Json | None = None) -> bytes:
        """The JSON of a directive."""
        namespace, _, short = name.partition(".")
        header = {"namespace": namespace, "name": short, "messageId": str(uuid.uuid4())}
        return json.dumps({"directive": {"header": header, "payload": payload or {}}}).encode()

    async def until(self, happened: Callable[[], bool], what: str, *, within: float | None = None) -> None:
        """Wait until something has happened. Raises Unmet when it does not."""
        limit = self.patience if within is None else within
        try:
            async with asyncio.timeout(limit):
                while not happened():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unmet(f"{what} within {limit:g} s", "it did not come") from None

    # What a device does

    def ponged(self) -> None:
        """It has answered a PING."""
        self._news.set()

    def opened(self, connection: Served) -> None:
        """It connects."""
        self._count += 1
        connection.number = self._count
        self._connections.append(connection)

    def gone(self, connection: Served) -> None:
        """Its connection is over."""
        self._connections.remove(connection)
        if self.downchannel is not None and self.downchannel.connection is connection:
            self._record.came("the connection is over")
            self.downchannel = None
        self._news.set()

    def asked(self, connection: Served, request: Request) -> None:
        """It asks for something."""
        routes = {
            ("GET", self.profile.downchannel_path): self._open,
            ("POST", self.profile.events_path): self._event,
            ("GET", self.profile.ping_path): self._ping,
        }
        if request.method == "GET" and request.path.startswith(DOWNLOADS):
            self._download(connection, request)
        else:
            routes.get((request.method, request.path), self._unknown)(connection, request)
        self._news.set()

    def _open(self, connection: Served, request: Request) -> None:
        self._record.came(f"GET {request.path}")
        self.downchannels.append((datetime.now(UTC), request.headers))
        if authority := request.headers.get(":authority"):
            self.url = f"https://{authority}"
        if not connection.is_http2:
            self.troubles(_NO_HTTP2)
        if self.is_refusing or not connection.is_http2:
            connection.answer(request, 500 if connection.is_http2 else 505, {}, b"")
            return
        downchannel = Downchannel(connection, request)
        downchannel.opens()
        self.downchannel = downchannel
        if self.profile.greeting is not None:
            downchannel.says(self.worded(".".join(key_of(self.profile.greeting))))

    def _event(self, connection: Served, request: Request) -> None:
        self.events += 1
        heard = self._read(connection, request)
        status = self._status_for(heard)
        self._record.said(f"{status}")
        connection.answer(request, status, {}, b"")
        if heard is not None:
            if status < 300:
                self._answer_sync(heard)
            self.heard.add(heard)

    def _read(self, connection: Served, request: Request) -> Heard | None:
        try:
            raw = read_json(request.headers.get("content-type", ""), bytes(request.body))
        except (MalformedMultipart, TooLarge):
            self._record.came("an event that is not multipart with a JSON part", bytes(request.body))
            return None
        body = read(raw, "event")
        if body is None:
            self._record.came("an event that can't be read", raw)
            return None
        heard = Heard(
            raw, datetime.now(UTC), body["event"], body.get("context"), dict(request.headers), connection.number
        )
        self._record.came(heard.name, raw)
        return heard

    def _status_for(self, heard: Heard | None) -> int:
        """That of a case, for the events that it has in mind; a good cloud's for all others."""
        if heard is None:
            return 400
        if self.answers and self.answers[0][0] == heard.name:
            return self.answers.popleft()[1]
        return 204

    def _answer_sync(self, heard: Heard) -> None:
        replies = {".".join(key_of(asks)): reply for asks, reply in self.profile.sync_replies.items()}
        reply = replies.get(heard.name)
        if heard.name in replies and self.downchannel is not None:
            self.downchannel.asked_for_list = True
        if reply is not None and self.downchannel is not None:
            directive = self.worded(".".join(key_of(reply)), {"allAlerts": list(self.alerts.values())})
            self._record.said(".".join(key_of(reply)), directive)
            self.downchannel.says(directive)

    def _ping(self, connection: Served, request: Request) -> None:
        self.pings += 1
        connection.answer(request, 204, {}, b"")

    def _download(self, connection: Served, request: Request) -> None:
        name = request.path.removeprefix(DOWNLOADS)
        self._record.came(f"GET {request.path}")
        self.fetched.append(name)
        status, headers, body = self.sounds.get(name, (404, {}, b""))
        self._record.said(f"{status}, {len(body)} bytes")
        connection.answer(request, status, headers, body)

    def _unknown(self, connection: Served, request: Request) -> None:
        self._record.came(f"{request.method} {request.path}")
        self.others.append((request.method, request.path))
        connection.answer(request, 404, {}, b"")


def reached_at(host: str) -> str:
    """The host; where all are listened on, one by which others reach this machine, or localhost."""
    if host not in ALL_ADDRESSES:
        return host
    found = [ipaddress.ip_address(address) for address in own_addresses()]
    reachable = [address for address in found if not address.is_loopback and not address.is_link_local]
    return str(min(reachable, key=lambda address: (address.version, int(address)), default="localhost"))
