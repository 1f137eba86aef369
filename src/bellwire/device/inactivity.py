"""Whether somebody uses the speaker: UserInactivityReport and what ends an hour without use.

It knows how hours are counted and said; it must not know who does what. PURE, as the whole engine.
"""

from dataclasses import replace
from typing import Any

from bellwire.device import inputs
from bellwire.device.held import HOUR, State
from bellwire.device.outputs import Send
from bellwire.device.turn import Turn
from bellwire.protocol.errors import Malformed
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.system import UserInactivityReport

USER_ACTIVITY = frozenset(
    {
        inputs.StopPressed,
        inputs.SnoozePressed,
        inputs.DeletePressed,
        inputs.VolumePressed,
        inputs.DoNotDisturbPressed,
        inputs.DoNotDisturbSet,
    }
)
"""Inputs that are also a sign that somebody is there."""


def user_active(turn: Turn, _happened: Any) -> None:
    """Somebody is there (UserInactivityReport; ResetUserInactivity)."""
    in_use(turn)


def in_use(turn: Turn) -> None:
    """Somebody is there, whatever shows it: the hour begins anew."""
    if turn.profile.has(UserInactivityReport):
        turn.system = replace(turn.system, active_at=turn.now, hours_told=0, hours_heard=0)


def tell_of_inactivity(turn: Turn) -> None:
    """After an hour, and after each hour more. What was due without a connection is said as it is now, once."""
    system = turn.system
    if system.connected_at is None or system.active_at is None:
        return
    hours = (turn.now - system.active_at) // HOUR
    if hours > system.hours_told:
        turn.do(Send(UserInactivityReport(inactive_time_in_seconds=_seconds(hours)), certified=False, once=True))
        turn.system = replace(system, hours_told=hours)


def answered(turn: Turn, message: UserInactivityReport, status: int | None) -> None:
    """Taken, or refused for good: not again. Else with the next connection; but not once somebody was active."""
    hours = message.inactive_time_in_seconds // _seconds(1)
    is_heard = status is not None and (200 <= status < 300 or status == Malformed.status)
    if is_heard and hours <= turn.system.hours_told:
        turn.system = replace(turn.system, hours_heard=max(hours, turn.system.hours_heard))


def is_stale(message: Message, state: State) -> bool:
    """Whether a report that waits to be sent has become wrong: somebody has used the device meanwhile."""
    if not isinstance(message, UserInactivityReport):
        return False
    return message.inactive_time_in_seconds != _seconds(state.system.hours_told)


def _seconds(hours: int) -> int:
    return hours * int(HOUR.total_seconds())
