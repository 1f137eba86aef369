"""Alerts, the introduction: what is kept where, what a device does, when it synchronizes."""

from datetime import UTC, datetime, timedelta

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import FAR, SOON, CloudStand, DeviceStand, time_of
from bellwire.protocol.messages import key_of
from bellwire.protocol.profiles.profile import Offline, Profile

_ON_TIME = timedelta(seconds=1)
_A_DAY = 24 * 3600.0


async def _told_at_once(at: CloudStand) -> None:
    heard = await at.sets()
    expect(heard.payload.get("type") == "ALARM", "an ALARM, as its owner set it", heard.payload)


async def _told_later(at: CloudStand) -> None:
    await at.device.is_online()
    await at.device.goes_offline()
    token = await at.owner.add("ALARM", FAR)
    at._added.append(token)
    await at.device.is_online()
    listed = at.profile.sync_replies[at.profile.sync_request]
    if listed is None:
        await at.device.heard.take("Alerts.SetAlert", token)
        return
    heard = await at.device.heard.take(".".join(key_of(listed)))
    tokens = tokens_in(heard.listed)
    expect(token in tokens, f"{token} in the list", tokens)


async def _nearest_only(at: CloudStand) -> None:
    heard = await at.sets(seconds=60, every="daily")
    ahead = time_of(heard.payload) - datetime.now(UTC)
    expect(timedelta(0) < ahead <= timedelta(minutes=2), "the nearest occurrence, a minute ahead", f"{ahead} ahead")
    await at.device.heard.none("Alerts.SetAlert", heard.tokens[0], within=0.5)


async def _context(at: DeviceStand) -> None:
    token = await at.sets()
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    heard = await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    state = heard.state()
    expect(state is not None, "Alerts.AlertsState in the context", f"{heard.context!r:.300}")
    expect({"allAlerts", "activeAlerts"} <= set(state or ()), "allAlerts and activeAlerts", state)


async def _shows_what_it_has(at: DeviceStand) -> None:
    payload = at.alert()
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    found = [each for each in heard.shown if each.get("token") == payload["token"]]
    expect(len(found) == 1, "the alert once in the context", f"{heard.context!r:.300}")
    [shown] = found
    expect(shown.get("type") == "ALARM", "its type in the context", shown)
    expect(time_of(shown) == time_of(payload), f"its time, {payload['scheduledTime']}", shown)


async def _on_time(at: DeviceStand) -> None:
    await _kind_on_time(at, "ALARM")


async def _kind_on_time(at: DeviceStand, kind: str) -> None:
    payload = at.alert(kind, SOON)
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.starts(payload["token"], within=SOON + at.patience)
    late = heard.at - time_of(payload)
    expect(
        -_ON_TIME < late < _ON_TIME,
        "AlertStarted within a second of its time",
        f"it came {late.total_seconds():+.2f} s",
    )
    form = at.profile.events["Alerts", "AlertStarted"]
    check_rows(form, heard.payload)
    if any(row.path == "type" for row in form.fields):
        expect(heard.payload.get("type") == kind, f"type {kind}, as it was set", heard.payload)


async def _reminder(at: DeviceStand) -> None:
    await _kind_on_time(at, "REMINDER")


async def _timer(at: DeviceStand) -> None:
    await _kind_on_time(at, "TIMER")


async def _action_timer(at: DeviceStand) -> None:
    await _kind_on_time(at, "ACTIONTIMER")


async def _tomorrow_is_not_now(at: DeviceStand) -> None:
    token = await at.sets(seconds=_A_DAY + SOON)
    await at.cloud.heard.none("Alerts.AlertStarted", token, within=SOON + 1.5)


async def _earliest_first(at: DeviceStand) -> None:
    later = await at.sets(seconds=FAR)
    first = await at.sets(seconds=SOON)
    last = await at.sets(seconds=2 * FAR)
    await at.starts(first, within=SOON + at.patience)
    for token in (later, last):
        await at.cloud.heard.none("Alerts.AlertStarted", token, within=0.3)


async def _asks_on_connecting(at: DeviceStand) -> None:
    at.cloud.cuts()
    await at.cloud.until(lambda: at.cloud.downchannel is None, "the end of the connection")
    await at.cloud.is_online()
    await at.cloud.heard.take(".".join(key_of(at.profile.sync_request)))


