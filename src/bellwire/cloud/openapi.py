"""The OpenAPI document of the account API: what its routes say of themselves, with what holds for all of them.

It knows the form of the document and what stands before every route; it must not know any route.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from bellwire.cloud.etags import edits_one
from bellwire.cloud.problems import MEANINGS, MEDIA_TYPE, Problem

Json = dict[str, Any]

_JSON = "application/json"
_PARAMETERS: Json = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag that the client has: as long as it is the same, the answer is 304 without a body.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag with which it was read: where its owner has changed it since, nothing is changed and "
        "the answer is 412.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Made by the client for this request, such as a UUID. The same request with the same key, "
        "within 24 hours, is not carried out again: it gets the first answer. Another one with it is answered 422.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
}
_HEADERS: Json = {
    "ETag": {"description": "Of what is answered: for If-Match and If-None-Match.", "schema": {"type": "string"}},
    "IdempotentReplayed": {
        "description": "true: this is the answer of the first request with this Idempotency-Key.",
        "schema": {"type": "string", "const": "true"},
    },
    "RetryAfter": {"description": "Seconds until it may be asked again.", "schema": {"type": "integer", "minimum": 0}},
    "WWWAuthenticate": {"description": "How to show a token.", "schema": {"type": "string", "const": "Bearer"}},
}


class DocumentPlugin(JsonRenderPlugin):
    """Renders the document, with what its routes do not say."""

    def __init__(self, prefix: str, *more: type[msgspec.Struct]) -> None:
        """`prefix`: of the paths behind the door; `more`: types that no answer has as its whole."""
        super().__init__()
        self._prefix = prefix
        self._more = more

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """Give the document."""
        return msgspec.json.encode(completed(openapi_schema, [*_structs(request.app), *self._more], self._prefix))


def completed(document: Json, structs: list[type[msgspec.Struct]], prefix: str) -> Json:
    """The document with the exact schemas of these types, and the headers and answers that all routes have."""
    _, schemas = msgspec.json.schema_components([*structs, Problem], ref_template="#/components/schemas/{name}")
    for struct in structs:
        if (example := getattr(struct, "EXAMPLE", None)) is not None:
            schemas[struct.__name__]["examples"] = [example]
    schemas = {**document["components"]["schemas"], **schemas}
    components = {**document["components"], "schemas": schemas, "parameters": _PARAMETERS, "headers": _HEADERS}
    paths = {path: _path(path, routes, prefix) for path, routes in document["paths"].items()}
    for path, routes in paths.items():
        made = routes.get("post", {}).get("responses", {}).get("201")
        if made is not None and (links := _links(path, paths)):
            made["links"] = links
    return {**document, "paths": paths, "components": components}


def _structs(app: Litestar) -> list[type[msgspec.Struct]]:
    """The types of all bodies and answers."""
    handlers = [each for route in app.routes if isinstance(route, HTTPRoute) for each in route.route_handlers]
    signatures = [handler.parsed_fn_signature for handler in handlers]
    said = [each.return_type for each in signatures]
    asked = [each.parameters["data"] for each in signatures if "data" in each.parameters]
    named = [part.annotation for each in (*said, *asked) for part in (each, *each.inner_types)]
    return list(dict.fromkeys(each for each in named if isinstance(each, type) and issubclass(each, msgspec.Struct)))


def _path(path: str, routes: Json, prefix: str) -> Json:
    return {
        method: _operation(method, path.removeprefix(prefix), each) if path.startswith(prefix) else each
        for method, each in routes.items()
    }


def _links(path: str, paths: Json) -> Json:
    """What can be asked for with an id in the answer of what made it: all below its list."""
    below = re.compile(re.escape(path) + r"/\{(\w+)\}")
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {found[1]: f"$response.body#/{found[1]}"},
        }
        for each, routes in paths.items()
        if (found := below.match(each))
        for operation in routes.values()
    }


def _operation(method: str, path: str, operation: Json) -> Json:
    looks = method == "get"
    answers = {status: _answer(status, answer, method) for status, answer in operation["responses"].items()}
    named = list(_parameters(operation.get("parameters", [])))
    is_stream = any("text/event-stream" in answer.get("content", {}) for answer in answers.values())
    if looks and not is_stream:
        named.append(_ref("parameters", "IfNoneMatch"))
        answers["304"] = {"description": "It is as the client has it.", "headers": {"ETag": _ref("headers", "ETag")}}
    if not looks and edits_one(path):
        named.append(_ref("parameters", "IfMatch"))
        answers["412"] = _problem("412")
    if method == "post":
        named.append(_ref("parameters", "IdempotencyKey"))
        answers.setdefault("409", _problem("409"))
        answers.setdefault("422", _problem("422"))
    return {**operation, "parameters": named, "responses": dict(sorted(answers.items()))}


def _parameters(named: list[Json]) -> Iterator[Json]:
    """What is not given is left out: null is no value that a header or a query could have."""
    for parameter in named:
        schema = dict(parameter["schema"])
        kinds = [each for each in schema.pop("oneOf", []) if each != {"type": "null"}]
        yield {**parameter, "schema": {**schema, **(kinds[0] if kinds else {})}}


def _answer(status: str, answer: Json, method: str) -> Json:
    headers: Json = {**answer.get("headers", {})}
    if status == "401":
        headers["WWW-Authenticate"] = _ref("headers", "WWWAuthenticate")
    if status == "429":
        headers["Retry-After"] = _ref("headers", "RetryAfter")
    if status in {"200", "201"} and _JSON in answer.get("content", {}):
        headers["ETag"] = _ref("headers", "ETag")
    if status < "300" and method == "post":
        headers["Idempotent-Replayed"] = _ref("headers", "IdempotentReplayed")
    return (
        {**answer, "headers": headers} if headers else {key: each for key, each in answer.items() if key != "headers"}
    )


def _problem(status: str) -> Json:
    content = {MEDIA_TYPE: {"schema": _ref("schemas", "Problem")}}
    return {"description": MEANINGS[int(status)], "content": content}


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
