"""Codes and tokens over HTTP, in three forms: parameters in a URL, JSON, and the forms of RFC 6749, 7009 and 8628.

It knows parameters, statuses and how errors are written; it must not know who may have what (`authority`). What comes
in a URL here is secret: nothing of a request but its path is logged.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qsl

import msgspec
import structlog

from bellwire.cloud.asgi import (
    ClientGoneError,
    Header,
    Receive,
    Scope,
    Send,
    answer,
    header,
    origin_of,
    peer_of,
    read_body,
)
from bellwire.cloud.auth import Tokens
from bellwire.cloud.authority import AskedCode, Authority, Granted
from bellwire.cloud.config import Limits
from bellwire.cloud.grants import Bound, challenge_of, is_verifier
from bellwire.cloud.identity import AccountIdentity
from bellwire.cloud.pair_page import PAIR_PATH, page
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store.clients import SPEAKER, Client
from bellwire.cloud.store.errors import NotFound, StoreBusy
from bellwire.cloud.time_limit import TimeLimit
from bellwire.cloud.wishes import WishError, one_line
from bellwire.protocol.errors import TooLarge, Unauthenticated
from bellwire.protocol.profiles import DEFAULT_PROFILE, PROFILES, profile_named
from bellwire.protocol.profiles.profile import Authorization, TokenForm

log = structlog.get_logger()

DEVICE_AUTHORIZATION_PATH = "/oauth/device_authorization"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
REVOKE_PATH = "/oauth/revoke"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST = 2_000
"""Characters of one parameter."""
_LONGEST_ID = 200
_MOST_PARAMETERS = 50
_FORM = "application/x-www-form-urlencoded"
_JSON = (b"content-type", b"application/json")
_NEVER_KEPT: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
"""RFC 6749, 5.1."""
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
"""RFC 6749, 5.2."""

_SOON = timedelta(seconds=1)
_FAILED = Refusal(Fault.SERVER_ERROR, "something failed here, not at your side; the log of the cloud has it")

_STATUSES = {
    Fault.ACCOUNT_LOCKED: 423,
    Fault.TERMS_NOT_AGREED: 451,
    Fault.TOO_MANY_DEVICES: 403,
    Fault.TOO_MANY_REQUESTS: 429,
    Fault.TEMPORARILY_UNAVAILABLE: 503,
}
"""Others are 400 (RFC 6749, 5.2)."""
_STATUSES_BY_URL = {**_STATUSES, Fault.INVALID_CLIENT: 403, Fault.UNAUTHORIZED_CLIENT: 403, Fault.ACCESS_DENIED: 403}

_THE_ASKERS_FAULTS = frozenset(
    {
        *(Fault.INVALID_REQUEST, Fault.INVALID_CLIENT, Fault.INVALID_GRANT, Fault.ACCESS_DENIED),
        *(Fault.UNAUTHORIZED_CLIENT, Fault.UNSUPPORTED_GRANT_TYPE, Fault.UNSUPPORTED_RESPONSE_TYPE),
        *(Fault.SLOW_DOWN, Fault.EXPIRED_TOKEN),
    }
)
"""Such requests count; not one of a speaker that waits and asks in time."""
_SECRETS = ("refresh_token", "code", "device_code", "access_token", "token")

Handle: TypeAlias = Callable[["Call"], Awaitable[Mapping[str, object] | None]]


class Parameters:
    """The parameters of one request."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str, most: int = _LONGEST) -> str | None:
        """The value, None where there is none. Raises Refusal for one that is too long."""
        value = self._values.get(name)
        if value is not None and len(value) > most:
            raise _invalid(f"{name} has {len(value)} characters; {most} are taken at most")
        return value

    def need(self, name: str, most: int = _LONGEST) -> str:
        """The value. Raises Refusal where there is none."""
        value = self.get(name, most)
        if value is None:
            raise _invalid(f"{name} is missing")
        return value

    def need_one_of(self, name: str, values: Iterable[str], fault: Fault) -> str:
        """The value, which is one of these. Raises Refusal."""
        value = self.need(name)
        if value not in values:
            raise Refusal(fault, f"{name} is {value[:100]}; it must be {' or '.join(values)}")
        return value

    def secret(self) -> str:
        """What the request shows that may be good or not; empty where it shows nothing."""
        return next(filter(None, map(self._values.get, _SECRETS)), "")

    def text(self, name: str, most: int = _LONGEST_ID) -> str | None:
        """A value that is shown to people: on one line. Raises Refusal."""
        value = self.get(name, most)
        try:
            return value if value is None else one_line(name, value, most)
        except WishError as error:
            raise _invalid(str(error)) from error


