"""Requests that come twice, and are carried out once: Idempotency-Key.

A client that does not know whether its request arrived sends it again with the same key, and gets the answer of the
first one. It knows keys and answers; it must not know what is asked for.

An answer can hold a secret, such as a device's token. It is sealed with a key made of the account's token and the
client's key, neither of which is kept: who has the database alone can't read it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.enums import ScopeType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.middleware import ASGIMiddleware

from bellwire.cloud.asgi import AsgiMessage, Receive, Scope, Send, header
from bellwire.cloud.auth import bearer_token
from bellwire.cloud.conditions import current_conditions
from bellwire.cloud.doors import user_of
from bellwire.cloud.store.answers import Answered, add_request, find_answer, keep_answer
from bellwire.cloud.store.errors import StoreError
from bellwire.cloud.store.protocol import Store

log = structlog.get_logger()

REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255
LONGEST_ANSWER = 512 * 1024
"""Bytes; what is longer is not kept."""
_NONCE = 12


class BadKeyError(ValueError):
    """An Idempotency-Key that cannot be one."""


class KeyReusedError(ValueError):
    """An Idempotency-Key that came with another request."""


class NotAnsweredAgainError(RuntimeError):
    """A request was carried out or is under way, and its answer cannot be given."""


class Answer(msgspec.Struct, array_like=True):
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Idempotency(ASGIMiddleware):
    """Carries out what comes with a key once."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, prefix: str, store: Store, most_bytes: int, clock: Callable[[], datetime]) -> None:
        """`prefix`: of the paths for which keys count; `most_bytes`: of a request's body."""
        self._prefix = prefix
        self._store = store
        self._most_bytes = most_bytes
        self._clock = clock
        self._under_way: dict[tuple[str, bytes], _Seal] = {}

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        """Serve a request. Raises the errors above, RequestEntityTooLarge, StoreError."""
        key = header(scope, b"idempotency-key")
        if key is None or scope["method"] != "POST" or not scope["path"].startswith(self._prefix):
            await next_app(scope, receive, send)
            return
        _check(key)
        body = _Body(receive)
        whole = await body.read(self._most_bytes)
        place = user_of(scope).account_id, hashlib.sha256(key.encode()).digest()
        if place in self._under_way:
            raise NotAnsweredAgainError("a request with this Idempotency-Key is under way; wait for its answer")
        seal = self._under_way[place] = _Seal(bearer_token(header(scope, b"authorization")), key)
        try:
            serve = partial(next_app, scope, body.receive)
            await self._once(place, _hash_of(scope, whole), seal, send, serve)
        finally:
            self._done(place, seal)

    def _done(self, place: tuple[str, bytes], seal: "_Seal") -> None:
        """A request is no longer under way; the next one with its key may be."""
        if self._under_way.get(place) is seal:
            del self._under_way[place]

    async def _once(
        self,
        place: tuple[str, bytes],
        request_hash: bytes,
        seal: "_Seal",
        send: Send,
        serve: Callable[[Send], Awaitable[None]],
    ) -> None:
        now = self._clock()
        found = await self._store.read(find_answer, *place, now)
        if found is not None:
            again = _answered(found, request_hash, seal)
            self._done(place, seal)
            await _send(send, again)
            return
        asked = current_conditions()
        asked.add(partial(add_request, *place, request_hash, now))

        async def keep(answer: Answer) -> None:
            await keep_if_made(answer)
            # Who gets it may ask again at once.
            self._done(place, seal)

        async def keep_if_made(answer: Answer) -> None:
            if not asked.were_met or answer.status >= 400 or len(answer.body) > LONGEST_ANSWER:
                return
            try:
                await self._store.write(keep_answer, *place, seal.closed(answer))
            except StoreError as error:  # what was asked for is done, and whoever asked may know
                log.warning("an answer was not kept", account=place[0], error=str(error))

        await serve(_Keeping(send, keep).send)


def _check(key: str) -> None:
    if not key.isascii() or not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise BadKeyError(f"Idempotency-Key must be 1 to {LONGEST_KEY} letters, digits or signs, such as a UUID")


def _hash_of(scope: Scope, body: bytes) -> bytes:
    content_type = header(scope, b"content-type") or ""
    asked = [scope["path"], str(scope["query_string"], "latin-1"), content_type]
    return hashlib.sha256(msgspec.json.encode(asked) + body).digest()


def _answered(found: Answered, request_hash: bytes, seal: "_Seal") -> Answer:
    if found.request_hash != request_hash:
        raise KeyReusedError("this Idempotency-Key came with another request; take a new key for a new request")
    if found.answer is None:
        raise NotAnsweredAgainError(
            "this request was carried out, but its answer was not kept; list what there is, to see what it made"
        )
    return seal.opened(found.answer)


async def _send(send: Send, answer: Answer) -> None:
    headers = [*answer.headers, (REPLAYED.lower().encode(), b"true")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


class _Seal:
    """Closes answers so that only the same token with the same key opens them."""

    def __init__(self, token: str, key: str) -> None:
        self._cipher = AESGCM(hmac.digest(token.encode(), f"answer to {key}".encode(), hashlib.sha256))

    def closed(self, answer: Answer) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(answer), None)

    def opened(self, sealed: bytes) -> Answer:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag:
            raise NotAnsweredAgainError(
                "this Idempotency-Key came with another token of this account, and only that one can have the answer"
            ) from None
        return msgspec.msgpack.decode(plain, type=Answer)


class _Body:
    """The body of a request, read before it is served."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Any] = []

    async def read(self, most: int) -> bytes:
        """The body. Raises RequestEntityTooLarge beyond `most` bytes, without reading on."""
        size = 0
        while True:
            message = await self._receive()
            self._read.append(message)
            size += len(message.get("body", b""))
            if size > most:
                raise RequestEntityTooLarge
            if not message.get("more_body"):
                return b"".join(each.get("body", b"") for each in self._read)

    async def receive(self) -> Any:
        return self._read.pop(0) if self._read else await self._receive()


class _Keeping:
    """Sends an answer when it is kept: the client may be gone by then."""

    def __init__(self, send: Send, keep: Callable[[Answer], Awaitable[None]]) -> None:
        self._send = send
        self._keep = keep
        self._start: Any = None

    async def send(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if not message.get("more_body"):
                headers = [(bytes(name), bytes(value)) for name, value in start["headers"]]
                await self._keep(Answer(start["status"], headers, message.get("body", b"")))
            await self._send(start)
        await self._send(message)
