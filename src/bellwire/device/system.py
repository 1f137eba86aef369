"""What a device does beside ringing: synchronization, the account's data, inactivity, endpoint, software, complaints.

It knows the rules of namespace System, with every difference between their versions taken from the profile; it must not
know a clock, a file or a socket, like the rest of the engine. `due` follows every input, for the hours bring things by
themselves; the tables at the foot are part of the engine's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bellwire.device import clouds, inputs
from bellwire.device.held import HOUR, Held, Remembered, State, System
from bellwire.device.outputs import DropAssets, DropEvents, Reconnect, Send, Warn
from bellwire.device.turn import Turn
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import VolumeChanged
from bellwire.protocol.messages.context import ContextHeader, ContextObject
from bellwire.protocol.messages.system import (
    INTERNAL,
    UNEXPECTED,
    Encountered,
    ExceptionEncountered,
    ReportSoftwareInfo,
    ResetUserInactivity,
    SetEndpoint,
    SoftwareInfo,
    UserInactivityReport,
)
from bellwire.protocol.profiles.profile import Offline, Profile, UnknownDirective

SOFTWARE_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 25, 125))
"""Between one try to tell of the software and the next; after them it waits for the next connection."""

BAD_EVENT = 400
"""The answer to what is wrong in itself, such as a version of the software that is none (SoftwareInfo)."""

PROVEN = timedelta(seconds=60)
"""A connection that stood so long was good."""

MAX_RAW = 65_536
"""Bytes of JSON that a directive has as a string in ExceptionEncountered; what is longer is cut."""

MOST_COMPLAINTS = 20
"""Directives that are reported in `COMPLAINT_SPAN`; more are passed over: a cloud that answers each such report with
another mistake must not keep both busy for ever."""

COMPLAINT_SPAN = timedelta(minutes=1)

_encode = msgspec.json.Encoder().encode


# The whole.


def started(turn: Turn, happened: inputs.Started) -> None:
    """The device has booted. It has no connection yet, so the time without one begins; somebody has switched it on."""
    setup, kept = happened.setup, happened.remembered
    remembered = replace(kept, clouds=clouds.configured(setup.cloud, kept.clouds)) if setup.cloud else kept
    turn.system = System(setup=setup, remembered=remembered)
    if setup.owner:
        _belongs_to(turn, setup.owner)
    _in_use(turn)
    _begin_to_miss_the_network(turn)
    _delete_what_may_not_stay(turn)


def due(turn: Turn) -> None:
    """What the hours bring."""
    _prove(turn)
    _delete_what_may_not_stay(turn)
    _tell_of_inactivity(turn)
    _tell_of_software(turn)


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


def is_stale(message: Message, state: State) -> bool:
    """Whether a report that waits to be sent has become wrong: somebody has used the device meanwhile."""
    if not isinstance(message, UserInactivityReport):
        return False
    return message.inactive_time_in_seconds != _seconds(state.system.hours_told)


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
        software_at=turn.now if _is_news(turn) or turn.system.software_at is not None else None,
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
        _begin_to_miss_the_network(turn)


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
    turn.system = replace(turn.system, remembered=replace(turn.system.remembered, clouds=changed))


# The account's data.


def logged_out(turn: Turn, _happened: inputs.LoggedOut) -> None:
    """The device is nobody's any more: nothing of the account stays (System, note on logout)."""
    _change_hands(turn, "")


def _belongs_to(turn: Turn, owner: str) -> None:
    """The data of another account is deleted; of data that nobody has claimed yet it is taken that it is this one's."""
    before = turn.system.remembered
    if before.owner and before.owner != owner:
        _change_hands(turn, owner)
    turn.system = replace(turn.system, remembered=replace(turn.system.remembered, owner=owner))


def _change_hands(turn: Turn, owner: str) -> None:
    """Also which cloud serves the account, and what that one knows of this device, are of the account before."""
    before = turn.system.remembered.clouds
    after = clouds.Clouds(before.configured, (before.configured,)) if before.places else before
    turn.do(DropEvents())
    _delete_alerts(turn)
    turn.system = replace(turn.system, remembered=Remembered(owner, after))
    if after.current != before.current:
        turn.do(Reconnect())


def _begin_to_miss_the_network(turn: Turn) -> None:
    grace = turn.system.setup.offline_grace
    if turn.profile.offline is Offline.DELETE and grace is not None:
        turn.system = replace(turn.system, delete_at=turn.now + grace)


def _delete_what_may_not_stay(turn: Turn) -> None:
    """Without a network for too long: the account's data goes (System, note on disconnection; `Profile.offline`).

    What rings at that moment rings until somebody stops it, and goes then: it is heard. Without any grace it goes too.
    """
    system = turn.system
    if system.delete_at is None or system.delete_at > turn.now:
        return
    spared = turn.sounding if system.setup.offline_grace else None
    if not system.is_deleting:
        turn.do(DropEvents())  # not again: that what was spared is stopped is said
    if not system.is_deleting or (turn.alerts and spared is None):
        _delete_alerts(turn, spared)
    turn.system = replace(system, is_deleting=True)


def _delete_alerts(turn: Turn, spared: Held | None = None) -> None:
    """Alerts, what is known of those that are over, and sounds; what is `spared` keeps its own."""
    for held in [held for held in turn.alerts.values() if held is not spared]:
        del turn.alerts[held.token]
    turn.over.clear()
    if spared is None:
        turn.missing.clear()
        turn.do(DropAssets())


