"""Alerts as AVS v20160207 has them beside the others: DeleteAlerts, foreground and background, volume."""

import uuid

from bellwire.conformance.case import Case, Side, expect
from bellwire.conformance.cases.event_rows import Run, event_cases, has
from bellwire.conformance.heard import Json, tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import SOON, CloudStand, DeviceStand

_SEVERAL = has("Alerts.DeleteAlerts")
_VOLUME = has("Alerts.SetVolume")
_LOUD = 40


def _taken(name: str, payload: Json) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.takes(await at.device.says(name, payload))

    return run


def _refused(name: str, payload: Json) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.refuses(await at.device.says(name, payload), 400)

    return run


async def _volume_said(at: CloudStand) -> None:
    await at.device.is_online()
    await at.owner.volume(_LOUD)
    heard = await at.device.heard.take("Alerts.SetVolume")
    check_rows(at.profile.directives["Alerts", "SetVolume"], heard.payload)
    expect(heard.payload["volume"] == _LOUD, f"volume {_LOUD}", heard.payload)


async def _all_deleted(at: DeviceStand) -> None:
    tokens = [await at.sets(), await at.sets(), await at.sets()]
    await at.cloud.says("Alerts.DeleteAlerts", {"tokens": tokens[:2]})
    heard = await at.cloud.heard.take("Alerts.DeleteAlertsSucceeded")
    check_rows(at.profile.events["Alerts", "DeleteAlertsSucceeded"], heard.payload)
    expect(sorted(heard.payload["tokens"]) == sorted(tokens[:2]), f"both tokens, {tokens[:2]}", heard.payload)
    shown = tokens_in(heard.shown)
    expect(shown == tokens[2:], f"the third one alone, {tokens[2:]}", shown)


async def _unknown_deleted(at: DeviceStand) -> None:
    tokens = [await at.sets(), str(uuid.uuid4())]
    await at.cloud.says("Alerts.DeleteAlerts", {"tokens": tokens})
    await at.cloud.heard.take("Alerts.DeleteAlertsSucceeded", tokens[0])


async def _in_front(at: DeviceStand) -> None:
    token = await at.rings()
    heard = await at.cloud.heard.take("Alerts.AlertEnteredForeground", token)
    check_rows(at.profile.events["Alerts", "AlertEnteredForeground"], heard.payload)


