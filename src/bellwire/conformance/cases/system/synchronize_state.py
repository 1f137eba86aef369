"""System: RequestSynchronizeState with its answer, and the SynchronizeState that is an event."""

from bellwire.conformance.case import Case, Side, expect
from bellwire.conformance.cases.alerts.synchronize_alert import list_cases
from bellwire.conformance.cases.event_rows import has
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import CloudStand, DeviceStand
from bellwire.protocol.messages.system import RequestSynchronizeState
from bellwire.protocol.profiles.profile import Profile

_ASKS, _STATE = "System.RequestSynchronizeState", "System.SynchronizeState"
_HAS = has(_ASKS)


def _asks_with_it(profile: Profile) -> bool:
    return profile.sync_request is RequestSynchronizeState


def _reports_state(profile: Profile) -> bool:
    return ("System", "SynchronizeState") in profile.events


async def _answered(at: CloudStand) -> None:
    await at.device.is_online()
    at.device.heard.clear()
    at.takes(await at.device.says(_ASKS))
    await at.device.heard.take(_STATE)


async def _always(at: CloudStand) -> None:
    token = (await at.sets()).tokens[0]
    at.device.heard.clear()
    at.takes(await at.device.says(_ASKS))
    heard = await at.device.heard.take(_STATE)
    check_rows(at.profile.directives["System", "SynchronizeState"], heard.payload)
    listed = tokens_in(heard.listed)
    expect(token in listed, f"{token} in allAlerts", listed)


async def _asks(at: DeviceStand) -> None:
    at.cloud.cuts()
    await at.cloud.is_online()
    heard = await at.cloud.heard.take(_ASKS)
    expect(heard.payload == {}, "an empty payload", heard.payload)
    expect(heard.context in ([], None), "an empty context", f"{heard.context!r:.300}")


async def _state_taken(at: CloudStand) -> None:
    await at.device.is_online()
    at.takes(await at.device.says(_STATE))


async def _other_states(at: CloudStand) -> None:
    await at.device.is_online()
    player = {"header": {"namespace": "AudioPlayer", "name": "PlaybackState"}, "payload": {"playerActivity": "IDLE"}}
    states = [*(at.device.context_of(None) or ()), player]
    at.takes(await at.device.says(_STATE, context=states))


async def _tells(at: DeviceStand) -> None:
    at.cloud.cuts()
    await at.cloud.is_online()
    heard = await at.cloud.heard.take(_STATE)
    expect(heard.payload == {}, "an empty payload", heard.payload)
    expect(heard.state() is not None, "Alerts.AlertsState among all its states", f"{heard.context!r:.300}")


CASES = (
    Case(
        "system/RequestSynchronizeState/1",
        "answers RequestSynchronizeState with SynchronizeState",
        Side.CLOUD,
        _answered,
        ("RequestSynchronizeState/answered", "RequestSynchronizeState/payload", "RequestSynchronizeState/context"),
        applies=_HAS,
    ),
    Case(
        "system/RequestSynchronizeState/2",
        "asks for the account's state on each connection, with an empty context",
        Side.DEVICE,
        _asks,
        (
            "RequestSynchronizeState/context",
            "RequestSynchronizeState/payload",
            "Introduction/asks",
            "Introduction/added",
            "Introduction/reconnected",
        ),
        applies=_asks_with_it,
    ),
    Case(
        "system/SynchronizeState/1",
        "lists all alerts of the account in allAlerts of SynchronizeState",
        Side.CLOUD,
        _always,
        ("SynchronizeState/allAlerts[]",),
        applies=_HAS,
    ),
    *list_cases("SynchronizeState", _STATE, 2),
    Case(
        "system/SynchronizeState/10",
        "takes the SynchronizeState of a new connection",
        Side.CLOUD,
        _state_taken,
        ("SynchronizeState/sent", "SynchronizeState/payload", "SynchronizeState/messageId"),
        applies=_reports_state,
    ),
    Case(
        "system/SynchronizeState/11",
        "takes states of components that it does not serve",
        Side.CLOUD,
        _other_states,
        ("SynchronizeState/context",),
        applies=_reports_state,
    ),
    Case(
        "system/SynchronizeState/12",
        "sends SynchronizeState on each connection, with all states and an empty payload",
        Side.DEVICE,
        _tells,
        ("SynchronizeState/sent", "SynchronizeState/context", "SynchronizeState/payload", "SynchronizeState/messageId"),
        applies=_reports_state,
    ),
)
