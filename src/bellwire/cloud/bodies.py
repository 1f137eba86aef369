"""Bodies of requests, read as strictly as the OpenAPI document has them: "3" is no number, and 1 is not true.

It knows JSON and the types of routes; it must not know any route.
"""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import SerializationException, ValidationException

from bellwire.cloud.identity import AccountIdentity

_PLACE = re.compile(r"(?P<what>.*) - at `\$(?P<place>[^`]*)`", re.DOTALL)


class StrictRequest(Request[AccountIdentity, Any, State]):
    """A request whose body is of the type of its route, or is refused."""

    async def json(self) -> Any:
        """The body. Raises SerializationException, ValidationException."""
        try:
            value = msgspec.json.decode(await self.body())
        except msgspec.DecodeError as error:
            raise SerializationException(str(error)) from error
        try:
            return msgspec.convert(value, type=self.route_handler.parsed_fn_signature.parameters["data"].annotation)
        except msgspec.ValidationError as error:
            raise ValidationException(extra=[_told(str(error))]) from error


def _told(words: str) -> dict[str, str]:
    found = _PLACE.fullmatch(words)
    place = found["place"].lstrip(".") if found else ""
    return {"key": place or "data", "message": found["what"] if found else words}
