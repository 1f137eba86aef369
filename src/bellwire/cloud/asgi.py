"""The little of ASGI that the gateway and the assets need: headers, bodies, answers.

It knows HTTP as ASGI has it; it must not know any message or account.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import timedelta
from typing import Any, TypeAlias

from bellwire.cloud.time_limit import TimeLimit
from bellwire.protocol.errors import TooLarge

Scope: TypeAlias = MutableMapping[str, Any]
AsgiMessage: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]


class ClientGoneError(ConnectionError):
    """The client left before its request was here whole; there is nobody to answer."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a request header, its name in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def headers_of(scope: Scope) -> dict[str, str]:
    """The request headers, names in lower case; what came in several lines stands in one, as RFC 9110 (5.2) has it."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = str(key, "latin-1"), str(value, "utf-8", "replace")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def peer_of(scope: Scope) -> tuple[str, str]:
    """Address and port of the connection that a request came over."""
    host, port = scope["client"]
    return host, port


def origin_of(scope: Scope) -> str:
    """https://host:port as the client wrote it."""
    return f"{scope['scheme']}://{header(scope, b'host') or '{}:{}'.format(*scope['server'])}"


async def read_body(scope: Scope, receive: Receive, limit: int, time: TimeLimit) -> bytes:
    """The request's body.

    Raises TooLarge beyond `limit` bytes without reading on, TimeoutError after `time`, ClientGoneError.
    """
    # Who says how long the body is need not say as well that it has ended: each wait costs two threads a turn.
    length = header(scope, b"content-length")
    chunks = []
    size = 0
    with time:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"the body has more than {limit} bytes")
            chunks.append(chunk)
            if str(size) == length or not message.get("more_body"):
                return b"".join(chunks)


def in_time(receive: Receive, time: timedelta) -> Receive:
    """The same `receive`; from the first call on, the body has `time` to arrive: then it raises TimeoutError."""
    until: float | None = None
    is_whole = False

    async def receive_in_time() -> AsgiMessage:
        nonlocal until, is_whole
        until = until or asyncio.get_running_loop().time() + time.total_seconds()
        async with asyncio.timeout_at(None if is_whole else until):
            message = await receive()
        is_whole = not message.get("more_body")
        return message

    return receive_in_time


async def until_left(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(send: Send, status: int, headers: Iterable[Header] = (), body: bytes = b"") -> None:
    """Answer a request whole."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
