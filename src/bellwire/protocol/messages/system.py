"""The messages of namespace System, each with every field that any version has."""

from typing import Annotated

import msgspec

from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import SetAlert


class SystemMessage(Message, frozen=True, kw_only=True):
    """A message of this namespace."""

    namespace = "System"


class SynchronizeState(SystemMessage, frozen=True, kw_only=True):
    """What one side has. A directive in some versions, an event in others."""

    all_alerts: tuple[SetAlert, ...] | None = None
    """The account's alerts, each in the form of SetAlert: have exactly these. In the directive only."""


# Directives


class ResetUserInactivity(SystemMessage, frozen=True, kw_only=True):
    """The user was active elsewhere: count the time of inactivity from now. Directive."""


class SetEndpoint(SystemMessage, frozen=True, kw_only=True):
    """Connect there from now on: it serves the account's country. Directive."""

    endpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    """A URL; protocol and port may be left out."""


class ReportSoftwareInfo(SystemMessage, frozen=True, kw_only=True):
    """Please say SoftwareInfo. Directive."""


class Exception(SystemMessage, frozen=True, kw_only=True):  # noqa: A001 -- its name on the wire
    """Why an event was not carried out. Comes with the answer to it."""

    code: int | str
    """What stands for the HTTP status of that answer."""
    description: str


# Events


class RequestSynchronizeState(SystemMessage, frozen=True, kw_only=True):
    """Please say SynchronizeState. Event."""


class UserInactivityReport(SystemMessage, frozen=True, kw_only=True):
    """Nobody has used the device for so long. Event."""

    inactive_time_in_seconds: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class SoftwareInfo(SystemMessage, frozen=True, kw_only=True):
    """The software that the device runs. Event."""

    firmware_version: str


UNEXPECTED = "UNEXPECTED_INFORMATION_RECEIVED"
INTERNAL = "INTERNAL_ERROR"


class Encountered(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong."""

    type: str
    """UNEXPECTED: it is not as it should be; or INTERNAL: the device could not do it."""
    message: str


class ExceptionEncountered(SystemMessage, frozen=True, kw_only=True):
    """A directive could not be carried out. Event."""

    unparsed_directive: str
    """The directive as it came."""
    error: Encountered