@dataclass(frozen=True)
class Call:
    """One request: its parameters, and where it came from."""

    parameters: Parameters
    peer: str
    origin: str
    authorization: str | None


@dataclass(frozen=True)
class Route:
    """What answers a path, how its parameters come, and which statuses its errors have."""

    method: str
    forms: tuple[str, ...]
    """Content types that are read, the usual one first; none: the parameters are in the URL."""
    handle: Handle
    statuses: Mapping[Fault, int]


class OAuth:
    """Serves the paths of every profile's authorization, and those for our own speaker."""

    def __init__(self, authority: Authority, tokens: Tokens[AccountIdentity], limits: Limits) -> None:
        self._authority = authority
        self._tokens = tokens
        self._limits = limits
        self._body_time = TimeLimit(limits.api_time)
        self._routes = {
            DEVICE_AUTHORIZATION_PATH: Route("POST", (_FORM,), self._invite, _STATUSES),
            TOKEN_PATH: Route("POST", (_FORM,), self._speaker_token, _STATUSES),
            REVOKE_PATH: Route("POST", (_FORM,), self._revoke, _STATUSES),
        }
        for way in {profile.authorization for profile in PROFILES.values()}:
            self._routes |= self._routes_of(way)
        self.paths = frozenset({*self._routes, PAIR_PATH})

    def _routes_of(self, way: Authorization) -> dict[str, Route]:
        """How the versions of the protocol with this way are authorized."""
        routes = {}
        if way.authorize_path is not None:
            authorize = partial(self._authorize, way)
            routes[way.authorize_path] = Route("GET", (), authorize, _STATUSES_BY_URL)
        if way.token_form is TokenForm.QUERY:
            routes[way.token_path] = Route("GET", (), partial(self._token_by_url, way), _STATUSES_BY_URL)
        else:
            by_body = partial(self._token_by_body, way)
            routes[way.token_path] = Route("POST", ("application/json", _FORM), by_body, _STATUSES)
        return routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == PAIR_PATH:
            await self._pair(scope, send)
            return
        route = self._routes[scope["path"]]
        if scope["method"] != route.method:
            wrong = {"error": Fault.INVALID_REQUEST.value, "error_description": f"use {route.method} here"}
            await _answer(send, 405, wrong, [(b"allow", route.method.encode())])
            return
        try:
            await _answer(send, 200, await self._handled(route, scope, receive))
        except ClientGoneError:
            log.debug("client left early", path=scope["path"])
        except (Refusal, TooLarge, TimeoutError, NotFound, StoreBusy) as error:
            status, refusal = _refusal(route, error)
            await _refuse(send, status, refusal)
        except Exception:  # the boundary: a bug of ours is answered 500, and told to whoever runs this
            log.exception("authorization failed", path=scope["path"])
            await _refuse(send, 500, _FAILED)

    async def _handled(self, route: Route, scope: Scope, receive: Receive) -> Mapping[str, object] | None:
        """What is answered. Who is wrong too often is refused; whoever is right costs those beside him nothing."""
        peer, secret = peer_of(scope)[0], ""
        self._authority.let_try(peer)
        try:
            parameters = await self._parameters(route, scope, receive)
            authorization = header(scope, b"authorization")
            secret = parameters.secret() or authorization or ""
            self._authority.let_try(peer, secret)
            return await route.handle(Call(parameters, peer, origin_of(scope), authorization))
        except (Refusal, TooLarge, TimeoutError, NotFound) as error:
            if _refusal(route, error)[1].fault in _THE_ASKERS_FAULTS:
                self._authority.was_wrong(peer, secret)
            raise

    async def _parameters(self, route: Route, scope: Scope, receive: Receive) -> Parameters:
        if not route.forms:
            return Parameters(_pairs(scope["query_string"]))
        # What is secret does not belong where addresses are logged (RFC 6749, 2.3.1 and 3.2): there nothing is read.
        body = await read_body(scope, receive, self._limits.api_body, self._body_time)
        kind = (header(scope, b"content-type") or route.forms[0]).partition(";")[0].strip().lower()
        if kind not in route.forms:
            raise _invalid(f"the body is {kind[:100]}; send it as {' or '.join(route.forms)}")
        return Parameters(_pairs(body) if kind == _FORM else _members(body))

    # By URL, for clients with a secret

    async def _authorize(self, way: Authorization, call: Call) -> Mapping[str, object]:
        given = call.parameters
        given.need_one_of("response_type", ("code",), Fault.UNSUPPORTED_RESPONSE_TYPE)
        client_id, own_id = given.need("client_id", _LONGEST_ID), given.need("device_id", _LONGEST_ID)
        state, model = given.need("state"), given.text("model_id")
        is_guest = given.get("request_vu") is not None
        if is_guest:
            given.need_one_of("request_vu", ("Y",), Fault.INVALID_REQUEST)
        _check_way(way, await self._authority.client(client_id))
        asked = AskedCode(Bound(client_id, own_id=own_id), model)
        if is_guest:
            code = await self._authority.guest_code(call.peer, asked)
        else:
            code = await self._authority.code(await self._account_of(call), asked)
        return {"code": code, "state": state}

    async def _account_of(self, call: Call) -> str:
        try:
            return (await self._tokens.identity(call.authorization)).account_id
        except Unauthenticated as error:
            raise Refusal(
                Fault.ACCESS_DENIED,
                f"{error}; it is the account's own token that is needed, or request_vu=Y for a guest",
            ) from error

    async def _token_by_url(self, way: Authorization, call: Call) -> Mapping[str, object]:
        given = call.parameters
        grant_types = ("authorization_code", "refresh_token", "delete")
        grant_type = given.need_one_of("grant_type", grant_types, Fault.UNSUPPORTED_GRANT_TYPE)
        client = await self._authority.proven_client(given.need("client_id", _LONGEST_ID), given.need("client_secret"))
        profile = _check_way(way, client)
        own_id = given.get("device_id", _LONGEST_ID)
        if grant_type == "authorization_code":
            bound = Bound(client.client_id, own_id=given.need("device_id", _LONGEST_ID))
            return _four(await self._authority.redeem(given.need("code"), bound, profile))
        if grant_type == "refresh_token":
            return _four(await self._authority.refresh(given.need("refresh_token"), client.client_id, own_id))
        await self._authority.log_out(given.need("access_token"), client.client_id, own_id)
        return {"result": "success"}

    # By JSON, for clients that prove themselves by PKCE

    async def _token_by_body(self, way: Authorization, call: Call) -> Mapping[str, object]:
        given = call.parameters
        grant_types = ("authorization_code", "refresh_token")
        grant_type = given.need_one_of("grant_type", grant_types, Fault.UNSUPPORTED_GRANT_TYPE)
        client = await self._authority.proven_client(given.need("client_id", _LONGEST_ID), given.get("client_secret"))
        profile = _check_way(way, client)
        if grant_type == "refresh_token":
            return _four(await self._authority.refresh(given.need("refresh_token"), client.client_id))
        code, redirect_uri, verifier = given.need("code"), given.need("redirect_uri"), given.need("code_verifier")
        if not is_verifier(verifier):
            raise _invalid("code_verifier must have 43 to 128 of the characters A-Z a-z 0-9 - . _ ~ (RFC 7636, 4.1)")
        bound = Bound(client.client_id, redirect_uri=redirect_uri, challenge=challenge_of(verifier))
        return _four(await self._authority.redeem(code, bound, profile))

    # RFC 8628, for our own speaker

    async def _invite(self, call: Call) -> Mapping[str, object]:
        given = call.parameters
        client_id = await self._speaker(given)
        profile = given.get("profile") or DEFAULT_PROFILE.name
        if profile not in PROFILES:
            raise _invalid(f"there is no profile {profile[:100]}; there are: {', '.join(sorted(PROFILES))}")
        product = (given.text("product") or "").strip() or "speaker"
        invitation = await self._authority.invite(call.peer, client_id, profile, product)
        address = f"{call.origin}{PAIR_PATH}"
        return {
            "device_code": invitation.device_code,
            "user_code": invitation.user_code,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={invitation.user_code}",
            "expires_in": invitation.expires_in,
            "interval": invitation.interval,
        }

    async def _speaker_token(self, call: Call) -> Mapping[str, object]:
        given = call.parameters
        grant_types = (DEVICE_CODE, "refresh_token")
        grant_type = given.need_one_of("grant_type", grant_types, Fault.UNSUPPORTED_GRANT_TYPE)
        client_id = await self._speaker(given)
        if grant_type == DEVICE_CODE:
            granted = await self._authority.ask(given.need("device_code"), client_id)
        else:
            granted = await self._authority.refresh(given.need("refresh_token"), client_id)
        return {**_four(granted), "device_id": granted.device_id}

    async def _revoke(self, call: Call) -> None:
        client_id = await self._speaker(call.parameters)
        await self._authority.revoke(call.parameters.need("token"), client_id)

    async def _speaker(self, given: Parameters) -> str:
        client = await self._authority.client(given.need("client_id", _LONGEST_ID))
        if client.profile is not None:
            raise Refusal(
                Fault.UNAUTHORIZED_CLIENT, f"this path is for the client {SPEAKER}, whose devices show a code"
            )
        return client.client_id

    async def _pair(self, scope: Scope, send: Send) -> None:
        """What the verification_uri leads to."""
        if scope["method"] not in {"GET", "HEAD"}:
            await answer(send, 405, [(b"allow", b"GET, HEAD")])
            return
        content, headers = page(scope["query_string"])
        await answer(send, 200, [*headers, *_NEVER_KEPT], content if scope["method"] == "GET" else b"")


