"""Alerts, SetAlertFailed and SetAlertSucceeded events."""

from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases.event_rows import event_cases
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import FAR, CloudStand, DeviceStand


async def _failure_is_no_success(at: CloudStand) -> None:
    """An alert that the device could not set is still the account's: it is in the next list, or said again."""
    at.device.obeys = False
    [token] = (await at.sets()).tokens
    at.takes(await at.device.says("Alerts.SetAlertFailed", at.device.about("Alerts.SetAlertFailed", token)))
    await at.device.heard.none("Alerts.DeleteAlert", token, within=0.7)


async def _succeeded(at: DeviceStand) -> None:
    payload = at.alert("TIMER")
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertSucceeded", payload["token"])
    check_rows(at.profile.events["Alerts", "SetAlertSucceeded"], heard.payload)


async def _failed(at: DeviceStand) -> None:
    payload = at.alert(seconds=-2 * FAR)
    await at.cloud.says("Alerts.SetAlert", payload)
    heard = await at.cloud.heard.take("Alerts.SetAlertFailed", payload["token"])
    check_rows(at.profile.events["Alerts", "SetAlertFailed"], heard.payload)


CASES = (
    *event_cases("SetAlertFailed"),
    Case(
        "alerts/SetAlertFailed/7",
        "does not have an alert deleted that a device could not set",
        Side.CLOUD,
        _failure_is_no_success,
        ("SetAlertFailed/sent",),
    ),
    Case(
        "alerts/SetAlertFailed/8",
        "reports a failure as the table has it",
        Side.DEVICE,
        _failed,
        ("SetAlertFailed/sent", "SetAlertFailed/token", "SetAlertFailed/type", "SetAlert/failed"),
    ),
    *event_cases("SetAlertSucceeded"),
    Case(
        "alerts/SetAlertSucceeded/7",
        "reports a success as the table has it",
        Side.DEVICE,
        _succeeded,
        ("SetAlertSucceeded/sent", "SetAlertSucceeded/token", "SetAlertSucceeded/type"),
    ),
)
