"""The steps of an import as transactions.

It knows steps, alerts and rows; it must not know files (`calendars`) nor who asked (`calendar_api`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bellwire.alerts.alert import Alert
from bellwire.cloud.accounts import (
    Edit,
    TooManyAlertsError,
    UnknownAlertError,
    add_alert,
    edit_alert,
    pause_alert,
    remove_alert,
)
from bellwire.cloud.calendars.entries import Known
from bellwire.cloud.calendars.importing import Result, Step
from bellwire.cloud.store.calendars import keep_known
from bellwire.cloud.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Into:
    """What a calendar is imported into."""

    account_id: str
    calendar: str
    devices: tuple[str, ...] | None
    """On which new alerts ring; None: on all, also on those that join later."""
    most: int
    """Alerts of the account."""


@dataclass(slots=True)
class Applied:
    """What came of some steps."""

    steps: list[Step]
    woken: set[str]
    """Ids of the devices that have something to be told."""


def apply(steps: Sequence[Step], into: Into, now: datetime) -> Transaction[Applied]:
    """Do some steps of a plan; each is given back as it went. Raises NotFound, UnknownDeviceError."""
    applied = Applied([], set())
    for step in steps:
        if step.result is Result.REMOVED:
            applied.woken |= yield from _remove(into, step.token or "", now)
        elif step.alert is not None and step.said is not None:
            step, woken = yield from _set(into, step, step.alert, now)  # noqa: PLW2901 - as it went
            applied.woken |= woken
        applied.steps.append(step)
    kept = [Known(each.key, each.token, each.said) for each in applied.steps if each.said and each.token]
    yield from keep_known(into.account_id, into.calendar, kept)
    return applied


def _set(into: Into, step: Step, alert: Alert, now: datetime) -> Transaction[tuple[Step, set[str]]]:
    account_id = into.account_id
    if step.result is Result.CHANGED:
        edit = Edit(alert.label, alert.speech, lambda _: (alert.schedule, alert.scheduled_time))
        try:
            return step, set((yield from edit_alert(account_id, alert.token, edit, now)).lives)
        except UnknownAlertError:
            step = replace(step, result=Result.ADDED)  # it was deleted just now
    ringing = replace(alert, paused_on=None)
    try:
        woken = set((yield from add_alert(account_id, ringing, into.devices, into.most, now)).lives)
    except TooManyAlertsError as error:
        return replace(step, result=Result.REFUSED, why=str(error), alert=None, said=None, token=None), set()
    if alert.paused_on is not None:
        yield from pause_alert(account_id, alert.token, now)
    return step, woken


def _remove(into: Into, token: str, now: datetime) -> Transaction[set[str]]:
    try:
        return set((yield from remove_alert(into.account_id, token, now)))
    except UnknownAlertError:
        return set()
