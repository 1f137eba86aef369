"""Alerts, RequestDeleteAlert event."""

import uuid

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.cases.event_rows import event_cases, has
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import CloudStand, DeviceStand

_HAS = has("Alerts.RequestDeleteAlert")


async def _answered(at: CloudStand) -> None:
    heard = await at.sets()
    [token] = heard.tokens
    at.takes(await at.device.says("Alerts.RequestDeleteAlert", at.device.about("Alerts.RequestDeleteAlert", token)))
    told = await at.device.heard.take("Alerts.DeleteAlert", token)
    check_rows(at.profile.directives["Alerts", "DeleteAlert"], told.payload)


async def _unknown(at: CloudStand) -> None:
    await at.device.is_online()
    token = str(uuid.uuid4())  # another one each time: a cloud may ask for the same one more and more seldom
    # It has it, and shows it: a cloud that sees in another event that it is gone has nothing more to say.
    at.device.alerts[token] = {"token": token, "type": "ALARM", "scheduledTime": "2035-01-01T00:00:00Z"}
    at.takes(await at.device.says("Alerts.RequestDeleteAlert", at.device.about("Alerts.RequestDeleteAlert", token)))
    await at.device.heard.take("Alerts.DeleteAlert", token)


async def _sent(at: DeviceStand) -> None:
    token = await at.sets()
    await at.buttons.press("delete", token)
    heard = await at.cloud.heard.take("Alerts.RequestDeleteAlert", token)
    check_rows(at.profile.events["Alerts", "RequestDeleteAlert"], heard.payload)


async def _waits(at: DeviceStand) -> None:
    token = await at.sets()
    await at.buttons.press("delete", token)
    heard = await at.cloud.heard.take("Alerts.RequestDeleteAlert", token)
    shown = tokens_in(heard.shown)
    expect(token in shown, f"{token} in the context until DeleteAlert comes", shown)
    await at.cloud.heard.none("Alerts.DeleteAlertSucceeded", token, within=0.7)
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)


CASES = (
    *event_cases("RequestDeleteAlert"),
    Case(
        "alerts/RequestDeleteAlert/7",
        "answers RequestDeleteAlert with DeleteAlert",
        Side.CLOUD,
        _answered,
        ("RequestDeleteAlert/answered", "DeleteAlert/token", "DeleteAlert/type"),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestDeleteAlert/8",
        "answers it also for an alert that the account has not, so that the device can let go of it",
        Side.CLOUD,
        _unknown,
        ("practice/strangers",),
        Level.SHOULD,
        _HAS,
    ),
    Case(
        "alerts/RequestDeleteAlert/9",
        "asks the cloud when an alert is deleted by button",
        Side.DEVICE,
        _sent,
        ("RequestDeleteAlert/sent", "RequestDeleteAlert/token", "RequestDeleteAlert/type"),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestDeleteAlert/10",
        "deletes it with DeleteAlert, and not before",
        Side.DEVICE,
        _waits,
        ("RequestDeleteAlert/waits", "DeleteAlert/deletes"),
        applies=_HAS,
    ),
)
