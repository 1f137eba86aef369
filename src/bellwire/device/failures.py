"""What is said of a directive about alerts that could not be carried out.

It knows which report of a failure belongs to which directive; it must not know why a directive failed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bellwire.device import complaints, inputs
from bellwire.device.outputs import Send
from bellwire.device.turn import Turn
from bellwire.protocol.messages import Message, key_of
from bellwire.protocol.messages.alerts import (
    DeleteAlert,
    DeleteAlertFailed,
    DeleteAlerts,
    DeleteAlertsFailed,
    OneAlert,
    SetAlert,
    SetAlertFailed,
    tokens_of,
)
from bellwire.protocol.messages.system import INTERNAL
from bellwire.protocol.profiles.profile import Profile


def not_understood(turn: Turn, happened: inputs.NotUnderstood) -> None:
    """Say which alert failed (SetAlertFailed, DeleteAlertFailed: "must"), beside what is said of any directive.

    Where the version's report needs a type and none can be read, nothing can be said.
    """
    complaints.not_understood(turn, happened)
    unread = happened.unread
    failure = _failure(unread.message, unread.tokens, unread.kind) if unread else None
    if failure is not None and _has_its_type(failure, turn.profile):
        turn.do(Send(failure))


def _has_its_type(report: Message, profile: Profile) -> bool:
    """Whether nothing is lacking that the version's table wants."""
    rows = {row.path for row in profile.events[key_of(report)].fields}
    return not isinstance(report, OneAlert) or report.type is not None or "type" not in rows


def _not_kept(turn: Turn, not_kept: inputs.NotKept) -> None:
    """Say that it failed (SetAlertFailed, DeleteAlertFailed, DeleteAlertsFailed).

    What can't be saved can't be certified either.
    """
    message = not_kept.directive.message
    failure = _failure(type(message), tokens_of(message), getattr(message, "type", None))
    if failure is not None:
        turn.do(Send(failure, certified=False))
    complaints.complain(turn, INTERNAL, "what it changes can't be saved", not_kept.raw)


_FAILURES: Mapping[type[Message], Callable[[tuple[str, ...], str | None], Message]] = {
    DeleteAlert: lambda tokens, kind: DeleteAlertFailed(token=tokens[0], type=kind),
    DeleteAlerts: lambda tokens, _: DeleteAlertsFailed(tokens=tokens),
    SetAlert: lambda tokens, kind: SetAlertFailed(token=tokens[0], type=kind),
}


def _failure(directive: type[Message], tokens: tuple[str, ...], kind: str | None) -> Message | None:
    """What says that a directive about these alerts could not be carried out; None where nothing says so."""
    failure = _FAILURES.get(directive)
    return failure(tokens, kind) if failure and tokens else None


INPUTS: Mapping[type[inputs.Input], Callable[[Turn, Any], None]] = {
    inputs.NotKept: _not_kept,
    inputs.NotUnderstood: not_understood,
}
