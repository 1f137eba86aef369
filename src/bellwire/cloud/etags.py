"""Entity tags (RFC 9110, 8.8.3): by these a client asks for what it has not seen, and edits only what it has seen.

A tag of an alert, a device or the account has two halves, "OWN.WHOLE": what its owner decides, and all that is shown.
If-None-Match looks at both; If-Match only at the first: that a speaker has meanwhile said that the alert is set is no
reason to refuse an edit. It knows what is shown; it must not know routes.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware

from bellwire.cloud.accounts import show_alert
from bellwire.cloud.alert_forms import view_of
from bellwire.cloud.asgi import AsgiMessage, Header, Scope, Send, header
from bellwire.cloud.conditions import current_conditions
from bellwire.cloud.doors import user_of
from bellwire.cloud.store.accounts import find_account
from bellwire.cloud.store.devices import find_device
from bellwire.cloud.store.transaction import Transaction

_LENGTH = 16
"""Hexadecimal digits of each half."""
_TAG = re.compile(r'(W/)?"([^"]*)"')
_LOOKS = frozenset({"GET", "HEAD"})
Json = Mapping[str, Any]


class PreconditionFailed(Exception):
    """What was to be changed is not as whoever asked has seen it."""


class Kind(NamedTuple):
    """What can be edited with a condition."""

    name: str
    path: str
    """What the paths of one, and of all below it, begin with."""
    key: str | None
    """The parameter of these paths that is its id; None: there is but one."""
    shows: frozenset[str]
    """Members by which its JSON is known."""
    own: Callable[[Json], object]
    """Of its JSON, what its owner decides."""
    load: Callable[[str, str], Transaction[Json]]
    """The members of its JSON from which `own` is made. Raises what the routes raise when it is not there."""


def _load_alert(account_id: str, token: str) -> Transaction[Json]:
    return _json(view_of((yield from show_alert(account_id, token))))


def _load_device(account_id: str, device_id: str) -> Transaction[Json]:
    return _json((yield from find_device(account_id, device_id))._asdict())


def _load_account(account_id: str, _: str) -> Transaction[Json]:
    return _json((yield from find_account(account_id))._asdict())


def _json(value: object) -> Json:
    json: Json = msgspec.json.decode(msgspec.json.encode(value))
    return json


def _only(*names: str) -> Callable[[Json], object]:
    return lambda json: {name: json.get(name) for name in names}


def _all_but(name: str) -> Callable[[Json], object]:
    return lambda json: {key: value for key, value in json.items() if key != name}


_KINDS = (
    Kind(
        "alert",
        "/alerts/",
        "token",
        frozenset({"token", "kind", "label", "devices"}),
        _all_but("devices"),
        _load_alert,
    ),
    Kind(
        "device",
        "/devices/",
        "device_id",
        frozenset({"device_id", "name", "profile", "model", "exceptions"}),
        _only("device_id", "name", "profile", "model"),
        _load_device,
    ),
    Kind(
        "account",
        "/account",
        None,
        frozenset({"account_id", "timezone", "speaks"}),
        _only("account_id", "name", "timezone", "country", "language"),
        _load_account,
    ),
)


def edits_one(path: str) -> bool:
    """Whether what is at this path of the document, or what it does, can be asked for with If-Match."""
    return any(path.startswith(kind.path) and (kind.key is None or f"{{{kind.key}}}" in path) for kind in _KINDS)


def tag_of(body: bytes, *, seen: bool) -> str | None:
    """The tag of an answer with this body, which is JSON; None: it has none.

    `seen`: the answer is what there is at its address. Else it has one only if it shows what could be edited.
    """
    whole = _digest(body)
    json = msgspec.json.decode(body)
    kind = next((kind for kind in _KINDS if isinstance(json, dict) and json.keys() >= kind.shows), None)
    if kind is None:
        return f'"{whole}"' if seen else None
    return f'"{_own(kind, json)}.{whole}"'


def _own(kind: Kind, json: Json) -> str:
    return _digest(msgspec.json.encode(kind.own(json), order="sorted"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_LENGTH]


class Tags(NamedTuple):
    """What If-Match or If-None-Match has."""

    strong: frozenset[str]
    weak: frozenset[str]
    any: bool

    def has(self, tag: str) -> bool:
        """Whether a tag is among them, by weak comparison (RFC 9110, 8.8.3.2)."""
        return self.any or tag.strip('"') in self.strong | self.weak


def tags_in(text: str) -> Tags:
    """The tags of a header; none where there are none to be read."""
    if text.strip() == "*":
        return Tags(frozenset(), frozenset(), any=True)
    found = _TAG.findall(text)
    strong, weak = ({tag for is_weak, tag in found if bool(is_weak) is wanted} for wanted in (False, True))
    return Tags(frozenset(strong), frozenset(weak), any=False)


def _check(kind: Kind, account_id: str, key: str, tags: Tags) -> Transaction[None]:
    json = yield from kind.load(account_id, key)
    if tags.any or _own(kind, json) in {tag.partition(".")[0] for tag in tags.strong}:
        return
    raise PreconditionFailed(
        f"this {kind.name} is not as If-Match has it: read it again, and send the change once more, with its new ETag "
        'in If-Match, as it came: "0123456789abcdef.0123456789abcdef"'
    )


class EntityTags(ASGIMiddleware):
    """Gives answers their tags, and refuses what was asked for on conditions that do not hold."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, prefix: str) -> None:
        """`prefix`: of the paths whose answers have tags."""
        self._prefix = prefix

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        """Serve a request on its conditions. Raises PreconditionFailed."""
        if not scope["path"].startswith(self._prefix):
            await next_app(scope, receive, send)
            return
        looks = scope["method"] in _LOOKS
        asked = header(scope, b"if-none-match" if looks else b"if-match")
        tags = None if asked is None else tags_in(asked)
        if tags is not None and not looks:
            self._provide(scope, tags)
        await next_app(scope, receive, _Tagging(send, looks=looks, seen=tags if looks else None).send)

    def _provide(self, scope: Scope, tags: Tags) -> None:
        path, parameters = scope["path"].removeprefix(self._prefix), scope["path_params"]
        for kind in _KINDS:
            if path.startswith(kind.path) and (kind.key is None or kind.key in parameters):
                key = "" if kind.key is None else parameters[kind.key]
                current_conditions().add(partial(_check, kind, user_of(scope).account_id, key, tags))
                return
        raise PreconditionFailed("If-Match is for one alert, one device or the account; leave it out here")


