"""Alerts, AlertStopped event."""

from datetime import timedelta

from bellwire.conformance.case import Case, Side, expect
from bellwire.conformance.cases.event_rows import event_cases
from bellwire.conformance.heard import tokens_in
from bellwire.conformance.rows import check_rows
from bellwire.conformance.stands import CloudStand, DeviceStand, time_of
from bellwire.protocol.profiles.profile import Profile


def _stays(profile: Profile) -> bool:
    """Whether an alert that was stopped is still on the device, so that it must be deleted there."""
    return not profile.stopping_removes


async def _deletes(at: CloudStand) -> None:
    token = await at.rings()
    at.takes(await at.device.stops(token))
    heard = await at.device.heard.take("Alerts.DeleteAlert", token)
    check_rows(at.profile.directives["Alerts", "DeleteAlert"], heard.payload)


async def _is_over(at: CloudStand) -> None:
    token = await at.rings()
    at.takes(await at.device.stops(token))
    await at.device.heard.none("Alerts.SetAlert", token, within=1.0)


async def _next(at: CloudStand) -> None:
    token = await at.rings(every="daily")
    rang = time_of(at.device.alerts[token])
    at.takes(await at.device.stops(token))
    heard = await at.device.heard.take("Alerts.SetAlert", token)
    later = time_of(heard.payload) - rang
    expect(later == timedelta(days=1), "the same token, a day later", f"{later} later")


async def _reports(at: DeviceStand) -> None:
    token = await at.rings()
    await at.silences(token)
    heard = await at.cloud.heard.take("Alerts.AlertStopped", token)
    check_rows(at.profile.events["Alerts", "AlertStopped"], heard.payload)
    active = tokens_in(heard.active)
    expect(token not in active, f"{token} not among activeAlerts", active)


async def _once(at: DeviceStand) -> None:
    token = await at.rings()
    await at.silences(token)
    await at.cloud.heard.take("Alerts.AlertStopped", token)
    await at.cloud.heard.none("Alerts.AlertStopped", token, within=1.0)


async def _rings_again(at: DeviceStand) -> None:
    token = await at.rings()
    await at.silences(token)
    await at.cloud.heard.take("Alerts.AlertStopped", token)
    await at.rings(token=token)


CASES = (
    *event_cases("AlertStopped"),
    Case(
        "alerts/AlertStopped/7",
        "answers the stop of an alert that rings once with DeleteAlert",
        Side.CLOUD,
        _deletes,
        ("AlertStopped/once", "DeleteAlert/token", "DeleteAlert/type"),
        applies=_stays,
    ),
    Case(
        "alerts/AlertStopped/8",
        "answers the stop of an alert that comes again with SetAlert: the same token, the next time",
        Side.CLOUD,
        _next,
        ("AlertStopped/recurring", "Introduction/nearest"),
    ),
    Case(
        "alerts/AlertStopped/9",
        "does not set an alert again that rings once and was stopped",
        Side.CLOUD,
        _is_over,
        ("AlertStopped/once", "practice/once"),
    ),
    Case(
        "alerts/AlertStopped/10",
        "reports that an alert was stopped, with its token and type, and not among activeAlerts",
        Side.DEVICE,
        _reports,
        ("AlertStopped/sent", "AlertStopped/token", "AlertStopped/type", "Introduction/reports"),
    ),
    Case("alerts/AlertStopped/11", "reports a stop once", Side.DEVICE, _once, ("AlertStopped/sent",)),
    Case(
        "alerts/AlertStopped/12",
        "rings again when the same token is set to its next time",
        Side.DEVICE,
        _rings_again,
        ("AlertStopped/recurring",),
    ),
)
