"""What was wrong with a request to the account API: as an answer (RFC 9457), and as its OpenAPI document lists it.

It knows which error is answered with which status; it must not know any route.
"""

import re
from collections.abc import Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec.inspect import EnumType, ListType, Metadata, StructType, Type, UnionType, type_info

from bellwire.cloud.accounts import TooManyAlertsError, UnknownAlertError, UnknownDeviceError
from bellwire.cloud.commands import CannotBeToldError
from bellwire.cloud.etags import PreconditionFailed
from bellwire.cloud.idempotency import BadKeyError, KeyReusedError, NotAnsweredAgainError
from bellwire.cloud.refusal import Fault, Refusal
from bellwire.cloud.store.errors import NotFound, StoreBusy
from bellwire.cloud.wishes import WishError
from bellwire.protocol.errors import Unauthenticated

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, kw_only=True):
    """What was wrong with a request (RFC 9457)."""

    status: int
    title: str
    detail: str


_FAILED = "something failed here, not at your side; the log of the cloud has it"

_ANSWERS: dict[type[Exception], tuple[int, str | None]] = {
    Unauthenticated: (401, None),
    BadKeyError: (400, None),
    PreconditionFailed: (412, None),
    KeyReusedError: (422, None),
    NotAnsweredAgainError: (409, None),
    UnknownAlertError: (404, None),
    NotFound: (404, None),
    TimeoutError: (408, "the body did not arrive in time"),
    TooManyAlertsError: (409, None),
    CannotBeToldError: (422, None),
    UnknownDeviceError: (422, None),
    WishError: (422, None),
    UnicodeDecodeError: (400, "the body is not UTF-8"),
    RecursionError: (400, "the body is nested too deeply"),
    StoreBusy: (503, "too much is waiting here; send the same again in a moment"),
}
"""Status and words; None: those of the error itself, which are meant for people."""

_FAULTS = {
    Fault.ACCOUNT_LOCKED: 423,
    Fault.TERMS_NOT_AGREED: 451,
    Fault.TOO_MANY_DEVICES: 409,
    Fault.TOO_MANY_REQUESTS: 429,
    Fault.TEMPORARILY_UNAVAILABLE: 503,
    Fault.NO_SUCH_CODE: 404,
}
"""Statuses of what is not authorized; others are 422."""

MEANINGS = {
    400: "The request is badly formed.",
    401: "No token came, or one that is wrong, revoked or expired.",
    404: "The account has no such alert or device.",
    408: "The body did not arrive in time.",
    409: "The account has as many as it may have, or the first request with this Idempotency-Key has no answer.",
    412: "It was changed since it was read.",
    413: "The body is too large.",
    422: "What was asked for cannot be; the detail says why.",
    423: "The account is locked.",
    429: "The account asks too often, or tried something too often; Retry-After says when to try again.",
    451: "The account has not agreed to the terms that the detail names.",
    500: "Something failed in the cloud.",
    503: "Too much is waiting; the same again in a moment will do.",
}
_ALWAYS = (400, 401, 429, 500, 503)
_WITH_BODY = (408, 413, 422)


def refusals(*statuses: int, body: bool = False) -> dict[int, ResponseSpec]:
    """The error answers of a route for its OpenAPI document: these, and those of any route, or of any with a body."""
    listed = sorted({*statuses, *_ALWAYS, *(_WITH_BODY if body else ())})
    return {
        status: ResponseSpec(Problem, description=MEANINGS[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in listed
    }


def answered(status: int, detail: str, headers: dict[str, str] | None = None) -> Response[Problem]:
    """The answer that says what was wrong."""
    problem = Problem(status=status, title=HTTPStatus(status).phrase, detail=detail)
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers or {})


def _refused(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    status, detail = next(_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return answered(status, str(error) if detail is None else detail, headers)


def _not_authorized(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    headers = {} if refusal.wait is None else {"Retry-After": str(int(refusal.wait.total_seconds()))}
    return answered(_FAULTS.get(refusal.fault, 422), str(refusal), headers)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    if error.status_code >= 500:
        return _failed(request, error)
    path = request.url.path
    details = {
        400: f"the body is not JSON: {error.detail}",
        404: f"there is nothing at {path}; /schema lists what there is",
        405: f"{request.method} is not among the methods of {path}; /schema lists them",
        413: "the body is too large",
    }
    return answered(error.status_code, details.get(error.status_code, error.detail), error.headers)


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    """JSON of which a field is not as the schema says."""
    items = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(f"{_place(item)}: {_what(item)}{_choices(request, item)}" for item in items)
    return answered(422, f"{told or error.detail}; /schema says what is taken")


def _place(item: dict[str, str]) -> str:
    return "the body" if item.get("key", "data") == "data" else item["key"]


def _what(item: dict[str, str]) -> str:
    # Litestar's own words for a body that did not come are the name of the handler's parameter, in quotes.
    return "a JSON object is needed" if item["message"] == "'data'" else item["message"]


def _choices(request: Request[Any, Any, Any], item: dict[str, str]) -> str:
    """What a field of a body may be, where that is a few words; else nothing."""
    body = getattr(request.route_handler, "parsed_data_field", None)
    if body is None or "key" not in item or not item["message"].startswith("Invalid enum value"):
        return ""
    words = _enum_at(type_info(body.annotation), re.sub(r"\[[^]]*\]", "", item["key"]).split("."))
    return f", it is none of {', '.join(map(str, words))}" if words else ""


def _enum_at(place: Type, names: Sequence[str]) -> type[Enum] | None:
    """The type of the field that is reached by these names, if its values are listed."""
    match place:
        case Metadata():
            return _enum_at(place.type, names)
        case UnionType():
            return next(filter(None, (_enum_at(each, names) for each in place.types)), None)
        case ListType():
            return _enum_at(place.item_type, names)
        case StructType() if names:
            types = {field.encode_name: field.type for field in place.fields}
            return _enum_at(types[names[0]], names[1:]) if names[0] in types else None
        case EnumType() if not names:
            return place.cls
    return None


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("account API failed", path=request.url.path, exc_info=error)
    return answered(500, _FAILED)


HANDLERS: dict[Any, Any] = {
    **dict.fromkeys(_ANSWERS, _refused),
    Refusal: _not_authorized,
    HTTPException: _http,
    ValidationException: _invalid,
    Exception: _failed,
}
"""Exceptions by what answers them; the most special one counts."""