async def _behind(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.heard.take("Alerts.AlertEnteredForeground", token)
    await at.buttons.press("talk")
    await at.cloud.heard.take("Alerts.AlertEnteredBackground", token)
    await at.buttons.press("hush")
    await at.cloud.heard.take("Alerts.AlertEnteredForeground", token)


async def _loops_end(at: DeviceStand) -> None:
    token = await at.rings(loopCount=1)
    await at.cloud.heard.take("Alerts.AlertStopped", token, within=20.0)


async def _unknown_type(at: DeviceStand) -> None:
    payload = {**at.alert(seconds=SOON), "type": "GONG"}
    await at.cloud.says("Alerts.SetAlert", payload)
    await at.starts(payload["token"], within=SOON + at.patience)


async def _loud(at: DeviceStand) -> None:
    await at.cloud.says("Alerts.SetVolume", {"volume": _LOUD})
    heard = await at.cloud.heard.take("Alerts.VolumeChanged")
    check_rows(at.profile.events["Alerts", "VolumeChanged"], heard.payload)
    expect(heard.payload["volume"] == _LOUD, f"volume {_LOUD}", heard.payload)


async def _louder(at: DeviceStand) -> None:
    await _loud(at)
    await at.cloud.says("Alerts.AdjustVolume", {"volume": 10})
    heard = await at.cloud.heard.take("Alerts.VolumeChanged")
    expect(heard.payload["volume"] == _LOUD + 10, f"volume {_LOUD + 10}", heard.payload)


async def _at_the_end(at: DeviceStand) -> None:
    await at.cloud.says("Alerts.AdjustVolume", {"volume": 100})
    heard = await at.cloud.heard.take("Alerts.VolumeChanged")
    expect(heard.payload["volume"] == 100, "volume 100, and no more", heard.payload)


CASES = (
    Case(
        "alerts/DeleteAlertsSucceeded/1",
        "takes DeleteAlertsSucceeded",
        Side.CLOUD,
        _taken("Alerts.DeleteAlertsSucceeded", {"tokens": ["a", "b"]}),
        ("DeleteAlertsSucceeded/tokens[]",),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/DeleteAlertsSucceeded/2",
        "refuses DeleteAlertsSucceeded without tokens",
        Side.CLOUD,
        _refused("Alerts.DeleteAlertsSucceeded", {}),
        ("DeleteAlertsSucceeded/tokens[]",),
        applies=_SEVERAL,
        refuses=True,
    ),
    Case(
        "alerts/DeleteAlertsFailed/1",
        "takes DeleteAlertsFailed",
        Side.CLOUD,
        _taken("Alerts.DeleteAlertsFailed", {"tokens": ["a", "b"]}),
        ("DeleteAlertsFailed/tokens[]",),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/DeleteAlertsFailed/2",
        "refuses DeleteAlertsFailed whose tokens are no list",
        Side.CLOUD,
        _refused("Alerts.DeleteAlertsFailed", {"tokens": "a"}),
        ("DeleteAlertsFailed/tokens[]",),
        applies=_SEVERAL,
        refuses=True,
    ),
    *event_cases("AlertEnteredForeground", has_type=False),
    *event_cases("AlertEnteredBackground", has_type=False),
    Case(
        "alerts/VolumeChanged/1",
        "takes VolumeChanged",
        Side.CLOUD,
        _taken("Alerts.VolumeChanged", {"volume": 30}),
        ("VolumeChanged/volume",),
        applies=_VOLUME,
    ),
    Case(
        "alerts/VolumeChanged/2",
        "refuses VolumeChanged above 100",
        Side.CLOUD,
        _refused("Alerts.VolumeChanged", {"volume": 101}),
        ("VolumeChanged/volume",),
        applies=_VOLUME,
        refuses=True,
    ),
    Case(
        "alerts/SetVolume/1",
        "says SetVolume when the owner sets the volume",
        Side.CLOUD,
        _volume_said,
        ("SetVolume/volume",),
        applies=_VOLUME,
    ),
    Case(
        "alerts/DeleteAlerts/1",
        "deletes all alerts that DeleteAlerts names, and no other, and reports them",
        Side.DEVICE,
        _all_deleted,
        ("DeleteAlerts/tokens[]", "DeleteAlertsSucceeded/tokens[]"),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/DeleteAlerts/2",
        "counts an alert that it does not have as deleted",
        Side.DEVICE,
        _unknown_deleted,
        ("DeleteAlerts/tokens[]",),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/AlertEnteredForeground/7",
        "reports that an alert that begins to ring is in the foreground",
        Side.DEVICE,
        _in_front,
        ("AlertEnteredForeground/token",),
        applies=has("Alerts.AlertEnteredForeground"),
    ),
    Case(
        "alerts/AlertEnteredBackground/7",
        "reports that a ringing alert goes behind a dialogue, and comes back",
        Side.DEVICE,
        _behind,
        ("AlertEnteredBackground/token",),
        applies=has("Alerts.AlertEnteredBackground"),
    ),
    Case(
        "alerts/SetAlert/40",
        "ends an alert after its loops, and reports AlertStopped",
        Side.DEVICE,
        _loops_end,
        ("SetAlert/loopCount",),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/SetAlert/41",
        "rings an alert of a type that it does not know, as an ALARM",
        Side.DEVICE,
        _unknown_type,
        ("SetAlert/type",),
        applies=_SEVERAL,
    ),
    Case(
        "alerts/SetVolume/2",
        "reports the volume that it was told to have",
        Side.DEVICE,
        _loud,
        ("SetVolume/volume", "VolumeChanged/volume"),
        applies=_VOLUME,
    ),
    Case(
        "alerts/AdjustVolume/1",
        "makes alerts louder by so much",
        Side.DEVICE,
        _louder,
        ("AdjustVolume/volume",),
        applies=_VOLUME,
    ),
    Case(
        "alerts/AdjustVolume/2",
        "goes no further than 100",
        Side.DEVICE,
        _at_the_end,
        ("AdjustVolume/volume",),
        applies=_VOLUME,
    ),
)
