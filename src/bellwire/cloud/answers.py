"""The answer that refuses a request, as a version of the protocol has it.

It knows the forms of errors and their framing; it must not know why anything is refused.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bellwire.cloud.asgi import Header
from bellwire.protocol.codec import Codec
from bellwire.protocol.multipart import JSON_TYPE, MultipartWriter
from bellwire.protocol.profiles.profile import ErrorForm


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: list[Header]
    body: bytes
    said: bytes
    """The exception in it, on one line."""


def new_writer() -> MultipartWriter:
    """What frames one answer, with a boundary that nobody can have put into a part."""
    return MultipartWriter(f"----{secrets.token_hex(16)}", "related")


def content_type(writer: MultipartWriter) -> Header:
    """The header that names the framing."""
    return b"content-type", writer.content_type.encode()


def refusal(codec: Codec, status: int, description: str, headers: Iterable[Header] = ()) -> Answer:
    """Refuse a request with the version's own status for this one, and an exception in its own form."""
    said = codec.encode_refusal(status, description, secrets.token_hex(16))
    framing, body = _FRAMED[codec.profile.error_form](said)
    return Answer(codec.status_of(status), [framing, *headers], body, said)


def _alone(said: bytes) -> tuple[Header, bytes]:
    return (b"content-type", JSON_TYPE.encode()), said


def _as_part(said: bytes) -> tuple[Header, bytes]:
    writer = new_writer()
    return content_type(writer), writer.whole([said])


_FRAMED: Mapping[ErrorForm, Callable[[bytes], tuple[Header, bytes]]] = {
    ErrorForm.BARE: _alone,
    ErrorForm.DIRECTIVE: _as_part,
}
