"""What each event of namespace System changes: by these a device tells of itself.

It knows the table at its foot and what is kept; it must not know what is said to devices in return.
Every function of the table is a transaction, and re-runnable.
"""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from bellwire.cloud.handlers.alerts import Handler, Rows, request_synchronize
from bellwire.cloud.handlers.arrival import Arrival
from bellwire.cloud.occurrences import NOBODY, Woken
from bellwire.cloud.store.reports import (
    DeviceException,
    add_exception,
    save_firmware,
    save_inactivity,
    save_states,
)
from bellwire.cloud.store.transaction import Transaction
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.system import (
    ExceptionEncountered,
    RequestSynchronizeState,
    SoftwareInfo,
    SynchronizeState,
    UserInactivityReport,
)

MOST_BYTES = 64 * 1024
"""Of a directive that a device returns."""
MOST_WORDS = 4 * 1024
"""Characters of what a device says of an exception."""
_LONGEST_NAME = 200
"""Characters of a message's id or name that are kept of a directive that was returned."""


def _synchronize_state(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """A new connection: these are the states of all components, and no other ones (SynchronizeState)."""
    states, device = arrival.states, arrival.device
    yield from save_states(device.account_id, device.device_id, states.json, states.left_out, arrival.now)
    return NOBODY


def _user_inactivity_report(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """Nobody has used it for so long (UserInactivityReport)."""
    message = cast("UserInactivityReport", arrival.event.message)
    device = arrival.device
    yield from save_inactivity(device.account_id, device.device_id, message.inactive_time_in_seconds, arrival.now)
    return NOBODY


def _software_info(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """It runs this software (SoftwareInfo)."""
    message = cast("SoftwareInfo", arrival.event.message)
    yield from save_firmware(arrival.device.account_id, arrival.device.device_id, message.firmware_version, arrival.now)
    return NOBODY


def _exception_encountered(arrival: Arrival, _: Rows) -> Transaction[Woken]:
    """It could not carry a directive out (ExceptionEncountered)."""
    message = cast("ExceptionEncountered", arrival.event.message)
    name, message_id = named_in(message.unparsed_directive)
    exception = DeviceException(
        arrival.now,
        message.error.type,
        message.error.message[:MOST_WORDS],
        _cut(message.unparsed_directive),
        name,
        message_id,
    )
    yield from add_exception(arrival.device.account_id, arrival.device.device_id, exception)
    return NOBODY


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    namespace: str
    name: str
    message_id: str = ""


class _Body(msgspec.Struct, frozen=True):
    header: _Header


class _Returned(msgspec.Struct, frozen=True):
    directive: _Body


def named_in(directive: str) -> tuple[str | None, str | None]:
    """Name and messageId of a directive that a device returned, with its envelope or without; None where unreadable."""
    for read in (lambda text: msgspec.json.decode(text, type=_Returned).directive, _body):
        try:
            header = read(directive).header
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            continue
        return f"{header.namespace}.{header.name}"[:_LONGEST_NAME], header.message_id[:_LONGEST_NAME] or None
    return None, None


def _body(text: str) -> _Body:
    return msgspec.json.decode(text, type=_Body)


def _cut(directive: str) -> str:
    data = directive.encode()
    return directive if len(data) <= MOST_BYTES else data[:MOST_BYTES].decode(errors="ignore")


HANDLERS: dict[type[Message], Handler] = {
    ExceptionEncountered: _exception_encountered,
    RequestSynchronizeState: request_synchronize,
    SoftwareInfo: _software_info,
    SynchronizeState: _synchronize_state,
    UserInactivityReport: _user_inactivity_report,
}


def _remark_on_states(arrival: Arrival) -> str | None:
    left_out = arrival.states.left_out
    return (
        f"{left_out} states of its components are not kept: too many, too large, or no JSON that can be read"
        if left_out
        else None
    )


def _remark_on_exception(arrival: Arrival) -> str | None:
    message = cast("ExceptionEncountered", arrival.event.message)
    name, _ = named_in(message.unparsed_directive)
    return f"it could not carry out {name or 'a directive'}: {message.error.type}"


REMARKS: Mapping[type[Message], Callable[[Arrival], str | None]] = {
    ExceptionEncountered: _remark_on_exception,
    SynchronizeState: _remark_on_states,
}
"""What whoever runs the cloud should know of an event, in a line of the log."""