async def _forgets(at: DeviceStand) -> None:
    token = await at.sets()
    at.cloud.cuts()
    await at.cloud.until(lambda: at.cloud.downchannel is None, "the end of the connection")
    await at.cloud.is_online()
    asks = await at.cloud.heard.take(".".join(key_of(at.profile.sync_request)))
    if asks.state() is None:  # the request has no context in this version: the next event has
        probe = at.alert()
        await at.cloud.says("Alerts.SetAlert", probe)
        asks = await at.cloud.heard.take("Alerts.SetAlertSucceeded", probe["token"])
    shown = tokens_in(asks.shown)
    expect(token not in shown, "nothing of the account after the network was gone", f"in the context: {shown}")


async def _keeps(at: DeviceStand) -> None:
    token = await at.sets(seconds=SOON + 1)
    at.cloud.cuts()
    await at.starts(token, within=SOON + 1 + at.patience)


def _deletes_offline(profile: Profile) -> bool:
    return profile.offline is Offline.DELETE


def _keeps_offline(profile: Profile) -> bool:
    return profile.offline is Offline.KEEP


async def _settles(at: CloudStand) -> None:
    """What a device has and its owner has not is deleted there (a client that lost a DeleteAlert)."""
    await at.device.is_online()
    due = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    stray = {"token": "stray-1", "type": "ALARM", "scheduledTime": at.profile.format_time(due)}
    at.device.alerts["stray-1"] = stray
    await at.device.says(".".join(key_of(at.profile.sync_request)), context=at.device.context_of(None))
    at.device.alerts["stray-1"] = stray  # the list that is said in return is not what this case looks at
    await at.device.says("Alerts.AlertStopped", at.device.about("Alerts.AlertStopped", "nothing"))
    await at.device.heard.take("Alerts.DeleteAlert", "stray-1")


CASES = (
    Case(
        "alerts/Introduction/1",
        "tells a connected device of an alert that its owner sets",
        Side.CLOUD,
        _told_at_once,
        ("Introduction/kept", "Introduction/obeys"),
    ),
    Case(
        "alerts/Introduction/2",
        "tells a device that was away of an alert when it comes back",
        Side.CLOUD,
        _told_later,
        ("Introduction/kept", "Introduction/reconnected"),
    ),
    Case(
        "alerts/Introduction/3",
        "tells of an alert that comes again only its nearest time",
        Side.CLOUD,
        _nearest_only,
        ("Introduction/nearest",),
    ),
    Case(
        "alerts/Introduction/4",
        "has an alert deleted that the device has and its owner has not",
        Side.CLOUD,
        _settles,
        ("practice/strangers",),
        Level.SHOULD,
    ),
    Case(
        "alerts/Introduction/5",
        "sends Alerts.AlertsState with its events",
        Side.DEVICE,
        _context,
        ("Introduction/context",),
    ),
    Case(
        "alerts/Introduction/6",
        "shows an alert that it has set, with type and time, in that context",
        Side.DEVICE,
        _shows_what_it_has,
        ("Introduction/context", "Introduction/obeys"),
    ),
    Case(
        "alerts/Introduction/7",
        "rings an ALARM within a second of its time",
        Side.DEVICE,
        _on_time,
        ("Introduction/rings", "Introduction/ALARM", "Introduction/reports"),
    ),
    Case(
        "alerts/Introduction/8",
        "rings a REMINDER, and reports it as one",
        Side.DEVICE,
        _reminder,
        ("Introduction/REMINDER",),
    ),
    Case("alerts/Introduction/9", "rings a TIMER, and reports it as one", Side.DEVICE, _timer, ("Introduction/TIMER",)),
    Case(
        "alerts/Introduction/10",
        "announces an ACTIONTIMER at its time, and reports it as one",
        Side.DEVICE,
        _action_timer,
        ("Introduction/ACTIONTIMER",),
        applies=lambda profile: profile.delete_request is not None or profile.stop_asks_first,
    ),
    Case(
        "alerts/Introduction/11",
        "does not ring today for an alert that is a day ahead",
        Side.DEVICE,
        _tomorrow_is_not_now,
        ("Introduction/rings",),
    ),
    Case(
        "alerts/Introduction/12",
        "of several alerts rings the earliest, whichever was set last",
        Side.DEVICE,
        _earliest_first,
        ("Introduction/rings",),
    ),
    Case(
        "alerts/Introduction/13",
        "asks for the account's alerts on each connection",
        Side.DEVICE,
        _asks_on_connecting,
        ("Introduction/added", "Introduction/reconnected"),
    ),
    Case(
        "alerts/Introduction/14",
        "has nothing of the account any more after the network was gone",
        Side.DEVICE,
        _forgets,
        ("Introduction/forgets",),
        applies=_deletes_offline,
    ),
    Case(
        "alerts/Introduction/15",
        "rings without a network",
        Side.DEVICE,
        _keeps,
        ("practice/offline",),
        applies=_keeps_offline,
    ),
)