class _Tagging:
    """Sends an answer with its tag, or 304 where whoever asks has it."""

    def __init__(self, send: Send, *, looks: bool, seen: Tags | None) -> None:
        self._send = send
        self._looks = looks
        self._seen = seen
        self._start: Any = None

    async def send(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            self._start = message if self._is_tagged(message) else None
            if self._start is None:
                await self._send(message)
        elif self._start is None:
            await self._send(message)
        else:
            start, self._start = self._start, None
            await self._send_tagged(start, message)

    def _is_tagged(self, start: Any) -> bool:
        headers = start["headers"]
        is_json = (b"content-type", b"application/json") in headers
        return start["status"] in {200, 201} and (is_json or _own_tag(headers) is not None)

    async def _send_tagged(self, start: Any, message: Any) -> None:
        if message.get("more_body") or not message.get("body"):
            await self._send(start)
            await self._send(message)
            return
        tag = _own_tag(start["headers"]) or tag_of(message["body"], seen=self._looks)
        headers = [each for each in start["headers"] if each[0].lower() != b"etag"]
        headers += [(b"etag", tag.encode())] if tag else []
        if tag and self._seen is not None and self._seen.has(tag):
            kept = [each for each in headers if each[0] not in {b"content-type", b"content-length"}]
            await self._send({**start, "status": 304, "headers": kept})
            await self._send({**message, "body": b""})
            return
        await self._send({**start, "headers": headers})
        await self._send(message)


def _own_tag(headers: Iterable[Header]) -> str | None:
    """The tag that a route gave its answer itself."""
    return next((value.decode() for name, value in headers if name.lower() == b"etag"), None)
