"""Alerts, DeleteAlertFailed and DeleteAlertSucceeded events."""

from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases.event_rows import event_cases
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import DeviceStand


async def _succeeded(at: DeviceStand) -> None:
    token = await at.sets()
    await at.cloud.says("Alerts.DeleteAlert", at.about(token))
    heard = await at.cloud.heard.take("Alerts.DeleteAlertSucceeded", token)
    check_rows(at.profile.events["Alerts", "DeleteAlertSucceeded"], heard.payload)


CASES = (
    *event_cases("DeleteAlertFailed"),
    *event_cases("DeleteAlertSucceeded"),
    Case(
        "alerts/DeleteAlertSucceeded/7",
        "reports a deletion as the table has it",
        Side.DEVICE,
        _succeeded,
        ("DeleteAlertSucceeded/sent", "DeleteAlertSucceeded/token", "DeleteAlertSucceeded/type"),
    ),
)