def _check_way(way: Authorization, client: Client) -> str:
    """What the client's devices speak, which is a version that is authorized this way. Raises Refusal."""
    if client.profile is None:
        raise Refusal(Fault.UNAUTHORIZED_CLIENT, f"this client is our own speaker: it gets its tokens at {TOKEN_PATH}")
    right = profile_named(client.profile).authorization
    if right != way:
        raise Refusal(
            Fault.UNAUTHORIZED_CLIENT,
            f"the devices of this client speak {client.profile}: they get their tokens at {right.token_path}",
        )
    return client.profile


def _four(granted: Granted) -> dict[str, object]:
    return {
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        "refresh_token": granted.refresh_token,
        "token_type": "Bearer",
    }


def _pairs(encoded: bytes) -> dict[str, str]:
    """Parameters as in a URL; one without a value is none (RFC 6749, 3.1). Raises Refusal."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), max_num_fields=_MOST_PARAMETERS, errors="strict")
    except UnicodeDecodeError:
        raise _invalid("the parameters are not UTF-8, percent-encoded") from None
    except ValueError:
        raise _invalid(f"there are more than {_MOST_PARAMETERS} parameters") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid(f"{twice[:100]} comes more than once")
    return values


def _members(json: bytes) -> dict[str, str]:
    """Parameters as members of a JSON object; others than ours may be anything. Raises Refusal."""
    name = None
    try:
        members = msgspec.json.decode(json, type=dict[str, msgspec.Raw])
        values = {}
        for name in members.keys() & _READ_FROM_JSON:
            values[name] = msgspec.json.decode(members[name], type=str | None)
    except msgspec.ValidationError as error:
        raise _invalid(f"{name} must be a string" if name else f"the body is not a JSON object ({error})") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _invalid(f"the body is not a JSON object ({error})") from None
    return {name: value for name, value in values.items() if value}


_READ_FROM_JSON = ("grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token")


def _invalid(sentence: str) -> Refusal:
    return Refusal(Fault.INVALID_REQUEST, sentence)


def _refusal(route: Route, error: Exception) -> tuple[int, Refusal]:
    """Which status an error has, and what is said of it."""
    if isinstance(error, Refusal):
        return route.statuses.get(error.fault, 400), error
    if isinstance(error, TooLarge):
        return 413, _invalid(str(error))
    if isinstance(error, TimeoutError):
        return 408, _invalid("the body did not arrive in time")
    if isinstance(error, NotFound):
        return 400, Refusal(Fault.INVALID_GRANT, "this was removed a moment ago; authorize again")
    return 503, Refusal(Fault.TEMPORARILY_UNAVAILABLE, "too much is waiting here; try again in a moment", wait=_SOON)


async def _refuse(send: Send, status: int, refusal: Refusal) -> None:
    body = {"error": refusal.fault.value, "error_description": _NOT_IN_DESCRIPTION.sub("?", str(refusal))}
    if refusal.terms is not None:
        body["redirect_uri"] = refusal.terms
    wait = [] if refusal.wait is None else [(b"retry-after", str(int(refusal.wait.total_seconds())).encode())]
    await _answer(send, status, body, wait)


async def _answer(send: Send, status: int, body: Mapping[str, object] | None, headers: Iterable[Header] = ()) -> None:
    content = b"" if body is None else msgspec.json.encode(body)
    kind = [] if body is None else [_JSON]
    await answer(send, status, [*kind, *_NEVER_KEPT, *headers], content)
