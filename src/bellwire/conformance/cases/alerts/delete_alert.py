"""Alerts, DeleteAlert directive."""

import uuid

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import SOON, CloudStand, DeviceStand


async def _said(at: CloudStand) -> None:
    heard = await at.sets()
    [token] = heard.tokens
    await at.owner.delete(token)
    told = await at.device.heard.take("Alerts.DeleteAlert", token)
    check_rows(at.profile.directives["Alerts", "DeleteAlert"], told.payload)


async def _said_once(at: CloudStand) -> None:
    heard = await at.sets()
    [token] = heard.tokens
    await at.owner.delete(token)
    await at.device.heard.take("Alerts.DeleteAlert", token)
    await at.device.heard.none("Alerts.DeleteAlert", token, within=1.0)


async def _deleted(at: DeviceStand) -> None:
    token = await at.sets()
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    heard = await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    shown = tokens_in(heard.shown)
    expect(token not in shown, f"{token} not in the context any more", shown)


async def _does_not_ring(at: DeviceStand) -> None:
    token = await at.sets(seconds=SOON)
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    await at.cloud.heard.none("Alerts.AlertStarted", token, within=SOON + 1.5)


async def _ringing(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    await at.cloud.heard.take("Alerts.AlertStopped", token)
    heard = await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    active = tokens_in(heard.active)
    expect(token not in active, "nothing that rings", active)


async def _unknown(at: DeviceStand) -> None:
    token = str(uuid.uuid4())
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)


async def _others_stay(at: DeviceStand) -> None:
    kept, token = await at.sets(), await at.sets()
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    heard = await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    shown = tokens_in(heard.shown)
    expect(kept in shown, f"the other alert, {kept}, in the context", shown)


async def _without_token(at: DeviceStand) -> None:
    token = await at.sets()
    spoilt = {key: value for key, value in at.about(token).items() if key != "token"}
    await at.cloud.says("Alerts.DeleteAlert", spoilt)
    heard_after = await at.sets()
    del heard_after
    await at.cloud.heard.none("Alerts.DeleteAlertSucceeded", token, within=0.5)


async def _bad_type(at: DeviceStand) -> None:
    token = await at.sets()
    await at.cloud.says("Alerts.DeleteAlert", {**at.about(token), "token": [token]})
    await at.cloud.heard.none("Alerts.DeleteAlertSucceeded", token, within=0.5)


CASES = (
    Case(
        "alerts/DeleteAlert/1",
        "says DeleteAlert, as the table has it, when the owner deletes an alert",
        Side.CLOUD,
        _said,
        ("DeleteAlert/deletes", "DeleteAlert/token", "DeleteAlert/type", "Introduction/obeys"),
    ),
    Case(
        "alerts/DeleteAlert/2",
        "does not say it again once the device has reported the deletion",
        Side.CLOUD,
        _said_once,
        ("DeleteAlert/succeeded",),
    ),
    Case(
        "alerts/DeleteAlert/3",
        "deletes the alert and reports it",
        Side.DEVICE,
        _deleted,
        ("DeleteAlert/deletes", "DeleteAlert/succeeded", "DeleteAlert/token", "Introduction/reports"),
    ),
    Case(
        "alerts/DeleteAlert/4",
        "does not ring what was deleted",
        Side.DEVICE,
        _does_not_ring,
        ("DeleteAlert/deletes",),
    ),
    Case(
        "alerts/DeleteAlert/5",
        "deletes an alert that rings: reports AlertStopped, then the deletion",
        Side.DEVICE,
        _ringing,
        ("DeleteAlert/deletes", "AlertStopped/sent"),
    ),
    Case(
        "alerts/DeleteAlert/6",
        "reports the deletion of an alert that it does not have as done: directives may come twice",
        Side.DEVICE,
        _unknown,
        ("practice/twice",),
        Level.SHOULD,
    ),
    Case("alerts/DeleteAlert/7", "leaves the other alerts alone", Side.DEVICE, _others_stay, ("DeleteAlert/token",)),
    Case(
        "alerts/DeleteAlert/8",
        "goes on after a DeleteAlert without a token",
        Side.DEVICE,
        _without_token,
        ("DeleteAlert/token", "DeleteAlert/failed"),
        refuses=True,
    ),
    Case(
        "alerts/DeleteAlert/9",
        "deletes nothing for a token that is no string",
        Side.DEVICE,
        _bad_type,
        ("DeleteAlert/token", "DeleteAlert/failed"),
        refuses=True,
    ),
)