# What people do, or not.


def user_active(turn: Turn, _happened: Any) -> None:
    """Somebody is there (UserInactivityReport; ResetUserInactivity)."""
    _in_use(turn)


def _in_use(turn: Turn) -> None:
    if turn.profile.has(UserInactivityReport):
        turn.system = replace(turn.system, active_at=turn.now, hours_told=0, hours_heard=0)


def _tell_of_inactivity(turn: Turn) -> None:
    """After an hour, and after each hour more. What was due without a connection is said as it is now, once."""
    system = turn.system
    if system.connected_at is None or system.active_at is None:
        return
    hours = (turn.now - system.active_at) // HOUR
    if hours > system.hours_told:
        turn.do(Send(UserInactivityReport(inactive_time_in_seconds=_seconds(hours)), certified=False, once=True))
        turn.system = replace(system, hours_told=hours)


def _inactivity_answered(turn: Turn, message: UserInactivityReport, status: int | None) -> None:
    """Taken, or refused for good: not again. Else with the next connection; but not once somebody was active."""
    hours = message.inactive_time_in_seconds // _seconds(1)
    is_heard = status is not None and (200 <= status < 300 or status == BAD_EVENT)
    if is_heard and hours <= turn.system.hours_told:
        turn.system = replace(turn.system, hours_heard=max(hours, turn.system.hours_heard))


def _seconds(hours: int) -> int:
    return hours * int(HOUR.total_seconds())


# The software.


def _is_news(turn: Turn) -> bool:
    """Whether the cloud does not know of this software yet: at the first boot, with a new version, without storage."""
    version, remembered = turn.system.setup.firmware, turn.system.remembered
    return (
        turn.profile.has(SoftwareInfo)
        and bool(version)
        and version not in {remembered.firmware_taken, remembered.firmware_refused}
    )


def report_software_info(turn: Turn, _message: ReportSoftwareInfo) -> None:
    """Say it, even what was said before (ReportSoftwareInfo)."""
    turn.system = replace(turn.system, software_at=turn.now, software_tries=0)


def _tell_of_software(turn: Turn) -> None:
    system = turn.system
    if system.connected_at is not None and system.software_at is not None and system.software_at <= turn.now:
        turn.do(Send(SoftwareInfo(firmware_version=system.setup.firmware), certified=False, once=True))
        turn.system = replace(system, software_at=None)


def _software_answered(turn: Turn, message: SoftwareInfo, status: int | None) -> None:
    """Taken: never again for this version. Refused as none: never again either. Else later, and later."""
    version = message.firmware_version
    remembered, tries = turn.system.remembered, turn.system.software_tries
    if status is not None and 200 <= status < 300:
        turn.system = replace(turn.system, remembered=replace(remembered, firmware_taken=version, firmware_refused=""))
    elif status == BAD_EVENT:
        turn.system = replace(turn.system, remembered=replace(remembered, firmware_refused=version))
        turn.do(Warn(f"the cloud takes {version!r} for no firmware version: start with another --firmware-version"))
    elif tries < len(SOFTWARE_WAITS):
        again = turn.now + SOFTWARE_WAITS[tries]
        turn.system = replace(turn.system, software_at=again, software_tries=tries + 1)


# What came of events that are tried once.


def answered(turn: Turn, happened: inputs.Answered) -> None:
    """It was taken, refused, or lost."""
    message = happened.message
    if isinstance(message, SoftwareInfo):
        _software_answered(turn, message, happened.status)
    elif isinstance(message, UserInactivityReport):
        _inactivity_answered(turn, message, happened.status)


# What can't be carried out.


def not_understood(turn: Turn, happened: inputs.NotUnderstood) -> None:
    """A directive that is malformed, or that this version does not have."""
    if turn.profile.unknown_directive is UnknownDirective.REPORT:
        complain(turn, UNEXPECTED, happened.problem, happened.raw)


def complain(turn: Turn, kind: str, problem: str, raw: str) -> None:
    """Give a directive back that could not be carried out (ExceptionEncountered), where a version has that."""
    recent = tuple(time for time in turn.system.complaints if time > turn.now - COMPLAINT_SPAN)
    if not turn.profile.has(ExceptionEncountered) or len(recent) >= MOST_COMPLAINTS:
        return
    error = Encountered(type=kind, message=problem)
    turn.do(Send(ExceptionEncountered(unparsed_directive=bounded(raw), error=error), certified=False))
    turn.system = replace(turn.system, complaints=(*recent, turn.now))


def bounded(raw: str) -> str:
    """A directive as it came or, when it is too long, its beginning and a word about that."""
    kept = raw[:MAX_RAW]
    while len(_encode(kept)) > MAX_RAW:
        kept = kept[: len(kept) * 3 // 4]
    return raw if len(kept) == len(raw) else f"{kept}… (cut: it has {len(raw)} characters)"


Handler = Callable[[Turn, Any], None]

DIRECTIVES: Mapping[type[Message], Handler] = {
    ReportSoftwareInfo: report_software_info,
    ResetUserInactivity: user_active,
    SetEndpoint: set_endpoint,
}

INPUTS: Mapping[type[inputs.Input], Handler] = {
    inputs.Answered: answered,
    inputs.LoggedOut: logged_out,
    inputs.UserActive: user_active,
}

USER_ACTIVITY = frozenset({inputs.StopPressed, inputs.SnoozePressed, inputs.DeletePressed, inputs.VolumePressed})
"""Inputs that are also a sign that somebody is there."""
