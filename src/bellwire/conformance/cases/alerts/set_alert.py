"""Alerts, SetAlert directive, on both sides."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.sounds import wave_of
from bellwire.conformance.stands import FAR, SOON, CloudStand, DeviceStand, time_of
from bellwire.protocol.profiles.profile import AssetFailure, Profile

_LABEL = "Take your medicine"


def _rows_of(profile: Profile, path: str) -> tuple[str, ...]:
    """The types with which this conditional field of SetAlert comes."""
    rows = profile.directives["Alerts", "SetAlert"].fields
    return next((row.with_types for row in rows if row.path == path), ())


async def _worded(at: CloudStand, kind: str, label: str = "") -> dict[str, Any]:
    heard = await at.sets(kind, label=label)
    check_rows(at.profile.directives["Alerts", "SetAlert"], heard.payload)
    expect(heard.payload["type"] == kind, f"type {kind}", f"{heard.payload['type']}")
    return heard.payload


async def _alarm(at: CloudStand) -> None:
    before = datetime.now(UTC)
    payload = await _worded(at, "ALARM")
    ahead = time_of(payload) - before
    expect(abs(ahead - timedelta(seconds=FAR)) < timedelta(seconds=30), "the time that was asked for", payload)


async def _reminder(at: CloudStand) -> None:
    payload = await _worded(at, "REMINDER", _LABEL)
    if "REMINDER" in _rows_of(at.profile, "label"):
        expect(payload.get("label") == _LABEL, f"label {_LABEL!r}", payload)


async def _timer(at: CloudStand) -> None:
    await _worded(at, "TIMER", _LABEL)


async def _action_timer(at: CloudStand) -> None:
    await _worded(at, "ACTIONTIMER", _LABEL)


async def _order(at: CloudStand) -> None:
    payload = await _worded(at, "REMINDER", _LABEL)
    assets, order = payload.get("assets"), payload.get("assetPlayOrder")
    expect(assets and order, "sounds and the order in which they are played", payload)
    ids = {asset["assetId"] for asset in assets or ()}
    expect(set(order or ()) <= ids, "ids of its assets in assetPlayOrder", f"{order} of {sorted(ids)}")


async def _audible(at: CloudStand) -> None:
    payload = await _worded(at, "REMINDER", _LABEL)
    urls = [asset["url"] for asset in payload.get("assets", ()) if asset["url"].startswith("http")]
    expect(urls, "a sound that speaks the label", payload)
    for url in urls:
        status, kind = await at.device.fetches(url)
        expect(status == 200, f"200 for {url}", status)
        expect(kind.startswith("audio/"), "a sound (audio/…)", kind)


async def _changed(at: CloudStand) -> None:
    first = await at.sets()
    [token] = first.tokens
    await at.owner.change(token, 2 * FAR)
    again = await at.device.heard.take("Alerts.SetAlert", token)
    later = time_of(again.payload) - time_of(first.payload)
    expect(later > timedelta(minutes=30), "the same token at its new time", f"{later} later")


async def _again_when_lost(at: CloudStand) -> None:
    at.device.obeys = False
    [token] = (await at.sets()).tokens
    await at.device.goes_offline()
    await at.device.is_online()
    await _told_of(at, token)


async def _told_of(at: CloudStand, token: str) -> None:
    """By SetAlert, or in the list that was asked for on connecting."""
    reply = at.profile.sync_replies[at.profile.sync_request]
    if reply is None:
        await at.device.heard.take("Alerts.SetAlert", token)
        return
    heard = await at.device.heard.take(f"{reply.namespace}.{reply.__name__}")
    listed = tokens_in(heard.listed)
    expect(token in listed, f"{token}, which the device has not acknowledged, in the list", listed)


async def _repaired(at: CloudStand) -> None:
    [token] = (await at.sets()).tokens
    await asyncio.sleep(_OVERTAKEN)
    at.device.alerts.pop(token)
    probe = at.device.about("Alerts.SetAlertSucceeded", "another")
    await at.device.says("Alerts.SetAlertSucceeded", probe)
    await at.device.heard.take("Alerts.SetAlert", token)


_OVERTAKEN = 6.0
"""Seconds after a report in which a context may be older than the report."""


async def _not_again(at: CloudStand) -> None:
    [token] = (await at.sets()).tokens
    await at.device.heard.none("Alerts.SetAlert", token, within=1.5)


# The device


async def _adds(at: DeviceStand) -> None:
    payload = at.alert()
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    shown = tokens_in(heard.shown)
    expect(payload["token"] in shown, "the alert in the context", shown)


async def _edits(at: DeviceStand) -> None:
    token = await at.sets()
    payload = at.alert(seconds=2 * FAR, token=token)
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", token)
    shown = [each for each in heard.shown if each.get("token") == token]
    expect(len(shown) == 1, "the alert once in the context", shown)
    expect(time_of(shown[0]) == time_of(payload), f"its new time, {payload['scheduledTime']}", shown)


async def _edit_ends_the_old_time(at: DeviceStand) -> None:
    token = await at.sets(seconds=SOON)
    await at.sets(seconds=FAR, token=token)
    await at.cloud.heard.none("Alerts.AlertStarted", token, within=SOON + 1.5)


async def _edit_to_sooner(at: DeviceStand) -> None:
    token = await at.sets(seconds=FAR)
    await at.sets(seconds=SOON, token=token)
    await at.starts(token, within=SOON + at.patience)


async def _long_past(at: DeviceStand) -> None:
    payload = at.alert(seconds=-2 * FAR)
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.cloud.heard.take("Alerts.SetAlertFailed", payload["token"])
    await at.cloud.heard.none("Alerts.AlertStarted", payload["token"], within=0.5)


async def _just_past(at: DeviceStand) -> None:
    payload = at.alert(seconds=-5)
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.starts(payload["token"], within=at.patience)


async def _snoozed(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.says("Alerts.SetAlert", at.alert(seconds=SOON, token=token))
    await at.cloud.heard.take("Alerts.AlertStopped", token)
    await at.starts(token, within=SOON + at.patience)


async def _twice(at: DeviceStand) -> None:
    payload = at.alert(seconds=SOON)
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.starts(payload["token"], within=SOON + at.patience)
    await at.cloud.heard.none("Alerts.AlertStarted", payload["token"], within=1.5)


async def _opaque(at: DeviceStand) -> None:
    await at.sets(token="아침/7:00 #1")  # noqa: S106 -- it names an alert


async def _unknown_field(at: DeviceStand) -> None:
    await at.sets(lightColor="amber")


def _without(path: str) -> Any:
    async def run(at: DeviceStand) -> None:
        payload = {key: value for key, value in at.alert(seconds=SOON).items() if key != path}
        await at.cloud.says("Alerts.SetAlert", payload)
        await _not_set(at, payload)

    return run


def _spoilt(**values: object) -> Any:
    async def run(at: DeviceStand) -> None:
        payload = {**at.alert(seconds=SOON), **values}
        await at.cloud.says("Alerts.SetAlert", payload)
        await _not_set(at, payload)

    return run


async def _not_set(at: DeviceStand, payload: dict[str, Any]) -> None:
    """It says so, as far as it can tell of which alert; and it is not set, and all goes on."""
    token, kind = payload.get("token"), payload.get("type")
    can_tell = isinstance(token, str) and (kind in _KINDS or not _rows_name_type(at.profile))
    if can_tell:
        await at.cloud.heard.take("Alerts.SetAlertFailed", token)
    probe = at.alert()
    await at.cloud.says("Alerts.SetAlert", probe)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", probe["token"])
    shown = tokens_in(heard.shown)
    expect(token not in shown, "no alert that can't be read", shown)


_KINDS = ("ACTIONTIMER", "ALARM", "REMINDER", "TIMER")


def _rows_name_type(profile: Profile) -> bool:
    return any(row.path == "type" for row in profile.events["Alerts", "SetAlertFailed"].fields)


def _speaking(at: DeviceStand, *names: str) -> dict[str, Any]:
    """Assets and the order in which they are played."""
    assets = [{"assetId": name, "url": at.sound(name)} for name in names]
    return {"assets": assets, "assetPlayOrder": list(names)}


async def _downloads(at: DeviceStand) -> None:
    at.cloud.sounds["label.wav"] = (200, {"content-type": "audio/wav"}, wave_of(0.3))
    await at.sets("REMINDER", FAR, **_speaking(at, "label.wav"))
    await at.cloud.until(lambda: "label.wav" in at.cloud.fetched, "a download of its sound before its time")


async def _rings_without(at: DeviceStand) -> None:
    await at.rings("REMINDER", **_speaking(at, "gone.wav"))


async def _rings_with_nonsense(at: DeviceStand) -> None:
    at.cloud.sounds["page.wav"] = (200, {"content-type": "audio/wav"}, b"<html>not a sound</html>")
    await at.rings("REMINDER", **_speaking(at, "page.wav"))


async def _own_bell(at: DeviceStand) -> None:
    bell = {"assetId": "bell", "url": at.profile.bell_of("REMINDER")}
    await at.rings("REMINDER", assets=[bell], assetPlayOrder=["bell"])


async def _elsewhere(at: DeviceStand) -> None:
    """Nine hours ahead on the clock, and the same second."""
    payload = at.alert(seconds=SOON)
    payload["scheduledTime"] = at.profile.format_time(time_of(payload).astimezone(_SEOUL))
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.starts(payload["token"], within=SOON + at.patience)
    late = heard.at - time_of(payload)
    expect(abs(late) < timedelta(seconds=1), f"AlertStarted at {payload['scheduledTime']}", f"it came {late} later")


_SEOUL = timezone(timedelta(hours=9))


def _has_offsets(profile: Profile) -> bool:
    """Whether times are written in any zone; else all are in UTC."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return profile.format_time(noon.astimezone(_SEOUL)) != profile.format_time(noon)


