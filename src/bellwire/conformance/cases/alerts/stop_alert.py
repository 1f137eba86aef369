"""Alerts, StopAlert directive."""

from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases.event_rows import has
from bellwire.conformance.stands import DeviceStand

_HAS = has("Alerts.StopAlert")


async def _stops(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.says("Alerts.StopAlert", at.about(token, name="StopAlert"))
    await at.cloud.heard.take("Alerts.AlertStopped", token)


async def _not_ringing(at: DeviceStand) -> None:
    token = await at.sets()
    await at.cloud.says("Alerts.StopAlert", at.about(token, name="StopAlert"))
    await at.cloud.heard.none("Alerts.AlertStopped", token, within=0.7)


async def _unknown(at: DeviceStand) -> None:
    token = await at.rings()
    await at.cloud.says("Alerts.StopAlert", at.about("not-there", name="StopAlert"))
    await at.cloud.heard.none("Alerts.AlertStopped", token, within=0.7)


CASES = (
    Case(
        "alerts/StopAlert/1",
        "stops what rings, and reports AlertStopped",
        Side.DEVICE,
        _stops,
        ("StopAlert/stops", "StopAlert/token", "StopAlert/type", "AlertStopped/sent"),
        applies=_HAS,
    ),
    Case(
        "alerts/StopAlert/2",
        "does not report AlertStopped of an alert that does not ring: its next time must stay",
        Side.DEVICE,
        _not_ringing,
        ("practice/late-requests",),
        applies=_HAS,
    ),
    Case(
        "alerts/StopAlert/3",
        "lets an alert ring on when another one is stopped",
        Side.DEVICE,
        _unknown,
        ("StopAlert/token",),
        applies=_HAS,
    ),
)
