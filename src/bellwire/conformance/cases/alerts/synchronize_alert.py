"""Alerts, RequestSynchronizeAlert event and SynchronizeAlert directive."""

from collections.abc import Awaitable, Callable

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.cases.event_rows import has
from bellwire.conformance.heard import Heard, tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import FAR, SOON, CloudStand, DeviceStand, time_of
from bellwire.protocol.messages.alerts import RequestSynchronizeAlert
from bellwire.protocol.profiles.profile import Profile

_HAS = has("Alerts.RequestSynchronizeAlert")
_ASKS, _TELLS = "Alerts.RequestSynchronizeAlert", "Alerts.SynchronizeAlert"


def asks_with(profile: Profile) -> bool:
    """Versions whose devices begin a connection with this request."""
    return profile.sync_request is RequestSynchronizeAlert


async def _answered(at: CloudStand) -> None:
    await at.device.is_online()
    at.device.heard.clear()
    at.takes(await at.device.says(_ASKS))
    await at.device.heard.take(_TELLS)


async def _whole_list(at: CloudStand) -> None:
    tokens = {(await at.sets()).tokens[0], (await at.sets("REMINDER", label="Take your medicine")).tokens[0]}
    heard = await _asked(at)
    check_rows(at.profile.directives["Alerts", "SynchronizeAlert"], heard.payload)
    listed = tokens_in(heard.listed)
    expect(tokens <= set(listed), f"all alerts of the account, {sorted(tokens)} among them", listed)
    expect(len(listed) == len(set(listed)), "each of them once", listed)


async def _no_longer(at: CloudStand) -> None:
    [token] = (await at.sets()).tokens
    await at.owner.delete(token)
    await at.device.heard.take("Alerts.DeleteAlert", token)
    listed = tokens_in((await _asked(at)).listed)
    expect(token not in listed, "no alert that was deleted", listed)


async def _asked(at: CloudStand) -> Heard:
    at.device.heard.clear()
    at.takes(await at.device.says(_ASKS))
    return await at.device.heard.take(_TELLS)


async def _asks(at: DeviceStand) -> None:
    at.cloud.cuts()
    await at.cloud.is_online()
    heard = await at.cloud.heard.take(_ASKS)
    expect(heard.payload == {}, "an empty payload", heard.payload)
    await at.cloud.heard.none(_ASKS, within=0.7)


def list_cases(section: str, tells: str, number: int) -> tuple[Case, ...]:
    """What a device does about a list of all alerts, which two directives can bring."""
    namespace, _, _ = tells.partition(".")
    obeys = (f"{section}/obeys", f"{section}/allAlerts[]")

    def case(more: int, title: str, run: Callable[[DeviceStand, str], Awaitable[None]], level: Level) -> Case:
        async def told(at: DeviceStand) -> None:
            await run(at, tells)

        case_id = f"{namespace.lower()}/{section}/{number + more}"
        return Case(
            case_id, title, Side.DEVICE, told, obeys, level, lambda profile: (namespace, section) in profile.directives
        )

    return (
        case(0, "sets the alerts of the list that it does not have", _adds, Level.MUST),
        case(1, "changes those that it has at another time", _changes, Level.MUST),
        case(2, "deletes those that are not in the list", _removes, Level.SHOULD),
        case(3, "lets an alert of the list that rings go on ringing", _rings_on, Level.MUST),
        case(4, "rings an alert that came in a list", _rings, Level.MUST),
    )


async def _adds(at: DeviceStand, tells: str) -> None:
    payload = at.alert()
    await at.cloud.says(tells, {"allAlerts": [payload]})
    await _shows(at, str(payload["token"]))


async def _shows(at: DeviceStand, token: str, *, is_there: bool = True) -> dict[str, object]:
    """The alert as the context of the next event has it."""
    probe = at.alert()
    await at.cloud.says("Alerts.SetAlert", probe)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", probe["token"])
    shown = {each.get("token"): each for each in heard.shown}
    expect((token in shown) is is_there, f"{token} {'' if is_there else 'not '}in the context", f"{list(shown)}")
    return dict(shown.get(token, {}))


async def _changes(at: DeviceStand, tells: str) -> None:
    token = await at.sets()
    changed = at.alert(seconds=2 * FAR, token=token)
    await at.cloud.says(tells, {"allAlerts": [changed]})
    shown = await _shows(at, token)
    expect(time_of(shown) == time_of(changed), f"its new time, {changed['scheduledTime']}", shown)


async def _removes(at: DeviceStand, tells: str) -> None:
    token = await at.sets()
    await at.cloud.says(tells, {"allAlerts": []})
    await _shows(at, token, is_there=False)


async def _rings_on(at: DeviceStand, tells: str) -> None:
    payload = at.alert(seconds=SOON)
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.starts(payload["token"], within=SOON + at.patience)
    await at.cloud.says(tells, {"allAlerts": [payload]})
    await at.cloud.heard.none("Alerts.AlertStopped", payload["token"], within=1.0)


async def _rings(at: DeviceStand, tells: str) -> None:
    payload = at.alert(seconds=SOON)
    await at.cloud.says(tells, {"allAlerts": [payload]})
    await at.starts(payload["token"], within=SOON + at.patience)


CASES = (
    Case(
        "alerts/RequestSynchronizeAlert/1",
        "answers RequestSynchronizeAlert with SynchronizeAlert",
        Side.CLOUD,
        _answered,
        ("RequestSynchronizeAlert/answered",),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestSynchronizeAlert/2",
        "begins each connection with one RequestSynchronizeAlert, its payload empty",
        Side.DEVICE,
        _asks,
        ("RequestSynchronizeAlert/answered", "RequestSynchronizeAlert/payload", "Introduction/reconnected"),
        applies=asks_with,
    ),
    Case(
        "alerts/SynchronizeAlert/1",
        "lists all alerts of the account in SynchronizeAlert, each in the form of SetAlert",
        Side.CLOUD,
        _whole_list,
        ("SynchronizeAlert/allAlerts[]",),
        applies=_HAS,
    ),
    Case(
        "alerts/SynchronizeAlert/2",
        "lists none that was deleted",
        Side.CLOUD,
        _no_longer,
        ("SynchronizeAlert/allAlerts[]",),
        applies=_HAS,
    ),
    *list_cases("SynchronizeAlert", _TELLS, 3),
)
