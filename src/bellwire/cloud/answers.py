"""The answer that refuses a request, as a version of the protocol has it.

It knows the forms of errors and their framing; it must not know why anything is refused.
"""

import random
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from bellwire.cloud.asgi import Header
from bellwire.protocol.codec import Codec
from bellwire.protocol.multipart import JSON_TYPE, MultipartWriter
from bellwire.protocol.profiles.profile import ErrorForm

_message_ids = random.Random(secrets.randbits(256))  # noqa: S311 -- they are no secrets


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


def new_message_id() -> str:
    """The id of one message. It need not be hard to guess, so the system is not asked for its bits each time."""
    return f"{_message_ids.getrandbits(128):032x}"


def message_id_of(device_id: str, command: int) -> str:
    """The id of a command, by its place among those of its device: the same, however often it is said."""
    return blake2b(f"{device_id} {command}".encode(), digest_size=16).hexdigest()


def content_type(writer: MultipartWriter) -> Header:
    """The header that names the framing."""
    return b"content-type", writer.content_type.encode()


def forms_of(codecs: Iterable[Codec]) -> dict[str, Codec]:
    """In whose form each path's answers are, as long as it is not known whose request it is: the first that has it."""
    forms: dict[str, Codec] = {}
    for codec in codecs:
        for path in (codec.profile.downchannel_path, codec.profile.events_path, codec.profile.ping_path):
            forms.setdefault(path, codec)
    return forms


def refusal(codec: Codec, status: int, description: str, headers: Iterable[Header] = ()) -> Answer:
    """Refuse a request with the version's own status for this one, and an exception in its own form."""
    said = codec.encode_refusal(status, description, new_message_id())
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
