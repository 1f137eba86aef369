"""What a speaker does beside ringing, put together: its start, its connections and where they lead, and what is due.

It knows the rules of namespace System about synchronization and endpoints, with every difference between their versions
taken from the profile; it must not know a clock, a file or a socket, like the rest of the engine. `due` follows every
input, for the hours bring things by themselves; the tables at the foot are part of the engine's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bellwire.device import account_data, clouds, inactivity, inputs, software
from bellwire.device.complaints import bounded, complain
from bellwire.device.held import State, System
from bellwire.device.outputs import Reconnect, Send
from bellwire.device.turn import Turn
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import VolumeChanged
from bellwire.protocol.messages.context import ContextHeader, ContextObject
from bellwire.protocol.messages.system import (
    INTERNAL,
    UNEXPECTED,
    ReportSoftwareInfo,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    UserInactivityReport,
)
from bellwire.protocol.profiles.profile import Profile

PROVEN = timedelta(seconds=60)
"""A connection that stood so long was good."""

_encode = msgspec.json.Encoder().encode


# The whole.


def started(turn: Turn, happened: inputs.Started) -> None:
    """The device has booted. It has no connection yet, so the time without one begins; somebody has switched it on."""
    setup, kept = happened.setup, happened.remembered
    remembered = replace(kept, clouds=clouds.configured(setup.cloud, kept.clouds)) if setup.cloud else kept
    turn.system = System(setup=setup, remembered=remembered)
    if setup.owner:
        account_data.belongs_to(turn, setup.owner)
    inactivity.in_use(turn)
    account_data.begin_to_miss_the_network(turn)
    account_data.delete_what_may_not_stay(turn)


def due(turn: Turn) -> None:
    """What the hours bring."""
    _prove(turn)
    account_data.delete_what_may_not_stay(turn)
    inactivity.tell_of_inactivity(turn)
    software.tell_of_software(turn)


def moved_by(system: System, by: timedelta) -> System:
    """After the clock was set: what counts the time that goes by has counted neither more nor less."""

    def moved(time: datetime | None) -> datetime | None:
        return time + by if time is not None else None

    return replace(
        system,
        connected_at=moved(system.connected_at),
        delete_at=moved(system.delete_at),
        active_at=moved(system.active_at),
        software_at=moved(system.software_at),
        complaints=tuple(time + by for time in system.complaints),
    )


def components(state: State, profile: Profile) -> tuple[ContextObject, ...]:
    """The states of the components beside its alerts, as they go with events (SynchronizeState, Context).

    Only versions that speak of volumes have one.
    """
    if not profile.has(VolumeChanged):
        return ()
    volume = msgspec.Raw(_encode({"volume": state.volume, "muted": state.volume == 0}))
    return (ContextObject(ContextHeader("Speaker", "VolumeState"), volume),)


# Connections, and where they lead.


def connected(turn: Turn, _happened: inputs.Connected) -> None:
    """Say the state or ask for it, whatever led here: a device that was added, reconnected, changed hands, was reset.

    A cloud that this device was sent to and could not reach is reported to the one that it came back to (SetEndpoint).
    """
    turn.do(Send(turn.profile.sync_request(), certified=False))
    before = turn.system.remembered.clouds
    if before.gave_up:
        away = before.places[0]
        complain(turn, INTERNAL, f"{away} could not be reached in {clouds.TRIES} tries", before.directive)
    turn.system = replace(
        turn.system,
        connected_at=turn.now,
        connected_to=before.current,
        delete_at=None,
        is_deleting=False,
        software_at=turn.now if software.is_news(turn) or turn.system.software_at is not None else None,
        software_tries=0,
        hours_told=turn.system.hours_heard,
    )
    _clouds(turn, clouds.stands(before))


def disconnected(turn: Turn, _happened: inputs.Disconnected) -> None:
    """The downchannel is gone, or could not be had. The time without a network goes on from the first time."""
    since, tried = turn.system.connected_at, turn.system.remembered.clouds
    if since is None or (turn.system.connected_to == tried.current and turn.now - since < PROVEN):
        _clouds(turn, clouds.failed(tried))
    if since is not None:
        _prove(turn)
        turn.system = replace(turn.system, connected_at=None)
        account_data.begin_to_miss_the_network(turn)


def _prove(turn: Turn) -> None:
    """A connection that has stood for a while was good, unless it is to another cloud than the one wanted now."""
    since, wanted = turn.system.connected_at, turn.system.remembered.clouds
    if since is not None and turn.now - since >= PROVEN and turn.system.connected_to == wanted.current:
        _clouds(turn, clouds.proven(wanted))


def set_endpoint(turn: Turn, message: SetEndpoint) -> None:
    """Connect there from now on (SetEndpoint). What waits to be sent goes there too; alerts stay as they are."""
    before = turn.system.remembered.clouds
    try:
        url = clouds.address_of(message.endpoint, before.configured)
    except ValueError as error:
        complain(turn, UNEXPECTED, f"directive.payload.endpoint: {error}", turn.raw)
        return
    if url != before.current:
        _clouds(turn, clouds.sent_to(before, url, bounded(turn.raw)))
        turn.do(Reconnect())


def _clouds(turn: Turn, changed: clouds.Clouds) -> None:
    if changed is turn.system.remembered.clouds:
        return  # nearly always: a connection is found good anew in every turn
    turn.system = replace(turn.system, remembered=replace(turn.system.remembered, clouds=changed))


# What came of events that are tried once.


def answered(turn: Turn, happened: inputs.Answered) -> None:
    """It was taken, refused, or lost."""
    message = happened.message
    if isinstance(message, SoftwareInfo):
        software.answered(turn, message, happened.status)
    elif isinstance(message, UserInactivityReport):
        inactivity.answered(turn, message, happened.status)


Handler = Callable[[Turn, Any], None]

DIRECTIVES: Mapping[type[Message], Handler] = {
    ReportSoftwareInfo: software.report_software_info,
    ResetUserInactivity: inactivity.user_active,
    SetEndpoint: set_endpoint,
}

INPUTS: Mapping[type[inputs.Input], Handler] = {
    inputs.Answered: answered,
    inputs.LoggedOut: account_data.logged_out,
    inputs.UserActive: inactivity.user_active,
}
