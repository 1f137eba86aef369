"""Alerts, RequestAlertStop event."""

from bellwire.conformance.case import Case, Level, Side
from bellwire.conformance.cases.event_rows import event_cases, has
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import CloudStand, DeviceStand

_HAS = has("Alerts.RequestAlertStop")
_BY_ITSELF = 15.0
"""Seconds after which somebody who pressed stop should not hear it any more, whatever the cloud does."""


async def _answered(at: CloudStand) -> None:
    token = await at.rings()
    at.takes(await at.device.says("Alerts.RequestAlertStop", at.device.about("Alerts.RequestAlertStop", token)))
    heard = await at.device.heard.take("Alerts.StopAlert", token)
    check_rows(at.profile.directives["Alerts", "StopAlert"], heard.payload)


async def _too_late(at: CloudStand) -> None:
    heard = await at.sets()
    [token] = heard.tokens
    at.takes(await at.device.says("Alerts.RequestAlertStop", at.device.about("Alerts.RequestAlertStop", token)))
    await at.device.heard.none("Alerts.StopAlert", token, within=0.7)


async def _sent(at: DeviceStand) -> None:
    token = await at.rings()
    await at.buttons.press("stop")
    heard = await at.cloud.heard.take("Alerts.RequestAlertStop", token)
    check_rows(at.profile.events["Alerts", "RequestAlertStop"], heard.payload)


async def _waits(at: DeviceStand) -> None:
    token = await at.rings()
    await at.buttons.press("stop")
    await at.cloud.heard.take("Alerts.RequestAlertStop", token)
    await at.cloud.heard.none("Alerts.AlertStopped", token, within=1.0)
    await at.silences(token)
    await at.cloud.heard.take("Alerts.AlertStopped", token)


async def _by_itself(at: DeviceStand) -> None:
    token = await at.rings()
    await at.buttons.press("stop")
    await at.cloud.heard.take("Alerts.AlertStopped", token, within=_BY_ITSELF)


async def _local(at: DeviceStand) -> None:
    token = await at.rings()
    await at.buttons.press("stop")
    await at.cloud.heard.take("Alerts.AlertStopped", token)


CASES = (
    *event_cases("RequestAlertStop"),
    Case(
        "alerts/RequestAlertStop/7",
        "answers RequestAlertStop of an alert that rings with StopAlert, as the table has it",
        Side.CLOUD,
        _answered,
        ("RequestAlertStop/answered", "StopAlert/token", "StopAlert/type"),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestAlertStop/8",
        "does not stop the next occurrence because of a request that comes before it rings",
        Side.CLOUD,
        _too_late,
        ("practice/late-requests",),
        Level.SHOULD,
        _HAS,
    ),
    Case(
        "alerts/RequestAlertStop/9",
        "asks the cloud when its stop button is pressed",
        Side.DEVICE,
        _sent,
        ("RequestAlertStop/sent", "RequestAlertStop/token", "RequestAlertStop/type"),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestAlertStop/10",
        "ends the alert with StopAlert, and not before",
        Side.DEVICE,
        _waits,
        ("RequestAlertStop/waits", "StopAlert/stops"),
        applies=_HAS,
    ),
    Case(
        "alerts/RequestAlertStop/11",
        "ends it by itself when the cloud does not answer",
        Side.DEVICE,
        _by_itself,
        ("practice/local-stop",),
        Level.SHOULD,
        _HAS,
    ),
    Case(
        "alerts/RequestAlertStop/12",
        "stops by its button at once, where its version has no request for that",
        Side.DEVICE,
        _local,
        ("practice/local-stop",),
        applies=lambda profile: not profile.stop_asks_first,
    ),
)
