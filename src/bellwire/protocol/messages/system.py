"""The messages of namespace System: here the one that tells what was wrong with an event."""

from bellwire.protocol.messages import Message


class Exception(Message, frozen=True, kw_only=True):  # noqa: A001 -- its name on the wire
    """Why an event was not carried out. Directive."""

    namespace = "System"

    code: int
    """The HTTP status of the answer it comes in."""
    description: str