def _skips(profile: Profile) -> bool:
    return profile.asset_failure is AssetFailure.SKIP


def _speaks(profile: Profile) -> bool:
    return "REMINDER" in _rows_of(profile, "assets[]")


CASES = (
    Case(
        "alerts/SetAlert/1",
        "words an ALARM as the table has it, at the time that was asked for",
        Side.CLOUD,
        _alarm,
        ("SetAlert/token", "SetAlert/type", "SetAlert/scheduledTime", "Introduction/ALARM"),
    ),
    Case(
        "alerts/SetAlert/2",
        "words a REMINDER as the table has it, with its label",
        Side.CLOUD,
        _reminder,
        ("SetAlert/label", "Introduction/REMINDER"),
    ),
    Case(
        "alerts/SetAlert/3",
        "words a TIMER as the table has it",
        Side.CLOUD,
        _timer,
        ("SetAlert/assets[]", "SetAlert/assetPlayOrder[]", "Introduction/TIMER"),
    ),
    Case(
        "alerts/SetAlert/4",
        "words an ACTIONTIMER as the table has it",
        Side.CLOUD,
        _action_timer,
        ("SetAlert/label", "Introduction/ACTIONTIMER"),
        applies=lambda profile: profile.stop_asks_first,
    ),
    Case(
        "alerts/SetAlert/5",
        "names in assetPlayOrder only assets that it brings",
        Side.CLOUD,
        _order,
        ("SetAlert/assets[]", "SetAlert/assets[].assetId", "SetAlert/assets[].url", "SetAlert/assetPlayOrder[]"),
        Level.SHOULD,
        applies=_speaks,
    ),
    Case(
        "alerts/SetAlert/6",
        "serves the sounds that it names",
        Side.CLOUD,
        _audible,
        ("SetAlert/assets[].url", "SetAlert/downloads"),
        Level.SHOULD,
        applies=_speaks,
    ),
    Case(
        "alerts/SetAlert/7",
        "says SetAlert with the same token when the owner changes an alert",
        Side.CLOUD,
        _changed,
        ("SetAlert/changes", "SetAlert/token"),
    ),
    Case(
        "alerts/SetAlert/8",
        "tells a device again that has not acknowledged, when it connects again",
        Side.CLOUD,
        _again_when_lost,
        ("SetAlert/succeeded", "Introduction/reconnected"),
    ),
    Case(
        "alerts/SetAlert/9",
        "does not tell a device again that has acknowledged",
        Side.CLOUD,
        _not_again,
        ("SetAlert/succeeded", "SetAlertSucceeded/sent"),
    ),
    Case(
        "alerts/SetAlert/10",
        "sets an alert anew that the device's context no longer has",
        Side.CLOUD,
        _repaired,
        ("practice/drift", "Introduction/context"),
        Level.SHOULD,
    ),
    Case(
        "alerts/SetAlert/11",
        "sets an alert that it does not have, and reports it",
        Side.DEVICE,
        _adds,
        ("SetAlert/adds", "SetAlert/succeeded", "SetAlert/token", "SetAlert/type", "SetAlert/scheduledTime"),
    ),
    Case(
        "alerts/SetAlert/12",
        "changes an alert that it has, and reports it",
        Side.DEVICE,
        _edits,
        ("SetAlert/changes", "SetAlert/succeeded"),
    ),
    Case(
        "alerts/SetAlert/13",
        "does not ring at the old time of an alert that was put off",
        Side.DEVICE,
        _edit_ends_the_old_time,
        ("SetAlert/changes", "Introduction/rings"),
    ),
    Case(
        "alerts/SetAlert/14",
        "rings at the new time of an alert that was brought forward",
        Side.DEVICE,
        _edit_to_sooner,
        ("SetAlert/changes", "Introduction/rings"),
    ),
    Case(
        "alerts/SetAlert/15",
        "refuses an alert that is long past",
        Side.DEVICE,
        _long_past,
        ("SetAlert/failed", "practice/past-due"),
        refuses=True,
    ),
    Case(
        "alerts/SetAlert/16",
        "rings at once for an alert that is some seconds past",
        Side.DEVICE,
        _just_past,
        ("practice/past-due",),
        Level.SHOULD,
    ),
    Case(
        "alerts/SetAlert/17",
        "stops what rings when it is set to a new time, and rings again then",
        Side.DEVICE,
        _snoozed,
        ("SetAlert/changes", "AlertStopped/sent"),
    ),
    Case(
        "alerts/SetAlert/18",
        "rings once for a SetAlert that came twice",
        Side.DEVICE,
        _twice,
        ("SetAlert/changes", "practice/twice"),
    ),
    Case(
        "alerts/SetAlert/19",
        "takes any text for a token",
        Side.DEVICE,
        _opaque,
        ("SetAlert/token", "practice/opaque"),
    ),
    Case(
        "alerts/SetAlert/20",
        "takes a SetAlert with a field that is not in the table",
        Side.DEVICE,
        _unknown_field,
        ("practice/unknown-fields",),
        Level.SHOULD,
    ),
    Case(
        "alerts/SetAlert/21",
        "does not set an alert without a scheduledTime, and reports that",
        Side.DEVICE,
        _without("scheduledTime"),
        ("SetAlert/scheduledTime", "SetAlert/failed", "SetAlertFailed/sent"),
        refuses=True,
    ),
    Case(
        "alerts/SetAlert/22",
        "does not set an alert whose scheduledTime is no time, and reports that",
        Side.DEVICE,
        _spoilt(scheduledTime="tomorrow at seven"),
        ("SetAlert/scheduledTime", "SetAlert/failed"),
        refuses=True,
    ),
    Case(
        "alerts/SetAlert/23",
        "does not set an alert without a token",
        Side.DEVICE,
        _without("token"),
        ("SetAlert/token",),
        refuses=True,
    ),
    Case(
        "alerts/SetAlert/24",
        "does not set an alert whose assets are no list",
        Side.DEVICE,
        _spoilt(assets="bell.wav"),
        ("SetAlert/assets[]", "SetAlert/failed"),
        Level.SHOULD,  # the document has the form of assets, and not what is to be done about another one
        refuses=True,
    ),
    Case(
        "alerts/SetAlert/25",
        "downloads the sounds of an alert before its time",
        Side.DEVICE,
        _downloads,
        ("SetAlert/downloads", "SetAlert/assets[].url", "SetAlert/assets[].assetId"),
        Level.SHOULD,
    ),
    Case(
        "alerts/SetAlert/26",
        "rings all the same when a sound can't be had",
        Side.DEVICE,
        _rings_without,
        ("SetAlert/skips", "practice/never-silent"),
    ),
    Case(
        "alerts/SetAlert/27",
        "rings all the same when what it gets is no sound",
        Side.DEVICE,
        _rings_with_nonsense,
        ("SetAlert/skips", "practice/never-silent"),
    ),
    Case(
        "alerts/SetAlert/28",
        "rings an alert that names the device's own bell",
        Side.DEVICE,
        _own_bell,
        ("SetAlert/assets[].url", "SetAlert/assetPlayOrder[]"),
        applies=_skips,
    ),
    Case(
        "alerts/SetAlert/29",
        "rings at the same instant in whatever zone its time is written",
        Side.DEVICE,
        _elsewhere,
        ("SetAlert/scheduledTime", "Introduction/rings"),
        applies=_has_offsets,
    ),
)
