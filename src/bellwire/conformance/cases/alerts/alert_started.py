"""Alerts, AlertStarted event."""

from bellwire.conformance.case import Case, Side, expect
from bellwire.conformance.cases.event_rows import event_cases, has
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import SOON, CloudStand, DeviceStand

_HAS = has("Alerts.AlertStarted")


async def _believed(at: CloudStand) -> None:
    """A cloud that has heard of the start does not set the alert anew."""
    token = await at.rings()
    await at.device.heard.none("Alerts.SetAlert", token, within=1.0)


async def _reports(at: DeviceStand) -> None:
    token = await at.sets(seconds=SOON)
    heard = await at.starts(token, within=SOON + at.patience)
    check_rows(at.profile.events["Alerts", "AlertStarted"], heard.payload)
    active = tokens_in(heard.active)
    expect(token in active, f"{token} among activeAlerts", active)


async def _once(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.heard.none("Alerts.AlertStarted", token, within=1.5)


async def _until_it_is_stopped(at: DeviceStand) -> None:
    token = await at.rings("REMINDER")
    await at.cloud.heard.none("Alerts.AlertStopped", token, within=2.0)


CASES = (
    *event_cases("AlertStarted"),
    Case(
        "alerts/AlertStarted/7",
        "does not set an alert again that has started to ring",
        Side.CLOUD,
        _believed,
        ("AlertStarted/sent",),
        applies=_HAS,
    ),
    Case(
        "alerts/AlertStarted/8",
        "reports that an alert rings, with its token and type, and shows it among activeAlerts",
        Side.DEVICE,
        _reports,
        ("AlertStarted/sent", "AlertStarted/token", "AlertStarted/type", "Introduction/reports"),
    ),
    Case("alerts/AlertStarted/9", "reports a start once", Side.DEVICE, _once, ("AlertStarted/sent",)),
    Case(
        "alerts/AlertStarted/10",
        "rings until it is stopped",
        Side.DEVICE,
        _until_it_is_stopped,
        ("AlertStarted/sent", "Introduction/REMINDER"),
    ),
)
