"""Whose fault it is, and what to answer.

It knows the status codes of the documents; it must not know how an answer is written (the profile does).

::

    ProtocolError                 something on the wire is not as the documents say
    ├── Malformed           400   badly formed
    │   ├── MalformedMultipart    … in its framing
    │   ├── MalformedJson         … in its JSON
    │   ├── InvalidMessage        … a field is missing or ill-typed; names its path
    │   └── UnknownMessage        … a name that this version does not have
    ├── Unauthenticated     401   no token, a wrong one, an expired one
    ├── NoDownchannel       412   no downchannel, or it is on another connection
    ├── TooLarge            413   more bytes than we take
    ├── TooManyRequests     429   more often than anybody needs to; says when to come again
    │   └── TooManyDownchannels 429 a second downchannel too soon after the first
    └── Overloaded          503   ours: too much is waiting; the same again later will do

The first six are the peer's fault and are answered so; anything else that goes wrong is ours and is answered 500.
"""

from typing import ClassVar


class ProtocolError(Exception):
    """Something on the wire is not as the documents say; `str()` of it is fit for the peer to read."""

    status: ClassVar[int] = 400


class Malformed(ProtocolError):
    """Badly formed: the same bytes will never be accepted."""


class MalformedMultipart(Malformed):
    """The multipart framing is broken, or there is none."""


class MalformedJson(Malformed):
    """What should be JSON is not."""


class InvalidMessage(Malformed):
    """A field is missing, or of a wrong type or value.

    `path` is where, from the top of the JSON: ``event.payload.assets[0].url``.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class UnknownMessage(Malformed):
    """A message that this version does not have. `known_namespace`: others of its namespace are served."""

    def __init__(self, namespace: str, name: str, *, known_namespace: bool) -> None:
        super().__init__(f"{namespace[:100]}.{name[:100]} is not a message of this version of the protocol")
        self.namespace = namespace
        self.name = name
        self.known_namespace = known_namespace


class Unauthenticated(ProtocolError):
    """The bearer token is missing, wrong or expired: the client refreshes it."""

    status = 401


class NoDownchannel(ProtocolError):
    """An event came without a downchannel, or over another connection than the downchannel's."""

    status = 412


class TooLarge(ProtocolError):
    """More bytes than are taken."""

    status = 413


class TooManyRequests(ProtocolError):
    """The same came more often than anybody needs it. `retry_after`: seconds after which it may come again."""

    status = 429

    def __init__(self, text: str, *, retry_after: int = 1) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooManyDownchannels(TooManyRequests):
    """Two downchannels were asked for at nearly the same time."""


class Overloaded(ProtocolError):
    """Too much is waiting already; nothing was done, and the same again later will do."""

    status = 503
