"""Stands between the server and the cloud: writes down each message that passes, and lets it meet the faults.

It knows requests, multipart framing and names; it must not know what a message means.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import format_datetime

from bellwire.cloud.answers import forms_of, refusal
from bellwire.cloud.asgi import App, AsgiMessage, Receive, Scope, Send, answer, header
from bellwire.cloud.identity import DeviceIdentity
from bellwire.emulation.clock import Clock
from bellwire.emulation.conversation import Conversation, name_of
from bellwire.emulation.faults import DOWNCHANNEL, Fault, Faults, Trouble
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import MalformedMultipart, TooLarge
from bellwire.protocol.multipart import MultipartReader, MultipartWriter, boundary_of, read_json
from bellwire.protocol.profiles import PROFILES

Whose = Callable[[str], Awaitable[DeviceIdentity | None]]
"""The device that a token is of."""

LONGEST_EVENT = 1024 * 1024
"""Bytes; of a longer one nobody knows the name, and the cloud refuses it."""
_BODY_TIME = 30.0
"""Seconds for an event to come whole; then the cloud refuses it."""
_LONGEST_PART = 1 << 24


class Wire:
    """The cloud, as devices meet it."""

    def __init__(
        self,
        cloud: App,
        faults: Faults,
        conversation: Conversation,
        whose: Whose,
        clock: Clock,
        *,
        is_asked: Callable[[int], None],
    ) -> None:
        """`is_asked` is told from which port of the front each request comes."""
        self._cloud = cloud
        self._faults = faults
        self._conversation = conversation
        self._whose = whose
        self._clock = clock
        self._is_asked = is_asked
        self._codecs = {name: Codec(profile) for name, profile in PROFILES.items()}
        self._forms = forms_of(self._codecs.values())
        self._serve = {
            **{("POST", profile.events_path): self._event for profile in PROFILES.values()},
            **{("GET", profile.downchannel_path): self._downchannel for profile in PROFILES.values()},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self._is_asked(scope["client"][1])
        serve = self._serve.get((scope["method"], scope["path"]), self._cloud)
        await serve(scope, receive, self._dated(send))

    def _dated(self, send: Send) -> Send:
        """Date says what the cloud's clock shows once somebody has set it: devices set their own by it."""

        async def dated(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start" and not self._clock.is_real:
                date = (b"date", format_datetime(self._clock(), usegmt=True).encode())
                message = {**message, "headers": [*message.get("headers", ()), date]}
            await send(message)

        return dated

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = await _whole(receive)
        body = _json_of(scope, whole.body)
        device = await self._device(scope)
        entry = self._conversation.add("event", name_of(body, "event"), body, _id_of(device))
        if delay := self._faults.take(Trouble.DELAY, entry.name):
            await asyncio.sleep(delay.seconds or 0)
            entry.fate = f"fault: held up for {delay.seconds:g} s; "
        if self._faults.take(Trouble.DROP, entry.name):
            entry.fate += "fault: lost"
            await _until_left(receive)
            return
        if fault := self._faults.take(Trouble.STATUS, entry.name):
            entry.fate += f"fault: answered {fault.status}"
            await self._refuse(scope, send, device, fault)
            return

        async def noted(message: AsgiMessage) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                entry.fate += str(message["status"])
                if message["status"] < 300:
                    self._conversation.arrived(entry)

        await self._cloud(scope, whole.again(receive), noted)

    async def _downchannel(self, scope: Scope, receive: Receive, send: Send) -> None:
        device = await self._device(scope)
        device_id = _id_of(device)
        if delay := self._faults.take(Trouble.DELAY, DOWNCHANNEL):
            self._conversation.note(f"fault: the downchannel is held up for {delay.seconds:g} s", device_id)
            await asyncio.sleep(delay.seconds or 0)
        if self._faults.take(Trouble.DROP, DOWNCHANNEL):
            self._conversation.note("fault: the request for a downchannel is lost", device_id)
            await _until_left(receive)
            return
        if fault := self._faults.take(Trouble.STATUS, DOWNCHANNEL):
            self._conversation.note(f"fault: the downchannel is answered {fault.status}", device_id)
            await self._refuse(scope, send, device, fault)
            return
        out = _Directives(send, self._faults, self._conversation, device_id)
        try:
            await self._cloud(scope, receive, out)
        finally:
            self._conversation.note("downchannel closed", device_id)

    async def _device(self, scope: Scope) -> DeviceIdentity | None:
        token = self._forms[scope["path"]].profile.token_of(header(scope, b"authorization") or "")
        return await self._whose(token) if token else None

    async def _refuse(self, scope: Scope, send: Send, device: DeviceIdentity | None, fault: Fault) -> None:
        """The status that is wanted, in the form of the device's version."""
        codec = self._codecs[device.profile] if device else self._forms[scope["path"]]
        status = fault.status or 500
        retry = [(b"retry-after", b"%d" % (fault.seconds or 1))] if status in {429, 503} else []
        refused = refusal(codec, status, "a fault that a test wants", retry)
        await answer(send, status, refused.headers, refused.body)


class _Directives:
    """Sends a downchannel's answer on, each directive whole; those that a fault takes are left out."""

    def __init__(self, send: Send, faults: Faults, conversation: Conversation, device_id: str | None) -> None:
        self._send = send
        self._faults = faults
        self._conversation = conversation
        self._device_id = device_id
        self._reader: MultipartReader | None = None
        self._writer = MultipartWriter("----" + secrets.token_hex(12), "related")
        self._is_open = False

    async def __call__(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
            await self._send(message)
        elif self._reader is None or not message.get("more_body"):
            await self._send(message)
        elif not self._is_open:
            self._is_open = True  # the opening delimiter alone: so a device sees that the downchannel stands
            self._reader.feed(message["body"])
            await self._send(message)
        else:
            for part in self._reader.feed(message["body"]):
                await self._say(part.body)

    def _begin(self, message: AsgiMessage) -> None:
        if message["status"] != 200:
            self._conversation.note(f"downchannel answered {message['status']}", self._device_id)
            return
        content_type = dict(message["headers"])[b"content-type"].decode()
        boundary = boundary_of(content_type)
        self._reader = MultipartReader(boundary, _LONGEST_PART)
        self._writer = MultipartWriter(boundary.decode(), "related")
        self._conversation.note("downchannel opened", self._device_id)

    async def _say(self, directive: bytes) -> None:
        name = name_of(directive, "directive")
        entry = self._conversation.add("directive", name, directive, self._device_id)
        if self._faults.take(Trouble.DROP, name):
            entry.fate = "fault: lost"
            return
        if delay := self._faults.take(Trouble.DELAY, name):
            entry.fate = f"fault: held up for {delay.seconds:g} s"
            await asyncio.sleep(delay.seconds or 0)
        await self._send({"type": "http.response.body", "body": self._writer.part(directive), "more_body": True})
        self._conversation.arrived(entry)


@dataclass
class _Whole:
    """A request's body as far as it came."""

    messages: list[AsgiMessage]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    def again(self, receive: Receive) -> Receive:
        """Gives the same once more, then what comes after it."""
        messages = iter(self.messages)

        async def receive_again() -> AsgiMessage:
            message = next(messages, None)
            return await receive() if message is None else message

        return receive_again


async def _whole(receive: Receive) -> _Whole:
    whole, size = _Whole([]), 0
    try:
        async with asyncio.timeout(_BODY_TIME):
            while size <= LONGEST_EVENT:
                message = await receive()
                whole.messages.append(message)
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    break
    except TimeoutError:
        pass  # the cloud waits for the rest, and says what there is to say
    return whole


def _json_of(scope: Scope, body: bytes) -> bytes:
    try:
        return read_json(header(scope, b"content-type") or "", body)
    except (MalformedMultipart, TooLarge):
        return body[:1000]


def _id_of(device: DeviceIdentity | None) -> str | None:
    return None if device is None else device.device_id


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
